//! Which lines of a long text are worth reading closely.
//!
//! Most lines of a log tell of what went well. What matters are the lines that tell of a failure, those that the same
//! process wrote of the same connection, and of all others only whose connections succeeded.

use std::collections::HashSet;
use std::ops::Range;

use memchr::memmem;

use crate::hit::line_of;
use crate::lanes::{self, Line};
use crate::literals::{Weight, weight};
use crate::ordinary::{self, places};
use crate::scan::Scan;
use crate::{Envelope, Messages};

/// What is remembered from one block of a text to the next.
#[derive(Debug)]
pub(crate) struct Rough {
    file: usize,
    /// What marks the lines of attempts that failed near the end of the block before.
    marks: Vec<Mark>,
    /// Words of successes that were read already, the last ones at each place; the highest bits of a word say its place.
    known: Vec<[u64; 4]>,
    /// Finds what stands before the peer in most of them.
    from: memmem::Finder<'static>,
    /// Where the messages of the lines begin that were passed over, and the last bytes of the name of what wrote each;
    /// emptied for each block.
    messages: Vec<(usize, u32)>,
    /// The lines of a piece of the block.
    lines: Vec<Line>,
    /// The successes among them that were passed over; emptied for each block.
    succeeded: Vec<Succeeded>,
}

impl Default for Rough {
    fn default() -> Self {
        let from = memmem::Finder::new(FROM);
        Self {
            file: 0,
            marks: Vec::new(),
            known: Vec::new(),
            from,
            messages: Vec::new(),
            lines: Vec::new(),
            succeeded: Vec::new(),
        }
    }
}

const FROM: &[u8] = b" from ";

/// The message of a peer's success.
#[derive(Clone, Copy, Debug)]
struct Succeeded {
    /// Of the word that most likely names the peer.
    hash: u64,
    entry: usize,
    /// Where it begins and ends.
    message: usize,
    end: usize,
    /// How much of it is the same in all messages of its form.
    begins: usize,
}

/// How the lines of one attempt are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// The bracket before the number of the process, or before the connection of a daemon that has only one, and what
    /// follows it, up to the closing bracket.
    bytes: [u8; MARK],
    /// The last bytes before the closing bracket, if these are all of what is in the brackets.
    tail: Option<[u8; TAIL]>,
}

/// What a block holds.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Lines to read closely, in their order.
    pub(crate) parts: Vec<Range<usize>>,
    /// Peers that succeeded and were not told of before.
    pub(crate) successes: Vec<String>,
    /// Where every [`LINES`]th line begins.
    pub(crate) lines: Vec<usize>,
}

/// Lines from one whose place is remembered to the next.
pub(crate) const LINES: usize = 64;

/// What a look over a block found.
#[derive(Debug, Default)]
struct Found {
    seen: Seen,
    /// Failures, with what marks the lines of their attempts.
    marks: Vec<(Range<usize>, Mark)>,
    /// The lines that were not passed over.
    others: Vec<Range<usize>>,
}

/// Bytes whose lines are looked at together; they stay in the nearest memory of a processor.
const PIECE: usize = 16 * 1024;
/// A failure so near the end of a block is looked for in the next one too.
const REACH: usize = 256 * 1024;
/// Bytes of a mark.
const MARK: usize = 8;
/// Bytes before its end that most lines are told apart by.
const TAIL: usize = 4;
/// Literals of so many bytes hardly stand in other texts than their message.
const TELLING: usize = 14;
/// Lines on either side of one that nothing ties to others.
const AROUND: usize = 32;
/// Places for words of successes that are remembered.
const KNOWN: usize = 1 << 14;

impl Rough {
    /// Looks over a block of whole lines.
    pub(crate) fn see(&mut self, messages: &Messages, file: usize, text: &[u8]) -> Seen {
        if self.file != file {
            self.file = file;
            self.marks.clear();
        }
        let mut found = Found::default();
        let (scan, ordinary) = (messages.rough_scan(), messages.ordinary());
        // Lines of ordinary forms are passed over, and those between them are looked at together.
        let (mut from, mut at) = (0, 0);
        let mut messages_at = std::mem::take(&mut self.messages);
        messages_at.clear();
        let mut lines = std::mem::take(&mut self.lines);
        let mut succeeded = std::mem::take(&mut self.succeeded);
        succeeded.clear();
        let (mut seen_to, mut number) = (0, 0_usize);
        while seen_to < text.len() {
            lines.clear();
            let piece = seen_to..text.len().min(seen_to + PIECE);
            seen_to = piece.end;
            let next = lanes::lines(text, at, piece, &mut lines);
            if seen_to == text.len() {
                let message = next + ordinary::begin(text.get(next..).unwrap_or_default());
                lines.push(Line { end: text.len(), message });
            }
            let (begin, first) = (at, number.next_multiple_of(LINES) - number);
            number += lines.len();
            for place in (first..lines.len()).step_by(LINES) {
                let before = place.checked_sub(1).and_then(|before| lines.get(before));
                found.seen.lines.push(before.map_or(begin, |line| line.end + 1));
            }
            for &Line { end, message } in &lines {
                if let Some(passed) = ordinary.pass(text, message, end) {
                    if from < at {
                        self.look(messages, &scan, text, from..at, &mut found);
                    }
                    from = end + 1;
                    if let Some(entry) = passed.success {
                        let line = text.get(message..end).unwrap_or_default();
                        let hash = self.word(line, passed.begins).map(|word| hash(entry, word));
                        succeeded.extend(hash.map(|hash| Succeeded {
                            hash,
                            entry,
                            message,
                            end,
                            begins: passed.begins,
                        }));
                    }
                    // `4567` of `sshd[1234567]: `.
                    let tail = message.checked_sub(TAIL + 3).and_then(|at| text.get(at..)?.first_chunk());
                    messages_at.push((message, tail.copied().map_or(0, u32::from_le_bytes)));
                }
                at = end + 1;
            }
        }
        self.lines = lines;
        // One after the other, so that the processor waits for the memory of many at once.
        for one in &succeeded {
            if !self.is_known(one.hash) {
                let line = text.get(one.message..one.end).unwrap_or_default();
                found.seen.successes.extend(self.success(messages, one.entry, line, one.begins));
            }
        }
        self.succeeded = succeeded;
        self.look(messages, &scan, text, from..text.len(), &mut found);
        let Found { mut seen, marks, others } = found;
        // An attempt that was on its way at the end of the block goes on in the next one.
        let near_the_end = marks.iter().filter(|(line, _)| line.end + REACH > text.len()).map(|(_, mark)| *mark);
        let before = std::mem::replace(&mut self.marks, near_the_end.collect());
        let all: Vec<_> = before.into_iter().chain(marks.into_iter().map(|(_, mark)| mark)).collect();
        related(text, &all, &messages_at, &others, &mut seen.parts);
        self.messages = messages_at;
        merge(text, &mut seen.parts);
        seen
    }

    /// Looks over some whole lines of a block.
    #[inline(never)]
    fn look(&mut self, messages: &Messages, scan: &Scan<'_>, text: &[u8], lines: Range<usize>, to: &mut Found) {
        let Some(part) = text.get(lines.clone()).filter(|part| !part.is_empty()) else { return };
        to.others.push(lines.clone());
        scan.find(part, |literal, span| {
            let span = lines.start + span.start..lines.start + span.end;
            let line = line_of(text, span.start);
            for entry in literal.entries() {
                match messages.entry(entry).map(weight) {
                    Some(Weight::Failure)
                        if literal.bytes.len() >= TELLING || may_match(messages, entry, text, &line) =>
                    {
                        let bytes = text.get(line.clone()).unwrap_or_default();
                        match mark(bytes) {
                            Some(mark) => {
                                to.seen.parts.push(line.clone());
                                to.marks.push((line.clone(), mark));
                            }
                            None => to.seen.parts.push(around(text, &line)),
                        }
                        return line.end - lines.start;
                    }
                    Some(Weight::Success) => {
                        let bytes = text.get(span.start..line.end).unwrap_or_default();
                        to.seen.successes.extend(self.success(messages, entry, bytes, 0));
                    }
                    _ => {}
                }
            }
            0
        });
    }

    /// The word that most likely names the peer of a success; it stands behind the first bytes.
    #[inline]
    fn word<'t>(&self, text: &'t [u8], behind: usize) -> Option<&'t [u8]> {
        // Nearly all programs write the peer there: then most lines need not be read.
        let word = text.get(behind.saturating_sub(1)..)?;
        let user = blank(word.get(1..)?).map(|blank| blank + 1);
        let from = user.filter(|blank| word.get(*blank..).is_some_and(|rest| rest.starts_with(FROM)));
        let from = from.or_else(|| self.from.find(word));
        let word = word.get(from.map_or(0, |at| at + FROM.len())..)?;
        word.get(..blank(word).unwrap_or(word.len()))
    }

    /// Whether a success was told of before.
    #[inline]
    fn is_known(&self, hash: u64) -> bool {
        self.known.get(place(hash)).is_some_and(|known| known.contains(&hash))
    }

    /// The peer of a success, unless it was told of before; it stands behind the first bytes.
    #[inline(never)]
    fn success(&mut self, messages: &Messages, entry: usize, text: &[u8], behind: usize) -> Option<String> {
        let word = self.word(text, behind)?;
        let hash = hash(entry, word);
        if self.is_known(hash) {
            return None;
        }
        let regex = messages.regex(entry)?;
        let mut captures = regex.create_captures();
        regex.captures(text, &mut captures);
        let peer = text.get(captures.get_group_by_name("peer")?.range())?;
        if peer == word {
            self.known.resize(KNOWN, [0; 4]);
            let known = self.known.get_mut(place(hash));
            known.into_iter().for_each(|known| *known = [hash, known[0], known[1], known[2]]);
        }
        Some(String::from_utf8_lossy(peer).into_owned())
    }
}

/// Where a word is remembered: the highest bits of a product say something of all bits of its factors.
#[inline]
fn place(hash: u64) -> usize {
    (hash >> (u64::BITS - KNOWN.ilog2())) as usize
}

/// Where the first blank is. Names and addresses are so short that a call of what is made for long texts costs more.
#[inline]
fn blank(text: &[u8]) -> Option<usize> {
    let first = text.as_chunks().0.iter().take(4).map(|eight| places(u64::from_le_bytes(*eight), b' '));
    let found = first.enumerate().find(|(_, blanks)| *blanks != 0);
    match found {
        Some((eight, blanks)) => Some(eight * 8 + (blanks.trailing_zeros() / 8) as usize),
        None => memchr::memchr(b' ', text),
    }
}

/// A number for a word of a message. Words that are made to have the same one only hide that their peer succeeded.
#[inline]
fn hash(entry: usize, word: &[u8]) -> u64 {
    let mix = |hash: u64, number: u64| (hash.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let begin = mix(entry as u64, word.len() as u64);
    // What is no whole number of words is taken with some bytes before it.
    let Some(last) = word.last_chunk() else {
        return word.iter().fold(begin, |hash, byte| mix(hash, u64::from(*byte)));
    };
    let eights = word.as_chunks::<8>().0.iter().fold(begin, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
    mix(eights, u64::from_le_bytes(*last))
}

/// Whether a line may hold a message; one of several lines is not looked at closely.
fn may_match(messages: &Messages, entry: usize, text: &[u8], line: &Range<usize>) -> bool {
    let Some(message) = messages.entry(entry).filter(|message| message.lines <= 1 && line.len() <= REACH) else {
        return true;
    };
    let Some(regex) = messages.regex(entry) else { return true };
    let bytes = text.get(line.clone()).unwrap_or_default();
    let begins = || bytes.get(Envelope::read(bytes).message..).unwrap_or_default();
    regex.is_match(bytes) || message.pattern.contains('^') && regex.is_match(begins())
}

fn mark(line: &[u8]) -> Option<Mark> {
    let envelope = Envelope::read(line);
    let name = envelope.connection.or(envelope.process)?;
    let bytes = cut(line.get(name.start.checked_sub(1)?..)?.first_chunk()?);
    Some(Mark { bytes, tail: line.get(name)?.last_chunk().copied() })
}

/// A mark up to its closing bracket: behind a short number the message begins, which is another one in each line.
fn cut(mark: &[u8; MARK]) -> [u8; MARK] {
    let close = match mark {
        [b'[', ..] => b']',
        [b'<', ..] => b'>',
        [b'(', ..] => b')',
        _ => return *mark,
    };
    let eight = u64::from_le_bytes(*mark);
    match places(eight, close) {
        0 => *mark,
        // All bits up to the first bracket.
        found => (eight & (found ^ (found - 1))).to_le_bytes(),
    }
}

/// Adds the lines that have the mark of a failure: lines of ordinary forms, whose messages begin at these places, before
/// their message, all others anywhere.
fn related(
    text: &[u8],
    marks: &[Mark],
    messages: &[(usize, u32)],
    others: &[Range<usize>],
    parts: &mut Vec<Range<usize>>,
) {
    if marks.is_empty() {
        return;
    }
    let wanted: HashSet<&[u8; MARK]> = marks.iter().map(|mark| &mark.bytes).collect();
    // Most brackets are of others.
    let begins = Filter::of(marks.iter().map(|mark| u64::from_le_bytes(mark.bytes)));
    let mut look = |at: usize, done: &mut usize| {
        let Some(mark) = text.get(at..).and_then(|rest| rest.first_chunk()).map(cut) else { return };
        if begins.may_have(u64::from_le_bytes(mark)) && at >= *done && wanted.contains(&mark) {
            let line = line_of(text, at);
            *done = line.end;
            parts.push(line);
        }
    };
    let number = |tail: &[u8; TAIL]| u64::from(u32::from_le_bytes(*tail));
    let ends: Option<Vec<u64>> = marks.iter().map(|mark| mark.tail.as_ref().map(number)).collect();
    let ends = ends.map(|ends| Filter::of(ends.into_iter()));
    for (message, tail) in messages {
        if ends.as_ref().is_none_or(|ends| ends.may_have(u64::from(*tail))) {
            bracket(text, *message).into_iter().for_each(|at| look(at, &mut 0));
        }
    }
    let mut done = 0;
    let square = marks.iter().all(|mark| mark.bytes.starts_with(b"["));
    for lines in others {
        let part = text.get(lines.clone()).unwrap_or_default();
        if square {
            memchr::memchr_iter(b'[', part).for_each(|at| look(lines.start + at, &mut done));
        } else {
            memchr::memchr3_iter(b'[', b'<', b'(', part).for_each(|at| look(lines.start + at, &mut done));
        }
    }
}

/// Tells most numbers that are not among some from these.
struct Filter([bool; 1 << 12]);

impl Filter {
    fn of(numbers: impl Iterator<Item = u64>) -> Self {
        let mut filter = Self([false; 1 << 12]);
        for number in numbers {
            filter.0.get_mut(Self::place(number)).into_iter().for_each(|known| *known = true);
        }
        filter
    }

    fn may_have(&self, number: u64) -> bool {
        self.0.get(Self::place(number)) == Some(&true)
    }

    fn place(number: u64) -> usize {
        (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
    }
}

/// Where the bracket opens around the number of the process before a message: `[1234]: `.
fn bracket(text: &[u8], message: usize) -> Option<usize> {
    let start = message.checked_sub(9)?;
    let eight: &[u8; 8] = text.get(start..)?.first_chunk()?;
    let open = match eight {
        [.., b']', b':'] => b'[',
        [.., b')', b':'] => b'(',
        _ => return None,
    };
    match places(u64::from_le_bytes(*eight), open) {
        // The number has six digits or seven.
        0 => [1, 2].iter().find_map(|back| start.checked_sub(*back).filter(|at| text.get(*at) == Some(&open))),
        found => Some(start + 7 - (found.leading_zeros() / 8) as usize),
    }
}

/// A line with those around it.
fn around(text: &[u8], line: &Range<usize>) -> Range<usize> {
    let mut part = line.clone();
    for _ in 0..AROUND {
        if part.start > 0 {
            part.start = line_of(text, part.start - 1).start;
        }
        if part.end < text.len() {
            part.end = line_of(text, part.end + 1).end;
        }
    }
    part
}

/// Puts parts in order that touch or overlap into one.
fn merge(text: &[u8], parts: &mut Vec<Range<usize>>) {
    parts.sort_unstable_by_key(|part| part.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(parts.len());
    for part in parts.drain(..) {
        match merged.last_mut() {
            Some(last) if part.start <= last.end + 1 => last.end = last.end.max(part.end),
            _ => merged.push(part),
        }
    }
    merged.iter_mut().for_each(|part| part.end = text.len().min(part.end + 1));
    *parts = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_around_a_process_is_found() {
        for (line, at) in [
            ("Nov 21 10:11:12 host sshd[7]: Accepted", Some(25)),
            ("Nov 21 10:11:12 host sshd[12345]: Accepted", Some(25)),
            ("Nov 21 10:11:12 host sshd[123456]: Accepted", Some(25)),
            ("Nov 21 10:11:12 host sshd[4194304]: Accepted", Some(25)),
            ("Nov 21 10:11:12 host su(12): Accepted", Some(23)),
            ("Nov 21 10:11:12 host kernel: Accepted", None),
            ("1 a: Accepted", None),
            ("Accepted", None),
        ] {
            assert_eq!(line.find("Accepted").and_then(|message| bracket(line.as_bytes(), message)), at, "{line}");
        }
    }
    /// A process with a short number was told from itself by the first letters of what it said.
    #[test]
    fn lines_of_a_process_have_the_same_mark() {
        for (one, other) in [
            ("Nov 21 10:11:12 host sshd[7]: Unable to", "Nov 21 10:11:10 host sshd[7]: Connection from"),
            ("Nov 21 10:11:12 host sshd[123]: Unable to", "Nov 21 10:11:10 host sshd[123]: Connection from"),
            ("Nov 21 10:11:12 gw charon[9]: 05[IKE] <a|3> no", "Nov 21 10:11:10 gw charon[9]: 06[ENC] <a|3> parsed"),
        ] {
            assert!(mark(one.as_bytes()).is_some(), "{one}");
            assert_eq!(mark(one.as_bytes()), mark(other.as_bytes()), "{one}");
        }
        assert_ne!(mark(b"Nov 21 10:11:12 host sshd[7]: Unable"), mark(b"Nov 21 10:11:12 host sshd[71]: Unable"));
    }
}
