//! OpenSSL's own languages and rules: cipher strings, lists of groups and of signature algorithms, security levels, and
//! what a context makes of them.
//!
//! [`Context`] takes settings one after the other as the functions of the library do, so that a later one replaces an
//! earlier one, and gives the party that results.

mod ciphers;
mod context;
mod groups;
mod level;
mod schemes;

pub use ciphers::{CipherStringError, Ciphers};
pub use context::{Context, ContextError};
pub use groups::{GroupError, GroupList};
pub use level::Level;
pub use schemes::{SchemeError, scheme_word};

use std::cmp::Ordering;

use crate::Catalog;
use crate::blob::Section;
use crate::facts::OpensslSuiteRow;
use crate::version::Scheme;

/// One version of OpenSSL as this program knows its tables.
#[derive(Clone, Debug)]
pub struct Openssl {
    pub(crate) version: String,
    /// Whose build it is.
    pub(crate) build: Option<String>,
    suites: Vec<OpensslSuiteRow>,
}

impl Openssl {
    /// Whether the version is at least this one.
    pub(crate) fn at_least(&self, version: &str) -> bool {
        Scheme::Numeric.compare(&self.version, version).is_some_and(Ordering::is_ge)
    }

    /// Whether the tables of this version are known: those of 1.1.0 and later are.
    pub fn is_known(&self) -> bool {
        self.at_least("1.1.0")
    }

    /// Whether it has TLS 1.3.
    pub(crate) fn has_tls13(&self) -> bool {
        self.at_least("1.1.1")
    }

    /// The suites that are built in by default, in the order of their numbers.
    pub(crate) fn suites(&self) -> &[OpensslSuiteRow] {
        &self.suites
    }

    /// IANA's name of a suite by OpenSSL's.
    pub fn suite(&self, name: &str) -> Option<&str> {
        self.suites.iter().find(|row| row.name == name).map(|row| row.suite.as_str())
    }
}

impl Catalog {
    /// The tables of a version of OpenSSL.
    pub fn openssl(&self, version: &str) -> Openssl {
        let mut suites: Vec<OpensslSuiteRow> = self.blob().all();
        let openssl = Openssl { version: version.to_owned(), build: None, suites: Vec::new() };
        // ARIA and TLS 1.3 came with 1.1.1.
        suites.retain(|row| openssl.has_tls13() || !(row.lowest_version == "TLSv1.3" || row.suite.contains("ARIA")));
        // A tag of 8 bytes counts as 64 bits since 3.2.
        if openssl.at_least("3.2.0") {
            suites.iter_mut().filter(|row| row.suite.ends_with("_CCM_8")).for_each(|row| row.strength = 64);
        }
        Openssl { suites, ..openssl }
    }

    /// OpenSSL's name of a cipher suite.
    pub fn openssl_suite_name(&self, suite: &str) -> Option<String> {
        let blob = self.blob();
        let rows = 0..blob.rows(Section::OpensslSuites);
        rows.map(|row| blob.row::<OpensslSuiteRow>(row)).find(|row| row.suite == suite).map(|row| row.name)
    }
}
