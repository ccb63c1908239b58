//! AES-CCM (RFC 3610): with nonces of eleven bytes in IKE and ESP, three of salt and eight of the initialisation vector (RFC
//! 4309, RFC 5282), and of twelve in TLS (RFC 6655).

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use crate::CryptoError;

const BLOCK: usize = 16;
/// What a block has besides the flags: the nonce, and in the bytes that it leaves a length or a counter.
const BODY: usize = BLOCK - 1;

fn unbound(key: &[u8]) -> Result<UnboundCipherKey, CryptoError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::Library)
}

/// Whether bytes are to be protected or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Seal,
    Open,
}

/// Encrypts or decrypts in place, and gives the checksum of `tag` bytes over what is plain. `nonce` has eleven or twelve
/// bytes.
pub(crate) fn ccm(
    direction: Direction,
    key: &[u8],
    nonce: &[u8],
    before: &[u8],
    text: &mut [u8],
    tag: usize,
) -> Result<Vec<u8>, CryptoError> {
    let mut checksum = Vec::new();
    if direction == Direction::Seal {
        checksum = authenticated(key, nonce, before, text, tag)?;
    }
    // The first block of the stream hides the checksum, the others the text.
    let mut stream = vec![0; BLOCK];
    stream.extend_from_slice(text);
    let first: [u8; BLOCK] = numbered(0, nonce, 0)?.try_into().map_err(|_| CryptoError::Library)?;
    let context = EncryptionContext::Iv128(FixedLength::from(first));
    let cipher = EncryptingKey::ctr(unbound(key)?).map_err(|_| CryptoError::Library)?;
    cipher.less_safe_encrypt(&mut stream, context).map_err(|_| CryptoError::Library)?;
    let (mask, changed) = stream.split_at_checked(BLOCK).ok_or(CryptoError::Library)?;
    text.copy_from_slice(changed);
    if direction == Direction::Open {
        checksum = authenticated(key, nonce, before, text, tag)?;
    }
    Ok(checksum.iter().zip(mask).take(tag).map(|(one, other)| one ^ other).collect())
}

/// A block that begins with flags and the nonce and ends with a number. The flags tell how many bytes the number has, less one.
fn numbered(flags: u8, nonce: &[u8], number: usize) -> Result<Vec<u8>, CryptoError> {
    let left = BODY.checked_sub(nonce.len()).filter(|left| (2..=4).contains(left)).ok_or(CryptoError::Library)?;
    let width = u8::try_from(left - 1).map_err(|_| CryptoError::Library)?;
    let number = u32::try_from(number).map_err(|_| CryptoError::Library)?.to_be_bytes();
    let (above, number) = number.split_at_checked(number.len() - left).ok_or(CryptoError::Library)?;
    if above.iter().any(|byte| *byte != 0) {
        return Err(CryptoError::Library);
    }
    Ok([&[flags | width], nonce, number].concat())
}

/// The checksum before it is hidden, RFC 3610 section 2.2.
fn authenticated(key: &[u8], nonce: &[u8], before: &[u8], text: &[u8], tag: usize) -> Result<Vec<u8>, CryptoError> {
    let tag = u8::try_from(tag).map_err(|_| CryptoError::Library)?;
    let flags = u8::from(!before.is_empty()) << 6 | (tag.saturating_sub(2) / 2) << 3;
    let mut blocks = numbered(flags, nonce, text.len())?;
    if !before.is_empty() {
        // Two bytes tell a length below 0xff00.
        let length = u16::try_from(before.len()).ok().filter(|length| *length < 0xff00).ok_or(CryptoError::Library)?;
        blocks.extend_from_slice(&length.to_be_bytes());
        blocks.extend_from_slice(before);
        blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
    }
    blocks.extend_from_slice(text);
    blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
    let cipher = EncryptingKey::cbc(unbound(key)?).map_err(|_| CryptoError::Library)?;
    let context = EncryptionContext::Iv128(FixedLength::from([0; BLOCK]));
    cipher.less_safe_encrypt(&mut blocks, context).map_err(|_| CryptoError::Library)?;
    let last = blocks.len().checked_sub(BLOCK).and_then(|at| blocks.get(at..)).ok_or(CryptoError::Library)?;
    Ok(last.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    // What OpenSSL 3 makes of the same bytes (`aes-128-ccm`, `aes-256-ccm` with an initialisation vector of eleven bytes).
    #[test]
    fn known_answers() {
        let nonce: Vec<u8> = (100..111).collect();
        for (length, tag, expected) in [
            (16, 16, "a4ef94199e79ba1023c9b233466b1809ecf8006e81ff2325cfdbe357916fa54128c08c48"),
            (32, 8, "94b39007f086071f3f5db413ccf690bb62c2f5473df3d1d7b8add548"),
        ] {
            let (key, mut text): (Vec<u8>, Vec<u8>) = ((0..length).collect(), (200..220).collect());
            let checksum = ccm(Direction::Seal, &key, &nonce, b"before", &mut text, tag).unwrap();
            let hex: String = [text, checksum].concat().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected);
        }
    }

    // NIST SP 800-38C appendix C.3, whose nonce has twelve bytes.
    #[test]
    fn known_answer_with_the_nonce_of_tls() {
        let bytes = |first: u8, count: u8| (first..first + count).collect::<Vec<u8>>();
        let (key, nonce, before, mut text) = (bytes(0x40, 16), bytes(0x10, 12), bytes(0, 20), bytes(0x20, 24));
        let checksum = ccm(Direction::Seal, &key, &nonce, &before, &mut text, 8).unwrap();
        let hex: String = [text, checksum].concat().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951");
    }

    #[test]
    fn both_directions_fit_and_each_byte_counts() {
        for key in [16, 24, 32] {
            for tag in [8, 12, 16] {
                for length in [0, 1, 15, 16, 17, 200] {
                    let (key, nonce) = (vec![7; key], vec![9; 11 + usize::from(tag == 8)]);
                    let mut text: Vec<u8> = (0..length).collect();
                    let checksum = ccm(Direction::Seal, &key, &nonce, b"before", &mut text, tag).unwrap();
                    assert_eq!(checksum.len(), tag);
                    let mut plain = text.clone();
                    assert_eq!(ccm(Direction::Open, &key, &nonce, b"before", &mut plain, tag).unwrap(), checksum);
                    assert_eq!(plain, (0..length).collect::<Vec<u8>>());
                    assert_ne!(ccm(Direction::Open, &key, &nonce, b"Before", &mut text, tag).unwrap(), checksum);
                }
            }
        }
    }
}
