//! The relay between peers that record every byte: nothing is changed, held back or lost, and ends come through as they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use shakedown_handshake::tls::SuiteTable;
use shakedown_handshake::watch::{Kind, Said};
use shakedown_listen::relay::{Limits, Relay, Relayed, Upstream};
use shakedown_model::tls::StartTls;
use shakedown_model::{ConnectFailure, Ending, Fact, Role};

/// To wait for what the relay tells; it has a thread of its own for the bytes.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn tls() -> Kind {
    Kind::Tls(None, Arc::new(SuiteTable::default()))
}

/// A relay to a listener of this test.
struct Bench {
    runtime: tokio::runtime::Runtime,
    relay: Relay,
    server: TcpListener,
}

impl Bench {
    fn new(kind: Kind, limits: Limits) -> Self {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let upstream = Upstream::new("127.0.0.1", server.local_addr().unwrap().port());
        let runtime = runtime();
        let loopback = (Ipv4Addr::LOCALHOST, 0).into();
        let relay = Relay::bind(loopback, upstream, kind, limits).unwrap();
        Self { runtime, relay, server }
    }

    /// Both ends of a connection.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.relay.address()).unwrap();
        (client, self.server.accept().unwrap().0)
    }

    /// What is told next; a test that waits for ever fails.
    fn next(&mut self) -> Relayed {
        let next = async { tokio::time::timeout(Duration::from_secs(60), self.relay.next()).await };
        self.runtime.block_on(next).expect("in time").expect("a relay")
    }
}

/// Numbers that look random and are the same each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 24) as u8).collect()
    }
}

/// Sends this in pieces of any length, closes this direction, and gives what came meanwhile.
fn exchange(stream: TcpStream, bytes: Vec<u8>, seed: u64) -> Vec<u8> {
    let mut writer = stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        let mut draw = Draw(seed);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let most = if draw.next().is_multiple_of(3) { 7 } else { 50_000 };
            let (piece, after) = rest.split_at((draw.next() as usize % most + 1).min(rest.len()));
            writer.write_all(piece).unwrap();
            rest = after;
        }
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    let mut reader = stream;
    reader.read_to_end(&mut received).unwrap();
    sending.join().unwrap();
    received
}

#[test]
fn bytes_are_the_same_both_ways_in_any_cut() {
    let kinds = [Kind::Ssh, tls(), Kind::Tls(Some(StartTls::Smtp), Arc::new(SuiteTable::default()))];
    for (number, kind) in (1..).zip(kinds) {
        let bench = Bench::new(kind, Limits::default());
        let connections: Vec<_> = (0..6).map(|_| bench.connect()).collect();
        let running: Vec<_> = (1..)
            .zip(connections)
            .map(|(seed, (client, server))| {
                let mut draw = Draw(0x9e37_79b9 * number + seed);
                // Some begin as the protocol does, the others with anything.
                let mut up = draw.bytes(if seed == 1 { 3_000_000 } else { 200_000 });
                let mut down = draw.bytes(if seed == 2 { 3_000_000 } else { 200_000 });
                if seed % 2 == 0 {
                    up.splice(..0, b"SSH-2.0-client\r\n".iter().copied());
                    down.splice(..0, b"\x16\x03\x03\x40\x00\x02".iter().copied());
                }
                let (sent_up, sent_down) = (up.clone(), down.clone());
                let up_end = thread::spawn(move || exchange(client, sent_up, seed));
                let down_end = thread::spawn(move || exchange(server, sent_down, seed + 77));
                (up_end, down_end, up, down)
            })
            .collect();
        for (client, server, up, down) in running {
            assert!(client.join().unwrap() == down, "what the client got");
            assert!(server.join().unwrap() == up, "what the server got");
        }
    }
}

#[test]
fn each_byte_is_passed_on_at_once() {
    let bench = Bench::new(tls(), Limits::default());
    let (mut client, mut server) = bench.connect();
    let hello = b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc";
    for &byte in hello.iter().cycle().take(500) {
        let mut got = [0];
        client.write_all(&[byte]).unwrap();
        server.read_exact(&mut got).unwrap();
        assert_eq!(got, [byte]);
        server.write_all(&[byte]).unwrap();
        client.read_exact(&mut got).unwrap();
        assert_eq!(got, [byte]);
    }
}

#[test]
fn a_closed_direction_leaves_the_other_open() {
    let mut bench = Bench::new(Kind::Ssh, Limits::default());
    let (mut client, mut server) = bench.connect();
    client.write_all(b"a question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = Vec::new();
    server.read_to_end(&mut question).unwrap();
    assert_eq!(question, b"a question");
    for _ in 0..20 {
        server.write_all(&[7; 1000]).unwrap();
    }
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 20_000);
    let told = bench.next();
    let seen = told.seen.unwrap();
    assert_eq!(seen.first_end, Some((Role::Client, Ending::Closed)));
}

#[test]
fn a_reset_comes_through_after_the_last_words() {
    let mut bench = Bench::new(tls(), Limits::default());
    for first in [Role::Server, Role::Client] {
        let (client, server) = bench.connect();
        let (mut ending, mut other) = if first == Role::Server { (server, client) } else { (client, server) };
        let words = vec![21; 30_000];
        other.write_all(b"what nobody reads").unwrap();
        // What is there and not read makes a reset of the close.
        let mut one = [0];
        assert_eq!(ending.peek(&mut one).unwrap(), 1);
        ending.write_all(&words).unwrap();
        drop(ending);
        let mut got = Vec::new();
        let error = other.read_to_end(&mut got).unwrap_err();
        assert_eq!((error.kind(), got.len()), (ErrorKind::ConnectionReset, words.len()), "{first:?}");
        let told = bench.next();
        assert!(told.over);
        assert_eq!(told.seen.unwrap().first_end, Some((first, Ending::Reset)));
    }
}

#[test]
fn who_does_not_read_holds_the_sender_back() {
    let bench = Bench::new(tls(), Limits::default());
    let (client, server) = bench.connect();
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut written = 0;
    let block = vec![3; 64 * 1024];
    // The kernel's own buffers on the way hold some megabytes.
    while written < 64 << 20 {
        match (&client).write(&block) {
            Ok(count) => written += count,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
    }
    assert!(written < 32 << 20, "{written} bytes were taken");
    drop(client);
    let mut all = Vec::new();
    let mut server = server;
    server.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), written);
}

#[test]
fn an_idle_handshake_ends_and_a_session_does_not() {
    let limits = Limits { idle: Duration::from_millis(200), patience: Duration::from_millis(50), ..Limits::default() };
    let mut bench = Bench::new(Kind::Ssh, limits);
    let (mut client, mut server) = bench.connect();
    client.write_all(b"SSH-2.0-client\r\n").unwrap();
    let mut nothing = Vec::new();
    assert!(client.read_to_end(&mut nothing).is_err() && nothing.is_empty());
    let told = bench.next();
    let (who, how) = told.seen.unwrap().first_end.unwrap();
    assert!(who == Role::Server && matches!(how, Ending::Silent { milliseconds: 200.. }), "{who:?} {how:?}");
    let mut line = Vec::new();
    server.read_to_end(&mut line).unwrap();
    assert_eq!(line, b"SSH-2.0-client\r\n");

    // Both have new keys: from here on it is a session, however long nobody says anything.
    let (mut client, mut server) = bench.connect();
    let kexinit = shakedown_wire::ssh::KexInit::default().write();
    for (name, stream) in [("client", &mut client), ("server", &mut server)] {
        let packet = shakedown_wire::ssh::write_packet;
        stream.write_all(format!("SSH-2.0-{name}\r\n").as_bytes()).unwrap();
        stream.write_all(&[packet(&kexinit), packet(&[21])].concat()).unwrap();
    }
    let told = bench.next();
    let seen = told.seen.unwrap();
    assert!(seen.complete && !told.over && matches!(seen.said, Said::Ssh(_)));
    thread::sleep(limits.idle * 4);
    let mut buffer = [0; 1024];
    while server.read(&mut buffer).unwrap() == buffer.len() {}
    client.write_all(b"still there").unwrap();
    let count = server.read(&mut buffer).unwrap();
    assert!(buffer[..count].ends_with(b"still there"));
}

#[test]
fn a_server_that_is_not_there() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let runtime = runtime();
    let loopback: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let upstream = Upstream::new("127.0.0.1", free);
    let mut relay = Relay::bind(loopback, upstream, Kind::Ssh, Limits::default()).unwrap();
    let mut client = TcpStream::connect(relay.address()).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let told = runtime.block_on(relay.next()).unwrap();
    let refused = matches!(told.not_connected[..], [Fact::NotConnected { failure: ConnectFailure::Refused, .. }]);
    assert!(refused && told.seen.is_none(), "{:?}", told.not_connected);
}

#[test]
fn a_relay_that_is_closed_serves_who_is_there() {
    let mut bench = Bench::new(tls(), Limits::default());
    let (client, server) = bench.connect();
    bench.relay.close();
    // Nothing is let in any more, whatever the kernel has accepted.
    let draws = [Draw(5).bytes(300_000), Draw(6).bytes(300_000)];
    let (up, down) = (draws[0].clone(), draws[1].clone());
    let sending = thread::spawn(move || exchange(client, up, 1));
    assert!(exchange(server, down, 2) == draws[0] && sending.join().unwrap() == draws[1]);
    assert_eq!(bench.next().number, 1);
    assert!(bench.runtime.block_on(bench.relay.next()).is_none());
    assert!(TcpStream::connect(bench.relay.address()).is_err());
}

#[test]
fn a_thousand_connections_at_once() {
    let mut bench = Bench::new(Kind::Ssh, Limits::default());
    let connections: Vec<_> = (0..1_000)
        .map(|number| {
            let (mut client, mut server) = bench.connect();
            let line = format!("SSH-2.0-client{number}\r\n");
            client.write_all(line.as_bytes()).unwrap();
            let mut got = vec![0; line.len()];
            server.read_exact(&mut got).unwrap();
            assert_eq!(got, line.as_bytes());
            (client, server)
        })
        .collect();
    // All at once, while nobody asks for what was seen.
    drop(connections);
    let mut numbers: Vec<u32> = (0..1_000).map(|_| bench.next().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=1_000).collect::<Vec<_>>());
}
