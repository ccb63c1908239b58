use shakedown_model::{Name, StrangeProtocol};
use shakedown_wire::tls::{Alert, CertificateEntry, ClientHello};

use super::agreement::{ClientOpening, Refusal};
use crate::tls::AlertSeen;

/// What a server saw of one client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerObservation {
    /// The client's first message.
    pub opening: Option<ClientOpening>,
    /// Its second hello, after a HelloRetryRequest.
    pub second_hello: Option<ClientHello>,
    /// Whether a HelloRetryRequest was sent.
    pub retried: bool,
    /// Whether a ServerHello was sent.
    pub answered: bool,
    /// Whether the client's Finished came and was right: both ends have the same keys.
    pub finished: bool,
    /// Why the handshake was not carried on although its values were agreed on: something that is not computed here.
    pub not_carried: Option<String>,
    /// The certificates that the client showed; nobody checked them.
    pub client_certificates: Vec<CertificateEntry>,
    /// Alerts that did not end the connection.
    pub warnings: Vec<Alert>,
    /// Bytes received.
    pub received: u64,
    /// Bytes of the application received.
    pub application: u64,
    /// How it ended; `None` while it lasts.
    pub end: Option<ServerEnd>,
}

/// How a server's connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEnd {
    /// In order, by close_notify after the handshake.
    Complete,
    /// It was refused, as the caller decided.
    Refused(Refusal),
    /// The server found wrong what the client sent, and said so by this alert.
    Broken {
        /// The description of the alert.
        alert: u8,
        /// What was wrong, in lower case without a full stop.
        what: String,
    },
    /// The client sent a fatal alert, or closed by close_notify before the handshake was done.
    Alert(AlertSeen),
    /// The client closed without a word.
    Closed {
        /// How many bytes belong to no whole record or message.
        incomplete: usize,
    },
    /// It is another protocol.
    OtherProtocol {
        /// Which.
        protocol: StrangeProtocol,
        /// The first line, or the first bytes.
        first_bytes: Name,
    },
    /// The client sent more than is read.
    LimitReached {
        /// Which limit, with its figure.
        limit: String,
    },
    /// The handshake was agreed on and is not carried further here: the reason is in [`ServerObservation::not_carried`].
    NotCarried,
}
