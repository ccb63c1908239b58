//! Codecs without input or output: bytes in, values out, and back.
//!
//! Everything here parses what a peer sent and writes what a peer should receive, deliberately unusual packets
//! included. No input makes it panic; an error names the byte offset and the field.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod ike;
mod reader;
pub mod ssh;
pub mod tls;
mod writer;

pub use error::{FieldPath, WireError, WireErrorKind};
pub use reader::Reader;
pub use writer::Writer;
