//! Whether the two ends take each other for whom they are.

use shakedown_model::ike::{IkeVersion, Peering, Proof, SharedKey};
use shakedown_model::{FailedSlot, FailureKind, Item, Name, Outcome, Role, Slot, Stage, StageResult, TraceStep, names};

use super::identity::{is_pattern, stands_for};

/// The authentication of both ends, in the order in which strongSwan's responder and then its initiator judge it.
pub(super) fn authenticate(outcome: &mut Outcome, version: IkeVersion, ends: [&Peering; 2]) -> StageResult {
    let [initiator, responder] = ends;
    let mut open = None;
    if version == IkeVersion::V1 {
        if initiator.aggressive != responder.aggressive {
            let mode = |one: &Peering| vec![Item::new(if one.aggressive { "aggressive" } else { "main" })];
            fail(outcome, FailureKind::OtherMode, mode(initiator), mode(responder));
            return StageResult::Failed;
        }
        if initiator.aggressive && responder.refuses_aggressive_psk && method(&initiator.local) == Some("psk") {
            // The daemon may be told to accept it; that the keys differ is so in any case.
            if let Err(Some(kind)) = keys(initiator, responder) {
                fail(outcome, kind, Vec::new(), Vec::new());
            }
            let what = "it refuses aggressive mode with pre-shared keys: whoever listens can try keys".to_owned();
            let kind = FailureKind::Deviation { by: Role::Server, what };
            fail(outcome, kind, one(&initiator.local.method), one(&responder.remote.method));
            return StageResult::Failed;
        }
    }
    // Whom the initiator says to be, and whom it asks for.
    let asked = asked_for(initiator);
    // Whose words the shown identity is in.
    let expected = [
        (Role::Client, &responder.remote, initiator.own_identity(), Role::Client),
        (Role::Server, &responder.local, asked.or_else(|| responder.own_identity()), Role::Client),
        (Role::Server, &initiator.remote, responder.own_identity(), Role::Server),
    ];
    for (of, proof, shown, by) in expected {
        match accepts(proof.identity.as_ref(), shown) {
            Some(true) => {}
            Some(false) => {
                let (wanted, shown) =
                    (one(&proof.identity), shown.map(|name| Item { name: name.clone(), origin: None }));
                let shown: Vec<Item> = shown.into_iter().collect();
                let (client, server) = if by == Role::Client { (shown, wanted) } else { (wanted, shown) };
                if !outcome.failed.iter().any(|failed| failed.kind == FailureKind::WrongIdentity { of }) {
                    fail(outcome, FailureKind::WrongIdentity { of }, client, server);
                }
            }
            None => open = Some("the identities that both ends send: the responder's log of IKE_AUTH".to_owned()),
        }
    }
    for (proof, demand, prover) in
        [(&initiator.local, &responder.remote, Role::Client), (&responder.local, &initiator.remote, Role::Server)]
    {
        match (method(proof), method(demand)) {
            (Some(own), Some(wanted)) if fits(own, wanted) => outcome.trace.push(TraceStep {
                slot: Slot::Auth,
                client: names(&one(if prover == Role::Client { &proof.method } else { &demand.method })),
                server: names(&one(if prover == Role::Client { &demand.method } else { &proof.method })),
                chosen: proof.method.as_ref().map(|item| item.name.clone()),
                rule: "each end proves itself as it is set up to, and the other has to accept that (RFC 7296 section \
                       2.15)"
                    .to_owned(),
            }),
            (Some(_), Some(_)) => {
                let (own, wanted) = (one(&proof.method), one(&demand.method));
                let (client, server) = if prover == Role::Client { (own, wanted) } else { (wanted, own) };
                let same = |failed: &FailedSlot| {
                    failed.kind == FailureKind::NothingInCommon
                        && names(&failed.client) == names(&client)
                        && names(&failed.server) == names(&server)
                };
                if !outcome.failed.iter().any(same) {
                    fail(outcome, FailureKind::NothingInCommon, client, server);
                }
            }
            _ => open = Some("how both ends prove themselves: `auth` in both configurations".to_owned()),
        }
    }
    let psk = [&initiator.local, &responder.local].iter().any(|proof| method(proof) == Some("psk"));
    if !outcome.failed.iter().any(|failed| failed.stage == Stage::Auth) && psk {
        match keys(initiator, responder) {
            Ok(()) => {}
            Err(Some(kind)) => fail(outcome, kind, Vec::new(), Vec::new()),
            Err(None) => open = Some("the pre-shared keys of both ends".to_owned()),
        }
    } else if !psk {
        open = Some("the certificates of both ends, and whom each of them trusts".to_owned());
    }
    match open {
        _ if outcome.failed.iter().any(|failed| failed.stage == Stage::Auth) => StageResult::Failed,
        Some(what_would_decide) => StageResult::Unknown { what_would_decide },
        None => StageResult::Agreed,
    }
}

/// The pre-shared key that an end takes for its peer, of which no more is known than this end's configuration says.
pub fn own_key(own: &Peering) -> Option<&SharedKey> {
    let peer = Peering {
        local: own.remote.clone(),
        remote: own.local.clone(),
        local_addresses: own.remote_addresses.clone(),
        ..Peering::default()
    };
    choose(own.keys.accepted()?, own, &peer)
}

/// The pre-shared keys that an initiator and a responder take for each other, as far as both configurations are known.
pub fn looked_up<'a>(initiator: &'a Peering, responder: &'a Peering) -> [Option<&'a SharedKey>; 2] {
    [(initiator, responder), (responder, initiator)]
        .map(|(own, peer)| own.keys.complete().and_then(|keys| choose(keys, own, peer)))
}

/// Whether both ends have the same key for each other.
fn keys(initiator: &Peering, responder: &Peering) -> Result<(), Option<FailureKind>> {
    let ours = initiator.keys.complete().ok_or(None)?;
    let theirs = responder.keys.complete().ok_or(None)?;
    let ours = chosen(ours, initiator, responder, Role::Client)?;
    let theirs = chosen(theirs, responder, initiator, Role::Server)?;
    if ours.print == theirs.print { Ok(()) } else { Err(Some(FailureKind::DifferentKeys)) }
}

/// The key that an end takes for its peer. Where the peer's identity is not known, keys that name somebody leave it open.
fn chosen<'a>(
    keys: &'a [SharedKey],
    own: &Peering,
    peer: &Peering,
    by: Role,
) -> Result<&'a SharedKey, Option<FailureKind>> {
    let unknown = peer.own_identity().is_none() && own.remote.identity.is_none();
    match choose(keys, own, peer) {
        Some(key) if unknown && keys.iter().any(|other| other.print != key.print) => Err(None),
        Some(key) => Ok(key),
        None if unknown && !keys.is_empty() => Err(None),
        None => Err(Some(FailureKind::NoKey { by })),
    }
}

/// The key that names the peer, before one that names this end, before one for all.
fn choose<'a>(keys: &'a [SharedKey], own: &Peering, peer: &Peering) -> Option<&'a SharedKey> {
    let named = |key: &SharedKey, end: &Peering, other: &Peering| {
        let identities = end.own_identity().into_iter().chain(other.remote.identity.as_ref().map(|item| &item.name));
        let mut names = identities.chain(end.local_addresses.iter().map(|item| &item.name));
        names.any(|name| key.owners.iter().any(|owner| stands_for(owner.as_str(), name.as_str())))
    };
    let score = |key: &SharedKey| match (named(key, peer, own), named(key, own, peer)) {
        (true, true) => 3,
        (true, false) => 2,
        (false, _) if key.owners.is_empty() => 1,
        (false, _) => 0,
    };
    keys.iter().rev().max_by_key(|key| score(key)).filter(|key| score(key) > 0)
}

fn method(proof: &Proof) -> Option<&str> {
    let text = proof.method.as_ref()?.name.as_str();
    let family = text.split(['-', ':']).next().unwrap_or(text);
    Some(match family {
        // Kinds of public keys.
        "rsa" | "ecdsa" | "ed25519" | "ed448" | "bliss" | "dsa" => "pubkey",
        family => family,
    })
}

fn fits(own: &str, wanted: &str) -> bool {
    own == wanted || wanted == "any"
}

/// Whom an initiator asks for: a responder that it expects by one name.
pub(super) fn asked_for(initiator: &Peering) -> Option<&Name> {
    initiator.remote.identity.as_ref().map(|item| &item.name).filter(|name| !is_pattern(name.as_str()))
}

/// Whether an identity is one that is accepted; `None` where it is not known.
pub(super) fn accepts(expected: Option<&Item>, shown: Option<&Name>) -> Option<bool> {
    let Some(expected) = expected.map(|item| &item.name).filter(|name| *name != "%any") else { return Some(true) };
    Some(stands_for(expected.as_str(), shown?.as_str()))
}

fn one(item: &Option<Item>) -> Vec<Item> {
    item.iter().cloned().collect()
}

fn fail(outcome: &mut Outcome, kind: FailureKind, client: Vec<Item>, server: Vec<Item>) {
    outcome.failed.push(FailedSlot { stage: Stage::Auth, slot: Slot::Auth, client, server, kind });
}
