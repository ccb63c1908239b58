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
    let padded = padded(hash, modulus.length(), message).ok_or_else(too_small)?;
    private(&modulus, d, &padded).map(|signature| signature.to_vec())
}

/// Signs MD5 and SHA-1 side by side, without the names of the hashes (RFC 2246 section 7.4.3).
pub(crate) fn sign_md5_sha1(n: &[u8], d: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let digest = [Hash::Md5.digest(&[message]), Hash::Sha1.digest(&[message])].concat();
    let padded = with_padding(modulus.length(), &digest).ok_or_else(too_small)?;
    private(&modulus, d, &padded).map(|signature| signature.to_vec())
}

/// Signs a digest as it is, without the name of its hash (RFC 2409 section 5.1).
pub(crate) fn sign_bare(n: &[u8], d: &[u8], digest: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let padded = with_padding(modulus.length(), digest).ok_or_else(too_small)?;
    private(&modulus, d, &padded).map(|signature| signature.to_vec())
}

/// Whether a signature of [`sign_bare`] is right. `Err` says why that cannot be told.
pub(crate) fn verify_bare(e: &[u8], n: &[u8], signature: &[u8], digest: &[u8]) -> Result<bool, CryptoError> {
    if bit_length(n) > LARGEST || bit_length(e) > LARGEST_EXPONENT {
        return Err(CryptoError::key("the RSA key is too large"));
    }
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let expected = with_padding(modulus.length(), digest).ok_or_else(too_small)?;
    Ok(modulus.power(signature, strip_zeros(e)).is_some_and(|recovered| recovered.as_slice() == expected))
}

/// RSASSA-PSS with MGF1 of the same hash and a salt of its length, RFC 8017 sections 8.1 and 9.1.
pub(crate) fn sign_pss(hash: Hash, n: &[u8], d: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let bits = modulus.bits().saturating_sub(1);
    let length = (bits as usize).div_ceil(8);
    let mut salt = vec![0; hash.length()];
    crate::random(&mut salt)?;
    let digest = hash.digest(&[&[0; 8], &hash.digest(&[message]), &salt]);
    let filling = length.checked_sub(2 * hash.length() + 2).ok_or_else(too_small)?;
    let mut data = vec![0; filling];
    data.push(1);
    data.extend_from_slice(&salt);
    let mask = (0_u32..).flat_map(|counter| hash.digest(&[&digest, &counter.to_be_bytes()]));
    data.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    if let Some(first) = data.first_mut() {
        *first &= 0xff >> (8 * length - bits as usize);
    }
    data.extend_from_slice(&digest);
    data.push(0xbc);
    private(&modulus, d, &data).map(|signature| signature.to_vec())
}

/// Encrypts with PKCS #1 v1.5, RFC 8017 section 7.2.1.
pub(crate) fn encrypt(n: &[u8], e: &[u8], secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if bit_length(n) > LARGEST || bit_length(e) > LARGEST_EXPONENT {
        return Err(CryptoError::key("the RSA key is larger than is computed with"));
    }
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let filling =
        modulus.length().checked_sub(secret.len() + 3).filter(|&filling| filling >= 8).ok_or_else(too_small)?;
    let mut padding = vec![0; filling];
    crate::random(&mut padding)?;
    // None of its bytes is zero: that one ends it.
    padding.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = 1);
    let block = Zeroizing::new([&[0, 2][..], &padding, &[0], secret].concat());
    modulus.power(&block, strip_zeros(e)).map(|encrypted| encrypted.to_vec()).ok_or_else(too_small)
}

/// Decrypts what was encrypted with PKCS #1 v1.5 and must be `instead.len()` bytes long; what is not gives `instead`, and
/// nothing tells the two apart (RFC 5246 section 7.4.7.1).
pub(crate) fn decrypt(n: &[u8], d: &[u8], encrypted: &[u8], instead: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let modulus = Modulus::new(n).ok_or_else(|| CryptoError::key("the RSA modulus is even"))?;
    let Ok(plain) = private(&modulus, d, encrypted) else { return Ok(Zeroizing::new(instead.to_vec())) };
    let from = plain.len().checked_sub(instead.len()).filter(|&from| from >= 11).ok_or_else(too_small)?;
    let (padding, secret) = plain.split_at_checked(from).ok_or_else(too_small)?;
    // Every byte is looked at, whatever those before it are.
    let mut wrong = 0_u8;
    for (place, &byte) in padding.iter().enumerate() {
        wrong |= match place {
            0 => byte,
            1 => byte ^ 2,
            _ if place + 1 == from => byte,
            _ => u8::from(byte == 0),
        };
    }
    let mask = u8::from(wrong == 0).wrapping_neg();
    Ok(Zeroizing::new(secret.iter().zip(instead).map(|(&right, &other)| right & mask | other & !mask).collect()))
}

fn too_small() -> CryptoError {
    CryptoError::key("the RSA key is too small for the hash")
}

/// The operation of the private key.
fn private(modulus: &Modulus, d: &[u8], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    // The exponent is brought to the modulus' length, so that its own does not show in the time.
    let mut exponent = Zeroizing::new(vec![0; modulus.length()]);
    let d = strip_zeros(d);
    let from = exponent.len().checked_sub(d.len()).ok_or_else(|| CryptoError::key("the RSA key is inconsistent"))?;
    exponent.iter_mut().skip(from).zip(d).for_each(|(to, &from)| *to = from);
    modulus.power(input, &exponent).ok_or(CryptoError::Library)
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
    with_padding(length, &[prefix, &hash.digest(&[message])].concat())
}

/// The padding of signatures before this.
fn with_padding(length: usize, end: &[u8]) -> Option<Vec<u8>> {
    let filling = length.checked_sub(3 + end.len()).filter(|&filling| filling >= 8)?;
    let mut padded = vec![0, 1];
    padded.resize(2 + filling, 0xff);
    padded.push(0);
    padded.extend_from_slice(end);
    Some(padded)
}
