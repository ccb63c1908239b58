//! Outbound connections that find out what a peer offers.
//!
//! Start at [`ssh()`]: it resolves the name, tries every address, and brings a party for each that answered and the
//! evidence of all that was seen. Dropping the future ends everything that it began. Operating system calls are in
//! `sys.rs` alone.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod address;
mod budget;
mod command;
mod compare;
pub mod ike;
mod options;
mod party;
mod resolve;
mod session;
mod ssh;
mod starttls;
mod stream;
mod sys;
pub mod tls;
mod together;

pub use options::{Family, HostKeys, Options, Probed, Progress, ProgressFunction, Route, SshTarget, Want};
pub use ssh::ssh;
pub use together::all;
