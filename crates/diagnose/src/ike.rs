//! What the causes "no proposal in common" share: from the types of transform that failed to one match with both ends'
//! lists, the side at fault and the remedies.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal, SaProtocol, SwitchedOff, is_of_ikev1};
use shakedown_model::{
    Change, Evidence, EvidenceId, Fact, FailedSlot, FailureKind, Item, Label, Match, Name, Origin, OriginKind, Phase,
    Reason, Remedy, Role, Side, Slot, Stage, Strength, names,
};

use crate::Case;
use crate::blame::{self, End};
use crate::facts;
use crate::text::list;

/// The notify of that name, RFC 7296 section 3.10.1.
const NO_PROPOSAL_CHOSEN: u16 = 14;

/// The match of one stage: a proposal fails as a whole, so that all its types of transform are one cause.
pub(crate) fn matches(case: &Case<'_>, stage: Stage, noun: &str) -> Vec<Match> {
    let proposals = Proposal::SLOTS;
    let of_stage = |failed: &&FailedSlot| failed.stage == stage && proposals.contains(&failed.slot);
    let failed: Vec<FailedSlot> = case.failed().iter().filter(of_stage).cloned().collect();
    if failed.is_empty() { later(case, stage) } else { vec![one(case, &failed, stage, noun)] }
}

/// The error that a responder answers with whatever it is offered.
pub(crate) fn refuses_everything(case: &Case<'_>) -> Option<EvidenceId> {
    let everything = |evidence: &Evidence| {
        matches!(evidence.fact, Fact::Notify { number: NO_PROPOSAL_CHOSEN, to_everything: true, .. })
    };
    case.facts().find(|(_, evidence)| everything(evidence)).map(|(id, _)| id)
}

/// What agrees now and differs at the first rekey.
fn later(case: &Case<'_>, stage: Stage) -> Vec<Match> {
    let Some(outcome) = case.outcome.filter(|_| stage == Stage::ChildSa) else { return Vec::new() };
    let due = |slot: Slot| outcome.forecast.iter().any(|one| one.stage == Stage::Rekey && one.slot == slot);
    // The trace has names; where they are written, the proposals tell.
    let items = |role: Role, slot: Slot, names: &[Name]| -> Vec<Item> {
        let own = case.party(role).and_then(|party| party.ike()?.child_proposals.accepted());
        let find = |name: &Name| own?.iter().flat_map(|one| one.list(slot)).find(|item| item.name == *name);
        names.iter().map(|name| find(name).cloned().unwrap_or(Item { name: name.clone(), origin: None })).collect()
    };
    let failed: Vec<FailedSlot> = outcome
        .trace
        .iter()
        .filter(|step| step.chosen.is_none() && due(step.slot))
        .map(|step| FailedSlot {
            stage: Stage::Rekey,
            slot: step.slot,
            client: items(Role::Client, step.slot, &step.client),
            server: items(Role::Server, step.slot, &step.server),
            kind: FailureKind::NothingInCommon,
        })
        .collect();
    if failed.is_empty() {
        return Vec::new();
    }
    let mut found = one(case, &failed, Stage::Rekey, "forward secrecy");
    found.summary = "forward secrecy of the tunnel is not configured alike on both sides".to_owned();
    found.notes.extend(outcome.forecast.iter().find(|one| one.after.is_some()).map(|one| one.summary.clone()));
    found.notes.push(
        "in IKEv2 the groups for forward secrecy are compared when keys are renewed: until then the tunnel works \
         (RFC 7296 section 1.2)"
            .to_owned(),
    );
    vec![found]
}

fn one(case: &Case<'_>, failed: &[FailedSlot], stage: Stage, noun: &str) -> Match {
    let kinds: Vec<&str> = failed.iter().map(|failed| failed.slot.phrase()).collect();
    let unsent = unsent(case, failed, stage);
    let summary = match &unsent {
        // What the responder's program has no number for is as good as not sent.
        Some((name, why)) if is_sent_in_vain(case, name) => {
            format!("the responder cannot take the initiator's {noun} with `{name}`: {why}")
        }
        Some((name, why)) => format!("the initiator cannot send its {noun} with `{name}`: {why}"),
        None => format!("initiator and responder share no {noun}: {}", differ(&kinds)),
    };
    let (side, because) = match &unsent {
        Some(_) => (Side::Client, "configured out: its version does not go with what it has".to_owned()),
        None => blame(case, failed),
    };
    let mut found = Match::new(Strength::Decisive, side, summary);
    found.phase = Some(match stage {
        Stage::IkeSa => Phase::IkeSa,
        Stage::Rekey => Phase::Rekey,
        _ => Phase::ChildSa,
    });
    found.side_because = because;
    found.reason = match side {
        Side::Unknown => Reason::Unknown,
        _ if unsent.is_some() || is_written(case, failed, side) => Reason::ConfiguredOut,
        _ => Reason::OutdatedSoftware,
    };
    for one in failed {
        let [client, server] = [&one.client, &one.server].map(|items| offered(items));
        found
            .notes
            .push(format!("{}: the initiator offers {client}, the responder accepts {server}", one.slot.phrase()));
        let own = if side == Side::Client { &one.client } else { &one.server };
        found.algorithms.extend(names(own).into_iter().filter(|name| *name != "none"));
        // The pseudorandom function that is not sent goes with the rest.
        if unsent.is_none() || one.slot != Slot::Prf {
            found.remedies.extend(remedies(case, one, side, stage));
        }
    }
    for role in [Role::Client, Role::Server] {
        found.notes.extend(nearest(case, role, stage));
    }
    if unsent.is_some() {
        found.notes.push("IKEv2 at both ends has it, and is better anyway (RFC 9395)".to_owned());
    }
    if let Some(weak) = failed.iter().find_map(|one| weakness(case, one, side)) {
        found.notes.push(weak);
    }
    found
}

/// What the initiator has and does not send, as IKEv1 has no number for it, and why.
fn unsent(case: &Case<'_>, failed: &[FailedSlot], stage: Stage) -> Option<(Name, &'static str)> {
    let nothing = |one: &&FailedSlot| one.kind == FailureKind::NothingOffered { by: Role::Client };
    let slot = failed.iter().find(nothing)?.slot;
    let policy = case.party(Role::Client)?.ike()?;
    let own = if stage == Stage::IkeSa { &policy.proposals } else { &policy.child_proposals };
    let mut items = own.accepted()?.iter().flat_map(|one| one.list(slot).iter().map(|item| (one.protocol, item)));
    let counter_mode = has_counter_mode_in_ikev1(case);
    let is_unsent =
        |(protocol, item): &(SaProtocol, &Item)| !is_of_ikev1(*protocol, slot, item.name.as_str(), counter_mode);
    let (_, item) = items.rfind(|one| slot == Slot::Prf || is_unsent(one))?;
    let why = match slot {
        Slot::Prf => "in IKEv1 the pseudorandom function is that of the hash",
        _ if is_of_ikev1(SaProtocol::Ike, slot, item.name.as_str(), true) => {
            "IKEv1 has no number for it, and strongSwan none of its own"
        }
        _ => "IKEv1 has no number for it",
    };
    Some((item.name.clone(), why))
}

/// Whether it is only the responder that has no number for a cipher of the IKE SA in IKEv1.
fn is_sent_in_vain(case: &Case<'_>, name: &Name) -> bool {
    let own = case.party(Role::Client).and_then(|party| party.ike()).is_some_and(IkePolicy::has_counter_mode_in_ikev1);
    let is_known = |counter_mode| is_of_ikev1(SaProtocol::Ike, Slot::Encryption, name.as_str(), counter_mode);
    is_known(own) && !is_known(has_counter_mode_in_ikev1(case))
}

/// Whether both ends have a number for counter mode in the IKE SA of IKEv1.
fn has_counter_mode_in_ikev1(case: &Case<'_>) -> bool {
    let mut ends = [Role::Client, Role::Server].into_iter().filter_map(|role| case.party(role)?.ike());
    ends.all(IkePolicy::has_counter_mode_in_ikev1)
}

/// Whether what the side at fault has was written by somebody, and is not what its program has of itself.
fn is_written(case: &Case<'_>, failed: &[FailedSlot], side: Side) -> bool {
    let of = |role: Role| {
        let by_hand = |item: &Item| matches!(item.origin.as_ref().map(Origin::kind), Some(OriginKind::File { .. }));
        let own = |one: &FailedSlot| if role == Role::Client { one.client.clone() } else { one.server.clone() };
        case.party(role).is_some_and(|party| party.configuration.is_some())
            && failed.iter().flat_map(own).all(|item| by_hand(&item))
    };
    match side {
        Side::Client => of(Role::Client),
        Side::Server => of(Role::Server),
        _ => of(Role::Client) && of(Role::Server),
    }
}

/// `encryption algorithm and group differ`.
fn differ(kinds: &[&str]) -> String {
    match kinds {
        [] => "nothing fits".to_owned(),
        [one] => format!("the {one} differs"),
        [first @ .., last] => format!("{} and {last} differ", first.join(", ")),
    }
}

fn offered(items: &[Item]) -> String {
    if items.is_empty() { "none".to_owned() } else { list(&names(items)) }
}

/// Where an end lists several proposals, the lists shown are those of the nearest one.
fn nearest(case: &Case<'_>, role: Role, stage: Stage) -> Option<String> {
    let policy = case.party(role)?.ike()?;
    let proposals = match stage {
        Stage::IkeSa => policy.proposals.accepted()?,
        _ => policy.child_proposals.accepted()?,
    };
    let who = if role == Role::Client { "initiator" } else { "responder" };
    (proposals.len() > 1).then(|| {
        let count = proposals.len();
        format!("the {who} has {count} proposals: shown is the one that comes nearest to the other side's")
    })
}

/// The side that has nothing sound of a type that differs; where the types speak against different sides, both.
fn blame(case: &Case<'_>, failed: &[FailedSlot]) -> (Side, String) {
    let mut found: Vec<(Side, String)> = Vec::new();
    for one in failed {
        let sound = |name: &Name| facts::sound(case.catalog, one.slot, name);
        let end = |items: &[Item]| End { offered: names(items), ..End::default() };
        let (client, server) = (end(&one.client), end(&one.server));
        // Who asks for forward secrecy is not the one to give it up.
        let verdict = match (one.slot, one.client.is_empty(), one.server.is_empty()) {
            (Slot::Group, true, false) => (Side::Client, "it asks for no forward secrecy".to_owned()),
            (Slot::Group, false, true) => (Side::Server, "it has no forward secrecy configured".to_owned()),
            _ => {
                let blame = blame::decide(&client, &server, sound);
                let offer = if blame.side == Side::Client { &client.offered } else { &server.offered };
                let phrase = one.slot.phrase();
                (blame.side, format!("of the {phrase}s it has only {}, none of it still recommended", list(offer)))
            }
        };
        if matches!(verdict.0, Side::Client | Side::Server) {
            found.push(verdict);
        }
    }
    let Some((side, because)) = found.first().cloned() else {
        return (Side::Unknown, "both sides' algorithms are sound: either can be changed".to_owned());
    };
    if found.iter().any(|(other, _)| *other != side) {
        return (Side::Both, "each side lacks something that is still recommended".to_owned());
    }
    (side, because)
}

/// Whether a printed list of proposals, in its parts, has one in which something of each type is still recommended. What
/// cannot be read counts as sound: nothing is held against it.
pub(crate) fn is_sound(catalog: &Catalog, parts: &[Name]) -> bool {
    let mut text = String::new();
    for part in parts.iter().map(Name::as_str) {
        // `1:IKE:ENCR=A`, `B`, `PRF=C`: a proposal, another of its type, the next type.
        text.push(match (part.contains(':'), part.contains('=')) {
            (true, _) => ' ',
            (false, true) => ';',
            (false, false) => ',',
        });
        text.push_str(part);
    }
    let proposals = catalog.printed_proposals(&text);
    let sound = |proposal: &Proposal| {
        Proposal::SLOTS.iter().all(|slot| {
            let list = proposal.list(*slot);
            let unrated = list.iter().all(|item| facts::sound(catalog, *slot, &item.name).is_none());
            unrated || list.iter().any(|item| facts::sound(catalog, *slot, &item.name) == Some(true))
        })
    };
    proposals.is_empty() || proposals.iter().any(sound)
}

fn weakness(case: &Case<'_>, failed: &FailedSlot, side: Side) -> Option<String> {
    let items = if side == Side::Client { &failed.client } else { &failed.server };
    let (name, why) = items
        .iter()
        .find_map(|item| facts::weakness(case.catalog, failed.slot, &item.name).map(|why| (&item.name, why)))?;
    (side != Side::Unknown).then(|| format!("`{name}` is no longer recommended: {why}"))
}

/// The best of the other side's that the side at fault lacks; where no side is, the responder is told first, whose order
/// decides.
fn remedies(case: &Case<'_>, failed: &FailedSlot, side: Side, stage: Stage) -> Vec<Remedy> {
    let version = case.party(Role::Client).and_then(|party| party.ike()?.version);
    let protocol = if stage == Stage::IkeSa { SaProtocol::Ike } else { SaProtocol::Esp };
    let counter_mode = has_counter_mode_in_ikev1(case);
    let is_known = |name: &Name| {
        version != Some(IkeVersion::V1) || is_of_ikev1(protocol, failed.slot, name.as_str(), counter_mode)
    };
    let roles: &[Role] = match side {
        Side::Client => &[Role::Client],
        Side::Server => &[Role::Server],
        _ => &[Role::Server, Role::Client],
    };
    let remedy = |role: &Role| {
        let theirs = if *role == Role::Client { &failed.server } else { &failed.client };
        let mut names = names(theirs);
        names.retain(|name| *name != "none" && is_known(name));
        names.retain(|name| facts::sound(case.catalog, failed.slot, name) == Some(true));
        facts::best_first(case.catalog, failed.slot, &mut names);
        let change = Change::Enable { slot: failed.slot, candidates: names };
        matches!(&change, Change::Enable { candidates, .. } if !candidates.is_empty())
            .then_some(Remedy { role: *role, change })
    };
    roles.iter().filter_map(remedy).collect()
}

/// Ends that do not load their own connection, as its version is switched off there: nothing of them is on the wire, neither
/// a request nor an answer.
pub(crate) fn switched_off(case: &Case<'_>) -> Vec<Match> {
    let differ = case
        .failed()
        .iter()
        .any(|failed| failed.slot == Slot::Version && !matches!(failed.kind, FailureKind::NothingOffered { .. }));
    if differ {
        return Vec::new();
    }
    [Role::Client, Role::Server].into_iter().filter_map(|role| off(case, role)).collect()
}

fn off(case: &Case<'_>, role: Role) -> Option<Match> {
    let policy = case.party(role)?.ike()?;
    let off = policy.switched_off.as_ref()?;
    let end = if role == Role::Client { "initiator" } else { "responder" };
    let summary =
        format!("the {end} does not load its own connection: it is one of IKEv1, which is switched off there");
    let mut found = Match::new(Strength::Decisive, role.into(), summary);
    found.phase = Some(Phase::IkeSa);
    (found.reason, found.side_because) = match off {
        SwitchedOff::ByDefault => (
            Reason::RemovedByDefault,
            "removed by default: libreswan has IKEv1 off since 5.0 unless `ikev1-policy=accept` stands in its `config \
             setup`"
                .to_owned(),
        ),
        SwitchedOff::Written(_) => {
            (Reason::ConfiguredOut, "configured out: `ikev1-policy` in its `config setup` says so".to_owned())
        }
    };
    // Whatever the other end does or leaves undone is no answer to this connection.
    found.supersedes = vec!["no-matching-connection", "no-common-proposal", "port-filtered", "port-refused"];
    if let SwitchedOff::Written(item) = off {
        let origin = item.origin.clone();
        found.labels.extend(origin.map(|origin| Label { origin, text: "this switches IKEv1 off".to_owned() }));
    }
    found.notes.push(
        "pluto says it when it loads the connection: `global ikev1-policy does not allow IKEv1 connections`".to_owned(),
    );
    found.notes.push("better than `ikev1-policy=accept` is IKEv2 at both ends (RFC 9395)".to_owned());
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(list: &str) -> bool {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the catalog's own blob");
        let parts: Vec<Name> = shakedown_model::printed_names(list).map(Name::new).collect();
        is_sound(&catalog, &parts)
    }

    #[test]
    fn a_list_is_sound_where_one_proposal_is() {
        assert!(sound("1:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA2_256;INTEG=HMAC_SHA2_256_128;DH=MODP1024,MODP2048"));
        assert!(!sound("1:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA1;INTEG=HMAC_SHA1_96;DH=MODP1024"));
        assert!(!sound("IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"));
        let list = "IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024, IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384";
        assert!(sound(list));
        assert!(sound("of another form"));
    }
}
