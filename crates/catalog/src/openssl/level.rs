use shakedown_model::tls::{Digest, GroupKind, KeyExchange, Suite, TlsVersion, group_kind};

use super::Openssl;

/// A security level with the version that gives it its meaning (`ssl_security_default_callback` of ssl/ssl_cert.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    level: u8,
    /// OpenSSL 3: SHA-1 and MD5 are counted by the attacks on them.
    three: bool,
}

impl Level {
    /// The level in a version.
    pub fn new(openssl: &Openssl, level: u8) -> Self {
        Self { level, three: openssl.at_least("3.0.0") }
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.level
    }

    /// The least strength in bits.
    pub fn bits(self) -> u32 {
        match self.level {
            0 => 0,
            1 => 80,
            2 => 112,
            3 => 128,
            4 => 192,
            _ => 256,
        }
    }

    /// Whether a protocol version may be used.
    pub fn allows_version(self, version: TlsVersion) -> bool {
        match version {
            TlsVersion::Ssl2 | TlsVersion::Ssl3 => self.level < 2,
            TlsVersion::Tls10 => self.level < 3,
            TlsVersion::Tls11 => self.level < 4,
            TlsVersion::Tls12 | TlsVersion::Tls13 => true,
        }
    }

    /// Whether a cipher suite of this strength may be used.
    pub fn allows_suite(self, suite: &Suite<'_>, strength: u32) -> bool {
        use shakedown_model::tls::Authentication::Anonymous;
        if self.level == 0 {
            return true;
        }
        let forward = matches!(suite.key_exchange, KeyExchange::Dhe | KeyExchange::Ecdhe);
        strength >= self.bits()
            && suite.authentication != Anonymous
            && (suite.is_aead() || suite.digest != "MD5")
            && !(self.bits() > 160 && suite.digest == "SHA")
            && !(self.level >= 2 && suite.cipher.starts_with("RC4"))
            && (self.level < 3 || suite.tls13 || forward)
    }

    /// Whether a group may be used.
    pub fn allows_group(self, name: &str) -> bool {
        group_strength(name).is_none_or(|strength| strength >= self.bits())
    }

    /// Whether a signature with this digest may be made or accepted; of EdDSA, the scheme decides.
    pub fn allows_scheme(self, name: &str, digest: Digest) -> bool {
        let strength = match (name, digest) {
            ("ed25519" | "mldsa44", _) => Some(128),
            ("ed448", _) => Some(224),
            ("mldsa65", _) => Some(192),
            ("mldsa87", _) => Some(256),
            // Half of the size in bits before OpenSSL 3.
            (_, Digest::Sha1) if !self.three => Some(80),
            (_, Digest::Md5) if !self.three => Some(64),
            (_, digest) => digest.security_bits(),
        };
        strength.is_none_or(|strength| strength >= self.bits())
    }

    /// Whether signatures of TLS 1.1 and below may be made or accepted: with MD5 and SHA-1, or with SHA-1.
    pub fn allows_legacy_signatures(self) -> bool {
        !self.three && self.level <= 1 || self.level == 0
    }

    /// The smallest RSA key and Diffie-Hellman prime accepted, in bits (`EVP_PKEY_get_security_bits`).
    pub fn min_rsa_bits(self) -> u32 {
        match self.level {
            0 => 0,
            1 => 1024,
            2 => 2048,
            3 => 3072,
            4 => 7680,
            _ => 15360,
        }
    }

    /// The smallest Diffie-Hellman prime accepted, in bits: 1024 also at level 0.
    pub fn min_dh_bits(self) -> u32 {
        self.min_rsa_bits().max(1024)
    }

    /// The smallest elliptic curve key accepted, in bits.
    pub fn min_ec_bits(self) -> u32 {
        self.bits() * 2
    }

    /// The digests in certificates' signatures that are not accepted.
    pub fn refused_certificate_digests(self) -> Vec<Digest> {
        [Digest::Md5, Digest::Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha384]
            .into_iter()
            .filter(|&digest| {
                let strength = match digest {
                    Digest::Sha1 if !self.three => Some(80),
                    Digest::Md5 if !self.three => Some(64),
                    other => other.security_bits(),
                };
                strength.is_some_and(|strength| strength < self.bits())
            })
            .collect()
    }
}

/// The strength of a group in bits, as OpenSSL counts it (providers/common/capabilities.c). `None` for those it lacks.
fn group_strength(name: &str) -> Option<u32> {
    Some(match name {
        "x25519" | "secp256r1" | "secp256k1" | "brainpoolP256r1" | "brainpoolP256r1tls13" => 128,
        "sect283k1" | "sect283r1" => 128,
        "x448" => 224,
        "secp384r1" | "brainpoolP384r1" | "brainpoolP384r1tls13" | "sect409k1" | "sect409r1" => 192,
        "secp521r1" | "brainpoolP512r1" | "brainpoolP512r1tls13" | "sect571k1" | "sect571r1" => 256,
        "secp224r1" | "secp224k1" | "sect233k1" | "sect233r1" | "sect239k1" => 112,
        "secp192r1" | "secp192k1" | "sect163k1" | "sect163r1" | "sect163r2" | "sect193r1" | "sect193r2"
        | "secp160k1" | "secp160r1" | "secp160r2" => 80,
        "ffdhe2048" => 112,
        "ffdhe3072" | "ffdhe4096" | "ffdhe6144" => 128,
        "ffdhe8192" => 192,
        "MLKEM512" => 128,
        "MLKEM768" | "X25519MLKEM768" | "SecP256r1MLKEM768" => 192,
        "MLKEM1024" | "SecP384r1MLKEM1024" => 256,
        _ => return None,
    })
}

/// Whether OpenSSL uses a group below TLS 1.3: elliptic curves only, and not those made for TLS 1.3.
pub(super) fn is_group_of_tls12(name: &str) -> bool {
    group_kind(name) == GroupKind::EllipticCurve && !name.ends_with("tls13")
}

/// Whether OpenSSL uses a group in TLS 1.3.
pub(super) fn is_group_of_tls13(name: &str) -> bool {
    // RFC 8446 section 4.2.7 leaves these; X25519 and X448 among them.
    matches!(name, "x25519" | "x448" | "secp256r1" | "secp384r1" | "secp521r1")
        || name.starts_with("ffdhe")
        || name.ends_with("tls13")
        || group_kind(name) == GroupKind::Encapsulation
}
