//! One proposal out of both ends' lists.

use shakedown_model::ike::{IkeVersion, Preference, Proposal, SaProtocol, is_aead, is_of_ikev1, prf_of};
use shakedown_model::{Item, Name, Slot};

/// How the responder selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selecting {
    /// The version of the protocol.
    pub version: IkeVersion,
    /// Whose order decides.
    pub preference: Preference,
    /// The CHILD SA of an IKE_AUTH exchange: there is no key exchange for it, so that groups are left out of the
    /// comparison and differ only at a rekey (RFC 7296 section 1.2).
    pub without_key_exchange: bool,
    /// Whether both ends have a number for counter mode in the IKE SA of IKEv1.
    pub counter_mode_in_ikev1: bool,
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The initiator's proposal, by its place.
    pub initiator: usize,
    /// The responder's proposal, by its place.
    pub responder: usize,
    /// The transform of each type; `None` where the type is not used, as integrity beside an AEAD cipher.
    pub transforms: Vec<(Slot, Option<Name>)>,
}

/// Nothing was: how the two proposals differ that are nearest to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The initiator's proposal, by its place; the list may be empty.
    pub initiator: usize,
    /// The responder's proposal, by its place; the list may be empty.
    pub responder: usize,
    /// The types of transform without a common value, in the order in which strongSwan compares them. Empty only where a
    /// list of proposals is. Where one end has AH and the other ESP, this is the cipher, with their names.
    pub differences: Vec<Difference>,
}

/// A type of transform without a common value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The type.
    pub slot: Slot,
    /// What the initiator proposes.
    pub initiator: Vec<Item>,
    /// What the responder accepts.
    pub responder: Vec<Item>,
    /// Whether the initiator has something that IKEv1 has no number for, so that it sends nothing of this type.
    pub unsent: bool,
}

/// Runs the responder's choice as strongSwan's `proposal_select` and libreswan's matching make it: the proposals of the
/// end whose order decides one after the other, each against all of the other's; within a type that end's order again.
///
/// # Errors
/// No pair fits; how the nearest one differs.
pub fn select(initiator: &[Proposal], responder: &[Proposal], how: Selecting) -> Result<Chosen, Refusal> {
    let offered: Vec<Proposal> = initiator.iter().map(|proposal| sent(proposal, how)).collect();
    let mut nearest: Option<(usize, Refusal)> = None;
    let pairs: Vec<(usize, usize)> = match how.preference {
        Preference::Responder => pairs(responder.len(), offered.len()).map(|(own, other)| (other, own)).collect(),
        Preference::Initiator => pairs(offered.len(), responder.len()).collect(),
    };
    for (ours, theirs) in pairs {
        let (Some(one), Some(other)) = (offered.get(ours), responder.get(theirs)) else { continue };
        if one.protocol != other.protocol {
            continue;
        }
        match compare(one, other, how) {
            Ok(transforms) => {
                let chosen = Chosen { initiator: ours, responder: theirs, transforms };
                return match how.version {
                    IkeVersion::V1 if one.protocol != SaProtocol::Ike => quick_mode(&offered, chosen, other),
                    _ => Ok(chosen),
                };
            }
            Err(mut differences) => {
                let written = |slot: Slot| initiator.get(ours).is_some_and(|one| !one.list(slot).is_empty());
                for one in &mut differences {
                    one.unsent = one.initiator.is_empty() && written(one.slot);
                }
                // A cipher with its own integrity is further away from one without than the types alone say.
                let kinds = differences.iter().any(|one| one.slot == Slot::Encryption)
                    && one.integrity.is_empty() != other.integrity.is_empty();
                let distance = differences.len() + usize::from(kinds);
                if nearest.as_ref().is_none_or(|(least, _)| distance < *least) {
                    nearest = Some((distance, Refusal { initiator: ours, responder: theirs, differences }));
                }
            }
        }
    }
    let other_protocol = || {
        let differences = offered.first().zip(responder.first()).map(|(one, other)| Difference {
            slot: Slot::Encryption,
            initiator: vec![Item::new(one.protocol.as_str())],
            responder: vec![Item::new(other.protocol.as_str())],
            unsent: false,
        });
        Refusal { initiator: 0, responder: 0, differences: differences.into_iter().collect() }
    };
    Err(nearest.map_or_else(other_protocol, |(_, refusal)| refusal))
}

/// Quick mode sends one key exchange along, of the first group among the proposals, and has no second try: what is chosen
/// has to go with it (RFC 2409 section 5.5).
fn quick_mode(offered: &[Proposal], chosen: Chosen, responder: &Proposal) -> Result<Chosen, Refusal> {
    let sent = offered.iter().find_map(|proposal| proposal.group.first());
    let group = chosen.transforms.iter().find(|(slot, _)| *slot == Slot::Group).and_then(|(_, name)| name.as_ref());
    if sent.map(|item| &item.name) == group {
        return Ok(chosen);
    }
    let difference = Difference {
        slot: Slot::Group,
        initiator: sent.into_iter().cloned().collect(),
        responder: responder.group.clone(),
        unsent: false,
    };
    Err(Refusal { initiator: chosen.initiator, responder: chosen.responder, differences: vec![difference] })
}

fn pairs(outer: usize, inner: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outer).flat_map(move |first| (0..inner).map(move |second| (first, second)))
}

/// In IKEv1 a transform is one whole combination: of several algorithms of a type only the first is sent that it has a number
/// for. For the IKE SA the hash stands for the pseudorandom function too (RFC 2409 section 4): another one is not sent.
fn sent(proposal: &Proposal, how: Selecting) -> Proposal {
    let mut proposal = proposal.clone();
    if how.version == IkeVersion::V1 {
        let protocol = proposal.protocol;
        for slot in Proposal::SLOTS {
            let hash = proposal.integrity.first().and_then(|hash| prf_of(hash.name.as_str()));
            if let Some(list) = proposal.list_mut(slot) {
                list.retain(|item| is_of_ikev1(protocol, slot, item.name.as_str(), how.counter_mode_in_ikev1));
                if slot == Slot::Prf {
                    list.retain(|item| hash.as_deref() == Some(item.name.as_str()));
                }
                // It has no attribute for further key exchanges.
                list.truncate(usize::from(!matches!(slot, Slot::AdditionalGroup(_))));
            }
        }
    }
    proposal
}

type Transforms = Vec<(Slot, Option<Name>)>;

fn compare(initiator: &Proposal, responder: &Proposal, how: Selecting) -> Result<Transforms, Vec<Difference>> {
    let (first, second) = match how.preference {
        Preference::Responder => (responder, initiator),
        Preference::Initiator => (initiator, responder),
    };
    let mut agreed: Transforms = Vec::new();
    let mut differences: Vec<Difference> = Vec::new();
    for slot in Proposal::SLOTS {
        if !is_used(slot, initiator.protocol) || is_exchange(slot) && how.without_key_exchange {
            continue;
        }
        let (own, other) = (first.list(slot), second.list(slot));
        let is_additional = matches!(slot, Slot::AdditionalGroup(_));
        if is_additional && own.is_empty() && other.is_empty() {
            continue;
        }
        let cipher = agreed.iter().find(|(slot, _)| *slot == Slot::Encryption).and_then(|(_, name)| name.as_ref());
        if slot == Slot::Integrity && cipher.is_some_and(|name| is_aead(name.as_str())) {
            agreed.push((slot, None));
            continue;
        }
        // Which integrity it takes depends on the cipher, and there is none.
        if slot == Slot::Integrity && !differences.is_empty() && (own.is_empty() || other.is_empty()) {
            continue;
        }
        // No method is taken twice (RFC 9370 section 2.2.1), and neither daemon goes back on what it has taken.
        let is_taken = |name: &Name| {
            let taken = |(slot, chosen): &(Slot, Option<Name>)| is_exchange(*slot) && chosen.as_ref() == Some(name);
            is_additional && agreed.iter().any(taken)
        };
        let common = own.iter().find(|item| other.iter().any(|other| other.name == item.name) && !is_taken(&item.name));
        let optional = own.is_empty() != other.is_empty() && own.iter().chain(other).any(|item| item.name == *"none");
        match common {
            // One that is left out is none of the exchange.
            Some(item) if is_additional && item.name == *"none" => {}
            None if is_additional && optional => {}
            Some(item) => agreed.push((slot, Some(item.name.clone()).filter(|name| *name != "none"))),
            None if own.is_empty() && other.is_empty() || optional => agreed.push((slot, None)),
            None => differences.push(Difference {
                slot,
                initiator: initiator.list(slot).to_vec(),
                responder: responder.list(slot).to_vec(),
                unsent: false,
            }),
        }
    }
    if differences.is_empty() { Ok(agreed) } else { Err(differences) }
}

fn is_exchange(slot: Slot) -> bool {
    matches!(slot, Slot::Group | Slot::AdditionalGroup(_))
}

/// RFC 7296 section 3.3.3.
fn is_used(slot: Slot, protocol: SaProtocol) -> bool {
    match protocol {
        SaProtocol::Ike => slot != Slot::Esn,
        SaProtocol::Esp => slot != Slot::Prf,
        SaProtocol::Ah => !matches!(slot, Slot::Encryption | Slot::Prf),
    }
}
