//! An initiator that goes as far as IKE_AUTH: moves datagrams between a responder and the machine of `handshake`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use shakedown_crypto::CryptoError;
use shakedown_handshake::ike::{Config, Initiator, Observation, Received};
use shakedown_model::ConnectFailure;
use tokio::time::Instant;

use super::link::{Arrived, IKE, Link, NAT, Way};
use crate::sys;

/// How long each sending of a request waits for an answer (RFC 7296 section 2.4 leaves the times open).
const WAITS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Of the message that deletes the IKE SA, which is sent also where the time is used up.
const LAST_WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(700)];
/// Datagrams that are read for one request, whatever they are: who sends more only keeps this end busy.
const MOST_DATAGRAMS: u32 = 2_000;

/// What an attempt came to.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What the machine saw.
    pub observation: Observation,
    /// How many datagrams were sent.
    pub packets: u32,
    /// Where the last messages went.
    pub address: SocketAddr,
    /// How nothing got there, where it did not.
    pub failure: Option<ConnectFailure>,
}

/// Sets up an IKE SA and its first CHILD SA with the responder at this address, whose messages carry the non-ESP marker or
/// not, and deletes it again. `config` makes the initiator from this end's and the responder's address. It never goes on for
/// longer than the timeout, but for a second in which the IKE SA is deleted. Must be called within a tokio runtime with its
/// I/O and time drivers enabled; a future that is dropped leaves the IKE SA to the responder's own time-outs.
///
/// # Errors
/// What `config` gives cannot be computed with.
pub async fn initiate(
    (address, marked): (SocketAddr, bool),
    source: Option<IpAddr>,
    timeout: Duration,
    config: impl FnOnce([SocketAddr; 2]) -> Config,
) -> Result<Attempt, CryptoError> {
    let deadline = Instant::now() + timeout;
    let nothing = |error: &std::io::Error| Attempt {
        observation: Observation::default(),
        packets: 0,
        address,
        failure: Some(sys::connect_failure(error, source.is_some())),
    };
    let open = |port, marked| Link::open(address.ip(), Way { port, marked }, source);
    let opened = open(address.port(), marked).and_then(|link| Ok((link.own_address()?, link)));
    let (own, mut link) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(nothing(&error)),
    };
    let mut initiator = Initiator::new(config([own, address]), [own, address])?;
    let mut packets = 0;
    let mut failure = None;
    while !initiator.datagrams().is_empty() {
        // Behind a NAT, and from then on, both ends speak on the other port (RFC 7296 section 2.23).
        if initiator.is_behind_nat() && link.way.port == IKE {
            match open(NAT, true) {
                Ok(other) => link = other,
                Err(error) => failure = failure.or(Some(sys::connect_failure(&error, source.is_some()))),
            }
        }
        if let Err(error) = answer(&mut initiator, &mut link, deadline, &mut packets).await {
            failure = failure.or(error);
            initiator.give_up();
        }
    }
    Ok(Attempt { observation: initiator.finish(), packets, address: link.address, failure })
}

/// Sends what is due until it is answered. `Err` where it is not, with what the system says of that.
async fn answer(
    initiator: &mut Initiator,
    link: &mut Link,
    deadline: Instant,
    packets: &mut u32,
) -> Result<(), Option<ConnectFailure>> {
    let ending = initiator.is_ending();
    let waits = if ending { LAST_WAITS.as_slice() } else { WAITS.as_slice() };
    let mut left = MOST_DATAGRAMS;
    let mut failure = None;
    for wait in waits {
        let begun = Instant::now();
        if begun >= deadline && !ending {
            break;
        }
        for datagram in initiator.datagrams() {
            *packets += 1;
            if let Err(error) = link.send(datagram).await {
                failure = Some(sys::connect_failure(&error, false));
            }
        }
        let until = if ending { begun + *wait } else { (begun + *wait).min(deadline) };
        loop {
            match link.receive(until).await {
                Arrived::Message(bytes) => {
                    left = left.saturating_sub(1);
                    if initiator.receive(&bytes) == Received::Answer {
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
