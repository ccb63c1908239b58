//! What programs set without a word in their configuration (`data/tls-defaults.toml`).

use std::cmp::Ordering;

use shakedown_catalog::Scheme;

use crate::defaults::Row;
use crate::value::Value;

include!(concat!(env!("OUT_DIR"), "/tls_defaults.rs"));

/// Whether a version has a setting: a row of its own, whatever its value. A version that is not known has what the newest has.
pub(crate) fn has(product: &str, version: Option<&str>, setting: &str) -> bool {
    row(product, version, setting).is_some()
}

/// The default of a setting; of a version that is not known, the newest one's. `None` where the program sets nothing.
pub(crate) fn default(product: &str, version: Option<&str>, setting: &str) -> Option<Value> {
    let row = row(product, version, setting)?;
    let label = version.map_or_else(|| product.to_owned(), |version| format!("{product}@{version}"));
    (!row.value.is_empty()).then(|| row.read(label))
}

fn row(product: &str, version: Option<&str>, setting: &str) -> Option<&'static Row> {
    // What cannot be compared is taken for newer than every bound.
    let compare = |bound: &str| version.and_then(|version| Scheme::Numeric.compare(version, bound));
    Row::find(ROWS, product, setting, |bound| compare(bound).or(Some(Ordering::Greater)))
}
