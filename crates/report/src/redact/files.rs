use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Excerpt, SourceFile, Span};

use super::dictionary::{Dictionary, Kind};
use super::sentence;

/// The files that a report points into, and their redacted copies.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: HashMap<*const SourceFile, File>,
    order: Vec<*const SourceFile>,
}

#[derive(Debug)]
struct File {
    original: Arc<SourceFile>,
    /// The lines that are pointed at, as byte ranges without their ends.
    lines: Vec<Range<usize>>,
    redacted: Option<Redacted>,
}

#[derive(Debug)]
struct Redacted {
    file: Arc<SourceFile>,
    /// Byte ranges of the original and of the copy, in order, without gaps.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

impl Files {
    /// The report points at this place.
    pub(super) fn need(&mut self, file: &Arc<SourceFile>, span: Span) {
        // A copy made by an earlier call is complete as it is.
        let key = Arc::as_ptr(file);
        let entry = self.files.entry(key).or_insert_with(|| {
            self.order.push(key);
            File { original: Arc::clone(file), lines: Vec::new(), redacted: None }
        });
        let text = &entry.original.text;
        let start = span.start.min(text.len());
        let end = span.end.clamp(start, text.len());
        let begin = text.get(..start).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |at| at + 1);
        let stop = text.get(end..).and_then(|rest| memchr::memchr(b'\n', rest)).map_or(text.len(), |at| end + at);
        if !entry.lines.contains(&(begin..stop)) {
            entry.lines.push(begin..stop);
            entry.redacted = None;
        }
    }

    /// Makes the copies, so that sentences are searched for the values that stand in the lines.
    pub(super) fn learn_names(&mut self, dictionary: &mut Dictionary) {
        for key in &self.order {
            if let Some(file) = self.files.get_mut(key)
                && file.redacted.is_none()
            {
                file.redacted = Some(redact(&file.original, &mut file.lines, dictionary));
            }
        }
    }

    /// The place in the redacted copy.
    pub(super) fn redacted(
        &mut self,
        file: &Arc<SourceFile>,
        span: &Span,
        dictionary: &mut Dictionary,
    ) -> (Arc<SourceFile>, Span) {
        if !self.files.contains_key(&Arc::as_ptr(file)) {
            self.need(file, span.clone());
            self.learn_names(dictionary);
        }
        match self.files.get(&Arc::as_ptr(file)).and_then(|file| file.redacted.as_ref()) {
            Some(redacted) => {
                let start = redacted.map(span.start, false);
                let end = redacted.map(span.end, true).max(start);
                (Arc::clone(&redacted.file), start..end)
            }
            None => {
                let path = dictionary.placeholder(Kind::Path, &file.path);
                (Arc::new(SourceFile::new(path, Vec::new())), 0..0)
            }
        }
    }
}

impl Redacted {
    /// A place of the original in the copy; what was replaced is mapped to its beginning or end.
    fn map(&self, offset: usize, end: bool) -> usize {
        let at = self.pieces.partition_point(|(original, _)| original.end < offset || (!end && original.end == offset));
        let Some((original, copy)) = self.pieces.get(at) else { return self.file.text.len() };
        if original.len() == copy.len() {
            copy.start + offset.saturating_sub(original.start).min(copy.len())
        } else if offset <= original.start {
            copy.start
        } else if end || offset >= original.end {
            copy.end
        } else {
            copy.start
        }
    }
}

/// A copy with the lines needed redacted, and all others empty.
fn redact(original: &Arc<SourceFile>, lines: &mut [Range<usize>], dictionary: &mut Dictionary) -> Redacted {
    lines.sort_by_key(|line| line.start);
    let source = &original.text;
    let mut text = Vec::new();
    let mut pieces = Vec::new();
    let mut done = 0;
    let blank = |range: Range<usize>, text: &mut Vec<u8>, pieces: &mut Vec<(Range<usize>, Range<usize>)>| {
        if range.is_empty() {
            return;
        }
        let start = text.len();
        let bytes = source.get(range.clone()).unwrap_or_default();
        text.extend(memchr::memchr_iter(b'\n', bytes).map(|_| b'\n'));
        pieces.push((range, start..text.len()));
    };
    for line in lines.iter() {
        if line.start < done {
            continue;
        }
        blank(done..line.start, &mut text, &mut pieces);
        let bytes = source.get(line.clone()).unwrap_or_default();
        let mut at = line.start;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            for (piece, shown) in redact_line(part, dictionary) {
                let start = text.len();
                text.extend_from_slice(&shown);
                pieces.push((at + piece.start..at + piece.end, start..text.len()));
            }
            at += part.len();
        }
        done = line.end;
    }
    blank(done..source.len(), &mut text, &mut pieces);
    let path = dictionary.placeholder(Kind::Path, &original.path);
    let mut redacted = Redacted { file: Arc::new(SourceFile::new("", Vec::new())), pieces };
    let excerpts = original.excerpts.iter();
    // Lines keep their number, bytes their place as far as the text before them in the line allows.
    let excerpts = excerpts.map(|excerpt| Excerpt { at: redacted.map(excerpt.at, false), ..*excerpt }).collect();
    redacted.file = Arc::new(SourceFile { path, text, excerpts });
    redacted
}

/// The pieces of a line and what is shown for each: blanks, separators and the keyword as they are, values redacted.
fn redact_line(line: &[u8], dictionary: &mut Dictionary) -> Vec<(Range<usize>, Vec<u8>)> {
    let secrets = crate::mask::secrets(line);
    let between = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'=' | b'"' | b'\'');
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut first = true;
    while at < line.len() {
        let start = at;
        let is_word = line.get(at).is_some_and(|byte| !between(*byte));
        while line.get(at).is_some_and(|byte| between(*byte) != is_word) {
            at += 1;
        }
        let bytes = line.get(start..at).unwrap_or_default();
        if !is_word {
            pieces.push((start..at, bytes.to_vec()));
            continue;
        }
        if secrets.iter().any(|secret| secret.start < at && secret.end > start) {
            pieces.push((start..at, crate::mask::MASK.as_bytes().to_vec()));
        } else if first && is_keyword(bytes, line, dictionary) {
            pieces.push((start..at, bytes.to_vec()));
        } else {
            // A sign before a name is a piece by itself, so that a place right behind it stays true.
            let sign = bytes.iter().take_while(|byte| matches!(byte, b'+' | b'-' | b'^' | b'!')).count();
            let (sign, name) = bytes.split_at_checked(sign).unwrap_or((b"", bytes));
            if !sign.is_empty() {
                pieces.push((start..start + sign.len(), sign.to_vec()));
            }
            if !name.is_empty() {
                let name_start = start + sign.len();
                let shown = match std::str::from_utf8(name) {
                    Ok(text) => sentence::list(text, dictionary).into_bytes(),
                    Err(_) => {
                        let escaped = shakedown_model::Name::from_bytes(name);
                        dictionary.placeholder(Kind::Value, escaped.as_str()).into_bytes()
                    }
                };
                pieces.push((name_start..at, shown));
            }
        }
        first = false;
    }
    pieces
}

/// Whether the first word of a line is a keyword; in a known_hosts file it is a host.
fn is_keyword(word: &[u8], line: &[u8], dictionary: &Dictionary) -> bool {
    word.iter().all(u8::is_ascii_alphanumeric)
        && memchr::memmem::find(line, b" AAAA").is_none()
        && std::str::from_utf8(word).is_ok_and(|word| !dictionary.knows(word))
}

/// Whole lines for a file.
pub(super) fn redact_lines(text: &str, dictionary: &mut Dictionary) -> String {
    redact_text(text, 0, &SourceFile::new("", Vec::new()), dictionary)
}

/// What replaces a piece of a file: the keyword stays only at the beginning of a line.
pub(super) fn redact_text(text: &str, at: usize, file: &SourceFile, dictionary: &mut Dictionary) -> String {
    let mut line_begins = file
        .text
        .get(..at)
        .is_none_or(|before| before.iter().rev().take_while(|byte| **byte != b'\n').all(u8::is_ascii_whitespace));
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let shown = if line_begins {
            let pieces = redact_line(line.as_bytes(), dictionary);
            pieces.into_iter().map(|(_, shown)| String::from_utf8_lossy(&shown).into_owned()).collect()
        } else {
            sentence::list(&crate::mask(line), dictionary)
        };
        out.push_str(&shown);
        line_begins = true;
    }
    out
}
