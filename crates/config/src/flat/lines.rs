//! Lines with a name and a value.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, Unreadable};
use crate::tls::{Refusal, ServerSettings};
use crate::value::Value;

const MOST_LINES: usize = 50_000;
/// How deep files include files.
const DEEPEST: usize = 10;

/// What was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// The servers, and clients, that it configures.
    pub servers: Vec<ServerSettings>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    pub(crate) lines: Vec<Line>,
    pub(crate) style: Style,
    /// The version of the program and of its library.
    pub(crate) versions: (Option<String>, Option<String>),
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The section in brackets that it stands in; empty before the first one.
    pub(crate) section: String,
    pub(crate) name: Value,
    pub(crate) value: Value,
    pub(crate) span: Range<usize>,
    pub(crate) file: Arc<SourceFile>,
}

/// How a product writes its lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Between name and value an `=` may, or has to, stand.
    pub(crate) equals: bool,
    /// Letters that begin a comment at the beginning of a line.
    pub(crate) comments: &'static [u8],
    /// Whether a comment may follow a value.
    pub(crate) trailing: Trailing,
    /// Whether a backslash at the end joins the next line.
    pub(crate) joins: bool,
    /// Whether names differ by case.
    pub(crate) case: bool,
    /// Whether values may stand in quotes.
    pub(crate) quotes: bool,
    /// Whether a value may stand in lines of its own between `<name>` and `</name>`.
    pub(crate) inline: bool,
    /// The lines that bring in other files.
    pub(crate) includes: &'static [(&'static str, Include)],
}

/// Where a comment behind a value begins, outside of quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trailing {
    Nowhere,
    Anywhere,
    /// At the beginning of a word.
    AtWord,
}

/// What a line brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    /// A file.
    File,
    /// A file, where there is one.
    FileIfThere,
    /// Files of a folder, in the order of their names: those that end so.
    Folder(&'static str),
}

impl Reading {
    /// The last line of a name counts, in a section.
    pub(crate) fn last(&self, section: &str, name: &str) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.section == section && line.name.as_str() == name)
    }

    pub(crate) fn value(&self, section: &str, name: &str) -> Option<Value> {
        self.last(section, name).map(|line| line.value.clone()).filter(|value| !value.as_str().is_empty())
    }

    /// All lines of a name in a section.
    pub(crate) fn all<'a>(&'a self, section: &'a str, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.section == section && line.name.as_str() == name)
    }

    pub(crate) fn tell(&mut self, refusal: &Refusal, role: Role) {
        if self.evidence.len() < 200 {
            self.evidence.push(refusal.evidence(role));
        }
    }
}

/// Reads the lines of a file, and of those that it includes where it includes them.
pub(crate) fn read(files: &dyn Files, path: &str, style: Style) -> Result<Reading, Unreadable> {
    let mut reading = Reading {
        files: Vec::new(),
        servers: Vec::new(),
        evidence: Vec::new(),
        lines: Vec::new(),
        style,
        versions: (None, None),
    };
    let mut section = String::new();
    reading.take(files, path, &mut section, None, 0).map_err(|source| Unreadable { path: path.to_owned(), source })?;
    Ok(reading)
}

impl Reading {
    /// Reads one file more behind what was read.
    pub(crate) fn take(
        &mut self,
        files: &dyn Files,
        path: &str,
        section: &mut String,
        include: Option<&Origin>,
        depth: usize,
    ) -> Result<(), FileError> {
        let bytes: usize = self.files.iter().map(|file| file.text.len()).sum();
        if self.files.len() >= MOST_FILES || bytes >= MOST_BYTES {
            return Ok(());
        }
        let file = Arc::new(SourceFile::new(path, files.read(path, FILE_LIMIT)?));
        self.files.push(Arc::clone(&file));
        let mut start = 0;
        while start < file.text.len() && self.lines.len() < MOST_LINES {
            let (text, places, next) = logical(&file.text, start, self.style);
            let span = start..next;
            start = next;
            let Some(&first) = text.first().filter(|first| !self.style.comments.contains(first)) else { continue };
            if self.style.inline && first == b'<' && text.last() == Some(&b'>') {
                start = self.block(&file, &text, span.start, next, section);
            } else if first == b'[' && text.last() == Some(&b']') && self.style.equals {
                *section = String::from_utf8_lossy(text.get(1..text.len() - 1).unwrap_or_default()).trim().to_owned();
            } else {
                let line = self.line(&file, &text, &places, span, section, include);
                let brings = self.style.includes.iter().find(|(name, _)| *name == line.name.as_str());
                let brings = brings.map(|(_, include)| (*include, line.value.clone()));
                self.lines.push(line);
                if let Some((include, value)) = brings {
                    self.include(files, &file.path, include, &value, section, depth);
                }
            }
        }
        if let Some(nul) = file.text.iter().position(|&byte| byte == 0) {
            let fact = Fact::Configuration {
                problem: ConfigProblem::NotAConfiguration,
                message: "not a text file: it holds a NUL byte".into(),
                suggestion: None,
            };
            self.evidence.push(Evidence::new(fact).by(Role::Server).at(Origin::file(&file, nul..nul + 1)));
        }
        Ok(())
    }

    /// `<name>`: the lines up to `</name>` are its value. A `<connection>` is a section. Gives where to go on.
    fn block(&mut self, file: &Arc<SourceFile>, head: &[u8], at: usize, next: usize, section: &mut String) -> usize {
        let name = String::from_utf8_lossy(head.get(1..head.len() - 1).unwrap_or_default()).into_owned();
        match name.as_str() {
            "connection" => section.clone_from(&name),
            "/connection" => section.clear(),
            _ => {
                let end = format!("</{name}>");
                let text = file.text.get(next..).unwrap_or_default();
                let mut length = 0;
                for line in text.split_inclusive(|&byte| byte == b'\n') {
                    if line.trim_ascii() == end.as_bytes() {
                        // Keys are not looked into.
                        if name == "cert" {
                            let places: Vec<usize> = (next..next + length).collect();
                            let body = text.get(..length).unwrap_or_default();
                            let value = Value::written(file, body, &places, next..next + length, None);
                            let name = Value::unwritten(name, Origin::file(file, at..next));
                            let span = at..next + length + line.len();
                            let section = section.clone();
                            self.lines.push(Line { section, name, value, span, file: Arc::clone(file) });
                        }
                        return next + length + line.len();
                    }
                    length += line.len();
                }
            }
        }
        next
    }

    fn line(
        &self,
        file: &Arc<SourceFile>,
        text: &[u8],
        places: &[usize],
        span: Range<usize>,
        section: &str,
        include: Option<&Origin>,
    ) -> Line {
        let style = self.style;
        let in_name = |byte: &u8| !(byte.is_ascii_whitespace() || style.equals && *byte == b'=');
        let end = text.iter().position(|byte| !in_name(byte)).unwrap_or(text.len());
        let mut from = end;
        let skip = |from: usize| {
            from + text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
        };
        from = skip(from);
        if style.equals && text.get(from) == Some(&b'=') {
            from = skip(from + 1);
        }
        let value = |range: Range<usize>| {
            let at = places.get(range.clone()).unwrap_or_default();
            let behind = places.last().map_or(span.start, |last| last + 1);
            let span = at.first().zip(at.last()).map_or(behind..behind, |(first, last)| *first..last + 1);
            Value::written(file, text.get(range).unwrap_or_default(), at, span, include)
        };
        let mut name = value(0..end);
        if !style.case && name.as_str().bytes().any(|byte| byte.is_ascii_uppercase()) {
            name = name.with_text(name.as_str().to_ascii_lowercase());
        }
        let mut value = value(from..text.len());
        let raw = value.as_str();
        let quoted = raw.len() >= 2
            && (raw.starts_with('\'') && raw.ends_with('\'') || raw.starts_with('"') && raw.ends_with('"'));
        if style.quotes && quoted {
            value = value.slice(1..raw.len() - 1);
        }
        Line { section: section.to_owned(), name, value, span, file: Arc::clone(file) }
    }

    fn include(
        &mut self,
        files: &dyn Files,
        from: &str,
        include: Include,
        value: &Value,
        section: &mut String,
        depth: usize,
    ) {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = value.as_str();
        let path =
            if path.starts_with('/') || folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        let paths = match include {
            Include::File | Include::FileIfThere => vec![path],
            Include::Folder(end) => files.glob(&format!("{}/*{end}", path.trim_end_matches('/'))),
        };
        for path in paths {
            if depth >= DEEPEST {
                return;
            }
            match self.take(files, &path, section, Some(value.origin()), depth + 1) {
                // What only this reader may not read is no fault of the file.
                Err(FileError::NotFound) if include == Include::File => {
                    let fact = Fact::Configuration {
                        problem: ConfigProblem::BadValue,
                        message: format!("there is no file `{path}`"),
                        suggestion: None,
                    };
                    self.evidence.push(Evidence::new(fact).by(Role::Server).at(value.origin().clone()));
                }
                _ => {}
            }
        }
    }
}

/// One logical line without white space around it and without a comment behind a value.
fn logical(text: &[u8], start: usize, style: Style) -> (Vec<u8>, Vec<usize>, usize) {
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n');
        let whole = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        let mut content = whole;
        if style.trailing != Trailing::Nowhere {
            let (mut quote, mut before) = (None, b' ');
            let cut = content.iter().position(|&byte| {
                let begins = before.is_ascii_whitespace() || style.trailing == Trailing::Anywhere;
                before = byte;
                match (byte, quote) {
                    (byte, Some(open)) if byte == open => quote = None,
                    (b'\'' | b'"', None) => quote = Some(byte),
                    (byte, None) if begins && style.comments.contains(&byte) => return true,
                    _ => {}
                }
                false
            });
            content = content.get(..cut.unwrap_or(content.len())).unwrap_or_default();
        }
        let trimmed = content.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
        let indent = content.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(trimmed).min(trimmed);
        let comment = bytes.is_empty() && content.get(indent).is_some_and(|byte| style.comments.contains(byte));
        let joins = style.joins && !comment && trimmed > indent && content.get(trimmed - 1) == Some(&b'\\');
        let kept = indent..trimmed - usize::from(joins);
        bytes.extend_from_slice(content.get(kept.clone()).unwrap_or_default());
        places.extend(kept.map(|index| at + index));
        at = length.map_or(text.len(), |length| at + length + 1);
        if !joins || at >= text.len() {
            return (bytes, places, at);
        }
    }
}
