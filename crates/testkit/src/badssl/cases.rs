use super::scripted::Habit;
use super::{DAY, Kind, NAME, Scenario, Setup, dh};
use crate::certificates::{CertificateKey, SignatureDigest, TestName, purpose};

/// A client of today at the level of its distribution.
const CLIENT: &str = "openssl@3.0.19/debian-12";
/// A client that heeds stapled responses.
const GNUTLS: &str = "gnutls@3.7.9";
/// A client from before TLS 1.3 and the extended master secret.
const OLD_CLIENT: &str = "openssl@1.0.2u";

const fn works(name: &'static str, build: fn(&mut Setup)) -> Scenario {
    Scenario {
        name,
        host: NAME,
        server_name: None,
        client: CLIENT,
        has_certificate: false,
        cause: None,
        side: "",
        clock: None,
        says: None,
        build,
    }
}

const fn fails(name: &'static str, cause: &'static str, side: &'static str, build: fn(&mut Setup)) -> Scenario {
    Scenario { cause: Some(cause), side, ..works(name, build) }
}

const fn says(what: &'static str, scenario: Scenario) -> Scenario {
    Scenario { says: Some(what), ..scenario }
}

const fn to(client: &'static str, scenario: Scenario) -> Scenario {
    Scenario { client, ..scenario }
}

/// Those of badssl.com that are about certificates. Here and below are all that a server alone can be. Left out are those that only lists within browsers make a fault of:
/// `blocked-interception`, `known-interception`, `captive-portal` and the roots that were put upon people (`edellroot`,
/// `superfish`, `dsdtestprovider`, `mitm-software`, `preact-cli`, `webpack-dev-server`: to everybody else, and here, those are
/// `untrusted-root`), `pinning-test`, `no-sct`, `invalid-expected-sct`, `preloaded-expect-ct` (lists of pins and of
/// transparency logs), `extended-validation` (a matter of display) and `spoof` (a page). `sha1-2016` is `sha1-2017` with an
/// earlier end, and both have expired: here the digest alone is the fault.
pub const CERTIFICATES: &[Scenario] = &[
    fails("expired", "certificate-expired", "server", |setup| {
        setup.server.not_before -= 200 * DAY;
        setup.server.not_after -= 100 * DAY;
    }),
    fails("wrong.host", "certificate-name-mismatch", "server", |setup| {
        setup.server.names = vec![TestName::dns("mail.example.com")];
    }),
    fails("self-signed", "certificate-self-signed", "client", |setup| setup.self_signed = true),
    fails("untrusted-root", "certificate-untrusted", "client", |setup| {
        setup.chain = "ir";
        setup.root_is_trusted = false;
    }),
    fails("incomplete-chain", "certificate-chain-incomplete", "server", |setup| setup.chain = ""),
    works("reversed-chain", |setup| setup.chain = "ri"),
    works("no-common-name", |setup| setup.server.subject = "other".to_owned()),
    works("no-subject", |setup| setup.server.subject = String::new()),
    works("1000-sans", |setup| {
        setup.server.names.extend((0..1000).map(|n| TestName::dns(&format!("host{n}.example.org"))));
    }),
    fails("10000-sans", "certificate-policy", "server", |setup| {
        setup.server.names.extend((0..10_000).map(|n| TestName::dns(&format!("host{n}.example.org"))));
    }),
    Scenario {
        host: "xn--bcher-kva.example",
        ..works("idn", |setup| setup.server.names = vec![TestName::dns("xn--bcher-kva.example")])
    },
    Scenario {
        host: "b\u{fc}cher.example",
        ..works("idn as people write it", |setup| setup.server.names = vec![TestName::dns("xn--bcher-kva.example")])
    },
    to(GNUTLS, fails("revoked", "certificate-revoked", "server", revoked)),
    says("was revoked on 2026-01-01 (keyCompromise)", works("revoked, to a client that does not look", revoked)),
    says(
        "whether the server's certificate was revoked is not known",
        works("revoked, and nobody says so", |setup| setup.server.ocsp = Some("http://127.0.0.1:9/".to_owned())),
    ),
    works("ecc256", |_| {}),
    works("ecc384", |setup| setup.keys[2] = CertificateKey::p384()),
    works("rsa2048", |setup| setup.keys[2] = CertificateKey::rsa()),
    works("rsa4096", |setup| setup.keys[2] = CertificateKey::rsa_of(4096)),
    works("rsa8192", |setup| setup.keys[2] = CertificateKey::rsa_of(8192)),
    fails("rsa1024", "key-too-small", "server", |setup| {
        setup.keys[2] = CertificateKey::small_rsa(1024).expect("openssl");
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    works("sha256", |setup| setup.keys[1] = CertificateKey::rsa()),
    works("sha384", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha384;
    }),
    works("sha512", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha512;
    }),
    fails("sha1-2017", "weak-signature-digest", "server", |setup| {
        setup.keys[1] = CertificateKey::rsa();
        setup.server.digest = SignatureDigest::Sha1;
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    fails("sha1-intermediate", "weak-signature-digest", "server", |setup| {
        setup.keys[0] = CertificateKey::rsa();
        setup.intermediate.digest = SignatureDigest::Sha1;
        setup.arguments = vec!["-cipher", "DEFAULT@SECLEVEL=0"];
    }),
];

/// Those of badssl.com that are about cipher suites.
pub const SUITES: &[Scenario] = &[
    fails("null", "no-common-cipher", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"];
    }),
    fails("3des", "no-common-cipher", "server", |setup| of_gnutls(setup, "+3DES-CBC:+SHA1")),
    fails("rc4", "no-common-cipher", "server", |setup| of_gnutls(setup, "+ARCFOUR-128:+SHA1")),
    fails("rc4-md5", "no-common-cipher", "server", |setup| of_gnutls(setup, "+ARCFOUR-128:+MD5")),
    works("cbc", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"];
    }),
    // Mozilla's guidelines "Server Side TLS" 5.7.
    works("mozilla-old", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        let suites = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:\
                      DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:\
                      ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:AES128-GCM-SHA256:\
                      AES256-GCM-SHA384:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:@SECLEVEL=0";
        setup.arguments = vec!["-cipher", suites, "-serverpref"];
    }),
    works("mozilla-intermediate", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        let suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
                      ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:\
                      DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
        setup.arguments = vec!["-no_tls1", "-no_tls1_1", "-cipher", suites];
    }),
    works("mozilla-modern", |setup| setup.arguments = vec!["-tls1_3", "-groups", "X25519:P-256:P-384"]),
];

/// Those of badssl.com that are about key exchanges, versions and client certificates.
pub const EXCHANGES: &[Scenario] = &[
    works("static-rsa", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-cipher", "AES128-GCM-SHA256"];
    }),
    fails("dh480", "key-too-small", "server", |setup| weak_dh(setup, dh::OF_480_BITS)),
    fails("dh512", "key-too-small", "server", |setup| weak_dh(setup, dh::OF_512_BITS)),
    fails("dh1024", "key-too-small", "server", |setup| weak_dh(setup, dh::OF_1024_BITS)),
    works("dh2048", |setup| of_dh(setup, None)),
    // OpenSSL's client and GnuTLS's take such groups (`EVP_PKEY_param_check_quick` looks at no factors); browsers have no DHE.
    says("the modulus of DHE is not prime", works("dh-composite", |setup| of_dh(setup, Some(dh::COMPOSITE)))),
    says(
        "whether its generator has a small order cannot be told",
        works("dh-small-subgroup", |setup| of_dh(setup, Some(dh::SMALL_SUBGROUP))),
    ),
    says(
        "the generator of DHE has a small order",
        works("dh-small-subgroup of 10 bits", |setup| of_dh(setup, Some(dh::SMALL_ORDER))),
    ),
    fails("ssl-v2", "no-common-version", "server", |setup| setup.kind = Kind::Scripted(Habit::Ssl2)),
    fails("ssl-v3", "no-common-version", "server", |setup| setup.kind = Kind::Scripted(Habit::Ssl3)),
    fails("tls-v1-0", "no-common-version", "server", |setup| old_version(setup, "-tls1")),
    fails("tls-v1-1", "no-common-version", "server", |setup| old_version(setup, "-tls1_1")),
    works("tls-v1-2", |setup| setup.arguments = vec!["-tls1_2"]),
    works("tls-v1-3", |setup| setup.arguments = vec!["-tls1_3"]),
    Scenario { has_certificate: true, ..works("client", |setup| setup.verifies_clients = true) },
    fails("client-cert-missing", "client-certificate-required", "client", |setup| setup.verifies_clients = true),
];

/// What badssl.com lacks.
pub const MISSING: &[Scenario] = &[
    to(OLD_CLIENT, fails("tls-1.3-only", "no-common-version", "unknown", |setup| setup.arguments = vec!["-tls1_3"])),
    works("hello-retry-request", |setup| setup.arguments = vec!["-tls1_3", "-groups", "P-384"]),
    fails("no-common-group", "no-common-group", "server", |setup| {
        setup.arguments = vec!["-tls1_2", "-groups", "brainpoolP256r1", "-cipher", "ECDHE"];
        setup.keys[2] = CertificateKey::rsa();
    }),
    fails("signature-algorithms", "no-common-signature-algorithm", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.arguments = vec!["-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher", "DEFAULT@SECLEVEL=0"];
    }),
    fails("unrecognized-name", "sni-rejected", "server", |setup| {
        setup.kind = Kind::Nginx;
        setup.arguments = vec!["other.test"];
    }),
    Scenario {
        server_name: Some("none"),
        ..fails("server-name-required", "sni-missing", "client", |setup| {
            setup.kind = Kind::Nginx;
            setup.arguments = vec![NAME];
        })
    },
    fails("alpn", "no-common-application-protocol", "both", |setup| setup.arguments = vec!["-alpn", "acme-tls/1"]),
    fails("plain-text", "wrong-protocol", "client", |setup| setup.kind = Kind::Scripted(Habit::Http)),
    Scenario { clock: Some(86_400), ..fails("clock-skew", "clock-skew", "client", |_| {}) },
    to(
        OLD_CLIENT,
        fails("extended-master-secret", "crypto-policy", "client", |setup| {
            setup.keys[2] = CertificateKey::rsa();
            setup.kind = Kind::Scripted(Habit::ExtendedMasterSecret);
        }),
    ),
    fails("legacy-renegotiation", "renegotiation-refused", "server", |setup| {
        setup.keys[2] = CertificateKey::rsa();
        setup.kind = Kind::GnuTls;
        setup.arguments = vec!["NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"];
    }),
    to(GNUTLS, fails("must-staple", "revocation-unavailable", "server", |setup| setup.server.must_staple = true)),
    says(
        "demands a stapled OCSP response, and none was sent",
        works("must-staple, to a client that does not look", |setup| setup.server.must_staple = true),
    ),
    to(
        GNUTLS,
        works("must-staple, with a response", |setup| {
            setup.server.must_staple = true;
            setup.staple = Some("V\t400101000000Z\t");
        }),
    ),
    // A hello with a key share for X25519MLKEM768 takes two segments.
    to(
        "openssl@3.5.0",
        fails("split-hello", "middlebox-interference", "unknown", |setup| setup.kind = Kind::Scripted(Habit::OneRead)),
    ),
    works("split-hello, of a client whose hello is small", |setup| setup.kind = Kind::Scripted(Habit::OneRead)),
    // No hello of such a size is sent: clients pad theirs since 2014, and so does the probe.
    works("size-bug", |setup| setup.kind = Kind::Scripted(Habit::HangingLength)),
    fails("wrong-purpose", "certificate-purpose", "server", |setup| {
        setup.server.purposes = Some(vec![purpose::CLIENT]);
    }),
    fails("name-constraints", "certificate-policy", "server", |setup| {
        setup.intermediate.constraints = Some((vec![TestName::dns("example.com")], Vec::new()));
    }),
    fails("expired-intermediate", "certificate-expired", "server", |setup| {
        setup.intermediate.not_after = setup.server.not_before;
    }),
];

fn revoked(setup: &mut Setup) {
    setup.staple = Some("R\t400101000000Z\t260101000000Z,keyCompromise");
}

/// With this group; without one, OpenSSL takes one of 2048 bits for such a certificate.
fn of_dh(setup: &mut Setup, group: Option<&'static str>) {
    setup.keys[2] = CertificateKey::rsa();
    setup.dh = group;
    setup.arguments = vec!["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
}

/// A group that OpenSSL refuses to load.
fn weak_dh(setup: &mut Setup, group: &'static str) {
    setup.keys[2] = CertificateKey::rsa();
    setup.dh = Some(group);
    setup.kind = Kind::GnuTls;
    setup.arguments = vec!["NONE:+VERS-TLS1.2:+DHE-RSA:+AES-128-GCM:+AEAD:+SIGN-ALL:+COMP-NULL:%PROFILE_VERY_WEAK"];
}

/// With suites that OpenSSL was built without.
fn of_gnutls(setup: &mut Setup, suites: &'static str) {
    setup.keys[2] = CertificateKey::rsa();
    setup.kind = Kind::GnuTls;
    let common = "+VERS-TLS1.2:+RSA:+ECDHE-RSA:+GROUP-ALL:+SIGN-ALL:+COMP-NULL";
    setup.arguments = vec!["NONE", common, suites];
}

fn old_version(setup: &mut Setup, version: &'static str) {
    setup.keys[2] = CertificateKey::rsa();
    setup.arguments = vec![version, "-cipher", "DEFAULT@SECLEVEL=0"];
}
