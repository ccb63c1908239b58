//! The server's half of Streamlined NTRU Prime 761 (draft-ietf-sshm-ntruprime-ssh; the specification is that of the NTRU
//! Prime submission of 2020, section 4, names as there). It is made in time that depends on the secret, which protects nobody:
//! it stands in for servers that a client is tried against.

use zeroize::Zeroizing;

use crate::{CryptoError, Hash};

const P: usize = 761;
const Q: i32 = 4591;
const HALF: i32 = (Q - 1) / 2;
const WEIGHT: usize = 286;

/// The lengths in bytes of a public key, and of a ciphertext without the confirmation.
const PUBLIC: usize = 1158;
const ROUNDED: usize = 1007;

/// Ciphertext with confirmation, and the session key.
pub(super) fn encapsulate(public: &[u8]) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CryptoError> {
    if public.len() != PUBLIC {
        return Err(CryptoError::public_value("it is not a public key of sntrup761"));
    }
    let input = short_random()?;
    let encoded = encode_small(&input);
    let key: Vec<i32> =
        decode(public, &[Q; P]).into_iter().map(|number| i32::try_from(number).unwrap_or(0) - HALF).collect();
    let rounded: Vec<u32> = multiply(&key, &input)
        .into_iter()
        // To the nearest multiple of three, told by how many threes it is above the least.
        .map(|number| u32::try_from((number - centred(number, 3) + HALF) / 3).unwrap_or(0))
        .collect();
    let mut ciphertext = encode(rounded, vec![u32::try_from((Q + 2) / 3).unwrap_or(0); P]);
    if ciphertext.len() != ROUNDED {
        return Err(CryptoError::Library);
    }
    let hash = |prefix: u8, parts: &[&[u8]]| {
        let all: Vec<&[u8]> = std::iter::once(std::slice::from_ref(&prefix)).chain(parts.iter().copied()).collect();
        let mut digest = Hash::Sha512.digest(&all);
        digest.truncate(32);
        Zeroizing::new(digest)
    };
    let (own, cache) = (hash(3, &[&encoded]), hash(4, &[public]));
    ciphertext.extend_from_slice(&hash(2, &[&own, &cache]));
    let secret = hash(1, &[&own, &ciphertext]);
    Ok((ciphertext, secret))
}

/// `Short_random`: a random polynomial with as many coefficients that are not zero as the weight says.
fn short_random() -> Result<Zeroizing<Vec<i32>>, CryptoError> {
    let mut bytes = Zeroizing::new(vec![0; 4 * P]);
    crate::random(&mut bytes)?;
    let numbers = bytes.chunks_exact(4).filter_map(|four| four.first_chunk::<4>());
    let mut list: Zeroizing<Vec<u32>> = Zeroizing::new(numbers.map(|four| u32::from_le_bytes(*four)).collect());
    for (place, number) in list.iter_mut().enumerate() {
        *number = if place < WEIGHT { *number & !1 } else { *number & !3 | 1 };
    }
    list.sort_unstable();
    Ok(Zeroizing::new(list.iter().map(|number| i32::from((number & 3) as u8) - 1).collect()))
}

/// `Small_encode`: four coefficients a byte.
fn encode_small(small: &[i32]) -> Zeroizing<Vec<u8>> {
    let byte = |four: &[i32]| {
        let sum = four.iter().rev().fold(0, |sum, coefficient| sum * 4 + coefficient + 1);
        u8::try_from(sum).unwrap_or(0)
    };
    Zeroizing::new(small.chunks(4).map(byte).collect())
}

/// The product in Z/q of a polynomial with a small one, modulo x^p - x - 1.
fn multiply(f: &[i32], g: &[i32]) -> Vec<i32> {
    let mut product = vec![0_i64; 2 * P - 1];
    for (shift, &factor) in g.iter().enumerate().filter(|(_, factor)| **factor != 0) {
        for (sum, &coefficient) in product.iter_mut().skip(shift).zip(f) {
            *sum += i64::from(coefficient) * i64::from(factor);
        }
    }
    let high = product.split_off(P);
    for (place, number) in high.into_iter().enumerate() {
        for target in [place, place + 1] {
            if let Some(sum) = product.get_mut(target) {
                *sum += number;
            }
        }
    }
    product.into_iter().map(|sum| i32::try_from(sum % i64::from(Q)).unwrap_or(0)).map(|sum| centred(sum, Q)).collect()
}

/// The representative nearest to zero, for an odd modulus.
fn centred(number: i32, modulus: i32) -> i32 {
    let half = (modulus - 1) / 2;
    (number + half).rem_euclid(modulus) - half
}

/// `Encode`: numbers below their limits, as few bytes as the pairing needs.
fn encode(numbers: Vec<u32>, limits: Vec<u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut cut = |mut number: u32, mut limit: u32, least: u32| {
        while limit >= least {
            bytes.push((number & 0xff) as u8);
            number >>= 8;
            limit = limit.div_ceil(256);
        }
        (number, limit)
    };
    let (mut numbers, mut limits) = (numbers, limits);
    while numbers.len() > 1 {
        let pairs = numbers.chunks(2).zip(limits.chunks(2));
        (numbers, limits) = pairs
            .map(|pair| match pair {
                (&[low, high], &[low_limit, high_limit]) => cut(low + high * low_limit, high_limit * low_limit, 16384),
                (number, limit) => (number.first().copied().unwrap_or(0), limit.first().copied().unwrap_or(1)),
            })
            .unzip();
    }
    if let (Some(&number), Some(&limit)) = (numbers.first(), limits.first()) {
        cut(number, limit, 2);
    }
    bytes
}

/// `Decode`, the reverse; what is beyond a limit is taken modulo it.
fn decode(bytes: &[u8], limits: &[i32]) -> Vec<u32> {
    fn step(bytes: &mut std::slice::Iter<'_, u8>, limits: &[u32]) -> Vec<u32> {
        let mut next = || u32::from(bytes.next().copied().unwrap_or(0));
        if let [limit] = limits {
            return vec![match *limit {
                1 => 0,
                ..=256 => next() % limit,
                _ => (next() + (next() << 8)) % limit,
            }];
        }
        let mut bottoms = Vec::new();
        let above: Vec<u32> = limits
            .chunks(2)
            .map(|pair| {
                let &[low, high] = pair else { return pair.first().copied().unwrap_or(1) };
                let product = low * high;
                let (bottom, limit) = match product {
                    _ if product > 256 * 16383 => {
                        ((next() + (next() << 8), 65536), product.div_ceil(256).div_ceil(256))
                    }
                    16384.. => ((next(), 256), product.div_ceil(256)),
                    _ => ((0, 1), product),
                };
                bottoms.push(bottom);
                limit
            })
            .collect();
        let upper = step(bytes, &above);
        let mut bottoms = bottoms.into_iter();
        let mut numbers = Vec::with_capacity(limits.len());
        for (pair, number) in limits.chunks(2).zip(upper) {
            let &[low, high] = pair else {
                numbers.push(number);
                continue;
            };
            let (bottom, scale) = bottoms.next().unwrap_or((0, 1));
            let whole = number.wrapping_mul(scale).wrapping_add(bottom);
            numbers.extend([whole % low, whole / low % high]);
        }
        numbers
    }
    let limits: Vec<u32> = limits.iter().map(|limit| u32::try_from(*limit).unwrap_or(1)).collect();
    step(&mut bytes.iter(), &limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let numbers: Vec<u32> = (0..761).map(|number| number * 7919 % 4591).collect();
        let bytes = encode(numbers.clone(), vec![4591; P]);
        assert_eq!(bytes.len(), PUBLIC);
        assert_eq!(decode(&bytes, &[Q; P]), numbers);
    }

    #[test]
    fn a_ciphertext_has_its_length_and_two_differ() {
        let public = include_bytes!("../../data/sntrup761-public-key.bin");
        let (first, second) = (encapsulate(public).unwrap(), encapsulate(public).unwrap());
        assert_eq!((first.0.len(), first.1.len()), (1039, 32));
        assert_ne!(first.0, second.0);
        assert!(encapsulate(&public[1..]).is_err());
        let small = short_random().unwrap();
        assert_eq!(small.iter().filter(|number| **number != 0).count(), WEIGHT);
        assert_eq!(encode_small(&small).len(), 191);
    }

    #[test]
    fn multiplication_wraps_as_the_ring_says() {
        // x^760 times x is x^761, which is x + 1.
        let (mut f, mut g) = (vec![0; P], vec![0; P]);
        (f[760], g[1]) = (1, 1);
        let product = multiply(&f, &g);
        assert_eq!((product[0], product[1]), (1, 1));
        assert_eq!(product.iter().filter(|number| **number != 0).count(), 2);
    }
}
