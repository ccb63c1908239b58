//! What handshakes of TLS 1.0 to 1.3 compute up to the application's bytes, of both ends: key exchanges, keys, the
//! protection of records, a server's signatures (RFC 8446 sections 5.2 and 7; RFC 5246 sections 5 to 8).
//!
//! Start at [`KeyShareSecret`] and [`HandshakeKeys`] for TLS 1.3, at [`LegacyKeys`] below it, at [`ServerKey`] for a server.

mod aead;
mod ffdhe;
mod legacy;
mod premaster;
mod prf;
mod protection;
mod schedule;
mod server_share;
mod share;
mod signing;
pub(crate) mod x448;

pub use legacy::{LegacyCipher, LegacyKeys, LegacyRecords};
pub use premaster::{EncryptedPremaster, encrypt_premaster};
pub use prf::Prf;
pub use protection::{Opener, Protection, Sealer};
pub use schedule::HandshakeKeys;
pub use server_share::{CurveKey, DhKey, ShareAnswer, answer_share, answers_group};
pub use share::{KeyShareSecret, groups};
pub use signing::{KeyKind, ServerKey};
