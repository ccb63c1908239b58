use std::io;
use std::time::Duration;

use shakedown_handshake::ssh::{Event, Server, ServerConfig};
use shakedown_model::{Ending, Fact};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::Observation;

const BUFFER: usize = 8 * 1024;
/// Facts that are kept of one connection.
const LARGEST_LIST: usize = 32;

/// Serves one client until the key exchange is done, the client is gone or the time is over.
pub(super) async fn serve(
    mut stream: TcpStream,
    config: ServerConfig,
    time: Duration,
    mut observation: Observation,
) -> Observation {
    let mut server = Server::new(config);
    let begun = Instant::now();
    let deadline = begun + time;
    let mut received = 0;
    let ended = exchange(&mut stream, &mut server, deadline, &mut observation, &mut received).await;
    take_events(&mut server, &mut observation);
    if let Some(ending) = ended {
        let phase = server.phase();
        observation.facts.push(Fact::Ended { phase, ending, received });
    } else {
        // What the machine left to say, such as DISCONNECT, must not be lost to a reset: the end of our stream goes out
        // first, and what the client still sends is read away.
        let _ = timeout_at(deadline, linger(&mut stream)).await;
    }
    observation
}

/// How the connection ended before the machine was done.
async fn exchange(
    stream: &mut TcpStream,
    server: &mut Server,
    deadline: Instant,
    observation: &mut Observation,
    received: &mut u64,
) -> Option<Ending> {
    let begun = Instant::now();
    let mut buffer = vec![0; BUFFER];
    let silent = || Ending::Silent { milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX) };
    loop {
        while let Some(bytes) = server.transmit() {
            match timeout_at(deadline, stream.write_all(&bytes)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Some(Ending::Reset),
                Err(_) => return Some(silent()),
            }
        }
        take_events(server, observation);
        if server.is_done() {
            return None;
        }
        match timeout_at(deadline, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => {
                server.end_of_stream();
                return None;
            }
            Ok(Ok(count)) => {
                *received += count as u64;
                server.receive(buffer.get(..count).unwrap_or_default());
            }
            Ok(Err(_)) => return Some(Ending::Reset),
            Err(_) => return Some(silent()),
        }
    }
}

async fn linger(stream: &mut TcpStream) -> io::Result<()> {
    /// More than a client sends before it notices the end.
    const MOST: u64 = 64 * 1024;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await?;
    Ok(())
}

fn take_events(server: &mut Server, observation: &mut Observation) {
    while let Some(event) = server.next_event() {
        if let Some(fact) = event.fact().filter(|fact| !matches!(fact, Fact::Identification { .. }))
            && observation.facts.len() < LARGEST_LIST
        {
            observation.facts.push(fact);
        }
        match event {
            Event::Identification(text) => observation.identification = Some(text),
            Event::KexInit(offer) => observation.offer = Some(offer),
            Event::Negotiated(negotiated) => {
                observation.kex = Some(negotiated.kex.clone());
                observation.host_key = Some(negotiated.host_key.clone());
                observation.agreed = Some(negotiated);
            }
            Event::GexGroup { bits } => observation.group_bits = Some(bits),
            Event::ExchangeImpossible { slot, reason } => observation.refused = Some((slot, reason)),
            Event::NewKeys => observation.completed = true,
            Event::NotProtected { name } => observation.not_protected = Some(name),
            Event::LoginRefused { method } => {
                observation.logins = observation.logins.saturating_add(1);
                if observation.methods.len() < LARGEST_LIST && !observation.methods.contains(&method) {
                    observation.methods.push(method);
                }
            }
            _ => {}
        }
    }
}
