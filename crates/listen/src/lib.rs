//! Servers that record or act as some software.
//!
//! Start at [`ssh::Listener`]; [`tls::HelloRecorder`] takes the hellos of TLS clients. Nothing outside loopback is listened
//! on unless the address says so, and every connection is bounded in time and bytes.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod ssh;
pub mod tls;
