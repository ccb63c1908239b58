use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{CryptoError, Hash};

/// The cipher and hash of a suite of TLS 1.3 that is implemented here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    pub(super) hash: Hash,
    pub(super) key_length: usize,
    algorithm: Cipher,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

impl Protection {
    /// That of a suite, RFC 8446 appendix B.4; `None` where it is not implemented (CCM, and suites of older versions).
    pub fn of(cipher_suite: u16) -> Option<Self> {
        let (algorithm, hash, key_length) = match cipher_suite {
            0x1301 => (Cipher::Aes128Gcm, Hash::Sha256, 16),
            0x1302 => (Cipher::Aes256Gcm, Hash::Sha384, 32),
            0x1303 => (Cipher::ChaCha20Poly1305, Hash::Sha256, 32),
            _ => return None,
        };
        Some(Self { hash, key_length, algorithm })
    }

    /// The hash of the handshake.
    pub fn hash(self) -> Hash {
        self.hash
    }

    fn algorithm(self) -> &'static Algorithm {
        match self.algorithm {
            Cipher::Aes128Gcm => &AES_128_GCM,
            Cipher::Aes256Gcm => &AES_256_GCM,
            Cipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        }
    }
}

/// A key of one direction with its counter.
struct Direction {
    key: LessSafeKey,
    iv: Zeroizing<Vec<u8>>,
    sequence: u64,
}

impl Direction {
    fn new(protection: Protection, key: &[u8], iv: Zeroizing<Vec<u8>>) -> Result<Self, CryptoError> {
        let key = UnboundKey::new(protection.algorithm(), key).map_err(|_| CryptoError::Library)?;
        Ok(Self { key: LessSafeKey::new(key), iv, sequence: 0 })
    }

    /// The nonce of the next record, RFC 8446 section 5.3.
    fn nonce(&mut self) -> Result<Nonce, CryptoError> {
        let mut nonce = [0; 12];
        if let Some(end) = nonce.last_chunk_mut::<8>() {
            *end = self.sequence.to_be_bytes();
        }
        nonce.iter_mut().zip(self.iv.iter()).for_each(|(byte, iv)| *byte ^= iv);
        self.sequence = self.sequence.checked_add(1).ok_or(CryptoError::Library)?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// Opens the records of the peer.
pub struct Opener(Direction);

impl Opener {
    pub(super) fn new(protection: Protection, key: &[u8], iv: Zeroizing<Vec<u8>>) -> Result<Self, CryptoError> {
        Direction::new(protection, key, iv).map(Self)
    }

    /// Content type and content of a protected record (its fragment, and the version in its header).
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the record was not made with this key, or holds no content type.
    pub fn open(&mut self, version: u16, fragment: &[u8]) -> Result<(u8, Vec<u8>), CryptoError> {
        let wrong = |what: &str| CryptoError::public_value(what);
        let length = u16::try_from(fragment.len()).map_err(|_| wrong("the record is too long"))?;
        let mut buffer = fragment.to_vec();
        let nonce = self.0.nonce()?;
        let plain = self
            .0
            .key
            .open_in_place(nonce, Aad::from(header(version, length)), &mut buffer)
            .map_err(|_| wrong("the record cannot be decrypted"))?;
        let end = plain.iter().rposition(|&byte| byte != 0).ok_or_else(|| wrong("the record has no content type"))?;
        let content = plain.get(..end).unwrap_or_default().to_vec();
        let content_type = plain.get(end).copied().unwrap_or_default();
        Ok((content_type, content))
    }
}

/// Protects records for the peer.
pub struct Sealer(Direction);

impl Sealer {
    pub(super) fn new(protection: Protection, key: &[u8], iv: Zeroizing<Vec<u8>>) -> Result<Self, CryptoError> {
        Direction::new(protection, key, iv).map(Self)
    }

    /// A protected record with its header. The content must be at most 2^14 bytes.
    ///
    /// # Errors
    /// The content is too long.
    pub fn seal(&mut self, content_type: u8, content: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let length = content.len() + 1 + self.0.key.algorithm().tag_len();
        let length = u16::try_from(length).map_err(|_| CryptoError::Library)?;
        let mut buffer = content.to_vec();
        buffer.push(content_type);
        let nonce = self.0.nonce()?;
        let header = header(0x0303, length);
        self.0.key.seal_in_place_append_tag(nonce, Aad::from(header), &mut buffer).map_err(|_| CryptoError::Library)?;
        Ok([&header[..], &buffer].concat())
    }
}

/// The header of a protected record, which is its additional data: type application_data.
fn header(version: u16, length: u16) -> [u8; 5] {
    let ([v0, v1], [l0, l1]) = (version.to_be_bytes(), length.to_be_bytes());
    [23, v0, v1, l0, l1]
}
