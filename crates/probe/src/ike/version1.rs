//! The first message of an IKEv1 initiator, to see whether it is answered at all.

use shakedown_wire::ike::number::{attribute, exchange, payload, protocol};
use shakedown_wire::ike::{
    Attribute, AttributeValue, Header, Message, Payload, Proposal, SecurityAssociation, TransformV1, View,
};

/// Numbers of RFC 2409 appendix A and its registry: cipher, key length in bits (0 for none), hash, group.
const SUITES: [(u16, u16, u16, u16); 12] = [
    (7, 256, 4, 14),
    (7, 256, 2, 14),
    (7, 128, 4, 14),
    (7, 128, 2, 14),
    (7, 256, 4, 19),
    (7, 256, 5, 20),
    (7, 256, 2, 5),
    (7, 256, 2, 2),
    (7, 128, 2, 2),
    (5, 0, 2, 14),
    (5, 0, 2, 2),
    (5, 0, 1, 2),
];
/// Pre-shared keys, and signatures with RSA.
const METHODS: [u16; 2] = [1, 3];
/// The only transform of phase 1, RFC 2407 section 4.4.2.
const KEY_IKE: u8 = 1;

/// Main mode's first message with the suites that gateways are commonly set up with.
pub(super) fn main_mode(cookie: [u8; 8]) -> Vec<u8> {
    let short = |kind, value| Attribute { kind, value: AttributeValue::Short(value) };
    let all = SUITES.into_iter().flat_map(|suite| METHODS.into_iter().map(move |method| (suite, method)));
    let transform = |(number, ((cipher, bits, hash, group), method))| {
        let mut attributes = vec![
            short(attribute::V1_ENCRYPTION, cipher),
            short(attribute::V1_HASH, hash),
            short(attribute::V1_AUTHENTICATION, method),
            short(attribute::V1_GROUP, group),
            // Eight hours, in seconds.
            short(attribute::V1_LIFE_TYPE, 1),
            short(attribute::V1_LIFE_DURATION, 28_800),
        ];
        if bits > 0 {
            attributes.push(short(attribute::V1_KEY_LENGTH, bits));
        }
        TransformV1 { number, id: KEY_IKE, attributes, ..TransformV1::default() }
    };
    let transforms = (1..=u8::MAX).zip(all).map(transform).collect();
    let proposal = Proposal { number: 1, protocol: protocol::IKE, transforms, ..Proposal::default() };
    let association = SecurityAssociation { doi: 1, situation: 1, proposals: vec![proposal] };
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
    fn it_fits_into_one_packet_and_can_be_read() {
        let bytes = main_mode([7; 8]);
        assert!(bytes.len() <= 1232, "{}", bytes.len());
        let message = Message::parse(&bytes, MessageLimits::default()).unwrap();
        let View::SecurityAssociation(association) = message.payloads[0].view().unwrap() else { panic!("an SA") };
        assert_eq!(association.proposals[0].transforms.len(), SUITES.len() * METHODS.len());
    }
}
