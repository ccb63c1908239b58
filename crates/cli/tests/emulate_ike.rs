//! `emulate` as an IKE responder: strongSwan's initiator meets what it meets at a real strongSwan with the same file, over
//! random proposals of both ends.
#![allow(clippy::print_stderr, reason = "the seed and what came out are told")]

use std::fs;
use std::time::Duration;

use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{cases, run, seed};

const SCRIPT: &str = r#"
ip link set lo up
touch errors
start "$PWD/responder"
"$SHAKEDOWN" emulate "strongswan@5.9.8:$PWD/responder/swanctl.conf" --port 5602 --timeout 10m --format json > output 2> errors &
server=$!
grep -qm1 'listening on' <(tail -n +1 -f errors)
start "$PWD/initiator"
for number in $(seq 1 "$NUMBER"); do
  for at in real stand; do
    "$SWANCTL" --initiate --ike "$at$number" --timeout 60 --uri "unix://$PWD/initiator/vici" > "$at$number" 2>&1 || true
  done
done
kill -INT $server
wait $server || true
"#;

/// How many proposals of an initiator meet one responder.
const EACH: u32 = 10;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn some<'a>(&mut self, all: &[&'a str]) -> Vec<&'a str> {
        let mut rest = all.to_vec();
        let count = 1 + self.below(2);
        (0..count.min(all.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }

    fn proposal(&mut self) -> String {
        const GROUPS: [&str; 5] = ["modp2048", "modp3072", "ecp256", "ecp384", "x25519"];
        const PRFS: [&str; 3] = ["prfsha256", "prfsha384", "prfsha1"];
        let mut parts = match self.below(3) {
            0 => [self.some(&["aes128gcm16", "aes256gcm16"]), self.some(&PRFS)].concat(),
            1 => [self.some(&["aes128", "aes192", "aes256"]), self.some(&["sha1", "sha256", "sha384", "sha512"])]
                .concat(),
            _ => {
                let ciphers = self.some(&["aes128", "aes256"]);
                [ciphers, self.some(&["sha1", "sha256"]), self.some(&PRFS)].concat()
            }
        };
        parts.extend(self.some(&GROUPS));
        parts.join("-")
    }

    fn proposals(&mut self) -> String {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.proposal()).collect::<Vec<_>>().join(", ")
    }
}

fn connection(name: &str, port: u16, proposals: &str) -> String {
    format!(
        "{name} {{\n version = 2\n local_addrs = 127.0.0.1\n remote_addrs = 127.0.0.1\n remote_port = {port}\n \
         proposals = {proposals}\n local {{\n auth = psk\n id = a.example\n }}\n remote {{\n auth = psk\n id = b.example\n \
         }}\n }}\n"
    )
}

/// What the initiator says that depends on the other end.
fn said(text: &str) -> Vec<String> {
    let words = ["selected proposal", "NO_PROPOSAL_CHOSEN", "didn't accept", "AUTHENTICATION_FAILED", "no proposal"];
    let lines = text.lines().filter(|line| words.iter().any(|word| line.contains(word)) && !line.contains("parsed"));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn charon_meets_the_same_at_the_emulation_as_at_the_real_responder() {
    let Some(strongswan) = Strongswan::find() else { return };
    let groups = cases(50).div_ceil(EACH);
    let (mut agreed, mut refused) = (0, 0);
    for group in 0..groups {
        let mut random = Random((seed() << 20 | u64::from(group)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let of = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).expect("a folder");
            path
        };
        let (responder, initiator) = (of("responder"), of("initiator"));
        strongswan_conf(&responder, "port = 5600\n port_nat_t = 5601", "");
        strongswan_conf(&initiator, "port = 5700\n port_nat_t = 5701", "");
        let own = random.proposals();
        let peer = "local {\n auth = psk\n id = b.example\n }\n remote {\n auth = psk\n id = a.example\n }\n";
        let file = format!(
            "connections {{\n site {{\n version = 2\n local_addrs = 127.0.0.1\n proposals = {own}\n {peer} }}\n}}\nsecrets \
             {{\n ike-site {{\n secret = sesame\n }}\n}}\n"
        );
        fs::write(responder.join("swanctl.conf"), file).expect("a file");
        let theirs: Vec<String> = (0..EACH).map(|_| random.proposals()).collect();
        let mut connections = String::new();
        for (number, proposals) in (1..).zip(&theirs) {
            connections.push_str(&connection(&format!("real{number}"), 5600, proposals));
            connections.push_str(&connection(&format!("stand{number}"), 5602, proposals));
        }
        let file = format!("connections {{\n{connections}}}\nsecrets {{\n ike-any {{\n secret = another\n }}\n}}\n");
        fs::write(initiator.join("swanctl.conf"), file).expect("a file");
        let mut command = strongswan.script(folder.path(), SCRIPT);
        command.env("NUMBER", EACH.to_string()).env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        let finished = run(&mut command, b"", Duration::from_secs(400)).expect("unshare runs");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        for (number, proposals) in (1..).zip(&theirs) {
            let (real, stand) = (read(&format!("real{number}")), read(&format!("stand{number}")));
            let (first, second) = (said(&real), said(&stand));
            let all = format!(
                "seed {} group {group} {number}\nresponder {own}\ninitiator {proposals}\n{real}\n{stand}\n{}{}",
                seed(),
                read("errors"),
                finished.text()
            );
            assert!(!first.is_empty(), "nothing was said: {all}");
            assert_eq!(first, second, "{all}");
            let failed = first.iter().any(|line| line.contains("NO_PROPOSAL_CHOSEN"));
            *(if failed { &mut refused } else { &mut agreed }) += 1;
        }
        let documents = read("output");
        assert!(documents.lines().count() >= EACH as usize, "{documents}");
    }
    eprintln!("seed {}: {agreed} chose a proposal, {refused} were refused alike", seed());
    assert!(agreed > 0 && refused > 0, "{agreed} {refused}: the cases are one-sided");
}
