use super::rewriter::{Rewriter, Rewritten};
use super::terminal::{self, Sequence};
use super::{characters, entities};
use crate::lanes;

/// Takes away control characters and what terminals do with them, and makes plain characters of typographic ones and
/// of character references.
pub(super) fn strip(bytes: &[u8]) -> Option<Rewritten> {
    let mut rewriter = Rewriter::new(bytes);
    let mut buffer = String::new();
    let mut at = 0;
    while let Some(found) = next(bytes, at) {
        let rest = bytes.get(found..).unwrap_or_default();
        at = match rest.first() {
            Some(b'&') => match entities::read(rest, &mut buffer) {
                Some(length) => {
                    rewriter.replace(found..found + length, buffer.as_bytes());
                    found + length
                }
                None => found + 1,
            },
            Some(byte) if *byte < 0x80 => found + control(&mut rewriter, rest, found),
            _ => found + wide(&mut rewriter, rest, found),
        };
    }
    rewriter.finish()
}

/// What a text may have to be rewritten for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// It may have bytes that [`strip`] or a decoding takes away or replaces.
    pub(super) dirty: bool,
    /// It may have escaped forms of characters.
    pub(super) escaped: bool,
}

/// Looks over a text: nothing of most logs has to be rewritten.
pub(super) fn look(bytes: &[u8]) -> Looked {
    let strange = lanes::strange(bytes);
    Looked { dirty: strange.bytes || strange.ampersand, escaped: strange.escape }
}

/// How many bytes are looked at together.
const RUN: usize = 64;

/// The next byte at or after a place that may have to go.
fn next(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    // Texts with many such bytes have them close together.
    if rest.first().is_some_and(|byte| suspect(*byte)) {
        return Some(from);
    }
    let (runs, tail) = rest.as_chunks::<RUN>();
    for (index, run) in runs.iter().enumerate() {
        // Without a branch for each byte, the compiler compares many at once.
        if run.iter().fold(0, |any, byte| any | u8::from(suspect(*byte))) != 0 {
            return run.iter().position(|byte| suspect(*byte)).map(|position| from + index * RUN + position);
        }
    }
    tail.iter().position(|byte| suspect(*byte)).map(|position| from + runs.len() * RUN + position)
}

fn suspect(byte: u8) -> bool {
    (byte < 0x20) & (byte != b'\n') & (byte != b'\t') | (byte >= 0x7f) | (byte == b'&')
}

/// Deals with a control character; how far it went.
fn control(rewriter: &mut Rewriter, rest: &[u8], at: usize) -> usize {
    let (with, length): (&[u8], usize) = match rest {
        [b'\r', ..] => {
            // A line end of Windows, or one that two programs translated, or the next state of a progress line.
            let returns = rest.iter().take_while(|byte| **byte == b'\r').count();
            let feed = usize::from(rest.get(returns) == Some(&b'\n'));
            (b"\n", returns + feed)
        }
        [0x08, ..] => {
            let count = rest.iter().take_while(|byte| **byte == 0x08).count();
            rewriter.erase_before(at..at + count, count);
            return count;
        }
        [0x0b | 0x0c, ..] => (b"\n", 1),
        [0x1b, after @ ..] => return 1 + moved(rewriter, at, 1, terminal::sequence(after)),
        _ => {
            let count = rest.iter().take_while(|byte| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)).count();
            (b"", count.max(1))
        }
    };
    rewriter.replace(at..at + length, with);
    length
}

/// Writes what a terminal's sequence shows, whose introduction is that long; the length of what follows it.
fn moved(rewriter: &mut Rewriter, at: usize, introduction: usize, (sequence, length): (Sequence, usize)) -> usize {
    let part = at..at + introduction + length;
    match sequence {
        Sequence::Right(columns) => rewriter.replace(part, &vec![b' '; columns]),
        Sequence::Line if rewriter.last_before(at).is_some_and(|byte| byte != b'\n') => rewriter.replace(part, b"\n"),
        Sequence::Nothing | Sequence::Line => rewriter.replace(part, b""),
    }
    length
}

/// Deals with a byte beyond ASCII; how far it went.
fn wide(rewriter: &mut Rewriter, rest: &[u8], at: usize) -> usize {
    let Some(character) = characters::first(rest) else {
        let byte = rest.first().copied().unwrap_or_default();
        let alone =
            rewriter.last_before(at).is_none_or(|byte| byte < 0x80) && rest.get(1).is_none_or(|byte| *byte < 0x80);
        if let Some(plain) = characters::windows_1252(byte).filter(|_| alone) {
            rewriter.replace(at..at + 1, plain.as_bytes());
        }
        return 1;
    };
    let length = character.len_utf8();
    let after = rest.get(length..).unwrap_or_default();
    match character {
        // The introducer as one character, and pictures of the escape character.
        '\u{9b}' => length + moved(rewriter, at, length, terminal::control(after, 0)),
        '\u{241b}' | '\u{2190}' | char::REPLACEMENT_CHARACTER if after.first() == Some(&b'[') => {
            match terminal::sequence(after) {
                (Sequence::Nothing, sequence)
                    if after.get(sequence - 1).is_some_and(|byte| matches!(byte, b'm' | b'K')) =>
                {
                    length + moved(rewriter, at, length, (Sequence::Nothing, sequence))
                }
                _ => length,
            }
        }
        'â' | 'Â' | 'ï' => match characters::READ_TWICE.iter().find(|(twice, _)| rest.starts_with(twice.as_bytes()))
        {
            Some((twice, plain)) => {
                rewriter.replace(at..at + twice.len(), plain.as_bytes());
                twice.len()
            }
            None => length,
        },
        // The frame around a message.
        '│' | '┃' | '║' | '╵' | '╷' if rewriter.last_before(at).is_none_or(|byte| byte == b'\n') => {
            let blank = usize::from(after.first() == Some(&b' '));
            rewriter.replace(at..at + length + blank, b"");
            length + blank
        }
        '│' | '┃' | '║' if matches!(after.first(), None | Some(b'\n' | b'\r')) => {
            rewriter.replace(at..at + length, b"");
            length
        }
        _ => {
            if let Some(plain) = characters::plain(character) {
                rewriter.replace(at..at + length, plain.as_bytes());
            }
            length
        }
    }
}
