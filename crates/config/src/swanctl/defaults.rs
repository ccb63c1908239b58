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

/// Whether a version has a keyword for proposals, which it compares letter by letter. A version that cannot be compared has
/// those of all.
pub fn is_keyword(software: &Software, word: &str) -> bool {
    let compare = |bound: &str| Scheme::Numeric.compare(software.version(), bound);
    let holds = |row: &&Row| {
        row.product == "strongswan"
            && row.setting == "keywords proposal"
            && row.since.is_none_or(|since| compare(since).is_none_or(std::cmp::Ordering::is_ge))
            && row.until.is_none_or(|until| compare(until).is_none_or(std::cmp::Ordering::is_lt))
    };
    let words = || ROWS.iter().filter(holds).flat_map(|row| row.value.split(' '));
    let is = |word: &str| words().any(|own| own == word);
    // `ke1_mlkem768`: the beginning in either case, and a group behind it.
    let additional = word.split_once('_').is_some_and(|(first, group)| {
        words().any(|own| own.strip_suffix('_').is_some_and(|own| own.eq_ignore_ascii_case(first))) && is(group)
    });
    !word.ends_with('_') && (is(word) || additional)
}
