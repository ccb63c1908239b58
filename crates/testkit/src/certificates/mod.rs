//! Certificates of every kind, broken ones above all, written byte by byte: no library makes what tests need. Never
//! published, and trusted by nobody.

mod der;
mod key;
mod spec;

pub use der::{bit_string, boolean, context, integer, octet_string, oid, pem, printable, sequence, set, tlv, utf8};
pub use key::{CertificateKey, SignatureDigest};
pub use spec::{Authority, CertificateSpec, Damage, TestName, key_usage, purpose};
