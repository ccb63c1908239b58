//! Servers that record or act as some software.
//!
//! [`record::Recorder`] records what clients of SSH, TLS and IKE offer, any number of them; [`ssh::Listener`] acts as an
//! SSH server through the key exchange, [`tls::TlsServer`] as one of TLS; [`relay::Relay`] passes connections on and reads
//! both ends' offers on the way; [`tls::HelloRecorder`] takes the hello of a program that was started for it.
//! Nothing outside loopback is listened on unless the address says so, and every connection is bounded in time and bytes.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod fingerprint;
pub mod ike;
pub mod ike_server;
pub mod record;
pub mod relay;
pub mod ssh;
mod starttls;
mod stream;
pub mod tls;

pub use starttls::Served;
