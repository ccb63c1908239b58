//! `offer` and `check` of a real libreswan responder, and each way in which it refuses an initiator. It runs at the other end
//! of a wire: it listens on the interface that it is told, and takes the other address for its peer's.

mod ike_lab;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ike_lab::{Asked, Lab};

/// The connection of the gateway, with lines of its own.
fn gateway(lines: &str) -> String {
    let connection = "left=192.0.2.2\nleftid=@gw.example\nleftsubnet=10.2.0.0/24\nright=192.0.2.1\nrightid=@a.example\n\
                      rightsubnet=10.1.0.0/24\nauthby=secret\nauto=add\n";
    let lines: String = format!("{connection}{lines}").lines().map(|line| format!("\t{line}\n")).collect();
    format!("config setup\n\tlisten=192.0.2.2\n\tikev1-policy=accept\nconn site\n{lines}")
}

/// The initiator's own configuration, in libreswan's words.
fn own(lines: &str) -> String {
    gateway(lines)
        .replace("\tlisten=192.0.2.2\n", "")
        .replace("left", "LEFT")
        .replace("right", "left")
        .replace("LEFT", "right")
}

const NEW: &str = "ikev2=yes\nike=aes256-sha2_256-modp2048\nesp=aes256-sha2_256";
const OLD: &str = "ikev2=no\nike=aes256-sha2_256-modp2048\nesp=aes256-sha2_256";
const OFFER: &str = "offer ike://192.0.2.2";
const CHECK: &str = "check ike://192.0.2.2 --may-disturb-live-tunnel";

/// All suites of the offer of a version.
fn suites(asked: &Asked, version: u64) -> BTreeSet<String> {
    let offers = asked.document["offers"].as_array().into_iter().flatten();
    let of_version: Vec<_> = offers.filter(|offer| offer["ike_version"].as_u64().unwrap_or(2) == version).collect();
    let [offer] = of_version.as_slice() else { panic!("{:#}", asked.document) };
    assert_eq!(offer["refused"].get("proposals"), None, "{offer:#}");
    let mut suites = BTreeSet::new();
    for proposal in offer["proposals"].as_array().into_iter().flatten() {
        let mut all = vec![String::new()];
        for kind in ["encryption", "integrity", "prf", "group"] {
            let names: Vec<&str> = proposal[kind].as_array().into_iter().flatten().filter_map(|n| n.as_str()).collect();
            let names = if names.is_empty() { vec!["-"] } else { names };
            all = all.iter().flat_map(|one| names.iter().map(move |name| format!("{one} {name}"))).collect();
        }
        suites.extend(all.iter().map(|one| one.trim().to_owned()));
    }
    suites
}

fn set(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn what_pluto_accepts_is_found_exactly() {
    let both =
        "ikev2=yes\nike=aes_gcm256-sha2_512-dh20+dh31,aes256-sha2_256+sha2_512-modp2048+dh19\nesp=aes256-sha2_256";
    let Some(lab) = Lab::pluto(&gateway(both), |_| {}, &[OFFER]) else { return };
    let [asked] = lab.asked.as_slice() else { panic!("one command") };
    let mut expected = set(&["aes256gcm16 - prfsha512 ecp384", "aes256gcm16 - prfsha512 x25519"]);
    // In IKEv2 a word stands for the integrity and for the function, and each goes with each.
    for integrity in ["sha256", "sha512"] {
        for prf in ["prfsha256", "prfsha512"] {
            for group in ["modp2048", "ecp256"] {
                expected.insert(format!("aes256 {integrity} {prf} {group}"));
            }
        }
    }
    assert_eq!(suites(asked, 2), expected, "{:#}{}", asked.document, lab.log);
    let packets = asked.document["connections"].as_u64().unwrap_or(99);
    assert!(packets <= 40, "{packets}");
    assert!(lab.statistics.contains("current.states.iketype.halfopen=0"), "{}", lab.statistics);
    assert!(lab.statistics.contains("current.states.all=0"), "{}", lab.statistics);
}

#[test]
fn the_suites_of_ikev1_are_found_exactly() {
    let old = "ikev2=no\nike=aes256-sha2_256-modp2048,3des-sha1-modp1536\nesp=aes256-sha2_256";
    let Some(lab) = Lab::pluto(&gateway(old), |_| {}, &[OFFER]) else { return };
    let [asked] = lab.asked.as_slice() else { panic!("one command") };
    let expected = set(&["aes256 sha256 prfsha256 modp2048", "3des sha1 prfsha1 modp1536"]);
    assert_eq!(suites(asked, 1), expected, "{:#}{}", asked.document, lab.log);
    let packets = asked.document["connections"].as_u64().unwrap_or(99);
    assert!(packets <= 40, "{packets}");
    assert!(lab.statistics.contains("current.states.iketype.halfopen=0"), "{}", lab.statistics);
}

/// The initiator's configurations: one that fits, and one each for what does not. Their secrets are the gateway's.
fn files(folder: &Path, version: &str) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    write("own.conf", &own(version));
    write("other.conf", &own(&version.replace("modp2048", "modp3072")));
    write("esp.conf", &own(&version.replace("esp=aes256-sha2_256", "esp=aes128-sha1")));
    write("selectors.conf", &own(version).replace("10.2.0.0/24", "10.7.0.0/24"));
}

/// The options, how the stages end, and the causes that have to be among the first three; the first is certain.
type Case = (&'static str, [&'static str; 3], &'static [&'static str], bool);

/// Checks of a gateway with this `ipsec.conf`, by initiators of a version.
fn checked(gateway: &str, version: &str, cases: &[Case]) -> Option<Lab> {
    let commands: Vec<String> = cases.iter().map(|(options, ..)| format!("{CHECK} {options}")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let lab = Lab::pluto(gateway, |folder| files(folder, version), &commands)?;
    for (asked, (options, stages, causes, certain)) in lab.asked.iter().zip(cases) {
        assert_eq!(asked.stages(), *stages, "{options}: {:#}{}", asked.document, lab.log);
        let found = asked.causes();
        for cause in *causes {
            assert!(found.iter().take(3).any(|one| one == cause), "{options}: {found:?} {:#}", asked.document);
        }
        // One notify with several reasons is never certain.
        assert_eq!(asked.confidence() > 0.8, *certain, "{options}: {found:?} {:#}", asked.document);
    }
    Some(lab)
}

const FAILS_AT_AUTH: [&str; 3] = ["agreed", "failed", "not-reached"];
const FAILS_AT_CHILD: [&str; 3] = ["agreed", "agreed", "failed"];

#[test]
fn ike_auth_is_gone_through_and_each_refusal_has_its_cause_among_the_first() {
    let either = &["psk-mismatch", "peer-identity-mismatch", "auth-method-mismatch"];
    let cases: [Case; 7] = [
        ("--config own.conf", ["agreed", "agreed", "unknown"], &[], false),
        ("--config own.conf --real-ts --psk-file wrong", FAILS_AT_AUTH, either, false),
        ("--config own.conf --real-ts --psk-file key --id c.example", FAILS_AT_AUTH, either, false),
        // Whom it meets instead, it sees itself.
        ("--config own.conf --psk-file key --remote-id x.example", FAILS_AT_AUTH, &["peer-identity-mismatch"], true),
        ("--config other.conf", ["failed", "not-reached", "not-reached"], &["no-common-proposal"], true),
        ("--config esp.conf --real-ts", FAILS_AT_CHILD, &["no-common-child-proposal"], false),
        ("--config selectors.conf --real-ts", FAILS_AT_CHILD, &["traffic-selector-mismatch"], false),
    ];
    let Some(lab) = checked(&gateway(NEW), NEW, &cases) else { return };
    let networks = &lab.asked[6];
    assert!(!networks.causes().contains(&"platform-support-missing"), "{:#}", networks.document);
    let own = lab.asked[0].document.to_string();
    assert!(own.contains("the responder says that it is `gw.example`"), "{own}");
    assert!(own.contains("the IKE SA was deleted again, which the responder confirmed"), "{own}");
    assert!(own.contains("--real-ts"), "{own}");
    assert!(!lab.log.contains("INITIAL_CONTACT"), "{}", lab.log);
    // Neither an IKE SA nor half of one is left.
    assert!(lab.statistics.contains("current.states.all=0"), "{}", lab.statistics);
}

#[test]
fn a_kernel_without_esp_is_a_candidate_where_the_networks_fit() {
    let command = format!("{CHECK} --config own.conf --real-ts");
    let Some(lab) = Lab::pluto(&gateway(NEW), |folder| files(folder, NEW), &[&command]) else { return };
    if !lab.log.contains("Protocol not supported") {
        assert_eq!(lab.asked[0].stages(), ["agreed"; 3], "{:#}{}", lab.asked[0].document, lab.log);
        return;
    }
    // It answers TS_UNACCEPTABLE, as if the networks were wrong.
    assert_eq!(lab.asked[0].stages(), FAILS_AT_CHILD, "{:#}{}", lab.asked[0].document, lab.log);
    // The same networks with proposals that nobody takes are refused for the proposals: the networks are none of it.
    assert_eq!(lab.asked[0].causes().first(), Some(&"platform-support-missing"), "{:#}", lab.asked[0].document);
    assert!(lab.asked[0].confidence() < 0.8, "{:#}", lab.asked[0].document);
}

#[test]
fn the_other_method_the_other_version_and_the_stranger() {
    let certificates = gateway(NEW).replace("authby=secret", "authby=rsasig");
    let method: [Case; 1] = [("--config own.conf", FAILS_AT_AUTH, &["auth-method-mismatch"], false)];
    let Some(_) = checked(&certificates, NEW, &method) else { return };
    let stranger = gateway(NEW).replace("right=192.0.2.1", "right=192.0.2.7");
    let command = format!("{CHECK} --config own.conf");
    let Some(lab) = Lab::pluto(&stranger, |folder| files(folder, NEW), &[&command]) else { return };
    let asked = &lab.asked[0];
    assert_eq!((asked.status, asked.causes().first()), (3, Some(&"no-matching-connection")), "{:#}", asked.document);
    let Some(lab) = Lab::pluto(&gateway(OLD), |folder| files(folder, NEW), &[&command]) else { return };
    let asked = &lab.asked[0];
    assert_eq!((asked.status, asked.causes().first()), (1, Some(&"no-common-version")), "{:#}", asked.document);
}

#[test]
fn main_mode_and_quick_mode() {
    // Who cannot read a message of main mode says nothing: only that is seen.
    let silent: [&str; 3] = ["agreed", "unknown", "not-reached"];
    let cases: [Case; 3] = [
        ("--config own.conf", ["agreed", "agreed", "unknown"], &[], false),
        ("--config own.conf --psk-file wrong", silent, &["psk-mismatch", "peer-identity-mismatch"], false),
        ("--config own.conf --psk-file key --remote-id x.example", FAILS_AT_AUTH, &["peer-identity-mismatch"], true),
    ];
    let Some(lab) = checked(&gateway(OLD), OLD, &cases) else { return };
    assert!(lab.asked[0].document.to_string().contains("it is `gw.example`"), "{:#}", lab.asked[0].document);
}

/// It was told as a responder that is silent. The daemon with IKEv1 off says itself that it does not load its connection.
#[test]
fn a_connection_that_pluto_does_not_load_is_no_silent_responder() {
    let off = |text: &str| text.replace("ikev1-policy=accept", "ikev1-policy=drop");
    let files = |folder: &Path| {
        fs::write(folder.join("off.conf"), off(&own(OLD))).expect("a file");
        // Of libreswan 5, where that is the default.
        fs::write(folder.join("new.conf"), own(OLD).replace("\tikev1-policy=accept\n", "")).expect("a file");
    };
    let commands = ["off.conf", "new.conf"].map(|file| format!("{CHECK} --as libreswan@5.2:{file}"));
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    for gateway in [off(&gateway(OLD)), gateway(OLD), gateway(NEW)] {
        let Some(lab) = Lab::pluto(&gateway, files, &commands) else { return };
        let dropped = lab.log.contains("does not allow IKEv1 connections");
        assert_eq!(dropped, gateway.contains("drop"), "{}", lab.log);
        for asked in &lab.asked {
            let first = &asked.document["diagnoses"][0];
            assert_eq!((asked.status, first["cause"].as_str()), (1, Some("no-common-version")), "{:#}", asked.document);
            assert_eq!(first["side"], "client", "{:#}", asked.document);
            assert!(asked.confidence() > 0.8, "{:#}", asked.document);
            let fix = asked.document["fixes"].to_string();
            let better = gateway.contains("ikev2=yes");
            let title = if better { "let the initiator speak IKEv2" } else { "allow IKEv1 at the initiator" };
            assert!(fix.contains(title), "{:#}", asked.document);
        }
    }
}
