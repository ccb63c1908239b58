//! IKE's rules of selection, one at a time.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{
    IkePolicy, IkeVersion, KeyPrint, Lifetime, OfOtherMode, Peering, Preference, Proof, Proposal, SaProtocol,
    SharedKey, WrittenConnection,
};
use shakedown_model::{FailureKind, Item, Known, OutcomeResult, Role, Slot, Stage, StageResult, names};
use shakedown_negotiate::ike::{Selecting, meetings, negotiate, select};

const V2: Selecting = Selecting {
    version: IkeVersion::V2,
    preference: Preference::Responder,
    without_key_exchange: false,
    counter_mode_in_ikev1: true,
};
const V1: Selecting = Selecting { version: IkeVersion::V1, ..V2 };

fn proposals(protocol: SaProtocol, text: &str) -> Vec<Proposal> {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    text.split(", ").map(|one| catalog.proposal_of_keywords(protocol, one).unwrap()).collect()
}

/// What is chosen, in keywords.
fn chosen(protocol: SaProtocol, initiator: &str, responder: &str, how: Selecting) -> Result<String, Vec<String>> {
    match select(&proposals(protocol, initiator), &proposals(protocol, responder), how) {
        Ok(chosen) => {
            let names = chosen.transforms.iter().filter_map(|(_, name)| name.as_ref());
            Ok(names.map(ToString::to_string).collect::<Vec<_>>().join("-"))
        }
        Err(refusal) => Err(refusal.differences.iter().map(|difference| difference.slot.to_string()).collect()),
    }
}

fn ike(initiator: &str, responder: &str) -> Result<String, Vec<String>> {
    chosen(SaProtocol::Ike, initiator, responder, V2)
}

fn esp(initiator: &str, responder: &str, how: Selecting) -> Result<String, Vec<String>> {
    chosen(SaProtocol::Esp, initiator, responder, how)
}

#[test]
fn every_type_without_a_common_value_is_named() {
    let refused = ike("aes128-sha1-modp1024", "aes256-sha256-ecp256").unwrap_err();
    assert_eq!(refused, ["encryption", "integrity", "prf", "group"]);
    assert_eq!(ike("aes256-sha256-modp2048", "aes256-sha256-ecp256").unwrap_err(), ["group"]);
    // The nearest pair is what is shown.
    let refused = ike("3des-md5-modp1024, aes256-sha256-modp2048", "aes128-sha512-ecp384, aes256-sha256-ecp256");
    assert_eq!(refused.unwrap_err(), ["group"]);
    // A cipher of the other kind is not nearer because less of it can be compared.
    let refused = ike("aes128-sha1-modp1024", "aes256-sha256-ecp256, aes256gcm16-prfsha256-ecp256");
    assert_eq!(refused.unwrap_err(), ["encryption", "integrity", "prf", "group"]);
}

#[test]
fn a_key_length_is_part_of_the_algorithm() {
    assert_eq!(ike("aes128-sha256-modp2048", "aes256-sha256-modp2048").unwrap_err(), ["encryption"]);
}

#[test]
fn the_order_of_the_preferring_end_decides() {
    let (initiator, responder) = ("aes128-aes256-sha256-modp2048", "aes256-aes128-sha256-modp2048");
    assert_eq!(ike(initiator, responder).unwrap(), "aes256-sha256-prfsha256-modp2048");
    let by_initiator = Selecting { preference: Preference::Initiator, ..V2 };
    let got = chosen(SaProtocol::Ike, initiator, responder, by_initiator).unwrap();
    assert_eq!(got, "aes128-sha256-prfsha256-modp2048");
}

#[test]
fn an_aead_cipher_needs_no_integrity() {
    let got = ike("aes256gcm16-prfsha256-ecp256", "aes256gcm16-prfsha256-ecp256").unwrap();
    assert_eq!(got, "aes256gcm16-prfsha256-ecp256");
    // Which integrity is lacking depends on the cipher: it is the cipher that differs.
    assert_eq!(ike("aes256gcm16-prfsha256-ecp256", "aes256-sha256-ecp256").unwrap_err(), ["encryption"]);
    assert_eq!(esp("aes256gcm16", "aes256-sha256", V2).unwrap_err(), ["encryption"]);
}

#[test]
fn a_group_that_only_one_end_asks_for_fails_unless_it_may_be_left_out() {
    assert_eq!(esp("aes256-sha256", "aes256-sha256-modp2048", V2).unwrap_err(), ["group"]);
    assert_eq!(esp("aes256-sha256", "aes256-sha256-modp2048-none", V2).unwrap(), "aes256-sha256-noesn");
    let authenticating = Selecting { without_key_exchange: true, ..V2 };
    assert_eq!(esp("aes256-sha256", "aes256-sha256-modp2048", authenticating).unwrap(), "aes256-sha256-noesn");
}

#[test]
fn in_the_old_version_only_the_first_of_a_type_is_sent() {
    let how = ("aes128-aes256-sha256-modp2048", "aes256-sha256-modp2048");
    assert_eq!(chosen(SaProtocol::Ike, how.0, how.1, V1).unwrap_err(), ["encryption"]);
    assert!(ike(how.0, how.1).is_ok());
}

/// Both ends had it, and were said to agree: strongSwan's daemons do not.
#[test]
fn what_the_old_version_has_no_number_for_is_not_sent() {
    let old = |protocol: SaProtocol, both: &str| chosen(protocol, both, both, V1);
    for both in ["aes128gcm16-prfsha256-ecp256", "chacha20poly1305-prfsha256-ecp256"] {
        assert_eq!(old(SaProtocol::Ike, both).unwrap_err(), ["encryption", "prf"], "{both}");
        assert!(ike(both, both).is_ok());
    }
    assert_eq!(old(SaProtocol::Esp, "chacha20poly1305").unwrap_err(), ["encryption"]);
    assert!(old(SaProtocol::Esp, "aes128gcm16").is_ok());
    // The hash is the pseudorandom function too.
    assert_eq!(old(SaProtocol::Ike, "aes128-sha256-prfsha1-modp2048").unwrap_err(), ["prf"]);
    assert_eq!(old(SaProtocol::Ike, "aes128-aesxcbc-modp2048").unwrap_err(), ["integrity", "prf"]);
    // The first that it has a number for.
    let got = chosen(SaProtocol::Ike, "aes128-aesxcbc-sha256-modp2048", "aes128-sha256-modp2048", V1);
    assert_eq!(got.unwrap(), "aes128-sha256-prfsha256-modp2048");
    let policy = |both: &str| IkePolicy {
        version: Some(IkeVersion::V1),
        proposals: Known::Complete(proposals(SaProtocol::Ike, both)),
        ..IkePolicy::default()
    };
    let both = policy("aes256gcm16-prfsha256-ecp256");
    let failed = negotiate(&both, &both).failed;
    assert!(failed.iter().all(|one| one.kind == FailureKind::NothingOffered { by: Role::Client }), "{failed:?}");
}

#[test]
fn quick_mode_has_one_key_exchange() {
    let got = esp("aes256gcm16-x25519, aes256-sha512-ecp256", "aes256-sha512-ecp256", V1);
    assert_eq!(got.unwrap_err(), ["group"]);
    assert!(esp("aes256-sha512-ecp256", "aes256-sha512-ecp256", V1).is_ok());
}

#[test]
fn extended_sequence_numbers_have_to_agree() {
    assert_eq!(esp("aes256-sha256-esn", "aes256-sha256", V2).unwrap_err(), ["esn"]);
    assert!(esp("aes256-sha256-esn-noesn", "aes256-sha256", V2).is_ok());
}

/// RFC 9370: types 6 to 12, each agreed on for itself, and no method twice.
#[test]
fn additional_key_exchanges_are_types_of_their_own() {
    let with = "aes256-sha256-x25519-ke1_mlkem768";
    assert_eq!(ike(with, with).unwrap(), "aes256-sha256-prfsha256-x25519-mlkem768");
    assert_eq!(ike(with, "aes256-sha256-x25519").unwrap_err(), ["additional_group_1"]);
    assert_eq!(ike("aes256-sha256-x25519", with).unwrap_err(), ["additional_group_1"]);
    let optional = "aes256-sha256-x25519-ke1_mlkem768-ke1_none";
    assert_eq!(ike(optional, "aes256-sha256-x25519").unwrap(), "aes256-sha256-prfsha256-x25519");
    assert_eq!(ike(optional, with).unwrap(), "aes256-sha256-prfsha256-x25519-mlkem768");
    // It is not gone back on what was taken: strongSwan and libreswan refuse here, though another choice would fit.
    let twice = "aes256-sha256-x25519-ecp256-ke1_x25519";
    assert_eq!(ike(twice, twice).unwrap_err(), ["additional_group_1"]);
    let others = "aes256-sha256-x25519-ke1_x25519-ke1_mlkem768-ke3_ecp256";
    assert_eq!(ike(others, others).unwrap(), "aes256-sha256-prfsha256-x25519-mlkem768-ecp256");
    // IKEv1 has no attribute for them, and IKE_AUTH no key exchange.
    let esp_with = "aes256-sha256-x25519-ke1_mlkem768";
    assert_eq!(
        esp(esp_with, "aes256-sha256-x25519", Selecting { without_key_exchange: true, ..V2 }).unwrap(),
        "aes256-sha256-noesn"
    );
    assert_eq!(esp(esp_with, "aes256-sha256-x25519", V2).unwrap_err(), ["additional_group_1"]);
}

#[test]
fn a_difference_in_forward_secrecy_shows_at_the_rekey() {
    let policy = |child: &str| IkePolicy {
        proposals: Known::Complete(proposals(SaProtocol::Ike, "aes256-sha256-modp2048")),
        child_proposals: Known::Complete(proposals(SaProtocol::Esp, child)),
        version: Some(IkeVersion::V2),
        ..IkePolicy::default()
    };
    let outcome = negotiate(&policy("aes256-sha256"), &policy("aes256-sha256-modp2048"));
    assert!(outcome.failed.is_empty());
    assert_ne!(outcome.result(), OutcomeResult::Failed);
    assert_eq!((outcome.forecast[0].stage, outcome.forecast[0].slot), (Stage::Rekey, Slot::Group));
    assert_eq!(outcome.forecast[0].after, None);
    // The end whose keys are due first brings it.
    let lasting = |child: &str, minutes: (u64, u64)| IkePolicy {
        child_lifetime: Lifetime { renewed: Some((minutes.0 * 60, minutes.1 * 60)), ends: Some(minutes.1 * 66) },
        ..policy(child)
    };
    let outcome = negotiate(&lasting("aes256-sha256", (462, 471)), &lasting("aes256-sha256-modp2048", (54, 60)));
    let [forecast] = outcome.forecast.as_slice() else { panic!("{:?}", outcome.forecast) };
    assert_eq!(forecast.after, Some(54 * 60));
    assert!(forecast.summary.contains("which the responder has after 54 minutes to 1 hour"), "{}", forecast.summary);
    let outcome = negotiate(&policy("aes128-sha256"), &policy("aes256-sha256"));
    assert_eq!((outcome.failed[0].stage, outcome.failed[0].slot), (Stage::ChildSa, Slot::Encryption));
    assert_eq!(names(&outcome.failed[0].client), ["aes128"]);
}

#[test]
fn for_other_traffic_nothing_is_selected() {
    let policy = |local: &'static str, remote: &'static str| IkePolicy {
        proposals: Known::Complete(proposals(SaProtocol::Ike, "aes128-sha256-modp2048")),
        child_proposals: Known::Complete(proposals(SaProtocol::Esp, "aes256-sha256")),
        version: Some(IkeVersion::V1),
        peering: Some(Box::new(Peering {
            local_selectors: Known::Complete(vec![Item::new(local)]),
            remote_selectors: Known::Complete(vec![Item::new(remote)]),
            ..Peering::default()
        })),
        ..IkePolicy::default()
    };
    let responder = policy("10.2.0.0/24", "10.1.0.0/24");
    let fits = negotiate(&policy("10.1.0.0/24", "10.2.0.0/24"), &responder);
    assert_eq!(fits.agreed_child[0].1.as_ref().map(ToString::to_string).as_deref(), Some("aes256"));
    let other = negotiate(&policy("10.1.0.0/24", "10.9.0.0/24"), &responder);
    assert_eq!((other.failed[0].stage, other.failed[0].slot), (Stage::ChildSa, Slot::TrafficSelector));
    assert!(other.agreed_child.is_empty(), "{:?}", other.agreed_child);
}

/// In IKEv2 transport mode is a wish that may be declined; in IKEv1 an attribute.
#[test]
fn tunnel_against_transport_mode() {
    let result = |version, ours: (bool, OfOtherMode), theirs: (bool, OfOtherMode)| {
        let policy = |(transport, of_other_mode)| IkePolicy {
            proposals: Known::Complete(proposals(SaProtocol::Ike, "aes128-sha256-modp2048")),
            child_proposals: Known::Complete(proposals(SaProtocol::Esp, "aes256-sha256")),
            version: Some(version),
            peering: Some(Box::new(Peering {
                local_selectors: Known::Complete(vec![Item::new("10.1.0.1")]),
                remote_selectors: Known::Complete(vec![Item::new("10.1.0.1")]),
                transport,
                of_other_mode,
                ..Peering::default()
            })),
            ..IkePolicy::default()
        };
        let outcome = negotiate(&policy(ours), &policy(theirs));
        let child = outcome.stages.iter().find(|stage| stage.stage == Stage::ChildSa).unwrap();
        let kinds: Vec<_> = outcome.failed.iter().map(|failed| failed.kind.clone()).collect();
        let expected = if child.result == StageResult::Failed { vec![FailureKind::OtherMode] } else { vec![] };
        assert_eq!(kinds, expected);
        child.result.as_str()
    };
    use OfOtherMode::{Refusal, Tunnel, Unknown};
    for (version, ours, theirs, expected) in [
        (IkeVersion::V2, (true, Tunnel), (true, Refusal), "agreed"),
        // strongSwan gives way at either end.
        (IkeVersion::V2, (true, Tunnel), (false, Tunnel), "agreed"),
        (IkeVersion::V2, (false, Refusal), (true, Tunnel), "agreed"),
        (IkeVersion::V2, (true, Tunnel), (false, Refusal), "agreed"),
        // libreswan in transport mode does not.
        (IkeVersion::V2, (true, Refusal), (false, Tunnel), "failed"),
        (IkeVersion::V2, (false, Tunnel), (true, Refusal), "failed"),
        (IkeVersion::V2, (false, Tunnel), (true, Unknown), "unknown"),
        (IkeVersion::V1, (true, Tunnel), (false, Tunnel), "failed"),
        (IkeVersion::V1, (false, Tunnel), (true, Tunnel), "failed"),
        (IkeVersion::V1, (false, Tunnel), (true, Refusal), "agreed"),
        (IkeVersion::V1, (true, Tunnel), (false, Unknown), "unknown"),
    ] {
        assert_eq!(result(version, ours, theirs), expected, "{version:?} {ours:?} {theirs:?}");
    }
}

#[test]
fn another_protocol_below_is_told() {
    let own = proposals(SaProtocol::Esp, "aes256-sha256");
    let refusal = select(&own, &proposals(SaProtocol::Ah, "sha256"), V2).unwrap_err();
    let [difference] = refusal.differences.as_slice() else { panic!("{refusal:?}") };
    assert_eq!(
        (difference.slot, names(&difference.initiator), names(&difference.responder)),
        (Slot::Encryption, vec!["ESP".into()], vec!["AH".into()])
    );
}

#[test]
fn two_versions_do_not_meet() {
    let policy = |version| IkePolicy { version: Some(version), ..IkePolicy::default() };
    let outcome = negotiate(&policy(IkeVersion::V1), &policy(IkeVersion::V2));
    assert_eq!(outcome.result(), OutcomeResult::Failed);
    assert_eq!(outcome.failed[0].slot, Slot::Version);
}

#[test]
fn without_proposals_nothing_is_known() {
    let outcome = negotiate(&IkePolicy::default(), &IkePolicy::default());
    assert_eq!(outcome.result(), OutcomeResult::Unknown);
}

/// Of several connections of a responder the initiator meets one, and of its children the one whose selectors fit.
#[test]
fn an_initiator_meets_one_connection_of_a_responder() {
    struct End(&'static str, &'static str, &'static str, [&'static str; 2], [&'static str; 2]);
    let policy = |End(name, ike, esp, [local, remote], [own, peer])| IkePolicy {
        proposals: Known::Complete(proposals(SaProtocol::Ike, ike)),
        child_proposals: Known::Complete(proposals(SaProtocol::Esp, esp)),
        version: Some(IkeVersion::V2),
        peering: Some(Box::new(Peering {
            local: Proof { method: Some(Item::new("psk")), identity: Some(Item::new(own)) },
            remote: Proof { method: Some(Item::new("psk")), identity: Some(Item::new(peer)) },
            keys: Known::Complete(vec![SharedKey { owners: Vec::new(), print: KeyPrint::of(b"a"), origin: None }]),
            local_selectors: Known::Complete(vec![Item::new(local)]),
            remote_selectors: Known::Complete(vec![Item::new(remote)]),
            written: Some(WrittenConnection { name: Item::new(name), child: None, is_right: false }),
            ..Peering::default()
        })),
        ..IkePolicy::default()
    };
    const IKE: &str = "aes256-sha256-modp2048";
    const ESP: &str = "aes256-sha256";
    let initiator = policy(End("i", IKE, ESP, ["10.1.0.0/16", "10.2.0.0/16"], ["a", "gw"]));
    let met = |responders: Vec<End>| {
        let all: Vec<IkePolicy> = responders.into_iter().map(policy).collect();
        meetings(&[&initiator], &all.iter().collect::<Vec<_>>())
    };
    let fitting = || End("r", IKE, ESP, ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "a"]);
    let other = |name: &'static str| End(name, "aes128-sha1-ecp256", ESP, ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "a"]);
    let of_other = || End("x", "aes128-sha1-ecp256", ESP, ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "b"]);
    // Whose proposals or identities do not fit is passed over.
    assert_eq!(met(vec![other("x"), fitting()]), [(0, 1)]);
    assert_eq!(met(vec![of_other(), fitting(), of_other()]), [(0, 1)]);
    // The other child of the same connection is for other traffic.
    let child = End("r", IKE, "aes128gcm16", ["10.9.0.0/16", "10.1.0.0/16"], ["gw", "a"]);
    assert_eq!(met(vec![child, fitting()]), [(0, 1)]);
    // One for this identity comes before one for any, and only its children count.
    let any = End("any", IKE, ESP, ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "%any"]);
    let own = End("own", IKE, "aes128gcm16", ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "a"]);
    assert_eq!(met(vec![any, own]), [(0, 1)]);
    // Where none fits, the one that gets furthest is shown.
    let no_child = End("y", IKE, "aes128gcm16", ["10.2.0.0/16", "10.1.0.0/16"], ["gw", "a"]);
    assert_eq!(met(vec![other("x"), no_child]), [(0, 1)]);
    assert_eq!(met(vec![of_other(), other("y")]), [(0, 1)], "of the identity that is meant");
}
