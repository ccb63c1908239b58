//! The protocols' own negotiation rules: two parties in, an [`Outcome`](shakedown_model::Outcome) out.
//!
//! Nothing here opens a socket, a file or a clock, and nothing here knows why a party offers what it offers.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod ike;
mod pair;
pub mod ssh;
pub mod tls;

pub use pair::{meetings, negotiate, risks};
