//! RSA with PKCS #1 v1.5 padding, RFC 8017 section 8.2, for any size of key: the library refuses keys below 1024 bits and
//! signing with SHA-1, and both are what a legacy server is known by.

use zeroize::Zeroizing;

use crate::blob::{bit_length, strip_zeros};
use crate::modular::Modulus;
use crate::{CryptoError, Hash};

/// The largest modulus that is computed with, in bits; OpenSSH stops there too.
const LARGEST: u32 = 16384;
/// The largest public exponent, in bits: a larger one only serves to keep the verifier busy.
const LARGEST_EXPONENT: u32 = 64;

/// Whether the signature is right. `Err` says why that cannot be told.
pub(crate) fn verify(hash: Hash, e: &[u8], n: &[u8], signature: &[u8], message: &[u8]) -> Result<bool, CryptoError> {
    if bit_length(n) > LARGEST {
        return Err(CryptoError::key(format!("the RSA key has {} bits", bit_length(n))));
    }
    if bit_length(e) > LARGEST_EXPONENT {
        return Err(CryptoError::key("the RSA key's public exponent is larger than 64 bits"));
    }
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let Some(expected) = padded(hash, modulus.length(), message) else {
        return Err(CryptoError::key("the RSA key is too small for the hash"));
    };
    Ok(modulus.power(signature, strip_zeros(e)).is_some_and(|recovered| recovered.as_slice() == expected))
}

/// Signs; the result has as many bytes as the modulus.
pub(crate) fn sign(hash: Hash, n: &[u8], d: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let padded = padded(hash, modulus.length(), message)
        .ok_or_else(|| CryptoError::key("the RSA key is too small for the hash"))?;
    // The exponent is brought to the modulus' length, so that its own does not show in the time.
    let mut exponent = Zeroizing::new(vec![0; modulus.length()]);
    let d = strip_zeros(d);
    let from = exponent.len().checked_sub(d.len()).ok_or_else(|| CryptoError::key("the RSA key is inconsistent"))?;
    exponent.iter_mut().skip(from).zip(d).for_each(|(to, &from)| *to = from);
    Ok(modulus.power(&padded, &exponent).ok_or(CryptoError::Library)?.to_vec())
}

/// EMSA-PKCS1-v1_5, RFC 8017 section 9.2; `None` where the key is too small for the hash.
fn padded(hash: Hash, length: usize, message: &[u8]) -> Option<Vec<u8>> {
    // DigestInfo up to the digest itself, RFC 8017 section 9.2, note 1.
    let prefix: &[u8] = match hash {
        Hash::Md5 => b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    };
    let filling = length.checked_sub(3 + prefix.len() + hash.length()).filter(|&filling| filling >= 8)?;
    let mut padded = vec![0, 1];
    padded.resize(2 + filling, 0xff);
    padded.push(0);
    padded.extend_from_slice(prefix);
    padded.extend(hash.digest(&[message]));
    Some(padded)
}
