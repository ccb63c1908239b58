//! One connection with a client's hello, carried to both Finished.

use std::net::SocketAddr;

use shakedown_handshake::tls::{ClientConfig, Departure, End, Until};
use shakedown_model::tls::TlsOffer;
use shakedown_model::{Fact, Name};
use shakedown_wire::tls::number::{alert, version};
use tokio::time::Instant;

use super::{Candidates, TlsOptions, TlsTarget, client, exchange};

/// How far a handshake came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Both Finished are there, and the server has not objected.
    Done {
        /// The version.
        version: Option<Name>,
        /// The suite.
        cipher_suite: Option<Name>,
    },
    /// Something that it takes is not computed here.
    NotCarried {
        /// What, in one sentence without a full stop.
        why: String,
    },
    /// The server's Finished is wrong.
    WrongFinished,
    /// The server refused it by an alert.
    Refused {
        /// The alert's name.
        alert: &'static str,
        /// Whether the client had sent its Finished.
        after_finished: bool,
    },
    /// The connection ended.
    Ended {
        /// How.
        fact: Fact,
        /// Whether the client had sent its Finished.
        after_finished: bool,
    },
}

/// Makes one connection to this address with the hello of this offer, and carries it through Finished. No certificate is
/// shown, and the server's is not judged.
pub async fn finish(
    target: &TlsTarget,
    address: SocketAddr,
    options: &TlsOptions,
    candidates: &Candidates,
    offer: &TlsOffer,
) -> Finished {
    let hello = client::hello(offer, target, candidates);
    let config = ClientConfig::new(hello, Until::Finished, candidates.table());
    let deadline = Instant::now() + options.timeout;
    let exchanged = exchange::run(target, address, config, deadline, deadline).await;
    let not_carried = |why: &str| Finished::NotCarried { why: why.to_owned() };
    let Some(seen) = exchanged.observation else {
        return match exchanged.failure {
            Some(fact) => Finished::Ended { fact, after_finished: false },
            None => not_carried("no connection came about"),
        };
    };
    let version = seen.version.and_then(version::name).map(Name::new);
    let cipher_suite = seen.cipher_suite.map(|number| candidates.suite_name(number));
    if seen.departures.contains(&Departure::WrongFinished) {
        return Finished::WrongFinished;
    }
    match (&seen.end, exchanged.failure) {
        (Some(End::Unreadable), _) => not_carried(seen.unread.as_deref().unwrap_or("it cannot be read")),
        (Some(End::Complete), _) if seen.finished => Finished::Done { version, cipher_suite },
        // A server of TLS 1.3 need not say anything more, and ends as it likes after a close_notify.
        (Some(End::Closed { .. }) | None, _) if seen.finished => Finished::Done { version, cipher_suite },
        (Some(End::Alert(last)), _) => Finished::Refused {
            alert: alert::name(last.alert.description).unwrap_or("unassigned"),
            after_finished: last.after_finished,
        },
        (_, Some(fact)) => Finished::Ended { fact, after_finished: seen.finished },
        (_, None) => not_carried("the server answers in a way that is not carried on here"),
    }
}
