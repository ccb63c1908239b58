use shakedown_handshake::tls::{Departure, End, Observation};
use shakedown_model::{Ending, Fact, Phase};
use shakedown_wire::tls::Alert;
use shakedown_wire::tls::number::{alert, version};

/// The fact of how an exchange ended; `None` where all was seen that was asked for, or an alert ended it.
pub(crate) fn ending(observation: &Observation, phase: Phase) -> Option<Fact> {
    Some(match observation.end.clone()? {
        End::Complete | End::Unreadable | End::Alert(_) => return None,
        End::Closed { .. } => Fact::Ended { phase, ending: Ending::Closed, received: observation.received },
        End::OtherProtocol { protocol, first_bytes } => Fact::OtherProtocol { protocol, first_bytes },
        End::Malformed { what, offset } => Fact::Malformed { phase, what, offset },
        End::LimitReached { limit } => Fact::LimitReached { phase, limit },
    })
}

/// The alerts of an exchange, warnings first.
pub(crate) fn alerts(observation: &Observation) -> Vec<Fact> {
    let phase = if observation.hello.is_none() {
        Phase::Hello
    } else if observation.flight_complete {
        Phase::ClientCertificate
    } else {
        Phase::KeyExchange
    };
    let fact = |seen: Alert, is_encrypted, after_finished| Fact::Alert {
        phase,
        level: seen.level,
        number: seen.description,
        name: alert::name(seen.description).unwrap_or("unassigned").to_owned(),
        is_encrypted,
        after_finished,
    };
    // A Finished that nobody could make is refused in some way by every server that lets a client without certificate
    // in.
    const NOT_FOR_US: [u8; 4] = [10, 20, 21, 51];
    let ordinary = |number: u8| observation.flight_complete && NOT_FOR_US.contains(&number);
    let warnings = observation.warnings.iter().map(|&warning| fact(warning, false, false));
    let last = observation
        .alert()
        .filter(|seen| !seen.after_finished || !ordinary(seen.alert.description))
        .map(|seen| fact(seen.alert, seen.is_encrypted, seen.after_finished));
    warnings.chain(last).collect()
}

/// What a departure is, in one sentence; `suite`, `group` and `scheme` give names.
pub(crate) fn departure(departure: Departure, candidates: &super::Candidates) -> Fact {
    let version_name = |number: u16| version::name(number).map_or_else(|| format!("{number:#06x}"), str::to_owned);
    let what = match departure {
        Departure::Version(number) => {
            format!("the server chose `{}`, which was not offered", version_name(number))
        }
        Departure::CipherSuite(number) => {
            format!("the server chose `{}`, which was not offered", candidates.suite_name(number))
        }
        Departure::Compression(number) => {
            format!("the server chose the compression method {number}, which was not offered")
        }
        Departure::Group(number) => {
            format!("the server chose the group `{}`, which was not offered", candidates.group_name(number))
        }
        Departure::SignatureScheme(number) => {
            format!("the server signed with `{}`, which was not offered", candidates.scheme_name(number))
        }
        Departure::Extension(number) => format!("the server sent the extension {number}, which was not asked for"),
        Departure::NeedlessRetry(number) => {
            format!("the server asked for the group `{}` again, whose share it had", candidates.group_name(number))
        }
        Departure::Downgraded(number) => format!(
            "the server's random says that it was brought down to `{}` although a higher version was offered",
            version_name(number)
        ),
        Departure::WrongFinished => "the server's Finished does not fit the handshake".to_owned(),
    };
    Fact::Departure { what }
}
