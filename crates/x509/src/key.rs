use std::fmt;

use crate::Oid;
use crate::der::{BIT_STRING, DerError, Element, INTEGER, OBJECT, Reader, SEQUENCE};

/// A public key, RFC 5280 section 4.1.2.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The contents of the SubjectPublicKeyInfo, without its outer tag and length.
    pub der: Vec<u8>,
    /// The key itself, in the form of its kind.
    pub bits: Vec<u8>,
    /// What kind of key.
    pub kind: KeyKind,
}

/// What kind of key, and how large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, for any padding.
    Rsa {
        /// The size of the modulus.
        bits: u32,
    },
    /// RSA, for PSS alone.
    RsaPss {
        /// The size of the modulus.
        bits: u32,
    },
    /// An elliptic curve.
    Ec {
        /// Which.
        curve: Curve,
    },
    /// DSA.
    Dsa {
        /// The size of the modulus; `None` where the parameters are inherited.
        bits: Option<u32>,
    },
    /// Ed25519, RFC 8410.
    Ed25519,
    /// Ed448, RFC 8410.
    Ed448,
    /// ML-DSA, RFC 9881: 44, 65 or 87.
    MlDsa(u8),
    /// Another kind.
    Other(Oid),
}

/// An elliptic curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Curve {
    /// One with a name, RFC 5480 section 2.1.1.1 and RFC 5639.
    Named {
        /// Its name in IANA's registry "TLS Supported Groups".
        name: &'static str,
        /// The size of its field in bits.
        bits: u32,
    },
    /// Another one that has an object identifier.
    Other(Oid),
    /// Its parameters are written out, which RFC 5480 section 2.1.1 forbids.
    Explicit,
}

const CURVES: &[(&[u8], &str, u32)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "secp192r1", 192),
    (&[0x2b, 0x81, 4, 0, 33], "secp224r1", 224),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "secp256r1", 256),
    (&[0x2b, 0x81, 4, 0, 34], "secp384r1", 384),
    (&[0x2b, 0x81, 4, 0, 35], "secp521r1", 521),
    (&[0x2b, 0x81, 4, 0, 10], "secp256k1", 256),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], "brainpoolP256r1", 256),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11], "brainpoolP384r1", 384),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13], "brainpoolP512r1", 512),
];

pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
pub(crate) const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 112];
pub(crate) const ED448: &[u8] = &[0x2b, 0x65, 113];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
/// The last arc counts: 17, 18, 19 stand for 44, 65, 87 (RFC 9881 section 2).
pub(crate) const ML_DSA: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3];

impl PublicKey {
    /// From the element SubjectPublicKeyInfo.
    pub(crate) fn read(element: &Element<'_>, field: &str) -> Result<Self, DerError> {
        let mut reader = element.reader();
        let mut algorithm = reader.expect(SEQUENCE, field)?.reader();
        let oid = Oid::from_bytes(algorithm.expect(OBJECT, field)?.value);
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.any(field)?) };
        algorithm.finish(field)?;
        let bits = reader.expect(BIT_STRING, field)?.whole_bits(field)?;
        reader.finish(field)?;
        let kind = match oid.as_bytes() {
            RSA => KeyKind::Rsa { bits: modulus_bits(bits, field, element.offset)? },
            RSA_PSS => KeyKind::RsaPss { bits: modulus_bits(bits, field, element.offset)? },
            EC => KeyKind::Ec { curve: curve(parameters.as_ref()) },
            DSA => KeyKind::Dsa { bits: parameters.as_ref().and_then(dsa_bits) },
            ED25519 => KeyKind::Ed25519,
            ED448 => KeyKind::Ed448,
            other => match other.strip_prefix(ML_DSA) {
                Some([17]) => KeyKind::MlDsa(44),
                Some([18]) => KeyKind::MlDsa(65),
                Some([19]) => KeyKind::MlDsa(87),
                _ => KeyKind::Other(oid),
            },
        };
        Ok(Self { der: element.value.to_vec(), bits: bits.to_vec(), kind })
    }

    /// From the contents of a SubjectPublicKeyInfo, without its outer tag and length.
    ///
    /// # Errors
    /// It is not one.
    pub fn from_der(contents: &[u8]) -> Result<Self, DerError> {
        let element = Element { tag: SEQUENCE, offset: 0, whole: contents, value: contents };
        Self::read(&element, "subjectPublicKeyInfo")
    }

    /// Modulus and exponent of an RSA key, without leading zeros.
    pub(crate) fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        matches!(self.kind, KeyKind::Rsa { .. } | KeyKind::RsaPss { .. }).then(|| rsa_numbers(&self.bits))?
    }

    /// The size by which keys of its kind are compared: the modulus, or the field of the curve. `None` where there is
    /// only one size, or it is not known.
    pub fn size(&self) -> Option<u32> {
        match &self.kind {
            KeyKind::Rsa { bits } | KeyKind::RsaPss { bits } => Some(*bits),
            KeyKind::Dsa { bits } => *bits,
            KeyKind::Ec { curve: Curve::Named { bits, .. } } => Some(*bits),
            _ => None,
        }
    }
}

impl fmt::Display for KeyKind {
    /// `RSA 2048`, `EC secp256r1`, `Ed25519`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::RsaPss { bits } => write!(f, "RSA-PSS {bits}"),
            Self::Ec { curve: Curve::Named { name, .. } } => write!(f, "EC {name}"),
            Self::Ec { curve: Curve::Other(oid) } => write!(f, "EC {oid}"),
            Self::Ec { curve: Curve::Explicit } => f.write_str("EC with explicit parameters"),
            Self::Dsa { bits: Some(bits) } => write!(f, "DSA {bits}"),
            Self::Dsa { bits: None } => f.write_str("DSA"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::MlDsa(level) => write!(f, "ML-DSA-{level}"),
            Self::Other(oid) => write!(f, "{oid}"),
        }
    }
}

fn curve(parameters: Option<&Element<'_>>) -> Curve {
    match parameters {
        Some(element) if element.tag == OBJECT => {
            let known = CURVES.iter().find(|(oid, ..)| *oid == element.value);
            known.map_or_else(
                || Curve::Other(Oid::from_bytes(element.value)),
                |(_, name, bits)| Curve::Named { name, bits: *bits },
            )
        }
        _ => Curve::Explicit,
    }
}

/// Modulus and exponent of an RSAPublicKey, RFC 8017 appendix A.1.1.
pub(crate) fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Reader::new(key);
    let mut numbers = outer.expect(SEQUENCE, "RSAPublicKey").ok()?.reader();
    let modulus = numbers.expect(INTEGER, "modulus").ok()?;
    let exponent = numbers.expect(INTEGER, "publicExponent").ok()?;
    Some((strip_zeros(modulus.value), strip_zeros(exponent.value)))
}

fn modulus_bits(key: &[u8], field: &str, offset: usize) -> Result<u32, DerError> {
    let (modulus, _) = rsa_numbers(key).ok_or_else(|| DerError::form(offset, field, "an RSA public key"))?;
    Ok(bit_length(modulus))
}

/// The size of `p` in Dss-Parms, RFC 3279 section 2.3.2.
fn dsa_bits(parameters: &Element<'_>) -> Option<u32> {
    let p = (parameters.tag == SEQUENCE).then(|| parameters.reader().expect(INTEGER, "p").ok())??;
    Some(bit_length(strip_zeros(p.value)))
}

pub(crate) fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bit_length(stripped: &[u8]) -> u32 {
    let first = stripped.first().map_or(0, |first| 8 - first.leading_zeros());
    let rest = u32::try_from(stripped.len().saturating_sub(1)).unwrap_or(u32::MAX);
    rest.saturating_mul(8).saturating_add(first)
}
