//! Tunnel against transport mode (RFC 7296 section 1.3.1, RFC 2407 section 4.5).

use shakedown_model::ike::{IkeVersion, OfOtherMode, Peering};
use shakedown_model::{FailedSlot, FailureKind, Item, Outcome, Slot, Stage, StageResult, TraceStep, names};

/// What becomes of a CHILD SA for which the two ends are set up for these modes.
pub(super) fn compare(
    outcome: &mut Outcome,
    version: IkeVersion,
    [initiator, responder]: [&Peering; 2],
) -> StageResult {
    if initiator.transport == responder.transport {
        return StageResult::Agreed;
    }
    let result = match version {
        // The attribute of the initiator's transform.
        IkeVersion::V1 => match responder.of_other_mode {
            OfOtherMode::Tunnel => Some(false),
            OfOtherMode::Refusal => Some(true),
            OfOtherMode::Unknown => None,
        },
        // The responder may decline transport mode, and cannot ask for it.
        IkeVersion::V2 => {
            let own = if initiator.transport { initiator } else { responder };
            match own.of_other_mode {
                OfOtherMode::Tunnel => Some(true),
                OfOtherMode::Refusal => Some(false),
                OfOtherMode::Unknown => None,
            }
        }
    };
    let words = |end: &Peering| vec![Item::new(if end.transport { "transport" } else { "tunnel" })];
    let (client, server) = (words(initiator), words(responder));
    match result {
        Some(true) => {
            let rule = match version {
                IkeVersion::V1 => "the responder takes the mode of the initiator",
                IkeVersion::V2 => "only where both ends have transport mode it is used (RFC 7296 section 1.3.1)",
            };
            let chosen = if version == IkeVersion::V1 {
                client.first()
            } else {
                [&client, &server].into_iter().flatten().find(|item| item.name == "tunnel")
            };
            outcome.trace.push(TraceStep {
                slot: Slot::TrafficSelector,
                client: names(&client),
                server: names(&server),
                chosen: chosen.map(|item| item.name.clone()),
                rule: rule.to_owned(),
            });
            StageResult::Agreed
        }
        Some(false) => {
            let (slot, kind) = (Slot::TrafficSelector, FailureKind::OtherMode);
            outcome.failed.push(FailedSlot { stage: Stage::ChildSa, slot, client, server, kind });
            StageResult::Failed
        }
        None => StageResult::Unknown {
            what_would_decide: "whether the end in transport mode takes a tunnel: its log of the CHILD SA".to_owned(),
        },
    }
}
