//! Protocols of packets.

use super::{Dialogue, Step, take};

/// PostgreSQL: a client asks first, and is answered by one byte ("Message Formats" of the protocol's documentation).
pub(super) struct Postgres;

/// The codes that stand where a start-up message has its version.
const SSL_REQUEST: [u8; 4] = [4, 210, 22, 47];
const GSS_REQUEST: [u8; 4] = [4, 210, 22, 48];

impl Dialogue for Postgres {
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    fn step(&mut self, received: &mut Vec<u8>) -> Step {
        // Since version 17 a client may begin with TLS itself (`sslnegotiation=direct`).
        if received.first() == Some(&0x16) {
            return Step::Begin(Vec::new());
        }
        let Some(request) = take(received, 8) else { return Step::Wait };
        match request.last_chunk::<4>() {
            Some(&SSL_REQUEST) => Step::Begin(b"S".to_vec()),
            Some(&GSS_REQUEST) => Step::Send(b"N".to_vec()),
            // A start-up message without encryption: severity, code of "invalid authorization" and text.
            _ => Step::End(error_response()),
        }
    }
}

fn error_response() -> Vec<u8> {
    let body = b"SFATAL\0C28000\0Monly connections with TLS are recorded here (sslmode=require)\0\0";
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [b"E", &length.to_be_bytes()[..], body].concat()
}

/// MySQL and MariaDB: the server speaks first; SSLRequest is the client's first packet, cut short ("Connection Phase" of
/// the protocol's documentation).
pub(super) struct Mysql;

/// SSLRequest: flags, the largest packet, a character set and 23 bytes that are reserved.
const SSL_REQUEST_LENGTH: usize = 32;
/// CLIENT_LONG_PASSWORD, CLIENT_CONNECT_WITH_DB, CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_TRANSACTIONS,
/// CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH.
const CAPABILITIES: u32 = 1 | 1 << 3 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 15 | 1 << 19;

impl Dialogue for Mysql {
    fn greeting(&self) -> Vec<u8> {
        let [low, second, third, high] = CAPABILITIES.to_le_bytes();
        let mut body = vec![10];
        body.extend(b"8.0.0-shakedown\0");
        // The connection's id, and the first part of a scramble that nobody answers.
        body.extend([1, 0, 0, 0]);
        body.extend(b"shakedow\0");
        // utf8mb4, and the status "autocommit".
        body.extend([low, second, 45, 2, 0, third, high, 21]);
        body.extend([0; 10]);
        body.extend(b"shakedownsha\0mysql_native_password\0");
        packet(0, &body)
    }

    fn step(&mut self, received: &mut Vec<u8>) -> Step {
        let Some(&[low, middle, high, sequence]) = received.first_chunk::<4>() else { return Step::Wait };
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        if length != SSL_REQUEST_LENGTH {
            // ER_HANDSHAKE_ERROR, 08S01.
            let mut error = vec![0xff, 0x13, 0x04];
            error.extend(b"#08S01only connections with TLS are recorded here (--ssl-mode=REQUIRED)");
            return Step::End(packet(sequence.wrapping_add(1), &error));
        }
        match take(received, length + 4) {
            Some(_) => Step::Begin(Vec::new()),
            None => Step::Wait,
        }
    }
}

fn packet(sequence: u8, body: &[u8]) -> Vec<u8> {
    let [low, middle, high, _] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&[low, middle, high, sequence], body].concat()
}

/// LDAP: the StartTLS operation, RFC 4511 section 4.14.
pub(super) struct Ldap;

/// The name of the operation.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// Tags: SEQUENCE, INTEGER, `[APPLICATION 23]` ExtendedRequest.
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const EXTENDED_REQUEST: u8 = 0x77;
/// `[APPLICATION 2]` UnbindRequest.
const UNBIND: u8 = 0x42;

impl Dialogue for Ldap {
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    fn step(&mut self, received: &mut Vec<u8>) -> Step {
        if received.first().is_some_and(|&tag| tag != SEQUENCE) {
            return Step::End(Vec::new());
        }
        let Some((header, length)) = element(received) else { return Step::Wait };
        let Some(message) = header.checked_add(length).and_then(|length| take(received, length)) else {
            return Step::Wait;
        };
        let Some((id, operation)) = message.get(header..).and_then(operation) else { return Step::End(Vec::new()) };
        let names = operation.windows(START_TLS.len()).any(|part| part == START_TLS);
        match operation.first() {
            Some(&EXTENDED_REQUEST) if names => Step::Begin(response(&id, 0x78, 0)),
            Some(&UNBIND) | None => Step::End(Vec::new()),
            // confidentialityRequired. A search is answered by `[APPLICATION 5]`, the others by the tag after their own.
            Some(0x63) => Step::Send(response(&id, 0x65, 13)),
            Some(&tag) => Step::Send(response(&id, (tag & 0x1f | 0x60).wrapping_add(1), 13)),
        }
    }
}

/// The lengths of the header and the content of a BER element; `None` where the header is not whole.
fn element(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let count = (first & 0x7f).min(4);
    let length = bytes.get(2..2 + count)?.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    Some((2 + count, length))
}

/// The message id with its header, and the operation.
fn operation(message: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (header, length) = element(message).filter(|_| message.first() == Some(&INTEGER))?;
    let end = header.checked_add(length).filter(|_| length <= 4)?;
    Some((message.get(..end)?.to_vec(), message.get(end..)?))
}

/// A result code, and neither a name nor words beside it.
fn response(id: &[u8], tag: u8, code: u8) -> Vec<u8> {
    let result = [0x0a, 1, code, 4, 0, 4, 0];
    let length = u8::try_from(id.len() + 2 + result.len()).unwrap_or(u8::MAX);
    [&[SEQUENCE, length], id, &[tag, 7], &result].concat()
}
