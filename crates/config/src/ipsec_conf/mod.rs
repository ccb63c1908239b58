//! `ipsec.conf` of strongSwan (starter and stroke) and of libreswan, with the `ipsec.secrets` beside it.

mod defaults;
pub(crate) mod edit;
mod party;
mod proposals;
mod read;
mod secrets;

pub use party::parties;
pub use read::{Connection, Reading, read};
pub(crate) use secrets::each_key;

use std::cmp::Ordering;

use shakedown_catalog::Scheme;

/// Whose file it is: they write the same sections, and mean different things by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// strongSwan's starter, which hands the file to charon.
    StrongSwan,
    /// libreswan's pluto.
    Libreswan,
}

impl Daemon {
    /// The id in the catalog and in command lines.
    pub fn product(self) -> &'static str {
        match self {
            Self::StrongSwan => "strongswan",
            Self::Libreswan => "libreswan",
        }
    }
}

/// Whether a file is an `ipsec.conf`, by what its lines begin with.
pub fn is_ipsec_conf(text: &[u8]) -> bool {
    let begins = |line: &[u8], word: &str| {
        line.strip_prefix(word.as_bytes()).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
    };
    let mut lines = text.split(|&byte| byte == b'\n');
    lines.any(|line| begins(line, "conn") || begins(line, "config"))
}

/// Whether a version is at least another one; one that is not known is the newest.
fn at_least(version: &str, least: &str) -> bool {
    version.is_empty() || Scheme::Numeric.compare(version, least).is_some_and(Ordering::is_ge)
}
