//! Two versions of IKE, or two modes of IKEv1.

use shakedown_config::ike_edit::Setting;
use shakedown_model::ike::IkeVersion;
use shakedown_model::{Applicability, FailedSlot, FailureKind, Role, Slot, Stage};

use super::change::{Change, planned};
use super::proposals::end;
use super::{diagnosed, peering};
use crate::plan::{PlanInput, Planned};

pub(super) fn fixes(input: &PlanInput<'_>) -> Vec<Planned> {
    let mut found = Vec::new();
    let failed = &input.outcome.failed;
    if let Some(version) = failed.iter().find(|failed| failed.slot == Slot::Version) {
        found.extend([Role::Server, Role::Client].iter().filter_map(|&role| of_version(input, role, version)));
        let off = failed.iter().filter_map(|failed| allowed(input, failed));
        found.extend(off);
    }
    let of_stage =
        |stage: Stage| move |failed: &&FailedSlot| failed.kind == FailureKind::OtherMode && failed.stage == stage;
    if let Some(mode) = failed.iter().find(of_stage(Stage::ChildSa)) {
        found.extend([Role::Client, Role::Server].iter().filter_map(|&role| other_mode(input, role, mode)));
    }
    if let Some(mode) = failed.iter().find(of_stage(Stage::Auth)) {
        found.extend([Role::Server, Role::Client].iter().filter_map(|&role| main_mode(input, role, mode)));
    }
    found
}

/// The end with the old version is moved to the new one; the other way lowers security, and is there for a peer that has nothing
/// else.
fn of_version(input: &PlanInput<'_>, role: Role, failed: &FailedSlot) -> Option<Planned> {
    let of = |role: Role| input.party(role).ike().and_then(|policy| policy.version);
    let both = |role: Role| {
        let speaks = input.party(role).ike().is_some_and(|policy| policy.proposals.accepted().is_some());
        speaks.then_some(IkeVersion::V2)
    };
    let own = of(role)?;
    // An end without a version speaks both.
    let off = input.party(role).ike()?.switched_off.is_some();
    let other = of(role.peer()).or_else(|| both(role.peer()).filter(|_| off))?;
    let (words, applicability, notes) = match other {
        IkeVersion::V2 => ("IKEv2", Applicability::Safe, Vec::new()),
        IkeVersion::V1 => {
            let note = "IKEv1 is deprecated and gets no new algorithms (RFC 9395): better is IKEv2 at the other end";
            ("IKEv1", Applicability::Weakens, vec![note.to_owned()])
        }
    };
    (own != other).then_some(())?;
    let title = format!("let the {} speak {words}", end(role));
    set(input, role, failed, "no-common-version", (title, Setting::Version(other), applicability, notes))
}

/// libreswan's daemon gets IKEv1 back, for a peer that has nothing else.
fn allowed(input: &PlanInput<'_>, failed: &FailedSlot) -> Option<Planned> {
    let FailureKind::NothingOffered { by } = failed.kind else { return None };
    input.party(by).ike()?.switched_off.as_ref()?;
    let note = "all connections of IKEv1 of that file are loaded then; better is IKEv2 at both ends (RFC 9395)";
    let title = format!("allow IKEv1 at the {}", end(by));
    let change = (title, Setting::OldVersionAllowed, Applicability::Weakens, vec![note.to_owned()]);
    set(input, by, failed, "no-common-version", change)
}

/// Main mode hides the identities and the hash that a key could be guessed from; the other way is not offered.
fn main_mode(input: &PlanInput<'_>, role: Role, failed: &FailedSlot) -> Option<Planned> {
    peering(input.party(role)).filter(|peering| peering.aggressive)?;
    let note = "with pre-shared keys the responder then looks the key up by the address of the initiator (RFC 2409 section \
                5.4)";
    let title = format!("let the {} speak main mode", end(role));
    let change = (title, Setting::Aggressive(false), Applicability::Safe, vec![note.to_owned()]);
    set(input, role, failed, "exchange-mode-mismatch", change)
}

/// Either end takes the mode of the other: which traffic is meant is for a person to say.
fn other_mode(input: &PlanInput<'_>, role: Role, failed: &FailedSlot) -> Option<Planned> {
    let transport = !peering(input.party(role))?.transport;
    let mode = if transport { "transport" } else { "tunnel" };
    let note = "transport mode carries only what the two addresses send each other, as L2TP and GRE do; a tunnel carries \
                whole networks (RFC 4301 section 4.1)";
    let title = format!("let the {} have {mode} mode", end(role));
    let change = (title, Setting::Transport(transport), Applicability::Manual, vec![note.to_owned()]);
    set(input, role, failed, "exchange-mode-mismatch", change)
}

/// One setting of one end, which resolves that cause.
fn set(
    input: &PlanInput<'_>,
    role: Role,
    failed: &FailedSlot,
    cause: &'static str,
    (title, setting, applicability, notes): (String, Setting, Applicability, Vec<String>),
) -> Option<Planned> {
    planned(
        input,
        Change {
            role,
            title,
            settings: vec![setting],
            applicability,
            resolves: diagnosed(input, &[cause]),
            failed: vec![failed],
            first: Vec::new(),
            notes,
        },
    )
}
