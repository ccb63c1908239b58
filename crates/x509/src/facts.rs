//! From a certificate to the facts that decide a handshake.

use shakedown_model::Name;
use shakedown_model::tls::{self, CertificateKey, CertificateKeyType};

use crate::{Certificate, Curve, Digest, GeneralName, KeyKind, SignatureKind};

/// How many names of a certificate a party holds.
const NAMES: usize = 256;

impl Certificate {
    /// The facts that decide a handshake, without its chain and its place.
    pub fn facts(&self) -> tls::Certificate {
        let name = |text: String| Some(Name::from_escaped(&text)).filter(|name| !name.as_str().is_empty());
        tls::Certificate {
            key: Some(key(&self.key.kind)),
            signature_digest: digest(self.signature_algorithm.kind),
            signature_key: signature_key(self.signature_algorithm.kind),
            self_signed: Some(self.is_self_signed()),
            names: self.dns_names(),
            subject: name(self.subject.to_string()),
            issuer: name(self.issuer.to_string()),
            not_before: Some(self.validity.not_before),
            not_after: Some(self.validity.not_after),
            fingerprint: Some(self.sha256().iter().map(|byte| format!("{byte:02x}")).collect()),
            chain: Vec::new(),
            origin: None,
        }
    }

    /// The host names in its alternative names, the first few of very many; of a certificate without any, its common
    /// names.
    fn dns_names(&self) -> Vec<Name> {
        let alternative = self.extensions.names.iter().flatten();
        let names: Vec<Name> = alternative
            .filter_map(|name| match name {
                GeneralName::Dns(name) => Some(name.clone()),
                _ => None,
            })
            .take(NAMES)
            .collect();
        if names.is_empty() { self.subject.common_names().cloned().collect() } else { names }
    }
}

fn key(kind: &KeyKind) -> CertificateKey {
    let plain = |kind, bits| CertificateKey { kind, curve: None, bits };
    match kind {
        KeyKind::Rsa { bits } => plain(CertificateKeyType::Rsa, Some(*bits)),
        KeyKind::RsaPss { bits } => plain(CertificateKeyType::RsaPss, Some(*bits)),
        KeyKind::Ec { curve: Curve::Named { name, bits } } => {
            CertificateKey { kind: CertificateKeyType::Ec, curve: Some(Name::new(name)), bits: Some(*bits) }
        }
        KeyKind::Ec { .. } => plain(CertificateKeyType::Ec, None),
        KeyKind::Dsa { bits } => plain(CertificateKeyType::Dsa, *bits),
        KeyKind::Ed25519 => plain(CertificateKeyType::Ed25519, Some(256)),
        KeyKind::Ed448 => plain(CertificateKeyType::Ed448, Some(456)),
        KeyKind::MlDsa(44) => plain(CertificateKeyType::MlDsa44, None),
        KeyKind::MlDsa(65) => plain(CertificateKeyType::MlDsa65, None),
        KeyKind::MlDsa(_) => plain(CertificateKeyType::MlDsa87, None),
        KeyKind::Other(_) => plain(CertificateKeyType::Other, None),
    }
}

fn digest(kind: SignatureKind) -> Option<tls::Digest> {
    let digest = match kind {
        SignatureKind::RsaPkcs1(digest)
        | SignatureKind::RsaPss { digest, .. }
        | SignatureKind::Ecdsa(digest)
        | SignatureKind::Dsa(digest) => digest,
        SignatureKind::Ed25519 | SignatureKind::Ed448 | SignatureKind::MlDsa(_) => return Some(tls::Digest::Intrinsic),
        SignatureKind::Other => return None,
    };
    Some(match digest {
        Digest::Md5 => tls::Digest::Md5,
        Digest::Sha1 => tls::Digest::Sha1,
        Digest::Sha224 => tls::Digest::Sha224,
        Digest::Sha256 => tls::Digest::Sha256,
        Digest::Sha384 => tls::Digest::Sha384,
        Digest::Sha512 => tls::Digest::Sha512,
        Digest::Md2 | Digest::Other => tls::Digest::Other,
    })
}

fn signature_key(kind: SignatureKind) -> Option<CertificateKeyType> {
    Some(match kind {
        SignatureKind::RsaPkcs1(_) => CertificateKeyType::Rsa,
        SignatureKind::RsaPss { .. } => CertificateKeyType::RsaPss,
        SignatureKind::Ecdsa(_) => CertificateKeyType::Ec,
        SignatureKind::Dsa(_) => CertificateKeyType::Dsa,
        SignatureKind::Ed25519 => CertificateKeyType::Ed25519,
        SignatureKind::Ed448 => CertificateKeyType::Ed448,
        SignatureKind::MlDsa(44) => CertificateKeyType::MlDsa44,
        SignatureKind::MlDsa(65) => CertificateKeyType::MlDsa65,
        SignatureKind::MlDsa(_) => CertificateKeyType::MlDsa87,
        SignatureKind::Other => return None,
    })
}
