//! TLS: version, cipher suite, group, certificate and signature scheme, in the order in which a server decides them
//! (RFC 5246 section 7.4, RFC 8446 sections 4.1 to 4.4), and where stacks depart from one another.
//!
//! Whom a client trusts is not judged here.

mod by_client;
mod certificate;
mod ends;
mod group;
mod outcome;
mod risks;
mod scheme;
mod suite;
mod version;

pub use outcome::negotiate;
pub use risks::risks;
