use std::time::Duration;

use shakedown_handshake::tls::other_protocol_of_client;
use shakedown_model::{Ending, Fact, Name, Phase};
use shakedown_wire::tls::number::{alert, content};
use shakedown_wire::tls::{
    Alert, ClientHello, Deframer, HandshakeLimits, Opening as Framing, RecordLimits, RecordReader, Ssl2Message,
    Transport, read_ssl2_record, write_records,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::{Opening, Recorded};
use crate::starttls::{Served, Step};
use crate::stream;

/// The most that a hello may take, in bytes; with the largest known key shares it is below 10,000.
const LONGEST_HELLO: usize = 1 << 16;
/// The most that is said before TLS.
const LONGEST_DIALOGUE: u64 = 64 * 1024;
const BUFFER: usize = 8 * 1024;
/// The alert `handshake_failure`, RFC 8446 section 6.2.
const HANDSHAKE_FAILURE: u8 = 40;

/// Reads one client's hello, tells the caller, and refuses it.
pub(super) async fn record<F: Future<Output = ()>>(
    mut stream: TcpStream,
    start: Option<Served>,
    time: Duration,
    mut recorded: Recorded,
    told: impl FnOnce(Recorded) -> F,
) {
    let deadline = Instant::now() + time;
    let mut last = Vec::new();
    let begun = match start {
        Some(start) => begin(&mut stream, start, deadline).await,
        None => Ok(Vec::new()),
    };
    match begun {
        Ok(already) => match read_hello(&mut stream, already, deadline).await {
            Ok(opening) => {
                recorded.opening = Some(opening);
                let refusal = Alert { level: alert::FATAL, description: HANDSHAKE_FAILURE };
                // RFC 8446 section 5.1: the version of a first record is 0x0301 for the sake of old peers.
                last = write_records(content::ALERT, 0x0301, &refusal.write());
            }
            Err(fact) => recorded.facts.push(fact),
        },
        Err((fact, words)) => {
            recorded.facts.push(fact);
            last = words;
        }
    }
    told(recorded).await;
    let mut last = Some(last).filter(|bytes| !bytes.is_empty());
    // A client that is gone already has sent what was wanted.
    let _ = stream::send_all(&mut stream, &mut || last.take(), deadline).await;
    let _ = timeout_at(deadline, stream::linger(&mut stream)).await;
}

/// Says what comes before TLS; gives the bytes that came with the last word, or why there is no TLS and the words to
/// close with.
async fn begin(stream: &mut TcpStream, start: Served, deadline: Instant) -> Result<Vec<u8>, (Fact, Vec<u8>)> {
    let begun = Instant::now();
    let mut dialogue = (start.dialogue)();
    let mut next = Some(dialogue.greeting());
    let mut received = Vec::new();
    let mut total = 0_u64;
    let mut buffer = vec![0; BUFFER];
    let ended = |ending, received| (Fact::Ended { phase: Phase::Identification, ending, received }, Vec::new());
    loop {
        if let Err(how) = stream::send_all(stream, &mut || next.take(), deadline).await {
            return Err(ended(how(begun), total));
        }
        match dialogue.step(&mut received) {
            Step::Send(bytes) => next = Some(bytes),
            Step::Begin(bytes) => {
                next = Some(bytes);
                return match stream::send_all(stream, &mut || next.take(), deadline).await {
                    Ok(()) => Ok(received),
                    Err(how) => Err(ended(how(begun), total)),
                };
            }
            Step::End(words) => {
                let said = Name::from_bytes(received.get(..received.len().min(64)).unwrap_or_default());
                let what = format!("it does not begin TLS by {}: `{said}`", start.protocol.as_str());
                return Err((Fact::Malformed { phase: Phase::Identification, what, offset: 0 }, words));
            }
            Step::Wait => {
                if total >= LONGEST_DIALOGUE {
                    let limit = format!("{LONGEST_DIALOGUE} bytes before TLS");
                    return Err((Fact::LimitReached { phase: Phase::Identification, limit }, Vec::new()));
                }
                match stream::read(stream, &mut buffer, deadline).await {
                    Ok(0) => return Err(ended(Ending::Closed, total)),
                    Ok(count) => {
                        total += count as u64;
                        received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    }
                    Err(how) => return Err(ended(how(begun), total)),
                }
            }
        }
    }
}

async fn read_hello(stream: &mut TcpStream, already: Vec<u8>, deadline: Instant) -> Result<Opening, Fact> {
    let begun = Instant::now();
    let mut hello = HelloReader::default();
    let mut buffer = vec![0; BUFFER];
    let mut received = already.len() as u64;
    let mut found = hello.push(&already)?;
    while found.is_none() {
        let how = match stream::read(stream, &mut buffer, deadline).await {
            Ok(0) => Ending::Closed,
            Ok(count) => {
                received += count as u64;
                found = hello.push(buffer.get(..count).unwrap_or_default())?;
                continue;
            }
            Err(how) => how(begun),
        };
        return Err(hello.strange(true).unwrap_or(Fact::Ended { phase: Phase::Hello, ending: how, received }));
    }
    found.ok_or(Fact::Ended { phase: Phase::Hello, ending: Ending::Closed, received })
}

/// Reads a client's first message from what comes in any pieces.
#[derive(Default)]
struct HelloReader {
    /// The bytes until it is clear what they are; of SSL 2.0 all of them.
    first: Vec<u8>,
    records: Option<(RecordReader, Deframer)>,
    total: usize,
}

impl HelloReader {
    /// Takes more bytes; gives the hello when it is whole, or why there will be none.
    fn push(&mut self, bytes: &[u8]) -> Result<Option<Opening>, Fact> {
        self.total = self.total.saturating_add(bytes.len());
        if self.records.is_none() {
            self.first.extend_from_slice(bytes);
            match Framing::recognise(&self.first) {
                Framing::Undecided => return Ok(None),
                Framing::Records => {
                    let limits = HandshakeLimits { total: LONGEST_HELLO, ..HandshakeLimits::default() };
                    let mut records = RecordReader::new(RecordLimits::default());
                    records.push(&self.first);
                    self.records = Some((records, Deframer::new(limits)));
                }
                Framing::Ssl2 => return self.ssl2(),
                Framing::Other => return self.strange(false).map_or(Ok(None), Err),
            }
        } else if let Some((records, _)) = &mut self.records {
            records.push(bytes);
        }
        self.next()
    }

    fn next(&mut self) -> Result<Option<Opening>, Fact> {
        let Some((records, messages)) = &mut self.records else { return Ok(None) };
        let wrong = |error: shakedown_wire::WireError| Fact::Malformed {
            phase: Phase::Hello,
            what: error.to_string(),
            offset: u64::try_from(error.offset).unwrap_or(u64::MAX),
        };
        while let Some(record) = records.next_record().map_err(wrong)? {
            if record.content_type != content::HANDSHAKE {
                let what = format!("a record of type {} stands where the ClientHello should be", record.content_type);
                let offset = u64::try_from(record.offset).unwrap_or(u64::MAX);
                return Err(Fact::Malformed { phase: Phase::Hello, what, offset });
            }
            messages.push(&record.fragment);
            if let Some(message) = messages.next_message().map_err(wrong)? {
                let hello = ClientHello::parse(&message.bytes, Transport::Stream).map_err(wrong)?;
                return Ok(Some(Opening::Tls(Box::new(hello))));
            }
        }
        Ok(None)
    }

    fn ssl2(&self) -> Result<Option<Opening>, Fact> {
        let wrong = |error: shakedown_wire::WireError| Fact::Malformed {
            phase: Phase::Hello,
            what: error.to_string(),
            offset: u64::try_from(error.offset).unwrap_or(u64::MAX),
        };
        match read_ssl2_record(&self.first).map_err(wrong)? {
            None => Ok(None),
            Some((message, _)) => match Ssl2Message::parse(message).map_err(wrong)? {
                Ssl2Message::ClientHello(hello) => Ok(Some(Opening::Ssl2(Box::new(hello)))),
                _ => Err(Fact::Malformed {
                    phase: Phase::Hello,
                    what: "a record of SSL 2.0 without a CLIENT-HELLO".to_owned(),
                    offset: 0,
                }),
            },
        }
    }

    /// What the bytes are where they are no TLS; `None` while more could tell better.
    fn strange(&self, ended: bool) -> Option<Fact> {
        if self.records.is_some() || Framing::recognise(&self.first) != Framing::Other {
            return None;
        }
        let told = other_protocol_of_client(&self.first, ended || self.total >= LONGEST_HELLO);
        told.map(|(protocol, first_bytes)| Fact::OtherProtocol { protocol, first_bytes })
    }
}
