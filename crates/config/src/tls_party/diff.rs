//! One file before and after several edits, as one set of edits of the file as it was.

use std::sync::Arc;

use shakedown_model::{FileEdit, SourceFile, TextEdit};

/// The most lines that are compared one by one; what is longer becomes one edit.
const MOST: usize = 2_000;

/// The edits that make `after` of a file; `None` where it is the same. Lines that stay are not touched, and of lines that
/// change only the part that does.
pub(super) fn between(file: &Arc<SourceFile>, after: &[u8]) -> Option<FileEdit> {
    let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (lines(&file.text), lines(after));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let middle = |all: &[&[u8]]| all.len() - tail;
    let (a, b) = (old.get(head..middle(&old))?, new.get(head..middle(&new))?);
    let start: usize = old.iter().take(head).map(|line| line.len()).sum();
    let mut edits = Vec::new();
    for (from, to) in hunks(a, b) {
        let before: usize = a.iter().take(from.start).map(|line| line.len()).sum();
        let old = a.get(from)?.concat();
        let new = b.get(to)?.concat();
        edits.push(narrowed(start + before, &old, &new)?);
    }
    (!edits.is_empty()).then(|| FileEdit { file: Arc::clone(file), edits })
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

type Hunk = (std::ops::Range<usize>, std::ops::Range<usize>);

/// The runs of lines that differ, by a longest common subsequence.
fn hunks(a: &[&[u8]], b: &[&[u8]]) -> Vec<Hunk> {
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    if a.len() > MOST || b.len() > MOST {
        return vec![(0..a.len(), 0..b.len())];
    }
    let width = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    let at = |longest: &[u16], i: usize, j: usize| longest.get(i * width + j).copied().unwrap_or_default();
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let value = if a.get(i) == b.get(j) {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * width + j) {
                *cell = value;
            }
        }
    }
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let mut open: Option<(usize, usize)> = None;
    while i < a.len() || j < b.len() {
        let same = i < a.len() && j < b.len() && a.get(i) == b.get(j);
        if same {
            if let Some((from, to)) = open.take() {
                hunks.push((from..i, to..j));
            }
            (i, j) = (i + 1, j + 1);
            continue;
        }
        open.get_or_insert((i, j));
        if j >= b.len() || i < a.len() && at(&longest, i + 1, j) >= at(&longest, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    if let Some((from, to)) = open {
        hunks.push((from..i, to..j));
    }
    hunks
}

/// The edit without what is the same at both ends. `None` where the new text is no UTF-8.
fn narrowed(start: usize, old: &[u8], new: &[u8]) -> Option<TextEdit> {
    let (old_text, new_text) = (std::str::from_utf8(old), std::str::from_utf8(new).ok()?);
    let Ok(old_text) = old_text else {
        return Some(TextEdit { span: start..start + old.len(), replacement: new_text.to_owned() });
    };
    let whole = old_text.is_empty() || new_text.is_empty();
    let head: usize = if whole {
        0
    } else {
        let same = old_text.chars().zip(new_text.chars()).take_while(|(a, b)| a == b);
        same.map(|(letter, _)| letter.len_utf8()).sum()
    };
    let (old_rest, new_rest) = (old_text.get(head..)?, new_text.get(head..)?);
    let same = old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(|(a, b)| a == b);
    let tail: usize = if whole { 0 } else { same.map(|(letter, _)| letter.len_utf8()).sum() };
    let span = start + head..start + old.len() - tail;
    Some(TextEdit { span, replacement: new_rest.get(..new_rest.len() - tail)?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, edits: usize) {
        let file = Arc::new(SourceFile::new("x", before.as_bytes().to_vec()));
        let edit = between(&file, after.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(edit.apply()).unwrap(), after);
        assert_eq!(edit.edits.len(), edits, "{:?}", edit.edits);
    }

    #[test]
    fn lines_that_stay_are_not_touched() {
        check("a\nb\nc\nd\n", "a\nB\nc\nD\n", 2);
        check("a\nc\n", "a\nb\nc\n", 1);
        check("a\nb\nc\n", "a\nc\n", 1);
        check("a 1;\nb\n", "a 1 2;\nb\nc\n", 2);
        check("a 1;\nb", "a 1 2;\nb\nc", 1);
        check("", "a\n", 1);
        let same = Arc::new(SourceFile::new("x", b"a\n".to_vec()));
        assert_eq!(between(&same, b"a\n"), None);
    }
}
