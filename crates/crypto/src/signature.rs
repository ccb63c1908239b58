//! Signatures of host keys over the exchange hash.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use shakedown_model::Name;
use shakedown_model::ssh::SignatureCheck;

use crate::blob::{Fields, strip_zeros};
use crate::host_key::plain_blob;
use crate::{CryptoError, Hash, rsa};

/// Whether `signature_blob` is the signature of `message` by the key of `host_key_blob`, in the negotiated algorithm
/// (certificate algorithms included: the key within signs). What this program cannot check is `Unverified` with the
/// reason; a blob that is broken or of another algorithm is `Wrong`.
pub fn verify(algorithm: &str, host_key_blob: &[u8], signature_blob: &[u8], message: &[u8]) -> SignatureCheck {
    match check(algorithm, host_key_blob, signature_blob, message) {
        Ok(check) => check,
        // A key or signature that ends within a field proves nothing.
        Err(_) => SignatureCheck::Wrong,
    }
}

fn check(algorithm: &str, key: &[u8], signature: &[u8], message: &[u8]) -> Result<SignatureCheck, CryptoError> {
    let unverified = |reason: String| Ok(SignatureCheck::Unverified { reason });
    let plain = plain_blob(key);
    let mut key = Fields::new(plain.as_deref().unwrap_or(key));
    let key_type = key.string()?;
    let mut fields = Fields::new(signature);
    let signed_with = fields.string()?;
    let value = fields.string()?;
    // `rsa-sha2-256-cert-v01@openssh.com` signs as `rsa-sha2-256`, and `sk-...-cert-v01@openssh.com` as `sk-...@openssh.com`.
    let expected = match algorithm.strip_suffix("-cert-v01@openssh.com") {
        Some(base) if base.starts_with("sk-") => format!("{base}@openssh.com"),
        Some(base) => base.to_owned(),
        None => algorithm.to_owned(),
    };
    if signed_with != expected.as_bytes() {
        return Ok(SignatureCheck::Wrong);
    }
    let right = match (key_type, expected.as_str()) {
        (b"ssh-rsa", "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512") => {
            let hash = match expected.as_str() {
                "ssh-rsa" => Hash::Sha1,
                "rsa-sha2-256" => Hash::Sha256,
                _ => Hash::Sha512,
            };
            let (e, n) = (key.unsigned()?, key.unsigned()?);
            match rsa::verify(hash, e, n, value, message) {
                Ok(right) => right,
                Err(error) => return unverified(error.to_string()),
            }
        }
        (b"ssh-ed25519", "ssh-ed25519") => verified(&lc::ED25519, key.string()?, message, value),
        (_, "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521")
            if key_type == expected.as_bytes() =>
        {
            let _curve = key.string()?;
            ecdsa(&expected, key.string()?, value, message)?
        }
        (b"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com") => {
            let point = key.string()?;
            let message = security_key_message(key.string()?, fields, message)?;
            verified(&lc::ED25519, point, &message, value)
        }
        (b"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com") => {
            let _curve = key.string()?;
            let point = key.string()?;
            let message = security_key_message(key.string()?, fields, message)?;
            ecdsa("ecdsa-sha2-nistp256", point, value, &message)?
        }
        _ => return unverified(format!("`{}` signatures are not checked here", Name::new(algorithm))),
    };
    Ok(if right { SignatureCheck::Verified } else { SignatureCheck::Wrong })
}

/// Whether `signature` is that of `message` by an RSA key of any size up to 16384 bits, with PKCS #1 v1.5 padding (RFC
/// 8017 section 8.2) and any hash: old certificates have keys and hashes that libraries no longer take.
///
/// # Errors
/// The key cannot be computed with, so that nothing is said of the signature.
pub fn verify_rsa_pkcs1(
    hash: Hash,
    modulus: &[u8],
    exponent: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Result<bool, CryptoError> {
    rsa::verify(hash, exponent, modulus, signature, message)
}

/// The same for a digest that is signed as it is, without the name of its hash, as IKEv1 does (RFC 2409 section 5.1).
///
/// # Errors
/// The key cannot be computed with, so that nothing is said of the signature.
pub fn verify_rsa_bare(modulus: &[u8], exponent: &[u8], signature: &[u8], digest: &[u8]) -> Result<bool, CryptoError> {
    rsa::verify_bare(exponent, modulus, signature, digest)
}

fn verified(algorithm: &'static dyn VerificationAlgorithm, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm, public).verify(message, signature).is_ok()
}

/// The signature is two mpints (RFC 5656 section 3.1.2); the library wants them in fixed length.
fn ecdsa(algorithm: &str, point: &[u8], signature: &[u8], message: &[u8]) -> Result<bool, CryptoError> {
    let (algorithm, length): (&'static dyn VerificationAlgorithm, usize) = match algorithm {
        "ecdsa-sha2-nistp256" => (&lc::ECDSA_P256_SHA256_FIXED, 32),
        "ecdsa-sha2-nistp384" => (&lc::ECDSA_P384_SHA384_FIXED, 48),
        _ => (&lc::ECDSA_P521_SHA512_FIXED, 66),
    };
    let mut fields = Fields::new(signature);
    let mut fixed = Vec::with_capacity(2 * length);
    for _ in 0..2 {
        let number = strip_zeros(fields.unsigned()?);
        let Some(zeros) = length.checked_sub(number.len()) else { return Ok(false) };
        fixed.resize(fixed.len() + zeros, 0);
        fixed.extend_from_slice(number);
    }
    Ok(verified(algorithm, point, message, &fixed))
}

/// What a security key signs instead of the message itself (OpenSSH's PROTOCOL.u2f): the digests of application and
/// message with the flags and the counter between them.
fn security_key_message(application: &[u8], mut fields: Fields<'_>, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut signed = Hash::Sha256.digest(&[application]);
    signed.push(fields.byte()?);
    signed.extend(fields.u32()?.to_be_bytes());
    signed.extend(Hash::Sha256.digest(&[message]));
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateHostKey;

    #[test]
    fn generated_keys_sign_and_verify() {
        let keys = [
            PrivateHostKey::generate_ed25519().unwrap(),
            PrivateHostKey::generate_ecdsa_p256().unwrap(),
            PrivateHostKey::generate_ecdsa("nistp521").unwrap(),
        ];
        for key in keys {
            let algorithm = key.key_type();
            let blob = key.sign(algorithm.as_str(), b"message").unwrap();
            let check = verify(algorithm.as_str(), key.public_blob(), &blob, b"message");
            assert_eq!(check, SignatureCheck::Verified, "{algorithm}");
            // A signature in another algorithm than the negotiated one is wrong, whatever it says.
            assert_eq!(verify("rsa-sha2-256", key.public_blob(), &blob, b"message"), SignatureCheck::Wrong);
            for cut in 0..blob.len() {
                let check = verify(algorithm.as_str(), key.public_blob(), &blob[..cut], b"message");
                assert_eq!(check, SignatureCheck::Wrong, "{algorithm} cut at {cut}");
            }
        }
    }

    #[test]
    fn rsa_keys_that_were_made_here_sign_with_every_hash() {
        let key = PrivateHostKey::generate_rsa(2048).unwrap();
        for algorithm in key.algorithms() {
            let blob = key.sign(algorithm.as_str(), b"message").unwrap();
            let check = verify(algorithm.as_str(), key.public_blob(), &blob, b"message");
            assert_eq!(check, SignatureCheck::Verified, "{algorithm}");
        }
    }

    #[test]
    fn what_cannot_be_checked_is_unverified() {
        let blob = |name: &[u8]| {
            let mut blob = Vec::new();
            crate::blob::put_string(&mut blob, name);
            crate::blob::put_string(&mut blob, &[1; 40]);
            blob
        };
        for name in ["ssh-dss", "ssh-ed448"] {
            let check = verify(name, &blob(name.as_bytes()), &blob(name.as_bytes()), b"");
            assert!(matches!(check, SignatureCheck::Unverified { .. }), "{name}: {check:?}");
        }
    }
}
