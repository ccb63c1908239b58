//! TLS servers that misbehave: each has to be known by the right fact, within the deadline, and never by a wrong "no".

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use shakedown_model::tls::TlsOffer;
use shakedown_model::{Ending, Fact, Known, StrangeProtocol, Throttle, items};
use shakedown_probe::tls::{TlsOptions, TlsProbed, TlsTarget, Verdict};
use shakedown_testkit::hostile::{Hostile, Step};
use shakedown_testkit::peers::openssl_s_server;
use shakedown_testkit::{Gate, Turned};
use shakedown_wire::tls::number::{content, version};
use shakedown_wire::tls::{
    Certificate, CertificateEntry, Extension, Extensions, HELLO_RETRY_REQUEST_RANDOM, Message, ServerHello, View,
    write_records,
};

mod tls_support;
use tls_support::{candidates, suites_of, wait};

/// Long enough for an exchange on loopback, short enough for many tests.
const TIMEOUT: Duration = Duration::from_millis(1500);
/// What a loaded machine may add.
const SLACK: Duration = Duration::from_secs(3);

fn probe_with(address: std::net::SocketAddr, options: &TlsOptions) -> TlsProbed {
    let begun = Instant::now();
    let probed = wait(shakedown_probe::tls::map(&TlsTarget::at(address), options, &candidates()));
    assert!(begun.elapsed() < options.timeout + SLACK, "it took {:?}", begun.elapsed());
    probed
}

fn probe(steps: Vec<Step>) -> TlsProbed {
    let server = Hostile::run(steps);
    probe_with(server.address(), &TlsOptions { timeout: TIMEOUT, ..TlsOptions::default() })
}

fn facts(probed: &TlsProbed) -> Vec<&Fact> {
    probed.gathered.evidence.iter().map(|evidence| &evidence.fact).collect()
}

fn handshake(message: &[u8]) -> Vec<u8> {
    write_records(content::HANDSHAKE, version::TLS12, message)
}

/// A ServerHello of TLS 1.2.
fn server_hello(cipher_suite: u16) -> Vec<u8> {
    ServerHello { cipher_suite, random: [7; 32], extensions: Some(Extensions::default()), ..ServerHello::default() }
        .write()
}

fn retry() -> Vec<u8> {
    let extensions = vec![
        Extension::new(43, &View::SelectedVersion(version::TLS13)),
        Extension::new(51, &View::SelectedGroup(0x0018)),
    ];
    ServerHello {
        cipher_suite: 0x1301,
        random: HELLO_RETRY_REQUEST_RANDOM,
        extensions: Some(Extensions(extensions)),
        ..ServerHello::default()
    }
    .write()
}

type Expected = fn(&Fact) -> bool;

/// A peer's name, what it does, and the fact that it must be known by.
fn peers() -> Vec<(&'static str, Vec<Step>, Expected)> {
    use Step::{Close, Drip, Hold, Read, Reset, Send, SendForever};
    vec![
        ("silent", vec![Hold], |fact| matches!(fact, Fact::Ended { ending: Ending::Silent { .. }, received: 0, .. })),
        ("closes", vec![Read(5), Close], |fact| matches!(fact, Fact::Ended { ending: Ending::Closed, .. })),
        ("resets", vec![Reset], |fact| matches!(fact, Fact::Ended { ending: Ending::Reset, .. })),
        ("http", vec![Read(5), Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Close], |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Http, .. })
        }),
        ("ssh", vec![Send(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()), Hold], |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Ssh, .. })
        }),
        ("smtp", vec![Send(b"220 mx.example ESMTP\r\n".to_vec()), Hold], |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Smtp, .. })
        }),
        ("alert", vec![Read(5), Send(vec![21, 3, 3, 0, 2, 2, 40]), Close], |fact| {
            matches!(fact, Fact::Alert { number: 40, level: 2, .. })
        }),
        ("warnings without end", vec![Read(5), SendForever(vec![21, 3, 3, 0, 2, 1, 112])], |fact| {
            matches!(fact, Fact::LimitReached { .. })
        }),
        ("empty records without end", vec![Read(5), SendForever(vec![22, 3, 3, 0, 0])], |fact| {
            matches!(fact, Fact::LimitReached { .. })
        }),
        ("requests for a new hello without end", vec![Read(5), SendForever(handshake(&[0, 0, 0, 0]))], |fact| {
            matches!(fact, Fact::LimitReached { .. } | Fact::TooSlow { .. })
        }),
        ("a record that is too long", vec![Read(5), Send(vec![22, 3, 3, 0xff, 0xff]), Hold], |fact| {
            matches!(fact, Fact::Malformed { .. })
        }),
        ("a message that is too long", vec![Read(5), Send(vec![22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff]), Hold], |fact| {
            matches!(fact, Fact::LimitReached { .. })
        }),
        ("half a hello", vec![Read(5), Send(handshake(&server_hello(0x002f))[..40].to_vec()), Hold], |fact| {
            matches!(fact, Fact::Ended { ending: Ending::Silent { .. }, received: 40, .. })
        }),
        ("drips", vec![Read(5), Drip(vec![22, 3, 3, 64, 0], Duration::from_millis(20))], |fact| {
            matches!(fact, Fact::TooSlow { .. })
        }),
        ("garbage", vec![Read(5), Send(vec![0xee; 400]), Hold], |fact| {
            matches!(fact, Fact::OtherProtocol { protocol: StrangeProtocol::Unknown, .. })
        }),
    ]
}

#[test]
fn each_hostile_peer_is_known_by_the_right_fact() {
    let threads: Vec<_> = peers()
        .into_iter()
        .map(|(name, steps, expected)| {
            let thread = std::thread::spawn(move || {
                let probed = probe(steps);
                assert!(facts(&probed).into_iter().any(expected), "{name}: {:#?}", facts(&probed));
                assert!(probed.gathered.parties.is_empty(), "{name}");
                assert!(probed.connections <= 40, "{name}");
            });
            (name, thread)
        })
        .collect();
    let failed: Vec<_> =
        threads.into_iter().filter_map(|(name, thread)| thread.join().is_err().then_some(name)).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_suite_that_was_not_offered_is_a_fact_and_no_loop() {
    let hello = [handshake(&server_hello(0xfefe)), handshake(&Message::ServerHelloDone.write())].concat();
    let probed = probe(vec![Step::Read(5), Step::Send(hello), Step::Close]);
    let departs = |fact: &&Fact| matches!(fact, Fact::Departure { what } if what.contains("0xfefe"));
    assert!(facts(&probed).iter().any(departs), "{:#?}", facts(&probed));
    let offer = &probed.gathered.parties[0].tls().unwrap().offer;
    assert!(offer.cipher_suites.accepted().is_none_or(Vec::is_empty), "{:?}", offer.cipher_suites);
    assert!(probed.connections <= 40);
}

#[test]
fn a_version_that_was_not_offered_is_a_fact_and_no_version() {
    for number in [0x0305, 0x0200, 0xfefd] {
        let chosen = vec![Extension::new(43, &View::SelectedVersion(number))];
        let newer = ServerHello {
            cipher_suite: 0x1301,
            random: [7; 32],
            extensions: Some(Extensions(chosen)),
            ..ServerHello::default()
        };
        let hello = [handshake(&newer.write()), handshake(&Message::ServerHelloDone.write())].concat();
        let probed = probe(vec![Step::Read(5), Step::Send(hello), Step::Close]);
        let departs = |fact: &&Fact| matches!(fact, Fact::Departure { .. });
        assert!(facts(&probed).iter().any(departs), "{number:#06x}: {:#?}", facts(&probed));
        for party in &probed.gathered.parties {
            let versions = &party.tls().unwrap().offer.versions;
            assert!(versions.accepted().is_none_or(Vec::is_empty), "{number:#06x}: {versions:?}");
        }
        assert!(probed.connections <= 40);
    }
}

#[test]
fn two_hundred_certificates_that_are_none_are_kept_as_they_came() {
    let entry = |number: u8| CertificateEntry { certificate: vec![number; 40], ..CertificateEntry::default() };
    let certificate = Certificate { request_context: None, entries: (0..200).map(entry).collect() }.write();
    let flight =
        [handshake(&server_hello(0x002f)), handshake(&certificate), handshake(&Message::ServerHelloDone.write())];
    let probed = probe(vec![Step::Read(5), Step::Send(flight.concat()), Step::Close]);
    assert_eq!(probed.chains[0].len(), 200);
    assert_eq!(probed.chains[0][199], vec![199; 40]);
    let shown = &probed.gathered.parties[0].tls().unwrap().offer.certificates;
    assert!(shown.accepted().unwrap()[0].key.is_none(), "{shown:?}");
}

#[test]
fn a_retry_that_never_ends_is_broken_off() {
    let twice = [handshake(&retry()), handshake(&retry())].concat();
    let probed = probe(vec![Step::Read(5), Step::SendForever(twice)]);
    assert!(probed.connections <= 40, "{}", probed.connections);
}

#[test]
fn a_megabyte_of_certificates_is_read() {
    let entry = CertificateEntry { certificate: vec![0x30; 100_000], ..CertificateEntry::default() };
    let certificate = Certificate { request_context: None, entries: vec![entry; 10] }.write();
    let flight =
        [handshake(&server_hello(0x002f)), handshake(&certificate), handshake(&Message::ServerHelloDone.write())];
    let server = Hostile::run(vec![Step::Read(5), Step::Send(flight.concat()), Step::Close]);
    let probed = probe_with(server.address(), &TlsOptions { timeout: Duration::from_secs(5), ..TlsOptions::default() });
    assert_eq!(probed.chains[0].len(), 10);
}

/// Each list holds nothing wrong: what is refused is not among what the server has.
fn holds_nothing_wrong(offer: &TlsOffer, suites: &[String]) {
    let name = |item: &shakedown_model::Item| item.name.to_string();
    match &offer.cipher_suites {
        Known::Unknown => {}
        Known::Partial { accepted, refused } => {
            assert!(accepted.iter().all(|item| suites.contains(&name(item))));
            let wrong: Vec<String> = refused.iter().map(name).filter(|name| suites.contains(name)).collect();
            assert!(wrong.is_empty(), "refused although the server has them: {wrong:?}");
        }
        Known::Complete(items) => {
            let mut accepted: Vec<String> = items.iter().map(name).collect();
            accepted.sort();
            assert_eq!(accepted, suites);
        }
    }
}

#[test]
fn a_server_that_begins_to_refuse_makes_no_wrong_no() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let suites = suites_of("DEFAULT", &["ECDHE_RSA", "DHE_RSA", "RSA"]);
    let limits = [1, 3, 5, 6, 8, 12, 20, 30];
    // Each silence is waited for.
    let cases = [(Turned::Closed, &limits[..]), (Turned::Reset, &limits[..]), (Turned::Silent, &[8, 20])];
    for (turned, limits) in cases {
        for &limit in limits {
            let gate = Gate::new(server.address(), limit, turned);
            let options = TlsOptions { timeout: Duration::from_secs(6), ..TlsOptions::default() };
            let probed = probe_with(gate.address(), &options);
            let Some(party) = probed.gathered.parties.first() else {
                // The few that were let through were not those that the server would have taken.
                assert!(limit < 5, "{limit}: {:#?}", facts(&probed));
                continue;
            };
            let offer = &party.tls().unwrap().offer;
            holds_nothing_wrong(offer, &suites);
            assert!(
                matches!(offer.cipher_suites, Known::Partial { .. } | Known::Unknown),
                "{limit}: all of it is known"
            );
            let said = |fact: &&Fact| matches!(fact, Fact::Throttled { throttle: Throttle::Other, .. });
            assert!(facts(&probed).iter().any(said), "{limit}: {:#?}", facts(&probed));
            for (list, truth) in [(&offer.versions, ["TLSv1.3", "TLSv1.2"])] {
                if let Known::Partial { refused, .. } = list {
                    assert!(refused.iter().all(|item| !truth.contains(&item.name.as_str())), "{limit}: {refused:?}");
                }
            }
        }
    }
}

#[test]
fn a_device_that_drops_large_hellos_is_shown_by_a_smaller_one() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let gate = Gate::small(server.address(), 1000);
    let client = TlsOffer {
        versions: Known::Complete(items(["TLSv1.3", "TLSv1.2"])),
        tls13_cipher_suites: Known::Complete(items(["TLS_AES_128_GCM_SHA256"])),
        cipher_suites: Known::Complete(items(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
        groups: Known::Complete(items(["X25519MLKEM768", "x25519"])),
        key_shares: Known::Complete(items(["X25519MLKEM768", "x25519"])),
        ..TlsOffer::default()
    };
    let target = TlsTarget::at(gate.address());
    let options = TlsOptions { timeout: Duration::from_secs(20), ..TlsOptions::default() };
    let probed = wait(shakedown_probe::tls::meet(&target, &options, &candidates(), &[client]));
    assert_ne!(probed.answers[0].verdict, Verdict::Accepted);
    let notes = &probed.gathered.parties[0].notes;
    assert!(notes.iter().any(|note| note.contains("without its large key share")), "{notes:#?}");
}
