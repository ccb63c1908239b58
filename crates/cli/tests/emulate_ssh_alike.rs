//! What comes of real clients at the emulation of the installed server is what comes of them at the real one, over random
//! configurations of both ends; and `emulate --as-client` meets what the real client meets.
#![allow(clippy::print_stderr, reason = "the seed and what came out are told")]

#[path = "support/emulations.rs"]
mod emulations;
#[path = "support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use emulations::Emulations;
use serde_json::Value;
use shakedown_testkit::clients::{self, Connection};
use shakedown_testkit::peers::{Sshd, SshdSpec, sshd};
use shakedown_testkit::{Agreed, KeyType, cases, seed};
use support::Shakedown;

const KEX: [&str; 10] = [
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
];
const CIPHERS: [&str; 10] = [
    "chacha20-poly1305@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "3des-cbc",
];
const MACS: [&str; 10] = [
    "umac-64-etm@openssh.com",
    "umac-128-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "umac-64@openssh.com",
    "umac-128@openssh.com",
    "hmac-sha2-256",
    "hmac-sha1-96",
    "hmac-md5",
];
const HOST_KEYS: [&str; 5] = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
/// With the lists of both ends, how often they should still meet.
const LISTS: [(&str, &[&str], usize); 4] =
    [("KexAlgorithms", &KEX, 4), ("Ciphers", &CIPHERS, 5), ("MACs", &MACS, 5), ("HostKeyAlgorithms", &HOST_KEYS, 3)];

/// xorshift64*: the draws of a case depend on nothing but its number and the seed.
struct Random(u64);

impl Random {
    fn of(case: u32) -> Self {
        Self((seed() << 20 | u64::from(case)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// Some of the names, in any order; one option in five is left at its default.
    fn options(&mut self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        for (keyword, all, most) in LISTS {
            if self.below(5) == 0 {
                continue;
            }
            let count = 1 + self.below(most + 2);
            let mut rest = all.to_vec();
            let names: Vec<&str> =
                (0..count.min(all.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect();
            options.push((keyword, names.join(",")));
        }
        options
    }
}

fn lines(options: &[(&str, String)]) -> String {
    options.iter().map(|(keyword, value)| format!("{keyword} {value}\n")).collect()
}

fn arguments(options: &[(&str, String)]) -> Vec<String> {
    options.iter().map(|(keyword, value)| format!("-o{keyword}={value}")).collect()
}

fn server(options: &[(&str, String)]) -> Option<Sshd> {
    let logins = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n";
    let keys = [KeyType::Rsa(3072), KeyType::Ecdsa(256), KeyType::Ed25519];
    sshd(&SshdSpec::with_config(format!("{}{logins}", lines(options))).host_keys(&keys))
}

/// The emulation of what this machine's sshd does with the file of each of these servers.
fn stand_ins<'a>(servers: impl Iterator<Item = &'a Sshd>) -> Emulations {
    Emulations::start(servers.map(|server| server.config().display().to_string()).collect())
}

/// What a person reads, without what differs from run to run.
fn words(connection: &Connection, port: u16) -> Vec<String> {
    let text = connection.text.replace(&format!(":{port}"), ":PORT").replace(&format!("port {port}"), "port PORT");
    let said = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with("debug"));
    said.filter(|line| !line.starts_with("OpenSSH_")).map(str::to_owned).collect()
}

/// Runs so many cases, some at a time, and fails with all that differ.
fn run_all(cases: u32, case: impl Fn(u32) -> Result<bool, String> + Sync) -> u32 {
    const AT_ONCE: usize = 4;
    let (next, agreed) = (AtomicU32::new(0), AtomicU32::new(0));
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= cases {
                        return;
                    }
                    match case(number) {
                        Ok(met) => _ = agreed.fetch_add(u32::from(met), Ordering::Relaxed),
                        Err(what) => wrong.lock().expect("no panic").push(format!("case {number}: {what}")),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "seed {}: {} of {cases} differ\n{}", seed(), wrong.len(), wrong.join("\n"));
    agreed.into_inner()
}

#[test]
fn ssh_meets_the_same_at_the_emulation_as_at_the_real_server() {
    if server(&[]).is_none() || shakedown_testkit::require("ssh").is_none() {
        return;
    }
    let number = cases(50);
    let drawn: Vec<(Sshd, Vec<String>)> = (0..number)
        .map(|case| {
            let mut random = Random::of(case);
            (server(&random.options()).expect("sshd"), arguments(&random.options()))
        })
        .collect();
    let stand_ins = stand_ins(drawn.iter().map(|(server, _)| server));
    let agreed = run_all(number, |case| {
        let case = usize::try_from(case).expect("a place");
        let ((real, arguments), stand_in) = (&drawn[case], stand_ins.addresses[case]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let at_real = clients::openssh(real.address(), &arguments).expect("ssh");
        let at_stand_in = clients::openssh(stand_in, &arguments).expect("ssh");
        let (first, second) = (words(&at_real, real.port()), words(&at_stand_in, stand_in.port()));
        let same = at_real.agreed == at_stand_in.agreed && at_real.exchanged == at_stand_in.exchanged;
        if same && first == second {
            return Ok(at_real.exchanged);
        }
        let of_server = std::fs::read_to_string(real.config()).unwrap_or_default();
        Err(format!(
            "{of_server}{arguments:?}\n{:?}\n{:?}\n{first:#?}\n{second:#?}",
            at_real.agreed, at_stand_in.agreed
        ))
    });
    eprintln!("seed {}: {agreed} of {number} agreed, the others failed alike", seed());
    assert!(agreed * 5 > number && agreed < number, "{agreed} of {number}: the cases are one-sided");
}

#[test]
fn other_clients_meet_the_same() {
    let Some(real) = server(&[]) else { return };
    let emulations = stand_ins(std::iter::once(&real));
    let stand_in = emulations.addresses[0];
    let last = |connection: &Connection, port| words(connection, port).pop().unwrap_or_default();
    let both = |client: &dyn Fn(std::net::SocketAddr) -> Option<Connection>| {
        let (Some(first), Some(second)) = (client(real.address()), client(stand_in)) else { return };
        assert_eq!(first.exchanged, second.exchanged, "{}\n{}", first.text, second.text);
        assert_eq!(last(&first, real.port()), last(&second, stand_in.port()), "{}\n{}", first.text, second.text);
    };
    for cipher in ["aes128-ctr", "aes256-ctr", "chacha20-poly1305@openssh.com", "3des-cbc"] {
        both(&|address| clients::dbclient(address, &["-c", cipher]));
    }
    both(&|address| clients::plink(address, &["-batch"]));
}

/// The slots that the outcome agreed on.
fn agreed_of(document: &Value) -> Agreed {
    let slots = &document["pairs"][0]["outcome"]["agreed"];
    let of = |slot: &str| slots[slot].as_str().map(str::to_owned);
    Agreed {
        kex: of("kex"),
        host_key: of("host_key"),
        cipher_c2s: of("cipher_c2s"),
        cipher_s2c: of("cipher_s2c"),
        mac_c2s: of("mac_c2s"),
        mac_s2c: of("mac_s2c"),
        compression_c2s: of("compression_c2s"),
        compression_s2c: of("compression_s2c"),
    }
}

#[test]
fn as_a_client_it_meets_what_the_real_client_meets() {
    if server(&[]).is_none() || shakedown_testkit::require("ssh").is_none() {
        return;
    }
    let number = cases(15);
    run_all(number, |case| {
        let mut random = Random::of(case + 1000);
        let real = server(&random.options()).expect("sshd");
        let shakedown = Shakedown::new();
        let file = shakedown.write("config", lines(&random.options()));
        let met = clients::openssh(real.address(), &["-F", &file]).expect("ssh");
        let target = format!("ssh://127.0.0.1:{}", real.port());
        let (_, document) = shakedown.json(&["emulate", "--as-client", &file, &target]);
        let outcome = &document["pairs"][0]["outcome"];
        let notes = document["parties"][1]["notes"].as_array().cloned().unwrap_or_default();
        let carried = notes.iter().filter_map(Value::as_str).any(|note| note.contains("carried out to its end"));
        let agreed = outcome["result"] == "agreed";
        let slots = !agreed || agreed_of(&document) == met.agreed;
        match agreed == met.exchanged && carried == met.exchanged && slots {
            true => Ok(agreed),
            false => Err(format!("{}\n{document:#}", met.text)),
        }
    });
}
