//! Transport Layer Security: what a server answers to one ClientHello, from SSL 2.0 to TLS 1.3, and a server that answers as it
//! is told.
//!
//! Start with [`Client`] and [`HelloSpec`]: [`Client::receive`] and [`Client::end_of_stream`] take what came,
//! [`Client::transmit`] gives what to send, until [`Client::is_done`]; [`Client::into_observation`] holds all that was
//! seen. The encrypted messages of TLS 1.3 are read where the group and the cipher are implemented. For the other end, start
//! with [`Server`]: it [asks](Server::asks) what to answer.

mod answer;
mod client;
mod hello;
mod observation;
mod offered;
mod protected;
mod recognise;
mod server;
mod start;
mod suite;
/// Both ends of a connection, read from outside.
pub mod watch;

pub use client::{Client, ClientConfig, FirstMessage, Limits, Until};
pub use hello::{HelloSpec, RenegotiationInfo};
pub use observation::{AlertSeen, Departure, End, Observation};
pub use offered::offered;
pub use recognise::{other_protocol, other_protocol_of_client};
pub use server::{
    Agreement, CertificateDemand, ClientOpening, Decision, Refusal, Server, ServerEnd, ServerObservation,
};
pub use start::StartSeen;
pub use suite::{SCSV_FALLBACK, SCSV_RENEGOTIATION, Suite, SuiteTable};
