//! Our client against our server, in memory, in every method and with every kind of host key.

mod common;

use common::{exchange, join, offer, server};
use shakedown_crypto::PrivateHostKey;
use shakedown_crypto::kex::{Family, methods};
use shakedown_handshake::ssh::{Client, ClientConfig, Event, Strategy};
use shakedown_model::ssh::{HostKey, SignatureCheck};
use shakedown_model::{Known, Phase, Slot};

fn host_key(events: &[Event]) -> &HostKey {
    let key = events.iter().find_map(|event| match event {
        Event::HostKey(key) => Some(key),
        _ => None,
    });
    key.unwrap_or_else(|| panic!("no host key in {events:?}"))
}

#[test]
fn every_method_is_verified() {
    // Groups 17 and 18 take seconds without optimisation and add nothing but length.
    let slow = |name: &str| name.contains("group17") || name.contains("group18");
    for method in methods().iter().filter(|method| method.derives() && !slow(method.name)) {
        let key = PrivateHostKey::generate_ed25519().unwrap();
        let expected = shakedown_crypto::host_key::fingerprint(key.public_blob());
        let mut server = server(offer(&[method.name], &["ssh-ed25519"]), vec![key]);
        let mut client = Client::new(ClientConfig::new(exchange(&[], &[])));
        let (seen, by_server) = join(&mut client, &mut server);
        let key = host_key(&seen);
        assert_eq!(key.signature, SignatureCheck::Verified, "{}", method.name);
        assert_eq!(key.fingerprint.as_deref(), Some(expected.as_str()));
        assert_eq!((key.key_type.as_str(), key.bits), ("ssh-ed25519", Some(256)));
        assert_eq!(seen.last(), Some(&Event::NewKeys), "{}", method.name);
        assert_eq!(by_server.last(), Some(&Event::NewKeys), "{}", method.name);
        assert!(client.is_done() && server.is_done());
        assert_eq!((client.phase(), server.phase()), (Phase::Service, Phase::Service));
        let sizes = seen.iter().filter(|event| matches!(event, Event::GexGroup { bits: 2048 })).count();
        assert_eq!(sizes == 1, method.family == Family::GroupExchange, "{}", method.name);
    }
}

#[test]
fn every_kind_of_host_key_is_verified() {
    let ecdsa = |curve: &str| PrivateHostKey::generate_ecdsa(curve).unwrap();
    let keys = || {
        vec![
            PrivateHostKey::generate_ed25519().unwrap(),
            ecdsa("nistp256"),
            ecdsa("nistp384"),
            ecdsa("nistp521"),
            PrivateHostKey::generate_rsa(2048).unwrap(),
        ]
    };
    let cases = [
        ("ssh-ed25519", "ssh-ed25519", 256),
        ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", 256),
        ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", 384),
        ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", 521),
        ("rsa-sha2-512", "ssh-rsa", 2048),
        ("rsa-sha2-256", "ssh-rsa", 2048),
        ("ssh-rsa", "ssh-rsa", 2048),
    ];
    let all = cases.map(|(algorithm, _, _)| algorithm);
    let mut server = server(offer(&["curve25519-sha256"], &all), keys());
    for (algorithm, key_type, bits) in cases {
        let mut client = Client::new(ClientConfig::new(exchange(&[], &[algorithm])));
        let (seen, _) = join(&mut client, &mut server);
        let key = host_key(&seen);
        assert_eq!((key.key_type.as_str(), key.bits), (key_type, Some(bits)));
        assert_eq!(key.signature, SignatureCheck::Verified, "{algorithm}");
        server = common::server(offer(&["curve25519-sha256"], &all), keys());
    }
}

#[test]
fn one_connection_gives_the_whole_offer() {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut lists = offer(&["curve25519-sha256", "ext-info-s", "kex-strict-s-v00@openssh.com"], &["ssh-ed25519"]);
    lists.cipher_s2c = Known::Complete(shakedown_model::items(["aes256-gcm@openssh.com"]));
    lists.languages = (vec!["en".into()], Vec::new());
    let mut server = server(lists.clone(), vec![key]);
    let mut client = Client::new(ClientConfig::new(exchange(&["curve25519-sha256"], &["ssh-ed25519"])));
    let (seen, by_server) = join(&mut client, &mut server);
    lists.identification = Some("SSH-2.0-server".into());
    assert!(seen.contains(&Event::KexInit(Box::new(lists))), "{seen:?}");
    assert!(by_server.contains(&Event::Identification(ClientConfig::IDENTIFICATION.into())));
    let negotiated = |events: &[Event]| {
        events.iter().find_map(|event| match event {
            Event::Negotiated(negotiated) => Some(negotiated.clone()),
            _ => None,
        })
    };
    let agreed = negotiated(&seen).unwrap();
    assert_eq!(Some(&agreed), negotiated(&by_server).as_ref());
    // The server's own lists are proposed, so its first names win.
    assert_eq!(
        (agreed.cipher_c2s.as_str(), agreed.cipher_s2c.as_str()),
        ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com")
    );
    assert_eq!((agreed.mac_c2s, agreed.mac_s2c), (None, None));
}

#[test]
fn reading_the_offer_sends_nothing_but_the_identification() {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut server = server(offer(&["curve25519-sha256"], &["ssh-ed25519"]), vec![key]);
    let mut client = Client::new(ClientConfig::new(Strategy::ReadOffer));
    let hello = client.transmit().unwrap();
    assert_eq!(hello, format!("{}\r\n", ClientConfig::IDENTIFICATION).into_bytes());
    server.receive(&hello);
    let answer: Vec<u8> = std::iter::from_fn(|| server.transmit()).flatten().collect();
    client.receive(&answer);
    assert!(client.is_done());
    assert_eq!(client.transmit(), None);
    let events: Vec<Event> = std::iter::from_fn(|| client.next_event()).collect();
    assert!(matches!(events[..], [Event::Identification(_), Event::KexInit(_)]), "{events:?}");
    client.disconnect();
    server.receive(&client.transmit().unwrap());
    let seen: Vec<Event> = std::iter::from_fn(|| server.next_event()).collect();
    assert!(matches!(seen.last(), Some(Event::Disconnect { phase: Phase::Kexinit, code: 11, .. })), "{seen:?}");
}

#[test]
fn group_sizes() {
    let ask = |minimum, preferred, maximum, sizes: Known<Vec<u32>>| {
        let key = PrivateHostKey::generate_ed25519().unwrap();
        let mut lists = offer(&["curve25519-sha256", "diffie-hellman-group-exchange-sha1"], &["ssh-ed25519"]);
        lists.gex_sizes = sizes;
        let mut server = server(lists, vec![key]);
        let mut client = Client::new(ClientConfig::new(Strategy::Gex { minimum, preferred, maximum }));
        join(&mut client, &mut server).0.pop().unwrap()
    };
    assert_eq!(ask(1024, 1024, 8192, Known::Unknown), Event::GexGroup { bits: 1024 });
    assert_eq!(ask(2048, 5000, 8192, Known::Unknown), Event::GexGroup { bits: 6144 });
    assert_eq!(ask(1024, 1024, 8192, Known::Complete(vec![3072, 4096])), Event::GexGroup { bits: 3072 });
    assert_eq!(ask(1024, 8192, 3500, Known::Complete(vec![3072, 4096])), Event::GexGroup { bits: 3072 });
    let refused = ask(512, 768, 1000, Known::Unknown);
    assert!(
        matches!(&refused, Event::Disconnect { code: 2, text, .. } if text == "no matching DH grp found"),
        "{refused:?}"
    );
}

#[test]
fn a_server_that_waits_for_the_clients_kexinit_gets_it() {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut server = server(offer(&["ecdh-sha2-nistp256"], &["ssh-ed25519"]), vec![key]);
    let mut client = Client::new(ClientConfig::new(exchange(&[], &[])));
    client.propose();
    assert_eq!(client.transmit().map(|hello| hello.starts_with(b"SSH-2.0-")), Some(true));
    assert_eq!(client.transmit(), None, "not before the server has identified itself");
    client.receive(b"SSH-2.0-server\r\n");
    client.propose();
    client.propose();
    let proposal = client.transmit().unwrap();
    assert_eq!(client.transmit(), None, "only once");
    server.receive(&[format!("{}\r\n", ClientConfig::IDENTIFICATION).as_bytes(), &proposal].concat());
    let answer: Vec<u8> = std::iter::from_fn(|| server.transmit()).skip(1).flatten().collect();
    client.receive(&answer);
    let (seen, _) = join(&mut client, &mut server);
    assert_eq!(host_key(&seen).signature, SignatureCheck::Verified);
}

#[test]
fn no_common_method_is_told_by_both_ends() {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut first = server(offer(&["curve448-sha512"], &["ssh-ed25519"]), vec![key]);
    let mut client = Client::new(ClientConfig::new(exchange(&[], &[])));
    let (seen, _) = join(&mut client, &mut first);
    assert!(seen.iter().any(|event| matches!(event, Event::KexInit(_))), "the offer is read all the same");
    assert!(matches!(seen.last(), Some(Event::ExchangeImpossible { slot: Slot::Kex, .. })), "{seen:?}");

    let mut client = Client::new(ClientConfig::new(exchange(&["curve25519-sha256"], &["ssh-rsa"])));
    client.receive(b"SSH-2.0-server\r\n");
    client.propose();
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut second = server(offer(&["curve25519-sha256"], &["ssh-ed25519"]), vec![key]);
    std::iter::from_fn(|| client.transmit()).for_each(|bytes| second.receive(&bytes));
    let seen: Vec<Event> = std::iter::from_fn(|| second.next_event()).collect();
    assert!(matches!(seen.last(), Some(Event::ExchangeImpossible { slot: Slot::HostKey, .. })), "{seen:?}");
    let answer: Vec<u8> = std::iter::from_fn(|| second.transmit()).skip(1).flatten().collect();
    client.receive(&answer);
    let seen: Vec<Event> = std::iter::from_fn(|| client.next_event()).collect();
    assert!(matches!(seen.last(), Some(Event::ExchangeImpossible { slot: Slot::HostKey, .. })), "{seen:?}");
}

#[test]
fn a_server_offers_what_it_cannot_do() {
    // There is no key for what it lists.
    let key = PrivateHostKey::generate_ecdsa_p256().unwrap();
    let mut server = server(offer(&["curve25519-sha256"], &["ssh-ed25519"]), vec![key]);
    let mut client = Client::new(ClientConfig::new(exchange(&[], &[])));
    let (seen, by_server) = join(&mut client, &mut server);
    assert!(matches!(by_server.last(), Some(Event::ExchangeImpossible { slot: Slot::HostKey, .. })), "{by_server:?}");
    assert!(matches!(seen.last(), Some(Event::Disconnect { phase: Phase::KeyExchange, code: 3, .. })), "{seen:?}");
}

#[test]
fn a_server_answers_what_only_it_can_derive() {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut server = server(offer(&["sntrup761x25519-sha512@openssh.com"], &["ssh-ed25519"]), vec![key]);
    let mut client = Client::new(ClientConfig::new(exchange(&[], &[])));
    let (seen, _) = join(&mut client, &mut server);
    assert!(matches!(seen.last(), Some(Event::NewKeys)), "{seen:?}");
}
