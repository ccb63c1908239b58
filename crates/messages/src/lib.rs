//! What programs print when a secure connection fails, and the matcher that reads it out of any text.
//!
//! The data stand in `data/`, one file a product. [`Reader`] takes a text block by block and gives [`Attempt`]s: what
//! belongs together, what it says, and both ends' offers where the text has them. What that means is left to the crate
//! `diagnose`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod attempt;
mod classes;
#[allow(dead_code, reason = "a module of the build script, which writes")]
mod codec;
#[allow(unreachable_pub, reason = "a module of the build script too")]
mod data;
mod envelope;
mod event;
#[doc(hidden)]
pub mod fuzzing;
mod hit;
mod kept;
mod lanes;
#[allow(dead_code, reason = "a module of the build script, which makes them")]
mod literals;
mod messages;
mod nearest;
mod needs;
mod normalise;
mod open;
#[allow(dead_code, unreachable_pub, reason = "a module of the build script, which makes them")]
mod ordinary;
mod peers;
mod quick;
mod reader;
mod role;
mod rough;
mod said;
mod scan;
mod settle;
mod sides;
mod when;

pub use attempt::{Attempt, OfferedList, Piece, Place};
pub use data::{DataError, Entry, Points, Value};
pub use envelope::Envelope;
pub use messages::Messages;
pub use normalise::Clean;
pub use peers::KnownPeer;
pub use reader::Reader;
