//! Real TLS servers on loopback, each mapped and compared with what it was told to accept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use shakedown_model::tls::{ClientCertificate, Preference, TlsOffer, TlsPolicy};
use shakedown_model::{Item, Known, Party};
use shakedown_probe::tls::TlsProbed as Probed;
use shakedown_probe::tls::{TlsOptions, TlsTarget};
use shakedown_testkit::peers::{TlsServer, gnutls_serv, nginx, openssl_s_server};

mod tls_support;
use tls_support::{candidates, suites_of, wait};

fn map_with(server: &TlsServer, options: TlsOptions) -> Probed {
    let mut target = TlsTarget::at(server.address());
    target.protocols = vec!["h2".to_owned(), "http/1.1".to_owned()];
    wait(shakedown_probe::tls::map(&target, &options, &candidates()))
}

/// With as many connections as it takes.
fn map(server: &TlsServer) -> Probed {
    map_with(server, TlsOptions { max_connections: 400, timeout: Duration::from_secs(60), ..TlsOptions::default() })
}

fn party(probed: &Probed) -> &Party {
    assert_eq!(probed.gathered.parties.len(), 1, "{:#?}", probed.gathered.evidence);
    &probed.gathered.parties[0]
}

fn policy(probed: &Probed) -> &TlsPolicy {
    party(probed).tls().unwrap()
}

fn offer(probed: &Probed) -> &TlsOffer {
    &policy(probed).offer
}

fn sorted(list: &Known<Vec<Item>>) -> Vec<String> {
    let Known::Complete(items) = list else { panic!("not complete: {list:#?}") };
    let mut names: Vec<String> = items.iter().map(|item| item.name.to_string()).collect();
    names.sort();
    names
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    words.sort();
    words
}

/// The groups of OpenSSL 3.0 without a setting (t1_lib.c, `supported_groups_default`).
const OPENSSL_GROUPS: &str =
    "x25519 secp256r1 x448 secp521r1 secp384r1 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192";
const TLS13_SUITES: &str = "TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256";

#[test]
fn openssl_with_its_defaults() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let probed = map(&server);
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.versions), ["TLSv1.2", "TLSv1.3"]);
    assert_eq!(sorted(&offer.cipher_suites), suites_of("DEFAULT", &["ECDHE_RSA", "DHE_RSA", "RSA"]));
    assert_eq!(sorted(&offer.tls13_cipher_suites), words(TLS13_SUITES));
    assert_eq!(sorted(&offer.groups), words(OPENSSL_GROUPS));
    assert_eq!(policy(&probed).behaviour.suite_order, Some(Preference::Client));
    assert_eq!(offer.client_certificate, Known::Complete(ClientCertificate::NotAsked));
    assert_eq!(offer.secure_renegotiation, Known::Complete(true));
    assert_eq!(offer.extended_master_secret, Known::Complete(true));
    assert!(matches!(&offer.certificates, Known::Complete(list) if list.len() == 1), "{:?}", offer.certificates);
}

#[test]
fn openssl_with_every_version_and_two_certificates() {
    let list = "ALL:!PSK:!SRP@SECLEVEL=0";
    let Some(server) = openssl_s_server(&["rsa", "ec"], &["-cipher", list]) else { return };
    let probed = map(&server);
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.versions), ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);
    assert_eq!(
        sorted(&offer.cipher_suites),
        suites_of(list, &["ECDHE_RSA", "ECDHE_ECDSA", "DHE_RSA", "RSA", "DH_anon", "ECDH_anon"])
    );
    assert!(matches!(&offer.certificates, Known::Complete(list) if list.len() == 2), "{:?}", offer.certificates);
}

#[test]
fn openssl_of_one_version() {
    for (argument, version) in
        [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2"), ("-tls1_1", "TLSv1.1"), ("-tls1", "TLSv1.0")]
    {
        let Some(server) = openssl_s_server(&["rsa"], &[argument, "-cipher", "DEFAULT@SECLEVEL=0"]) else { return };
        let probed = map(&server);
        assert_eq!(sorted(&offer(&probed).versions), [version]);
    }
}

#[test]
fn openssl_with_its_own_order_and_few_groups() {
    let suites = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA";
    let arguments =
        ["-cipher", suites, "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-serverpref", "-groups", "P-384:X25519"];
    let Some(server) = openssl_s_server(&["rsa"], &arguments) else { return };
    let probed = map_with(&server, TlsOptions::default());
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.cipher_suites), suites_of(suites, &["ECDHE_RSA", "RSA"]));
    assert_eq!(sorted(&offer.tls13_cipher_suites), ["TLS_AES_128_GCM_SHA256"]);
    assert_eq!(sorted(&offer.groups), ["secp384r1", "x25519"]);
    assert_eq!(policy(&probed).behaviour.suite_order, Some(Preference::Server));
    assert!(probed.connections <= 40, "{}", probed.connections);
}

#[test]
fn a_client_certificate_is_asked_for_or_insisted_on() {
    for (argument, expected) in [("-verify", ClientCertificate::Optional), ("-Verify", ClientCertificate::Required)] {
        let Some(server) = openssl_s_server(&["rsa"], &[argument, "1"]) else { return };
        let probed = map(&server);
        assert_eq!(offer(&probed).client_certificate, Known::Complete(expected), "{:?}", party(&probed).notes);
    }
}

#[test]
fn an_edwards_key_is_found() {
    let Some(server) = openssl_s_server(&["ed25519"], &[]) else { return };
    let probed = map(&server);
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.versions), ["TLSv1.2", "TLSv1.3"]);
    assert_eq!(sorted(&offer.cipher_suites), suites_of("DEFAULT", &["ECDHE_ECDSA"]));
}

#[test]
fn all_signature_schemes_of_a_server_of_tls12_are_found() {
    let rsa = "rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512 rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 \
               rsa_pss_rsae_sha512";
    let ecdsa = "ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512";
    let both = format!("{rsa} {ecdsa}");
    let few = ["-sigalgs", "RSA+SHA256:RSA-PSS+SHA384"];
    for (certificates, more, expected) in [
        (&["rsa"][..], &[][..], rsa),
        (&["rsa"], &few[..], "rsa_pkcs1_sha256 rsa_pss_rsae_sha384"),
        (&["rsa", "ec"], &[], both.as_str()),
        (&["ed25519"], &[], "ed25519"),
    ] {
        let arguments = [&["-tls1_2", "-cipher", "ECDHE+AESGCM"], more].concat();
        let Some(server) = openssl_s_server(certificates, &arguments) else { return };
        let probed = map_with(&server, TlsOptions::default());
        let schemes = &offer(&probed).signature_schemes;
        // OpenSSL 3.0 also signs with SHA-224, which has no place in the registry of today.
        assert_eq!(sorted(schemes), words(expected), "{certificates:?} {more:?}: {:?}", party(&probed).notes);
        assert!(probed.connections <= 40, "{certificates:?}: {}", probed.connections);
    }
    let Some(server) = nginx(&["rsa", "ec"], "ssl_protocols TLSv1.2; ssl_ciphers ECDHE+AESGCM:ECDHE+AES;") else {
        return;
    };
    let probed = map_with(&server, TlsOptions::default());
    assert_eq!(sorted(&offer(&probed).signature_schemes), words(&both), "{:?}", party(&probed).notes);
}

#[test]
fn gnutls_as_its_priority_string_says() {
    let priority = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-RSA:+RSA:+AES-128-GCM:+AES-256-CBC:+AEAD:+SHA1:+GROUP-X25519:\
                    +GROUP-SECP384R1:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256:+COMP-NULL";
    let Some(server) = gnutls_serv(priority) else { return };
    let probed = map(&server);
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.versions), ["TLSv1.2", "TLSv1.3"]);
    assert_eq!(
        sorted(&offer.cipher_suites),
        words(
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA \
             TLS_RSA_WITH_AES_256_CBC_SHA"
        )
    );
    assert_eq!(sorted(&offer.tls13_cipher_suites), ["TLS_AES_128_GCM_SHA256"]);
    assert_eq!(sorted(&offer.groups), ["secp384r1", "x25519"]);
}

#[test]
fn nginx_of_the_intermediate_profile_within_forty_connections() {
    let suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
                  ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
    let settings = format!(
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_ciphers {suites}; \
         ssl_prefer_server_ciphers off; ssl_session_tickets off;"
    );
    let Some(server) = nginx(&["rsa", "ec"], &settings) else { return };
    let probed = map_with(&server, TlsOptions::default());
    let offer = offer(&probed);
    assert_eq!(sorted(&offer.versions), ["TLSv1.2", "TLSv1.3"]);
    assert_eq!(sorted(&offer.cipher_suites), suites_of(suites, &["ECDHE_RSA", "ECDHE_ECDSA"]));
    assert_eq!(sorted(&offer.tls13_cipher_suites), words(TLS13_SUITES));
    assert_eq!(sorted(&offer.groups), ["secp256r1", "secp384r1", "x25519"]);
    assert!(matches!(&offer.certificates, Known::Complete(list) if list.len() == 2), "{:?}", offer.certificates);
    assert_eq!(policy(&probed).behaviour.suite_order, Some(Preference::Client));
    assert!(probed.connections <= 40, "{}", probed.connections);
}

#[test]
fn what_the_connections_do_not_reach_is_unknown() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let probed = map_with(&server, TlsOptions { max_connections: 12, ..TlsOptions::default() });
    let offer = offer(&probed);
    let Known::Partial { accepted, refused } = &offer.cipher_suites else { panic!("{:?}", offer.cipher_suites) };
    let truth = suites_of("DEFAULT", &["ECDHE_RSA", "DHE_RSA", "RSA"]);
    assert!(accepted.iter().all(|item| truth.contains(&item.name.to_string())));
    assert!(refused.iter().all(|item| !truth.contains(&item.name.to_string())));
    assert!(probed.connections <= 12);
    assert!(party(&probed).notes.iter().any(|note| note.contains("12 connections")), "{:?}", party(&probed).notes);
}
