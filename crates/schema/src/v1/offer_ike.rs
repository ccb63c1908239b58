//! From an IKE party to its published offer and back.

use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal, SaProtocol};
use shakedown_model::{self as model, Item, Known, Name, Policy, Slot};

use super::{IkeProposal, Offer, Protocol};

/// The names of the lists of an offer that may be known in part only.
const PROPOSALS: &str = "proposals";
const CHILD_PROPOSALS: &str = "child_proposals";

pub(super) fn offer(party: &model::Party, policy: &IkePolicy) -> Offer {
    // What is not loaded proposes nothing, whatever its file says.
    let policy = &match policy.switched_off {
        Some(_) => IkePolicy { proposals: Known::Unknown, child_proposals: Known::Unknown, ..policy.clone() },
        None => IkePolicy { child_proposals: policy.child_offer(), ..policy.clone() },
    };
    let texts = |known: &Known<Vec<Proposal>>| known.accepted().map(|all| all.iter().map(out).collect());
    let lists = [(PROPOSALS, &policy.proposals), (CHILD_PROPOSALS, &policy.child_proposals)];
    let refused = lists.into_iter().filter_map(|(name, known)| match known {
        Known::Partial { refused, .. } => Some((name.to_owned(), refused.iter().map(ToString::to_string).collect())),
        Known::Complete(_) | Known::Unknown => None,
    });
    // What both protocols have is written as for SSH.
    let blank = model::Party { policy: Policy::Ssh(Box::default()), ..party.clone() };
    Offer {
        protocol: Protocol::Ike,
        complete: policy.proposals.is_complete() && policy.child_proposals.is_complete(),
        host_key_order: String::new(),
        refused: refused.collect(),
        proposals: texts(&policy.proposals),
        child_proposals: texts(&policy.child_proposals),
        ike_version: policy.version.map(|version| match version {
            IkeVersion::V1 => 1,
            IkeVersion::V2 => 2,
        }),
        ..Offer::from(&blank)
    }
}

pub(super) fn party(offer: &Offer) -> model::Party {
    let known = |name: &str, all: &Option<Vec<IkeProposal>>| match (all, offer.refused.contains_key(name)) {
        (Some(all), false) => Known::Complete(all.iter().map(read).collect()),
        // What is refused is there for people: as text it is no proposal.
        (Some(all), true) => Known::Partial { accepted: all.iter().map(read).collect(), refused: Vec::new() },
        (None, _) => Known::Unknown,
    };
    let policy = IkePolicy {
        proposals: known(PROPOSALS, &offer.proposals),
        child_proposals: known(CHILD_PROPOSALS, &offer.child_proposals),
        version: match offer.ike_version {
            Some(1) => Some(IkeVersion::V1),
            Some(2) => Some(IkeVersion::V2),
            _ => None,
        },
        ..IkePolicy::default()
    };
    model::Party {
        policy: Policy::Ike(Box::new(policy)),
        ..model::Party::from(&Offer { protocol: Protocol::Ssh, ..offer.clone() })
    }
}

fn out(proposal: &Proposal) -> IkeProposal {
    let texts = |items: &[Item]| items.iter().map(|item| item.name.to_string()).collect();
    IkeProposal {
        protocol: proposal.protocol.as_str().to_owned(),
        encryption: texts(&proposal.encryption),
        integrity: texts(&proposal.integrity),
        prf: texts(&proposal.prf),
        group: texts(&proposal.group),
        esn: texts(&proposal.esn),
        additional_groups: {
            let used = proposal.additional.iter().rposition(|list| !list.is_empty()).map_or(0, |last| last + 1);
            proposal.additional.iter().take(used).map(|list| texts(list)).collect()
        },
        unknown: texts(&proposal.unknown),
    }
}

fn read(proposal: &IkeProposal) -> Proposal {
    let protocol = match proposal.protocol.as_str() {
        "ESP" => SaProtocol::Esp,
        "AH" => SaProtocol::Ah,
        _ => SaProtocol::Ike,
    };
    let mut read = Proposal::new(protocol);
    let lists = [
        (Slot::Encryption, &proposal.encryption),
        (Slot::Integrity, &proposal.integrity),
        (Slot::Prf, &proposal.prf),
        (Slot::Group, &proposal.group),
        (Slot::Esn, &proposal.esn),
    ];
    let items =
        |texts: &[String]| texts.iter().map(|text| Item { name: Name::from_escaped(text), origin: None }).collect();
    for (slot, texts) in lists {
        if let Some(list) = read.list_mut(slot) {
            *list = items(texts);
        }
    }
    for (list, texts) in read.additional.iter_mut().zip(&proposal.additional_groups) {
        *list = items(texts);
    }
    read.unknown = items(&proposal.unknown);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ike_offer_is_read_as_it_was_written() {
        let mut proposal = Proposal::new(SaProtocol::Esp);
        proposal.encryption = model::items(["aes256", "aes128"]);
        proposal.esn = model::items(["noesn"]);
        *proposal.list_mut(Slot::AdditionalGroup(2)).unwrap() = model::items(["mlkem768", "none"]);
        proposal.unknown = model::items(["(1234)"]);
        let policy = IkePolicy {
            proposals: Known::Partial { accepted: vec![Proposal::new(SaProtocol::Ike)], refused: Vec::new() },
            child_proposals: Known::Complete(vec![proposal]),
            version: Some(IkeVersion::V2),
            ..IkePolicy::default()
        };
        let party = model::Party {
            label: "gateway".to_owned(),
            role: model::Role::Server,
            software: None,
            source: model::PartySource::Offer { path: String::new() },
            policy: Policy::Ike(Box::new(policy)),
            configuration: None,
            notes: Vec::new(),
        };
        let offer = Offer::from(&party);
        assert_eq!((offer.protocol, offer.complete, offer.kex.as_ref()), (Protocol::Ike, false, None));
        let text = serde_json::to_string(&offer).unwrap();
        let again: Offer = serde_json::from_str(&text).unwrap();
        assert_eq!(model::Party::from(&again), party);
    }
}
