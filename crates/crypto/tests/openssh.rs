//! Keys, fingerprints and signatures against those of the `ssh-keygen` of this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};

use shakedown_crypto::host_key::{
    CertificateKind, KeyFormat, describe, fingerprint, read_private_key_file, read_public_key_line,
};
use shakedown_crypto::{PrivateHostKey, signature};
use shakedown_model::ssh::SignatureCheck;

fn ssh_keygen(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("ssh-keygen (Debian package openssh-client) is needed for this test");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// File name, type and bits, as in `-t`, `-b` of ssh-keygen.
const KEYS: [(&str, &str, &str); 6] = [
    ("ed25519", "ed25519", "256"),
    ("rsa1024", "rsa", "1024"),
    ("rsa3072", "rsa", "3072"),
    ("ecdsa256", "ecdsa", "256"),
    ("ecdsa384", "ecdsa", "384"),
    ("ecdsa521", "ecdsa", "521"),
];

fn make(directory: &Path, (name, kind, bits): (&str, &str, &str), extra: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["-q", "-t", kind, "-b", bits, "-f", name, "-C", "a comment"];
    if !extra.contains(&"-N") {
        arguments.extend(["-N", ""]);
    }
    arguments.extend(extra);
    ssh_keygen(directory, &arguments);
    std::fs::read(directory.join(name)).unwrap()
}

/// `256 SHA256:... comment (ED25519)`
fn listed(directory: &Path, name: &str) -> (u32, String) {
    let line = ssh_keygen(directory, &["-l", "-f", name]);
    let mut words = line.split(' ');
    (words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned())
}

#[test]
fn key_files_are_read_as_ssh_keygen_lists_them() {
    let directory = tempfile::tempdir().unwrap();
    for key in KEYS {
        let private = make(directory.path(), key, &[]);
        let (bits, print) = listed(directory.path(), key.0);
        let info = read_private_key_file(&private).unwrap();
        assert_eq!((info.format, info.bits, info.encrypted), (KeyFormat::OpenSsh, Some(bits), false), "{key:?}");
        assert_eq!(info.fingerprint.as_deref(), Some(print.as_str()), "{key:?}");
        let public = std::fs::read(directory.path().join(format!("{}.pub", key.0))).unwrap();
        let line = read_public_key_line(&public).unwrap();
        assert_eq!(line.public_blob, info.public_blob);
        assert_eq!(line.comment.unwrap(), "a comment");
        let own = PrivateHostKey::from_key_file(&private).unwrap();
        assert_eq!(own.public_line("a comment"), String::from_utf8(public.clone()).unwrap().trim_end());
        assert!(read_private_key_file(&public).unwrap_err().to_string().contains("public key and not a private"));
    }
}

#[test]
fn pem_files_hold_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    for key in KEYS {
        make(directory.path(), key, &[]);
        let (bits, print) = listed(directory.path(), key.0);
        for (form, formats) in [("PEM", [KeyFormat::Pkcs1, KeyFormat::Sec1]), ("PKCS8", [KeyFormat::Pkcs8; 2])] {
            // ssh-keygen has no PEM form of Ed25519 keys.
            if key.1 == "ed25519" {
                continue;
            }
            ssh_keygen(directory.path(), &["-q", "-p", "-m", form, "-N", "", "-f", key.0]);
            let bytes = std::fs::read(directory.path().join(key.0)).unwrap();
            let info = read_private_key_file(&bytes).unwrap();
            assert!(formats.contains(&info.format), "{key:?} {form}: {info:?}");
            assert_eq!((info.bits, info.fingerprint.as_deref()), (Some(bits), Some(print.as_str())), "{key:?} {form}");
            assert_eq!(fingerprint(PrivateHostKey::from_key_file(&bytes).unwrap().public_blob()), print);
        }
    }
}

#[test]
fn a_passphrase_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    for (form, bits) in [("RFC4716", Some(2048)), ("PEM", None), ("PKCS8", None)] {
        let bytes = make(directory.path(), (form, "rsa", "2048"), &["-N", "a passphrase", "-m", form]);
        let info = read_private_key_file(&bytes).unwrap();
        assert_eq!((info.encrypted, info.bits), (true, bits), "{form}: {info:?}");
        assert!(PrivateHostKey::from_key_file(&bytes).is_err());
    }
}

#[test]
fn certificates_are_described() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path(), ("authority", "ed25519", "256"), &[]);
    for key in KEYS {
        make(directory.path(), key, &[]);
        let public = format!("{}.pub", key.0);
        let arguments =
            ["-q", "-s", "authority", "-h", "-I", "an id", "-n", "db01,db01.example", "-V", "+1d", "-z", "7", &public];
        ssh_keygen(directory.path(), &arguments);
        let line = std::fs::read(directory.path().join(format!("{}-cert.pub", key.0))).unwrap();
        let info = read_public_key_line(&line).unwrap();
        let certificate = info.certificate.unwrap();
        assert_eq!(info.bits.unwrap().to_string(), key.2);
        assert_eq!(certificate.kind, CertificateKind::Host);
        assert_eq!((certificate.serial, certificate.key_id.as_str()), (7, "an id"));
        assert_eq!(certificate.principals, ["db01", "db01.example"].map(shakedown_model::Name::new));
        assert_eq!(certificate.authority_fingerprint, listed(directory.path(), "authority").1);
        assert!(certificate.valid_before > certificate.valid_after);
        // As ssh-keygen does: the fingerprint of a certificate is that of the key within.
        assert_eq!(info.fingerprint.unwrap(), listed(directory.path(), key.0).1);
    }
}

/// The parts of an armoured SSH signature (OpenSSH's PROTOCOL.sshsig): the signed data and the signature blob.
fn ssh_signature(armoured: &str, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    // An OpenSSH private key reader has the same base64; borrow a public key line for it.
    let body: String = armoured.lines().filter(|line| !line.starts_with("-----")).collect();
    let blob = base64(&body);
    let mut rest = &blob[6 + 4..];
    let mut field = || {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let value = rest[4..4 + length].to_vec();
        rest = &rest[4 + length..];
        value
    };
    let (_public, namespace, reserved, hash, signature) = (field(), field(), field(), field(), field());
    assert_eq!(hash, b"sha512");
    let digest = shakedown_crypto::Hash::Sha512.digest(&[message]);
    let mut signed = b"SSHSIG".to_vec();
    for part in [&namespace, &reserved, &hash, &digest] {
        signed.extend((part.len() as u32).to_be_bytes());
        signed.extend(part);
    }
    (signed, signature)
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> =
        text.bytes().filter_map(|byte| alphabet.iter().position(|&letter| letter == byte)).map(|d| d as u32).collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let value = chunk.iter().fold(0, |value, digit| value << 6 | digit) << (6 * (4 - chunk.len()));
        bytes.extend(value.to_be_bytes()[1..].iter().take(chunk.len() - 1));
    }
    bytes
}

#[test]
fn signatures_of_ssh_keygen_are_verified() {
    let directory = tempfile::tempdir().unwrap();
    for key in KEYS {
        let private = make(directory.path(), key, &[]);
        std::fs::write(directory.path().join("message"), b"the message").unwrap();
        let _ = std::fs::remove_file(directory.path().join("message.sig"));
        ssh_keygen(directory.path(), &["-q", "-Y", "sign", "-n", "test", "-f", key.0, "message"]);
        let armoured = std::fs::read_to_string(directory.path().join("message.sig")).unwrap();
        let (signed, blob) = ssh_signature(&armoured, b"the message");
        let public = read_private_key_file(&private).unwrap().public_blob.unwrap();
        let algorithm = if key.1 == "rsa" { "rsa-sha2-512" } else { &describe(&public).unwrap().key_type.to_string() };
        assert_eq!(signature::verify(algorithm, &public, &blob, &signed), SignatureCheck::Verified, "{key:?}");
        // The same in the certificate's name, and with one bit changed.
        let certificate = format!("{algorithm}-cert-v01@openssh.com");
        assert_eq!(signature::verify(&certificate, &public, &blob, &signed), SignatureCheck::Verified, "{key:?}");
        let mut other = signed.clone();
        other[20] ^= 1;
        assert_eq!(signature::verify(algorithm, &public, &blob, &other), SignatureCheck::Wrong, "{key:?}");
    }
}

#[test]
fn signatures_of_our_own_keys_are_verified() {
    let directory = tempfile::tempdir().unwrap();
    for key in KEYS {
        let own = PrivateHostKey::from_key_file(&make(directory.path(), key, &[])).unwrap();
        for algorithm in own.algorithms() {
            let blob = own.sign(algorithm.as_str(), b"exchange hash").unwrap();
            let check = |message: &[u8]| signature::verify(algorithm.as_str(), own.public_blob(), &blob, message);
            assert_eq!(check(b"exchange hash"), SignatureCheck::Verified, "{key:?} {algorithm}");
            assert_eq!(check(b"another hash"), SignatureCheck::Wrong, "{key:?} {algorithm}");
        }
        assert!(own.sign("ssh-dss", b"").is_err());
    }
}

#[test]
fn broken_key_files_give_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let good = make(directory.path(), KEYS[0], &[]);
    for cut in 0..good.len() {
        // No cut may panic, and none of them is a whole key.
        let result = read_private_key_file(&good[..cut]);
        assert!(result.is_err() || cut >= good.len() - 1, "{cut}");
    }
    for (bytes, reason) in [
        (b"".as_slice(), "empty"),
        (b"\xff\xfe\x00\x01", "not in a format"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "`CERTIFICATE`"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n", "ends within"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n", "no line"),
    ] {
        let error = read_private_key_file(bytes).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert!(read_public_key_line(b"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA").is_err());
    assert!(read_public_key_line(b"ssh-ed25519 ****").is_err());
}
