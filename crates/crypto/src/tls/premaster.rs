//! The client's side of static RSA, RFC 5246 section 7.4.7.1.

use zeroize::Zeroizing;

use crate::der::{BIT_STRING, CONTEXT_0, Der, INTEGER, OBJECT, SEQUENCE};
use crate::{CryptoError, rsa};

/// rsaEncryption, RFC 8017 appendix C.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// A secret of static RSA, and its encryption to a server's key.
pub struct EncryptedPremaster {
    /// The premaster secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// What the server decrypts.
    pub encrypted: Vec<u8>,
}

/// A fresh secret for the key of this certificate (DER), with the version that the client offered.
///
/// # Errors
/// The certificate holds no RSA key that can be computed with, or the random source fails.
pub fn encrypt_premaster(certificate: &[u8], offered_version: u16) -> Result<EncryptedPremaster, CryptoError> {
    let (n, e) = rsa_key(certificate)?;
    let mut secret = Zeroizing::new(vec![0; 48]);
    crate::random(&mut secret)?;
    secret.iter_mut().zip(offered_version.to_be_bytes()).for_each(|(byte, version)| *byte = version);
    let encrypted = rsa::encrypt(n, e, &secret)?;
    Ok(EncryptedPremaster { secret, encrypted })
}

/// Modulus and exponent, RFC 5280 section 4.1 and RFC 8017 appendix A.1.1.
fn rsa_key(certificate: &[u8]) -> Result<(&[u8], &[u8]), CryptoError> {
    let mut signed = Der::new(Der::new(Der::new(certificate).expect(SEQUENCE)?).expect(SEQUENCE)?);
    signed.optional(CONTEXT_0)?;
    signed.expect(INTEGER)?;
    // Signature, issuer, validity, subject.
    for _ in 0..4 {
        signed.expect(SEQUENCE)?;
    }
    let mut info = Der::new(signed.expect(SEQUENCE)?);
    if Der::new(info.expect(SEQUENCE)?).expect(OBJECT)? != RSA_ENCRYPTION {
        return Err(CryptoError::key("the certificate holds no RSA key"));
    }
    let key = info.expect(BIT_STRING)?.split_first().filter(|(unused, _)| **unused == 0);
    let (_, key) = key.ok_or_else(|| CryptoError::key("the certificate's key has no whole bytes"))?;
    let mut numbers = Der::new(Der::new(key).expect(SEQUENCE)?);
    let (n, e) = (numbers.expect(INTEGER)?, numbers.expect(INTEGER)?);
    Ok((crate::blob::strip_zeros(n), crate::blob::strip_zeros(e)))
}
