//! Moving to a newer version of the software that a party runs.

use std::cmp::Ordering;
use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_catalog::{Catalog, Distribution};
use shakedown_model::ssh::key_type_of;
use shakedown_model::{
    Applicability, Change, Command, CommandPlace, DiagnosisId, Fix, Known, Name, Outcome, OutcomeResult, Party, Policy,
    Role, Slot, Software, Stage,
};

use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::{Score, head, sound, weak};
use crate::{cut_off, edited, steps, words};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    distribution: Vec<Row>,
    #[serde(default)]
    product: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Vec<String>,
    role: Option<String>,
    package: Option<String>,
    command: Option<String>,
    undo: Option<String>,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/upgrade.json"));

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default())
}

/// One upgrade for each party that a diagnosis wants moved.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    [Role::Server, Role::Client].into_iter().filter_map(|role| upgrade(input, role)).collect()
}

/// A version to move to, and what comes of it.
struct Move {
    product: String,
    label: String,
    version: String,
    party: Party,
    outcome: Outcome,
}

fn upgrade(input: &PlanInput<'_>, role: Role) -> Option<Planned> {
    let resolves = asked(input, role);
    if resolves.is_empty() {
        return None;
    }
    let Move { product, label, version, party, outcome } = find(input, role)?;
    let before = input.party(role);
    let cuts_off = cut_off::today(input, before, &party);
    let score = Score::of(&outcome, input.catalog);
    let mut notes = Vec::new();
    if let Some(newest) = input.catalog.newest(&product, role).filter(|newest| *newest != version) {
        notes.push(format!("the newest version in the catalog is {label} {newest}"));
    }
    let releases = releases(input.catalog, &product, &version);
    if !releases.is_empty() {
        notes.push(format!("distribution releases that have it: {}", words::joined(&releases)));
    }
    let (commands, undo) = commands(input, before, &product, &label, &version);
    let mut fix = Fix {
        resolves,
        title: format!("upgrade the {role} to {label} {version} or newer"),
        side: role.into(),
        applicability: if cuts_off.is_empty() { Applicability::Safe } else { Applicability::Manual },
        afterwards: false,
        edits: Vec::new(),
        commands,
        outcome_after: Some(outcome),
        verify: Vec::new(),
        undo,
        cuts_off,
        notes,
    };
    steps::verify(input, &mut fix);
    Some(Planned { fix, kind: Kind::Upgrade, score })
}

fn asked(input: &PlanInput<'_>, role: Role) -> Vec<DiagnosisId> {
    let wants = |change: &Change| matches!(change, Change::Upgrade { .. });
    let diagnoses = input.diagnoses.iter().enumerate();
    diagnoses
        .filter(|(_, diagnosis)| diagnosis.remedies.iter().any(|remedy| remedy.role == role && wants(&remedy.change)))
        .map(|(index, _)| DiagnosisId(index))
        .collect()
}

/// The first version whose defaults make every slot agree on something acceptable; the newest where no first one does.
fn find(input: &PlanInput<'_>, role: Role) -> Option<Move> {
    let (catalog, before) = (input.catalog, input.party(role));
    let software = before.software.as_ref()?;
    let resolved = catalog.resolve(software, role).ok()?;
    let product = resolved.product.to_string();
    let label = catalog.label(&product).unwrap_or_else(|| product.clone());
    let mut slots: Vec<Slot> = input
        .outcome
        .failed
        .iter()
        .filter(|failed| failed.stage == Stage::Kexinit)
        .map(|failed| head(failed.slot))
        .collect();
    slots.sort();
    slots.dedup();
    let mut needed: Option<String> = None;
    for slot in slots {
        let mut names = names(input, role, slot);
        names.retain(|name| sound(catalog, slot, name) && has_key(before, slot, name));
        let Some(first) = catalog.first_version_offering(&product, role, slot, &names, software.version()) else {
            continue;
        };
        let newer = |than: &String| catalog.compare_versions(&product, &first.version, than) == Some(Ordering::Greater);
        if needed.as_ref().is_none_or(newer) {
            needed = Some(first.version);
        }
    }
    let newest = catalog.newest(&product, role).map(|newest| newest.to_string());
    let mut versions: Vec<String> = needed.into_iter().chain(newest).collect();
    versions.dedup();
    versions.into_iter().find_map(|version| {
        let is_newer = catalog.compare_versions(&product, &version, software.version()) == Some(Ordering::Greater);
        let party = moved(catalog, before, &product, &version).filter(|_| is_newer)?;
        let outcome = input.with(&party);
        let agreed = outcome.result() == OutcomeResult::Agreed;
        let strong = outcome.agreed.iter().all(|(slot, name)| {
            let before = input.outcome.agreed(*slot);
            name.as_ref().is_none_or(|name| before == Some(name) || !weak(catalog, *slot, name))
        });
        (agreed && strong).then(|| Move { product: product.clone(), label: label.clone(), version, party, outcome })
    })
}

/// What the diagnoses name for the slot, or all that the other side offers.
fn names(input: &PlanInput<'_>, role: Role, slot: Slot) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for remedy in input.diagnoses.iter().flat_map(|diagnosis| &diagnosis.remedies) {
        if let Change::Upgrade { slot: of, candidates } = &remedy.change
            && remedy.role == role
            && head(*of) == slot
        {
            names.extend(candidates.iter().cloned());
        }
    }
    if names.is_empty() {
        let offered = input.party(role.peer()).ssh().and_then(|policy| policy.offer.list(slot).accepted());
        names.extend(offered.into_iter().flatten().map(|item| item.name.clone()));
    }
    names
}

/// The party with the newer version and everything else as it is: its own configuration file and its own host keys.
fn moved(catalog: &Catalog, party: &Party, product: &str, version: &str) -> Option<Party> {
    let software = Software::new(product, version);
    let mut moved = party.clone();
    moved.software = Some(software.clone());
    if party.configuration.is_some() {
        return edited::with_edits(&moved, &[], catalog);
    }
    let (mut policy, _) = catalog.ssh_policy(&software, party.role).ok()?;
    if party.role == Role::Server {
        if let Some(list) = policy.offer.host_key.complete_mut() {
            list.retain(|item| has_key(party, Slot::HostKey, &item.name));
        }
        policy.offer.host_keys = party.ssh()?.offer.host_keys.clone();
    }
    moved.policy = Policy::Ssh(Box::new(policy));
    Some(moved)
}

/// Whether a server has the key that a host key algorithm signs with: an upgrade brings no new keys. Where the keys
/// themselves are not known, those that it lists algorithms for.
fn has_key(party: &Party, slot: Slot, name: &Name) -> bool {
    if (party.role, slot) != (Role::Server, Slot::HostKey) {
        return true;
    }
    let Some(policy) = party.ssh() else { return false };
    let key_type = key_type_of(name.as_str());
    match (&policy.offer.host_keys, policy.offer.host_key.accepted()) {
        (Known::Complete(keys), _) => keys.iter().any(|key| key.key_type == *key_type),
        (_, Some(listed)) => listed.iter().any(|item| key_type_of(item.name.as_str()) == key_type),
        (_, None) => true,
    }
}

/// The newest release of each distribution that has the version, a few of them.
pub(crate) fn releases(catalog: &Catalog, product: &str, version: &str) -> Vec<String> {
    let mut newest: Vec<Distribution> = Vec::new();
    for row in catalog.distributions(product, version) {
        if !row.release.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        match newest.iter_mut().find(|known| known.distribution == row.distribution) {
            Some(known) if is_older(catalog, product, known, &row) => *known = row,
            Some(_) => {}
            None => newest.push(row),
        }
    }
    let words = newest.iter().take(6);
    words.map(|row| format!("{} {} ({})", row.distribution, row.release, row.version)).collect()
}

fn is_older(catalog: &Catalog, product: &str, known: &Distribution, row: &Distribution) -> bool {
    catalog.compare_versions(product, &known.version, &row.version) != Some(Ordering::Greater)
}

fn commands(
    input: &PlanInput<'_>,
    before: &Party,
    product: &str,
    label: &str,
    version: &str,
) -> (Vec<Command>, Vec<Command>) {
    let software = before.software.as_ref();
    let old = software.map_or("", |software| software.version());
    let place = steps::shell(before.role);
    let command = |text: String, explanation: String| Command { place: place.clone(), text, explanation };
    let rows = || data().product.iter().filter(|row| row.id.iter().any(|id| id == product));
    if let Some(row) = rows().find(|row| row.command.is_some()) {
        let text = row.command.as_deref().unwrap_or_default().replace("{version}", version);
        let undo = row.undo.as_deref().unwrap_or_default().replace("{old}", old);
        return (vec![command(text, String::new())], vec![command(undo, format!("back to {old}"))]);
    }
    let build = software.and_then(|software| software.build()).unwrap_or_default();
    let family = data().distribution.iter().find(|row| row.id.iter().any(|id| build.starts_with(id.as_str())));
    let package = rows()
        .find(|row| row.role.as_deref().is_none_or(|role| role == before.role.as_str()))
        .and_then(|row| row.package.as_deref())
        .unwrap_or(product);
    let releases = input.catalog.distributions(product, version);
    if let Some(family) = family {
        let id = build.split(['-', '@']).next().unwrap_or_default();
        let release = releases.iter().rev().find(|row| row.distribution.to_lowercase().starts_with(id));
        let explanation = match release {
            Some(row) => format!("on {} {}, which has {} {}", row.distribution, row.release, label, row.version),
            None => format!("from a release of the distribution that has {label} {version} or newer"),
        };
        let text = family.command.as_deref().unwrap_or_default().replace("{package}", package);
        let undo = family.undo.as_deref().unwrap_or_default();
        let undo = undo.replace("{package}", package).replace("{version}", old);
        return (vec![command(text, explanation)], vec![command(undo, format!("back to {old}"))]);
    }
    let own = Command {
        place: CommandPlace::Settings(format!("software of the {}", before.role)),
        text: format!("install {label} {version} or newer"),
        explanation: "from its distribution or its vendor".into(),
    };
    let undo = Command {
        place: CommandPlace::Settings(format!("software of the {}", before.role)),
        text: format!("install {label} {old} again"),
        explanation: String::new(),
    };
    (vec![own], vec![undo])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_parses_and_every_row_says_where_it_was_read() {
        let data: Data = serde_json::from_str(FILE).unwrap();
        assert!(!data.distribution.is_empty() && !data.product.is_empty());
        for row in data.distribution.iter().chain(&data.product) {
            assert!(!row.source.is_empty());
            assert_eq!(row.command.is_some(), row.undo.is_some(), "{:?}", row.id);
            assert!(row.command.is_some() || row.package.is_some());
        }
    }
}
