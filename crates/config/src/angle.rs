//! The lexer of the angle family, as Apache httpd reads it (`ap_cfg_getline`, `ap_getword_conf`): a directive a line,
//! `<Section arguments>` to `</Section>`. Works on any bytes and keeps every one of them.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::SourceFile;

/// How many lines of a file are kept.
const MOST_LINES: usize = 400_000;

/// A file cut into logical lines. Their spans, one after another, are the file.
#[derive(Clone, Debug)]
pub struct Document {
    file: Arc<SourceFile>,
    lines: Vec<Line>,
}

/// One logical line: the physical lines that backslashes join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// All bytes, line ends included.
    pub span: Range<usize>,
    /// What it is.
    pub kind: LineKind,
    /// The words: of a directive or section, its name first.
    pub words: Vec<Word>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing, or a comment.
    Blank,
    /// A directive.
    Directive,
    /// `<Name ...>`.
    Open,
    /// `</Name>`.
    Close,
}

/// One word without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: Vec<u8>,
    /// The place of each byte of it.
    pub places: Vec<usize>,
    /// With its quotes.
    pub span: Range<usize>,
}

impl Document {
    /// Cuts a file into lines.
    pub fn parse(file: Arc<SourceFile>) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        while start < file.text.len() && lines.len() < MOST_LINES {
            let line = line(&file.text, start);
            start = line.span.end;
            lines.push(line);
        }
        Self { file, lines }
    }

    /// The file again, from its pieces.
    pub fn render(&self) -> Vec<u8> {
        let text = &self.file.text;
        let end = self.lines.last().map_or(0, |line| line.span.end);
        let pieces = self.lines.iter().map(|line| line.span.clone()).chain(std::iter::once(end..text.len()));
        pieces.flat_map(|piece| text.get(piece).unwrap_or_default()).copied().collect()
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether the file has more lines than are kept.
    pub fn is_cut(&self) -> bool {
        self.lines.len() == MOST_LINES
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

fn line(text: &[u8], start: usize) -> Line {
    let (mut joined, mut places) = (Vec::new(), Vec::new());
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |length| length + 1);
        let whole = rest.get(..length).unwrap_or_default();
        let content = whole.strip_suffix(b"\n").unwrap_or(whole);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let joins = content.ends_with(b"\\") && content.len() < whole.len();
        let kept = content.len() - usize::from(joins);
        joined.extend_from_slice(content.get(..kept).unwrap_or_default());
        places.extend(at..at + kept);
        at += length;
        if !joins || at >= text.len() {
            break;
        }
    }
    let span = start..at;
    let first = joined.iter().position(|byte| !is_space(*byte));
    let Some(first) = first.filter(|first| joined.get(*first) != Some(&b'#')) else {
        return Line { span, kind: LineKind::Blank, words: Vec::new() };
    };
    let mut end = joined.iter().rposition(|byte| !is_space(*byte)).map_or(0, |at| at + 1);
    let (kind, from) = match (joined.get(first), joined.get(first + 1)) {
        (Some(b'<'), Some(b'/')) => (LineKind::Close, first + 2),
        (Some(b'<'), _) => (LineKind::Open, first + 1),
        _ => (LineKind::Directive, first),
    };
    if kind != LineKind::Directive && joined.get(end - 1) == Some(&b'>') {
        end -= 1;
    }
    Line { span, kind, words: words(&joined, &places, from..end) }
}

/// `ap_getword_conf`, over and over.
fn words(text: &[u8], places: &[usize], range: Range<usize>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = range.start;
    let place = |at: usize| places.get(at).copied().unwrap_or_else(|| places.last().map_or(0, |last| last + 1));
    loop {
        while at < range.end && text.get(at).is_some_and(|byte| is_space(*byte)) {
            at += 1;
        }
        if at >= range.end {
            return words;
        }
        let start = at;
        let mut word = Word { text: Vec::new(), places: Vec::new(), span: 0..0 };
        let quote = text.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        at += usize::from(quote.is_some());
        while at < range.end
            && let Some(&byte) = text.get(at)
        {
            let escaped = quote.is_some()
                && byte == b'\\'
                && text.get(at + 1).is_some_and(|next| *next == b'\\' || Some(*next) == quote);
            if escaped {
                at += 1;
            } else if quote == Some(byte) || quote.is_none() && is_space(byte) {
                break;
            }
            word.text.push(text.get(at).copied().unwrap_or(byte));
            word.places.push(place(at));
            at += 1;
        }
        if quote.is_some() && at < range.end {
            at += 1;
        }
        word.span = place(start)..at.checked_sub(1).map_or(0, |last| place(last) + 1);
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: impl Into<Vec<u8>>) -> Document {
        Document::parse(Arc::new(SourceFile::new("f", text.into())))
    }

    fn shown(text: &str) -> Vec<String> {
        let document = parse(text);
        let lines = document.lines().iter().map(|line| {
            let words = line.words.iter().map(|word| String::from_utf8(word.text.clone()).unwrap());
            format!("{:?} {}", line.kind, words.collect::<Vec<_>>().join("|"))
        });
        lines.collect()
    }

    #[test]
    fn lines() {
        assert_eq!(
            shown("<VirtualHost *:443 [::1]:443>\n  A b \"c \\\"d\" 'e'f\r\n# x \\\n y\n</VirtualHost>\nA b\\\n c"),
            [
                "Open VirtualHost|*:443|[::1]:443",
                "Directive A|b|c \"d|e|f",
                "Blank ",
                "Close VirtualHost",
                "Directive A|b|c"
            ]
        );
        assert_eq!(shown("A \"b"), ["Directive A|b"]);
        let document = parse("A b\\\nc");
        assert_eq!(document.lines()[0].words[1].span, 2..6);
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(512))]

        #[test]
        fn any_bytes_are_kept(text in proptest::collection::vec(prop_oneof![
            any::<u8>(), Just(b'\n'), Just(b'\\'), Just(b'<'), Just(b'>'), Just(b'/'), Just(b'"'), Just(b'#'), Just(b' ')
        ], 0..200)) {
            prop_assert_eq!(parse(text.clone()).render(), text);
        }
    }
}
