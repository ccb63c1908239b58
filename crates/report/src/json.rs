use std::fmt::Write;

use shakedown_model::Report;
use shakedown_schema::v1::Document;

use crate::walk::masked;

/// The report as a document of schema `shakedown/1`, indented, with a line feed at its end. Secrets are masked, and
/// characters that would act on a terminal are written as `\uXXXX`, which a reader of JSON turns back.
pub fn json(report: &Report) -> String {
    // A document has string keys and no value that could fail.
    inert(serde_json::to_string_pretty(&document(report)).unwrap_or_default())
}

/// The same in one line, for a stream of documents.
pub fn json_line(report: &Report) -> String {
    inert(serde_json::to_string(&document(report)).unwrap_or_default())
}

fn document(report: &Report) -> Document {
    let mut document = Document::from(&masked(report));
    for edit in document.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        edit.replaced = crate::mask(&edit.replaced).into_owned();
    }
    document
}

/// A text of JSON in which nothing acts on a terminal, with a line feed at its end.
pub(crate) fn inert(mut text: String) -> String {
    // Bytes are looked at many at once, and most texts hold nothing else than these.
    if text.bytes().fold(true, |plain, byte| plain & (matches!(byte, b' '..=b'~') | (byte == b'\n'))) {
        text.push('\n');
        return text;
    }
    let acts = |c: char| c != '\n' && crate::escape::acts(c);
    let mut out = String::with_capacity(text.len() + 1);
    for piece in text.split_inclusive(acts) {
        let last = piece.chars().next_back().filter(|last| acts(*last));
        out.push_str(last.and_then(|last| piece.strip_suffix(last)).unwrap_or(piece));
        for unit in last.iter().flat_map(|last| last.encode_utf16(&mut [0; 2]).to_vec()) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out.push('\n');
    out
}
