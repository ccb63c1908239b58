use std::sync::Arc;

use shakedown_crypto::tls::ServerKey;
use shakedown_wire::tls::{Alert, ClientHello, Ssl2ClientHello};

use crate::tls::Suite;

/// A client's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOpening {
    /// A ClientHello of SSL 3.0 to TLS 1.3.
    Hello(Box<ClientHello>),
    /// A CLIENT-HELLO of SSL 2.0, in which old clients offer later versions too (RFC 5246 appendix E.2).
    Ssl2(Box<Ssl2ClientHello>),
}

impl ClientOpening {
    /// As a ClientHello; of one of SSL 2.0 what RFC 5246 appendix E.2 makes of it.
    pub fn hello(&self) -> ClientHello {
        match self {
            Self::Hello(hello) => (**hello).clone(),
            Self::Ssl2(hello) => {
                let mut random = [0; 32];
                // The challenge stands at the end, with zeros before it.
                let places = random.iter_mut().rev();
                places.zip(hello.challenge.iter().rev()).for_each(|(to, from)| *to = *from);
                ClientHello {
                    version: hello.version,
                    random,
                    cipher_suites: hello.cipher_suites().collect(),
                    ..ClientHello::default()
                }
            }
        }
    }
}

/// What a server makes of a client's hello. It is the caller's, by whatever rules it has.
#[derive(Clone)]
pub enum Decision {
    /// It goes on with these values.
    Agree(Box<Agreement>),
    /// It does not.
    Refuse(Refusal),
}

/// How a server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By an alert.
    Alert(Alert),
    /// It closes in order without a word.
    Close,
    /// It resets the connection: for the caller to do, when [`super::Server::is_done`].
    Reset,
}

/// The values that a server goes on with. Extensions are only answered where the client sent them.
#[derive(Clone)]
pub struct Agreement {
    /// The version.
    pub version: u16,
    /// The suite.
    pub suite: Suite,
    /// The group: of TLS 1.3, or the curve of ECDHE below. Without a key share of it a HelloRetryRequest asks for one.
    pub group: Option<u16>,
    /// Prime and generator of DHE, most significant byte first.
    pub dh: Option<(Vec<u8>, Vec<u8>)>,
    /// What the server signs by; `None` where nothing is signed, and below TLS 1.2.
    pub signature_scheme: Option<u16>,
    /// The certificates in DER, the server's own first.
    pub certificates: Vec<Vec<u8>>,
    /// The key of the first certificate.
    pub key: Option<Arc<ServerKey>>,
    /// The application protocol.
    pub protocol: Option<Vec<u8>>,
    /// Whether the client's `server_name` is acknowledged.
    pub acknowledges_name: bool,
    /// Whether RFC 5746 is announced.
    pub secure_renegotiation: bool,
    /// Whether `extended_master_secret` is agreed on.
    pub extended_master_secret: bool,
    /// Whether `encrypt_then_mac` is agreed on.
    pub encrypt_then_mac: bool,
    /// The mark at the end of the server's random (RFC 8446 section 4.1.3), where it is brought down: to TLS 1.2, or to TLS 1.1
    /// and below.
    pub downgrade_mark: Option<u16>,
    /// The certificate that the client is asked for.
    pub client_certificate: Option<CertificateDemand>,
    /// The alert that the second hello gets, where a HelloRetryRequest is sent.
    pub second_hello_refusal: Option<Alert>,
}

/// How a server asks for a client's certificate. What the client shows is taken without a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateDemand {
    /// The signature schemes.
    pub signature_schemes: Vec<u16>,
    /// The names of authorities in DER.
    pub authorities: Vec<Vec<u8>>,
    /// The alert for a client without one; `None` where it is let in.
    pub refusal: Option<Alert>,
}
