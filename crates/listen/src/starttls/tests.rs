use super::*;

/// What the server says to these bytes, given a few at a time, and what is left for TLS.
fn talk(kind: StartTls, client: &[u8], at_once: usize) -> (String, Option<Vec<u8>>) {
    let served = Served::ALL.into_iter().find(|one| one.protocol == kind).unwrap();
    let mut dialogue = (served.dialogue)();
    let mut said = dialogue.greeting();
    let mut received = Vec::new();
    for (place, piece) in client.chunks(at_once).enumerate() {
        received.extend_from_slice(piece);
        loop {
            match dialogue.step(&mut received) {
                Step::Wait => break,
                Step::Send(bytes) => said.extend(bytes),
                Step::Begin(bytes) => {
                    said.extend(bytes);
                    received.extend(client.chunks(at_once).skip(place + 1).flatten());
                    return (String::from_utf8_lossy(&said).into_owned(), Some(received));
                }
                Step::End(bytes) => {
                    said.extend(bytes);
                    return (String::from_utf8_lossy(&said).into_owned(), None);
                }
            }
        }
    }
    (String::from_utf8_lossy(&said).into_owned(), None)
}

#[test]
fn clients_are_brought_to_their_hello() {
    let mysql = [&[32, 0, 0, 1][..], &[0; 32]].concat();
    let ldap = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let cases: [(StartTls, &[u8], &str); 11] = [
        (StartTls::Smtp, b"EHLO me\r\nSTARTTLS\r\n", "220 begin TLS\r\n"),
        (StartTls::Lmtp, b"LHLO me\r\nstarttls\r\n", "220 begin TLS\r\n"),
        (StartTls::Imap, b"a1 CAPABILITY\r\na2 STARTTLS\r\n", "a2 OK begin TLS\r\n"),
        (StartTls::Pop3, b"CAPA\r\nSTLS\r\n", "+OK begin TLS\r\n"),
        (StartTls::Ftp, b"FEAT\r\nAUTH GSSAPI\r\nAUTH TLS\r\n", "234 begin TLS\r\n"),
        (StartTls::Nntp, b"CAPABILITIES\r\nSTARTTLS\r\n", "382 begin TLS\r\n"),
        (StartTls::Sieve, b"STARTTLS\r\n", "OK\r\n"),
        (StartTls::Ldap, ldap, "\x78\x07\n\x01\0\x04\0\x04\0"),
        (StartTls::Postgres, b"\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f", "NS"),
        (StartTls::Mysql, &mysql, "mysql_native_password\0"),
        (
            StartTls::XmppClient,
            b"<?xml version='1.0'?><stream:stream to='x'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
            "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        ),
    ];
    assert_eq!(cases.len(), Served::ALL.len());
    for (kind, client, last) in cases {
        for at_once in [1, 1_000] {
            if kind == StartTls::XmppClient && at_once > 1 {
                // A client asks only when it has seen the features.
                continue;
            }
            let (said, rest) = talk(kind, client, at_once);
            assert!(said.ends_with(last), "{kind:?}: {said}");
            assert_eq!(rest, Some(Vec::new()), "{kind:?}");
        }
    }
}

#[test]
fn clients_that_ask_for_something_else() {
    let (said, _) = talk(StartTls::Smtp, b"MAIL FROM:<a@b>\r\nQUIT\r\n", 3);
    assert!(said.contains("530 ") && said.ends_with("221 until next time\r\n"), "{said}");
    assert_eq!(talk(StartTls::Ldap, b"GET / HTTP/1.1\r\n", 4), (String::new(), None));
    let (said, rest) = talk(StartTls::Postgres, b"\0\0\0\x29\0\x03\0\0user\0", 64);
    assert!(said.contains("sslmode=require") && rest.is_none(), "{said}");
    let (said, rest) = talk(StartTls::Mysql, &[200, 0, 0, 1, 0], 64);
    assert!(said.contains("--ssl-mode=REQUIRED") && rest.is_none(), "{said}");
    // An LDAP bind: 1, version 3, anonymous. The answer is a bind's.
    let (said, _) = talk(StartTls::Ldap, b"\x30\x0c\x02\x01\x07\x60\x07\x02\x01\x03\x04\0\x80\0", 64);
    assert_eq!(said.as_bytes(), b"\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\x0d\x04\0\x04\0");
}

#[test]
fn any_bytes_do_no_harm() {
    for kind in Served::ALL.map(|one| one.protocol) {
        for seed in 0..200_u32 {
            let bytes: Vec<u8> = (0..64_u32)
                .map(|place| (seed.wrapping_mul(2_654_435_761).wrapping_add(place.wrapping_mul(40_503)) >> 8) as u8)
                .collect();
            talk(kind, &bytes, 7);
        }
    }
}
