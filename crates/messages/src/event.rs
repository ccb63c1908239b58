use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Name, Role};

use crate::attempt::{Piece, Place};
use crate::hit::Hit;

/// One message, before it is known what else was said.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) entry: usize,
    pub(crate) place: Place,
    pub(crate) text: Name,
    pub(crate) captures: Vec<(String, Name, Place)>,
    pub(crate) printed_by: Option<Role>,
    pub(crate) time: Option<String>,
    pub(crate) times: u64,
    pub(crate) last_time: Option<String>,
    /// The place in the order of all messages.
    pub(crate) number: u64,
    /// The lines that it stands in.
    pub(crate) piece: Arc<Piece>,
}

impl Event {
    /// The captured part of a name.
    pub(crate) fn capture(&self, name: &str) -> Option<&Name> {
        self.captures.iter().find(|(key, ..)| key == name).map(|(_, text, _)| text)
    }

    /// Whether it says the same as another one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let said = |event: &'_ Self| event.captures.len();
        self.entry == other.entry
            && self.printed_by == other.printed_by
            && said(self) == said(other)
            && self.captures.iter().zip(&other.captures).all(|(one, two)| one.0 == two.0 && one.1 == two.1)
    }

    /// About how much memory it takes.
    pub(crate) fn size(&self) -> usize {
        let captures: usize = self.captures.iter().map(|(key, text, _)| 96 + key.len() + text.as_str().len()).sum();
        256 + self.piece.bytes.len() + self.text.as_str().len() + captures
    }
}

/// The parts of a match that have a name, without the signs around them.
pub(crate) fn captures(text: &[u8], hit: &Hit<'_>, at: impl Fn(Range<usize>) -> Place) -> Vec<(String, Name, Place)> {
    let trimmed = |span: &Range<usize>| {
        let bytes = text.get(span.clone()).unwrap_or_default();
        let quote = |byte: &u8| b"'\"`<>[](),;: \t\r".contains(byte);
        let start = bytes.iter().position(|byte| !quote(byte)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| !quote(byte)).map_or(start, |last| last + 1);
        span.start + start..span.start + end
    };
    hit.captures
        .iter()
        .map(|(key, span)| {
            let span = trimmed(span);
            ((*key).to_owned(), name(text, &span), at(span))
        })
        .collect()
}

/// A part of the text, escaped.
pub(crate) fn name(text: &[u8], span: &Range<usize>) -> Name {
    let bytes = text.get(span.clone()).unwrap_or_default();
    // Most text is its own printable form.
    std::str::from_utf8(bytes).map_or_else(|_| Name::from_bytes(bytes), Name::new)
}

/// Bytes of a line that are kept on either side of a message.
const AROUND: usize = 2048;

/// The lines of the original that a message stands in. Of a very long line, what is near.
pub(crate) fn piece(file: usize, offset: u64, line: usize, original: &[u8], span: Range<usize>) -> Piece {
    let before = original.get(..span.start).unwrap_or_default();
    let near = before.len().saturating_sub(AROUND);
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1).max(near);
    let after = original.get(span.end..).unwrap_or_default();
    let end = span.end + memchr::memchr(b'\n', after).unwrap_or(after.len()).min(AROUND);
    let bytes = original.get(start..end).unwrap_or_default();
    Piece { file, offset: offset + start as u64, line, bytes: bytes.to_vec() }
}
