//! What libreswan proposes of itself, by version, and the keywords of both daemons.

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{Origin, OriginKind};

use super::Daemon;
use crate::value::Value;

struct Row {
    product: &'static str,
    setting: &'static str,
    value: &'static str,
    since: Option<&'static str>,
    until: Option<&'static str>,
    source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/libreswan_defaults.rs"));

/// The default of a setting of libreswan's.
pub(super) fn default(version: &str, setting: &str) -> Option<Value> {
    let compare = |bound: &str| Scheme::Numeric.compare(version, bound);
    let row = ROWS.iter().find(|row| {
        row.product == "libreswan"
            && row.setting == setting
            && row.since.is_none_or(|since| compare(since).is_some_and(Ordering::is_ge))
            && row.until.is_none_or(|until| compare(until) == Some(Ordering::Less))
    })?;
    let kind = OriginKind::Catalog { row: format!("libreswan@{version} {setting}"), source: row.source.to_owned() };
    Some(Value::unwritten(row.value, Origin::new(kind)))
}

/// The keywords that a daemon has in a section (`setup`, `conn`, `ca`).
pub(super) fn keywords(daemon: Daemon, section: &str) -> impl Iterator<Item = &'static str> + Clone {
    let setting = format!("keywords {section}");
    let rows = ROWS.iter().filter(move |row| row.product == daemon.product() && row.setting == setting);
    let all: Vec<&'static str> = rows.flat_map(|row| row.value.split(' ')).collect();
    all.into_iter()
}
