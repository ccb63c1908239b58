use super::{Link, Node, Path, Paths};
use crate::{
    Certificate, Curve, DerErrorKind, Fault, KeyKind, KeyUsage, NameConstraints, Position, PublicKey, Purpose,
    SignatureCheck, SignatureKind, constraints,
};

/// The path with what may be refused in each link.
pub(super) fn judge(paths: &Paths<'_>, nodes: &[Node]) -> Path {
    let mut links: Vec<Link> = Vec::with_capacity(nodes.len());
    let last = nodes.len().saturating_sub(1);
    for (place, &node) in nodes.iter().enumerate() {
        let trusted = is_trusted(paths, node);
        let position = match (place, node) {
            _ if place == last && (trusted || matches!(node, Node::Anchor(_))) && place > 0 => Position::Anchor,
            (0, _) => Position::End,
            _ => Position::Authority,
        };
        let mut faults = Vec::new();
        if let Some(certificate) = paths.certificate(node) {
            alone(paths, certificate, position, &mut faults);
            if position != Position::Anchor {
                signed(paths, certificate, nodes.get(place + 1).copied(), trusted, &mut faults);
            }
        }
        if let Some((_, key)) = paths.subject(node) {
            key_faults(key, &mut faults);
        }
        if place > 0 {
            authority(paths, node, nodes, place, &mut faults);
        }
        links.push(Link { node, position, faults });
    }
    constrain(paths, &mut links);
    Path { links }
}

/// Whether the certificate itself is trusted.
fn is_trusted(paths: &Paths<'_>, node: Node) -> bool {
    let Some(certificate) = paths.certificate(node) else { return matches!(node, Node::Anchor(_)) };
    paths.anchors.list.iter().any(|anchor| anchor.certificate.as_ref().is_some_and(|one| one.der == certificate.der))
}

/// What can be said of a certificate without the others.
fn alone(paths: &Paths<'_>, certificate: &Certificate, position: Position, faults: &mut Vec<Fault>) {
    let extensions = &certificate.extensions;
    for problem in &extensions.problems {
        let field = problem.field.clone();
        faults.push(match problem.kind {
            DerErrorKind::Twice => Fault::ExtensionTwice { extension: field },
            kind => Fault::Malformed { field, offset: problem.offset, what: kind.to_string() },
        });
    }
    if certificate.version != 3 {
        faults.push(Fault::OldVersion { version: certificate.version });
    }
    if certificate.has_unique_ids {
        faults.push(Fault::UniqueIdentifiers);
    }
    if certificate.der.len() > LARGE {
        faults.push(Fault::LargeCertificate { bytes: certificate.der.len() });
    }
    let (validity, now) = (certificate.validity, paths.now);
    if validity.not_before > validity.not_after {
        faults.push(Fault::NeverValid);
    }
    if now > validity.not_after && now.as_second() > validity.not_after.as_second() {
        let seconds = now.as_second() - validity.not_after.as_second();
        faults.push(Fault::Expired { not_after: validity.not_after, seconds });
    }
    if now < validity.not_before {
        let seconds = validity.not_before.as_second() - now.as_second();
        faults.push(Fault::NotYetValid { not_before: validity.not_before, seconds });
    }
    if !certificate.algorithms_agree {
        faults.push(Fault::AlgorithmsDiffer);
    }
    for extension in extensions.all.iter().filter(|extension| extension.critical) {
        if !ALWAYS_KNOWN.iter().any(|known| extension.oid.is(known)) {
            faults.push(Fault::CriticalExtension { oid: extension.oid.clone() });
        }
    }
    if let (Some(wanted), Some(found)) = (paths.purpose.oid(), &extensions.extended_key_usage)
        && !found.iter().any(|oid| oid.is(wanted))
    {
        faults.push(Fault::Purpose { wanted: paths.purpose, found: found.clone() });
    } else if extensions.extended_key_usage.as_ref().is_some_and(Vec::is_empty) {
        faults.push(Fault::Purpose { wanted: paths.purpose, found: Vec::new() });
    }
    if position == Position::End {
        if certificate.is_ca() {
            faults.push(Fault::AuthorityAsEnd);
        }
        let usage = extensions.key_usage.filter(|usage| !usage.digital_signature() && paths.purpose != Purpose::Any);
        if let Some(usage) = usage {
            let may_encrypt = usage.key_encipherment() || usage.key_agreement();
            faults.push(Fault::MayNotSignHandshakes { may_encrypt });
        }
    }
}

/// Critical extensions that all clients know.
const ALWAYS_KNOWN: [&[u8]; 5] = {
    use crate::oid::extension as e;
    [e::KEY_USAGE, e::SUBJECT_ALT_NAME, e::BASIC_CONSTRAINTS, e::EXTENDED_KEY_USAGE, e::NAME_CONSTRAINTS]
};

/// The largest certificate of which webpki reads all elements: 65534 bytes of contents.
const LARGE: usize = 65_538;

/// Who signed it, and how.
fn signed(paths: &Paths<'_>, certificate: &Certificate, issuer: Option<Node>, trusted: bool, faults: &mut Vec<Fault>) {
    let Some((name, key)) = issuer.and_then(|node| paths.subject(node)) else {
        if !trusted {
            faults.push(lost(paths, certificate, faults_place(paths, certificate)));
        }
        return;
    };
    match certificate.signature_by(key) {
        SignatureCheck::Verified => {}
        SignatureCheck::Wrong => faults.push(Fault::WrongSignature),
        SignatureCheck::Unchecked { reason } => faults.push(Fault::UncheckedSignature { reason }),
    }
    if name.der != certificate.issuer.der {
        faults.push(Fault::NameEncoding);
    }
    let algorithm = &certificate.signature_algorithm;
    if let Some(digest) = algorithm.digest().filter(|digest| digest.is_broken()) {
        faults.push(Fault::WeakDigest { digest });
    } else if is_rare(algorithm.kind, &key.kind) {
        faults.push(Fault::RareSignature { algorithm: format!("{algorithm} by a key of {}", key.kind) });
    }
}

/// Whether it is the end's own.
fn faults_place(paths: &Paths<'_>, certificate: &Certificate) -> bool {
    paths.certificates.first().is_some_and(|first| first.der == certificate.der)
}

/// Why the path ends here.
fn lost(paths: &Paths<'_>, certificate: &Certificate, is_end: bool) -> Fault {
    if certificate.is_self_issued() && certificate.signature_by(&certificate.key) != SignatureCheck::Wrong {
        return if is_end { Fault::SelfSigned } else { Fault::UntrustedRoot };
    }
    let named = paths.certificates.iter().map(|one| &one.subject);
    let mut named = named.chain(paths.anchors.list.iter().map(|anchor| &anchor.subject));
    Fault::IssuerNotFound {
        issuer: certificate.issuer.clone(),
        key_id: certificate.extensions.authority_key_id.clone(),
        fetch: certificate.extensions.ca_issuers.clone(),
        other_key: named.any(|subject| subject.is_same(&certificate.issuer)),
    }
}

/// Whether rustls and browsers do not know such signatures.
fn is_rare(signature: SignatureKind, key: &KeyKind) -> bool {
    use crate::Digest::{Sha256, Sha384, Sha512};
    let curve = |name: &str| ["secp256r1", "secp384r1", "secp521r1"].contains(&name);
    !match (signature, key) {
        (SignatureKind::RsaPkcs1(Sha256 | Sha384 | Sha512), KeyKind::Rsa { .. })
        | (SignatureKind::RsaPss { digest: Sha256 | Sha384 | Sha512, usual: true }, KeyKind::Rsa { .. })
        | (SignatureKind::Ed25519, KeyKind::Ed25519) => true,
        (SignatureKind::Ecdsa(Sha256 | Sha384 | Sha512), KeyKind::Ec { curve: Curve::Named { name, .. } }) => {
            curve(name)
        }
        (SignatureKind::MlDsa(left), KeyKind::MlDsa(right)) => left == *right,
        _ => false,
    }
}

fn key_faults(key: &PublicKey, faults: &mut Vec<Fault>) {
    let kind = key.kind.clone();
    match (&key.kind, key.size()) {
        (KeyKind::Rsa { .. } | KeyKind::RsaPss { .. }, Some(bits)) if bits > 8192 => {
            faults.push(Fault::LargeKey { bits })
        }
        (KeyKind::Rsa { .. } | KeyKind::RsaPss { .. } | KeyKind::Dsa { .. }, Some(bits)) if bits < 2048 => {
            faults.push(Fault::SmallKey { kind, bits });
        }
        (KeyKind::Ec { .. }, Some(bits)) if bits < 256 => faults.push(Fault::SmallKey { kind, bits }),
        _ => {}
    }
    let usual = ["secp256r1", "secp384r1", "secp521r1"];
    match &key.kind {
        KeyKind::Ec { curve: Curve::Named { name, .. } } if usual.contains(name) => {}
        kind @ (KeyKind::Ec { .. } | KeyKind::Dsa { .. } | KeyKind::Other(_)) => {
            faults.push(Fault::RareKey { kind: kind.clone() });
        }
        _ => {}
    }
}

/// Whether it may stand above others.
fn authority(paths: &Paths<'_>, node: Node, nodes: &[Node], place: usize, faults: &mut Vec<Fault>) {
    let Some(certificate) = paths.certificate(node) else { return };
    if matches!(node, Node::Anchor(_)) && !certificate.names_itself() {
        faults.push(Fault::AnchorIsNoRoot);
    }
    let constraints = certificate.extensions.basic_constraints;
    let old_root = certificate.version == 1 && certificate.is_self_issued();
    match constraints {
        Some(constraints) if constraints.ca => {}
        // A root of version 1 cannot say that it is one.
        None if old_root => {}
        other => {
            let may_sign = certificate.extensions.key_usage.is_some_and(KeyUsage::certificate_signing);
            faults.push(Fault::NotAnAuthority { says_so: other.is_some(), may_sign });
        }
    }
    if certificate.extensions.key_usage.is_some_and(|usage| !usage.certificate_signing()) {
        faults.push(Fault::MayNotSign);
    }
    if let Some(allowed) = constraints.and_then(|constraints| constraints.path_length) {
        let below = nodes.get(1..place).unwrap_or_default();
        let own_name = |node: &&Node| paths.certificate(**node).is_some_and(Certificate::is_self_issued);
        let (all, found) = (below.len(), below.len() - below.iter().filter(own_name).count());
        if u32::try_from(all).unwrap_or(u32::MAX) > allowed {
            faults.push(Fault::PathLength { allowed, found, all });
        }
    }
}

fn constrain(paths: &Paths<'_>, links: &mut [Link]) {
    for by in 1..links.len() {
        let Some(node) = links.get(by).map(|link| link.node) else { continue };
        let constraints: Option<&NameConstraints> = match node {
            Node::Certificate(_) => paths.certificate(node).and_then(|one| one.extensions.name_constraints.as_ref()),
            Node::Anchor(place) => paths.anchors.list.get(place).and_then(|anchor| anchor.name_constraints.as_ref()),
        };
        let Some(constraints) = constraints else { continue };
        for link in links.iter_mut().take(by) {
            if let Some(certificate) = paths.certificate(link.node) {
                constraints::check(constraints, certificate, by, &mut link.faults);
            }
        }
    }
}
