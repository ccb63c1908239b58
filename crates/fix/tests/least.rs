//! No fix of TLS weakens more than its scenario needs: of each weaker fix every alternative that differs by one is computed from the
//! edited text by the rules, and none that is stronger makes the two ends agree. What is safe adds nothing that is weak.

#![allow(clippy::print_stdout, reason = "how many alternatives were computed is the result")]

mod common;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use common::{catalog, host, render, run};
use shakedown_config::{Memory, tls_party};
use shakedown_model::tls::{Certificate, CertificateKey, CertificateKeyType, Digest};
use shakedown_model::{Applicability, ConfigurationKind, Context, Fix, Known, Name, Party, Role, Side, Slot};

/// What a scenario came to: how many fixes were looked at, and how many alternatives of them were computed.
#[derive(Debug, Default)]
struct Count {
    weaker: usize,
    safe: usize,
    alternatives: usize,
}

/// The text of the end that a fix changes: the edited file, or the file that it says to write for one program.
fn after(fix: &Fix) -> Option<String> {
    if let [edit] = fix.edits.as_slice() {
        return Some(String::from_utf8(edit.apply()).unwrap());
    }
    let file = |text: &&str| text.starts_with("openssl_conf");
    fix.commands.iter().map(|command| command.text.as_str()).find(file).map(str::to_owned)
}

fn role(fix: &Fix) -> Role {
    match fix.side {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
        side => panic!("{side} for {}", fix.title),
    }
}

const NGINX: &str = "/etc/nginx/nginx.conf";
const OPENSSL: &str = "/etc/ssl/openssl.cnf";

struct Tls {
    name: &'static str,
    /// What stands in the server's block, and what in the client's file.
    server: String,
    client: String,
}

fn tls(name: &'static str, server: &str, client: &str) -> Tls {
    let server = format!(
        "events {{}}\nhttp {{\n  server {{\n    listen 443 ssl;\n    server_name db01;\n    ssl_certificate rsa.pem;\n    \
         ssl_certificate_key rsa.key;\n    {server}\n  }}\n}}\n"
    );
    let client = format!("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n{client}\n");
    Tls { name, server, client }
}

impl Tls {
    /// The party of a role that a text makes.
    fn party(&self, role: Role, text: &str) -> Party {
        let (software, path, kind) = match role {
            Role::Server => ("nginx@1.22.1+openssl@3.0.17/debian-12", NGINX, ConfigurationKind::Nginx),
            Role::Client => ("openssl@3.0.17/debian-12", OPENSSL, ConfigurationKind::OpenSslCnf),
        };
        let (software, context) = (software.parse().unwrap(), host("db01"));
        let spec = tls_party::Spec { software: &software, path, openssl_cnf: None, role, context: &context };
        let gathered = tls_party::gather(&Memory::new().with(path, text), kind, &spec, catalog()).unwrap();
        let mut party = gathered.parties.into_iter().next().unwrap();
        let policy = party.tls_mut().unwrap();
        if role == Role::Server {
            let key = CertificateKey { kind: CertificateKeyType::Rsa, curve: None, bits: Some(2048) };
            let origins = policy.offer.certificates.accepted().into_iter().flatten();
            let origin = origins.map(|one| one.origin.clone()).next().flatten();
            policy.offer.certificates = Known::Complete(vec![Certificate {
                key: Some(key),
                signature_digest: Some(Digest::Sha256),
                self_signed: Some(false),
                origin,
                ..Certificate::default()
            }]);
        }
        party
    }

    fn context(&self) -> Context {
        host("db01")
    }

    fn text(&self, role: Role) -> &str {
        if role == Role::Client { &self.client } else { &self.server }
    }

    fn connects(&self, role: Role, text: &str) -> bool {
        connect(self, &self.party(role, text), &self.party(role.peer(), self.text(role.peer())))
    }
}

const SLOTS: [Slot; 4] = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme];

fn names(party: &Party, slot: Slot) -> Vec<String> {
    let list = party.tls().unwrap().offer.list(slot);
    list.accepted().into_iter().flatten().map(|item| item.name.to_string()).collect()
}

/// All names of a slot that the library can be given at all.
fn universe(slot: Slot) -> BTreeSet<String> {
    static EVERYTHING: OnceLock<Party> = OnceLock::new();
    names(EVERYTHING.get_or_init(everything), slot).into_iter().collect()
}

fn everything() -> Party {
    let everything = tls(
        "",
        "",
        "MinProtocol = TLSv1\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\nGroups = \
         X25519:P-256:X448:P-521:P-384:secp224r1:secp256k1:brainpoolP256r1:secp192r1\nSignatureAlgorithms = \
         ecdsa_secp256r1_sha256:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha512:RSA+SHA512:RSA+SHA256:RSA+SHA224:RSA+SHA1",
    );
    everything.party(Role::Client, &everything.client)
}

/// A measure of this test's own, apart from that of the planner: each part for itself, the larger the stronger.
fn parts(slot: Slot, name: &str) -> Vec<u32> {
    let has = |all: &[&str]| u32::from(all.iter().any(|one| name.contains(one)));
    match slot {
        Slot::Version => {
            vec![["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"].iter().position(|one| *one == name).unwrap() as u32]
        }
        Slot::CipherSuite => vec![
            has(&["_ECDHE_", "_DHE_", "TLS_AES_", "TLS_CHACHA20_", "TLS_SM4"]),
            has(&["_GCM_", "_CCM", "POLY1305"]),
            u32::from(!name.contains("_NULL_") && !name.contains("_anon_")),
            u32::from(!name.contains("3DES") && !name.contains("RC4")),
            u32::from(!name.ends_with("CCM_8")),
        ],
        Slot::Group => {
            let bits =
                [("192", 96), ("224", 112), ("256", 128), ("25519", 128), ("384", 192), ("448", 224), ("521", 256)];
            vec![bits.iter().find(|(digits, _)| name.contains(digits)).map_or(0, |(_, bits)| *bits)]
        }
        _ => {
            let digests =
                [("sha1", 1), ("sha224", 2), ("sha256", 3), ("sha384", 3), ("sha512", 3), ("ed25519", 3), ("ed448", 3)];
            let digest = digests.iter().filter(|(digest, _)| name.ends_with(digest)).map(|(_, mark)| *mark).max();
            vec![digest.unwrap_or(0)]
        }
    }
}

/// Whether one name is stronger than the other in some part and weaker in none.
fn stronger(slot: Slot, one: &str, other: &str) -> bool {
    let pairs: Vec<_> = parts(slot, one).into_iter().zip(parts(slot, other)).collect();
    pairs.iter().all(|(one, other)| one >= other) && pairs.iter().any(|(one, other)| one > other)
}

/// Below what RFC 9325 recommends.
fn is_weak(slot: Slot, name: &str) -> bool {
    let parts = parts(slot, name);
    match slot {
        Slot::Version => parts[0] < 2,
        Slot::CipherSuite => parts.contains(&0),
        Slot::Group => parts[0] < 128,
        _ => parts[0] < 3,
    }
}

fn level(party: &Party) -> Option<u8> {
    party.tls().unwrap().offer.security_level
}

/// The edited text with another list in one slot: the party is changed, as the text could say it.
fn exchanged(party: &Party, slot: Slot, without: &str, instead: Option<&str>) -> Option<Party> {
    let mut party = party.clone();
    let offer = &mut party.tls_mut()?.offer;
    let list = match slot {
        Slot::Version => &mut offer.versions,
        Slot::CipherSuite => &mut offer.cipher_suites,
        Slot::Group => &mut offer.groups,
        _ => &mut offer.signature_schemes,
    };
    let Known::Complete(items) = list else { return None };
    let item = items.iter_mut().find(|item| item.name == *without)?;
    match instead {
        Some(name) => item.name = Name::new(name),
        None => items.retain(|item| item.name != *without),
    }
    Some(party)
}

fn connect(pair: &Tls, party: &Party, other: &Party) -> bool {
    let (client, server) = if party.role == Role::Client { (party, other) } else { (other, party) };
    shakedown_negotiate::negotiate(client, server, &pair.context()).failed.is_empty()
}

fn tls_alternatives(pair: &Tls, fix: &Fix, count: &mut Count) {
    let role = role(fix);
    let Some(text) = after(fix) else { return };
    let (before, edited) = (pair.party(role, pair.text(role)), pair.party(role, &text));
    let peer = pair.party(role.peer(), pair.text(role.peer()));
    let connect = |party: &Party| connect(pair, party, &peer);
    let shown = format!("{}: {}\n{text}", pair.name, fix.title);
    assert!(connect(&edited), "{shown}");
    let weaker = fix.applicability == Applicability::Weakens;
    let levels = (level(&before), level(&edited));
    for slot in SLOTS {
        let (old, new) = (names(&before, slot), names(&edited, slot));
        let added = new.iter().filter(|name| !old.contains(name));
        // What a lower security level or another version brings with it was not asked for: the string of suites has it.
        let named = |name: &&String| fix.title.contains(&format!("`{name}`"));
        for name in added.filter(named) {
            if !weaker {
                assert!(!is_weak(slot, name), "{shown}\n{name}");
                continue;
            }
            if is_weak(slot, name) {
                let less = exchanged(&edited, slot, name, None).unwrap();
                assert!(!connect(&less), "{shown}\nit works without {name}");
                count.alternatives += 1;
            }
            for other in universe(slot).iter().filter(|other| !new.contains(other) && stronger(slot, other, name)) {
                let other_one = exchanged(&edited, slot, name, Some(other)).unwrap();
                assert!(!connect(&other_one), "{shown}\n{other} would do as well as {name}");
                count.alternatives += 1;
            }
        }
    }
    let (Some(old), Some(new)) = levels else { return };
    assert!(weaker || new >= old, "{shown}");
    for higher in new + 1..=old {
        // Up to the level of before: each is an edit of one character.
        let stricter = text.replace(&format!("@SECLEVEL={new}"), &format!("@SECLEVEL={higher}"));
        assert_ne!(stricter, text, "{shown}");
        assert!(!pair.connects(role, &stricter), "{shown}\nsecurity level {higher} would do");
        count.alternatives += 1;
    }
}

fn tls_scenarios() -> Vec<Tls> {
    const MODERN: &str =
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384;";
    const OLD: &str = "CipherString = ALL:@SECLEVEL=0";
    vec![
        // A client that has nothing of today: the server is changed.
        tls("a client up to TLS 1.1", MODERN, &format!("{OLD}\nMinProtocol = TLSv1\nMaxProtocol = TLSv1.1")),
        tls("a client of TLS 1.0", MODERN, &format!("{OLD}\nMinProtocol = TLSv1\nMaxProtocol = TLSv1")),
        tls("static RSA", MODERN, "CipherString = AES128-SHA:AES256-SHA\nMaxProtocol = TLSv1.2"),
        tls(
            "static RSA, one of them AEAD",
            MODERN,
            "CipherString = AES128-SHA:AES128-GCM-SHA256\nMaxProtocol = TLSv1.2",
        ),
        tls(
            "CBC with forward secrecy or without",
            MODERN,
            "CipherString = AES256-SHA256:ECDHE-RSA-AES128-SHA\nMaxProtocol = TLSv1.2",
        ),
        tls("CCM_8", MODERN, "CipherString = AES128-CCM8:AES128-CCM\nMaxProtocol = TLSv1.2"),
        // A server that has nothing of today: where it is not to be changed, the client is.
        tls("a server of TLS 1.0", "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;", "MinProtocol = TLSv1.2"),
        tls("a server of TLS 1.1", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;", "MinProtocol = TLSv1.2"),
        tls(
            "a server up to TLS 1.1",
            "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers AES128-SHA:@SECLEVEL=0;",
            "MinProtocol = TLSv1.2",
        ),
        tls(
            "a server of static RSA",
            "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:AES128-GCM-SHA256;",
            "CipherString = ECDHE+AESGCM",
        ),
        tls(
            "a server of CBC",
            "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:ECDHE-RSA-AES128-SHA:AES256-SHA256;",
            "CipherString = ECDHE+AESGCM",
        ),
    ]
}

#[test]
fn a_weaker_fix_of_tls_is_no_weaker_than_it_has_to_be() {
    let mut count = Count::default();
    for pair in tls_scenarios() {
        let (client, server) = (pair.party(Role::Client, &pair.client), pair.party(Role::Server, &pair.server));
        let planned = run(&client, &server, &pair.context(), &[]);
        assert!(!planned.outcome.failed.is_empty(), "{}", pair.name);
        let changes = planned.fixes.iter().filter(|fix| !fix.afterwards && !matches!(fix.side, Side::Both));
        let before = count.weaker;
        for fix in changes {
            match fix.applicability {
                Applicability::Weakens => count.weaker += 1,
                Applicability::Safe if fix.edits.len() == 1 => count.safe += 1,
                _ => continue,
            }
            assert!(fix.applicability != Applicability::Weakens || after(fix).is_some(), "{}", render(&planned));
            tls_alternatives(&pair, fix, &mut count);
        }
        assert!(count.weaker > before, "{}\n{}", pair.name, render(&planned));
    }
    println!("TLS: {count:?}");
    assert!(count.weaker >= 11 && count.safe >= 8 && count.alternatives > 150, "{count:?}");
}
