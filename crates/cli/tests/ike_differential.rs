//! Pairs of configurations drawn at random: what two real strongSwan daemons make of each, and what `negotiate` says of it.
//!
//! The seed is printed; `SHAKEDOWN_SEED=NUMBER` draws the same pairs again.
#![allow(clippy::print_stderr, reason = "the seed, and a skipped part, are said")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::run;

const PAIRS: usize = 20;

/// The generator of Marsaglia ("Xorshift RNGs", 2003): any will do.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Holds in so many cases of a hundred.
    fn once(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Keywords, and what the daemon calls them.
const NAMES: [(&str, &str); 13] = [
    ("aes128", "AES_CBC_128"),
    ("aes256", "AES_CBC_256"),
    ("aes128gcm16", "AES_GCM_16_128"),
    ("aes256gcm16", "AES_GCM_16_256"),
    ("sha1", "HMAC_SHA1_96"),
    ("sha256", "HMAC_SHA2_256_128"),
    ("sha512", "HMAC_SHA2_512_256"),
    ("prfsha256", "PRF_HMAC_SHA2_256"),
    ("prfsha512", "PRF_HMAC_SHA2_512"),
    ("prfsha1", "PRF_HMAC_SHA1"),
    ("modp1024", "MODP_1024"),
    ("modp2048", "MODP_2048"),
    ("ecp256", "ECP_256"),
];

/// What differs between the two ends of a tunnel.
struct End {
    ike: String,
    esp: String,
    secret: &'static str,
    own: String,
    peer: String,
    networks: [String; 2],
}

struct Pair {
    version: usize,
    ends: [End; 2],
}

fn ike_proposals(draw: &mut Draw, version: usize) -> String {
    let count = 1 + draw.below(2);
    let one = |draw: &mut Draw| {
        let group = draw.one(&["modp1024", "modp2048", "modp2048", "ecp256"]);
        match version == 2 && draw.once(25) {
            true => format!(
                "{}-{}-{group}",
                draw.one(&["aes128gcm16", "aes256gcm16"]),
                draw.one(&["prfsha256", "prfsha512"])
            ),
            false => {
                let several = if version == 2 && draw.once(40) { "-aes256" } else { "" };
                format!("{}{several}-{}-{group}", "aes128", draw.one(&["sha1", "sha256", "sha256", "sha512"]))
            }
        }
    };
    (0..count).map(|_| one(draw)).collect::<Vec<_>>().join(", ")
}

fn esp_proposals(draw: &mut Draw) -> String {
    let cipher = draw.one(&["aes128-sha1", "aes256-sha256", "aes128-sha256", "aes128gcm16"]);
    format!("{cipher}{}", if draw.once(30) { "-modp2048" } else { "" })
}

fn pair(draw: &mut Draw, number: usize) -> Pair {
    let version = 1 + usize::from(draw.once(60));
    let (ike, esp) = (ike_proposals(draw, version), esp_proposals(draw));
    let other = |draw: &mut Draw, same: &String, new: &dyn Fn(&mut Draw) -> String| match draw.once(30) {
        true => new(draw),
        false => same.clone(),
    };
    let other_ike = other(draw, &ike, &|draw| ike_proposals(draw, version));
    let other_esp = other(draw, &esp, &esp_proposals);
    let name = |end: &str| format!("{end}{number}.example");
    let (initiator, responder) = (name("a"), name("b"));
    let asked = if draw.once(12) { name("x") } else { responder.clone() };
    let network = |end: usize| format!("10.{number}.{end}.0/24");
    let wanted = if draw.once(15) { network(9) } else { network(2) };
    let secret = if draw.once(12) { "another-one" } else { "sesame" };
    Pair {
        version,
        ends: [
            End { ike, esp, secret: "sesame", own: initiator.clone(), peer: asked, networks: [network(1), wanted] },
            End {
                ike: other_ike,
                esp: other_esp,
                secret,
                own: responder,
                peer: initiator,
                networks: [network(2), network(1)],
            },
        ],
    }
}

fn configuration(pairs: &[Pair], end: usize) -> String {
    let mut text = "connections {\n".to_owned();
    for (number, pair) in pairs.iter().enumerate() {
        let End { ike, esp, own, peer, networks: [ours, theirs], .. } = &pair.ends[end];
        let (version, address, other) = (pair.version, end + 1, 2 - end);
        text += &format!(
            "  c{number} {{\n    version = {version}\n    mobike = no\n    local_addrs = 172.16.{address}.{number}\n    \
             remote_addrs = 172.16.{other}.{number}\n    proposals = {ike}\n    local {{\n      auth = psk\n      id = {own}\n    \
             }}\n    remote {{\n      auth = psk\n      id = {peer}\n    }}\n    children {{\n      t{number} {{\n        \
             local_ts = {ours}\n        remote_ts = {theirs}\n        esp_proposals = {esp}\n      }}\n    }}\n  }}\n"
        );
    }
    text += "}\nsecrets {\n";
    for (number, pair) in pairs.iter().enumerate() {
        let End { secret, own, peer, .. } = &pair.ends[end];
        text += &format!("  ike-{number} {{\n    id-1 = {own}\n    id-2 = {peer}\n    secret = {secret}\n  }}\n");
    }
    text + "}\n"
}

/// A few tunnels are begun at a time, between two networks that a wire joins: each of them holds a thread of the daemon's
/// sixteen until it is done.
const SCRIPT: &str = r#"
touch network
unshare --net="$PWD/network" true
at() { end=$1; shift; if [ "$end" = responder ]; then nsenter --net="$PWD/network" "$@"; else "$@"; fi; }
at responder ip link add right type veth peer name left netns 1
for line in "initiator left 1" "responder right 2"; do
  set -- $line
  at $1 ip link set lo up
  at $1 ip link set $2 up
  for number in $(seq 0 $((PAIRS - 1))); do
    at $1 ip address add 172.16.$3.$number/16 dev $2
    at $1 ip address add 10.$number.$3.1/32 dev lo
  done
done
start "$PWD/responder" at responder
start "$PWD/initiator"
waiting=()
for number in $(seq 0 $((PAIRS - 1))); do
  "$SWANCTL" --initiate --child t$number --timeout 45 --uri "unix://$PWD/initiator/vici" > /dev/null 2>&1 &
  waiting+=($!)
  if [ "${#waiting[@]}" -ge 5 ]; then wait "${waiting[@]}" || true; waiting=(); fi
done
wait "${waiting[@]}" || true
"#;

/// What the daemons made of a pair: of each stage whether it came about, and what was selected.
#[derive(Debug, PartialEq)]
struct Made {
    stages: Vec<&'static str>,
    ike: Option<String>,
    esp: Option<String>,
}

fn keywords(selected: &str) -> String {
    let known = |name: &str| NAMES.iter().find(|(_, own)| *own == name).map(|(keyword, _)| *keyword);
    selected.split('/').filter_map(known).collect::<Vec<_>>().join("-")
}

fn made(log: &str, number: usize) -> Made {
    let own = format!("<c{number}|");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&own)).collect();
    let selected = |protocol: &str| {
        let begin = format!("selected proposal: {protocol}:");
        lines.iter().find_map(|line| line.split_once(&begin)).map(|(_, rest)| rest.trim().to_owned())
    };
    let says = |what: &str| lines.iter().any(|line| line.contains(what));
    let ike = selected("IKE");
    let established = says("] established between");
    let child = says("} established with SPIs");
    let result = |before: bool, holds: bool| match (before, holds) {
        (false, _) => "not-reached",
        (true, true) => "agreed",
        (true, false) => "failed",
    };
    Made {
        stages: vec![result(true, ike.is_some()), result(ike.is_some(), established), result(established, child)],
        ike: ike.map(|selected| keywords(&selected)),
        esp: selected("ESP").filter(|_| child).map(|selected| {
            let names = keywords(&selected);
            // Groups are left to the rules.
            names.split('-').filter(|name| !name.starts_with("modp")).collect::<Vec<_>>().join("-")
        }),
    }
}

fn said(folder: &Path, number: usize) -> (Made, Value) {
    let party = |end: &str| format!("strongswan@5.9.8:{end}/swanctl.conf#c{number}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
    command.current_dir(folder).args(["negotiate", &party("initiator"), &party("responder"), "--format", "json"]);
    let finished = run(&mut command, b"", Duration::from_secs(60)).expect("shakedown runs");
    let document: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|why| panic!("{why}: {}", finished.stderr));
    let outcome = &document["pairs"][0]["outcome"];
    let stages = outcome["stages"].as_array().into_iter().flatten();
    let known = ["agreed", "failed", "not-reached", "unknown"];
    let result = |stage: &Value| known.into_iter().find(|known| stage["result"] == *known).unwrap_or("?");
    let names = |of: &Value, slots: &[&str]| {
        let names: Vec<&str> = slots.iter().filter_map(|slot| of[*slot].as_str()).collect();
        (!names.is_empty()).then(|| names.join("-"))
    };
    let agreed = &outcome["agreed"];
    let made = Made {
        stages: stages.map(result).collect(),
        ike: names(agreed, &["encryption", "integrity", "prf", "group"]),
        esp: names(&agreed["child"], &["encryption", "integrity"]),
    };
    (made, document)
}

#[test]
fn the_rules_say_what_the_daemons_do() {
    let Some(strongswan) = Strongswan::find() else { return };
    let clock = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |passed| u64::from(passed.subsec_nanos()));
    let seed = std::env::var("SHAKEDOWN_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(clock).max(1);
    eprintln!("SHAKEDOWN_SEED={seed}");
    let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let pairs: Vec<Pair> = (0..PAIRS).map(|number| pair(&mut draw, number)).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (end, name) in ["initiator", "responder"].into_iter().enumerate() {
        let place = folder.path().join(name);
        fs::create_dir(&place).expect("a folder");
        let settings = "retransmit_tries = 4\n  retransmit_timeout = 2.0\n  retransmit_base = 1.0\n  \
                        block_threshold = 0\n  cookie_threshold = 0";
        strongswan_conf(&place, settings, "ike = 1\n      cfg = 2\n      ike_name = yes");
        fs::write(place.join("swanctl.conf"), configuration(&pairs, end)).expect("a file");
    }
    let mut command = strongswan.script(folder.path(), SCRIPT);
    command.env("PAIRS", PAIRS.to_string());
    let finished = run(&mut command, b"", Duration::from_secs(120)).expect("unshare runs");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let (log, other) = (read("initiator/log"), read("responder/log"));
    assert!(log.contains("selected proposal"), "{}{}{log}", finished.stdout, finished.stderr);
    let no_kernel = [&log, &other].iter().any(|log| log.contains("unable to allocate SPI"));
    if no_kernel {
        eprintln!("skipped: CHILD SAs: neither this kernel nor /dev/net/tun gives an SPI");
    }
    for number in 0..PAIRS {
        let (mut made, (mut said, document)) = (made(&log, number), said(folder.path(), number));
        if no_kernel {
            for one in [&mut made, &mut said] {
                one.stages.truncate(2);
                one.esp = None;
            }
        }
        // Where it fails later, what was selected before it is not compared by name.
        let own = format!("<c{number}|");
        let lines: String = log.lines().filter(|line| line.contains(&own)).map(|line| format!("{line}\n")).collect();
        let texts = [0, 1].map(|end| configuration(&pairs[number..=number], end));
        assert_eq!(said, made, "SHAKEDOWN_SEED={seed}, pair {number}\n{}{}{lines}{document:#}", texts[0], texts[1]);
    }
    let count = |result: &str| (0..PAIRS).filter(|number| made(&log, *number).stages.contains(&result)).count();
    eprintln!("{} of {PAIRS} pairs fail somewhere", count("failed"));
}
