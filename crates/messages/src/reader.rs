use std::collections::HashMap;
use std::ops::Range;

use shakedown_model::{MessageKind, Name, Role, Said, Slot};

use crate::attempt::{Attempt, Place};
use crate::data::Entry;
use crate::hit::{self, Hit};
use crate::settle;
use crate::{Clean, Envelope, Messages};

/// Reads a text block by block and gathers what belongs together.
///
/// Memory is bounded: what an attempt says is kept once however often it is said, and attempts that are over are folded
/// into those that went the same way.
pub struct Reader<'a> {
    messages: &'a Messages,
    events: HashMap<Key, Vec<Event>>,
    order: Vec<Key>,
    bytes: u64,
    found: u64,
}

/// What tells one attempt from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) file: usize,
    pub(crate) host: Vec<u8>,
    pub(crate) program: Vec<u8>,
    pub(crate) process: Vec<u8>,
    pub(crate) connection: Vec<u8>,
}

/// One message, before it is known what else was said.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) entry: usize,
    pub(crate) place: Place,
    pub(crate) text: Name,
    pub(crate) captures: Vec<(String, Name, Place)>,
    pub(crate) printed_by: Option<Role>,
    pub(crate) time: Option<String>,
    pub(crate) times: u64,
    pub(crate) last_time: Option<String>,
    /// The place in the order of all messages.
    pub(crate) number: u64,
}

/// Different messages kept of one attempt.
const EVENTS: usize = 256;

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub fn new(messages: &'a Messages) -> Self {
        Self { messages, events: HashMap::new(), order: Vec::new(), bytes: 0, found: 0 }
    }

    /// Reads whole lines of a file, which begin at that byte of it.
    pub fn read(&mut self, file: usize, offset: u64, original: &[u8]) {
        let clean = Clean::of(original);
        self.bytes += original.len() as u64;
        let text = clean.bytes();
        for found in hit::find(self.messages, text) {
            let Some(entry) = self.messages.entries().get(found.entry) else { continue };
            let line = text.get(found.line.clone()).unwrap_or_default();
            let envelope = Envelope::read(line);
            let key = key(file, line, &envelope);
            let at = |span: Range<usize>| {
                let original = clean.original(span);
                Place { file, start: offset + original.start as u64, end: offset + original.end as u64 }
            };
            self.found += 1;
            let event = Event {
                entry: found.entry,
                place: at(found.span.clone()),
                text: name(text, &found.span),
                captures: captures(text, &found, at),
                printed_by: role(entry, text, &found, line, &envelope),
                time: part(line, envelope.time.as_ref()),
                times: 1,
                last_time: None,
                number: self.found,
            };
            self.add(key, event);
        }
    }

    /// Messages found so far.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// All attempts, in the order of the text.
    pub fn finish(self) -> Vec<Attempt> {
        let Self { messages, mut events, order, bytes, .. } = self;
        let keyed = order.into_iter().filter_map(|key| events.remove_entry(&key)).collect();
        settle::attempts(messages, keyed, bytes)
    }

    fn add(&mut self, key: Key, event: Event) {
        let events = match self.events.get_mut(&key) {
            Some(events) => events,
            None => {
                self.order.push(key.clone());
                self.events.entry(key).or_default()
            }
        };
        // A heading and the lists below it lose their meaning when they are put together with others.
        let entry = self.messages.entries().get(event.entry);
        let ordered = entry.is_some_and(|entry| !entry.begins_offer_of.is_empty() || has_offer(&event));
        let said = |event: &Event| {
            event.captures.iter().map(|(name, text, _)| (name.clone(), text.clone())).collect::<Vec<_>>()
        };
        let same = |other: &Event| {
            other.entry == event.entry && other.printed_by == event.printed_by && said(other) == said(&event)
        };
        let same = if ordered { None } else { events.iter().rposition(same) };
        let full = events.len() >= EVENTS;
        match same {
            Some(index) => {
                if let Some(same) = events.get_mut(index) {
                    same.times += 1;
                    same.number = event.number;
                    same.last_time = event.time.or(same.last_time.take());
                }
            }
            None if !full => events.push(event),
            None => {}
        }
    }
}

fn has_offer(event: &Event) -> bool {
    event.captures.iter().any(|(name, ..)| name == "offer")
}

fn key(file: usize, line: &[u8], envelope: &Envelope) -> Key {
    let bytes =
        |range: Option<&Range<usize>>| range.and_then(|range| line.get(range.clone())).unwrap_or_default().to_vec();
    let connection = bytes(envelope.connection.as_ref());
    Key {
        file,
        host: bytes(envelope.host.as_ref()),
        program: bytes(envelope.program.as_ref()),
        process: bytes(envelope.process.as_ref()),
        connection,
    }
}

fn part(line: &[u8], range: Option<&Range<usize>>) -> Option<String> {
    Some(String::from_utf8_lossy(line.get(range?.clone())?).into_owned())
}

fn name(text: &[u8], span: &Range<usize>) -> Name {
    Name::from_bytes(text.get(span.clone()).unwrap_or_default())
}

fn captures(text: &[u8], hit: &Hit, at: impl Fn(Range<usize>) -> Place) -> Vec<(String, Name, Place)> {
    let trimmed = |span: &Range<usize>| {
        let bytes = text.get(span.clone()).unwrap_or_default();
        let quote = |byte: &u8| b"'\"`<>[](),;: \t\r".contains(byte);
        let start = bytes.iter().position(|byte| !quote(byte)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| !quote(byte)).map_or(start, |last| last + 1);
        span.start + start..span.start + end
    };
    hit.captures
        .iter()
        .map(|(key, span)| {
            let span = trimmed(span);
            (key.clone(), name(text, &span), at(span))
        })
        .collect()
}

/// Programs that are the server of a connection when they log it.
const SERVERS: &[&str] = &[
    "sshd",
    "sshd-session",
    "sshd-auth",
    "internal-sftp",
    "sftp-server",
    "dropbear",
    "nginx",
    "apache2",
    "httpd",
    "haproxy",
    "dovecot",
    "imap-login",
    "pop3-login",
    "postfix/smtpd",
    "postfix/submission/smtpd",
    "postfix/smtps/smtpd",
    "proftpd",
    "vsftpd",
    "mysqld",
    "mariadbd",
    "slapd",
];
/// Programs that are the client of a connection when they print.
const CLIENTS: &[&str] =
    &["ssh", "sftp", "scp", "curl", "wget", "postfix/smtp", "plink", "psftp", "pscp", "dbclient", "autossh"];

fn role(entry: &Entry, text: &[u8], hit: &Hit, line: &[u8], envelope: &Envelope) -> Option<Role> {
    match entry.printed_by.as_str() {
        "client" => return Some(Role::Client),
        "server" => return Some(Role::Server),
        _ => {}
    }
    let program = part(line, envelope.program.as_ref()).unwrap_or_default();
    if SERVERS.contains(&program.as_str()) || memchr::memmem::find(line, b"[preauth]").is_some() {
        return Some(Role::Server);
    }
    if CLIENTS.contains(&program.as_str()) {
        return Some(Role::Client);
    }
    // A port that no server listens on is a client's own: then it was the server that printed.
    let port = hit.captures.iter().find(|(name, _)| name == "port").and_then(|(_, span)| text.get(span.clone()));
    let port: u16 = std::str::from_utf8(port?).ok()?.parse().ok()?;
    match port {
        22 | 443 | 2222 | 830 => Some(Role::Client),
        // 65535 is what ssh prints where a proxy command carries the connection.
        u16::MAX if entry.protocol == "ssh" => Some(Role::Client),
        32768.. if entry.protocol == "ssh" => Some(Role::Server),
        _ => None,
    }
}

/// What is handed on about a message.
pub(crate) fn said(messages: &Messages, event: &Event) -> Said {
    let entry = messages.entries().get(event.entry).cloned().unwrap_or_default();
    Said {
        protocol: match entry.protocol.as_str() {
            "ssh" => Some(shakedown_model::Protocol::Ssh),
            "tls" => Some(shakedown_model::Protocol::Tls),
            "ike" => Some(shakedown_model::Protocol::Ike),
            _ => None,
        },
        kind: match entry.kind.as_str() {
            "consequence" => MessageKind::Consequence,
            "context" => MessageKind::Context,
            "success" => MessageKind::Success,
            "warning" => MessageKind::Warning,
            _ => MessageKind::Failure,
        },
        printed_by: event.printed_by,
        phase: shakedown_model::Phase::parse(&entry.phase),
        slot: slot(&entry.protocol, &entry.slot),
        text: event.text.clone(),
        captures: event.captures.iter().map(|(key, text, _)| (key.clone(), text.clone())).collect(),
        indications: Vec::new(),
        explains: entry.explains,
        summary: entry.summary,
        note: entry.note,
        decides: (!entry.decides.is_empty()).then_some(entry.decides),
        times: event.times,
        message: entry.id,
        product: entry.product,
    }
}

fn slot(protocol: &str, text: &str) -> Option<Slot> {
    let protocol = match protocol {
        "ssh" => shakedown_model::Protocol::Ssh,
        "tls" => shakedown_model::Protocol::Tls,
        "ike" => shakedown_model::Protocol::Ike,
        _ => return None,
    };
    // A message that names no direction stands for the one that is looked at first.
    let text = match text {
        "cipher" => "cipher_c2s",
        "mac" => "mac_c2s",
        "compression" => "compression_c2s",
        other => other,
    };
    Slot::parse(protocol, text)
}
