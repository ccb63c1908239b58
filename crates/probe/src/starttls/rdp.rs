use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// A TPKT with an X.224 connection request and RDP_NEG_REQ for PROTOCOL_SSL and PROTOCOL_HYBRID (MS-RDPBCGR section
/// 2.2.1.1): a server that wants network level authentication begins with TLS too.
const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];

/// Remote Desktop: connection request and confirm.
#[derive(Default)]
pub(super) struct Rdp {
    asked: bool,
}

impl Dialogue for Rdp {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            return Step::Send(REQUEST.to_vec());
        }
        if received.bytes().first().is_some_and(|&version| version != 3) {
            return Refusal::other(received.bytes());
        }
        let Some(&[_, _, high, low]) = received.bytes().first_chunk::<4>() else { return Step::Wait };
        let Some(packet) = received.take(usize::from(u16::from_be_bytes([high, low])).max(4)) else {
            return Step::Wait;
        };
        if packet.get(5) != Some(&0xd0) {
            return Refusal::other(&packet);
        }
        // After the fixed part of X.224: RDP_NEG_RSP or RDP_NEG_FAILURE.
        match packet.get(11..) {
            Some(&[2, _, _, _, protocol, ..]) if protocol != 0 => Step::Begin,
            Some(&[3, _, _, _, code, ..]) => Refusal::refused(format!("failure code {code}").as_bytes()),
            _ => Refusal::not_offered(b"only the security of RDP itself"),
        }
    }
}
