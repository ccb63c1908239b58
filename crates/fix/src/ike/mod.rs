//! Plans for IKE, from both ends: proposals, versions and modes, identities, methods, pre-shared keys, selectors.
//!
//! Who is let in, and to what, is for a person to decide: a change that accepts another identity or method, or lets other
//! traffic through, is never made by itself.

mod change;
mod identity;
mod keys;
mod mode;
mod proposals;
mod selectors;

use shakedown_model::ike::Peering;
use shakedown_model::{DiagnosisId, Party};

use crate::plan::{PlanInput, Planned};

/// What to change at either end so that both agree.
pub(crate) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let kinds = [proposals::fixes, mode::fixes, identity::fixes, identity::method_fixes, keys::fixes, selectors::fixes];
    kinds.iter().flat_map(|fixes| fixes(input)).collect()
}

/// The diagnoses of a cause.
fn diagnosed(input: &PlanInput<'_>, causes: &[&str]) -> Vec<DiagnosisId> {
    let all = input.diagnoses.iter().enumerate();
    all.filter(|(_, diagnosis)| causes.contains(&diagnosis.cause)).map(|(index, _)| DiagnosisId(index)).collect()
}

fn peering(party: &Party) -> Option<&Peering> {
    party.ike()?.peering.as_deref()
}
