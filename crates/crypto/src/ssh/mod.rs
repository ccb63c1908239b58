//! What protects the packets of SSH once keys are in use: RFC 4253 sections 6 and 7.2, and the ciphers and MACs of later
//! specifications.

mod protection;
pub(crate) mod stream;
mod umac;

pub use protection::{KeySource, LARGEST_PACKET, Opener, Protection, Sealer};
