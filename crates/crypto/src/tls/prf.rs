use zeroize::Zeroizing;

use crate::Hash;
use crate::ike::hmac;

/// The pseudo-random function of TLS 1.0 to 1.2, and the hash that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prf {
    /// TLS 1.0 and 1.1: MD5 and SHA-1 side by side (RFC 2246 section 5).
    Md5Sha1,
    /// TLS 1.2: the suite's hash, SHA-256 where it names none (RFC 5246 section 5).
    Hash(Hash),
}

impl Prf {
    /// So many bytes from a secret.
    pub fn compute(self, secret: &[u8], label: &str, seed: &[&[u8]], length: usize) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Hash(hash) => expand(hash, secret, label, seed, length),
            Self::Md5Sha1 => {
                // The halves share the middle byte of a secret of odd length.
                let half = secret.len().div_ceil(2);
                let first = secret.get(..half).unwrap_or_default();
                let second = secret.get(secret.len() - half..).unwrap_or_default();
                let mut mixed = expand(Hash::Md5, first, label, seed, length);
                let other = expand(Hash::Sha1, second, label, seed, length);
                mixed.iter_mut().zip(other.iter()).for_each(|(byte, other)| *byte ^= other);
                mixed
            }
        }
    }

    /// The hash of the handshake messages, as Finished takes it.
    pub fn digest(self, messages: &[u8]) -> Vec<u8> {
        match self {
            Self::Hash(hash) => hash.digest(&[messages]),
            Self::Md5Sha1 => [Hash::Md5.digest(&[messages]), Hash::Sha1.digest(&[messages])].concat(),
        }
    }
}

/// `P_hash`, RFC 5246 section 5.
fn expand(hash: Hash, secret: &[u8], label: &str, seed: &[&[u8]], length: usize) -> Zeroizing<Vec<u8>> {
    let mut whole: Vec<&[u8]> = vec![label.as_bytes()];
    whole.extend(seed);
    let mut output = Zeroizing::new(Vec::with_capacity(length.saturating_add(hash.length())));
    let mut a = hmac(hash, secret, &whole);
    while output.len() < length {
        let mut parts: Vec<&[u8]> = vec![&a];
        parts.extend(&whole);
        output.extend_from_slice(&hmac(hash, secret, &parts));
        a = hmac(hash, secret, &[&a]);
    }
    output.truncate(length);
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::bytes;

    // What `openssl kdf ... TLS1-PRF` gives for the same input; the first is also the vector that implementations of TLS 1.2
    // share.
    #[test]
    fn known_answers() {
        let seed = bytes("a0ba9f936cda311827a6f796ffd5198c");
        let secret = bytes("9bbe436ba940f017b17652849a71db35");
        let found = Prf::Hash(Hash::Sha256).compute(&secret, "test label", &[&seed], 100);
        assert_eq!(found[..16], bytes("e3f229ba727be17b8d122620557cd453"));
        assert_eq!(found[96..], bytes("87347b66"));
        let found = Prf::Md5Sha1.compute(&secret[..15], "test label", &[&seed[..5], &seed[5..]], 32);
        assert_eq!(found.to_vec(), bytes("9cdd9053742667b628ac7c1c747825e1fcb0f2b91ed98fc3f52e811e4e0f1054"));
    }

    #[test]
    fn the_halves_of_an_odd_secret_share_a_byte() {
        let found = Prf::Md5Sha1.compute(&[1, 2, 3], "label", &[b"seed"], 40);
        let first = expand(Hash::Md5, &[1, 2], "label", &[b"seed"], 40);
        let second = expand(Hash::Sha1, &[2, 3], "label", &[b"seed"], 40);
        assert!(found.iter().zip(first.iter().zip(second.iter())).all(|(byte, (one, other))| *byte == one ^ other));
        assert_eq!(Prf::Md5Sha1.digest(b"").len(), 36);
    }
}
