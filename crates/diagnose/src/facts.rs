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

/// Whether the catalog has a row for exactly this version.
pub(crate) fn exact(catalog: &Catalog, software: &Software, role: Role) -> bool {
    catalog.resolve(software, role).is_ok_and(|resolved| resolved.exact)
}

/// The day of the release, `2020-02-14`.
pub(crate) fn released(catalog: &Catalog, software: &Software, role: Role) -> Option<String> {
    catalog.resolve(software, role).ok()?.released
}

/// Why an algorithm is no longer recommended, with its citation: `1024-bit modulus: ... (RFC 8270)`.
pub(crate) fn weakness(catalog: &Catalog, slot: Slot, name: &Name) -> Option<String> {
    if sound(catalog, slot, name) != Some(false) {
        return None;
    }
    let reasons = &catalog.algorithm(slot, name.as_str())?.reasons;
    // What is wrong says more than how strongly an RFC advises against it.
    let named = |text: &str| ["MUST ", "SHOULD ", "MAY "].iter().any(|word| text.starts_with(word));
    let reason = reasons.iter().find(|reason| !named(&reason.text)).or_else(|| reasons.first())?;
    let text = reason.text.trim().trim_end_matches('.');
    let reference = reason.references.iter().find(|reference| reference.starts_with("RFC "));
    match reference.or_else(|| reason.references.first()) {
        Some(reference) if named(text) => Some(format!("{reference} says {text}")),
        Some(reference) => Some(format!("{text} ({reference})")),
        None => Some(text.to_owned()),
    }
}

/// The version of the party's product, and its day, from which on it no longer offers the name by default; only where
/// that has already happened in the party's own version.
pub(crate) fn removed(catalog: &Catalog, party: &Party, slot: Slot, name: &Name) -> Option<(String, Option<String>)> {
    let software = party.software.as_ref()?;
    let product = catalog.product_id(software.product(), software.version())?;
    let history = catalog.default_history(product, party.role, slot, name.as_str());
    let removed = history.removed_from_default?;
    let order = catalog.compare_versions(product, &removed.version, software.version())?;
    order.is_le().then_some((removed.version, removed.released))
}

/// Whether the party's version has, or once had, the name among its defaults; `None` where its software is not known.
pub(crate) fn had(catalog: &Catalog, party: &Party, slot: Slot, name: &Name) -> Option<bool> {
    let software = party.software.as_ref()?;
    let product = catalog.product_id(software.product(), software.version())?;
    let Some(first) = catalog.default_history(product, party.role, slot, name.as_str()).first_seen else {
        return Some(false);
    };
    Some(catalog.compare_versions(product, &first.version, software.version())?.is_le())
}

/// The first version of the party's product, newer than its own, that offers one of the names by default.
pub(crate) fn first_offering(
    catalog: &Catalog,
    party: &Party,
    slot: Slot,
    names: &[Name],
) -> Option<(String, Option<String>, Name)> {
    let software = party.software.as_ref()?;
    let product = catalog.product_id(software.product(), software.version())?;
    let found = catalog.first_version_offering(product, party.role, slot, names, software.version())?;
    Some((found.version, found.released, found.name))
}
