//! Which connection of a responder an initiator meets, of several that may be meant.
//!
//! strongSwan's responder takes another connection of the same addresses where the proposals, the identities or the methods of one
//! do not fit (`ike_sa_manager.c`, `ike_auth.c`), and of a connection the child whose selectors fit. libreswan's looks for one
//! that fits in all of that (`ikev2_host_pair.c`, `ikev2_ts.c`).

use std::net::IpAddr;

use shakedown_model::ike::{IkePolicy, Peering};
use shakedown_model::{Item, Name, Outcome, OutcomeResult, Slot, Stage, StageResult};

use super::auth::{accepts, asked_for};
use super::identity::is_pattern;
use super::outcome::negotiate;

/// For each initiator the responder that it meets, by their places; an initiator whose addresses exclude all of them is
/// put beside each.
pub fn meetings(initiators: &[&IkePolicy], responders: &[&IkePolicy]) -> Vec<(usize, usize)> {
    let (ours, theirs): (Vec<Plain>, Vec<Plain>) =
        (initiators.iter().map(|one| Plain::of(one)).collect(), responders.iter().map(|one| Plain::of(one)).collect());
    let mut met = Vec::new();
    let mut strangers = Vec::new();
    for (client, (initiator, own)) in initiators.iter().zip(&ours).enumerate() {
        let near = theirs.iter().enumerate().filter(|(_, other)| own.may_meet(other)).map(|(server, _)| server);
        let known: Vec<(usize, &IkePolicy)> =
            near.filter_map(|server| Some((server, *responders.get(server)?))).collect();
        match choose(initiator, &known) {
            Some(server) => met.push((client, server)),
            None => strangers.extend((0..responders.len()).map(|server| (client, server))),
        }
    }
    // Where nobody is meant for anybody, all are shown.
    if met.is_empty() { strangers } else { met }
}

/// The addresses of both ends, where all of them are plain ones.
struct Plain {
    local: Option<Vec<IpAddr>>,
    remote: Option<Vec<IpAddr>>,
}

impl Plain {
    fn of(policy: &IkePolicy) -> Self {
        let read = |items: &[Item]| -> Option<Vec<IpAddr>> {
            let all: Option<Vec<IpAddr>> = items.iter().map(|item| item.name.as_str().parse().ok()).collect();
            all.filter(|all| !all.is_empty())
        };
        match &policy.peering {
            Some(own) => Self { local: read(&own.local_addresses), remote: read(&own.remote_addresses) },
            None => Self { local: None, remote: None },
        }
    }

    fn may_meet(&self, responder: &Self) -> bool {
        let fit = |one: &Option<Vec<IpAddr>>, other: &Option<Vec<IpAddr>>| match (one, other) {
            (Some(one), Some(other)) => one.iter().any(|address| other.contains(address)),
            _ => true,
        };
        fit(&self.remote, &responder.local) && fit(&self.local, &responder.remote)
    }
}

/// The one of these that the initiator meets.
fn choose(initiator: &IkePolicy, known: &[(usize, &IkePolicy)]) -> Option<usize> {
    if let [(only, _)] = known {
        return Some(*only);
    }
    // Whose identities exclude each other is looked at only where all do.
    let by_name: Vec<&(usize, &IkePolicy)> = known.iter().filter(|(_, one)| identities_fit(initiator, one)).collect();
    let known = if by_name.is_empty() { known.iter().collect() } else { by_name };
    let judged: Vec<Judged> = known
        .iter()
        .map(|(server, responder)| Judged { server: *server, responder, outcome: negotiate(initiator, responder) })
        .collect();
    let met: Vec<&Judged> = judged.iter().filter(|one| one.lets_in()).collect();
    let first = match met.first() {
        // Of its children only those of the connection count that fits the initiator best.
        Some(one) if one.is_strongswan() => {
            let best = met.iter().map(|one| one.fit()).max();
            let connection = met.iter().find(|one| Some(one.fit()) == best).map(|one| one.connection());
            furthest(met.iter().copied().filter(|one| Some(one.connection()) == connection))
        }
        Some(_) => furthest(met.iter().copied()),
        None => furthest(judged.iter()),
    };
    first.map(|one| one.server)
}

/// The one that gets furthest, of equals the first.
fn furthest<'a>(all: impl Iterator<Item = &'a Judged<'a>>) -> Option<&'a Judged<'a>> {
    all.min_by_key(|one| (std::cmp::Reverse(one.reached()), one.outcome.failed.len()))
}

struct Judged<'a> {
    server: usize,
    responder: &'a IkePolicy,
    outcome: Outcome,
}

impl Judged<'_> {
    fn result(&self, stage: Stage) -> Option<&StageResult> {
        self.outcome.stages.iter().find(|one| one.stage == stage).map(|one| &one.result)
    }

    /// Whether nothing speaks against it before the CHILD SA.
    fn lets_in(&self) -> bool {
        let fails = |stage| matches!(self.result(stage), Some(StageResult::Failed | StageResult::NotReached) | None);
        !fails(Stage::IkeSa) && !fails(Stage::Auth)
    }

    fn reached(&self) -> u8 {
        let other_traffic = self.outcome.failed.iter().any(|failed| failed.slot == Slot::TrafficSelector);
        match (self.lets_in(), self.outcome.result()) {
            (_, OutcomeResult::Agreed) => 5,
            (true, OutcomeResult::Unknown) => 4,
            (true, OutcomeResult::Failed) if !other_traffic => 3,
            (true, OutcomeResult::Failed) => 2,
            (false, _) => u8::from(matches!(self.result(Stage::IkeSa), Some(StageResult::Agreed))),
        }
    }

    fn peering(&self) -> Option<&Peering> {
        self.responder.peering.as_deref()
    }

    /// How well it is made for this initiator: by its identity before by its address.
    fn fit(&self) -> (u8, bool) {
        let Some(own) = self.peering() else { return (0, false) };
        let name = match &own.remote.identity {
            None => 0,
            Some(item) => {
                if is_pattern(item.name.as_str()) {
                    1
                } else {
                    2
                }
            }
        };
        (name, !own.remote_addresses.is_empty())
    }

    fn is_strongswan(&self) -> bool {
        self.peering().is_some_and(Peering::is_strongswan)
    }

    fn connection(&self) -> Option<&Name> {
        self.peering().and_then(|own| Some(&own.written.as_ref()?.name.name))
    }
}

/// Whether nothing speaks against each taking the other for whom it is.
fn identities_fit(initiator: &IkePolicy, responder: &IkePolicy) -> bool {
    let (Some(ours), Some(theirs)) = (&initiator.peering, &responder.peering) else { return true };
    let asked = asked_for(ours).or_else(|| theirs.own_identity());
    let fits = |expected, shown| accepts(expected, shown) != Some(false);
    fits(theirs.remote.identity.as_ref(), ours.own_identity()) && fits(theirs.local.identity.as_ref(), asked)
}
