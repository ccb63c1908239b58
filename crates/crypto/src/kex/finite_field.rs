use zeroize::Zeroizing;

use crate::CryptoError;
use crate::blob::strip_zeros;
use crate::modular::Modulus;

/// The largest modulus that is computed with, in bits. OpenSSH stops at 8192; some servers hold 16384-bit groups.
const LARGEST: u32 = 16384;
/// The smallest, in bits: below that it is a mistake and not a group.
const SMALLEST: u32 = 256;
/// The length of a private exponent in bytes: twice 256 bits of security, which no group here exceeds.
const EXPONENT: usize = 64;

/// One end of an exchange in a finite field.
pub(crate) struct FieldKey {
    modulus: Modulus,
    exponent: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl FieldKey {
    pub(crate) fn generate(p: &[u8], g: &[u8]) -> Result<Self, CryptoError> {
        let modulus = Modulus::new(p).ok_or_else(|| CryptoError::group("the modulus is even"))?;
        if !(SMALLEST..=LARGEST).contains(&modulus.bits()) {
            return Err(CryptoError::group(format!("the modulus has {} bits", modulus.bits())));
        }
        if !modulus.is_proper(g) {
            return Err(CryptoError::group("the generator is not between 1 and p-1"));
        }
        let mut exponent = Zeroizing::new(vec![0; EXPONENT.min(modulus.length() - 1)]);
        // The public value is proper all but always; a generator of tiny order would loop for ever.
        for _ in 0..16 {
            crate::random(&mut exponent)?;
            let public = modulus.power(g, &exponent).ok_or(CryptoError::Library)?;
            if modulus.is_proper(&public) {
                return Ok(Self { public: strip_zeros(&public).to_vec(), modulus, exponent });
            }
        }
        Err(CryptoError::group("the generator has a tiny order"))
    }

    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    pub(crate) fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if !self.modulus.is_proper(peer) {
            return Err(CryptoError::public_value("it is not between 1 and p-1"));
        }
        let secret = self.modulus.power(peer, &self.exponent).ok_or(CryptoError::Library)?;
        // RFC 4253 leaves it open, OpenSSH refuses a shared secret of 0 or 1.
        if crate::blob::bit_length(&secret) < 2 {
            return Err(CryptoError::public_value("it has a tiny order"));
        }
        Ok(secret)
    }
}
