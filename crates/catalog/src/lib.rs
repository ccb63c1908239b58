//! Look-ups over facts about software, algorithms and policies.
//!
//! A [`Catalog`] is opened from one blob without parsing it; a look-up is a binary search. The facts themselves are in
//! `shakedown-catalog-data`, whose build uses [`compile`]; a folder of files of the same shapes can be laid over them at
//! run time ([`Catalog::overlay`]).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod algorithm;
mod blob;
mod catalog;
mod check;
mod encode;
mod error;
mod facts;
mod history;
mod identify;
mod ike;
mod layer;
mod load;
pub mod openssl;
mod resolve;
mod rule;
mod ssh;
mod text;
mod tls;
mod version;

pub use algorithm::{Algorithm, Rating, Reason};
pub use blob::BlobError;
pub use catalog::{Catalog, Distribution, compile};
pub use error::CatalogError;
pub use facts::{OfferRow, Product, ProductProtocol, Side, TlsOfferRow};
pub use history::{History, VersionDate, VersionOffering};
pub use ike::{IkeTransform, KeywordError};
pub use load::{DataError, DataErrors};
pub use resolve::Resolved;
pub use version::Scheme;
