//! What programs set of their own (`data/*-defaults.toml`), by version. The build makes the tables.

use std::cmp::Ordering;
use std::fmt::Display;

use shakedown_model::{Origin, OriginKind};

use crate::value::Value;

/// A default.
pub(crate) struct Row {
    pub(crate) product: &'static str,
    pub(crate) setting: &'static str,
    pub(crate) value: &'static str,
    /// The first version that has it.
    pub(crate) since: Option<&'static str>,
    /// The first version that no longer has it.
    pub(crate) until: Option<&'static str>,
    pub(crate) source: &'static str,
}

impl Row {
    /// The row of a setting. `compare` puts the version in question beside a bound; where it cannot, no row with a bound fits.
    pub(crate) fn find(
        rows: &'static [Self],
        product: &str,
        setting: &str,
        compare: impl Fn(&str) -> Option<Ordering>,
    ) -> Option<&'static Self> {
        rows.iter().find(|row| {
            row.product == product
                && row.setting == setting
                && row.since.is_none_or(|since| compare(since).is_some_and(Ordering::is_ge))
                && row.until.is_none_or(|until| compare(until).is_some_and(Ordering::is_lt))
        })
    }

    /// Its value, with its place in the catalog; `software` is whose default it is.
    pub(crate) fn read(&self, software: impl Display) -> Value {
        let row = format!("{software} {}", self.setting);
        let kind = OriginKind::Catalog { row, source: self.source.to_owned() };
        Value::unwritten(self.value, Origin::new(kind))
    }
}
