//! The addresses behind one name: each is met by every client, and those that differ are told apart.

use std::net::SocketAddr;
use std::time::Instant;

use shakedown_model::tls::TlsOffer;
use shakedown_model::{Context, Evidence, Fact, PartySource, Protocol, Report, Role};
use shakedown_probe as probe;
use shakedown_probe::tls::{Answer, Candidates, TlsProbed, TlsTarget, Verdict};
use shakedown_x509::{Anchors, Rules};

use super::chosen::chosen;
use super::identity::Own;
use super::tls::seen;
use super::{certificates, complete};
use crate::Session;

/// How many addresses of one name are met: more would be a scan.
const MOST: usize = 8;

/// What every address is met with.
pub(super) struct Meeting<'a> {
    pub(super) candidates: Candidates,
    /// The clients' offers: those of the first parties of the report.
    pub(super) offers: Vec<TlsOffer>,
    pub(super) anchors: Anchors,
    pub(super) context: Context,
    /// The target as it was typed.
    pub(super) named: &'a str,
    /// The end of the time for the target.
    pub(super) until: Instant,
    /// The certificate that the clients have to show.
    pub(super) own: Own,
}

/// The target with one address each, where addresses were named; else itself.
pub(super) fn each(target: &TlsTarget) -> Vec<TlsTarget> {
    if target.addresses.len() < 2 {
        return vec![target.clone()];
    }
    target.addresses.iter().map(|&address| at(target, address)).collect()
}

fn at(target: &TlsTarget, address: SocketAddr) -> TlsTarget {
    TlsTarget { addresses: vec![address], ..target.clone() }
}

impl Session {
    /// Meets the target at each of its addresses and adds what is found to the report. Addresses that answer alike are one
    /// server in it.
    pub(super) async fn meet_all(&self, report: &mut Report, target: &TlsTarget, meeting: &Meeting<'_>) {
        let is_named = target.addresses.len() > 1;
        let mut waiting = each(target);
        waiting.reverse();
        let mut met: Vec<(SocketAddr, Vec<Answer>)> = Vec::new();
        let (mut asked, mut alike) = (0, Vec::new());
        while let Some(one) = waiting.pop() {
            let mut options = self.tls_options();
            options.complete = true;
            options.showing = meeting.own.showing.clone();
            let left = meeting.until.saturating_duration_since(Instant::now());
            if asked > 0 && (left.is_zero() || asked == MOST) {
                let why = if asked == MOST { "enough were" } else { "the time is over (`--timeout`)" };
                report.notes.push(format!("{} further addresses were not asked: {why}", waiting.len() + 1));
                break;
            }
            options.timeout = left;
            asked += 1;
            let probed = probe::tls::meet(&one, &options, &meeting.candidates, &meeting.offers).await;
            let answered = answered(&probed);
            if asked == 1 && !is_named {
                waiting.extend(
                    after(&probed.gathered.evidence, answered).into_iter().rev().map(|other| at(target, other)),
                );
            }
            match answered {
                Some(address) => {
                    if met.iter().any(|(_, answers)| same(answers, &probed.answers)) {
                        report.connections += probed.connections;
                        alike.push(address);
                        continue;
                    }
                    met.push((address, probed.answers.clone()));
                }
                // A client goes on to the next address of a name; an address that was named has to answer.
                None if !is_named && !met.is_empty() => {
                    report.connections += probed.connections;
                    let address = one.addresses.first().map(ToString::to_string).unwrap_or_default();
                    report.notes.push(format!("{address}, another address of the name, does not answer"));
                    continue;
                }
                None => {}
            }
            self.judge_met(report, &one, meeting, probed);
        }
        if let [(first, _), (second, _), ..] = met.as_slice() {
            let what = format!("between {first} and {second}");
            report.evidence.push(Evidence::new(Fact::BackendsDiffer { what }).by(Role::Server));
            let list: Vec<String> = met.iter().map(|(address, _)| address.to_string()).collect();
            report
                .notes
                .push(format!("the addresses {} answer differently: each is judged by itself", list.join(", ")));
        }
        if !alike.is_empty() {
            let list: Vec<String> = alike.iter().map(ToString::to_string).collect();
            report.notes.push(format!("the same is answered by {}", list.join(", ")));
        }
    }

    /// Adds what was seen at one address, and what the rules make of it.
    fn judge_met(&self, report: &mut Report, target: &TlsTarget, meeting: &Meeting<'_>, probed: TlsProbed) {
        let (clients, first) = (meeting.offers.len(), report.parties.len());
        // Evidence is of the pair whose address it was seen at.
        let address = answered(&probed).map(|address| address.to_string());
        let address = address.unwrap_or_else(|| format!("{}:{}", target.host, target.port));
        let mut found: Vec<Evidence> = Vec::new();
        let mut answers = probed.answers.clone();
        if let Some(completed) = &probed.completed {
            // What could not be read of the answer to the hello.
            let unread = |answer: &&mut Answer| answer.chain.is_empty() && answer.version == completed.version;
            answers.iter_mut().filter(unread).for_each(|answer| answer.chain.clone_from(&completed.chain));
        }
        for (answer, offer) in answers.iter().zip(&meeting.offers) {
            if answer.verdict == Verdict::Accepted {
                let rules = Rules::openssl(offer.security_level.unwrap_or(1));
                let now = report.observed_at;
                let new = certificates::findings(answer, target, address.clone(), &meeting.anchors, &rules, now);
                // What several clients were shown is told once.
                let is_new = |one: &Evidence| !found.iter().any(|known| known.fact == one.fact);
                let new: Vec<Evidence> = new.into_iter().filter(is_new).collect();
                found.extend(new);
            }
        }
        report.evidence.extend(found);
        let completed = probed.completed.clone();
        if let Some(completed) = &completed {
            let seen = complete::evidence(completed, meeting.own.identity(), &address, report.observed_at);
            report.evidence.extend(seen);
        }
        let gathered = self.tls_gathering(probed, meeting.named, meeting.own.identity());
        report.connections += gathered.connections;
        report.evidence.extend(gathered.evidence);
        report.parties.extend(gathered.parties);
        self.progress("negotiating");
        if report.parties.len() == first {
            self.judge_evidence(report, (clients > 0).then_some(0), &meeting.context, Protocol::Tls);
        }
        for server in first..report.parties.len() {
            for client in 0..clients {
                let (Some(client_party), Some(server_party), Some(answer)) =
                    (report.parties.get(client), report.parties.get(server), answers.get(client))
                else {
                    continue;
                };
                let mut outcome = match answer.verdict {
                    Verdict::Accepted => {
                        shakedown_negotiate::negotiate(client_party, &chosen(server_party, answer), &meeting.context)
                    }
                    _ => shakedown_negotiate::negotiate(client_party, server_party, &meeting.context),
                };
                seen(&mut outcome, answer);
                if let (Some(completed), Verdict::Accepted) = (&completed, answer.verdict) {
                    complete::apply(&mut outcome, answer, completed);
                }
                self.judge_outcome(report, client, server, &meeting.context, outcome);
            }
        }
    }
}

/// The address of the party that was met.
pub(super) fn answered(probed: &TlsProbed) -> Option<SocketAddr> {
    probed.gathered.parties.iter().find_map(|party| match &party.source {
        PartySource::Live { address } => address.parse().ok(),
        _ => None,
    })
}

/// The addresses of the name after the one that answered; those before it did not answer.
fn after(evidence: &[Evidence], answered: Option<SocketAddr>) -> Vec<SocketAddr> {
    let resolved = evidence.iter().find_map(|evidence| match &evidence.fact {
        Fact::Resolved { addresses, .. } => Some(addresses.as_slice()),
        _ => None,
    });
    let resolved = resolved.unwrap_or_default();
    let at = answered.and_then(|address| resolved.iter().position(|other| *other == address));
    at.and_then(|at| resolved.get(at + 1..)).unwrap_or_default().to_vec()
}

/// Whether two addresses gave every client the same.
fn same(a: &[Answer], b: &[Answer]) -> bool {
    let plain = |answer: &Answer| Answer { connection: 0, ..answer.clone() };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| plain(a) == plain(b))
}
