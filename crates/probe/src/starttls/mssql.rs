use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// Packet types of MS-TDS section 2.2.3.1.1.
const PRELOGIN: u8 = 0x12;
const RESPONSE: u8 = 0x04;
/// The longest packet that is written.
const LONGEST: usize = 4088;

/// SQL Server: PRELOGIN with ENCRYPT_ON (MS-TDS section 2.2.6.5). The handshake then travels in PRELOGIN packets.
#[derive(Default)]
pub(super) struct Mssql {
    asked: bool,
}

impl Dialogue for Mssql {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            // Option VERSION at 11 of 6 bytes, ENCRYPTION at 17 of 1 byte, the end; the version, then ENCRYPT_ON.
            let options = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
            let content = [&options[..], &[9, 0, 0, 0, 0, 0], &[1]].concat();
            return Step::Send(packet(&content));
        }
        let Some(&[kind, _, high, low, ..]) = received.bytes().first_chunk::<8>() else { return Step::Wait };
        if kind != RESPONSE {
            return Refusal::other(received.bytes());
        }
        let Some(packet) = received.take(usize::from(u16::from_be_bytes([high, low])).max(8)) else {
            return Step::Wait;
        };
        match encryption(packet.get(8..).unwrap_or_default()) {
            // ENCRYPT_OFF still encrypts the login; ENCRYPT_ON, ENCRYPT_REQ.
            Some(0 | 1 | 3) => Step::Begin,
            Some(_) => Refusal::not_offered(b"ENCRYPT_NOT_SUP"),
            None => Refusal::other(&packet),
        }
    }
}

/// The value of the option ENCRYPTION.
fn encryption(content: &[u8]) -> Option<u8> {
    for option in content.chunks(5) {
        match *option {
            [1, high, low, _, _] => return content.get(usize::from(u16::from_be_bytes([high, low]))).copied(),
            [0xff, ..] => return None,
            _ => {}
        }
    }
    None
}

fn packet(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 8).unwrap_or(u16::MAX).to_be_bytes();
    // Status: the last packet of its message.
    [&[PRELOGIN, 1], &length[..], &[0, 0, 0, 0], content].concat()
}

/// The packets around a handshake.
#[derive(Default)]
pub(crate) struct Tds {
    incoming: Vec<u8>,
}

impl Tds {
    /// The bytes of TLS in packets.
    pub(crate) fn wrap(bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(LONGEST).flat_map(packet).collect()
    }

    /// The bytes of TLS in what came. Bytes that are no packet are handed on as they are, so that TLS can judge them.
    pub(crate) fn unwrap(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.incoming.extend_from_slice(bytes);
        let mut content = Vec::new();
        while let Some(&[kind, _, high, low, ..]) = self.incoming.first_chunk::<8>() {
            if kind != PRELOGIN && kind != RESPONSE {
                content.append(&mut self.incoming);
                break;
            }
            let length = usize::from(u16::from_be_bytes([high, low])).max(8);
            if self.incoming.len() < length {
                break;
            }
            content.extend(self.incoming.drain(..length).skip(8));
        }
        content
    }
}
