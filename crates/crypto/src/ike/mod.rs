//! IKEv2: key exchanges, the keys of an IKE SA, encrypted payloads, and how an end proves itself (RFC 7296 sections 2.13 to
//! 2.18 and 3.14). IKEv1 has its own in [`version1`].

mod block_mac;
mod brainpool;
mod exchange;
mod keys;
mod prf;
mod protection;
mod signature;
pub mod version1;

pub use exchange::{KeyPair, public_value};
pub use keys::{IkeKeys, Seed};
pub(crate) use prf::hmac;
pub use prf::{MAX_PRF_PLUS, Prf};
pub use protection::{Cipher, Integrity, Protector, Suite};
pub(crate) use signature::ecdsa_der;
pub use signature::{AlgorithmIdentifier, Signature, SigningKey, auth_method};
