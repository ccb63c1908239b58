//! Where lines end, found in many bytes at once.

/// The places of all line ends of a text, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Ends<'a> {
    runs: std::slice::Iter<'a, [u8; RUN]>,
    rest: &'a [u8],
    /// Where the bytes begin that were looked at last, and which of them are line ends, the first one lowest.
    at: usize,
    found: u64,
    next: usize,
}

/// Bytes that are looked at together.
const RUN: usize = 64;

impl<'a> Ends<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let (runs, rest) = text.as_chunks();
        Self { runs: runs.iter(), rest, at: 0, found: 0, next: 0 }
    }
}

impl Iterator for Ends<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.at = self.next;
            self.found = match self.runs.next() {
                Some(run) => ends(run),
                None => {
                    let rest = std::mem::take(&mut self.rest);
                    let mut last = [0; RUN];
                    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
                    if rest.is_empty() {
                        return None;
                    }
                    ends(&last)
                }
            };
            self.next += RUN;
        }
        let place = self.at + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(place)
    }
}

/// Which bytes are line ends. Eight words of eight bytes each are put side by side, which compilers make a few wide
/// instructions of: that gives a bit for each byte, in columns, which are then turned into rows.
#[inline]
fn ends(run: &[u8; RUN]) -> u64 {
    let mut bits = [0; RUN];
    for (place, (bit, byte)) in bits.iter_mut().zip(run).enumerate() {
        *bit = if *byte == b'\n' { 1_u8 << (place / 8) } else { 0 };
    }
    let columns = bits.as_chunks::<8>().0.iter().fold(0, |all, word| all | u64::from_le_bytes(*word));
    if columns == 0 { 0 } else { turned(columns) }
}

/// Eight rows of eight bits as eight columns.
fn turned(bits: u64) -> u64 {
    // Squares of one, two and four bits beside the diagonal change places.
    [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)].iter().fold(
        bits,
        |bits, (distance, squares)| {
            let differ = (bits ^ (bits >> distance)) & squares;
            bits ^ differ ^ (differ << distance)
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(shakedown_testkit::properties(256))]

        #[test]
        fn ends_are_where_line_feeds_are(text in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300)) {
            let expected: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b'\n').collect();
            prop_assert_eq!(Ends::of(&text).collect::<Vec<_>>(), expected);
        }
    }
}
