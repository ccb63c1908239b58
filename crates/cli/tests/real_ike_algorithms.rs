//! `check` with `--may-disturb-live-tunnel` against a real strongSwan, with algorithms that are seldom met: each is agreed on by
//! itself, and the proofs of both ends hold.

mod ike_lab;

use std::fs;
use std::path::Path;

use ike_lab::Lab;

/// Ciphers, checksums, functions and groups: the daemon has all of them.
const PROPOSALS: [&str; 11] = [
    "3des-sha1-modp1024",
    "aes128-aesxcbc-modp2048",
    "aes256-sha256-prfaesxcbc-ecp256",
    "aes256gcm8-prfsha256-ecp256",
    "aes128gcm12-prfsha384-ecp384",
    "aes256-sha256-x448",
    "camellia256-sha384-modp2048",
    "aes128-sha256-ecp224bp",
    "aes256-sha256-ecp256bp",
    "aes256-sha384-ecp384bp",
    "aes256-sha512-ecp512bp",
];

fn connection(ends: [&str; 2], networks: [&str; 2], proposals: &str) -> String {
    let ([own, peer], [ours, theirs]) = (ends, networks);
    format!(
        "connections {{\n  site {{\n    version = 2\n    mobike = no\n    remote_addrs = 127.0.0.1\n    proposals = \
         {proposals}\n    local {{\n      auth = psk\n      id = {own}\n    }}\n    remote {{\n      auth = psk\n      id = \
         {peer}\n    }}\n    children {{\n      tunnel {{\n        local_ts = {ours}\n        remote_ts = {theirs}\n        \
         esp_proposals = aes256-sha256\n      }}\n    }}\n  }}\n}}\nsecrets {{\n  ike-site {{\n    secret = \
         open-sesame-4711\n  }}\n}}\n"
    )
}

#[test]
fn seldom_algorithms_are_agreed_on_and_both_proofs_hold() {
    let gateway = connection(["gw.example", "a.example"], ["10.2.0.0/24", "10.1.0.0/24"], &PROPOSALS.join(", "));
    let prepare = |folder: &Path| {
        for (number, proposal) in PROPOSALS.iter().enumerate() {
            let own = connection(["a.example", "gw.example"], ["10.1.0.0/24", "10.2.0.0/24"], proposal);
            fs::write(folder.join(format!("own{number}.conf")), own).expect("a file");
        }
    };
    let commands: Vec<String> = (0..PROPOSALS.len())
        .map(|number| format!("check ike://127.0.0.1 --may-disturb-live-tunnel --real-ts --config own{number}.conf"))
        .collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let Some(lab) = Lab::run(&gateway, "", prepare, &commands) else { return };
    for (asked, proposal) in lab.asked.iter().zip(PROPOSALS) {
        assert_eq!(asked.stages()[..2], ["agreed"; 2], "{proposal}: {:#}{}", asked.document, lab.log);
        let agreed = &asked.document["pairs"][0]["outcome"]["agreed"];
        for slot in ["encryption", "group"] {
            let name = agreed[slot].as_str().unwrap_or_default();
            assert!(proposal.split('-').any(|part| part == name), "{proposal}: {agreed:#}");
        }
    }
    assert_eq!(lab.sas, "", "no IKE SA is left");
}
