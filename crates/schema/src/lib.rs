//! The published JSON documents, version 1, made from [`shakedown_model::Report`] and read back as parties.
//!
//! The shapes are a contract: keys are only ever added, and readers ignore keys that they do not know.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod address;
mod generate;
mod place;
mod read;
mod sentence;
pub mod v1;

pub use address::{address_text, placeholder_address, placeholder_number};
pub use generate::{FILE, generate, json_schema};
pub use place::{Lines, Place};
pub use read::{OfferError, party_from_json};
pub use sentence::sentence;
