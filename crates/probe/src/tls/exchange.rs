use std::net::SocketAddr;

use shakedown_handshake::tls::{Client, ClientConfig, Observation};
use shakedown_model::{ConnectFailure, Ending, Fact, Name, Phase, StrangeProtocol};
use tokio::time::{Instant, timeout_at};

use super::facts;
use super::{Proxy, TlsTarget};
use crate::StartTls;
use crate::session::milliseconds;
use crate::starttls::{Buffer, Dialogue, HttpConnect, Refusal, Socks5, Step, Tds};
use crate::stream::Stream;
use crate::sys::{self, is_reset};

const BUFFER: usize = 16 * 1024;

/// What one connection came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// What the server answered; `None` where no hello was sent.
    pub(crate) observation: Option<Observation>,
    /// What ended the connection before its time, or stood before TLS.
    pub(crate) failure: Option<Fact>,
    /// Whether the failure is the proxy's.
    pub(crate) at_proxy: bool,
    /// How long connecting took.
    pub(crate) connect_milliseconds: u64,
    /// How long the server was silent at the end.
    pub(crate) phase: Option<Phase>,
}

/// One connection with one hello.
pub(crate) async fn run(
    target: &TlsTarget,
    address: SocketAddr,
    config: ClientConfig,
    connect_deadline: Instant,
    deadline: Instant,
) -> Exchanged {
    let begun = Instant::now();
    let mut exchanged = Exchanged::default();
    let stream = match timeout_at(connect_deadline, sys::connect(address, target.source)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            let failure = sys::connect_failure(&error, target.source.is_some());
            exchanged.failure = Some(Fact::NotConnected { address, failure });
            exchanged.at_proxy = target.proxy.is_some();
            return exchanged;
        }
        Err(_) => {
            exchanged.failure = Some(Fact::NotConnected { address, failure: ConnectFailure::TimedOut });
            exchanged.at_proxy = target.proxy.is_some();
            return exchanged;
        }
    };
    exchanged.connect_milliseconds = milliseconds(begun.elapsed());
    let mut line = Line { stream: Stream::Tcp(stream), tds: None, begun, last_byte: None, received: 0, deadline };
    if let Some(proxy) = &target.proxy {
        let mut dialogue: Box<dyn Dialogue> = match proxy {
            Proxy::Http { .. } => Box::new(HttpConnect::new(&target.host, target.port)),
            Proxy::Socks5 { .. } => Box::new(Socks5::new(&target.host, target.port)),
        };
        if let Err(fact) = line.talk(dialogue.as_mut(), None).await {
            exchanged.failure = Some(fact);
            exchanged.at_proxy = true;
            line.stream.abandon();
            return exchanged;
        }
    }
    let mut early = Vec::new();
    if let Some(start) = target.start {
        match line.talk(start.dialogue(&target.host).as_mut(), Some(start)).await {
            Ok(rest) => early = rest,
            Err(fact) => {
                exchanged.failure = Some(fact);
                line.stream.abandon();
                return exchanged;
            }
        }
        if start == StartTls::Mssql {
            line.tds = Some(Tds::default());
        }
    }
    match Client::new(config) {
        Ok(client) => line.exchange(client, early, &mut exchanged).await,
        Err(error) => {
            let what = error.to_string();
            exchanged.failure = Some(Fact::Malformed { phase: Phase::Hello, what, offset: 0 });
        }
    }
    line.stream.abandon();
    exchanged
}

/// A connection with what is known of its pace.
struct Line {
    stream: Stream,
    tds: Option<Tds>,
    begun: Instant,
    last_byte: Option<Instant>,
    received: u64,
    deadline: Instant,
}

/// What a read brought.
enum Read {
    Bytes(Vec<u8>),
    End,
    Reset,
    OutOfTime,
}

impl Line {
    async fn read(&mut self, buffer: &mut [u8]) -> Read {
        if Instant::now() >= self.deadline {
            return Read::OutOfTime;
        }
        let count = match timeout_at(self.deadline, self.stream.read(buffer)).await {
            Ok(Ok(0)) => return Read::End,
            Ok(Ok(count)) => count,
            Ok(Err(error)) if is_reset(&error) => return Read::Reset,
            Ok(Err(_)) => return Read::End,
            Err(_) => return Read::OutOfTime,
        };
        self.received += count as u64;
        self.last_byte = Some(Instant::now());
        // A peer that sends without end must not keep others, or the deadline, from their turn.
        tokio::task::yield_now().await;
        Read::Bytes(buffer.get(..count).unwrap_or_default().to_vec())
    }

    /// What the peer sent before it closed can still be read: a write that fails is no end.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        timeout_at(self.deadline, self.stream.write(bytes)).await.is_ok()
    }

    /// Carries on a dialogue until TLS begins; what came after it belongs to TLS.
    async fn talk(&mut self, dialogue: &mut dyn Dialogue, start: Option<StartTls>) -> Result<Vec<u8>, Fact> {
        let phase = Phase::Connect;
        let mut received = Buffer::default();
        let mut buffer = vec![0; BUFFER];
        loop {
            match dialogue.step(&mut received) {
                Step::Send(bytes) => {
                    if !self.write(&bytes).await {
                        return Err(self.out_of_time(phase));
                    }
                }
                Step::Begin => return Ok(received.rest()),
                Step::Refused(refusal) => return Err(refused(refusal, start)),
                Step::Wait => match self.read(&mut buffer).await {
                    Read::Bytes(bytes) => {
                        received.push(&bytes);
                        if received.is_overfull() {
                            let limit = format!("{} bytes before TLS", crate::starttls::MOST);
                            return Err(Fact::LimitReached { phase, limit });
                        }
                    }
                    Read::End => return Err(Fact::Ended { phase, ending: Ending::Closed, received: self.received }),
                    Read::Reset => return Err(Fact::Ended { phase, ending: Ending::Reset, received: self.received }),
                    Read::OutOfTime => return Err(self.out_of_time(phase)),
                },
            }
        }
    }

    async fn exchange(&mut self, mut client: Client, early: Vec<u8>, exchanged: &mut Exchanged) {
        let mut buffer = vec![0; BUFFER];
        self.received = 0;
        self.last_byte = None;
        if !early.is_empty() {
            client.receive(&early);
        }
        let failure = loop {
            let mut in_time = true;
            while let Some(bytes) = client.transmit() {
                let bytes = if self.tds.is_some() { Tds::wrap(&bytes) } else { bytes };
                in_time &= self.write(&bytes).await;
            }
            if client.is_done() {
                break None;
            }
            if !in_time {
                break Some(self.out_of_time(client.phase()));
            }
            match self.read(&mut buffer).await {
                Read::Bytes(bytes) => match &mut self.tds {
                    Some(tds) => {
                        let bytes = tds.unwrap(&bytes);
                        client.receive(&bytes);
                    }
                    None => client.receive(&bytes),
                },
                Read::End => client.end_of_stream(),
                Read::Reset => {
                    let phase = client.phase();
                    break Some(Fact::Ended { phase, ending: Ending::Reset, received: self.received });
                }
                Read::OutOfTime => break Some(self.out_of_time(client.phase())),
            }
        };
        let phase = client.phase();
        exchanged.phase = Some(phase);
        let observation = client.into_observation();
        exchanged.failure = failure.or_else(|| facts::ending(&observation, phase));
        exchanged.observation = Some(observation);
    }

    /// Nothing came for a good part of the time: silence. Else the peer was at it, only too slowly.
    fn out_of_time(&self, phase: Phase) -> Fact {
        let now = Instant::now();
        let given = now - self.begun;
        let quiet = now - self.last_byte.unwrap_or(self.begun);
        if self.last_byte.is_none() || quiet > given / 4 {
            let ending = Ending::Silent { milliseconds: milliseconds(quiet) };
            return Fact::Ended { phase, ending, received: self.received };
        }
        Fact::TooSlow { phase, received: self.received, milliseconds: milliseconds(given) }
    }
}

fn refused(refusal: Refusal, start: Option<StartTls>) -> Fact {
    let Some(start) = start else {
        return match refusal {
            Refusal::NotOffered(text) | Refusal::Refused(text) => Fact::ProxyRefused { text },
            Refusal::OtherProtocol(bytes) => Fact::ProxyRefused { text: Name::from_bytes(&first(&bytes)) },
        };
    };
    match refusal {
        Refusal::NotOffered(text) => Fact::NoStartTls { protocol: start.phrase().to_owned(), is_offered: false, text },
        Refusal::Refused(text) => Fact::NoStartTls { protocol: start.phrase().to_owned(), is_offered: true, text },
        Refusal::OtherProtocol(bytes) => {
            let (protocol, first_bytes) = shakedown_handshake::tls::other_protocol(&bytes)
                .unwrap_or_else(|| (StrangeProtocol::Unknown, Name::from_bytes(&first(&bytes))));
            Fact::OtherProtocol { protocol, first_bytes }
        }
    }
}

fn first(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().take(64).copied().collect()
}
