//! What the catalog says, in the questions that diagnoses ask.

use shakedown_catalog::{Catalog, Rating};
use shakedown_model::{Name, Party, Role, Slot, Software, names};

/// The rating of an algorithm.
pub(crate) fn rating(catalog: &Catalog, slot: Slot, name: &Name) -> Option<Rating> {
    catalog.rating(slot, name.as_str())
}

/// Whether an algorithm is still recommended.
pub(crate) fn sound(catalog: &Catalog, slot: Slot, name: &Name) -> Option<bool> {
    rating(catalog, slot, name).map(|rating| rating >= Rating::Acceptable)
}

/// The names, the best rated first; the order within a rating is kept.
pub(crate) fn best_first(catalog: &Catalog, slot: Slot, names: &mut [Name]) {
    names.sort_by_key(|name| std::cmp::Reverse(rating(catalog, slot, name)));
}

/// What the software offers by default in a slot, as far as it is known.
pub(crate) fn defaults(catalog: &Catalog, software: &Software, role: Role, slot: Slot) -> Option<Vec<Name>> {
    let (policy, _) = catalog.ssh_policy(software, role).ok()?;
    Some(names(policy.offer.list(slot).complete()?))
}

/// The same for the version as its makers release it: the outermost layer without the distribution's build.
pub(crate) fn upstream(software: &Software) -> Software {
    Software::new(software.product(), software.version())
}

/// The day of the release, `2020-02-14`.
pub(crate) fn released(catalog: &Catalog, software: &Software, role: Role) -> Option<String> {
    catalog.resolve(software, role).ok()?.released
}

/// Why an algorithm is no longer recommended, with its citation: `its 1024-bit group can be broken (RFC 9142)`.
pub(crate) fn weakness(catalog: &Catalog, slot: Slot, name: &Name) -> Option<String> {
    if sound(catalog, slot, name) != Some(false) {
        return None;
    }
    let reason = catalog.algorithm(slot, name.as_str())?.reasons.first()?;
    let text = reason.text.trim().trim_end_matches('.');
    match reason.references.first() {
        Some(reference) => Some(format!("{text} ({reference})")),
        None => Some(text.to_owned()),
    }
}

/// The version of the party's product, and its day, from which on it no longer offers the name by default.
pub(crate) fn removed(catalog: &Catalog, party: &Party, slot: Slot, name: &Name) -> Option<(String, Option<String>)> {
    let software = party.software.as_ref()?;
    let history = catalog.default_history(software.product(), party.role, slot, name.as_str());
    let removed = history.removed_from_default?;
    Some((removed.version, removed.released))
}

/// The first version of the party's product, newer than its own, that offers one of the names by default.
pub(crate) fn first_offering(
    catalog: &Catalog,
    party: &Party,
    slot: Slot,
    names: &[Name],
) -> Option<(String, Option<String>, Name)> {
    let software = party.software.as_ref()?;
    let found = catalog.first_version_offering(software.product(), party.role, slot, names, software.version())?;
    Some((found.version, found.released, found.name))
}
