use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// Capability flags of the protocol: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION.
const CLIENT_PROTOCOL_41: u32 = 1 << 9;
const CLIENT_SSL: u32 = 1 << 11;
const CLIENT_SECURE_CONNECTION: u32 = 1 << 15;

/// MySQL and MariaDB: the server's handshake packet, then SSLRequest ("Connection Phase" of the protocol's
/// documentation).
#[derive(Default)]
pub(super) struct Mysql {
    asked: bool,
}

impl Dialogue for Mysql {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if self.asked {
            return Step::Begin;
        }
        let Some(&[low, middle, high, sequence]) = received.bytes().first_chunk::<4>() else { return Step::Wait };
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        if sequence != 0 || length > super::dialogue::MOST {
            return Refusal::other(received.bytes());
        }
        let Some(packet) = received.take(length + 4) else { return Step::Wait };
        let body = packet.get(4..).unwrap_or_default();
        match body.first() {
            Some(10) => {}
            // An error packet: too many connections, a host that is blocked.
            Some(0xff) => return Refusal::refused(body.get(3..).unwrap_or_default()),
            _ => return Refusal::other(&packet),
        }
        // Version, connection id, eight bytes of scramble, a filler, then the lower capability flags.
        let flags = body.iter().skip(1).position(|&byte| byte == 0).map(|end| end + 2 + 4 + 8 + 1);
        let flags = flags.and_then(|at| body.get(at..at + 2)).map(|flags| match *flags {
            [low, high] => u32::from(low) | u32::from(high) << 8,
            _ => 0,
        });
        let Some(flags) = flags else { return Refusal::other(&packet) };
        if flags & CLIENT_SSL == 0 {
            return Refusal::not_offered(b"the server's capabilities have no SSL");
        }
        self.asked = true;
        let mut request = vec![32, 0, 0, 1];
        request.extend((CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION).to_le_bytes());
        request.extend((1_u32 << 24).to_le_bytes());
        // utf8_general_ci, then 23 bytes that are reserved.
        request.push(33);
        request.extend([0; 23]);
        Step::Send(request)
    }
}
