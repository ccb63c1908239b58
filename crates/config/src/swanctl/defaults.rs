//! The proposals that strongSwan has of its own, by version.

use shakedown_catalog::Scheme;
use shakedown_model::Software;

use crate::defaults::Row;
use crate::value::Value;

include!(concat!(env!("OUT_DIR"), "/strongswan_defaults.rs"));

/// The proposals of a setting that is not written, or that says `default`: those of the package where they are known.
pub(super) fn default(software: &Software, setting: &str) -> Option<Value> {
    let row =
        |product: &str| Row::find(ROWS, product, setting, |bound| Scheme::Numeric.compare(software.version(), bound));
    let of_build = software.build().map(|build| format!("{}/{build}", software.product()));
    let row = of_build.as_deref().and_then(row).or_else(|| row(software.product()))?;
    Some(row.read(software))
}
