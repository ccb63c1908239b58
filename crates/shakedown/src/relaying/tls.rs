//! TLS: the client's offer is whole, of the server only what it chose is seen. Where it turns a client away, it is asked.

use std::time::Instant;

use shakedown_handshake::tls::watch::Seen as Said;
use shakedown_handshake::watch::Seen;
use shakedown_model::tls::{ClientCertificate, TlsOffer, TlsPolicy};
use shakedown_model::{
    CertificateProblem, Completion, CompletionEnd, Context, Ending, Fact, Item, Known, Name, Outcome, OutcomeResult,
    Party, PartySource, Phase, Policy, Protocol, Report, Role, ShownCertificate, Slot, Stage, StageOutcome,
    StageResult,
};
use shakedown_probe::tls::{Answer, TlsTarget, Verdict};
use shakedown_wire::tls::number::{extension as x, version};
use shakedown_wire::tls::{CertificateEntry, View};
use shakedown_x509::{Certificate, DistinguishedName, Rules};

use super::{Judge, Passed, Seat, live};
use crate::live::{Meeting, Observed, Trust, anchors, candidates, chosen, findings, seen as settle};
use crate::recording::party;

/// How many clients that were turned away are asked about in one run: each takes some connections.
const MOST_ASKED: usize = 4;

/// Where the connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// It did not.
    None,
    /// The server did not take the client's hello.
    Hello,
    /// The client did not take what the server showed.
    Certificate,
    /// The server did not take what the client showed.
    ClientCertificate,
}

impl Judge<'_> {
    pub(super) async fn tls(&mut self, passed: &mut Passed, seat: &Seat, label: String, seen: &Seen, said: &Said) {
        let session = self.session;
        let failure = failed(seen, said);
        for (role, end) in [(Role::Client, &said.client), (Role::Server, &said.server)] {
            // Who closes after an alert, or because of the other's last word, has not cut the connection.
            let answers = ended_by(failure, said).is_some_and(|other| other != role) || end.facts.iter().any(is_fatal);
            let facts = end.facts.iter().filter(|fact| !(answers && is_end(fact)));
            passed.report.evidence.extend(facts.map(|fact| seat.evidence(role, fact.clone())));
        }
        let Ok(mut target) = session.tls_target(&self.target) else { return };
        target.addresses = passed.server.into_iter().collect();
        let origin = seat.origin("ClientHello");
        let client = match (&said.hello, &said.ssl2_hello) {
            (Some(hello), _) => party::tls(session, self.known.as_deref(), hello, label, &origin),
            (None, Some(hello)) => party::ssl2(session, hello, label, &origin),
            (None, None) => {
                let context = session.tls_context(&target);
                let facts = self.not_begun(said, seen);
                passed.report.evidence.extend(facts.into_iter().map(|(role, fact)| seat.evidence(role, fact)));
                // Who only knocks is no client that fails.
                if passed.report.evidence.iter().any(|evidence| !is_end(&evidence.fact)) {
                    session.judge_evidence(&mut passed.report, None, &context, Protocol::Tls);
                }
                passed.report.notes.extend(plain(said));
                passed.report.notes.extend(given_up(said, seen));
                return;
            }
        };
        passed.offered = true;
        let name = client.tls().and_then(|policy| policy.offer.server_name.complete().cloned().flatten());
        target.server_name = name.map(|name| name.to_string());
        let context = session.tls_context(&target);
        let offer = client.tls().map(|policy| policy.open(Role::Client, &context));
        passed.report.parties.push(client);
        // A client that began TLS where the server speaks something else first.
        if let Some(start) = said.start.as_ref().filter(|start| start.direct && said.chosen.hello.is_none())
            && let Some(words) = &start.words
            && let Some((protocol, first_bytes)) = shakedown_handshake::tls::other_protocol(&words.to_bytes())
        {
            passed.report.evidence.push(seat.evidence(Role::Server, Fact::OtherProtocol { protocol, first_bytes }));
            passed.report.notes.push(
                "the client begins TLS at once, where the server speaks its own protocol first (STARTTLS)".to_owned(),
            );
        }
        let answer = self.answer(seat, said);
        passed.works = failure == Failure::None;
        if let Some((role, phase)) = hidden(failure, said) {
            passed.report.notes.push(format!(
                "the {role}'s last record is encrypted and as short as an alert: it ended the handshake, and only its own \
                 words or log say why"
            ));
            let received = if role == Role::Client { said.client.received } else { said.server.received };
            if !passed.report.evidence.iter().any(|evidence| is_end(&evidence.fact)) {
                let fact = Fact::Ended { phase, ending: Ending::Closed, received };
                passed.report.evidence.push(seat.evidence(role, fact));
            }
        }
        if failure == Failure::ClientCertificate {
            passed.report.evidence.extend(completion(&answer, said).map(|fact| seat.evidence(Role::Server, fact)));
        }
        if failure == Failure::Certificate && !answer.chain.is_empty() {
            self.judge_chain(&mut passed.report, &answer, &target, seat, said);
        }
        let is_strange =
            passed.report.evidence.iter().any(|evidence| matches!(evidence.fact, Fact::OtherProtocol { .. }));
        let is_open = match failure {
            Failure::None => false,
            Failure::Hello => !is_strange,
            Failure::Certificate => answer.chain.is_empty(),
            Failure::ClientCertificate => said.client_certificates.is_none(),
        };
        if let (true, true, Some(offer)) = (is_open, self.ask, offer) {
            self.asked(passed, seat, &target, context, offer, failure, said).await;
            return;
        }
        if answer.verdict != Verdict::Accepted {
            session.judge_evidence(&mut passed.report, Some(0), &context, Protocol::Tls);
            return;
        }
        let server = self.server(seat, said, &answer);
        let reduced = chosen(&server, &answer);
        passed.report.parties.push(server);
        let Some(client) = passed.report.parties.first() else { return };
        let mut outcome = shakedown_negotiate::negotiate(client, &reduced, &context);
        settle(&mut outcome, &answer);
        observed(&mut outcome, failure, said);
        session.judge_outcome(&mut passed.report, 0, 1, &context, outcome);
    }

    /// Why TLS did not begin, as far as the dialogue before it tells.
    fn not_begun(&self, said: &Said, seen: &Seen) -> Vec<(Role, Fact)> {
        let Some(start) = &said.start else { return Vec::new() };
        let Ok(target) = self.session.tls_target(&self.target) else { return Vec::new() };
        let Some(protocol) = target.start.map(|start| start.phrase().to_owned()) else { return Vec::new() };
        let text = start.words.clone().unwrap_or_else(|| Name::new(""));
        let is_refused = start.agreed == Some(false) && !start.begun && seen.first_end.is_some();
        let is_missing = !start.asked && start.offered == Some(false);
        if is_refused || is_missing {
            let is_offered = start.offered == Some(true);
            return vec![(Role::Server, Fact::NoStartTls { protocol, is_offered, text })];
        }
        Vec::new()
    }

    /// What the server chose.
    fn answer(&self, seat: &Seat, said: &Said) -> Answer {
        let chosen = &said.chosen;
        let name = |slot: Slot, number: Option<u16>| {
            let named =
                |number| self.session.catalog.tls_name(slot, number).unwrap_or_else(|| format!("{number:#06x}"));
            number.map(|number| Name::new(&named(number)))
        };
        Answer {
            verdict: if chosen.hello.is_some() || chosen.ssl2.is_some() { Verdict::Accepted } else { Verdict::Refused },
            connection: seat.number,
            version: chosen.version.and_then(version::name).map(Name::new),
            cipher_suite: name(Slot::CipherSuite, chosen.cipher_suite),
            group: name(Slot::Group, chosen.group),
            signature_scheme: name(Slot::SignatureScheme, chosen.signature_scheme),
            chain: ders(&chosen.certificates),
            asked_staple: false,
            staple: None,
        }
    }

    /// The server as far as it was seen: what it chose, of whatever else it may have.
    fn server(&self, seat: &Seat, said: &Said, answer: &Answer) -> Party {
        let origin = seat.origin("ServerHello");
        let some = |name: &Option<Name>| match name {
            Some(name) => Known::Partial {
                accepted: vec![Item { name: name.clone(), origin: Some(origin.clone()) }],
                refused: Vec::new(),
            },
            None => Known::Unknown,
        };
        let is_tls13 = said.chosen.version.is_some_and(version::is_tls13);
        let mut offer = TlsOffer {
            versions: some(&answer.version),
            groups: some(&answer.group),
            signature_schemes: some(&answer.signature_scheme),
            origins: vec![(Slot::Version, origin.clone()), (Slot::CipherSuite, origin.clone())],
            ..TlsOffer::default()
        };
        let suites = if is_tls13 { &mut offer.tls13_cipher_suites } else { &mut offer.cipher_suites };
        *suites = some(&answer.cipher_suite);
        if let Some(certificate) = shakedown_x509::describe(&answer.chain) {
            offer.certificates = Known::Partial { accepted: vec![certificate], refused: Vec::new() };
        }
        if let (false, Some(hello)) = (is_tls13, &said.chosen.hello) {
            let extensions = hello.extensions.clone().unwrap_or_default();
            let has = |number| Known::Complete(extensions.find(number).is_some());
            offer.secure_renegotiation = has(x::RENEGOTIATION_INFO);
            offer.extended_master_secret = has(x::EXTENDED_MASTER_SECRET);
            if let Some(Ok(View::Protocols(names))) = hello.view(x::ALPN) {
                offer.alpn = some(&names.first().map(|name| Name::from_bytes(name)));
            }
            if said.chosen.flight_complete && said.chosen.certificate_request.is_none() {
                offer.client_certificate = Known::Complete(ClientCertificate::NotAsked);
            }
        }
        let mut notes =
            vec!["only what it chose for this client is known of it: `shakedown offer` asks for the rest".to_owned()];
        if is_tls13 {
            notes.push("its certificate is encrypted (TLS 1.3) and was not seen".to_owned());
        }
        Party {
            label: live(&self.named, &seat.address),
            role: Role::Server,
            software: None,
            source: PartySource::Live { address: seat.address.clone() },
            policy: Policy::Tls(Box::new(TlsPolicy { offer, ..TlsPolicy::default() })),
            configuration: None,
            notes,
        }
    }

    /// The client went away from these certificates: what this machine's authorities make of them.
    fn judge_chain(&self, report: &mut Report, answer: &Answer, target: &TlsTarget, seat: &Seat, said: &Said) {
        match anchors(self.session.options.cacert.as_deref()) {
            Ok((anchors, note)) => {
                report.notes.push(note);
                let now = report.observed_at;
                let trust = Trust::only(&anchors);
                let found = findings(answer, target, seat.address.clone(), trust, &Rules::openssl(1), None, now);
                let counts = |one: &shakedown_model::Evidence| counts(&one.fact, Failure::Certificate, target, said);
                report.evidence.extend(found.into_iter().filter(counts));
            }
            Err(error) => report.notes.push(format!("the certificates are not judged: {error}")),
        }
    }

    /// Asks the server for what the bytes that were passed on do not show.
    #[expect(clippy::too_many_arguments, reason = "all that is known of the connection")]
    async fn asked(
        &mut self,
        passed: &mut Passed,
        seat: &Seat,
        target: &TlsTarget,
        context: Context,
        offer: TlsOffer,
        failure: Failure,
        said: &Said,
    ) {
        let session = self.session;
        let alerts = passed.report.evidence.iter().filter_map(|evidence| match &evidence.fact {
            Fact::Alert { number, .. } => Some((evidence.subject, *number)),
            _ => None,
        });
        let bare = TlsOffer { origins: Vec::new(), ..offer.clone() };
        let names = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme].map(|slot| match slot {
            Slot::Version => texts(&bare.versions),
            Slot::CipherSuite => texts(&bare.tls13_cipher_suites) + &texts(&bare.cipher_suites),
            Slot::Group => texts(&bare.groups) + &texts(&bare.key_shares),
            _ => texts(&bare.signature_schemes) + &texts(&bare.alpn),
        });
        let key = format!("{failure:?} {names:?} {:?} {:?}", target.server_name, alerts.collect::<Vec<_>>());
        if let Some((_, number, known)) = self.asked.iter().find(|(other, ..)| *other == key) {
            let label = passed.report.parties.first().map(|party| party.label.clone());
            let ending = passed.report.notes.clone();
            passed.report = Report { observed_at: passed.report.observed_at, ..known.clone() };
            if let (Some(label), Some(party)) = (label, passed.report.parties.first_mut()) {
                party.label = label;
            }
            passed.report.notes.extend(ending);
            passed
                .report
                .notes
                .push(format!("it offered and met what connection {number} did: the server was not asked again"));
            return;
        }
        if self.asked.len() >= MOST_ASKED {
            passed.report.notes.push(format!(
                "the server was not asked why: after {MOST_ASKED} clients that is enough (`shakedown check` asks it)"
            ));
            session.judge_evidence(&mut passed.report, Some(0), &context, Protocol::Tls);
            return;
        }
        let (anchors, trusted) = match anchors(session.options.cacert.as_deref()) {
            Ok(found) => found,
            Err(error) => {
                passed.report.notes.push(format!("the server was not asked why: {error}"));
                session.judge_evidence(&mut passed.report, Some(0), &context, Protocol::Tls);
                return;
            }
        };
        let settle = |outcome: &mut Outcome| observed(outcome, failure, said);
        let counts = |fact: &Fact| counts(fact, failure, target, said);
        let meeting = Meeting {
            candidates: candidates(&session.catalog),
            offers: vec![offer],
            anchors,
            lists: Vec::new(),
            context,
            named: &self.named,
            until: Instant::now() + session.options.timeout,
            own: Default::default(),
            observed: Some(Observed { settle: &settle, counts: &counts }),
            // The client is not one of this machine.
            stores: Vec::new(),
        };
        let ending = std::mem::take(&mut passed.report.notes);
        let what = match failure {
            Failure::Certificate => "the client did not take what the server showed, encrypted",
            Failure::ClientCertificate => "the server ended the handshake after the client's part of it",
            Failure::Hello | Failure::None => "the server did not take the client's hello",
        };
        passed.report.notes.push(format!(
            "{what}: the server was asked by connections of this program's own, with the client's offer (`--no-probe` \
             leaves that out)"
        ));
        passed.report.notes.push(trusted);
        session.meet_all(&mut passed.report, target, &meeting).await;
        self.asked.push((key, seat.number, passed.report.clone()));
        passed.report.notes.extend(ending);
    }
}

fn texts(list: &Known<Vec<Item>>) -> String {
    let items = list.accepted().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.name.to_string()).collect::<Vec<_>>().join(":")
}

fn is_end(fact: &Fact) -> bool {
    matches!(fact, Fact::Ended { .. })
}

fn ders(entries: &[CertificateEntry]) -> Vec<Vec<u8>> {
    entries.iter().map(|entry| entry.certificate.clone()).collect()
}

fn is_fatal(fact: &Fact) -> bool {
    matches!(fact, Fact::Alert { level, number, .. } if *level != 1 && *number != 0)
}

/// Who said the last word of a handshake that failed, in clear text or hidden.
fn ended_by(failure: Failure, said: &Said) -> Option<Role> {
    match hidden(failure, said) {
        Some((role, _)) => Some(role),
        None if said.client.facts.iter().any(is_fatal) => Some(Role::Client),
        None if said.server.facts.iter().any(is_fatal) => Some(Role::Server),
        None => None,
    }
}

/// Who ended the handshake by what looks like an alert, and where.
fn hidden(failure: Failure, said: &Said) -> Option<(Role, Phase)> {
    match failure {
        Failure::Certificate if said.client.hidden_alert => Some((Role::Client, Phase::Certificate)),
        Failure::ClientCertificate if said.server.hidden_alert => Some((Role::Server, Phase::ClientCertificate)),
        _ => None,
    }
}

/// Whether something about the server's certificate can be why this client went away.
fn counts(fact: &Fact, failure: Failure, target: &TlsTarget, said: &Said) -> bool {
    /// What a client says that it has against a certificate, where it is not the name: certificate_revoked,
    /// certificate_expired, unknown_ca.
    const NOT_THE_NAME: [u8; 3] = [44, 45, 48];
    let Fact::Certificate(finding) = fact else { return true };
    let says = |fact: &Fact| matches!(fact, Fact::Alert { number, .. } if NOT_THE_NAME.contains(number));
    // Which name a client that sends none expects, nobody knows.
    let is_named = target.server_name.is_some() && !said.client.facts.iter().any(says);
    failure == Failure::Certificate && (is_named || !matches!(finding.problem, CertificateProblem::OtherName { .. }))
}

/// A connection that stayed in plain text.
fn plain(said: &Said) -> Option<String> {
    let start = said.start.as_ref()?;
    match (start.asked, start.offered) {
        (false, Some(true)) => Some(
            "the server offers TLS, and the client did not ask for it: all that it says is in plain text".to_owned(),
        ),
        (false, _) => Some("the client did not ask for TLS".to_owned()),
        (true, _) => None,
    }
}

fn failed(seen: &Seen, said: &Said) -> Failure {
    if seen.complete {
        Failure::None
    } else if said.chosen.hello.is_none() && said.chosen.ssl2.is_none() {
        Failure::Hello
    } else if said.server.facts.iter().any(is_fatal) || said.client.finished && said.server.hidden_alert {
        match said.client.finished || said.client_certificates.is_some() || said.chosen.flight_complete {
            true => Failure::ClientCertificate,
            false => Failure::Hello,
        }
    } else if !said.client.finished {
        Failure::Certificate
    } else {
        match seen.first_end {
            // All was sent, and nobody complained: what was in it, only the two ends know.
            Some((Role::Server, _)) if !said.client.hidden_alert => Failure::ClientCertificate,
            _ => Failure::None,
        }
    }
}

/// The client asked for TLS, and went away without it although nobody refused it.
fn given_up(said: &Said, seen: &Seen) -> Option<String> {
    let start = said.start.as_ref().filter(|start| start.asked && !start.begun && !start.plain)?;
    let (Role::Client, _) = seen.first_end? else { return None };
    let words = start.words.as_ref().map(|words| format!(" (its last words: `{}`)", words.as_str().replace('`', "'")));
    let words = words.unwrap_or_default();
    match start.agreed {
        Some(false) => None,
        Some(true) => Some(format!(
            "the client asked for TLS, the server let it begin{words}, and the client closed the connection instead: only its \
             own words say why"
        )),
        None if words.is_empty() => {
            Some("the client asked for TLS, and closed the connection before the server had answered".to_owned())
        }
        None => Some(format!(
            "the client asked for TLS, and closed the connection; that the server refused it was not seen{words}"
        )),
    }
}

/// What was seen decides over what the rules compute, and over what another connection met.
fn observed(outcome: &mut Outcome, failure: Failure, said: &Said) {
    let told = |facts: &[Fact]| facts.iter().any(|fact| matches!(fact, Fact::Alert { level, .. } if *level != 1));
    let unknown = |text: &str| StageResult::Unknown { what_would_decide: text.to_owned() };
    match failure {
        Failure::None => {
            outcome.stages.iter_mut().for_each(|stage| stage.result = StageResult::Agreed);
            outcome.failed.clear();
        }
        Failure::Hello if outcome.result() == OutcomeResult::Agreed => {
            let text = "the server's log: it did not take the client's hello, and takes another with the same offer";
            set(outcome, Stage::Hello, unknown(text));
        }
        Failure::Certificate if outcome.result() != OutcomeResult::Failed => {
            let result = match told(&said.client.facts) {
                true => StageResult::Failed,
                false => unknown("the client's own words: it went away after the server's certificate"),
            };
            set(outcome, Stage::Certificate, result);
        }
        Failure::ClientCertificate if outcome.result() != OutcomeResult::Failed => {
            let result = match told(&said.server.facts) {
                true => StageResult::Failed,
                false => unknown("the server's log: it ended the handshake after the client's part of it"),
            };
            set(outcome, Stage::ClientCertificate, result);
        }
        _ => {}
    }
}

fn set(outcome: &mut Outcome, stage: Stage, result: StageResult) {
    match outcome.stages.iter_mut().find(|one| one.stage == stage) {
        Some(one) => one.result = result,
        None => outcome.stages.push(StageOutcome { stage, result }),
    }
}

/// The client's certificate and how the server took it, where both were in clear text.
fn completion(answer: &Answer, said: &Said) -> Option<Fact> {
    let shown = ders(said.client_certificates.as_ref()?);
    let request = said.chosen.certificate_request.as_ref()?;
    let named: Vec<DistinguishedName> =
        request.authorities().iter().filter_map(|der| DistinguishedName::from_sequence(der)).collect();
    let end = said.server.facts.iter().find_map(|fact| match fact {
        Fact::Alert { number, name, level, .. } if *level != 1 => {
            Some(CompletionEnd::Alert { number: *number, name: name.clone() })
        }
        Fact::Ended { ending, .. } => Some(CompletionEnd::Ended { ending: *ending }),
        _ => None,
    });
    let read: Vec<Certificate> = shown.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let is_named = |one: &Certificate| named.iter().any(|name| name.is_same(&one.issuer) || name.is_same(&one.subject));
    let shown = read.first().zip(read.last()).map(|(first, last)| ShownCertificate {
        subject: Name::from_escaped(&first.subject.to_string()),
        issuer: Name::from_escaped(&last.issuer.to_string()),
        is_of_named: (!named.is_empty()).then(|| read.iter().any(is_named)),
    });
    Some(Fact::Completion(Box::new(Completion {
        by: "the client".to_owned(),
        version: answer.version.clone(),
        cipher_suite: answer.cipher_suite.clone(),
        group: answer.group.clone(),
        protocol: None,
        asked: true,
        authorities: named.iter().map(|name| Name::from_escaped(&name.to_string())).collect(),
        shown,
        end: end.unwrap_or(CompletionEnd::Ended { ending: Ending::Closed }),
    })))
}
