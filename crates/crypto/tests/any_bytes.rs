//! Whatever bytes a peer or a file holds, the answer is a value or an error, never a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use shakedown_crypto::host_key::{
    REVOCATION_LIST_MAGIC, describe, fingerprint, read_private_key_file, read_public_key_line, read_revocation_list,
};
use shakedown_crypto::kex::{ClientExchange, ServerExchange};
use shakedown_crypto::{Hash, PrivateHostKey, signature};
use shakedown_model::ssh::SignatureCheck;

const ALGORITHMS: [&str; 8] = [
    "ssh-rsa",
    "rsa-sha2-512",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ssh-dss",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
];

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// A blob of a known type with arbitrary fields.
fn blob() -> impl Strategy<Value = Vec<u8>> {
    let fields = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12);
    (0..ALGORITHMS.len(), fields, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(algorithm, fields, rest)| {
        let mut blob = string(ALGORITHMS[algorithm].as_bytes());
        fields.iter().for_each(|field| blob.extend(string(field)));
        blob.extend(rest);
        blob
    })
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(128))]

    #[test]
    fn blobs(key in blob(), signature in blob(), algorithm in 0..ALGORITHMS.len()) {
        let _ = describe(&key);
        prop_assert!(fingerprint(&key).starts_with("SHA256:"));
        let check = signature::verify(ALGORITHMS[algorithm], &key, &signature, b"message");
        prop_assert_ne!(check, SignatureCheck::Verified);
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = describe(&bytes);
        let _ = read_private_key_file(&bytes);
        let _ = read_public_key_line(&bytes);
        let _ = ClientExchange::start("ecdh-sha2-nistp256").unwrap().finish(&bytes);
        let _ = ServerExchange::respond("mlkem768x25519-sha256", &bytes);
        let _ = ServerExchange::respond("diffie-hellman-group1-sha1", &bytes);
        let _ = ClientExchange::start_group(&bytes, &[2], Hash::Sha1);
    }

    #[test]
    fn revocation_lists(sections in prop::collection::vec((0_u8..7, prop::collection::vec(any::<u8>(), 0..40)), 0..6)) {
        let mut list = [REVOCATION_LIST_MAGIC, &[0, 0, 0, 1], &[0; 24], &string(b""), &string(b"")].concat();
        for (kind, data) in sections {
            list.push(kind);
            list.extend(string(&data));
        }
        let _ = read_revocation_list(&list);
    }

    #[test]
    fn damaged_key_files(place in 0_usize..400, byte in any::<u8>(), length in 0_usize..20) {
        // An OpenSSH container is made by hand: magic, names, one key.
        let public = PrivateHostKey::generate_ed25519().unwrap().public_blob().to_vec();
        let mut file = b"openssh-key-v1\0".to_vec();
        for part in [&b"none"[..], b"none", b""] {
            file.extend(string(part));
        }
        file.extend([0, 0, 0, 1]);
        file.extend(string(&public));
        file.extend(string(&[0; 150]));
        let at = place % file.len();
        file[at] = byte;
        file.truncate(file.len() - length);
        let armoured = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", base64(&file));
        let _ = read_private_key_file(armoured.as_bytes());
        let _ = PrivateHostKey::from_key_file(armoured.as_bytes());
    }

    #[test]
    fn damaged_der(kind in 0_usize..4, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let label = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "DSA PRIVATE KEY"][kind];
        let mut der = vec![0x30, bytes.len() as u8, 0x02, 0x01, 0x00];
        der.extend(&bytes);
        let armoured = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64(&der));
        let _ = read_private_key_file(armoured.as_bytes());
        let _ = PrivateHostKey::from_key_file(armoured.as_bytes());
    }
}

fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let value = chunk.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            text.push(char::from(alphabet[(value >> (18 - 6 * position)) as usize & 63]));
        }
    }
    text
}
