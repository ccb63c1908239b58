//! Looks at many bytes of a text at once: where its lines end and where their messages begin, and whether it holds bytes
//! that have to be rewritten.
//!
//! Processors differ in how many bytes they compare at once, and the compiler writes for the oldest. What is the same
//! for all of them is compiled twice here, and chosen when the program runs; the only unsafe code is that choice, and how 32 bytes are read.

use std::ops::Range;

use crate::ordinary;

/// A line of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where it ends: at its line end.
    pub(crate) end: usize,
    /// Where its message begins: behind what syslog writes before it, or where the line begins.
    pub(crate) message: usize,
}

/// Adds the lines that end in a part of a text, the first of which begins there; where the next one begins.
pub(crate) fn lines(text: &[u8], begin: usize, part: Range<usize>, to: &mut Vec<Line>) -> usize {
    #[cfg(target_arch = "x86_64")]
    if x86_64::is_wide() {
        #[allow(unsafe_code, reason = "the processor was asked whether it has what this is compiled for")]
        // SAFETY: `is_wide` says that the processor has the features.
        return unsafe { x86_64::lines(text, begin, part, to) };
    }
    lines_anywhere(text, begin, part, to)
}

/// The same on any processor.
fn lines_anywhere(text: &[u8], begin: usize, part: Range<usize>, to: &mut Vec<Line>) -> usize {
    let mut at = begin;
    for end in memchr::memchr_iter(b'\n', text.get(part.clone()).unwrap_or_default()) {
        let end = part.start + end;
        to.push(Line { end, message: at + ordinary::begin(text.get(at..end).unwrap_or_default()) });
        at = end + 1;
    }
    at
}

/// What a text may have to be rewritten for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strange {
    /// Control characters but line ends, or characters beyond ASCII.
    pub(crate) bytes: bool,
    /// `&`.
    pub(crate) ampersand: bool,
    /// `\` or `#`.
    pub(crate) escape: bool,
}

/// Looks over a text as fast as memory is read: nothing of most logs has to be rewritten.
pub(crate) fn strange(text: &[u8]) -> Strange {
    #[cfg(target_arch = "x86_64")]
    if x86_64::is_wide() {
        #[allow(unsafe_code, reason = "the processor was asked whether it has what this is compiled for")]
        // SAFETY: `is_wide` says that the processor has the features.
        return unsafe { x86_64::strange(text) };
    }
    strange_anywhere(text)
}

/// Bytes that are looked at together, each with what was found at its place before.
const LANES: usize = 32;

/// The same on any processor.
fn strange_anywhere(text: &[u8]) -> Strange {
    let (mut highest, mut lowest) = ([0; LANES], [u8::MAX; LANES]);
    let (runs, rest) = text.as_chunks::<LANES>();
    for run in runs.iter().chain([&last(rest)]) {
        for ((highest, lowest), byte) in highest.iter_mut().zip(&mut lowest).zip(run) {
            *highest = (*highest).max(*byte);
            // Line ends become the highest number, other control characters stay the lowest ones.
            *lowest = (byte ^ b'\n').wrapping_sub(1).min(*lowest);
        }
    }
    let from = memchr::memchr3(b'&', b'\\', b'#', text).unwrap_or(text.len());
    let marked = text.get(from..).unwrap_or_default();
    Strange {
        bytes: highest.iter().any(|byte| *byte >= 0x7f) || lowest.iter().any(|byte| *byte < 0x1f),
        ampersand: memchr::memchr(b'&', marked).is_some(),
        escape: memchr::memchr2(b'\\', b'#', marked).is_some(),
    }
}

/// The end of a text, with blanks behind it.
fn last(rest: &[u8]) -> [u8; LANES] {
    let mut last = [b' '; LANES];
    last.iter_mut().zip(rest).for_each(|(last, byte)| *last = *byte);
    last
}

/// For processors with AVX2, which compare 32 bytes at once and tell with one number which are the same.
#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };
    use std::ops::Range;

    use super::{LANES, Line, Strange, last};
    use crate::ordinary;

    /// Whether the processor has what the functions here are compiled for.
    pub(super) fn is_wide() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1")
    }

    const AMPERSAND: u8 = 1;
    const BACKSLASH: u8 = 2;
    const NUMBER: u8 = 4;
    const LOW_CONTROL: u8 = 8;
    const HIGH_CONTROL: u8 = 16;
    const DELETE: u8 = 32;
    const BEYOND_ASCII: u8 = 128;

    /// What a byte may be by its lower half, and what by its upper half: it is what both say.
    #[allow(clippy::indexing_slicing, reason = "it is the compiler that would panic")]
    const HALVES: [[u8; 16]; 2] = {
        let mut lower = [LOW_CONTROL | HIGH_CONTROL; 16];
        let mut upper = [0; 16];
        lower[(b'\n' & 15) as usize] = HIGH_CONTROL;
        (upper[0], upper[1]) = (LOW_CONTROL, HIGH_CONTROL);
        let marks = [(b'&', AMPERSAND), (b'\\', BACKSLASH), (b'#', NUMBER), (0x7f, DELETE)];
        let mut at = 0;
        while at < marks.len() {
            let (byte, mark) = marks[at];
            lower[(byte & 15) as usize] |= mark;
            upper[(byte >> 4) as usize] |= mark;
            at += 1;
        }
        [lower, upper]
    };

    #[target_feature(enable = "avx2,bmi1")]
    pub(super) fn strange(text: &[u8]) -> Strange {
        let [lower, upper] = HALVES.map(twice);
        let (lower, upper, half) = (read(&lower), read(&upper), all(15));
        let (mut marks, mut bytes) = (all(0), all(0));
        let mut look = |run: &[u8; LANES]| {
            let run = read(run);
            // A byte beyond ASCII is no place of a table, and gives nothing.
            let by_lower = _mm256_shuffle_epi8(lower, run);
            let by_upper = _mm256_shuffle_epi8(upper, _mm256_and_si256(_mm256_srli_epi16::<4>(run), half));
            marks = _mm256_or_si256(marks, _mm256_and_si256(by_lower, by_upper));
            bytes = _mm256_or_si256(bytes, run);
        };
        // Several at once: a loop of so few steps costs as much as what it does.
        let (fours, rest) = text.as_chunks::<{ 4 * LANES }>();
        for four in fours {
            four.as_chunks().0.iter().for_each(&mut look);
        }
        let (ones, rest) = rest.as_chunks();
        ones.iter().for_each(&mut look);
        look(&last(rest));
        let marks = write(marks).into_iter().fold(0, |marks, one| marks | one);
        let bytes = write(bytes).into_iter().fold(0, |bytes, one| bytes | one) & BEYOND_ASCII;
        Strange {
            bytes: bytes | marks & (LOW_CONTROL | HIGH_CONTROL | DELETE) != 0,
            ampersand: marks & AMPERSAND != 0,
            escape: marks & (BACKSLASH | NUMBER) != 0,
        }
    }

    /// Bytes that are looked at together for ends of lines.
    const RUN: usize = 2 * LANES;

    #[target_feature(enable = "avx2,bmi1")]
    pub(super) fn lines(text: &[u8], begin: usize, part: Range<usize>, to: &mut Vec<Line>) -> usize {
        let known = to.len();
        let mut run_at = part.start;
        let (runs, rest) = text.get(part).unwrap_or_default().as_chunks::<RUN>();
        for run in runs {
            let [mut ends] = places(run, [b'\n']);
            while ends != 0 {
                to.push(Line { end: run_at + ends.trailing_zeros() as usize, message: 0 });
                ends &= ends - 1;
            }
            run_at += RUN;
        }
        let ends = (run_at..).zip(rest).filter(|(_, byte)| **byte == b'\n');
        to.extend(ends.map(|(end, _)| Line { end, message: 0 }));
        let mut at = begin;
        for line in to.iter_mut().skip(known) {
            line.message = message(text, at, line.end);
            at = line.end + 1;
        }
        at
    }

    /// Where the message of a line begins, as [`ordinary::begin`] says it.
    #[inline]
    #[target_feature(enable = "avx2,bmi1")]
    fn message(text: &[u8], start: usize, end: usize) -> usize {
        /// `Nov 21 10:11:12 `: where its blanks and its colons are.
        const TIME: (u64, u64) = (1 << 3 | 1 << 6 | 1 << 15, 1 << 9 | 1 << 12);
        let otherwise = || start + ordinary::begin(text.get(start..end).unwrap_or_default());
        let Some(run) = text.get(start..).and_then(|rest| rest.first_chunk()) else { return otherwise() };
        let [colons, blanks] = places(run, [b':', b' ']);
        // All places behind the time.
        let behind = match (blanks & TIME.0, colons & TIME.1) {
            TIME if end - start >= 16 => u64::MAX << 16,
            _ if !run.first().is_some_and(u8::is_ascii_digit) => return start,
            _ if blanks != 0 => (blanks ^ (blanks - 1)) ^ u64::MAX,
            _ => return otherwise(),
        };
        match colons & (blanks >> 1) & behind {
            0 if end - start < RUN => start,
            0 => otherwise(),
            found => {
                let message = start + found.trailing_zeros() as usize + 2;
                // What was found may be in the next line.
                if message <= end { message } else { start }
            }
        }
    }

    /// A bit for each byte that is a certain one.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn places<const BYTES: usize>(run: &[u8; RUN], bytes: [u8; BYTES]) -> [u64; BYTES] {
        let (halves, _) = run.as_chunks::<LANES>();
        let mut found = [0; BYTES];
        for (half, place) in halves.iter().zip([0, LANES]) {
            let half = read(half);
            for (found, byte) in found.iter_mut().zip(bytes) {
                let here = _mm256_movemask_epi8(_mm256_cmpeq_epi8(half, all(byte))).cast_unsigned();
                *found |= u64::from(here) << place;
            }
        }
        found
    }

    /// The same byte everywhere.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn all(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    /// A table for either half of a register.
    fn twice(table: [u8; 16]) -> [u8; LANES] {
        let mut both = [0; LANES];
        both.iter_mut().zip(table.iter().cycle()).for_each(|(byte, entry)| *byte = *entry);
        both
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn read(bytes: &[u8; LANES]) -> __m256i {
        #[allow(unsafe_code, reason = "the compiler makes several instructions of what is written without it")]
        // SAFETY: the pointer is that of an array of 32 bytes, which may be read from any address.
        unsafe {
            _mm256_loadu_si256(bytes.as_ptr().cast())
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn write(register: __m256i) -> [u8; LANES] {
        let mut bytes = [0; LANES];
        #[allow(unsafe_code, reason = "there is no other way to all bytes of a register")]
        // SAFETY: the pointer is that of an array of 32 bytes, which may be written at any address.
        unsafe {
            _mm256_storeu_si256(bytes.as_mut_ptr().cast(), register);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines of a text as they are written, and what may be in the way.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("Nov 21 10:11:12 "),
            Just("2026-11-21T10:11:12.123456+00:00 "),
            Just("1 "),
            Just("host "),
            Just("sshd[1234]: "),
            Just("postfix/smtpd[12345]: "),
            Just("2001:db8::7 "),
            Just(": "),
            Just(":"),
            Just(" "),
            Just("\n"),
            Just("\n\n"),
            Just("Connection from 192.0.2.7 port 22"),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(512))]

        #[test]
        fn lines_are_those_that_one_byte_at_a_time_finds(text in text(), cut in 0..200_usize) {
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            let cut = cut.min(text.len());
            let next = lines(&text, 0, 0..cut, &mut found);
            let next = lines(&text, next, cut..text.len(), &mut found);
            let mut at = 0;
            for (end, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                expected.push(Line { end, message: at + ordinary::begin(&text[at..end]) });
                at = end + 1;
            }
            prop_assert_eq!((found, next), (expected, at));
            let mut anywhere = Vec::new();
            prop_assert_eq!(lines_anywhere(&text, 0, 0..text.len(), &mut anywhere), at);
            prop_assert_eq!(anywhere.len(), text.iter().filter(|byte| **byte == b'\n').count());
        }
    }

    #[test]
    fn every_byte_is_told_at_every_place() {
        for (byte, place) in (0..=u8::MAX).flat_map(|byte| (0..70).map(move |place| (byte, place))) {
            let mut text = vec![b'a'; 70];
            text[place] = byte;
            let expected = Strange {
                bytes: (byte < 0x20 && byte != b'\n') || byte >= 0x7f,
                ampersand: byte == b'&',
                escape: byte == b'\\' || byte == b'#',
            };
            assert_eq!(strange(&text), expected, "{byte} at {place}");
            assert_eq!(strange_anywhere(&text), expected, "{byte} at {place}");
        }
    }
}
