//! What programs print when a secure connection fails, and the matcher that reads it out of any text.
//!
//! The data stand in `data/`, one file a product. [`Reader`] takes a text block by block and gives [`Attempt`]s: what
//! belongs together, what it says, and both ends' offers where the text has them. What that means is left to the crate
//! `diagnose`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod attempt;
mod codec;
mod data;
mod envelope;
mod hit;
mod messages;
mod normalise;
mod reader;
mod settle;

pub use attempt::{Attempt, OfferedList, Place};
pub use data::{DataError, Entry, Points, Value};
pub use envelope::Envelope;
pub use messages::Messages;
pub use normalise::Clean;
pub use reader::Reader;
