use aws_lc_rs::digest;
use md5::Digest as _;

/// The hash functions of key exchanges, signatures and fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// MD5, RFC 1321: old fingerprints only.
    Md5,
    /// SHA-1, FIPS 180-4.
    Sha1,
    /// SHA-256, FIPS 180-4.
    Sha256,
    /// SHA-384, FIPS 180-4.
    Sha384,
    /// SHA-512, FIPS 180-4.
    Sha512,
}

impl Hash {
    /// The digest of the parts, one after another.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Self::Md5 => {
                let mut hasher = md5::Md5::new();
                parts.iter().for_each(|part| hasher.update(part));
                return hasher.finalize().to_vec();
            }
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        let mut context = digest::Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().to_vec()
    }

    /// The length of a digest in bytes.
    pub fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // The vectors of FIPS 180-4's examples and RFC 1321 appendix A.5, for the message "abc".
    #[test]
    fn known_answers() {
        let expected = [
            (Hash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Hash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (hash, digest) in expected {
            assert_eq!(hex(&hash.digest(&[b"a", b"", b"bc"])), digest);
        }
        for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            assert_eq!(hash.digest(&[b"abc"]).len(), hash.length());
        }
        assert!(hex(&Hash::Sha384.digest(&[b"abc"])).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
        assert!(hex(&Hash::Sha512.digest(&[b"abc"])).starts_with("ddaf35a193617abacc417349ae204131"));
    }
}
