//! What the selection makes of two parties.

use shakedown_model::ike::{ChildGroups, IkePolicy, IkeVersion, Proposal};
use shakedown_model::{
    FailedSlot, FailureKind, Forecast, Item, Known, Name, Outcome, Role, Slot, Stage, StageOutcome, StageResult,
    TraceStep, names,
};

use super::select::{Refusal, Selecting, select};
use super::{address, auth, mode, selectors};

/// What the rules make of an initiator and a responder. Where identities, secrets and selectors are not known, what
/// depends on them is unknown.
pub fn negotiate(initiator: &IkePolicy, responder: &IkePolicy) -> Outcome {
    let mut outcome = Outcome::default();
    if let (Some(ours), Some(theirs)) = (initiator.version, responder.version)
        && ours != theirs
    {
        outcome.failed.push(FailedSlot {
            stage: Stage::IkeSa,
            slot: Slot::Version,
            client: vec![Item::new(version_name(ours))],
            server: vec![Item::new(version_name(theirs))],
            kind: FailureKind::NothingInCommon,
        });
        return not_begun(outcome);
    }
    // What is not loaded neither sends nor answers.
    let off = [(Role::Client, initiator), (Role::Server, responder)]
        .into_iter()
        .filter(|(_, policy)| policy.switched_off.is_some());
    for (by, _) in off {
        let speaks = |role: Role, policy: &IkePolicy| match policy.version {
            Some(version) if role != by => vec![Item::new(version_name(version))],
            _ => Vec::new(),
        };
        outcome.failed.push(FailedSlot {
            stage: Stage::IkeSa,
            slot: Slot::Version,
            client: speaks(Role::Client, initiator),
            server: speaks(Role::Server, responder),
            kind: FailureKind::NothingOffered { by },
        });
    }
    if !outcome.failed.is_empty() {
        return not_begun(outcome);
    }
    let version = initiator.version.or(responder.version);
    if let Some(version) = version {
        outcome.agreed.push((Slot::Version, Some(Name::new(version_name(version)))));
    }
    let how = Selecting {
        version: version.unwrap_or(IkeVersion::V2),
        preference: responder.preference,
        without_key_exchange: false,
        counter_mode_in_ikev1: initiator.has_counter_mode_in_ikev1() && responder.has_counter_mode_in_ikev1(),
    };
    let peerings = initiator.peering.as_deref().zip(responder.peering.as_deref());
    if let Some((ours, theirs)) = peerings {
        address::compare(&mut outcome, ours, theirs);
    }
    let strangers = !outcome.failed.is_empty();
    let proposals = (initiator.proposals.complete(), responder.proposals.complete());
    let ike = run(&mut outcome, Stage::IkeSa, proposals, how);
    let ike = in_part(ike, Stage::IkeSa, [&initiator.proposals, &responder.proposals], how);
    if strangers {
        // What the proposals have in common is agreed on with nobody.
        outcome.agreed.retain(|(slot, _)| *slot == Slot::Version);
    }
    let ike = if strangers { StageResult::Failed } else { ike };
    let failed = ike == StageResult::Failed;
    stage(&mut outcome, Stage::IkeSa, ike);
    let auth = match peerings {
        _ if failed => StageResult::NotReached,
        Some((ours, theirs)) => auth::authenticate(&mut outcome, how.version, [ours, theirs]),
        None => StageResult::Unknown { what_would_decide: "the responder's log of the IKE_AUTH exchange".to_owned() },
    };
    let failed = failed || auth == StageResult::Failed;
    stage(&mut outcome, Stage::Auth, auth);
    if failed {
        stage(&mut outcome, Stage::ChildSa, StageResult::NotReached);
        return outcome;
    }
    let children = children(&outcome, initiator, responder);
    let [ours, theirs] = &children;
    let proposals = (ours.complete(), theirs.complete());
    // Quick mode has its own key exchange, IKE_AUTH has not.
    let first = Selecting { without_key_exchange: how.version == IkeVersion::V2, ..how };
    let narrowed = match peerings {
        Some((ours, theirs)) => {
            let narrowed = selectors::narrow(&mut outcome, ours, theirs);
            let mode = mode::compare(&mut outcome, how.version, [ours, theirs]);
            match (&narrowed, &mode) {
                (StageResult::Failed, _) | (_, StageResult::Agreed) => narrowed,
                (_, StageResult::Failed | StageResult::NotReached) | (StageResult::Agreed, _) => mode,
                _ => narrowed,
            }
        }
        // Of two parties of which only proposals are known, only these are judged.
        None => StageResult::Agreed,
    };
    let result = run(&mut outcome, Stage::ChildSa, proposals, first);
    let result = in_part(result, Stage::ChildSa, [ours, theirs], first);
    if narrowed == StageResult::Failed {
        // A responder looks for a CHILD SA with these selectors first: nothing is selected for one that it does not have.
        outcome.agreed_child.clear();
    }
    let result = match (&narrowed, &result) {
        (StageResult::Failed, _) | (StageResult::Unknown { .. }, StageResult::Agreed) => narrowed,
        _ => result,
    };
    // Whether the selectors fit as well does not matter for it.
    if !outcome.agreed_child.is_empty()
        && let (Some(ours), Some(theirs)) = proposals
        && let Err(refusal) = select(ours, theirs, how)
        && !is_open(&outcome, [initiator, responder])
    {
        let (due, after) = due(initiator, responder);
        for difference in refusal.differences {
            outcome.forecast.push(Forecast {
                when: "rekey".to_owned(),
                stage: Stage::Rekey,
                slot: difference.slot,
                summary: format!(
                    "the tunnel comes up, and fails when its keys are due for renewal{due}: only then the groups are \
                     compared"
                ),
                after,
            });
            outcome.trace.push(TraceStep {
                slot: difference.slot,
                client: names(&difference.initiator),
                server: names(&difference.responder),
                chosen: None,
                rule: "groups are compared when the keys of a CHILD SA are renewed (RFC 7296 section 1.3)".to_owned(),
            });
        }
    }
    stage(&mut outcome, Stage::ChildSa, result);
    outcome
}

/// When the keys of a tunnel are first renewed, in words and in seconds at the earliest.
fn due(initiator: &IkePolicy, responder: &IkePolicy) -> (String, Option<u64>) {
    let ends = [("initiator", initiator), ("responder", responder)];
    let known = ends.into_iter().filter_map(|(end, policy)| Some((end, policy.child_lifetime.first()?)));
    let Some((end, (earliest, latest))) = known.min_by_key(|(_, first)| *first) else { return (String::new(), None) };
    let text = match duration(earliest) == duration(latest) {
        true => format!(", which the {end} has after {}", duration(earliest)),
        false => format!(", which the {end} has after {} to {}", duration(earliest), duration(latest)),
    };
    (text, Some(earliest))
}

/// `54 minutes`, `8 hours`, `90 seconds`.
fn duration(seconds: u64) -> String {
    let unit = [("hour", 3_600), ("minute", 60)]
        .into_iter()
        .find(|(_, size)| seconds >= *size && seconds.is_multiple_of(*size));
    let (name, count) = unit.map_or(("second", seconds), |(name, size)| (name, seconds / size));
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// The group that was agreed on for the IKE SA.
fn group(outcome: &Outcome) -> Option<Item> {
    let agreed = outcome.agreed.iter().find(|(slot, _)| *slot == Slot::Group);
    agreed.and_then(|(_, name)| name.clone()).map(|name| Item { name, origin: None })
}

/// Whether the groups of CHILD SAs depend on the group of the IKE SA, and that is not known.
fn is_open(outcome: &Outcome, ends: [&IkePolicy; 2]) -> bool {
    group(outcome).is_none() && ends.iter().any(|end| end.child_groups == ChildGroups::OfIke)
}

/// The proposals of both ends for the CHILD SA, with the groups that follow from the IKE SA and from the other end.
fn children(outcome: &Outcome, initiator: &IkePolicy, responder: &IkePolicy) -> [Known<Vec<Proposal>>; 2] {
    let of_ike: Vec<Item> = group(outcome).into_iter().collect();
    let own = |end: &IkePolicy| {
        let mut own = end.child_proposals.clone();
        if end.child_groups == ChildGroups::OfIke {
            own.fill_groups(&of_ike);
        }
        own
    };
    let (ours, mut theirs) = (own(initiator), own(responder));
    if let ChildGroups::Any { required } = responder.child_groups
        && let Known::Complete(all) | Known::Partial { accepted: all, .. } = &mut theirs
    {
        let mut groups: Vec<Item> = Vec::new();
        for item in ours.accepted().into_iter().flatten().flat_map(|proposal| &proposal.group) {
            if !groups.iter().any(|known| known.name == item.name) {
                groups.push(item.clone());
            }
        }
        if !required {
            groups.push(Item::new("none"));
        } else if groups.is_empty() {
            groups = of_ike;
        }
        all.iter_mut().for_each(|one| one.group.clone_from(&groups));
    }
    [ours, theirs]
}

/// Where the first message finds nobody who speaks that version.
fn not_begun(mut outcome: Outcome) -> Outcome {
    stage(&mut outcome, Stage::IkeSa, StageResult::Failed);
    stage(&mut outcome, Stage::Auth, StageResult::NotReached);
    stage(&mut outcome, Stage::ChildSa, StageResult::NotReached);
    outcome
}

type Lists<'a> = (Option<&'a Vec<Proposal>>, Option<&'a Vec<Proposal>>);

/// Of lists that are known in part: where what is known fits, something is agreed on, though not necessarily that. In quick
/// mode all proposals count together.
fn in_part(result: StageResult, of: Stage, lists: [&Known<Vec<Proposal>>; 2], how: Selecting) -> StageResult {
    let [Some(ours), Some(theirs)] = lists.map(Known::accepted) else { return result };
    let is_open = matches!(result, StageResult::Unknown { .. });
    let decides = of == Stage::IkeSa || how.version == IkeVersion::V2;
    if is_open && decides && select(ours, theirs, how).is_ok() { StageResult::Agreed } else { result }
}

fn run(outcome: &mut Outcome, of: Stage, lists: Lists<'_>, how: Selecting) -> StageResult {
    let (Some(ours), Some(theirs)) = lists else {
        return StageResult::Unknown { what_would_decide: "the proposals of both ends".to_owned() };
    };
    match select(ours, theirs, how) {
        Ok(chosen) => {
            for (slot, name) in chosen.transforms {
                let list = |proposal: Option<&Proposal>| names(proposal.map_or(&[], |one| one.list(slot)));
                outcome.trace.push(TraceStep {
                    slot,
                    client: list(ours.get(chosen.initiator)),
                    server: list(theirs.get(chosen.responder)),
                    chosen: name.clone(),
                    rule: "one of each type, from the first proposal of the responder that fits (RFC 7296 section 2.7)"
                        .to_owned(),
                });
                match of {
                    Stage::IkeSa => outcome.agreed.push((slot, name)),
                    _ => outcome.agreed_child.push((slot, name)),
                }
            }
            StageResult::Agreed
        }
        Err(refusal) => {
            fail(outcome, of, refusal);
            StageResult::Failed
        }
    }
}

fn fail(outcome: &mut Outcome, of: Stage, refusal: Refusal) {
    let failed = refusal.differences.into_iter().map(|difference| FailedSlot {
        stage: of,
        slot: difference.slot,
        client: difference.initiator,
        server: difference.responder,
        kind: match difference.unsent {
            true => FailureKind::NothingOffered { by: Role::Client },
            false => FailureKind::NothingInCommon,
        },
    });
    outcome.failed.extend(failed);
}

fn stage(outcome: &mut Outcome, stage: Stage, result: StageResult) {
    outcome.stages.push(StageOutcome { stage, result });
}

fn version_name(version: IkeVersion) -> &'static str {
    match version {
        IkeVersion::V1 => "1",
        IkeVersion::V2 => "2",
    }
}
