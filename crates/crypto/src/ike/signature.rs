use crate::{CryptoError, Hash, PrivateHostKey};

/// Numbers of the registry "IKEv2 Authentication Method".
pub mod auth_method {
    /// RSA, PKCS #1 v1.5, as a rule with SHA-1.
    pub const RSA: u8 = 1;
    /// A pre-shared key.
    pub const SHARED_KEY: u8 = 2;
    /// ECDSA with SHA-256 on P-256, RFC 4754.
    pub const ECDSA_256: u8 = 9;
    /// ECDSA with SHA-384 on P-384, RFC 4754.
    pub const ECDSA_384: u8 = 10;
    /// ECDSA with SHA-512 on P-521, RFC 4754.
    pub const ECDSA_521: u8 = 11;
    /// NULL, RFC 7619.
    pub const NULL: u8 = 13;
    /// Any that an AlgorithmIdentifier in front of it names, RFC 7427.
    pub const DIGITAL_SIGNATURE: u8 = 14;
}

/// Hashes of the registry "IKEv2 Hash Algorithms", RFC 7427 section 4, the strongest first. "Identity" is Ed25519's.
const HASHES: [(u16, Hash); 4] = [(4, Hash::Sha512), (3, Hash::Sha384), (2, Hash::Sha256), (1, Hash::Sha1)];
const IDENTITY: u16 = 5;

/// The private key of an end that proves itself with a certificate. Has no `Debug`; wiped when dropped.
pub struct SigningKey(PrivateHostKey);

/// A proof by signature: what goes into an authentication payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The authentication method.
    pub method: u8,
    /// What stands behind it.
    pub data: Vec<u8>,
}

/// A signature of method 14: with the algorithm that is written in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlgorithmIdentifier<'a> {
    /// The algorithm in DER.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> AlgorithmIdentifier<'a> {
    /// From the data of an authentication payload, RFC 7427 section 3; `None` where it is shorter than it says.
    pub fn split(data: &'a [u8]) -> Option<Self> {
        let (length, rest) = data.split_first()?;
        let (algorithm, signature) = rest.split_at_checked(usize::from(*length))?;
        Some(Self { algorithm, signature })
    }
}

impl SigningKey {
    /// From a private key file without a passphrase, in PEM.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] with the reason.
    pub fn from_file(bytes: &[u8]) -> Result<Self, CryptoError> {
        PrivateHostKey::from_key_file(bytes).map(Self)
    }

    /// Signs what an end has to sign. `hashes` are those that the peer has announced (SIGNATURE_HASH_ALGORITHMS): only then
    /// method 14 may be used (RFC 7427 section 4).
    ///
    /// # Errors
    /// The key cannot sign for such a peer, or the library fails.
    pub fn sign(&self, octets: &[u8], hashes: &[u16]) -> Result<Signature, CryptoError> {
        let key_type = self.0.key_type();
        match (key_type.as_str(), hashes.is_empty()) {
            ("ssh-rsa", true) => Ok(Signature { method: auth_method::RSA, data: self.0.plain(Hash::Sha1, octets)? }),
            ("ssh-rsa", false) => {
                let hash = HASHES.iter().find(|(number, _)| hashes.contains(number));
                let hash = hash.map_or(Hash::Sha256, |(_, hash)| *hash);
                self.with_algorithm(&rsa_algorithm(hash), self.0.plain(hash, octets)?)
            }
            ("ssh-ed25519", false) if hashes.contains(&IDENTITY) => {
                self.with_algorithm(&[0x30, 5, 6, 3, 0x2b, 0x65, 0x70], self.0.plain(Hash::Sha512, octets)?)
            }
            ("ssh-ed25519", _) => Err(CryptoError::key("the peer takes no signatures by Ed25519 (RFC 8420)")),
            (curve, announced) => {
                let (method, last) = match curve {
                    "ecdsa-sha2-nistp256" => (auth_method::ECDSA_256, 2),
                    "ecdsa-sha2-nistp384" => (auth_method::ECDSA_384, 3),
                    _ => (auth_method::ECDSA_521, 4),
                };
                // Each curve has its hash: the one that is given is not used.
                let fixed = self.0.plain(Hash::Sha256, octets)?;
                if announced {
                    return Ok(Signature { method, data: fixed });
                }
                let algorithm = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last];
                self.with_algorithm(&algorithm, ecdsa_der(&fixed)?)
            }
        }
    }

    /// Signs the hash that proves an end of IKEv1 (RFC 2409 section 5.1); `None` for a key that is none of RSA.
    pub fn sign_hash(&self, hash: &[u8]) -> Option<Result<Vec<u8>, CryptoError>> {
        self.0.rsa_bare(hash)
    }

    fn with_algorithm(&self, algorithm: &[u8], signature: Vec<u8>) -> Result<Signature, CryptoError> {
        let length = u8::try_from(algorithm.len()).map_err(|_| CryptoError::Library)?;
        let data = [&[length], algorithm, &signature].concat();
        Ok(Signature { method: auth_method::DIGITAL_SIGNATURE, data })
    }
}

/// RSASSA-PKCS1-v1_5 with a hash, RFC 7427 appendix A.1.
fn rsa_algorithm(hash: Hash) -> [u8; 15] {
    let last = match hash {
        Hash::Md5 => 4,
        Hash::Sha1 => 5,
        Hash::Sha256 => 11,
        Hash::Sha384 => 12,
        Hash::Sha512 => 13,
    };
    [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last, 5, 0]
}

/// The two numbers of a signature in DER.
pub(crate) fn ecdsa_der(fixed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut contents = Vec::new();
    for half in fixed.chunks((fixed.len() / 2).max(1)) {
        let number = crate::blob::strip_zeros(half);
        let sign = number.first().is_none_or(|first| first & 0x80 != 0);
        let length = u8::try_from(number.len() + usize::from(sign)).map_err(|_| CryptoError::Library)?;
        contents.extend([2, length]);
        contents.extend(std::iter::repeat_n(0, usize::from(sign)));
        contents.extend_from_slice(number);
    }
    let length = u8::try_from(contents.len()).map_err(|_| CryptoError::Library)?;
    let mut der = vec![0x30];
    if length >= 0x80 {
        der.push(0x81);
    }
    der.push(length);
    der.extend(contents);
    Ok(der)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature as lc;

    use super::*;

    fn point(key: &PrivateHostKey) -> Vec<u8> {
        let blob = key.public_blob();
        blob[blob.len() - if key.key_type() == *"ecdsa-sha2-nistp256" { 65 } else { 133 }..].to_vec()
    }

    #[test]
    fn curves_sign_in_both_forms() {
        let key = SigningKey(PrivateHostKey::generate_ecdsa_p256().unwrap());
        let public = point(&key.0);
        let old = key.sign(b"octets", &[]).unwrap();
        assert_eq!((old.method, old.data.len()), (auth_method::ECDSA_256, 64));
        lc::UnparsedPublicKey::new(&lc::ECDSA_P256_SHA256_FIXED, &public).verify(b"octets", &old.data).unwrap();
        let large = SigningKey(PrivateHostKey::generate_ecdsa("nistp521").unwrap());
        // The numbers begin with zeros now and then.
        for _ in 0..40 {
            let new = key.sign(b"octets", &[2]).unwrap();
            let AlgorithmIdentifier { algorithm, signature } = AlgorithmIdentifier::split(&new.data).unwrap();
            assert_eq!((new.method, algorithm.len()), (auth_method::DIGITAL_SIGNATURE, 12));
            lc::UnparsedPublicKey::new(&lc::ECDSA_P256_SHA256_ASN1, &public).verify(b"octets", signature).unwrap();
            let new = large.sign(b"octets", &[2]).unwrap();
            let signature = AlgorithmIdentifier::split(&new.data).unwrap().signature;
            let public = point(&large.0);
            lc::UnparsedPublicKey::new(&lc::ECDSA_P521_SHA512_ASN1, &public).verify(b"octets", signature).unwrap();
        }
    }

    #[test]
    fn rsa_takes_the_strongest_hash_of_the_peer() {
        let key = SigningKey(PrivateHostKey::generate_rsa(2048).unwrap());
        assert_eq!(key.sign(b"octets", &[]).unwrap().method, auth_method::RSA);
        for (hashes, last) in [(&[1, 2][..], 11), (&[2, 3, 4], 13), (&[1], 5)] {
            let new = key.sign(b"octets", hashes).unwrap();
            let AlgorithmIdentifier { algorithm, signature } = AlgorithmIdentifier::split(&new.data).unwrap();
            assert_eq!((algorithm[12], signature.len()), (last, 256));
        }
        assert_eq!(AlgorithmIdentifier::split(&[3, 1, 2]), None);
    }

    #[test]
    fn ed25519_needs_a_peer_that_says_so() {
        let key = SigningKey(PrivateHostKey::generate_ed25519().unwrap());
        assert!(key.sign(b"octets", &[2]).is_err() && key.sign(b"octets", &[]).is_err());
        assert_eq!(key.sign(b"octets", &[2, 5]).unwrap().data.len(), 1 + 7 + 64);
    }
}
