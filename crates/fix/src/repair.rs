//! Mistakes in files, key repairs and decisions: what a diagnosis already worded as a change.

use std::sync::Arc;

use shakedown_model::{Applicability, Change, DiagnosisId, FileEdit, Fix, OriginKind, Remedy, Side, TextEdit};

use crate::edited;
use crate::plan::{Kind, PlanInput, Planned};
use crate::steps;
use crate::strength::Score;

pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let diagnoses = input.diagnoses.iter().enumerate();
    diagnoses
        .flat_map(|(index, diagnosis)| diagnosis.remedies.iter().map(move |remedy| (DiagnosisId(index), remedy)))
        .filter_map(|(id, remedy)| repair(input, id, remedy))
        .collect()
}

fn repair(input: &PlanInput<'_>, id: DiagnosisId, remedy: &Remedy) -> Option<Planned> {
    let mut fix = Fix::new(vec![id], String::new(), Side::from(remedy.role), Applicability::Manual);
    let mut score = Score::NONE;
    match &remedy.change {
        Change::ReplaceText { at, replacement, title } => {
            let OriginKind::File { file, span } = at.kind() else { return None };
            let edit = TextEdit { span: span.clone(), replacement: replacement.clone() };
            let edit = FileEdit { file: Arc::clone(file), edits: vec![edit] };
            fix.title = title.clone();
            fix.undo.push(steps::former(&edit));
            if let Some(party) =
                edited::with_edits(input.party(remedy.role), std::slice::from_ref(&edit), input.catalog)
            {
                let outcome = input.with(&party);
                score = Score::of(&outcome, input.catalog);
                // The file said what was wanted; only a session that is weaker than before needs a person.
                if outcome.failed.is_empty() && score >= Score::of(input.outcome, input.catalog) {
                    fix.applicability = Applicability::Safe;
                }
                fix.outcome_after = Some(outcome);
            }
            fix.edits.push(edit);
        }
        Change::Commands { title, commands, applicability } => {
            fix.title = title.clone();
            fix.commands.clone_from(commands);
            fix.applicability = *applicability;
        }
        Change::Decide { title, steps } => {
            fix.title = title.clone();
            fix.commands.clone_from(steps);
        }
        Change::Enable { .. } | Change::Disable { .. } | Change::Upgrade { .. } => return None,
    }
    steps::verify(input, &mut fix);
    Some(Planned { fix, kind: Kind::Repair, score })
}
