mod finish;

use std::collections::VecDeque;
use std::sync::Arc;

use shakedown_crypto::tls::{KeyShareSecret, Protection};
use shakedown_crypto::{CryptoError, Hash};
use shakedown_model::Phase;
use shakedown_wire::WireError;
use shakedown_wire::tls::number::{alert, content, extension as x, version};
use shakedown_wire::tls::{
    Alert, Deframer, Form, HandshakeLimits, HelloBuilder, KeyExchange, KeyExchangeParameters, Message, Opening, Record,
    RecordLimits, RecordReader, ServerHello, Split, Ssl2ClientHello, Ssl2Message, View, read_ssl2_record,
    write_ssl2_record,
};

use super::protected::{Protected, Transcript};
use super::{AlertSeen, Departure, End, HelloSpec, Observation, SuiteTable, answer, recognise};

/// The first message of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstMessage {
    /// A ClientHello of SSL 3.0 to TLS 1.3.
    Hello(Box<HelloSpec>),
    /// A CLIENT-HELLO of SSL 2.0.
    Ssl2(Ssl2ClientHello),
}

/// What a client wants to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The ServerHello or HelloRetryRequest: version, suite and, in TLS 1.3, the group.
    ServerHello,
    /// Up to ServerKeyExchange where there is one: also group and signature scheme below TLS 1.3.
    KeyExchange,
    /// All that the server sends before the client's second turn. A HelloRetryRequest is answered.
    Flight,
    /// The same, and whether the server lets a client without certificate in.
    Answer,
    /// The whole handshake, to both Finished: [`Observation::finished`].
    Finished,
}

/// How much of a server is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Record lengths.
    pub record: RecordLimits,
    /// Handshake messages.
    pub handshake: HandshakeLimits,
    /// Records of the whole connection.
    pub records: usize,
    /// Warnings.
    pub warnings: usize,
    /// Bytes of the whole connection.
    pub total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record: RecordLimits::default(),
            handshake: HandshakeLimits { total: 4 << 20, ..HandshakeLimits::default() },
            records: 16_384,
            warnings: 16,
            total_bytes: 6 << 20,
        }
    }
}

/// How a [`Client`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// What it sends first.
    pub first: FirstMessage,
    /// What it wants to learn.
    pub until: Until,
    /// How much it reads.
    pub limits: Limits,
    /// The suites whose messages it can read.
    pub suites: Arc<SuiteTable>,
    /// How the hello is cut into records.
    pub records: Split,
    /// How the records of the hello are cut into segments.
    pub segments: Split,
    /// Whether a hello of 256 to 511 bytes is sent without padding.
    pub allow_hanging_length: bool,
}

impl ClientConfig {
    /// This hello with default limits, in one record.
    pub fn new(hello: HelloSpec, until: Until, suites: Arc<SuiteTable>) -> Self {
        Self {
            first: FirstMessage::Hello(Box::new(hello)),
            until,
            limits: Limits::default(),
            suites,
            records: Split::Whole,
            segments: Split::Whole,
            allow_hanging_length: false,
        }
    }
}

/// The client's end of one hello exchange.
pub struct Client {
    config: ClientConfig,
    outgoing: VecDeque<Vec<u8>>,
    observation: Observation,
    framing: Framing,
    deframer: Deframer,
    form: Form,
    random: [u8; 32],
    session_id: Vec<u8>,
    shares: Vec<KeyShareSecret>,
    transcript: Transcript,
    protected: Option<Protected>,
    legacy: Option<finish::Legacy>,
    phase: Phase,
    records: usize,
    /// Whether all was sent that a client sends in a handshake.
    answered: bool,
}

/// What the server's bytes are cut up as.
enum Framing {
    Undecided(Vec<u8>),
    Records(RecordReader),
    Ssl2(Vec<u8>),
    Other(Vec<u8>),
}

impl Client {
    /// A client at the beginning of a connection. Its hello is ready to be sent.
    ///
    /// # Errors
    /// The random source or the library fails, or the hello cannot be written.
    pub fn new(config: ClientConfig) -> Result<Self, CryptoError> {
        let mut random = [0; 32];
        shakedown_crypto::random(&mut random)?;
        let mut client = Self {
            outgoing: VecDeque::new(),
            observation: Observation::default(),
            framing: Framing::Undecided(Vec::new()),
            deframer: Deframer::new(config.limits.handshake),
            form: Form::default(),
            random,
            session_id: Vec::new(),
            shares: Vec::new(),
            transcript: Transcript::default(),
            protected: None,
            legacy: None,
            phase: Phase::Hello,
            records: 0,
            answered: false,
            config,
        };
        client.open()?;
        Ok(client)
    }

    fn open(&mut self) -> Result<(), CryptoError> {
        let spec = match &self.config.first {
            FirstMessage::Hello(spec) => spec.clone(),
            FirstMessage::Ssl2(hello) => {
                self.outgoing.push_back(write_ssl2_record(&Ssl2Message::ClientHello(hello.clone()).write()));
                return Ok(());
            }
        };
        if spec.offers_tls13() {
            // RFC 8446 appendix D.4: middleboxes expect a session.
            self.session_id = vec![0; 32];
            shakedown_crypto::random(&mut self.session_id)?;
            for &group in &spec.key_shares {
                self.shares.extend(KeyShareSecret::generate(group)?);
            }
        }
        self.send_hello(&spec)
    }

    fn send_hello(&mut self, spec: &HelloSpec) -> Result<(), CryptoError> {
        let mut builder = HelloBuilder::new(spec.hello(self.random, self.session_id.clone(), &self.shares));
        builder.record_version = match (self.observation.retry.is_some(), spec.legacy_version()) {
            (true, _) => version::TLS12,
            (false, version::SSL3) => version::SSL3,
            _ => version::TLS10,
        };
        // Servers of SSL 3.0 may refuse any extension, padding too.
        builder.allow_hanging_length = self.config.allow_hanging_length || !spec.has_extensions;
        builder.records = self.config.records.clone();
        builder.segments = self.config.segments.clone();
        let built = builder.build().map_err(|_| CryptoError::Library)?;
        self.transcript.add(&built.message);
        self.outgoing.extend(built.segments);
        Ok(())
    }

    fn spec(&self) -> Option<&HelloSpec> {
        match &self.config.first {
            FirstMessage::Hello(spec) => Some(spec),
            FirstMessage::Ssl2(_) => None,
        }
    }

    /// Takes bytes from the server. Nothing is done with those that come after [`Self::is_done`].
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_done() {
            return;
        }
        self.observation.received = self.observation.received.saturating_add(bytes.len() as u64);
        if self.observation.received > self.config.limits.total_bytes {
            return self.limit(format!("{} bytes from the server", self.config.limits.total_bytes));
        }
        match &mut self.framing {
            Framing::Undecided(buffer) => {
                buffer.extend_from_slice(bytes);
                let buffer = std::mem::take(buffer);
                self.framing = match Opening::recognise(&buffer) {
                    Opening::Undecided => Framing::Undecided(buffer),
                    Opening::Records => {
                        let mut reader = RecordReader::new(self.config.limits.record);
                        reader.push(&buffer);
                        Framing::Records(reader)
                    }
                    Opening::Ssl2 => Framing::Ssl2(buffer),
                    Opening::Other => Framing::Other(buffer),
                };
            }
            Framing::Records(reader) => reader.push(bytes),
            Framing::Ssl2(buffer) | Framing::Other(buffer) => buffer.extend_from_slice(bytes),
        }
        self.advance();
    }

    /// The server has closed its end of the stream.
    pub fn end_of_stream(&mut self) {
        if self.is_done() {
            return;
        }
        let incomplete = match &self.framing {
            Framing::Records(reader) => reader.partial().len().saturating_add(self.deframer.partial().len()),
            Framing::Undecided(bytes) | Framing::Ssl2(bytes) | Framing::Other(bytes) => {
                if !bytes.is_empty()
                    && let Some((protocol, first_bytes)) = recognise::judge(bytes, true)
                {
                    return self.end(End::OtherProtocol { protocol, first_bytes });
                }
                bytes.len()
            }
        };
        self.end(End::Closed { incomplete });
    }

    /// The next bytes to send.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Whether there is nothing more to learn from this connection. Bytes may be left to send.
    pub fn is_done(&self) -> bool {
        self.observation.end.is_some()
    }

    /// Where in the exchange the server is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What was seen so far.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// What was seen.
    pub fn into_observation(self) -> Observation {
        self.observation
    }

    fn end(&mut self, end: End) {
        self.observation.end.get_or_insert(end);
    }

    fn limit(&mut self, limit: String) {
        self.end(End::LimitReached { limit });
    }

    fn malformed(&mut self, error: &WireError, base: usize) {
        let offset = base.saturating_add(error.offset) as u64;
        self.end(End::Malformed { what: error.to_string(), offset });
    }

    fn advance(&mut self) {
        while !self.is_done() {
            match &mut self.framing {
                Framing::Undecided(_) => return,
                Framing::Other(bytes) => {
                    if let Some((protocol, first_bytes)) = recognise::judge(bytes, false) {
                        self.end(End::OtherProtocol { protocol, first_bytes });
                    }
                    return;
                }
                Framing::Ssl2(bytes) => {
                    let bytes = std::mem::take(bytes);
                    if let Some(rest) = self.ssl2(bytes) {
                        self.framing = Framing::Ssl2(rest);
                    }
                    return;
                }
                Framing::Records(reader) => match reader.next_record() {
                    Ok(Some(record)) => self.record(record),
                    Ok(None) => return,
                    Err(error) => return self.malformed(&error, 0),
                },
            }
        }
    }

    /// The bytes where the message is not whole yet.
    fn ssl2(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let message = match read_ssl2_record(&bytes) {
            Ok(None) => return Some(bytes),
            Ok(Some((message, _))) => Ssl2Message::parse(message),
            Err(error) => Err(error),
        };
        match message {
            Ok(Ssl2Message::ServerHello(hello)) => {
                self.observation.version = Some(hello.version);
                self.observation.ssl2 = Some(hello);
                self.end(End::Complete);
            }
            Ok(Ssl2Message::Error(code)) => {
                // An error of SSL 2.0 has two bytes; they stand where an alert has level and description.
                let [_, description] = code.to_be_bytes();
                let alert = Alert { level: alert::FATAL, description };
                self.end(End::Alert(AlertSeen { alert, is_encrypted: false, after_finished: false }));
            }
            Ok(_) => self.end(End::Malformed { what: "SSL2: not a SERVER-HELLO".to_owned(), offset: 2 }),
            Err(error) => self.malformed(&error, 0),
        }
        None
    }

    fn record(&mut self, record: Record) {
        self.records = self.records.saturating_add(1);
        if self.records > self.config.limits.records {
            return self.limit(format!("{} records", self.config.limits.records));
        }
        let base = record.fragment_offset();
        if record.content_type == content::APPLICATION_DATA {
            let Some(protected) = &mut self.protected else {
                let what = "record: application_data before the handshake is done".to_owned();
                return self.end(End::Malformed { what, offset: record.offset as u64 });
            };
            return match protected.open(record.version, &record.fragment) {
                Ok((content_type, content)) => self.content(content_type, &content, base, true),
                Err(error) => self.end(End::Malformed { what: error.to_string(), offset: base as u64 }),
            };
        }
        match self.opened(&record) {
            Some(Ok(content)) => self.content(record.content_type, &content, base, true),
            Some(Err(end)) => self.end(end),
            None => self.content(record.content_type, &record.fragment, base, false),
        }
    }

    fn content(&mut self, content_type: u8, content: &[u8], base: usize, is_encrypted: bool) {
        match content_type {
            content::ALERT => match Alert::parse(content) {
                Ok(alert) => self.alert(alert, is_encrypted),
                Err(error) => self.malformed(&error, base),
            },
            content::HANDSHAKE => {
                self.deframer.push(content);
                self.messages(base);
            }
            // RFC 8446 appendix D.4; and where the server accepts a Finished that nobody could make, it is no server.
            content::CHANGE_CIPHER_SPEC => self.server_changes(),
            content::APPLICATION_DATA => self.end(End::Complete),
            _ => {
                let what = format!("record: content type {content_type} in a handshake");
                self.end(End::Malformed { what, offset: base as u64 });
            }
        }
    }

    fn alert(&mut self, alert: Alert, is_encrypted: bool) {
        let closes = alert.description == alert::CLOSE_NOTIFY;
        if closes && self.answered && self.form.version >= version::TLS13 {
            return self.end(End::Complete);
        }
        // In TLS 1.3 the level says nothing, RFC 8446 section 6.
        let is_warning = alert.level == alert::WARNING && !closes && !version::is_tls13(self.form.version);
        if !is_warning {
            return self.end(End::Alert(AlertSeen { alert, is_encrypted, after_finished: self.answered }));
        }
        if self.observation.warnings.len() >= self.config.limits.warnings {
            return self.limit(format!("{} warnings", self.config.limits.warnings));
        }
        self.observation.warnings.push(alert);
    }

    fn messages(&mut self, base: usize) {
        while !self.is_done() {
            match self.deframer.next_message() {
                Ok(Some(message)) => match Message::parse(&message.bytes, self.form) {
                    Ok(parsed) => self.message(parsed, &message.bytes),
                    Err(error) => self.malformed(&error, base),
                },
                Ok(None) => return,
                Err(error) if matches!(error.kind, shakedown_wire::WireErrorKind::BadForm { .. }) => {
                    return self.malformed(&error, base);
                }
                Err(error) => return self.limit(error.to_string()),
            }
        }
    }

    fn message(&mut self, message: Message, bytes: &[u8]) {
        if !matches!(message, Message::Finished(_) | Message::HelloRetryRequest(_)) {
            self.transcript.add(bytes);
        }
        match message {
            Message::HelloRetryRequest(retry) => self.retry(*retry, bytes),
            Message::ServerHello(hello) => self.server_hello(*hello),
            Message::EncryptedExtensions(extensions) => self.observation.encrypted_extensions = Some(extensions),
            Message::Certificate(certificate) => {
                self.phase = Phase::KeyExchange;
                self.observation.certificates = certificate.entries;
            }
            Message::CertificateStatus(status) => self.observation.certificate_status = Some(status),
            Message::ServerKeyExchange(exchange) => {
                if let Some(algorithm) = exchange.signature.as_ref().and_then(|signature| signature.algorithm) {
                    self.signed_with(algorithm);
                }
                if let KeyExchangeParameters::NamedCurve { group, .. } = exchange.parameters {
                    self.group(group);
                }
                self.observation.parameters = Some(exchange.parameters);
                if self.config.until == Until::KeyExchange {
                    self.end(End::Complete);
                }
            }
            Message::CertificateRequest(request) => self.observation.certificate_request = Some(request),
            Message::CertificateVerify(signature) => {
                if let Some(algorithm) = signature.algorithm {
                    self.signed_with(algorithm);
                }
            }
            Message::ServerHelloDone => self.server_hello_done(),
            Message::Finished(verify_data) => self.finished(&verify_data, bytes),
            Message::NewSessionTicket(_) => self.observation.tickets = self.observation.tickets.saturating_add(1),
            // What is not known here changes nothing; the limits hold.
            _ => {}
        }
    }

    fn signed_with(&mut self, algorithm: u16) {
        self.observation.signature_scheme = Some(algorithm);
        // Without the extension a server takes the default of RFC 5246 section 7.4.1.4.1.
        let offered =
            |spec: &HelloSpec| spec.signature_schemes.is_empty() || spec.signature_schemes.contains(&algorithm);
        if !self.spec().is_none_or(offered) {
            self.observation.departures.push(Departure::SignatureScheme(algorithm));
        }
    }

    fn group(&mut self, group: u16) {
        self.observation.group = Some(group);
        // Without the extension any group may be chosen, RFC 8422 section 4.
        if !self.spec().is_none_or(|spec| spec.groups.is_empty() || spec.groups.contains(&group)) {
            self.observation.departures.push(Departure::Group(group));
        }
    }

    /// What a server chose must have been offered; a server that chose something else is a fact, and its messages are
    /// read on as far as they can be.
    fn chosen(&mut self, hello: &ServerHello) {
        let chosen = hello.selected_version();
        self.observation.version = Some(chosen);
        self.observation.cipher_suite = Some(hello.cipher_suite);
        self.form.version = chosen;
        self.form.key_exchange = self.config.suites.form(hello.cipher_suite);
        let Some(spec) = self.spec() else { return };
        let mut departures = Vec::new();
        if !spec.offers_version(chosen) {
            departures.push(Departure::Version(chosen));
        }
        if !spec.cipher_suites.contains(&hello.cipher_suite) {
            departures.push(Departure::CipherSuite(hello.cipher_suite));
        }
        if !spec.compression_methods.contains(&hello.compression_method) {
            departures.push(Departure::Compression(hello.compression_method));
        }
        if let Some(lower) = hello.downgraded_to()
            && !hello.is_hello_retry_request()
            && spec.versions.iter().any(|&version| version > chosen && !version::is_tls13_draft(version))
        {
            departures.push(Departure::Downgraded(lower));
        }
        self.observation.departures.extend(departures);
    }

    fn retry(&mut self, retry: ServerHello, bytes: &[u8]) {
        if self.observation.retry.is_some() || self.observation.hello.is_some() {
            let what = "handshake: a second hello_retry_request".to_owned();
            return self.end(End::Malformed { what, offset: 0 });
        }
        self.chosen(&retry);
        let group = match retry.view(x::KEY_SHARE) {
            Some(Ok(View::SelectedGroup(group))) => Some(group),
            _ => None,
        };
        let cookie = retry.extensions.as_ref().and_then(|extensions| extensions.find(x::COOKIE)).cloned();
        let hash = Protection::of(retry.cipher_suite).map_or(Hash::Sha256, Protection::hash);
        if let Some(group) = group {
            self.group(group);
            if self.shares.iter().any(|share| share.group() == group) {
                self.observation.departures.push(Departure::NeedlessRetry(group));
            }
        }
        self.observation.retry = Some(retry);
        if matches!(self.config.until, Until::ServerHello | Until::KeyExchange) {
            return self.end(End::Complete);
        }
        self.transcript.retry(hash);
        self.transcript.add(bytes);
        if let Err(reason) = self.second_hello(group, cookie) {
            self.observation.unread = Some(reason);
            self.end(End::Unreadable);
        }
    }

    /// RFC 8446 section 4.1.2: the same hello with the share that is asked for, and the cookie.
    fn second_hello(
        &mut self,
        group: Option<u16>,
        cookie: Option<shakedown_wire::tls::Extension>,
    ) -> Result<(), String> {
        let Some(mut spec) = self.spec().cloned() else { return Err("no hello was sent".to_owned()) };
        if let Some(group) = group {
            let share = KeyShareSecret::generate(group).map_err(|error| error.to_string())?;
            self.shares = vec![share.ok_or_else(|| format!("the group {group:#06x} is not implemented"))?];
        }
        spec.extensions.extend(cookie);
        self.send_hello(&spec).map_err(|error| error.to_string())
    }

    fn server_hello(&mut self, hello: ServerHello) {
        if self.observation.hello.is_some() {
            let what = "handshake: a second server_hello".to_owned();
            return self.end(End::Malformed { what, offset: 0 });
        }
        self.chosen(&hello);
        self.phase = Phase::Certificate;
        let share = match hello.view(x::KEY_SHARE) {
            Some(Ok(View::KeyShare(share))) => Some(share),
            _ => None,
        };
        let cipher_suite = hello.cipher_suite;
        self.observation.hello = Some(hello);
        let tls13 = version::is_tls13(self.form.version);
        if let (Some(share), true) = (&share, tls13) {
            self.group(share.group);
        }
        if self.config.until == Until::ServerHello || (tls13 && self.config.until == Until::KeyExchange) {
            return self.end(End::Complete);
        }
        if !tls13 {
            return;
        }
        let protected = match &share {
            Some(share) => Protected::new(cipher_suite, &self.shares, share.group, &share.public, &self.transcript),
            None => Err("the server's hello has no key share".to_owned()),
        };
        match protected {
            Ok(protected) => self.protected = Some(protected),
            Err(reason) => {
                self.observation.unread = Some(reason);
                self.end(End::Unreadable);
            }
        }
    }

    fn server_hello_done(&mut self) {
        self.observation.flight_complete = true;
        self.phase = Phase::ClientCertificate;
        if self.config.until == Until::Finished {
            match self.second_turn() {
                Ok(bytes) => {
                    self.outgoing.push_back(bytes);
                    self.answered = true;
                }
                Err(reason) => {
                    self.observation.unread = Some(reason);
                    self.end(End::Unreadable);
                }
            }
            return;
        }
        if self.config.until != Until::Answer || self.observation.certificate_request.is_none() {
            return self.end(End::Complete);
        }
        let key_exchange: KeyExchange = self.form.key_exchange;
        let answer = answer::legacy(&self.observation, key_exchange);
        self.send_answer(answer);
    }

    fn finished(&mut self, verify_data: &[u8], bytes: &[u8]) {
        if self.legacy_finished(verify_data) {
            return;
        }
        let Some(protected) = &mut self.protected else {
            let what = "handshake: finished before the end of the handshake".to_owned();
            return self.end(End::Malformed { what, offset: 0 });
        };
        if self.answered {
            return self.end(End::Complete);
        }
        let expected = protected.keys.server_finished(&self.transcript.hash(protected.hash));
        let is_right = expected.is_ok_and(|expected| expected == verify_data);
        if !is_right {
            self.observation.departures.push(Departure::WrongFinished);
        }
        self.transcript.add(bytes);
        self.observation.flight_complete = true;
        self.phase = Phase::ClientCertificate;
        if !matches!(self.config.until, Until::Answer | Until::Finished) {
            return self.end(End::Complete);
        }
        self.observation.finished = is_right;
        let request = self.observation.certificate_request.as_ref();
        let answer = answer::tls13(protected, &mut self.transcript, request);
        self.send_answer(answer);
    }

    fn send_answer(&mut self, answer: Result<Vec<u8>, CryptoError>) {
        match answer {
            Ok(bytes) => {
                self.outgoing.push_back(bytes);
                self.answered = true;
            }
            Err(error) => {
                self.observation.unread = Some(error.to_string());
                self.end(End::Unreadable);
            }
        }
    }
}
