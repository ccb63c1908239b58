//! SSH: both KEXINITs are whole, so that the rules decide.

use shakedown_handshake::ssh::watch::Seen as Said;
use shakedown_handshake::watch::Seen;
use shakedown_model::ssh::{SshOffer, SshPolicy};
use shakedown_model::{
    Evidence, Fact, Known, OutcomeResult, Party, PartySource, Policy, Protocol, Role, Slot, StageResult,
};

use super::{Judge, Passed, Seat, live, preamble_fact};
use crate::recording::party;

impl Judge<'_> {
    pub(super) fn ssh(&self, passed: &mut Passed, seat: &Seat, label: String, seen: &Seen, said: &Said) {
        let report = &mut passed.report;
        for (role, end) in [(Role::Client, &said.client), (Role::Server, &said.server)] {
            let facts = preamble_fact(&end.preamble).into_iter().chain(end.facts.iter().cloned());
            report.evidence.extend(facts.map(|fact| seat.evidence(role, fact)));
        }
        let mut context = self.session.client_context(&self.target);
        context.host = Some(self.target.host.clone());
        context.port = Some(self.target.port.unwrap_or(22));
        context.time = Some(report.observed_at);
        if let Some(offer) = &said.client.offer {
            passed.offered = true;
            let offer = SshOffer { gex_request: said.gex_request, ..offer.as_ref().clone() };
            report.parties.push(party::ssh(
                self.session,
                self.known.as_deref(),
                offer,
                label,
                &seat.origin("KEXINIT of the client"),
            ));
        }
        let client = passed.offered.then_some(0);
        let Some(server) = self.ssh_server(seat, said) else {
            // Who only knocks is no client that fails.
            if passed.offered || said.client.identification.is_some() {
                self.session.judge_evidence(report, client, &context, Protocol::Ssh);
            }
            return;
        };
        passed.works = seen.complete;
        let refused_key = said.host_key.is_some()
            && !said.client.new_keys
            && seen.first_end.is_some_and(|(who, _)| who == Role::Client);
        if refused_key {
            report.evidence.extend(self.look_up(&server, &mut report.notes));
        }
        report.parties.push(server);
        if client.is_none() {
            if said.client.identification.is_some() {
                self.session.judge_evidence(report, None, &context, Protocol::Ssh);
            }
            return;
        }
        let (Some(client), Some(server)) = (report.parties.first(), report.parties.get(1)) else { return };
        let mut outcome = shakedown_negotiate::negotiate(client, server, &context);
        if passed.works {
            // What both ends did decides over what the rules compute.
            outcome.stages.iter_mut().for_each(|stage| stage.result = StageResult::Agreed);
            outcome.failed.clear();
        } else if outcome.result() == OutcomeResult::Agreed {
            let what_would_decide = match seen.first_end {
                Some((Role::Client, _)) => "the client's own words: it ended the connection in the key exchange",
                Some((Role::Server, _)) => "the server's log: it ended the connection in the key exchange",
                None => "the end of the connection, which was not seen",
            };
            if let Some(last) = outcome.stages.last_mut() {
                last.result = StageResult::Unknown { what_would_decide: what_would_decide.to_owned() };
            }
        }
        self.session.judge_outcome(report, 0, 1, &context, outcome);
    }

    /// The server, as far as it said who it is.
    fn ssh_server(&self, seat: &Seat, said: &Said) -> Option<Party> {
        let mut offer = said.server.offer.as_deref().cloned()?;
        let origin = seat.origin("KEXINIT of the server");
        for slot in Slot::SSH {
            for item in offer.list_mut(slot).and_then(Known::complete_mut).into_iter().flatten() {
                item.origin = Some(origin.clone());
            }
        }
        if let Some(key) = &said.host_key {
            let mut key = key.as_ref().clone();
            key.origin = Some(seat.origin("host key"));
            offer.host_keys = Known::Partial { accepted: vec![key], refused: Vec::new() };
        }
        let mut party = Party {
            label: live(&self.named, &seat.address),
            role: Role::Server,
            software: None,
            source: PartySource::Live { address: seat.address.clone() },
            policy: Policy::Ssh(Box::new(SshPolicy { offer, ..SshPolicy::default() })),
            configuration: None,
            notes: Vec::new(),
        };
        party.notes.extend(said.gex_bits.map(|bits| format!("it gave this client a group of {bits} bits")));
        self.session.enrich(&mut party);
        Some(party)
    }

    /// What this user's known_hosts have of the key that a client was shown and went away from. The client may be another
    /// user's: what is known here is no more than a likely reason.
    fn look_up(&self, server: &Party, notes: &mut Vec<String>) -> Vec<Evidence> {
        let mut scratch = self.session.report("relay");
        let Ok((context, ..)) = self.session.ssh_context(&self.target, &mut scratch) else { return Vec::new() };
        notes.push(
            "the client went away after it was shown the host key: the keys that this user knows of the name are looked at"
                .to_owned(),
        );
        let strict = context.strict_host_keys == Some(true);
        let found = crate::known_hosts::look_up(server, &context, strict);
        // A key that is known, or new, explains no refusal by itself.
        let explains = |evidence: &Evidence| {
            use shakedown_model::KnownHostStatus as Status;
            matches!(
                &evidence.fact,
                Fact::HostKeyLookup { status: Status::Changed { .. } | Status::Revoked { .. }, .. }
                    | Fact::HostKeyLookup { status: Status::Unknown { strict: true, .. }, .. }
            )
        };
        found.into_iter().filter(explains).collect()
    }
}
