use shakedown_model::tls::{
    Authentication, Certificate, CertificateKeyType, KeyExchange, Preference, Suite, TlsVersion,
};
use shakedown_model::{FailedSlot, FailureKind, Name, Role, Slot, Stage};

use super::ends::{Choice, Decision, Ends, both, common, either, has_if};
use super::group;
use super::scheme::{Shared, authenticates};
use crate::ssh::list::{Has, List};

/// The lists in the order of who prefers, suites of last resort behind all others, and a word for the trace. Up to TLS 1.2.
fn order(ends: &Ends<'_>, client: &List, server: &List) -> (List, List, &'static str) {
    let (mut first, second, text) = preferred(ends, ends.behaviour.suite_order, client, server);
    let last = &ends.behaviour.last_resort;
    if !last.is_empty() {
        let (behind, before): (Vec<Name>, Vec<Name>) = first.names.drain(..).partition(|name| last.contains(name));
        first.names = before.into_iter().chain(behind).collect();
    }
    (first, second, text)
}

fn preferred(ends: &Ends<'_>, order: Option<Preference>, client: &List, server: &List) -> (List, List, &'static str) {
    if order != Some(Preference::Server) {
        let text = match order {
            Some(_) => "the first of the client's list that fits",
            None => "one that both have and that fits",
        };
        return (client.clone(), server.clone(), text);
    }
    let mut server = server.clone();
    let is_chacha = |name: &Name| name.as_str().contains("CHACHA20");
    // The first of the whole hello (OpenSSL: ssl3_choose_cipher), where those of TLS 1.3 stand in front.
    let newest = ends.client.tls13_cipher_suites.accepted().and_then(|items| items.first());
    let first = newest.map(|item| &item.name).or(client.names.first());
    let first = ends.behaviour.chacha_first_for_client && first.is_some_and(is_chacha);
    if first || ends.behaviour.chacha_first_unless_gcm && !prefers_gcm(ends) {
        let (first, rest): (Vec<Name>, Vec<Name>) = server.names.drain(..).partition(is_chacha);
        server.names = first.into_iter().chain(rest).collect();
    }
    (server, client.clone(), "the first of the server's list that fits")
}

/// Whether the first suite of the client's that Go knows is AES-GCM (`aesgcmPreferred` of `cipher_suites.go`). Those of
/// TLS 1.3 stand in front.
fn prefers_gcm(ends: &Ends<'_>) -> bool {
    let knows = |name: &str| match Suite::parse(name) {
        Some(suite) if suite.tls13 => !suite.cipher.contains("CCM"),
        Some(suite) => {
            matches!(suite.key_exchange, KeyExchange::Ecdhe | KeyExchange::Rsa)
                && matches!(suite.authentication, Authentication::Rsa | Authentication::Ecdsa)
                && matches!(
                    suite.cipher,
                    "AES_128_GCM" | "AES_256_GCM" | "CHACHA20_POLY1305" | "AES_128_CBC" | "AES_256_CBC" | "3DES_EDE_CBC" | "RC4_128"
                )
                // Of CBC it has SHA-1, and of AES-128 SHA-256.
                && (suite.is_aead() || suite.digest == "SHA" || suite.digest == "SHA256" && suite.cipher == "AES_128_CBC")
        }
        None => false,
    };
    let lists = [&ends.client.tls13_cipher_suites, &ends.client.cipher_suites];
    let mut names = lists.into_iter().filter_map(|list| list.accepted()).flatten().map(|item| item.name.as_str());
    names.find(|name| knows(name)).is_some_and(|name| name.contains("_GCM_"))
}

/// The suite of TLS 1.3 (RFC 8446 section 4.1.1).
pub(super) fn tls13(ends: &Ends<'_>) -> Decision {
    let (client, server) = (List::new(&ends.client.tls13_cipher_suites), List::new(&ends.server.tls13_cipher_suites));
    let order = ends.behaviour.tls13_suite_order.or(ends.behaviour.suite_order);
    let (first, second, text) = preferred(ends, order, &client, &server);
    let rule = format!("{text} (RFC 8446 section 4.1.1)");
    let mut found = common(&first, &second);
    // Java puts the first one off, and takes the next whatever it is (`T13ServerHelloProducer.chooseCipherSuite`).
    if matches!(found.first(), Some((name, Has::Yes)) if ends.behaviour.last_resort.contains(name)) {
        found.rotate_left(1);
    }
    let choice = match found.as_slice() {
        [] => Choice::Failed(vec![ends.nothing(Stage::Hello, Slot::CipherSuite, &client, &server)]),
        [(name, Has::Yes)] => Choice::Agreed(name.clone()),
        [(name, Has::Yes), ..] if !first.open && order.is_some() => Choice::Agreed(name.clone()),
        all if all.iter().any(|(_, has)| *has == Has::Yes) => Choice::OneOf,
        [(name, _), ..] => Choice::Unknown(format!("whether both have `{name}`")),
    };
    Decision::new(choice, rule)
}

/// Why the second hello, after a HelloRetryRequest, ends the handshake although the first one was answered by this suite.
pub(super) fn after_retry(ends: &Ends<'_>, first: &Name) -> Option<FailedSlot> {
    let own = ends.behaviour.suites_after_retry.as_ref()?;
    let client = List::new(&ends.client.tls13_cipher_suites);
    let mut server = client.clone();
    server.names = own.clone();
    let (before, behind, _) = preferred(ends, ends.behaviour.suite_order, &client, &server);
    let found = common(&before, &behind);
    let what = match found.first() {
        Some((name, _)) if name == first => return None,
        Some((name, _)) => format!(
            "it chooses again after its HelloRetryRequest, by the settings for the name asked for, and ends the handshake because \
             `{name}` is not what it chose before"
        ),
        None => {
            "it chooses again after its HelloRetryRequest, by the settings for the name asked for, and finds no suite"
                .to_owned()
        }
    };
    let kind = FailureKind::Deviation { by: Role::Server, what };
    Some(ends.failed(Stage::KeyExchange, Slot::CipherSuite, kind))
}

/// Why a suite that both have is not taken.
enum Obstacle {
    Group,
    Scheme,
    Certificate(Authentication),
    CertificateCurve(Name),
    DhParameters,
    Version,
}

/// What up to TLS 1.2 stands in the way of a suite that both have, and how sure it is that nothing does.
struct Fit {
    has: Has,
    obstacles: Vec<Obstacle>,
}

/// The suite up to TLS 1.2, with the certificate, group and signature that it needs (RFC 5246 section 7.4.1.3; OpenSSL:
/// ssl3_choose_cipher, ssl_set_masks).
pub(super) fn tls12(ends: &Ends<'_>, version: TlsVersion, shared: &Shared) -> Decision {
    let (client, server) = (List::new(&ends.client.cipher_suites), List::new(&ends.server.cipher_suites));
    let (first, second, text) = order(ends, &client, &server);
    let rule = format!("{text} version, certificate, group and signature (RFC 5246 section 7.4.1.3)");
    let found = common(&first, &second);
    let mut certain = Vec::new();
    let mut possible = Vec::new();
    let mut obstacles: Vec<Vec<Obstacle>> = Vec::new();
    for (name, has) in &found {
        let fit = fit(ends, version, shared, name.as_str());
        match both(*has, fit.has) {
            Has::Yes => certain.push(name.clone()),
            Has::Maybe => possible.push(name.clone()),
            Has::No => obstacles.push(fit.obstacles),
        }
        if !certain.is_empty() && !first.open && ends.behaviour.suite_order.is_some() {
            break;
        }
    }
    let choice = match (certain.as_slice(), possible.as_slice()) {
        ([], []) if found.is_empty() => {
            Choice::Failed(vec![ends.nothing(Stage::Hello, Slot::CipherSuite, &client, &server)])
        }
        ([], []) => Choice::Failed(explained(ends, version, obstacles)),
        ([name], []) => Choice::Agreed(name.clone()),
        ([name, ..], []) if !first.open && ends.behaviour.suite_order.is_some() => Choice::Agreed(name.clone()),
        ([], [name, ..]) => Choice::Unknown(format!("whether both can use `{name}`")),
        _ => Choice::OneOf,
    };
    Decision::new(choice, rule)
}

/// The failures that the suite nearest to being used meets.
fn explained(ends: &Ends<'_>, version: TlsVersion, obstacles: Vec<Vec<Obstacle>>) -> Vec<FailedSlot> {
    let rank = |obstacle: &Obstacle| match obstacle {
        Obstacle::Group | Obstacle::CertificateCurve(_) => 1,
        Obstacle::Scheme => 2,
        Obstacle::Certificate(_) => 3,
        Obstacle::DhParameters => 4,
        Obstacle::Version => 5,
    };
    let weight = |all: &Vec<Obstacle>| (all.len(), all.iter().map(rank).max().unwrap_or_default());
    let nearest = obstacles.into_iter().min_by_key(weight).unwrap_or_default();
    let by_server =
        |slot, stage, what: String| ends.failed(stage, slot, FailureKind::Deviation { by: Role::Server, what });
    let has = || {
        let all = ends.server.certificates.accepted().map(Vec::as_slice).unwrap_or_default();
        let phrases: Vec<String> = all.iter().map(Certificate::phrase).collect();
        if phrases.is_empty() { "none".to_owned() } else { phrases.join(", ") }
    };
    let mut failed = Vec::new();
    for obstacle in nearest {
        failed.push(match obstacle {
            Obstacle::Group => group::no_group(ends),
            Obstacle::Scheme => ends.failed(Stage::Certificate, Slot::SignatureScheme, FailureKind::NothingInCommon),
            Obstacle::CertificateCurve(curve) => {
                let what =
                    format!("its certificate is on `{curve}`, which the client's groups lack (RFC 8422 section 5.1)");
                by_server(Slot::Group, Stage::KeyExchange, what)
            }
            Obstacle::Certificate(auth) => {
                let what =
                    format!("the suites in common need a certificate with {}, and it has {}", wanted(auth), has());
                by_server(Slot::CipherSuite, Stage::Hello, what)
            }
            Obstacle::DhParameters => {
                let what = "the suites in common need Diffie-Hellman parameters, and it has none".to_owned();
                by_server(Slot::CipherSuite, Stage::Hello, what)
            }
            Obstacle::Version => {
                let what = format!("the suites in common are not for {version}, the version that both have");
                by_server(Slot::CipherSuite, Stage::Hello, what)
            }
        });
    }
    failed
}

fn wanted(auth: Authentication) -> &'static str {
    match auth {
        Authentication::Rsa => "an RSA key",
        Authentication::Ecdsa => "an ECDSA or EdDSA key",
        Authentication::Dss => "a DSA key",
        _ => "a key of another kind",
    }
}

fn fit(ends: &Ends<'_>, version: TlsVersion, shared: &Shared, name: &str) -> Fit {
    let Some(suite) = Suite::parse(name) else { return Fit { has: Has::Maybe, obstacles: Vec::new() } };
    let mut fit = Fit { has: Has::Yes, obstacles: Vec::new() };
    let mut demand = |has: Has, obstacle: Obstacle| {
        if has == Has::No {
            fit.obstacles.push(obstacle);
        }
        fit.has = both(fit.has, has);
    };
    demand(has_if(suite.lowest_version() <= version), Obstacle::Version);
    match suite.key_exchange {
        KeyExchange::Ecdhe | KeyExchange::EcdhePsk => demand(group::elliptic(ends).0, Obstacle::Group),
        KeyExchange::Dhe | KeyExchange::DhePsk => demand(group::finite_field(ends).0, Obstacle::DhParameters),
        _ => {}
    }
    use Authentication::{Dss, Ecdsa, Gost, Rsa};
    if let auth @ (Rsa | Ecdsa | Dss | Gost) = suite.authentication {
        let (has, obstacle) = certificate(ends, version, shared, auth, suite.key_exchange == KeyExchange::Rsa);
        demand(has, obstacle.unwrap_or(Obstacle::Certificate(auth)));
    }
    fit
}

/// Whether the server has a certificate that it may use for this kind of suite and for this client.
fn certificate(
    ends: &Ends<'_>,
    version: TlsVersion,
    shared: &Shared,
    auth: Authentication,
    encrypts: bool,
) -> (Has, Option<Obstacle>) {
    let Some(all) = ends.server.certificates.accepted() else { return (Has::Maybe, None) };
    let mut best = has_if(false);
    let mut obstacle = None;
    for one in all {
        let Some(key) = &one.key else {
            best = either(best, Has::Maybe);
            continue;
        };
        if !authenticates(auth, key.kind) || encrypts && key.kind != CertificateKeyType::Rsa {
            continue;
        }
        let signs = match version {
            TlsVersion::Tls12 if shared.sent == Has::No => assumed(ends, key.kind),
            TlsVersion::Tls12 => shared.any(|scheme| scheme.key == key.kind),
            // EdDSA came with TLS 1.2 (RFC 8422 section 5.1.3).
            _ => has_if(matches!(key.kind, CertificateKeyType::Rsa | CertificateKeyType::Ec | CertificateKeyType::Dsa)),
        };
        let counts = encrypts
            || key.kind == CertificateKeyType::Rsa
                && ends.behaviour.rsa_counts_without_scheme
                && version >= TlsVersion::Tls10;
        let signs = if counts { Has::Yes } else { signs };
        let sent = ends.client.groups.complete().is_none_or(|groups| !groups.is_empty());
        let curve = match &key.curve {
            Some(curve) if ends.behaviour.certificate_curve_in_groups && sent && key.kind == CertificateKeyType::Ec => {
                let groups = List::new(&ends.client.groups);
                if groups.has(curve) == Has::No {
                    obstacle = Some(Obstacle::CertificateCurve(curve.clone()));
                }
                groups.has(curve)
            }
            _ => Has::Yes,
        };
        if signs == Has::No {
            obstacle = Some(Obstacle::Scheme);
        }
        best = either(best, both(signs, curve));
    }
    if best == Has::No && !ends.server.certificates.is_complete() {
        return (Has::Maybe, None);
    }
    (best, obstacle)
}

/// Whether a server signs with SHA-1 for a client of TLS 1.2 that names no scheme.
fn assumed(ends: &Ends<'_>, kind: CertificateKeyType) -> Has {
    let name = match kind {
        CertificateKeyType::Rsa => "rsa_pkcs1_sha1",
        CertificateKeyType::Ec => "ecdsa_sha1",
        CertificateKeyType::Dsa => "dsa_sha1",
        _ => return Has::No,
    };
    List::new(&ends.server.signature_schemes).has(&Name::new(name))
}
