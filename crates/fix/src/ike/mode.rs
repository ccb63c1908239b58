//! Two versions of IKE, or two modes of IKEv1.

use shakedown_config::ike_edit::Setting;
use shakedown_model::ike::IkeVersion;
use shakedown_model::{Applicability, FailedSlot, FailureKind, Role, Slot};

use super::change::{Change, planned};
use super::proposals::end;
use super::{diagnosed, peering};
use crate::plan::{PlanInput, Planned};

pub(super) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let mut found = Vec::new();
    let failed = &input.outcome.failed;
    if let Some(version) = failed.iter().find(|failed| failed.slot == Slot::Version) {
        found.extend([Role::Server, Role::Client].iter().filter_map(|&role| of_version(input, role, version)));
    }
    if let Some(mode) = failed.iter().find(|failed| failed.kind == FailureKind::OtherMode) {
        found.extend([Role::Server, Role::Client].iter().filter_map(|&role| main_mode(input, role, mode)));
    }
    found
}

/// The end with the old version is moved to the new one; the other way lowers security, and is there for a peer that has nothing
/// else.
fn of_version(input: &PlanInput<'_>, role: Role, failed: &FailedSlot) -> Option<Planned> {
    let of = |role: Role| input.party(role).ike().and_then(|policy| policy.version);
    let (own, other) = (of(role)?, of(role.peer())?);
    let (words, applicability, notes) = match other {
        IkeVersion::V2 => ("IKEv2", Applicability::Safe, Vec::new()),
        IkeVersion::V1 => {
            let note = "IKEv1 is deprecated and gets no new algorithms (RFC 9395): better is IKEv2 at the other end";
            ("IKEv1", Applicability::Weakens, vec![note.to_owned()])
        }
    };
    (own != other).then_some(())?;
    planned(
        input,
        Change {
            role,
            title: format!("let the {} speak {words}", end(role)),
            settings: vec![Setting::Version(other)],
            applicability,
            resolves: diagnosed(input, &["no-common-version"]),
            failed: vec![failed],
            first: Vec::new(),
            notes,
        },
    )
}

/// Main mode hides the identities and the hash that a key could be guessed from; the other way is not offered.
fn main_mode(input: &PlanInput<'_>, role: Role, failed: &FailedSlot) -> Option<Planned> {
    peering(input.party(role)).filter(|peering| peering.aggressive)?;
    let note = "with pre-shared keys the responder then looks the key up by the address of the initiator (RFC 2409 section \
                5.4)";
    planned(
        input,
        Change {
            role,
            title: format!("let the {} speak main mode", end(role)),
            settings: vec![Setting::Aggressive(false)],
            applicability: Applicability::Safe,
            resolves: diagnosed(input, &["exchange-mode-mismatch"]),
            failed: vec![failed],
            first: Vec::new(),
            notes: vec![note.to_owned()],
        },
    )
}
