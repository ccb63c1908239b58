//! X448, RFC 7748 section 5, over `crypto-bigint`: the library has none.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Choice, CtSelect as _, Odd, Resize as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::CryptoError;

/// The length of keys and shared secrets in bytes.
const LENGTH: usize = 56;
const BITS: u32 = 448;
/// (A - 2) / 4.
const A24: u64 = 39_081;
const BASE: u8 = 5;

/// One end of an exchange.
pub(crate) struct X448Key {
    scalar: Zeroizing<[u8; LENGTH]>,
}

impl X448Key {
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        let mut scalar = Zeroizing::new([0; LENGTH]);
        crate::random(scalar.as_mut())?;
        Ok(Self { scalar })
    }

    pub(crate) fn public(&self) -> Result<Vec<u8>, CryptoError> {
        let mut base = [0; LENGTH];
        if let Some(first) = base.first_mut() {
            *first = BASE;
        }
        Ok(multiply(&self.scalar, &base)?.to_vec())
    }

    pub(crate) fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let wrong = |what: &str| CryptoError::public_value(what);
        let peer: &[u8; LENGTH] = peer.try_into().map_err(|_| wrong("it has not 56 bytes"))?;
        let secret = multiply(&self.scalar, peer)?;
        // RFC 8446 section 7.4.2.
        if secret.iter().all(|&byte| byte == 0) {
            return Err(wrong("it is a point of small order"));
        }
        Ok(secret)
    }
}

/// The ladder of RFC 7748 section 5.
fn multiply(scalar: &[u8; LENGTH], point: &[u8; LENGTH]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let parameters = parameters().ok_or(CryptoError::Library)?;
    let number = |little_endian: &[u8; LENGTH]| {
        let mut bytes = *little_endian;
        bytes.reverse();
        let number = BoxedUint::from_be_slice(&bytes, BITS).map_err(|_| CryptoError::Library);
        bytes.zeroize();
        number
    };
    let mut clamped = Zeroizing::new(*scalar);
    if let [first, .., last] = clamped.as_mut_slice() {
        *first &= 252;
        *last |= 128;
    }
    let x1 = BoxedMontyForm::new(number(point)?, &parameters);
    let a24 = BoxedMontyForm::new(BoxedUint::from(A24).resize(BITS), &parameters);
    let (mut x2, mut z2) = (BoxedMontyForm::one(&parameters), BoxedMontyForm::zero(&parameters));
    let (mut x3, mut z3) = (x1.clone(), BoxedMontyForm::one(&parameters));
    let mut swapped = 0_u8;
    for bit in clamped.iter().rev().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)) {
        let swap = Choice::from_u8_lsb(swapped ^ bit);
        swapped = bit;
        (x2, x3) = (x2.ct_select(&x3, swap), x3.ct_select(&x2, swap));
        (z2, z3) = (z2.ct_select(&z3, swap), z3.ct_select(&z2, swap));
        let (a, b) = (&x2 + &z2, &x2 - &z2);
        let (aa, bb) = (a.square(), b.square());
        let e = &aa - &bb;
        let (da, cb) = ((&x3 - &z3) * &a, (&x3 + &z3) * &b);
        x3 = (&da + &cb).square();
        z3 = &x1 * &(&da - &cb).square();
        x2 = &aa * &bb;
        z2 = &e * &(&aa + &(&a24 * &e));
    }
    let swap = Choice::from_u8_lsb(swapped);
    let (x2, z2) = (x2.ct_select(&x3, swap), z2.ct_select(&z3, swap));
    // The inverse by Fermat; that of zero is zero, as the RFC has it.
    let exponent = prime().map(|prime| prime.wrapping_sub(BoxedUint::from(2_u8))).ok_or(CryptoError::Library)?;
    let mut value = (&x2 * &z2.pow(&exponent)).retrieve();
    let mut bytes = Zeroizing::new(value.to_be_bytes().into_vec());
    value.zeroize();
    bytes.reverse();
    bytes.truncate(LENGTH);
    Ok(bytes)
}

/// 2^448 - 2^224 - 1.
fn prime() -> Option<BoxedUint> {
    let mut bytes = [0xff; LENGTH];
    if let Some(middle) = bytes.get_mut(27) {
        *middle = 0xfe;
    }
    BoxedUint::from_be_slice(&bytes, BITS).ok()
}

fn parameters() -> Option<BoxedMontyParams> {
    Odd::new(prime()?).into_option().map(BoxedMontyParams::new_vartime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    fn bytes(text: &str) -> [u8; LENGTH] {
        hex::bytes(text).try_into().unwrap()
    }

    // RFC 7748 section 6.2.
    #[test]
    fn the_exchange_of_the_rfc() {
        let alice = X448Key {
            scalar: Zeroizing::new(bytes(
                "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
            )),
        };
        let bob = X448Key {
            scalar: Zeroizing::new(bytes(
                "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
            )),
        };
        assert_eq!(
            alice.public().unwrap(),
            bytes(
                "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0"
            )
        );
        let secret = bytes(
            "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d",
        );
        assert_eq!(alice.agree(&bob.public().unwrap()).unwrap().to_vec(), secret);
        assert_eq!(bob.agree(&alice.public().unwrap()).unwrap().to_vec(), secret);
        assert!(alice.agree(&[0; LENGTH]).is_err() && alice.agree(&[1]).is_err());
    }
}
