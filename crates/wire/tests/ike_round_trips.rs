//! Whatever is written is read the same, and whatever is not IKE gives an error with its place.

use proptest::collection::vec;
use proptest::prelude::*;
use shakedown_wire::ike::number::{attribute, exchange, flag, notify, payload, transform};
use shakedown_wire::ike::{
    Attribute, AttributeValue, Authentication, CertificateData, Datagram, Delete, Fragment, Header, Identification,
    KeyExchange, Message, MessageLimits, Notification, Notify, Payload, Proposal, SecurityAssociation, TrafficSelector,
    TrafficSelectors, Transform, TransformV1, View, read_payloads, write_payloads,
};
use shakedown_wire::{WireError, WireErrorKind, fuzzing};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let value = prop_oneof![any::<u16>().prop_map(AttributeValue::Short), bytes().prop_map(AttributeValue::Long)];
    vec((0_u16..0x8000, value).prop_map(|(kind, value)| Attribute { kind, value }), 0..4)
}

fn transform_v2() -> impl Strategy<Value = Transform> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u16>(), attributes()).prop_map(
        |(reserved, kind, reserved_2, id, attributes)| Transform { reserved, kind, reserved_2, id, attributes },
    )
}

fn transform_v1() -> impl Strategy<Value = TransformV1> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u16>(), attributes()).prop_map(
        |(reserved, number, id, reserved_2, attributes)| TransformV1 { reserved, number, id, reserved_2, attributes },
    )
}

fn proposals<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<Proposal<T>>> {
    let one = (any::<u8>(), any::<u8>(), any::<u8>(), bytes(), vec(of, 0..5)).prop_map(
        |(reserved, number, protocol, spi, transforms)| Proposal { reserved, number, protocol, spi, transforms },
    );
    vec(one, 0..4)
}

fn selector() -> impl Strategy<Value = TrafficSelector> {
    let v4 = (any::<u8>(), any::<(u16, u16)>(), any::<[u8; 4]>(), any::<[u8; 4]>()).prop_map(
        |(protocol, ports, first, last)| TrafficSelector::Range {
            protocol,
            ports,
            first: first.into(),
            last: last.into(),
        },
    );
    let v6 = (any::<u8>(), any::<(u16, u16)>(), any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(
        |(protocol, ports, first, last)| TrafficSelector::Range {
            protocol,
            ports,
            first: first.into(),
            last: last.into(),
        },
    );
    let other = (9_u8.., any::<u8>(), bytes()).prop_map(|(kind, protocol, data)| TrafficSelector::Other {
        kind,
        protocol,
        data,
    });
    prop_oneof![v4, v6, other]
}

fn view() -> impl Strategy<Value = (u8, View)> {
    let notify = (any::<u8>(), bytes(), any::<u16>(), bytes()).prop_map(|(protocol, spi, kind, data)| Notify {
        protocol,
        spi,
        kind,
        data,
    });
    let notification = (any::<u32>(), any::<u8>(), bytes(), any::<u16>(), bytes())
        .prop_map(|(doi, protocol, spi, kind, data)| Notification { doi, protocol, spi, kind, data });
    prop_oneof![
        proposals(transform_v2()).prop_map(|all| (payload::SA, View::Proposals(all))),
        (any::<u32>(), proposals(transform_v1())).prop_map(|(doi, proposals)| {
            let association = SecurityAssociation { doi, situation: 1, proposals };
            (payload::SA_V1, View::SecurityAssociation(association))
        }),
        (any::<u16>(), any::<u16>(), bytes()).prop_map(|(group, reserved, data)| {
            (payload::KE, View::KeyExchange(KeyExchange { group, reserved, data }))
        }),
        notify.prop_map(|notify| (payload::NOTIFY, View::Notify(notify))),
        notification.prop_map(|one| (payload::NOTIFICATION_V1, View::Notification(one))),
        (any::<u8>(), any::<[u8; 3]>(), bytes()).prop_map(|(kind, reserved, data)| {
            (payload::IDENTITY_I, View::Identification(Identification { kind, reserved, data }))
        }),
        (any::<u8>(), bytes()).prop_map(|(encoding, data)| {
            (payload::CERTIFICATE, View::Certificate(CertificateData { encoding, data }))
        }),
        (any::<u8>(), any::<[u8; 3]>(), bytes()).prop_map(|(method, reserved, data)| {
            (payload::AUTHENTICATION, View::Authentication(Authentication { method, reserved, data }))
        }),
        (any::<u8>(), any::<u8>(), any::<u16>(), bytes()).prop_map(|(protocol, spi_size, count, spis)| {
            (payload::DELETE, View::Delete(Delete { protocol, spi_size, count, spis }))
        }),
        (any::<[u8; 3]>(), vec(selector(), 0..5)).prop_map(|(reserved, all)| {
            (payload::SELECTORS_R, View::TrafficSelectors(TrafficSelectors { reserved, all }))
        }),
        bytes().prop_map(|nonce| (payload::NONCE, View::Nonce(nonce))),
        bytes().prop_map(|id| (payload::VENDOR_ID_V1, View::VendorId(id))),
        bytes().prop_map(|data| (payload::KE_V1, View::Opaque(data))),
        bytes().prop_map(|data| (200, View::Opaque(data))),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let header = (any::<[u8; 8]>(), any::<[u8; 8]>(), any::<u8>(), any::<u8>(), any::<u32>()).prop_map(
        |(initiator_spi, responder_spi, exchange, flags, message_id)| Header {
            initiator_spi,
            responder_spi,
            version: Header::V2,
            exchange,
            flags,
            message_id,
        },
    );
    let of_view = (view(), any::<u8>())
        .prop_map(|((number, view), reserved)| Payload { reserved, ..Payload::new(number, &view) });
    let last = prop_oneof![
        Just(None),
        (bytes(), any::<u8>()).prop_map(|(data, next)| Some((payload::ENCRYPTED, View::Encrypted(data), next))),
        (any::<u16>(), bytes(), any::<u8>()).prop_map(|(number, data, next)| {
            Some((payload::FRAGMENT, View::Fragment(Fragment { number, total: number, data }), next))
        }),
    ];
    (header, vec(of_view, 0..6), last).prop_map(|(header, mut payloads, last)| {
        let mut next = 0;
        if let Some((number, view, inside)) = last {
            payloads.push(Payload::new(number, &view));
            next = inside;
        }
        Message { header, payloads, next, rest: Vec::new() }
    })
}

fn parse(bytes: &[u8]) -> Result<Message, WireError> {
    Message::parse(bytes, MessageLimits::default())
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(256))]

    #[test]
    fn payloads((number, view) in view()) {
        let payload = Payload::new(number, &view);
        prop_assert_eq!(payload.view(), Ok(view));
    }

    #[test]
    fn what_was_encrypted(all in vec(view(), 0..6)) {
        let payloads: Vec<Payload> = all.iter().map(|(number, view)| Payload::new(*number, view)).collect();
        let bytes = write_payloads(&payloads);
        let first = payloads.first().map_or(payload::NONE, |payload| payload.number);
        prop_assert_eq!(read_payloads(first, &bytes, MessageLimits::default()), Ok(payloads));
    }

    #[test]
    fn messages(message in message()) {
        let bytes = message.write();
        prop_assert_eq!(parse(&bytes), Ok(message));
        fuzzing::ike_messages(&bytes);
        fuzzing::ike_messages(&Datagram::mark(&bytes));
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..400)) {
        fuzzing::ike_messages(&bytes);
    }

    #[test]
    fn changed_messages(message in message(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = message.write();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        fuzzing::ike_messages(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        fuzzing::ike_messages(&bytes);
    }
}

/// A header, and a body whose first payload is of this type.
fn framed(first: u8, flags: u8, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1; 8];
    bytes.extend([0; 8]);
    bytes.extend([first, version, exchange::IKE_SA_INIT, flags, 0, 0, 0, 0]);
    bytes.extend(u32::try_from(28 + body.len()).unwrap().to_be_bytes());
    bytes.extend(body);
    bytes
}

fn error(bytes: &[u8]) -> (String, usize) {
    let error = parse(bytes).unwrap_err();
    (error.to_string(), error.offset)
}

#[test]
fn errors_name_the_field_and_its_place() {
    assert_eq!(error(&[0; 20]), ("ike.message_id: 4 bytes needed, 0 left".to_owned(), 20));
    let mut short = framed(0, 8, Header::V2, b"");
    short[27] = 27;
    assert_eq!(error(&short), ("ike.length: length 27 is below the minimum of 28".to_owned(), 24));
    short[27] = 30;
    assert_eq!(error(&short), ("ike.payloads: 2 bytes needed, 0 left".to_owned(), 28));
    short[24] = 1;
    assert_eq!(error(&short), ("ike.length: length 16777246 is above the limit of 65535".to_owned(), 24));
    assert_eq!(error(&framed(0, 8, Header::V2, b"x")), ("ike.end: 1 bytes too many".to_owned(), 28));
    let missing = framed(payload::NONCE, 8, Header::V2, &[0, 0, 0, 9, 1]);
    assert_eq!(error(&missing), ("ike.Ni.body: 5 bytes needed, 1 left".to_owned(), 32));
    let small = framed(payload::SA, 8, Header::V2, &[0, 0, 0, 3]);
    assert_eq!(error(&small), ("ike.SA.length: length 3 is below the minimum of 4".to_owned(), 30));
    let mut two = framed(0, 8, Header::V2, b"");
    two.extend(b"more");
    assert_eq!(error(&two), ("ike.end: 4 bytes too many".to_owned(), 28));
}

#[test]
fn errors_inside_an_association() {
    let view = |body: &[u8]| {
        let error = Payload { number: payload::SA, reserved: 0, body: body.to_vec() }.view().unwrap_err();
        (error.to_string(), error.offset)
    };
    assert_eq!(view(&[0, 0, 0, 3]), ("SA.proposal.length: length 3 is below the minimum of 4".to_owned(), 2));
    // Another one is announced, and none comes.
    let lonely = [2, 0, 0, 8, 1, 1, 0, 0];
    let form = "not of the form 2 before a proposal, 0 at the end";
    assert_eq!(view(&lonely), (format!("SA.proposal.last: {form}"), 0));
    // One transform is announced, two are there.
    let two = [0, 0, 0, 24, 1, 1, 0, 1, 3, 0, 0, 8, 1, 0, 0, 12, 0, 0, 0, 8, 2, 0, 0, 5];
    assert_eq!(view(&two), ("SA.proposal.end: 8 bytes too many".to_owned(), 16));
    let cut = [0, 0, 0, 18, 1, 1, 0, 1, 0, 0, 0, 10, 1, 0, 0, 12, 0x80, 14];
    assert_eq!(view(&cut), ("SA.proposal.transform.attribute_value: 2 bytes needed, 0 left".to_owned(), 18));
}

#[test]
fn what_is_encrypted_stays_closed() {
    // The encrypted payload names the first one inside; what follows its header is not read.
    let sealed = parse(&framed(payload::ENCRYPTED, 8, Header::V2, &[35, 0, 0, 7, 1, 2, 3])).unwrap();
    assert_eq!((sealed.next, sealed.payloads[0].view()), (35, Ok(View::Encrypted(vec![1, 2, 3]))));
    let part = parse(&framed(payload::FRAGMENT, 8, Header::V2, &[0, 0, 0, 9, 0, 2, 0, 3, 7])).unwrap();
    let fragment = Fragment { number: 2, total: 3, data: vec![7] };
    assert_eq!(part.payloads[0].view(), Ok(View::Fragment(fragment)));
    let old = framed(5, flag::ENCRYPTION, Header::V1, b"\x91\x92\x93");
    let old = parse(&old).unwrap();
    assert_eq!((old.payloads.len(), old.next, old.rest.as_slice()), (0, 5, &b"\x91\x92\x93"[..]));
}

#[test]
fn ten_thousand_transforms_are_bounded() {
    let many = vec![Transform::new(transform::ENCRYPTION, 12, None); 250];
    let proposal = |number| Proposal { number, protocol: 1, transforms: many.clone(), ..Proposal::default() };
    let view = View::Proposals((0..32).map(proposal).collect());
    let payload = Payload::new(payload::SA, &view);
    let found = payload.view().unwrap_err();
    assert_eq!(found.kind, WireErrorKind::TooMany { limit: 1024 });
    assert_eq!(found.field.as_str(), "SA.proposal.transforms");
    // What is too long for a payload's length is seen by the peer as a broken message.
    let too_long = View::Proposals((0..40).map(proposal).collect());
    let message = Message { payloads: vec![Payload::new(payload::SA, &too_long)], ..Message::default() };
    assert!(parse(&message.write()).is_err());
    let empty = Payload { number: payload::VENDOR_ID, ..Payload::default() };
    let message = Message { header: Header::sa_init([1; 8]), payloads: vec![empty; 201], ..Message::default() };
    assert_eq!(parse(&message.write()).unwrap_err().kind, WireErrorKind::TooMany { limit: 200 });
}

#[test]
fn datagrams_on_port_4500() {
    for (bytes, found) in [
        (&b"\0\0\0\0ike"[..], Datagram::Ike(b"ike")),
        (b"\0\0\0\0", Datagram::Ike(b"")),
        (b"\xff", Datagram::KeepAlive),
        (b"\0\0\0\x01esp", Datagram::Esp(b"\0\0\0\x01esp")),
        (b"\0", Datagram::Short(b"\0")),
        (b"", Datagram::Short(b"")),
    ] {
        assert_eq!(Datagram::recognise(bytes), found);
    }
}

#[test]
fn selectors_and_identities() {
    let body = [2, 0, 0, 0, 7, 0, 0, 16, 0, 0, 255, 255, 192, 0, 2, 0, 192, 0, 2, 255, 7, 6, 0, 7, 1, 2, 3];
    let payload = Payload { number: payload::SELECTORS_I, reserved: 0, body: body.to_vec() };
    let Ok(View::TrafficSelectors(selectors)) = payload.view() else { panic!("selectors") };
    let net = TrafficSelector::addresses("192.0.2.0".parse().unwrap(), "192.0.2.255".parse().unwrap());
    assert_eq!(selectors.all, [net, TrafficSelector::Other { kind: 7, protocol: 6, data: vec![1, 2, 3] }]);
    let view = |body: &[u8]| Payload { number: payload::SELECTORS_I, reserved: 0, body: body.to_vec() }.view();
    assert_eq!(
        view(&[1, 0, 0, 0, 7, 0, 0, 3]).unwrap_err().to_string(),
        "TSi.selector.length: length 3 is below the minimum of 4"
    );
    assert_eq!(
        view(&[1, 0, 0, 0, 7, 0, 0, 16, 1]).unwrap_err().to_string(),
        "TSi.selector.selector: 12 bytes needed, 1 left"
    );
    assert_eq!(view(&[255, 0, 0, 0]).unwrap_err().offset, 4);
    for address in ["192.0.2.7", "2001:db8::7"].map(|text| text.parse::<std::net::IpAddr>().unwrap()) {
        assert_eq!(Identification::address(address).as_address(), Some(address));
    }
    assert_eq!(Identification::new(2, "a.example").as_address(), None);
    let inside = read_payloads(payload::ENCRYPTED, &[0, 0, 0, 5, 1, 9], MessageLimits::default());
    assert_eq!(inside.unwrap_err().to_string(), "ike.encrypted.end: 1 bytes too many");
}

#[test]
fn what_parts_say() {
    let asked = Notify::new(notify::INVALID_KE_PAYLOAD, vec![0, 19]);
    assert_eq!((asked.requested_group(), asked.signature_hashes()), (Some(19), vec![]));
    assert_eq!(Notify::new(notify::INVALID_KE_PAYLOAD, vec![19]).requested_group(), None);
    let hashes = Notify::new(notify::SIGNATURE_HASH_ALGORITHMS, vec![0, 2, 0, 5, 9]);
    assert_eq!(hashes.signature_hashes(), [2, 5]);
    assert!(notify::is_error(14) && !notify::is_error(notify::COOKIE));
    assert_eq!(Transform::new(transform::ENCRYPTION, 12, Some(256)).key_length(), Some(256));
    let suite = TransformV1 {
        attributes: vec![
            Attribute { kind: attribute::V1_GROUP, value: AttributeValue::Short(14) },
            Attribute { kind: attribute::V1_LIFE_DURATION, value: AttributeValue::Long(vec![0, 1, 0x51, 0x80]) },
        ],
        ..TransformV1::default()
    };
    assert_eq!(suite.value(attribute::V1_GROUP), Some(14));
    assert_eq!(suite.value(attribute::V1_LIFE_DURATION), Some(86400));
    assert_eq!(suite.value(attribute::V1_HASH), None);
    let header = Header { flags: flag::RESPONSE, ..Header::sa_init([0; 8]) };
    assert!(header.is_response() && header.major() == 2);
    assert!(Payload { reserved: 0x80, ..Payload::default() }.is_critical());
}
