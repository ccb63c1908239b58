//! Helpers of the handshake tests: a peer written by hand, and two machines joined in memory.

#![allow(dead_code, reason = "each test program uses a part")]

use std::sync::Arc;

use shakedown_crypto::PrivateHostKey;
use shakedown_handshake::ssh::{Client, ClientConfig, Event, Server, ServerConfig, Strategy};
use shakedown_model::ssh::SshOffer;
use shakedown_model::{Known, Name, Slot, items};
use shakedown_wire::ssh::{KexInit, write_packet};

/// An offer of these lists in both directions.
pub(crate) fn offer(kex: &[&str], host_key: &[&str]) -> SshOffer {
    let mut offer = SshOffer::default();
    let mut set = |slot: Slot, names: &[&str]| {
        *offer.list_mut(slot).unwrap() = Known::Complete(items(names.iter().copied()));
    };
    set(Slot::Kex, kex);
    set(Slot::HostKey, host_key);
    for slot in [Slot::CipherC2s, Slot::CipherS2c] {
        set(slot, &["chacha20-poly1305@openssh.com", "aes128-ctr"]);
    }
    for slot in [Slot::MacC2s, Slot::MacS2c] {
        set(slot, &["hmac-sha2-256"]);
    }
    for slot in [Slot::CompressionC2s, Slot::CompressionS2c] {
        set(slot, &["none", "zlib@openssh.com"]);
    }
    offer
}

/// The KEXINIT of a peer written by hand.
pub(crate) fn kexinit(kex: &[&str], host_key: &[&str]) -> KexInit {
    shakedown_handshake::ssh::kexinit_from_offer(&offer(kex, host_key), [7; 16])
}

/// The bytes of an identification string and these payloads as packets.
pub(crate) fn stream(identification: &str, payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("{identification}\r\n").into_bytes();
    payloads.iter().for_each(|payload| bytes.extend(write_packet(payload)));
    bytes
}

pub(crate) fn server(offer: SshOffer, host_keys: Vec<PrivateHostKey>) -> Server {
    let host_keys: Arc<[PrivateHostKey]> = host_keys.into();
    Server::new(ServerConfig::new(b"SSH-2.0-server".to_vec(), offer, host_keys))
}

pub(crate) fn exchange(kex: &[&str], host_key: &[&str]) -> Strategy {
    let names = |list: &[&str]| list.iter().map(|name| Name::new(name)).collect();
    Strategy::Exchange { kex: names(kex), host_key: names(host_key) }
}

/// What a client sees of these bytes, the end of the stream after them.
pub(crate) fn client_sees(strategy: Strategy, bytes: &[u8]) -> Vec<Event> {
    let mut client = Client::new(ClientConfig::new(strategy));
    client.receive(bytes);
    client.end_of_stream();
    std::iter::from_fn(|| client.next_event()).collect()
}

/// What a server sees of these bytes, the end of the stream after them.
pub(crate) fn server_sees(bytes: &[u8]) -> Vec<Event> {
    let key = PrivateHostKey::generate_ed25519().unwrap();
    let mut server = server(offer(&["curve25519-sha256"], &["ssh-ed25519"]), vec![key]);
    server.receive(bytes);
    server.end_of_stream();
    std::iter::from_fn(|| server.next_event()).collect()
}

/// Carries bytes both ways until nobody has any to send; gives what each end saw, the client first. The client sends
/// NEWKEYS when it is done, as a client that went on would.
pub(crate) fn join(client: &mut Client, server: &mut Server) -> (Vec<Event>, Vec<Event>) {
    loop {
        let to_server: Vec<u8> = std::iter::from_fn(|| client.transmit()).flatten().collect();
        server.receive(&to_server);
        let to_client: Vec<u8> = std::iter::from_fn(|| server.transmit()).flatten().collect();
        client.receive(&to_client);
        if to_server.is_empty() && to_client.is_empty() {
            break;
        }
    }
    if client.is_done() && !server.is_done() {
        server.receive(&write_packet(&[21]));
    }
    (std::iter::from_fn(|| client.next_event()).collect(), std::iter::from_fn(|| server.next_event()).collect())
}
