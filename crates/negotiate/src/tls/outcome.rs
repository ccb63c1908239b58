use shakedown_model::tls::{Authentication, KeyExchange, Suite, TlsOffer, TlsPolicy, TlsVersion};
use shakedown_model::{
    Context, FailedSlot, FailureKind, Item, Name, Outcome, Role, Slot, Stage, StageOutcome, StageResult, TraceStep,
};

use super::ends::{Choice, Decision, Ends, version_name};
use super::scheme::Shared;
use super::{by_client, certificate, group, scheme, suite, version};
use crate::ssh::list::{Has, List};

/// What the rules of TLS and both stacks make of two policies.
pub fn negotiate(client: &TlsPolicy, server: &TlsPolicy, context: &Context) -> Outcome {
    if let Some(choices) = server.by_client.as_deref().filter(|_| server.unable.is_empty()) {
        return by_client::negotiate(client, choices, context);
    }
    let ends = Ends::open(client, server, context);
    let mut run = Run { ends: &ends, outcome: Outcome::default(), results: Results::default() };
    if !run.unable() {
        run.hellos(context);
    }
    run.finish()
}

/// What became of the stages so far; `None` where nothing has been said of one.
#[derive(Default)]
struct Results {
    hello: Option<StageResult>,
    key_exchange: Option<StageResult>,
    certificate: Option<StageResult>,
    client_certificate: Option<StageResult>,
}

struct Run<'a> {
    ends: &'a Ends<'a>,
    outcome: Outcome,
    results: Results,
}

impl Run<'_> {
    /// Ends that cannot begin: a client sends nothing, a server ends every handshake.
    fn unable(&mut self) -> bool {
        let sides = [(Role::Client, self.ends.client_policy), (Role::Server, self.ends.server_policy)];
        for (role, policy) in sides {
            // Without a version there is nothing else to look at.
            let no_version = policy.offer.versions.complete().is_some_and(Vec::is_empty);
            if no_version {
                let (client, server) = (List::new(&self.ends.client.versions), List::new(&self.ends.server.versions));
                let failed = self.ends.nothing(Stage::Hello, Slot::Version, &client, &server);
                self.fail(Stage::Hello, vec![failed]);
                self.trace(Slot::Version, None, format!("the {role} has no version left"));
                return true;
            }
            for unable in &policy.unable {
                let kind = FailureKind::Deviation { by: role, what: unable.what.clone() };
                let mut failed = self.ends.failed(Stage::Hello, unable.slot, kind);
                if let Some(origin) = &unable.origin {
                    let list = if role == Role::Client { &mut failed.client } else { &mut failed.server };
                    if list.is_empty() {
                        list.push(Item::with_origin(Name::new("none"), origin.clone()));
                    }
                }
                self.fail(Stage::Hello, vec![failed]);
                self.trace(unable.slot, None, format!("the {role} cannot begin: {}", unable.what));
            }
            if !policy.unable.is_empty() {
                return true;
            }
        }
        false
    }

    fn hellos(&mut self, context: &Context) {
        let decision = version::version(self.ends);
        let chosen = decision.choice.agreed().copied();
        let marked = chosen.and_then(|version| version::marked(self.ends, version));
        self.take(Slot::Version, Stage::Hello, marked.as_ref().unwrap_or(&decision), |version| {
            Some(version_name(*version))
        });
        let Some(version) = chosen else { return };
        if version == TlsVersion::Tls13 {
            self.tls13(context)
        } else {
            self.tls12(version, context)
        }
        self.alpn();
        if let Some((result, failed)) = certificate::of_client(self.ends) {
            self.results.client_certificate = Some(result);
            self.outcome.failed.extend(failed);
        }
    }

    fn tls13(&mut self, context: &Context) {
        let shared = Shared::of(self.ends);
        let suite = suite::tls13(self.ends);
        self.take(Slot::CipherSuite, Stage::Hello, &suite, |name| Some(name.clone()));
        let group = group::tls13(self.ends);
        self.take(Slot::Group, Stage::KeyExchange, &group, |(name, _)| Some(name.clone()));
        if let Some((name, true)) = group.choice.agreed() {
            let note = format!("; the client sends no key share of `{name}`: a HelloRetryRequest costs a round trip");
            if let Some(step) = self.outcome.trace.iter_mut().rev().find(|step| step.slot == Slot::Group) {
                step.rule += &note;
            }
            let again = suite.choice.agreed().and_then(|suite| suite::after_retry(self.ends, suite));
            if let Some(failed) = again {
                self.fail(Stage::KeyExchange, vec![failed]);
                return;
            }
        }
        if let Some(decision) = scheme::none_shared(self.ends, &shared) {
            self.take(Slot::SignatureScheme, Stage::Certificate, &decision, |name: &Name| Some(name.clone()));
            return;
        }
        let scheme = scheme::scheme(self.ends, &shared, TlsVersion::Tls13, Authentication::Tls13, true);
        self.signature(&scheme, context);
    }

    fn tls12(&mut self, version: TlsVersion, context: &Context) {
        // OpenSSL: `final_renegotiate`, as it reads the ServerHello.
        if self.ends.client.needs_secure_renegotiation == Some(true)
            && self.ends.server.secure_renegotiation.complete() == Some(&false)
        {
            let kind = FailureKind::NoSecureRenegotiation;
            let failed = self.ends.failed(Stage::Hello, Slot::Version, kind);
            self.fail(Stage::Hello, vec![failed]);
            return;
        }
        if let Some(demanded_by) = self.lacks_extended_master_secret() {
            let kind = FailureKind::NoExtendedMasterSecret { demanded_by };
            let failed = self.ends.failed(Stage::Hello, Slot::Version, kind);
            self.fail(Stage::Hello, vec![failed]);
            return;
        }
        let shared = Shared::of(self.ends);
        if let Some(decision) = scheme::none_shared(self.ends, &shared) {
            self.take(Slot::SignatureScheme, Stage::Certificate, &decision, |name: &Name| Some(name.clone()));
            // What else would fail is told too.
            let suite = suite::tls12(self.ends, version, &shared);
            if matches!(&suite.choice, Choice::Failed(failed) if failed.iter().all(|one| one.slot != Slot::SignatureScheme))
            {
                self.take(Slot::CipherSuite, Stage::Hello, &suite, |name| Some(name.clone()));
            }
            return;
        }
        let decision = suite::tls12(self.ends, version, &shared);
        self.take(Slot::CipherSuite, Stage::Hello, &decision, |name| Some(name.clone()));
        if matches!(decision.choice, Choice::OneOf) {
            // Each of them has its group and its certificate.
            self.result(Stage::KeyExchange, StageResult::Agreed);
            self.result(Stage::Certificate, StageResult::Agreed);
        }
        let Some(name) = decision.choice.agreed().cloned() else { return };
        let Some(suite) = Suite::parse(name.as_str()) else { return };
        let group = self.group(&suite);
        self.take(Slot::Group, Stage::KeyExchange, &group, |name| Some(name.clone()));
        let signs = !matches!(suite.key_exchange, KeyExchange::Rsa | KeyExchange::RsaPsk | KeyExchange::Psk)
            && suite.authentication != Authentication::Anonymous
            && suite.authentication != Authentication::Psk;
        if !matches!(suite.authentication, Authentication::Anonymous | Authentication::Psk) {
            let scheme = scheme::scheme(self.ends, &shared, version, suite.authentication, signs);
            self.signature(&scheme, context);
        } else {
            self.result(Stage::Certificate, StageResult::Agreed);
        }
    }

    /// Who demands the extended master secret of an end that does not announce it (RFC 7627 sections 5.2 and 5.3).
    fn lacks_extended_master_secret(&self) -> Option<Role> {
        let ends =
            [(Role::Server, self.ends.server, &self.ends.client), (Role::Client, &self.ends.client, self.ends.server)];
        let lacks = |other: &TlsOffer| other.extended_master_secret.complete() == Some(&false);
        let of =
            ends.into_iter().find(|(_, own, other)| own.needs_extended_master_secret == Some(true) && lacks(other));
        of.map(|(role, ..)| role)
    }

    fn group(&self, suite: &Suite<'_>) -> Decision {
        match suite.key_exchange {
            KeyExchange::Ecdhe | KeyExchange::EcdhePsk => {
                let rule = "the first group of the preferring party's list that both have (RFC 8422 section 5.1)";
                match group::elliptic(self.ends) {
                    (_, Some(name)) => {
                        let small = group::bits(&name)
                            .zip(self.ends.client.min_ec_bits)
                            .filter(|(bits, minimum)| bits < minimum && !matches!(name.as_str(), "x25519" | "x448"));
                        match small {
                            Some((bits, minimum)) => {
                                let kind = FailureKind::TooSmall { bits, minimum, demanded_by: Role::Client };
                                let failed = self.ends.failed(Stage::KeyExchange, Slot::Group, kind);
                                Decision::new(Choice::Failed(vec![failed]), rule)
                            }
                            None => Decision::new(Choice::Agreed(name), rule),
                        }
                    }
                    (Has::Yes, None) => Decision::new(Choice::OneOf, rule),
                    (Has::No, None) => Decision::new(Choice::Failed(vec![group::no_group(self.ends)]), rule),
                    _ => Decision::new(Choice::Unknown("which groups the server has, and in which order".into()), rule),
                }
            }
            KeyExchange::Dhe | KeyExchange::DhePsk => {
                let rule = "the server's Diffie-Hellman parameters (RFC 5246 section 7.4.3)";
                match group::finite_field(self.ends) {
                    (_, Some(kind)) => {
                        let failed = self.ends.failed(Stage::KeyExchange, Slot::Group, kind);
                        Decision::new(Choice::Failed(vec![failed]), rule)
                    }
                    _ => Decision::new(Choice::NotUsed, rule),
                }
            }
            _ => Decision::new(Choice::NotUsed, "static RSA uses no group (RFC 5246 section 8.1.1)"),
        }
    }

    fn signature(&mut self, decision: &Decision<(Name, Option<shakedown_model::tls::Certificate>)>, context: &Context) {
        self.take(Slot::SignatureScheme, Stage::Certificate, decision, |(name, _)| Some(name.clone()));
        let Some((_, Some(shown))) = decision.choice.agreed() else { return };
        self.outcome.agreed.push((Slot::Certificate, Some(Name::new(&shown.phrase()))));
        let failed = certificate::refused(self.ends, shown);
        if !failed.is_empty() {
            self.fail(Stage::Certificate, failed);
        }
        self.outcome.forecast.extend(certificate::forecast(shown, context));
    }

    fn alpn(&mut self) {
        let (client, server) = (List::new(&self.ends.client.alpn), List::new(&self.ends.server.alpn));
        if client.open || server.open || client.names.is_empty() || server.names.is_empty() {
            return;
        }
        let common = server.names.iter().find(|name| client.names.contains(name)).cloned();
        if let Some(name) = common {
            let rule = "the first of the server's list that the client has (RFC 7301 section 3.2)";
            self.record(Slot::Alpn, Stage::Hello, rule, Some(name.clone()));
            self.outcome.agreed.push((Slot::Alpn, Some(name)));
        }
    }

    fn take<T>(&mut self, slot: Slot, stage: Stage, decision: &Decision<T>, name: impl Fn(&T) -> Option<Name>) {
        let chosen = decision.choice.agreed().and_then(&name);
        self.record(slot, stage, &decision.rule, chosen.clone());
        match &decision.choice {
            Choice::Agreed(_) => {
                self.outcome.agreed.push((slot, chosen));
                self.result(stage, StageResult::Agreed);
            }
            Choice::NotUsed => {
                self.outcome.agreed.push((slot, None));
                self.result(stage, StageResult::Agreed);
            }
            Choice::OneOf => self.result(stage, StageResult::Agreed),
            Choice::Failed(failed) => self.fail(stage, failed.clone()),
            Choice::Unknown(what) => {
                self.result(stage, StageResult::Unknown { what_would_decide: what.clone() });
            }
        }
    }

    fn fail(&mut self, stage: Stage, failed: Vec<FailedSlot>) {
        for one in &failed {
            self.result(one.stage, StageResult::Failed);
        }
        if failed.is_empty() {
            self.result(stage, StageResult::Failed);
        }
        self.outcome.failed.extend(failed);
    }

    /// The worst that is said of a stage holds.
    fn result(&mut self, stage: Stage, result: StageResult) {
        let place = match stage {
            Stage::Hello => &mut self.results.hello,
            Stage::KeyExchange => &mut self.results.key_exchange,
            Stage::ClientCertificate => &mut self.results.client_certificate,
            _ => &mut self.results.certificate,
        };
        let rank = |result: &StageResult| match result {
            StageResult::NotReached => 0,
            StageResult::Agreed => 1,
            StageResult::Unknown { .. } => 2,
            StageResult::Failed => 3,
        };
        match place {
            Some(old) if rank(old) >= rank(&result) => {}
            _ => *place = Some(result),
        }
    }

    fn record(&mut self, slot: Slot, _stage: Stage, rule: &str, chosen: Option<Name>) {
        self.trace(slot, chosen, rule.to_owned());
    }

    fn trace(&mut self, slot: Slot, chosen: Option<Name>, rule: String) {
        let names = |known: shakedown_model::Known<Vec<Item>>| {
            known.accepted().map(|items| shakedown_model::names(items)).unwrap_or_default()
        };
        let (client, server) = (names(self.ends.client.list(slot)), names(self.ends.server.list(slot)));
        self.outcome.trace.push(TraceStep { slot, client, server, chosen, rule });
    }

    fn finish(mut self) -> Outcome {
        let mut stages = vec![
            (Stage::Hello, self.results.hello),
            (Stage::KeyExchange, self.results.key_exchange),
            (Stage::Certificate, self.results.certificate),
        ];
        if let Some(result) = self.results.client_certificate {
            stages.push((Stage::ClientCertificate, Some(result)));
        }
        let failed = !self.outcome.failed.is_empty();
        for (stage, result) in stages {
            let result = match result {
                Some(result) => result,
                None if failed => StageResult::NotReached,
                None => StageResult::Unknown { what_would_decide: "what comes before it".to_owned() },
            };
            self.outcome.stages.push(StageOutcome { stage, result });
        }
        self.outcome
    }
}
