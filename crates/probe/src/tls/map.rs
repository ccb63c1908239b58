use std::net::SocketAddr;

use shakedown_handshake::tls::{Departure, HelloSpec};
use shakedown_model::tls::TlsOffer;
use shakedown_model::{Ending, Evidence, Fact, Gathered, Name};
use tokio::time::Instant;

use super::engine::Engine;
use super::mapper::Mapper;
use super::{Candidates, Completed, Reply, Showing, TlsOptions, TlsTarget, Verdict, client, contrast, facts};
use crate::budget::Budget;
use crate::resolve::{self, Wanted};

/// How many clients' hellos are sent again with changes.
const CONTRASTED: usize = 2;

/// Certificates in DER as a server sent them, its own first.
pub type Chain = Vec<Vec<u8>>;

/// What a probe of a TLS server brings.
#[derive(Clone, Debug, Default)]
pub struct TlsProbed {
    /// A party for the address that answered, and the evidence. Its certificates hold no more than their fingerprints:
    /// what stands in them is read by whoever judges it.
    pub gathered: Gathered,
    /// How many connections were opened.
    pub connections: u32,
    /// What each client met, in the order given.
    pub answers: Vec<Answer>,
    /// The certificates, in the order of those of the party.
    pub chains: Vec<Chain>,
    /// The whole handshake, where one was made: with the parameters of the first client that was answered, or, for a map,
    /// where the server asks for a certificate.
    pub completed: Option<Completed>,
}

/// What a client met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the server took its hello.
    pub verdict: Verdict,
    /// The connection, counted from 1; 0 where none was made.
    pub connection: u32,
    /// The version agreed on.
    pub version: Option<Name>,
    /// The suite agreed on.
    pub cipher_suite: Option<Name>,
    /// The group agreed on.
    pub group: Option<Name>,
    /// The scheme that the server signed with.
    pub signature_scheme: Option<Name>,
    /// The certificates that the server showed.
    pub chain: Chain,
    /// Whether a stapled OCSP response was asked for.
    pub asked_staple: bool,
    /// The stapled OCSP response, in DER.
    pub staple: Option<Vec<u8>>,
}

/// Finds out all that a TLS server accepts: versions, suites, groups, signature schemes, certificates, and how it
/// chooses. What goes wrong is evidence; this function does not fail. Must be called within a tokio runtime with its
/// I/O and time drivers enabled; dropping the future closes all connections.
pub async fn map(target: &TlsTarget, options: &TlsOptions, candidates: &Candidates) -> TlsProbed {
    probe(target, options, candidates, None).await
}

/// Finds out what clients with these offers meet: one hello for each. Where the server refuses one, the full map
/// follows, so that the reason can be computed.
pub async fn meet(
    target: &TlsTarget,
    options: &TlsOptions,
    candidates: &Candidates,
    clients: &[TlsOffer],
) -> TlsProbed {
    probe(target, options, candidates, Some(clients)).await
}

async fn probe(
    target: &TlsTarget,
    options: &TlsOptions,
    candidates: &Candidates,
    clients: Option<&[TlsOffer]>,
) -> TlsProbed {
    let begun = Instant::now();
    let budget = Budget::new(options.max_connections);
    let mut probed = TlsProbed::default();
    let addresses = addresses(target, options, begun, &mut probed.gathered.evidence).await;
    let deadline = begun + options.timeout;
    for address in addresses {
        let mut mapper = Mapper::new(Engine::new(target, address, options, candidates, budget.clone(), deadline));
        let mut replies = Vec::new();
        let mut is_hopeless = false;
        let mut cut = Vec::new();
        for offer in clients.unwrap_or_default() {
            if is_hopeless {
                // No other client would come further.
                replies.push(Reply::not_asked());
                continue;
            }
            let hello = client::hello(offer, target, candidates);
            let mut reply = mapper.meet(hello.clone(), "client's hello").await;
            if departs(&reply) {
                reply.verdict = Verdict::Refused;
            } else if is_refused(&reply) && mapper.refused.len() < CONTRASTED {
                mapper.refused.push(hello.clone());
            }
            if reply.verdict != Verdict::Accepted && reply.alert().is_none() && reply.connection > 0 && !departs(&reply)
            {
                cut.push((hello, reply.failure.clone()));
            }
            // close_notify after this end's own is how a handshake ends that went well.
            let alerts = reply.observation.as_ref().map(facts::alerts).unwrap_or_default();
            // This hello shows no certificate: what the server says to that is not about a client that has one.
            let shows = !matches!(options.showing, Showing::Nothing);
            let is_told = |fact: &Fact| !(shows && matches!(fact, Fact::Alert { after_finished: true, .. }));
            for fact in alerts.into_iter().filter(is_told) {
                mapper.engine.evidence(fact, reply.connection, "client's hello");
            }
            mapper.engine.keep(&reply, "client's hello");
            is_hopeless |= reply.is_hopeless();
            replies.push(reply);
        }
        if let Some(reply) = replies.iter().find(|reply| reply.verdict == Verdict::Accepted) {
            mapper.complete_as(reply).await;
        }
        let all_accepted = replies.iter().all(|reply| reply.verdict == Verdict::Accepted);
        if clients.is_none() || !all_accepted && !is_hopeless {
            for (hello, ended) in cut.iter().take(CONTRASTED) {
                compare(&mut mapper, hello, ended.as_ref()).await;
            }
            mapper.run().await;
        }
        // Where the server answers other hellos, an end without a word was about this one.
        for reply in &mut replies {
            mapper.engine.judge_again(reply).await;
        }
        let asked = clients.unwrap_or_default().iter().map(|offer| offer.staples.is_some());
        let answers: Vec<Answer> =
            replies.iter().zip(asked).map(|(reply, asked)| answer(reply, asked, candidates)).collect();
        let completed = mapper.completed.take();
        let (party, evidence, chains) = mapper.finish();
        probed.gathered.evidence.extend(evidence);
        if probed.answers.is_empty() || party.is_some() {
            probed.answers = answers;
        }
        if let Some(party) = party {
            // Further addresses of the name are not asked: the connections are for one map.
            probed.gathered.parties.push(party);
            probed.chains = chains;
            probed.completed = completed;
            break;
        }
    }
    probed.connections = budget.used();
    probed
}

/// Whether the server chose what the client did not offer: every client ends there (RFC 8446 section 4.1.3, RFC 5246 section
/// 7.4.1.3).
fn departs(reply: &Reply) -> bool {
    let ends = |departure: &Departure| {
        matches!(
            departure,
            Departure::Version(_)
                | Departure::CipherSuite(_)
                | Departure::Compression(_)
                | Departure::Group(_)
                | Departure::SignatureScheme(_)
        )
    };
    reply.observation.as_ref().is_some_and(|seen| seen.is_accepted() && seen.departures.iter().any(ends))
}

/// Whether the server refused it without a reason of its own: by closing, or by an alert that may mean any list.
fn is_refused(reply: &Reply) -> bool {
    /// handshake_failure and insufficient_security.
    const UNTOLD: [u8; 2] = [40, 71];
    let is_cut = matches!(reply.failure, Some(Fact::Ended { ending: Ending::Closed | Ending::Reset, .. }));
    reply.verdict != Verdict::Accepted
        && reply.connection > 0
        && (is_cut || reply.alert().is_some_and(|alert| UNTOLD.contains(&alert.description)))
}

/// A hello that was cut off without a word is sent again with one thing changed, each time another.
async fn compare(mapper: &mut Mapper<'_>, hello: &HelloSpec, ended: Option<&Fact>) {
    for (what, changed) in contrast::contrasts(hello, mapper.engine.candidates) {
        let reply = mapper.meet(changed, "the client's hello with one change").await;
        if reply.verdict == Verdict::Accepted {
            mapper.engine.note(format!("a client's hello that got no answer is answered {what}"));
            if what == contrast::SMALL
                && let Some(Fact::Ended { ending, .. }) = ended
            {
                mapper.engine.evidence(Fact::LargeHelloLost { ending: *ending }, reply.connection, "the same, smaller");
            }
        }
    }
}

fn answer(reply: &Reply, asked_staple: bool, candidates: &Candidates) -> Answer {
    let seen = reply.accepted();
    let version = seen.and_then(|seen| shakedown_wire::tls::number::version::name(seen.version?));
    Answer {
        verdict: reply.verdict,
        connection: reply.connection,
        version: version.map(Name::new),
        cipher_suite: seen.and_then(|seen| seen.cipher_suite).map(|number| candidates.suite_name(number)),
        group: seen.and_then(|seen| seen.group).map(|number| candidates.group_name(number)),
        signature_scheme: seen.and_then(|seen| seen.signature_scheme).map(|number| candidates.scheme_name(number)),
        chain: seen
            .map(|seen| seen.certificates.iter().map(|entry| entry.certificate.clone()).collect())
            .unwrap_or_default(),
        asked_staple,
        staple: seen.and_then(shakedown_handshake::tls::Observation::staple),
    }
}

/// The addresses to connect to: the proxy's, those given, or those of the name.
pub(crate) async fn addresses(
    target: &TlsTarget,
    options: &TlsOptions,
    begun: Instant,
    evidence: &mut Vec<Evidence>,
) -> Vec<SocketAddr> {
    let (host, port) = target.proxy.as_ref().map_or((target.host.as_str(), target.port), super::Proxy::place);
    let wanted = Wanted {
        host,
        port,
        // A proxy finds the target's addresses itself.
        given: if target.proxy.is_none() { &target.addresses } else { &[] },
        family: options.family,
        progress: options.progress.as_ref(),
        deadline: begun + options.timeout / 2,
    };
    resolve::addresses(wanted, evidence).await
}
