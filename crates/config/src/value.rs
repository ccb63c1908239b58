//! A text as a program reads it, with the place of every byte of it.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Origin, SourceFile};

/// A text as the program reads it, without quotes and escapes, that knows where each part of it is written. A value that is
/// a program's own default has the row of that default as its only place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    text: String,
    origin: Origin,
    places: Places,
    span: Range<usize>,
}

/// Where the bytes of a text are written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Places {
    /// All at the value's origin: it is a default, or an expanded variable.
    Whole,
    /// One after another from here.
    From(usize),
    /// Each at its own place.
    Each(Vec<usize>),
}

impl Value {
    /// A text that is not written in a file, such as a program's default.
    pub fn unwritten(text: impl Into<String>, origin: Origin) -> Self {
        Self { text: text.into(), origin, places: Places::Whole, span: 0..0 }
    }

    /// The text of these bytes; `places` has the place of each in the file, and `span` all of them with their quotes.
    /// `include` is the directive that led to the file. Bytes that are not UTF-8 are replaced.
    pub(crate) fn written(
        file: &Arc<SourceFile>,
        bytes: &[u8],
        places: &[usize],
        span: Range<usize>,
        include: Option<&Origin>,
    ) -> Self {
        let place = Origin::file(file, span.clone());
        let origin = match include {
            Some(include) => place.after(include.clone()),
            None => place,
        };
        let first = places.first().copied().unwrap_or(span.start);
        let in_a_row = places.iter().enumerate().all(|(index, place)| *place == first + index);
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let places = if in_a_row { Places::From(first) } else { Places::Each(places.to_vec()) };
                Self { text: text.to_owned(), origin, places, span }
            }
            Err(_) => {
                let (mut text, mut each) = (String::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
                let mut at = 0;
                for chunk in bytes.utf8_chunks() {
                    for letter in chunk.valid().chars() {
                        text.push(letter);
                        each.extend(places.get(at..at + letter.len_utf8()).unwrap_or_default());
                        at += letter.len_utf8();
                    }
                    for _ in chunk.invalid() {
                        text.push(char::REPLACEMENT_CHARACTER);
                        let place = places.get(at).copied().unwrap_or(first);
                        each.extend([place; char::REPLACEMENT_CHARACTER.len_utf8()]);
                        at += 1;
                    }
                }
                Self { text, origin, places: Places::Each(each), span }
            }
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where all of it is written, with its quotes.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where a byte range of the text is written, such as one name in a list.
    pub fn part(&self, range: Range<usize>) -> Origin {
        let Some(span) = self.part_span(range) else { return self.origin.clone() };
        let shakedown_model::OriginKind::File { file, .. } = self.origin.kind() else { return self.origin.clone() };
        let place = Origin::file(file, span);
        match self.origin.before() {
            Some(before) => place.after(before.clone()),
            None => place,
        }
    }

    /// The bytes of the file that hold a range of the text; `None` for a default and for what a variable stands for.
    pub fn part_span(&self, range: Range<usize>) -> Option<Range<usize>> {
        match &self.places {
            Places::Whole => None,
            Places::From(first) => Some(first + range.start..first + range.end),
            Places::Each(places) => {
                let start = *places.get(range.start).unwrap_or(&self.span.end);
                let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
                    return Some(start..start);
                };
                let end = places.get(last)? + 1;
                (start <= end).then_some(start..end)
            }
        }
    }

    /// Whether it is written in a file; a default is not.
    pub fn is_written(&self) -> bool {
        matches!(self.origin.kind(), shakedown_model::OriginKind::File { .. })
    }

    /// The same text without the parts in front of and behind a range of it.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let places = match &self.places {
            Places::Whole => Places::Whole,
            Places::From(first) => Places::From(first + range.start),
            Places::Each(places) => Places::Each(places.get(range.clone()).unwrap_or_default().to_vec()),
        };
        let span = self.part_span(range.clone()).unwrap_or_else(|| self.span.clone());
        Self { text, origin: self.part(range), places, span }
    }

    /// The same places with another text of the same length, such as one with other separators.
    pub(crate) fn with_text(&self, text: String) -> Self {
        debug_assert_eq!(text.len(), self.text.len(), "places are by byte");
        Self { text, ..self.clone() }
    }

    /// The same with more text behind it that the program adds of itself: it has no place but the whole value's.
    pub(crate) fn followed_by(&self, text: &str) -> Self {
        let mut value = self.clone();
        if let Some(first) = match value.places {
            Places::From(first) => Some(first),
            _ => None,
        } {
            value.places = Places::Each((first..first + value.text.len()).collect());
        }
        if let Places::Each(places) = &mut value.places {
            places.resize(places.len() + text.len(), self.span.end.saturating_sub(1));
        }
        value.text.push_str(text);
        value
    }

    /// The parts between separators, without white space around them and without empty ones.
    pub fn split(&self, is_separator: impl Fn(char) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (end, letter) in self.text.char_indices().chain([(self.text.len(), '\0')]) {
            if end < self.text.len() && !is_separator(letter) {
                continue;
            }
            let raw = self.text.get(start..end).unwrap_or_default();
            let from = start + (raw.len() - raw.trim_start().len());
            let trimmed = raw.trim();
            if !trimmed.is_empty() {
                parts.push(self.slice(from..from + trimmed.len()));
            }
            start = end + letter.len_utf8();
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use shakedown_model::OriginKind;

    use super::*;

    fn span(origin: &Origin) -> Range<usize> {
        match origin.kind() {
            OriginKind::File { span, .. } => span.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parts_are_found_where_they_are_written() {
        let file = Arc::new(SourceFile::new("f", b"x = \"a\\:b\" : c".to_vec()));
        let value = Value::written(&file, b"a:b : c", &[5, 7, 8, 10, 11, 12, 13], 4..14, None);
        assert_eq!(span(&value.part(0..3)), 5..9);
        let parts = value.split(|letter| letter == ':');
        assert_eq!(parts.iter().map(Value::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(parts.iter().map(|part| span(part.origin())).collect::<Vec<_>>(), [5..6, 8..9, 13..14]);
    }

    #[test]
    fn bytes_that_are_no_text_keep_their_places() {
        let file = Arc::new(SourceFile::new("f", b"a\xffb".to_vec()));
        let value = Value::written(&file, b"a\xffb", &[0, 1, 2], 0..3, None);
        assert_eq!(value.as_str(), "a\u{fffd}b");
        assert_eq!(span(&value.part(4..5)), 2..3);
        assert_eq!(span(&value.part(1..4)), 1..2);
    }
}
