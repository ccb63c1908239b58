//! A server's end of TLS 1.0 to 1.3, and the beginning of SSL 3.0 and of hellos of SSL 2.0. It decides nothing: what it agrees
//! on is handed to it.

mod agreement;
mod flight;
mod observation;
mod second_turn;

use std::collections::VecDeque;

use shakedown_crypto::tls::{CurveKey, DhKey, HandshakeKeys, LegacyKeys, LegacyRecords, Opener, Sealer};
use shakedown_crypto::{CryptoError, Hash};
use shakedown_wire::WireError;
use shakedown_wire::tls::number::{alert, content, version};
use shakedown_wire::tls::{
    Alert, ClientHello, Deframer, Form, HandshakeLimits, Message, Opening, Record, RecordReader, Ssl2Message,
    read_ssl2_record, write_records,
};

pub use agreement::{Agreement, CertificateDemand, ClientOpening, Decision, Refusal};
pub use observation::{ServerEnd, ServerObservation};

use super::protected::Transcript;
use super::{AlertSeen, Limits, recognise};

/// Descriptions of alerts that this end sends by itself.
mod says {
    pub(super) const UNEXPECTED_MESSAGE: u8 = 10;
    pub(super) const BAD_RECORD_MAC: u8 = 20;
    pub(super) const RECORD_OVERFLOW: u8 = 22;
    pub(super) const ILLEGAL_PARAMETER: u8 = 47;
    pub(super) const DECODE_ERROR: u8 = 50;
    pub(super) const DECRYPT_ERROR: u8 = 51;
    pub(super) const INTERNAL_ERROR: u8 = 80;
    pub(super) const NO_RENEGOTIATION: u8 = 100;
}

/// The longest content of a record.
const LONGEST: usize = 1 << 14;

/// The server's end of one connection.
pub struct Server {
    limits: Limits,
    outgoing: VecDeque<Vec<u8>>,
    observation: ServerObservation,
    framing: Framing,
    deframer: Deframer,
    form: Form,
    state: State,
    transcript: Transcript,
    agreement: Option<Box<Agreement>>,
    client_hello: ClientHello,
    client_random: [u8; 32],
    server_random: [u8; 32],
    exchange: Option<Exchange>,
    keys: Option<Keys>,
    reading: Reading,
    writing: Writing,
    /// Application data that nobody has taken yet.
    received: Vec<u8>,
    records: usize,
    /// The stream ended while the caller was deciding.
    ended: bool,
}

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Hello,
    Decision,
    SecondHello,
    ClientCertificate,
    ClientKeyExchange,
    CertificateVerify,
    ChangeCipherSpec,
    Finished,
    Open,
}

enum Framing {
    Undecided(Vec<u8>),
    Records(RecordReader),
    Ssl2(Vec<u8>),
    Other(Vec<u8>),
}

/// The server's half of a key exchange below TLS 1.3.
enum Exchange {
    Curve(CurveKey),
    Field(DhKey),
    Rsa,
}

enum Keys {
    Tls13 { keys: HandshakeKeys, hash: Hash, through_finished: Vec<u8> },
    Legacy { keys: LegacyKeys, client: Option<Box<LegacyRecords>>, server: Option<Box<LegacyRecords>> },
}

enum Reading {
    Plain,
    Tls13(Opener),
    Legacy(Box<LegacyRecords>),
}

enum Writing {
    Plain,
    Tls13(Sealer),
    Legacy(Box<LegacyRecords>),
}

/// Why the exchange cannot go on.
enum Trouble {
    /// The client did something wrong: the alert says what.
    Broken(u8, String),
    /// It is not computed here.
    NotCarried(String),
}

impl From<CryptoError> for Trouble {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::PublicValue { .. } => Self::Broken(says::ILLEGAL_PARAMETER, error.to_string()),
            CryptoError::UnknownAlgorithm { .. } | CryptoError::UnknownMethod { .. } | CryptoError::Group { .. } => {
                Self::NotCarried(error.to_string())
            }
            _ => Self::Broken(says::INTERNAL_ERROR, error.to_string()),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let handshake = HandshakeLimits { message: 1 << 17, total: 1 << 19, ..HandshakeLimits::default() };
        Self::new(Limits { handshake, records: 4096, total_bytes: 1 << 21, ..Limits::default() })
    }
}

impl Server {
    /// A server that waits for a client's hello.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            outgoing: VecDeque::new(),
            observation: ServerObservation::default(),
            framing: Framing::Undecided(Vec::new()),
            deframer: Deframer::new(limits.handshake),
            form: Form::default(),
            state: State::Hello,
            transcript: Transcript::default(),
            agreement: None,
            client_hello: ClientHello::default(),
            client_random: [0; 32],
            server_random: [0; 32],
            exchange: None,
            keys: None,
            reading: Reading::Plain,
            writing: Writing::Plain,
            received: Vec::new(),
            records: 0,
            ended: false,
        }
    }

    /// Takes bytes from the client. Nothing is done with those that come after [`Self::is_done`].
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_done() {
            return;
        }
        self.observation.received = self.observation.received.saturating_add(bytes.len() as u64);
        if self.observation.received > self.limits.total_bytes {
            return self.limit(format!("{} bytes from the client", self.limits.total_bytes));
        }
        match &mut self.framing {
            Framing::Undecided(buffer) => {
                buffer.extend_from_slice(bytes);
                let buffer = std::mem::take(buffer);
                self.framing = match Opening::recognise(&buffer) {
                    Opening::Undecided => Framing::Undecided(buffer),
                    Opening::Records => self.reader(&buffer),
                    Opening::Ssl2 => Framing::Ssl2(buffer),
                    Opening::Other => Framing::Other(buffer),
                };
            }
            Framing::Records(reader) => reader.push(bytes),
            Framing::Ssl2(buffer) | Framing::Other(buffer) => buffer.extend_from_slice(bytes),
        }
        self.advance();
    }

    fn reader(&self, bytes: &[u8]) -> Framing {
        let mut reader = RecordReader::new(self.limits.record);
        reader.push(bytes);
        Framing::Records(reader)
    }

    /// The client has closed its end of the stream.
    pub fn end_of_stream(&mut self) {
        self.ended = true;
        if self.state == State::Decision || self.is_done() {
            return;
        }
        let incomplete = match &self.framing {
            Framing::Records(reader) => reader.partial().len().saturating_add(self.deframer.partial().len()),
            Framing::Undecided(bytes) | Framing::Ssl2(bytes) | Framing::Other(bytes) => {
                if let Some((protocol, first_bytes)) = recognise::other_protocol_of_client(bytes, true) {
                    return self.end(ServerEnd::OtherProtocol { protocol, first_bytes });
                }
                bytes.len()
            }
        };
        self.end(ServerEnd::Closed { incomplete });
    }

    /// The client's first message, while the caller has to decide about it.
    pub fn asks(&self) -> Option<&ClientOpening> {
        if self.state == State::Decision && !self.is_done() { self.observation.opening.as_ref() } else { None }
    }

    /// What the caller makes of the client's first message. Nothing is done where it was not asked.
    pub fn decide(&mut self, decision: Decision) {
        if self.asks().is_none() {
            return;
        }
        match decision {
            Decision::Refuse(refusal) => {
                if let Refusal::Alert(alert) = refusal {
                    self.put(content::ALERT, &alert.write());
                }
                self.end(ServerEnd::Refused(refusal));
            }
            Decision::Agree(agreement) => {
                self.form.version = agreement.version;
                self.agreement = Some(agreement);
                let answered = self.answer();
                self.settle(answered);
            }
        }
        self.advance();
        if self.ended {
            self.end_of_stream();
        }
    }

    /// The next bytes to send.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Whether the connection is to be closed. Bytes may be left to send.
    pub fn is_done(&self) -> bool {
        self.observation.end.is_some()
    }

    /// Whether the handshake is done and application data can be exchanged.
    pub fn is_open(&self) -> bool {
        self.state == State::Open && !self.is_done()
    }

    /// The application data that has come since the last call.
    pub fn take_received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received)
    }

    /// Sends application data, once [`Self::is_open`].
    pub fn send(&mut self, bytes: &[u8]) {
        if self.is_open() {
            self.put(content::APPLICATION_DATA, bytes);
        }
    }

    /// Says close_notify and ends, once [`Self::is_open`].
    pub fn close(&mut self) {
        if self.is_open() {
            self.say(alert::WARNING, alert::CLOSE_NOTIFY);
            self.end(ServerEnd::Complete);
        }
    }

    /// What was seen so far.
    pub fn observation(&self) -> &ServerObservation {
        &self.observation
    }

    /// What was seen.
    pub fn into_observation(self) -> ServerObservation {
        self.observation
    }

    fn end(&mut self, end: ServerEnd) {
        self.observation.end.get_or_insert(end);
    }

    fn limit(&mut self, limit: String) {
        self.end(ServerEnd::LimitReached { limit });
    }

    fn broken(&mut self, alert: u8, what: impl Into<String>) {
        self.say(alert::FATAL, alert);
        self.end(ServerEnd::Broken { alert, what: what.into() });
    }

    fn malformed(&mut self, error: &WireError) {
        let alert = match error.kind {
            shakedown_wire::WireErrorKind::TooLong { .. } => says::RECORD_OVERFLOW,
            _ => says::DECODE_ERROR,
        };
        self.broken(alert, error.to_string());
    }

    fn settle(&mut self, result: Result<(), Trouble>) {
        match result {
            Ok(()) => {}
            Err(Trouble::Broken(alert, what)) => self.broken(alert, what),
            Err(Trouble::NotCarried(why)) => {
                self.observation.not_carried = Some(why);
                self.end(ServerEnd::NotCarried);
            }
        }
    }

    fn say(&mut self, level: u8, description: u8) {
        self.put(content::ALERT, &Alert { level, description }.write());
    }

    /// Sends content in records, protected where keys are in use.
    fn put(&mut self, content_type: u8, content: &[u8]) {
        let chosen = match self.form.version {
            0 => self.client_hello.version.clamp(version::SSL3, version::TLS12),
            chosen => chosen.min(version::TLS12),
        };
        for part in content.chunks(LONGEST) {
            let bytes = match &mut self.writing {
                Writing::Plain => Ok(write_records(content_type, chosen, part)),
                Writing::Tls13(sealer) => sealer.seal(content_type, part),
                Writing::Legacy(records) => records.seal(content_type, part).map(|fragment| {
                    let record = Record { content_type, version: chosen, fragment, offset: 0 };
                    record.write()
                }),
            };
            match bytes {
                Ok(bytes) => self.outgoing.push_back(bytes),
                Err(error) => {
                    let what = error.to_string();
                    return self.end(ServerEnd::Broken { alert: says::INTERNAL_ERROR, what });
                }
            }
        }
    }

    fn advance(&mut self) {
        while !self.is_done() && self.state != State::Decision {
            match &mut self.framing {
                Framing::Undecided(_) => return,
                Framing::Other(bytes) => {
                    // As little as tells it, so that it is the same however the bytes are cut.
                    let known = |end| recognise::other_protocol_of_client(bytes.get(..end)?, false);
                    let found = (1..=bytes.len().min(recognise::JUDGED)).find_map(known);
                    if let Some((protocol, first_bytes)) = found {
                        self.end(ServerEnd::OtherProtocol { protocol, first_bytes });
                    }
                    return;
                }
                Framing::Ssl2(bytes) => {
                    let bytes = std::mem::take(bytes);
                    match self.ssl2(&bytes) {
                        Some(rest) => self.framing = self.reader(&rest),
                        None => {
                            self.framing = Framing::Ssl2(bytes);
                            return;
                        }
                    }
                }
                Framing::Records(_) => {
                    // Messages that came in one record with the one that was decided about.
                    if self.messages() || self.is_done() || self.state == State::Decision {
                        continue;
                    }
                    let Framing::Records(reader) = &mut self.framing else { return };
                    match reader.next_record() {
                        Ok(Some(record)) => self.record(record),
                        Ok(None) => return,
                        Err(error) => return self.malformed(&error),
                    }
                }
            }
        }
    }

    /// What follows a hello of SSL 2.0; `None` where it is not whole yet.
    fn ssl2(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let parsed = match read_ssl2_record(bytes) {
            Ok(None) => return None,
            Ok(Some((message, taken))) => Ssl2Message::parse(message).map(|parsed| (parsed, message, taken)),
            Err(error) => Err(error),
        };
        match parsed {
            Ok((Ssl2Message::ClientHello(hello), message, taken)) => {
                self.transcript.add(message);
                self.opened(ClientOpening::Ssl2(Box::new(hello)));
                return Some(bytes.get(taken..).unwrap_or_default().to_vec());
            }
            Ok(_) => self.broken(says::UNEXPECTED_MESSAGE, "a record of SSL 2.0 without a CLIENT-HELLO"),
            Err(error) => self.malformed(&error),
        }
        Some(Vec::new())
    }

    fn opened(&mut self, opening: ClientOpening) {
        self.client_hello = opening.hello();
        self.client_random = self.client_hello.random;
        self.observation.opening = Some(opening);
        self.state = State::Decision;
    }

    fn record(&mut self, record: Record) {
        self.records = self.records.saturating_add(1);
        if self.records > self.limits.records {
            return self.limit(format!("{} records", self.limits.records));
        }
        let opened = match (&mut self.reading, record.content_type) {
            (Reading::Tls13(opener), content::APPLICATION_DATA) => opener
                .open(record.version, &record.fragment)
                .map(|(content_type, content)| (content_type, content, true)),
            (Reading::Legacy(records), content_type) => {
                records.open(content_type, &record.fragment).map(|content| (content_type, content, true))
            }
            (_, content_type) => Ok((content_type, record.fragment, false)),
        };
        match opened {
            Ok((content_type, content, is_encrypted)) => self.content(content_type, &content, is_encrypted),
            Err(error) => self.broken(says::BAD_RECORD_MAC, error.to_string()),
        }
    }

    fn content(&mut self, content_type: u8, content: &[u8], is_encrypted: bool) {
        let keyed = !matches!(self.reading, Reading::Plain);
        match content_type {
            content::ALERT => match Alert::parse(content) {
                Ok(alert) => self.alert(alert, is_encrypted),
                Err(error) => self.malformed(&error),
            },
            content::HANDSHAKE if is_encrypted == keyed => self.deframer.push(content),
            content::CHANGE_CIPHER_SPEC => self.change_cipher_spec(content),
            content::APPLICATION_DATA if self.state == State::Open && is_encrypted => {
                self.observation.application = self.observation.application.saturating_add(content.len() as u64);
                self.received.extend_from_slice(content);
            }
            _ => self.broken(says::UNEXPECTED_MESSAGE, format!("a record of type {content_type} out of place")),
        }
    }

    fn alert(&mut self, alert: Alert, is_encrypted: bool) {
        let closes = alert.description == alert::CLOSE_NOTIFY;
        let open = self.state == State::Open;
        if closes && open {
            self.say(alert::WARNING, alert::CLOSE_NOTIFY);
            return self.end(ServerEnd::Complete);
        }
        // In TLS 1.3 the level says nothing, RFC 8446 section 6; user_canceled alone goes before a close_notify.
        let is_warning = alert.level == alert::WARNING && !closes && !version::is_tls13(self.form.version);
        if !is_warning {
            return self.end(ServerEnd::Alert(AlertSeen { alert, is_encrypted, after_finished: open }));
        }
        if self.observation.warnings.len() >= self.limits.warnings {
            return self.limit(format!("{} warnings", self.limits.warnings));
        }
        self.observation.warnings.push(alert);
    }

    /// Takes the next handshake message; whether there was one.
    fn messages(&mut self) -> bool {
        match self.deframer.next_message() {
            Ok(Some(message)) => {
                match Message::parse(&message.bytes, self.form) {
                    Ok(parsed) => {
                        let result = self.message(parsed, &message.bytes);
                        self.settle(result);
                    }
                    Err(error) => self.malformed(&error),
                }
                true
            }
            Ok(None) => false,
            Err(error) => {
                match error.kind {
                    shakedown_wire::WireErrorKind::BadForm { .. } => self.malformed(&error),
                    _ => self.limit(error.to_string()),
                }
                true
            }
        }
    }

    fn message(&mut self, message: Message, bytes: &[u8]) -> Result<(), Trouble> {
        match (self.state, message) {
            (State::Hello, Message::ClientHello(hello)) => {
                self.transcript.add(bytes);
                self.opened(ClientOpening::Hello(hello));
                Ok(())
            }
            (State::SecondHello, Message::ClientHello(hello)) => {
                self.transcript.add(bytes);
                self.observation.second_hello = Some((*hello).clone());
                self.client_hello = *hello;
                if let Some(alert) = self.agreement.as_ref().and_then(|agreement| agreement.second_hello_refusal) {
                    self.put(content::ALERT, &alert.write());
                    self.end(ServerEnd::Refused(Refusal::Alert(alert)));
                    return Ok(());
                }
                self.answer()
            }
            (State::Open, Message::ClientHello(_)) if self.form.version < version::TLS13 => {
                self.say(alert::WARNING, says::NO_RENEGOTIATION);
                Ok(())
            }
            (State::Open, Message::KeyUpdate(_)) => {
                Err(Trouble::NotCarried("the client asks for new keys (KeyUpdate), which is not done here".to_owned()))
            }
            (_, message) => self.second_turn(message, bytes),
        }
    }
}
