//! What programs print when a secure connection fails, and the matcher that reads it out of any text.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod envelope;
mod normalise;

pub use envelope::Envelope;
pub use normalise::Clean;
