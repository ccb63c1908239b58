use std::fmt;

use super::CertificateKeyType;

/// A digest in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// MD5 and SHA-1 side by side: signatures below TLS 1.2 with RSA.
    Md5Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// The scheme has its own: EdDSA, ML-DSA.
    Intrinsic,
    /// Any other.
    Other,
}

impl Digest {
    /// The name that a person reads: `SHA-256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Md5Sha1 => "MD5 and SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Intrinsic => "the scheme's own digest",
            Self::Other => "another digest",
        }
    }

    /// The strength against collisions in bits, as OpenSSL's `tls1_get_sigalg`s count it (half of the size; EdDSA: 128 and
    /// 224 are the scheme's own).
    pub fn security_bits(self) -> Option<u32> {
        match self {
            // ssl/t1_lib.c sigalg_security_bits: SHA-1 by the attack of 2017, MD5 by that of 2004.
            Self::Sha1 => Some(64),
            Self::Md5Sha1 => Some(67),
            Self::Md5 => Some(39),
            Self::Sha224 => Some(112),
            Self::Sha256 => Some(128),
            Self::Sha384 => Some(192),
            Self::Sha512 => Some(256),
            Self::Intrinsic | Self::Other => None,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a signature scheme's IANA name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scheme<'a> {
    /// The type of key that signs.
    pub key: CertificateKeyType,
    /// The digest.
    pub digest: Digest,
    /// The curve that a key has to be on in TLS 1.3; `None` where the scheme says none.
    pub curve: Option<&'a str>,
    /// Whether the RSA signature is of the PSS form.
    pub pss: bool,
    /// Whether it may sign a handshake of TLS 1.3 (RFC 8446 section 4.2.3).
    pub tls13: bool,
}

impl<'a> Scheme<'a> {
    /// Reads an IANA name, or one of the names of RFC 5246's pairs that IANA has none for (`ecdsa_sha224`).
    pub fn parse(name: &'a str) -> Option<Self> {
        let scheme = |key, digest, curve, pss, tls13| Some(Self { key, digest, curve, pss, tls13 });
        if let Some(digest) = name.strip_prefix("rsa_pkcs1_") {
            return scheme(CertificateKeyType::Rsa, digest_of(digest)?, None, false, false);
        }
        if let Some(digest) = name.strip_prefix("rsa_pss_rsae_") {
            return scheme(CertificateKeyType::Rsa, digest_of(digest)?, None, true, true);
        }
        if let Some(digest) = name.strip_prefix("rsa_pss_pss_") {
            return scheme(CertificateKeyType::RsaPss, digest_of(digest)?, None, true, true);
        }
        if let Some(digest) = name.strip_prefix("dsa_") {
            return scheme(CertificateKeyType::Dsa, digest_of(digest)?, None, false, false);
        }
        if let Some(rest) = name.strip_prefix("ecdsa_") {
            return match rest.rsplit_once('_') {
                Some((curve, digest)) => scheme(CertificateKeyType::Ec, digest_of(digest)?, Some(curve), false, true),
                None => scheme(CertificateKeyType::Ec, digest_of(rest)?, None, false, false),
            };
        }
        match name {
            "ed25519" => scheme(CertificateKeyType::Ed25519, Digest::Intrinsic, None, false, true),
            "ed448" => scheme(CertificateKeyType::Ed448, Digest::Intrinsic, None, false, true),
            "mldsa44" => scheme(CertificateKeyType::MlDsa44, Digest::Intrinsic, None, false, true),
            "mldsa65" => scheme(CertificateKeyType::MlDsa65, Digest::Intrinsic, None, false, true),
            "mldsa87" => scheme(CertificateKeyType::MlDsa87, Digest::Intrinsic, None, false, true),
            _ => None,
        }
    }
}

fn digest_of(text: &str) -> Option<Digest> {
    Some(match text {
        "md5" => Digest::Md5,
        "sha1" => Digest::Sha1,
        "sha224" => Digest::Sha224,
        "sha256" => Digest::Sha256,
        "sha384" => Digest::Sha384,
        "sha512" => Digest::Sha512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_scheme_needs() {
        let scheme = Scheme::parse("ecdsa_secp384r1_sha384").unwrap();
        assert_eq!((scheme.key, scheme.digest), (CertificateKeyType::Ec, Digest::Sha384));
        assert_eq!((scheme.curve, scheme.tls13), (Some("secp384r1"), true));
        let scheme = Scheme::parse("ecdsa_sha1").unwrap();
        assert_eq!((scheme.curve, scheme.digest, scheme.tls13), (None, Digest::Sha1, false));
        assert!(!Scheme::parse("rsa_pkcs1_sha256").unwrap().tls13);
        assert!(Scheme::parse("rsa_pss_rsae_sha256").unwrap().pss);
        assert_eq!(Scheme::parse("rsa_pss_pss_sha512").unwrap().key, CertificateKeyType::RsaPss);
        assert!(Scheme::parse("gostr34102012_256a").is_none());
    }
}
