//! Offers in JSON: a party survives the way there and back, and what a person writes wrong is named with its place.

use proptest::prelude::*;
use shakedown_model::ssh::{GexRequest, HostKey, HostKeyOrder, SignatureCheck, SshOffer, SshPolicy};
use shakedown_model::tls::TlsVersion;
use shakedown_model::{Item, Known, Name, Party, PartySource, Policy, Report, Role, Vantage, items};
use shakedown_schema::v1::{Document, Offer};
use shakedown_schema::{OfferError, party_from_json};

fn party(role: Role, policy: SshPolicy) -> Party {
    Party {
        label: "db01:22".into(),
        role,
        software: "openssh@9.2p1/debian-12".parse().ok(),
        source: PartySource::Offer { path: String::new() },
        policy: Policy::Ssh(Box::new(policy)),
        configuration: None,
        notes: vec!["assumed: one host key of each type".into()],
    }
}

fn report(parties: Vec<Party>) -> Report {
    Report {
        command: "offer".into(),
        observed_at: "2026-11-01T10:00:00Z".parse().unwrap(),
        vantage: Vantage { host: None, version: "0.1.0".into() },
        catalog_date: "2026-10-30".into(),
        parties,
        pairs: Vec::new(),
        evidence: Vec::new(),
        incidents: Vec::new(),
        diagnoses: Vec::new(),
        fixes: Vec::new(),
        connections: 1,
        notes: Vec::new(),
    }
}

fn known_list() -> impl Strategy<Value = Known<Vec<Item>>> {
    // Any bytes may be a name: they come from a peer.
    let name = prop::collection::vec(any::<u8>(), 0..12)
        .prop_map(|bytes| Item { name: Name::from_bytes(&bytes), origin: None });
    let list = prop::collection::vec(name, 0..5);
    prop_oneof![
        list.clone().prop_map(Known::Complete),
        (list.clone(), list).prop_map(|(accepted, refused)| Known::Partial { accepted, refused }),
        Just(Known::Unknown),
    ]
}

prop_compose! {
    fn policy()(
        kex in prop_oneof![Just(Known::Unknown), Just(Known::Complete(items(["curve25519-sha256", "ext-info-s"])))],
        host_key in known_list(),
        cipher_c2s in known_list(),
        cipher_s2c in known_list(),
        mac_c2s in known_list(),
        mac_s2c in known_list(),
        compression_c2s in known_list(),
        public_key_auth in known_list(),
        bits in any::<Option<u32>>(),
        known_first in any::<bool>(),
    ) -> SshPolicy {
        SshPolicy {
            offer: SshOffer {
                identification: Some(Name::from_bytes(b"SSH-2.0-x\x1b[31m")),
                kex,
                host_key,
                cipher_c2s,
                cipher_s2c,
                mac_c2s,
                mac_s2c,
                compression_c2s,
                // One list that every offer has, so that it can be read back.
                compression_s2c: Known::Complete(items(["none"])),
                host_keys: Known::Complete(vec![HostKey {
                    key_type: "ssh-rsa".into(),
                    bits,
                    fingerprint: Some("SHA256:abc".into()),
                    certificate_authority: None,
                    signature: SignatureCheck::Unverified { reason: "only sntrup761 is in common".into() },
                    origin: None,
                }]),
                gex_request: Some(GexRequest { minimum: 2048, preferred: None, maximum: 8192 }),
                gex_sizes: Known::Complete(vec![2048, 3072]),
                min_rsa_bits: bits,
                public_key_auth,
                ..SshOffer::default()
            },
            host_key_order: if known_first { HostKeyOrder::KnownFirst } else { HostKeyOrder::Fixed },
            ..SshPolicy::default()
        }
    }
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn a_printed_party_reads_back_the_same(policy in policy(), server in any::<bool>()) {
        let role = if server { Role::Server } else { Role::Client };
        let before = party(role, policy);
        let document = serde_json::to_vec(&Document::from(&report(vec![before.clone()]))).unwrap();
        let after = party_from_json(&document, Some(role)).unwrap();
        prop_assert_eq!(&after, &vec![before.clone()]);
        let bare = serde_json::to_vec(&Offer::from(&before)).unwrap();
        prop_assert_eq!(party_from_json(&bare, None).unwrap(), vec![before]);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = party_from_json(&bytes, Some(Role::Client));
    }
}

fn error(text: &str, role: Option<Role>) -> String {
    party_from_json(text.as_bytes(), role).unwrap_err().to_string()
}

#[test]
fn errors_name_the_place() {
    let cases = [
        ("{", "the offer is not JSON: line 1, column 1"),
        ("[]", "`document`: an object is needed, not a list"),
        (r#"{"schema": "shakedown/2"}"#, "`schema` is `shakedown/2`, and `shakedown/1` is read here"),
        (r#"{"schema": "shakedown/1"}"#, "`offers` is missing: a list of offers"),
        (
            r#"{"schema": "shakedown/1", "offers": []}"#,
            "`offers` is empty: nothing in this document can be taken as a party",
        ),
        (
            r#"{"offers": [{"role": "server", "kex": ["a", 5]}]}"#,
            "`offers[0].kex[1]`: a string is needed, not the number 5",
        ),
        (r#"{"role": "server", "kex": "a,b"}"#, "`kex`: a list of strings is needed, not `a,b`"),
        (r#"{"role": "hub", "kex": []}"#, "`role`: `client` or `server` is needed, not `hub`"),
        (r#"{"kex": []}"#, "`role` is missing: `client` or `server`"),
        (
            r#"{"role": "client", "protocol": "tls"}"#,
            "`versions` is missing: an offer needs at least one list, such as `\"versions\": [\"TLSv1.2\"]` or \
             `\"cipher_suites\": [...]`",
        ),
        (
            r#"{"role": "client"}"#,
            "`kex` is missing: an offer needs at least one list, such as `\"kex\": [\"curve25519-sha256\"]`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text, None), expected, "for {text}");
    }
    assert!(error(r#"{"role": "client", "kex": [], "min_rsa_bits": "x"}"#, None).starts_with("`min_rsa_bits`: "));
    assert_eq!(
        error(r#"{"role": "server", "kex": ["a"]}"#, Some(Role::Client)),
        "the offer is a server's, and a client's is needed here"
    );
}

#[test]
fn offers_of_tls_and_ike_are_read() {
    let tls = br#"{"role": "client", "protocol": "tls", "versions": ["TLSv1.2"], "groups": ["x25519"]}"#;
    let parties = party_from_json(tls, None).unwrap();
    let offer = &parties[0].tls().unwrap().offer;
    assert_eq!(offer.has_version(TlsVersion::Tls13), Some(false));
    assert_eq!(offer.cipher_suites, Known::Unknown);
    let ike = br#"{"protocol": "ike", "ike_version": 2, "proposals": [{"protocol": "IKE", "encryption": ["aes256"]}]}"#;
    let parties = party_from_json(ike, Some(Role::Server)).unwrap();
    assert!(parties[0].ike().unwrap().proposals.is_complete());
    assert_eq!(
        error(r#"{"protocol": "ike"}"#, Some(Role::Server)),
        "`proposals` is missing: an offer needs proposals, such as `\"proposals\": [{\"encryption\": [\"aes256\"], ...}]`"
    );
}

#[test]
fn a_role_that_is_not_said_is_that_of_the_place() {
    let parties = party_from_json(br#"{"kex": ["a"], "later": {"x": 1}}"#, Some(Role::Server)).unwrap();
    assert_eq!(parties[0].role, Role::Server);
    assert_eq!(parties[0].ssh().unwrap().offer.host_key, Known::Unknown);
}

#[test]
fn a_control_character_in_a_name_is_escaped() {
    let parties = party_from_json(br#"{"role": "client", "kex": ["a\u001b[2J", "\\x1b", "\\"]}"#, None).unwrap();
    let kex = parties[0].ssh().unwrap().offer.kex.complete().unwrap();
    let names: Vec<&str> = kex.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["a\\x1b[2J", "\\x1b", "\\x5c"]);
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let text = "[".repeat(100_000);
    assert!(matches!(party_from_json(text.as_bytes(), None), Err(OfferError::NotJson { .. })));
}
