use shakedown_crypto::tls::KeyShareSecret;
use shakedown_wire::tls::number::{extension as x, version};
use shakedown_wire::tls::{ClientHello, Extension, Extensions, KeyShare, StatusRequest, View};

use super::suite::SCSV_RENEGOTIATION;

/// How a client says that it knows secure renegotiation, RFC 5746.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenegotiationInfo {
    /// By the extension.
    #[default]
    Extension,
    /// By the signalling suite.
    Scsv,
    /// Not at all.
    Absent,
}

/// What a ClientHello offers. Lists are in order of preference; an empty list leaves its extension out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloSpec {
    /// The versions, highest first. A version below TLS 1.3 alone is a highest version, as older clients send it.
    pub versions: Vec<u16>,
    /// The suites, signalling suites included.
    pub cipher_suites: Vec<u16>,
    /// Compression methods; 0 is none.
    pub compression_methods: Vec<u8>,
    /// `supported_groups`.
    pub groups: Vec<u16>,
    /// The groups with a `key_share`: those that are not implemented are left out. Empty asks for a HelloRetryRequest,
    /// which names the group that the server prefers. Sent only with TLS 1.3.
    pub key_shares: Vec<u16>,
    /// `signature_algorithms`; sent only with TLS 1.2 and later.
    pub signature_schemes: Vec<u16>,
    /// `server_name`.
    pub server_name: Option<Vec<u8>>,
    /// `application_layer_protocol_negotiation`.
    pub protocols: Vec<Vec<u8>>,
    /// Secure renegotiation.
    pub renegotiation_info: RenegotiationInfo,
    /// `extended_master_secret`, RFC 7627.
    pub extended_master_secret: bool,
    /// `encrypt_then_mac`, RFC 7366.
    pub encrypt_then_mac: bool,
    /// An empty `session_ticket`, RFC 5077.
    pub session_ticket: bool,
    /// `status_request` for OCSP, RFC 6066 section 8.
    pub status_request: bool,
    /// Further extensions, sent last.
    pub extensions: Vec<Extension>,
    /// Whether extensions are sent at all; clients of SSL 3.0 have none.
    pub has_extensions: bool,
}

impl Default for HelloSpec {
    /// Nothing offered; what healthy clients send beside.
    fn default() -> Self {
        Self {
            versions: Vec::new(),
            cipher_suites: Vec::new(),
            compression_methods: vec![0],
            groups: Vec::new(),
            key_shares: Vec::new(),
            signature_schemes: Vec::new(),
            server_name: None,
            protocols: Vec::new(),
            renegotiation_info: RenegotiationInfo::Extension,
            extended_master_secret: true,
            encrypt_then_mac: false,
            session_ticket: true,
            status_request: false,
            extensions: Vec::new(),
            has_extensions: true,
        }
    }
}

impl HelloSpec {
    /// Whether TLS 1.3 or a draft of it is offered.
    pub fn offers_tls13(&self) -> bool {
        self.versions.iter().any(|&version| version::is_tls13(version))
    }

    /// The highest version below TLS 1.3 that is offered; TLS 1.2 stands in the field of a client of TLS 1.3 alone
    /// (RFC 8446 section 4.1.2).
    pub fn legacy_version(&self) -> u16 {
        if self.offers_tls13() {
            return version::TLS12;
        }
        self.versions.iter().copied().max().unwrap_or(version::TLS12)
    }

    /// Whether a version that a server chose was offered. A client without `supported_versions` takes what is at or
    /// below its highest version: only what is above counts as not offered.
    pub fn offers_version(&self, version: u16) -> bool {
        self.versions.contains(&version)
    }

    /// The hello with these key shares.
    pub(super) fn hello(&self, random: [u8; 32], session_id: Vec<u8>, shares: &[KeyShareSecret]) -> ClientHello {
        let shares: Vec<KeyShare> =
            shares.iter().map(|share| KeyShare { group: share.group(), public: share.public().to_vec() }).collect();
        let mut cipher_suites = self.cipher_suites.clone();
        if self.renegotiation_info == RenegotiationInfo::Scsv && !cipher_suites.contains(&SCSV_RENEGOTIATION) {
            cipher_suites.push(SCSV_RENEGOTIATION);
        }
        ClientHello {
            version: self.legacy_version(),
            random,
            session_id,
            cookie: None,
            cipher_suites,
            compression_methods: self.compression_methods.clone(),
            extensions: self.has_extensions.then(|| self.extensions(shares)),
        }
    }

    fn extensions(&self, shares: Vec<KeyShare>) -> Extensions {
        let tls13 = self.offers_tls13();
        let old = self.versions.iter().any(|&version| !version::is_tls13(version));
        let mut list = Vec::new();
        let mut add = |number, view: View| list.push(Extension::new(number, &view));
        if let Some(name) = &self.server_name {
            add(x::SERVER_NAME, View::ServerNames(vec![(0, name.clone())]));
        }
        if self.extended_master_secret && old {
            add(x::EXTENDED_MASTER_SECRET, View::Empty);
        }
        if self.renegotiation_info == RenegotiationInfo::Extension && old {
            add(x::RENEGOTIATION_INFO, View::RenegotiationInfo(Vec::new()));
        }
        if !self.groups.is_empty() {
            add(x::SUPPORTED_GROUPS, View::SupportedGroups(self.groups.clone()));
            if old {
                // Points in uncompressed form, RFC 8422 section 5.1.2.
                add(x::EC_POINT_FORMATS, View::EcPointFormats(vec![0]));
            }
        }
        if self.session_ticket && old {
            add(x::SESSION_TICKET, View::SessionTicket(Vec::new()));
        }
        if !self.protocols.is_empty() {
            add(x::ALPN, View::Protocols(self.protocols.clone()));
        }
        if self.status_request {
            let request = StatusRequest::Ocsp { responder_ids: Vec::new(), request_extensions: Vec::new() };
            add(x::STATUS_REQUEST, View::StatusRequest(request));
        }
        if self.encrypt_then_mac && old {
            add(x::ENCRYPT_THEN_MAC, View::Empty);
        }
        if !self.signature_schemes.is_empty() && self.legacy_version() >= version::TLS12 {
            add(x::SIGNATURE_ALGORITHMS, View::SignatureAlgorithms(self.signature_schemes.clone()));
        }
        if tls13 {
            add(x::SUPPORTED_VERSIONS, View::SupportedVersions(self.versions.clone()));
            // With a key exchange, RFC 8446 section 4.2.9.
            add(x::PSK_KEY_EXCHANGE_MODES, View::PskKeyExchangeModes(vec![1]));
            add(x::KEY_SHARE, View::KeyShares(shares));
        }
        list.extend(self.extensions.iter().cloned());
        Extensions(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_of_one_old_version_sends_nothing_of_later_ones() {
        let spec = HelloSpec {
            versions: vec![version::TLS10],
            cipher_suites: vec![0x002f],
            signature_schemes: vec![0x0401],
            ..HelloSpec::default()
        };
        let hello = spec.hello([0; 32], Vec::new(), &[]);
        assert_eq!(hello.version, version::TLS10);
        for number in [x::SIGNATURE_ALGORITHMS, x::SUPPORTED_VERSIONS, x::KEY_SHARE, x::SUPPORTED_GROUPS] {
            assert!(hello.view(number).is_none());
        }
        let bare = HelloSpec { has_extensions: false, ..spec };
        assert_eq!(bare.hello([0; 32], Vec::new(), &[]).extensions, None);
    }

    #[test]
    fn a_client_of_tls13_can_ask_for_the_servers_group() {
        let spec = HelloSpec {
            versions: vec![version::TLS13, version::TLS12],
            cipher_suites: vec![0x1301],
            groups: vec![0x001d],
            ..HelloSpec::default()
        };
        let hello = spec.hello([0; 32], Vec::new(), &[]);
        assert_eq!(hello.version, version::TLS12);
        assert_eq!(hello.view(x::KEY_SHARE), Some(Ok(View::KeyShares(Vec::new()))));
        assert_eq!(hello.supported_versions(), Some(vec![version::TLS13, version::TLS12]));
    }
}
