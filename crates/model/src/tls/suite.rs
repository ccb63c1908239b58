use super::TlsVersion;

/// Values in the list of cipher suites that announce something and can never be chosen (RFC 5746, RFC 7507).
pub const SIGNALLING_SUITES: [&str; 2] = ["TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "TLS_FALLBACK_SCSV"];

/// What a cipher suite's IANA name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suite<'a> {
    /// How the keys are exchanged.
    pub key_exchange: KeyExchange,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// The cipher with its mode, such as `AES_128_GCM` or `3DES_EDE_CBC`.
    pub cipher: &'a str,
    /// The digest: of the MAC with CBC, of the key derivation with AEAD. Empty for CCM of TLS 1.2, which names none.
    pub digest: &'a str,
    /// Whether it is one of TLS 1.3.
    pub tls13: bool,
}

/// How a cipher suite exchanges keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyExchange {
    /// By the `key_share` extension: TLS 1.3.
    Tls13,
    /// RSA encryption with the certificate's key.
    Rsa,
    /// Ephemeral Diffie-Hellman.
    Dhe,
    /// Diffie-Hellman with the certificate's key.
    Dh,
    /// Ephemeral elliptic curve Diffie-Hellman.
    Ecdhe,
    /// Elliptic curve Diffie-Hellman with the certificate's key.
    Ecdh,
    /// A pre-shared key alone.
    Psk,
    /// A pre-shared key with RSA encryption.
    RsaPsk,
    /// A pre-shared key with ephemeral Diffie-Hellman.
    DhePsk,
    /// A pre-shared key with ephemeral elliptic curve Diffie-Hellman.
    EcdhePsk,
    /// Secure remote password.
    Srp,
    /// Kerberos.
    Krb5,
    /// GOST.
    Gost,
    /// Any other.
    Other,
}

/// What a server proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Authentication {
    /// TLS 1.3: by whatever the signature schemes allow.
    Tls13,
    /// A certificate with an RSA key.
    Rsa,
    /// A certificate with a DSA key.
    Dss,
    /// A certificate with an ECDSA or EdDSA key (RFC 8422 section 2.2).
    Ecdsa,
    /// Nothing.
    Anonymous,
    /// A pre-shared key.
    Psk,
    /// A password.
    Srp,
    /// Kerberos.
    Krb5,
    /// A certificate with a GOST key.
    Gost,
    /// Any other.
    Other,
}

impl<'a> Suite<'a> {
    /// Reads an IANA name. `None` for signalling values and for what is no name of a suite.
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix("TLS_").or_else(|| name.strip_prefix("SSL_"))?;
        if SIGNALLING_SUITES.contains(&name) {
            return None;
        }
        let Some((exchange, cipher)) = rest.split_once("_WITH_") else {
            let (cipher, digest) = split_digest(rest);
            return Some(Self {
                key_exchange: KeyExchange::Tls13,
                authentication: Authentication::Tls13,
                cipher,
                digest,
                tls13: true,
            });
        };
        let exchange = exchange.trim_end_matches("_EXPORT").trim_end_matches("_EXPORT1024");
        let (key_exchange, authentication) = match exchange {
            "RSA" | "RSA_FIPS" => (KeyExchange::Rsa, Authentication::Rsa),
            "DHE_RSA" => (KeyExchange::Dhe, Authentication::Rsa),
            "DHE_DSS" => (KeyExchange::Dhe, Authentication::Dss),
            "DH_RSA" => (KeyExchange::Dh, Authentication::Rsa),
            "DH_DSS" => (KeyExchange::Dh, Authentication::Dss),
            "DH_anon" => (KeyExchange::Dhe, Authentication::Anonymous),
            "ECDHE_RSA" => (KeyExchange::Ecdhe, Authentication::Rsa),
            "ECDHE_ECDSA" => (KeyExchange::Ecdhe, Authentication::Ecdsa),
            "ECDH_RSA" => (KeyExchange::Ecdh, Authentication::Rsa),
            "ECDH_ECDSA" => (KeyExchange::Ecdh, Authentication::Ecdsa),
            "ECDH_anon" => (KeyExchange::Ecdhe, Authentication::Anonymous),
            "PSK" => (KeyExchange::Psk, Authentication::Psk),
            "RSA_PSK" => (KeyExchange::RsaPsk, Authentication::Rsa),
            "DHE_PSK" | "PSK_DHE" => (KeyExchange::DhePsk, Authentication::Psk),
            "ECDHE_PSK" => (KeyExchange::EcdhePsk, Authentication::Psk),
            "SRP_SHA" => (KeyExchange::Srp, Authentication::Srp),
            "SRP_SHA_RSA" => (KeyExchange::Srp, Authentication::Rsa),
            "SRP_SHA_DSS" => (KeyExchange::Srp, Authentication::Dss),
            "KRB5" => (KeyExchange::Krb5, Authentication::Krb5),
            other if other.starts_with("GOST") => (KeyExchange::Gost, Authentication::Gost),
            _ => (KeyExchange::Other, Authentication::Other),
        };
        let (cipher, digest) = split_digest(cipher);
        Some(Self { key_exchange, authentication, cipher, digest, tls13: false })
    }

    /// Whether the cipher brings its own integrity.
    pub fn is_aead(&self) -> bool {
        ["GCM", "CCM", "CHACHA20", "MGM", "OCB"].iter().any(|mode| self.cipher.contains(mode))
    }

    /// Whether the cipher encrypts nothing.
    pub fn is_null(&self) -> bool {
        self.cipher == "NULL"
    }

    /// Whether what is exchanged with it cannot be read later with the server's key.
    pub fn has_forward_secrecy(&self) -> bool {
        use KeyExchange::{Dhe, DhePsk, Ecdhe, EcdhePsk, Tls13};
        matches!(self.key_exchange, Tls13 | Dhe | DhePsk | Ecdhe | EcdhePsk)
    }

    /// The lowest version that has it: AEAD ciphers and SHA-2 came with TLS 1.2 (RFC 5246 section 1.2, RFC 5288). Suites
    /// with ECDHE and a pre-shared key are of RFC 5489, whose SHA-2 ones OpenSSL takes to be of TLS 1.0.
    pub fn lowest_version(&self) -> TlsVersion {
        if self.tls13 {
            return TlsVersion::Tls13;
        }
        let psk =
            matches!(self.authentication, Authentication::Psk) || matches!(self.key_exchange, KeyExchange::RsaPsk);
        let sha2 = matches!(self.digest, "SHA256" | "SHA384");
        if self.is_aead() || self.cipher.contains("ARIA") || sha2 && !psk {
            TlsVersion::Tls12
        } else {
            TlsVersion::Ssl3
        }
    }

    /// The highest version that has it.
    pub fn highest_version(&self) -> TlsVersion {
        if self.tls13 { TlsVersion::Tls13 } else { TlsVersion::Tls12 }
    }
}

fn split_digest(text: &str) -> (&str, &str) {
    match text.rsplit_once('_') {
        Some((cipher, digest))
            if digest.starts_with("SHA")
                || matches!(digest, "MD5" | "SM3" | "GOSTR3411" | "IMIT" | "ASCON_HASH256") =>
        {
            (cipher, digest)
        }
        _ => (text, ""),
    }
}

/// Whether a name is that of a cipher suite of TLS 1.3.
pub fn is_tls13_suite(name: &str) -> bool {
    Suite::parse(name).is_some_and(|suite| suite.tls13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_suite_does() {
        let suite = Suite::parse("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256").unwrap();
        assert_eq!((suite.key_exchange, suite.authentication), (KeyExchange::Ecdhe, Authentication::Ecdsa));
        assert_eq!((suite.cipher, suite.digest, suite.lowest_version()), ("AES_128_GCM", "SHA256", TlsVersion::Tls12));
        assert!(suite.is_aead() && suite.has_forward_secrecy());
        let suite = Suite::parse("TLS_RSA_WITH_3DES_EDE_CBC_SHA").unwrap();
        assert_eq!((suite.cipher, suite.digest, suite.lowest_version()), ("3DES_EDE_CBC", "SHA", TlsVersion::Ssl3));
        assert!(!suite.is_aead() && !suite.has_forward_secrecy());
        assert_eq!(Suite::parse("TLS_RSA_WITH_AES_128_CBC_SHA256").unwrap().lowest_version(), TlsVersion::Tls12);
        assert_eq!(Suite::parse("TLS_RSA_WITH_AES_128_CCM").unwrap().digest, "");
        assert_eq!(Suite::parse("TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8").unwrap().cipher, "AES_256_CCM_8");
        assert!(Suite::parse("TLS_RSA_WITH_NULL_SHA").unwrap().is_null());
    }

    #[test]
    fn tls_1_3_has_names_of_its_own() {
        assert!(is_tls13_suite("TLS_AES_128_CCM_8_SHA256") && is_tls13_suite("TLS_CHACHA20_POLY1305_SHA256"));
        assert!(!is_tls13_suite("TLS_EMPTY_RENEGOTIATION_INFO_SCSV") && !is_tls13_suite("TLS_RSA_WITH_RC4_128_MD5"));
        assert!(!is_tls13_suite("AES128-SHA"));
    }
}
