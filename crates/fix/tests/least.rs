//! No fix of TLS weakens more than its scenario needs: each text that is stronger by one than a weaker fix is read and computed
//! by the rules, and none makes the two ends agree. What is safe adds nothing that is weak.

#![allow(clippy::print_stdout, reason = "how many alternatives were computed is the result")]

mod common;

use common::weaker::{self, Change, Scenario};
use common::{catalog, host, render, run};
use shakedown_config::{Memory, tls_party};
use shakedown_model::tls::{Certificate, CertificateKey, CertificateKeyType, Digest};
use shakedown_model::{Applicability, ConfigurationKind, Context, Fix, Known, Name, Party, Role, Side};

/// What a scenario came to: how many fixes were looked at, and how many alternatives of them were computed.
#[derive(Debug, Default)]
struct Count {
    weaker: usize,
    safe: usize,
    alternatives: usize,
    /// Fixes that are needlessly weak.
    problems: Vec<String>,
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
    scenario: Scenario,
    server: String,
}

fn tls(scenario: Scenario) -> Tls {
    let settings = scenario.settings;
    let server = format!(
        "events {{}}\nhttp {{\n  server {{\n    listen 443 ssl;\n    server_name db01;\n    ssl_certificate rsa.pem;\n    \
         ssl_certificate_key rsa.key;\n    {settings}\n  }}\n}}\n"
    );
    Tls { scenario, server }
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
            let key = match self.scenario.certificates {
                ["ec"] => CertificateKey {
                    kind: CertificateKeyType::Ec,
                    curve: Some(Name::new("secp256r1")),
                    bits: Some(256),
                },
                _ => CertificateKey { kind: CertificateKeyType::Rsa, curve: None, bits: Some(2048) },
            };
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
        if role == Role::Client { &self.scenario.client } else { &self.server }
    }

    fn connects(&self, role: Role, text: &str) -> bool {
        let (own, other) = (self.party(role, text), self.party(role.peer(), self.text(role.peer())));
        let (client, server) = if role == Role::Client { (own, other) } else { (other, own) };
        shakedown_negotiate::negotiate(&client, &server, &self.context()).failed.is_empty()
    }
}

/// Each alternative is the text with one word changed, read again.
fn tls_alternatives(pair: &Tls, fix: &Fix, everything: &Party, count: &mut Count) {
    let role = role(fix);
    let Some(text) = after(fix) else { return };
    let (before, edited) = (pair.party(role, pair.text(role)), pair.party(role, &text));
    let shown = format!("{}: {}\n{text}", pair.scenario.name, fix.title);
    assert!(pair.connects(role, &text), "{shown}");
    if fix.applicability != Applicability::Weakens {
        for slot in weaker::SLOTS {
            let weak = weaker::added(&before, &edited, slot, fix).into_iter().find(|name| weaker::is_weak(slot, name));
            assert_eq!(weak, None, "{shown}");
        }
        assert!(weaker::level(&edited) >= weaker::level(&before), "{shown}");
        return;
    }
    for change in weaker::changes(&before, &edited, fix, everything) {
        let other = weaker::rendered(&text, &change).unwrap_or_else(|| panic!("{shown}\nhas no place for {change}"));
        if let Change::Instead(slot, _, name) = &change {
            assert!(weaker::knows(&pair.party(role, &other), *slot, name), "{shown}\n{change}\n{other}");
        }
        if pair.connects(role, &other) {
            count.problems.push(format!("{shown}\nneedlessly weak: it works {change}\n{other}"));
        }
        count.alternatives += 1;
    }
}

#[test]
fn a_weaker_fix_of_tls_is_no_weaker_than_it_has_to_be() {
    let mut count = Count::default();
    let mut everything = None;
    for pair in weaker::scenarios().map(tls) {
        let everything = everything.get_or_insert_with(|| pair.party(Role::Client, &weaker::cnf(weaker::EVERYTHING)));
        let (client, server) =
            (pair.party(Role::Client, &pair.scenario.client), pair.party(Role::Server, &pair.server));
        let planned = run(&client, &server, &pair.context(), &[]);
        assert!(!planned.outcome.failed.is_empty(), "{}", pair.scenario.name);
        let changes = planned.fixes.iter().filter(|fix| !fix.afterwards && !matches!(fix.side, Side::Both));
        let before = count.weaker;
        for fix in changes {
            match fix.applicability {
                Applicability::Weakens => count.weaker += 1,
                Applicability::Safe if fix.edits.len() == 1 => count.safe += 1,
                _ => continue,
            }
            assert!(fix.applicability != Applicability::Weakens || after(fix).is_some(), "{}", render(&planned));
            tls_alternatives(&pair, fix, everything, &mut count);
        }
        if count.weaker == before {
            count.problems.push(format!("no weaker fix of {}:\n{}", pair.scenario.name, render(&planned)));
        }
    }
    assert!(count.problems.is_empty(), "{}", count.problems.join("\n---\n"));
    println!("TLS: {count:?}");
    assert!(count.weaker >= weaker::COUNT && count.safe >= 20 && count.alternatives > 350, "{count:?}");
}

/// A level that was lowered in search of a group stayed lowered when another group was found, and made a safe fix a weaker one.
#[test]
fn a_level_that_nothing_needs_any_more_is_not_lowered() {
    let pair = tls(Scenario {
        name: "",
        certificates: &["ec"],
        settings: "ssl_protocols TLSv1.1 TLSv1.3; ssl_ciphers AES128-SHA:@SECLEVEL=1; ssl_ecdh_curve X25519; \
                   ssl_conf_command SignatureAlgorithms RSA+SHA224:RSA+SHA256;",
        client: weaker::cnf(
            "CipherString = AES128-CCM8:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=2\nMinProtocol = TLSv1.1\nGroups = \
             brainpoolP256r1\nSignatureAlgorithms = ecdsa_secp256r1_sha256",
        ),
    });
    let (client, server) = (pair.party(Role::Client, &pair.scenario.client), pair.party(Role::Server, &pair.server));
    let planned = run(&client, &server, &pair.context(), &[]);
    let first = planned.fixes.first().expect("a fix");
    assert_eq!(first.applicability, Applicability::Safe, "{}", render(&planned));
    assert!(planned.fixes.iter().all(|fix| !fix.title.contains("security level")), "{}", render(&planned));
}
