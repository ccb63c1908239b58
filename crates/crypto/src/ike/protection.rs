use aws_lc_rs::aead::{
    self, AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::block_mac::BlockMac;
use super::prf::{Prf, hmac};
use super::version1::BlockCipher;
use crate::ccm::{Direction, ccm};
use crate::{CryptoError, Hash};

/// A cipher of an IKE SA that is computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher {
    kind: Kind,
    /// The length of the key in bytes, without the salt.
    key: usize,
    /// The length of the checksum that it brings, in bytes.
    tag: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// RFC 3602.
    AesCbc,
    /// RFC 2451.
    TripleDes,
    /// RFC 5529 section 2.
    CamelliaCbc,
    /// RFC 5930.
    AesCtr,
    /// RFC 5282.
    AesGcm,
    /// RFC 5282.
    AesCcm,
    /// RFC 7634.
    ChaCha20Poly1305,
}

impl Cipher {
    /// That of a number in the IKEv2 registry of transform type 1, with its key length attribute in bits; `None` where it is
    /// not computed here.
    pub fn new(number: u16, bits: Option<u16>) -> Option<Self> {
        let (kind, tag) = match number {
            3 => return bits.is_none().then_some(Self { kind: Kind::TripleDes, key: 24, tag: 0 }),
            12 => (Kind::AesCbc, 0),
            13 => (Kind::AesCtr, 0),
            14 => (Kind::AesCcm, 8),
            15 => (Kind::AesCcm, 12),
            16 => (Kind::AesCcm, 16),
            18 => (Kind::AesGcm, 8),
            19 => (Kind::AesGcm, 12),
            20 => (Kind::AesGcm, 16),
            23 => (Kind::CamelliaCbc, 0),
            28 => return bits.is_none().then_some(Self { kind: Kind::ChaCha20Poly1305, key: 32, tag: 16 }),
            _ => return None,
        };
        let key = match bits {
            Some(128) => 16,
            Some(192) => 24,
            Some(256) => 32,
            _ => return None,
        };
        Some(Self { kind, key, tag })
    }

    /// Whether it brings its own integrity.
    pub fn is_aead(self) -> bool {
        self.tag > 0
    }

    /// The bytes that are derived for it: the key, and behind it the salt.
    pub(super) fn key_length(self) -> usize {
        let salt = match self.kind {
            Kind::AesCbc | Kind::TripleDes | Kind::CamelliaCbc => 0,
            Kind::AesCcm => 3,
            Kind::AesCtr | Kind::AesGcm | Kind::ChaCha20Poly1305 => 4,
        };
        self.key + salt
    }

    fn iv_length(self) -> usize {
        if matches!(self.kind, Kind::AesCbc | Kind::CamelliaCbc) { 16 } else { 8 }
    }

    /// What the plain text is padded to, in bytes.
    fn block(self) -> usize {
        match self.kind {
            Kind::AesCbc | Kind::CamelliaCbc => 16,
            Kind::TripleDes => 8,
            _ => 1,
        }
    }
}

/// An integrity algorithm of an IKE SA: an HMAC or a checksum made of AES, cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integrity {
    with: With,
    /// The length of the checksum in bytes.
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Hash(Hash),
    Aes(BlockMac),
}

impl Integrity {
    /// That of a number in the IKEv2 registry of transform type 3; `None` where it is not computed here.
    pub fn new(number: u16) -> Option<Self> {
        let (hash, length) = match number {
            5 => return Some(Self { with: With::Aes(BlockMac::Xcbc), length: 12 }),
            8 => return Some(Self { with: With::Aes(BlockMac::Cmac), length: 12 }),
            1 => (Hash::Md5, 12),
            2 => (Hash::Sha1, 12),
            6 => (Hash::Md5, 16),
            7 => (Hash::Sha1, 20),
            12 => (Hash::Sha256, 16),
            13 => (Hash::Sha384, 24),
            14 => (Hash::Sha512, 32),
            _ => return None,
        };
        Some(Self { with: With::Hash(hash), length })
    }

    pub(super) fn key_length(self) -> usize {
        match self.with {
            With::Hash(hash) => hash.length(),
            With::Aes(_) => 16,
        }
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
        let room = room - room % self.cipher.block();
        room.saturating_sub(1)
    }

    fn checksum_length(&self) -> usize {
        self.integrity.as_ref().map_or(self.cipher.tag, |(one, _)| one.length)
    }

    /// The padding, without the byte that tells its length (RFC 7296 section 3.14).
    fn padding(&self, plain: usize) -> usize {
        let block = self.cipher.block();
        block - 1 - plain % block
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
            Kind::TripleDes | Kind::CamelliaCbc => {
                self.block_cipher().encrypt(self.own_key()?.0, &iv, &mut text)?;
                let mut body = [iv.as_slice(), &text].concat();
                let checksum = self.checksum(&[before, &body])?;
                body.extend_from_slice(&checksum);
                Ok(body)
            }
            Kind::AesCcm => {
                let (key, salt) = self.own_key()?;
                let nonce = [salt, &iv].concat();
                let tag = ccm(Direction::Seal, key, &nonce, before, &mut text, self.cipher.tag)?;
                Ok([iv.as_slice(), &text, &tag].concat())
            }
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
                let tag = tag.as_ref().get(..self.cipher.tag).ok_or(CryptoError::Library)?;
                Ok([iv.as_slice(), &text, tag].concat())
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
            Kind::TripleDes | Kind::CamelliaCbc => {
                let length = self.checked(before, iv, rest).ok_or_else(wrong)?;
                text.truncate(length);
                if !length.is_multiple_of(self.cipher.block()) {
                    return Err(wrong());
                }
                self.block_cipher().decrypt(self.own_key()?.0, iv, &mut text)?;
                length
            }
            // A short checksum is the beginning of the long one, which the library makes only where it encrypts.
            Kind::AesCcm | Kind::AesGcm if self.cipher.tag < 16 || self.cipher.kind == Kind::AesCcm => {
                let length = rest.len().checked_sub(self.cipher.tag).ok_or_else(wrong)?;
                let (sealed, tag) = rest.split_at_checked(length).ok_or_else(wrong)?;
                text.truncate(length);
                let expected = match self.cipher.kind {
                    Kind::AesCcm => {
                        let (key, salt) = self.own_key()?;
                        ccm(Direction::Open, key, &[salt, iv].concat(), before, &mut text, self.cipher.tag)?
                    }
                    _ => self.short_gcm(before, iv, sealed, &mut text)?,
                };
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).map_err(|_| wrong())?;
                length
            }
            Kind::AesCbc | Kind::AesCtr => {
                let length = self.checked(before, iv, rest).ok_or_else(wrong)?;
                text.truncate(length);
                let key = if self.cipher.kind == Kind::AesCbc {
                    DecryptingKey::cbc(self.unbound()?)
                } else {
                    DecryptingKey::ctr(self.unbound()?)
                };
                let context = DecryptionContext::Iv128(FixedLength::from(self.block(iv)?));
                key.and_then(|key| key.decrypt(&mut text, context).map(|plain| plain.len())).map_err(|_| wrong())?
            }
            Kind::AesCcm | Kind::AesGcm | Kind::ChaCha20Poly1305 => {
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
        let mut whole = match integrity.with {
            With::Hash(hash) => hmac(hash, key, parts).to_vec(),
            With::Aes(mac) => mac.compute(key, parts)?.to_vec(),
        };
        whole.truncate(integrity.length);
        Ok(whole)
    }

    /// The length of the cipher text, where the checksum behind it holds.
    fn checked(&self, before: &[u8], iv: &[u8], rest: &[u8]) -> Option<usize> {
        let length = rest.len().checked_sub(self.checksum_length())?;
        let (sealed, checksum) = rest.split_at_checked(length)?;
        let expected = self.checksum(&[before, iv, sealed]).ok()?;
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, checksum).ok().map(|()| length)
    }

    /// Decrypts without a check, and gives the checksum that should be there.
    fn short_gcm(&self, before: &[u8], iv: &[u8], sealed: &[u8], text: &mut [u8]) -> Result<Vec<u8>, CryptoError> {
        let library = |_| CryptoError::Library;
        text.copy_from_slice(sealed);
        let (_, salt) = self.own_key()?;
        // The counter of the first block of text, NIST SP 800-38D section 7.1.
        let first: [u8; 16] = [salt, iv, &[0, 0, 0, 2]].concat().try_into().map_err(|_| CryptoError::Library)?;
        let cipher = DecryptingKey::ctr(self.unbound()?).map_err(library)?;
        cipher.decrypt(text, DecryptionContext::Iv128(FixedLength::from(first))).map_err(library)?;
        let (key, nonce) = self.aead(iv)?;
        let mut again = text.to_vec();
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(before), &mut again).map_err(library)?;
        if again != sealed {
            return Err(CryptoError::Library);
        }
        tag.as_ref().get(..self.cipher.tag).map(<[u8]>::to_vec).ok_or(CryptoError::Library)
    }

    /// A cipher that is no AES, in CBC.
    fn block_cipher(&self) -> BlockCipher {
        if self.cipher.kind == Kind::TripleDes {
            BlockCipher::TripleDes
        } else {
            BlockCipher::Camellia(self.cipher.key)
        }
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
            for integrity in [1, 2, 5, 6, 7, 8, 12, 13, 14] {
                for cipher in [12, 13, 23] {
                    let cipher = Cipher::new(cipher, Some(bits)).unwrap();
                    all.push(Suite { cipher, integrity: Integrity::new(integrity), prf });
                }
            }
            for number in [14, 15, 16, 18, 19, 20] {
                all.push(Suite { cipher: Cipher::new(number, Some(bits)).unwrap(), integrity: None, prf });
            }
        }
        all.push(Suite { cipher: Cipher::new(3, None).unwrap(), integrity: Integrity::new(2), prf });
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
            [(2, None), (12, None), (12, Some(129)), (21, Some(128)), (23, None), (24, Some(256)), (28, Some(256))]
        {
            assert_eq!(Cipher::new(number, bits), None, "{number}");
        }
        assert_eq!(Integrity::new(9), None);
    }
}
