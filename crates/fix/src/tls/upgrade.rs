//! Moving to a newer version of what does TLS for an end.

use std::cmp::Ordering;

use shakedown_config::tls_party;
use shakedown_model::{
    Applicability, Command, DiagnosisId, Fix, Name, Outcome, Party, PartySource, Policy, Role, Slot, Software,
};

use super::delta::{offers, settle, sound};
use super::{peers, search};
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::Score;
use crate::{steps, upgrade, words};

/// One upgrade for each end whose newer versions agree by default.
pub(super) fn fixes(input: &PlanInput<'_>, resolves: &[DiagnosisId]) -> Vec<Planned> {
    [Role::Server, Role::Client].into_iter().filter_map(|role| fix(input, role, resolves)).collect()
}

/// A version to move to, and what comes of it.
struct Move {
    product: String,
    label: String,
    version: String,
    newest: String,
    old: String,
    party: Party,
    outcome: Outcome,
}

fn fix(input: &PlanInput<'_>, role: Role, resolves: &[DiagnosisId]) -> Option<Planned> {
    let Move { product, label, version, newest, old, party, outcome } = find(input, role)?;
    let before = input.party(role);
    let reached = peers::reached(input, before, &party);
    let applicability = if reached.cut_off.is_empty() { Applicability::Safe } else { Applicability::Manual };
    let title = format!("upgrade the {role} to {label} {version} or newer");
    let mut fix = Fix::new(resolves.to_vec(), title, role.into(), applicability);
    if newest != version {
        fix.notes.push(format!("the newest version in the catalog is {label} {newest}"));
    }
    let releases = upgrade::releases(input.catalog, &product, &version);
    if !releases.is_empty() {
        fix.notes.push(format!("distribution releases that have it: {}", words::joined(&releases)));
    }
    let install = |version: &str, explanation: &str| Command {
        place: shakedown_model::CommandPlace::Settings(format!("software of the {role}")),
        text: format!("install {label} {version}"),
        explanation: explanation.into(),
    };
    fix.commands.push(install(&format!("{version} or newer"), "from its distribution or its vendor"));
    fix.undo.push(install(&format!("{old} again"), ""));
    super::affected(&mut fix, reached);
    steps::verify(input, &mut fix);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Upgrade, score })
}

/// The first version after which the two ends agree, on nothing weak.
fn find(input: &PlanInput<'_>, role: Role) -> Option<Move> {
    let (catalog, before) = (input.catalog, input.party(role));
    let software = before.software.as_ref()?;
    // What does TLS is the library, where it is named.
    let layer = software.layers.iter().find(|layer| layer.product == "openssl").or(software.layers.first())?;
    let product = catalog.product_id(&layer.product, &layer.version)?.to_owned();
    let label = catalog.label(&product).unwrap_or_else(|| product.clone());
    let observed = |version: &str| catalog.offer_row(&product, role, version).is_none_or(|row| row.observed);
    // What was seen somewhere counts where nobody has read the source.
    let read = catalog.versions(&product, role).iter().any(|version| !observed(version));
    let newer = |version: &&str| {
        let plain = version.chars().next().is_some_and(|first| first.is_ascii_digit()) && !version.contains("git");
        plain
            && !(read && observed(version))
            && catalog.compare_versions(&product, version, &layer.version) == Some(Ordering::Greater)
    };
    let versions: Vec<&str> = catalog.versions(&product, role).into_iter().filter(newer).collect();
    let by_default = moved(input, before, &layer.product, &layer.version)?;
    if before.configuration.is_none() && input.with(&by_default).failed.is_empty() {
        // What its version has is switched off: another version would be set up in the same way.
        return None;
    }
    let last = *versions.last()?;
    let tried = |version: &str| -> Option<Move> {
        let party = moved(input, before, &layer.product, version)?;
        let outcome = input.with(&party);
        // What both had before is not the new version's doing.
        let had = |slot: &Slot, name: &Name| {
            let both = [input.client, input.server].into_iter().all(|party| offers(party, *slot, name));
            both || input.outcome.agreed(*slot) == Some(name)
        };
        let strong = |slot: &Slot, name: &Name| sound(*slot, name) || had(slot, name);
        let judged = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme];
        let good = search::holds(&outcome)
            && outcome
                .agreed
                .iter()
                .filter(|(slot, _)| judged.contains(slot))
                .all(|(slot, name)| name.as_ref().is_none_or(|name| strong(slot, name)));
        good.then(|| Move {
            product: product.clone(),
            label: label.clone(),
            version: version.to_owned(),
            newest: last.to_owned(),
            old: layer.version.clone(),
            party,
            outcome,
        })
    };
    // Newer versions mostly offer what the other end has, so that the search halves the list.
    let newest = tried(last)?;
    let first = versions.partition_point(|version| tried(version).is_none());
    versions.get(first).and_then(|version| tried(version)).or(Some(newest))
}

/// The end with another version of one layer, and everything else as it is.
fn moved(input: &PlanInput<'_>, party: &Party, layer: &str, version: &str) -> Option<Party> {
    let mut software: Software = party.software.clone()?;
    for one in software.layers.iter_mut().filter(|one| one.product == layer) {
        one.version = version.to_owned();
        one.build = None;
    }
    let mut moved = Party { software: Some(software.clone()), ..party.clone() };
    if party.configuration.is_some() {
        return tls_party::with_edits(&moved, &[], input.catalog);
    }
    if !matches!(party.source, PartySource::Catalog | PartySource::Live { .. } | PartySource::Local { .. }) {
        return None;
    }
    let (new, _) = input.catalog.tls_policy(&software, party.role).ok()?;
    let Policy::Tls(policy) = &mut moved.policy else { return None };
    settle(policy, new);
    Some(moved)
}
