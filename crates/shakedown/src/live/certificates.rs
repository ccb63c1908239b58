//! What the certificates of a live server say, and what a client has against them.

use std::path::Path;

use shakedown_model::tls::{self, CertificateKey, CertificateKeyType};
use shakedown_model::{
    CertificateFinding, CertificateProblem, Evidence, Fact, Name, Origin, OriginKind, Party, Phase, Role,
};
use shakedown_probe::tls::{Chain, TlsTarget};
use shakedown_x509::{
    Anchors, Bounds, Certificate, Curve, Fault, GeneralName, KeyKind, NameMatch, Node, Paths, Position, Purpose, Rules,
    Search, SignatureKind, Wanted, match_name, paths,
};

use crate::Error;

/// Where Linux distributions keep what the machine trusts: Debian and its kin, Red Hat's, Alpine and SUSE.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Names of a certificate that a report shows.
const SHOWN_NAMES: usize = 8;

/// What a client trusts: the file of `--cacert`, else this machine's bundle, else what Mozilla trusts.
pub(super) fn anchors(file: Option<&Path>) -> Result<(Anchors, String), Error> {
    if let Some(path) = file {
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.display().to_string(), source })?;
        return Ok((Anchors::from_pem(&bytes).0, format!("trusted: the certificates of `{}`", path.display())));
    }
    for path in BUNDLES {
        if let Ok(bytes) = std::fs::read(path) {
            let (anchors, _) = Anchors::from_pem(&bytes);
            if !anchors.is_empty() {
                return Ok((anchors, format!("trusted: this machine's authorities (`{path}`)")));
            }
        }
    }
    Ok((Anchors::mozilla(), "trusted: the authorities that Mozilla trusts, as built into this program".to_owned()))
}

/// Fills in what the certificates say that a probe brought.
pub(super) fn fill(party: &mut Party, chains: &[Chain]) {
    use shakedown_model::Known::{Complete, Partial};
    let Some(policy) = party.tls_mut() else { return };
    let (Complete(list) | Partial { accepted: list, .. }) = &mut policy.offer.certificates else { return };
    for (shown, chain) in list.iter_mut().zip(chains) {
        let mut read = chain.iter().filter_map(|der| Certificate::from_der(der).ok());
        let Some(own) = read.next() else { continue };
        *shown = tls::Certificate { chain: read.map(|one| said(&one)).collect(), ..said(&own) };
    }
}

/// A certificate as the rules see it.
fn said(certificate: &Certificate) -> tls::Certificate {
    let (digest, key) = signed_with(certificate.signature_algorithm.kind);
    let names = certificate.extensions.names.iter().flatten().filter_map(|name| match name {
        GeneralName::Dns(name) => Some(name.clone()),
        GeneralName::Ip(_) => Some(Name::new(&name.to_string())),
        _ => None,
    });
    tls::Certificate {
        key: Some(key_of(certificate)),
        signature_digest: digest,
        signature_key: key,
        self_signed: Some(certificate.is_self_signed()),
        names: names.collect(),
        subject: Some(Name::new(&certificate.subject.to_string())),
        issuer: Some(Name::new(&certificate.issuer.to_string())),
        not_before: Some(certificate.validity.not_before),
        not_after: Some(certificate.validity.not_after),
        fingerprint: Some(fingerprint(certificate)),
        chain: Vec::new(),
        origin: None,
    }
}

fn key_of(certificate: &Certificate) -> CertificateKey {
    let key = |kind, bits| CertificateKey { kind, curve: None, bits };
    match &certificate.key.kind {
        KeyKind::Rsa { bits } => key(CertificateKeyType::Rsa, Some(*bits)),
        KeyKind::RsaPss { bits } => key(CertificateKeyType::RsaPss, Some(*bits)),
        KeyKind::Ec { curve } => CertificateKey {
            kind: CertificateKeyType::Ec,
            curve: match curve {
                Curve::Named { name, .. } => Some(Name::new(name)),
                Curve::Other(_) | Curve::Explicit => None,
            },
            bits: certificate.key.size(),
        },
        KeyKind::Dsa { bits } => key(CertificateKeyType::Dsa, *bits),
        KeyKind::Ed25519 => key(CertificateKeyType::Ed25519, None),
        KeyKind::Ed448 => key(CertificateKeyType::Ed448, None),
        KeyKind::MlDsa(44) => key(CertificateKeyType::MlDsa44, None),
        KeyKind::MlDsa(65) => key(CertificateKeyType::MlDsa65, None),
        KeyKind::MlDsa(_) => key(CertificateKeyType::MlDsa87, None),
        KeyKind::Other(_) => key(CertificateKeyType::Other, None),
    }
}

fn signed_with(kind: SignatureKind) -> (Option<tls::Digest>, Option<CertificateKeyType>) {
    use shakedown_x509::Digest;
    let digest = |digest| match digest {
        Digest::Md5 => tls::Digest::Md5,
        Digest::Sha1 => tls::Digest::Sha1,
        Digest::Sha224 => tls::Digest::Sha224,
        Digest::Sha256 => tls::Digest::Sha256,
        Digest::Sha384 => tls::Digest::Sha384,
        Digest::Sha512 => tls::Digest::Sha512,
        _ => tls::Digest::Other,
    };
    match kind {
        SignatureKind::RsaPkcs1(with) => (Some(digest(with)), Some(CertificateKeyType::Rsa)),
        // The same key signs with both paddings.
        SignatureKind::RsaPss { digest: with, .. } => (Some(digest(with)), Some(CertificateKeyType::Rsa)),
        SignatureKind::Ecdsa(with) => (Some(digest(with)), Some(CertificateKeyType::Ec)),
        SignatureKind::Dsa(with) => (Some(digest(with)), Some(CertificateKeyType::Dsa)),
        SignatureKind::Ed25519 => (Some(tls::Digest::Intrinsic), Some(CertificateKeyType::Ed25519)),
        SignatureKind::Ed448 => (Some(tls::Digest::Intrinsic), Some(CertificateKeyType::Ed448)),
        SignatureKind::MlDsa(44) => (Some(tls::Digest::Intrinsic), Some(CertificateKeyType::MlDsa44)),
        SignatureKind::MlDsa(65) => (Some(tls::Digest::Intrinsic), Some(CertificateKeyType::MlDsa65)),
        SignatureKind::MlDsa(_) => (Some(tls::Digest::Intrinsic), Some(CertificateKeyType::MlDsa87)),
        SignatureKind::Other => (None, None),
    }
}

/// What a client with these rules has against a chain.
pub(super) fn findings(
    chain: &Chain,
    target: &TlsTarget,
    anchors: &Anchors,
    rules: &Rules,
    now: jiff::Timestamp,
    connection: u32,
) -> Vec<Evidence> {
    let evidence = |fact: Fact| {
        Evidence::new(fact).by(Role::Server).on(connection).at(Origin::new(
            OriginKind::Peer {
                address: format!("{}:{}", target.host, target.port),
                connection,
                what: "Certificate".to_owned(),
            },
        ))
    };
    let mut read = Vec::new();
    for (place, der) in chain.iter().enumerate() {
        match Certificate::from_der(der) {
            Ok(certificate) => read.push(certificate),
            Err(error) => {
                let what = format!("certificate {place}: {error}");
                let offset = error.offset as u64;
                return vec![evidence(Fact::Malformed { phase: Phase::Certificate, what, offset })];
            }
        }
    }
    let Some((end, others)) = read.split_first() else { return Vec::new() };
    let search = Search { end, others, anchors, now, purpose: Purpose::Server, bounds: Bounds::default() };
    let all = paths(&search);
    let verdict = all.verdict(rules);
    let mut found: Vec<CertificateFinding> = Vec::new();
    for refusal in &verdict.refusals {
        let Some(link) = all.list.get(verdict.path).and_then(|path| path.links.get(refusal.link)) else { continue };
        let Some(problem) = problem(&refusal.fault, &all, link.node, rules, now) else { continue };
        let certificate = all.certificate(link.node);
        let subject = certificate.map(|one| one.subject.to_string()).unwrap_or_default();
        found.push(CertificateFinding {
            problem,
            subject: Name::new(&subject),
            place: refusal.link,
            is_anchor: link.position == Position::Anchor,
            fingerprint: certificate.map(fingerprint).unwrap_or_default(),
        });
    }
    found.extend(other_name(end, target));
    found.into_iter().map(|finding| evidence(Fact::Certificate(Box::new(finding)))).collect()
}

fn other_name(end: &Certificate, target: &TlsTarget) -> Option<CertificateFinding> {
    let wanted = Wanted::parse(target.server_name.as_deref().unwrap_or(&target.host))?;
    let NameMatch::Differs { why, nearest, names } = match_name(end, &wanted) else { return None };
    let shown = end.extensions.names.iter().flatten().take(SHOWN_NAMES);
    Some(CertificateFinding {
        problem: CertificateProblem::OtherName {
            wanted: Name::new(&wanted.to_string()),
            why: why.to_string(),
            names: shown.map(|name| Name::new(&name.to_string())).collect(),
            total: names,
            nearest: nearest.map(|name| Name::new(&name.to_string())),
        },
        subject: Name::new(&end.subject.to_string()),
        place: 0,
        is_anchor: false,
        fingerprint: fingerprint(end),
    })
}

/// The problem that a fault is; `None` where the fault is about the path alone and says no more than others.
fn problem(
    fault: &Fault,
    all: &Paths<'_>,
    node: Node,
    rules: &Rules,
    now: jiff::Timestamp,
) -> Option<CertificateProblem> {
    let issuer = || all.certificate(node).map(|one| one.issuer.to_string()).unwrap_or_default();
    Some(match fault {
        Fault::Expired { not_after, .. } => CertificateProblem::Expired { not_after: *not_after, now },
        Fault::NotYetValid { not_before, .. } => CertificateProblem::NotYetValid { not_before: *not_before, now },
        Fault::SelfSigned => CertificateProblem::SelfSigned,
        Fault::UntrustedRoot => CertificateProblem::UntrustedRoot,
        Fault::IssuerNotFound { issuer, fetch, other_key, .. } => CertificateProblem::IssuerMissing {
            issuer: Name::new(&issuer.to_string()),
            fetch: fetch.clone(),
            sent: all.sent().count(),
            other_key: *other_key,
        },
        Fault::WrongSignature => CertificateProblem::WrongSignature { issuer: Name::new(&issuer()) },
        Fault::WeakDigest { digest } => CertificateProblem::WeakDigest { digest: Name::new(&digest.to_string()) },
        Fault::SmallKey { kind, bits } => {
            let is_curve = matches!(kind, KeyKind::Ec { .. });
            CertificateProblem::SmallKey {
                key: Name::new(if is_curve { "ECDSA" } else { "RSA" }),
                bits: *bits,
                minimum: if is_curve { rules.smallest_curve } else { rules.smallest_rsa },
            }
        }
        Fault::NotAnAuthority { .. }
        | Fault::MayNotSign
        | Fault::PathLength { .. }
        | Fault::Purpose { .. }
        | Fault::MayNotSignHandshakes { .. }
        | Fault::AuthorityAsEnd => CertificateProblem::Purpose { what: fault.to_string() },
        Fault::UncheckedSignature { .. } => return None,
        _ => CertificateProblem::Policy { what: fault.to_string() },
    })
}

fn fingerprint(certificate: &Certificate) -> String {
    certificate.sha256().iter().map(|byte| format!("{byte:02x}")).collect()
}
