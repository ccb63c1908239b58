//! What a TLS 1.3 handshake computes up to the application's first byte: key shares, the key schedule and the
//! protection of records (RFC 8446 sections 5.2 and 7).
//!
//! Start at [`KeyShareSecret`] and [`HandshakeKeys`].

mod protection;
mod schedule;
mod share;

pub use protection::{Opener, Protection, Sealer};
pub use schedule::HandshakeKeys;
pub use share::{KeyShareSecret, groups};
