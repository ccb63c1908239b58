//! Pairs of configurations drawn at random: what two real strongSwan daemons make of each, and what `negotiate` says of it.
//!
//! `SHAKEDOWN_SEED=NUMBER` draws other pairs, `SHAKEDOWN_CASES=NUMBER` more of them.
#![allow(clippy::print_stderr, reason = "the seed, and a skipped part, are said")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, Tunnels};
use shakedown_testkit::{Draw, cases, run, seed};

/// How many pairs two daemons hold at a time.
const TOGETHER: u32 = 20;

/// Keywords, and what the daemon calls them.
const NAMES: [(&str, &str); 14] = [
    ("aes128", "AES_CBC_128"),
    ("aes256", "AES_CBC_256"),
    ("aes128gcm16", "AES_GCM_16_128"),
    ("aes256gcm16", "AES_GCM_16_256"),
    ("chacha20poly1305", "CHACHA20_POLY1305"),
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
        // IKEv1 has no number for what it then cannot send.
        match draw.once(if version == 2 { 25 } else { 5 }) {
            true => format!(
                "{}-{}-{group}",
                draw.one(&["aes128gcm16", "aes256gcm16"]),
                draw.one(&["prfsha256", "prfsha512"])
            ),
            false => {
                let several = if version == 2 && draw.once(40) { "-aes256" } else { "" };
                let hash = draw.one(&["sha1", "sha256", "sha256", "sha512"]);
                let apart = if draw.once(10) { "-prfsha512" } else { "" };
                format!("aes128{several}-{hash}{apart}-{group}")
            }
        }
    };
    (0..count).map(|_| one(draw)).collect::<Vec<_>>().join(", ")
}

fn esp_proposals(draw: &mut Draw) -> String {
    let all = ["aes128-sha1", "aes256-sha256", "aes256-sha256", "aes128-sha256", "aes128gcm16", "chacha20poly1305"];
    let cipher = draw.one(&all);
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
    let network = |end: usize| Tunnels::network(end, number);
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
        let start = ["start", "none"][end];
        let [address, other] = [end + 1, 2 - end].map(|end| Tunnels::address(end, number));
        let version = pair.version;
        text += &format!(
            "  c{number} {{\n    version = {version}\n    mobike = no\n    local_addrs = {address}\n    \
             remote_addrs = {other}\n    proposals = {ike}\n    local {{\n      auth = psk\n      id = {own}\n    \
             }}\n    remote {{\n      auth = psk\n      id = {peer}\n    }}\n    children {{\n      t{number} {{\n        \
             start_action = {start}\n        local_ts = {ours}\n        \
             remote_ts = {theirs}\n        esp_proposals = {esp}\n      }}\n    }}\n  }}\n"
        );
    }
    text += "}\nsecrets {\n";
    for (number, pair) in pairs.iter().enumerate() {
        let End { secret, own, peer, .. } = &pair.ends[end];
        text += &format!("  ike-{number} {{\n    id-1 = {own}\n    id-2 = {peer}\n    secret = {secret}\n  }}\n");
    }
    text + "}\n"
}

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

fn made(tunnels: &Tunnels, number: usize) -> Made {
    let lines: Vec<&str> = tunnels.lines(number).collect();
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
    let (count, mut failing) = (cases(TOGETHER), 0);
    for group in 0..count.div_ceil(TOGETHER) {
        let mut draw = Draw::new(group);
        let here = TOGETHER.min(count - group * TOGETHER) as usize;
        let pairs: Vec<Pair> = (0..here).map(|number| pair(&mut draw, number)).collect();
        let files = [0, 1].map(|end| configuration(&pairs, end));
        let tried = Tunnels::begin(&strongswan, files.each_ref().map(String::as_str), pairs.len(), false);
        let no_kernel = tried.without_kernel();
        if no_kernel {
            eprintln!("skipped: CHILD SAs: neither this kernel nor /dev/net/tun gives an SPI");
        }
        let mut differences = String::new();
        for number in 0..pairs.len() {
            let (mut made, (mut said, document)) = (made(&tried, number), said(tried.folder(), number));
            failing += usize::from(made.stages.contains(&"failed"));
            if no_kernel {
                for one in [&mut made, &mut said] {
                    one.stages.truncate(2);
                    one.esp = None;
                }
            }
            if made != said {
                let lines: String = tried.lines(number).map(|line| format!("{line}\n")).collect();
                let [one, other] = [0, 1].map(|end| configuration(&pairs[number..=number], end));
                differences += &format!("pair {number}: they made {made:?}, the rules say {said:?}\n");
                differences += &format!("{one}{other}{lines}{document:#}\n");
            }
        }
        assert!(differences.is_empty(), "SHAKEDOWN_SEED={}, group {group}\n{differences}", seed());
    }
    eprintln!("SHAKEDOWN_SEED={}: {failing} of {count} pairs fail somewhere", seed());
}
