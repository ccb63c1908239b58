use shakedown_catalog::Catalog;
use shakedown_model::tls::TlsOffer;
use shakedown_model::{
    Context, FailureKind, Known, Outcome, OutcomeResult, Party, Protocol, Report, Role, Slot, Stage, StageResult,
};
use shakedown_probe as probe;
use shakedown_probe::tls::{Answer, Candidates, Identity, TlsOptions, TlsProbed, TlsTarget, Verdict};

use shakedown_x509::Anchors;

use super::back_ends::Meeting;
use super::identity::Own;
use super::scheme::scheme;
use super::{certificates, complete, idn, java_stores};
use crate::session::Gathering;
use crate::{Error, Session, Target};

/// All that the catalog has numbers for.
pub(crate) fn candidates(catalog: &Catalog) -> Candidates {
    let names = |slot| catalog.tls_names(slot).into_iter().map(|(name, number)| (number, name));
    Candidates::new(names(Slot::CipherSuite), names(Slot::Group), names(Slot::SignatureScheme))
}

impl Session {
    /// Checks a TLS target: one hello for each client; where one fails, the server's full map.
    pub(crate) async fn check_tls(&self, target: &Target, named: &str) -> Result<Report, Error> {
        let mut report = self.report("check");
        let tls_target = self.tls_target(target)?;
        let mut context = self.tls_context(&tls_target);
        context.machine_authorities = certificates::are_the_machines(self.options.cacert.as_deref());
        let own = self.own_certificate()?;
        let stores = async {
            // With `--as` or `--cacert` they are not what is asked about.
            let asked = self.options.clients.is_empty() && self.options.cacert.is_none();
            if asked { java_stores::stores(self.options.timeout).await } else { Vec::new() }
        };
        let (clients, stores) = tokio::join!(Box::pin(self.tls_clients(&mut report, &context)), Box::pin(stores));
        clients?;
        give(&mut report.parties, &own);
        let mut offers: Vec<TlsOffer> = Vec::new();
        for party in &report.parties {
            let policy = party.tls().ok_or_else(|| Error::Party {
                party: party.label.clone(),
                expected: format!("it does not speak TLS, which `{named}` does"),
            })?;
            offers.push(policy.open(Role::Client, &context));
        }
        if let Some(proxy) = tls_target.proxy.as_ref().filter(|_| self.options.proxy.is_none()) {
            let (host, port) = proxy.place();
            report.notes.push(format!("the way goes through the proxy {host}:{port} of the environment (HTTPS_PROXY)"));
        }
        let (anchors, trusted) = certificates::anchors(self.options.cacert.as_deref())?;
        let lists = certificates::lists(&self.options.crls)?;
        report.notes.push(trusted);
        let meeting = Meeting {
            candidates: candidates(&self.catalog),
            offers,
            anchors,
            lists,
            context,
            named,
            until: std::time::Instant::now() + self.options.timeout,
            own,
            observed: None,
            stores,
        };
        report.notes.extend(meeting.own.notes.iter().cloned());
        report.evidence.extend(meeting.own.evidence.iter().cloned());
        Box::pin(self.meet_all(&mut report, &tls_target, &meeting)).await;
        Ok(report)
    }

    /// The full map of a TLS target that was named as a party.
    pub(crate) async fn map_tls(&self, target: &Target, named: &str) -> Result<Gathering, Error> {
        let tls_target = self.tls_target(target)?;
        let candidates = candidates(&self.catalog);
        let mut gathering = Gathering::default();
        let own = self.own_certificate()?;
        gathering.evidence.extend(own.evidence.iter().cloned());
        // Nothing is judged here but what the server makes of the client's certificate.
        let anchors = match own.identity() {
            Some(_) => certificates::anchors(self.options.cacert.as_deref())?.0,
            None => Anchors::default(),
        };
        let lists = certificates::lists(&self.options.crls)?;
        let trust = certificates::Trust { anchors: &anchors, lists: &lists };
        let options = TlsOptions { complete: true, showing: own.showing.clone(), ..self.tls_options() };
        // Each address that was named may be another server.
        for target in super::back_ends::each(&tls_target) {
            let mut probed = probe::tls::map(&target, &options, &candidates).await;
            // What becomes of a client without a certificate is a property of the server, and no fault.
            let completed = probed.completed.as_ref().zip(own.identity());
            let seen = completed.map(|(completed, identity)| {
                let address = super::back_ends::answered(&probed).map(|address| address.to_string());
                complete::evidence(completed, Some(identity), &address.unwrap_or_default(), trust, self.now())
            });
            probed.gathered.evidence.extend(seen.unwrap_or_default());
            let mut one = self.tls_gathering(probed, named, own.identity());
            if let Some(party) = one.parties.first_mut() {
                party.notes.extend(own.notes.iter().cloned());
            }
            gathering.parties.extend(one.parties);
            gathering.evidence.extend(one.evidence);
            gathering.connections += one.connections;
        }
        Ok(gathering)
    }

    pub(super) fn tls_gathering(&self, probed: TlsProbed, named: &str, identity: Option<&Identity>) -> Gathering {
        let TlsProbed { mut gathered, connections, chains, completed, answers } = probed;
        for party in &mut gathered.parties {
            certificates::fill(party, &chains);
            label(party, named);
            if let Some(completed) = &completed {
                if let Some(policy) = party.tls_mut() {
                    policy.offer.client_authorities = complete::authorities(completed);
                }
                let met = answers.iter().find(|answer| answer.verdict == Verdict::Accepted);
                party.notes.extend(complete::notes(completed, met, identity.is_some()));
            }
        }
        Gathering { parties: gathered.parties, evidence: gathered.evidence, connections }
    }

    pub(crate) fn tls_target(&self, target: &Target) -> Result<TlsTarget, Error> {
        let scheme = scheme(target.scheme.as_deref());
        let host = idn::to_ascii(&target.host).ok_or_else(|| Error::OptionValue {
            option: "TARGET",
            value: shakedown_model::Name::new(&target.host).to_string(),
            expected: "write the name in ASCII (`xn--...`), as it stands in the certificate".to_owned(),
        })?;
        let mut reached = TlsTarget::new(host, target.port.unwrap_or(scheme.port));
        reached.start = scheme.start;
        reached.speaks_http = scheme.protocols.contains(&"http/1.1");
        reached.protocols = scheme.protocols.iter().map(|&name| name.to_owned()).collect();
        reached.addresses = self.options.addresses(reached.port);
        reached.source = self.options.source;
        if let Some(name) = &self.options.server_name {
            reached.server_name = Some(name.clone()).filter(|name| name != "none");
        }
        reached.proxy = self.proxy_of(target)?;
        Ok(reached)
    }

    pub(crate) fn tls_options(&self) -> TlsOptions {
        let mut options = TlsOptions::default();
        options.timeout = self.options.timeout;
        options.family = self.options.family.into();
        options.progress = self.steps();
        options
    }

    pub(crate) fn tls_context(&self, target: &TlsTarget) -> Context {
        Context { server_name: target.server_name.clone(), ..self.context_of(&target.host, target.port) }
    }

    /// The clients of the options, or those of this machine, or else the newest OpenSSL of the catalog.
    async fn tls_clients(&self, report: &mut Report, context: &Context) -> Result<(), Error> {
        for client in &self.options.clients {
            let gathered = self.client_of(client, Protocol::Tls, context).await?;
            report.parties.extend(gathered.parties);
            report.evidence.extend(gathered.evidence);
        }
        if self.options.clients.is_empty() {
            report.parties.extend(self.local_tls_clients(context).await.parties);
        }
        if report.parties.is_empty() {
            let version = self.catalog.newest("openssl", Role::Client).ok_or_else(|| Error::Party {
                party: "openssl".to_owned(),
                expected: "the catalog has no version of it".to_owned(),
            })?;
            let software = format!("openssl@{version}");
            report.notes.push(format!("no TLS client is found here: `{software}` of the catalog stands in (`--as`)"));
            let gathered = self.resolve(&software, Role::Client, context).await?;
            report.parties.extend(gathered.parties);
        }
        Ok(())
    }
}

/// Gives the clients the certificate of the options.
fn give(clients: &mut [Party], own: &Own) {
    let Some(described) = own.identity().and_then(|identity| shakedown_x509::describe(&identity.chain())) else {
        return;
    };
    for policy in clients.iter_mut().filter_map(Party::tls_mut) {
        policy.offer.certificates = Known::Complete(vec![described.clone()]);
    }
}

/// What was seen decides over what the rules compute: the client's own hello was sent.
pub(crate) fn seen(outcome: &mut Outcome, answer: &Answer) {
    let until_certificate = |stage: Stage| matches!(stage, Stage::Hello | Stage::KeyExchange);
    match answer.verdict {
        Verdict::Accepted => {
            // What the client itself makes of the answer is its own matter.
            let is_its_own = |kind: &FailureKind| {
                let demanded_by = Role::Client;
                *kind == FailureKind::NoSecureRenegotiation
                    || *kind == FailureKind::NoExtendedMasterSecret { demanded_by }
            };
            if outcome.failed.iter().any(|failed| is_its_own(&failed.kind)) {
                return;
            }
            // Parameters that are too small for it, or too large, the server sends all the same.
            let is_refused = |kind: &FailureKind| match kind {
                FailureKind::TooSmall { demanded_by, .. } => *demanded_by == Role::Client,
                FailureKind::Deviation { by, .. } => *by == Role::Client,
                _ => false,
            };
            if outcome.failed.iter().any(|failed| failed.slot == Slot::Group && is_refused(&failed.kind)) {
                return;
            }
            for stage in outcome.stages.iter_mut().filter(|stage| until_certificate(stage.stage)) {
                stage.result = StageResult::Agreed;
            }
            outcome.failed.retain(|failed| !until_certificate(failed.stage));
            let slots = [
                (Slot::Version, &answer.version),
                (Slot::CipherSuite, &answer.cipher_suite),
                (Slot::Group, &answer.group),
                (Slot::SignatureScheme, &answer.signature_scheme),
            ];
            for (slot, name) in slots {
                if name.is_none() && slot != Slot::Group {
                    continue;
                }
                outcome.agreed.retain(|(known, _)| *known != slot);
                outcome.agreed.push((slot, name.clone()));
            }
            outcome.agreed.sort_by_key(|(slot, _)| *slot);
        }
        Verdict::Refused if outcome.result() != OutcomeResult::Failed => {
            // The rules know of no reason: the evidence has to tell.
            for stage in outcome.stages.iter_mut().filter(|stage| stage.stage == Stage::Hello) {
                stage.result = StageResult::Failed;
            }
            for stage in outcome.stages.iter_mut().filter(|stage| stage.stage != Stage::Hello) {
                stage.result = StageResult::NotReached;
            }
            outcome.agreed.clear();
        }
        Verdict::Unknown if outcome.result() == OutcomeResult::Agreed => {
            let what_would_decide = "the same hello again, from this and from another network".to_owned();
            for stage in outcome.stages.iter_mut().filter(|stage| stage.stage == Stage::Hello) {
                stage.result = StageResult::Unknown { what_would_decide: what_would_decide.clone() };
            }
        }
        Verdict::Refused | Verdict::Unknown => {}
    }
}

/// Whether a refused hello leaves open what becomes of its client: the catalog lacks a list, in whose place it had all that
/// there is.
pub(super) fn is_open(outcome: &Outcome, offer: &TlsOffer, answer: &Answer) -> bool {
    let slots = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme];
    answer.verdict == Verdict::Refused
        && outcome.result() == OutcomeResult::Unknown
        && slots.into_iter().any(|slot| offer.list(slot).complete().is_none())
}

fn label(party: &mut Party, named: &str) {
    if let shakedown_model::PartySource::Live { address } = &party.source {
        party.label = if named.contains(address.as_str()) { named.to_owned() } else { format!("{named} ({address})") };
    }
}

#[cfg(test)]
mod tests {
    use shakedown_model::StageOutcome;

    use super::*;

    #[test]
    fn a_refused_hello_says_nothing_of_a_client_whose_lists_are_not_known() {
        let refused = Answer {
            verdict: Verdict::Refused,
            connection: 1,
            version: None,
            cipher_suite: None,
            group: None,
            signature_scheme: None,
            chain: Vec::new(),
            asked_staple: false,
            staple: None,
        };
        let result = StageResult::Unknown { what_would_decide: String::new() };
        let outcome = Outcome { stages: vec![StageOutcome { stage: Stage::Hello, result }], ..Outcome::default() };
        assert!(is_open(&outcome, &TlsOffer::default(), &refused));
        let none = || Known::Complete(Vec::new());
        let known = TlsOffer {
            versions: none(),
            cipher_suites: none(),
            tls13_cipher_suites: none(),
            groups: none(),
            signature_schemes: none(),
            ..TlsOffer::default()
        };
        assert!(!is_open(&outcome, &known, &refused));
    }
}
