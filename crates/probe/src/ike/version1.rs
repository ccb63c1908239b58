//! The first message of an IKEv1 initiator.

use shakedown_wire::ike::number::{exchange, payload};
use shakedown_wire::ike::{Header, Message, Payload, Phase1Suite, SecurityAssociation, View};

use super::old_search::SMALL;

/// The lifetime that is asked for in seconds, 8 hours, which is also what holds where none is named. Where there are many
/// suites it is left out, to have room for more of them.
const LIFETIME: u16 = 28_800;

/// Main mode's first message with these suites.
pub(super) fn main_mode(cookie: [u8; 8], suites: &[Phase1Suite]) -> Vec<u8> {
    let lifetime = (suites.len() < SMALL / 2).then_some(LIFETIME);
    let association = SecurityAssociation::phase_1(suites, lifetime);
    let header = Header {
        initiator_spi: cookie,
        version: Header::V1,
        exchange: exchange::IDENTITY_PROTECTION,
        ..Header::default()
    };
    let payloads = vec![Payload::new(payload::SA_V1, &View::SecurityAssociation(association))];
    Message { header, payloads, ..Message::default() }.write()
}

#[cfg(test)]
mod tests {
    use shakedown_wire::ike::MessageLimits;

    use super::*;

    #[test]
    fn a_short_question_fits_into_one_packet_and_can_be_read() {
        let suite = Phase1Suite { cipher: 7, key_length: Some(256), hash: 4, group: 14, method: 1 };
        for count in [1, SMALL / 2 - 1, SMALL] {
            let bytes = main_mode([7; 8], &vec![suite; count]);
            assert!(bytes.len() <= 1232, "{}", bytes.len());
            let message = Message::parse(&bytes, MessageLimits::default()).unwrap();
            let View::SecurityAssociation(association) = message.payloads[0].view().unwrap() else { panic!("an SA") };
            assert_eq!(association.proposals[0].transforms.len(), count);
        }
    }
}
