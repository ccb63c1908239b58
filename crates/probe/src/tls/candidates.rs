use std::sync::Arc;

use shakedown_handshake::tls::{Suite, SuiteTable};
use shakedown_model::Name;
use shakedown_model::tls::{Authentication, KeyExchange};

/// A number with IANA's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The number.
    pub number: u16,
    /// The name.
    pub name: String,
}

/// All that a server may be asked for.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// Cipher suites without signalling values.
    pub suites: Vec<Suite>,
    /// Groups.
    pub groups: Vec<Numbered>,
    /// Signature schemes.
    pub schemes: Vec<Numbered>,
    table: Arc<SuiteTable>,
}

impl Candidates {
    /// From numbers and IANA's names. Signalling suites are left out.
    pub fn new(
        suites: impl IntoIterator<Item = (u16, String)>,
        groups: impl IntoIterator<Item = (u16, String)>,
        schemes: impl IntoIterator<Item = (u16, String)>,
    ) -> Self {
        let suites: Vec<Suite> = suites.into_iter().filter_map(|(number, name)| Suite::new(number, &name)).collect();
        let numbered = |(number, name)| Numbered { number, name };
        Self {
            table: Arc::new(suites.iter().cloned().collect()),
            suites,
            groups: groups.into_iter().map(numbered).collect(),
            schemes: schemes.into_iter().map(numbered).collect(),
        }
    }

    /// The suites by number.
    pub fn table(&self) -> Arc<SuiteTable> {
        Arc::clone(&self.table)
    }

    /// The name of a suite; its number in hexadecimal where it is not known.
    pub fn suite_name(&self, number: u16) -> Name {
        self.table.get(number).map_or_else(|| unnamed(number), |suite| Name::new(&suite.name))
    }

    /// The name of a group.
    pub fn group_name(&self, number: u16) -> Name {
        named(&self.groups, number)
    }

    /// The name of a signature scheme.
    pub fn scheme_name(&self, number: u16) -> Name {
        named(&self.schemes, number)
    }

    /// The numbers of names; those that are not known are left out.
    pub fn suite_numbers(&self, names: &[Name]) -> Vec<u16> {
        let number = |name: &Name| self.suites.iter().find(|suite| *name == *suite.name).map(|suite| suite.number);
        names.iter().filter_map(number).collect()
    }

    /// The numbers of groups.
    pub fn group_numbers(&self, names: &[Name]) -> Vec<u16> {
        numbers(&self.groups, names)
    }

    /// The numbers of signature schemes.
    pub fn scheme_numbers(&self, names: &[Name]) -> Vec<u16> {
        numbers(&self.schemes, names)
    }
}

fn numbers(list: &[Numbered], names: &[Name]) -> Vec<u16> {
    let number = |name: &Name| list.iter().find(|entry| *name == *entry.name).map(|entry| entry.number);
    names.iter().filter_map(number).collect()
}

fn named(list: &[Numbered], number: u16) -> Name {
    let known = list.iter().find(|entry| entry.number == number);
    known.map_or_else(|| unnamed(number), |entry| Name::new(&entry.name))
}

fn unnamed(number: u16) -> Name {
    Name::new(&format!("{number:#06x}"))
}

/// Which certificate a suite needs: servers choose the certificate first, so that suites of different classes are never
/// asked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    /// RSA, signing or decrypting.
    Rsa,
    /// ECDSA and EdDSA.
    Ecdsa,
    /// All others: DSA, none, pre-shared keys, GOST.
    Other,
}

pub(crate) fn class(suite: &Suite) -> Class {
    match (suite.authentication, suite.key_exchange) {
        (Authentication::Rsa, KeyExchange::Rsa | KeyExchange::Ecdhe | KeyExchange::Dhe) => Class::Rsa,
        (Authentication::Ecdsa, KeyExchange::Ecdhe) => Class::Ecdsa,
        _ => Class::Other,
    }
}
