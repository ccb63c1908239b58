//! What programs set without a word in their configuration (`data/tls-defaults.toml`).

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{Origin, OriginKind};

use crate::value::Value;

struct Row {
    product: &'static str,
    setting: &'static str,
    value: &'static str,
    since: Option<&'static str>,
    until: Option<&'static str>,
    source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/tls_defaults.rs"));

/// Whether a version has a setting: a row of its own, whatever its value. A version that is not known has what the newest has.
pub(crate) fn has(product: &str, version: Option<&str>, setting: &str) -> bool {
    row(product, version, setting).is_some()
}

/// The default of a setting; of a version that is not known, the newest one's. `None` where the program sets nothing.
pub(crate) fn default(product: &str, version: Option<&str>, setting: &str) -> Option<Value> {
    let row = row(product, version, setting)?;
    let label = version.map_or_else(|| product.to_owned(), |version| format!("{product}@{version}"));
    let kind = OriginKind::Catalog { row: format!("{label} {setting}"), source: row.source.to_owned() };
    (!row.value.is_empty()).then(|| Value::unwritten(row.value, Origin::new(kind)))
}

fn row(product: &str, version: Option<&str>, setting: &str) -> Option<&'static Row> {
    let compare =
        |bound: &str| version.map_or(Some(Ordering::Greater), |version| Scheme::Numeric.compare(version, bound));
    let rows = ROWS.iter().filter(|row| row.product == product && row.setting == setting);
    let mut rows = rows.filter(|row| {
        row.since.is_none_or(|since| compare(since) != Some(Ordering::Less))
            && row.until.is_none_or(|until| compare(until) == Some(Ordering::Less))
    });
    rows.next()
}
