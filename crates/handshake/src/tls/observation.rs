use shakedown_model::{Name, StrangeProtocol};
use shakedown_wire::tls::number::extension as x;
use shakedown_wire::tls::{
    Alert, CertificateEntry, CertificateRequest, CertificateStatus, Extensions, KeyExchangeParameters, Place,
    ServerHello, Ssl2ServerHello, View,
};

/// All that one hello brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// The HelloRetryRequest.
    pub retry: Option<ServerHello>,
    /// The ServerHello.
    pub hello: Option<ServerHello>,
    /// The answer of a server of SSL 2.0.
    pub ssl2: Option<Ssl2ServerHello>,
    /// The version chosen.
    pub version: Option<u16>,
    /// The suite chosen.
    pub cipher_suite: Option<u16>,
    /// The group: of HelloRetryRequest, key share or ServerKeyExchange.
    pub group: Option<u16>,
    /// The public values of ServerKeyExchange.
    pub parameters: Option<KeyExchangeParameters>,
    /// The scheme that the server signed with. Before TLS 1.2 it is not named.
    pub signature_scheme: Option<u16>,
    /// The certificates, the server's own first; their extensions since TLS 1.3.
    pub certificates: Vec<CertificateEntry>,
    /// The stapled answer of the certificates' authority, below TLS 1.3.
    pub certificate_status: Option<CertificateStatus>,
    /// EncryptedExtensions of TLS 1.3.
    pub encrypted_extensions: Option<Extensions>,
    /// What certificate the server asks the client for.
    pub certificate_request: Option<CertificateRequest>,
    /// Whether the server's messages came to their end: ServerHelloDone, or Finished of TLS 1.3.
    pub flight_complete: bool,
    /// Whether both ends' Finished were exchanged, and the server's was right: with [`super::Until::Finished`] and
    /// [`super::Until::Answer`]. In TLS 1.3 the server may still refuse what the client sent with its own.
    pub finished: bool,
    /// Session tickets that came after the handshake.
    pub tickets: usize,
    /// Alerts that did not end the connection: warnings.
    pub warnings: Vec<Alert>,
    /// What the server did against the rules without ending the exchange.
    pub departures: Vec<Departure>,
    /// Why encrypted messages could not be read.
    pub unread: Option<String>,
    /// Bytes received.
    pub received: u64,
    /// How it ended; `None` while it lasts.
    pub end: Option<End>,
}

impl Observation {
    /// The alert that ended the connection.
    pub fn alert(&self) -> Option<AlertSeen> {
        match self.end {
            Some(End::Alert(alert)) => Some(alert),
            _ => None,
        }
    }

    /// Whether the server accepted the hello: it answered with a hello of its own.
    pub fn is_accepted(&self) -> bool {
        self.hello.is_some() || self.retry.is_some() || self.ssl2.is_some()
    }

    /// The stapled OCSP response on the server's own certificate, in DER.
    pub fn staple(&self) -> Option<Vec<u8>> {
        if let Some(CertificateStatus::Ocsp(response)) = &self.certificate_status {
            return Some(response.clone());
        }
        let extensions = &self.certificates.first()?.extensions;
        match extensions.view(x::STATUS_REQUEST, Place::Certificate, 0) {
            Some(Ok(View::CertificateStatus(CertificateStatus::OCSP, response))) => Some(response),
            _ => None,
        }
    }

    /// The size of the prime of a finite-field key exchange in bits.
    pub fn dh_bits(&self) -> Option<u32> {
        match &self.parameters {
            Some(parameters @ KeyExchangeParameters::Dh { .. }) => parameters.bits(),
            _ => None,
        }
    }
}

/// An alert of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertSeen {
    /// The alert.
    pub alert: Alert,
    /// Whether it was encrypted.
    pub is_encrypted: bool,
    /// Whether it came after this end had sent all of its handshake messages.
    pub after_finished: bool,
}

/// How the exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All was seen that was asked for.
    Complete,
    /// A fatal alert, or close_notify.
    Alert(AlertSeen),
    /// The server closed in order although more was to come.
    Closed {
        /// How many bytes belong to no whole record or message.
        incomplete: usize,
    },
    /// Another protocol answers.
    OtherProtocol {
        /// Which.
        protocol: StrangeProtocol,
        /// The first line, or the first bytes.
        first_bytes: Name,
    },
    /// Bytes that break the protocol.
    Malformed {
        /// What is wrong, with the field path.
        what: String,
        /// The byte offset in what the server sent.
        offset: u64,
    },
    /// The server sent more than is read.
    LimitReached {
        /// Which limit, with its figure.
        limit: String,
    },
    /// This end cannot go on: the reason is in [`Observation::unread`].
    Unreadable,
}

/// What a server did against the rules without ending the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It chose a version that was not offered.
    Version(u16),
    /// It chose a suite that was not offered.
    CipherSuite(u16),
    /// It chose a compression method that was not offered.
    Compression(u8),
    /// It chose a group that was not offered.
    Group(u16),
    /// It signed with a scheme that was not offered.
    SignatureScheme(u16),
    /// It sent an extension that was not asked for.
    Extension(u16),
    /// It asked for a group of which it had a share.
    NeedlessRetry(u16),
    /// Its random says that it was brought down to this version although a higher one was offered, RFC 8446
    /// section 4.1.3.
    Downgraded(u16),
    /// The content of its Finished is wrong.
    WrongFinished,
}
