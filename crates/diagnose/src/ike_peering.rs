//! What the causes share that two IKE configurations show together: identities, methods, pre-shared keys, selectors.

use shakedown_model::{FailedSlot, FailureKind, Item, Match, Phase, Reason, Role, Side, Slot, Stage, Strength, names};

use crate::Case;
use crate::mismatch::cause_of;
use crate::text::list;

/// A match for each way in which the two ends do not fit, of one cause.
pub(crate) fn matches(case: &Case<'_>, cause: &str) -> Vec<Match> {
    let of_cause =
        |failed: &&FailedSlot| matches!(failed.slot, Slot::Auth | Slot::TrafficSelector) && cause_of(failed) == cause;
    case.failed().iter().filter(of_cause).map(|failed| found(case, failed)).collect()
}

fn found(case: &Case<'_>, failed: &FailedSlot) -> Match {
    let [client, server] = [&failed.client, &failed.server].map(|items| words(items));
    let (side, summary) = match &failed.kind {
        FailureKind::OtherAddress { of: Role::Client } => (
            Side::Unknown,
            format!("the initiator comes from {client}, and the responder's connection is for {server}"),
        ),
        FailureKind::OtherAddress { of: Role::Server } => (
            Side::Unknown,
            format!("the initiator goes to {client}, and the responder's connection is for its own {server}"),
        ),
        FailureKind::WrongIdentity { of: Role::Client } => {
            (Side::Unknown, format!("the initiator is {client}, and the responder expects {server}"))
        }
        FailureKind::WrongIdentity { of: Role::Server } => {
            (Side::Unknown, format!("the initiator asks for {client}, and the responder is {server}"))
        }
        FailureKind::DifferentKeys if case.answered() => (
            Side::Unknown,
            "the responder proves itself with another pre-shared key than the initiator has for it".to_owned(),
        ),
        FailureKind::DifferentKeys => {
            (Side::Unknown, "the two configurations hold different pre-shared keys for each other".to_owned())
        }
        FailureKind::NoKey { by } => (
            Side::from(*by),
            format!(
                "the {} has no pre-shared key for its peer",
                if *by == Role::Client { "initiator" } else { "responder" }
            ),
        ),
        FailureKind::OtherMode if failed.stage == Stage::ChildSa => {
            (Side::Unknown, format!("the initiator is set up for {client} mode, and the responder for {server} mode"))
        }
        FailureKind::OtherMode => {
            (Side::Unknown, format!("the initiator speaks {client} mode, and the responder {server} mode"))
        }
        FailureKind::Deviation { by, what } => (Side::from(by.peer()), what.clone()),
        _ if failed.slot == Slot::TrafficSelector => (
            Side::Unknown,
            format!("no traffic is let through by both ends: the initiator has {client}, the responder {server}"),
        ),
        _ => (Side::Unknown, format!("the initiator is set up for {client}, and the responder for {server}")),
    };
    let mut found = Match::new(Strength::Decisive, side, summary);
    found.phase = Some(match failed.stage {
        Stage::ChildSa => Phase::ChildSa,
        Stage::IkeSa => Phase::IkeSa,
        _ => Phase::Auth,
    });
    found.side_because = match side {
        Side::Unknown => "each end is set up for itself: which of them is wrong is for a person to say".to_owned(),
        _ => "by both configurations".to_owned(),
    };
    found.reason = Reason::ConfiguredOut;
    found
}

fn words(items: &[Item]) -> String {
    if items.is_empty() { "nothing that is set up".to_owned() } else { list(&names(items)) }
}
