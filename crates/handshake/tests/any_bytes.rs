//! Streams that were put together at random, out of pieces that get a machine further than random bytes would.

mod common;

use common::kexinit;
use proptest::prelude::*;
use shakedown_wire::ssh::{Ignore, KexEcdhReply, KexGexGroup, KexGexRequest, Mpint, UnusualPacket, write_packet};

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let packet = |payload: Vec<u8>| write_packet(&payload);
    let piece = prop_oneof![
        Just(b"SSH-2.0-x\r\n".to_vec()),
        Just(b"hello\n".to_vec()),
        Just(packet(kexinit(&["curve25519-sha256", "diffie-hellman-group-exchange-sha256"], &["ssh-ed25519"]).write())),
        Just(packet(kexinit(&["diffie-hellman-group-exchange-sha256"], &["ssh-ed25519"]).write())),
        Just(packet(Ignore { data: vec![1] }.write())),
        Just(packet(KexEcdhReply { host_key: vec![0; 9], public: vec![9; 32], signature: vec![] }.write())),
        Just(packet(KexGexRequest { min: 1024, n: 2048, max: 8192 }.write())),
        Just(packet(KexGexGroup { p: Mpint::from_unsigned(&[0xff; 128]), g: Mpint::from_unsigned(&[2]) }.write())),
        Just(packet(vec![21])),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(packet),
        prop::collection::vec(any::<u8>(), 0..40),
        (any::<u32>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..30)).prop_map(
            |(length, padding_length, payload)| {
                UnusualPacket { length, padding_length, padding: vec![0; 4], payload }.write()
            }
        ),
    ];
    (any::<bool>(), prop::collection::vec(piece, 0..6)).prop_map(|(identified, pieces)| {
        let mut bytes = if identified { b"SSH-2.0-x\r\n".to_vec() } else { Vec::new() };
        bytes.extend(pieces.concat());
        bytes
    })
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(200))]

    #[test]
    fn any_bytes_to_a_client(bytes in pieces()) {
        shakedown_handshake::fuzzing::handshake_client(&bytes);
    }

    #[test]
    fn any_bytes_to_a_server(bytes in pieces()) {
        shakedown_handshake::fuzzing::handshake_server(&bytes);
    }
}
