//! An initiator that goes as far as IKE_AUTH or quick mode: moves datagrams between a responder and the machine of
//! `handshake`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use shakedown_crypto::CryptoError;
use shakedown_handshake::ike::{Config, Initiator, Machine, Observation, Patience, Received, version1};
use shakedown_model::ConnectFailure;
use tokio::time::Instant;

use super::link::{Arrived, IKE, Link, NAT, Way, first};
use crate::sys;

/// How long each sending of a request waits for an answer (RFC 7296 section 2.4 leaves the times open).
const WAITS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Of the message that deletes the IKE SA, which is sent also where the time is used up.
const LAST_WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(700)];
/// After messages of IKEv1 that have no answer: they are sent twice where they end something, for the one may be lost.
const UNANSWERED: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(150)];
/// Datagrams that are read for one request, whatever they are: who sends more only keeps this end busy.
const MOST_DATAGRAMS: u32 = 2_000;

/// Where a responder answers, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// Its address and port.
    pub address: SocketAddr,
    /// Whether messages carry the non-ESP marker there.
    pub marked: bool,
    /// Whether they go over TCP.
    pub tcp: bool,
}

/// What an attempt came to.
#[derive(Clone, Debug)]
pub struct Attempt<O = Observation> {
    /// What the machine saw.
    pub observation: O,
    /// How many datagrams were sent.
    pub packets: u32,
    /// Where the last messages went.
    pub address: SocketAddr,
    /// How nothing got there, where it did not.
    pub failure: Option<ConnectFailure>,
}

/// Sets up an IKE SA and its first CHILD SA with the responder that answers there, and deletes it again. `config` makes the initiator from this end's and the responder's address. It never goes on for
/// longer than the timeout, but for a second in which the IKE SA is deleted. Must be called within a tokio runtime with its
/// I/O and time drivers enabled; a future that is dropped leaves the IKE SA to the responder's own time-outs.
///
/// # Errors
/// What `config` gives cannot be computed with.
pub async fn initiate(
    at: Answering,
    source: Option<IpAddr>,
    timeout: Duration,
    config: impl FnOnce([SocketAddr; 2]) -> Config,
) -> Result<Attempt, CryptoError> {
    let make = |addresses| Initiator::new(config(addresses), addresses);
    run(at, source, timeout, make, Initiator::finish).await
}

/// The same for IKEv1: main mode with a pre-shared key and quick mode, or of aggressive mode the first two messages.
///
/// # Errors
/// What `config` gives cannot be computed with.
pub async fn initiate_version_1(
    at: Answering,
    source: Option<IpAddr>,
    timeout: Duration,
    config: impl FnOnce([SocketAddr; 2]) -> version1::Config,
) -> Result<Attempt<version1::Observation>, CryptoError> {
    let make = |addresses| version1::Initiator::new(config(addresses), addresses);
    run(at, source, timeout, make, version1::Initiator::finish).await
}

async fn run<M: Machine, O: Default>(
    Answering { address, marked, tcp }: Answering,
    source: Option<IpAddr>,
    timeout: Duration,
    make: impl FnOnce([SocketAddr; 2]) -> Result<M, CryptoError>,
    finish: impl FnOnce(M) -> O,
) -> Result<Attempt<O>, CryptoError> {
    let deadline = Instant::now() + timeout;
    let open = |port, marked| Link::open(address.ip(), Way { port, marked, stream: tcp }, source);
    let opened = match open(address.port(), marked) {
        Ok(mut link) => link.own_address().await.map(|own| (own, link)),
        Err(error) => Err(error),
    };
    let (own, link) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let failure = Some(sys::connect_failure(&error, source.is_some()));
            return Ok(Attempt { observation: O::default(), packets: 0, address, failure });
        }
    };
    let mut machine = make([own, address])?;
    // The one in use last. A responder that cannot read what came on the second port answers from and to the first.
    let mut links = vec![link];
    let mut packets = 0;
    let mut failure = None;
    while !machine.datagrams().is_empty() {
        // Behind a NAT, and from then on, both ends speak on the other port (RFC 7296 section 2.23, RFC 3947 section 4).
        if machine.is_behind_nat() && links.last().is_some_and(|link| link.way.port == IKE) {
            match open(NAT, true) {
                Ok(other) => links.push(other),
                Err(error) => failure = failure.or(Some(sys::connect_failure(&error, source.is_some()))),
            }
        }
        if let Err(error) = answer(&mut machine, &mut links, deadline, &mut packets).await {
            failure = failure.or(error);
            machine.give_up();
        }
    }
    let address = links.last().map_or(address, |link| link.address);
    Ok(Attempt { observation: finish(machine), packets, address, failure })
}

/// Sends what is due until it is answered. `Err` where it is not, with what the system says of that.
async fn answer(
    machine: &mut impl Machine,
    links: &mut [Link],
    deadline: Instant,
    packets: &mut u32,
) -> Result<(), Option<ConnectFailure>> {
    let ending = machine.is_ending();
    let waits = match (machine.patience(), ending) {
        (Patience::NoAnswer, true) => UNANSWERED.as_slice(),
        (Patience::NoAnswer, false) => UNANSWERED.get(..1).unwrap_or_default(),
        (Patience::Usual, true) => LAST_WAITS.as_slice(),
        (Patience::Usual, false) => WAITS.as_slice(),
    };
    let mut left = MOST_DATAGRAMS;
    let mut failure = None;
    for (turn, wait) in waits.iter().enumerate() {
        let begun = Instant::now();
        // What nothing vouches for is believed once the question was repeated.
        if begun >= deadline && !ending || turn > 1 && machine.is_doubtful() {
            break;
        }
        // Over TCP nothing is lost on the way.
        let repeated = turn > 0 && links.last().is_some_and(|link| link.way.stream);
        for datagram in machine.datagrams().iter().filter(|_| !repeated) {
            *packets += 1;
            if let Some(link) = links.last_mut()
                && let Err(error) = link.send(datagram).await
            {
                failure = Some(sys::connect_failure(&error, false));
            }
        }
        let until = if ending { begun + *wait } else { (begun + *wait).min(deadline) };
        loop {
            let live = vec![true; links.len()];
            let Some((_, arrived)) = first(links, &live, until).await else { break };
            match arrived {
                Arrived::Message(bytes) => {
                    left = left.saturating_sub(1);
                    if machine.receive(&bytes) == Received::Answer {
                        return Ok(());
                    }
                }
                Arrived::Other => left = left.saturating_sub(1),
                // ICMP can be forged, and the responder may begin to answer: it only ends this wait.
                Arrived::Failed(error) => {
                    failure = Some(sys::connect_failure(&error, false));
                    break;
                }
                Arrived::Nothing => break,
            }
            if left == 0 {
                return Err(failure);
            }
        }
    }
    Err(failure)
}
