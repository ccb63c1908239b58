//! `emulate` as an IKE responder: strongSwan's initiator meets what it meets at a real strongSwan with the same file, over
//! random proposals of both ends.
#![allow(clippy::print_stderr, reason = "the seed and what came out are told")]

use std::fs;
use std::time::Duration;

use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{cases, run, seed};

/// One emulation for each connection of the responder. The initiator begins all connections as its file is loaded, and the
/// script ends as soon as its log tells the end of each.
const SCRIPT: &str = r#"
ip link set lo up
start "$PWD/responder"
emulations=()
for group in $(seq 0 $((GROUPS_HERE - 1))); do
  touch "errors$group"
  "$SHAKEDOWN" emulate "strongswan@5.9.8:$PWD/responder/swanctl.conf#site$group" --port $((5610 + group)) --timeout 10m \
    --format json > "output$group" 2> "errors$group" &
  emulations+=($!)
  grep -qm1 'listening on' <(tail -n +1 --pid=$! -f "errors$group") || { cat "errors$group" >&2; exit 1; }
done
start "$PWD/initiator"
declare -A ended
while [ "${#ended[@]}" -lt "$NUMBER" ] && read -r line; do
  if [[ $line =~ \<([a-z0-9-]+)\|.*received\ [A-Z_]+\ notify\ error ]]; then ended[${BASH_REMATCH[1]}]=yes; fi
done < <(tail -n +1 -f initiator/log)
kill -INT "${emulations[@]}"
wait "${emulations[@]}" || true
"#;

/// Everything happens at once here. The daemon drops a response that comes while it is still sending the request anew for
/// another group: it asks again a second later, for as long as it takes.
const SETTINGS: &str = "retransmit_tries = 90\n  retransmit_timeout = 1.0\n  retransmit_base = 1.0\n  \
                        half_open_timeout = 300\n  block_threshold = 2000\n  cookie_threshold = 1000\n  \
                        cookie_threshold_ip = 1000\n  ";

/// How many proposals of an initiator meet one responder.
const EACH: u32 = 10;

/// How many responders there are at a time.
const TOGETHER: u32 = 5;

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

/// A connection of the initiator, to a responder at this address and port.
fn connection(name: &str, address: &str, port: u32, proposals: &str) -> String {
    format!(
        "{name} {{\n version = 2\n local_addrs = 127.0.0.1\n remote_addrs = {address}\n remote_port = {port}\n \
         proposals = {proposals}\n local {{\n auth = psk\n id = a.example\n }}\n remote {{\n auth = psk\n id = b.example\n \
         }}\n children {{\n {name} {{\n start_action = start\n }}\n }}\n }}\n"
    )
}

/// What the initiator says of a connection that depends on the other end.
fn said(log: &str, name: &str) -> Vec<String> {
    let words = ["selected proposal", "NO_PROPOSAL_CHOSEN", "didn't accept", "AUTHENTICATION_FAILED", "no proposal"];
    let own = format!("<{name}|");
    let lines = log.lines().filter(|line| words.iter().any(|word| line.contains(word)) && !line.contains("parsed"));
    lines
        .filter(|line| line.contains(&own))
        .filter_map(|line| Some(line.split_once("> ")?.1.trim().to_owned()))
        .collect()
}

#[test]
fn charon_meets_the_same_at_the_emulation_as_at_the_real_responder() {
    let Some(strongswan) = Strongswan::find() else { return };
    let groups = cases(TOGETHER * EACH).div_ceil(EACH);
    let (mut agreed, mut refused) = (0, 0);
    for first in (0..groups).step_by(TOGETHER as usize) {
        let here = TOGETHER.min(groups - first);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let of = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).expect("a folder");
            path
        };
        let (responder, initiator) = (of("responder"), of("initiator"));
        strongswan_conf(&responder, &format!("{SETTINGS}port = 5600\n  port_nat_t = 5601"), "");
        strongswan_conf(&initiator, &format!("{SETTINGS}port = 5700\n  port_nat_t = 5701"), "ike_name = yes");
        let (mut sites, mut connections, mut drawn) = (String::new(), String::new(), Vec::new());
        for group in 0..here {
            let mut random = Random((seed() << 20 | u64::from(first + group)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            let own = random.proposals();
            let address = format!("127.0.1.{}", group + 1);
            let peer = "local {\n auth = psk\n id = b.example\n }\n remote {\n auth = psk\n id = a.example\n }\n";
            sites.push_str(&format!(
                "site{group} {{\n version = 2\n local_addrs = {address}\n proposals = {own}\n {peer} }}\n"
            ));
            for number in 0..EACH {
                let proposals = random.proposals();
                let [real, stand] = ["real", "stand"].map(|at| format!("{at}{group}-{number}"));
                connections.push_str(&connection(&real, &address, 5600, &proposals));
                connections.push_str(&connection(&stand, "127.0.0.1", 5610 + group, &proposals));
                drawn.push((real, stand, own.clone(), proposals));
            }
        }
        let key = |secret: &str| format!("secrets {{\n ike-any {{\n secret = {secret}\n }}\n}}\n");
        let file = format!("connections {{\n{sites}}}\n{}", key("sesame"));
        fs::write(responder.join("swanctl.conf"), file).expect("a file");
        let file = format!("connections {{\n{connections}}}\n{}", key("another"));
        fs::write(initiator.join("swanctl.conf"), file).expect("a file");
        let mut command = strongswan.script(folder.path(), SCRIPT);
        command.env("GROUPS_HERE", here.to_string()).env("NUMBER", (2 * drawn.len()).to_string());
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        let finished = run(&mut command, b"", Duration::from_secs(100)).expect("unshare runs");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let log = read("initiator/log");
        let ended = finished.status.is_some_and(|status| status.success());
        assert!(ended, "not each connection came to an end:\n{}{log}{}", finished.text(), read("responder/log"));
        for (real, stand, own, proposals) in &drawn {
            let (first, second) = (said(&log, real), said(&log, stand));
            let lines: String =
                log.lines().filter(|line| line.contains(stand)).map(|line| format!("{line}\n")).collect();
            let all = format!("seed {} {real}\nresponder {own}\ninitiator {proposals}\n{lines}", seed());
            assert!(!first.is_empty(), "nothing was said: {all}");
            assert_eq!(first, second, "{all}");
            let failed = first.iter().any(|line| line.contains("NO_PROPOSAL_CHOSEN"));
            *(if failed { &mut refused } else { &mut agreed }) += 1;
        }
        for group in 0..here {
            let documents = read(&format!("output{group}"));
            assert!(documents.lines().count() >= EACH as usize, "{documents}{}", read(&format!("errors{group}")));
        }
    }
    eprintln!("seed {}: {agreed} chose a proposal, {refused} were refused alike", seed());
    assert!(agreed > 0 && refused > 0, "{agreed} {refused}: the cases are one-sided");
}
