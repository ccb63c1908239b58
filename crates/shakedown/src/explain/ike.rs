//! What a text tells of the proposals of IKE's two ends.

use shakedown_catalog::Catalog;
use shakedown_config::gateway;
use shakedown_messages::{Attempt, Place};
use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal, SaProtocol};
use shakedown_model::{Known, Origin, Party, PartySource, Policy, Role, Said};

/// One end, by the proposals that the text shows of it.
pub(super) fn party(
    catalog: &Catalog,
    attempt: &Attempt,
    role: Role,
    origin: &dyn Fn(Place) -> Option<Origin>,
) -> Option<Party> {
    let mut policy = IkePolicy { version: version(attempt), ..IkePolicy::default() };
    listed(&mut policy, attempt, role, origin);
    for (said, place) in &attempt.said {
        if said.capture("selected").is_some() || said.message.ends_with("/proposal-matches") {
            // What was compared before was agreed on, or was another connection's.
            let child = said.capture("selected").is_some_and(|text| !text.as_str().starts_with("IKE"));
            *(if child { &mut policy.child_proposals } else { &mut policy.proposals }) = Known::Unknown;
            continue;
        }
        let Some(mut proposals) = offer(catalog, said, role) else { continue };
        let origin = origin(*place);
        proposals.iter_mut().flat_map(Proposal::items_mut).for_each(|item| item.origin.clone_from(&origin));
        let child = proposals.iter().any(|proposal| proposal.protocol != SaProtocol::Ike);
        *(if child { &mut policy.child_proposals } else { &mut policy.proposals }) = Known::Complete(proposals);
    }
    if policy.proposals == Known::Unknown && policy.child_proposals == Known::Unknown {
        return None;
    }
    let who = if role == Role::Client { "initiator" } else { "responder" };
    Some(Party {
        label: format!("the {who} of the text"),
        role,
        software: None,
        source: PartySource::Offer { path: "the text".to_owned() },
        policy: Policy::Ike(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    })
}

/// The proposals of one end where they are listed an attribute a line, below a heading (FortiGate): of several comparisons the last
/// one counts, and what was agreed on is compared no more.
fn listed(policy: &mut IkePolicy, attempt: &Attempt, role: Role, origin: &dyn Fn(Place) -> Option<Origin>) {
    let ends = |said: &Said, what: &str| said.message.ends_with(what);
    // Who began prints what came back below the same headings.
    let began = attempt.said.iter().any(|(said, _)| ends(said, "/as-initiator"));
    let own = if (role == Role::Server) == began { "/incoming-proposal" } else { "/my-proposal" };
    let mut lists: Vec<(Option<Origin>, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for (said, place) in &attempt.said {
        if ends(said, "/incoming-proposal") || ends(said, "/my-proposal") {
            inside = ends(said, own);
            // Several phases here may be compared with what came in: they count together.
            let further = own == "/my-proposal" && lists.last().is_some_and(|(_, list)| !list.is_empty());
            if ends(said, "/incoming-proposal") || inside && !further {
                lists.push((origin(*place), Vec::new()));
            }
        } else if ends(said, "/proposal-matches") {
            lists.pop();
            inside = false;
        } else if inside
            && let Some(line) = said.capture("offer")
            && let Some((_, list)) = lists.last_mut()
        {
            list.push(line.as_str());
        }
    }
    for (origin, list) in lists {
        let (mut proposals, version) = gateway::printed(list);
        let Some(first) = proposals.first() else { continue };
        let child = first.protocol != SaProtocol::Ike;
        proposals.iter_mut().flat_map(Proposal::items_mut).for_each(|item| item.origin.clone_from(&origin));
        policy.version = version.or(policy.version);
        *(if child { &mut policy.child_proposals } else { &mut policy.proposals }) = Known::Complete(proposals);
    }
}

/// The proposals of one end in one message.
fn offer(catalog: &Catalog, said: &Said, role: Role) -> Option<Vec<Proposal>> {
    let own = if role == Role::Client { "client_offer" } else { "server_offer" };
    let relative = said.printed_by.map(|printer| if printer == role { "our_offer" } else { "their_offer" });
    let text = said.capture(own).or_else(|| said.capture(relative?))?;
    Some(catalog.printed_proposals(text.as_str())).filter(|proposals| !proposals.is_empty())
}

/// The version, where a message belongs to one exchange of one version only.
fn version(attempt: &Attempt) -> Option<IkeVersion> {
    let mut said = attempt.said.iter().map(|(said, _)| said);
    said.any(|said| said.text.as_str().contains("QUICK_MODE") || said.text.as_str().contains("ID_PROT"))
        .then_some(IkeVersion::V1)
}
