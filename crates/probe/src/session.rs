use std::time::Duration;

use shakedown_handshake::ssh::{Client, ClientConfig, Event, Negotiated};
use shakedown_model::ssh::{HostKey, SignatureCheck, SshOffer};
use shakedown_model::{Ending, Fact, Name, Phase};
use tokio::time::{Instant, timeout_at};

use crate::stream::Stream;
use crate::sys::is_reset;

/// Preamble lines that are kept for the report; the rest is only counted against the limits.
const KEPT_LINES: usize = 32;
const BUFFER: usize = 16 * 1024;

/// All that one connection showed.
#[derive(Default)]
pub(crate) struct Transcript {
    pub(crate) identification: Option<Name>,
    pub(crate) offer: Option<Box<SshOffer>>,
    pub(crate) host_key: Option<Box<HostKey>>,
    /// The algorithm that the host key was to sign with.
    pub(crate) host_key_algorithm: Option<Name>,
    pub(crate) gex_bits: Option<u32>,
    /// What both agreed on, and whether the key exchange came to its end.
    pub(crate) agreed: Option<Box<Negotiated>>,
    pub(crate) new_keys: bool,
    /// Why no key exchange took place.
    pub(crate) impossible: Option<String>,
    /// What was seen, in order.
    pub(crate) facts: Vec<Fact>,
    /// Whether all was seen that the connection was made for.
    pub(crate) complete: bool,
    /// Whether the server said that it limits or bans.
    pub(crate) throttled: bool,
}

/// Runs the machine over the stream until it is done, the stream ends or the deadline is over.
pub(crate) async fn run(stream: &mut Stream, config: ClientConfig, deadline: Instant) -> Transcript {
    let mut session = Session {
        client: Client::new(config),
        transcript: Transcript::default(),
        preamble: Vec::new(),
        begun: Instant::now(),
        last_byte: None,
        received: 0,
        phase_start: Instant::now(),
        proposed: false,
    };
    let failed = session.exchange(stream, deadline).await;
    session.flush_preamble();
    if let Some(fact) = failed {
        session.transcript.facts.push(fact);
        session.transcript.complete = false;
    }
    if session.transcript.complete {
        session.take_leave(stream, deadline).await;
    } else {
        stream.abandon();
    }
    session.transcript
}

struct Session {
    client: Client,
    transcript: Transcript,
    preamble: Vec<Name>,
    begun: Instant,
    last_byte: Option<Instant>,
    received: u64,
    phase_start: Instant,
    /// Whether our KEXINIT was sent without waiting for the server's.
    proposed: bool,
}

impl Session {
    /// What ended the connection before the machine was done.
    async fn exchange(&mut self, stream: &mut Stream, deadline: Instant) -> Option<Fact> {
        let mut buffer = vec![0; BUFFER];
        let mut reset = false;
        loop {
            while let Some(bytes) = self.client.transmit() {
                match timeout_at(deadline, stream.write(&bytes)).await {
                    Ok(Ok(())) => {}
                    // What the peer sent before it closed can still be read.
                    Ok(Err(error)) => reset |= is_reset(&error),
                    Err(_) => return Some(self.out_of_time()),
                }
            }
            self.take_events();
            if self.client.is_done() {
                return None;
            }
            let count = match timeout_at(self.patience(deadline), stream.read(&mut buffer)).await {
                Ok(Ok(count)) => count,
                Ok(Err(error)) => {
                    reset |= is_reset(&error);
                    0
                }
                Err(_) if Instant::now() < deadline => {
                    self.proposed = true;
                    self.client.propose();
                    continue;
                }
                Err(_) => return Some(self.out_of_time()),
            };
            let phase = self.client.phase();
            if count == 0 {
                if reset {
                    return Some(Fact::Ended { phase, ending: Ending::Reset, received: self.received });
                }
                self.client.end_of_stream();
                self.take_events();
                return None;
            }
            self.received += count as u64;
            self.last_byte = Some(Instant::now());
            self.client.receive(buffer.get(..count).unwrap_or_default());
            if self.client.phase() != phase {
                self.phase_start = Instant::now();
            }
            // A peer that sends without end must not keep others, or the deadline, from their turn.
            tokio::task::yield_now().await;
            if Instant::now() >= deadline {
                self.take_events();
                if !self.client.is_done() {
                    return Some(self.out_of_time());
                }
            }
        }
    }

    /// A server that is told of the end does not log a fault.
    async fn take_leave(&mut self, stream: &mut Stream, deadline: Instant) {
        self.client.disconnect();
        while let Some(bytes) = self.client.transmit() {
            // All that matters has been read.
            let _ = timeout_at(deadline, stream.write(&bytes)).await;
        }
    }

    /// Until when the next bytes are awaited. RFC 4253 section 7.1 has both ends send their KEXINIT at once; a server that
    /// waits for the client's gets it after a third of the time.
    fn patience(&self, deadline: Instant) -> Instant {
        if self.proposed || self.client.phase() != Phase::Kexinit {
            return deadline;
        }
        self.phase_start + deadline.saturating_duration_since(self.phase_start) / 3
    }

    fn take_events(&mut self) {
        while let Some(event) = self.client.next_event() {
            if !matches!(event, Event::PreambleLine(_) | Event::Throttled { .. }) {
                self.flush_preamble();
            }
            if let Some(fact) = event.fact() {
                if let Fact::Throttled { .. } = fact {
                    self.transcript.throttled = true;
                    self.flush_preamble();
                }
                self.transcript.facts.push(fact);
            }
            match event {
                Event::PreambleLine(line) if self.preamble.len() < KEPT_LINES => self.preamble.push(line),
                Event::Identification(text) => self.transcript.identification = Some(text),
                Event::KexInit(offer) => self.transcript.offer = Some(offer),
                Event::Negotiated(negotiated) => {
                    self.transcript.host_key_algorithm = Some(negotiated.host_key.clone());
                    self.transcript.agreed = Some(negotiated);
                }
                Event::NewKeys => self.transcript.new_keys = true,
                Event::ExchangeImpossible { reason, .. } => self.transcript.impossible = Some(reason),
                Event::GexGroup { bits } => self.transcript.gex_bits = Some(bits),
                Event::HostKey(key) => {
                    if key.signature == SignatureCheck::Wrong {
                        let algorithm = self.transcript.host_key_algorithm.clone();
                        let algorithm = algorithm.unwrap_or_else(|| key.key_type.clone());
                        self.transcript.facts.push(Fact::WrongSignature { algorithm });
                    }
                    self.transcript.host_key = Some(key);
                }
                _ => {}
            }
        }
        self.transcript.complete = self.client.is_done() && !self.transcript.facts.iter().any(ends_the_connection);
    }

    /// Lines that came before something else make up one fact, which goes before that.
    fn flush_preamble(&mut self) {
        if !self.preamble.is_empty() {
            let lines = std::mem::take(&mut self.preamble);
            self.transcript.facts.push(Fact::Preamble { lines });
        }
    }

    /// Nothing came for a good part of the time: silence. Else the peer was at it, only too slowly.
    fn out_of_time(&self) -> Fact {
        let now = Instant::now();
        let phase: Phase = self.client.phase();
        let given = now - self.begun;
        let quiet = now - self.last_byte.unwrap_or(self.begun);
        if self.last_byte.is_none() || quiet > given / 4 {
            let waited = now - self.last_byte.unwrap_or(self.phase_start);
            let ending = Ending::Silent { milliseconds: milliseconds(waited) };
            return Fact::Ended { phase, ending, received: self.received };
        }
        Fact::TooSlow { phase, received: self.received, milliseconds: milliseconds(given) }
    }
}

/// Whether a fact says that the connection ended before its time.
fn ends_the_connection(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Ended { .. }
            | Fact::SshOneOnly { .. }
            | Fact::OtherProtocol { .. }
            | Fact::Disconnected { .. }
            | Fact::Malformed { .. }
            | Fact::LimitReached { .. }
            | Fact::TooSlow { .. }
    )
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
