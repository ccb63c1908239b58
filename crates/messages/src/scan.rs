//! Finds thousands of literals in one pass over a text. Also compiled into the build script, which lays the tables out.
//!
//! Of each literal five bytes in a row are known that are rare in what programs print. Every second place of the text is
//! looked at: whatever the place of a literal, exactly one of its two groups of four bytes is met. One bit says of most
//! groups that no literal has them; the others are compared.

use std::ops::Range;

use crate::literals::{Literal, NARROW, WIDE};

/// The literals, by the groups of bytes that lead to them; read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    /// Two bits for each group, by its hash: whether a literal may be there.
    filter: &'a [[u8; 8]; FILTER],
    wide: Groups<'a>,
    narrow: Groups<'a>,
    /// Of each literal where its bytes begin and end, and where its messages begin and end: four numbers.
    literals: &'a [u8],
    bytes: &'a [u8],
    /// Places of messages, a number each.
    entries: &'a [u8],
}

/// A literal that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Its bytes, ASCII letters small.
    pub(crate) bytes: &'a [u8],
    entries: &'a [u8],
}

impl<'a> Found<'a> {
    /// The messages that it may be part of, by place.
    pub(crate) fn entries(self) -> impl Iterator<Item = usize> + 'a {
        let (entries, _) = self.entries.as_chunks::<4>();
        entries.iter().map(|entry| u32::from_le_bytes(*entry) as usize)
    }
}

/// Words of the filter.
const FILTER: usize = 1 << 13;
/// Buckets of the literals.
const BUCKETS: usize = 1 << 14;
/// Places between those that are looked at.
const STEP: usize = 2;
/// Bytes of the text that a round of the loop advances; it looks at several places at once.
const ROUND: usize = 8;
/// Bytes that one round sees.
const SEEN: usize = ROUND - STEP + WIDE;

/// Lays out the tables for some literals.
pub(crate) fn encode(literals: &[Literal]) -> Vec<u8> {
    let of = |width: usize| -> Vec<Candidate> {
        let candidates = literals.iter().enumerate().filter(|(_, literal)| literal.width() == width);
        let both = candidates.flat_map(|(index, literal)| {
            (0..STEP).map(move |more| {
                let offset = literal.anchor + more;
                let group = literal.bytes.get(offset..offset + width).unwrap_or_default();
                let group = padded(group) & if width == NARROW { NARROW_GROUP } else { u32::MAX };
                Candidate { group, literal: index, offset }
            })
        });
        both.collect()
    };
    let (mut rows, mut bytes, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for literal in literals {
        let begin = [bytes.len(), entries.len()];
        bytes.extend_from_slice(&literal.bytes);
        literal.entries.iter().for_each(|entry| entries.extend(short(*entry)));
        for number in [begin[0], bytes.len(), begin[1], entries.len()] {
            rows.extend(short(number));
        }
    }
    let mut words = vec![0; FILTER];
    let mut set = |group: u32| {
        let (word, bits) = filtered(group);
        words.get_mut(word).into_iter().for_each(|word| *word |= bits);
    };
    of(WIDE).iter().for_each(|candidate| set(candidate.group));
    // A short literal is followed by any byte.
    for candidate in of(NARROW) {
        (0..=u32::from(u8::MAX)).for_each(|byte| set(candidate.group | byte << (8 * NARROW) | SMALL));
    }
    let filter: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    let (wide, narrow) = (Groups::encode(of(WIDE)), Groups::encode(of(NARROW)));
    let mut out = Vec::new();
    for part in [&filter].into_iter().chain(&wide).chain(&narrow).chain([&rows, &bytes, &entries]) {
        out.extend(short(part.len()));
        out.extend_from_slice(part);
    }
    out
}

fn short(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

impl Default for Scan<'_> {
    fn default() -> Self {
        let (groups, none) = (Groups::default(), &[][..]);
        Self { filter: &[[0; 8]; FILTER], wide: groups, narrow: groups, literals: none, bytes: none, entries: none }
    }
}

impl<'a> Scan<'a> {
    /// Reads what [`encode`] wrote; `None` where it is something else.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = after;
            Some(part)
        };
        Some(Self {
            filter: part()?.as_chunks::<8>().0.try_into().ok()?,
            wide: Groups { starts: part()?, candidates: part()? },
            narrow: Groups { starts: part()?, candidates: part()? },
            literals: part()?,
            bytes: part()?,
            entries: part()?,
        })
    }

    /// Calls `found` with each literal in the text and its place, once for each time that it is there and nearly in the
    /// order of the text; goes on behind the place that it returns.
    pub(crate) fn find(&self, text: &[u8], mut found: impl FnMut(Found<'a>, Range<usize>) -> usize) {
        let mut at = 0;
        while let Some(place) = self.next(text, at) {
            let group = padded(text.get(place..).unwrap_or_default());
            at = (place + STEP).max(self.look(text, place, group, &mut found));
        }
    }

    /// The next place, an even number of bytes on, where a literal may be.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(seen) = text.get(at..)?.first_chunk::<SEEN>() {
            let may_have = |from: usize| self.may_have(folded(seen, from));
            // One branch for all places: most texts hold nothing.
            if may_have(0) | may_have(2) | may_have(4) | may_have(6) {
                return (at..)
                    .step_by(STEP)
                    .zip([0, 2, 4, 6])
                    .find(|(_, from)| may_have(*from))
                    .map(|(place, _)| place);
            }
            at += ROUND;
        }
        (at..text.len()).step_by(STEP).find(|place| self.may_have(padded(text.get(*place..).unwrap_or_default())))
    }

    fn may_have(&self, group: u32) -> bool {
        let (word, bits) = filtered(group);
        self.filter.get(word).is_some_and(|word| u64::from_le_bytes(*word) & bits == bits)
    }

    /// Compares what may be at a place; where to go on.
    fn look(
        &self,
        text: &[u8],
        place: usize,
        group: u32,
        found: &mut impl FnMut(Found<'a>, Range<usize>) -> usize,
    ) -> usize {
        let mut next = 0;
        for (group, groups) in [(group, &self.wide), (group & NARROW_GROUP, &self.narrow)] {
            for row in groups.bucket(group) {
                let [first, literal, offset] = numbers(row);
                let Some(start) = place.checked_sub(offset as usize).filter(|_| first == group) else { continue };
                let Some(literal) = self.literal(literal as usize) else { continue };
                let span = start..start + literal.bytes.len();
                if text.get(span.clone()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(literal.bytes)) {
                    next = next.max(found(literal, span));
                }
            }
        }
        next
    }

    fn literal(&self, index: usize) -> Option<Found<'a>> {
        let row = self.literals.get(index.checked_mul(16)?..)?.first_chunk::<16>()?;
        let [from, to, first, last] = numbers(row).map(|number: u32| number as usize);
        Some(Found { bytes: self.bytes.get(from..to)?, entries: self.entries.get(first..last)? })
    }
}

/// A literal that has a group of bytes.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    group: u32,
    literal: usize,
    /// Where in the literal the group begins.
    offset: usize,
}

/// Candidates by their group.
#[derive(Clone, Copy, Debug, Default)]
struct Groups<'a> {
    /// Where the candidates of each bucket begin: a number each.
    starts: &'a [u8],
    /// Group, literal, offset: three numbers each.
    candidates: &'a [u8],
}

impl<'a> Groups<'a> {
    fn encode(mut candidates: Vec<Candidate>) -> [Vec<u8>; 2] {
        let bucket = |candidate: &Candidate| hash(candidate.group, BUCKETS);
        candidates.sort_by_key(bucket);
        let start = |number| candidates.partition_point(|candidate| bucket(candidate) < number);
        let starts = (0..=BUCKETS).flat_map(|number| short(start(number))).collect();
        let rows = candidates.iter().flat_map(|candidate| {
            [candidate.group.to_le_bytes(), short(candidate.literal), short(candidate.offset)].into_iter().flatten()
        });
        [starts, rows.collect()]
    }

    /// The candidates among which those of a group are.
    fn bucket(&self, group: u32) -> &'a [[u8; ROW]] {
        let bounds = self.starts.get(hash(group, BUCKETS) * 4..).and_then(|rest| rest.first_chunk::<8>());
        let [from, to] = bounds.map_or([0, 0], numbers);
        let (rows, _) = self.candidates.as_chunks::<ROW>();
        rows.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Bytes of a candidate.
const ROW: usize = 12;

/// The numbers that some bytes are.
fn numbers<const BYTES: usize, const COUNT: usize>(bytes: &[u8; BYTES]) -> [u32; COUNT] {
    let (numbers, _) = bytes.as_chunks::<4>();
    std::array::from_fn(|index| numbers.get(index).map_or(0, |number| u32::from_le_bytes(*number)))
}

/// The word of the filter that a group has two bits in, and these.
fn filtered(group: u32) -> (usize, u64) {
    let hash = u64::from(group).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bit = |from: u32| 1 << (hash >> from & 63);
    ((hash >> (u64::BITS - FILTER.ilog2())) as usize, bit(44) | bit(38))
}

/// A number below a power of two.
fn hash(group: u32, below: usize) -> usize {
    (group.wrapping_mul(0x9e37_79b1) >> (32 - below.ilog2())) as usize
}

/// The bytes of a short literal's group within those of a long one's.
const NARROW_GROUP: u32 = u32::MAX >> (8 * (WIDE - NARROW));

/// Letters lose their case; what else that changes is found out when a literal is compared.
const SMALL: u32 = 0x2020_2020;

fn folded(seen: &[u8; SEEN], from: usize) -> u32 {
    seen.get(from..).and_then(|rest| rest.first_chunk::<WIDE>()).map_or(0, |group| u32::from_le_bytes(*group)) | SMALL
}

/// The first bytes, up to a group; what is missing is zero.
fn padded(bytes: &[u8]) -> u32 {
    let group = match bytes.first_chunk::<WIDE>() {
        Some(group) => u32::from_le_bytes(*group),
        None => bytes.iter().rev().fold(0, |group, byte| group << 8 | u32::from(*byte)),
    };
    group | SMALL
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Messages;

    fn literals<'a>(scan: &Scan<'a>) -> Vec<&'a [u8]> {
        (0..).map_while(|index| Some(scan.literal(index)?.bytes)).collect()
    }

    /// Each literal looked for by itself.
    fn naive(literals: &[&[u8]], text: &[u8]) -> Vec<(usize, Vec<u8>)> {
        let text = text.to_ascii_lowercase();
        let mut found = Vec::new();
        for literal in literals {
            let mut from = 0;
            while let Some(at) = memchr::memmem::find(&text[from..], literal) {
                found.push((from + at, literal.to_vec()));
                from += at + 1;
            }
        }
        found.sort();
        found
    }

    fn fast(scan: &Scan<'_>, text: &[u8]) -> Vec<(usize, Vec<u8>)> {
        let mut found = Vec::new();
        scan.find(text, |literal, span| {
            found.push((span.start, literal.bytes.to_vec()));
            0
        });
        found.sort();
        found
    }

    #[test]
    fn every_literal_is_found_at_every_place() {
        let messages = Messages::built_in();
        let scan = messages.scan();
        let literals = literals(&scan);
        assert!(literals.len() > 1000);
        let mut missed = Vec::new();
        for literal in literals {
            for before in 0..=ROUND {
                let mut text = vec![b'.'; before];
                text.extend(literal.to_ascii_uppercase());
                if !fast(&scan, &text).contains(&(before, literal.to_vec())) {
                    missed.push((before, String::from_utf8_lossy(literal).into_owned()));
                }
            }
        }
        assert!(missed.is_empty(), "{missed:?}");
    }

    /// Parts of literals: which one, from where, how long, in capitals.
    fn parts() -> impl Strategy<Value = Vec<(usize, usize, usize, bool)>> {
        prop::collection::vec((0_usize..10_000, 0_usize..40, 0_usize..40, any::<bool>()), 0..30)
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(128))]

        /// Texts that are full of beginnings, ends and overlaps of literals.
        #[test]
        fn the_scan_finds_what_a_naive_search_finds(parts in parts()) {
            let messages = Messages::built_in();
            let scan = messages.scan();
            let literals = literals(&scan);
            let mut text = Vec::new();
            for (index, from, length, upper) in parts {
                let literal = literals[index % literals.len()];
                let part: Vec<u8> = literal.iter().skip(from % literal.len()).take(length).copied().collect();
                text.extend(if upper { part.to_ascii_uppercase() } else { part });
            }
            prop_assert_eq!(fast(&scan, &text), naive(&literals, &text));
        }
    }
}
