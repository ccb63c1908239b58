//! The rules of TLS, one after another.

use shakedown_catalog::Catalog;
use shakedown_model::tls::{
    ByClient, Certificate, CertificateKey, CertificateKeyType, ClientCertificate, DhParameters, GroupRule, Preference,
    TlsOffer, TlsPolicy,
};
use shakedown_model::{
    Context, FailedSlot, FailureKind, Item, Known, Name, Outcome, OutcomeResult, Role, Slot, Stage, StageResult, items,
};
use shakedown_negotiate::tls::negotiate;

fn list(names: &str) -> Known<Vec<Item>> {
    Known::Complete(items(names.split(' ').filter(|name| !name.is_empty())))
}

fn certificate(kind: CertificateKeyType, curve: Option<&str>, bits: u32) -> Certificate {
    let key = CertificateKey { kind, curve: curve.map(Name::new), bits: Some(bits) };
    Certificate { key: Some(key), self_signed: Some(true), ..Certificate::default() }
}

fn rsa() -> Certificate {
    certificate(CertificateKeyType::Rsa, None, 2048)
}

fn p256() -> Certificate {
    certificate(CertificateKeyType::Ec, Some("secp256r1"), 256)
}

fn ed25519() -> Certificate {
    certificate(CertificateKeyType::Ed25519, None, 256)
}

const SCHEMES: &str = "ecdsa_secp256r1_sha256 ed25519 rsa_pss_rsae_sha256 rsa_pkcs1_sha256";

fn client() -> TlsPolicy {
    let offer = TlsOffer {
        versions: list("TLSv1.3 TLSv1.2"),
        tls13_cipher_suites: list("TLS_AES_256_GCM_SHA384 TLS_AES_128_GCM_SHA256"),
        cipher_suites: list(
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 \
             TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_128_GCM_SHA256",
        ),
        groups: list("x25519 secp256r1 secp384r1"),
        key_shares: list("x25519"),
        signature_schemes: list(SCHEMES),
        ..TlsOffer::default()
    };
    TlsPolicy { offer, ..TlsPolicy::default() }
}

/// A server that chooses as OpenSSL 3.0 does.
fn server(certificates: &[Certificate]) -> TlsPolicy {
    let mut policy = client();
    policy.offer.key_shares = Known::Unknown;
    policy.offer.tls13_cipher_suites = list("TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384");
    policy.offer.certificates = Known::Complete(certificates.to_vec());
    policy.offer.dh_parameters = Known::Complete(DhParameters::None);
    policy.offer.client_certificate = Known::Complete(ClientCertificate::NotAsked);
    policy.behaviour.suite_order = Some(Preference::Client);
    policy.behaviour.group_order = Some(Preference::Client);
    policy.behaviour.scheme_order = Some(Preference::Client);
    policy.behaviour.group_rule = Some(GroupRule::FirstShare);
    policy.behaviour.certificate_curve_in_groups = true;
    policy.behaviour.rsa_counts_without_scheme = true;
    policy.behaviour.needs_shared_scheme = true;
    policy
}

fn run(client: &TlsPolicy, server: &TlsPolicy) -> Outcome {
    negotiate(client, server, &Context::default())
}

fn agreed(outcome: &Outcome, slot: Slot) -> Option<&str> {
    outcome.agreed(slot).map(Name::as_str)
}

/// The first slot that fails.
fn failed(outcome: &Outcome) -> Option<Slot> {
    assert_eq!(outcome.result(), OutcomeResult::Failed, "{outcome:#?}");
    outcome.failed.first().map(|failed| failed.slot)
}

#[test]
fn version_1_3_takes_suite_group_and_scheme_apart() {
    let outcome = run(&client(), &server(&[rsa()]));
    assert_eq!(outcome.result(), OutcomeResult::Agreed);
    assert_eq!(agreed(&outcome, Slot::Version), Some("TLSv1.3"));
    assert_eq!(agreed(&outcome, Slot::CipherSuite), Some("TLS_AES_256_GCM_SHA384"));
    assert_eq!(agreed(&outcome, Slot::Group), Some("x25519"));
    assert_eq!(agreed(&outcome, Slot::SignatureScheme), Some("rsa_pss_rsae_sha256"));
    let mut own = server(&[rsa(), p256()]);
    own.behaviour.suite_order = Some(Preference::Server);
    let outcome = run(&client(), &own);
    assert_eq!(agreed(&outcome, Slot::CipherSuite), Some("TLS_AES_128_GCM_SHA256"));
    assert_eq!(agreed(&outcome, Slot::SignatureScheme), Some("ecdsa_secp256r1_sha256"));
}

#[test]
fn the_highest_version_of_both() {
    let mut old = server(&[rsa()]);
    old.offer.versions = list("TLSv1.2 TLSv1.0");
    assert_eq!(agreed(&run(&client(), &old), Slot::Version), Some("TLSv1.2"));
    old.offer.versions = list("TLSv1.0");
    let outcome = run(&client(), &old);
    assert_eq!(failed(&outcome), Some(Slot::Version));
    let stages: Vec<&str> = outcome.stages.iter().map(|stage| stage.result.as_str()).collect();
    assert_eq!(stages, ["failed", "not-reached", "not-reached"]);
    old.offer.versions = list("");
    assert_eq!(run(&client(), &old).failed[0].kind, FailureKind::NothingOffered { by: Role::Server });
    old.offer.versions = Known::Partial { accepted: items(["TLSv1.2"]), refused: Vec::new() };
    assert_eq!(run(&client(), &old).result(), OutcomeResult::Unknown, "nobody has asked for TLS 1.3");
}

#[test]
fn a_group_without_a_key_share_costs_a_round_trip() {
    let mut other = server(&[rsa()]);
    other.offer.groups = list("secp384r1 secp256r1");
    let outcome = run(&client(), &other);
    assert_eq!(agreed(&outcome, Slot::Group), Some("secp384r1"), "the first of the server's list");
    let step = outcome.trace.iter().find(|step| step.slot == Slot::Group).unwrap();
    assert!(step.rule.contains("HelloRetryRequest costs"), "{}", step.rule);
    other.offer.groups = list("x448");
    assert_eq!(failed(&run(&client(), &other)), Some(Slot::Group));
}

#[test]
fn each_stack_comes_to_its_own_group() {
    let mut from = client();
    from.offer.groups = list("secp384r1 x25519 secp256r1");
    from.offer.key_shares = list("x25519 secp256r1");
    let mut to = server(&[rsa()]);
    to.offer.groups = list("secp256r1 x25519 secp384r1");
    for (rule, group) in [
        (GroupRule::FirstShare, "x25519"),
        (GroupRule::OwnOrderWithShare, "secp256r1"),
        (GroupRule::OwnOrder, "secp256r1"),
        (GroupRule::ClientOrder, "secp384r1"),
    ] {
        to.behaviour.group_rule = Some(rule);
        assert_eq!(agreed(&run(&from, &to), Slot::Group), Some(group), "{rule:?}");
    }
    to.behaviour.group_rule = Some(GroupRule::Tuples);
    to.offer.groups = list("secp384r1 x25519 secp256r1");
    to.offer.group_tuples = vec![1, 2];
    assert_eq!(agreed(&run(&from, &to), Slot::Group), Some("secp384r1"), "the first tuple wins over a key share");
    to.offer.group_tuples = vec![];
    assert_eq!(agreed(&run(&from, &to), Slot::Group), Some("x25519"), "in a tuple a key share wins");
    to.behaviour.group_rule = None;
    let outcome = run(&from, &to);
    assert_eq!(outcome.result(), OutcomeResult::Agreed, "on one of three");
    assert_eq!(agreed(&outcome, Slot::Group), None, "how it chooses is not known");
}

fn tls12(mut policy: TlsPolicy) -> TlsPolicy {
    policy.offer.versions = list("TLSv1.2");
    policy
}

#[test]
fn up_to_1_2_the_certificate_decides_over_the_suites() {
    let of = |certificates: &[Certificate]| run(&client(), &tls12(server(certificates)));
    assert_eq!(agreed(&of(&[rsa()]), Slot::CipherSuite), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(agreed(&of(&[rsa(), p256()]), Slot::CipherSuite), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
    let outcome = of(&[ed25519()]);
    assert_eq!(agreed(&outcome, Slot::CipherSuite), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(agreed(&outcome, Slot::SignatureScheme), Some("ed25519"));
    let mut only_rsa = client();
    only_rsa.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    let outcome = run(&only_rsa, &tls12(server(&[p256()])));
    assert_eq!(failed(&outcome), Some(Slot::CipherSuite));
    assert!(matches!(&outcome.failed[0].kind, FailureKind::Deviation { what, .. } if what.contains("an RSA key")));
}

#[test]
fn a_curve_that_the_client_lacks_takes_the_certificate_away() {
    let mut narrow = client();
    narrow.offer.groups = list("secp384r1");
    let outcome = run(&narrow, &tls12(server(&[p256()])));
    assert_eq!(failed(&outcome), Some(Slot::Group));
    assert_eq!(agreed(&run(&narrow, &server(&[p256()])), Slot::Version), Some("TLSv1.3"), "there the scheme ties it");
    assert_eq!(run(&narrow, &server(&[p256()])).result(), OutcomeResult::Agreed);
}

#[test]
fn without_a_common_group_static_rsa_is_left() {
    let mut other = tls12(server(&[rsa()]));
    other.offer.groups = list("x448");
    let outcome = run(&client(), &other);
    assert_eq!(agreed(&outcome, Slot::CipherSuite), Some("TLS_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(outcome.agreed.iter().find(|(slot, _)| *slot == Slot::Group), Some(&(Slot::Group, None)));
    other.offer.dh_parameters = Known::Complete(DhParameters::Fixed { bits: 1024 });
    let mut strict = client();
    strict.offer.min_dh_bits = Some(2048);
    let outcome = run(&strict, &other);
    let small = FailureKind::TooSmall { bits: 1024, minimum: 2048, demanded_by: Role::Client };
    assert_eq!((failed(&outcome), &outcome.failed[0].kind), (Some(Slot::Group), &small));
    // An old Java, with a prime that it cannot compute with.
    other.offer.dh_parameters = Known::Complete(DhParameters::Fixed { bits: 2048 });
    assert_eq!(run(&strict, &other).result(), OutcomeResult::Agreed);
    strict.offer.max_dh_bits = Some(1024);
    let outcome = run(&strict, &other);
    assert!(
        matches!(&outcome.failed[0].kind, FailureKind::Deviation { by: Role::Client, what } if what.contains("1024")),
        "{outcome:?}"
    );
}

#[test]
fn schemes() {
    let mut from = client();
    from.offer.signature_schemes = list("ecdsa_secp384r1_sha384");
    assert_eq!(failed(&run(&from, &server(&[rsa()]))), Some(Slot::SignatureScheme), "none is in common");
    let mut to = server(&[p256()]);
    to.offer.signature_schemes = list("ecdsa_secp384r1_sha384 ecdsa_secp256r1_sha256");
    assert_eq!(failed(&run(&from, &to)), Some(Slot::SignatureScheme), "TLS 1.3 ties the curve to the scheme");
    let outcome = run(&from, &tls12(to));
    assert_eq!(agreed(&outcome, Slot::SignatureScheme), Some("ecdsa_secp384r1_sha384"), "TLS 1.2 does not");
    from.offer.signature_schemes = list("rsa_pkcs1_sha256");
    assert_eq!(failed(&run(&from, &server(&[rsa()]))), Some(Slot::SignatureScheme), "TLS 1.3 has no PKCS #1");
    assert_eq!(run(&from, &tls12(server(&[rsa()]))).result(), OutcomeResult::Agreed);
    // SHA-512 with PSS does not fit into 1024 bits.
    from.offer.signature_schemes = list("rsa_pss_rsae_sha512");
    let mut small = server(&[certificate(CertificateKeyType::Rsa, None, 1024)]);
    small.offer.signature_schemes = list("rsa_pss_rsae_sha512");
    assert_eq!(failed(&run(&from, &small)), Some(Slot::SignatureScheme));
}

#[test]
fn old_versions_sign_with_sha_1() {
    let old = |mut policy: TlsPolicy, signs: bool| {
        policy.offer.versions = list("TLSv1.1");
        policy.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_128_CBC_SHA");
        policy.offer.legacy_signatures = Some(signs);
        policy
    };
    let both = |client_signs, server_signs| run(&old(client(), client_signs), &old(server(&[rsa()]), server_signs));
    assert_eq!(both(true, true).result(), OutcomeResult::Agreed);
    for (client_signs, server_signs, by) in [(true, false, Role::Server), (false, true, Role::Client)] {
        let outcome = both(client_signs, server_signs);
        assert_eq!(failed(&outcome), Some(Slot::SignatureScheme));
        assert!(matches!(&outcome.failed[0].kind, FailureKind::Deviation { by: found, .. } if *found == by));
    }
}

#[test]
fn what_is_not_known_is_not_made_up() {
    let mut unknown = server(&[]);
    unknown.offer.certificates = Known::Unknown;
    let outcome = run(&client(), &unknown);
    assert_eq!(outcome.result(), OutcomeResult::Unknown);
    assert_eq!(agreed(&outcome, Slot::Group), Some("x25519"), "it does not depend on the certificate");
    let stage = outcome.stages.iter().find(|stage| stage.stage == Stage::Certificate).unwrap();
    assert!(
        matches!(&stage.result, StageResult::Unknown { what_would_decide } if what_would_decide.contains("certificates"))
    );
    let outcome = run(&client(), &server(&[]));
    assert_eq!(failed(&outcome), Some(Slot::Certificate));
}

#[test]
fn a_client_certificate_that_is_asked_for() {
    let mut asks = server(&[rsa()]);
    asks.offer.client_certificate = Known::Complete(ClientCertificate::Required);
    assert_eq!(run(&client(), &asks).result(), OutcomeResult::Unknown);
    // One of another authority than those that the server names.
    let mut other = client();
    other.offer.certificates = Known::Complete(vec![Certificate { issuer: Some(Name::new("CN = Others")), ..rsa() }]);
    for (named, expected) in [("CN = Ours", true), ("CN = Others", false)] {
        asks.offer.client_authorities = vec![Name::new(named)];
        let outcome = run(&other, &asks);
        let stage = outcome.stages.iter().find(|stage| stage.stage == Stage::ClientCertificate).unwrap();
        let StageResult::Unknown { what_would_decide } = &stage.result else { panic!("{stage:?}") };
        assert_eq!(what_would_decide.contains("names other authorities (`CN = Ours`)"), expected);
    }
    let mut without = client();
    without.offer.certificates = Known::Complete(Vec::new());
    let outcome = run(&without, &asks);
    assert_eq!((failed(&outcome), outcome.failed[0].stage), (Some(Slot::Certificate), Stage::ClientCertificate));
}

#[test]
fn two_ends_of_the_catalog() {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    let policy = |text: &str, role| catalog.tls_policy(&text.parse().unwrap(), role).unwrap().0;
    for (client, group) in
        [("openssl@3.0.19", "x25519"), ("openssl@3.5.0", "X25519MLKEM768"), ("java@17.0.15", "x25519")]
    {
        let mut server = policy("openssl@3.5.0", Role::Server);
        server.offer.certificates = Known::Complete(vec![rsa()]);
        let outcome = run(&policy(client, Role::Client), &server);
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{client}: {outcome:#?}");
        assert_eq!(agreed(&outcome, Slot::Group), Some(group), "{client}");
    }
}

#[test]
fn a_scheme_that_both_surely_have_is_enough() {
    let mut seen = server(&[rsa()]);
    seen.offer.signature_schemes = Known::Partial { accepted: items(["rsa_pkcs1_sha256"]), refused: Vec::new() };
    assert_eq!(run(&client(), &seen).result(), OutcomeResult::Unknown, "it is no scheme of TLS 1.3");
    let outcome = run(&tls12(client()), &seen);
    assert_eq!(outcome.result(), OutcomeResult::Agreed, "{outcome:#?}");
    assert_eq!(agreed(&outcome, Slot::SignatureScheme), None, "an earlier one may be taken");
    let mut strict = tls12(client());
    strict.offer.min_rsa_bits = Some(4096);
    assert_eq!(run(&strict, &seen).result(), OutcomeResult::Unknown, "the client would refuse the certificate");
}

#[test]
fn a_server_of_old_versions_alone_is_the_one_that_is_behind() {
    let mut strict = client();
    strict.offer.versions = list("TLSv1.3 TLSv1.2 TLSv1.1 TLSv1.0");
    strict.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
    strict.offer.legacy_signatures = Some(false);
    strict.offer.security_level = Some(1);
    let mut old = server(&[rsa()]);
    old.offer.versions = list("TLSv1.0");
    old.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
    let outcome = run(&strict, &old);
    assert_eq!(failed(&outcome), Some(Slot::SignatureScheme));
    let by_server = |failed: &FailedSlot| matches!(failed.kind, FailureKind::Deviation { by: Role::Server, .. });
    assert!(outcome.failed.iter().any(|failed| failed.slot == Slot::Version && by_server(failed)), "{outcome:#?}");
    strict.offer.versions = list("TLSv1.0");
    assert_eq!(run(&strict, &old).failed.len(), 1, "its own setting keeps it from all it has");
}

/// The first suite of the whole hello counts, those of TLS 1.3 too, also where TLS 1.2 is agreed (found against a running
/// HAProxy).
#[test]
fn chacha_in_front_of_the_hello() {
    let mut own = tls12(server(&[rsa()]));
    own.behaviour.suite_order = Some(Preference::Server);
    own.behaviour.chacha_first_for_client = true;
    own.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    let mut other = client();
    other.offer.cipher_suites = own.offer.cipher_suites.clone();
    let suite = |other: &TlsPolicy| agreed(&run(other, &own), Slot::CipherSuite).map(str::to_owned);
    assert_eq!(suite(&other).as_deref(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    other.offer.tls13_cipher_suites = list("TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256");
    assert_eq!(suite(&other).as_deref(), Some("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
}

/// A server with a context for each kind of key takes one before the suites count, and what cannot be told stays open.
#[test]
fn a_context_by_the_hello() {
    let mut own = server(&[p256(), rsa()]);
    let (mut ecdsa, rsa) = (server(&[p256()]), server(&[rsa()]));
    let suites = ecdsa.offer.cipher_suites.complete().unwrap().iter().map(|item| item.name.clone()).collect();
    // What is asked of TLS 1.3 alone tells the contexts apart.
    ecdsa.offer.versions = list("TLSv1.2");
    own.by_client = Some(Box::new(ByClient {
        ecdsa: Some(ecdsa),
        rsa: Some(rsa),
        suites,
        tls13: true,
        tls13_suites_count: Some(false),
        own_suites_only: Some(false),
        pss_counts: Some(false),
        ..ByClient::default()
    }));
    let kind = |client: &TlsPolicy, own: &TlsPolicy| agreed(&run(client, own), Slot::Certificate).map(str::to_owned);
    let both = client();
    assert_eq!(kind(&both, &own).as_deref(), Some("ECDSA secp256r1"));
    let mut only_rsa = client();
    only_rsa.offer.signature_schemes = list("rsa_pkcs1_sha256 rsa_pss_rsae_sha256");
    assert_eq!(kind(&only_rsa, &own).as_deref(), Some("RSA 2048 bits"));
    // One of TLS 1.3 alone has no suite with ECDSA, and RSA-PSS did not count before 3.2.
    let mut newest = client();
    newest.offer.versions = list("TLSv1.3");
    assert_eq!(kind(&newest, &own).as_deref(), Some("RSA 2048 bits"));
    newest.offer.signature_schemes = list("ecdsa_secp256r1_sha256 rsa_pss_rsae_sha256");
    assert_eq!(failed(&run(&newest, &own)), Some(Slot::Version), "neither counts: ECDSA all the same");
    let change = |own: &mut TlsPolicy, counts| own.by_client.as_mut().unwrap().pss_counts = counts;
    change(&mut own, Some(true));
    assert_eq!(kind(&newest, &own).as_deref(), Some("RSA 2048 bits"));
    change(&mut own, None);
    assert_eq!(run(&newest, &own).result(), OutcomeResult::Unknown);
    // Both contexts serve this one, on which depends on the release.
    own.by_client.as_mut().unwrap().tls13_suites_count = None;
    own.by_client.as_mut().unwrap().ecdsa.as_mut().unwrap().offer.versions = list("TLSv1.3 TLSv1.2");
    let outcome = run(&newest, &own);
    assert_eq!((outcome.result(), agreed(&outcome, Slot::Certificate)), (OutcomeResult::Agreed, None));
    assert_eq!(agreed(&outcome, Slot::Version), Some("TLSv1.3"));
}

/// Java's legacy algorithms come last whoever's order counts, and are taken where nothing else fits.
#[test]
fn suites_of_last_resort() {
    let mut own = tls12(server(&[rsa()]));
    own.behaviour.last_resort =
        ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"].map(Name::new).into();
    for preference in [Preference::Client, Preference::Server] {
        own.behaviour.suite_order = Some(preference);
        let suite = run(&client(), &own);
        assert_eq!(agreed(&suite, Slot::CipherSuite), Some("TLS_RSA_WITH_AES_128_GCM_SHA256"));
    }
    own.offer.cipher_suites = list("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(agreed(&run(&client(), &own), Slot::CipherSuite), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
}

/// A client that demands RFC 5746 ends up to TLS 1.2 where the server does not announce it.
#[test]
fn a_server_without_secure_renegotiation() {
    let mut own = server(&[rsa()]);
    own.offer.secure_renegotiation = Known::Complete(false);
    let mut strict = client();
    strict.offer.needs_secure_renegotiation = Some(true);
    assert_eq!(run(&strict, &own).result(), OutcomeResult::Agreed, "TLS 1.3 has none");
    let own = tls12(own);
    let outcome = run(&strict, &own);
    assert_eq!(outcome.failed[0].kind, FailureKind::NoSecureRenegotiation, "{outcome:?}");
    assert_eq!(run(&client(), &own).result(), OutcomeResult::Agreed);
}

/// Who demands RFC 7627 ends up to TLS 1.2 where the other end does not announce it.
#[test]
fn an_end_without_the_extended_master_secret() {
    let mut own = server(&[rsa()]);
    own.offer.extended_master_secret = Known::Complete(true);
    own.offer.needs_extended_master_secret = Some(true);
    let mut old = client();
    old.offer.extended_master_secret = Known::Complete(false);
    assert_eq!(run(&old, &own).result(), OutcomeResult::Agreed, "TLS 1.3 does not need it");
    let mut own = tls12(own);
    let outcome = run(&old, &own);
    assert_eq!(
        outcome.failed[0].kind,
        FailureKind::NoExtendedMasterSecret { demanded_by: Role::Server },
        "{outcome:?}"
    );
    old.offer.extended_master_secret = Known::Unknown;
    assert_eq!(run(&old, &own).result(), OutcomeResult::Agreed, "what is not known is no failure");
    own.offer =
        TlsOffer { extended_master_secret: Known::Complete(false), needs_extended_master_secret: None, ..own.offer };
    let mut strict = client();
    strict.offer.needs_extended_master_secret = Some(true);
    let outcome = run(&strict, &own);
    assert_eq!(
        outcome.failed[0].kind,
        FailureKind::NoExtendedMasterSecret { demanded_by: Role::Client },
        "{outcome:?}"
    );
}

/// OpenSSL's client of old versions alone refuses what a server with TLS 1.2 marks as a downgrade.
#[test]
fn a_hole_between_the_versions_of_the_server() {
    let mut own = server(&[rsa()]);
    own.offer.versions = list("TLSv1.2 TLSv1.0");
    own.offer.legacy_signatures = Some(true);
    own.offer.cipher_suites = list("TLS_RSA_WITH_AES_128_CBC_SHA");
    let mut old = client();
    old.offer.versions = list("TLSv1.1 TLSv1.0");
    old.offer.cipher_suites = own.offer.cipher_suites.clone();
    own.behaviour.marks_downgrade = Some(true);
    assert_eq!(run(&old, &own).result(), OutcomeResult::Agreed, "others do not look for the mark");
    old.behaviour.refuses_marked_downgrade = true;
    assert_eq!(failed(&run(&old, &own)), Some(Slot::Version));
    own.behaviour.marks_downgrade = None;
    assert_eq!(run(&old, &own).result(), OutcomeResult::Unknown);
    own.offer.versions = list("TLSv1.0");
    assert_eq!(run(&old, &own).result(), OutcomeResult::Agreed);
}
