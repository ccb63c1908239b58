//! Whatever is written is read the same, and whatever is not a message gives an error with its place.

use proptest::collection::vec;
use proptest::prelude::*;
use shakedown_wire::ssh::{
    Debug, Disconnect, ExtInfo, HostKeyBlob, Identification, IdentificationLimits, IdentificationLine,
    IdentificationReader, Ignore, KexDhInit, KexDhReply, KexEcdhInit, KexEcdhReply, KexGexGroup, KexGexInit,
    KexGexReply, KexGexRequest, KexGexRequestOld, KexInit, Message, MethodMessages, Mpint, NameList, NameListField,
    NewKeys, PacketLimits, PacketReader, ServiceAccept, ServiceRequest, SignatureBlob, Unimplemented, UnusualPacket,
    write_packet,
};
use shakedown_wire::{WireErrorKind, fuzzing};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn mpint() -> impl Strategy<Value = Mpint> {
    bytes().prop_map(Mpint)
}

/// Lists of names of any bytes but the comma; a list of one empty name cannot be told from an empty list.
fn name_list() -> impl Strategy<Value = NameList> {
    let name = vec(any::<u8>().prop_filter("the comma separates", |&byte| byte != b','), 0..12);
    vec(name, 0..6).prop_filter("one empty name", |list: &NameList| list.len() != 1 || !list[0].is_empty())
}

fn kexinit() -> impl Strategy<Value = KexInit> {
    let lists = vec(name_list(), 10).prop_map(|lists| <[NameList; 10]>::try_from(lists).unwrap());
    (any::<[u8; 16]>(), lists, any::<bool>(), any::<u32>(), bytes()).prop_map(
        |(cookie, lists, first_kex_packet_follows, reserved, trailing)| KexInit {
            cookie,
            lists,
            first_kex_packet_follows,
            reserved,
            trailing,
        },
    )
}

fn message() -> impl Strategy<Value = (Message, MethodMessages)> {
    use MethodMessages::{DiffieHellman, Ecdh, GroupExchange, Unknown};
    let language = || proptest::option::of(bytes());
    let known = prop_oneof![
        (any::<u32>(), bytes(), language()).prop_map(|(reason_code, description, language)| {
            (Message::Disconnect(Disconnect { reason_code, description, language }), Unknown)
        }),
        bytes().prop_map(|data| (Message::Ignore(Ignore { data }), Unknown)),
        any::<u32>().prop_map(|sequence| (Message::Unimplemented(Unimplemented { sequence }), Unknown)),
        (any::<bool>(), bytes(), language()).prop_map(|(always_display, message, language)| {
            (Message::Debug(Debug { always_display, message, language }), Unknown)
        }),
        bytes().prop_map(|service| (Message::ServiceRequest(ServiceRequest { service }), Unknown)),
        bytes().prop_map(|service| (Message::ServiceAccept(ServiceAccept { service }), Unknown)),
        vec((bytes(), bytes()), 0..5).prop_map(|extensions| (Message::ExtInfo(ExtInfo { extensions }), Unknown)),
        kexinit().prop_map(|kexinit| (Message::KexInit(Box::new(kexinit)), Unknown)),
        Just((Message::NewKeys(NewKeys), Unknown)),
    ];
    let exchange = prop_oneof![
        mpint().prop_map(|e| (Message::KexDhInit(KexDhInit { e }), DiffieHellman)),
        (bytes(), mpint(), bytes()).prop_map(|(host_key, f, signature)| {
            (Message::KexDhReply(KexDhReply { host_key, f, signature }), DiffieHellman)
        }),
        bytes().prop_map(|public| (Message::KexEcdhInit(KexEcdhInit { public }), Ecdh)),
        (bytes(), bytes(), bytes()).prop_map(|(host_key, public, signature)| {
            (Message::KexEcdhReply(KexEcdhReply { host_key, public, signature }), Ecdh)
        }),
        any::<u32>().prop_map(|n| (Message::KexGexRequestOld(KexGexRequestOld { n }), GroupExchange)),
        (any::<u32>(), any::<u32>(), any::<u32>())
            .prop_map(|(min, n, max)| (Message::KexGexRequest(KexGexRequest { min, n, max }), GroupExchange)),
        (mpint(), mpint()).prop_map(|(p, g)| (Message::KexGexGroup(KexGexGroup { p, g }), GroupExchange)),
        mpint().prop_map(|e| (Message::KexGexInit(KexGexInit { e }), GroupExchange)),
        (bytes(), mpint(), bytes()).prop_map(|(host_key, f, signature)| {
            (Message::KexGexReply(KexGexReply { host_key, f, signature }), GroupExchange)
        }),
        bytes().prop_map(|mut payload| {
            payload.insert(0, 60);
            (Message::Unknown(payload), Unknown)
        }),
    ];
    prop_oneof![known, exchange]
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn messages((message, method) in message()) {
        let payload = message.write();
        prop_assert_eq!(message.number(), payload.first().copied());
        prop_assert_eq!(Message::parse(&payload, method), Ok(message));
    }

    #[test]
    fn cut_messages_give_errors_within((message, method) in message(), cut in 0_usize..60) {
        let payload = message.write();
        let length = payload.len().saturating_sub(cut);
        match Message::parse(&payload[..length], method) {
            Ok(_) => {}
            Err(error) => {
                prop_assert!(error.offset <= length);
                prop_assert!(matches!(error.kind, WireErrorKind::Truncated { .. }), "{error}");
                prop_assert!(error.field.as_str().contains('.'), "{error}");
            }
        }
    }

    #[test]
    fn any_payload(mut data in vec(any::<u8>(), 0..120), number in prop_oneof![0_u8..8, 19_u8..35, any::<u8>()]) {
        if let Some(first) = data.first_mut() {
            *first = number;
        }
        fuzzing::ssh_messages(&data);
    }

    #[test]
    fn any_stream_of_packets(payloads in vec(bytes(), 0..5), junk in bytes(), at in any::<prop::sample::Index>()) {
        let mut stream: Vec<u8> = payloads.iter().flat_map(|payload| write_packet(payload)).collect();
        fuzzing::ssh_packet(&stream);
        stream.extend(&junk);
        fuzzing::ssh_packet(&stream);
        if !stream.is_empty() {
            let place = at.index(stream.len());
            stream[place] ^= 0x41;
            fuzzing::ssh_packet(&stream);
        }
    }

    #[test]
    fn any_lines(lines in vec((bytes(), prop_oneof![Just("\n"), Just("\r\n"), Just(""), Just("\nSSH-2.0-x ")]), 0..30)) {
        let stream: Vec<u8> = lines.iter().flat_map(|(line, end)| [line, end.as_bytes()].concat()).collect();
        fuzzing::ssh_identification(&stream);
    }

    #[test]
    fn packets_keep_their_form(payload in vec(any::<u8>(), 0..300)) {
        let packet = UnusualPacket::new(&payload);
        prop_assert!(packet.padding.len() >= 4 && packet.padding.len() < 4 + 8 + 8);
        prop_assert_eq!(packet.write().len() % 8, 0);
        prop_assert!(packet.write().len() >= 16);
        prop_assert_eq!(packet.write().len(), packet.length as usize + 4);
        let mut reader = PacketReader::new(PacketLimits::default());
        reader.push(&packet.write());
        reader.push(&packet.write());
        let first = reader.next_packet().unwrap().unwrap();
        prop_assert_eq!((&first.payload, first.offset, first.sequence), (&payload, 0, 0));
        let second = reader.next_packet().unwrap().unwrap();
        prop_assert_eq!((&second.payload, second.offset, second.sequence), (&payload, packet.write().len(), 1));
        prop_assert_eq!(reader.next_packet(), Ok(None));
        prop_assert_eq!(reader.partial(), b"");
    }

    #[test]
    fn unsigned_numbers(number in vec(any::<u8>(), 0..20)) {
        let mpint = Mpint::from_unsigned(&number);
        let significant: Vec<u8> = number.iter().copied().skip_while(|&byte| byte == 0).collect();
        prop_assert_eq!(mpint.to_unsigned(), Some(significant.as_slice()));
        prop_assert!(mpint.bits() as usize <= significant.len() * 8);
    }

    #[test]
    fn blobs(head in bytes(), body in bytes(), tail in bytes()) {
        let key = HostKeyBlob { key_type: head.clone(), data: tail.clone() };
        prop_assert_eq!(HostKeyBlob::parse(&key.write()), Ok(key));
        let signature = SignatureBlob { algorithm: head, signature: body, rest: tail };
        prop_assert_eq!(SignatureBlob::parse(&signature.write()), Ok(signature));
    }
}

#[test]
fn a_kexinit_as_a_server_sends_it() {
    let mut payload = vec![20];
    payload.extend([0xaa; 16]);
    let lists = [
        "curve25519-sha256,ext-info-s",
        "ssh-ed25519",
        "aes128-ctr",
        "aes256-ctr",
        "",
        "hmac-sha1,",
        "none",
        "none",
        "",
        "",
    ];
    for list in lists {
        payload.extend((list.len() as u32).to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([1, 0, 0, 0, 0]);
    let kexinit = KexInit::parse(&payload).unwrap();
    assert_eq!(kexinit.cookie, [0xaa; 16]);
    assert_eq!(kexinit.list(NameListField::KexAlgorithms), [&b"curve25519-sha256"[..], b"ext-info-s"]);
    assert_eq!(kexinit.list(NameListField::EncryptionAlgorithmsServerToClient), [b"aes256-ctr"]);
    assert!(kexinit.list(NameListField::MacAlgorithmsClientToServer).is_empty());
    assert_eq!(kexinit.list(NameListField::MacAlgorithmsServerToClient), [&b"hmac-sha1"[..], b""]);
    assert!(kexinit.first_kex_packet_follows);
    assert_eq!(kexinit.write(), payload);
    for field in NameListField::ALL {
        let mut changed = kexinit.clone();
        *changed.list_mut(field) = vec![b"changed".to_vec()];
        assert_eq!(changed.list(field), [b"changed"], "{}", field.as_str());
        assert_eq!(changed.lists.iter().zip(&kexinit.lists).filter(|(a, b)| a != b).count(), 1);
    }
}

#[test]
fn errors_say_where_and_what() {
    let mut payload = KexInit::default().write();
    payload.truncate(payload.len() - 3);
    let error = KexInit::parse(&payload).unwrap_err();
    assert_eq!(error.to_string(), "KEXINIT.reserved: 4 bytes needed, 1 left");
    assert_eq!(error.offset, payload.len() - 1);
    let error = KexEcdhReply::parse(&[21]).unwrap_err();
    assert_eq!(error.to_string(), "KEX_ECDH_REPLY.message_number: message number 21 where 31 is expected");
    let error = NewKeys::parse(&[21, 0, 0]).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.offset), ("NEWKEYS.end: 2 bytes too many", 1));
    let error = ExtInfo::parse(&[7, 0xff, 0xff, 0xff, 0xff]).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.offset), ("EXT_INFO.nr_extensions: more than 1024 in number", 1));
}

#[test]
fn short_disconnects_of_old_implementations_are_read() {
    assert_eq!(Disconnect::parse(&[1, 0, 0, 0, 11]).unwrap().reason_code, 11);
    let message = Disconnect::parse(b"\x01\x00\x00\x00\x02\x00\x00\x00\x03bye").unwrap();
    assert_eq!((message.description.as_slice(), message.language), (&b"bye"[..], None));
    assert!(Disconnect::parse(&[1, 0, 0, 0]).is_err());
    assert!(Disconnect::parse(&[1, 0, 0, 0, 2, 0, 0]).is_err());
}

fn lines(bytes: &[u8], limits: IdentificationLimits) -> (Vec<IdentificationLine>, Option<WireErrorKind>, usize) {
    let mut reader = IdentificationReader::new(limits);
    let (mut lines, mut place) = (Vec::new(), 0);
    while place < bytes.len() && !matches!(lines.last(), Some(IdentificationLine::Identification(_))) {
        match reader.read(&bytes[place..]) {
            Ok((taken, line)) => {
                place += taken;
                lines.extend(line);
            }
            Err(error) => return (lines, Some(error.kind), place),
        }
    }
    (lines, None, place)
}

#[test]
fn preamble_and_identification() {
    let stream = b"first\r\n\nthird\rx\r\r\nSSH-2.0-a-b c\r\nrest";
    let (read, error, place) = lines(stream, IdentificationLimits::default());
    let preamble = |line: &[u8]| IdentificationLine::Preamble(line.to_vec());
    let identification = Identification::parse(b"SSH-2.0-a-b c").unwrap();
    assert_eq!(identification.software(), b"a-b c");
    let expected = [
        preamble(b"first"),
        preamble(b""),
        preamble(b"third\rx\r"),
        IdentificationLine::Identification(identification),
    ];
    assert_eq!((read.as_slice(), error), (&expected[..], None));
    assert_eq!(&stream[place..], b"rest");
}

#[test]
fn preamble_limits() {
    let limits = IdentificationLimits { lines: 3, line_bytes: 20, total_bytes: 60 };
    assert_eq!(lines(b"a\nb\nc\nd\n", limits).1, Some(WireErrorKind::TooMany { limit: 3 }));
    assert_eq!(lines(b"a\nb\nc\nSSH-2.0-d\n", limits).1, None);
    assert_eq!(lines(&[b'x'; 30], limits).1, Some(WireErrorKind::TooLong { length: 21, limit: 20 }));
    let long = [&[b'x'; 19][..], b"\n"].concat().repeat(4);
    assert_eq!(
        lines(&long, IdentificationLimits { lines: 9, ..limits }).1,
        Some(WireErrorKind::TooLong { length: 61, limit: 60 })
    );
    let (read, error, _) = lines(b"SSH-2\n", limits);
    assert!(read.is_empty() && matches!(error, Some(WireErrorKind::BadForm { .. })));
}

#[test]
fn packets_of_any_form_can_be_written() {
    let unusual = UnusualPacket { length: u32::MAX, padding_length: 0, payload: vec![20], padding: Vec::new() };
    assert_eq!(unusual.write(), [0xff, 0xff, 0xff, 0xff, 0, 20]);
    let mut reader = PacketReader::new(PacketLimits::default());
    reader.push(&unusual.write());
    let error = reader.next_packet().unwrap_err();
    assert_eq!(error.kind, WireErrorKind::TooLong { length: 0xffff_ffff, limit: 262_144 });
    assert_eq!(reader.next_packet(), Err(error), "an error stays");
}

#[test]
fn a_kexinit_may_be_longer_than_other_packets() {
    for (number, ok) in [(20, true), (2, false)] {
        let mut payload = vec![0; 40_000];
        payload[0] = number;
        let mut reader = PacketReader::new(PacketLimits::default());
        reader.push(&write_packet(&payload));
        assert_eq!(reader.next_packet().is_ok(), ok, "{number}");
    }
}
