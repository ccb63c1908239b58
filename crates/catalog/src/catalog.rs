use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Mutex, OnceLock};

use shakedown_model::Role;

use crate::algorithm::Algorithm;
use crate::blob::{Blob, NONE, Section};
use crate::encode::{decode, encode, offer_column};
use crate::error::{CatalogError, close};
use crate::facts::{AlgorithmRow, DistributionRow, Facts, OfferRow, Product, Side};
use crate::load::{DataErrors, DataText, load};
use crate::version::Scheme;

/// Facts about software, algorithms and policies.
pub struct Catalog {
    bytes: Cow<'static, [u8]>,
    date: OnceLock<String>,
    /// One for each row, decoded when it is asked for.
    algorithms: OnceLock<Vec<OnceLock<Box<Algorithm>>>>,
    /// Where each transform of IKE stands among the algorithms, by its names.
    transforms: OnceLock<crate::ike::Transforms>,
    /// What was made of the rows already.
    pub(crate) ssh_policies: crate::ssh::Policies,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Which version of a product a distribution's release ships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// The distribution, such as `Debian`.
    pub distribution: String,
    /// The release, such as `12`.
    pub release: String,
    /// The build's name after the slash, such as `debian-12`, where it has one.
    pub build: Option<String>,
    /// The product's version in it.
    pub version: String,
    /// The package's version, where known.
    pub package: Option<String>,
    /// Where that was read.
    pub source: String,
}

/// Turns data files, each a name for messages and a text, into a blob.
///
/// # Errors
/// Every row that is wrong, with file and line.
pub fn compile(files: impl IntoIterator<Item = (String, String)>) -> Result<Vec<u8>, DataErrors> {
    Ok(encode(load(Facts::default(), &texts(files))?))
}

fn texts(files: impl IntoIterator<Item = (String, String)>) -> Vec<DataText> {
    files.into_iter().map(|(name, text)| DataText { name, text }).collect()
}

impl Catalog {
    /// Opens a blob. Only its header is read.
    ///
    /// # Errors
    /// The bytes are not a blob of this program's format.
    pub fn from_blob(bytes: &'static [u8]) -> Result<Self, CatalogError> {
        Self::open(Cow::Borrowed(bytes))
    }

    fn open(bytes: Cow<'static, [u8]>) -> Result<Self, CatalogError> {
        Blob::open(&bytes)?;
        let (date, algorithms, transforms) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { bytes, date, algorithms, transforms, ssh_policies: Mutex::default() })
    }

    /// Lays data files over this catalog, each a name for messages and a text. A row replaces the one with the same key:
    /// product, role and version of an offer, kind and name of an algorithm.
    ///
    /// # Errors
    /// Every row that is wrong, with file and line; the catalog is then as it was.
    pub fn overlay(&mut self, files: impl IntoIterator<Item = (String, String)>) -> Result<(), CatalogError> {
        let facts = load(decode(&self.blob()), &texts(files))?;
        *self = Self::open(Cow::Owned(encode(facts)))?;
        Ok(())
    }

    pub(crate) fn blob(&self) -> Blob<'_> {
        // `open` has checked the same bytes.
        Blob::open(&self.bytes).unwrap_or_else(|_| Blob::empty())
    }

    pub(crate) fn transforms(&self) -> &crate::ike::Transforms {
        self.transforms.get_or_init(|| crate::ike::Transforms::of(self))
    }

    /// The algorithm of a row.
    pub(crate) fn algorithm_at(&self, row: u32) -> Option<&Algorithm> {
        let rows = || (0..self.blob().rows(Section::Algorithms)).map(|_| OnceLock::new()).collect();
        let cell = self.algorithms.get_or_init(rows).get(row as usize)?;
        Some(cell.get_or_init(|| Box::new(Algorithm::from(self.blob().row::<AlgorithmRow>(row)))))
    }

    /// The day of the newest fact in it, `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        self.date.get_or_init(|| {
            let blob = self.blob();
            (0..blob.rows(Section::Offers))
                .map(|row| blob.cell(Section::Offers, row, offer_column::RELEASED))
                .filter(|&day| day != NONE)
                // Strings are numbered in their order.
                .max()
                .map_or_else(String::new, |day| blob.string(day).to_owned())
        })
    }

    /// The products, by id.
    pub fn products(&self) -> impl Iterator<Item = Product> {
        self.blob().all::<Product>().into_iter()
    }

    /// What people call the product of an id.
    pub fn label(&self, product: &str) -> Option<String> {
        let blob = self.blob();
        let row = blob.named(Section::Products, product).next()?;
        Some(blob.row::<Product>(row).label)
    }

    /// The id of the product that a person means by a name and a version: `jsch` is `jsch-jcraft` up to 0.1.55.
    pub fn product_id(&self, name: &str, version: &str) -> Option<&str> {
        let blob = self.blob();
        // Underscores cannot be typed as part of a product; some sources write them.
        let name = name.to_ascii_lowercase().replace('_', "-");
        if let Some(row) = blob.named(Section::Products, &name).next() {
            return Some(blob.string(blob.cell(Section::Products, row, 0)));
        }
        let plain = (0..blob.rows(Section::Products)).find(|&row| {
            blob.symbol(&name)
                .is_some_and(|name| blob.list(blob.cell(Section::Products, row, 3)).any(|alias| alias == name))
        });
        if let Some(row) = plain {
            return Some(blob.string(blob.cell(Section::Products, row, 0)));
        }
        let row = blob.named(Section::Aliases, &name).find(|&row| {
            let product = blob.string(blob.cell(Section::Aliases, row, 1));
            let bound = |column, fits: fn(Ordering) -> bool| match blob.cell(Section::Aliases, row, column) {
                NONE => true,
                bound => self.compare_versions(product, version, blob.string(bound)).is_some_and(fits),
            };
            bound(2, Ordering::is_ge) && bound(3, Ordering::is_le)
        })?;
        Some(blob.string(blob.cell(Section::Aliases, row, 1)))
    }

    /// The product that a name and a version mean.
    ///
    /// # Errors
    /// No product has the name.
    pub fn product(&self, name: &str, version: &str) -> Result<Product, CatalogError> {
        let blob = self.blob();
        self.product_id(name, version)
            .and_then(|id| blob.named(Section::Products, id).next())
            .map(|row| blob.row(row))
            .ok_or_else(|| {
                let products: Vec<Product> = blob.all();
                let names = products
                    .iter()
                    .flat_map(|product| std::iter::once(&product.id).chain(&product.aliases))
                    .map(String::as_str);
                CatalogError::UnknownProduct { product: name.to_owned(), suggestions: close(name, names) }
            })
    }

    pub(crate) fn scheme(&self, id: &str) -> Scheme {
        let blob = self.blob();
        let row = blob.named(Section::Products, id).next();
        row.and_then(|row| Scheme::ALL.get(blob.cell(Section::Products, row, 2) as usize).copied())
            .unwrap_or(Scheme::Opaque)
    }

    /// Which of two versions of a product is older. `None` where the product's versions have no order.
    pub fn compare_versions(&self, product: &str, a: &str, b: &str) -> Option<Ordering> {
        let id = self.blob().named(Section::Products, product).next().map(|_| product);
        self.scheme(id.or_else(|| self.product_id(product, a))?).compare(a, b)
    }

    /// The places of a product's offers of one role, oldest version first.
    pub(crate) fn offer_rows(&self, id: &str, role: Role) -> std::ops::Range<u32> {
        let blob = self.blob();
        blob.symbol(id).map_or(0..0, |id| blob.equal_range(Section::Offers, &[id, Side::from(role) as u32]))
    }

    /// The versions whose offers are known, oldest first.
    pub fn versions(&self, product: &str, role: Role) -> Vec<&str> {
        let blob = self.blob();
        let Some(id) = self.product_id(product, "") else { return Vec::new() };
        self.offer_rows(id, role)
            .map(|row| blob.string(blob.cell(Section::Offers, row, offer_column::VERSION)))
            .collect()
    }

    /// The newest version whose offer is known.
    pub fn newest(&self, product: &str, role: Role) -> Option<&str> {
        self.versions(product, role).last().copied()
    }

    /// The row of exactly this version, as the data has it: without builds, layers and behaviour.
    pub fn offer_row(&self, product: &str, role: Role, version: &str) -> Option<OfferRow> {
        let blob = self.blob();
        let id = self.product_id(product, version)?;
        let rows = self.offer_rows(id, role);
        let is = |row: u32, column| {
            let cell = blob.cell(Section::Offers, row, column);
            cell != NONE && blob.string(cell) == version
        };
        let found = rows.clone().find(|&row| is(row, offer_column::VERSION));
        found.or_else(|| rows.clone().find(|&row| is(row, offer_column::LABEL))).map(|row| blob.row(row))
    }

    /// The releases that ship at least this version, by rising version.
    pub fn distributions(&self, product: &str, at_least: &str) -> Vec<Distribution> {
        let blob = self.blob();
        let Some(id) = self.product_id(product, at_least) else { return Vec::new() };
        let scheme = self.scheme(id);
        let mut rows: Vec<Distribution> = blob
            .named(Section::Distributions, id)
            .map(|row| blob.row::<DistributionRow>(row))
            .filter(|row| scheme.compare(&row.version, at_least).is_some_and(Ordering::is_ge))
            .map(|row| Distribution {
                distribution: row.distribution,
                release: row.release,
                build: row.build,
                version: row.version,
                package: row.package,
                source: row.source,
            })
            .collect();
        rows.sort_by(|a, b| scheme.compare(&a.version, &b.version).unwrap_or(Ordering::Equal));
        rows
    }
}
