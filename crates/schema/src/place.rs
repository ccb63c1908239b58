use std::collections::HashMap;
use std::sync::Arc;

use shakedown_model::SourceFile;

/// A line and a column, both counted from 1. The column counts characters: one for each code point of valid UTF-8, one
/// for each byte that is not, one for a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Finds the line and column of a byte offset. Remembers where the lines of a file begin, so that many places of one
/// large file cost one pass over it.
#[derive(Debug, Default)]
pub struct Lines {
    files: HashMap<*const SourceFile, (Arc<SourceFile>, Vec<usize>)>,
}

impl Lines {
    /// Nothing remembered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place of a byte; one past the end stands for the end of the file.
    pub fn place(&mut self, file: &Arc<SourceFile>, offset: usize) -> Place {
        let offset = offset.min(file.text.len());
        let excerpt = file.excerpt(offset).copied();
        let starts = self.starts(file);
        let line = starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| starts.get(index)).copied().unwrap_or(0);
        let before = file.text.get(start..offset).unwrap_or_default();
        // Of a file of which not all was kept, the lines are those of the file.
        let line = excerpt.map_or(line, |excerpt| {
            let first = starts.partition_point(|start| *start <= excerpt.at);
            excerpt.line + line.saturating_sub(first)
        });
        Place { line, column: characters(before) + 1 }
    }

    /// The bytes of the line around a byte, without its line end (LF or CRLF).
    pub fn line_around(&mut self, file: &Arc<SourceFile>, offset: usize) -> std::ops::Range<usize> {
        let offset = offset.min(file.text.len());
        let line = self.starts(file).partition_point(|start| *start <= offset);
        self.line(file, line)
    }

    /// The bytes of a line of the kept text counted from 1, without its line end (LF or CRLF).
    pub fn line(&mut self, file: &Arc<SourceFile>, line: usize) -> std::ops::Range<usize> {
        let starts = self.starts(file);
        let Some(&start) = line.checked_sub(1).and_then(|index| starts.get(index)) else {
            return file.text.len()..file.text.len();
        };
        let mut end = starts.get(line).map_or(file.text.len(), |next| next - 1);
        if end > start && file.text.get(end - 1) == Some(&b'\r') && starts.get(line).is_some() {
            end -= 1;
        }
        start..end
    }

    fn starts(&mut self, file: &Arc<SourceFile>) -> &[usize] {
        let (_, starts) = self.files.entry(Arc::as_ptr(file)).or_insert_with(|| {
            let starts =
                std::iter::once(0).chain(memchr::memchr_iter(b'\n', &file.text).map(|offset| offset + 1)).collect();
            (Arc::clone(file), starts)
        });
        starts
    }
}

/// How many characters the bytes are: code points where they are UTF-8, else bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> Arc<SourceFile> {
        Arc::new(SourceFile::new("f", text.to_vec()))
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let file = file("a\r\n\tbé x\n\n".as_bytes());
        let mut lines = Lines::new();
        let mut at = |offset| {
            let place = lines.place(&file, offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(4), (2, 2));
        assert_eq!(at(8), (2, 5));
        assert_eq!(at(10), (3, 1));
        assert_eq!(at(99), (4, 1));
        assert_eq!(lines.line(&file, 1), 0..1);
        assert_eq!(lines.line(&file, 2), 3..9);
        assert_eq!(lines.line(&file, 3), 10..10);
        assert_eq!(lines.line(&file, 7), 11..11);
    }

    #[test]
    fn of_a_large_file_the_lines_are_those_of_the_file() {
        let mut file = SourceFile::new("f", b"one\ntwo\nthree\n".to_vec());
        file.excerpts = vec![
            shakedown_model::Excerpt { at: 0, offset: 1000, line: 40 },
            shakedown_model::Excerpt { at: 8, offset: 5_000_000_000, line: 90 },
        ];
        assert_eq!((file.offset(5), file.offset(9)), (1005, 5_000_000_001));
        let file = Arc::new(file);
        let mut lines = Lines::new();
        let place = |line, column| Place { line, column };
        assert_eq!([0, 5, 10].map(|at| lines.place(&file, at)), [place(40, 1), place(41, 2), place(90, 3)]);
        assert_eq!(lines.line_around(&file, 10), 8..13);
    }

    #[test]
    fn bytes_that_are_no_text_count_one_by_one() {
        let file = file(b"\xff\xfe\x00x");
        assert_eq!(Lines::new().place(&file, 3), Place { line: 1, column: 4 });
    }
}
