use std::io;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaKeyPair,
};

use super::der::{bit_string, oid, pem, sequence, tlv};
use crate::process::run;
use crate::program::program;

/// A private key for certificates.
#[derive(Clone)]
pub struct CertificateKey {
    pkcs8: Vec<u8>,
    spki: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    P256,
    P384,
    Ed25519,
    Rsa,
    /// Below what the library computes with.
    SmallRsa,
}

/// The hash of a signature. EdDSA and the elliptic curves have their own, whatever is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureDigest {
    /// MD5, made by the program `openssl`.
    Md5,
    /// SHA-1, made by the program `openssl`.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl CertificateKey {
    /// A fresh key on P-256.
    ///
    /// # Panics
    /// Where the library fails.
    pub fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let spki = elliptic_spki("1.2.840.10045.3.1.7", pair.public_key().as_ref());
        Self { pkcs8: pair.to_pkcs8v1().expect("a key").as_ref().to_vec(), spki, kind: Kind::P256 }
    }

    /// A fresh key on P-384.
    ///
    /// # Panics
    /// Where the library fails.
    pub fn p384() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).expect("a key");
        let spki = elliptic_spki("1.3.132.0.34", pair.public_key().as_ref());
        Self { pkcs8: pair.to_pkcs8v1().expect("a key").as_ref().to_vec(), spki, kind: Kind::P384 }
    }

    /// A fresh Ed25519 key.
    ///
    /// # Panics
    /// Where the library fails.
    pub fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        let spki = sequence(&[sequence(&[oid("1.3.101.112")]), bit_string(pair.public_key().as_ref())]);
        // Without the public half, which old programs do not read.
        let pkcs8 = pair.to_pkcs8v1().expect("a key").as_ref().to_vec();
        Self { pkcs8, spki, kind: Kind::Ed25519 }
    }

    /// An RSA key of 2048 bits, the same within one run: they take long to make.
    ///
    /// # Panics
    /// Where the library fails.
    pub fn rsa() -> Self {
        static KEY: LazyLock<CertificateKey> = LazyLock::new(|| CertificateKey::fresh_rsa(KeySize::Rsa2048));
        KEY.clone()
    }

    /// A fresh RSA key of 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Panics
    /// For another size, or where the library fails.
    pub fn rsa_of(bits: u32) -> Self {
        Self::fresh_rsa(match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => panic!("no RSA keys of {bits} bits"),
        })
    }

    fn fresh_rsa(size: KeySize) -> Self {
        let pair = RsaKeyPair::generate(size).expect("a key");
        let document: Pkcs8V1Der<'_> = pair.as_der().expect("a key");
        Self { pkcs8: document.as_ref().to_vec(), spki: rsa_spki(pair.public_key().as_ref()), kind: Kind::Rsa }
    }

    /// A fresh RSA key of any size, made by the program `openssl`: the library makes none below 2048 bits.
    ///
    /// # Errors
    /// The program is missing or fails.
    pub fn small_rsa(bits: u32) -> io::Result<Self> {
        let size = format!("rsa_keygen_bits:{bits}");
        let pkcs8 = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", &size, "-outform", "DER"], b"")?;
        let spki = openssl(&["pkey", "-inform", "DER", "-pubout", "-outform", "DER"], &pkcs8)?;
        Ok(Self { pkcs8, spki, kind: Kind::SmallRsa })
    }

    /// The public half, as SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The private key as PKCS #8 in DER.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private half, as PKCS #8 in PEM.
    pub fn pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// The AlgorithmIdentifier of its signatures.
    pub(super) fn algorithm(&self, digest: SignatureDigest) -> Vec<u8> {
        let null = || tlv(0x05, &[]);
        match (self.kind, digest) {
            (Kind::P256, _) => sequence(&[oid("1.2.840.10045.4.3.2")]),
            (Kind::P384, _) => sequence(&[oid("1.2.840.10045.4.3.3")]),
            (Kind::Ed25519, _) => sequence(&[oid("1.3.101.112")]),
            (_, SignatureDigest::Md5) => sequence(&[oid("1.2.840.113549.1.1.4"), null()]),
            (_, SignatureDigest::Sha1) => sequence(&[oid("1.2.840.113549.1.1.5"), null()]),
            (_, SignatureDigest::Sha256) => sequence(&[oid("1.2.840.113549.1.1.11"), null()]),
            (_, SignatureDigest::Sha384) => sequence(&[oid("1.2.840.113549.1.1.12"), null()]),
            (_, SignatureDigest::Sha512) => sequence(&[oid("1.2.840.113549.1.1.13"), null()]),
        }
    }

    /// Signs.
    ///
    /// # Panics
    /// Where the library fails, or the program `openssl` is needed and missing.
    pub fn sign(&self, digest: SignatureDigest, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let elliptic = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).expect("a key");
            pair.sign(&random, message).expect("a signature").as_ref().to_vec()
        };
        let encoding = match (self.kind, digest) {
            (Kind::P256, _) => return elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING),
            (Kind::P384, _) => return elliptic(&ECDSA_P384_SHA384_ASN1_SIGNING),
            (Kind::Ed25519, _) => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8).expect("a key");
                return pair.sign(message).as_ref().to_vec();
            }
            (Kind::SmallRsa, _) | (_, SignatureDigest::Md5 | SignatureDigest::Sha1) => {
                return self.sign_by_program(digest, message).expect("a signature by openssl");
            }
            (Kind::Rsa, SignatureDigest::Sha256) => &RSA_PKCS1_SHA256,
            (Kind::Rsa, SignatureDigest::Sha384) => &RSA_PKCS1_SHA384,
            (Kind::Rsa, SignatureDigest::Sha512) => &RSA_PKCS1_SHA512,
        };
        let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &random, message, &mut signature).expect("a signature");
        signature
    }

    fn sign_by_program(&self, digest: SignatureDigest, message: &[u8]) -> io::Result<Vec<u8>> {
        let name = match digest {
            SignatureDigest::Md5 => "-md5",
            SignatureDigest::Sha1 => "-sha1",
            SignatureDigest::Sha256 => "-sha256",
            SignatureDigest::Sha384 => "-sha384",
            SignatureDigest::Sha512 => "-sha512",
        };
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("key.pem");
        std::fs::write(&file, self.pem())?;
        openssl(&["dgst", name, "-sign", &file.display().to_string()], message)
    }
}

fn elliptic_spki(curve: &str, point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid("1.2.840.10045.2.1"), oid(curve)]), bit_string(point)])
}

fn rsa_spki(key: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid("1.2.840.113549.1.1.1"), tlv(0x05, &[])]), bit_string(key)])
}

/// Runs the program `openssl` and gives the bytes that it prints.
fn openssl(arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
    let program = program("openssl").ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no openssl"))?;
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("output");
    let mut command = Command::new(program);
    let finished = run(command.args(arguments).arg("-out").arg(&output), input, Duration::from_secs(60))?;
    if finished.status.is_some_and(|status| status.success()) {
        std::fs::read(output)
    } else {
        Err(io::Error::other(format!("openssl: {}", finished.text())))
    }
}
