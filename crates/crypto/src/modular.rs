//! Modular exponentiation over moduli that are known only at run time.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use zeroize::{Zeroize, Zeroizing};

use crate::blob::{bit_length, strip_zeros};

/// An odd modulus, prepared for exponentiations.
pub(crate) struct Modulus {
    parameters: BoxedMontyParams,
    bytes: Vec<u8>,
}

impl Modulus {
    /// `None` for an even modulus or one below 3. The modulus is public.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = strip_zeros(bytes);
        if bit_length(bytes) < 2 {
            return None;
        }
        let modulus = Odd::new(BoxedUint::from_be_slice_vartime(bytes)).into_option()?;
        Some(Self { parameters: BoxedMontyParams::new_vartime(modulus), bytes: bytes.to_vec() })
    }

    pub(crate) fn bits(&self) -> u32 {
        bit_length(&self.bytes)
    }

    /// The length of a value below the modulus, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// `base ^ exponent mod self`, as many bytes as the modulus has. The time depends on the exponent's length, not on
    /// its value. `None` where the base is not below the modulus.
    pub(crate) fn power(&self, base: &[u8], exponent: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let base = strip_zeros(base);
        if !below(base, &self.bytes) {
            return None;
        }
        let base = BoxedUint::from_be_slice(base, self.parameters.bits_precision()).ok()?;
        let bits = u32::try_from(exponent.len()).ok()?.checked_mul(8)?;
        let mut exponent = BoxedUint::from_be_slice(exponent, bits).ok()?;
        let mut power = BoxedMontyForm::new(base, &self.parameters).pow_bounded_exp(&exponent, bits);
        exponent.zeroize();
        let mut value = power.retrieve();
        power.zeroize();
        let bytes = Zeroizing::new(value.to_be_bytes().into_vec());
        value.zeroize();
        let from = bytes.len().checked_sub(self.length())?;
        bytes.get(from..).map(|bytes| Zeroizing::new(bytes.to_vec()))
    }

    /// Whether `1 < value < self - 1`, as RFC 4253 section 8 and NIST SP 800-56A demand of a public value.
    pub(crate) fn is_proper(&self, value: &[u8]) -> bool {
        let value = strip_zeros(value);
        let mut last = self.bytes.clone();
        // The modulus is odd, so one less only clears the last bit.
        if let Some(byte) = last.last_mut() {
            *byte &= 0xfe;
        }
        bit_length(value) > 1 && below(value, &last)
    }
}

/// Whether one unsigned number without leading zeros is below another. Only for public values.
fn below(a: &[u8], b: &[u8]) -> bool {
    (a.len(), a) < (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_powers() {
        let modulus = Modulus::new(&[0, 0x61]).unwrap();
        for (base, exponent) in [(2_u64, 10_u32), (96, 3), (5, 0), (3, 96), (1, 1)] {
            let expected = (0..exponent).fold(1_u64, |value, _| value * base % 0x61);
            let power = modulus.power(&[base as u8], &exponent.to_be_bytes()).unwrap();
            assert_eq!(power.as_slice(), [expected as u8], "{base}^{exponent}");
        }
        assert!(modulus.power(&[0x61], &[1]).is_none());
        assert!(Modulus::new(&[0x60]).is_none());
        assert!(Modulus::new(&[1]).is_none());
    }

    #[test]
    fn proper_public_values() {
        let modulus = Modulus::new(&[0x61]).unwrap();
        for (value, proper) in [(0, false), (1, false), (2, true), (0x5f, true), (0x60, false), (0x61, false)] {
            assert_eq!(modulus.is_proper(&[0, value]), proper, "{value}");
        }
    }
}
