use zeroize::Zeroizing;

use shakedown_model::Name;

use crate::blob::Fields;
use crate::ike::ecdsa_der;
use crate::{CryptoError, Hash, PrivateHostKey};

/// What kind of key a server proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA, with the size in bits.
    Rsa(u32),
    /// ECDSA on secp256r1, secp384r1 or secp521r1, by the size in bits.
    Ec(u32),
    /// Ed25519.
    Ed25519,
}

/// The private key of a server's certificate. Has no `Debug`; wiped when dropped.
pub struct ServerKey {
    key: PrivateHostKey,
    kind: KeyKind,
}

impl ServerKey {
    /// A new key; RSA of 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] for a size that is not made here, or the library fails.
    pub fn generate(kind: KeyKind) -> Result<Self, CryptoError> {
        let key = match kind {
            KeyKind::Rsa(bits) => PrivateHostKey::generate_rsa(bits)?,
            KeyKind::Ec(bits) => PrivateHostKey::generate_ecdsa(&format!("nistp{bits}"))?,
            KeyKind::Ed25519 => PrivateHostKey::generate_ed25519()?,
        };
        Ok(Self { key, kind })
    }

    /// From a private key file without a passphrase, in PEM.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] with the reason.
    pub fn from_file(bytes: &[u8]) -> Result<Self, CryptoError> {
        let key = PrivateHostKey::from_key_file(bytes)?;
        let kind = match key.key_type().as_str() {
            "ssh-ed25519" => KeyKind::Ed25519,
            "ecdsa-sha2-nistp256" => KeyKind::Ec(256),
            "ecdsa-sha2-nistp384" => KeyKind::Ec(384),
            "ecdsa-sha2-nistp521" => KeyKind::Ec(521),
            _ => {
                let (_, n) = rsa_numbers(&key)?;
                KeyKind::Rsa(crate::blob::bit_length(n))
            }
        };
        Ok(Self { key, kind })
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key as a certificate holds it in `subjectPublicKey`: a point, the 32 bytes of Ed25519, or modulus and
    /// exponent in DER.
    ///
    /// # Errors
    /// The key is damaged.
    pub fn public(&self) -> Result<Vec<u8>, CryptoError> {
        let mut fields = Fields::new(self.key.public_blob());
        fields.string()?;
        match self.kind {
            KeyKind::Ed25519 => Ok(fields.string()?.to_vec()),
            KeyKind::Ec(_) => {
                fields.string()?;
                Ok(fields.string()?.to_vec())
            }
            KeyKind::Rsa(_) => {
                let (e, n) = rsa_numbers(&self.key)?;
                Ok(der(0x30, &[der_number(n), der_number(e)].concat()))
            }
        }
    }

    /// Whether it can sign by a scheme of the registry "TLS SignatureScheme" here; `None` stands for the way of TLS 1.1 and
    /// below.
    pub fn can_sign(&self, scheme: Option<u16>) -> bool {
        match (how(scheme), self.kind) {
            (Some(How::Old), KeyKind::Rsa(_) | KeyKind::Ec(_))
            | (Some(How::Ecdsa(_)), KeyKind::Ec(_))
            | (Some(How::Ed25519), KeyKind::Ed25519) => true,
            (Some(How::Pkcs1(hash)), KeyKind::Rsa(bits)) => bits as usize / 8 >= hash.length() + 30,
            (Some(How::Pss(hash)), KeyKind::Rsa(bits)) => (bits as usize).div_ceil(8) >= 2 * hash.length() + 2,
            _ => false,
        }
    }

    /// The signature over a message, as ServerKeyExchange and CertificateVerify hold it.
    ///
    /// # Errors
    /// [`CryptoError::UnknownAlgorithm`] where [`Self::can_sign`] says no, or the library fails.
    pub fn sign(&self, scheme: Option<u16>, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let unknown = || {
            let name = scheme.map_or_else(|| "MD5 and SHA-1".to_owned(), |number| format!("{number:#06x}"));
            CryptoError::UnknownAlgorithm { algorithm: Name::new(&name) }
        };
        if !self.can_sign(scheme) {
            return Err(unknown());
        }
        let ecdsa = |hash| self.key.ecdsa(hash, message).ok_or_else(unknown)?.and_then(|fixed| ecdsa_der(&fixed));
        match (how(scheme).ok_or_else(unknown)?, self.kind) {
            (How::Old, KeyKind::Ec(_)) => ecdsa(Hash::Sha1),
            (How::Old, _) => self.key.rsa_md5_sha1(message).ok_or_else(unknown)?,
            (How::Ecdsa(hash), _) => ecdsa(hash),
            (How::Pss(hash), _) => self.key.rsa_pss(hash, message).ok_or_else(unknown)?,
            (How::Pkcs1(hash), _) => self.key.plain(hash, message),
            (How::Ed25519, _) => self.key.plain(Hash::Sha512, message),
        }
    }

    /// The secret that a client encrypted to this key for static RSA. What does not decrypt gives a random one, so that the
    /// handshake fails later, as it does with every server that does not tell (RFC 5246 section 7.4.7.1).
    ///
    /// # Errors
    /// The key is not RSA, or the random source fails.
    pub fn decrypt_premaster(&self, encrypted: &[u8], offered_version: u16) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let mut instead = Zeroizing::new(vec![0; 48]);
        crate::random(&mut instead)?;
        let mut secret = self
            .key
            .rsa_decrypt(encrypted, &instead)
            .ok_or_else(|| CryptoError::key("a key that is not RSA cannot decrypt"))??;
        // The version that the client offered guards against being brought down; whatever stands there, it is put in.
        secret.iter_mut().zip(offered_version.to_be_bytes()).for_each(|(byte, version)| *byte = version);
        Ok(secret)
    }
}

#[derive(Clone, Copy)]
enum How {
    /// TLS 1.1 and below: MD5 and SHA-1 with RSA, SHA-1 with ECDSA.
    Old,
    Pkcs1(Hash),
    Pss(Hash),
    Ecdsa(Hash),
    Ed25519,
}

/// RFC 8446 section 4.2.3, and RFC 5246 section 7.4.1.4.1 for what stood there before.
fn how(scheme: Option<u16>) -> Option<How> {
    Some(match scheme {
        None => How::Old,
        Some(0x0101) => How::Pkcs1(Hash::Md5),
        Some(0x0201) => How::Pkcs1(Hash::Sha1),
        Some(0x0401) => How::Pkcs1(Hash::Sha256),
        Some(0x0501) => How::Pkcs1(Hash::Sha384),
        Some(0x0601) => How::Pkcs1(Hash::Sha512),
        Some(0x0804 | 0x0809) => How::Pss(Hash::Sha256),
        Some(0x0805 | 0x080a) => How::Pss(Hash::Sha384),
        Some(0x0806 | 0x080b) => How::Pss(Hash::Sha512),
        Some(0x0203) => How::Ecdsa(Hash::Sha1),
        Some(0x0403) => How::Ecdsa(Hash::Sha256),
        Some(0x0503) => How::Ecdsa(Hash::Sha384),
        Some(0x0603) => How::Ecdsa(Hash::Sha512),
        Some(0x0807) => How::Ed25519,
        Some(_) => return None,
    })
}

/// Exponent and modulus.
fn rsa_numbers(key: &PrivateHostKey) -> Result<(&[u8], &[u8]), CryptoError> {
    let mut fields = Fields::new(key.public_blob());
    fields.string()?;
    Ok((fields.unsigned()?, fields.unsigned()?))
}

fn der_number(number: &[u8]) -> Vec<u8> {
    let sign = number.first().is_none_or(|first| first & 0x80 != 0);
    der(2, &[&vec![0; usize::from(sign)], number].concat())
}

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    let head = match (length, digits.len()) {
        (0..0x80, _) => vec![tag, length as u8],
        (_, count) => [&[tag, 0x80 | count as u8], digits.as_slice()].concat(),
    };
    [head, contents.to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature as lc;

    use super::*;

    #[test]
    fn signatures_hold_for_the_library() {
        let rsa = ServerKey::generate(KeyKind::Rsa(2048)).unwrap();
        let check = |key: &ServerKey, scheme, algorithm: &'static dyn lc::VerificationAlgorithm| {
            let signature = key.sign(Some(scheme), b"message").unwrap();
            lc::UnparsedPublicKey::new(algorithm, key.public().unwrap()).verify(b"message", &signature).unwrap();
        };
        check(&rsa, 0x0401, &lc::RSA_PKCS1_2048_8192_SHA256);
        check(&rsa, 0x0201, &lc::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY);
        check(&rsa, 0x0804, &lc::RSA_PSS_2048_8192_SHA256);
        check(&rsa, 0x0805, &lc::RSA_PSS_2048_8192_SHA384);
        check(&rsa, 0x0806, &lc::RSA_PSS_2048_8192_SHA512);
        let p256 = ServerKey::generate(KeyKind::Ec(256)).unwrap();
        check(&p256, 0x0203, &lc::ECDSA_P256_SHA1_ASN1);
        check(&p256, 0x0403, &lc::ECDSA_P256_SHA256_ASN1);
        check(&p256, 0x0603, &lc::ECDSA_P256_SHA512_ASN1);
        let p384 = ServerKey::generate(KeyKind::Ec(384)).unwrap();
        check(&p384, 0x0403, &lc::ECDSA_P384_SHA256_ASN1);
        check(&p384, 0x0603, &lc::ECDSA_P384_SHA512_ASN1);
        let p521 = ServerKey::generate(KeyKind::Ec(521)).unwrap();
        check(&p521, 0x0203, &lc::ECDSA_P521_SHA1_ASN1);
        check(&p521, 0x0503, &lc::ECDSA_P521_SHA384_ASN1);
        check(&ServerKey::generate(KeyKind::Ed25519).unwrap(), 0x0807, &lc::ED25519);
        assert!(p256.sign(Some(0x0401), b"").is_err() && rsa.sign(Some(0x0403), b"").is_err());
        assert!(rsa.sign(Some(0x0301), b"").is_err(), "SHA-224 is not computed here");
        assert_eq!(rsa.sign(None, b"message").unwrap().len(), 256);
        assert!(p256.sign(None, b"message").is_ok());
    }

    #[test]
    fn what_was_not_encrypted_to_the_key_gives_a_secret_all_the_same() {
        let rsa = ServerKey::generate(KeyKind::Rsa(2048)).unwrap();
        for encrypted in [vec![0; 256], vec![0xff; 256], vec![7; 10], vec![0x55; 256]] {
            let secret = rsa.decrypt_premaster(&encrypted, 0x0303).unwrap();
            assert_eq!((secret.len(), &secret[..2]), (48, &[3, 3][..]));
        }
    }
}
