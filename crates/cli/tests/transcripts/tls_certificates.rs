//! Certificates that clients refuse.

use std::sync::Arc;

use crate::harness::{Expected, Scenario, Transcript, among, cause, explain};
use crate::tls::{Ask, Authority, CLIENTS, client, s_server};

/// One fault of a server's certificate.
struct Fault {
    name: &'static str,
    /// What the client trusts.
    trust: &'static str,
    server: &'static [&'static str],
    /// `None` where the client takes it.
    expected: fn(&str) -> Option<Expected>,
}

const EXPIRED: &[&str] = &["certificate-expired"];
const NOT_YET: &[&str] = &["certificate-not-yet-valid", "clock-skew"];
const SELF_SIGNED: &[&str] = &["certificate-self-signed"];
const NO_ISSUER: &[&str] = &["certificate-untrusted", "certificate-chain-incomplete", "certificate-self-signed"];
const NAME: &[&str] = &["certificate-name-mismatch"];
const PURPOSE: &[&str] = &["certificate-purpose"];
const REVOKED: &[&str] = &["certificate-revoked"];
const SMALL: &[&str] = &["key-too-small"];
const DIGEST: &[&str] = &["weak-signature-digest"];

const WEAK: &[&str] = &["-cipher", "DEFAULT@SECLEVEL=0"];

const FAULTS: [Fault; 9] = [
    Fault {
        name: "expired",
        trust: "root",
        server: &[],
        expected: |client| {
            Some(match client {
                "gnutls-cli" => among(EXPIRED),
                _ => cause(EXPIRED).side("server"),
            })
        },
    },
    Fault {
        name: "future",
        trust: "root",
        server: &[],
        expected: |client| {
            Some(match client {
                "gnutls-cli" | "wget" => among(NOT_YET),
                _ => cause(NOT_YET),
            })
        },
    },
    Fault {
        name: "self-signed",
        trust: "root",
        server: &[],
        expected: |client| {
            Some(match client {
                // GnuTLS and Java say only that there is no known issuer.
                "wget" | "gnutls-cli" | "java" => among(NO_ISSUER),
                _ => cause(SELF_SIGNED),
            })
        },
    },
    Fault { name: "plain", trust: "stranger", server: &[], expected: |_| Some(among(NO_ISSUER)) },
    Fault { name: "below-intermediate", trust: "root", server: &[], expected: |_| Some(among(NO_ISSUER)) },
    Fault { name: "other-name", trust: "root", server: &[], expected: |_| Some(cause(NAME)) },
    // wget does not look at the purpose.
    Fault {
        name: "for-clients",
        trust: "root",
        server: &[],
        expected: |client| (client != "wget").then(|| cause(PURPOSE)),
    },
    Fault {
        name: "small",
        trust: "root",
        server: WEAK,
        expected: |client| match client {
            // These take 1024 bits.
            "wget" | "gnutls-cli" | "node" | "java" => None,
            _ => Some(among(SMALL)),
        },
    },
    // Java forbids it only below the authorities that come with it.
    Fault { name: "sha1", trust: "root", server: WEAK, expected: |client| (client != "java").then(|| among(DIGEST)) },
];

fn authority() -> Option<Authority> {
    let authority = Authority::new()?;
    authority.server("plain", &[]);
    authority.server("expired", &["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]);
    authority.server("future", &["-startdate", "20800101000000Z", "-enddate", "20810101000000Z"]);
    authority.self_signed("self-signed");
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    authority.sign("below-intermediate", "intermediate", "server", &key, &[]);
    authority.sign("other-name", "root", "other_name", &key, &[]);
    authority.sign("for-clients", "root", "client", &key, &[]);
    authority.rsa_server("small", "1024", &[]);
    authority.server("sha1", &["-md", "sha1"]);
    Some(authority)
}

#[test]
fn certificates_that_clients_refuse() {
    let Some(authority) = authority() else { return };
    let authority = Arc::new(authority);
    let mut scenarios: Vec<Scenario> = Vec::new();
    for fault in FAULTS {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let Some(server) = s_server(&authority, fault.name, fault.server) else { return Vec::new() };
            let ask = Ask { trust: authority.path(&format!("{}.pem", fault.trust)), ..Ask::default() };
            let mut transcripts = Vec::new();
            for name in CLIENTS {
                let Some(expected) = (fault.expected)(name) else { continue };
                if let Some(text) = client(name, server.port, &ask) {
                    transcripts.push(Transcript::new(format!("{name} {}", fault.name), text, expected));
                }
            }
            transcripts
        }));
    }
    explain(scenarios, 68);
}

#[test]
fn revoked_certificates() {
    let Some(authority) = Authority::new() else { return };
    authority.server("revoked", &[]);
    authority.revoke("revoked");
    let scenario: Scenario = Box::new(move || {
        let Some(server) = s_server(&authority, "revoked", &[]) else { return Vec::new() };
        let (trust, revoked) = (authority.path("root.pem"), Some(authority.path("crl.pem")));
        let ask = Ask { trust, revoked, ..Ask::default() };
        let texts = CLIENTS.iter().filter_map(|name| Some((name, client(name, server.port, &ask)?)));
        texts.map(|(name, text)| Transcript::new(format!("{name} revoked"), text, cause(REVOKED))).collect()
    });
    explain(vec![scenario], 8);
}
