//! Numbers for configurations drawn at random, the same from the same seed.

/// The generator of Marsaglia ("Xorshift RNGs", 2003): any will do.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    pub(crate) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Holds in so many cases of a hundred.
    pub(crate) fn once(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
