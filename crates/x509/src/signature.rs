use std::fmt;

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use shakedown_crypto::Hash;

use crate::der::{DerError, Element, OBJECT, SEQUENCE, constructed};
use crate::{Curve, KeyKind, Oid, PublicKey};

/// What a signature was made with, RFC 5280 section 4.1.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// The contents of the AlgorithmIdentifier.
    pub der: Vec<u8>,
    /// Its object identifier.
    pub oid: Oid,
    /// What it means.
    pub kind: SignatureKind,
}

/// What a signature algorithm means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// RSASSA-PKCS1-v1_5, RFC 8017 section 8.2.
    RsaPkcs1(Digest),
    /// RSASSA-PSS, RFC 8017 section 8.1.
    RsaPss {
        /// The hash of the message.
        digest: Digest,
        /// Whether the mask uses the same hash and the salt has its length, as all known signers do.
        usual: bool,
    },
    /// ECDSA, RFC 5758 section 3.2.
    Ecdsa(Digest),
    /// DSA, RFC 5758 section 3.1.
    Dsa(Digest),
    /// Ed25519, RFC 8410.
    Ed25519,
    /// Ed448, RFC 8410.
    Ed448,
    /// ML-DSA, RFC 9881: 44, 65 or 87.
    MlDsa(u8),
    /// Not known here.
    Other,
}

/// The hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// MD2, RFC 1319.
    Md2,
    /// MD5, RFC 1321.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Another.
    Other,
}

impl Digest {
    /// Whether collisions can be made: whoever can have one certificate signed can then make another.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::Md2 | Self::Md5 | Self::Sha1)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md2 => "MD2",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Other => "an unknown hash",
        })
    }
}

use Digest::{Md2, Md5, Sha1, Sha224, Sha256, Sha384, Sha512};

/// RFC 3279 section 2.2, RFC 4055 section 5, RFC 5758 section 3.
const ALGORITHMS: &[(&[u8], SignatureKind)] = &[
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2], SignatureKind::RsaPkcs1(Md2)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], SignatureKind::RsaPkcs1(Md5)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], SignatureKind::RsaPkcs1(Sha1)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14], SignatureKind::RsaPkcs1(Sha224)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], SignatureKind::RsaPkcs1(Sha256)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], SignatureKind::RsaPkcs1(Sha384)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], SignatureKind::RsaPkcs1(Sha512)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], SignatureKind::Ecdsa(Sha1)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1], SignatureKind::Ecdsa(Sha224)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], SignatureKind::Ecdsa(Sha256)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], SignatureKind::Ecdsa(Sha384)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], SignatureKind::Ecdsa(Sha512)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], SignatureKind::Dsa(Sha1)),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 1], SignatureKind::Dsa(Sha224)),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2], SignatureKind::Dsa(Sha256)),
    (crate::key::ED25519, SignatureKind::Ed25519),
    (crate::key::ED448, SignatureKind::Ed448),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17], SignatureKind::MlDsa(44)),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18], SignatureKind::MlDsa(65)),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19], SignatureKind::MlDsa(87)),
];

/// RFC 8017 appendix B.1 and RFC 5754 section 2.
const DIGESTS: &[(&[u8], Digest)] = &[
    (&[0x2b, 0x0e, 3, 2, 26], Sha1),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4], Sha224),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], Sha256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], Sha384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], Sha512),
];

impl SignatureAlgorithm {
    pub(crate) fn read(element: &Element<'_>, field: &str) -> Result<Self, DerError> {
        let mut reader = element.reader();
        let oid = Oid::from_bytes(reader.expect(OBJECT, field)?.value);
        let kind = if oid.is(crate::key::RSA_PSS) {
            pss(reader.any(field).ok()).unwrap_or(SignatureKind::Other)
        } else {
            ALGORITHMS.iter().find(|(bytes, _)| oid.is(bytes)).map_or(SignatureKind::Other, |(_, kind)| *kind)
        };
        Ok(Self { der: element.value.to_vec(), oid, kind })
    }

    /// Its hash, where it is one that is chosen apart from the kind of key.
    pub fn digest(&self) -> Option<Digest> {
        match self.kind {
            SignatureKind::RsaPkcs1(digest)
            | SignatureKind::RsaPss { digest, .. }
            | SignatureKind::Ecdsa(digest)
            | SignatureKind::Dsa(digest) => Some(digest),
            _ => None,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SignatureKind::RsaPkcs1(digest) => write!(f, "RSA with {digest}"),
            SignatureKind::RsaPss { digest, .. } => write!(f, "RSA-PSS with {digest}"),
            SignatureKind::Ecdsa(digest) => write!(f, "ECDSA with {digest}"),
            SignatureKind::Dsa(digest) => write!(f, "DSA with {digest}"),
            SignatureKind::Ed25519 => f.write_str("Ed25519"),
            SignatureKind::Ed448 => f.write_str("Ed448"),
            SignatureKind::MlDsa(level) => write!(f, "ML-DSA-{level}"),
            SignatureKind::Other => write!(f, "{}", self.oid),
        }
    }
}

/// RSASSA-PSS-params, RFC 4055 section 3.1: what is left out is SHA-1.
fn pss(parameters: Option<Element<'_>>) -> Option<SignatureKind> {
    let mut reader = parameters.filter(|element| element.tag == SEQUENCE)?.reader();
    let (mut digest, mut mask, mut salt) = (Sha1, Sha1, 20);
    if let Some(field) = reader.optional(constructed(0), "hashAlgorithm").ok()? {
        digest = digest_of(&field.reader().any("hashAlgorithm").ok()?)?;
    }
    if let Some(field) = reader.optional(constructed(1), "maskGenAlgorithm").ok()? {
        let mut function = field.reader().any("maskGenAlgorithm").ok()?.reader();
        function.expect(OBJECT, "maskGenAlgorithm").ok()?;
        mask = digest_of(&function.any("maskGenAlgorithm").ok()?)?;
    }
    if let Some(field) = reader.optional(constructed(2), "saltLength").ok()? {
        salt = field.reader().any("saltLength").ok()?.small_integer("saltLength").ok()?;
    }
    let length = match digest {
        Sha256 => 32,
        Sha384 => 48,
        Sha512 => 64,
        _ => 20,
    };
    Some(SignatureKind::RsaPss { digest, usual: mask == digest && salt == length })
}

fn digest_of(algorithm: &Element<'_>) -> Option<Digest> {
    let oid = algorithm.reader().expect(OBJECT, "hash").ok()?;
    Some(DIGESTS.iter().find(|(bytes, _)| *bytes == oid.value).map_or(Digest::Other, |(_, digest)| *digest))
}

/// Whether a signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The key made it.
    Verified,
    /// The key did not make it, or is of another kind than the algorithm.
    Wrong,
    /// It cannot be checked here.
    Unchecked {
        /// Why, in a few words.
        reason: String,
    },
}

/// Whether `signature` over `message` was made with this key in this algorithm.
pub(crate) fn check(
    key: &PublicKey,
    algorithm: &SignatureAlgorithm,
    signature: &[u8],
    message: &[u8],
) -> SignatureCheck {
    use KeyKind::{Ec, Rsa, RsaPss};
    let unchecked =
        || SignatureCheck::Unchecked { reason: format!("{algorithm} by a key of {} is not checked here", key.kind) };
    let with = |scheme: &'static dyn VerificationAlgorithm| {
        if UnparsedPublicKey::new(scheme, &key.bits).verify(message, signature).is_ok() {
            SignatureCheck::Verified
        } else {
            SignatureCheck::Wrong
        }
    };
    match (algorithm.kind, &key.kind) {
        (SignatureKind::RsaPkcs1(digest), Rsa { bits }) => match (digest, bits) {
            (Sha256, 2048..=8192) => with(&lc::RSA_PKCS1_2048_8192_SHA256),
            (Sha384, 2048..=8192) => with(&lc::RSA_PKCS1_2048_8192_SHA384),
            (Sha512, 2048..=8192) => with(&lc::RSA_PKCS1_2048_8192_SHA512),
            _ => legacy_rsa(key, digest, signature, message).unwrap_or_else(unchecked),
        },
        (SignatureKind::RsaPss { digest, usual: true }, Rsa { bits: 2048..=8192 } | RsaPss { bits: 2048..=8192 }) => {
            // The library reads a key of RSA as such; one for PSS alone has the same numbers.
            match digest {
                Sha256 => with(&lc::RSA_PSS_2048_8192_SHA256),
                Sha384 => with(&lc::RSA_PSS_2048_8192_SHA384),
                Sha512 => with(&lc::RSA_PSS_2048_8192_SHA512),
                _ => unchecked(),
            }
        }
        (SignatureKind::Ecdsa(digest), Ec { curve: Curve::Named { name, .. } }) => {
            ecdsa(name, digest).map_or_else(unchecked, with)
        }
        (SignatureKind::Ed25519, KeyKind::Ed25519) => with(&lc::ED25519),
        (SignatureKind::MlDsa(44), KeyKind::MlDsa(44)) => with(&lc::ML_DSA_44),
        (SignatureKind::MlDsa(65), KeyKind::MlDsa(65)) => with(&lc::ML_DSA_65),
        (SignatureKind::MlDsa(87), KeyKind::MlDsa(87)) => with(&lc::ML_DSA_87),
        (kind, of) if fits(kind, of) => unchecked(),
        _ => SignatureCheck::Wrong,
    }
}

/// Whether `signature` over `message` was made with this key in the algorithm of a whole AlgorithmIdentifier in DER (RFC 5280
/// section 4.1.1.2), for signatures that stand in no certificate.
pub fn verify(key: &PublicKey, algorithm: &[u8], signature: &[u8], message: &[u8]) -> SignatureCheck {
    let element = crate::der::Reader::new(algorithm).expect(SEQUENCE, "algorithm");
    match element.and_then(|element| SignatureAlgorithm::read(&element, "algorithm")) {
        Ok(algorithm) => check(key, &algorithm, signature, message),
        Err(error) => SignatureCheck::Unchecked { reason: format!("its algorithm cannot be read: {error}") },
    }
}

/// Whether a signature is that of a digest which is signed as it is, without the name of its hash (RFC 2409 section 5.1).
pub fn verify_bare(key: &PublicKey, signature: &[u8], digest: &[u8]) -> SignatureCheck {
    let Some((modulus, exponent)) = key.rsa_numbers() else {
        return SignatureCheck::Unchecked { reason: "its key is none of RSA".to_owned() };
    };
    match shakedown_crypto::signature::verify_rsa_bare(modulus, exponent, signature, digest) {
        Ok(true) => SignatureCheck::Verified,
        Ok(false) => SignatureCheck::Wrong,
        Err(error) => SignatureCheck::Unchecked { reason: error.to_string() },
    }
}

/// Whether a key of this kind can have made such a signature at all.
fn fits(signature: SignatureKind, key: &KeyKind) -> bool {
    match (signature, key) {
        (SignatureKind::Other, _) | (_, KeyKind::Other(_)) => true,
        (SignatureKind::RsaPkcs1(_), KeyKind::Rsa { .. })
        | (SignatureKind::RsaPss { .. }, KeyKind::Rsa { .. } | KeyKind::RsaPss { .. })
        | (SignatureKind::Ecdsa(_), KeyKind::Ec { .. })
        | (SignatureKind::Dsa(_), KeyKind::Dsa { .. })
        | (SignatureKind::Ed448, KeyKind::Ed448) => true,
        (SignatureKind::MlDsa(left), KeyKind::MlDsa(right)) => left == *right,
        _ => false,
    }
}

fn ecdsa(curve: &str, digest: Digest) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, digest) {
        ("secp256r1", Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
        ("secp256r1", Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        ("secp256r1", Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        ("secp256r1", Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        ("secp384r1", Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        ("secp384r1", Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        ("secp384r1", Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        ("secp521r1", Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
        ("secp521r1", Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
        ("secp521r1", Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        ("secp521r1", Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        ("secp521r1", Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        ("secp256k1", Sha256) => &lc::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

/// What the library no longer does: small keys, MD5, SHA-1. `None` where it cannot be computed.
fn legacy_rsa(key: &PublicKey, digest: Digest, signature: &[u8], message: &[u8]) -> Option<SignatureCheck> {
    let hash = match digest {
        Md5 => Hash::Md5,
        Sha1 => Hash::Sha1,
        Sha256 => Hash::Sha256,
        Sha384 => Hash::Sha384,
        Sha512 => Hash::Sha512,
        _ => return None,
    };
    let (modulus, exponent) = key.rsa_numbers()?;
    let right = shakedown_crypto::signature::verify_rsa_pkcs1(hash, modulus, exponent, signature, message).ok()?;
    Some(if right { SignatureCheck::Verified } else { SignatureCheck::Wrong })
}
