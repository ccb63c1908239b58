//! IKEv1 responders: what their first answers say.

use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal};
use shakedown_model::{ConnectFailure, Gathered, Known, Name, Party, PartySource, Policy, Role};
use shakedown_wire::ike::Phase1Suite;
use shakedown_wire::ike::number::notification;
use tokio::time::Instant;

use super::exchange::Old;
use super::map::{Answer, IkeProbed, Mapper, Verdict, addresses, begin};
use super::old_search::{OldFound, OldReply, OldResponder, SMALL, search};
use super::suites::method;
use super::{Candidates, IkeOptions, IkeTarget, facts};
use crate::budget::Budget;

/// What is known of a responder as one of IKEv1.
#[derive(Debug, Default)]
pub(super) struct OldSide {
    pub(super) found: Option<OldFound>,
    /// The error that the last question was answered with.
    error: Option<(u16, String)>,
    vendor_ids: Vec<Vec<u8>>,
    stopped: Option<String>,
}

/// Finds out what initiators of IKEv1 with these suites meet: the first message of main mode as they would send it. Each that is
/// accepted leaves a half-open SA, as IKEv1 has it, of which the responder is told that nothing comes of it. Where one is
/// refused, all suites that the responder accepts are found out, and where there are none, whether it takes IKEv2.
pub async fn meet_version_1(
    target: &IkeTarget,
    options: &IkeOptions,
    candidates: &Candidates,
    initiators: &[Vec<Phase1Suite>],
) -> IkeProbed {
    let begun = Instant::now();
    let budget = Budget::new(options.max_packets);
    let mut probed = IkeProbed::default();
    let addresses = addresses(target, options, begun, &mut probed.gathered.evidence).await;
    for (at, address) in addresses.iter().enumerate() {
        let mut one = begin(target, options, candidates, *address, (&budget, begun + options.timeout));
        probed.answers.clear();
        for suites in initiators {
            let answer = one.meet_old(suites).await;
            probed.answers.push(answer);
        }
        if probed.answers.iter().any(|answer| answer.verdict == Verdict::Refused) {
            one.map_old(false).await;
        }
        let others = addresses.get(at + 1..).unwrap_or_default();
        probed.answering = one.exchanger.answering();
        let refused = probed.answers.iter().any(|answer| answer.verdict == Verdict::Refused);
        if let Some((number, name)) = one.old.refused_everything().cloned().filter(|_| refused) {
            one.map().await;
            // What it takes in version 2 says that version 1 is the reason.
            if one.takes_something() && one.finish(target, &[], others, &mut probed.gathered) {
                break;
            }
            probed.gathered.evidence.push(facts::refusal(&address.to_string(), number, &name, true));
            break;
        }
        if probed.answering.is_none() {
            let failed = one.exchanger.failures.iter().map(|(address, failure)| facts::not_reached(*address, *failure));
            let silent = one.exchanger.silent().into_iter();
            let silent = silent.map(|address| facts::not_reached(address, ConnectFailure::TimedOut));
            probed.gathered.evidence.extend(failed.chain(silent));
            continue;
        }
        let accepted: Vec<Proposal> = probed.answers.iter().filter_map(|answer| answer.selected.clone()).collect();
        one.finish_old(target, accepted, &mut probed.gathered);
        break;
    }
    probed.packets = budget.used();
    probed
}

impl Mapper<'_> {
    async fn meet_old(&mut self, suites: &[Phase1Suite]) -> Answer {
        let mut answer = Answer {
            verdict: Verdict::Unknown,
            selected: None,
            error: None,
            vendor_ids: Vec::new(),
            left_out: Vec::new(),
        };
        let origin = facts::origin(&self.address.to_string(), "answer to main mode");
        match self.exchanger.main_mode(suites).await {
            Old::Selected { suite, vendor_ids } if suites.contains(&suite) => {
                answer.verdict = Verdict::Accepted;
                answer.selected = Some(self.candidates.of_phase_1(&suite, &origin));
                answer.vendor_ids = vendor_ids;
            }
            Old::Selected { .. } => self.old.stop("it selects what was not offered"),
            Old::Refused(number, name) => {
                answer.verdict = Verdict::Refused;
                answer.error = Some(Name::new(&name));
                self.old.error = Some((number, name));
            }
            other => self.old.give_up(&other),
        }
        answer
    }

    /// Looks for all suites that are accepted.
    pub(super) async fn map_old(&mut self, brief: bool) {
        let all = self.candidates.all_of_phase_1();
        let found = search(self, &all, brief).await;
        self.old.found = Some(found);
    }

    /// Whether the first message of main mode is answered by one: that is IKEv1.
    pub(super) async fn is_old(&mut self) -> bool {
        let all = self.candidates.all_of_phase_1();
        let likely = all.iter().take(SMALL / 2);
        let both =
            likely.flat_map(|suite| [method::SHARED_KEY, method::RSA].map(|method| Phase1Suite { method, ..*suite }));
        self.exchanger.main_mode(&both.collect::<Vec<_>>()).await;
        self.exchanger.spoken
    }

    /// Adds the responder as one of IKEv1, where it is one; `accepted` is what it selected from initiators' offers.
    pub(super) fn finish_old(&self, target: &IkeTarget, accepted: Vec<Proposal>, gathered: &mut Gathered) {
        let place = self.address.to_string();
        let origin = facts::origin(&place, "answers to many main modes");
        let mut notes = Vec::new();
        let OldSide { found, stopped, .. } = &self.old;
        let suites = found.as_ref().map_or(&[][..], |found| &found.accepted);
        if suites.is_empty() && accepted.is_empty() {
            return;
        }
        // Of a suite that goes with several methods, the list has one.
        let mut proposals: Vec<Proposal> = Vec::new();
        for proposal in suites.iter().map(|suite| self.candidates.of_phase_1(suite, &origin)).chain(accepted) {
            if !proposals.iter().any(|known| known.to_string() == proposal.to_string()) {
                proposals.push(proposal);
            }
        }
        let complete = found.as_ref().is_some_and(|found| found.complete);
        if let Some(found) = found {
            notes.extend(self.methods(found));
        }
        let count = self.exchanger.half_open_old;
        if count > 0 {
            notes.push(format!(
                "main modes of IKEv1 that it answered and that were not gone on with: {count}; it was told each time, and \
                 may keep each half open until its own time-out"
            ));
        }
        if let Some(why) = stopped.as_ref().filter(|_| !complete) {
            notes.push(format!("not all that it accepts of IKEv1 is known: {why}"));
        }
        if let Some(super::Answering { address: answering, .. }) = self.exchanger.answering()
            && answering.port() != self.address.port()
        {
            notes.push(format!("only port {} answers, not {}", answering.port(), self.address.port()));
        }
        let proposals = match complete {
            true => Known::Complete(proposals),
            false => Known::Partial { accepted: proposals, refused: Vec::new() },
        };
        let policy = IkePolicy { proposals, version: Some(IkeVersion::V1), ..IkePolicy::default() };
        gathered.parties.push(Party {
            label: format!("{}:{}", target.host, target.port),
            role: Role::Server,
            software: None,
            source: PartySource::Live { address: place },
            policy: Policy::Ike(Box::new(policy)),
            configuration: None,
            notes,
        });
    }

    /// What is known of the ways in which it lets peers prove themselves.
    fn methods(&self, found: &OldFound) -> Vec<String> {
        let mut notes = Vec::new();
        match found.judges_method {
            Some(false) => notes.push(
                "with its first answer it takes any authentication method: which it lets a peer use shows only later"
                    .to_owned(),
            ),
            Some(true) => {
                let mut methods: Vec<u16> = Vec::new();
                for suite in &found.accepted {
                    if !methods.contains(&suite.method) {
                        methods.push(suite.method);
                    }
                }
                for own in &methods {
                    let of: Vec<String> = found
                        .accepted
                        .iter()
                        .filter(|suite| suite.method == *own)
                        .map(|suite| self.candidates.of_phase_1(suite, &facts::origin("", "")).to_string())
                        .collect();
                    notes.push(format!("accepted with {}: {}", method::name(*own), of.join(", ")));
                }
                for other in &found.other_methods {
                    notes.push(format!("the first of them also with {}", method::name(*other)));
                }
                if found.silent_to_methods {
                    notes.push(
                        "it gives no answer to an authentication method that it has no connection for: besides a pre-shared \
                         key and RSA signatures none was asked for"
                            .to_owned(),
                    );
                }
            }
            None => {}
        }
        notes
    }

    /// The vendor IDs of its first answer of IKEv1.
    pub(super) fn old_vendor_ids(&self) -> &[Vec<u8>] {
        &self.old.vendor_ids
    }
}

impl OldSide {
    /// The error that it answers with to all suites.
    pub(super) fn refused_everything(&self) -> Option<&(u16, String)> {
        let all = self.found.as_ref().is_some_and(|found| found.complete && found.accepted.is_empty());
        self.error.as_ref().filter(|_| all)
    }

    /// What a party of IKEv2 has to say of IKEv1.
    pub(super) fn note_beside(&self) -> Option<String> {
        let found = self.found.as_ref().filter(|found| found.accepted.is_empty())?;
        Some(match (found.answered, found.complete) {
            (true, true) => "it refuses all suites of IKEv1".to_owned(),
            (true, false) => {
                format!("of IKEv1 it refuses the {SMALL} commonest suites; the others were not all asked for")
            }
            (false, _) => "it gives no answer to IKEv1 that tells anything".to_owned(),
        })
    }

    fn stop(&mut self, why: &str) {
        self.stopped.get_or_insert_with(|| why.to_owned());
    }

    fn give_up(&mut self, outcome: &Old) {
        match outcome {
            Old::Odd(what) => self.stop(what),
            Old::Silent => self.stop("it gave no answer any more"),
            Old::Unreachable => self.stop("it cannot be reached any more"),
            Old::Spent => self.stop("the datagrams or the time for it are used up"),
            Old::Selected { .. } | Old::Refused(..) => {}
        }
    }
}

impl OldResponder for Mapper<'_> {
    async fn ask(&mut self, suites: &[Phase1Suite]) -> OldReply {
        match self.exchanger.main_mode(suites).await {
            Old::Selected { suite, vendor_ids } => {
                if self.old.vendor_ids.is_empty() {
                    self.old.vendor_ids = vendor_ids;
                }
                if !suites.contains(&suite) {
                    self.old.stop("it selects what was not offered");
                }
                OldReply::Chosen(suite)
            }
            // The one says that no suite fits, the other that not even the first attribute of one is known.
            Old::Refused(number, name)
                if matches!(number, notification::NO_PROPOSAL_CHOSEN | notification::ATTRIBUTES_NOT_SUPPORTED) =>
            {
                self.old.error = Some((number, name));
                OldReply::Refused
            }
            Old::Refused(number, name) => {
                self.old.stop(&format!("it answers an offer with {name}"));
                self.old.error = Some((number, name));
                OldReply::Unknown
            }
            other => {
                self.old.give_up(&other);
                if matches!(other, Old::Silent) { OldReply::Silent } else { OldReply::Unknown }
            }
        }
    }
}
