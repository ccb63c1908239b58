use aws_lc_rs::aead::{
    self, AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::prf::{Prf, hmac};
use crate::{CryptoError, Hash};

/// A cipher of an IKE SA that is computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher {
    kind: Kind,
    /// The length of the key in bytes, without the salt.
    key: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// RFC 3602.
    AesCbc,
    /// RFC 5930.
    AesCtr,
    /// With a checksum of 16 bytes, RFC 5282.
    AesGcm,
    /// RFC 7634.
    ChaCha20Poly1305,
}

impl Cipher {
    /// That of a number in the IKEv2 registry of transform type 1, with its key length attribute in bits; `None` where it is
    /// not computed here.
    pub fn new(number: u16, bits: Option<u16>) -> Option<Self> {
        let kind = match number {
            12 => Kind::AesCbc,
            13 => Kind::AesCtr,
            20 => Kind::AesGcm,
            28 => return bits.is_none().then_some(Self { kind: Kind::ChaCha20Poly1305, key: 32 }),
            _ => return None,
        };
        let key = match bits {
            Some(128) => 16,
            Some(192) => 24,
            Some(256) => 32,
            _ => return None,
        };
        Some(Self { kind, key })
    }

    /// Whether it brings its own integrity.
    pub fn is_aead(self) -> bool {
        matches!(self.kind, Kind::AesGcm | Kind::ChaCha20Poly1305)
    }

    /// The bytes that are derived for it: the key, and behind it the salt.
    pub(super) fn key_length(self) -> usize {
        self.key + if self.kind == Kind::AesCbc { 0 } else { 4 }
    }

    fn iv_length(self) -> usize {
        if self.kind == Kind::AesCbc { 16 } else { 8 }
    }
}

/// An integrity algorithm of an IKE SA: an HMAC, cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integrity {
    hash: Hash,
    /// The length of the checksum in bytes.
    length: usize,
}

impl Integrity {
    /// That of a number in the IKEv2 registry of transform type 3; `None` where it is not computed here.
    pub fn new(number: u16) -> Option<Self> {
        let (hash, length) = match number {
            1 => (Hash::Md5, 12),
            2 => (Hash::Sha1, 12),
            6 => (Hash::Md5, 16),
            7 => (Hash::Sha1, 20),
            12 => (Hash::Sha256, 16),
            13 => (Hash::Sha384, 24),
            14 => (Hash::Sha512, 32),
            _ => return None,
        };
        Some(Self { hash, length })
    }

    pub(super) fn key_length(self) -> usize {
        self.hash.length()
    }
}

/// What was agreed on for an IKE SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The cipher.
    pub cipher: Cipher,
    /// The integrity algorithm; none beside a cipher that brings its own.
    pub integrity: Option<Integrity>,
    /// The pseudo-random function.
    pub prf: Prf,
}

/// Protects the messages of one end and opens them. Has no `Debug`; keys are wiped when dropped.
pub struct Protector {
    cipher: Cipher,
    key: Zeroizing<Vec<u8>>,
    integrity: Option<(Integrity, Zeroizing<Vec<u8>>)>,
}

impl Protector {
    pub(super) fn new(suite: Suite, key: &[u8], integrity_key: &[u8]) -> Self {
        let integrity = suite.integrity.filter(|_| !suite.cipher.is_aead());
        Self {
            cipher: suite.cipher,
            key: Zeroizing::new(key.to_vec()),
            integrity: integrity.map(|one| (one, Zeroizing::new(integrity_key.to_vec()))),
        }
    }

    /// The length of the body of an encrypted payload for so many bytes of plain text: initialisation vector, cipher text
    /// with padding, checksum.
    pub fn sealed_length(&self, plain: usize) -> usize {
        let checksum = self.checksum_length();
        self.cipher.iv_length() + plain + self.padding(plain) + 1 + checksum
    }

    /// The most bytes of plain text whose encrypted payload has a body of at most so many bytes.
    pub fn capacity(&self, body: usize) -> usize {
        let fixed = self.cipher.iv_length() + self.checksum_length();
        let room = body.saturating_sub(fixed);
        let room = if self.cipher.kind == Kind::AesCbc { room - room % 16 } else { room };
        room.saturating_sub(1)
    }

    fn checksum_length(&self) -> usize {
        self.integrity.as_ref().map_or(16, |(one, _)| one.length)
    }

    /// The padding, without the byte that tells its length (RFC 7296 section 3.14).
    fn padding(&self, plain: usize) -> usize {
        match self.cipher.kind {
            Kind::AesCbc => 15 - plain % 16,
            _ => 0,
        }
    }

    /// The body of an encrypted payload. `before` is all of the message before it, its lengths already final.
    ///
    /// # Errors
    /// The library or the random source fails.
    pub fn seal(&self, before: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut iv = vec![0; self.cipher.iv_length()];
        crate::random(&mut iv)?;
        let padding = self.padding(plain.len());
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + padding + 17));
        text.extend_from_slice(plain);
        text.resize(plain.len() + padding, 0);
        text.push(u8::try_from(padding).map_err(|_| CryptoError::Library)?);
        match self.cipher.kind {
            Kind::AesCbc | Kind::AesCtr => {
                let key = if self.cipher.kind == Kind::AesCbc {
                    EncryptingKey::cbc(self.unbound()?)
                } else {
                    EncryptingKey::ctr(self.unbound()?)
                };
                let context = EncryptionContext::Iv128(FixedLength::from(self.block(&iv)?));
                key.and_then(|key| key.less_safe_encrypt(&mut text, context)).map_err(|_| CryptoError::Library)?;
                let mut body = [iv.as_slice(), &text].concat();
                let checksum = self.checksum(&[before, &body])?;
                body.extend_from_slice(&checksum);
                Ok(body)
            }
            Kind::AesGcm | Kind::ChaCha20Poly1305 => {
                let (key, nonce) = self.aead(&iv)?;
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(before), &mut text);
                let tag = tag.map_err(|_| CryptoError::Library)?;
                Ok([iv.as_slice(), &text, tag.as_ref()].concat())
            }
        }
    }

    /// The plain text of the body of an encrypted payload, without its padding. `before` is all of the message before it.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where it was not made with these keys, or its padding is wrong.
    pub fn open(&self, before: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let wrong = || CryptoError::public_value("the encrypted payload was not made with the keys of this IKE SA");
        let (iv, rest) = body.split_at_checked(self.cipher.iv_length()).ok_or_else(wrong)?;
        let mut text = Zeroizing::new(rest.to_vec());
        let plain_length = match self.cipher.kind {
            Kind::AesCbc | Kind::AesCtr => {
                let length = rest.len().checked_sub(self.checksum_length()).ok_or_else(wrong)?;
                let (sealed, checksum) = rest.split_at_checked(length).ok_or_else(wrong)?;
                let expected = self.checksum(&[before, iv, sealed])?;
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected, checksum).map_err(|_| wrong())?;
                text.truncate(length);
                let key = if self.cipher.kind == Kind::AesCbc {
                    DecryptingKey::cbc(self.unbound()?)
                } else {
                    DecryptingKey::ctr(self.unbound()?)
                };
                let context = DecryptionContext::Iv128(FixedLength::from(self.block(iv)?));
                key.and_then(|key| key.decrypt(&mut text, context).map(|plain| plain.len())).map_err(|_| wrong())?
            }
            Kind::AesGcm | Kind::ChaCha20Poly1305 => {
                let (key, nonce) = self.aead(iv)?;
                key.open_in_place(nonce, Aad::from(before), &mut text).map(|plain| plain.len()).map_err(|_| wrong())?
            }
        };
        text.truncate(plain_length);
        let padding = text.pop().ok_or_else(wrong)?;
        let length = text.len().checked_sub(padding.into()).ok_or_else(wrong)?;
        text.truncate(length);
        Ok(text)
    }

    fn checksum(&self, parts: &[&[u8]]) -> Result<Vec<u8>, CryptoError> {
        let (integrity, key) = self.integrity.as_ref().ok_or(CryptoError::Library)?;
        let mut whole = hmac(integrity.hash, key, parts).to_vec();
        whole.truncate(integrity.length);
        Ok(whole)
    }

    fn own_key(&self) -> Result<(&[u8], &[u8]), CryptoError> {
        self.key.split_at_checked(self.cipher.key).ok_or(CryptoError::Library)
    }

    fn unbound(&self) -> Result<UnboundCipherKey, CryptoError> {
        let algorithm = match self.cipher.key {
            16 => &AES_128,
            24 => &AES_192,
            _ => &AES_256,
        };
        UnboundCipherKey::new(algorithm, self.own_key()?.0).map_err(|_| CryptoError::Library)
    }

    /// The initialisation vector of CBC; the first counter block of CTR (RFC 3686 section 4).
    fn block(&self, iv: &[u8]) -> Result<[u8; 16], CryptoError> {
        let whole = match self.cipher.kind {
            Kind::AesCtr => [self.own_key()?.1, iv, &[0, 0, 0, 1]].concat(),
            _ => iv.to_vec(),
        };
        whole.try_into().map_err(|_| CryptoError::Library)
    }

    fn aead(&self, iv: &[u8]) -> Result<(LessSafeKey, Nonce), CryptoError> {
        let algorithm: &'static aead::Algorithm = match (self.cipher.kind, self.cipher.key) {
            (Kind::ChaCha20Poly1305, _) => &CHACHA20_POLY1305,
            (_, 16) => &AES_128_GCM,
            (_, 24) => &AES_192_GCM,
            _ => &AES_256_GCM,
        };
        let (key, salt) = self.own_key()?;
        let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::Library)?;
        let nonce = Nonce::try_assume_unique_for_key(&[salt, iv].concat()).map_err(|_| CryptoError::Library)?;
        Ok((LessSafeKey::new(key), nonce))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites() -> Vec<Suite> {
        let prf = Prf::new(5).unwrap();
        let mut all = Vec::new();
        for bits in [128, 192, 256] {
            for integrity in [1, 2, 6, 7, 12, 13, 14] {
                for cipher in [12, 13] {
                    let cipher = Cipher::new(cipher, Some(bits)).unwrap();
                    all.push(Suite { cipher, integrity: Integrity::new(integrity), prf });
                }
            }
            all.push(Suite { cipher: Cipher::new(20, Some(bits)).unwrap(), integrity: None, prf });
        }
        all.push(Suite { cipher: Cipher::new(28, None).unwrap(), integrity: None, prf });
        all
    }

    fn protector(suite: Suite) -> Protector {
        let integrity = vec![9; suite.integrity.map_or(0, Integrity::key_length)];
        Protector::new(suite, &vec![7; suite.cipher.key_length()], &integrity)
    }

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else() {
        for suite in suites() {
            let protector = protector(suite);
            for length in [0, 1, 15, 16, 17, 300] {
                let plain = vec![5; length];
                let mut body = protector.seal(b"header", &plain).unwrap();
                assert_eq!(body.len(), protector.sealed_length(length), "{suite:?} {length}");
                assert!(protector.capacity(body.len()) >= length);
                assert!(protector.sealed_length(protector.capacity(body.len())) <= body.len());
                assert_eq!(protector.open(b"header", &body).unwrap().as_slice(), plain);
                assert!(protector.open(b"Header", &body).is_err());
                for place in [0, body.len() / 2, body.len() - 1] {
                    body[place] ^= 1;
                    assert!(protector.open(b"header", &body).is_err(), "{suite:?} {length} {place}");
                    body[place] ^= 1;
                }
                for cut in 0..body.len() {
                    assert!(protector.open(b"header", &body[..cut]).is_err());
                }
            }
        }
    }

    #[test]
    fn what_is_not_computed_here() {
        for (number, bits) in
            [(3, None), (12, None), (12, Some(129)), (18, Some(128)), (23, Some(256)), (28, Some(256))]
        {
            assert_eq!(Cipher::new(number, bits), None, "{number}");
        }
        assert_eq!(Integrity::new(5), None);
    }
}
