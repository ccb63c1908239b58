//! Servers of TLS by script: what they send is known by the right words, however it is cut, and no bytes do harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;
use shakedown_handshake::tls::{
    Client, ClientConfig, Departure, End, HelloSpec, Observation, Suite, SuiteTable, Until,
};
use shakedown_wire::tls::number::{content, version};
use shakedown_wire::tls::{
    Alert, Certificate, CertificateEntry, CertificateRequest, Extension, Extensions, HELLO_RETRY_REQUEST_RANDOM,
    KeyExchangeParameters, Message, ServerHello, ServerKeyExchange, Signature, View, write_records,
};

fn suites() -> Arc<SuiteTable> {
    let names = [
        (0x1301, "TLS_AES_128_GCM_SHA256"),
        (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ];
    Arc::new(names.iter().filter_map(|&(number, name)| Suite::new(number, name)).collect())
}

fn spec() -> HelloSpec {
    HelloSpec {
        versions: vec![version::TLS13, version::TLS12],
        cipher_suites: vec![0x1301, 0xc02f, 0x002f],
        groups: vec![0x001d, 0x0017],
        key_shares: vec![0x001d],
        signature_schemes: vec![0x0804, 0x0401],
        ..HelloSpec::default()
    }
}

fn observe(until: Until, bytes: &[u8], chunk: usize) -> Observation {
    let mut client = Client::new(ClientConfig::new(spec(), until, suites())).unwrap();
    while client.transmit().is_some() {}
    for part in bytes.chunks(chunk.max(1)) {
        client.receive(part);
        while client.transmit().is_some() {}
    }
    client.end_of_stream();
    assert!(client.is_done());
    client.into_observation()
}

fn record(message: &[u8]) -> Vec<u8> {
    write_records(content::HANDSHAKE, version::TLS12, message)
}

fn hello(cipher_suite: u16) -> ServerHello {
    ServerHello { cipher_suite, random: [7; 32], extensions: Some(Extensions::default()), ..ServerHello::default() }
}

fn flight() -> Vec<u8> {
    let exchange = ServerKeyExchange {
        psk_identity_hint: None,
        parameters: KeyExchangeParameters::NamedCurve { group: 0x0017, public: vec![4; 65] },
        signature: Some(Signature { algorithm: Some(0x0401), signature: vec![1; 256] }),
    };
    let request = CertificateRequest::Legacy {
        certificate_types: vec![1, 64],
        signature_algorithms: Some(vec![0x0401]),
        authorities: vec![vec![0x30, 0]],
    };
    let certificate = CertificateEntry { certificate: vec![0x30; 900], extensions: Extensions::default() };
    let messages = [
        hello(0xc02f).write(),
        Certificate { request_context: None, entries: vec![certificate] }.write(),
        Message::ServerKeyExchange(Box::new(exchange)).write(),
        request.write(),
        Message::ServerHelloDone.write(),
    ];
    record(&messages.concat())
}

#[test]
fn the_messages_of_tls_1_2_are_read_to_their_end() {
    let seen = observe(Until::Flight, &flight(), usize::MAX);
    assert_eq!((seen.version, seen.cipher_suite), (Some(version::TLS12), Some(0xc02f)));
    assert_eq!((seen.group, seen.signature_scheme), (Some(0x0017), Some(0x0401)));
    assert_eq!(seen.certificates[0].certificate.len(), 900);
    assert_eq!(seen.certificate_request.unwrap().authorities(), [[0x30, 0]]);
    assert!(seen.flight_complete && seen.departures.is_empty());
    assert_eq!(seen.end, Some(End::Complete));
}

#[test]
fn each_goal_is_reached_as_early_as_can_be() {
    let early = observe(Until::ServerHello, &flight()[..90], usize::MAX);
    assert_eq!((early.end.is_some(), early.hello.is_none()), (true, true), "the record is not whole");
    let bytes = record(&hello(0x002f).write());
    assert_eq!(observe(Until::ServerHello, &bytes, 1).end, Some(End::Complete));
    assert!(matches!(observe(Until::Flight, &bytes, 1).end, Some(End::Closed { .. })));
}

#[test]
fn a_client_without_certificate_that_is_refused_knows_it() {
    let alert = |description| write_records(content::ALERT, version::TLS12, &Alert { level: 2, description }.write());
    let seen = observe(Until::Answer, &[flight(), alert(40)].concat(), usize::MAX);
    let refused = seen.alert().unwrap();
    assert_eq!((refused.alert.description, refused.after_finished), (40, true));
    let before = observe(Until::Answer, &alert(40), usize::MAX).alert().unwrap();
    assert!(!before.after_finished);
}

#[test]
fn what_was_not_offered_is_a_departure() {
    let seen = observe(Until::ServerHello, &record(&hello(0x0005).write()), usize::MAX);
    assert_eq!(seen.departures, [Departure::CipherSuite(0x0005)]);
    let old = ServerHello { version: version::TLS10, ..hello(0x002f) };
    let seen = observe(Until::ServerHello, &record(&old.write()), usize::MAX);
    assert_eq!(seen.departures, [Departure::Version(version::TLS10)]);
    let mut random = [7; 32];
    random[24..].copy_from_slice(b"DOWNGRD\x01");
    let down = ServerHello { random, ..hello(0x002f) };
    let seen = observe(Until::ServerHello, &record(&down.write()), usize::MAX);
    assert_eq!(seen.departures, [Departure::Downgraded(version::TLS12)]);
}

fn retry(group: u16) -> Vec<u8> {
    let extensions = vec![
        Extension::new(43, &View::SelectedVersion(version::TLS13)),
        Extension::new(51, &View::SelectedGroup(group)),
    ];
    let extensions = Some(Extensions(extensions));
    record(&ServerHello { random: HELLO_RETRY_REQUEST_RANDOM, extensions, ..hello(0x1301) }.write())
}

#[test]
fn a_retry_names_the_group_and_is_answered_once() {
    let seen = observe(Until::ServerHello, &retry(0x0017), usize::MAX);
    assert_eq!((seen.group, seen.end), (Some(0x0017), Some(End::Complete)));
    let twice = [retry(0x0017), retry(0x0017)].concat();
    assert!(matches!(observe(Until::Flight, &twice, usize::MAX).end, Some(End::Malformed { .. })));
    let needless = observe(Until::ServerHello, &retry(0x001d), usize::MAX);
    assert_eq!(needless.departures, [Departure::NeedlessRetry(0x001d)]);
    let unknown = observe(Until::Flight, &retry(0x0100), usize::MAX);
    assert_eq!(unknown.end, Some(End::Unreadable), "a group that is not implemented");
    assert!(unknown.unread.unwrap().contains("0x0100"));
}

#[test]
fn the_second_hello_has_the_share_that_was_asked_for() {
    let mut client = Client::new(ClientConfig::new(spec(), Until::Flight, suites())).unwrap();
    let first = client.transmit().unwrap();
    client.receive(&retry(0x0017));
    let second = client.transmit().unwrap();
    let read = |bytes: &[u8]| {
        shakedown_wire::tls::ClientHello::parse(&bytes[5..], shakedown_wire::tls::Transport::Stream).unwrap()
    };
    let (first, second) = (read(&first), read(&second));
    assert_eq!((first.random, &first.session_id), (second.random, &second.session_id));
    let Some(Ok(View::KeyShares(shares))) = second.view(51) else { panic!("no key shares") };
    assert_eq!(shares.iter().map(|share| share.group).collect::<Vec<_>>(), [0x0017]);
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(100))]

    #[test]
    fn cuts_change_nothing(chunk in 1_usize..200, until in 0_usize..3) {
        let until = [Until::ServerHello, Until::KeyExchange, Until::Flight][until];
        let (mut whole, mut cut) = (observe(until, &flight(), usize::MAX), observe(until, &flight(), chunk));
        // How much was received before the end was known depends on the cuts.
        (whole.received, cut.received) = (0, 0);
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..600), head in 0_usize..4) {
        let head = [&[][..], &[22, 3, 3, 1, 0], &[0x80, 0x40, 4], &[21, 3, 1, 0, 2]][head];
        observe(Until::Answer, &[head, &bytes].concat(), 7);
    }

    #[test]
    fn a_flight_with_a_wrong_byte_comes_to_an_end(place in 0_usize..1000, byte in any::<u8>()) {
        let mut bytes = flight();
        let place = place % bytes.len();
        bytes[place] = byte;
        observe(Until::Answer, &bytes, usize::MAX);
    }
}
