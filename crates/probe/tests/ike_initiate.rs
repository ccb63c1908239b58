//! `initiate` against responders that never come to an end: it is bounded, whatever they do.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use shakedown_handshake::ike::{Config, Credentials, Deletion, Proving, Step, identification};
use shakedown_model::Secret;
use shakedown_probe::ike::{Answering, Attempt, initiate};
use shakedown_wire::ike::number::{exchange, flag, notify, payload, protocol, transform};
use shakedown_wire::ike::{
    Header, Message, MessageLimits, Notify, Payload, Proposal, TrafficSelector, Transform, View,
};

const TIMEOUT: Duration = Duration::from_millis(1200);

fn config(_: [SocketAddr; 2]) -> Config {
    let of = |protocol: u8, all: &[(u8, u16, Option<u16>)]| Proposal {
        number: 1,
        protocol,
        transforms: all.iter().map(|(kind, id, bits)| Transform::new(*kind, *id, *bits)).collect(),
        ..Proposal::default()
    };
    let selectors = vec![TrafficSelector::addresses("192.0.2.0".parse().unwrap(), "192.0.2.255".parse().unwrap())];
    let (encryption, group) = (transform::ENCRYPTION, transform::KEY_EXCHANGE);
    Config {
        proposals: vec![of(
            protocol::IKE,
            &[(encryption, 20, Some(128)), (transform::PRF, 5, None), (group, 31, None)],
        )],
        group: 31,
        child: vec![of(protocol::ESP, &[(encryption, 20, Some(128)), (transform::SEQUENCE_NUMBERS, 0, None)])],
        identity: identification("a.example"),
        peer: None,
        credentials: Credentials {
            shared_key: Some(Secret::new(b"sesame".to_vec())),
            certificate: None,
            with: Proving::SharedKey,
            authorities: None,
        },
        selectors: [selectors.clone(), selectors],
        transport: false,
    }
}

/// The attempt against a socket that is served like this; how often it was asked, and how long it took.
fn attempt(serve: impl Fn(&UdpSocket, &[u8], SocketAddr) + Send + 'static) -> (Attempt, usize, Duration) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let server = socket.try_clone().unwrap();
    let counting = thread::spawn(move || {
        let (mut buffer, mut count) = ([0; 0xffff], 0);
        loop {
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            // An empty datagram ends it.
            if length == 0 {
                return count;
            }
            count += 1;
            serve(&server, &buffer[..length], from);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let attempt =
        runtime.block_on(initiate(Answering { address, marked: false, tcp: false }, None, TIMEOUT, config)).unwrap();
    let took = begun.elapsed();
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[], address).unwrap();
    (attempt, counting.join().unwrap(), took)
}

fn answer(request: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let request = Message::parse(request, MessageLimits::default()).unwrap();
    let header = Header { flags: flag::RESPONSE, exchange: exchange::IKE_SA_INIT, ..request.header };
    let payloads = vec![Payload::new(payload::NOTIFY, &View::Notify(Notify::new(kind, data.to_vec())))];
    Message { header, payloads, ..Message::default() }.write()
}

/// Nothing is waited for beyond the timeout; the machine that runs this may be slow.
const MARGIN: Duration = Duration::from_secs(3);

#[test]
fn silence_ends_with_the_timeout() {
    let (attempt, asked, took) = attempt(|_, _, _| {});
    assert_eq!((attempt.observation.sa_init, attempt.observation.deletion), (Step::NoAnswer, Deletion::NotDue));
    assert_eq!(attempt.packets as usize, asked);
    assert!((2..=3).contains(&asked) && took < TIMEOUT + MARGIN, "{asked} {took:?}");
}

#[test]
fn cookies_for_ever_end_at_once() {
    let (attempt, asked, took) = attempt(|socket, request, from| {
        socket.send_to(&answer(request, notify::COOKIE, b"again"), from).unwrap();
    });
    assert!(matches!(attempt.observation.sa_init, Step::Stopped(_)), "{:?}", attempt.observation);
    assert!(asked == 3 && took < TIMEOUT, "{asked} {took:?}");
}

#[test]
fn another_address_has_no_say() {
    let (attempt, _, _) = attempt(|_, request, from| {
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        other.send_to(&answer(request, notify::NO_PROPOSAL_CHOSEN, b""), from).unwrap();
    });
    assert_eq!(attempt.observation.sa_init, Step::NoAnswer);
    assert_eq!(attempt.observation.passed.strays, 0, "it is not even read");
}

#[test]
fn a_flood_of_other_messages_is_passed_over() {
    let (attempt, _, took) = attempt(|socket, request, from| {
        let mut wrong = answer(request, notify::NO_PROPOSAL_CHOSEN, b"");
        wrong[0] ^= 0xff;
        for _ in 0..500 {
            for bytes in [&wrong[..], b"", b"\xff", &wrong[..20], request] {
                // The initiator may have gone.
                let _ = socket.send_to(bytes, from);
            }
        }
    });
    assert_eq!(attempt.observation.sa_init, Step::NoAnswer);
    assert!(attempt.observation.passed.broken.is_some() && took < TIMEOUT + MARGIN, "{took:?}");
}

#[test]
fn a_port_that_is_closed_is_told_from_silence() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let attempt =
        runtime.block_on(initiate(Answering { address, marked: false, tcp: false }, None, TIMEOUT, config)).unwrap();
    assert_eq!(attempt.failure, Some(shakedown_model::ConnectFailure::Refused));
}
