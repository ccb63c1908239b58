use std::time::Duration;

use shakedown_handshake::ssh::{Event, Server, ServerConfig};
use shakedown_model::ssh::SshOffer;
use shakedown_model::{Ending, Fact, Name};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Opening, Recorded};
use crate::stream;

/// What clients are shown.
#[derive(Clone, Debug)]
pub struct SshFront {
    /// The identification string, without line end.
    pub identification: Name,
    /// The KEXINIT.
    pub offer: SshOffer,
    /// The words of the DISCONNECT that ends the connection where both have names in common; where they have not, the
    /// client is told that.
    pub farewell: String,
}

/// The most that an identification and a KEXINIT may take, in bytes; with all known names it is below 5,000.
const LONGEST_OPENING: u64 = 1 << 16;
const BUFFER: usize = 8 * 1024;
/// Facts that are kept of one connection.
const MOST_FACTS: usize = 32;

/// Reads one client's identification and KEXINIT, tells the caller, and only then waits for the client to go.
pub(super) async fn record<F: Future<Output = ()>>(
    mut stream: TcpStream,
    front: &SshFront,
    time: Duration,
    mut recorded: Recorded,
    told: impl FnOnce(Recorded) -> F,
) {
    let begun = Instant::now();
    let deadline = begun + time;
    let mut config = ServerConfig::new(front.identification.to_bytes(), front.offer.clone(), [].into());
    config.limits.total_bytes = LONGEST_OPENING;
    config.farewell = Some(front.farewell.clone());
    let mut server = Server::new(config);
    let mut received = 0_u64;
    let mut ending = None;
    let mut buffer = vec![0; BUFFER];
    while !server.is_done() && ending.is_none() {
        ending = match stream::send_all(&mut stream, &mut || server.transmit(), deadline).await {
            Ok(()) => None,
            Err(ending) => Some(ending(begun)),
        };
        if ending.is_some() {
            break;
        }
        match stream::read(&mut stream, &mut buffer, deadline).await {
            Ok(0) => server.end_of_stream(),
            Ok(count) => {
                received += count as u64;
                server.receive(buffer.get(..count).unwrap_or_default());
            }
            Err(why) => ending = Some(why(begun)),
        }
    }
    // Where the client is gone nothing of it matters any more.
    let _ = stream::send_all(&mut stream, &mut || server.transmit(), deadline).await;
    let mut identification = None;
    let mut seen = Vec::new();
    while let Some(event) = server.next_event() {
        match event {
            Event::Identification(text) => identification = Some(text),
            Event::KexInit(offer) => recorded.opening = Some(Opening::Ssh(offer)),
            other => seen.push(other),
        }
    }
    recorded.facts = seen.iter().filter_map(Event::fact).take(MOST_FACTS).collect();
    match &mut recorded.opening {
        Some(Opening::Ssh(offer)) => {
            offer.identification = offer.identification.take().or(identification);
            // How it ended is of no interest once the offer is there.
            recorded.facts.retain(|fact| !matches!(fact, Fact::Ended { .. }));
        }
        _ => {
            recorded.facts.extend(identification.map(|text| Fact::Identification { text }));
            let silent: Option<Ending> = ending;
            recorded.facts.extend(silent.map(|ending| Fact::Ended { phase: server.phase(), ending, received }));
        }
    }
    told(recorded).await;
    // What was said last must not be lost to a reset.
    let _ = timeout_at(deadline, stream::linger(&mut stream)).await;
}
