//! Certificates, chains, names and trust stores: every path from a certificate to a trust anchor, and why each link
//! holds or fails.
//!
//! Start at [`Certificate`] for what one certificate says, [`paths()`] for the ways up, [`Paths::verdict`] for what a
//! client with some [`Rules`] makes of them, and [`match_name`] for the name.
//!
//! Pure: no sockets, files or clocks; the time is an argument. What is wrong with a certificate is a fact with its
//! byte offset, never an error of this program.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod anchors;
mod certificate;
mod constraints;
mod der;
mod describe;
mod distinguished_name;
mod extensions;
mod facts;
mod fault;
mod file;
mod findings;
#[doc(hidden)]
pub mod fuzzing;
mod general_name;
mod key;
mod names;
mod oid;
mod paths;
mod pem;
mod revocation;
mod revocation_list;
mod rules;
mod signature;
mod staple;
mod time;

pub use anchors::{Anchor, Anchors};
pub use certificate::{Certificate, Limits, Validity};
pub use der::{DerError, DerErrorKind};
pub use describe::describe;
pub use distinguished_name::{Attribute, DistinguishedName};
pub use extensions::{BasicConstraints, Extension, Extensions, KeyUsage, NameConstraints};
pub use fault::{Fault, Purpose};
pub use file::{ChainFinding, ChainProblem, KeyFit, chain_order, key_fits};
pub use findings::{Shown, findings, revocation_status};
pub use general_name::GeneralName;
pub use key::{Curve, KeyKind, PublicKey};
pub use names::{NameMatch, NameMismatch, Wanted, common_name_matches, match_name};
pub use oid::Oid;
pub use paths::{Bounds, Builder, Link, Node, Path, Paths, Refusal, Search, Verdict, paths};
pub use pem::{Block, PemProblem, ReadCertificate, certificates};
pub use revocation::{GivenList, ListStatus, RevocationLists, RevocationStatus, untimely};
pub use revocation_list::{Revocation, RevocationList, Scope, revocation_lists};
pub use rules::{Position, Rules, Verifier};
pub use signature::{Digest, SignatureAlgorithm, SignatureCheck, SignatureKind, verify, verify_bare};
pub use staple::{OcspAnswer, OcspResponse, OcspState};
