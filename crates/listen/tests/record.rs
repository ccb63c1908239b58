//! The recorders with strange, slow and many clients, and every dialogue before TLS with OpenSSL's client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use shakedown_listen::Served;
use shakedown_listen::record::{IkeAnswer, Kind, Limits, Opening, Rate, Recorded, Recorder, SshFront};
use shakedown_model::ssh::SshOffer;
use shakedown_model::tls::StartTls;
use shakedown_model::{Ending, Fact, Name, StrangeProtocol};
use shakedown_testkit::{require, run};

/// On a runtime with a thread of its own, so that clients that block do no harm.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn served(protocol: StartTls) -> Served {
    Served::ALL.into_iter().find(|one| one.protocol == protocol).unwrap()
}

fn short() -> Limits {
    Limits { time: Duration::from_millis(300), ..Limits::default() }
}

fn ssh() -> Kind {
    let farewell = "recorded".to_owned();
    let front = SshFront { identification: Name::new("SSH-2.0-x"), offer: SshOffer::default(), farewell };
    Kind::Ssh(Box::new(front))
}

/// The next client; a test that waits for ever fails.
fn next(runtime: &tokio::runtime::Runtime, recorder: &mut Recorder) -> Recorded {
    let next = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), recorder.next()).await });
    next.expect("a client").expect("the recorder")
}

/// Sends these bytes and reads until the recorder closes.
fn talk(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut answer = Vec::new();
    // Where the recorder ends in a reset, what came before it counts.
    let _ = stream.write_all(bytes).and_then(|()| stream.read_to_end(&mut answer).map(drop));
    answer
}

#[test]
fn strange_clients_are_told_apart() {
    let runtime = runtime();
    type Case = (fn() -> Kind, &'static [u8], fn(&Fact) -> bool);
    let tls: fn() -> Kind = || Kind::Tls(None);
    let cases: [Case; 8] = [
        (ssh, b"GET / HTTP/1.1\r\n\r\n", |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Http, .. })
        }),
        (ssh, b"\x16\x03\x01\x02\x00\x01", |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Tls, .. })
        }),
        (ssh, b"SSH-2.0-slow\r\n", |fact| matches!(fact, Fact::Ended { ending: Ending::Silent { .. }, .. })),
        (tls, b"", |fact| matches!(fact, Fact::Ended { ending: Ending::Silent { .. }, received: 0, .. })),
        (tls, b"SSH-2.0-OpenSSH_9.2p1\r\n", |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Ssh, .. })
        }),
        (tls, b"\x15\x03\x01\x00\x02\x02\x28", |fact| matches!(fact, Fact::Malformed { .. })),
        (tls, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", |fact| matches!(fact, Fact::Malformed { .. })),
        (|| Kind::Tls(Some(served(StartTls::Smtp))), b"QUIT\r\n", |fact| matches!(fact, Fact::Malformed { .. })),
    ];
    for (kind, bytes, expected) in cases {
        let mut recorder = runtime.block_on(Recorder::bind(loopback(), kind(), short())).unwrap();
        let address = recorder.address();
        let client = std::thread::spawn(move || talk(address, bytes));
        let seen = next(&runtime, &mut recorder);
        assert!(seen.opening.is_none() && seen.facts.iter().any(expected), "{seen:?}");
        client.join().unwrap();
    }
}

#[test]
fn who_sends_without_end_is_cut_off() {
    let runtime = runtime();
    // Records of a hello that is announced as longer than any is; lines without end.
    let hello = [&[0x16, 3, 1, 0x40, 0, 1, 0x1f, 0xff, 0xff][..], &[0; 16_380]].concat();
    let more = [&[0x16, 3, 1, 0x40, 0][..], &[0; 16_384]].concat();
    let record = [&hello[..], &more, &more, &more, &more, &more].concat();
    let cases = [(Kind::Tls(None), record), (Kind::Tls(Some(served(StartTls::Imap))), vec![b'x'; 200_000])];
    for (kind, bytes) in cases {
        let mut recorder = runtime.block_on(Recorder::bind(loopback(), kind, Limits::default())).unwrap();
        let address = recorder.address();
        let client = std::thread::spawn(move || talk(address, &bytes));
        let seen = next(&runtime, &mut recorder);
        assert!(matches!(seen.facts[0], Fact::Malformed { .. } | Fact::LimitReached { .. }), "{seen:?}");
        client.join().unwrap();
    }
}

#[test]
fn half_open_clients_make_room() {
    let runtime = runtime();
    let limits = Limits { connections: 2, ..short() };
    let mut recorder = runtime.block_on(Recorder::bind(loopback(), Kind::Tls(None), limits)).unwrap();
    let silent: Vec<TcpStream> = (0..4).map(|_| TcpStream::connect(recorder.address()).unwrap()).collect();
    let seen: Vec<u32> = (0..4).map(|_| next(&runtime, &mut recorder).number).collect();
    assert_eq!(seen.len(), silent.len());
}

#[test]
fn who_comes_too_often_is_turned_away() {
    let runtime = runtime();
    let limits = Limits { rate: Rate { burst: 3, per_second: 0 }, ..short() };
    let mut recorder = runtime.block_on(Recorder::bind(loopback(), Kind::Tls(None), limits)).unwrap();
    let mut streams: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(recorder.address()).unwrap()).collect();
    for _ in 0..3 {
        next(&runtime, &mut recorder);
    }
    // The others are closed without a word.
    assert!(streams.iter_mut().skip(3).all(|stream| stream.read(&mut [0]).map_or(true, |count| count == 0)));
    assert_eq!(recorder.turned_away(), 2);
}

#[test]
fn datagrams_that_are_no_first_message() {
    let runtime = runtime();
    let kind = Kind::Ike(IkeAnswer::NoProposalChosen);
    let mut recorder = runtime.block_on(Recorder::bind(loopback(), kind, Limits::default())).unwrap();
    let socket = std::net::UdpSocket::bind(loopback()).unwrap();
    socket.connect(recorder.address()).unwrap();
    // What keeps a NAT's table alive is passed over.
    socket.send(&[0xff]).unwrap();
    socket.send(b"hello").unwrap();
    let seen = next(&runtime, &mut recorder);
    assert!(seen.opening.is_none() && matches!(seen.facts[0], Fact::OtherProtocol { .. }), "{seen:?}");
    // A message of version 2 that says to be longer than it is.
    let mut message = vec![7; 40];
    message[8..16].fill(0);
    message[16..20].copy_from_slice(&[33, 0x20, 34, 8]);
    socket.send(&message).unwrap();
    let seen = next(&runtime, &mut recorder);
    assert!(matches!(seen.facts[0], Fact::Malformed { .. }), "{seen:?}");
}

#[test]
fn openssl_comes_to_its_hello_by_every_dialogue() {
    let Some(openssl) = require("openssl") else { return };
    let runtime = runtime();
    for start in Served::ALL {
        let kind = Kind::Tls(Some(start));
        let mut recorder = runtime.block_on(Recorder::bind(loopback(), kind, Limits::default())).unwrap();
        let mut command = Command::new(&openssl);
        let address = recorder.address().to_string();
        command.args(["s_client", "-starttls", start.protocol.as_str(), "-connect", &address]);
        let finished = run(&mut command, b"", Duration::from_secs(60)).unwrap();
        let seen = next(&runtime, &mut recorder);
        assert!(matches!(&seen.opening, Some(Opening::Tls(hello)) if hello.cipher_suites.len() > 5), "{seen:?}");
        assert!(finished.stderr.contains("handshake failure"), "{start:?}: {}", finished.text());
    }
}
