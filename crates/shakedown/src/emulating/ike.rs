//! Responders of IKE of some software: its proposals and its order, and whom it lets in by a pre-shared key.

use std::net::SocketAddr;
use std::sync::Arc;

use shakedown_handshake::ike::version1::Keeper;
use shakedown_handshake::ike::{Admission, AuthRequest, ChildSa, Decision, Reached, WRONG_KEY, identity_text};
use shakedown_listen::ike::initiator;
use shakedown_listen::ike_server::{Admit, Decide, IkeServer, Rules, Seen as Initiator};
use shakedown_model::ike::{IkePolicy, IkeVersion};
use shakedown_model::{Known, Name, Origin, OriginKind, Party, Slot};
use shakedown_negotiate::ike::{Chosen, Selecting, select};
use shakedown_probe::ike::Candidates;
use shakedown_wire::ike::number::{notification, notify, transform};
use shakedown_wire::ike::{self as wire, Message, View};

use super::Seen;
use super::ike_auth::{Closed, Entrance, text, with_auth};
use crate::live::ike_candidates;
use crate::recording::party;
use crate::{Error, Session};

/// A responder that acts as a party.
pub(super) struct Front {
    server: IkeServer,
    candidates: Candidates,
    /// Who is let in; `None` for nobody.
    entrance: Option<Arc<Entrance>>,
}

/// The keyword of a transform, by type, number and key length.
type Keywords = Vec<(Slot, u16, Option<u16>, String)>;

impl Front {
    /// Listens; notes of the party say where it departs from the software.
    pub(super) async fn bind(session: &Session, party: &mut Party, address: SocketAddr) -> Result<Self, Error> {
        let refused = |what: &str| Error::Party {
            party: party.label.clone(),
            expected: format!("{what} not known whole, so that nobody can act as it"),
        };
        let Some(policy) = party.ike().cloned() else { return Err(refused("its proposals are")) };
        let Known::Complete(proposals) = &policy.proposals else { return Err(refused("its proposals are")) };
        if proposals.iter().any(|proposal| !proposal.unknown.is_empty()) {
            return Err(refused("a transform of its proposals is"));
        }
        if proposals.iter().any(|proposal| proposal.additional.iter().any(|list| !list.is_empty())) {
            return Err(Error::Party {
                party: party.label.clone(),
                expected: "additional key exchanges (RFC 9370) are not made here, so that nobody can act as it"
                    .to_owned(),
            });
        }
        let transforms = session.catalog.ike_transforms();
        let keywords: Keywords =
            transforms.into_iter().map(|one| (one.slot, one.number, one.key_length, one.name)).collect();
        let decide: Decide = Box::new(move |message| decision(&policy, &keywords, message));
        let mut entrance = None;
        let (admit, keeper): (Admit, Box<dyn Keeper + Send>) = match Entrance::of(session, party)? {
            Ok(found) => {
                let found = Arc::new(found);
                entrance = Some(Arc::clone(&found));
                party.notes.push(
                    "who proves itself by the pre-shared key is let in; nothing runs through what is agreed on then, and \
                     further CHILD SAs are refused"
                        .to_owned(),
                );
                let old = Box::new(Arc::clone(&found));
                (Box::new(move |request: &AuthRequest, addresses| found.admit(request, addresses)), old)
            }
            Err(why) => {
                party.notes.push(format!(
                    "nobody is let in, because {why}: who gets as far as IKE_AUTH is told AUTHENTICATION_FAILED, whatever it \
                     proves, and in main mode INVALID-KEY-INFORMATION"
                ));
                let old = Box::new(Closed(why.clone()));
                (Box::new(move |_: &AuthRequest, _| Admission::Refuse(why.clone())), old)
            }
        };
        party.notes.extend([
            "addresses are not compared: whoever comes is the peer of this connection".to_owned(),
            "no cookies are asked for, and of IKEv1 neither aggressive mode nor anything but a pre-shared key is answered"
                .to_owned(),
        ]);
        let server = IkeServer::bind(address, Rules { decide, admit, keeper }).await;
        let candidates = ike_candidates(&session.catalog);
        Ok(Self { server: server.map_err(|source| Error::Listen { address, source })?, candidates, entrance })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    pub(super) async fn next(&mut self, session: &Session) -> Option<Seen> {
        let Initiator { number, address, opening, reached, auth, groups, facts } = self.server.next().await?;
        let from = |what: &str| {
            Origin::new(OriginKind::Peer { address: address.to_string(), connection: number, what: what.to_owned() })
        };
        let old = opening.as_ref().is_some_and(|message| message.header.major() == 1);
        let mut client =
            opening.map(|message| party::ike(session, &message, address.to_string(), &from("first message")));
        if let (Some(client), Some(auth)) = (&mut client, &auth) {
            let ends = [self.address().ip(), address.ip()];
            let print = self.entrance.as_ref().and_then(|entrance| match old {
                true => entrance.print_of_addresses(ends),
                false => entrance.print_for(auth, ends),
            });
            let proved = match &reached {
                Some(Reached::Entered(_)) => Some(true),
                Some(Reached::AuthenticationRefused(why)) if why == WRONG_KEY => Some(false),
                _ => None,
            };
            let proved = proved.zip(print);
            let exchange = if old { "main mode" } else { "IKE_AUTH" };
            with_auth(client, auth, proved, &self.candidates, &from(exchange));
        }
        let name = |group: &u16| {
            let transforms = session.catalog.ike_transforms();
            let known = transforms.into_iter().find(|one| one.slot == Slot::Group && one.number == *group);
            known.map_or_else(|| group.to_string(), |one| one.name)
        };
        let mut notes: Vec<String> = groups
            .iter()
            .map(|group| format!("it was asked for a public value of `{}` (INVALID_KE_PAYLOAD)", name(group)))
            .collect();
        notes.extend(auth.as_ref().and_then(|auth| {
            let own = auth.identity.as_ref().map(identity_text)?;
            Some(match auth.asked_for.as_ref().map(identity_text) {
                Some(asked) => format!("in IKE_AUTH it is `{own}` and asks for `{asked}`"),
                None if old => format!("in main mode it is `{own}`"),
                None => format!("in IKE_AUTH it is `{own}`"),
            })
        }));
        notes.extend(reached.map(|reached| {
            match reached {
                Reached::Refused => "it was told NO_PROPOSAL_CHOSEN".to_owned(),
                Reached::AskedForGroup(_) => "it did not come back with that public value".to_owned(),
                Reached::Chosen if old => "the proposals were chosen; it did not go on to say who it is".to_owned(),
                Reached::Chosen => {
                    "the proposals were chosen and keys exchanged; it did not go on to IKE_AUTH".to_owned()
                }
                Reached::ChosenOnly(why) => format!("agreed, not carried further: {why}"),
                Reached::AuthenticationRefused(why) if old => {
                    format!("main mode was gone through up to who it is: {why}")
                }
                Reached::AuthenticationRefused(why) => {
                    format!(
                        "keys were exchanged; its IKE_AUTH was read with them and told AUTHENTICATION_FAILED: {why}"
                    )
                }
                Reached::Entered(entered) => match entered.child {
                    None => "it proved itself by the pre-shared key, and asked for no CHILD SA".to_owned(),
                    Some(Ok(child)) => format!("it proved itself by the pre-shared key; {}", said(&child)),
                    Some(Err(error)) => {
                        let name = if old { notification::name(error) } else { notify::name(error) };
                        let error = name.map_or_else(|| error.to_string(), str::to_owned);
                        format!("it proved itself by the pre-shared key; of the CHILD SA it was told {error}")
                    }
                },
                Reached::Left => {
                    "it proved itself by the pre-shared key, and deleted the SA when this end had: it expects another \
                              identity than this end's, or wants something else that is not set up here"
                        .to_owned()
                }
                Reached::Unanswered(why) => format!("it was not answered: {why}"),
            }
        }));
        Some(Seen { number, address, client, server_name: None, notes, facts, server: None })
    }
}

/// A CHILD SA in words.
fn said(child: &ChildSa) -> String {
    let spi = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list = |all: &[wire::TrafficSelector]| all.iter().filter_map(text).collect::<Vec<_>>().join(", ");
    let ([theirs, ours], [inside, outside]) = (&child.spis, &child.selectors);
    format!(
        "the CHILD SA has the SPIs {} (its own) and {} (of this end), for {} === {}",
        spi(theirs),
        spi(ours),
        list(inside),
        list(outside)
    )
}

/// What the responder's rules choose of a first message.
fn decision(policy: &IkePolicy, keywords: &Keywords, message: &Message) -> Decision {
    let name = |slot: Slot, number: u16, bits: Option<u16>| {
        let found = keywords.iter().find(|one| (one.0, one.1, one.2) == (slot, number, bits));
        found.map(|one| one.3.clone())
    };
    let nowhere = Origin::new(OriginKind::Peer { address: String::new(), connection: 0, what: String::new() });
    let theirs = initiator(message, &name, &nowhere).policy;
    let version = theirs.version.unwrap_or(IkeVersion::V2);
    if policy.version.is_some_and(|own| own != version) || policy.switched_off.is_some() {
        return Decision::Refuse;
    }
    let (Known::Complete(offered), Known::Complete(own)) = (&theirs.proposals, &policy.proposals) else {
        return Decision::Refuse;
    };
    let how = Selecting {
        version,
        preference: policy.preference,
        without_key_exchange: false,
        counter_mode_in_ikev1: policy.has_counter_mode_in_ikev1(),
    };
    let Ok(chosen) = select(offered, own, how) else { return Decision::Refuse };
    let selected = match version {
        IkeVersion::V2 => version2(message, &chosen, &name),
        IkeVersion::V1 => version1(message, &chosen),
    };
    selected.unwrap_or(Decision::Refuse)
}

/// The initiator's own proposal with the transforms that were chosen.
fn version2(
    message: &Message,
    chosen: &Chosen,
    name: &dyn Fn(Slot, u16, Option<u16>) -> Option<String>,
) -> Option<Decision> {
    let sent = message.payloads.iter().find_map(|payload| match payload.view() {
        Ok(View::Proposals(all)) => Some(all),
        _ => None,
    })?;
    let mut proposal: wire::Proposal<wire::Transform> = sent.get(chosen.initiator)?.clone();
    let wanted = |slot: Slot| -> Option<&Name> {
        chosen.transforms.iter().find(|(of, _)| *of == slot).and_then(|(_, name)| name.as_ref())
    };
    let mut taken: Vec<wire::Transform> = Vec::new();
    for (kind, slot) in [
        (transform::ENCRYPTION, Slot::Encryption),
        (transform::INTEGRITY, Slot::Integrity),
        (transform::PRF, Slot::Prf),
        (transform::KEY_EXCHANGE, Slot::Group),
    ] {
        let Some(wanted) = wanted(slot) else { continue };
        let is_wanted = |one: &&wire::Transform| {
            let text = name(slot, one.id, one.key_length());
            one.kind == kind && text.is_some_and(|text| *wanted == *text)
        };
        taken.push(proposal.transforms.iter().find(is_wanted)?.clone());
    }
    proposal.transforms = taken;
    Some(Decision::Select(proposal))
}

/// In IKEv1 each transform is a proposal of its own.
fn version1(message: &Message, chosen: &Chosen) -> Option<Decision> {
    let sent = message.payloads.iter().find_map(|payload| match payload.view() {
        Ok(View::SecurityAssociation(association)) => Some(association),
        _ => None,
    })?;
    let mut place = 0;
    for proposal in sent.proposals {
        if let Some(transform) = proposal.transforms.get(chosen.initiator.checked_sub(place)?) {
            let transforms = vec![transform.clone()];
            return Some(Decision::SelectV1(wire::Proposal { transforms, ..proposal }));
        }
        place += proposal.transforms.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use shakedown_model::ike::{Proposal, SaProtocol};

    use super::*;

    #[test]
    fn a_policy_of_another_version_refuses() {
        let policy = IkePolicy {
            version: Some(IkeVersion::V1),
            proposals: Known::Complete(vec![Proposal::new(SaProtocol::Ike)]),
            ..IkePolicy::default()
        };
        let message = Message { header: wire::Header::sa_init([1; 8]), ..Message::default() };
        assert_eq!(decision(&policy, &Vec::new(), &message), Decision::Refuse);
    }
}
