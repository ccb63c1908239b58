//! IKE targets: one IKE_SA_INIT for each initiator; where one is refused, all that the responder accepts.

use std::time::Duration;

use shakedown_catalog::Catalog;
use shakedown_handshake::ike::Step;
use shakedown_model::ike::{IkeOffer, IkeVersion, Peering, Proposal};
use shakedown_model::{
    Context, FailedSlot, Name, Origin, OriginKind, Outcome, OutcomeResult, Party, PartySource, Policy, Protocol,
    Report, Role, Slot, Stage, StageResult, names,
};
use shakedown_probe as probe;
use shakedown_probe::ike::{Answer, Answering, Candidate, Candidates, IkeOptions, IkeProbed, IkeTarget, Verdict};

use super::ike_initiate::Attempted;
use super::ike_old::{OldCheck, OldMet};
use super::ike_seen::{self, Judging, Seen};
use crate::options::InitiatorOptions;
use crate::session::Gathering;
use crate::{Error, Session, Target};

/// The port of IKE, RFC 7296 section 2.
const PORT: u16 = 500;

/// How many connections of one file are tried: each leaves a half-open SA where it fits.
const MOST: usize = 8;

/// All transforms that the catalog has numbers for.
pub(crate) fn candidates(catalog: &Catalog) -> Candidates {
    Candidates::new(catalog.ike_transforms().into_iter().map(|one| Candidate {
        slot: one.slot,
        name: Name::new(&one.name),
        number: one.number,
        key_length: one.key_length,
    }))
}

impl Session {
    /// Checks an IKE target: what each initiator's IKE_SA_INIT comes to.
    pub(crate) async fn check_ike(&self, target: &Target, named: &str) -> Result<Report, Error> {
        let begun = std::time::Instant::now();
        let mut report = self.report("check");
        let context = self.ike_context(target);
        for client in &self.options.clients {
            let gathered = self.client_of(client, Protocol::Ike, &context).await?;
            report.parties.extend(for_target(gathered.parties, client, target, &self.options.connect)?);
            report.evidence.extend(gathered.evidence);
        }
        if report.parties.is_empty() {
            report.parties.extend(self.described_initiator()?);
        }
        for party in &mut report.parties {
            self.override_initiator(party)?;
        }
        // What its own daemon does not load sends nothing, and nothing is sent for it.
        let off = |party: &Party| party.ike().is_some_and(|policy| policy.switched_off.is_some());
        let going_on = self.only_one(&report.parties, named)?.filter(|party| !off(party)).cloned();
        let clients = report.parties.len();
        let mut offers: Vec<IkeOffer> = Vec::new();
        let mut asked: Vec<Option<usize>> = Vec::new();
        for party in &report.parties {
            let policy = party.ike().ok_or_else(|| Error::Party {
                party: party.label.clone(),
                expected: format!("it does not speak IKE, which `{named}` does"),
            })?;
            if off(party) || policy.version == Some(IkeVersion::V1) || policy.proposals.accepted().is_none() {
                asked.push(None);
                continue;
            }
            // Several tunnels over one IKE SA begin with the same offer: it is sent once.
            let offer = policy.open();
            let known = offers.iter().position(|other| same(other, &offer));
            asked.push(Some(known.unwrap_or(offers.len())));
            if known.is_none() {
                offers.push(offer);
            }
        }
        if clients == 0 {
            let note = "no initiator is named: only what the responder accepts is found out (`--as \
                        strongswan@VERSION:swanctl.conf#CONNECTION` names one)";
            report.notes.push(note.to_owned());
        }
        let (ike_target, mut options, candidates) =
            (self.ike_target(target), self.ike_options(), candidates(&self.catalog));
        let is_old = |party: &Party| party.ike().and_then(|policy| policy.version) == Some(IkeVersion::V1);
        let old = |party: &Party| is_old(party) && !off(party);
        if report.parties.iter().any(old) && report.parties.iter().all(is_old) {
            let going_on = going_on.as_ref();
            let (target, options, candidates) = (&ike_target, &options, &candidates);
            let check = OldCheck { target, options, candidates, named, going_on, begun };
            let met = self.meet_old(&mut report, &check).await?;
            self.judge_old(&mut report, clients, &context, met);
            return Ok(report);
        }
        if report.parties.iter().any(old) {
            let note = "connections of IKEv1 were not asked beside those of IKEv2: write `PATH#NAME` for one of them";
            report.notes.push(note.to_owned());
        }
        // Who goes on opens an IKE SA of his own, and leaves none half open besides: responders count them.
        options.without_key_exchange = going_on.is_some();
        let probed = match offers.is_empty() {
            true => probe::ike::map(&ike_target, &options, &candidates).await,
            false => probe::ike::meet(&ike_target, &options, &candidates, &offers).await,
        };
        let mut answers = probed.answers.clone();
        let accepted = answers.first().is_some_and(|answer| answer.verdict == Verdict::Accepted);
        let answering = probed.answering.filter(|_| accepted);
        let mut gathered = ike_gathering(probed, named);
        report.connections += gathered.connections;
        report.evidence.append(&mut gathered.evidence);
        report.parties.append(&mut gathered.parties);
        if report.parties.len() == clients && clients > 0 && report.parties.iter().all(off) {
            // The initiator's own fault is one whatever is at the other end.
            report.parties.push(not_seen(named, target));
        }
        let left = self.options.timeout.saturating_sub(begun.elapsed());
        let mut attempted = match (&going_on, answering) {
            (Some(party), Some(answering)) => {
                self.attempt(&mut report, party, &candidates, (answering, left), answers.first_mut()).await?
            }
            (Some(_), None) => None,
            (None, _) => {
                if self.options.initiator != InitiatorOptions::default() && !report.parties.iter().any(off) {
                    let note = "nothing was sent after IKE_SA_INIT, and nothing was proved: `--may-disturb-live-tunnel` \
                                goes on to IKE_AUTH";
                    report.notes.push(note.to_owned());
                }
                None
            }
        };
        let sent: Vec<&Vec<u8>> = answers.iter().flat_map(|answer| &answer.vendor_ids).collect();
        for party in report.parties.iter_mut().skip(clients) {
            party.notes.extend(vendors(&self.catalog, &sent));
        }
        self.progress("negotiating");
        if report.parties.len() == clients || clients == 0 {
            self.judge_evidence(&mut report, (clients > 0).then_some(0), &context, Protocol::Ike);
        }
        for server in clients..report.parties.len() {
            for (client, asked) in asked.iter().enumerate() {
                let (Some(client_party), Some(server_party)) = (report.parties.get(client), report.parties.get(server))
                else {
                    continue;
                };
                let mut outcome = shakedown_negotiate::negotiate(client_party, server_party, &context);
                match asked.and_then(|index| answers.get(index)) {
                    Some(answer) => seen(&mut outcome, answer),
                    None => not_asked(&mut outcome),
                }
                if let Some(seen) = attempted.take() {
                    seen.adopt(&mut outcome);
                }
                self.judge_outcome(&mut report, client, server, &context, outcome);
            }
        }
        for answer in answers.iter().filter(|answer| !answer.left_out.is_empty()) {
            let names: Vec<String> = answer.left_out.iter().map(|name| format!("`{name}`")).collect();
            report.notes.push(format!("left out of the offer, as their numbers are not known: {}", names.join(", ")));
        }
        Ok(report)
    }

    /// Judges what initiators of IKEv1 met.
    fn judge_old(&self, report: &mut Report, clients: usize, context: &Context, met: OldMet) {
        let OldMet { answers, seen: mut attempted } = met;
        let said = self.options.initiator != InitiatorOptions::default();
        if attempted.is_none() && said && !self.options.initiator.may_disturb_live_tunnel {
            let note = "nothing was sent after the first message of main mode, and nothing was proved: \
                        `--may-disturb-live-tunnel` goes on";
            report.notes.push(note.to_owned());
        }
        let sent: Vec<&Vec<u8>> = answers.iter().flatten().flat_map(|answer| &answer.vendor_ids).collect();
        for party in report.parties.iter_mut().skip(clients) {
            party.notes.extend(vendors(&self.catalog, &sent));
        }
        self.progress("negotiating");
        if report.parties.len() == clients {
            self.judge_evidence(report, Some(0), context, Protocol::Ike);
        }
        for server in clients..report.parties.len() {
            for client in 0..clients {
                let (Some(client_party), Some(server_party)) = (report.parties.get(client), report.parties.get(server))
                else {
                    continue;
                };
                let mut outcome = shakedown_negotiate::negotiate(client_party, server_party, context);
                match answers.get(client).and_then(Option::as_ref) {
                    Some(answer) => seen(&mut outcome, answer),
                    None => not_asked(&mut outcome),
                }
                if let Some(seen) = attempted.take() {
                    seen.adopt(&mut outcome);
                }
                self.judge_outcome(report, client, server, context, outcome);
            }
        }
    }

    /// Goes on to IKE_AUTH, and adds to the report what came of it.
    async fn attempt(
        &self,
        report: &mut Report,
        party: &Party,
        candidates: &Candidates,
        (answering, left): (Answering, Duration),
        answer: Option<&mut Answer>,
    ) -> Result<Option<Seen>, Error> {
        let group = answer.as_ref().and_then(|answer| answer.selected.as_ref()?.group.first());
        let group = group.and_then(|item| candidates.group_named(item.name.as_str()));
        let Attempted { attempt, documentation, chain } =
            match self.initiate(party, candidates, answering, (group, left)).await? {
                Ok(attempted) => attempted,
                Err(why) => {
                    report.notes.push(format!("nothing was sent after IKE_SA_INIT: {why}"));
                    return Ok(None);
                }
            };
        if let (Some(answer), Some(selected)) = (answer, &attempt.observation.selected) {
            let origin = Origin::new(OriginKind::Peer {
                address: answering.address.to_string(),
                connection: 1,
                what: "IKE_SA_INIT response".to_owned(),
            });
            answer.selected = Some(candidates.decode(selected, &origin));
            answer.vendor_ids.clone_from(&attempt.observation.vendor_ids);
        }
        let (anchors, trusted) = self.ike_anchors(party)?;
        let empty = Peering::default();
        let server = report.parties.last().map(|party| &party.source);
        let place = match server {
            Some(PartySource::Live { address }) => address.clone(),
            _ => answering.address.to_string(),
        };
        let judging = Judging {
            peering: party.ike().and_then(|policy| policy.peering.as_deref()).unwrap_or(&empty),
            candidates,
            anchors: &anchors,
            now: self.now(),
            place: &place,
            documentation,
            own_chain: &chain,
        };
        let mut seen = ike_seen::read(&attempt, &judging);
        report.connections += attempt.packets;
        let refused = match (&attempt.observation.auth, &attempt.observation.child) {
            (Step::Done, Step::Refused(number)) if seen.child == Some(StageResult::Failed) => Some(*number),
            _ => None,
        };
        if let Some(number) = refused {
            let with = (group, left, place.as_str());
            let (learnt, packets) = self.ask_again(party, candidates, answering, with, number).await?;
            report.connections += packets;
            seen.evidence.extend(learnt);
        }
        report.evidence.append(&mut seen.evidence);
        if let Some(server) = report.parties.last_mut() {
            server.notes.push(format!("datagrams sent for IKE_AUTH: {}", attempt.packets));
            if !attempt.observation.certificates.is_empty() {
                server.notes.push(trusted);
            }
            server.notes.append(&mut seen.notes);
        }
        Ok(Some(seen))
    }

    /// All that an IKE responder accepts that was named as a party.
    pub(crate) async fn map_ike(&self, target: &Target, named: &str) -> Gathering {
        let probed = probe::ike::map(&self.ike_target(target), &self.ike_options(), &candidates(&self.catalog)).await;
        ike_gathering(probed, named)
    }

    fn ike_target(&self, target: &Target) -> IkeTarget {
        let mut reached = IkeTarget::new(target.host.clone(), target.port.unwrap_or(PORT));
        reached.addresses = self.options.addresses(reached.port);
        reached.source = self.options.source;
        reached.tcp = self.options.ike_over_tcp;
        reached
    }

    fn ike_options(&self) -> IkeOptions {
        let mut options = IkeOptions::default();
        options.timeout = self.options.timeout;
        options.family = self.options.family.into();
        options.progress = self.steps();
        options
    }

    fn ike_context(&self, target: &Target) -> Context {
        self.context_of(&target.host, target.port.unwrap_or(PORT))
    }
}

/// What the vendor IDs of a responder say, each once.
pub(crate) fn vendors(catalog: &Catalog, sent: &[&Vec<u8>]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for id in sent {
        let note = match catalog.vendor_id(id) {
            Some((name, true)) => format!("by its vendor ID it is {name}"),
            Some((name, false)) => format!("its vendor ID announces {name}"),
            // Many are plain text.
            None => format!("a vendor ID that is not known here: `{}`", Name::from_bytes(id)),
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The connections of a file that are set up for the target, if any are: the others are for other gateways.
fn for_target(
    parties: Vec<Party>,
    named: &str,
    target: &Target,
    connect: &[std::net::SocketAddr],
) -> Result<Vec<Party>, Error> {
    let addresses: Vec<String> = connect.iter().map(|address| address.ip().to_string()).collect();
    let is_meant = |party: &Party| {
        let peering = party.ike().and_then(|policy| policy.peering.as_deref());
        let mut theirs = peering.iter().flat_map(|peering| &peering.remote_addresses).map(|item| item.name.as_str());
        theirs.any(|address| address == target.host || addresses.iter().any(|other| other == address))
    };
    let (meant, others): (Vec<Party>, Vec<Party>) = parties.into_iter().partition(is_meant);
    let all = if meant.is_empty() { others } else { meant };
    if all.len() > MOST {
        return Err(Error::Party {
            party: named.to_owned(),
            expected: format!("it has {} connections that may be meant: write `{named}#NAME`", all.len()),
        });
    }
    Ok(all)
}

/// Equal as lists of names.
fn same(one: &IkeOffer, other: &IkeOffer) -> bool {
    let names = |offer: &IkeOffer| -> Option<Vec<Vec<Vec<Name>>>> {
        let lists = |proposal: &Proposal| Proposal::SLOTS.map(|slot| names(proposal.list(slot))).to_vec();
        Some(offer.proposals.accepted()?.iter().map(lists).collect())
    };
    names(one) == names(other)
}

pub(super) fn ike_gathering(probed: IkeProbed, named: &str) -> Gathering {
    let IkeProbed { mut gathered, packets, .. } = probed;
    for party in &mut gathered.parties {
        if let PartySource::Live { address } = &party.source {
            party.label =
                if named.contains(address.as_str()) { named.to_owned() } else { format!("{named} ({address})") };
        }
        party.notes.push(format!("datagrams sent: {packets}"));
    }
    Gathering { parties: gathered.parties, evidence: gathered.evidence, connections: packets }
}

/// A responder of which nothing is known.
fn not_seen(named: &str, target: &Target) -> Party {
    Party {
        label: named.to_owned(),
        role: Role::Server,
        software: None,
        source: PartySource::Live { address: target.host.clone() },
        policy: Policy::Ike(Box::default()),
        configuration: None,
        notes: Vec::new(),
    }
}

/// What was seen decides over what the rules compute: the initiator's own IKE_SA_INIT was sent.
fn seen(outcome: &mut Outcome, answer: &Answer) {
    match answer.verdict {
        Verdict::Accepted => {
            set(outcome, StageResult::Agreed);
            outcome.failed.retain(|failed: &FailedSlot| failed.stage != Stage::IkeSa);
            if let Some(selected) = &answer.selected {
                adopt(outcome, selected);
            }
            for stage in outcome.stages.iter_mut().filter(|stage| stage.stage != Stage::IkeSa) {
                if stage.result == StageResult::NotReached {
                    let what_would_decide = "the responder's log of the exchanges after IKE_SA_INIT".to_owned();
                    stage.result = StageResult::Unknown { what_would_decide };
                }
            }
        }
        Verdict::Refused if outcome.result() == OutcomeResult::Agreed || ike_agreed(outcome) => {
            let what_would_decide =
                "the responder's log: what it accepts of others it refuses from this offer".to_owned();
            unknown(outcome, what_would_decide);
        }
        Verdict::Unknown if ike_agreed(outcome) => {
            unknown(outcome, "the same offer again, from this and from another network".to_owned());
        }
        Verdict::Refused | Verdict::Unknown => {}
    }
}

/// Of IKEv1 nothing is sent, and of a party whose proposals are not known nothing can be.
fn not_asked(outcome: &mut Outcome) {
    if outcome.result() != OutcomeResult::Failed {
        unknown(outcome, "an attempt of the initiator itself: what it would send was not sent from here".to_owned());
    }
}

fn ike_agreed(outcome: &Outcome) -> bool {
    outcome.stages.iter().any(|stage| stage.stage == Stage::IkeSa && stage.result == StageResult::Agreed)
}

fn set(outcome: &mut Outcome, result: StageResult) {
    for stage in outcome.stages.iter_mut().filter(|stage| stage.stage == Stage::IkeSa) {
        stage.result = result.clone();
    }
}

fn unknown(outcome: &mut Outcome, what_would_decide: String) {
    set(outcome, StageResult::Unknown { what_would_decide });
    for stage in outcome.stages.iter_mut().filter(|stage| stage.stage != Stage::IkeSa) {
        stage.result = StageResult::NotReached;
    }
    outcome.agreed.retain(|(slot, _)| *slot == Slot::Version);
    outcome.agreed_child.clear();
}

/// The transforms that the responder selected.
fn adopt(outcome: &mut Outcome, selected: &Proposal) {
    let slots = [Slot::Encryption, Slot::Integrity, Slot::Prf, Slot::Group];
    // Where only the group is known, the rest is as computed.
    let only_group = selected.encryption.is_empty();
    for slot in slots.into_iter().filter(|slot| !only_group || *slot == Slot::Group) {
        outcome.agreed.retain(|(known, _)| *known != slot);
        outcome.agreed.push((slot, selected.list(slot).first().map(|item| item.name.clone())));
    }
    for slot in (1..=7).map(Slot::AdditionalGroup) {
        if let Some(item) = selected.list(slot).first() {
            outcome.agreed.retain(|(known, _)| *known != slot);
            outcome.agreed.push((slot, Some(item.name.clone())));
        }
    }
    outcome.agreed.sort_by_key(|(slot, _)| *slot);
}

#[cfg(test)]
mod tests {
    use shakedown_model::ike::IkePolicy;
    use shakedown_model::{Known, items};

    use super::*;

    fn party(address: &str, proposal: &str) -> Party {
        let mut one = Proposal::new(shakedown_model::ike::SaProtocol::Ike);
        one.encryption = items([proposal]);
        let peering = Peering { remote_addresses: items([address]), ..Peering::default() };
        let proposals = Known::Complete(vec![one]);
        let policy = IkePolicy { proposals, peering: Some(Box::new(peering)), ..IkePolicy::default() };
        Party {
            label: address.to_owned(),
            role: Role::Client,
            software: None,
            source: PartySource::Configuration,
            policy: Policy::Ike(Box::new(policy)),
            configuration: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn of_many_connections_those_for_the_target_are_tried() {
        let target: Target = "ike://192.0.2.7".parse().unwrap();
        let file: Vec<Party> = (0..20).map(|last| party(&format!("192.0.2.{last}"), "aes256")).collect();
        let meant = for_target(file.clone(), "x", &target, &[]).unwrap();
        assert_eq!(meant.iter().map(|party| party.label.as_str()).collect::<Vec<_>>(), ["192.0.2.7"]);
        let other: Target = "ike://gw.example".parse().unwrap();
        let error = for_target(file.clone(), "x", &other, &[]).unwrap_err();
        assert!(error.to_string().contains("x"), "{error}");
        let meant = for_target(file, "x", &other, &["192.0.2.9:500".parse().unwrap()]).unwrap();
        assert_eq!(meant.len(), 1);
        assert_eq!(for_target(vec![party("198.51.100.1", "aes256")], "x", &other, &[]).unwrap().len(), 1);
    }

    #[test]
    fn vendor_ids_are_told_once() {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        let (xauth, text) = (b"\x09\x00\x26\x89\xdf\xd6\xb7\x12".to_vec(), b"OpenIKED\x07".to_vec());
        let notes = vendors(&catalog, &[&xauth, &text, &xauth]);
        let expected = ["its vendor ID announces XAUTH", "a vendor ID that is not known here: `OpenIKED\\x07`"];
        assert_eq!(notes, expected);
    }

    #[test]
    fn offers_are_the_same_by_their_names() {
        let open = |proposal: &str| party("a", proposal).ike().unwrap().open();
        assert!(same(&open("aes256"), &open("aes256")) && !same(&open("aes256"), &open("aes128")));
    }
}
