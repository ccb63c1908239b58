//! UMAC, RFC 4418, with AES-128: the MACs `umac-64@openssh.com` and `umac-128@openssh.com`.

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use zeroize::Zeroizing;

use crate::CryptoError;

/// One block of AES.
const BLOCK: usize = 16;
/// What is hashed at once in the first layer, in bytes.
const CHUNK: usize = 1024;
const PRIME_36: u64 = (1 << 36) - 5;
const PRIME_64: u128 = (1 << 64) - 59;

/// The keys of one direction. Has no `Debug`; wiped when dropped.
pub(super) struct Umac {
    /// Tag length in bytes: 8 or 16.
    length: usize,
    pad: EncryptingKey,
    layer1: Zeroizing<Vec<u32>>,
    layer2: Zeroizing<Vec<u64>>,
    layer3: Zeroizing<Vec<u64>>,
    last: Zeroizing<Vec<u8>>,
}

impl Umac {
    /// With a key of 16 bytes and tags of this length.
    pub(super) fn new(key: &[u8], length: usize) -> Result<Self, CryptoError> {
        let passes = length / 4;
        let derive = |index: u8, bytes: usize| -> Result<Zeroizing<Vec<u8>>, CryptoError> {
            let blocks = bytes.div_ceil(BLOCK);
            let mut stream = Zeroizing::new(Vec::with_capacity(blocks * BLOCK));
            for number in 1..=u64::try_from(blocks).map_err(|_| CryptoError::Library)? {
                stream.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, index]);
                stream.extend_from_slice(&number.to_be_bytes());
            }
            encrypt(&ecb(key)?, &mut stream)?;
            stream.truncate(bytes);
            Ok(stream)
        };
        let words = |bytes: &[u8]| bytes.chunks_exact(4).map(|word| u32::from_be_bytes(array(word))).collect();
        let long = |bytes: &[u8]| bytes.chunks_exact(8).map(|word| u64::from_be_bytes(array(word))).collect::<Vec<_>>();
        let second = derive(2, passes * 24)?;
        // Of the 24 bytes of a pass only the first eight are used for what is shorter than 16 MiB.
        let second = second.chunks_exact(24).filter_map(|of| of.first_chunk::<8>());
        Ok(Self {
            length,
            pad: ecb(&derive(0, BLOCK)?)?,
            layer1: Zeroizing::new(words(&derive(1, CHUNK + (passes - 1) * 16)?)),
            layer2: Zeroizing::new(second.map(|key| u64::from_be_bytes(*key) & 0x01ff_ffff_01ff_ffff).collect()),
            layer3: Zeroizing::new(long(&derive(3, passes * 64)?).into_iter().map(|key| key % PRIME_36).collect()),
            last: derive(4, passes * 4)?,
        })
    }

    /// The tag over the parts, one after another, of the packet with this number.
    pub(super) fn tag(&self, sequence: u32, parts: &[&[u8]]) -> Result<Vec<u8>, CryptoError> {
        let message = parts.concat();
        let mut tag = self.pad(sequence)?;
        for (pass, four) in tag.chunks_exact_mut(4).enumerate() {
            let hash = self.hash(pass, &message).ok_or(CryptoError::Library)?;
            four.iter_mut().zip(hash).for_each(|(pad, hash)| *pad ^= hash);
        }
        Ok(tag)
    }

    /// RFC 4418 section 3.3.1, the nonce being the number as eight bytes.
    fn pad(&self, sequence: u32) -> Result<Vec<u8>, CryptoError> {
        let tags = u64::try_from(BLOCK / self.length).map_err(|_| CryptoError::Library)?;
        let number = u64::from(sequence);
        let index = number % tags;
        let mut block = (number ^ index).to_be_bytes().to_vec();
        block.resize(BLOCK, 0);
        encrypt(&self.pad, &mut block)?;
        let begin = usize::try_from(index).map_err(|_| CryptoError::Library)? * self.length;
        block.get(begin..begin + self.length).map(<[u8]>::to_vec).ok_or(CryptoError::Library)
    }

    fn hash(&self, pass: usize, message: &[u8]) -> Option<[u8; 4]> {
        let key = self.layer1.get(pass * 4..pass * 4 + CHUNK / 4)?;
        let mut chunks: Vec<&[u8]> = message.chunks(CHUNK).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let first: Vec<u64> = chunks.into_iter().map(|chunk| first_layer(key, chunk)).collect();
        let second = match first.as_slice() {
            [one] => u128::from(*one),
            many => second_layer(u128::from(*self.layer2.get(pass)?), many),
        };
        let key = self.layer3.get(pass * 8..pass * 8 + 8)?;
        let sum = second.to_be_bytes().chunks_exact(2).zip(key).fold(0_u64, |sum, (word, key)| {
            // Below 2^16 times 2^36, eight times.
            sum + u64::from(u16::from_be_bytes(array(word))) * key
        });
        let [_, _, _, _, hash @ ..] = (sum % PRIME_36).to_be_bytes();
        let mask = self.last.get(pass * 4..pass * 4 + 4)?;
        let mut masked = hash;
        masked.iter_mut().zip(mask).for_each(|(hash, mask)| *hash ^= mask);
        Some(masked)
    }
}

/// NH, RFC 4418 section 5.2.2, with the length added. The message is read in words of the other byte order.
fn first_layer(key: &[u32], chunk: &[u8]) -> u64 {
    let mut padded = chunk.to_vec();
    padded.resize(chunk.len().max(1).next_multiple_of(32), 0);
    let words: Vec<u32> = padded.chunks_exact(4).map(|word| u32::from_le_bytes(array(word))).collect();
    let bits = u64::try_from(chunk.len()).unwrap_or(u64::MAX).wrapping_mul(8);
    words.chunks_exact(8).zip(key.chunks_exact(8)).fold(bits, |sum, (words, keys)| {
        let added: Vec<u64> = words.iter().zip(keys).map(|(word, key)| u64::from(word.wrapping_add(*key))).collect();
        let (low, high) = added.split_at(4);
        low.iter().zip(high).fold(sum, |sum, (low, high)| sum.wrapping_add(low.wrapping_mul(*high)))
    })
}

/// POLY over 64 bits, RFC 4418 section 5.3.2.
fn second_layer(key: u128, words: &[u64]) -> u128 {
    const HIGHEST: u64 = u64::MAX << 32;
    let offset = u128::from(u64::MAX) + 1 - PRIME_64;
    words.iter().fold(1, |sum, &word| {
        let word = u128::from(word);
        if word >= u128::from(HIGHEST) {
            let marked = (key * sum + (PRIME_64 - 1)) % PRIME_64;
            (key * marked + (word - offset)) % PRIME_64
        } else {
            (key * sum + word) % PRIME_64
        }
    })
}

/// The bytes of a slice that has this length.
fn array<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    bytes.first_chunk().copied().unwrap_or([0; LENGTH])
}

fn ecb(key: &[u8]) -> Result<EncryptingKey, CryptoError> {
    let key = UnboundCipherKey::new(&AES_128, key).map_err(|_| CryptoError::Library)?;
    EncryptingKey::ecb(key).map_err(|_| CryptoError::Library)
}

fn encrypt(key: &EncryptingKey, blocks: &mut [u8]) -> Result<(), CryptoError> {
    key.less_safe_encrypt(blocks, EncryptionContext::None).map(|_| ()).map_err(|_| CryptoError::Library)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4418 appendix, for the key `abcdefghijklmnop`; its nonce `bcdefghi` is no packet number, so that the pads are
    // taken away: what two messages differ by does not depend on it.
    #[test]
    fn known_answers() {
        let umac = Umac::new(b"abcdefghijklmnop", 8).unwrap();
        let expected: [(Vec<u8>, u64); 6] = [
            (b"aaa".to_vec(), 0x44B5_CB54_2F22_0104),
            (vec![b'a'; 1 << 10], 0x26BF_2F5D_6011_8BD9),
            (vec![b'a'; 1 << 15], 0x27F8_EF64_3B0D_118D),
            (b"abc".to_vec(), 0xD4D7_B9F6_BD4F_BFCF),
            (b"abc".repeat(500), 0xD4CF_26DD_EFD5_C01A),
            (Vec::new(), 0x6E15_5FAD_2690_0BE1),
        ];
        let tag = |message: &[u8]| u64::from_be_bytes(umac.tag(7, &[message]).unwrap().try_into().unwrap());
        let (first, known) = (tag(&expected[0].0), expected[0].1);
        for (message, answer) in &expected {
            assert_eq!(tag(message) ^ first, answer ^ known, "{} bytes", message.len());
        }
    }

    #[test]
    fn numbers_share_a_pad_by_halves() {
        let umac = Umac::new(&[7; 16], 8).unwrap();
        let pads: Vec<Vec<u8>> = (0..4).map(|number| umac.pad(number).unwrap()).collect();
        assert!(pads.iter().enumerate().all(|(place, pad)| !pads[..place].contains(pad)));
        assert_eq!(Umac::new(&[7; 16], 16).unwrap().pad(1).unwrap().len(), 16);
    }
}
