use shakedown_model::ssh::SshPolicy;
use shakedown_model::{
    Context, FailedSlot, FailureKind, Item, Outcome, Role, Slot, Stage, StageOutcome, StageResult, TraceStep, items,
};

use super::choice::Choice;
use super::ends::Ends;
use super::kexinit::{Decision, decide};
use super::later::{self, Later};
use super::{forecast, list::List};

/// What RFC 4253 and both implementations make of two policies.
///
/// The lists are those that each end sends to this peer: `context` gives the known hosts; the identification strings
/// come from the policies themselves.
pub fn negotiate(client: &SshPolicy, server: &SshPolicy, context: &Context) -> Outcome {
    let ends = Ends::open(client, server, context);
    let mut outcome = Outcome::default();
    if let Some(role) =
        [Role::Client, Role::Server].into_iter().find(|&role| forecast::protocol_one(&ends.end(role).offer))
    {
        no_common_version(&mut outcome, role);
        return outcome;
    }

    let decisions = decide(&ends);
    let kexinit = kexinit_result(&decisions);
    for decision in &decisions {
        record(&ends, decision, &mut outcome);
    }
    sort_failures(&ends, &mut outcome.failed);
    let failed = kexinit == StageResult::Failed;
    outcome.stages.push(StageOutcome { stage: Stage::Kexinit, result: kexinit });

    let kex = outcome.agreed(Slot::Kex).cloned();
    let host_key = outcome.agreed(Slot::HostKey).cloned();
    let later = [
        (Stage::Gex, Slot::Kex, later::gex(&ends, kex.as_ref()), kex),
        (Stage::HostKey, Slot::HostKey, later::host_key(&ends, host_key.as_ref(), context), host_key),
    ];
    let mut reached = !failed;
    for (stage, slot, later, name) in later {
        let (Some(Later { result, failure, rule }), Some(name)) = (later, name) else { continue };
        if !reached {
            outcome.stages.push(StageOutcome { stage, result: StageResult::NotReached });
            continue;
        }
        let [client, server] = [Role::Client, Role::Server].map(|role| later::item(&ends, role, slot, &name));
        if let Some(kind) = failure {
            outcome.failed.push(FailedSlot { stage, slot, client, server, kind });
            reached = false;
        }
        if let Some(step) = outcome.trace.iter_mut().find(|step| step.slot == slot) {
            step.rule += &format!("; {stage}: {rule}");
        }
        outcome.stages.push(StageOutcome { stage, result });
    }
    outcome.forecast = forecast::forecast(&ends, outcome.failed.is_empty());
    outcome
}

fn no_common_version(outcome: &mut Outcome, one_only: Role) {
    let version = |role: Role| items([if role == one_only { "1.5" } else { "2.0" }]);
    outcome.stages.push(StageOutcome { stage: Stage::Kexinit, result: StageResult::Failed });
    outcome.failed.push(FailedSlot {
        stage: Stage::Kexinit,
        slot: Slot::Version,
        client: version(Role::Client),
        server: version(Role::Server),
        kind: FailureKind::NothingInCommon,
    });
    let names = |role: Role| shakedown_model::names(&version(role));
    outcome.trace.push(TraceStep {
        slot: Slot::Version,
        client: names(Role::Client),
        server: names(Role::Server),
        chosen: None,
        rule: format!("the {one_only} speaks only SSH protocol 1 (RFC 4253 section 5)"),
    });
}

fn kexinit_result(decisions: &[Decision]) -> StageResult {
    if decisions.iter().any(|decision| matches!(decision.choice, Choice::Failed(_))) {
        return StageResult::Failed;
    }
    let mut needed: Vec<&str> = Vec::new();
    for decision in decisions {
        if let Choice::Unknown(what) = &decision.choice
            && !needed.contains(&what.as_str())
        {
            needed.push(what);
        }
    }
    if needed.is_empty() { StageResult::Agreed } else { StageResult::Unknown { what_would_decide: needed.join("; ") } }
}

fn record(ends: &Ends<'_>, decision: &Decision, outcome: &mut Outcome) {
    let Decision { slot, choice, rule } = decision;
    let slot = *slot;
    let names = |list: List| list.names;
    let (client, server) = (names(ends.client.list(slot)), names(ends.server.list(slot)));
    outcome.trace.push(TraceStep { slot, client, server, chosen: choice.name().cloned(), rule: rule.clone() });
    match choice {
        Choice::Agreed(name) => outcome.agreed.push((slot, Some(name.clone()))),
        Choice::NotUsed => outcome.agreed.push((slot, None)),
        Choice::Failed(kind) => {
            let list =
                |role: Role| -> Vec<Item> { ends.end(role).offer.list(slot).accepted().cloned().unwrap_or_default() };
            let (client, server) = (list(Role::Client), list(Role::Server));
            outcome.failed.push(FailedSlot { stage: Stage::Kexinit, slot, client, server, kind: kind.clone() });
        }
        Choice::OneOf(_) | Choice::Unknown(_) => {}
    }
}

/// OpenSSH goes through one direction after the other, its incoming one first (`kex_choose_conf`); the client's report
/// is the one that a person reads.
const CLIENT_STOPS: [Slot; 8] = [
    Slot::Kex,
    Slot::HostKey,
    Slot::CipherS2c,
    Slot::MacS2c,
    Slot::CompressionS2c,
    Slot::CipherC2s,
    Slot::MacC2s,
    Slot::CompressionC2s,
];

fn sort_failures(ends: &Ends<'_>, failed: &mut [FailedSlot]) {
    let own = &ends.client.policy.behaviour.stops;
    let order: &[Slot] = if own.is_empty() { &CLIENT_STOPS } else { own };
    failed.sort_by_key(|failed| order.iter().position(|&slot| slot == failed.slot).unwrap_or(usize::MAX));
}
