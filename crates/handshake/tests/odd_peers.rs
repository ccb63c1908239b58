//! Peers that are odd, hostile, or no SSH at all.

mod common;

use common::{client_sees, exchange, kexinit, offer, server_sees, stream};
use shakedown_handshake::ssh::{Client, ClientConfig, Event, IgnoredMessage, Strategy, offer_from_kexinit};
use shakedown_model::ssh::SignatureCheck;
use shakedown_model::{Name, Phase, Slot, StrangeProtocol, Throttle};
use shakedown_wire::ssh::{
    Debug, Disconnect, ExtInfo, Ignore, KexEcdhReply, NameListField, Unimplemented, write_packet,
};

const KEX: &[&str] = &["curve25519-sha256"];
const KEY: &[&str] = &["ssh-ed25519"];

fn read(bytes: &[u8]) -> Vec<Event> {
    client_sees(Strategy::ReadOffer, bytes)
}

fn last(bytes: &[u8]) -> Event {
    read(bytes).pop().unwrap()
}

#[test]
fn other_protocols() {
    let cases: [(&[u8], StrangeProtocol); 13] = [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n", StrangeProtocol::Http),
        (b"HTTP/1.0 400", StrangeProtocol::Http),
        (b"\x15\x03\x01\x00\x02\x02\x46", StrangeProtocol::Tls),
        (b"\x16\x03\x03\x00\x7a\x02\x00", StrangeProtocol::Tls),
        (b"220 mx.example.net ESMTP\r\n", StrangeProtocol::Smtp),
        (b"220 ProFTPD Server ready.\r\n", StrangeProtocol::Ftp),
        (b"+OK ready\r\n", StrangeProtocol::Pop3),
        (b"* OK IMAP4rev1\r\n", StrangeProtocol::Imap),
        (b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00", StrangeProtocol::Rdp),
        (b"RFB 003.008\n", StrangeProtocol::Vnc),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00", StrangeProtocol::MySql),
        (b"\xff\xfd\x18\xff\xfd\x20", StrangeProtocol::Telnet),
        (b"\x00\x01\x02 nothing known \x00\n", StrangeProtocol::Unknown),
    ];
    for (bytes, expected) in cases {
        let events = read(bytes);
        let [Event::OtherProtocol { protocol, first_bytes }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(*protocol, expected);
        assert!(!first_bytes.as_str().is_empty());
    }
}

#[test]
fn an_alert_is_recognised_while_the_connection_stays_open() {
    let mut client = Client::new(ClientConfig::new(Strategy::ReadOffer));
    client.receive(b"\x15\x03\x03\x00\x02\x02");
    assert!(!client.is_done());
    client.receive(b"\x28");
    assert!(client.is_done());
}

#[test]
fn throttling_in_the_preamble() {
    let cases = [
        ("Exceeded MaxStartups\r\n", Throttle::MaxStartups),
        ("Not allowed at this time\r\n", Throttle::NotAllowedAtThisTime),
        ("Not allowed at this time", Throttle::NotAllowedAtThisTime),
        ("Too many users\n", Throttle::Other),
    ];
    for (bytes, expected) in cases {
        let events = read(bytes.as_bytes());
        let [Event::PreambleLine(line), Event::Throttled { throttle, text }, Event::Ended { phase, .. }] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((*throttle, text, *phase), (expected, line, Phase::Identification));
    }
}

#[test]
fn versions() {
    let with = |identification: &str| read(format!("{identification}\r\n").as_bytes());
    assert!(matches!(&with("SSH-1.5-Cisco-1.25")[..], [Event::SshOneOnly { .. }]));
    assert!(matches!(
        &with("SSH-1.99-Cisco-1.25")[..],
        [Event::Identification(_), Event::Ended { phase: Phase::Kexinit, .. }]
    ));
    assert!(matches!(&with("SSH-2.0-OpenSSH_9.2p1")[..], [Event::Identification(_), Event::Ended { .. }]));
    assert!(matches!(&with("SSH-3.0-x")[..], [Event::Malformed { phase: Phase::Identification, offset: 0, .. }]));
    assert!(matches!(&with("SSH-nothing")[..], [Event::Malformed { .. }]));
    let long = format!("SSH-2.0-{}", "x".repeat(300));
    assert!(matches!(&with(&long)[..], [Event::Identification(_), Event::Tolerated { .. }, Event::Ended { .. }]));
    let events = read(b"hello\nSSH-2.0-a\x00b\n");
    assert!(
        matches!(&events[1..], [Event::Identification(name), Event::Tolerated { offset: 6, .. }, Event::Ended { .. }]
        if name == "SSH-2.0-a\\x00b")
    );
}

#[test]
fn what_is_legal_before_kexinit_is_passed_over() {
    let payloads = [
        Ignore { data: vec![0; 40] }.write(),
        Debug { always_display: true, message: b"hello".to_vec(), language: None }.write(),
        Unimplemented { sequence: 0 }.write(),
        vec![192, 1, 2],
        kexinit(KEX, KEY).write(),
    ];
    let mut client = Client::new(ClientConfig::new(Strategy::ReadOffer));
    client.receive(&stream("SSH-2.0-x", &payloads));
    assert!(client.is_done());
    let events: Vec<Event> = std::iter::from_fn(|| client.next_event()).collect();
    let ignored: Vec<&IgnoredMessage> = events
        .iter()
        .filter_map(|event| match event {
            Event::Ignored(message) => Some(message),
            _ => None,
        })
        .collect();
    assert_eq!(
        ignored,
        [
            &IgnoredMessage::Ignore { length: 40 },
            &IgnoredMessage::Debug { text: "hello".into() },
            &IgnoredMessage::Unimplemented { sequence: 0 },
            &IgnoredMessage::Unknown { number: 192 },
        ]
    );
    let answer: Vec<Vec<u8>> = std::iter::from_fn(|| client.transmit()).skip(1).collect();
    assert_eq!(answer, [write_packet(&Unimplemented { sequence: 3 }.write())]);
    assert!(matches!(events.last(), Some(Event::KexInit(_))));
}

#[test]
fn disconnects_carry_their_words() {
    let message = Disconnect { reason_code: 2, description: b"Too many \x1b[31mfailures".to_vec(), language: None };
    let event = last(&stream("SSH-2.0-x", &[message.write()]));
    assert_eq!(
        event,
        Event::Disconnect { phase: Phase::Kexinit, code: 2, text: Name::from_bytes(b"Too many \x1b[31mfailures") }
    );
}

#[test]
fn ends_of_the_stream() {
    let whole = stream("SSH-2.0-x", &[kexinit(KEX, KEY).write()]);
    let identification = b"SSH-2.0-x\r\n".len();
    for (length, phase, incomplete) in [
        (0, Phase::Identification, 0),
        (5, Phase::Identification, 5),
        (identification, Phase::Kexinit, 0),
        (identification + 9, Phase::Kexinit, 9),
    ] {
        let event = last(&whole[..length]);
        assert_eq!(event, Event::Ended { phase, received: length as u64, incomplete });
    }
    let events = client_sees(exchange(&[], &[]), &whole);
    assert_eq!(
        events.last(),
        Some(&Event::Ended { phase: Phase::KeyExchange, received: whole.len() as u64, incomplete: 0 })
    );
}

#[test]
fn packet_lengths() {
    let with = |bytes: &[u8]| last(&[&b"SSH-2.0-x\r\n"[..], bytes].concat());
    for (bytes, text) in [
        (&[0xff, 0xff, 0xff, 0xff][..], "length 4294967295 is above the limit of 262144"),
        (&[0x7f, 0xff, 0xff, 0xf0], "length 2147483632 is above"),
        (&[0, 0, 0, 0], "length 0 is below the minimum of 5"),
        (&[0, 0, 0, 13], "not a multiple of 8"),
        (&[0, 0, 0x9c, 0x44, 4, 2], "length 40004 is above the limit of 35000"),
        (&[0, 0, 0, 12, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "padding_length: length 3 is below the minimum of 4"),
        (&[0, 0, 0, 12, 200, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "padding_length: length 200 is above the limit of 11"),
        (&[0, 0, 0, 12, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "the packet is empty"),
    ] {
        let Event::Malformed { phase: Phase::Kexinit, what, offset } = with(bytes) else { panic!("{bytes:?}") };
        assert!(what.contains(text), "{what}");
        assert!((11..=16).contains(&offset), "{offset}");
    }
}

#[test]
fn text_instead_of_a_packet_is_quoted() {
    let Event::Malformed { what, offset: 11, .. } = last(b"SSH-2.0-x\r\nProtocol mismatch.\r\n") else { panic!() };
    assert!(what.ends_with("a line of text stands in its place: `Protocol mismatch.`"), "{what}");
    let Event::Malformed { what, .. } = last(b"SSH-2.0-x\r\nProtocol mism") else { panic!() };
    assert!(what.ends_with("`Protocol mism`"), "{what}");
}

#[test]
fn a_cut_kexinit_names_the_field_and_the_place() {
    let mut payload = kexinit(KEX, KEY).write();
    let whole = payload.len();
    payload.truncate(1 + 16 + 4 + 5);
    let Event::Malformed { what, offset, .. } = last(&stream("SSH-2.0-x", &[payload])) else { panic!() };
    assert_eq!(what, "KEXINIT.kex_algorithms: 17 bytes needed, 5 left");
    assert_eq!(offset, 11 + 5 + 1 + 16 + 4);
    assert!(whole > 60);
}

#[test]
fn limits() {
    let preamble = "x\r\n".repeat(1025);
    assert_eq!(last(preamble.as_bytes()), limit(Phase::Identification, "1024 lines before the identification"));
    let line = "x".repeat(9000);
    assert_eq!(last(line.as_bytes()), limit(Phase::Identification, "8192 bytes of one line before the identification"));
    let lines = format!("{}\n", "x".repeat(8000)).repeat(20);
    assert_eq!(last(lines.as_bytes()), limit(Phase::Identification, "65536 bytes before the identification"));
    let ignores = vec![Ignore { data: Vec::new() }.write(); 65];
    assert_eq!(last(&stream("SSH-2.0-x", &ignores)), limit(Phase::Kexinit, "64 packets before KEXINIT"));
    let large = vec![Ignore { data: vec![0; 30_000] }.write(); 40];
    assert_eq!(last(&stream("SSH-2.0-x", &large)), limit(Phase::Kexinit, "1048576 bytes of one connection"));
    let mut ignores = vec![Ignore { data: Vec::new() }.write(); 64];
    ignores.push(kexinit(KEX, KEY).write());
    assert!(matches!(last(&stream("SSH-2.0-x", &ignores)), Event::KexInit(_)));
}

fn limit(phase: Phase, limit: &str) -> Event {
    Event::LimitReached { phase, limit: limit.to_owned() }
}

#[test]
fn large_offers_are_read() {
    let names: Vec<String> = (0..9000).map(|number| format!("method-{number:05}@example.org")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kexinit = kexinit(&names, KEY);
    let payload = kexinit.write();
    assert!(payload.len() > 200_000);
    let expected = offer_from_kexinit(&kexinit, Some("SSH-2.0-x".into()));
    assert_eq!(last(&stream("SSH-2.0-x", &[payload])), Event::KexInit(Box::new(expected)));
}

#[test]
fn odd_offers_are_read_and_told() {
    let mut kexinit = kexinit(&[], &["ssh-ed25519", "ssh\u{7}ed", ""]);
    kexinit.reserved = 9;
    kexinit.trailing = vec![1, 2];
    kexinit.list_mut(NameListField::MacAlgorithmsClientToServer).push(vec![b'x'; 65]);
    let events = read(&stream("SSH-2.0-x", &[kexinit.write()]));
    let told: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Tolerated { what, .. } => Some(what.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "KEXINIT.kex_algorithms is empty",
            "KEXINIT.server_host_key_algorithms holds an empty name",
            "KEXINIT.server_host_key_algorithms holds the name `ssh\\x07ed`, which is not printable",
            "KEXINIT.mac_algorithms_client_to_server holds a name of 65 bytes",
            "KEXINIT.reserved is 9 instead of 0",
            "2 bytes follow the last field of KEXINIT",
        ]
    );
}

#[test]
fn a_wrong_guess_is_dropped_and_a_right_one_is_not() {
    let reply = KexEcdhReply { host_key: b"x".to_vec(), public: vec![9; 32], signature: Vec::new() }.write();
    let mut theirs = kexinit(&["ecdh-sha2-nistp256", "curve25519-sha256"], KEY);
    theirs.first_kex_packet_follows = true;
    let payloads = [theirs.write(), Ignore { data: Vec::new() }.write(), reply.clone(), reply.clone(), vec![21]];
    let events = client_sees(exchange(KEX, &[]), &stream("SSH-2.0-x", &payloads));
    assert!(events.contains(&Event::Ignored(IgnoredMessage::WrongGuess { number: 31 })), "{events:?}");
    assert_eq!(events.last(), Some(&Event::NewKeys));
    let mut theirs = kexinit(KEX, KEY);
    theirs.first_kex_packet_follows = true;
    let events = client_sees(exchange(KEX, &[]), &stream("SSH-2.0-x", &[theirs.write(), reply, vec![21]]));
    assert!(!events.iter().any(|event| matches!(event, Event::Ignored(_))), "{events:?}");
    assert_eq!(events.last(), Some(&Event::NewKeys));
}

#[test]
fn a_reply_by_someone_without_the_key_is_wrong() {
    let mut host_key = Vec::new();
    for part in [&b"ssh-ed25519"[..], &[5; 32]] {
        host_key.extend((part.len() as u32).to_be_bytes());
        host_key.extend(part);
    }
    let mut signature = Vec::new();
    for part in [&b"ssh-ed25519"[..], &[6; 64]] {
        signature.extend((part.len() as u32).to_be_bytes());
        signature.extend(part);
    }
    let reply = |public: Vec<u8>| KexEcdhReply { host_key: host_key.clone(), public, signature: signature.clone() };
    let checked = |public| {
        let bytes = stream("SSH-2.0-x", &[kexinit(KEX, KEY).write(), reply(public).write()]);
        let events = client_sees(exchange(&[], &[]), &bytes);
        let key = events.iter().find_map(|event| match event {
            Event::HostKey(key) => Some(key.signature.clone()),
            _ => None,
        });
        (key.unwrap(), events.last().cloned().unwrap())
    };
    let (check, end) = checked(vec![9; 32]);
    assert_eq!(check, SignatureCheck::Wrong);
    assert!(matches!(end, Event::Ended { phase: Phase::KeyExchange, .. }));
    let (check, end) = checked(vec![0; 32]);
    assert!(matches!(check, SignatureCheck::Unverified { .. }));
    assert!(matches!(end, Event::Malformed { phase: Phase::KeyExchange, .. }), "{end:?}");
}

#[test]
fn sntrup761_gives_the_key_unverified() {
    let method = "sntrup761x25519-sha512@openssh.com";
    let mut public = vec![1; 1039];
    public.extend([9; 32]);
    let reply = KexEcdhReply { host_key: b"\0\0\0\x0bssh-unknown".to_vec(), public, signature: Vec::new() };
    let bytes = stream("SSH-2.0-x", &[kexinit(&[method], KEY).write(), reply.write(), vec![21]]);
    let events = client_sees(exchange(&[], &[]), &bytes);
    let Some(Event::HostKey(key)) = events.iter().find(|event| matches!(event, Event::HostKey(_))) else { panic!() };
    assert!(matches!(&key.signature, SignatureCheck::Unverified { reason } if reason.contains("cannot be derived")));
    assert_eq!(events.last(), Some(&Event::NewKeys));
}

#[test]
fn wrong_messages_in_the_key_exchange() {
    let with = |payload: Vec<u8>| {
        let bytes = stream("SSH-2.0-x", &[kexinit(KEX, KEY).write(), payload]);
        client_sees(exchange(&[], &[]), &bytes).pop().unwrap()
    };
    for payload in [vec![21], kexinit(KEX, KEY).write(), vec![5, 0, 0, 0, 0], vec![31], vec![33, 0, 0, 0, 0]] {
        assert!(matches!(with(payload), Event::Malformed { phase: Phase::KeyExchange, .. }));
    }
    assert!(matches!(last(&stream("SSH-2.0-x", &[vec![21]])), Event::Malformed { phase: Phase::Kexinit, .. }));
    let early = ExtInfo { extensions: vec![(b"server-sig-algs".to_vec(), b"ssh-ed25519".to_vec())] };
    let events = read(&stream("SSH-2.0-x", &[early.write(), kexinit(KEX, KEY).write()]));
    assert!(events.contains(&Event::ExtInfo { extensions: vec![("server-sig-algs".into(), "ssh-ed25519".into())] }));
}

#[test]
fn an_empty_cipher_list_makes_the_exchange_impossible_but_not_the_reading() {
    let mut theirs = kexinit(KEX, KEY);
    theirs.list_mut(NameListField::EncryptionAlgorithmsServerToClient).clear();
    let events = client_sees(exchange(&[], &[]), &stream("SSH-2.0-x", &[theirs.write()]));
    assert!(events.iter().any(|event| matches!(event, Event::KexInit(_))));
    assert!(matches!(events.last(), Some(Event::ExchangeImpossible { slot: Slot::CipherS2c, .. })), "{events:?}");
}

#[test]
fn clients_that_are_none() {
    let seen = |bytes: &[u8]| server_sees(bytes).pop().unwrap();
    let other = |bytes: &[u8]| match seen(bytes) {
        Event::OtherProtocol { protocol, .. } => protocol,
        event => panic!("{event:?}"),
    };
    assert_eq!(other(b"GET / HTTP/1.1\r\n"), StrangeProtocol::Http);
    assert_eq!(other(b"\x16\x03\x01\x02\x00\x01\x00"), StrangeProtocol::Tls);
    assert_eq!(other(b"\x03\x00\x00\x13\x0e\xe0\x00"), StrangeProtocol::Rdp);
    assert!(matches!(seen(b"hello\r\n"), Event::Malformed { phase: Phase::Identification, .. }));
    assert!(matches!(seen(b"SSH-1.5-old\n"), Event::SshOneOnly { .. }));
    assert!(matches!(seen(b""), Event::Ended { phase: Phase::Identification, .. }));
    let small = Disconnect { reason_code: 14, description: Vec::new(), language: None }.write();
    assert!(matches!(seen(&stream("SSH-2.0-c", &[small])), Event::Disconnect { code: 14, .. }));
}

#[test]
fn a_clients_wrong_guess_is_dropped() {
    let mut theirs = kexinit(&["ecdh-sha2-nistp256", "curve25519-sha256"], KEY);
    theirs.first_kex_packet_follows = true;
    let init = [vec![30, 0, 0, 0, 32], vec![9; 32]].concat();
    let bytes = stream("SSH-2.0-c", &[theirs.write(), [&[30, 0, 0, 0, 65][..], &[4; 65]].concat(), init, vec![21]]);
    let events = server_sees(&bytes);
    assert!(events.contains(&Event::Ignored(IgnoredMessage::WrongGuess { number: 30 })), "{events:?}");
    assert_eq!(events.last(), Some(&Event::NewKeys));
}

#[test]
fn offers_survive_the_way_to_the_wire_and_back() {
    let mut lists = offer(&["a", "ext-info-s"], &["b"]);
    lists.first_kex_packet_follows = true;
    lists.languages = (vec!["en".into()], vec!["de".into(), "fr".into()]);
    let kexinit = shakedown_handshake::ssh::kexinit_from_offer(&lists, [1; 16]);
    assert_eq!(offer_from_kexinit(&kexinit, None), lists);
}
