//! The lines that edits change, before and after, for a person to read.

use shakedown_model::FileEdit;

use crate::{escape, mask};

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiffLine {
    /// The line's number, counted from 1, in the file as it is now (`-`) or as it will be (`+`).
    pub(crate) number: usize,
    /// Whether the line is new.
    pub(crate) added: bool,
    /// The line: printable, secrets masked, cut to the width.
    pub(crate) text: String,
}

/// More lines of one change are not shown.
const MOST_LINES: usize = 24;

/// The changed lines. `width` is the number of columns for a line; 0 for the default.
pub(crate) fn diff(edit: &FileEdit, width: usize) -> Vec<DiffLine> {
    let width = if width == 0 { 160 } else { width.max(40) };
    let text = &edit.file.text;
    let mut edits: Vec<_> =
        edit.edits.iter().filter(|edit| edit.span.start <= edit.span.end && edit.span.end <= text.len()).collect();
    edits.sort_by_key(|edit| edit.span.start);
    let mut out = Vec::new();
    let mut shift: isize = 0;
    let mut rest = edits.as_slice();
    while let Some((first, _)) = rest.split_first() {
        // All edits that touch the same lines make one change.
        let start = line_start(text, first.span.start);
        let mut end = line_end(text, first.span.end);
        let mut count = 0;
        for edit in rest {
            if count > 0 && edit.span.start > end {
                break;
            }
            end = end.max(line_end(text, edit.span.end));
            count += 1;
        }
        let (these, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = others;
        let before = text.get(start..end).unwrap_or_default();
        let mut after = Vec::with_capacity(before.len() + 64);
        let mut done = start;
        for edit in these {
            after.extend_from_slice(text.get(done..edit.span.start.max(done)).unwrap_or_default());
            after.extend_from_slice(edit.replacement.as_bytes());
            done = edit.span.end.max(done);
        }
        after.extend_from_slice(text.get(done..end).unwrap_or_default());
        let first_line = memchr::memchr_iter(b'\n', text.get(..start).unwrap_or_default()).count() + 1;
        let before = lines(before);
        let after = lines(&after);
        // Lines at both ends that stay as they are are not part of the change: an insertion of whole lines.
        let head = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
        let longest_tail = before.len().min(after.len()) - head;
        let tail = before.iter().rev().zip(after.iter().rev()).take(longest_tail).take_while(|(a, b)| a == b).count();
        let removed = before.get(head..before.len() - tail).unwrap_or_default();
        let added = after.get(head..after.len() - tail).unwrap_or_default();
        for (index, line) in removed.iter().enumerate().take(MOST_LINES) {
            out.push(DiffLine { number: first_line + head + index, added: false, text: shown(line, width) });
        }
        for (index, line) in added.iter().enumerate().take(MOST_LINES) {
            let number = (first_line + head + index).saturating_add_signed(shift);
            out.push(DiffLine { number, added: true, text: shown(line, width) });
        }
        shift += after.len() as isize - before.len() as isize;
    }
    out
}

fn line_start(text: &[u8], at: usize) -> usize {
    text.get(..at).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |at| at + 1)
}

fn line_end(text: &[u8], at: usize) -> usize {
    text.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)).map_or(text.len(), |end| at + end)
}

/// The lines without their ends; none for nothing.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    if text.is_empty() {
        return Vec::new();
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect()
}

/// A line as it may be shown.
fn shown(line: &[u8], width: usize) -> String {
    let near = line.get(..line.len().min(width * 8)).unwrap_or_default();
    let text = String::from_utf8_lossy(near);
    let mut out = String::new();
    let mut columns = 0;
    let masked = mask(&text);
    for c in masked.chars() {
        let mut piece = String::new();
        match c {
            '\t' => piece.push_str("    "),
            c => escape::push(&mut piece, c),
        }
        columns += piece.chars().count();
        out.push_str(&piece);
        if columns > width {
            break;
        }
    }
    if columns > width || near.len() < line.len() {
        out = out.chars().take(width - 3).collect();
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shakedown_model::{SourceFile, TextEdit};

    use super::*;

    fn of(text: &str, edits: &[(std::ops::Range<usize>, &str)]) -> String {
        let file = Arc::new(SourceFile::new("f", text.as_bytes().to_vec()));
        let edits = edits
            .iter()
            .map(|(span, replacement)| TextEdit { span: span.clone(), replacement: (*replacement).to_owned() })
            .collect();
        diff(&FileEdit { file, edits }, 80)
            .iter()
            .map(|line| format!("{}{}{}\n", line.number, if line.added { "+" } else { "-" }, line.text))
            .collect()
    }

    #[test]
    fn changes_within_a_line_and_whole_lines() {
        assert_eq!(of("a\nb c\nd\n", &[(4..5, "x,c")]), "2-b c\n2+b x,c\n");
        assert_eq!(of("a\r\nb\r\n", &[(0..0, "new\r\n")]), "1+new\n");
        assert_eq!(of("a\nb", &[(3..3, "\nnew")]), "3+new\n");
        assert_eq!(of("a\nb\n", &[(4..4, "new\n")]), "3+new\n");
        assert_eq!(of("a\nb\nc\n", &[(2..4, "")]), "2-b\n");
        assert_eq!(of("", &[(0..0, "new\n")]), "1+new\n");
        assert_eq!(of("a\nb\nc\n", &[(0..1, "x\ny"), (4..5, "z")]), "1-a\n1+x\n2+y\n3-c\n4+z\n");
    }

    #[test]
    fn a_long_line_and_control_bytes() {
        let long = format!("Ciphers {}\u{1b}[2J\n", "aes128-ctr,".repeat(100_000));
        let out = of(&long, &[(8..8, "\u{1b}]0;x\u{7}")]);
        assert!(out.lines().all(|line| line.len() < 90), "{out}");
        assert!(out.contains("1+Ciphers \\x1b]0;x\\x07aes128-ctr"));
    }
}
