//! The lexer of the INI family, as OpenSSL's `conf_def.c` reads it: sections in brackets, `name = value`, a backslash at the
//! end of a line joins it with the next one, `#` begins a comment outside of quotes. Works on any bytes and keeps every one.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::SourceFile;

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
    /// The parts that make up the text: without line ends, joining backslashes and what follows a NUL byte.
    pub parts: Vec<Range<usize>>,
    /// What it is; ranges count in the joined text.
    pub kind: LineKind,
}

/// What a logical line is. Ranges count in the joined text of the line, see [`Line::place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing, or a comment.
    Blank,
    /// `[ name ]`.
    Section {
        /// The name, escapes included.
        name: Range<usize>,
    },
    /// `[` without `]`.
    OpenSection,
    /// `name = value`, `section::name = value`, `.include path`, `.pragma key:value`.
    Entry {
        /// What stands before `::`.
        section: Option<Range<usize>>,
        /// The name.
        name: Range<usize>,
        /// Whether `=` stands before the value; without it only `.include` and `.pragma` are understood.
        equals: bool,
        /// Whether anything separates the name from what follows.
        separated: bool,
        /// The value, with quotes and escapes, without white space around it.
        value: Range<usize>,
    },
}

impl Document {
    /// Cuts a file into lines.
    pub fn parse(file: Arc<SourceFile>) -> Self {
        let text = &file.text;
        let mut lines = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let line = line(text, start);
            start = line.span.end;
            lines.push(line);
        }
        Self { file, lines }
    }

    /// The file again, from its pieces.
    pub fn render(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| self.file.text.get(line.span.clone()).unwrap_or_default()).copied().collect()
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The joined text of a line.
    pub fn text(&self, line: &Line) -> Vec<u8> {
        let parts = line.parts.iter().filter_map(|part| self.file.text.get(part.clone()));
        parts.flatten().copied().collect()
    }
}

impl Line {
    /// Where a byte of the joined text stands in the file; behind the last one, where the text ends.
    pub fn place(&self, at: usize) -> usize {
        let mut before = 0;
        for part in &self.parts {
            if at < before + part.len() {
                return part.start + (at - before);
            }
            before += part.len();
        }
        self.parts.last().map_or(self.span.start, |part| part.end)
    }

    /// Where a range of the joined text stands in the file; what joins lines within it is part of it.
    pub fn places(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.place(range.start);
        match range.end.checked_sub(1).filter(|last| *last >= range.start) {
            Some(last) => start..self.place(last) + 1,
            None => start..start,
        }
    }
}

/// Takes one logical line.
fn line(text: &[u8], start: usize) -> Line {
    let mut parts = Vec::new();
    let mut joined = Vec::new();
    // A byte order mark is passed over (OpenSSL since 3.0).
    let mark = if start == 0 && text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut at = start + mark;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n');
        let next = at + length.map_or(rest.len(), |length| length + 1);
        let whole = text.get(at..next).unwrap_or_default();
        let visible = whole.iter().position(|&byte| byte == 0).unwrap_or(whole.len());
        let shown = whole.get(..visible).unwrap_or_default();
        let trimmed = shown.iter().rposition(|&byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        let mut part = at..at + trimmed;
        joined.extend_from_slice(text.get(part.clone()).unwrap_or_default());
        // A backslash joins, unless the byte before it is one too.
        let joins = joined.last() == Some(&b'\\') && joined.iter().rev().nth(1) != Some(&b'\\');
        if joins {
            joined.pop();
            part.end = part.end.max(part.start + 1) - 1;
        }
        parts.push(part);
        at = next;
        if !joins || at >= text.len() {
            break;
        }
    }
    let kind = kind(&joined);
    Line { span: start..at, parts, kind }
}

/// White space as the format knows it.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Letters, digits and `_`: what a variable's name is made of.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What the name of a section or an entry is made of.
pub(crate) const fn is_name(byte: u8) -> bool {
    is_word(byte)
        || matches!(byte, b'!' | b'%' | b'&' | b'*' | b'+' | b',' | b'-' | b'.' | b'/')
        || matches!(byte, b';' | b'?' | b'@' | b'^' | b'|' | b'~')
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Where the comment begins, or the end.
fn content_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'#' => return at,
            b'\\' => at += 2,
            quote if is_quote(quote) => {
                at += 1;
                while let Some(&inner) = text.get(at).filter(|inner| **inner != quote) {
                    at += if inner == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    text.len()
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&byte| !is_space(byte)).unwrap_or(rest.len())
}

/// The end of a name; a backslash takes the byte behind it along.
fn name_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at = (at + 2).min(text.len()),
            byte if is_name(byte) => at += 1,
            _ => break,
        }
    }
    at
}

fn kind(joined: &[u8]) -> LineKind {
    let text = joined.get(..content_end(joined)).unwrap_or_default();
    let start = skip_space(text, 0);
    match text.get(start) {
        None => LineKind::Blank,
        Some(b'[') => section(text, skip_space(text, start + 1)),
        Some(_) => entry(text, start),
    }
}

/// Names of sections may hold single spaces between words.
fn section(text: &[u8], start: usize) -> LineKind {
    let mut word = start;
    loop {
        let end = name_end(text, word);
        let next = skip_space(text, end);
        match text.get(next) {
            Some(b']') => return LineKind::Section { name: start..end },
            Some(_) if next != word => word = next,
            _ => return LineKind::OpenSection,
        }
    }
}

fn entry(text: &[u8], start: usize) -> LineKind {
    let mut name = start..name_end(text, start);
    let mut section = None;
    if text.get(name.end..name.end + 2) == Some(b"::") {
        section = Some(name.clone());
        let from = name.end + 2;
        name = from..name_end(text, from);
    }
    let after = skip_space(text, name.end);
    let equals = text.get(after) == Some(&b'=');
    let from = if equals { skip_space(text, after + 1) } else { after };
    let rest = text.get(from..).unwrap_or_default();
    let end = from + rest.iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1);
    LineKind::Entry { section, name: name.clone(), equals, separated: equals || after > name.end, value: from..end }
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
            let joined = document.text(line);
            let piece = |range: &Range<usize>| String::from_utf8_lossy(&joined[range.clone()]).into_owned();
            match &line.kind {
                LineKind::Blank => "-".to_owned(),
                LineKind::OpenSection => "open".to_owned(),
                LineKind::Section { name } => format!("[{}]", piece(name)),
                LineKind::Entry { section, name, equals, value, .. } => format!(
                    "{}{}{}{}",
                    section.as_ref().map(|section| piece(section) + "::").unwrap_or_default(),
                    piece(name),
                    if *equals { "=" } else { " " },
                    piece(value)
                ),
            }
        });
        lines.collect()
    }

    #[test]
    fn lines() {
        assert_eq!(shown("[ a b ]x\na = b # c\n\n#x \\\nstill\n"), ["[a b]", "a=b", "-", "-"]);
        assert_eq!(shown("a=b\\\n c\\\r\nd\nx"), ["a=b cd", "x "]);
        assert_eq!(shown("a = b\\\\\nc = \"#\" # d"), ["a=b\\\\", "c=\"#\""]);
        assert_eq!(
            shown("s::a = b\n.include /x y\n.pragma=k:v\n[ a"),
            ["s::a=b", ".include /x y", ".pragma=k:v", "open"]
        );
        assert_eq!(shown("a=\\"), ["a="]);
    }

    #[test]
    fn places_of_joined_lines() {
        let document = parse("a=b\\\nc\n");
        let line = &document.lines()[0];
        assert_eq!(line.places(&(2..4)), 2..6);
        assert_eq!(line.place(3), 5);
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(512))]

        #[test]
        fn any_bytes_are_kept(text in proptest::collection::vec(prop_oneof![
            any::<u8>(), Just(b'\n'), Just(b'\\'), Just(b'='), Just(b'['), Just(b']'), Just(b'"'), Just(b'#'), Just(b':')
        ], 0..200)) {
            prop_assert_eq!(parse(text.clone()).render(), text);
        }
    }
}
