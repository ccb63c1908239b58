//! What an attempt at IKEv1's main mode and quick mode showed: stages, failed slots, evidence.

use shakedown_handshake::ike::version1::{Observation, PhaseTwo};
use shakedown_handshake::ike::{Deletion, Step};
use shakedown_model::{Evidence, Fact, FailureKind, Origin, OriginKind, Phase, Role, StageResult};
use shakedown_probe::ike::Attempt;
use shakedown_wire::ike::Identification;
use shakedown_wire::ike::number::{identity_v1, notification};

use shakedown_x509::Certificate;

use super::ike_seen::{Judging, Seen, agreed, failed, own_faults, signed, text, undecided, wrong_identity};

/// Reads an attempt.
pub(super) fn read(attempt: &Attempt<Observation>, judging: &Judging<'_>) -> Seen {
    let mut seen = Seen { notes: notes(attempt, judging), ..Seen::default() };
    let observation = &attempt.observation;
    match &observation.proposal {
        Step::Done => {}
        other => {
            let what = match other {
                Step::Refused(number) => format!("it was answered with {}", name(*number)),
                Step::Stopped(why) => why.clone(),
                _ => "it was not answered".to_owned(),
            };
            seen.auth = Some(undecided(format!("the first message once more: {what}")));
            return seen;
        }
    }
    seen.auth = Some(auth(observation, judging, &mut seen));
    seen.child = Some(match (&seen.auth, &observation.child) {
        (Some(StageResult::Failed | StageResult::Unknown { .. }), _) => StageResult::NotReached,
        (_, Step::Done) => {
            if let Some(PhaseTwo { protocol, suite, .. }) = &observation.child_selected {
                let selected = judging.candidates.of_phase_2(*protocol, suite, &origin(judging.place));
                seen.agreed_child = agreed(&selected);
            }
            StageResult::Agreed
        }
        (_, Step::Refused(notification::INVALID_ID_INFORMATION)) if judging.documentation => {
            let option =
                if judging.peering.local_selectors.accepted().is_some() { "--real-ts" } else { "--ts LOCAL=REMOTE" };
            undecided(format!(
                "the same check with `{option}`: a tunnel for networks of documentation was asked for, which carries \
                 nothing, and the responder answers {}, as it should for traffic that is not its own",
                name(notification::INVALID_ID_INFORMATION)
            ))
        }
        (_, Step::Refused(number)) => {
            seen.evidence.push(refusal(Phase::ChildSa, *number, judging.place));
            StageResult::Failed
        }
        (_, Step::Stopped(why)) => undecided(format!("the responder's log: {why}")),
        (_, Step::NoAnswer) if observation.transaction => undecided(
            "the responder's log: it asks for a user's name and password, or hands out configuration, before quick mode \
             (XAUTH, mode configuration), which is not done from here"
                .to_owned(),
        ),
        (_, Step::NoAnswer) => undecided(match observation.passed.unprotected {
            Some(number) => {
                format!("the responder's log: to quick mode it answers only {}, without protection", name(number))
            }
            None => "the responder's log: it gives no answer to quick mode".to_owned(),
        }),
        _ => undecided("the responder's log of quick mode".to_owned()),
    });
    seen
}

/// What the exchanges came to that prove who the ends are.
fn auth(observation: &Observation, judging: &Judging<'_>, seen: &mut Seen) -> StageResult {
    match (&observation.key_exchange, &observation.auth) {
        (Step::Refused(number), _) => {
            seen.evidence.push(refusal(Phase::Auth, *number, judging.place));
            StageResult::Failed
        }
        (Step::NoAnswer, _) => undecided("the responder's log: it gives no answer to the key exchange".to_owned()),
        (Step::Stopped(why), _) => undecided(format!("the responder's log: {why}")),
        (_, Step::Done) if observation.same_key == Some(false) => {
            seen.failed.push(failed(FailureKind::DifferentKeys, Vec::new(), Vec::new()));
            StageResult::Failed
        }
        (_, Step::Done) => {
            seen.failed.extend(wrong_identity(observation.identity.as_ref(), judging.peering));
            let open = observation.signature.as_ref().and_then(|one| signature(one, observation, judging, seen));
            let bad_certificate = seen.evidence.iter().any(|one| matches!(one.fact, Fact::Certificate(_)));
            match open {
                _ if !seen.failed.is_empty() || bad_certificate => StageResult::Failed,
                Some(why) => undecided(format!("the responder's log: {why}")),
                None => StageResult::Agreed,
            }
        }
        (_, Step::Refused(number)) => {
            seen.evidence.push(refusal(Phase::Auth, *number, judging.place));
            seen.evidence.extend(own_faults(judging));
            StageResult::Failed
        }
        // Both computed the same secret; what its keys are made of besides is the pre-shared key.
        (_, Step::NoAnswer) if observation.other_keys > 0 && judging.own_chain.is_empty() => {
            seen.failed.push(failed(FailureKind::DifferentKeys, Vec::new(), Vec::new()));
            StageResult::Failed
        }
        (_, Step::NoAnswer) => {
            let fact = match observation.passed.unprotected {
                Some(number) if about_keys(number) => refusal(Phase::Auth, number, judging.place),
                _ => {
                    let fact = Fact::Unanswered { phase: Phase::Auth };
                    Evidence::new(fact).by(Role::Server).at(origin(judging.place))
                }
            };
            seen.evidence.push(fact);
            undecided(
                "the responder's log: it does not say, in a way that could be checked, what it has against the fifth \
                       message of main mode"
                    .to_owned(),
            )
        }
        (_, Step::Stopped(why)) => undecided(format!("the responder's log: {why}")),
        (_, Step::NotReached) => undecided("`--may-disturb-live-tunnel`, which goes on with main mode".to_owned()),
    }
}

/// The responder's signature and its certificate. What stays open, where something does.
fn signature(
    [signature, hash]: &[Vec<u8>; 2],
    observation: &Observation,
    judging: &Judging<'_>,
    seen: &mut Seen,
) -> Option<String> {
    let check = |certificate: &Certificate| shakedown_x509::verify_bare(&certificate.key, signature, hash);
    signed((&observation.certificates, observation.identity.as_ref()), check, judging, seen)
}

/// Errors by which responders say, without protection, that they cannot make sense of what was encrypted.
fn about_keys(number: u16) -> bool {
    matches!(
        number,
        notification::PAYLOAD_MALFORMED
            | notification::INVALID_KEY_INFORMATION
            | notification::INVALID_HASH_INFORMATION
    )
}

pub(super) fn name(number: u16) -> String {
    notification::name(number).map_or_else(|| format!("error {number}"), str::to_owned)
}

fn origin(place: &str) -> Origin {
    let what = "answer of IKEv1".to_owned();
    Origin::new(OriginKind::Peer { address: place.to_owned(), connection: 1, what })
}

fn refusal(phase: Phase, number: u16, place: &str) -> Evidence {
    let fact = Fact::Notify { phase, number, name: name(number), to_everything: false };
    Evidence::new(fact).by(Role::Server).at(origin(place))
}

/// What is worth knowing besides.
fn notes(attempt: &Attempt<Observation>, judging: &Judging<'_>) -> Vec<String> {
    let observation = &attempt.observation;
    let mut notes = Vec::new();
    if let Some(identity) = &observation.identity {
        notes.push(format!("the responder says that it is `{}`", text(identity)));
    }
    if observation.same_key == Some(true) {
        notes.push("the responder knows the pre-shared key".to_owned());
    }
    if let Some(PhaseTwo { traffic: Some([ours, theirs]), .. }) = &observation.child_selected {
        notes.push(format!("traffic of the tunnel: {} === {}", traffic(ours), traffic(theirs)));
    }
    if observation.nat.is_some_and(|nat| nat.initiator || nat.responder) {
        notes.push(format!("there is a NAT on the way: the exchange went on with {}", attempt.address));
    }
    if observation.transaction {
        notes.push(
            "it asks for a user's name and password, or hands out configuration (XAUTH, mode configuration)".to_owned(),
        );
    }
    if observation.other_keys > 0 {
        let count = observation.other_keys;
        notes.push(format!("encrypted answers that were not made with keys of this pre-shared key: {count}"));
    }
    if let Some(number) = observation.passed.unprotected {
        notes.push(format!("an error without protection, which anybody on the way can send: {}", name(number)));
    }
    if let Some(error) = &observation.passed.broken {
        notes.push(format!("an answer cannot be read: {error}"));
    }
    if observation.deletion != Deletion::NotDue {
        let what = match observation.key_exchange {
            Step::Done if matches!(observation.auth, Step::NoAnswer) => {
                "it was deleted again; a responder with another pre-shared key cannot read that, and keeps the half-open SA until \
                 its own time-out"
            }
            Step::Done => "what was set up was deleted again, which IKEv1 does not confirm",
            _ => {
                "the responder was told that nothing comes of it, and may keep the half-open SA until its own time-out"
            }
        };
        notes.push(what.to_owned());
    }
    if judging.documentation && matches!(observation.child, Step::Done) {
        notes.push("the tunnel asked for was one for documentation networks: the responder takes any".to_owned());
    }
    notes
}

/// Traffic of one end, for people.
fn traffic(one: &Identification) -> String {
    let half = one.data.len() / 2;
    let address = |bytes: &[u8]| -> Option<std::net::IpAddr> {
        let of = |bytes: &[u8; 4]| std::net::IpAddr::from(*bytes);
        match bytes.len() {
            4 => bytes.first_chunk::<4>().map(of),
            _ => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
        }
    };
    let both =
        one.data.split_at_checked(half).and_then(|(first, second)| Some((address(first)?, address(second)?, second)));
    match (one.kind, both) {
        (identity_v1::IPV4_SUBNET | identity_v1::IPV6_SUBNET, Some((first, _, mask))) => {
            format!("{first}/{}", mask.iter().map(|byte| byte.count_ones()).sum::<u32>())
        }
        (identity_v1::IPV4_RANGE | identity_v1::IPV6_RANGE, Some((first, last, _))) => format!("{first}-{last}"),
        _ => text(one).to_string(),
    }
}
