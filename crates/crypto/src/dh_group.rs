//! What can be told of a finite-field group by looking at it.

use crate::modular::Modulus;

/// What a group is like whose modulus and generator were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DhGroup {
    /// The modulus is not prime: that is proved.
    Composite,
    /// The generator has an order without a prime factor above `LARGEST_SMALL_FACTOR`: whoever listens finds the
    /// secret (Pohlig and Hellman).
    SmallOrder,
    /// The modulus is a safe prime, as far as `ROUNDS` trials show: the order of every generator is as large as may be.
    SafePrime,
    /// The modulus may be prime, and is no safe prime: the order of the generator hangs on factors that nobody has told.
    OrderUnknown,
    /// It was not looked at: the modulus has more than `MOST_BITS` bits.
    NotTested,
}

/// How often primality is tried: a composite number made to pass does so with a probability of 4^-5.
const ROUNDS: usize = 5;
/// An order of which all prime factors are at most this is found.
const LARGEST_SMALL_FACTOR: u32 = 4096;
/// Each power of a prime up to this is tried as a factor of the order.
const LARGEST_POWER: u32 = 1 << 16;
/// Larger moduli would take seconds.
const MOST_BITS: u32 = 4096;

/// What can be told of the group with this modulus and generator, both big-endian. `None` where there is no group: an even
/// modulus, a generator out of range, or no source of randomness.
pub fn dh_group(modulus: &[u8], generator: &[u8]) -> Option<DhGroup> {
    let Some(prime) = Modulus::new(modulus) else {
        // An even number above 2.
        return (modulus.last().is_some_and(|byte| byte % 2 == 0) && modulus.iter().any(|byte| *byte > 2))
            .then_some(DhGroup::Composite);
    };
    if prime.bits() > MOST_BITS {
        return Some(DhGroup::NotTested);
    }
    if !may_be_prime(&prime, modulus)? {
        return Some(DhGroup::Composite);
    }
    if has_small_order(&prime, generator)? {
        return Some(DhGroup::SmallOrder);
    }
    let half = halved(modulus);
    let is_safe = match Modulus::new(&half) {
        Some(order) => may_be_prime(&order, &half)?,
        None => false,
    };
    Some(if is_safe { DhGroup::SafePrime } else { DhGroup::OrderUnknown })
}

/// Miller and Rabin's trial with random bases: `Some(false)` is a proof.
fn may_be_prime(modulus: &Modulus, bytes: &[u8]) -> Option<bool> {
    let mut odd = less_one(bytes);
    let mut twos = 0;
    while odd.last().is_some_and(|byte| byte % 2 == 0) && odd.iter().any(|byte| *byte != 0) {
        odd = halved(&odd);
        twos += 1;
    }
    let last = less_one(bytes);
    let is = |value: &[u8], other: &[u8]| trimmed(value) == trimmed(other);
    for _ in 0..ROUNDS {
        let mut base = vec![0; modulus.length()];
        crate::random(&mut base).ok()?;
        if let Some(first) = base.first_mut() {
            *first = 0;
        }
        if modulus.length() == 1 || !modulus.is_proper(&base) {
            base = vec![2];
        }
        let mut power = modulus.power(&base, &odd)?.to_vec();
        if is(&power, &[1]) || is(&power, &last) {
            continue;
        }
        let mut is_witness = true;
        for _ in 1..twos {
            power = modulus.power(&power, &[2])?.to_vec();
            if is(&power, &last) {
                is_witness = false;
                break;
            }
        }
        if is_witness {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether the generator's order divides a product of small primes.
fn has_small_order(modulus: &Modulus, generator: &[u8]) -> Option<bool> {
    let mut power = modulus.power(generator, &[1])?.to_vec();
    for factor in 2..=LARGEST_SMALL_FACTOR {
        if (2..factor).take_while(|other| other * other <= factor).any(|other| factor % other == 0) {
            continue;
        }
        let mut exponent = factor;
        while exponent <= LARGEST_POWER / factor {
            exponent *= factor;
        }
        power = modulus.power(&power, &exponent.to_be_bytes())?.to_vec();
    }
    Some(trimmed(&power) == [1])
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// One less than an odd number.
fn less_one(odd: &[u8]) -> Vec<u8> {
    let mut bytes = odd.to_vec();
    if let Some(byte) = bytes.last_mut() {
        *byte &= 0xfe;
    }
    bytes
}

/// Half of it, without the remainder.
fn halved(bytes: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    bytes
        .iter()
        .map(|byte| {
            let half = byte >> 1 | carry << 7;
            carry = byte & 1;
            half
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_groups_by_hand() {
        // (1_000_000_007 - 1) / 2 = 500_000_003 is prime.
        let table: [(u64, u64, Option<DhGroup>); 7] = [
            (1_000_000_007, 5, Some(DhGroup::SafePrime)),
            (1_000_000_009 * 1_000_000_007, 5, Some(DhGroup::Composite)),
            (561, 5, Some(DhGroup::Composite)),
            (1_000_000_008, 5, Some(DhGroup::Composite)),
            // p - 1 = 2^32, and no other prime divides it.
            (65_537, 3, Some(DhGroup::SmallOrder)),
            (1_000_000_007, 1, Some(DhGroup::SmallOrder)),
            (1_000_000_007, 1_000_000_007, None),
        ];
        for (modulus, generator, expected) in table {
            let found = dh_group(&modulus.to_be_bytes(), &generator.to_be_bytes());
            assert_eq!(found, expected, "{modulus} {generator}");
        }
    }

    #[test]
    fn a_prime_whose_order_nobody_has_told() {
        // 2^61 - 1: p - 1 has the factor 1321 and smaller ones only. 2^127 - 1: 77158673929 divides p - 1.
        let generator = [3];
        let mersenne = |bits: u32| ((1_u128 << bits) - 1).to_be_bytes();
        assert_eq!(dh_group(&mersenne(61), &generator), Some(DhGroup::SmallOrder));
        assert_eq!(dh_group(&mersenne(127), &generator), Some(DhGroup::OrderUnknown));
    }

    #[test]
    fn a_modulus_that_is_too_large_is_not_looked_at() {
        assert_eq!(dh_group(&[0xff; 1025], &[2]), Some(DhGroup::NotTested));
    }
}
