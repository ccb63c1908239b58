use crate::shared::seed;

/// Numbers for what is drawn at random, the same from the same [`seed`]: the generator of Marsaglia ("Xorshift RNGs", 2003).
#[derive(Debug)]
pub struct Draw(u64);

impl Draw {
    /// The numbers of a case of a test.
    pub fn new(case: u32) -> Self {
        Self((seed() << 20 | u64::from(case)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below a limit.
    ///
    /// # Panics
    /// Where that is zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    /// One of some words.
    ///
    /// # Panics
    /// Where there is none.
    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Holds in so many cases of a hundred.
    pub fn once(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
