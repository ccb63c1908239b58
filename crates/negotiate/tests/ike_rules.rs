//! IKE's rules of selection, one at a time.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkePolicy, IkeVersion, Peering, Preference, Proposal, SaProtocol};
use shakedown_model::{Item, Known, OutcomeResult, Slot, Stage, names};
use shakedown_negotiate::ike::{Selecting, negotiate, select};

const V2: Selecting =
    Selecting { version: IkeVersion::V2, preference: Preference::Responder, without_key_exchange: false };
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
