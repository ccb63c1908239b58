//! Random pairs of configurations: what `negotiate` says is what the real `ssh` and `sshd` of this machine do.

mod support;

use shakedown_testkit::peers::{self, SshdSpec};
use shakedown_testkit::{KeyType, cases, clients, seed};
use support::Shakedown;

const KEX: &[&str] = &[
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "sntrup761x25519-sha512@openssh.com",
];
const CIPHERS: &[&str] = &[
    "3des-cbc",
    "aes128-cbc",
    "aes128-ctr",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
];
const MACS: &[&str] = &[
    "hmac-md5",
    "hmac-sha1",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512",
    "umac-128-etm@openssh.com",
    "umac-64@openssh.com",
];
const HOST_KEYS: &[&str] = &["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-sha2-512", "ssh-ed25519"];

/// xorshift64*: good enough to draw configurations, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % limit
    }

    /// A few names in random order, with one of the operators or none.
    fn list(&mut self, names: &[&str]) -> String {
        let mut left: Vec<&str> = names.to_vec();
        let operator = ["", "", "", "+", "^", "-"][self.below(6)];
        let most = if operator == "-" { 2 } else { 4 };
        let count = 1 + self.below(most);
        let drawn: Vec<&str> = (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect();
        format!("{operator}{}", drawn.join(","))
    }

    /// Lines of a configuration; each directive stands there about every second time.
    fn configuration(&mut self) -> String {
        let mut text = String::new();
        for (keyword, names) in
            [("KexAlgorithms", KEX), ("Ciphers", CIPHERS), ("MACs", MACS), ("HostKeyAlgorithms", HOST_KEYS)]
        {
            if self.below(2) == 0 {
                text.push_str(&format!("{keyword} {}\n", self.list(names)));
            }
        }
        text.push_str(["", "Compression yes\n", "Compression no\n"][self.below(3)]);
        text
    }
}

/// The slot that OpenSSH's message names.
fn failed_slot(text: &str) -> Option<&'static str> {
    let words = [
        ("no matching key exchange method found", "kex"),
        ("no matching host key type found", "host_key"),
        ("no matching cipher found", "cipher"),
        ("no matching MAC found", "mac"),
        ("no matching compression method found", "compression"),
    ];
    words.into_iter().find(|(message, _)| text.contains(message)).map(|(_, slot)| slot)
}

#[test]
fn the_session_is_the_one_that_openssh_agrees_on() {
    let first = seed();
    for case in 0..cases(16) {
        let mut random = Random((first + u64::from(case)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (client_text, server_text) = (random.configuration(), random.configuration());
        let keys: &[KeyType] = match random.below(3) {
            0 => &[KeyType::Ed25519],
            1 => &[KeyType::Ecdsa(256)],
            _ => &[KeyType::Ecdsa(256), KeyType::Ed25519],
        };
        let Some(server) = peers::sshd(&SshdSpec::with_config(&server_text).host_keys(keys)) else { return };
        let shakedown = Shakedown::new();
        let client = shakedown.write("ssh_config", &client_text);
        let Some(real) = clients::openssh(server.address(), &["-F", &client]) else { return };
        let software = "openssh@9.2p1/debian-12";
        let arguments = [
            "negotiate".to_owned(),
            format!("{software}:{client}"),
            format!("{software}:{}", server.config().display()),
            "--host".to_owned(),
            "127.0.0.1".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (_, document) = shakedown.json(&arguments);
        let outcome = &document["pairs"][0]["outcome"];
        let shown =
            format!("seed {}\n{client_text}---\n{server_text}---\n{}\n{outcome:#}", first + u64::from(case), real.text);
        if let Some(slot) = failed_slot(&real.text) {
            assert_eq!(outcome["result"], "failed", "{shown}");
            let found = outcome["failed"][0]["slot"].as_str().unwrap_or_default();
            assert!(found.starts_with(slot), "{found} is not {slot}: {shown}");
            continue;
        }
        if real.text.contains("Connection reset by")
            || real.text.contains("Connection closed by 127.0.0.1") && !real.exchanged
        {
            // A server without a host key for any name of its list ends without a word.
            assert_eq!(outcome["failed"][0]["kind"], "nothing-offered", "{shown}");
            continue;
        }
        assert!(real.exchanged, "{shown}");
        assert_eq!(outcome["result"], "agreed", "{shown}");
        let agreed = &real.agreed;
        for (slot, value) in [
            ("kex", &agreed.kex),
            ("host_key", &agreed.host_key),
            ("cipher_c2s", &agreed.cipher_c2s),
            ("cipher_s2c", &agreed.cipher_s2c),
            ("mac_c2s", &agreed.mac_c2s),
            ("mac_s2c", &agreed.mac_s2c),
            ("compression_c2s", &agreed.compression_c2s),
            ("compression_s2c", &agreed.compression_s2c),
        ] {
            assert_eq!(outcome["agreed"][slot].as_str(), value.as_deref(), "{slot}: {shown}");
        }
    }
}
