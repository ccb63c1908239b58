use zeroize::{Zeroize as _, Zeroizing};

use super::block_mac::BlockMac;
use crate::Hash;

/// The most blocks of `prf+` (RFC 7296 section 2.13): its counter is one byte.
pub const MAX_PRF_PLUS: usize = 255;

/// A pseudo-random function: an HMAC (RFC 2104), or one made of AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prf(Of);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Hash(Hash),
    Aes(BlockMac),
}

impl Prf {
    /// That of a number in the IKEv2 registry of transform type 2; `None` where it is not computed here.
    pub fn new(number: u16) -> Option<Self> {
        let hash = match number {
            1 => Hash::Md5,
            2 => Hash::Sha1,
            4 => return Some(Self(Of::Aes(BlockMac::Xcbc))),
            8 => return Some(Self(Of::Aes(BlockMac::Cmac))),
            5 => Hash::Sha256,
            6 => Hash::Sha384,
            7 => Hash::Sha512,
            _ => return None,
        };
        Some(Self(Of::Hash(hash)))
    }

    /// The length of its output, and of the keys that are derived for it, in bytes.
    pub fn length(self) -> usize {
        match self.0 {
            Of::Hash(hash) => hash.length(),
            Of::Aes(_) => 16,
        }
    }

    /// The key that SKEYSEED is made with (RFC 7296 section 2.14): both nonces, but of each only the first eight bytes for the
    /// two functions made of AES.
    pub(super) fn seed_key(self, initiator: &[u8], responder: &[u8]) -> Vec<u8> {
        match self.0 {
            Of::Hash(_) => [initiator, responder].concat(),
            Of::Aes(_) => initiator.iter().take(8).chain(responder.iter().take(8)).copied().collect(),
        }
    }

    /// `prf(key, parts one after another)`.
    pub fn compute(self, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        match self.0 {
            Of::Hash(hash) => hmac(hash, key, parts),
            // The library fails only for keys of a wrong length, which this one never has.
            Of::Aes(mac) => mac.with_any_key(key, parts).unwrap_or_default(),
        }
    }

    /// `prf+(key, seed)`, as many bytes as asked for; fewer only beyond 255 blocks.
    pub fn expand(self, key: &[u8], seed: &[&[u8]], length: usize) -> Zeroizing<Vec<u8>> {
        let mut stream = Zeroizing::new(Vec::with_capacity(length.saturating_add(self.length())));
        let mut block = Zeroizing::new(Vec::new());
        for counter in 1..=u8::MAX {
            if stream.len() >= length {
                break;
            }
            let number = [counter];
            let mut parts: Vec<&[u8]> = vec![&block];
            parts.extend(seed);
            parts.push(&number);
            let next = self.compute(key, &parts);
            block = next;
            stream.extend_from_slice(&block);
        }
        stream.truncate(length);
        stream
    }
}

/// HMAC, RFC 2104.
pub(crate) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let block = match hash {
        Hash::Sha384 | Hash::Sha512 => 128,
        Hash::Md5 | Hash::Sha1 | Hash::Sha256 => 64,
    };
    let mut padded = Zeroizing::new(vec![0; block]);
    let mut hashed = if key.len() > block { hash.digest(&[key]) } else { Vec::new() };
    let own = if key.len() > block { hashed.as_slice() } else { key };
    padded.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
    hashed.zeroize();
    let with = |pad: u8| Zeroizing::new(padded.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>());
    let inner_key = with(0x36);
    let mut all: Vec<&[u8]> = vec![&inner_key];
    all.extend(parts);
    let inner = Zeroizing::new(hash.digest(&all));
    Zeroizing::new(hash.digest(&[&with(0x5c), &inner]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // RFC 2202 sections 2 and 3, RFC 4231 sections 4.3 and 4.7.
    #[test]
    fn known_answers() {
        let question: &[u8] = b"what do ya want for nothing?";
        let expected = [
            (1, "750c783e6ab0b503eaa86e310a5db738"),
            (2, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (5, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ];
        for (number, digest) in expected {
            let prf = Prf::new(number).unwrap();
            assert_eq!(hex(&prf.compute(b"Jefe", &[&question[..4], &question[4..]])), digest);
            assert_eq!(prf.length(), digest.len() / 2);
        }
        let long = hmac(Hash::Sha512, &[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert!(hex(&long).starts_with("80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"));
        let long = hmac(Hash::Sha384, &[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert!(hex(&long).starts_with("4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"));
        assert_eq!(Prf::new(3), None);
    }

    #[test]
    fn the_stream_goes_on_and_ends() {
        let prf = Prf::new(2).unwrap();
        let whole = prf.expand(b"key", &[b"seed"], 60);
        let first = prf.compute(b"key", &[b"seed", &[1]]);
        assert_eq!(whole[..20], first[..]);
        assert_eq!(whole[20..40], prf.compute(b"key", &[&first, b"seed", &[2]])[..]);
        assert_eq!(prf.expand(b"key", &[b"seed"], 30)[..], whole[..30]);
        assert_eq!(prf.expand(b"key", &[b"seed"], 10_000).len(), MAX_PRF_PLUS * 20);
    }
}
