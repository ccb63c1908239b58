use aws_lc_rs::digest::{Digest, SHA256, SHA384, SHA512};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair};
use shakedown_model::Name;
use zeroize::Zeroizing;

use super::describe::{ecdsa_blob, ed25519_blob, rsa_blob};
use super::{file, pem};
use crate::blob::{put_mpint, put_string, strip_zeros};
use crate::{CryptoError, Hash, base64, rsa};

/// A host key that a server signs with. Has neither `Debug` nor `Display`.
pub struct PrivateHostKey {
    key: Key,
    blob: Vec<u8>,
}

enum Key {
    Ed25519(Box<Ed25519KeyPair>),
    Ecdsa { curve: &'static str, key: Box<EcdsaKeyPair> },
    Rsa { n: Vec<u8>, d: Zeroizing<Vec<u8>> },
}

impl PrivateHostKey {
    /// A new Ed25519 key.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate_ed25519() -> Result<Self, CryptoError> {
        Self::from_ed25519(Ed25519KeyPair::generate().map_err(|_| CryptoError::Random)?)
    }

    /// A new ECDSA key on NIST P-256.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate_ecdsa_p256() -> Result<Self, CryptoError> {
        Self::generate_ecdsa("nistp256")
    }

    /// A new ECDSA key on `nistp256`, `nistp384` or `nistp521`.
    ///
    /// # Errors
    /// [`CryptoError::UnknownAlgorithm`] for another curve, [`CryptoError::Random`].
    pub fn generate_ecdsa(curve: &str) -> Result<Self, CryptoError> {
        let (curve, algorithm) = ecdsa_curve(curve)?;
        let key = EcdsaKeyPair::generate(algorithm).map_err(|_| CryptoError::Random)?;
        Ok(Self::from_ecdsa_pair(curve, key))
    }

    /// A new RSA key of 2048, 3072, 4096 or 8192 bits. Takes tenths of a second and more.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for another size, [`CryptoError::Library`].
    pub fn generate_rsa(bits: u32) -> Result<Self, CryptoError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => return Err(CryptoError::key(format!("RSA keys of {bits} bits are not made here"))),
        };
        let pair = RsaKeyPair::generate(size).map_err(|_| CryptoError::Library)?;
        let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| CryptoError::Library)?;
        pem::private_from_pkcs8(document.as_ref())
    }

    /// From an unencrypted private key file in OpenSSH's own format or in PEM (PKCS #1, PKCS #8, SEC 1).
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] with the reason.
    pub fn from_key_file(bytes: &[u8]) -> Result<Self, CryptoError> {
        file::private_from_file(bytes)
    }

    pub(super) fn from_ed25519_seed(seed: &[u8]) -> Result<Self, CryptoError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| CryptoError::key("the Ed25519 key is wrong"))?;
        Self::from_ed25519(pair)
    }

    fn from_ed25519(pair: Ed25519KeyPair) -> Result<Self, CryptoError> {
        let blob = ed25519_blob(pair.public_key().as_ref());
        Ok(Self { key: Key::Ed25519(Box::new(pair)), blob })
    }

    pub(super) fn from_ecdsa(curve: &str, private: &[u8], point: &[u8]) -> Result<Self, CryptoError> {
        let (curve, algorithm) = ecdsa_curve(curve)?;
        let length = (super::describe::curve_bits(curve).unwrap_or_default() as usize).div_ceil(8);
        let private = strip_zeros(private);
        let mut fixed = Zeroizing::new(vec![0; length.saturating_sub(private.len())]);
        fixed.extend_from_slice(private);
        let key = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &fixed, point)
            .map_err(|_| CryptoError::key("the ECDSA key is wrong"))?;
        Ok(Self::from_ecdsa_pair(curve, key))
    }

    fn from_ecdsa_pair(curve: &'static str, key: EcdsaKeyPair) -> Self {
        let blob = ecdsa_blob(curve, key.public_key().as_ref());
        Self { key: Key::Ecdsa { curve, key: Box::new(key) }, blob }
    }

    pub(super) fn from_rsa(n: &[u8], e: &[u8], d: &[u8]) -> Self {
        let blob = rsa_blob(e, n);
        Self { key: Key::Rsa { n: strip_zeros(n).to_vec(), d: Zeroizing::new(d.to_vec()) }, blob }
    }

    /// The public key blob, as in `K_S`.
    pub fn public_blob(&self) -> &[u8] {
        &self.blob
    }

    /// The line of a public key file, without line end.
    pub fn public_line(&self, comment: &str) -> String {
        format!("{} {} {comment}", self.key_type(), base64::encode_padded(&self.blob)).trim_end().to_owned()
    }

    /// The key type, such as `ssh-ed25519`.
    pub fn key_type(&self) -> Name {
        match &self.key {
            Key::Ed25519(_) => Name::new("ssh-ed25519"),
            Key::Ecdsa { curve, .. } => Name::new(&format!("ecdsa-sha2-{curve}")),
            Key::Rsa { .. } => Name::new("ssh-rsa"),
        }
    }

    /// The signature algorithms that this key can sign with, the strongest first.
    pub fn algorithms(&self) -> Vec<Name> {
        match &self.key {
            Key::Rsa { .. } => ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"].map(Name::new).to_vec(),
            _ => vec![self.key_type()],
        }
    }

    /// The signature blob over the message: the algorithm's name and the signature.
    ///
    /// # Errors
    /// [`CryptoError::UnknownAlgorithm`] where the key cannot sign with it.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let unknown = || CryptoError::UnknownAlgorithm { algorithm: Name::new(algorithm) };
        if !self.algorithms().iter().any(|name| name == algorithm) {
            return Err(unknown());
        }
        let signature = match &self.key {
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Key::Ecdsa { key, .. } => {
                let fixed = key.sign(&SystemRandom::new(), message).map_err(|_| CryptoError::Library)?;
                let (r, s) = fixed.as_ref().split_at(fixed.as_ref().len() / 2);
                let mut numbers = Vec::new();
                put_mpint(&mut numbers, r);
                put_mpint(&mut numbers, s);
                numbers
            }
            Key::Rsa { n, d } => {
                let hash = match algorithm {
                    "rsa-sha2-512" => Hash::Sha512,
                    "rsa-sha2-256" => Hash::Sha256,
                    _ => Hash::Sha1,
                };
                rsa::sign(hash, n, d, message)?
            }
        };
        let mut blob = Vec::new();
        put_string(&mut blob, algorithm.as_bytes());
        put_string(&mut blob, &signature);
        Ok(blob)
    }
}

impl PrivateHostKey {
    /// The signature alone, in no protocol's form: of RSA with this hash, of ECDSA (with its curve's own hash) both numbers
    /// in fixed length.
    pub(crate) fn plain(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.key {
            Key::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Key::Ecdsa { key, .. } => {
                Ok(key.sign(&SystemRandom::new(), message).map_err(|_| CryptoError::Library)?.as_ref().to_vec())
            }
            Key::Rsa { n, d } => rsa::sign(hash, n, d, message),
        }
    }
}

/// For TLS, which has signatures of its own.
impl PrivateHostKey {
    /// Signs with RSA below TLS 1.2; `None` for a key of another type.
    pub(crate) fn rsa_md5_sha1(&self, message: &[u8]) -> Option<Result<Vec<u8>, CryptoError>> {
        let Key::Rsa { n, d } = &self.key else { return None };
        Some(rsa::sign_md5_sha1(n, d, message))
    }

    /// Signs a digest with RSA as it is; `None` for a key of another type.
    pub(crate) fn rsa_bare(&self, digest: &[u8]) -> Option<Result<Vec<u8>, CryptoError>> {
        let Key::Rsa { n, d } = &self.key else { return None };
        Some(rsa::sign_bare(n, d, digest))
    }

    /// Signs with RSASSA-PSS; `None` for a key of another type.
    pub(crate) fn rsa_pss(&self, hash: Hash, message: &[u8]) -> Option<Result<Vec<u8>, CryptoError>> {
        let Key::Rsa { n, d } = &self.key else { return None };
        Some(rsa::sign_pss(hash, n, d, message))
    }

    /// Decrypts with RSA; `None` for a key of another type.
    pub(crate) fn rsa_decrypt(
        &self,
        encrypted: &[u8],
        instead: &[u8],
    ) -> Option<Result<Zeroizing<Vec<u8>>, CryptoError>> {
        let Key::Rsa { n, d } = &self.key else { return None };
        Some(rsa::decrypt(n, d, encrypted, instead))
    }

    /// Signs with ECDSA and any hash, of which as many bits count as the curve's order has (FIPS 186-5 section 6.4.1);
    /// `None` for a key of another type.
    pub(crate) fn ecdsa(&self, hash: Hash, message: &[u8]) -> Option<Result<Vec<u8>, CryptoError>> {
        let Key::Ecdsa { curve, key } = &self.key else { return None };
        let own = match *curve {
            "nistp256" => &SHA256,
            "nistp384" => &SHA384,
            _ => &SHA512,
        };
        let digest = hash.digest(&[message]);
        let digest = digest.get(..digest.len().min(own.output_len())).unwrap_or_default();
        // The library signs a digest as long as the curve's own hash: a shorter one is the same number with zeros before it.
        let mut whole = vec![0; own.output_len() - digest.len()];
        whole.extend_from_slice(digest);
        let signed = Digest::import_less_safe(&whole, own).and_then(|digest| key.sign_digest(&digest));
        Some(signed.map(|fixed| fixed.as_ref().to_vec()).map_err(|_| CryptoError::Library))
    }
}

fn ecdsa_curve(curve: &str) -> Result<(&'static str, &'static EcdsaSigningAlgorithm), CryptoError> {
    match curve {
        "nistp256" => Ok(("nistp256", &lc::ECDSA_P256_SHA256_FIXED_SIGNING)),
        "nistp384" => Ok(("nistp384", &lc::ECDSA_P384_SHA384_FIXED_SIGNING)),
        "nistp521" => Ok(("nistp521", &lc::ECDSA_P521_SHA512_FIXED_SIGNING)),
        _ => Err(CryptoError::UnknownAlgorithm { algorithm: Name::new(&format!("ecdsa-sha2-{curve}")) }),
    }
}
