use std::collections::BTreeMap;

use shakedown_wire::tls::KeyExchange;

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3.
pub const SCSV_RENEGOTIATION: u16 = 0x00ff;
/// TLS_FALLBACK_SCSV, RFC 7507 section 4.
pub const SCSV_FALLBACK: u16 = 0x5600;

/// How a suite has the server prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Authentication {
    /// TLS 1.3: the suite says nothing about it.
    Any,
    /// An RSA key that signs.
    Rsa,
    /// An RSA key that decrypts the client's secret.
    RsaKeyExchange,
    /// An elliptic curve key that signs: ECDSA, and EdDSA since RFC 8422.
    Ecdsa,
    /// A DSA key that signs.
    Dss,
    /// A key for Diffie-Hellman in the certificate.
    FixedDh,
    /// Nothing.
    Anonymous,
    /// A pre-shared key alone.
    Psk,
    /// Secure Remote Password alone.
    Srp,
    /// A GOST key.
    Gost,
    /// Kerberos, or what is not known here.
    Other,
}

/// What is known of a suite from the name that IANA has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The number.
    pub number: u16,
    /// The name: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
    pub name: String,
    /// The form of ServerKeyExchange; `Unknown` for suites without that message.
    pub key_exchange: KeyExchange,
    /// How the server is authenticated.
    pub authentication: Authentication,
}

impl Suite {
    /// By the grammar of the names: `TLS_` key exchange and authentication `_WITH_` cipher and MAC; names of TLS 1.3 have
    /// no `_WITH_` (RFC 8446 appendix B.4).
    pub fn new(number: u16, name: &str) -> Self {
        let body = name.strip_prefix("TLS_").or_else(|| name.strip_prefix("SSL_")).unwrap_or(name);
        let (key_exchange, authentication) = match body.split_once("_WITH_") {
            Some((exchange, _)) => read_exchange(exchange),
            None => (KeyExchange::Unknown, Authentication::Any),
        };
        Self { number, name: name.to_owned(), key_exchange, authentication }
    }

    /// Whether this is a suite of TLS 1.3.
    pub fn is_tls13(&self) -> bool {
        self.authentication == Authentication::Any
    }

    /// Whether the suite needs TLS 1.2: its pseudo-random function is another than that of older versions, RFC 5246
    /// section 5. ECDHE suites with a pre-shared key have a SHA-2 MAC in older versions too (RFC 5489 section 3).
    pub fn needs_tls12(&self) -> bool {
        let ends = |endings: &[&str]| endings.iter().any(|ending| self.name.ends_with(ending));
        let aead = ["_GCM_", "_CCM", "POLY1305", "_OCB"].iter().any(|part| self.name.contains(part));
        let psk_cbc = self.name.contains("_PSK_") && !aead;
        aead || ends(&["_SHA256", "_SHA384"]) && !psk_cbc
    }

    /// Whether the key exchange is on an elliptic curve that the server chooses.
    pub fn is_ecdhe(&self) -> bool {
        matches!(self.key_exchange, KeyExchange::Ecdhe | KeyExchange::EcdhAnon | KeyExchange::EcdhePsk)
    }

    /// Whether the key exchange is in a finite field.
    pub fn is_dhe(&self) -> bool {
        matches!(self.key_exchange, KeyExchange::Dhe | KeyExchange::DhAnon | KeyExchange::DhePsk)
    }
}

fn read_exchange(exchange: &str) -> (KeyExchange, Authentication) {
    use Authentication as A;
    use KeyExchange as K;
    let export = exchange.contains("EXPORT");
    let plain = exchange.split("_EXPORT").next().unwrap_or(exchange);
    match plain {
        "RSA" if export => (K::RsaExport, A::RsaKeyExchange),
        "RSA" | "RSA_FIPS" => (K::Unknown, A::RsaKeyExchange),
        "RSA_PSK" => (K::Psk, A::RsaKeyExchange),
        "DHE_RSA" => (K::Dhe, A::Rsa),
        "DHE_DSS" => (K::Dhe, A::Dss),
        "DH_RSA" | "DH_DSS" | "ECDH_RSA" | "ECDH_ECDSA" => (K::Unknown, A::FixedDh),
        "DH_anon" | "DH_Anon" => (K::DhAnon, A::Anonymous),
        "ECDH_anon" | "ECDH_Anon" => (K::EcdhAnon, A::Anonymous),
        "ECDHE_RSA" => (K::Ecdhe, A::Rsa),
        "ECDHE_ECDSA" => (K::Ecdhe, A::Ecdsa),
        "PSK" => (K::Psk, A::Psk),
        "DHE_PSK" | "PSK_DHE" => (K::DhePsk, A::Psk),
        "ECDHE_PSK" => (K::EcdhePsk, A::Psk),
        "SRP_SHA" => (K::Srp, A::Srp),
        "SRP_SHA_RSA" => (K::SrpSigned, A::Rsa),
        "SRP_SHA_DSS" => (K::SrpSigned, A::Dss),
        _ if plain.starts_with("GOST") => (K::Unknown, A::Gost),
        _ => (K::Unknown, A::Other),
    }
}

/// Suites by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiteTable(BTreeMap<u16, Suite>);

impl SuiteTable {
    /// The suite of that number.
    pub fn get(&self, number: u16) -> Option<&Suite> {
        self.0.get(&number)
    }

    /// The form of ServerKeyExchange; `Unknown` where the suite is not in the table.
    pub fn key_exchange(&self, number: u16) -> KeyExchange {
        self.get(number).map_or(KeyExchange::Unknown, |suite| suite.key_exchange)
    }
}

impl FromIterator<Suite> for SuiteTable {
    fn from_iter<T: IntoIterator<Item = Suite>>(suites: T) -> Self {
        Self(suites.into_iter().map(|suite| (suite.number, suite)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_suite_does() {
        let suite = |name| Suite::new(1, name);
        let table = [
            ("TLS_AES_128_GCM_SHA256", KeyExchange::Unknown, Authentication::Any),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", KeyExchange::Unknown, Authentication::RsaKeyExchange),
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", KeyExchange::RsaExport, Authentication::RsaKeyExchange),
            ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", KeyExchange::Ecdhe, Authentication::Ecdsa),
            ("TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA", KeyExchange::Dhe, Authentication::Dss),
            ("TLS_DH_anon_WITH_AES_128_CBC_SHA", KeyExchange::DhAnon, Authentication::Anonymous),
            ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", KeyExchange::Unknown, Authentication::FixedDh),
            ("TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", KeyExchange::Unknown, Authentication::Gost),
        ];
        for (name, key_exchange, authentication) in table {
            assert_eq!(
                (suite(name).key_exchange, suite(name).authentication),
                (key_exchange, authentication),
                "{name}"
            );
        }
        assert!(suite("TLS_RSA_WITH_AES_128_CBC_SHA256").needs_tls12());
        assert!(suite("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8").needs_tls12());
        assert!(!suite("TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256").needs_tls12());
        assert!(!suite("TLS_RSA_WITH_3DES_EDE_CBC_SHA").needs_tls12());
    }
}
