//! Ciphers without integrity of their own, as streams that go on from packet to packet.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use des::TdesEde3;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroizing;

use crate::CryptoError;

/// What a stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RFC 4344 section 4; the length of the key in bytes.
    AesCtr(usize),
    /// RFC 4253 section 6.3; the length of the key in bytes.
    AesCbc(usize),
    /// RFC 4253 section 6.3.
    TripleDesCbc,
    /// RFC 4345, RFC 4253 section 6.3: the length of the key, and how much of its stream is thrown away.
    Arcfour(usize, usize),
}

impl Kind {
    pub(crate) fn key_length(self) -> usize {
        match self {
            Self::AesCtr(length) | Self::AesCbc(length) | Self::Arcfour(length, _) => length,
            Self::TripleDesCbc => 24,
        }
    }

    pub(crate) fn block(self) -> usize {
        match self {
            Self::AesCtr(_) | Self::AesCbc(_) => 16,
            Self::TripleDesCbc | Self::Arcfour(..) => 8,
        }
    }

    pub(crate) fn iv_length(self) -> usize {
        match self {
            Self::Arcfour(..) => 0,
            other => other.block(),
        }
    }
}

/// One direction of a cipher. Has no `Debug`.
pub(crate) struct Stream {
    cipher: Cipher,
    /// The counter, or the last block of cipher text.
    state: Vec<u8>,
}

enum Cipher {
    Counter(EncryptingKey),
    Sealing(EncryptingKey),
    Opening(DecryptingKey),
    TripleDes { cipher: Box<TdesEde3>, opening: bool },
    Arcfour(Box<Arcfour>),
}

impl Stream {
    pub(crate) fn new(kind: Kind, key: &[u8], iv: &[u8], opening: bool) -> Result<Self, CryptoError> {
        let library = |_| CryptoError::Library;
        let aes = || {
            let algorithm = match key.len() {
                16 => &AES_128,
                24 => &AES_192,
                _ => &AES_256,
            };
            UnboundCipherKey::new(algorithm, key).map_err(library)
        };
        let cipher = match kind {
            Kind::AesCtr(_) => Cipher::Counter(EncryptingKey::ctr(aes()?).map_err(library)?),
            Kind::AesCbc(_) if opening => Cipher::Opening(DecryptingKey::cbc(aes()?).map_err(library)?),
            Kind::AesCbc(_) => Cipher::Sealing(EncryptingKey::cbc(aes()?).map_err(library)?),
            Kind::TripleDesCbc => {
                let cipher = TdesEde3::new_from_slice(key).map_err(|_| CryptoError::Library)?;
                Cipher::TripleDes { cipher: Box::new(cipher), opening }
            }
            Kind::Arcfour(_, thrown_away) => Cipher::Arcfour(Box::new(Arcfour::new(key, thrown_away))),
        };
        Ok(Self { cipher, state: iv.to_vec() })
    }

    /// Encrypts or decrypts what comes next; whole blocks.
    pub(crate) fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        let library = |_| CryptoError::Library;
        if data.is_empty() {
            return Ok(());
        }
        match &mut self.cipher {
            Cipher::Counter(key) => {
                let counter: [u8; 16] = self.state.as_slice().try_into().map_err(|_| CryptoError::Library)?;
                let context = EncryptionContext::Iv128(FixedLength::from(counter));
                key.less_safe_encrypt(data, context).map_err(library)?;
                let blocks = u128::try_from(data.len() / 16).map_err(|_| CryptoError::Library)?;
                self.state = u128::from_be_bytes(counter).wrapping_add(blocks).to_be_bytes().to_vec();
            }
            Cipher::Sealing(key) => {
                let iv: [u8; 16] = self.state.as_slice().try_into().map_err(|_| CryptoError::Library)?;
                key.less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(iv))).map_err(library)?;
                self.state = last(data, 16)?;
            }
            Cipher::Opening(key) => {
                let iv: [u8; 16] = self.state.as_slice().try_into().map_err(|_| CryptoError::Library)?;
                let next = last(data, 16)?;
                key.decrypt(data, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(library)?;
                self.state = next;
            }
            Cipher::TripleDes { cipher, opening } => {
                for block in data.chunks_exact_mut(8) {
                    let before = block.to_vec();
                    let mut whole = Array::try_from(&*block).map_err(|_| CryptoError::Library)?;
                    let mix = |whole: &mut [u8], state: &[u8]| {
                        whole.iter_mut().zip(state).for_each(|(byte, state)| *byte ^= state);
                    };
                    if *opening {
                        cipher.decrypt_block(&mut whole);
                        mix(&mut whole, &self.state);
                        self.state = before;
                    } else {
                        mix(&mut whole, &self.state);
                        cipher.encrypt_block(&mut whole);
                        self.state = whole.to_vec();
                    }
                    block.copy_from_slice(&whole);
                }
            }
            Cipher::Arcfour(stream) => stream.apply(data),
        }
        Ok(())
    }
}

fn last(data: &[u8], length: usize) -> Result<Vec<u8>, CryptoError> {
    let begin = data.len().checked_sub(length).ok_or(CryptoError::Library)?;
    data.get(begin..).map(<[u8]>::to_vec).ok_or(CryptoError::Library)
}

/// RC4, which old servers and clients still list.
struct Arcfour {
    state: Zeroizing<Vec<u8>>,
    i: u8,
    j: u8,
}

impl Arcfour {
    fn new(key: &[u8], thrown_away: usize) -> Self {
        let mut own = Self { state: Zeroizing::new((0..=u8::MAX).collect()), i: 0, j: 0 };
        let mut j = 0_u8;
        for (i, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
            j = j.wrapping_add(own.at(i)).wrapping_add(*key);
            own.state.swap(i.into(), j.into());
        }
        own.apply(&mut Zeroizing::new(vec![0; thrown_away]));
        own
    }

    fn at(&self, place: u8) -> u8 {
        self.state.get(usize::from(place)).copied().unwrap_or_default()
    }

    fn apply(&mut self, data: &mut [u8]) {
        for byte in data {
            self.i = self.i.wrapping_add(1);
            self.j = self.j.wrapping_add(self.at(self.i));
            self.state.swap(self.i.into(), self.j.into());
            *byte ^= self.at(self.at(self.i).wrapping_add(self.at(self.j)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 9] = [
        Kind::AesCtr(16),
        Kind::AesCtr(24),
        Kind::AesCtr(32),
        Kind::AesCbc(16),
        Kind::AesCbc(24),
        Kind::AesCbc(32),
        Kind::TripleDesCbc,
        Kind::Arcfour(16, 0),
        Kind::Arcfour(32, 1536),
    ];

    #[test]
    fn a_stream_goes_on_from_call_to_call() {
        for kind in KINDS {
            let key: Vec<u8> = (1..).take(kind.key_length()).collect();
            // The counter runs over.
            let iv = vec![0xff; kind.iv_length()];
            let stream = |opening| Stream::new(kind, &key, &iv, opening).unwrap();
            let plain: Vec<u8> = (0..=u8::MAX).cycle().take(480).collect();
            let mut whole = plain.clone();
            stream(false).apply(&mut whole).unwrap();
            assert_ne!(whole, plain);
            let (mut sealing, mut opening) = (stream(false), stream(true));
            let mut cut = plain.clone();
            for piece in cut.chunks_mut(48) {
                sealing.apply(piece).unwrap();
            }
            assert_eq!(cut, whole, "{kind:?}");
            for piece in cut.chunks_mut(32) {
                opening.apply(piece).unwrap();
            }
            assert_eq!(cut, plain, "{kind:?}");
        }
    }

    // RFC 6229 section 2, key 0x0102030405060708090a0b0c0d0e0f10.
    #[test]
    fn arcfour_known_answer() {
        let key: Vec<u8> = (1..=16).collect();
        let mut data = [0; 16];
        Arcfour::new(&key, 0).apply(&mut data);
        assert_eq!(data[..8], [0x9a, 0xc7, 0xcc, 0x9a, 0x60, 0x9d, 0x1e, 0xf7]);
        let mut long = vec![0; 1536 + 16];
        Arcfour::new(&key, 0).apply(&mut long);
        let mut data = [0; 16];
        Arcfour::new(&key, 1536).apply(&mut data);
        assert_eq!(data[..], long[1536..]);
    }
}
