use std::net::SocketAddr;

use shakedown_model::ike::{IkeOffer, Proposal};
use shakedown_model::{ConnectFailure, Evidence, Gathered, Known, Name};
use shakedown_wire::ike::Notify;
use shakedown_wire::ike::number::notify;
use tokio::time::Instant;

use super::exchange::{Exchanger, Outcome, Request};
use super::facts;
use super::old::OldSide;
use super::party::party;
use super::region::{GROUP, Region};
use super::search::{Found, Reply, Responder, Search};
use super::{Answering, Candidates, IkeOptions, IkeTarget};
use crate::Progress;
use crate::budget::Budget;
use crate::resolve::{self, Wanted};

/// Groups to name in the key exchange payload that are not in the offer, so that the responder asks for one that is and
/// keeps no state: assigned numbers that are hardly ever configured, with the length of their public values in bytes. An
/// unassigned number would do for strongSwan; libreswan calls it a syntax error.
const DECOYS: [(u16, usize); 5] = [(25, 48), (26, 56), (23, 256), (24, 256), (22, 128)];

/// Whether an offer was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Accepted,
    /// The responder answered with an error.
    Refused,
    /// It cannot be told.
    Unknown,
}

/// What an initiator met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether its offer was accepted.
    pub verdict: Verdict,
    /// What the responder selected; only the group where it was not asked with a key exchange of that group.
    pub selected: Option<Proposal>,
    /// The error that it answered with.
    pub error: Option<Name>,
    /// The vendor IDs that it sent.
    pub vendor_ids: Vec<Vec<u8>>,
    /// Transforms of the offer that have no number here and were left out.
    pub left_out: Vec<Name>,
}

/// What a probe brings.
#[derive(Clone, Debug, Default)]
pub struct IkeProbed {
    /// A party for the address that answered, and the evidence.
    pub gathered: Gathered,
    /// How many datagrams were sent.
    pub packets: u32,
    /// Where the responder answers, and how.
    pub answering: Option<Answering>,
    /// What each initiator met, in the order given.
    pub answers: Vec<Answer>,
    /// The vendor IDs that it sent in answer to IKEv1, where that was asked for by itself.
    pub old_vendor_ids: Vec<Vec<u8>>,
}

/// Finds out all that an IKEv2 responder accepts for its IKE SA, and what belongs together. No half-open SA is left behind
/// by a responder that keeps to RFC 7296. What goes wrong is evidence; this function does not fail. Must be called within
/// a tokio runtime with its I/O and time drivers enabled; dropping the future ends it.
pub async fn map(target: &IkeTarget, options: &IkeOptions, candidates: &Candidates) -> IkeProbed {
    probe(target, options, candidates, None).await
}

/// Finds out what initiators with these offers meet: IKE_SA_INIT as they would send it, once more where the responder asks
/// for another group. One that is accepted leaves a half-open SA, as any initiator does that goes away. Where one is
/// refused, all that the responder accepts is found out.
pub async fn meet(
    target: &IkeTarget,
    options: &IkeOptions,
    candidates: &Candidates,
    initiators: &[IkeOffer],
) -> IkeProbed {
    probe(target, options, candidates, Some(initiators)).await
}

async fn probe(
    target: &IkeTarget,
    options: &IkeOptions,
    candidates: &Candidates,
    initiators: Option<&[IkeOffer]>,
) -> IkeProbed {
    let begun = Instant::now();
    let deadline = begun + options.timeout;
    let budget = Budget::new(options.max_packets);
    let mut probed = IkeProbed::default();
    let addresses = addresses(target, options, begun, &mut probed.gathered.evidence).await;
    for (at, address) in addresses.iter().enumerate() {
        let mut one = begin(target, options, candidates, *address, (&budget, deadline));
        probed.answers.clear();
        for initiator in initiators.unwrap_or_default() {
            let answer = one.meet(initiator, options.without_key_exchange).await;
            probed.answers.push(answer);
        }
        let all_accepted = probed.answers.iter().all(|answer| answer.verdict == Verdict::Accepted);
        if initiators.is_none() || !all_accepted && one.exchanger.answering().is_some() {
            one.map().await;
        }
        match initiators {
            None => {
                // Who is odd, or has had enough, is not asked further.
                let nothing = one.has_no_answer();
                // IKEv1 has no form for TCP.
                if !target.tcp && (nothing || one.stopped.is_none()) {
                    one.map_old(one.takes_something()).await;
                }
                one.speaks_version_1 = nothing && one.exchanger.spoken;
            }
            Some(_) if !target.tcp && one.has_no_answer() => one.speaks_version_1 = one.is_old().await,
            Some(_) => {}
        }
        let others = addresses.get(at + 1..).unwrap_or_default();
        probed.answering = one.exchanger.answering();
        probed.old_vendor_ids = one.old_vendor_ids().to_vec();
        let known = probed.gathered.parties.len();
        let answered = one.finish(target, &probed.answers, others, &mut probed.gathered);
        one.finish_old(target, Vec::new(), &mut probed.gathered);
        if answered || probed.gathered.parties.len() > known {
            break;
        }
    }
    probed.packets = budget.used();
    probed
}

/// Begins with an address.
pub(super) fn begin<'a>(
    target: &IkeTarget,
    options: &IkeOptions,
    candidates: &'a Candidates,
    address: SocketAddr,
    (budget, deadline): (&Budget, Instant),
) -> Mapper<'a> {
    if let Some(progress) = &options.progress {
        let purpose = "what the responder accepts".to_owned();
        progress(Progress::Connecting { address: address.to_string(), connection: budget.used() + 1, purpose });
    }
    let exchanger = Exchanger::new(address, (target.source, target.tcp), budget.clone(), deadline);
    Mapper::new(candidates, exchanger, address)
}

/// What is found out of one address.
pub(super) struct Mapper<'a> {
    pub(super) candidates: &'a Candidates,
    pub(super) exchanger: Exchanger,
    pub(super) address: SocketAddr,
    /// What is found of it as a responder of IKEv1.
    pub(super) old: OldSide,
    /// Decoys that the responder does not know.
    unknown_decoys: Vec<u16>,
    /// Whether there is no decoy left that the offer does not hold.
    no_decoy: bool,
    found: Option<Found>,
    /// The error that the last question was answered with, where it was.
    error: Option<(u16, String)>,
    /// The error that an initiator's offer was answered with.
    met_error: Option<(u16, String)>,
    /// A question that was accepted.
    known_good: Option<Vec<Region>>,
    /// Whether it answers IKEv1; asked only where IKEv2 gets no answer but a refusal.
    speaks_version_1: bool,
    /// Why it stopped.
    stopped: Option<String>,
    nat: Option<(SocketAddr, bool)>,
}

impl<'a> Mapper<'a> {
    fn new(candidates: &'a Candidates, exchanger: Exchanger, address: SocketAddr) -> Self {
        Self {
            candidates,
            exchanger,
            address,
            old: OldSide::default(),
            unknown_decoys: Vec::new(),
            no_decoy: false,
            found: None,
            error: None,
            met_error: None,
            known_good: None,
            speaks_version_1: false,
            stopped: None,
            nat: None,
        }
    }

    /// Whether something of IKEv2 is accepted.
    pub(super) fn takes_something(&self) -> bool {
        self.found.as_ref().is_some_and(|found| !found.regions.is_empty())
    }

    /// Whether everything is refused, or nothing answered.
    fn has_no_answer(&self) -> bool {
        let refused = |found: &Found| found.complete && found.regions.is_empty();
        self.exchanger.answering().is_none() || self.found.as_ref().is_some_and(refused) && self.stopped.is_none()
    }

    async fn meet(&mut self, offer: &IkeOffer, without_key_exchange: bool) -> Answer {
        let mut answer = Answer {
            verdict: Verdict::Unknown,
            selected: None,
            error: None,
            vendor_ids: Vec::new(),
            left_out: Vec::new(),
        };
        let Some(proposals) = offer.proposals.accepted() else { return answer };
        let (wire, left_out) = self.candidates.encode_offer(proposals);
        answer.left_out = left_out;
        let groups = || proposals.iter().flat_map(|one| &one.group).map(|item| item.name.as_str());
        let number = |name: &str| self.candidates.group_named(name);
        let guess =
            offer.guess.as_ref().and_then(|item| number(item.name.as_str())).or_else(|| groups().find_map(number));
        let offered: Vec<u16> = groups().filter_map(number).collect();
        let own = guess.filter(|_| !without_key_exchange).and_then(|group| Some((group, public(group)?)));
        let Some((group, value)) = own.or_else(|| self.decoy(&offered)) else { return answer };
        let mut request = Request::new(wire, group, value);
        request.notifies = vec![
            Notify::new(notify::FRAGMENTATION_SUPPORTED, Vec::new()),
            // SHA2-256, -384 and -512 (RFC 7427).
            Notify::new(notify::SIGNATURE_HASH_ALGORITHMS, vec![0, 2, 0, 3, 0, 4]),
        ];
        if proposals.iter().any(|one| one.additional.iter().any(|list| !list.is_empty())) {
            request.notifies.push(Notify::new(notify::INTERMEDIATE_EXCHANGE_SUPPORTED, Vec::new()));
        }
        let origin = facts::origin(&self.address.to_string(), "IKE_SA_INIT response");
        // The responder may ask for another group once (RFC 7296 section 1.3); of one that it was given already, no more.
        for _ in 0..=DECOYS.len() {
            match self.exchanger.exchange(&request).await {
                Outcome::Selected(selected) => {
                    answer.verdict = Verdict::Accepted;
                    answer.selected = Some(self.candidates.decode(&selected.proposal, &origin));
                    answer.vendor_ids = selected.vendor_ids;
                    return answer;
                }
                Outcome::OtherGroup(group) if group != request.group && offered.contains(&group) => {
                    // Asked for with the right group, it would be accepted.
                    answer.verdict = Verdict::Accepted;
                    let mut selected = Proposal::new(shakedown_model::ike::SaProtocol::Ike);
                    let name = self.candidates.group(group).and_then(|index| self.candidates.get(index));
                    selected.group.extend(
                        name.map(|one| shakedown_model::Item { name: one.name.clone(), origin: Some(origin.clone()) }),
                    );
                    answer.selected = Some(selected);
                    if without_key_exchange {
                        return answer;
                    }
                    let Some(value) = public(group) else { return answer };
                    request.group = group;
                    request.public = value;
                }
                // It does not know the group of the key exchange, which is not in the offer.
                Outcome::Refused(notify::INVALID_SYNTAX, _) if !offered.contains(&request.group) => {
                    self.unknown_decoys.push(request.group);
                    let Some((group, value)) = self.decoy(&offered) else { return answer };
                    (request.group, request.public) = (group, value);
                }
                Outcome::Refused(number, name) => {
                    answer.verdict = Verdict::Refused;
                    answer.error = Some(Name::new(&name));
                    self.met_error = Some((number, name));
                    return answer;
                }
                Outcome::OtherGroup(group) => {
                    answer.verdict = Verdict::Unknown;
                    self.stop(format!("it asks for group {group}, which was not offered or was given already"));
                    return answer;
                }
                other => {
                    self.give_up(&other);
                    return answer;
                }
            }
        }
        answer
    }

    pub(super) async fn map(&mut self) {
        self.stopped = None;
        let candidates = self.candidates;
        for (decoy, _) in DECOYS {
            if self.unknown_decoys.contains(&decoy) {
                continue;
            }
            let of = |aead: bool, with: bool| candidates.whole(aead, |group| (group.number == decoy) == with);
            let lists = [vec![of(true, false)], vec![of(false, false)], vec![of(true, true), of(false, true)]];
            let whole = |list: Vec<Region>| list.into_iter().filter(Region::is_whole).collect::<Vec<Region>>();
            let lists = lists.into_iter().map(whole).filter(|list| !list.is_empty()).collect();
            self.no_decoy = false;
            self.found = Some(Search::new(candidates, self).run(lists).await);
            if self.no_decoy && self.known_good.is_none() {
                // All but this decoy was offered, and it is one that the responder does not know: another is left out.
                continue;
            }
            if self.stopped.is_none() {
                let good = self.known_good.clone().unwrap_or_else(|| vec![of(false, false)]);
                if let Some(request) = self.question(&good) {
                    self.nat = self.exchanger.other_port(&request).await;
                }
            }
            return;
        }
        self.stop("it knows none of the groups that serve to ask without an agreement".to_owned());
    }

    fn question(&self, offer: &[Region]) -> Option<Request> {
        let groups = offer.iter().flat_map(|region| region.list(GROUP));
        let numbers: Vec<u16> = groups.filter_map(|index| self.candidates.get(*index)).map(|one| one.number).collect();
        let (group, value) = self.decoy(&numbers)?;
        Some(Request::new(self.candidates.encode(offer), group, value))
    }

    /// A group that is in no offer, and something like a public value of it.
    fn decoy(&self, offered: &[u16]) -> Option<(u16, Vec<u8>)> {
        let fits = |(group, _): &(u16, usize)| !offered.contains(group) && !self.unknown_decoys.contains(group);
        let (group, length) = DECOYS.into_iter().find(fits)?;
        let mut value = vec![0; length];
        shakedown_crypto::random(&mut value).ok()?;
        Some((group, value))
    }

    fn stop(&mut self, why: String) {
        self.stopped.get_or_insert(why);
    }

    fn give_up(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Cookies => self.stop("it answers each cookie with another one".to_owned()),
            Outcome::Odd(what) => self.stop(what.clone()),
            Outcome::Spent => self.stop("the datagrams or the time for it are used up".to_owned()),
            Outcome::Silent => self.stop("it gave no answer any more".to_owned()),
            Outcome::Unreachable => self.stop("it cannot be reached any more".to_owned()),
            Outcome::OtherGroup(_) | Outcome::Selected(_) | Outcome::Refused(..) => {}
        }
    }

    /// Adds what was found of this address; whether it answered at all.
    pub(super) fn finish(
        &self,
        target: &IkeTarget,
        answers: &[Answer],
        others: &[SocketAddr],
        gathered: &mut Gathered,
    ) -> bool {
        let Self { candidates, exchanger, address, found, error, met_error, stopped, nat, speaks_version_1, .. } = self;
        let place = address.to_string();
        if let Some(error) = &exchanger.broken {
            gathered.evidence.push(facts::broken(&place, error));
        }
        if *speaks_version_1 {
            gathered.evidence.push(facts::old_version(&place));
            return true;
        }
        let Some(Answering { address: answering, marked, tcp }) = exchanger.answering() else {
            if let Some((number, name)) = self.old.refused_everything() {
                gathered.evidence.push(facts::refusal(&place, *number, name, true));
                return true;
            }
            let failed = exchanger.failures.iter().map(|(address, failure)| facts::not_reached(*address, *failure));
            let silent = exchanger.silent().into_iter();
            let silent = silent.map(|address| facts::not_reached(address, ConnectFailure::TimedOut));
            gathered.evidence.extend(failed.chain(silent));
            return false;
        };
        let mut notes = Vec::new();
        if tcp {
            notes.push(format!("asked over TCP (RFC 9329), at port {}", answering.port()));
        } else if answering.port() != address.port() {
            notes.push(format!("only port {} answers, not {}", answering.port(), address.port()));
        } else if marked && !tcp && answering.port() != super::link::NAT {
            notes.push("it takes messages with the non-ESP marker of RFC 3948 only".to_owned());
        }
        match nat {
            Some((other, false)) if other.port() == super::link::NAT => notes.push(format!(
                "port {} gives no answer: peers behind a NAT go no further than IKE_SA_INIT",
                other.port()
            )),
            _ => {}
        }
        if exchanger.cookies > 0 {
            let count = exchanger.cookies;
            notes.push(format!("cookies that it asked for: {count}; it protects itself from many half-open SAs"));
        }
        if exchanger.half_open > 0 {
            let count = exchanger.half_open;
            notes.push(format!("half-open IKE SAs left behind, which it drops by itself: {count}"));
        }
        if exchanger.strays > 0 {
            notes.push(format!("messages passed over that belong to no request: {}", exchanger.strays));
        }
        let origin = facts::origin(&place, "answers to many offers");
        let everything_refused =
            found.as_ref().is_some_and(|found| found.complete && found.regions.is_empty()) && stopped.is_none();
        let other_error = error.as_ref().filter(|(number, _)| *number != notify::NO_PROPOSAL_CHOSEN);
        let told = if everything_refused { error.as_ref() } else { met_error.as_ref().or(other_error) };
        if let Some((number, name)) = told {
            gathered.evidence.push(facts::refusal(&place, *number, name, everything_refused));
        }
        if everything_refused {
            return true;
        }
        let proposals = match found {
            Some(found) => {
                let proposals: Vec<Proposal> =
                    found.regions.iter().map(|region| candidates.proposal(region, &origin)).collect();
                notes.push("the order in which it prefers them is not known".to_owned());
                match (found.complete, proposals.is_empty()) {
                    (true, _) => Known::Complete(proposals),
                    (false, true) => Known::Unknown,
                    (false, false) => Known::Partial { accepted: proposals, refused: Vec::new() },
                }
            }
            None => {
                let selected = |proposal: &&Proposal| !proposal.encryption.is_empty();
                let accepted: Vec<Proposal> =
                    answers.iter().filter_map(|answer| answer.selected.as_ref()).filter(selected).cloned().collect();
                match accepted.is_empty() {
                    true => Known::Unknown,
                    false => Known::Partial { accepted, refused: Vec::new() },
                }
            }
        };
        if let Some(why) = stopped {
            notes.push(format!("not all that it accepts is known: {why}"));
        }
        notes.extend(self.old.note_beside());
        if !others.is_empty() {
            let list: Vec<String> = others.iter().map(ToString::to_string).collect();
            notes.push(format!("other addresses of the name were not asked: {}", list.join(", ")));
        }
        let label = format!("{}:{}", target.host, target.port);
        gathered.parties.push(party(label, place, proposals, notes));
        true
    }
}

impl Responder for Mapper<'_> {
    async fn ask(&mut self, offer: &[Region]) -> Reply {
        loop {
            let Some(request) = self.question(offer) else {
                self.no_decoy = true;
                return Reply::Unknown;
            };
            let outcome = self.exchanger.exchange(&request).await;
            let group = match &outcome {
                Outcome::OtherGroup(group) => Some(*group),
                Outcome::Selected(selected) => {
                    let is_group = |one: &&shakedown_wire::ike::Transform| {
                        one.kind == shakedown_wire::ike::number::transform::KEY_EXCHANGE
                    };
                    selected.proposal.transforms.iter().find(is_group).map(|one| one.id)
                }
                Outcome::Refused(notify::NO_PROPOSAL_CHOSEN, name) => {
                    self.error = Some((notify::NO_PROPOSAL_CHOSEN, name.clone()));
                    return Reply::Refused;
                }
                // It does not know the group that is not in the offer.
                Outcome::Refused(notify::INVALID_SYNTAX, name) if !self.unknown_decoys.contains(&request.group) => {
                    self.error = Some((notify::INVALID_SYNTAX, name.clone()));
                    self.unknown_decoys.push(request.group);
                    continue;
                }
                Outcome::Refused(number, name) => {
                    self.error = Some((*number, name.clone()));
                    self.stop(format!("it answers an offer with {name}"));
                    return Reply::Unknown;
                }
                other => {
                    self.give_up(other);
                    return Reply::Unknown;
                }
            };
            let index = group.and_then(|group| self.candidates.group(group));
            return match index.filter(|index| offer.iter().any(|region| region.list(GROUP).contains(index))) {
                Some(index) => {
                    self.error = None;
                    self.known_good = Some(offer.to_vec());
                    Reply::Accepted(index)
                }
                None => {
                    self.stop("it asks for a group that was not offered".to_owned());
                    Reply::Unknown
                }
            };
        }
    }
}

fn public(group: u16) -> Option<Vec<u8>> {
    shakedown_crypto::ike::public_value(group).ok().flatten()
}

pub(super) async fn addresses(
    target: &IkeTarget,
    options: &IkeOptions,
    begun: Instant,
    evidence: &mut Vec<Evidence>,
) -> Vec<SocketAddr> {
    let wanted = Wanted {
        host: &target.host,
        port: target.port,
        given: &target.addresses,
        family: options.family,
        progress: options.progress.as_ref(),
        deadline: begun + options.timeout / 2,
    };
    resolve::addresses(wanted, evidence).await
}
