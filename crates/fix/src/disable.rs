//! Taking weak names away, as a step of its own after a fix that makes it possible.

use shakedown_model::{Applicability, Change, DiagnosisId, Fix, Name, OutcomeResult, Party, Remedy, Role, Slot};

use crate::edited::{self, Delta, Edited, How};
use crate::enable::Enabled;
use crate::plan::{Kind, PlanInput, Planned};
use crate::strength::{Score, head};
use crate::{cut_off, steps, words};

/// One step for each party that a diagnosis wants weak names taken from.
pub(crate) fn fixes(input: &PlanInput<'_>, enabled: &[Enabled]) -> Vec<Planned> {
    [Role::Server, Role::Client].into_iter().filter_map(|role| step(input, enabled, role)).collect()
}

fn step(input: &PlanInput<'_>, enabled: &[Enabled], role: Role) -> Option<Planned> {
    let deltas = asked(input, role);
    if deltas.is_empty() {
        return None;
    }
    let first = enabled.iter().find(|enabled| {
        let fix = &enabled.planned.fix;
        fix.applicability == Applicability::Safe && fix.side == role.into()
    });
    let (client, server) = first.map_or((input.client, input.server), |first| (&first.client, &first.server));
    let before = if role == Role::Client { client } else { server };
    let edited = edited::in_file(before, &deltas, None, input.catalog).ok()?;
    let edited = edited.unwrap_or_else(|| Edited { party: edited::in_lists(before, &deltas), edits: Vec::new() });
    let outcome = if role == Role::Client {
        input.negotiate(&edited.party, server)
    } else {
        input.negotiate(client, &edited.party)
    };
    if outcome.result() != OutcomeResult::Agreed {
        return None;
    }
    let cuts_off = cut_off::ever(input, before, &edited.party);
    let names: Vec<Name> = deltas.iter().flat_map(|delta| delta.names.clone()).collect();
    let mut fix = Fix {
        resolves: asking(input, role),
        title: format!(
            "remove {} from the {role}{}",
            words::list(&names),
            if first.is_some() { ", once the fix above is in place" } else { "" }
        ),
        side: role.into(),
        applicability: if cuts_off.is_empty() { Applicability::Safe } else { Applicability::Manual },
        afterwards: first.is_some() || !cuts_off.is_empty(),
        edits: Vec::new(),
        commands: Vec::new(),
        outcome_after: None,
        verify: Vec::new(),
        undo: Vec::new(),
        cuts_off,
        notes: first.map(|first| format!("only after this: {}", first.planned.fix.title)).into_iter().collect(),
    };
    steps::fill(input, &mut fix, &edited, &deltas, false);
    let score = Score::of(&outcome, input.catalog);
    fix.outcome_after = Some(outcome);
    Some(Planned { fix, kind: Kind::Disable, score })
}

/// The diagnoses that ask for it. It belongs to them, although it is the fix before it that resolves them.
fn asking(input: &PlanInput<'_>, role: Role) -> Vec<DiagnosisId> {
    let asks = |remedy: &Remedy| remedy.role == role && matches!(remedy.change, Change::Disable { .. });
    let diagnoses = input.diagnoses.iter().enumerate().filter(|(_, diagnosis)| diagnosis.remedies.iter().any(asks));
    diagnoses.map(|(index, _)| DiagnosisId(index)).collect()
}

/// The names that the diagnoses want gone and that the party lists.
fn asked(input: &PlanInput<'_>, role: Role) -> Vec<Delta> {
    let mut deltas: Vec<Delta> = Vec::new();
    for remedy in input.diagnoses.iter().flat_map(|diagnosis| &diagnosis.remedies) {
        let Change::Disable { slot, names } = &remedy.change else { continue };
        if remedy.role != role {
            continue;
        }
        let slot = head(*slot);
        for name in names.iter().filter(|name| lists(input.party(role), slot, name)) {
            match deltas.iter_mut().find(|delta| delta.slot == slot) {
                Some(delta) if delta.names.contains(name) => {}
                Some(delta) => delta.names.push(name.clone()),
                None => deltas.push(Delta { slot, names: vec![name.clone()], how: How::Remove }),
            }
        }
    }
    deltas
}

fn lists(party: &Party, slot: Slot, name: &Name) -> bool {
    let list = party.ssh().and_then(|policy| policy.offer.list(slot).accepted());
    list.is_some_and(|list| list.iter().any(|item| item.name == *name))
}
