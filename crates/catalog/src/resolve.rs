use std::cmp::Ordering;

use shakedown_model::{Role, Software};

use crate::Catalog;
use crate::blob::Section;
use crate::error::CatalogError;
use crate::facts::{DistributionRow, OfferRow, Product};
use crate::version::Scheme;

/// Which row stands for a software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The product's id.
    pub product: String,
    /// The version of the row.
    pub version: String,
    /// The build asked for.
    pub build: Option<String>,
    /// Whether the row is that of the version asked for.
    pub exact: bool,
    /// The day the row's version was released, where known.
    pub released: Option<String>,
    /// Where the row was read.
    pub source: String,
    /// What a reader has to know: each one sentence in lower case.
    pub notes: Vec<String>,
}

/// Most versions that an error lists.
const LISTED: usize = 12;

impl Catalog {
    /// Which row stands for a software in a role.
    ///
    /// # Errors
    /// The product is not known or not in this role, or no row is near enough to the version.
    pub fn resolve(&self, software: &Software, role: Role) -> Result<Resolved, CatalogError> {
        self.find(software, role).map(|(_, _, resolved)| resolved)
    }

    /// The product, the row and what is to be said of it.
    pub(crate) fn find(&self, software: &Software, role: Role) -> Result<(Product, OfferRow, Resolved), CatalogError> {
        let product = self.product(software.product(), software.version())?;
        let (row, exact, mut notes) = self.nearest(&product, role, software.version())?;
        let row: OfferRow = self.blob().row(row);
        if let Some(build) = software.build() {
            notes.extend(self.build_note(&product, build, &row.version));
        }
        notes.extend(row.notes.clone());
        if row.observed {
            let seen = row.seen.as_ref().map_or(String::new(), |seen| format!(" in {seen}"));
            notes.push(format!("the lists were observed on a device or service{seen}, not read in its source"));
        }
        let resolved = Resolved {
            product: product.id.clone(),
            version: row.version.clone(),
            build: software.build().map(str::to_owned),
            exact,
            released: row.released.clone(),
            source: row.source.clone(),
            notes,
        };
        Ok((product, row, resolved))
    }

    /// The place of the row for a version, whether it is exactly that version, and what to say if not.
    fn nearest(&self, product: &Product, role: Role, wanted: &str) -> Result<(u32, bool, Vec<String>), CatalogError> {
        let blob = self.blob();
        let rows = self.offer_rows(&product.id, role);
        let version = |row: u32| blob.string(blob.cell(Section::Offers, row, crate::encode::offer_column::VERSION));
        let (Some(first), Some(last)) = (rows.clone().next(), rows.clone().next_back()) else {
            return Err(CatalogError::NoRole { product: product.id.clone(), role });
        };
        let label = |row: u32| blob.row::<OfferRow>(row).label;
        if let Some(row) = rows.clone().find(|&row| version(row).eq_ignore_ascii_case(wanted)) {
            return Ok((row, true, Vec::new()));
        }
        let known = || rows.clone().rev().take(LISTED).map(|row| version(row).to_owned()).collect();
        let unknown =
            || CatalogError::UnknownVersion { product: product.id.clone(), version: wanted.to_owned(), known: known() };
        if !product.scheme.is_ordered() {
            if let Some(row) = rows.clone().find(|&row| label(row).as_deref() == Some(wanted)) {
                return Ok((row, true, Vec::new()));
            }
            return Err(unknown());
        }
        if !wanted.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(unknown());
        }
        let order = |row: u32| product.scheme.compare(version(row), wanted).unwrap_or(Ordering::Equal);
        if let Some(row) = rows.clone().find(|&row| order(row).is_eq()) {
            return Ok((row, true, Vec::new()));
        }
        if let Some(row) = rows.clone().rev().find(|&row| is_part_of(wanted, version(row))) {
            // OpenBSD's 9.2 and its portable 9.2p1 offer the same.
            let exact = product.scheme == Scheme::Openssh;
            let note = format!("`{wanted}` is read as {}, the newest of that series", version(row));
            return Ok((row, exact, if exact { Vec::new() } else { vec![note] }));
        }
        if let Some(row) = rows.clone().rev().find(|&row| order(row).is_lt()) {
            let note = if row == last {
                format!("{} {wanted} is newer than the catalog: read as {}", product.label, version(row))
            } else {
                format!(
                    "{} {wanted} is not in the catalog: read as {}, the next older one",
                    product.label,
                    version(row)
                )
            };
            return Ok((row, false, vec![note]));
        }
        Err(CatalogError::TooOld {
            product: product.id.clone(),
            version: wanted.to_owned(),
            oldest: version(first).to_owned(),
        })
    }

    /// What to say of a build that the catalog does not know, or that ships another version.
    fn build_note(&self, product: &Product, build: &str, version: &str) -> Option<String> {
        let blob = self.blob();
        let shipped: Vec<DistributionRow> = blob
            .named(Section::Distributions, &product.id)
            .map(|row| blob.row::<DistributionRow>(row))
            .filter(|row| row.build.as_deref() == Some(build))
            .collect();
        let fits = |row: &DistributionRow| {
            product.scheme.compare(&row.version, version) == Some(Ordering::Equal) || is_part_of(&row.version, version)
        };
        match shipped.first() {
            None if build == "full" || self.has_build_row(&product.id, build) => None,
            None => Some(format!("nothing is known of the build `{build}` of {}: read as released", product.label)),
            Some(_) if shipped.iter().any(fits) => None,
            Some(row) => Some(format!("{} {} ships {} {}", row.distribution, row.release, product.label, row.version)),
        }
    }
}

/// Whether `part` is the beginning of a version, up to a border between its parts: `9.2` of `9.2p1`, not of `9.20`.
fn is_part_of(part: &str, version: &str) -> bool {
    let Some(rest) = version.strip_prefix(part) else { return false };
    let (Some(last), Some(next)) = (part.chars().next_back(), rest.chars().next()) else { return false };
    let both = |is: fn(&char) -> bool| is(&last) && is(&next);
    !both(char::is_ascii_digit) && !both(char::is_ascii_alphabetic)
}
