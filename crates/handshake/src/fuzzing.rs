//! The bodies of the fuzz targets, so that a test on stable replays the very same code. Not part of the API.

use std::sync::{Arc, OnceLock};

use shakedown_crypto::PrivateHostKey;
use shakedown_crypto::tls::{KeyKind, ServerKey};
use shakedown_model::ssh::SshOffer;
use shakedown_model::{Known, Phase, Slot, items};

use crate::ssh::{Client, ClientConfig, Event, Server, ServerConfig, Strategy};
use crate::tls;

/// A client fed with these bytes ends, and sees the same whether they come in one piece or byte by byte.
pub fn handshake_client(data: &[u8]) {
    let strategies = [
        Strategy::ReadOffer,
        Strategy::Exchange { kex: Vec::new(), host_key: Vec::new() },
        Strategy::Gex { minimum: 1024, preferred: 2048, maximum: 8192 },
    ];
    for strategy in strategies {
        let run = |chunk: usize| {
            let mut client = Client::new(ClientConfig::new(strategy.clone()));
            data.chunks(chunk).for_each(|piece| client.receive(piece));
            client.end_of_stream();
            assert!(client.is_done());
            let events: Vec<Event> = std::iter::from_fn(|| client.next_event()).collect();
            (events, client.phase())
        };
        same(run(data.len().max(1)), run(1));
    }
}

/// A server fed with these bytes ends, and sees the same whether they come in one piece or byte by byte.
pub fn handshake_server(data: &[u8]) {
    let run = |chunk: usize| {
        let mut server = Server::new(ServerConfig::new(b"SSH-2.0-fuzz".to_vec(), offer(), host_keys()));
        data.chunks(chunk).for_each(|piece| server.receive(piece));
        server.end_of_stream();
        assert!(server.is_done());
        let events: Vec<Event> = std::iter::from_fn(|| server.next_event()).collect();
        (events, server.phase())
    };
    same(run(data.len().max(1)), run(1));
}

/// A server of TLS fed with these bytes ends, and sees the same whether they come in one piece or byte by byte.
pub fn handshake_tls_server(data: &[u8]) {
    let suites = [
        (0x0304, 0x1301, "TLS_AES_128_GCM_SHA256"),
        (0x0303, 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        (0x0301, 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    ];
    for (version, number, name) in suites {
        let Some(suite) = tls::Suite::new(number, name) else { continue };
        let agreement = tls::Agreement {
            version,
            suite,
            group: Some(0x001d),
            dh: None,
            signature_scheme: Some(0x0403),
            certificates: vec![vec![0x30; 40]],
            key: tls_key(),
            protocol: None,
            acknowledges_name: true,
            secure_renegotiation: true,
            extended_master_secret: true,
            encrypt_then_mac: true,
            downgrade_mark: None,
            client_certificate: Some(tls::CertificateDemand::default()),
            second_hello_refusal: None,
        };
        let run = |chunk: usize| {
            let mut server = tls::Server::default();
            for piece in data.chunks(chunk) {
                server.receive(piece);
                if server.asks().is_some() {
                    server.decide(tls::Decision::Agree(Box::new(agreement.clone())));
                }
            }
            server.end_of_stream();
            assert!(server.is_done());
            let sent: Vec<u8> =
                std::iter::from_fn(|| server.transmit()).filter_map(|record| record.first().copied()).collect();
            // How much came before the end was known depends on the pieces.
            (sent, tls::ServerObservation { received: 0, ..server.into_observation() })
        };
        assert_eq!(run(data.len().max(1)), run(1));
    }
}

fn tls_key() -> Option<Arc<ServerKey>> {
    static KEY: OnceLock<Option<Arc<ServerKey>>> = OnceLock::new();
    KEY.get_or_init(|| ServerKey::generate(KeyKind::Ec(256)).ok().map(Arc::new)).clone()
}

fn same(whole: (Vec<Event>, Phase), single: (Vec<Event>, Phase)) {
    assert_eq!(whole, single);
    let (events, _) = whole;
    // Every event but the kinds below ends the exchange, and nothing comes after the end.
    let ends = |event: &Event| {
        matches!(
            event,
            Event::SshOneOnly { .. }
                | Event::OtherProtocol { .. }
                | Event::ExchangeImpossible { .. }
                | Event::NewKeys
                | Event::Disconnect { .. }
                | Event::Malformed { .. }
                | Event::LimitReached { .. }
                | Event::Ended { .. }
        )
    };
    assert!(!events.iter().rev().skip(1).any(ends));
}

/// A small offer that agrees with many clients.
pub fn offer() -> SshOffer {
    let mut offer = SshOffer::default();
    let lists = [
        (Slot::Kex, vec!["curve25519-sha256", "diffie-hellman-group-exchange-sha256", "ecdh-sha2-nistp256"]),
        (Slot::HostKey, vec!["ssh-ed25519"]),
        (Slot::CipherC2s, vec!["aes128-ctr", "aes256-gcm@openssh.com"]),
        (Slot::CipherS2c, vec!["aes128-ctr", "aes256-gcm@openssh.com"]),
        (Slot::MacC2s, vec!["hmac-sha2-256", "hmac-sha1"]),
        (Slot::MacS2c, vec!["hmac-sha2-256", "hmac-sha1"]),
        (Slot::CompressionC2s, vec!["none"]),
        (Slot::CompressionS2c, vec!["none"]),
    ];
    for (slot, names) in lists {
        if let Some(list) = offer.list_mut(slot) {
            *list = Known::Complete(items(names));
        }
    }
    offer
}

fn host_keys() -> Arc<[PrivateHostKey]> {
    static KEYS: OnceLock<Arc<[PrivateHostKey]>> = OnceLock::new();
    Arc::clone(KEYS.get_or_init(|| PrivateHostKey::generate_ed25519().into_iter().collect()))
}
