//! IKEv1's main mode with RSA signatures against a real strongSwan: both ends prove themselves, and each refusal has its cause or
//! its candidates.

mod ike_lab;

use std::fs;
use std::path::Path;

use ike_lab::Lab;

const GATEWAY: &str = r#"
connections {
  site {
    version = 1
    local_addrs = 127.0.0.1
    remote_addrs = 127.0.0.1
    proposals = aes256-sha256-modp2048, aes128-sha1-modp2048
    local {
      auth = pubkey
      certs = gw.pem
      id = gw.example
    }
    remote {
      auth = pubkey
      id = a.example
    }
    children {
      tunnel {
        local_ts = 10.2.0.0/24
        remote_ts = 10.1.0.0/24
        esp_proposals = aes256-sha256
      }
    }
  }
}
"#;

/// The initiator's own configuration; its certificate is given.
const OWN: &str = r#"
connections {
  site {
    version = 1
    remote_addrs = 127.0.0.1
    proposals = PROPOSALS
    local {
      auth = pubkey
      id = a.example
    }
    remote {
      auth = pubkey
      id = gw.example
    }
    children {
      tunnel {
        local_ts = 10.1.0.0/24
        remote_ts = 10.2.0.0/24
        esp_proposals = aes256-sha256
      }
    }
  }
}
"#;

fn files(folder: &Path) {
    let initiators = [("own", "rsa"), ("expired", "rsa"), ("ecdsa", "ecdsa"), ("strange", "rsa")];
    ike_lab::certificates(folder, "rsa", ("rsa", true), &initiators);
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    write("own.conf", OWN.replace("PROPOSALS", "aes256-sha256-modp2048"));
    write("sha1.conf", OWN.replace("PROPOSALS", "aes128-sha1-modp2048"));
}

fn certified(config: &str, own: &str, authority: &str) -> String {
    format!(
        "check ike://127.0.0.1 --may-disturb-live-tunnel --config {config} --real-ts --cert {own}.pem --key {own}.key \
         --cacert {authority}"
    )
}

const ROOT: &str = "x509ca/root.pem";

#[test]
fn main_mode_with_signatures_is_gone_through_to_the_tunnel() {
    let commands = [certified("own.conf", "own", ROOT), certified("sha1.conf", "own", ROOT)];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let Some(lab) = Lab::run(GATEWAY, "", files, &commands) else { return };
    for asked in &lab.asked {
        assert_eq!(asked.stages()[..2], ["agreed"; 2], "{:#}{}", asked.document, lab.log);
        assert!(asked.document.to_string().contains("it is `gw.example`"), "{:#}", asked.document);
    }
    let proved = |line: &str| line.contains("authentication of 'a.example' with RSA") && line.contains("successful");
    assert_eq!(lab.log.lines().filter(|line| proved(line)).count(), 2, "{}", lab.log);
    if !lab.has_no_kernel() {
        assert!(lab.asked.iter().all(|asked| asked.stages()[2] == "agreed"), "{}", lab.log);
    }
    assert_eq!(lab.sas, "", "no SA is left");
}

#[test]
fn each_refusal_has_its_cause_or_its_candidates() {
    let commands = [
        certified("own.conf", "strange", ROOT),
        certified("own.conf", "expired", ROOT),
        certified("own.conf", "own", ROOT) + " --id c.example",
        certified("own.conf", "own", "stranger.pem"),
        certified("own.conf", "own", ROOT) + " --remote-id x.example",
        certified("own.conf", "ecdsa", ROOT),
    ];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let Some(lab) = Lab::run(GATEWAY, "", files, &commands) else { return };
    let [strange, expired, name, stranger, other, ecdsa] = lab.asked.as_slice() else { panic!("six") };
    for (asked, command) in lab.asked.iter().zip(&commands).take(5) {
        assert_eq!(asked.stages(), ["agreed", "failed", "not-reached"], "{command}: {:#}{}", asked.document, lab.log);
    }
    assert_eq!(strange.causes().first(), Some(&"certificate-untrusted"), "{:#}", strange.document);
    assert!(strange.confidence() < 0.5, "{:#}", strange.document);
    assert_eq!(expired.causes().first(), Some(&"certificate-expired"), "{:#}", expired.document);
    assert_eq!(name.causes().first(), Some(&"certificate-name-mismatch"), "{:#}", name.document);
    // What this end has against the responder is its own judgement.
    assert_eq!(stranger.causes().first(), Some(&"certificate-untrusted"), "{:#}", stranger.document);
    assert_eq!(other.causes().first(), Some(&"peer-identity-mismatch"), "{:#}", other.document);
    // Signatures of IKEv1 are those of RSA here.
    assert_ne!(ecdsa.stages()[1], "agreed", "{:#}", ecdsa.document);
    assert!(ecdsa.document.to_string().contains("its key is none of RSA"), "{:#}", ecdsa.document);
}
