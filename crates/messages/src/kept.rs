//! Parts of a long text that are kept until there are enough of them to be read closely together.
//!
//! Of most logs a few lines of each block are of interest. To read them needs tables that the bytes of the block have
//! pushed out of the processor's own memory: they are read once for many blocks, not for each.

use std::ops::Range;

use crate::attempt::{Piece, Place};
use crate::data::LINES;
use crate::event;

/// Parts of one file with the lines around them.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) file: usize,
    pub(crate) text: Vec<u8>,
    /// Where the parts are in it.
    pub(crate) parts: Vec<Range<usize>>,
    rows: Vec<Row>,
}

/// Bytes that stand together in the file too.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Where they begin in what is kept, and in the file.
    at: usize,
    offset: u64,
    /// The number of their first line.
    line: usize,
}

/// Bytes from which on they are read.
const FULL: usize = 128 * 1024;
/// Parts of a block that are longer are read at once.
const LONG: usize = 64 * 1024;
/// Lines on either side that a match may begin or end in.
const AROUND: usize = LINES as usize - 1;

impl Kept {
    /// Takes parts of a block, in their order, with the lines around them; `false`, and nothing, where these are not all in
    /// the block or are too long.
    pub(crate) fn take(
        &mut self,
        file: usize,
        offset: u64,
        block: &[u8],
        parts: &[Range<usize>],
        mut line: impl FnMut(usize) -> usize,
    ) -> bool {
        let wide: Option<Vec<_>> = parts.iter().map(|part| with_lines_around(block, part)).collect();
        let Some(wide) = wide.filter(|wide| wide.iter().map(Range::len).sum::<usize>() <= LONG) else { return false };
        self.file = file;
        let mut end = 0;
        for (part, Range { start, end: to }) in parts.iter().zip(wide) {
            // What is around two parts may overlap.
            if start >= end {
                self.rows.push(Row { at: self.text.len(), offset: offset + start as u64, line: line(start) });
                end = start;
            }
            let Some(row) = self.rows.last().copied() else { continue };
            self.text.extend_from_slice(block.get(end..to).unwrap_or_default());
            end = end.max(to);
            let place = |at: usize| row.at + usize::try_from(offset + at as u64 - row.offset).unwrap_or(usize::MAX);
            self.parts.push(place(part.start)..place(part.end));
        }
        true
    }

    /// Whether it is time to read them.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= FULL
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.parts.clear();
        self.rows.clear();
    }

    /// Where bytes stand in the file.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let row = self.row(span.start);
        let start = row.offset + span.start.saturating_sub(row.at) as u64;
        Place { file: self.file, start, end: start + span.len() as u64 }
    }

    /// The lines that bytes stand in.
    pub(crate) fn piece(&self, span: Range<usize>) -> Piece {
        let row = self.row(span.start);
        let mut piece = event::piece(self.file, 0, row.line, &self.text, span);
        let start = usize::try_from(piece.offset).unwrap_or(usize::MAX).max(row.at);
        let before = self.text.get(row.at..start).unwrap_or_default();
        piece.line += memchr::memchr_iter(b'\n', before).count();
        piece.offset = row.offset + (start - row.at) as u64;
        piece
    }

    fn row(&self, at: usize) -> Row {
        let row = self.rows.partition_point(|row| row.at <= at).checked_sub(1).and_then(|row| self.rows.get(row));
        row.copied().unwrap_or(Row { at: 0, offset: 0, line: 1 })
    }
}

/// Some whole lines with those on either side that a match may begin or end in.
fn with_lines_around(block: &[u8], lines: &Range<usize>) -> Option<Range<usize>> {
    let before = memchr::memrchr_iter(b'\n', block.get(..lines.start)?).nth(AROUND)?;
    let after = memchr::memchr_iter(b'\n', block.get(lines.end..)?).nth(AROUND - 1)?;
    Some(before + 1..lines.end + after + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: usize) -> Vec<u8> {
        (1..=lines).flat_map(|line| format!("line {line:05}\n").into_bytes()).collect()
    }

    fn part(lines: Range<usize>) -> Range<usize> {
        (lines.start - 1) * 11..(lines.end - 1) * 11
    }

    #[test]
    fn places_and_lines_are_those_of_the_file() {
        let (block, mut kept) = (block(1000), Kept::default());
        let parts = [part(100..102), part(105..106), part(500..501)];
        assert!(kept.take(3, 7_000, &block, &parts, |at| 1 + at / 11));
        assert!(kept.take(3, 7_000 + 11_000, &block, &[part(100..101)], |at| 1001 + at / 11));
        // The first two overlap.
        assert_eq!(kept.rows.len(), 3);
        for (number, (part, line)) in [(100, 100), (105, 105), (500, 500), (100, 1100)].into_iter().enumerate() {
            let at = kept.parts[number].start;
            let text = format!("line {part:05}");
            assert_eq!(&kept.text[at..at + 10], text.as_bytes());
            let start = 7_000 + (line as u64 - 1) * 11;
            assert_eq!(kept.place(at + 5..at + 10), Place { file: 3, start: start + 5, end: start + 10 });
            let piece = kept.piece(at + 5..at + 10);
            assert_eq!((piece.offset, piece.line, piece.bytes), (start, line, text.into_bytes()));
            // A match may begin some lines before.
            let piece = kept.piece(at - 11 * AROUND..at);
            assert_eq!((piece.offset, piece.line), (start - 11 * AROUND as u64, line - AROUND));
        }
        assert_eq!(kept.parts[0].len(), 22);
    }

    #[test]
    fn parts_without_all_lines_around_them_are_not_taken() {
        let (block, mut kept) = (block(1000), Kept::default());
        // Before the first line of a block there may be another one.
        let first = AROUND + 2;
        let last = 1000 - AROUND;
        for (lines, taken) in [
            (first..first + 1, true),
            (first - 1..first, false),
            (1..2, false),
            (last..last + 1, true),
            (last + 1..last + 2, false),
        ] {
            assert_eq!(kept.take(0, 0, &block, &[part(lines.clone())], |_| 1), taken, "{lines:?}");
        }
        let long = vec![b'a'; LONG];
        let long = [block.as_slice(), &long, b"\n", &block].concat();
        assert!(!kept.take(0, 0, &long, &[part(998..999)], |_| 1));
    }
}
