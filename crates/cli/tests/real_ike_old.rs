//! IKEv1 against a real strongSwan: main mode and quick mode, each way in which a responder refuses them, aggressive mode, and
//! the suites that it accepts.

mod ike_lab;

use std::collections::BTreeSet;
use std::fs;

use ike_lab::{Asked, Lab};

/// Either end of a tunnel of IKEv1.
const TUNNEL: &str = r#"
connections {
  site {
    version = 1
    AGGRESSIVE
    remote_addrs = 127.0.0.1
    proposals = PROPOSALS
    local {
      auth = psk
      id = OWN
    }
    remote {
      auth = psk
      id = PEER
    }
    children {
      tunnel {
        local_ts = LOCAL_TS
        remote_ts = REMOTE_TS
        esp_proposals = ESP
      }
    }
  }
}
secrets {
  ike-site {
    secret = "open-sesame-4711"
  }
}
"#;

fn tunnel(ends: [&str; 2], networks: [&str; 2], proposals: &str, esp: &str) -> String {
    TUNNEL
        .replace("OWN", ends[0])
        .replace("PEER", ends[1])
        .replace("LOCAL_TS", networks[0])
        .replace("REMOTE_TS", networks[1])
        .replace("PROPOSALS", proposals)
        .replace("ESP", esp)
}

fn gateway() -> String {
    tunnel(
        ["gw.example", "a.example"],
        ["10.2.0.0/24", "10.1.0.0/24"],
        "aes256-sha256-modp2048, 3des-sha1-modp1024",
        "aes256-sha256",
    )
    .replace("AGGRESSIVE", "local_addrs = 127.0.0.1")
}

fn own(proposals: &str, esp: &str) -> String {
    tunnel(["a.example", "gw.example"], ["10.1.0.0/24", "10.2.0.0/24"], proposals, esp).replace("AGGRESSIVE", "")
}

const USUAL: (&str, &str) = ("aes256-sha256-modp2048", "aes256-sha256");
const CHECK: &str = "check ike://127.0.0.1 --may-disturb-live-tunnel";

fn notes(asked: &Asked) -> String {
    asked.document["parties"].to_string() + &asked.document["notes"].to_string()
}

#[test]
fn main_mode_and_quick_mode_come_up_and_are_deleted() {
    let files = [
        ("own.conf", own(USUAL.0, USUAL.1)),
        ("legacy.conf", own("aes128-sha1-modp2048, 3des-sha1-modp1024", "aes256-sha256")),
    ];
    let commands = [
        format!("{CHECK} --config own.conf --real-ts"),
        format!("{CHECK} --config legacy.conf --real-ts"),
        format!(
            "{CHECK} --ike-version 1 --psk-file key --id a.example --remote-id gw.example --ts 10.1.0.0/24=10.2.0.0/24"
        ),
        format!("{CHECK} --config own.conf"),
        "check ike://127.0.0.1 --config own.conf".to_owned(),
    ];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let prepare = |folder: &std::path::Path| {
        for (name, text) in &files {
            fs::write(folder.join(name), text).expect("a file");
        }
    };
    let Some(lab) = Lab::run(&gateway(), "", prepare, &commands) else { return };
    let [full @ .., documentation, timid] = lab.asked.as_slice() else { panic!("the commands") };
    assert!(!lab.log.contains("INITIAL_CONTACT"), "{}", lab.log);
    for asked in full {
        let stages = asked.stages();
        assert_eq!(stages[..2], ["agreed"; 2], "{:#}{}", asked.document, lab.log);
        assert!(notes(asked).contains("it is `gw.example`"), "{}", notes(asked));
        assert!(notes(asked).contains("was deleted again"), "{}", notes(asked));
    }
    // What was set up is gone, and what was begun was taken back.
    assert_eq!(lab.log.matches("received DELETE for IKE_SA").count(), 4, "{}", lab.log);
    assert!(lab.statistics.contains("0 total, 0 half-open"), "{}{}", lab.statistics, lab.log);
    // Networks for documentation are not the responder's own; without leave nothing is sent after the first message.
    assert_eq!((documentation.status, documentation.stages()), (3, vec!["agreed", "agreed", "unknown"]));
    assert!(documentation.document.to_string().contains("--real-ts"));
    assert_eq!((timid.status, timid.stages()[0], timid.stages()[1]), (3, "agreed", "unknown"), "{:#}", timid.document);
    if lab.has_no_kernel() {
        return;
    }
    for asked in full {
        assert_eq!((asked.status, asked.stages()), (0, vec!["agreed"; 3]), "{:#}{}", asked.document, lab.log);
        let agreed = &asked.document["pairs"][0]["outcome"]["agreed"];
        assert_eq!((&agreed["version"], &agreed["child"]["encryption"]), (&"1".into(), &"aes256".into()), "{agreed:#}");
    }
    assert_eq!(full[1].document["pairs"][0]["outcome"]["agreed"]["encryption"], "3des");
    assert!(lab.log.matches("CHILD_SA tunnel{").count() >= 3, "{}", lab.log);
}

#[test]
fn each_refusal_names_its_step_and_its_cause() {
    let files = [
        ("own.conf", own(USUAL.0, USUAL.1)),
        ("proposal.conf", own("aes128-sha1-modp2048", USUAL.1)),
        ("esp.conf", own(USUAL.0, "aes128gcm16")),
        ("selectors.conf", own(USUAL.0, USUAL.1).replace("10.2.0.0/24", "10.7.0.0/24")),
        ("pfs.conf", own(USUAL.0, "aes256-sha256-modp2048")),
    ];
    let prepare = |folder: &std::path::Path| {
        for (name, text) in &files {
            fs::write(folder.join(name), text).expect("a file");
        }
    };
    let failing: [(&str, [&str; 3], &str, bool); 7] = [
        ("--config proposal.conf", ["failed", "not-reached", "not-reached"], "no-common-proposal", true),
        ("--config own.conf --psk-file wrong", ["agreed", "failed", "not-reached"], "psk-mismatch", true),
        ("--config own.conf --id c.example", ["agreed", "failed", "not-reached"], "peer-identity-mismatch", false),
        (
            "--config own.conf --remote-id x.example",
            ["agreed", "failed", "not-reached"],
            "peer-identity-mismatch",
            true,
        ),
        ("--config esp.conf --real-ts", ["agreed", "agreed", "failed"], "no-common-child-proposal", false),
        ("--config pfs.conf --real-ts", ["agreed", "agreed", "failed"], "no-common-child-proposal", false),
        ("--config selectors.conf --real-ts", ["agreed", "agreed", "failed"], "traffic-selector-mismatch", false),
    ];
    let commands: Vec<String> = failing.iter().map(|(options, ..)| format!("{CHECK} {options}")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let Some(lab) = Lab::run(&gateway(), "", prepare, &commands) else { return };
    for (asked, (options, stages, cause, certain)) in lab.asked.iter().zip(failing) {
        if stages[2] == "failed" && lab.has_no_kernel() {
            continue;
        }
        assert_eq!(asked.stages(), stages, "{options}: {:#}{}", asked.document, lab.log);
        assert_eq!(asked.causes().first(), Some(&cause), "{options}: {:#}", asked.document);
        // What the responder only hints at is never certain.
        assert_eq!(asked.confidence() > 0.8, certain, "{options}: {:#}", asked.document);
    }
    // Who has another key cannot read the deletion either: that one main mode stays half open until its time-out.
    assert_eq!((lab.sas.matches("CONNECTING").count(), lab.sas.contains("ESTABLISHED")), (1, false), "{}", lab.sas);
    assert!(notes(&lab.asked[1]).contains("cannot read"), "{}", notes(&lab.asked[1]));
}

#[test]
fn aggressive_mode_shows_what_it_exposes_and_goes_no_further() {
    let aggressive = |text: String| text.replace("version = 1", "version = 1\n    aggressive = yes");
    let main = format!("{CHECK} --config main.conf");
    let one = "check ike://127.0.0.1 --config own.conf".to_owned();
    let wrong = format!("{one} --psk-file wrong");
    let prepare = |folder: &std::path::Path| {
        fs::write(folder.join("own.conf"), aggressive(own(USUAL.0, USUAL.1))).expect("a file");
        fs::write(folder.join("main.conf"), own(USUAL.0, USUAL.1)).expect("a file");
    };
    let settings = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes";
    let Some(lab) = Lab::run(&aggressive(gateway()), settings, prepare, &[&main, &one, &wrong]) else { return };
    let [main, one, wrong] = lab.asked.as_slice() else { panic!("the commands") };
    // The suite is agreed on before the mode is looked at: only the refusal at the end tells.
    assert_eq!(main.stages(), ["agreed", "failed", "not-reached"], "{:#}{}", main.document, lab.log);
    assert!(main.confidence() < 0.5, "{:#}", main.document);
    assert_eq!(one.stages()[..2], ["agreed"; 2], "{:#}{}", one.document, lab.log);
    assert!(notes(one).contains("guessed") && notes(one).contains("knows the pre-shared key"), "{}", notes(one));
    assert_eq!((wrong.stages()[1], wrong.causes()[0]), ("failed", "psk-mismatch"), "{:#}", wrong.document);
    assert_eq!(lab.log.matches("parsed AGGRESSIVE request").count(), 2, "{}", lab.log);
}

/// All suites of the offer of IKEv1.
fn suites(asked: &Asked) -> BTreeSet<String> {
    let offers = asked.document["offers"].as_array().into_iter().flatten();
    let old = offers.filter(|offer| offer["ike_version"] == 1).collect::<Vec<_>>();
    let [offer] = old.as_slice() else { panic!("{:#}", asked.document) };
    let one = |proposal: &serde_json::Value, name: &str| proposal[name][0].as_str().unwrap_or("-").to_owned();
    let proposals = offer["proposals"].as_array().into_iter().flatten();
    proposals.map(|proposal| ["encryption", "integrity", "group"].map(|name| one(proposal, name)).join("-")).collect()
}

#[test]
fn the_suites_of_ikev1_are_found_exactly() {
    for (version, own, old) in [
        ("1", "aes256-sha256-modp2048, 3des-sha1-modp1024", &["aes256-sha256-modp2048", "3des-sha1-modp1024"][..]),
        ("0", "aes128-sha256-ecp256", &["aes128-sha256-ecp256"]),
    ] {
        let gateway = tunnel(["gw.example", "a.example"], ["10.2.0.0/24", "10.1.0.0/24"], own, "aes256-sha256")
            .replace("AGGRESSIVE", "local_addrs = 127.0.0.1")
            .replace("version = 1", &format!("version = {version}"));
        let Some(lab) = Lab::run(&gateway, "", |_| {}, &["offer ike://127.0.0.1"]) else { return };
        let asked = &lab.asked[0];
        let expected: BTreeSet<String> = old.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(suites(asked), expected, "{:#}{}", asked.document, lab.log);
        let packets = asked.document["connections"].as_u64().unwrap_or(99);
        assert!(packets <= 40, "{packets}");
        assert!(asked.document.to_string().contains("any authentication method"), "{:#}", asked.document);
        assert!(lab.statistics.contains("0 total, 0 half-open"), "{}{}", lab.statistics, lab.log);
    }
}
