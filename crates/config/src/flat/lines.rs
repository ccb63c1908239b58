//! Lines with a name and a value.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Evidence, Fact, FileEdit, Origin, Role, SourceFile, TextEdit};

use crate::files::{FILE_LIMIT, Files, Unreadable};
use crate::tls::edit::{EditError, line_after};
use crate::tls::{Refusal, ServerSettings};
use crate::value::Value;

const MOST_LINES: usize = 50_000;

/// What was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The servers, and clients, that it configures.
    pub servers: Vec<ServerSettings>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    pub(crate) lines: Vec<Line>,
    pub(crate) equals: &'static str,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The section in brackets that it stands in; empty before the first one.
    pub(crate) section: String,
    pub(crate) name: Value,
    pub(crate) value: Value,
    span: Range<usize>,
}

/// How a product writes its lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Between name and value an `=` may, or has to, stand.
    pub(crate) equals: bool,
    /// Letters that begin a comment at the beginning of a line.
    pub(crate) comments: &'static [u8],
    /// Whether a comment may follow a value.
    pub(crate) trailing: bool,
    /// Whether a backslash at the end joins the next line.
    pub(crate) joins: bool,
    /// Whether names differ by case.
    pub(crate) case: bool,
    /// Whether values may stand in quotes.
    pub(crate) quotes: bool,
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

    /// Gives a line this value: in place, or on a line behind the last one of the section.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, section: &str, name: &str, value: &str) -> Result<FileEdit, EditError> {
        if value.is_empty()
            || value.bytes().any(|byte| byte < b' ' || matches!(byte, b'\'' | b'"' | b'#' | b'\\' | 0x7f))
        {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        let edit = match self.last(section, name) {
            Some(line) if line.value.as_str() == value => {
                return Err(EditError::NothingToDo { directive: name.into() });
            }
            Some(line) => {
                let span = line.value.part_span(0..line.value.as_str().len()).filter(|span| !span.is_empty());
                TextEdit { span: span.ok_or(EditError::NoServer)?, replacement: value.to_owned() }
            }
            None => {
                let last = self.lines.iter().rev().find(|line| line.section == section);
                let end = last.map_or(self.file.text.len(), |line| line.span.end);
                let quoted = if self.equals == " = '" { "'" } else { "" };
                line_after(&self.file, end.saturating_sub(1), &format!("{name}{}{value}{quoted}", self.equals))
            }
        };
        Ok(FileEdit { file: Arc::clone(&self.file), edits: vec![edit] })
    }
}

/// Reads the lines of a file.
pub(crate) fn read(files: &dyn Files, path: &str, style: Style, equals: &'static str) -> Result<Reading, Unreadable> {
    let text = files.read(path, FILE_LIMIT).map_err(|source| Unreadable { path: path.to_owned(), source })?;
    let file = Arc::new(SourceFile::new(path, text));
    let mut reading =
        Reading { file: Arc::clone(&file), servers: Vec::new(), evidence: Vec::new(), lines: Vec::new(), equals };
    let mut section = String::new();
    let mut start = 0;
    while start < file.text.len() && reading.lines.len() < MOST_LINES {
        let (text, places, next) = logical(&file.text, start, style);
        let span = start..next;
        start = next;
        let Some(&first) = text.first().filter(|first| !style.comments.contains(first)) else { continue };
        if first == b'[' && text.last() == Some(&b']') && style.equals {
            section = String::from_utf8_lossy(text.get(1..text.len() - 1).unwrap_or_default()).trim().to_owned();
            continue;
        }
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
            Value::written(&file, text.get(range).unwrap_or_default(), at, span, None)
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
        reading.lines.push(Line { section: section.clone(), name, value, span });
    }
    if let Some(nul) = file.text.iter().position(|&byte| byte == 0) {
        let fact = Fact::Configuration {
            problem: shakedown_model::ConfigProblem::NotAConfiguration,
            message: "not a text file: it holds a NUL byte".into(),
            suggestion: None,
        };
        reading.evidence.push(Evidence::new(fact).by(Role::Server).at(Origin::file(&file, nul..nul + 1)));
    }
    Ok(reading)
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
        if style.trailing {
            let mut quote = None;
            let cut = content.iter().position(|&byte| {
                match (byte, quote) {
                    (byte, Some(open)) if byte == open => quote = None,
                    (b'\'' | b'"', None) => quote = Some(byte),
                    (b'#', None) => return true,
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
