//! Each dialogue against a scripted server: byte by byte, at once, and refused.

use super::*;

/// Runs a dialogue against lines of a server; each answer of ours is matched against what is expected. `chunk`: how
/// many bytes come at once.
fn talk(mut dialogue: Box<dyn Dialogue>, script: &[(&[u8], &[u8])], chunk: usize) -> (Step, Vec<u8>) {
    let mut buffer = Buffer::default();
    let mut sent = Vec::new();
    let mut script = script.iter();
    let mut step = loop {
        match dialogue.step(&mut buffer) {
            Step::Send(bytes) => sent.push(bytes),
            step => break step,
        }
    };
    loop {
        let Some((server, expected)) = script.next() else { return (step, buffer.rest()) };
        let joined = sent.concat();
        assert!(joined.ends_with(expected), "{:?}", String::from_utf8_lossy(&joined));
        for part in server.chunks(chunk) {
            if !matches!(step, Step::Wait) {
                buffer.push(part);
                continue;
            }
            buffer.push(part);
            step = loop {
                match dialogue.step(&mut buffer) {
                    Step::Send(bytes) => sent.push(bytes),
                    step => break step,
                }
            };
        }
    }
}

fn both(protocol: StartTls, script: &[(&[u8], &[u8])]) -> Step {
    let (whole, _) = talk(super::dialogue(protocol, "host.example"), script, usize::MAX);
    let (bytes, _) = talk(super::dialogue(protocol, "host.example"), script, 1);
    assert_eq!(whole, bytes, "{protocol:?}");
    whole
}

/// A server's script: what it sends, and what the client must have sent last before that.
type Script = &'static [(&'static [u8], &'static [u8])];

const ACCEPTING: [(StartTls, Script); 16] = [
    (
        StartTls::Smtp,
        &[
            (b"220-mx\r\n220 mx.example ESMTP\r\n", b""),
            (b"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n", b"EHLO [127.0.0.1]\r\n"),
            (b"220 2.0.0 Ready\r\n", b"STARTTLS\r\n"),
        ],
    ),
    (
        StartTls::Lmtp,
        &[(b"220 mx\r\n", b""), (b"250-mx\r\n250 starttls\r\n", b"LHLO [127.0.0.1]\r\n"), (b"220 go\r\n", b"STARTTLS\r\n")],
    ),
    (
        StartTls::Imap,
        &[
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b""),
            (b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", b"a1 CAPABILITY\r\n"),
            (b"a2 OK begin\r\n", b"a2 STARTTLS\r\n"),
        ],
    ),
    (StartTls::Pop3, &[(b"+OK ready\r\n", b""), (b"+OK begin\r\n", b"STLS\r\n")]),
    (StartTls::Ftp, &[(b"220-hello\r\n  there\r\n220 ready\r\n", b""), (b"234 go\r\n", b"AUTH TLS\r\n")]),
    (StartTls::Ldap, &[(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", b"20037")]),
    (
        StartTls::XmppClient,
        &[
            (
                b"<?xml version='1.0'?><stream:stream><stream:features><starttls \
                  xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
                b"to='host.example' version='1.0'>",
            ),
            (b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"xmpp-tls'/>"),
        ],
    ),
    (
        StartTls::XmppServer,
        &[
            (b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>", b">"),
            (b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"xmpp-tls'/>"),
        ],
    ),
    (StartTls::Nntp, &[(b"200 news\r\n", b""), (b"382 continue\r\n", b"STARTTLS\r\n")]),
    (
        StartTls::Sieve,
        &[(b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n", b""), (b"OK \"begin\"\r\n", b"STARTTLS\r\n")],
    ),
    (StartTls::Postgres, &[(b"S", &[0, 0, 0, 8, 4, 210, 22, 47])]),
    (
        StartTls::Mysql,
        &[(b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0", b"")],
    ),
    (
        StartTls::Mssql,
        &[(
            b"\x04\x01\0\x1a\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x10\0\0\0\0\0\x01",
            b"\x01",
        )],
    ),
    (StartTls::Rdp, &[(b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x01\0\0\0", &[3, 0, 0, 0])]),
    (StartTls::Irc, &[(b":irc NOTICE * :hello\r\n:irc 670 * :go\r\n", b"STARTTLS\r\n")]),
    (
        StartTls::Telnet,
        &[
            (&[255, 251, 1, 255, 253, 46], &[255, 251, 46]),
            (&[255, 250, 46, 1, 255, 240], &[255, 250, 46, 1, 255, 240]),
        ],
    ),
];

#[test]
fn each_protocol_comes_to_tls() {
    for (protocol, script) in ACCEPTING {
        assert_eq!(both(protocol, script), Step::Begin, "{protocol:?}");
    }
    assert!(StartTls::ALL.iter().all(|protocol| ACCEPTING.iter().any(|(other, _)| other == protocol)));
}

#[test]
fn servers_that_do_not_offer_it_are_told_from_those_that_refuse() {
    let not_offered: [(StartTls, Script); 9] = [
        (StartTls::Smtp, &[(b"220 mx\r\n", b""), (b"250-mx\r\n250 SIZE 1\r\n", b"")]),
        (StartTls::Imap, &[(b"* OK\r\n", b""), (b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n", b"")]),
        (StartTls::Pop3, &[(b"+OK\r\n", b""), (b"-ERR unknown\r\n", b"")]),
        (StartTls::Ftp, &[(b"220 x\r\n", b""), (b"502 no\r\n", b"")]),
        (StartTls::Ldap, &[(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", b"")]),
        (StartTls::XmppClient, &[(b"<stream:features/>", b"")]),
        (StartTls::Sieve, &[(b"\"SIEVE\" \"x\"\r\nOK\r\n", b"")]),
        (StartTls::Postgres, &[(b"N", b"")]),
        (StartTls::Telnet, &[(&[255, 254, 46], b"")]),
    ];
    for (protocol, script) in not_offered {
        assert!(matches!(both(protocol, script), Step::Refused(Refusal::NotOffered(_))), "{protocol:?}");
    }
    let refused: [(StartTls, Script); 6] = [
        (StartTls::Smtp, &[(b"421 4.7.0 too many connections\r\n", b"")]),
        (
            StartTls::Smtp,
            &[(b"220 mx\r\n", b""), (b"250 STARTTLS\r\n", b""), (b"454 4.7.0 TLS not available\r\n", b"")],
        ),
        (StartTls::Imap, &[(b"* BYE overloaded\r\n", b"")]),
        (StartTls::Mysql, &[(b"\x17\0\0\0\xff\x10\x04Too many connections", b"")]),
        (StartTls::Rdp, &[(b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x03\0\x08\0\x02\0\0\0", b"")]),
        (StartTls::Irc, &[(b":irc 691 * :no\r\n", b"")]),
    ];
    for (protocol, script) in refused {
        assert!(matches!(both(protocol, script), Step::Refused(Refusal::Refused(_))), "{protocol:?}");
    }
}

#[test]
fn another_protocol_is_known_as_such() {
    for protocol in StartTls::ALL {
        let (step, _) = talk(super::dialogue(protocol, "h"), &[(b"SSH-2.0-OpenSSH_9.2p1\r\n", b"")], usize::MAX);
        // Telnet takes any text for a banner; what speaks XML is told by its first byte.
        let expected = matches!(step, Step::Refused(Refusal::OtherProtocol(_)));
        assert!(expected || protocol == StartTls::Telnet, "{protocol:?}: {step:?}");
    }
}

#[test]
fn any_bytes_bring_no_dialogue_to_a_panic() {
    let mut seed = 1_u32;
    for protocol in StartTls::ALL {
        for length in 0..64 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 24) as u8
                })
                .collect();
            talk(super::dialogue(protocol, "h"), &[(&bytes, b""), (&bytes, b"")], 3);
        }
    }
}

#[test]
fn proxies_lead_on_or_refuse() {
    let http = |answer: &[u8]| talk(Box::new(HttpConnect::new("host.example", 443)), &[(answer, b"\r\n\r\n")], 1).0;
    assert_eq!(http(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n"), Step::Begin);
    assert!(matches!(http(b"HTTP/1.1 407 Proxy Authentication Required\r\n"), Step::Refused(Refusal::Refused(_))));
    assert!(matches!(http(b"220 ftp\r\n"), Step::Refused(Refusal::OtherProtocol(_))));
    let socks = |script: &[(&[u8], &[u8])]| talk(Box::new(Socks5::new("host.example", 443)), script, 1).0;
    let request = b"\x05\x01\0\x03\x0chost.example\x01\xbb";
    assert_eq!(socks(&[(&[5, 0], &[5, 1, 0]), (&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80], request)]), Step::Begin);
    let refused = socks(&[(&[5, 0], b""), (&[5, 5, 0, 1], b"")]);
    assert!(matches!(refused, Step::Refused(Refusal::Refused(text)) if text.as_str().contains("connection refused")));
    assert!(matches!(socks(&[(&[5, 255], b"")]), Step::Refused(Refusal::Refused(_))));
}

#[test]
fn a_handshake_travels_in_tds_packets() {
    let wrapped = Tds::wrap(&vec![7; 5000]);
    let mut tds = Tds::default();
    let unwrapped: Vec<u8> = wrapped.chunks(100).flat_map(|part| tds.unwrap(part)).collect();
    assert_eq!(unwrapped, vec![7; 5000]);
    assert_eq!(Tds::default().unwrap(b"HTTP/1.1 400"), b"HTTP/1.1 400");
}
