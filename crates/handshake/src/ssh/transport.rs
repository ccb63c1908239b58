use std::collections::VecDeque;

use shakedown_crypto::CryptoError;
use shakedown_crypto::ssh::{KeySource, Opener, Protection, Sealer};
use shakedown_model::{Name, Phase, Role, StrangeProtocol};
use shakedown_wire::ssh::{
    Debug, Disconnect, ExtInfo, Identification, IdentificationLine, IdentificationReader, Ignore, Packet, PacketReader,
    ProtocolVersion, Unimplemented, number, write_packet,
};
use shakedown_wire::{WireError, WireErrorKind};

use super::recognise::{self, JUDGED, LONGEST_PREFIX};
use super::{Event, IgnoredMessage, Limits};

/// Bytes kept of a text that stands where a packet should be.
const LONGEST_TEXT: usize = 256;

/// What both roles share: the identification strings, packets, messages that are legal at any time, limits, and the end
/// of the stream.
pub(super) struct Transport {
    role: Role,
    limits: Limits,
    identification: Vec<u8>,
    peer: Option<Identification>,
    reading: Reading,
    /// The first bytes of the connection, as many as are looked at.
    first: Vec<u8>,
    received: u64,
    /// Whether more came than is read.
    too_much: bool,
    /// Where the line that is being read begins.
    line_begin: u64,
    /// Where the packets begin in what was received.
    packets_begin: u64,
    packets: usize,
    /// Packets that were sent, and those that came, in the clear.
    sent: u32,
    came: u32,
    /// What protects that which is sent, once keys are in use.
    sealer: Option<Box<Sealer>>,
    drop_next: bool,
    phase: Phase,
    done: bool,
    outgoing: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
}

/// What is read at the moment.
enum Reading {
    Identification(IdentificationReader),
    Packets(PacketReader),
    /// Packets, once keys are in use.
    Protected(Box<Opener>),
    /// Text where a packet length should be: read to the end of the line, because it says what is wrong.
    Text {
        error: WireError,
        line: Vec<u8>,
    },
}

impl Transport {
    pub(super) fn new(role: Role, identification: Vec<u8>, limits: Limits) -> Self {
        let mut outgoing = VecDeque::new();
        outgoing.push_back([&identification[..], b"\r\n"].concat());
        Self {
            role,
            limits,
            identification,
            peer: None,
            reading: Reading::Identification(IdentificationReader::new(limits.identification)),
            first: Vec::new(),
            received: 0,
            too_much: false,
            line_begin: 0,
            packets_begin: 0,
            packets: 0,
            sent: 0,
            came: 0,
            sealer: None,
            drop_next: false,
            phase: Phase::Identification,
            done: false,
            outgoing,
            events: VecDeque::new(),
        }
    }

    pub(super) fn transmit(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    pub(super) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
        self.packets = 0;
    }

    /// Our identification string, without line end.
    pub(super) fn identification(&self) -> &[u8] {
        &self.identification
    }

    /// The peer's identification string, without line end.
    pub(super) fn peer_identification(&self) -> &[u8] {
        self.peer.as_ref().map(Identification::as_bytes).unwrap_or_default()
    }

    pub(super) fn send(&mut self, payload: &[u8]) {
        let Some(sealer) = &mut self.sealer else {
            self.sent = self.sent.wrapping_add(1);
            return self.outgoing.push_back(write_packet(payload));
        };
        match sealer.seal(payload) {
            Ok(packet) => self.outgoing.push_back(packet),
            // Nothing can be said any more without keys.
            Err(_) => self.done = true,
        }
    }

    /// Protects what is sent from now on. `strict` is the rule that packets are counted from 0 again with new keys
    /// (draft-miller-sshm-strict-kex).
    pub(super) fn protect_outgoing(
        &mut self,
        protection: Protection,
        source: &KeySource<'_>,
        strict: bool,
    ) -> Result<(), CryptoError> {
        let sequence = if strict { 0 } else { self.sent };
        self.sealer = Some(Box::new(Sealer::new(protection, source, self.role, sequence)?));
        Ok(())
    }

    /// Takes what comes from now on as protected.
    pub(super) fn protect_incoming(
        &mut self,
        protection: Protection,
        source: &KeySource<'_>,
        strict: bool,
    ) -> Result<(), CryptoError> {
        let sequence = if strict { 0 } else { self.came };
        let mut opener = Opener::new(protection, source, self.role.peer(), sequence)?;
        if let Reading::Packets(reader) = &self.reading {
            opener.push(reader.partial());
        }
        self.reading = Reading::Protected(Box::new(opener));
        Ok(())
    }

    pub(super) fn send_disconnect(&mut self, reason_code: u32, description: &str) {
        let message =
            Disconnect { reason_code, description: description.as_bytes().to_vec(), language: Some(Vec::new()) };
        self.send(&message.write());
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// The last event.
    pub(super) fn finish(&mut self, event: Event) {
        self.events.push_back(event);
        self.done = true;
    }

    /// The machine has all that it wanted.
    pub(super) fn finish_silently(&mut self) {
        self.done = true;
    }

    /// An error in the payload of this packet.
    pub(super) fn malformed(&mut self, packet: &Packet, error: &WireError) {
        let offset = self.packets_begin + as_u64(packet.payload_offset()) + as_u64(error.offset);
        let phase = self.phase;
        self.finish(Event::Malformed { phase, what: error.to_string(), offset });
    }

    /// A message that has no place where it came, or says something impossible.
    pub(super) fn malformed_message(&mut self, packet: &Packet, what: String) {
        let offset = self.packets_begin + as_u64(packet.payload_offset());
        let phase = self.phase;
        self.finish(Event::Malformed { phase, what, offset });
    }

    /// Something odd in this packet that does no harm.
    pub(super) fn tolerated(&mut self, packet: &Packet, what: String) {
        let offset = self.packets_begin + as_u64(packet.payload_offset());
        self.event(Event::Tolerated { what, offset });
    }

    /// Tells the peer that its message is not known here.
    pub(super) fn unimplemented(&mut self, packet: &Packet) {
        self.send(&Unimplemented { sequence: packet.sequence }.write());
        let number = packet.payload.first().copied().unwrap_or_default();
        self.event(Event::Ignored(IgnoredMessage::Unknown { number }));
    }

    /// The next packet that belongs to the key exchange is a wrong guess.
    pub(super) fn drop_next(&mut self) {
        self.drop_next = true;
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.done {
            return;
        }
        let left = usize::try_from(self.limits.total_bytes.saturating_sub(self.received)).unwrap_or(usize::MAX);
        let (within, beyond) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
        self.received = self.received.saturating_add(as_u64(within.len()));
        self.read(within);
        self.too_much |= !beyond.is_empty();
    }

    fn read(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while let (false, Some((&byte, rest))) = (self.done, bytes.split_first()) {
            match &mut self.reading {
                Reading::Identification(_) => {
                    self.read_identification(byte);
                    bytes = rest;
                }
                Reading::Packets(packets) => {
                    packets.push(bytes);
                    return;
                }
                Reading::Protected(packets) => {
                    packets.push(bytes);
                    return;
                }
                Reading::Text { line, .. } => {
                    line.push(byte);
                    bytes = rest;
                    if byte == b'\n' || line.len() >= LONGEST_TEXT {
                        self.end_text();
                    }
                }
            }
        }
    }

    fn read_identification(&mut self, byte: u8) {
        if self.first.len() < JUDGED {
            self.first.push(byte);
            if self.first.len() <= LONGEST_PREFIX
                && let Some(protocol) = recognise::by_prefix(&self.first)
            {
                return self.other_protocol(protocol);
            }
        }
        let Reading::Identification(reader) = &mut self.reading else { return };
        match reader.read(&[byte]) {
            Err(error) => self.identification_error(&error),
            Ok((_, None)) => {
                let line = reader.partial();
                if line.len() == JUDGED && !line.starts_with(b"SSH-") && recognise::is_binary(line) {
                    self.other_protocol(StrangeProtocol::Unknown);
                }
            }
            Ok((_, Some(IdentificationLine::Preamble(line)))) => {
                let end = as_u64(reader.total());
                let first = self.line_begin == 0;
                self.line(&line, first);
                self.line_begin = end;
            }
            Ok((_, Some(IdentificationLine::Identification(identification)))) => {
                let end = as_u64(reader.total());
                self.identified(identification, end);
            }
        }
    }

    fn identification_error(&mut self, error: &WireError) {
        let phase = self.phase;
        match error.kind {
            WireErrorKind::TooMany { limit } => {
                self.finish(Event::LimitReached { phase, limit: format!("{limit} lines before the identification") });
            }
            WireErrorKind::TooLong { limit, .. } => {
                let unit = if error.field.as_str() == "line" { "bytes of one line" } else { "bytes" };
                let limit = format!("{limit} {unit} before the identification");
                self.finish(Event::LimitReached { phase, limit });
            }
            _ => {
                self.reject_identification();
                self.finish(Event::Malformed { phase, what: error.to_string(), offset: as_u64(error.offset) });
            }
        }
    }

    /// A line before the identification string.
    fn line(&mut self, line: &[u8], first: bool) {
        let peer = self.role.peer();
        if first && let Some(protocol) = recognise::by_first_line(peer, line) {
            self.reject_identification();
            return self.finish(Event::OtherProtocol { protocol, first_bytes: Name::from_bytes(line) });
        }
        if recognise::is_binary(line) {
            self.reject_identification();
            return self.other_protocol(StrangeProtocol::Unknown);
        }
        if peer == Role::Client {
            self.reject_identification();
            let what = format!("identification: `{}` is not of the form SSH-protoversion-softwareversion", {
                Name::from_bytes(line.get(..JUDGED).unwrap_or(line))
            });
            return self.finish(Event::Malformed { phase: self.phase, what, offset: 0 });
        }
        let text = Name::from_bytes(line);
        self.event(Event::PreambleLine(text.clone()));
        if let Some(throttle) = recognise::throttle(line) {
            self.event(Event::Throttled { throttle, text });
        }
    }

    fn identified(&mut self, identification: Identification, end: u64) {
        let name = Name::from_bytes(identification.as_bytes());
        match identification.version() {
            ProtocolVersion::Two | ProtocolVersion::OneAndTwo => {}
            ProtocolVersion::One => {
                if self.role == Role::Server {
                    self.outgoing.push_back(b"Protocol major versions differ.\r\n".to_vec());
                }
                return self.finish(Event::SshOneOnly { identification: name });
            }
            ProtocolVersion::Other => {
                let what = format!("identification: the protocol version of `{name}` is neither 2.0 nor 1.99");
                return self.finish(Event::Malformed { phase: self.phase, what, offset: self.line_begin });
            }
        }
        self.event(Event::Identification(name));
        if identification.is_too_long() {
            let longest = Identification::LONGEST;
            let what = format!("the identification string is longer than {longest} bytes (RFC 4253 section 4.2)");
            self.event(Event::Tolerated { what, offset: self.line_begin });
        }
        if identification.has_forbidden_bytes() {
            let what = "the identification string holds bytes that are not printable (RFC 4253 section 4.2)".to_owned();
            self.event(Event::Tolerated { what, offset: self.line_begin });
        }
        self.peer = Some(identification);
        self.packets_begin = end;
        self.reading = Reading::Packets(PacketReader::new(self.limits.packet));
        self.set_phase(Phase::Kexinit);
    }

    /// sshd tells a client that is none before it closes.
    fn reject_identification(&mut self) {
        if self.role == Role::Server {
            self.outgoing.push_back(b"Invalid SSH identification string.\r\n".to_vec());
        }
    }

    fn other_protocol(&mut self, protocol: StrangeProtocol) {
        self.finish(Event::OtherProtocol { protocol, first_bytes: Name::from_bytes(&self.first) });
    }

    /// The next packet of the key exchange; messages that are legal at any time are dealt with here. To be called until
    /// there is none after every receipt.
    pub(super) fn next_packet(&mut self) -> Option<Packet> {
        while !self.done {
            let Some(packet) = self.cut_packet() else { break };
            if self.count(&packet)
                && let Some(packet) = self.sift(packet)
            {
                return Some(packet);
            }
        }
        if self.too_much && !self.done {
            let limit = format!("{} bytes of one connection", self.limits.total_bytes);
            self.finish(Event::LimitReached { phase: self.phase, limit });
        }
        None
    }

    fn cut_packet(&mut self) -> Option<Packet> {
        let reader = match &mut self.reading {
            Reading::Packets(reader) => reader,
            Reading::Protected(opener) => return opened(opener.next_packet(), self),
            _ => return None,
        };
        match reader.next_packet() {
            Ok(packet) => {
                self.came = self.came.wrapping_add(u32::from(packet.is_some()));
                packet
            }
            Err(error) => {
                let text = reader.partial().to_vec();
                self.packet_error(error, &text);
                None
            }
        }
    }

    /// Counts a packet against the limit and says whether it is within.
    fn count(&mut self, packet: &Packet) -> bool {
        self.packets += 1;
        // The KEXINIT itself is never one too many.
        let within = self.packets <= self.limits.packets || packet.payload.first() == Some(&number::KEXINIT);
        if !within {
            let before = if self.phase == Phase::Kexinit { "before KEXINIT" } else { "in the key exchange" };
            let limit = format!("{} packets {before}", self.limits.packets);
            self.finish(Event::LimitReached { phase: self.phase, limit });
        }
        within
    }

    /// Keeps back what is legal at any time.
    fn sift(&mut self, packet: Packet) -> Option<Packet> {
        let Some(&message) = packet.payload.first() else {
            self.malformed_message(&packet, "message_number: the packet is empty".to_owned());
            return None;
        };
        let payload = &packet.payload[..];
        let ignored = match message {
            number::DISCONNECT => {
                match Disconnect::parse(payload) {
                    Ok(message) => {
                        let text = Name::from_bytes(&message.description);
                        let phase = self.phase;
                        self.finish(Event::Disconnect { phase, code: message.reason_code, text });
                    }
                    Err(error) => self.malformed(&packet, &error),
                }
                return None;
            }
            number::EXT_INFO => ExtInfo::parse(payload).map(|message| {
                let name = |bytes: &Vec<u8>| Name::from_bytes(bytes);
                let extensions = message.extensions.iter().map(|(key, value)| (name(key), name(value))).collect();
                Event::ExtInfo { extensions }
            }),
            number::IGNORE => Ignore::parse(payload)
                .map(|message| Event::Ignored(IgnoredMessage::Ignore { length: message.data.len() })),
            number::DEBUG => Debug::parse(payload)
                .map(|message| Event::Ignored(IgnoredMessage::Debug { text: Name::from_bytes(&message.message) })),
            number::UNIMPLEMENTED => Unimplemented::parse(payload)
                .map(|message| Event::Ignored(IgnoredMessage::Unimplemented { sequence: message.sequence })),
            number::KEXINIT if self.phase == Phase::Kexinit => return Some(packet),
            _ if std::mem::take(&mut self.drop_next) => {
                Ok(Event::Ignored(IgnoredMessage::WrongGuess { number: message }))
            }
            50..=79 if self.phase == Phase::Authentication => return Some(packet),
            number::SERVICE_REQUEST | number::SERVICE_ACCEPT | number::KEXINIT | number::NEWKEYS | 30..=49 => {
                return Some(packet);
            }
            _ => {
                self.unimplemented(&packet);
                return None;
            }
        };
        match ignored {
            Ok(event) => self.event(event),
            Err(error) => self.malformed(&packet, &error),
        }
        None
    }

    fn packet_error(&mut self, error: WireError, text: &[u8]) {
        let printable = |byte: &u8| (0x20..=0x7e).contains(byte);
        if error.field.as_str() == "packet_length" && text.len() >= 4 && text.iter().take(4).all(printable) {
            self.reading = Reading::Text { error, line: Vec::new() };
            self.read(text);
        } else {
            self.finish_packet_error(&error, None);
        }
    }

    fn end_text(&mut self) {
        if let Reading::Text { error, line } = &self.reading {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (error, text) = (error.clone(), Name::from_bytes(line));
            self.finish_packet_error(&error, Some(text));
        }
    }

    fn finish_packet_error(&mut self, error: &WireError, text: Option<Name>) {
        let what = match text {
            Some(text) => format!("{error}; a line of text stands in its place: `{text}`"),
            None => error.to_string(),
        };
        let offset = self.packets_begin.saturating_add(as_u64(error.offset));
        self.finish(Event::Malformed { phase: self.phase, what, offset });
    }

    pub(super) fn end_of_stream(&mut self) {
        if self.done {
            return;
        }
        let incomplete = match &self.reading {
            Reading::Identification(reader) => {
                let line = reader.partial().to_vec();
                let first = self.line_begin == 0;
                if !line.is_empty() && !line.starts_with(b"SSH-") {
                    self.line(line.strip_suffix(b"\r").unwrap_or(&line), first);
                }
                line.len()
            }
            Reading::Packets(packets) => packets.partial().len(),
            Reading::Protected(packets) => packets.partial(),
            Reading::Text { line, .. } => {
                let length = line.len();
                self.end_text();
                length
            }
        };
        if !self.done {
            self.finish(Event::Ended { phase: self.phase, received: self.received, incomplete });
        }
    }
}

/// A packet that was opened; where it was not made with the keys of this connection, the machine is done.
fn opened(result: Result<Option<(u32, Vec<u8>)>, CryptoError>, transport: &mut Transport) -> Option<Packet> {
    match result {
        Ok(packet) => packet.map(|(sequence, payload)| Packet { payload, offset: 0, sequence }),
        Err(error) => {
            // How much had come by then depends on how it was cut; where the packets begin does not.
            let (phase, offset) = (transport.phase, transport.packets_begin);
            transport.finish(Event::Malformed { phase, what: error.to_string(), offset });
            None
        }
    }
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
