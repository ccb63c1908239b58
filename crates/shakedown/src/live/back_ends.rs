//! The addresses behind one name: each is met by every client, and those that differ are told apart.

use std::net::SocketAddr;
use std::time::Instant;

use shakedown_model::tls::TlsOffer;
use shakedown_model::{
    CertificateProblem, CompletionEnd, Context, Ending, Evidence, Fact, Outcome, PartySource, Protocol, Report, Role,
    Slot,
};
use shakedown_probe as probe;
use shakedown_probe::tls::{Answer, Candidates, Completed, TlsOptions, TlsProbed, TlsTarget, Verdict};
use shakedown_x509::{Anchors, GivenList, Rules};

use super::certificates::Trust;
use super::chosen::chosen;
use super::identity::Own;
use super::java_stores::{self, Store};
use super::tls::{is_open, seen};
use super::{certificates, complete};
use crate::Session;

/// How many addresses of one name are met: more would be a scan.
const MOST: usize = 8;

/// What every address is met with.
pub(crate) struct Meeting<'a> {
    pub(crate) candidates: Candidates,
    /// The clients' offers: those of the first parties of the report.
    pub(crate) offers: Vec<TlsOffer>,
    pub(crate) anchors: Anchors,
    /// The revocation lists of `--crl`.
    pub(crate) lists: Vec<GivenList>,
    pub(crate) context: Context,
    /// The target as it was typed.
    pub(crate) named: &'a str,
    /// The end of the time for the target.
    pub(crate) until: Instant,
    /// The certificate that the clients have to show.
    pub(crate) own: Own,
    /// What was seen of the client itself: it decides over what another connection met.
    pub(crate) observed: Option<Observed<'a>>,
    /// What this machine's Java runtimes trust.
    pub(crate) stores: Vec<Store>,
}

impl Meeting<'_> {
    fn trust(&self) -> Trust<'_> {
        Trust { anchors: &self.anchors, lists: &self.lists }
    }
}

/// What was seen of a client itself, whose offer is sent again.
#[derive(Clone, Copy)]
pub(crate) struct Observed<'a> {
    /// Puts what was seen in the place of what was computed.
    pub(crate) settle: &'a (dyn Fn(&mut Outcome) + Sync),
    /// Whether something about the server's certificate can be a reason of this client's.
    pub(crate) counts: &'a (dyn Fn(&Fact) -> bool + Sync),
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
    pub(crate) async fn meet_all(&self, report: &mut Report, target: &TlsTarget, meeting: &Meeting<'_>) {
        let is_named = target.addresses.len() > 1;
        let mut waiting = each(target);
        waiting.reverse();
        let mut met: Vec<Met> = Vec::new();
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
            let probed = Box::pin(probe::tls::meet(&one, &options, &meeting.candidates, &meeting.offers)).await;
            let answered = answered(&probed);
            if asked == 1 && !is_named {
                waiting.extend(
                    after(&probed.gathered.evidence, answered).into_iter().rev().map(|other| at(target, other)),
                );
            }
            match answered {
                Some(address) => {
                    if let Some(first) = met.iter().find(|first| first.is_as(&probed)) {
                        report.connections += probed.connections;
                        if first.completed.is_some() && probed.completed.is_none() {
                            report.notes.push(format!(
                                "{address} answers the hello as {} does; no whole handshake was made with it",
                                first.address
                            ));
                        }
                        alike.push(address);
                        continue;
                    }
                    met.push(Met { address, answers: probed.answers.clone(), completed: probed.completed.clone() });
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
            // Boxed: a future within a future takes its place on the stack.
            let probed = Box::pin(self.filled(probed, &one, options, report, meeting)).await;
            self.judge_met(report, &one, meeting, probed);
        }
        if let [first, second, ..] = met.as_slice() {
            let what = format!("between {} and {}", first.address, second.address);
            report.evidence.push(Evidence::new(Fact::BackendsDiffer { what }).by(Role::Server));
            let list: Vec<String> = met.iter().map(|one| one.address.to_string()).collect();
            report
                .notes
                .push(format!("the addresses {} answer differently: each is judged by itself", list.join(", ")));
        }
        if !alike.is_empty() {
            let list: Vec<String> = alike.iter().map(ToString::to_string).collect();
            report.notes.push(format!("the same is answered by {}", list.join(", ")));
        }
    }

    /// With the server's whole map, where it takes a client's hello and the client cannot go on with what it chose: what else
    /// it has decides what would help.
    async fn filled(
        &self,
        mut probed: TlsProbed,
        target: &TlsTarget,
        options: TlsOptions,
        report: &Report,
        meeting: &Meeting<'_>,
    ) -> TlsProbed {
        let Some(server) = probed.gathered.parties.first() else { return probed };
        let stops = |(client, answer): (usize, &Answer)| {
            let Some(client) = report.parties.get(client).filter(|_| answer.verdict == Verdict::Accepted) else {
                return false;
            };
            let outcome = shakedown_negotiate::negotiate(client, &chosen(server, answer), &meeting.context);
            let lists = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme];
            outcome.failed.iter().any(|failed| lists.contains(&failed.slot))
        };
        // A client that was refused has had it made already.
        let is_mapped = probed.answers.iter().any(|answer| answer.verdict != Verdict::Accepted);
        let left = meeting.until.saturating_duration_since(Instant::now());
        if is_mapped || left.is_zero() || !probed.answers.iter().enumerate().any(stops) {
            return probed;
        }
        let mut options = TlsOptions { complete: false, timeout: left, ..options };
        options.max_connections = options.max_connections.saturating_sub(probed.connections);
        let address = answered(&probed);
        let target = address.map_or_else(|| target.clone(), |address| at(target, address));
        let map = Box::pin(probe::tls::map(&target, &options, &meeting.candidates)).await;
        let before = probed.connections;
        probed.connections += map.connections;
        if !map.gathered.parties.is_empty() {
            probed.gathered.parties = map.gathered.parties;
            probed.chains = map.chains;
        }
        let known = |one: &Evidence| probed.gathered.evidence.iter().any(|known| known.fact == one.fact);
        let mut new: Vec<Evidence> = map.gathered.evidence.into_iter().filter(|one| !known(one)).collect();
        new.iter_mut().for_each(|one| one.connection = one.connection.map(|number| number + before));
        // What belongs to every connection was told of the first.
        let of_connecting = |one: &Evidence| matches!(one.fact, Fact::Connected { .. } | Fact::Resolved { .. });
        probed.gathered.evidence.extend(new.into_iter().filter(|one| !of_connecting(one)));
        probed
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
        for (client, (answer, offer)) in answers.iter().zip(&meeting.offers).enumerate() {
            if answer.verdict == Verdict::Accepted {
                let rules = Rules::openssl(offer.security_level.unwrap_or(1));
                let now = report.observed_at;
                let new = certificates::findings(
                    answer,
                    target,
                    address.clone(),
                    meeting.trust(),
                    &rules,
                    offer.staples,
                    now,
                );
                let store = report.parties.get(client).and_then(|client| java_stores::of(&meeting.stores, client));
                if let Some(store) = store.filter(|_| !answer.chain.is_empty()) {
                    let own = store.anchors.as_ref().map(|own| {
                        let trust = Trust::only(own);
                        let found =
                            certificates::findings(answer, target, address.clone(), trust, &rules, offer.staples, now);
                        java_stores::trusts(&found)
                    });
                    match own {
                        None => report.notes.push(format!(
                            "what the Java of `{}` trusts is not known: `{}` could not be listed with the usual password, or not in time",
                            store.program, store.path
                        )),
                        Some(trusts) if trusts != java_stores::trusts(&new) => {
                            let (client, path) = (store.program.clone(), store.path.clone());
                            let fact = Fact::TrustStore { client, path, trusts };
                            found.push(Evidence::new(fact).by(Role::Client).on(answer.connection));
                        }
                        Some(_) => {}
                    }
                }
                // What several clients were shown is told once.
                let is_new = |one: &Evidence| !found.iter().any(|known| known.fact == one.fact);
                let new: Vec<Evidence> = new.into_iter().filter(is_new).collect();
                found.extend(new);
            }
        }
        if let Some(observed) = meeting.observed {
            found.retain(|evidence| (observed.counts)(&evidence.fact));
        }
        let is_about_revocation = |one: &Evidence| {
            matches!(&one.fact, Fact::Certificate(finding) if matches!(
            finding.problem, CertificateProblem::Revoked { .. } | CertificateProblem::StapleMissing))
        };
        let shown = answers.iter().find(|answer| answer.verdict == Verdict::Accepted && !answer.chain.is_empty());
        let (looked_up, is_told) = shown
            .filter(|_| !meeting.lists.is_empty())
            .map(|answer| certificates::looked_up(&answer.chain, meeting.trust(), report.observed_at))
            .unwrap_or_default();
        report.notes.extend(looked_up.into_iter().filter(|note| !report.notes.contains(note)).collect::<Vec<_>>());
        if !is_told && !found.iter().any(is_about_revocation) && meeting.observed.is_none() {
            report.notes.extend(revocation(&probed, meeting, report.observed_at));
        }
        report.evidence.extend(found);
        let completed = probed.completed.clone();
        if let Some(completed) = &completed {
            let seen =
                complete::evidence(completed, meeting.own.identity(), &address, meeting.trust(), report.observed_at);
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
                let (Some(client_party), Some(server_party), Some(answer), Some(offer)) = (
                    report.parties.get(client),
                    report.parties.get(server),
                    answers.get(client),
                    meeting.offers.get(client),
                ) else {
                    continue;
                };
                let mut outcome = match answer.verdict {
                    Verdict::Accepted => {
                        shakedown_negotiate::negotiate(client_party, &chosen(server_party, answer), &meeting.context)
                    }
                    _ => shakedown_negotiate::negotiate(client_party, server_party, &meeting.context),
                };
                if !is_open(&outcome, offer, answer) {
                    seen(&mut outcome, answer);
                }
                if let (Some(completed), Verdict::Accepted) = (&completed, answer.verdict) {
                    complete::apply(&mut outcome, answer, completed);
                }
                if let Some(observed) = meeting.observed {
                    (observed.settle)(&mut outcome);
                }
                self.judge_outcome(report, client, server, &meeting.context, outcome);
            }
        }
    }
}

/// What is known of the revocation of the server's certificate, where no client is stopped by it.
fn revocation(probed: &TlsProbed, meeting: &Meeting<'_>, now: jiff::Timestamp) -> Option<String> {
    let asked = probed.answers.iter().find(|answer| answer.asked_staple && answer.verdict == Verdict::Accepted);
    let (chain, staple) = match (&probed.completed, asked) {
        (Some(completed), _) if !completed.chain.is_empty() => (&completed.chain, Some(completed.staple.as_deref())),
        (_, Some(answer)) => (&answer.chain, Some(answer.staple.as_deref())),
        (_, None) => (&probed.answers.iter().find(|answer| answer.verdict == Verdict::Accepted)?.chain, None),
    };
    certificates::revocation(chain, staple, &meeting.anchors, now)
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

/// What came back at one address.
struct Met {
    address: SocketAddr,
    answers: Vec<Answer>,
    completed: Option<Completed>,
}

impl Met {
    /// Whether another address gave every client the same, to the end of a whole handshake where both had one. A hello that
    /// is answered alike does not show whether a client certificate is asked for.
    fn is_as(&self, other: &TlsProbed) -> bool {
        let plain = |answer: &Answer| Answer { connection: 0, staple: None, ..answer.clone() };
        let same_answers = self.answers.len() == other.answers.len()
            && self.answers.iter().zip(&other.answers).all(|(a, b)| plain(a) == plain(b));
        let same_end = match (&self.completed, &other.completed) {
            (Some(a), Some(b)) => untimed(a) == untimed(b),
            _ => true,
        };
        same_answers && same_end
    }
}

/// Without what differs between two handshakes with one server.
fn untimed(completed: &Completed) -> Completed {
    let end = match &completed.end {
        CompletionEnd::Quiet { .. } => CompletionEnd::Quiet { milliseconds: 0 },
        CompletionEnd::Ended { ending: Ending::Silent { .. } } => {
            CompletionEnd::Ended { ending: Ending::Silent { milliseconds: 0 } }
        }
        end => end.clone(),
    };
    Completed { connection: 0, staple: None, end, ..completed.clone() }
}
