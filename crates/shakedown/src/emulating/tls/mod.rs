//! Servers of TLS: a party's own decisions, carried through Finished, and its way to refuse.

mod blocks;
mod certificate;
mod dh;
mod habits;
mod identity;
mod rules;

use std::net::SocketAddr;
use std::sync::Arc;

use shakedown_handshake::tls::{AlertSeen, ClientOpening, ServerEnd, ServerObservation};
use shakedown_listen::tls::{Served, ServerLimits, TlsServer};
use shakedown_model::{Ending, Fact, Name, Origin, OriginKind, Party, Phase};
use shakedown_wire::tls::number::alert;

use super::Seen;
use crate::recording::{self, KnownOffers};
use crate::{Error, Session};
use blocks::Blocks;
use rules::{Rules, Verdict};

/// A server of TLS that acts as a party.
pub(super) struct Front {
    server: TlsServer,
    blocks: Arc<Blocks>,
}

impl Front {
    /// Listens; notes of the party say where it departs from the software.
    pub(super) async fn bind(session: &Session, party: &mut Party, address: SocketAddr) -> Result<Self, Error> {
        let blocks = Arc::new(Blocks::new(session, party)?);
        *party = blocks.first().party.clone();
        let deciding: Arc<dyn shakedown_listen::tls::Decide> = Arc::clone(&blocks) as _;
        let server = TlsServer::bind(address, deciding, ServerLimits::default()).await;
        Ok(Self { server: server.map_err(|source| Error::Listen { address, source })?, blocks })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The next client that is done. Nothing is lost where this future is dropped before it is ready.
    pub(super) async fn next(&mut self, session: &Session, known: Option<&KnownOffers>) -> Option<Seen> {
        let served = self.server.next().await?;
        let Served { number, address, observation, .. } = &served;
        let label = address.to_string();
        let place = |what: &str| {
            Origin::new(OriginKind::Peer { address: label.clone(), connection: *number, what: what.to_owned() })
        };
        let client = observation.opening.as_ref().map(|opening| match opening {
            ClientOpening::Hello(hello) => {
                recording::party::tls(session, known, hello, label.clone(), &place("ClientHello"))
            }
            ClientOpening::Ssl2(hello) => recording::party::ssl2(session, hello, label.clone(), &place("CLIENT-HELLO")),
        });
        let server_name = client.as_ref().and_then(|party| {
            party.tls()?.offer.server_name.complete().cloned().flatten().map(|name| name.to_string())
        });
        let met = observation.opening.as_ref().map(|opening| (self.blocks.of(opening), opening));
        let verdict = met.as_ref().map(|(block, opening)| block.rules.verdict(opening));
        let rules = met.as_ref().map_or(&self.blocks.first().rules, |(block, _)| &block.rules);
        Some(Seen {
            number: *number,
            address: *address,
            client,
            server_name,
            notes: came_out(observation, verdict.as_ref(), rules),
            facts: facts(&served),
            server: met.map(|(block, _)| block.party.clone()),
        })
    }
}

/// How far it went on the wire, in words.
fn came_out(seen: &ServerObservation, verdict: Option<&Verdict>, rules: &Rules) -> Vec<String> {
    let mut notes = Vec::new();
    match verdict {
        None => {}
        Some(Verdict::Refused(refusal)) => {
            notes.push(format!("the server refuses: {}", habits::phrase(*refusal)));
        }
        Some(Verdict::Unknown(what)) => {
            notes.push(format!(
                "what the real server does is not known, and the connection was closed; this would decide it: {what}"
            ));
        }
        Some(Verdict::Agreed(agreement)) => {
            let version = shakedown_wire::tls::number::version::name(agreement.version).unwrap_or("another version");
            let mut words = format!("the server agrees on {version} and {}", agreement.suite.name);
            let name = |slot, number: Option<u16>| number.and_then(|number| rules.catalog.tls_name(slot, number));
            if let Some(group) = name(shakedown_model::Slot::Group, agreement.group) {
                words += &format!(" with {group}");
            }
            if let Some(scheme) = name(shakedown_model::Slot::SignatureScheme, agreement.signature_scheme) {
                words += &format!(", signed by {scheme}");
            }
            if seen.retried {
                words += ", after a HelloRetryRequest";
            }
            notes.push(words);
            if let (Some(alert), true) = (agreement.second_hello_refusal, seen.retried) {
                let refusal = habits::phrase(shakedown_handshake::tls::Refusal::Alert(alert));
                notes.push(format!("it chooses again after that, and refuses: {refusal}"));
            }
            if seen.finished {
                notes.push("the handshake was carried through Finished with this client".to_owned());
            }
        }
    }
    notes.extend(seen.not_carried.iter().map(|why| format!("agreed, not carried further: {why}")));
    if !seen.client_certificates.is_empty() {
        notes.push("the client showed a certificate, which nobody checked".to_owned());
    }
    notes
}

/// What went wrong on the wire.
fn facts(served: &Served) -> Vec<Fact> {
    let seen = &served.observation;
    let phase = match (seen.finished, seen.answered) {
        (true, _) => Phase::Service,
        (false, true) => Phase::Certificate,
        (false, false) => Phase::Hello,
    };
    let ended = |ending| Fact::Ended { phase, ending, received: seen.received };
    let mut facts: Vec<Fact> = seen
        .warnings
        .iter()
        .map(|warning| of_alert(phase, &AlertSeen { alert: *warning, is_encrypted: false, after_finished: false }))
        .collect();
    match &seen.end {
        Some(ServerEnd::Alert(alert)) => facts.push(of_alert(phase, alert)),
        Some(ServerEnd::Closed { .. }) if !seen.finished => facts.push(ended(Ending::Closed)),
        Some(ServerEnd::Broken { what, .. }) => {
            facts.push(Fact::Malformed { phase, what: what.clone(), offset: seen.received });
        }
        Some(ServerEnd::OtherProtocol { protocol, first_bytes }) => {
            facts.push(Fact::OtherProtocol { protocol: *protocol, first_bytes: first_bytes.clone() });
        }
        Some(ServerEnd::LimitReached { limit }) => {
            facts.push(Fact::LimitReached { phase, limit: limit.clone() });
        }
        _ => {}
    }
    facts.extend(served.ending.filter(|_| seen.end.is_none() && !seen.finished).map(ended));
    facts
}

fn of_alert(phase: Phase, seen: &AlertSeen) -> Fact {
    let number = seen.alert.description;
    Fact::Alert {
        phase,
        level: seen.alert.level,
        number,
        name: alert::name(number).map_or_else(|| Name::new(&number.to_string()).to_string(), ToOwned::to_owned),
        is_encrypted: seen.is_encrypted,
        after_finished: seen.after_finished,
    }
}
