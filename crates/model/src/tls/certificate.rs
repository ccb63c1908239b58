use crate::{Name, Origin};

use super::Digest;

/// A certificate as far as its facts decide a handshake. What is not known is `None`, and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Its key.
    pub key: Option<CertificateKey>,
    /// The digest that it was signed with.
    pub signature_digest: Option<Digest>,
    /// The type of the key that signed it.
    pub signature_key: Option<CertificateKeyType>,
    /// Whether it signs itself.
    pub self_signed: Option<bool>,
    /// The names that it is for, as they stand in it.
    pub names: Vec<Name>,
    /// Its subject.
    pub subject: Option<Name>,
    /// Its issuer.
    pub issuer: Option<Name>,
    /// From when it is valid.
    pub not_before: Option<jiff::Timestamp>,
    /// Until when it is valid.
    pub not_after: Option<jiff::Timestamp>,
    /// SHA-256 over its encoding, in lower-case hexadecimal.
    pub fingerprint: Option<String>,
    /// The certificates that are sent after it, in their order.
    pub chain: Vec<Certificate>,
    /// Where it was read, or where the setting that names it stands.
    pub origin: Option<Origin>,
}

/// A certificate's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateKey {
    /// Its type.
    pub kind: CertificateKeyType,
    /// The curve of an elliptic curve key, by its name as a TLS group: `secp256r1`.
    pub curve: Option<Name>,
    /// Its size in bits.
    pub bits: Option<u32>,
}

/// The types of a certificate's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CertificateKeyType {
    /// RSA for any use (`rsaEncryption`).
    Rsa,
    /// RSA for PSS only (`id-RSASSA-PSS`).
    RsaPss,
    /// Elliptic curve, for ECDSA.
    Ec,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
    /// GOST.
    Gost,
    /// Any other.
    Other,
}

impl CertificateKeyType {
    /// What a person calls it: `RSA`, `ECDSA`, `Ed25519`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::RsaPss => "RSA-PSS",
            Self::Ec => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::Dsa => "DSA",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
            Self::Gost => "GOST",
            Self::Other => "other",
        }
    }
}

impl Certificate {
    /// What a person calls it: `RSA 2048 bits`, `ECDSA secp256r1`, `Ed25519`.
    pub fn phrase(&self) -> String {
        let Some(key) = &self.key else { return "a certificate whose key is not known".to_owned() };
        match (&key.curve, key.bits) {
            (Some(curve), _) if key.kind == CertificateKeyType::Ec => format!("{} {curve}", key.kind.as_str()),
            (_, Some(bits)) if matches!(key.kind, CertificateKeyType::Rsa | CertificateKeyType::RsaPss) => {
                format!("{} {bits} bits", key.kind.as_str())
            }
            _ => key.kind.as_str().to_owned(),
        }
    }
}
