//! Transport Layer Security: records and handshake messages of SSL 3.0 to TLS 1.3, the hellos of SSL 2.0, and the
//! records and hellos of DTLS.
//!
//! Start with [`RecordReader`], then [`Deframer`], then [`Message::parse`]. [`HelloBuilder`] writes a ClientHello.

mod alert;
mod builder;
mod certificate;
mod client_hello;
mod deframer;
mod dtls;
mod dtls_deframer;
mod extension;
pub(crate) mod fuzzing;
mod key_exchange;
mod message;
pub mod number;
mod record;
mod server_hello;
mod ssl2;
mod ticket;
mod types;
mod view;

pub use alert::{Alert, ChangeCipherSpec};
pub use builder::{BuiltHello, HelloBuilder, Split};
pub use certificate::{Certificate, CertificateEntry, CertificateRequest, CertificateStatus, CompressedCertificate};
pub use client_hello::ClientHello;
pub use deframer::{Deframer, HandshakeLimits, HandshakeMessage};
pub use dtls::{DtlsFragment, DtlsRecord, HelloVerifyRequest};
pub use dtls_deframer::DtlsDeframer;
pub use extension::{Extension, Extensions};
pub use key_exchange::{KeyExchange, KeyExchangeParameters, ServerKeyExchange, Signature};
pub use message::{Form, Message, Transport};
pub use record::{Opening, Record, RecordLimits, RecordReader, UnusualRecord, write_records};
pub use server_hello::{HELLO_RETRY_REQUEST_RANDOM, ServerHello};
pub use ssl2::{CipherSpec, Ssl2ClientHello, Ssl2Message, Ssl2ServerHello, read_ssl2_record, write_ssl2_record};
pub use ticket::{NewSessionTicket, TicketDetails};
pub use view::{EncryptedClientHello, KeyShare, Place, PreSharedKeys, StatusRequest, View};
