use zeroize::Zeroizing;

use super::aead::{Aead, AeadKind};
use crate::{CryptoError, Hash};

/// The cipher and hash of a suite of TLS 1.3 that is implemented here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    pub(super) hash: Hash,
    cipher: AeadKind,
}

impl Protection {
    /// That of a suite, RFC 8446 appendix B.4; `None` where it is not implemented, as are suites of older versions.
    pub fn of(cipher_suite: u16) -> Option<Self> {
        let (cipher, hash) = match cipher_suite {
            0x1301 => (AeadKind::Aes128Gcm, Hash::Sha256),
            0x1302 => (AeadKind::Aes256Gcm, Hash::Sha384),
            0x1303 => (AeadKind::ChaCha20Poly1305, Hash::Sha256),
            0x1304 => (AeadKind::AesCcm(16, 16), Hash::Sha256),
            0x1305 => (AeadKind::AesCcm(16, 8), Hash::Sha256),
            _ => return None,
        };
        Some(Self { hash, cipher })
    }

    /// The hash of the handshake.
    pub fn hash(self) -> Hash {
        self.hash
    }

    pub(super) fn key_length(self) -> usize {
        self.cipher.key_length()
    }
}

/// A key of one direction with its counter.
struct Direction {
    key: Aead,
    tag_length: usize,
    iv: Zeroizing<Vec<u8>>,
    sequence: u64,
}

impl Direction {
    fn new(protection: Protection, key: &[u8], iv: Zeroizing<Vec<u8>>) -> Result<Self, CryptoError> {
        let key = Aead::new(protection.cipher, key)?;
        Ok(Self { key, tag_length: protection.cipher.tag_length(), iv, sequence: 0 })
    }

    /// The nonce of the next record, RFC 8446 section 5.3.
    fn nonce(&mut self) -> Result<[u8; 12], CryptoError> {
        let mut nonce = [0; 12];
        if let Some(end) = nonce.last_chunk_mut::<8>() {
            *end = self.sequence.to_be_bytes();
        }
        nonce.iter_mut().zip(self.iv.iter()).for_each(|(byte, iv)| *byte ^= iv);
        self.sequence = self.sequence.checked_add(1).ok_or(CryptoError::Library)?;
        Ok(nonce)
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
        let nonce = self.0.nonce()?;
        let plain = self.0.key.open(nonce, &header(version, length), fragment)?;
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
        let length = content.len() + 1 + self.0.tag_length;
        let length = u16::try_from(length).map_err(|_| CryptoError::Library)?;
        let header = header(0x0303, length);
        let nonce = self.0.nonce()?;
        let sealed = self.0.key.seal(nonce, &header, &[content, &[content_type]].concat())?;
        Ok([&header[..], &sealed].concat())
    }
}

/// The header of a protected record, which is its additional data: type application_data.
fn header(version: u16, length: u16) -> [u8; 5] {
    let ([v0, v1], [l0, l1]) = (version.to_be_bytes(), length.to_be_bytes());
    [23, v0, v1, l0, l1]
}
