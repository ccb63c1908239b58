//! Ciphers that bring their own integrity, all with a nonce of 12 bytes.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::ccm::{Direction, ccm};

/// A cipher with its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AeadKind {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    /// RFC 6655: the lengths of the key and of the tag in bytes.
    AesCcm(usize, usize),
}

impl AeadKind {
    pub(super) fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
            Self::AesCcm(length, _) => length,
        }
    }

    pub(super) fn tag_length(self) -> usize {
        match self {
            Self::AesCcm(_, length) => length,
            _ => 16,
        }
    }
}

/// A key. Has no `Debug`; wiped when dropped.
pub(super) struct Aead {
    kind: AeadKind,
    key: Key,
}

enum Key {
    Library(LessSafeKey),
    Ccm(Zeroizing<Vec<u8>>),
}

impl Aead {
    /// # Errors
    /// The key has another length.
    pub(super) fn new(kind: AeadKind, key: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = match kind {
            AeadKind::Aes128Gcm => &AES_128_GCM,
            AeadKind::Aes256Gcm => &AES_256_GCM,
            AeadKind::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            AeadKind::AesCcm(..) => return Ok(Self { kind, key: Key::Ccm(Zeroizing::new(key.to_vec())) }),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::Library)?;
        Ok(Self { kind, key: Key::Library(LessSafeKey::new(key)) })
    }

    /// The content encrypted, with the tag behind it.
    ///
    /// # Errors
    /// The library fails.
    pub(super) fn seal(&self, nonce: [u8; 12], additional: &[u8], content: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut sealed = content.to_vec();
        match &self.key {
            Key::Library(key) => key
                .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(additional), &mut sealed)
                .map_err(|_| CryptoError::Library)?,
            Key::Ccm(key) => {
                let tag_length = self.kind.tag_length();
                let tag = ccm(Direction::Seal, key, &nonce, additional, &mut sealed, tag_length)?;
                sealed.extend(tag);
            }
        }
        Ok(sealed)
    }

    /// The content, where the tag is right.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where it was not sealed with this key, nonce and additional data.
    pub(super) fn open(&self, nonce: [u8; 12], additional: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = || CryptoError::public_value("the record cannot be decrypted");
        match &self.key {
            Key::Library(key) => {
                let mut buffer = sealed.to_vec();
                let nonce = Nonce::assume_unique_for_key(nonce);
                let plain = key.open_in_place(nonce, Aad::from(additional), &mut buffer).map_err(|_| wrong())?;
                Ok(plain.to_vec())
            }
            Key::Ccm(key) => {
                let tag_length = self.kind.tag_length();
                let length = sealed.len().checked_sub(tag_length).ok_or_else(wrong)?;
                let (content, tag) = sealed.split_at_checked(length).ok_or_else(wrong)?;
                let mut plain = content.to_vec();
                let expected = ccm(Direction::Open, key, &nonce, additional, &mut plain, tag_length)?;
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).map_err(|_| wrong())?;
                Ok(plain)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else() {
        let kinds = [
            AeadKind::Aes128Gcm,
            AeadKind::Aes256Gcm,
            AeadKind::ChaCha20Poly1305,
            AeadKind::AesCcm(16, 16),
            AeadKind::AesCcm(32, 8),
        ];
        for kind in kinds {
            let key = Aead::new(kind, &vec![7; kind.key_length()]).unwrap();
            for length in [0, 1, 15, 16, 17, 300] {
                let sealed = key.seal([1; 12], b"header", &vec![5; length]).unwrap();
                assert_eq!(sealed.len(), length + kind.tag_length());
                assert_eq!(key.open([1; 12], b"header", &sealed).unwrap(), vec![5; length], "{kind:?}");
                assert!(key.open([2; 12], b"header", &sealed).is_err(), "{kind:?}");
                assert!(key.open([1; 12], b"", &sealed).is_err(), "{kind:?}");
                for cut in 0..sealed.len().min(20) {
                    assert!(key.open([1; 12], b"header", &sealed[..cut]).is_err());
                }
            }
        }
    }
}
