//! What an attempt at IKE_AUTH showed: stages, failed slots, evidence.

use shakedown_crypto::ike::{AlgorithmIdentifier, auth_method};
use shakedown_handshake::ike::{Deletion, Observation, Proof, ProofCheck, Step, identification, identity_text};
use shakedown_model::ike::{Peering, Proposal};
use shakedown_model::{
    CertificateProblem, Evidence, Fact, FailedSlot, FailureKind, Item, Name, Origin, OriginKind, Outcome, Phase, Role,
    Slot, Stage, StageResult,
};
use shakedown_probe::ike::{Attempt, Candidates};
use shakedown_wire::ike::number::{identity, notify};
use shakedown_wire::ike::{Identification, TrafficSelector};
use shakedown_x509::{
    Anchors, Builder, Certificate, DistinguishedName, RevocationLists, Rules, Shown, SignatureCheck, Wanted,
};

/// What is judged with.
pub(super) struct Judging<'a> {
    /// How the initiator is set up.
    pub(super) peering: &'a Peering,
    pub(super) candidates: &'a Candidates,
    pub(super) anchors: &'a Anchors,
    pub(super) now: jiff::Timestamp,
    /// The address that the report knows the responder by.
    pub(super) place: &'a str,
    /// Whether the traffic selectors were those for documentation.
    pub(super) documentation: bool,
    /// The certificates that the initiator showed.
    pub(super) own_chain: &'a [Vec<u8>],
}

/// What is to be said of an attempt.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) evidence: Vec<Evidence>,
    pub(super) notes: Vec<String>,
    pub(super) auth: Option<StageResult>,
    pub(super) child: Option<StageResult>,
    pub(super) failed: Vec<FailedSlot>,
    pub(super) agreed_child: Vec<(Slot, Option<Name>)>,
}

impl Seen {
    /// Puts the stages of the attempt in the place of what the rules could not tell.
    pub(super) fn adopt(self, outcome: &mut Outcome) {
        let Self { auth, child, failed, agreed_child, .. } = self;
        for (stage, result) in [(Stage::Auth, auth), (Stage::ChildSa, child)] {
            let Some(result) = result else { continue };
            outcome.failed.retain(|one| one.stage != stage);
            for one in outcome.stages.iter_mut().filter(|one| one.stage == stage) {
                one.result = result.clone();
            }
        }
        outcome.failed.extend(failed);
        outcome.agreed_child = agreed_child;
    }
}

/// Reads an attempt.
pub(super) fn read(attempt: &Attempt, judging: &Judging<'_>) -> Seen {
    let mut seen = Seen::default();
    let observation = &attempt.observation;
    seen.notes = notes(attempt, judging);
    match &observation.sa_init {
        Step::Done => {}
        other => {
            let what = match other {
                Step::Refused(number) => format!("a second IKE_SA_INIT was answered with {}", name(*number)),
                Step::Stopped(why) => why.clone(),
                _ => "a second IKE_SA_INIT was not answered".to_owned(),
            };
            seen.auth = Some(undecided(format!("the same attempt again: {what}")));
            return seen;
        }
    }
    seen.auth = Some(match &observation.auth {
        Step::Done => proved(observation, judging, &mut seen),
        Step::Refused(number) => {
            seen.evidence.push(refusal(Phase::Auth, *number, judging.place));
            seen.evidence.extend(own_faults(judging));
            StageResult::Failed
        }
        Step::NoAnswer => undecided(match observation.passed.undecryptable {
            0 => "the responder's log: it gives no answer to IKE_AUTH".to_owned(),
            count => format!("the responder's log: {count} answers to IKE_AUTH cannot be decrypted"),
        }),
        Step::Stopped(why) => undecided(format!("the responder's log: {why}")),
        Step::NotReached => undecided("the responder's log of the IKE_AUTH exchange".to_owned()),
    });
    seen.child = Some(match (&seen.auth, &observation.child) {
        (Some(StageResult::Failed | StageResult::Unknown { .. }), _) => StageResult::NotReached,
        (_, Step::Done) => {
            if let Some(selected) = &observation.child_selected {
                seen.agreed_child = agreed(&judging.candidates.decode(selected, &origin(judging.place)));
            }
            StageResult::Agreed
        }
        (_, Step::Refused(number)) if judging.documentation && about_selectors(*number) => {
            let option =
                if judging.peering.local_selectors.accepted().is_some() { "--real-ts" } else { "--ts LOCAL=REMOTE" };
            undecided(format!(
                "the same check with `{option}`: a tunnel for networks of documentation was asked for, which carries \
                 nothing, and the responder answers {}, as it should for traffic that is not its own",
                name(*number)
            ))
        }
        (_, Step::Refused(number)) => {
            seen.evidence.push(refusal(Phase::ChildSa, *number, judging.place));
            StageResult::Failed
        }
        (_, Step::Stopped(why)) => undecided(format!("the responder's log: {why}")),
        _ => undecided("the responder's log of the IKE_AUTH exchange".to_owned()),
    });
    seen
}

fn about_selectors(number: u16) -> bool {
    matches!(number, notify::TS_UNACCEPTABLE | notify::SINGLE_PAIR_REQUIRED | notify::INVALID_SELECTORS)
}

pub(super) fn undecided(what_would_decide: String) -> StageResult {
    StageResult::Unknown { what_would_decide }
}

fn name(number: u16) -> String {
    notify::name(number).map_or_else(|| format!("error {number}"), str::to_owned)
}

fn origin(place: &str) -> Origin {
    let what = "IKE_AUTH response".to_owned();
    Origin::new(OriginKind::Peer { address: place.to_owned(), connection: 1, what })
}

fn refusal(phase: Phase, number: u16, place: &str) -> Evidence {
    let fact = Fact::Notify { phase, number, name: name(number), to_everything: false };
    Evidence::new(fact).by(Role::Server).at(origin(place))
}

pub(super) fn agreed(proposal: &Proposal) -> Vec<(Slot, Option<Name>)> {
    let slots = [Slot::Encryption, Slot::Integrity, Slot::Esn];
    slots.into_iter().map(|slot| (slot, proposal.list(slot).first().map(|item| item.name.clone()))).collect()
}

/// The responder took this end's proof: its own is judged.
fn proved(observation: &Observation, judging: &Judging<'_>, seen: &mut Seen) -> StageResult {
    let Some(Proof { method, check }) = &observation.proof else {
        return undecided("the responder's log: it did not prove who it is".to_owned());
    };
    let expected = judging.peering.remote.method.as_ref().map(|item| item.name.as_str());
    let family = expected.map(|text| text.split(['-', ':']).next().unwrap_or(text));
    let shown = if *method == auth_method::SHARED_KEY { "psk" } else { "pubkey" };
    let fits = match family {
        None | Some("any") => true,
        Some("rsa" | "ecdsa" | "ed25519" | "ed448") => shown == "pubkey",
        Some(family) => family == shown,
    };
    if !fits {
        let client = judging.peering.remote.method.iter().cloned().collect();
        seen.failed.push(failed(FailureKind::NothingInCommon, client, vec![Item::new(shown)]));
    }
    seen.failed.extend(wrong_identity(observation.identity.as_ref(), judging.peering));
    let mut open = None;
    match check {
        ProofCheck::SharedKey(true) => {}
        ProofCheck::SharedKey(false) => seen.failed.push(failed(FailureKind::DifferentKeys, Vec::new(), Vec::new())),
        ProofCheck::Signature { data, octets } => open = signature(*method, data, octets, observation, judging, seen),
        ProofCheck::Unchecked if fits => {
            open = Some("how the responder proves itself cannot be checked here".to_owned())
        }
        ProofCheck::Unchecked => {}
    }
    let bad_certificate = seen.evidence.iter().any(|one| matches!(one.fact, Fact::Certificate(_)));
    match open {
        _ if !seen.failed.is_empty() || bad_certificate => StageResult::Failed,
        Some(why) => undecided(format!("the responder's log: {why}")),
        None => StageResult::Agreed,
    }
}

pub(super) fn failed(kind: FailureKind, client: Vec<Item>, server: Vec<Item>) -> FailedSlot {
    FailedSlot { stage: Stage::Auth, slot: Slot::Auth, client, server, kind }
}

/// Whether the responder is whom the initiator asks for.
pub(super) fn wrong_identity(shown: Option<&Identification>, peering: &Peering) -> Option<FailedSlot> {
    let expected = peering.remote.identity.as_ref()?;
    let (wanted, shown) = (identification(expected.name.as_str())?, shown?);
    let kind = FailureKind::WrongIdentity { of: Role::Server };
    (!is_same(&wanted, shown)).then(|| failed(kind, vec![expected.clone()], vec![Item::new(text(shown).as_str())]))
}

/// Names count without their case; distinguished names as certificates compare them. The kind is only a matter of how a
/// name was written.
fn is_same(wanted: &Identification, shown: &Identification) -> bool {
    match (distinguished(wanted), distinguished(shown)) {
        (Some(wanted), Some(shown)) => wanted.is_same(&shown),
        (None, None) => wanted.data.eq_ignore_ascii_case(&shown.data),
        _ => false,
    }
}

fn distinguished(identity: &Identification) -> Option<DistinguishedName> {
    (identity.kind == identity::DISTINGUISHED_NAME).then(|| DistinguishedName::from_sequence(&identity.data)).flatten()
}

/// An identity for people.
pub(super) fn text(identity: &Identification) -> Name {
    distinguished(identity).map_or_else(|| identity_text(identity), |name| Name::new(&name.to_string()))
}

/// The responder's signature and its certificate. What stays open, where something does.
fn signature(
    method: u8,
    data: &[u8],
    octets: &[u8],
    observation: &Observation,
    judging: &Judging<'_>,
    seen: &mut Seen,
) -> Option<String> {
    let check = |certificate: &Certificate| match (method, AlgorithmIdentifier::split(data)) {
        (auth_method::DIGITAL_SIGNATURE, Some(AlgorithmIdentifier { algorithm, signature })) => {
            shakedown_x509::verify(&certificate.key, algorithm, signature, octets)
        }
        // RSA, as a rule with SHA-1 (RFC 7296 section 3.8).
        (auth_method::RSA, _) => shakedown_x509::verify(&certificate.key, RSA_SHA1, data, octets),
        _ => SignatureCheck::Unchecked { reason: format!("authentication method {method} is not checked here") },
    };
    signed((&observation.certificates, observation.identity.as_ref()), check, judging, seen)
}

/// What proves a responder that sends certificates: its signature, which is checked by its own certificate, and that
/// certificate. What stays open, where something does.
pub(super) fn signed(
    (chain, identity): (&[Vec<u8>], Option<&Identification>),
    check: impl FnOnce(&Certificate) -> SignatureCheck,
    judging: &Judging<'_>,
    seen: &mut Seen,
) -> Option<String> {
    let Some(der) = chain.first() else {
        return Some("it proves itself by a certificate that it does not send".to_owned());
    };
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => return Some(format!("its certificate cannot be read: {error}")),
    };
    let checked = check(&certificate);
    certificates(&certificate, (chain, identity), judging, seen);
    match checked {
        SignatureCheck::Verified => None,
        SignatureCheck::Wrong => {
            Some("its signature was not made with the key of the certificate that it sends".to_owned())
        }
        SignatureCheck::Unchecked { reason } => Some(reason),
    }
}

/// sha1WithRSAEncryption, RFC 3279 section 2.2.1.
const RSA_SHA1: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0];

/// The name that a certificate has to be for to prove an identity.
fn wanted(identity: &Identification) -> Option<Wanted> {
    match identity.kind {
        identity::FQDN => Wanted::parse(&String::from_utf8_lossy(&identity.data)),
        identity::IPV4 | identity::IPV6 => identity.as_address().map(Wanted::Ip),
        _ => None,
    }
}

/// What the initiator has against the responder's certificate. Purposes are those of TLS, and count for nothing here (RFC 4945
/// section 5.1.3.12 leaves them open).
fn certificates(
    certificate: &Certificate,
    (chain, own_name): (&[Vec<u8>], Option<&Identification>),
    judging: &Judging<'_>,
    seen: &mut Seen,
) {
    let wanted = own_name.and_then(wanted);
    let found = shakedown_x509::findings(&Shown {
        chain,
        by: Role::Server,
        wanted: wanted.as_ref(),
        staple: None,
        staple_asked: false,
        lists: RevocationLists::default(),
        anchors: judging.anchors,
        rules: &Rules::openssl(0),
        builder: Builder::TrustedFirst,
        now: judging.now,
    });
    let counts = |evidence: &Evidence| match &evidence.fact {
        Fact::Certificate(finding) => !matches!(finding.problem, CertificateProblem::Purpose { .. }),
        _ => true,
    };
    seen.evidence.extend(found.into_iter().filter(counts).map(|evidence| evidence.at(origin(judging.place))));
    if let Some(shown) = own_name.and_then(distinguished)
        && !shown.is_same(&certificate.subject)
    {
        let kind = FailureKind::WrongIdentity { of: Role::Server };
        let items = [certificate.subject.to_string(), shown.to_string()].map(|text| vec![Item::new(&text)]);
        let [client, server] = items;
        seen.failed.push(failed(kind, client, server));
    }
}

/// What is wrong with the certificates that were refused whatever the responder trusts: they are out of date, or for other
/// names than the identity that they are to prove (RFC 4945 section 3.1).
pub(super) fn own_faults(judging: &Judging<'_>) -> Vec<Evidence> {
    let own = judging.peering.local.identity.as_ref().and_then(|item| identification(item.name.as_str()));
    let wanted = own.as_ref().and_then(wanted);
    let found = shakedown_x509::findings(&Shown {
        chain: judging.own_chain,
        by: Role::Client,
        wanted: wanted.as_ref(),
        staple: None,
        staple_asked: false,
        lists: RevocationLists::default(),
        anchors: judging.anchors,
        rules: &Rules::openssl(0),
        builder: Builder::TrustedFirst,
        now: judging.now,
    });
    let is_one = |evidence: &Evidence| match &evidence.fact {
        Fact::Certificate(finding) => matches!(
            finding.problem,
            CertificateProblem::Expired { .. }
                | CertificateProblem::NotYetValid { .. }
                | CertificateProblem::OtherName { .. }
        ),
        _ => false,
    };
    found.into_iter().filter(is_one).collect()
}

/// What is worth knowing besides.
fn notes(attempt: &Attempt, judging: &Judging<'_>) -> Vec<String> {
    let observation = &attempt.observation;
    let mut notes = Vec::new();
    if let Some(identity) = &observation.identity {
        notes.push(format!("the responder says that it is `{}`", text(identity)));
    }
    if let Some([ours, theirs]) = &observation.selectors {
        notes.push(format!("traffic selectors that it leaves: {} === {}", selectors(ours), selectors(theirs)));
    }
    if observation.nat.is_some_and(|nat| nat.initiator || nat.responder) {
        notes.push(format!("there is a NAT on the way: the exchange went on with {}", attempt.address));
    }
    if let Some((came, total)) = observation.fragments {
        notes.push(format!("{came} of {total} fragments of its answer came: larger packets may be lost on the way"));
    }
    if observation.eap {
        notes.push("it wants the user to prove who that is, by EAP, which is not run from here".to_owned());
    }
    if observation.passed.undecryptable > 0 {
        let count = observation.passed.undecryptable;
        notes.push(format!("answers passed over that were not made with the keys of this IKE SA: {count}"));
    }
    if let Some(number) = observation.passed.unprotected {
        notes.push(format!(
            "an error without protection was passed over, which anybody on the way can send: {}",
            name(number)
        ));
    }
    if let Some(error) = &observation.passed.broken {
        notes.push(format!("an answer cannot be read: {error}"));
    }
    match observation.deletion {
        Deletion::NotDue => {}
        Deletion::Confirmed => notes.push("the IKE SA was deleted again, which the responder confirmed".to_owned()),
        Deletion::Unconfirmed => notes.push(
            "the IKE SA was deleted again; the responder did not confirm it, and may keep it until its own time-out"
                .to_owned(),
        ),
    }
    if judging.documentation && matches!(observation.child, Step::Done) {
        notes.push("the tunnel asked for was one for documentation networks: the responder takes any".to_owned());
    }
    notes
}

fn selectors(all: &[TrafficSelector]) -> String {
    let one = |selector: &TrafficSelector| match selector {
        TrafficSelector::Range { protocol: 0, ports: (0, u16::MAX), first, last } => format!("{first}-{last}"),
        TrafficSelector::Range { protocol, ports: (from, to), first, last } => {
            format!("{first}-{last}[{protocol}/{from}-{to}]")
        }
        TrafficSelector::Other { kind, .. } => format!("type {kind}"),
    };
    all.iter().take(8).map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use shakedown_model::ike::Proof as Set;
    use shakedown_model::{OutcomeResult, StageOutcome};

    use super::*;

    fn judged(peering: &Peering, observation: Observation) -> (Outcome, Seen) {
        let address: SocketAddr = "192.0.2.1:500".parse().unwrap();
        let attempt = Attempt { observation, packets: 3, address, failure: None };
        let (candidates, anchors) = (Candidates::default(), Anchors::default());
        let judging = Judging {
            peering,
            candidates: &candidates,
            anchors: &anchors,
            now: jiff::Timestamp::UNIX_EPOCH,
            place: "192.0.2.1:500",
            documentation: true,
            own_chain: &[],
        };
        let seen = read(&attempt, &judging);
        let evidence = Seen { evidence: seen.evidence.clone(), notes: seen.notes.clone(), ..Seen::default() };
        let stage = |stage| StageOutcome { stage, result: StageResult::Agreed };
        let mut outcome =
            Outcome { stages: [Stage::IkeSa, Stage::Auth, Stage::ChildSa].map(stage).to_vec(), ..Outcome::default() };
        seen.adopt(&mut outcome);
        (outcome, evidence)
    }

    fn done(check: ProofCheck) -> Observation {
        Observation {
            sa_init: Step::Done,
            auth: Step::Done,
            child: Step::Done,
            identity: identification("gw.example"),
            proof: Some(Proof { method: auth_method::SHARED_KEY, check }),
            ..Observation::default()
        }
    }

    fn expecting(identity: &str, method: &str) -> Peering {
        let remote = Set { method: Some(Item::new(method)), identity: Some(Item::new(identity)) };
        Peering { remote, ..Peering::default() }
    }

    #[test]
    fn the_responder_has_to_be_whom_the_initiator_asks_for_and_to_prove_it() {
        let right = ProofCheck::SharedKey(true);
        for (peering, check, kinds) in [
            (expecting("GW.example", "psk"), right.clone(), &[][..]),
            (expecting("%any", "any"), right.clone(), &[]),
            (expecting("other.example", "psk"), right.clone(), &[FailureKind::WrongIdentity { of: Role::Server }]),
            (expecting("gw.example", "psk"), ProofCheck::SharedKey(false), &[FailureKind::DifferentKeys]),
            (expecting("gw.example", "pubkey"), right.clone(), &[FailureKind::NothingInCommon]),
        ] {
            let (outcome, _) = judged(&peering, done(check));
            let found: Vec<FailureKind> = outcome.failed.iter().map(|failed| failed.kind.clone()).collect();
            assert_eq!(found, kinds);
            let expected = if kinds.is_empty() { OutcomeResult::Agreed } else { OutcomeResult::Failed };
            assert_eq!(outcome.result(), expected);
        }
    }

    #[test]
    fn what_cannot_be_told_is_unknown_with_what_would_decide() {
        let peering = expecting("gw.example", "psk");
        let refused = |number| Observation { child: Step::Refused(number), ..done(ProofCheck::SharedKey(true)) };
        // Of selectors that were only for documentation the refusal says nothing; of proposals it does.
        let (outcome, seen) = judged(&peering, refused(notify::TS_UNACCEPTABLE));
        assert!(outcome.result() == OutcomeResult::Unknown && seen.evidence.is_empty(), "{outcome:?}");
        let (outcome, seen) = judged(&peering, refused(notify::NO_PROPOSAL_CHOSEN));
        assert!(outcome.result() == OutcomeResult::Failed && seen.evidence.len() == 1, "{outcome:?}");
        for auth in [Step::NoAnswer, Step::Stopped("it asks for EAP".to_owned())] {
            let (outcome, seen) = judged(&peering, Observation { auth, ..done(ProofCheck::Unchecked) });
            assert!(outcome.result() == OutcomeResult::Unknown && seen.evidence.is_empty(), "{outcome:?}");
            assert_eq!(outcome.stages[2].result, StageResult::NotReached);
        }
        let (outcome, _) = judged(&peering, Observation { sa_init: Step::Refused(14), ..Observation::default() });
        assert_eq!(outcome.result(), OutcomeResult::Unknown);
    }
}
