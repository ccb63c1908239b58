//! Certificates as parts of a party.

use shakedown_model::Name;
use shakedown_model::tls::{Certificate as Described, CertificateKey, CertificateKeyType, Digest as SchemeDigest};

use crate::findings::hex;
use crate::{Certificate, Curve, Digest, GeneralName, KeyKind, SignatureKind};

/// How many names of a certificate a party holds.
const NAMES: usize = 256;

/// A chain as it was sent, the party's own certificate first; `None` for an empty one. Of what cannot be read only the
/// fingerprint is known.
pub fn describe(chain: &[Vec<u8>]) -> Option<Described> {
    let (own, rest) = chain.split_first()?;
    Some(Described { chain: rest.iter().map(|der| one(der)).collect(), ..one(own) })
}

fn one(der: &[u8]) -> Described {
    let fingerprint = Some(hex(&shakedown_crypto::Hash::Sha256.digest(&[der])));
    let Ok(certificate) = Certificate::from_der(der) else { return Described { fingerprint, ..Described::default() } };
    let names = certificate.extensions.names.as_deref().unwrap_or_default();
    let names = names.iter().filter(|name| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_)));
    let bare = |name: &GeneralName| {
        let text = name.to_string();
        Name::from_escaped(text.split_once(':').map_or(text.as_str(), |(_, bare)| bare))
    };
    Described {
        key: Some(key(&certificate.key.kind, certificate.key.size())),
        signature_digest: Some(digest(&certificate)),
        signature_key: Some(signer(certificate.signature_algorithm.kind)),
        self_signed: Some(certificate.is_self_signed()),
        names: names.take(NAMES).map(bare).collect(),
        subject: Some(Name::from_escaped(&certificate.subject.to_string())),
        issuer: Some(Name::from_escaped(&certificate.issuer.to_string())),
        not_before: Some(certificate.validity.not_before),
        not_after: Some(certificate.validity.not_after),
        fingerprint,
        ..Described::default()
    }
}

fn key(kind: &KeyKind, bits: Option<u32>) -> CertificateKey {
    let (of, curve) = match kind {
        KeyKind::Rsa { .. } => (CertificateKeyType::Rsa, None),
        KeyKind::RsaPss { .. } => (CertificateKeyType::RsaPss, None),
        KeyKind::Ec { curve: Curve::Named { name, .. } } => (CertificateKeyType::Ec, Some(Name::new(name))),
        KeyKind::Ec { curve: Curve::Other(oid) } => (CertificateKeyType::Ec, Some(Name::new(&oid.to_string()))),
        KeyKind::Ec { curve: Curve::Explicit } => (CertificateKeyType::Ec, None),
        KeyKind::Dsa { .. } => (CertificateKeyType::Dsa, None),
        KeyKind::Ed25519 => (CertificateKeyType::Ed25519, None),
        KeyKind::Ed448 => (CertificateKeyType::Ed448, None),
        KeyKind::MlDsa(44) => (CertificateKeyType::MlDsa44, None),
        KeyKind::MlDsa(65) => (CertificateKeyType::MlDsa65, None),
        KeyKind::MlDsa(_) => (CertificateKeyType::MlDsa87, None),
        KeyKind::Other(_) => (CertificateKeyType::Other, None),
    };
    CertificateKey { kind: of, curve, bits }
}

fn signer(kind: SignatureKind) -> CertificateKeyType {
    match kind {
        SignatureKind::RsaPkcs1(_) => CertificateKeyType::Rsa,
        // A key for any padding makes them as well; which it was, only the issuer's certificate tells.
        SignatureKind::RsaPss { .. } => CertificateKeyType::RsaPss,
        SignatureKind::Ecdsa(_) => CertificateKeyType::Ec,
        SignatureKind::Dsa(_) => CertificateKeyType::Dsa,
        SignatureKind::Ed25519 => CertificateKeyType::Ed25519,
        SignatureKind::Ed448 => CertificateKeyType::Ed448,
        SignatureKind::MlDsa(44) => CertificateKeyType::MlDsa44,
        SignatureKind::MlDsa(65) => CertificateKeyType::MlDsa65,
        SignatureKind::MlDsa(_) => CertificateKeyType::MlDsa87,
        SignatureKind::Other => CertificateKeyType::Other,
    }
}

fn digest(certificate: &Certificate) -> SchemeDigest {
    match certificate.signature_algorithm.digest() {
        Some(Digest::Md5) => SchemeDigest::Md5,
        Some(Digest::Sha1) => SchemeDigest::Sha1,
        Some(Digest::Sha224) => SchemeDigest::Sha224,
        Some(Digest::Sha256) => SchemeDigest::Sha256,
        Some(Digest::Sha384) => SchemeDigest::Sha384,
        Some(Digest::Sha512) => SchemeDigest::Sha512,
        Some(Digest::Md2 | Digest::Other) => SchemeDigest::Other,
        None if certificate.signature_algorithm.kind == SignatureKind::Other => SchemeDigest::Other,
        None => SchemeDigest::Intrinsic,
    }
}
