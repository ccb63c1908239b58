//! Edits planned on what was read of a file, made on the file's own bytes.

use shakedown_model::{FileEdit, SourceFile, TextEdit};

/// What stands for a secret in the text that was kept of a file: as many of these as the secret has bytes.
const MASK: u8 = b'*';

/// Whether the bytes are those that the text was made from: the same but for secrets, which the text does not hold.
pub(crate) fn same_but_secrets(kept: &SourceFile, bytes: &[u8]) -> bool {
    kept.text.len() == bytes.len()
        && kept.text.iter().zip(bytes).all(|(kept, byte)| kept == byte || (*kept == MASK && !b"\r\n".contains(byte)))
}

/// The bytes with the edits made and, where it is a limited exception, a comment line before the first of them. `None`
/// where an edit does not fit, overlaps another one or would write over a secret.
pub(crate) fn edited(edit: &FileEdit, bytes: &[u8], comment: Option<&str>) -> Option<(Vec<u8>, Vec<TextEdit>)> {
    let mut edits: Vec<TextEdit> = edit.edits.clone();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    if edits.is_empty() {
        return None;
    }
    if let Some(comment) = comment {
        mark(&mut edits, bytes, comment)?;
    }
    Some((made(&edits, bytes)?, edits))
}

/// The bytes with these edits made, which are sorted. `None` where one does not fit or overlaps another one.
pub(crate) fn made(edits: &[TextEdit], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let mut done = 0;
    for edit in edits {
        if edit.span.end < edit.span.start {
            return None;
        }
        out.extend_from_slice(bytes.get(done..edit.span.start)?);
        // The end has to lie within the file as well.
        bytes.get(edit.span.clone())?;
        out.extend_from_slice(edit.replacement.as_bytes());
        done = edit.span.end;
    }
    out.extend_from_slice(bytes.get(done..)?);
    Some(out)
}

/// Puts a comment line before the line of the first edit, with that file's own line end.
fn mark(edits: &mut Vec<TextEdit>, bytes: &[u8], comment: &str) -> Option<()> {
    let ends_with_return = bytes.windows(2).any(|pair| pair == b"\r\n");
    let end = if ends_with_return { "\r\n" } else { "\n" };
    let first = edits.first_mut()?;
    let before = bytes.get(..first.span.start)?;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = format!("# {comment}{end}");
    if start == first.span.start {
        first.replacement.insert_str(0, &line);
    } else if first.replacement.starts_with(['\n', '\r']) && first.span.is_empty() {
        // New lines after a last line without an end.
        let at = first.replacement.find('\n').map_or(0, |at| at + 1);
        first.replacement.insert_str(at, &line);
    } else {
        edits.insert(0, TextEdit { span: start..start, replacement: line });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn edit(text: &str, edits: &[(std::ops::Range<usize>, &str)]) -> FileEdit {
        let edits = edits.iter().map(|(span, new)| TextEdit { span: span.clone(), replacement: (*new).to_owned() });
        FileEdit { file: Arc::new(SourceFile::new("f", text.into())), edits: edits.collect() }
    }

    #[test]
    fn a_secret_stays_and_a_change_is_seen() {
        let kept = SourceFile::new("f", b"secret = *****\nproposals = a\n".to_vec());
        assert!(same_but_secrets(&kept, b"secret = 0xAFE\nproposals = a\n"));
        assert!(!same_but_secrets(&kept, b"secret = 0xAFE\nproposals = b\n"));
        assert!(!same_but_secrets(&kept, b"secret = 0xAF\nproposals = a\n\n"));
        assert!(!same_but_secrets(&kept, b"secret = 0xA\nE\nproposals = a\n"));
        let edit = edit("secret = *****\nproposals = a\n", &[(27..28, "b,a")]);
        let (bytes, _) = edited(&edit, b"secret = 0xAFE\nproposals = a\n", None).unwrap();
        assert_eq!(bytes, b"secret = 0xAFE\nproposals = b,a\n");
    }

    #[test]
    fn an_exception_is_marked_in_the_file() {
        let change = |text: &str, edits: &[(std::ops::Range<usize>, &str)]| {
            let (bytes, stored) = edited(&edit(text, edits), text.as_bytes(), Some("x")).unwrap();
            assert_eq!(made(&stored, text.as_bytes()).unwrap(), bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(change("a\nb c\nd\n", &[(4..5, "e"), (6..7, "f")]), "a\n# x\nb e\nf\n");
        assert_eq!(change("a\r\n", &[(0..0, "Host b\r\n  c\r\n")]), "# x\r\nHost b\r\n  c\r\na\r\n");
        assert_eq!(change("a\nb", &[(3..3, "\nnew\n")]), "a\nb\n# x\nnew\n");
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        for wrong in [vec![(0..9, "x")], vec![(0..2, "x"), (1..2, "y")], vec![(5..5, "x")]] {
            assert!(edited(&edit("abc", &wrong), b"abc", None).is_none());
        }
        assert!(edited(&edit("abc", &[]), b"abc", None).is_none());
    }
}
