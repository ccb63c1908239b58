//! What a whole handshake adds: what the server makes of the client's certificate, and whether all that was agreed on
//! holds to the end.

use jiff::Timestamp;
use shakedown_model::{
    CertificateProblem, ClientVerdict, Completion, CompletionEnd, Ending, Evidence, Fact, FailedSlot, FailureKind,
    Item, Name, Origin, OriginKind, Outcome, Role, ShownCertificate, Slot, Stage, StageOutcome, StageResult,
};
use shakedown_probe::tls::{Answer, Completed, Identity};
use shakedown_x509::{Anchors, Builder, Certificate, DistinguishedName, RevocationLists, Rules, Shown, findings};

use super::certificates::Trust;

/// The alert certificate_expired, and those that servers send for any fault of a certificate: bad_certificate,
/// certificate_unknown, access_denied.
const MAY_BE_EXPIRED: [u8; 4] = [45, 42, 46, 49];
/// The alert certificate_revoked, and those for any fault.
const MAY_BE_REVOKED: [u8; 4] = [44, 42, 46, 49];

/// What was seen, and what is wrong with a client certificate that was refused.
pub(super) fn evidence(
    completed: &Completed,
    identity: Option<&Identity>,
    address: &str,
    trust: Trust<'_>,
    now: Timestamp,
) -> Vec<Evidence> {
    let origin = Origin::new(OriginKind::Peer {
        address: address.to_owned(),
        connection: completed.connection,
        what: "a whole handshake".to_owned(),
    });
    let chain = identity.filter(|_| completed.shown).map(Identity::chain).unwrap_or_default();
    let authorities = read(completed);
    let completion = Completion {
        by: "rustls".to_owned(),
        version: completed.version.clone(),
        cipher_suite: completed.cipher_suite.clone(),
        group: completed.group.clone(),
        protocol: completed.protocol.clone(),
        asked: completed.asked,
        authorities: self::authorities(completed),
        shown: shown(&chain, &authorities),
        end: completed.end.clone(),
    };
    let verdict = completion.client_verdict();
    let alert = completion.alert();
    let mut found =
        vec![Evidence::new(Fact::Completion(Box::new(completion))).by(Role::Server).on(completed.connection)];
    if verdict == Some(ClientVerdict::Refused) && alert.is_none_or(|number| MAY_BE_EXPIRED.contains(&number)) {
        found.extend(own_faults(&chain, now).into_iter().map(|evidence| evidence.on(completed.connection)));
    }
    if verdict == Some(ClientVerdict::Refused) && alert.is_none_or(|number| MAY_BE_REVOKED.contains(&number)) {
        found.extend(own_revocation(&chain, trust, now).into_iter().map(|evidence| evidence.on(completed.connection)));
    }
    found.into_iter().map(|evidence| evidence.at(origin.clone())).collect()
}

fn read(completed: &Completed) -> Vec<DistinguishedName> {
    completed.authorities.iter().filter_map(|der| DistinguishedName::from_sequence(der)).collect()
}

/// The authorities that the server named as it asked for a certificate.
pub(super) fn authorities(completed: &Completed) -> Vec<Name> {
    read(completed).iter().map(|name| Name::from_escaped(&name.to_string())).collect()
}

fn shown(chain: &[Vec<u8>], authorities: &[DistinguishedName]) -> Option<ShownCertificate> {
    let read: Vec<Certificate> = chain.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let (first, last) = (read.first()?, read.last()?);
    let is_named =
        |one: &Certificate| authorities.iter().any(|name| name.is_same(&one.issuer) || name.is_same(&one.subject));
    Some(ShownCertificate {
        subject: Name::from_escaped(&first.subject.to_string()),
        issuer: Name::from_escaped(&last.issuer.to_string()),
        is_of_named: (!authorities.is_empty()).then(|| read.iter().any(is_named)),
    })
}

/// What any server would have against the certificate, whomever it trusts: its dates and what it is for.
fn own_faults(chain: &[Vec<u8>], now: Timestamp) -> Vec<Evidence> {
    let all = findings(&Shown {
        chain,
        by: Role::Client,
        wanted: None,
        staple: None,
        staple_asked: false,
        lists: RevocationLists::default(),
        anchors: &Anchors::from_pem(b"").0,
        rules: &Rules::openssl(1),
        builder: Builder::TrustedFirst,
        now,
    });
    let counts = |evidence: &Evidence| match &evidence.fact {
        Fact::Certificate(finding) => matches!(
            finding.problem,
            CertificateProblem::Expired { .. }
                | CertificateProblem::NotYetValid { .. }
                | CertificateProblem::Purpose { .. }
        ),
        _ => false,
    };
    all.into_iter().filter(counts).collect()
}

/// Whether the lists of `--crl` call the certificate revoked.
fn own_revocation(chain: &[Vec<u8>], trust: Trust<'_>, now: Timestamp) -> Vec<Evidence> {
    let all = findings(&Shown {
        chain,
        by: Role::Client,
        wanted: None,
        staple: None,
        staple_asked: false,
        lists: RevocationLists { lists: trust.lists, whole_path: true, demanded: false },
        anchors: trust.anchors,
        rules: &Rules::openssl(0),
        builder: Builder::TrustedFirst,
        now,
    });
    let is_revoked = |evidence: &Evidence| matches!(&evidence.fact, Fact::Certificate(finding) if matches!(finding.problem, CertificateProblem::Revoked { .. }));
    all.into_iter().filter(is_revoked).collect()
}

/// What it says of a client that was answered like this. A client of another version is another matter.
pub(super) fn apply(outcome: &mut Outcome, answer: &Answer, completed: &Completed) {
    if answer.version != completed.offered
        || outcome.failed.iter().any(|failed| failed.stage != Stage::ClientCertificate)
    {
        return;
    }
    if !completed.asked {
        if contradicts(completed) {
            let what_would_decide =
                "the client itself: its hello is answered, and a whole handshake does not come to its end";
            let unknown = StageResult::Unknown { what_would_decide: what_would_decide.to_owned() };
            set(outcome, Stage::KeyExchange, unknown);
        }
        return;
    }
    outcome.failed.retain(|failed| failed.stage != Stage::ClientCertificate);
    let result = match completed.client_verdict() {
        ClientVerdict::Accepted => StageResult::Agreed,
        ClientVerdict::Refused => {
            outcome.failed.push(refused(completed));
            StageResult::Failed
        }
        ClientVerdict::Unknown => StageResult::Unknown { what_would_decide: would_decide(completed).to_owned() },
    };
    set(outcome, Stage::ClientCertificate, result);
}

fn set(outcome: &mut Outcome, stage: Stage, result: StageResult) {
    match outcome.stages.iter_mut().find(|one| one.stage == stage) {
        Some(one) => one.result = result,
        None => outcome.stages.push(StageOutcome { stage, result }),
    }
}

fn refused(completed: &Completed) -> FailedSlot {
    let (client, kind) = if completed.shown {
        let what = "it refuses the client's certificate".to_owned();
        let item = Item { name: Name::new("the client's certificate"), origin: None };
        (vec![item], FailureKind::Deviation { by: Role::Server, what })
    } else {
        (Vec::new(), FailureKind::NothingOffered { by: Role::Client })
    };
    FailedSlot { stage: Stage::ClientCertificate, slot: Slot::Certificate, client, server: Vec::new(), kind }
}

fn would_decide(completed: &Completed) -> &'static str {
    match &completed.end {
        CompletionEnd::Answered { .. } => {
            "the web server's log: its answer may be about the client's certificate or about the page"
        }
        CompletionEnd::Quiet { .. } => {
            "the application's first answer: the server has not said what it makes of the client's certificate"
        }
        _ => "the server's log: it ended the handshake without saying why",
    }
}

/// Whether it ended otherwise than the answer to the client's hello lets expect.
fn contradicts(completed: &Completed) -> bool {
    !completed.asked && matches!(completed.end, CompletionEnd::Alert { .. } | CompletionEnd::Ended { .. })
}

/// What is said where the second opinion differs, and where it adds nothing.
pub(super) fn notes(completed: &Completed, answer: Option<&Answer>, showing: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let end = match &completed.end {
        CompletionEnd::Alert { name, number } => Some(format!("it ended by the alert `{name}` ({number})")),
        CompletionEnd::Ended { ending: Ending::Closed } => Some("the server closed the connection in it".to_owned()),
        CompletionEnd::Ended { ending: Ending::Reset } => Some("it ended in a reset".to_owned()),
        CompletionEnd::Ended { ending: Ending::Silent { .. } } => Some("the server fell silent in it".to_owned()),
        CompletionEnd::Stopped { what } => Some(format!("rustls gave up: {}", what.replace('`', "'"))),
        _ => None,
    };
    let stopped = matches!(completed.end, CompletionEnd::Stopped { .. });
    if let (Some(end), true) = (end, contradicts(completed) || stopped) {
        notes.push(format!(
            "contradiction: the hello is answered as the rules say, and a whole handshake by rustls does not come to its \
             end: {end}"
        ));
    }
    let differs = answer.is_some_and(|answer| {
        answer.version == completed.version
            && !answer.chain.is_empty()
            && !completed.chain.is_empty()
            && answer.chain.first() != completed.chain.first()
            && answer.cipher_suite == completed.cipher_suite
    });
    if differs {
        notes.push(
            "contradiction: a whole handshake by rustls was shown another certificate than the hello before".to_owned(),
        );
    }
    if showing && !completed.asked && completed.end == CompletionEnd::Complete {
        let text = "the server asks for no client certificate in the handshake: that of `--cert` was not shown (a web server \
                    may ask later, for some of its pages)";
        notes.push(text.to_owned());
    }
    if completed.shown && completed.client_verdict() == ClientVerdict::Accepted {
        notes.push("the server lets a client with the certificate of `--cert` in".to_owned());
    }
    if showing && completed.asked && !completed.shown {
        notes.push(
            "the server asks for a client certificate, and accepts no signature that the key of `--key` can make"
                .to_owned(),
        );
    }
    notes
}
