//! What of the texts is kept, to be quoted.

use std::sync::Arc;

use shakedown_messages::{Attempt, Piece, Place, Reader};
use shakedown_model::{Excerpt, Name, Origin, SourceFile};

use crate::input::Block;

/// Texts of so many bytes together are kept whole; of longer ones, the lines that the report points at.
const WHOLE: usize = 4 << 20;

/// Messages of one end's text that are compared with those of the other's. All of them have to be at hand for that.
const COMPARED: u64 = 3_000;
/// Then so much is read at once, so that there are not many more.
const PART: usize = 64 << 10;

/// The texts that are read, one after the other.
#[derive(Default)]
pub(super) struct Texts {
    texts: Vec<Text>,
    /// Bytes that are kept whole.
    kept: usize,
    /// Where both ends' texts are put together: messages found before the text that is read.
    before: Option<u64>,
}

#[derive(Default)]
struct Text {
    name: String,
    /// The beginning, as long as it may still be the whole.
    head: Option<Vec<u8>>,
    is_cut: bool,
    /// Bytes that were not looked at.
    left_out: u64,
}

impl Texts {
    /// Texts of these names; `together` if they are those of both ends.
    pub(super) fn of(names: impl IntoIterator<Item = String>, together: bool) -> Self {
        let texts = names.into_iter().map(|name| Text { name, head: Some(Vec::new()), is_cut: false, left_out: 0 });
        Self { texts: texts.collect(), kept: 0, before: together.then_some(0) }
    }

    /// Takes some lines, and hands them to the reader where the text is a long one.
    pub(super) fn take(&mut self, reader: &mut Reader<'_>, block: &Block<'_>) {
        let Some(text) = self.texts.get_mut(block.file) else { return };
        if let Some(head) = &mut text.head {
            // Each block of UTF-16 text begins with a byte order mark.
            let mark = (head.len() as u64).saturating_sub(block.offset);
            let bytes = usize::try_from(mark).ok().and_then(|mark| block.bytes.get(mark..)).unwrap_or_default();
            if head.len() + bytes.len() <= WHOLE {
                // A hole at the beginning was passed over: its bytes count, and are no text.
                if head.is_empty() && block.offset > 0 {
                    text.head = None;
                } else {
                    head.extend_from_slice(bytes);
                    return;
                }
            }
        }
        if let Some(head) = text.head.take() {
            text.left_out += read(reader, self.before, block.file, 0, &head);
        }
        text.is_cut = true;
        text.left_out += read(reader, self.before, block.file, block.offset, block.bytes);
    }

    /// A text is at its end.
    pub(super) fn end(&mut self, reader: &mut Reader<'_>, file: usize) {
        let before = self.before;
        self.before = before.map(|_| reader.found());
        let Some(text) = self.texts.get_mut(file) else { return };
        let Some(head) = text.head.take() else { return };
        let head = decoded(head);
        if text.is_cut || head.is_empty() {
            return;
        }
        text.left_out += read(reader, before, file, 0, &head);
        self.before = before.map(|_| reader.found());
        if self.kept + head.len() <= WHOLE {
            self.kept += head.len();
            text.head = Some(head);
        } else {
            text.is_cut = true;
        }
    }

    /// What is to be said of texts that were not read to their end.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.texts.iter().filter(|text| text.left_out > 0).map(|text| {
            format!(
                "of `{}` the first {COMPARED} messages were put together with the other end's, and the last {} bytes \
                 were left out: cut it to the time of the incident",
                Name::new(&text.name.replace('`', "'")),
                text.left_out
            )
        })
    }

    /// The files, with what these attempts need of those that were not kept whole.
    pub(super) fn files<'a>(self, attempts: impl Iterator<Item = &'a Attempt>) -> Files {
        let mut pieces: Vec<Vec<&Piece>> = self.texts.iter().map(|_| Vec::new()).collect();
        for piece in attempts.flat_map(|attempt| &attempt.pieces) {
            if let Some(pieces) = pieces.get_mut(piece.file) {
                pieces.push(piece);
            }
        }
        let files = self.texts.into_iter().zip(pieces);
        Files(files.map(|(text, pieces)| Arc::new(text.file(pieces))).collect())
    }
}

/// Hands lines to the reader, and gives how many bytes were left out.
fn read(reader: &mut Reader<'_>, before: Option<u64>, file: usize, offset: u64, bytes: &[u8]) -> u64 {
    let Some(before) = before else {
        reader.read(file, offset, bytes);
        return 0;
    };
    let mut done = 0;
    for part in parts(bytes, PART) {
        if reader.found() >= before + COMPARED {
            break;
        }
        reader.read(file, offset + done, part);
        done += part.len() as u64;
    }
    bytes.len() as u64 - done
}

/// Whole lines in parts of about this length.
pub(super) fn parts(bytes: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    // A byte order mark stands before all of them.
    let is_utf16 = matches!(bytes.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]));
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let begin = rest.get(length..).filter(|_| !is_utf16);
        let end = begin.and_then(|begin| memchr::memchr(b'\n', begin)).map_or(rest.len(), |end| length + end + 1);
        let (part, after) = rest.split_at_checked(end)?;
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// The one text of this name, of which is kept what the attempt needs.
pub(super) fn excerpts(name: &str, attempt: &Attempt) -> Files {
    let text = Text { name: name.to_owned(), head: None, is_cut: true, left_out: 0 };
    Files(vec![Arc::new(text.file(attempt.pieces.iter().map(Arc::as_ref).collect()))])
}

impl Text {
    fn file(self, mut pieces: Vec<&Piece>) -> SourceFile {
        let mut file = SourceFile::new(self.name, self.head.unwrap_or_default());
        if !self.is_cut {
            return file;
        }
        file.text = Vec::new();
        pieces.sort_by_key(|piece| (piece.offset, std::cmp::Reverse(piece.bytes.len())));
        let mut end = 0;
        for piece in pieces {
            let mut offset = piece.offset;
            let mut bytes = piece.bytes.as_slice();
            if offset < end {
                // It overlaps the one before, which ended with a line feed of its own.
                let again = usize::try_from(end - offset).unwrap_or(usize::MAX);
                let Some(rest) = bytes.get(again..).filter(|rest| !rest.is_empty()) else { continue };
                file.text.pop();
                bytes = rest;
                offset = end;
            } else {
                file.excerpts.push(Excerpt { at: file.text.len(), offset, line: piece.line });
            }
            file.text.extend_from_slice(bytes);
            file.text.push(b'\n');
            end = offset + bytes.len() as u64;
        }
        file
    }
}

/// The files of a report.
pub(super) struct Files(Vec<Arc<SourceFile>>);

impl Files {
    /// Where a place of the input is in what was kept.
    pub(super) fn origin(&self, place: Place) -> Option<Origin> {
        let file = self.0.get(place.file)?;
        let length = usize::try_from(place.end.saturating_sub(place.start)).ok()?;
        let start = if file.excerpts.is_empty() {
            usize::try_from(place.start).ok()?
        } else {
            let after = file.excerpts.partition_point(|excerpt| excerpt.offset <= place.start);
            let excerpt = file.excerpts.get(after.checked_sub(1)?)?;
            excerpt.at + usize::try_from(place.start - excerpt.offset).ok()?
        };
        (start < file.text.len()).then(|| Origin::file(file, start..(start + length).min(file.text.len())))
    }
}

/// UTF-16 text is kept as a terminal can show it.
fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return bytes,
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().skip(1).map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_kept_know_their_place() {
        let piece = |offset, line, text: &str| Piece { file: 0, offset, line, bytes: text.as_bytes().to_vec() };
        let pieces = [
            piece(5000, 70, "third"),
            piece(100, 7, "first\nsecond"),
            piece(106, 8, "second\nmore"),
            piece(5000, 70, "third"),
        ];
        let text = Text { name: "a.log".into(), head: None, is_cut: true, left_out: 0 };
        let file = text.file(pieces.iter().collect());
        assert_eq!(String::from_utf8_lossy(&file.text), "first\nsecond\nmore\nthird\n");
        let files = Files(vec![Arc::new(file)]);
        let at = |start, end| {
            let origin = files.origin(Place { file: 0, start, end })?;
            let shakedown_model::OriginKind::File { file, span } = origin.kind() else { return None };
            Some((String::from_utf8_lossy(&file.text[span.clone()]).into_owned(), file.offset(span.start)))
        };
        assert_eq!(at(106, 112), Some(("second".into(), 106)));
        assert_eq!(at(113, 117), Some(("more".into(), 113)));
        assert_eq!(at(5001, 5005), Some(("hird".into(), 5001)));
    }
}
