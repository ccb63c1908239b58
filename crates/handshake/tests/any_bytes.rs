//! Streams that were put together at random, out of pieces that get a machine further than random bytes would.

mod common;

use common::kexinit;
use proptest::prelude::*;
use shakedown_wire::ssh::{Ignore, KexEcdhReply, KexGexGroup, KexGexRequest, Mpint, UnusualPacket, write_packet};
use shakedown_wire::tls::{
    Alert, Certificate, ClientHello, Extension, Extensions, HelloBuilder, KeyShare, Message, Signature, View,
    write_records,
};

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

/// A hello that all servers of the fuzz target can answer, or whose group has to be asked for.
fn hello(share: bool) -> Vec<u8> {
    let shares = if share { vec![KeyShare { group: 0x001d, public: vec![9; 32] }] } else { Vec::new() };
    let extensions = Extensions(vec![
        Extension::new(10, &View::SupportedGroups(vec![0x001d])),
        Extension::new(22, &View::Empty),
        Extension::new(23, &View::Empty),
        Extension::new(51, &View::KeyShares(shares)),
    ]);
    let hello = ClientHello { session_id: vec![1; 32], extensions: Some(extensions), ..ClientHello::default() };
    HelloBuilder::new(hello).build().unwrap().bytes()
}

fn tls_pieces() -> impl Strategy<Value = Vec<u8>> {
    let handshake = |message: Vec<u8>| write_records(22, 0x0303, &message);
    let certificate = |tls13: bool| Certificate { request_context: tls13.then(Vec::new), entries: vec![] }.write();
    let piece = prop_oneof![
        any::<bool>().prop_map(hello),
        Just(handshake(certificate(true))),
        Just(handshake(certificate(false))),
        Just(handshake(Message::ClientKeyExchange([&[32][..], &[9; 32]].concat()).write())),
        Just(handshake(Message::CertificateVerify(Signature::default()).write())),
        Just(handshake(Message::Finished(vec![0; 12]).write())),
        Just(write_records(20, 0x0303, &[1])),
        Just(write_records(21, 0x0303, &Alert { level: 1, description: 90 }.write())),
        Just(write_records(21, 0x0303, &Alert { level: 2, description: 48 }.write())),
        Just(vec![0x80, 0x1f, 1, 3, 1, 0, 6, 0, 0, 0, 16, 0, 0, 0x2f, 1, 0, 0x80]),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| write_records(23, 0x0303, &bytes)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| write_records(22, 0x0303, &bytes)),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (any::<bool>(), prop::collection::vec(piece, 0..7)).prop_map(|(share, pieces)| {
        let mut bytes = hello(share);
        bytes.extend(pieces.concat());
        bytes
    })
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(200))]

    #[test]
    fn any_bytes_to_a_server_of_tls(bytes in tls_pieces()) {
        shakedown_handshake::fuzzing::handshake_tls_server(&bytes);
    }

    #[test]
    fn any_bytes_to_a_client(bytes in pieces()) {
        shakedown_handshake::fuzzing::handshake_client(&bytes);
    }

    #[test]
    fn any_bytes_to_a_server(bytes in pieces()) {
        shakedown_handshake::fuzzing::handshake_server(&bytes);
    }
}
