//! What libreswan proposes of itself, by version, and the keywords of both daemons.

use shakedown_catalog::Scheme;

use super::Daemon;
use crate::defaults::Row;
use crate::value::Value;

include!(concat!(env!("OUT_DIR"), "/libreswan_defaults.rs"));

/// The default of a setting of libreswan's.
pub(super) fn default(version: &str, setting: &str) -> Option<Value> {
    let row = Row::find(ROWS, "libreswan", setting, |bound| Scheme::Numeric.compare(version, bound))?;
    Some(row.read(format_args!("libreswan@{version}")))
}

/// The keywords that a daemon has in a section (`setup`, `conn`, `ca`).
pub(super) fn keywords(daemon: Daemon, section: &str) -> impl Iterator<Item = &'static str> + Clone {
    let setting = format!("keywords {section}");
    let rows = ROWS.iter().filter(move |row| row.product == daemon.product() && row.setting == setting);
    let all: Vec<&'static str> = rows.flat_map(|row| row.value.split(' ')).collect();
    all.into_iter()
}
