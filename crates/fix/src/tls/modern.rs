//! The step that takes away what is out of date, towards a published guideline.

use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_config::tls_party::Wanted;
use shakedown_model::tls::{TlsVersion, is_tls13_suite};
use shakedown_model::{Applicability, DiagnosisId, Fix, Item, Known, Name, Policy, Side, Slot};

use super::delta::{Changed, Delta, by_files, by_library, openssl_group};
use super::search::Found;
use super::{has_weak, peers, search, written};
use crate::plan::{Kind, PlanInput, Planned};
use crate::steps;
use crate::strength::Score;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    policy: Vec<Guideline>,
}

/// A guideline for servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guideline {
    name: String,
    versions: Vec<String>,
    cipher_suites: Vec<String>,
    groups: Vec<String>,
    source: String,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/tls_guideline.json"));

fn guideline() -> Option<&'static Guideline> {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default()).policy.first()
}

/// The step, where the server has what is out of date and this client does without it. `first` is the fix that it follows.
pub(super) fn fix(input: &PlanInput<'_>, first: Option<&Found>, resolves: &[DiagnosisId]) -> Option<Planned> {
    let guideline = guideline()?;
    let (client, before) = first.map(|found| (&found.client.1.party, &found.server.1))?;
    if !has_weak(&before.party, Slot::Version) && !has_weak(&before.party, Slot::CipherSuite) {
        return None;
    }
    let changed = towards(guideline, input, before)?;
    let outcome = input.negotiate(client, &changed.party);
    if !search::holds(&outcome) {
        return None;
    }
    let reached = peers::reached(input, &before.party, &changed.party);
    let cuts_off = !reached.cut_off.is_empty();
    let title = format!("reduce the server to {}, once the fix above is in place", guideline.name);
    let applicability = if cuts_off { Applicability::Manual } else { Applicability::Safe };
    let mut fix = Fix::new(resolves.to_vec(), title, Side::Server, applicability);
    fix.afterwards = true;
    fix.notes.push(format!("the guideline: {}", guideline.source));
    written(input, &mut fix, &delta(&changed), &changed);
    super::affected(&mut fix, reached);
    steps::verify(input, &mut fix);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Disable, score })
}

/// All that the reduced server has, for formats that only take whole lists.
fn delta(changed: &Changed) -> Delta {
    let mut names = Vec::new();
    let groups = changed.wanted.groups.is_some().then_some(Slot::Group);
    for slot in [Slot::Version, Slot::CipherSuite].into_iter().chain(groups) {
        let list = changed.party.tls().map(|policy| policy.offer.list(slot));
        let items = list.as_ref().and_then(Known::accepted).into_iter().flatten();
        let items = items.filter(|item| !is_tls13_suite(item.name.as_str()));
        names.extend(items.map(|item| (slot, item.name.clone())));
    }
    Delta { names, whole: true, ..Delta::default() }
}

/// The server with no more than the guideline has.
fn towards(guideline: &Guideline, input: &PlanInput<'_>, before: &Changed) -> Option<Changed> {
    let policy = before.party.tls()?;
    let has = |slot: Slot, name: &str| {
        let supported = policy.supported.slot(slot).complete();
        let listed = policy.offer.list(slot);
        let listed = listed.accepted().is_some_and(|list| list.iter().any(|item| item.name == name));
        listed || supported.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let keep = |slot: Slot, names: &[String]| -> Vec<String> {
        names.iter().filter(|name| has(slot, name)).cloned().collect()
    };
    let versions = keep(Slot::Version, &guideline.versions);
    let suites = keep(Slot::CipherSuite, &guideline.cipher_suites);
    // What takes a group away from clients of TLS 1.2 brings nothing: the list changes only where it has weak ones.
    let groups = if has_weak(&before.party, Slot::Group) { keep(Slot::Group, &guideline.groups) } else { Vec::new() };
    if versions.is_empty() || suites.is_empty() {
        return None;
    }
    let openssl: Option<Vec<String>> = suites.iter().map(|name| input.catalog.openssl_suite_name(name)).collect();
    let wanted = Wanted {
        versions: Some(versions.iter().filter_map(|name| TlsVersion::parse(name)).collect()),
        cipher_list: Some(openssl?.join(":")),
        groups: (!groups.is_empty())
            .then(|| groups.iter().map(|name| openssl_group(name)).collect::<Vec<_>>().join(":")),
        ..Wanted::default()
    };
    let catalog = input.catalog;
    if before.party.configuration.is_some() {
        return by_files(&before.party, wanted, None, catalog);
    }
    if policy.offer.security_level.is_some()
        && let Some(changed) = by_library(&before.party, wanted.clone(), None, catalog)
    {
        return Some(changed);
    }
    let mut party = before.party.clone();
    let Policy::Tls(policy) = &mut party.policy else { return None };
    retain(&mut policy.offer.versions, &versions);
    retain(&mut policy.offer.cipher_suites, &suites);
    if !groups.is_empty() {
        retain(&mut policy.offer.groups, &groups);
    }
    Some(Changed { wanted, party, ..Changed::unchanged(&before.party) })
}

fn retain(list: &mut Known<Vec<Item>>, names: &[String]) {
    let keep = |item: &Item| names.iter().any(|name| item.name == Name::new(name));
    match list {
        Known::Complete(items) => items.retain(keep),
        Known::Partial { accepted, refused } => {
            let (kept, gone): (Vec<Item>, Vec<Item>) = accepted.drain(..).partition(keep);
            *accepted = kept;
            refused.extend(gone);
        }
        Known::Unknown => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guideline_holds_nothing_weak() {
        let guideline = guideline().unwrap();
        assert!(!guideline.source.is_empty());
        for (slot, names) in [
            (Slot::Version, &guideline.versions),
            (Slot::CipherSuite, &guideline.cipher_suites),
            (Slot::Group, &guideline.groups),
        ] {
            assert!(!names.is_empty());
            assert!(names.iter().all(|name| super::super::delta::sound(slot, &Name::new(name))), "{names:?}");
        }
    }
}
