//! IKEv1: the keys of phase 1 with a pre-shared key, its encrypted messages, and the hashes by which both ends prove what they
//! know (RFC 2409 sections 5, 5.5 and 5.7, and appendix B).

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use des::cipher::array::{Array, ArraySize};
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit as _};
use shakedown_model::Role;
use zeroize::Zeroizing;

use super::prf::hmac;
use crate::{CryptoError, Hash};

/// A cipher of phase 1 that is computed here, in CBC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockCipher {
    /// DES.
    Des,
    /// Triple DES with three keys.
    TripleDes,
    /// AES, with the length of the key in bytes.
    Aes(usize),
    /// Camellia, with the length of the key in bytes (RFC 4312).
    Camellia(usize),
}

impl BlockCipher {
    /// That of a number in the registry of RFC 2409 appendix A, with its key length attribute in bits; `None` where it is not
    /// computed here.
    pub fn new(number: u16, bits: Option<u16>) -> Option<Self> {
        Some(match (number, bits) {
            (1, None) => Self::Des,
            (5, None) => Self::TripleDes,
            // RFC 3602 section 5.3: without the attribute it is the shortest.
            (7, None | Some(128)) => Self::Aes(16),
            (7, Some(192)) => Self::Aes(24),
            (7, Some(256)) => Self::Aes(32),
            (8, None | Some(128)) => Self::Camellia(16),
            (8, Some(192)) => Self::Camellia(24),
            (8, Some(256)) => Self::Camellia(32),
            _ => return None,
        })
    }

    /// The length of a block in bytes.
    pub fn block(self) -> usize {
        if matches!(self, Self::Aes(_) | Self::Camellia(_)) { 16 } else { 8 }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Des => 8,
            Self::TripleDes => 24,
            Self::Aes(length) | Self::Camellia(length) => length,
        }
    }

    pub(super) fn encrypt(self, key: &[u8], iv: &[u8], text: &mut [u8]) -> Result<(), CryptoError> {
        let wrong = CryptoError::Library;
        match self {
            Self::Aes(_) => {
                let iv: [u8; 16] = iv.try_into().map_err(|_| CryptoError::Library)?;
                let key = EncryptingKey::cbc(aes(key)?).map_err(|_| CryptoError::Library)?;
                let context = EncryptionContext::Iv128(FixedLength::from(iv));
                key.less_safe_encrypt(text, context).map(|_| ()).map_err(|_| wrong)
            }
            Self::Des => {
                let cipher = des::Des::new_from_slice(key).map_err(|_| CryptoError::Library)?;
                chain(iv, text, |block| cipher.encrypt_block(block))
            }
            Self::TripleDes => {
                let cipher = des::TdesEde3::new_from_slice(key).map_err(|_| CryptoError::Library)?;
                chain(iv, text, |block| cipher.encrypt_block(block))
            }
            Self::Camellia(_) => match key.len() {
                16 => chain(iv, text, encrypting(&camellia::Camellia128::new_from_slice(key).map_err(library)?)),
                24 => chain(iv, text, encrypting(&camellia::Camellia192::new_from_slice(key).map_err(library)?)),
                _ => chain(iv, text, encrypting(&camellia::Camellia256::new_from_slice(key).map_err(library)?)),
            },
        }
    }

    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], text: &mut [u8]) -> Result<(), CryptoError> {
        match self {
            Self::Aes(_) => {
                let iv: [u8; 16] = iv.try_into().map_err(|_| CryptoError::Library)?;
                let key = DecryptingKey::cbc(aes(key)?).map_err(|_| CryptoError::Library)?;
                let context = DecryptionContext::Iv128(FixedLength::from(iv));
                key.decrypt(text, context).map(|_| ()).map_err(|_| CryptoError::Library)
            }
            Self::Des => {
                let cipher = des::Des::new_from_slice(key).map_err(|_| CryptoError::Library)?;
                unchain(iv, text, |block| cipher.decrypt_block(block))
            }
            Self::TripleDes => {
                let cipher = des::TdesEde3::new_from_slice(key).map_err(|_| CryptoError::Library)?;
                unchain(iv, text, |block| cipher.decrypt_block(block))
            }
            Self::Camellia(_) => match key.len() {
                16 => unchain(iv, text, decrypting(&camellia::Camellia128::new_from_slice(key).map_err(library)?)),
                24 => unchain(iv, text, decrypting(&camellia::Camellia192::new_from_slice(key).map_err(library)?)),
                _ => unchain(iv, text, decrypting(&camellia::Camellia256::new_from_slice(key).map_err(library)?)),
            },
        }
    }
}

fn aes(key: &[u8]) -> Result<UnboundCipherKey, CryptoError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::Library)
}

fn library<E>(_: E) -> CryptoError {
    CryptoError::Library
}

fn encrypting<C: BlockCipherEncrypt>(cipher: &C) -> impl Fn(&mut Array<u8, C::BlockSize>) {
    |block| cipher.encrypt_block(block)
}

fn decrypting<C: BlockCipherDecrypt>(cipher: &C) -> impl Fn(&mut Array<u8, C::BlockSize>) {
    |block| cipher.decrypt_block(block)
}

/// CBC.
fn chain<N: ArraySize>(iv: &[u8], text: &mut [u8], encrypt: impl Fn(&mut Array<u8, N>)) -> Result<(), CryptoError> {
    let mut before = Array::<u8, N>::try_from(iv).map_err(library)?;
    for chunk in text.chunks_exact_mut(N::USIZE) {
        before.iter_mut().zip(&*chunk).for_each(|(to, from)| *to ^= from);
        encrypt(&mut before);
        chunk.copy_from_slice(&before);
    }
    Ok(())
}

fn unchain<N: ArraySize>(iv: &[u8], text: &mut [u8], decrypt: impl Fn(&mut Array<u8, N>)) -> Result<(), CryptoError> {
    let mut before = Array::<u8, N>::try_from(iv).map_err(library)?;
    for chunk in text.chunks_exact_mut(N::USIZE) {
        let sealed = Array::<u8, N>::try_from(&*chunk).map_err(library)?;
        let mut block = sealed.clone();
        decrypt(&mut block);
        chunk.iter_mut().zip(block.iter().zip(&before)).for_each(|(to, (one, other))| *to = one ^ other);
        before = sealed;
    }
    Ok(())
}

/// The hash of a number in the registry of RFC 2409 appendix A; its HMAC is the pseudo-random function. `None` where it is
/// not computed here.
pub fn hash_of(number: u16) -> Option<Hash> {
    Some(match number {
        1 => Hash::Md5,
        2 => Hash::Sha1,
        4 => Hash::Sha256,
        5 => Hash::Sha384,
        6 => Hash::Sha512,
        _ => return None,
    })
}

/// What the keys of phase 1 are made from.
#[derive(Clone, Copy)]
pub struct Phase1Seed<'a> {
    /// The pre-shared key; `None` where both ends prove themselves with signatures.
    pub shared_key: Option<&'a [u8]>,
    /// The secret of the key exchange, as long as its modulus.
    pub secret: &'a [u8],
    /// The public values, the initiator's first.
    pub public: [&'a [u8]; 2],
    /// The nonces, the initiator's first.
    pub nonces: [&'a [u8]; 2],
    /// The cookies, the initiator's first.
    pub cookies: [[u8; 8]; 2],
}

/// The keys of phase 1 (RFC 2409 section 5). Has no `Debug`; wiped when dropped.
pub struct Phase1Keys {
    cipher: BlockCipher,
    hash: Hash,
    /// SKEYID and SKEYID_a.
    skeyid: Zeroizing<Vec<u8>>,
    authentication: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    /// What both hashes begin with but for the order of their parts: public values and cookies.
    public: [Vec<u8>; 2],
    cookies: [[u8; 8]; 2],
    first: Vec<u8>,
}

impl Phase1Keys {
    /// Derives them: what all begins with is made of the pre-shared key, or for signatures of the nonces and the secret.
    pub fn new(cipher: BlockCipher, hash: Hash, seed: Phase1Seed<'_>) -> Self {
        let Phase1Seed { shared_key, secret, public, nonces, cookies } = seed;
        let [initiator, responder] = &cookies;
        let skeyid = match shared_key {
            Some(shared_key) => hmac(hash, shared_key, &nonces),
            None => hmac(hash, &nonces.concat(), &[secret]),
        };
        let derivation = hmac(hash, &skeyid, &[secret, initiator, responder, &[0]]);
        let authentication = hmac(hash, &skeyid, &[&derivation, secret, initiator, responder, &[1]]);
        let encryption = hmac(hash, &skeyid, &[&authentication, secret, initiator, responder, &[2]]);
        let key = stretched(hash, &encryption, cipher.key_length());
        let mut first = hash.digest(&public);
        first.truncate(cipher.block());
        Self { cipher, hash, skeyid, authentication, key, public: public.map(<[u8]>::to_vec), cookies, first }
    }

    /// The proof of an end, HASH_I or HASH_R, over the body of the initiator's SA payload and the body of that end's
    /// identification payload.
    pub fn proof(&self, role: Role, association: &[u8], identity: &[u8]) -> Zeroizing<Vec<u8>> {
        let ([of_initiator, of_responder], [initiator, responder]) = (&self.public, &self.cookies);
        let parts: [&[u8]; 6] = match role {
            Role::Client => [of_initiator, of_responder, initiator, responder, association, identity],
            Role::Server => [of_responder, of_initiator, responder, initiator, association, identity],
        };
        hmac(self.hash, &self.skeyid, &parts)
    }

    /// The hash that stands first in messages after phase 1 (RFC 2409 sections 5.5 and 5.7), over these parts.
    pub fn hash(&self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        hmac(self.hash, &self.authentication, parts)
    }

    /// What the first encrypted message of phase 1 is chained to (RFC 2409 appendix B).
    pub fn first_chain(&self) -> Chain {
        Chain(self.first.clone())
    }

    /// What the first message of an exchange after phase 1 is chained to: `last` is the chain at the end of phase 1.
    pub fn later_chain(&self, last: &Chain, message_id: u32) -> Chain {
        let mut first = self.hash.digest(&[&last.0, &message_id.to_be_bytes()]);
        first.truncate(self.cipher.block());
        Chain(first)
    }

    /// Encrypts what follows the header of a message, with padding, and moves the chain on.
    ///
    /// # Errors
    /// The library fails.
    pub fn seal(&self, chain: &mut Chain, payloads: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut text = payloads.to_vec();
        text.resize(payloads.len().next_multiple_of(self.cipher.block()), 0);
        self.cipher.encrypt(&self.key, &chain.0, &mut text)?;
        chain.advance(&text, self.cipher.block());
        Ok(text)
    }

    /// Decrypts what follows the header of a message, and gives the chain after it. Whether it was made with these keys only
    /// its content shows: CBC protects nothing.
    ///
    /// # Errors
    /// [`CryptoError::PublicValue`] where the length is not that of whole blocks.
    pub fn open(&self, chain: &Chain, sealed: &[u8]) -> Result<(Zeroizing<Vec<u8>>, Chain), CryptoError> {
        if sealed.is_empty() || !sealed.len().is_multiple_of(self.cipher.block()) {
            return Err(CryptoError::public_value(format!("{} encrypted bytes are no whole blocks", sealed.len())));
        }
        let mut text = Zeroizing::new(sealed.to_vec());
        self.cipher.decrypt(&self.key, &chain.0, &mut text)?;
        let mut next = chain.clone();
        next.advance(sealed, self.cipher.block());
        Ok((text, next))
    }
}

/// The last encrypted block, which the next message is chained to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<u8>);

impl Chain {
    fn advance(&mut self, sealed: &[u8], block: usize) {
        if let Some(last) = sealed.len().checked_sub(block).and_then(|at| sealed.get(at..)) {
            self.0 = last.to_vec();
        }
    }
}

/// The key of a cipher from SKEYID_e, RFC 2409 appendix B.
fn stretched(hash: Hash, from: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(from.to_vec());
    if key.len() < length {
        let mut block = hmac(hash, from, &[&[0]]);
        key = Zeroizing::new(block.to_vec());
        while key.len() < length {
            block = hmac(hash, from, &[&block]);
            key.extend_from_slice(&block);
        }
    }
    key.truncate(length);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::bytes;

    fn keys(cipher: BlockCipher, hash: Hash, shared_key: &[u8]) -> Phase1Keys {
        let seed = Phase1Seed {
            shared_key: Some(shared_key),
            secret: &[7; 128],
            public: [&[1; 128], &[2; 128]],
            nonces: [&[3; 32], &[4; 20]],
            cookies: [[5; 8], [6; 8]],
        };
        Phase1Keys::new(cipher, hash, seed)
    }

    #[test]
    fn both_ends_read_each_other_along_the_chain() {
        for (number, bits) in [
            (1, None),
            (5, None),
            (7, Some(128)),
            (7, Some(192)),
            (7, Some(256)),
            (8, None),
            (8, Some(192)),
            (8, Some(256)),
        ] {
            for hash in [1, 2, 4, 5, 6] {
                let cipher = BlockCipher::new(number, bits).unwrap();
                let keys = keys(cipher, hash_of(hash).unwrap(), b"secret");
                let (mut ours, mut theirs) = (keys.first_chain(), keys.first_chain());
                for length in [1, 8, 16, 100] {
                    let plain = vec![9; length];
                    let sealed = keys.seal(&mut ours, &plain).unwrap();
                    let (text, next) = keys.open(&theirs, &sealed).unwrap();
                    assert_eq!(text[..length], plain);
                    theirs = next;
                    assert_eq!(ours, theirs);
                }
                assert_ne!(keys.later_chain(&ours, 1), keys.later_chain(&ours, 2));
                assert!(keys.open(&ours, &[0; 9]).is_err() && keys.open(&ours, &[]).is_err());
            }
        }
        assert_eq!(BlockCipher::new(3, None), None);
        assert_eq!(BlockCipher::new(7, Some(129)), None);
        assert_eq!(hash_of(3), None);
    }

    #[test]
    fn another_pre_shared_key_gives_other_keys() {
        let (one, other) = (keys(BlockCipher::Aes(32), Hash::Sha1, b"a"), keys(BlockCipher::Aes(32), Hash::Sha1, b"b"));
        assert_eq!(one.first_chain(), other.first_chain());
        assert_ne!(one.key, other.key);
        assert_ne!(one.proof(Role::Client, b"sa", b"id"), other.proof(Role::Client, b"sa", b"id"));
        assert_ne!(one.proof(Role::Client, b"sa", b"id"), one.proof(Role::Server, b"sa", b"id"));
    }

    // The examples of FIPS 81 and of NIST SP 800-67 appendix B; a key that is longer than its hash, RFC 2409 appendix B.
    #[test]
    fn known_answers() {
        let mut text = bytes("4e6f772069732074");
        BlockCipher::Des.encrypt(&bytes("0123456789abcdef"), &[0; 8], &mut text).unwrap();
        assert_eq!(text, bytes("3fa40e8a984d4815"));
        let mut text = bytes("5468652071756663");
        let key = bytes("0123456789abcdef23456789abcdef01456789abcdef0123");
        BlockCipher::TripleDes.encrypt(&key, &[0; 8], &mut text).unwrap();
        assert_eq!(text, bytes("a826fd8ce53b855f"));
        BlockCipher::TripleDes.decrypt(&key, &[0; 8], &mut text).unwrap();
        assert_eq!(text, bytes("5468652071756663"));
        let first = hmac(Hash::Md5, &[1; 16], &[&[0]]);
        let second = hmac(Hash::Md5, &[1; 16], &[&first]);
        assert_eq!(stretched(Hash::Md5, &[1; 16], 24).to_vec(), [first.to_vec(), second[..8].to_vec()].concat());
        assert_eq!(stretched(Hash::Sha1, &[1; 20], 16).to_vec(), vec![1; 16]);
    }

    /// The vectors of RFC 3713 appendix A: a block alone is CBC without a first vector.
    #[test]
    fn camellia_is_that_of_its_standard() {
        let plain: Vec<u8> = bytes("0123456789abcdeffedcba9876543210");
        for (key, sealed) in [
            ("0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43"),
            ("0123456789abcdeffedcba98765432100011223344556677", "b4993401b3e996f84ee5cee7d79b09b9"),
            ("0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff", "9acc237dff16d76c20ef7c919e3a7509"),
        ] {
            let key = bytes(key);
            let cipher = BlockCipher::Camellia(key.len());
            let mut text = plain.clone();
            cipher.encrypt(&key, &[0; 16], &mut text).unwrap();
            assert_eq!(text, bytes(sealed));
            cipher.decrypt(&key, &[0; 16], &mut text).unwrap();
            assert_eq!(text, plain);
        }
    }
}
