//! Checksums made of AES: XCBC (RFC 3566, RFC 4434) and CMAC (RFC 4493, RFC 4615).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use crate::CryptoError;

const BLOCK: usize = 16;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockMac {
    /// AES-XCBC.
    Xcbc,
    /// AES-CMAC.
    Cmac,
}

impl BlockMac {
    /// Over the parts one after another, with a key of 16 bytes.
    pub(super) fn compute(self, key: &[u8], parts: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let [chaining, whole, padded] = match self {
            Self::Xcbc => {
                let [one, two, three] = [1, 2, 3].map(|byte| chained(key, &mut [byte; BLOCK]));
                [one?, two?, three?]
            }
            Self::Cmac => {
                let first = doubled(&chained(key, &mut [0; BLOCK])?);
                let second = doubled(&first);
                [Zeroizing::new(key.to_vec()), first, second]
            }
        };
        let mut text = Zeroizing::new(parts.concat());
        let mask = if !text.is_empty() && text.len().is_multiple_of(BLOCK) {
            whole
        } else {
            text.push(0x80);
            let length = text.len().next_multiple_of(BLOCK);
            text.resize(length, 0);
            padded
        };
        let last = text.len().saturating_sub(BLOCK);
        text.iter_mut().skip(last).zip(mask.iter()).for_each(|(to, from)| *to ^= from);
        chained(&chaining, &mut text)
    }

    /// The same with a key of any length, as the pseudo-random function.
    pub(super) fn with_any_key(self, key: &[u8], parts: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let fixed = match (self, key.len()) {
            (_, BLOCK) => Zeroizing::new(key.to_vec()),
            // RFC 4434 section 2.
            (Self::Xcbc, 0..BLOCK) => {
                let mut padded = Zeroizing::new(key.to_vec());
                padded.resize(BLOCK, 0);
                padded
            }
            // RFC 4615 section 3.
            _ => self.compute(&[0; BLOCK], &[key])?,
        };
        self.compute(&fixed, parts)
    }
}

/// The last block of whole blocks in CBC that begins with zeros.
pub(super) fn chained(key: &[u8], text: &mut [u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let key = UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::cbc).map_err(|_| CryptoError::Library)?;
    let context = EncryptionContext::Iv128(FixedLength::from([0; BLOCK]));
    key.less_safe_encrypt(text, context).map_err(|_| CryptoError::Library)?;
    let last = text.len().checked_sub(BLOCK).and_then(|at| text.get(at..)).ok_or(CryptoError::Library)?;
    Ok(Zeroizing::new(last.to_vec()))
}

/// Times two in the field of RFC 4493 section 2.3.
fn doubled(block: &[u8]) -> Zeroizing<Vec<u8>> {
    let carried = block.iter().skip(1).map(|byte| byte >> 7).chain([0]);
    let mut twice: Vec<u8> = block.iter().zip(carried).map(|(byte, carry)| byte << 1 | carry).collect();
    let overflow = block.first().is_some_and(|byte| byte & 0x80 != 0);
    if let Some(last) = twice.last_mut() {
        *last ^= u8::from(overflow) * 0x87;
    }
    Zeroizing::new(twice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::bytes;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // RFC 3566 section 4, cases 1 to 6; RFC 4434 section 3.
    #[test]
    fn xcbc() {
        let key: Vec<u8> = (0..16).collect();
        let message: Vec<u8> = (0..34).collect();
        let expected = [
            (0, "75f0251d528ac01c4573dfd584d79f29"),
            (3, "5b376580ae2f19afe7219ceef172756f"),
            (16, "d2a246fa349b68a79998a4394ff7a263"),
            (20, "47f51b4564966215b8985c63055ed308"),
            (32, "f54f0ec8d2b9f3d36807734bd5283fd4"),
            (34, "becbb3bccdb518a30677d5481fb6b4d8"),
        ];
        for (length, digest) in expected {
            assert_eq!(hex(&BlockMac::Xcbc.compute(&key, &[&message[..length]]).unwrap()), digest, "{length}");
        }
        let long: Vec<u8> = (0..16).chain([0xed, 0xcb]).collect();
        for (key, digest) in [
            (&long[..16], "47f51b4564966215b8985c63055ed308"),
            (&long[..10], "0fa087af7d866e7653434e602fdde835"),
            (&long[..], "8cd3c93ae598a9803006ffb67c40e9e4"),
        ] {
            let (one, other) = message[..20].split_at(7);
            assert_eq!(hex(&BlockMac::Xcbc.with_any_key(key, &[one, other]).unwrap()), digest);
        }
    }

    // RFC 4493 section 4, RFC 4615 section 4.
    #[test]
    fn cmac() {
        let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
        let message = bytes(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17\
             ad2b417be66c3710",
        );
        let expected = [
            (0, "bb1d6929e95937287fa37d129b756746"),
            (16, "070a16b46b4d4144f79bdd9dd04a287c"),
            (40, "dfa66747de9ae63030ca32611497c827"),
            (64, "51f0bebf7e3b9d92fc49741779363cfe"),
        ];
        for (length, digest) in expected {
            assert_eq!(hex(&BlockMac::Cmac.compute(&key, &[&message[..length]]).unwrap()), digest, "{length}");
        }
        let long: Vec<u8> = (0..16).chain([0xed, 0xcb]).collect();
        let message: Vec<u8> = (0..20).collect();
        for (key, digest) in [
            (&long[..], "84a348a4a45d235babfffc0d2b4da09a"),
            (&long[..16], "980ae87b5f4c9c5214f5b6a8455e4c2d"),
            (&long[..10], "290d9e112edb09ee141fcf64c0b72f3d"),
        ] {
            assert_eq!(hex(&BlockMac::Cmac.with_any_key(key, &[&message]).unwrap()), digest);
        }
    }
}
