//! `explain` on what real programs print: failing connections are made on loopback while the tests run, and the output of
//! each end must be explained. Nothing here is a recorded text, so a new version of a program is tested as it is.
//!
//! `SHAKEDOWN_TRANSCRIPTS=DIR` keeps every output there, to read what failed.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

#[path = "transcripts/both_ends.rs"]
mod both_ends;
#[path = "transcripts/harness.rs"]
mod harness;
#[path = "transcripts/ike.rs"]
mod ike;
#[path = "transcripts/ssh.rs"]
mod ssh;
#[path = "transcripts/ssh_configuration.rs"]
mod ssh_configuration;
#[path = "transcripts/ssh_hops.rs"]
mod ssh_hops;
#[path = "transcripts/ssh_network.rs"]
mod ssh_network;
#[path = "transcripts/ssh_slots.rs"]
mod ssh_slots;
#[path = "transcripts/ssh_trust.rs"]
mod ssh_trust;
#[path = "transcripts/tls.rs"]
mod tls;
#[path = "transcripts/tls_certificates.rs"]
mod tls_certificates;
#[path = "transcripts/tls_handshakes.rs"]
mod tls_handshakes;
#[path = "transcripts/tls_libraries.rs"]
mod tls_libraries;
