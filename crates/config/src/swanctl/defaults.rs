//! The proposals that strongSwan has of its own, by version.

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{Origin, OriginKind, Software};

use crate::value::Value;

struct Row {
    product: &'static str,
    setting: &'static str,
    value: &'static str,
    since: Option<&'static str>,
    until: Option<&'static str>,
    source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/strongswan_defaults.rs"));

/// The proposals of a setting that is not written, or that says `default`: those of the package where they are known.
pub(super) fn default(software: &Software, setting: &str) -> Option<Value> {
    let version = software.version();
    let compare = |bound: &str| Scheme::Numeric.compare(version, bound);
    let of_build = software.build().map(|build| format!("{}/{build}", software.product()));
    let row = |product: &str| {
        ROWS.iter().find(|row| {
            row.product == product
                && row.setting == setting
                && row.since.is_none_or(|since| compare(since).is_some_and(Ordering::is_ge))
                && row.until.is_none_or(|until| compare(until) == Some(Ordering::Less))
        })
    };
    let row = of_build.as_deref().and_then(row).or_else(|| row(software.product()))?;
    let kind = OriginKind::Catalog { row: format!("{software} {setting}"), source: row.source.to_owned() };
    Some(Value::unwritten(row.value, Origin::new(kind)))
}
