//! IKEv2: key exchanges, the keys of an IKE SA, encrypted payloads, and how an end proves itself (RFC 7296 sections 2.13 to
//! 2.18 and 3.14).

mod exchange;
mod keys;
mod prf;
mod protection;
mod signature;

pub use exchange::{KeyPair, public_value};
pub use keys::{IkeKeys, Seed};
pub use prf::{MAX_PRF_PLUS, Prf};
pub use protection::{Cipher, Integrity, Protector, Suite};
pub use signature::{AlgorithmIdentifier, Signature, SigningKey, auth_method};
