use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// LDAPMessage with message id 1 and an ExtendedRequest of the name 1.3.6.1.4.1.1466.20037 (RFC 4511 section 4.14.1).
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// LDAP: the StartTLS operation.
#[derive(Default)]
pub(super) struct Ldap {
    asked: bool,
}

impl Dialogue for Ldap {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            return Step::Send(REQUEST.to_vec());
        }
        let bytes = received.bytes();
        if bytes.first().is_some_and(|&tag| tag != 0x30) {
            return Refusal::other(bytes);
        }
        let Some((header, length)) = element(bytes) else { return Step::Wait };
        let Some(message) = received.take(header + length) else { return Step::Wait };
        match result_code(message.get(header..).unwrap_or_default()) {
            Some(0) => Step::Begin,
            // protocolError: the operation is not known; unavailable, unwillingToPerform.
            Some(2) => Refusal::not_offered(b"protocolError (2)"),
            Some(code) => Refusal::refused(format!("result code {code}").as_bytes()),
            None => Refusal::other(&message),
        }
    }
}

/// The lengths of the header and the content of a BER element; `None` where the header is not whole.
fn element(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let count = first & 0x7f;
    // Four bytes of length are more than any answer has.
    let length = bytes.get(2..2 + count.min(4))?.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    Some((2 + count.min(4), length))
}

/// messageID, then [APPLICATION 24] with resultCode first.
fn result_code(message: &[u8]) -> Option<u8> {
    let (header, length) = element(message)?;
    let response = message.get(header + length..)?;
    if response.first() != Some(&0x78) {
        return None;
    }
    let (header, _) = element(response)?;
    match *response.get(header..)? {
        [0x0a, 1, code, ..] => Some(code),
        _ => None,
    }
}
