//! `swanctl.conf`: its connections as parties, and what of them the daemon refuses.

use shakedown_config::Memory;
use shakedown_config::swanctl::{self, Reading, Selection, parties, read};
use shakedown_model::ike::{IkePolicy, IkeVersion, Preference};
use shakedown_model::{Fact, Gathered, Known, OriginKind, Policy, Role, Software};

const PATH: &str = "/etc/swanctl/swanctl.conf";

fn reading(text: &str) -> Reading {
    read(&Memory::new().with(PATH, text), PATH).unwrap()
}

fn gathered(text: &str, name: Option<&str>) -> Gathered {
    let software = Software::new("strongswan", "5.9.8");
    let selection = Selection { software: &software, role: Role::Server, name, label: "gw" };
    parties(&reading(text), &selection, &catalog())
}

fn catalog() -> shakedown_catalog::Catalog {
    shakedown_catalog::Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

fn ike(policy: &Policy) -> &IkePolicy {
    match policy {
        Policy::Ike(policy) => policy,
        other => panic!("{other:?}"),
    }
}

fn written(known: &Known<Vec<shakedown_model::ike::Proposal>>) -> Vec<String> {
    known.complete().unwrap().iter().map(ToString::to_string).collect()
}

const TWO: &str = "connections {
  plain { }
  site-a {
    version = 1
    aggressive = yes
    local_addrs = 192.0.2.1, 2001:db8::1
    remote_addrs = %any
    proposals = aes256-sha256-modp2048, aes128gcm16-prfsha256-x25519 # old and new
    local { auth = psk
            id = gw.example }
    remote-1 { auth = pubkey }
    children {
      lan { esp_proposals = aes256-sha1-modp1024
            local_ts = 10.1.0.0/24, 10.2.0.0/24 }
      hosts { ah_proposals = sha256 }
    }
  }
}
secrets { ike-a { secret = sesame } }
";

#[test]
fn connections_are_read_with_all_that_decides() {
    let reading = reading(TWO);
    assert!(reading.evidence.is_empty() && reading.notes.is_empty());
    let [plain, site] = reading.connections.as_slice() else { panic!("{:?}", reading.connections) };
    assert_eq!((plain.name.as_str(), plain.children.len()), ("plain", 0));
    assert_eq!(site.aggressive.as_ref().unwrap().as_str(), "yes");
    let texts = |values: &[shakedown_config::Value]| -> Vec<String> {
        values.iter().map(|value| value.as_str().to_owned()).collect()
    };
    assert_eq!(texts(&site.local_addresses), ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(texts(&site.children[0].local_selectors), ["10.1.0.0/24", "10.2.0.0/24"]);
    assert_eq!(site.local[0].method.as_ref().unwrap().as_str(), "psk");
    assert_eq!(site.local[0].id.as_ref().unwrap().0.as_str(), "gw.example");
    assert_eq!(site.remote[0].method.as_ref().unwrap().as_str(), "pubkey");
}

#[test]
fn each_child_of_a_connection_is_a_party() {
    let all = gathered(TWO, None);
    let labels: Vec<_> = all.parties.iter().map(|party| party.label.as_str()).collect();
    assert_eq!(labels, ["gw#plain", "gw#site-a", "gw#site-a"]);
    let one = gathered(TWO, Some("lan"));
    let [party] = one.parties.as_slice() else { panic!("{:?}", one.parties) };
    let policy = ike(&party.policy);
    assert_eq!(policy.version, Some(IkeVersion::V1));
    assert_eq!(written(&policy.proposals), ["aes256-sha256-modp2048", "aes128gcm16-prfsha256-x25519"]);
    assert_eq!(written(&policy.child_proposals), ["aes256-sha1-modp1024"]);
    let item = &policy.proposals.complete().unwrap()[1].group[0];
    let OriginKind::File { span, .. } = item.origin.as_ref().unwrap().kind() else { panic!() };
    assert_eq!(&TWO[span.clone()], "x25519");
    // What is not written is strongSwan's own, and both versions are spoken.
    let plain = ike(&all.parties[0].policy);
    assert_eq!(plain.version, None);
    let own = plain.proposals.complete().unwrap();
    assert_eq!(own.len(), 2);
    assert!(own[0].group.iter().any(|item| item.name == *"x25519") && own[0].integrity.len() > 3);
}

#[test]
fn a_connection_that_the_daemon_discards_is_evidence() {
    for (proposal, words) in [
        ("aes256-sha256", "a key exchange group"),
        ("aes256-sha257-modp2048", "`sha257` is no algorithm keyword"),
        ("aes256-aes128gcm16-sha256-modp2048", "write two"),
    ] {
        let text = format!("connections {{ a {{ proposals = {proposal} }} }}\n");
        let all = gathered(&text, None);
        assert!(all.parties.is_empty());
        let [evidence] = all.evidence.as_slice() else { panic!("{:?}", all.evidence) };
        let Fact::Configuration { message, .. } = &evidence.fact else { panic!("{evidence:?}") };
        assert!(message.contains(words), "{message}");
        let OriginKind::File { span, .. } = evidence.origin.as_ref().unwrap().kind() else { panic!() };
        assert_eq!(&text[span.clone()], proposal);
    }
    let all = gathered("connections { a { version = 2 }\n", None);
    assert!(all.parties.is_empty() && all.evidence.len() == 1, "a file that cannot be parsed is not used");
}

/// The daemon's own settings: whose order decides, and what is done for aggressive mode.
#[test]
fn strongswan_conf_changes_what_decides() {
    let read = |text: &str| {
        let daemon =
            swanctl::daemon(&Memory::new().with("/etc/strongswan.conf", text), "/etc/strongswan.conf").unwrap();
        let mut party = gathered("connections { a { proposals = aes128-sha256-x25519 } }\n", None).parties.remove(0);
        daemon.apply(&mut party);
        let policy = ike(&party.policy).clone();
        (policy.preference, policy.peering.unwrap().refuses_aggressive_psk, party.notes.len(), daemon.evidence.len())
    };
    assert_eq!(read("charon { load_modular = yes }\n"), (Preference::Responder, true, 0, 0));
    let text = "charon {\n prefer_configured_proposals = no\n i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n}\n";
    assert_eq!(read(text), (Preference::Initiator, false, 0, 0));
    let text = "charon { prefer_configured_proposals = no }\ncharon-systemd { prefer_configured_proposals = yes\n load = random aes\n port = 5500 }\n";
    assert_eq!(read(text), (Preference::Responder, true, 2, 0));
    assert_eq!(read("charon {\n"), (Preference::Responder, true, 0, 1));
}
