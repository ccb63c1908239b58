use std::sync::Arc;

use shakedown_model::tls::StartTls;
use shakedown_model::{Ending, Fact, Phase, Role, StrangeProtocol};
use shakedown_wire::WireError;
use shakedown_wire::tls::number::{alert, content, extension as x, version};
use shakedown_wire::tls::{
    Alert, CertificateEntry, ClientHello, Deframer, Form, HandshakeLimits, KeyExchangeParameters, Message, Opening,
    Record, RecordLimits, RecordReader, ServerHello, Ssl2ClientHello, Ssl2Message, View, read_ssl2_record,
};

use super::start::{Start, StartSeen};
use super::{Observation, SuiteTable, recognise};

/// Facts that are kept of one end.
const KEPT: usize = 16;
/// Bytes of SSL 2.0, or of what is no TLS, that are looked at.
const MOST_STRANGE: usize = 32 * 1024;
/// The longest content of a protected record that an alert has in TLS 1.3: level, description, the content type and the
/// longest tag (RFC 8446 sections 5.2 and 6). A Finished has 32 bytes at least.
const LONGEST_ALERT: usize = 2 + 1 + 16;

/// How much is read of each end of a watched connection; beyond it nothing more is read.
pub const WATCH_LIMITS: HandshakeLimits = HandshakeLimits { message: 192 << 10, total: 256 << 10, empty: 32 };

/// Reads what both ends of a connection say up to the end of the handshake, without a word of its own: both hellos, and
/// what else is in clear text. Bytes come in with the end that sent them, cut anywhere, and a message before the one that
/// it answers.
pub struct Watch {
    suites: Arc<SuiteTable>,
    start: Option<Start>,
    client: End,
    server: End,
    form: Form,
    seen: Seen,
}

/// What was seen of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What came before TLS, where something does.
    pub start: Option<StartSeen>,
    /// The ClientHello; the first one.
    pub hello: Option<Box<ClientHello>>,
    /// The ClientHello after a HelloRetryRequest.
    pub second_hello: Option<Box<ClientHello>>,
    /// The CLIENT-HELLO of SSL 2.0, in which old clients offer later versions too.
    pub ssl2_hello: Option<Box<Ssl2ClientHello>>,
    /// The client's certificates, below TLS 1.3; empty where it was asked and has none.
    pub client_certificates: Option<Vec<CertificateEntry>>,
    /// What the server chose and showed in clear text. How it ended is in [`Self::server`].
    pub chosen: Observation,
    /// What else the client did.
    pub client: EndSeen,
    /// What else the server did.
    pub server: EndSeen,
}

/// What one end did besides its hello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndSeen {
    /// Alerts in clear text, bytes that break the protocol, the end of the stream where it came first.
    pub facts: Vec<Fact>,
    /// Whether its Finished was sent, as far as that can be told of something encrypted.
    pub finished: bool,
    /// Whether its last record was encrypted and no longer than an alert is; the server's answer to one of the client's does
    /// not count.
    pub hidden_alert: bool,
    /// Bytes that it sent, those before TLS not counted.
    pub received: u64,
}

#[derive(Default)]
struct End {
    framing: Framing,
    deframer: Option<Deframer>,
    /// Below TLS 1.3: whether ChangeCipherSpec was sent, after which all is encrypted.
    changed: bool,
    /// Whether protected records came after both ends had sent their Finished.
    data: bool,
    ended: bool,
}

#[derive(Default)]
enum Framing {
    #[default]
    Nothing,
    Undecided(Vec<u8>),
    Records(RecordReader),
    Ssl2(Vec<u8>),
    Other(Vec<u8>),
    /// Nothing more is read.
    Done,
}

impl Watch {
    /// A watch from the beginning of a connection. `suites` are those whose messages can be read.
    pub fn new(start: Option<StartTls>, suites: Arc<SuiteTable>) -> Self {
        let end = || End { deframer: Some(Deframer::new(WATCH_LIMITS)), ..End::default() };
        Self {
            suites,
            start: start.map(Start::new),
            client: end(),
            server: end(),
            form: Form::default(),
            seen: Seen::default(),
        }
    }

    /// Bytes that this end has sent.
    pub fn receive(&mut self, from: Role, bytes: &[u8]) {
        let inner;
        let bytes = match &mut self.start {
            Some(start) => {
                inner = start.receive(from, bytes);
                &inner[..]
            }
            None => bytes,
        };
        if bytes.is_empty() {
            return;
        }
        let seen = self.end_seen(from);
        seen.received = seen.received.saturating_add(bytes.len() as u64);
        let end = self.end(from);
        match &mut end.framing {
            Framing::Nothing => end.framing = recognised(bytes.to_vec()),
            Framing::Undecided(buffer) => {
                buffer.extend_from_slice(bytes);
                end.framing = recognised(std::mem::take(buffer));
            }
            Framing::Records(reader) => reader.push(bytes),
            Framing::Ssl2(buffer) | Framing::Other(buffer) => buffer.extend_from_slice(bytes),
            Framing::Done => return,
        }
        self.advance(from);
        if self.is_complete() {
            self.client.framing = Framing::Done;
            self.server.framing = Framing::Done;
        }
    }

    /// This end has sent its last byte. What comes second is the answer to what came first, and no fact of its own.
    pub fn end_of_stream(&mut self, from: Role, ending: Ending, is_first: bool) {
        let strange = match &self.end(from).framing {
            Framing::Undecided(bytes) | Framing::Other(bytes) => judged(from, bytes, true),
            Framing::Nothing => {
                let unread = self.start.as_ref().map(|start| start.unread(from)).unwrap_or_default();
                judged(from, unread, true)
            }
            _ => None,
        };
        let phase = self.phase(from);
        let received = self.end_seen(from).received;
        match strange {
            Some(fact) => self.fact(from, fact),
            None if is_first => self.fact(from, Fact::Ended { phase, ending, received }),
            None => {}
        }
        let end = self.end(from);
        end.framing = Framing::Done;
        end.ended = true;
    }

    /// Where in the exchange this end is: in the phase of what it has to send next.
    pub fn phase(&self, of: Role) -> Phase {
        let chosen = &self.seen.chosen;
        if self.start.is_some() && !self.start_seen().begun {
            Phase::Connect
        } else if chosen.hello.is_none() && chosen.ssl2.is_none() {
            Phase::Hello
        } else if self.is_complete() {
            Phase::Service
        } else if self.seen.client.finished || of == Role::Server && chosen.flight_complete {
            Phase::ClientCertificate
        } else if of == Role::Server {
            Phase::KeyExchange
        } else {
            Phase::Certificate
        }
    }

    /// Whether both ends have come to the end of the handshake.
    pub fn is_complete(&self) -> bool {
        let (client, server) = (&self.seen.client, &self.seen.server);
        match version::is_tls13(self.form.version) {
            true => client.finished && self.server.data,
            false => client.finished && server.finished,
        }
    }

    /// Whether the client has sent all of its handshake, or what is spoken is no TLS that can be read: a connection that
    /// may be in use.
    pub fn is_in_use(&self) -> bool {
        let start = self.start_seen();
        let opaque = |end: &End| matches!(end.framing, Framing::Done) && !end.ended;
        self.is_complete()
            || self.seen.client.finished
            || start.plain
            || self.seen.chosen.ssl2.is_some()
            || opaque(&self.client) && opaque(&self.server)
    }

    /// What was seen so far; [`Seen::start`] only at the end.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What was seen.
    pub fn into_seen(mut self) -> Seen {
        self.seen.start = self.start.as_ref().map(|start| start.seen().clone());
        if self.is_complete() {
            // What the other end made no trouble of is no trouble.
            for end in [&mut self.seen.client, &mut self.seen.server] {
                end.facts.retain(|fact| !matches!(fact, Fact::Malformed { .. } | Fact::LimitReached { .. }));
            }
        }
        self.seen
    }

    fn start_seen(&self) -> StartSeen {
        self.start.as_ref().map(|start| start.seen().clone()).unwrap_or_default()
    }

    fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    fn end_seen(&mut self, role: Role) -> &mut EndSeen {
        match role {
            Role::Client => &mut self.seen.client,
            Role::Server => &mut self.seen.server,
        }
    }

    fn fact(&mut self, from: Role, fact: Fact) {
        let seen = self.end_seen(from);
        if seen.facts.len() < KEPT {
            seen.facts.push(fact);
        }
    }

    /// Messages of this end cannot be read any more; records can.
    fn unreadable(&mut self, from: Role, error: &WireError, base: usize) {
        let phase = self.phase(from);
        let offset = base.saturating_add(error.offset) as u64;
        self.end(from).deframer = None;
        self.fact(from, Fact::Malformed { phase, what: error.to_string(), offset });
    }

    fn advance(&mut self, from: Role) {
        loop {
            match &mut self.end(from).framing {
                Framing::Nothing | Framing::Undecided(_) | Framing::Done => return,
                Framing::Other(bytes) => {
                    let found = judged(from, bytes, bytes.len() > MOST_STRANGE);
                    if let Some(fact) = found {
                        self.end(from).framing = Framing::Done;
                        self.fact(from, fact);
                    }
                    return;
                }
                Framing::Ssl2(bytes) => {
                    let bytes = std::mem::take(bytes);
                    let next = self.ssl2(from, bytes);
                    self.end(from).framing = next;
                    return;
                }
                Framing::Records(reader) => match reader.next_record() {
                    Ok(Some(record)) => self.record(from, &record),
                    Ok(None) => return,
                    Err(error) => {
                        self.end(from).framing = Framing::Done;
                        return self.unreadable(from, &error, 0);
                    }
                },
            }
        }
    }

    /// A client may open with a hello of SSL 2.0 for the sake of old servers, and go on with records.
    fn ssl2(&mut self, from: Role, bytes: Vec<u8>) -> Framing {
        let (message, length) = match read_ssl2_record(&bytes) {
            Ok(None) if bytes.len() < MOST_STRANGE => return Framing::Ssl2(bytes),
            Ok(Some((message, length))) => (Ssl2Message::parse(message), length),
            Ok(None) => return Framing::Done,
            Err(error) => (Err(error), 0),
        };
        match message {
            Ok(Ssl2Message::ClientHello(hello)) if from == Role::Client => {
                self.seen.ssl2_hello = Some(Box::new(hello));
                return recognised(bytes.get(length..).unwrap_or_default().to_vec());
            }
            Ok(Ssl2Message::ServerHello(hello)) if from == Role::Server => {
                self.seen.chosen.version = Some(hello.version);
                self.seen.chosen.ssl2 = Some(hello);
            }
            Ok(_) => {}
            Err(error) => self.unreadable(from, &error, 0),
        }
        Framing::Done
    }

    fn record(&mut self, from: Role, record: &Record) {
        let (is_known, is_tls13) = (self.form.version != 0, version::is_tls13(self.form.version));
        let end = self.end(from);
        match record.content_type {
            // In TLS 1.3 it says nothing, RFC 8446 appendix D.4; before the version is known it is that.
            content::CHANGE_CIPHER_SPEC => end.changed |= is_known && !is_tls13,
            content::ALERT if !end.changed && record.fragment.len() == 2 => match Alert::parse(&record.fragment) {
                Ok(alert) => self.alert(from, alert),
                Err(error) => self.unreadable(from, &error, record.fragment_offset()),
            },
            content::ALERT => self.end_seen(from).hidden_alert = true,
            content::HANDSHAKE if end.changed => self.end_seen(from).finished = true,
            content::HANDSHAKE => {
                if let Some(deframer) = &mut end.deframer {
                    deframer.push(&record.fragment);
                }
                self.messages(from, record.fragment_offset());
            }
            content::APPLICATION_DATA if is_tls13 => self.protected(from, record.fragment.len()),
            _ => {}
        }
    }

    /// A protected record of TLS 1.3, of which no more can be told than its length.
    fn protected(&mut self, from: Role, length: usize) {
        let is_short = length <= LONGEST_ALERT;
        let client_finished = self.seen.client.finished;
        match from {
            Role::Client if !client_finished && !is_short => self.seen.client.finished = true,
            // What the server sends before that is its own part of the handshake.
            Role::Server if client_finished && !is_short => {
                self.seen.server.finished = true;
                self.server.data = true;
            }
            _ => {}
        }
        // Who answers a goodbye complains of nothing.
        let answers = from == Role::Server && self.seen.client.hidden_alert;
        self.end_seen(from).hidden_alert = is_short && !answers;
    }

    fn alert(&mut self, from: Role, alert: Alert) {
        let chosen = &self.seen.chosen;
        let phase = match from {
            _ if chosen.hello.is_none() => Phase::Hello,
            Role::Client => Phase::Certificate,
            Role::Server if chosen.flight_complete || self.seen.client.finished => Phase::ClientCertificate,
            Role::Server => Phase::KeyExchange,
        };
        let showed = self.seen.client_certificates.as_ref().is_some_and(|list| !list.is_empty());
        let after_finished = match from {
            Role::Client => chosen.flight_complete,
            // Whether the server turns away a client without a certificate, or one whose certificate it does not like.
            Role::Server => chosen.certificate_request.is_some() && self.seen.client_certificates.is_some() && !showed,
        };
        self.fact(
            from,
            Fact::Alert {
                phase,
                level: alert.level,
                number: alert.description,
                name: alert::name(alert.description).unwrap_or("unassigned").to_owned(),
                is_encrypted: false,
                after_finished,
            },
        );
    }

    fn messages(&mut self, from: Role, base: usize) {
        loop {
            let Some(deframer) = &mut self.end(from).deframer else { return };
            let message = match deframer.next_message() {
                Ok(None) => return,
                Ok(Some(message)) => message,
                Err(error) => return self.unreadable(from, &error, base),
            };
            match Message::parse(&message.bytes, self.form) {
                Ok(message) => self.message(from, message),
                Err(error) => return self.unreadable(from, &error, base),
            }
        }
    }

    fn message(&mut self, from: Role, message: Message) {
        let chosen = &mut self.seen.chosen;
        match (from, message) {
            (Role::Client, Message::ClientHello(hello)) => match self.seen.hello {
                None => self.seen.hello = Some(hello),
                Some(_) => self.seen.second_hello = Some(hello),
            },
            (Role::Client, Message::Certificate(certificate)) => {
                self.seen.client_certificates = Some(certificate.entries);
            }
            (Role::Server, Message::HelloRetryRequest(retry)) if chosen.retry.is_none() => {
                chosen.group = match retry.view(x::KEY_SHARE) {
                    Some(Ok(View::SelectedGroup(group))) => Some(group),
                    _ => None,
                };
                chosen.version = Some(retry.selected_version());
                chosen.cipher_suite = Some(retry.cipher_suite);
                chosen.retry = Some(*retry);
            }
            (Role::Server, Message::ServerHello(hello)) if chosen.hello.is_none() => self.server_hello(*hello),
            (Role::Server, Message::Certificate(certificate)) => chosen.certificates = certificate.entries,
            (Role::Server, Message::CertificateStatus(status)) => chosen.certificate_status = Some(status),
            (Role::Server, Message::ServerKeyExchange(exchange)) => {
                chosen.signature_scheme = exchange.signature.as_ref().and_then(|signature| signature.algorithm);
                if let KeyExchangeParameters::NamedCurve { group, .. } = exchange.parameters {
                    chosen.group = Some(group);
                }
                chosen.parameters = Some(exchange.parameters);
            }
            (Role::Server, Message::CertificateRequest(request)) => chosen.certificate_request = Some(request),
            (Role::Server, Message::ServerHelloDone) => chosen.flight_complete = true,
            _ => {}
        }
    }

    fn server_hello(&mut self, hello: ServerHello) {
        self.form.version = hello.selected_version();
        self.form.key_exchange = self.suites.form(hello.cipher_suite);
        let chosen = &mut self.seen.chosen;
        chosen.version = Some(self.form.version);
        chosen.cipher_suite = Some(hello.cipher_suite);
        if let Some(Ok(View::KeyShare(share))) = hello.view(x::KEY_SHARE) {
            chosen.group = Some(share.group);
        }
        chosen.hello = Some(hello);
    }
}

fn recognised(bytes: Vec<u8>) -> Framing {
    match Opening::recognise(&bytes) {
        Opening::Undecided if bytes.is_empty() => Framing::Nothing,
        Opening::Undecided => Framing::Undecided(bytes),
        Opening::Records => {
            let mut reader = RecordReader::new(RecordLimits::default());
            reader.push(&bytes);
            Framing::Records(reader)
        }
        Opening::Ssl2 => Framing::Ssl2(bytes),
        Opening::Other => Framing::Other(bytes),
    }
}

/// What the bytes of this end are where they are no TLS; `None` while more could tell better.
fn judged(from: Role, bytes: &[u8], ended: bool) -> Option<Fact> {
    if bytes.is_empty() {
        return None;
    }
    let found: Option<(StrangeProtocol, _)> = match from {
        Role::Client => recognise::other_protocol_of_client(bytes, ended),
        Role::Server => recognise::judge(bytes, ended),
    };
    found.map(|(protocol, first_bytes)| Fact::OtherProtocol { protocol, first_bytes })
}
