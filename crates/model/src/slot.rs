use std::fmt;

use crate::Protocol;

/// One thing that the two ends have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// SSH: key exchange method.
    Kex,
    /// SSH: server host key algorithm.
    HostKey,
    /// SSH: cipher, client to server.
    CipherC2s,
    /// SSH: cipher, server to client.
    CipherS2c,
    /// SSH: MAC, client to server.
    MacC2s,
    /// SSH: MAC, server to client.
    MacS2c,
    /// SSH: compression, client to server.
    CompressionC2s,
    /// SSH: compression, server to client.
    CompressionS2c,
    /// TLS and IKE: protocol version.
    Version,
    /// TLS: cipher suite.
    CipherSuite,
    /// TLS and IKE: group of the key exchange.
    Group,
    /// TLS: signature scheme of the server.
    SignatureScheme,
    /// TLS: certificate.
    Certificate,
    /// TLS: application protocol.
    Alpn,
    /// IKE: encryption.
    Encryption,
    /// IKE: integrity.
    Integrity,
    /// IKE: pseudo-random function.
    Prf,
    /// IKE: extended sequence numbers.
    Esn,
    /// IKE: one of the key exchanges after the first, 1 to 7 (RFC 9370).
    AdditionalGroup(u8),
    /// IKE: authentication method.
    Auth,
    /// IKE: traffic selector.
    TrafficSelector,
}

impl Slot {
    /// The SSH slots in the order of RFC 4253 section 7.1.
    pub const SSH: [Self; 8] = [
        Self::Kex,
        Self::HostKey,
        Self::CipherC2s,
        Self::CipherS2c,
        Self::MacC2s,
        Self::MacS2c,
        Self::CompressionC2s,
        Self::CompressionS2c,
    ];

    /// The name in JSON: `kex`, `host_key`, `cipher_c2s`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kex => "kex",
            Self::HostKey => "host_key",
            Self::CipherC2s => "cipher_c2s",
            Self::CipherS2c => "cipher_s2c",
            Self::MacC2s => "mac_c2s",
            Self::MacS2c => "mac_s2c",
            Self::CompressionC2s => "compression_c2s",
            Self::CompressionS2c => "compression_s2c",
            Self::Version => "version",
            Self::CipherSuite => "cipher_suite",
            Self::Group => "group",
            Self::SignatureScheme => "signature_scheme",
            Self::Certificate => "certificate",
            Self::Alpn => "alpn",
            Self::Encryption => "encryption",
            Self::Integrity => "integrity",
            Self::Prf => "prf",
            Self::Esn => "esn",
            Self::AdditionalGroup(number) => match number {
                1 => "additional_group_1",
                2 => "additional_group_2",
                3 => "additional_group_3",
                4 => "additional_group_4",
                5 => "additional_group_5",
                6 => "additional_group_6",
                _ => "additional_group_7",
            },
            Self::Auth => "auth",
            Self::TrafficSelector => "traffic_selector",
        }
    }

    /// What a person calls it, for use inside a sentence: `key exchange method`, `cipher (client to server)`, ...
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Kex => "key exchange method",
            Self::HostKey => "host key algorithm",
            Self::CipherC2s => "cipher (client to server)",
            Self::CipherS2c => "cipher (server to client)",
            Self::MacC2s => "MAC (client to server)",
            Self::MacS2c => "MAC (server to client)",
            Self::CompressionC2s => "compression (client to server)",
            Self::CompressionS2c => "compression (server to client)",
            Self::Version => "protocol version",
            Self::CipherSuite => "cipher suite",
            Self::Group => "group",
            Self::SignatureScheme => "signature scheme",
            Self::Certificate => "certificate",
            Self::Alpn => "application protocol",
            Self::Encryption => "encryption algorithm",
            Self::Integrity => "integrity algorithm",
            Self::Prf => "pseudo-random function",
            Self::Esn => "sequence number size",
            Self::AdditionalGroup(number) => match number {
                1 => "first additional key exchange",
                2 => "second additional key exchange",
                3 => "third additional key exchange",
                4 => "fourth additional key exchange",
                5 => "fifth additional key exchange",
                6 => "sixth additional key exchange",
                _ => "seventh additional key exchange",
            },
            Self::Auth => "authentication method",
            Self::TrafficSelector => "traffic selector",
        }
    }

    /// The slot of a JSON name, within one protocol.
    pub fn parse(protocol: Protocol, text: &str) -> Option<Self> {
        match protocol {
            Protocol::Ssh => Self::SSH.into_iter().find(|slot| slot.as_str() == text),
            Protocol::Tls => {
                [Self::Version, Self::CipherSuite, Self::Group, Self::SignatureScheme, Self::Certificate, Self::Alpn]
                    .into_iter()
                    .find(|slot| slot.as_str() == text)
            }
            Protocol::Ike => [
                Self::Version,
                Self::Encryption,
                Self::Integrity,
                Self::Prf,
                Self::Group,
                Self::Esn,
                Self::Auth,
                Self::TrafficSelector,
            ]
            .into_iter()
            .chain((1..=7).map(Self::AdditionalGroup))
            .find(|slot| slot.as_str() == text),
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
