//! Maps by numbers that nobody can choose to be alike.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes hashers for them.
pub(crate) type Quick = BuildHasherDefault<Number>;

/// Takes a number for its own hash, spread over all bits.
#[derive(Debug, Default)]
pub(crate) struct Number(u64);

impl Hasher for Number {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Tables look at the lowest bits, which a product has too little of.
        self.0 ^= self.0 >> 32;
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}
