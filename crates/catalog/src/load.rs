//! Reads data files into facts and checks them. Used by the build of the data and by the overlay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::facts::{Facts, Names, OfferRow, Side, SupportedRow};
use crate::text::DataFile;
use crate::{check, facts};

/// What is wrong with a data file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct DataError {
    /// The file as the caller named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, one sentence in lower case.
    pub message: String,
}

/// Everything that is wrong with a set of data files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DataErrors(pub Vec<DataError>);

impl fmt::Display for DataErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

/// A data file: its name for messages, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataText {
    /// The name for messages.
    pub name: String,
    /// The text, TOML.
    pub text: String,
}

/// Where a row stands, while it is being checked.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    file: &'a DataText,
    offset: usize,
}

impl Place<'_> {
    /// Whether the row was imported, not written by hand.
    fn is_imported(self) -> bool {
        self.file.name.contains("/imported/")
    }

    pub(crate) fn error(self, message: impl Into<String>) -> DataError {
        let before = self.file.text.as_bytes().get(..self.offset).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        DataError { file: self.file.name.clone(), line, message: message.into() }
    }
}

type OfferKey = (String, Side, String);

/// Reads the files on top of `base`: a row replaces the one with the same key.
pub(crate) fn load(base: Facts, files: &[DataText]) -> Result<Facts, DataErrors> {
    let mut reader = Reader { facts: base, errors: Vec::new(), offers: BTreeMap::new(), supported: BTreeMap::new() };
    let mut parsed = Vec::new();
    for file in files {
        match toml::from_str::<DataFile>(&file.text) {
            Ok(data) => parsed.push((file, data)),
            Err(error) => {
                let place = Place { file, offset: error.span().map_or(0, |span| span.start) };
                reader.errors.push(place.error(error.message().to_owned()));
            }
        }
    }
    // Products first: every other row names one.
    for (file, data) in &mut parsed {
        reader.products(file, data);
    }
    for (file, data) in parsed {
        reader.rows(file, data);
    }
    reader.follow_same_as();
    if reader.errors.is_empty() { Ok(reader.facts) } else { Err(DataErrors(reader.errors)) }
}

struct Reader<'a> {
    facts: Facts,
    errors: Vec<DataError>,
    offers: BTreeMap<OfferKey, (Place<'a>, OfferRow, Option<String>)>,
    supported: BTreeMap<OfferKey, (Place<'a>, SupportedRow, Option<String>)>,
}

impl<'a> Reader<'a> {
    fn products(&mut self, file: &'a DataText, data: &mut DataFile) {
        let mut seen = BTreeSet::new();
        for row in std::mem::take(&mut data.products) {
            let place = Place { file, offset: row.span().start };
            let (product, aliases) = row.into_inner().into_rows();
            self.errors.extend(check::product(place, &product, &aliases));
            if !seen.insert(product.id.clone()) {
                self.errors.push(place.error(format!("product `{}` stands here twice", product.id)));
            }
            self.facts.aliases.retain(|alias| alias.product != product.id);
            self.facts.aliases.extend(aliases);
            replace(&mut self.facts.products, product, |a, b| a.id == b.id);
        }
    }

    /// The product and role of a row: its own or those of its file.
    fn product(&mut self, place: Place<'_>, own: Option<&String>, file: Option<&String>) -> String {
        let Some(id) = own.or(file) else {
            self.errors.push(place.error("the row has no `product`, and neither has its file"));
            return String::new();
        };
        if !self.facts.products.iter().any(|product| product.id == *id) {
            self.errors.push(place.error(format!("product `{id}` is not in any `[[products]]` row")));
        }
        id.clone()
    }

    fn role(&mut self, place: Place<'_>, own: Option<Side>, file: Option<Side>, default: Option<Side>) -> Side {
        own.or(file).or(default).unwrap_or_else(|| {
            self.errors.push(place.error("the row has no `role`, and neither has its file"));
            Side::Client
        })
    }

    fn rows(&mut self, file: &'a DataText, data: DataFile) {
        let (product, role) = (data.product.as_ref(), data.role);
        for row in data.offer {
            let place = Place { file, offset: row.span().start };
            let mut row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let side = self.role(place, row.role, role, None);
            let same_as = row.same_as.take();
            let row = row.into_row(id, side);
            self.errors.extend(check::offer(place, &row));
            let key = (row.product.clone(), row.role, row.version.clone());
            let (row, same_as) = match self.offers.remove(&key) {
                None => (row, same_as),
                // What is written by hand adds to what was imported, and counts where both say something.
                Some((earlier, imported, its)) if earlier.is_imported() && !place.is_imported() => {
                    let mut row = row;
                    copy_offer(&mut row, &imported);
                    row.released = row.released.or(imported.released);
                    (row, same_as.or(its))
                }
                Some((_, earlier, _)) => {
                    self.errors.push(place.error(format!("version `{}` stands here twice", earlier.version)));
                    (row, same_as)
                }
            };
            self.offers.insert(key, (place, row, same_as));
        }
        for row in data.supported {
            let place = Place { file, offset: row.span().start };
            let mut row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let side = self.role(place, row.role, role, Some(Side::Both));
            let same_as = row.same_as.take();
            let row = row.into_row(id, side);
            self.errors.extend(check::supported(place, &row));
            let key = (row.product.clone(), row.role, row.version.clone());
            if let Some((_, row, _)) = self.supported.insert(key, (place, row, same_as)) {
                self.errors.push(place.error(format!("version `{}` stands here twice", row.version)));
            }
        }
        for row in data.behaviour {
            let place = Place { file, offset: row.span().start };
            let row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let side = self.role(place, row.role, role, Some(Side::Both));
            let row = row.into_row(id, side);
            self.errors.extend(check::behaviour(place, &row));
            self.facts.behaviours.push(row);
        }
        for row in data.build {
            let place = Place { file, offset: row.span().start };
            let row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let side = self.role(place, row.role, role, Some(Side::Both));
            let row = row.into_row(id, side);
            self.errors.extend(check::build(place, &row));
            replace(&mut self.facts.builds, row, |a, b| {
                (&a.product, a.role, &a.build, &a.version) == (&b.product, b.role, &b.build, &b.version)
            });
        }
        for row in data.crypto_policy {
            let place = Place { file, offset: row.span().start };
            let row = facts::CryptoPolicyRow::from(row.into_inner());
            self.errors.extend(check::crypto_policy(place, &row));
            replace(&mut self.facts.crypto_policies, row, |a, b| {
                (&a.policy, &a.backend, &a.row) == (&b.policy, &b.backend, &b.row)
            });
        }
        for row in data.banner {
            let place = Place { file, offset: row.span().start };
            let row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let row = row.into_row(id);
            self.errors.extend(check::banner(place, &row));
            replace(&mut self.facts.banners, row, |a, b| a.pattern == b.pattern);
        }
        for row in data.algorithm {
            let place = Place { file, offset: row.span().start };
            let row = facts::AlgorithmRow::from(row.into_inner());
            self.errors.extend(check::algorithm(place, &row));
            replace(&mut self.facts.algorithms, row, |a, b| (&a.kind, &a.name) == (&b.kind, &b.name));
        }
        for row in data.distribution {
            let place = Place { file, offset: row.span().start };
            let row = row.into_inner();
            let id = self.product(place, row.product.as_ref(), product);
            let row = row.into_row(id);
            self.errors.extend(check::distribution(place, &row));
            self.facts.distributions.push(row);
        }
        for row in data.policy {
            let place = Place { file, offset: row.span().start };
            let row = facts::PolicyRow::from(row.into_inner());
            self.errors.extend(check::policy(place, &row));
            replace(&mut self.facts.policies, row, |a, b| a.id == b.id);
        }
        for row in data.vendor_id {
            let place = Place { file, offset: row.span().start };
            let row = facts::VendorIdRow::from(row.into_inner());
            self.errors.extend(check::vendor_id(place, &row));
            replace(&mut self.facts.vendor_ids, row, |a, b| a.prefix == b.prefix);
        }
        for row in data.openssl_suite {
            let place = Place { file, offset: row.span().start };
            let row = facts::OpensslSuiteRow::from(row.into_inner());
            self.errors.extend(check::openssl_suite(place, &row));
            replace(&mut self.facts.openssl_suites, row, |a, b| a.name == b.name);
        }
    }

    /// Fills in the lists of rows that equal another version, and puts the rows among the facts.
    fn follow_same_as(&mut self) {
        for (key, (place, row, same_as)) in &self.offers {
            let mut row = row.clone();
            if let Some(version) = same_as {
                match source_row(key, version, &self.offers, &self.facts.offers, |row| {
                    (row.product.clone(), row.role, row.version.clone())
                }) {
                    Some(from) => copy_offer(&mut row, from),
                    None => self.errors.push(place.error(format!("`same_as`: there is no full row for `{version}`"))),
                }
            }
            replace(&mut self.facts.offers, row, |a, b| {
                (&a.product, a.role, &a.version) == (&b.product, b.role, &b.version)
            });
        }
        for (key, (place, row, same_as)) in &self.supported {
            let mut row = row.clone();
            if let Some(version) = same_as {
                match source_row(key, version, &self.supported, &self.facts.supported, |row| {
                    (row.product.clone(), row.role, row.version.clone())
                }) {
                    Some(from) => {
                        for (mine, theirs) in [
                            (&mut row.kex, &from.kex),
                            (&mut row.host_key, &from.host_key),
                            (&mut row.cipher, &from.cipher),
                            (&mut row.mac, &from.mac),
                            (&mut row.compression, &from.compression),
                        ] {
                            inherit(mine, theirs);
                        }
                    }
                    None => self.errors.push(place.error(format!("`same_as`: there is no full row for `{version}`"))),
                }
            }
            replace(&mut self.facts.supported, row, |a, b| {
                (&a.product, a.role, &a.version) == (&b.product, b.role, &b.version)
            });
        }
    }
}

/// The row that a `same_as` means: in these files, where it must be a full one, or below them.
fn source_row<'r, R>(
    key: &OfferKey,
    version: &str,
    here: &'r BTreeMap<OfferKey, (Place<'_>, R, Option<String>)>,
    below: &'r [R],
    key_of: impl Fn(&R) -> OfferKey,
) -> Option<&'r R> {
    let wanted = (key.0.clone(), key.1, version.to_owned());
    match here.get(&wanted) {
        Some((_, row, None)) => Some(row),
        Some(_) => None,
        None => below.iter().find(|row| key_of(row) == wanted),
    }
}

fn inherit(mine: &mut Names, theirs: &Names) {
    if mine.is_none() {
        mine.clone_from(theirs);
    }
}

fn copy_offer(row: &mut OfferRow, from: &OfferRow) {
    for (mine, theirs) in [
        (&mut row.kex, &from.kex),
        (&mut row.markers, &from.markers),
        (&mut row.host_key, &from.host_key),
        (&mut row.cipher, &from.cipher),
        (&mut row.mac, &from.mac),
        (&mut row.compression, &from.compression),
        (&mut row.compression_s2c, &from.compression_s2c),
        (&mut row.public_key_auth, &from.public_key_auth),
        (&mut row.tls.versions, &from.tls.versions),
        (&mut row.tls.cipher_suites, &from.tls.cipher_suites),
        (&mut row.tls.groups, &from.tls.groups),
        (&mut row.tls.key_shares, &from.tls.key_shares),
        (&mut row.tls.signature_schemes, &from.tls.signature_schemes),
    ] {
        inherit(mine, theirs);
    }
    let (tls, theirs) = (&mut row.tls, &from.tls);
    tls.min_dh_bits = tls.min_dh_bits.or(theirs.min_dh_bits);
    tls.security_level = tls.security_level.or(theirs.security_level);
    tls.sends_server_name = tls.sends_server_name.or(theirs.sends_server_name);
    for (mine, theirs) in [
        (&mut tls.library, &theirs.library),
        (&mut tls.cipher_string, &theirs.cipher_string),
        (&mut tls.ciphersuites_string, &theirs.ciphersuites_string),
        (&mut tls.groups_string, &theirs.groups_string),
        (&mut tls.legacy_renegotiation, &theirs.legacy_renegotiation),
    ] {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
    row.min_rsa_bits = row.min_rsa_bits.or(from.min_rsa_bits);
    row.gex_minimum = row.gex_minimum.or(from.gex_minimum);
    if row.notes.is_none() {
        row.notes.clone_from(&from.notes);
    }
}

fn replace<T>(rows: &mut Vec<T>, row: T, same: impl Fn(&T, &T) -> bool) {
    match rows.iter_mut().find(|old| same(old, &row)) {
        Some(old) => *old = row,
        None => rows.push(row),
    }
}
