use std::collections::BTreeMap;

use shakedown_model::tls::{Authentication, KeyExchange as Exchange, Suite as SuiteName, TlsVersion};
use shakedown_wire::tls::KeyExchange;

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3.
pub const SCSV_RENEGOTIATION: u16 = 0x00ff;
/// TLS_FALLBACK_SCSV, RFC 7507 section 4.
pub const SCSV_FALLBACK: u16 = 0x5600;

/// A suite by number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The number.
    pub number: u16,
    /// IANA's name.
    pub name: String,
    /// How the keys are exchanged.
    pub key_exchange: Exchange,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// The lowest version that has it.
    pub lowest_version: TlsVersion,
}

impl Suite {
    /// From the number and IANA's name; `None` for signalling suites.
    pub fn new(number: u16, name: &str) -> Option<Self> {
        let read = SuiteName::parse(name)?;
        Some(Self {
            number,
            name: name.to_owned(),
            key_exchange: read.key_exchange,
            authentication: read.authentication,
            lowest_version: read.lowest_version(),
        })
    }

    /// Whether this is a suite of TLS 1.3.
    pub fn is_tls13(&self) -> bool {
        self.key_exchange == Exchange::Tls13
    }

    /// The form of ServerKeyExchange; `Unknown` for suites without that message.
    pub fn form(&self) -> KeyExchange {
        let export = self.name.contains("_EXPORT");
        let is_anonymous = self.authentication == Authentication::Anonymous;
        let is_signed = matches!(self.authentication, Authentication::Rsa | Authentication::Dss);
        match self.key_exchange {
            Exchange::Rsa if export => KeyExchange::RsaExport,
            Exchange::Dhe if is_anonymous => KeyExchange::DhAnon,
            Exchange::Dhe => KeyExchange::Dhe,
            Exchange::Ecdhe if is_anonymous => KeyExchange::EcdhAnon,
            Exchange::Ecdhe => KeyExchange::Ecdhe,
            Exchange::Psk | Exchange::RsaPsk => KeyExchange::Psk,
            Exchange::DhePsk => KeyExchange::DhePsk,
            Exchange::EcdhePsk => KeyExchange::EcdhePsk,
            Exchange::Srp if is_signed => KeyExchange::SrpSigned,
            Exchange::Srp => KeyExchange::Srp,
            _ => KeyExchange::Unknown,
        }
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
    pub fn form(&self, number: u16) -> KeyExchange {
        self.get(number).map_or(KeyExchange::Unknown, Suite::form)
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
    fn names_say_which_form_server_key_exchange_has() {
        let table = [
            ("TLS_AES_128_GCM_SHA256", KeyExchange::Unknown),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", KeyExchange::Unknown),
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", KeyExchange::RsaExport),
            ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", KeyExchange::Ecdhe),
            ("TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA", KeyExchange::Dhe),
            ("TLS_DH_anon_WITH_AES_128_CBC_SHA", KeyExchange::DhAnon),
            ("TLS_ECDH_anon_WITH_AES_128_CBC_SHA", KeyExchange::EcdhAnon),
            ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", KeyExchange::Unknown),
            ("TLS_RSA_PSK_WITH_AES_128_CBC_SHA", KeyExchange::Psk),
            ("TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA", KeyExchange::SrpSigned),
        ];
        for (number, (name, form)) in (1..).zip(table) {
            assert_eq!(Suite::new(number, name).unwrap().form(), form, "{name}");
        }
        assert_eq!(Suite::new(0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"), None);
    }
}
