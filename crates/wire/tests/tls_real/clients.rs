//! What the clients of this machine send to a listener on loopback.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::Duration;

use shakedown_testkit::{require, run};
use shakedown_wire::tls::number::{extension, version};
use shakedown_wire::tls::{
    ClientHello, Deframer, DtlsFragment, DtlsRecord, Form, HandshakeLimits, HelloVerifyRequest, Message, RecordLimits,
    RecordReader, Transport, View,
};
use shakedown_wire::{Reader, fuzzing};

use crate::walk::{extensions, walk};

const TIME: Duration = Duration::from_secs(20);

/// The hello that this client sends, given the port.
fn hello_of(program: &str, arguments: impl Fn(u16) -> Vec<String>) -> Option<ClientHello> {
    let program = require(program)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(TIME)).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        let mut reader = RecordReader::new(RecordLimits::default());
        let mut deframer = Deframer::new(HandshakeLimits::default());
        loop {
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "closed after {bytes:x?}");
            bytes.extend(&buffer[..length]);
            reader.push(&buffer[..length]);
            while let Some(record) = reader.next_record().unwrap() {
                deframer.push(&record.fragment);
            }
            if let Some(message) = deframer.next_message().unwrap() {
                assert!(reader.partial().is_empty() && deframer.partial().is_empty());
                // handshake_failure, so that the client ends at once.
                stream.write_all(&[21, 3, 1, 0, 2, 2, 40]).unwrap();
                return (bytes, message.bytes);
            }
        }
    });
    // The system's configuration must not forbid old versions.
    let mut command = Command::new(&program);
    let finished = run(command.args(arguments(port)).env("OPENSSL_CONF", "/dev/null"), b"", TIME).unwrap();
    println!("{}", finished.text());
    // Ends the wait where the client never came.
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    let (bytes, message) = server.join().unwrap();
    fuzzing::tls_messages(&message);
    let walked = walk(&bytes, Form::default());
    assert_eq!((walked.confirmed, &walked.error), (1, &None));
    let (seen, odd) = extensions(&walked.messages);
    assert!(odd.is_empty(), "{odd:?}");
    let Some(Message::ClientHello(hello)) = walked.messages.into_iter().next() else { panic!("no hello") };
    assert_eq!(hello.extensions().len(), seen);
    Some(*hello)
}

fn s_client(options: &str) -> Option<ClientHello> {
    hello_of("openssl", |port| {
        let fixed = format!("s_client -connect 127.0.0.1:{port} {options}");
        fixed.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    })
}

fn gnutls(options: &str) -> Option<ClientHello> {
    hello_of("gnutls-cli", |port| {
        let fixed = format!("--insecure --port {port} {options} 127.0.0.1");
        fixed.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    })
}

fn protocols(hello: &ClientHello) -> Vec<Vec<u8>> {
    match hello.view(extension::ALPN) {
        Some(Ok(View::Protocols(names))) => names,
        other => panic!("{other:?}"),
    }
}

#[test]
fn openssl_with_options() {
    let Some(hello) = s_client("-servername example.com -alpn h2,http/1.1") else { return };
    assert_eq!(hello.server_name().as_deref(), Some(&b"example.com"[..]));
    assert_eq!(protocols(&hello), [&b"h2"[..], b"http/1.1"]);
    assert_eq!(hello.supported_versions().map(|versions| versions[0]), Some(version::TLS13));
    assert!(
        matches!(hello.view(extension::KEY_SHARE), Some(Ok(View::KeyShares(shares))) if shares[0].public.len() >= 32)
    );

    let hello =
        s_client("-tls1_2 -noservername -status -cipher ECDHE-RSA-AES128-GCM-SHA256 -groups P-256:X25519").unwrap();
    assert_eq!(hello.cipher_suites, [0xc02f, 0x00ff]);
    assert_eq!((hello.server_name(), hello.supported_versions()), (None, None));
    assert_eq!(hello.view(extension::SUPPORTED_GROUPS), Some(Ok(View::SupportedGroups(vec![23, 29]))));
    assert!(matches!(hello.view(extension::STATUS_REQUEST), Some(Ok(View::StatusRequest(_)))));

    let hello = s_client("-tls1 -cipher ALL:@SECLEVEL=0").unwrap();
    assert_eq!(hello.version, version::TLS10);
    assert_eq!(hello.view(extension::SIGNATURE_ALGORITHMS), None);

    let hello =
        s_client("-tls1_3 -maxfraglen 1024 -sigalgs ECDSA+SHA256 -ciphersuites TLS_AES_128_GCM_SHA256").unwrap();
    assert_eq!(hello.cipher_suites.first(), Some(&0x1301));
    assert_eq!(hello.view(extension::MAX_FRAGMENT_LENGTH), Some(Ok(View::MaxFragmentLength(2))));
    assert_eq!(hello.view(extension::SIGNATURE_ALGORITHMS), Some(Ok(View::SignatureAlgorithms(vec![0x0403]))));
}

#[test]
fn gnutls_with_priorities() {
    let Some(hello) = gnutls("--sni-hostname example.com --alpn h2") else { return };
    assert_eq!(hello.server_name().as_deref(), Some(&b"example.com"[..]));
    assert_eq!(protocols(&hello), [b"h2"]);
    assert!(matches!(hello.view(extension::RECORD_SIZE_LIMIT), Some(Ok(View::RecordSizeLimit(_)))));

    let hello =
        gnutls("--priority NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-SECP256R1:+GROUP-FFDHE2048").unwrap();
    assert_eq!(hello.view(extension::SUPPORTED_GROUPS), Some(Ok(View::SupportedGroups(vec![23, 256]))));
    assert_eq!(hello.view(extension::ENCRYPT_THEN_MAC), Some(Ok(View::Empty)));

    let hello = gnutls("--priority NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT").unwrap();
    assert_eq!(hello.version, version::TLS10);
}

#[test]
fn curl_with_options() {
    let of = |options: &'static str| {
        hello_of("curl", move |port| {
            let fixed = format!(
                "--silent --insecure {options} --resolve example.com:{port}:127.0.0.1 https://example.com:{port}/"
            );
            fixed.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        })
    };
    let Some(hello) = of("") else { return };
    assert_eq!(hello.server_name().as_deref(), Some(&b"example.com"[..]));
    assert_eq!(protocols(&hello), [&b"h2"[..], b"http/1.1"]);
    assert_eq!(of("--no-alpn").unwrap().view(extension::ALPN), None);
    let old = of("--tls-max 1.2 --ciphers AES128-SHA").unwrap();
    assert!(old.cipher_suites.contains(&0x002f));
}

/// The first message of a datagram, which must be a whole one; all is written as it was read.
fn message_of(datagram: &[u8]) -> Vec<u8> {
    fuzzing::tls_other_records(datagram);
    let records = DtlsRecord::parse_datagram(datagram).unwrap();
    let mut reader = Reader::new(&records[0].fragment);
    let part = DtlsFragment::read(&mut reader).unwrap();
    assert!(records.len() == 1 && reader.is_empty());
    part.whole().unwrap()
}

#[test]
fn datagrams_of_openssl_with_a_cookie_of_ours() {
    let Some(program) = require("openssl") else { return };
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(TIME)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut hellos = Vec::new();
        for cookie in [Some(b"a cookie".to_vec()), None] {
            let (length, client) = socket.recv_from(&mut buffer).unwrap();
            hellos.push(message_of(&buffer[..length]));
            let answer = match cookie {
                Some(cookie) => {
                    let request = HelloVerifyRequest { cookie, ..HelloVerifyRequest::default() };
                    let part = &DtlsFragment::split(&request.write(), 0, 1000)[0];
                    record(22, part.write())
                }
                None => record(21, vec![2, 40]),
            };
            socket.send_to(&answer, client).unwrap();
        }
        hellos
    });
    let address = format!("127.0.0.1:{port}");
    run(Command::new(program).args(["s_client", "-dtls1_2", "-connect", &address]), b"", TIME).unwrap();
    let hellos = server.join().unwrap();
    let hellos: Vec<_> = hellos
        .iter()
        .map(|bytes| {
            let hello = ClientHello::parse(bytes, Transport::Datagram).unwrap();
            assert_eq!((hello.write(), hello.version), (bytes.clone(), version::DTLS12));
            hello
        })
        .collect();
    assert_eq!(hellos[0].cookie.as_deref(), Some(&b""[..]));
    assert_eq!(hellos[1].cookie.as_deref(), Some(&b"a cookie"[..]));
    assert_eq!(hellos[0].random, hellos[1].random);
}

fn record(content_type: u8, fragment: Vec<u8>) -> Vec<u8> {
    // The client's first answer has the sequence number of the hello; a second record the next.
    let sequence = u64::from(content_type == 21);
    DtlsRecord { content_type, version: version::DTLS10, epoch: 0, sequence, fragment }.write()
}
