//! A connection up to the point where TLS begins: through a proxy and whatever is spoken before.

use std::net::SocketAddr;

use shakedown_model::tls::StartTls;
use shakedown_model::{ConnectFailure, Ending, Fact, Name, Phase, StrangeProtocol};
use tokio::time::{Instant, timeout_at};

use super::{Proxy, TlsTarget};
use crate::session::milliseconds;
use crate::starttls::{Buffer, Dialogue, HttpConnect, Refusal, Socks5, Step, Tds, dialogue};
use crate::stream::Stream;
use crate::sys::{self, is_reset};

const BUFFER: usize = 16 * 1024;

/// Why TLS could not begin.
pub(super) struct NotBegun {
    pub(super) fact: Fact,
    /// Whether it is the proxy's doing.
    pub(super) at_proxy: bool,
    /// How long connecting took, where a connection came about.
    pub(super) connect_milliseconds: u64,
}

/// A connection with what is known of its pace.
pub(super) struct Line {
    pub(super) stream: Stream,
    /// Where the handshake travels in packets of TDS.
    tds: Option<Tds>,
    /// What the peer sent already that belongs to TLS.
    early: Vec<u8>,
    begun: Instant,
    last_byte: Option<Instant>,
    /// Bytes received since TLS began.
    pub(super) received: u64,
    deadline: Instant,
    /// How long connecting took.
    pub(super) connect_milliseconds: u64,
}

/// What a read brought.
pub(super) enum Read {
    Bytes(Vec<u8>),
    End,
    Reset,
    OutOfTime,
}

impl Line {
    /// Connects, and speaks what comes before TLS.
    pub(super) async fn open(
        target: &TlsTarget,
        address: SocketAddr,
        connect_deadline: Instant,
        deadline: Instant,
    ) -> Result<Self, NotBegun> {
        let begun = Instant::now();
        let not_connected = |failure| NotBegun {
            fact: Fact::NotConnected { address, failure },
            at_proxy: target.proxy.is_some(),
            connect_milliseconds: 0,
        };
        let stream = match timeout_at(connect_deadline, sys::connect(address, target.source)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(not_connected(sys::connect_failure(&error, target.source.is_some()))),
            Err(_) => return Err(not_connected(ConnectFailure::TimedOut)),
        };
        let connect_milliseconds = milliseconds(begun.elapsed());
        let mut line = Self {
            stream: Stream::Tcp(stream),
            tds: None,
            early: Vec::new(),
            begun,
            last_byte: None,
            received: 0,
            deadline,
            connect_milliseconds,
        };
        if let Some(proxy) = &target.proxy {
            let mut dialogue: Box<dyn Dialogue> = match proxy {
                Proxy::Http { .. } => Box::new(HttpConnect::new(&target.host, target.port)),
                Proxy::Socks5 { .. } => Box::new(Socks5::new(&target.host, target.port)),
            };
            if let Err(fact) = line.talk(dialogue.as_mut(), None).await {
                line.stream.abandon();
                return Err(NotBegun { fact, at_proxy: true, connect_milliseconds });
            }
        }
        if let Some(start) = target.start {
            // One name for both layers: XMPP says in plain text whom it wants, before `server_name` does.
            let host = target.server_name.as_ref().unwrap_or(&target.host);
            match line.talk(dialogue(start, host).as_mut(), Some(start)).await {
                Ok(rest) => line.early = rest,
                Err(fact) => {
                    line.stream.abandon();
                    return Err(NotBegun { fact, at_proxy: false, connect_milliseconds });
                }
            }
            if start == StartTls::Mssql {
                line.tds = Some(Tds::default());
            }
        }
        line.received = 0;
        line.last_byte = None;
        Ok(line)
    }

    /// Bytes of TLS, in time.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        match self.tds.is_some() {
            true => self.write(&Tds::wrap(bytes)).await,
            false => self.write(bytes).await,
        }
    }

    /// What comes next of TLS.
    pub(super) async fn receive(&mut self, until: Option<Instant>) -> Read {
        if !self.early.is_empty() {
            return Read::Bytes(std::mem::take(&mut self.early));
        }
        let mut buffer = vec![0; BUFFER];
        let deadline = until.map_or(self.deadline, |until| until.min(self.deadline));
        match (self.read(&mut buffer, deadline).await, &mut self.tds) {
            (Read::Bytes(bytes), Some(tds)) => Read::Bytes(tds.unwrap(&bytes)),
            (read, _) => read,
        }
    }

    async fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Read {
        if Instant::now() >= deadline {
            return Read::OutOfTime;
        }
        let count = match timeout_at(deadline, self.stream.read(buffer)).await {
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
                Step::Wait => match self.read(&mut buffer, self.deadline).await {
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

    /// Nothing came for a good part of the time: silence. Else the peer was at it, only too slowly.
    pub(super) fn out_of_time(&self, phase: Phase) -> Fact {
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
