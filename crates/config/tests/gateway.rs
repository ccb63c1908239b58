//! Gateways of other vendors: each beside a `swanctl.conf` that agrees with it, and beside one that does not.

mod common;

use common::catalog;
use proptest::prelude::*;
use shakedown_config::gateway::{self, Vendor, recognise, written};
use shakedown_config::{Memory, swanctl};
use shakedown_model::ike::{IkeVersion, SaProtocol};
use shakedown_model::{
    ConfigurationKind, Gathered, OriginKind, Outcome, OutcomeResult, Party, Role, Slot, Software, Stage, StageResult,
};

fn texts() -> [(&'static str, Vendor, &'static str); 17] {
    [
        ("ios-map", Vendor::CiscoIos, include_str!("gateway/ios-map.txt")),
        ("ios-vti", Vendor::CiscoIos, include_str!("gateway/ios-vti.txt")),
        ("asa", Vendor::CiscoAsa, include_str!("gateway/asa.txt")),
        ("fortios", Vendor::FortiOs, include_str!("gateway/fortios.txt")),
        ("routeros", Vendor::RouterOs, include_str!("gateway/routeros.txt")),
        ("junos-set", Vendor::Junos, include_str!("gateway/junos-set.txt")),
        ("junos", Vendor::Junos, include_str!("gateway/junos.txt")),
        ("panos-set", Vendor::PanOs, include_str!("gateway/panos-set.txt")),
        ("panos", Vendor::PanOs, include_str!("gateway/panos.xml")),
        ("pfsense", Vendor::PfSense, include_str!("gateway/pfsense.xml")),
        ("opnsense", Vendor::OpnSense, include_str!("gateway/opnsense.xml")),
        ("aws", Vendor::AwsVpn, include_str!("gateway/aws.json")),
        ("aws-customer", Vendor::AwsVpn, include_str!("gateway/aws.xml")),
        ("azure", Vendor::AzureVpn, include_str!("gateway/azure.json")),
        ("gcp", Vendor::GcpVpn, include_str!("gateway/gcp.yaml")),
        ("windows", Vendor::WindowsVpn, include_str!("gateway/windows.txt")),
        ("windows-set", Vendor::WindowsVpn, include_str!("gateway/windows-set.txt")),
    ]
}

fn gathered(name: &str, role: Role, tunnel: Option<&str>) -> Gathered {
    let texts = texts();
    let (_, vendor, text) = texts.iter().find(|(own, ..)| *own == name).unwrap();
    let files = Memory::new().with("/t", text.as_bytes());
    let selection = gateway::Selection { version: None, role, name: tunnel, label: name };
    gateway::gather(&files, "/t", *vendor, &selection, catalog()).unwrap()
}

fn one(name: &str, role: Role, tunnel: Option<&str>) -> Party {
    let mut all = gathered(name, role, tunnel).parties;
    assert_eq!(all.len(), 1, "{name}");
    all.pop().unwrap()
}

/// A connection of strongSwan.
struct Own<'a> {
    version: &'a str,
    ike: &'a str,
    esp: &'a str,
    /// What else stands in the connection.
    more: &'a str,
    child: &'a str,
    secret: &'a str,
}

fn swanctl(own: &Own<'_>, role: Role) -> Party {
    let Own { version, ike, esp, more, child, secret } = own;
    let text = format!(
        "connections {{ gw {{\n version = {version}\n proposals = {ike}\n {more}\n local {{ auth = psk }}\n remote {{ auth = psk }}\n \
         children {{ net {{ esp_proposals = {esp}\n {child} }} }} }} }}\nsecrets {{ ike-a {{ secret = \"{secret}\" }} }}\n"
    );
    let files = Memory::new().with("/s", text);
    let reading = swanctl::read(&files, "/s").unwrap();
    let software = Software::new("strongswan", "5.9.8");
    let selection = swanctl::Selection { software: &software, role, name: None, label: "own" };
    let mut all = swanctl::parties(&reading, &selection, catalog());
    assert!(all.evidence.is_empty(), "{:?}", all.evidence);
    all.parties.pop().unwrap()
}

fn negotiate(client: &Party, server: &Party) -> Outcome {
    shakedown_negotiate::ike::negotiate(client.ike().unwrap(), server.ike().unwrap())
}

fn slots(outcome: &Outcome) -> Vec<(Stage, Slot)> {
    outcome.failed.iter().map(|failed| (failed.stage, failed.slot)).collect()
}

const NETS: &str = "local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16";
const ALL: &str = "local_ts = 0.0.0.0/0\n remote_ts = 0.0.0.0/0";
const ENDS: &str = "local_addrs = 192.0.2.1\n remote_addrs = 198.51.100.1";

/// A text and its tunnel, what agrees with it, proposals for IKE and for ESP that do not, and the slots of IKE that fail.
type Pair = (&'static str, &'static str, Own<'static>, &'static str, &'static str, Vec<(Stage, Slot)>);

/// What agrees with each text, and what in its place does not, with the slots that fail.
fn pairs() -> Vec<Pair> {
    let own = |version, ike, esp, child| Own { version, ike, esp, more: ENDS, child, secret: "correct-horse" };
    use Slot::{Encryption, Group, Integrity, Prf};
    use Stage::{ChildSa, IkeSa};
    vec![
        (
            "ios-map",
            "CMAP-10",
            own("1", "aes256-sha256-modp2048", "aes256-sha256-modp2048", NETS),
            "aes128-sha1-modp1536",
            "aes128-sha1-modp2048",
            vec![(IkeSa, Encryption), (IkeSa, Integrity), (IkeSa, Prf), (IkeSa, Group)],
        ),
        (
            "ios-vti",
            "Tunnel0",
            own("2", "aes256-sha384-ecp384", "aes256gcm16-ecp384", ALL),
            "aes256-sha384-modp2048",
            "aes256-sha256",
            vec![(IkeSa, Group)],
        ),
        (
            "asa",
            "OUTSIDE-10",
            own("2", "aes256-sha256-ecp256", "aes256-sha256-ecp256", NETS),
            "aes256-sha1-ecp256",
            "aes256gcm16",
            vec![(IkeSa, Integrity), (IkeSa, Prf)],
        ),
        (
            "fortios",
            "to-hq",
            own("2", "aes256-sha256-modp2048", "aes256-sha256-modp2048", NETS),
            "aes256-sha512-modp2048",
            "aes128-sha256",
            vec![(IkeSa, Integrity), (IkeSa, Prf)],
        ),
        (
            "routeros",
            "hq",
            own("2", "aes256-sha256-ecp256", "aes256gcm16-ecp256", NETS),
            "aes256-sha256-ecp384",
            "aes128gcm16-ecp256",
            vec![(IkeSa, Group)],
        ),
        (
            "junos-set",
            "VPN-HQ",
            own("2", "aes256-sha256-modp2048", "aes256-sha256-modp2048", NETS),
            "aes128-sha256-modp2048",
            "aes256-sha512",
            vec![(IkeSa, Encryption)],
        ),
        (
            "junos",
            "VPN-HQ",
            own("2", "aes256-sha256-modp2048", "aes256-sha256-modp2048", NETS),
            "aes128-sha256-modp2048",
            "aes256-sha512",
            vec![(IkeSa, Encryption)],
        ),
        (
            "panos-set",
            "hq-tunnel",
            own("2", "aes256-sha384-ecp384", "aes256gcm16-ecp384", NETS),
            "aes256-sha384-modp2048",
            "aes128-sha1",
            vec![(IkeSa, Group)],
        ),
        (
            "panos",
            "hq-tunnel",
            own("2", "aes256-sha384-ecp384", "aes256gcm16-ecp384", NETS),
            "aes256-sha384-modp2048",
            "aes128-sha1",
            vec![(IkeSa, Group)],
        ),
        (
            "pfsense",
            "head office",
            own("2", "aes256-sha256-modp2048", "aes256-sha256-modp2048", NETS),
            "aes256-sha256-modp3072",
            "aes192-sha256",
            vec![(IkeSa, Group)],
        ),
        (
            "opnsense",
            "head office",
            own("2", "aes256-sha512-ecp521", "aes256gcm16-ecp521", NETS),
            "aes256-sha512-x25519",
            "aes128gcm16",
            vec![(IkeSa, Group)],
        ),
        (
            "aws",
            "vpn-0a1b2c3d4e5f-1",
            own("2", "aes256-sha256-modp2048", "aes256-sha256-modp2048", ALL),
            "aes128-sha256-modp2048",
            "aes256gcm16",
            vec![(IkeSa, Encryption)],
        ),
        (
            "azure",
            "to-hq",
            own("2", "aes256-sha256-modp2048", "aes256gcm16-modp2048", NETS),
            "aes256-sha256-modp1024",
            "aes256-sha256",
            vec![(IkeSa, Group)],
        ),
        (
            "gcp",
            "to-hq",
            own("2", "aes256gcm16-prfsha256-modp2048", "aes256gcm16-modp2048", NETS),
            "aes256gcm16-prfsha512-modp2048",
            "aes128gcm16",
            vec![(IkeSa, Prf)],
        ),
        (
            "windows",
            "office",
            own("2", "aes256-sha384-ecp384", "aes256gcm16-ecp384", NETS),
            "aes256-sha384-modp2048",
            "aes256-sha1",
            vec![(IkeSa, Group)],
        ),
    ]
    .into_iter()
    .inspect(|pair| assert!(pair.5.iter().all(|(stage, _)| *stage != ChildSa)))
    .collect()
}

#[test]
fn each_agrees_with_what_fits_it_and_names_what_does_not() {
    for (name, tunnel, own, ike, esp, failing) in pairs() {
        for role in [Role::Server, Role::Client] {
            let gateway = one(name, role, Some(tunnel));
            let run = |own: &Own<'_>| {
                let other = swanctl(own, role.peer());
                if role == Role::Server { negotiate(&other, &gateway) } else { negotiate(&gateway, &other) }
            };
            let agreed = run(&own);
            assert_ne!(
                agreed.result(),
                OutcomeResult::Failed,
                "{name} {role:?}: {:?} {:?}",
                agreed.failed,
                gateway.notes
            );
            let stage = |outcome: &Outcome, stage: Stage| {
                outcome.stages.iter().find(|one| one.stage == stage).map(|one| one.result.clone())
            };
            assert_eq!(stage(&agreed, Stage::IkeSa), Some(StageResult::Agreed), "{name} {role:?} {:?}", gateway.notes);
            assert!(agreed.forecast.is_empty(), "{name} {role:?}: {:?}", agreed.forecast);
            let other = run(&Own { ike, ..own });
            assert_eq!(slots(&other), failing, "{name} {role:?}");
            let child = run(&Own { esp, ..own });
            let differs = [Slot::Encryption, Slot::Integrity].map(|slot| (Stage::ChildSa, slot));
            assert!(slots(&child).iter().any(|slot| differs.contains(slot)), "{name} {role:?}: {child:?}");
        }
    }
}

#[test]
fn where_a_text_has_all_the_answer_is_certain() {
    for (name, tunnel, own, ..) in pairs() {
        let gateway = one(name, Role::Server, Some(tunnel));
        let result = negotiate(&swanctl(&own, Role::Client), &gateway).result();
        // Keys that are encrypted, hidden or not there leave the authentication open, and so do networks that are not named.
        let open = ["asa", "fortios", "junos-set", "junos", "panos-set", "panos", "azure", "gcp", "windows"];
        let expected = if open.contains(&name) { OutcomeResult::Unknown } else { OutcomeResult::Agreed };
        assert_eq!(result, expected, "{name}: {:?}", negotiate(&swanctl(&own, Role::Client), &gateway));
        if !open.contains(&name) {
            let other = Own { secret: "another one", ..own };
            let outcome = negotiate(&swanctl(&other, Role::Client), &gateway);
            assert_eq!(slots(&outcome), [(Stage::Auth, Slot::Auth)], "{name}");
        }
    }
}

#[test]
fn each_is_known_by_what_stands_in_it() {
    for (name, vendor, text) in texts() {
        assert_eq!(recognise(text.as_bytes()), Some(vendor), "{name}");
        assert_eq!(Vendor::of(vendor.product()), Some(vendor));
    }
}

#[test]
fn secrets_are_in_nothing_that_is_kept() {
    for (name, ..) in texts() {
        for party in gathered(name, Role::Server, None).parties {
            let all = format!("{party:?}");
            for file in &party.configuration.as_ref().unwrap().files {
                let text = String::from_utf8_lossy(&file.text).into_owned();
                for secret in ["correct-horse", "Sup3r", "$9$", "AQ==", "hunter2", "MIIE", "GVO2"] {
                    assert!(!text.contains(secret) && !all.contains(secret), "{name}: {secret}\n{text}");
                }
            }
        }
    }
}

#[test]
fn a_value_has_its_place() {
    for (name, vendor, text) in texts() {
        let party = gathered(name, Role::Client, None).parties.remove(0);
        let policy = party.ike().unwrap();
        let first = policy.proposals.accepted().unwrap().first().unwrap();
        let OriginKind::File { file, span } = first.encryption.first().unwrap().origin.as_ref().unwrap().kind() else {
            panic!("{name}")
        };
        assert_eq!(file.text.get(span.clone()), text.as_bytes().get(span.clone()), "{name}");
        assert!(text[span.clone()].to_ascii_lowercase().contains("aes"), "{name}: {}", &text[span.clone()]);
        assert_eq!(party.configuration.as_ref().unwrap().kind, ConfigurationKind::Gateway(vendor));
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let read = |vendor, text: &str, role| {
        let files = Memory::new().with("/t", text.as_bytes());
        let selection = gateway::Selection { version: None, role, name: None, label: "t" };
        gateway::gather(&files, "/t", vendor, &selection, catalog()).unwrap().parties.remove(0)
    };
    // Without a version the product's defaults could be any.
    let text = "crypto isakmp policy 10\n authentication pre-share\n";
    let party = read(Vendor::CiscoIos, text, Role::Server);
    assert!(party.ike().unwrap().proposals.accepted().is_none());
    assert!(party.notes.iter().any(|note| note.contains("show crypto isakmp policy")), "{:?}", party.notes);
    let party = read(Vendor::CiscoIos, &format!("!\nversion 15.2\n!\n{text}"), Role::Server);
    let all = party.ike().unwrap().proposals.complete().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(all, ["des-sha1-modp768"]);
    // A word that no table has leaves the list open.
    let text = "config vpn ipsec phase1-interface\n edit \"a\"\n set ike-version 2\n set proposal aria256-sha256 aes128-sha256\n set dhgrp 14\n next\nend\n";
    let party = read(Vendor::FortiOs, text, Role::Server);
    let policy = party.ike().unwrap();
    assert!(policy.proposals.complete().is_none() && policy.proposals.accepted().unwrap().len() == 1);
    assert!(party.notes.iter().any(|note| note.contains("aria256")), "{:?}", party.notes);
    // What is known of it is enough where it fits, and leaves the rest open.
    let own =
        Own { version: "2", ike: "aes128-sha256-modp2048", esp: "aes128-sha256", more: "", child: "", secret: "x" };
    let stage = |ike| negotiate(&swanctl(&Own { ike, ..own }, Role::Client), &party).stages.remove(0).result;
    assert_eq!(stage("aes128-sha256-modp2048"), StageResult::Agreed);
    assert!(matches!(stage("aes256-sha512-modp2048"), StageResult::Unknown { .. }));
    // A gateway without a version of IKE, and sets of proposals whose members nobody told.
    let party = read(
        Vendor::Junos,
        "set security ike policy p proposal-set standard\nset security ike gateway g ike-policy p\nset security ike gateway g address 192.0.2.1\n",
        Role::Server,
    );
    assert!(party.ike().unwrap().proposals.accepted().is_none() && party.notes.len() == 2, "{:?}", party.notes);
}

/// The documented defaults of a connection without a policy: an initiator asks for no forward secrecy, a responder takes some.
#[test]
fn a_cloud_s_connection_without_a_policy_has_the_documented_defaults() {
    let text = r#"{"connectionProtocol": "IKEv2", "ipsecPolicies": [], "name": "site", "sharedKey": "x"}"#;
    let files = Memory::new().with("/t", text);
    let read = |role| {
        let selection = gateway::Selection { version: None, role, name: None, label: "t" };
        gateway::gather(&files, "/t", Vendor::AzureVpn, &selection, catalog()).unwrap().parties.remove(0)
    };
    let child = |role| {
        let party: Party = read(role);
        let all = party.ike().unwrap().child_proposals.complete().unwrap().clone();
        all.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let asked = ["aes256gcm16", "aes256-sha1", "3des-sha1", "aes256-sha256", "aes128-sha1", "3des-sha256"];
    assert_eq!(child(Role::Client), asked);
    let taken = child(Role::Server);
    assert_eq!((taken.len(), &taken[..6]), (26, &asked.map(str::to_owned)[..]));
    assert!(
        taken.contains(&"aes256-sha256-modp2048".to_owned()) && !taken.contains(&"aes256gcm16-modp2048".to_owned())
    );
    let own = Own { version: "2", ike: "aes256-sha256-modp1024", esp: "aes192gcm16", more: "", child: "", secret: "x" };
    let outcome = negotiate(&swanctl(&own, Role::Client), &read(Role::Server));
    assert_eq!(outcome.stages[2].result, StageResult::Failed);
}

/// Peers whose address nobody knows before come to the entry of a dynamic map.
#[test]
fn dynamic_maps_are_entries_for_whoever_comes() {
    let ios = "version 15.2\ncrypto isakmp policy 10\n encr aes 256\n hash sha256\n authentication pre-share\n group 14\ncrypto \
               ipsec transform-set T esp-aes 256 esp-sha256-hmac\ncrypto dynamic-map D 10\n set transform-set T\ncrypto map M 65535 \
               ipsec-isakmp dynamic D\ninterface G0\n ip address 192.0.2.1 255.255.255.0\n crypto map M\n";
    let asa = "ASA Version 9.8\ninterface G0\n nameif outside\n ip address 192.0.2.1 255.255.255.0\ncrypto ipsec ikev1 transform-set T \
               esp-aes-256 esp-sha-hmac\ncrypto dynamic-map D 10 set ikev1 transform-set T\ncrypto map M 65535 ipsec-isakmp dynamic \
               D\ncrypto map M interface outside\ncrypto ikev1 policy 10\n authentication pre-share\n encryption aes-256\n hash sha\n group \
               5\n";
    for (vendor, text, ike, child) in [
        (Vendor::CiscoIos, ios, "aes256-sha256-modp2048", "aes256-sha256"),
        (Vendor::CiscoAsa, asa, "aes256-sha1-modp1536", "aes256-sha1"),
    ] {
        let files = Memory::new().with("/t", text);
        for name in ["D-10", "D", "M"] {
            let selection = gateway::Selection { version: None, role: Role::Client, name: Some(name), label: "t" };
            let party = gateway::gather(&files, "/t", vendor, &selection, catalog()).unwrap().parties.remove(0);
            let policy = party.ike().unwrap();
            let all = |list: &shakedown_model::Known<Vec<shakedown_model::ike::Proposal>>| {
                list.accepted().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!((all(&policy.proposals), all(&policy.child_proposals)), (vec![ike.into()], vec![child.into()]));
            let peering = policy.peering.as_ref().unwrap();
            assert!(peering.remote_addresses.is_empty() && peering.local_addresses.len() == 1, "{vendor:?}");
            assert!(party.notes.iter().any(|note| note.contains("never begins")), "{:?}", party.notes);
        }
    }
}

/// A key for an identity that the gateway may or may not have is none that is missing.
#[test]
fn keys_of_an_unknown_identity_are_left_open() {
    let text = "/ip ipsec profile\nadd name=p enc-algorithm=aes-256 hash-algorithm=sha256 dh-group=ecp256\n/ip ipsec peer\nadd \
                address=192.0.2.1/32 exchange-mode=ike2 name=g profile=p\n/ip ipsec identity\nadd peer=g secret=correct-horse\n";
    let files = Memory::new().with("/t", text);
    let selection = gateway::Selection { version: Some("7.14"), role: Role::Server, name: None, label: "t" };
    let gateway = gateway::gather(&files, "/t", Vendor::RouterOs, &selection, catalog()).unwrap().parties.remove(0);
    let own =
        |secret| Own { version: "2", ike: "aes256-sha256-ecp256", esp: "aes256-sha1", more: "", child: NETS, secret };
    let result = |own: &Own<'_>| negotiate(&swanctl(own, Role::Client), &gateway).stages.remove(1).result;
    assert!(matches!(result(&own("correct-horse\"\n id = \"198.51.100.9")), StageResult::Unknown { .. }));
    assert_eq!(result(&own("correct-horse")), StageResult::Agreed);
    assert_eq!(result(&own("another")), StageResult::Failed);
}

#[test]
fn a_responder_without_pfs_takes_what_is_offered_and_an_initiator_asks_for_none() {
    let groups = |role| {
        let party = one("ios-map", role, Some("CMAP-20"));
        let child = party.ike().unwrap().child_proposals.complete().unwrap().clone();
        child.iter().map(|proposal| proposal.group.len()).sum::<usize>()
    };
    assert_eq!(groups(Role::Client), 0);
    assert!(groups(Role::Server) > 10);
}

/// Transport mode in each product's words, and identities that are bytes and no names.
#[test]
fn modes_and_key_ids_are_read() {
    let changed = |name: &str, from: &str, to: &str| {
        let texts = texts();
        let (_, vendor, text) = texts.iter().find(|(own, ..)| *own == name).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        let files = Memory::new().with("/t", text.replace(from, to).into_bytes());
        let selection = gateway::Selection { version: None, role: Role::Server, name: None, label: name };
        gateway::gather(&files, "/t", *vendor, &selection, catalog()).unwrap().parties
    };
    let transport = |parties: &[Party]| {
        parties.iter().any(|party| party.ike().unwrap().peering.as_ref().is_some_and(|peering| peering.transport))
    };
    for (name, from, to) in [
        ("ios-map", " mode tunnel", " mode transport"),
        ("routeros", " tunnel=yes", ""),
        ("pfsense", "<mode>tunnel</mode>", "<mode>transport</mode>"),
        (
            "asa",
            "crypto map OUTSIDE interface",
            "crypto map OUTSIDE 10 set ikev2 mode transport\ncrypto map OUTSIDE interface",
        ),
    ] {
        assert!(!transport(&changed(name, from, from)) && transport(&changed(name, from, to)), "{name}");
    }
    let identity = "        gateway GW-HQ {\n            local-identity key-id 4711;";
    let parties = changed("junos", "        gateway GW-HQ {", identity);
    let own = parties.iter().find_map(|party| party.ike()?.peering.as_ref()?.local.identity.clone()).unwrap();
    assert_eq!(own.name, "keyid:4711");
}

#[test]
fn selectors_that_are_narrower_leave_it_open() {
    let gateway = one("ios-map", Role::Server, Some("CMAP-10"));
    let own = Own {
        version: "1",
        ike: "aes256-sha256-modp2048",
        esp: "aes256-sha256-modp2048",
        more: ENDS,
        child: "local_ts = 10.1.7.0/24\n remote_ts = 10.2.0.0/16",
        secret: "correct-horse",
    };
    assert_eq!(negotiate(&swanctl(&own, Role::Client), &gateway).result(), OutcomeResult::Unknown);
    let own = Own { child: "local_ts = 10.9.0.0/16\n remote_ts = 10.2.0.0/16", ..own };
    assert_eq!(slots(&negotiate(&swanctl(&own, Role::Client), &gateway)), [(Stage::ChildSa, Slot::TrafficSelector)]);
}

/// What is written for a product is read again as what it was.
#[test]
fn changes_are_in_the_products_own_words() {
    let proposal = |protocol, text: &str| catalog().proposal_of_keywords(protocol, text).unwrap();
    let ike = proposal(SaProtocol::Ike, "aes256-sha256-modp2048");
    let esp = proposal(SaProtocol::Esp, "aes256gcm16-ecp256");
    let gcm = proposal(SaProtocol::Ike, "aes256gcm16-prfsha256-ecp256");
    let text = |vendor: Vendor, proposal, version| written(vendor, proposal, version).map(|change| change.text);
    let v2 = IkeVersion::V2;
    assert_eq!(
        text(Vendor::CiscoIos, &ike, IkeVersion::V1).unwrap(),
        "crypto isakmp policy NUMBER\n encryption aes 256\n hash sha256\n authentication METHOD\n group 14"
    );
    assert_eq!(
        text(Vendor::CiscoIos, &ike, v2).unwrap(),
        "crypto ikev2 proposal NAME\n encryption aes-cbc-256\n integrity sha256\n group 14\ncrypto ikev2 policy POLICY\n proposal NAME"
    );
    assert!(text(Vendor::CiscoIos, &esp, v2).unwrap().contains("esp-gcm 256\n"));
    assert!(
        text(Vendor::FortiOs, &ike, v2).unwrap().contains("append proposal aes256-sha256\n        append dhgrp 14")
    );
    assert!(
        text(Vendor::FortiOs, &esp, v2)
            .unwrap()
            .contains("append proposal aes256gcm\n        set pfs enable\n        append dhgrp 19")
    );
    assert!(
        text(Vendor::RouterOs, &esp, v2)
            .unwrap()
            .ends_with("enc-algorithms=aes-256-gcm auth-algorithms=null pfs-group=ecp256")
    );
    assert!(text(Vendor::Junos, &ike, v2).unwrap().contains("dh-group group14"));
    assert!(text(Vendor::PanOs, &esp, v2).unwrap().contains("esp authentication none"));
    assert!(text(Vendor::CiscoAsa, &ike, v2).unwrap().contains(" integrity sha256\n prf sha256\n group 14"));
    // The ASA has no SHA-2 in IKEv1, and MikroTik no cipher with its own integrity for IKE.
    assert_eq!(text(Vendor::CiscoAsa, &ike, IkeVersion::V1), None);
    assert_eq!(text(Vendor::RouterOs, &gcm, v2), None);
    assert_eq!(text(Vendor::AwsVpn, &ike, v2), None);
}

/// Parts of all texts, and bytes.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for (_, _, text) in texts() {
        parts.extend(text.split_inclusive(['\n', ' ', '>']).map(|part| part.as_bytes().to_vec()));
    }
    let part = prop::sample::select(parts);
    let bytes = prop::collection::vec(any::<u8>(), 0..3);
    prop::collection::vec(prop_oneof![9 => part, 1 => bytes], 0..120).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(250))]

    #[test]
    fn no_text_makes_a_reader_fail(text in any_text(), from in 0_usize..17, cut in any::<prop::sample::Index>()) {
        let _ = recognise(&text);
        let whole = texts()[from].2.as_bytes();
        let at = cut.index(whole.len());
        let mixed = [&whole[..at], text.as_slice(), &whole[at..]].concat();
        for text in [text, mixed] {
            let files = Memory::new().with("/t", text);
            for vendor in Vendor::ALL {
                let selection = gateway::Selection { version: Some("7.2"), role: Role::Server, name: None, label: "t" };
                let _ = gateway::gather(&files, "/t", vendor, &selection, catalog()).unwrap();
            }
        }
    }
}
