//! Key exchanges, hashes and host key signatures.
//!
//! Modern primitives come from `aws-lc-rs`. It has no finite-field Diffie-Hellman and no RSA below 1024 bits, which old
//! peers still need: those are computed here over `crypto-bigint`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod base64;
mod blob;
mod ccm;
mod der;
mod dh_group;
mod error;
mod hash;
mod hex;
pub mod host_key;
pub mod ike;
pub mod kex;
mod modular;
mod protected_key;
mod rsa;
pub mod signature;
pub mod ssh;
pub mod tls;

pub use base64::decode as decode_base64;
pub use dh_group::{DhGroup, dh_group};
pub use error::CryptoError;
pub use hash::Hash;
pub use host_key::PrivateHostKey;
pub use kex::SharedSecret;
pub use protected_key::{UnlockError, unlock_key};

/// Fills `bytes` from the operating system's random source.
///
/// # Errors
/// [`CryptoError::Random`] where the source fails.
pub fn random(bytes: &mut [u8]) -> Result<(), CryptoError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| CryptoError::Random)
}
