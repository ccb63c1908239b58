use std::collections::BTreeMap;

use shakedown_crypto::{DhGroup, dh_group};
use shakedown_handshake::tls::{Departure, End, Observation};
use shakedown_model::{ClientVerdict, CompletionEnd};
use shakedown_wire::tls::number::{extension as x, version};
use shakedown_wire::tls::{CertificateEntry, KeyExchangeParameters, Place, View};

use super::{Completed, Reply, Verdict};

/// Which of a list of numbers a server has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// In the order in which the server chose them.
    pub(crate) accepted: Vec<u16>,
    pub(crate) refused: Vec<u16>,
}

impl Tally {
    pub(crate) fn accept(&mut self, number: u16) {
        self.refused.retain(|&known| known != number);
        if !self.accepted.contains(&number) {
            self.accepted.push(number);
        }
    }

    pub(crate) fn refuse(&mut self, numbers: &[u16]) {
        for &number in numbers {
            if !self.accepted.contains(&number) && !self.refused.contains(&number) {
                self.refused.push(number);
            }
        }
    }

    pub(crate) fn is_known(&self, number: u16) -> bool {
        self.accepted.contains(&number) || self.refused.contains(&number)
    }

    pub(crate) fn is_complete(&self, all: &[u16]) -> bool {
        all.iter().all(|&number| self.is_known(number))
    }
}

/// What a server does with a name, told from the answers to hellos that differ in it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherName {
    Refused,
    SameCertificate,
    OtherCertificate,
}

/// All that is known of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) versions: BTreeMap<u16, Verdict>,
    pub(crate) suites: Tally,
    pub(crate) tls13_suites: Tally,
    pub(crate) groups: Tally,
    pub(crate) schemes: Tally,
    /// Chains, each once, as they were sent.
    pub(crate) chains: Vec<Vec<Vec<u8>>>,
    /// Whether all classes of certificates were asked for.
    pub(crate) all_chains: bool,
    pub(crate) protocols: Tally2,
    pub(crate) dh_bits: Option<u32>,
    /// The last group of DHE that was seen, and what it is like.
    pub(crate) dh_group: Option<(Vec<u8>, Option<DhGroup>)>,
    pub(crate) secure_renegotiation: Option<bool>,
    pub(crate) extended_master_secret: Option<bool>,
    pub(crate) needs_extended_master_secret: Option<bool>,
    /// Whether a hello without a scheme of the server's was refused, which was taken with one more.
    pub(crate) needs_shared_scheme: bool,
    pub(crate) session_ticket: Option<bool>,
    pub(crate) compression: Option<bool>,
    pub(crate) staples: Option<bool>,
    pub(crate) fallback: Option<bool>,
    /// Whether the server asks for a certificate of the client, and whether it insists; `None` where that is not known.
    pub(crate) request: Option<(bool, Option<bool>)>,
    pub(crate) authorities: Vec<Vec<u8>>,
    pub(crate) suite_order_is_own: Option<bool>,
    pub(crate) group_order_is_own: Option<bool>,
    pub(crate) without_name: Option<OtherName>,
    pub(crate) with_other_name: Option<OtherName>,
    pub(crate) departures: Vec<Departure>,
}

/// Application protocols, which are names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally2 {
    pub(crate) accepted: Vec<Vec<u8>>,
}

impl Findings {
    pub(crate) fn version(&mut self, number: u16, verdict: Verdict) {
        let known = self.versions.entry(number).or_insert(verdict);
        if *known != Verdict::Accepted && verdict != Verdict::Unknown {
            *known = verdict;
        }
    }

    pub(crate) fn has(&self, number: u16) -> bool {
        self.versions.get(&number) == Some(&Verdict::Accepted)
    }

    /// Takes in all that an answer shows.
    pub(crate) fn learn(&mut self, reply: &Reply) {
        let Some(seen) = reply.accepted() else { return };
        for departure in &seen.departures {
            if !self.departures.contains(departure) {
                self.departures.push(*departure);
            }
        }
        // What was not offered proves nothing about what the server accepts.
        let offered = |departure: Departure| !seen.departures.contains(&departure);
        let chosen = seen.version.unwrap_or_default();
        self.version(chosen, Verdict::Accepted);
        if let Some(suite) = seen.cipher_suite.filter(|&suite| offered(Departure::CipherSuite(suite))) {
            let tally = if version::is_tls13(chosen) { &mut self.tls13_suites } else { &mut self.suites };
            tally.accept(suite);
        }
        if let Some(group) = seen.group.filter(|&group| offered(Departure::Group(group))) {
            self.groups.accept(group);
        }
        if let Some(scheme) = seen.signature_scheme.filter(|&scheme| offered(Departure::SignatureScheme(scheme))) {
            self.schemes.accept(scheme);
        }
        let chain: Vec<Vec<u8>> = seen.certificates.iter().map(|entry| entry.certificate.clone()).collect();
        if !chain.is_empty() && !self.chains.iter().any(|known| known.first() == chain.first()) {
            self.chains.push(chain);
        }
        self.dh_bits = seen.dh_bits().or(self.dh_bits);
        if let Some(KeyExchangeParameters::Dh { p, g, .. }) = &seen.parameters
            && self.dh_group.as_ref().is_none_or(|(known, _)| known != p)
        {
            self.dh_group = Some((p.clone(), dh_group(p, g)));
        }
        self.learn_extensions(seen, chosen);
        if seen.flight_complete {
            self.learn_request(seen);
        }
    }

    fn learn_extensions(&mut self, seen: &Observation, chosen: u16) {
        let protocol = |view| match view {
            Some(Ok(View::Protocols(names))) => names.into_iter().next(),
            _ => None,
        };
        let mut found = None;
        if version::is_tls13(chosen) {
            if let Some(extensions) = &seen.encrypted_extensions {
                found = protocol(extensions.view(x::ALPN, Place::EncryptedExtensions, 0));
            }
            let stapled = |entry: &CertificateEntry| entry.extensions.find(x::STATUS_REQUEST).is_some();
            if let Some(first) = seen.certificates.first() {
                self.staples = Some(self.staples == Some(true) || stapled(first));
            }
        } else if let Some(hello) = &seen.hello {
            let extensions = hello.extensions.clone().unwrap_or_default();
            let has = |number| extensions.find(number).is_some();
            if chosen > version::SSL3 {
                self.secure_renegotiation = Some(has(x::RENEGOTIATION_INFO));
                self.extended_master_secret = Some(has(x::EXTENDED_MASTER_SECRET));
                self.session_ticket = Some(has(x::SESSION_TICKET));
            }
            found = protocol(hello.view(x::ALPN));
        }
        if let Some(name) = found
            && !self.protocols.accepted.contains(&name)
        {
            self.protocols.accepted.push(name);
        }
    }

    /// Whether the server is known to ask for a certificate of the client.
    pub(crate) fn asks_for_certificate(&self) -> bool {
        self.request.is_some_and(|(asks, _)| asks)
    }

    /// Takes in what a whole handshake shows of the server's request. What became of a certificate that was shown tells
    /// nothing of a client without one.
    pub(crate) fn learn_completed(&mut self, completed: &Completed) {
        if !completed.asked || completed.shown {
            return;
        }
        let insists = match completed.client_verdict() {
            ClientVerdict::Accepted => Some(false),
            ClientVerdict::Refused => Some(true),
            // A web server's answer says more than the handshake that came before it.
            ClientVerdict::Unknown => match completed.end {
                CompletionEnd::Answered { .. } => None,
                _ => self.request.and_then(|(_, insists)| insists),
            },
        };
        self.request = Some((true, insists));
    }

    fn learn_request(&mut self, seen: &Observation) {
        /// What servers answer to an empty Certificate: handshake_failure, no_certificate, bad_certificate,
        /// certificate_unknown, access_denied, certificate_required.
        const INSISTS: [u8; 6] = [40, 41, 42, 46, 49, 116];
        let Some(request) = &seen.certificate_request else {
            if self.request.is_none() {
                self.request = Some((false, None));
            }
            return;
        };
        let insists = match &seen.end {
            Some(End::Alert(alert)) if alert.after_finished => Some(INSISTS.contains(&alert.alert.description)),
            Some(End::Complete) if version::is_tls13(seen.version.unwrap_or_default()) => {
                // Complete only after the server's last word where it was asked for.
                (seen.tickets > 0).then_some(false)
            }
            _ => None,
        };
        let known = self.request.and_then(|(_, insists)| insists);
        self.request = Some((true, insists.or(known)));
        self.authorities = request.authorities();
    }
}
