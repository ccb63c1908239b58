//! The lexer of the Caddyfile (`caddyconfig/caddyfile/lexer.go`): words, quotes, blocks, comments, imports.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Origin, SourceFile};

use super::Reading;
use crate::files::{FILE_LIMIT, FileError, Files, MOST_FILES};
use crate::value::Value;

const MOST_WORDS: usize = 200_000;
/// The most directives that imports bring in.
const MOST_IMPORTED: usize = 20_000;
const DEEPEST: usize = 32;

/// A line with what stands in its block.
#[derive(Clone, Debug)]
pub(super) struct Directive {
    pub(super) words: Vec<Value>,
    pub(super) block: Option<Vec<Directive>>,
}

impl Directive {
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", Value::as_str)
    }

    pub(super) fn arguments(&self) -> &[Value] {
        self.words.get(1..).unwrap_or_default()
    }

    pub(super) fn inner(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// The directives of a file, with what it imports in its place.
pub(super) fn read(reading: &mut Reading, files: &dyn Files, path: &str) -> Result<Vec<Directive>, FileError> {
    let mut all = load(reading, files, path)?;
    let snippets: Vec<(String, Vec<Directive>)> = all
        .iter()
        .filter(|directive| is_snippet(directive))
        .map(|directive| (directive.name().trim_matches(['(', ')']).to_owned(), directive.inner().to_vec()))
        .collect();
    all.retain(|directive| !is_snippet(directive));
    let mut import = Import { reading, files, snippets: &snippets, left: MOST_IMPORTED };
    Ok(import.all(path, all, 0))
}

fn is_snippet(directive: &Directive) -> bool {
    directive.words.len() == 1 && directive.name().starts_with('(') && directive.name().ends_with(')')
}

fn load(reading: &mut Reading, files: &dyn Files, path: &str) -> Result<Vec<Directive>, FileError> {
    let file = Arc::new(SourceFile::new(path, files.read(path, FILE_LIMIT)?));
    reading.files.push(Arc::clone(&file));
    let mut lines = lines(&file).into_iter();
    let mut all = Vec::new();
    let closed = block(&mut lines, &mut all, 0);
    if let Some(place) = closed {
        let message = "a `}` closes nothing".to_owned();
        reading.tell(&Origin::file(&file, place), ConfigProblem::Syntax, message, None);
    }
    Ok(all)
}

/// Puts what is imported where it is imported.
struct Import<'a> {
    reading: &'a mut Reading,
    files: &'a dyn Files,
    snippets: &'a [(String, Vec<Directive>)],
    /// How many directives may still come.
    left: usize,
}

impl Import<'_> {
    fn all(&mut self, path: &str, all: Vec<Directive>, depth: usize) -> Vec<Directive> {
        let mut out = Vec::new();
        for mut directive in all {
            if depth > 0 {
                let Some(left) = self.left.checked_sub(1) else { break };
                self.left = left;
            }
            if directive.name() == "import" && depth < DEEPEST {
                let found = directive.arguments().first().cloned();
                out.extend(found.map(|what| self.one(path, &what, depth)).unwrap_or_default());
                continue;
            }
            directive.block = directive.block.map(|inner| match depth < DEEPEST {
                true => self.all(path, inner, depth + 1),
                false => inner,
            });
            out.push(directive);
        }
        out
    }

    fn one(&mut self, path: &str, what: &Value, depth: usize) -> Vec<Directive> {
        if let Some((_, inner)) = self.snippets.iter().find(|(name, _)| name == what.as_str()) {
            return self.all(path, inner.clone(), depth + 1);
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let pattern = match what.as_str() {
            pattern if pattern.starts_with('/') || folder.is_empty() => pattern.to_owned(),
            pattern => format!("{folder}/{pattern}"),
        };
        let found = self.files.glob(&pattern);
        if found.is_empty() && !pattern.contains('*') {
            let message = format!("File to import not found: {}", what.as_str());
            self.reading.tell(what.origin(), ConfigProblem::BadValue, message, None);
        }
        let mut out = Vec::new();
        for other in found {
            if self.reading.files.len() < MOST_FILES
                && self.left > 0
                && let Ok(inner) = load(self.reading, self.files, &other)
            {
                out.extend(self.all(&other, inner, depth + 1));
            }
        }
        out
    }
}

/// Takes lines up to the `}` that closes the block; gives the place of one that closes nothing.
fn block(lines: &mut std::vec::IntoIter<Vec<Value>>, into: &mut Vec<Directive>, depth: usize) -> Option<Range<usize>> {
    while let Some(mut words) = lines.next() {
        let first = words.first()?;
        if first.as_str() == "}" {
            if depth == 0 {
                return first.part_span(0..1);
            }
            return None;
        }
        let opens = words.last().is_some_and(|last| last.as_str() == "{") && depth < DEEPEST;
        let mut inner = None;
        if opens {
            words.pop();
            let mut directives = Vec::new();
            let _closed = block(lines, &mut directives, depth + 1);
            inner = Some(directives);
        }
        into.push(Directive { words, block: inner });
    }
    None
}

/// The words of each line that has some. A backslash at the end of a line joins the next one.
fn lines(file: &Arc<SourceFile>) -> Vec<Vec<Value>> {
    let text = &file.text;
    let mut all: Vec<Vec<Value>> = vec![Vec::new()];
    let (mut at, mut count) = (0, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\n' => {
                all.push(Vec::new());
                at += 1;
            }
            b'\\' if matches!(text.get(at + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..])) => {
                at += if text.get(at + 1) == Some(&b'\r') { 3 } else { 2 };
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            b'#' => at += text.get(at..).unwrap_or_default().iter().take_while(|byte| **byte != b'\n').count(),
            _ if count >= MOST_WORDS => break,
            _ => {
                let (word, next) = word(file, at);
                if let Some(line) = all.last_mut() {
                    line.push(word);
                }
                count += 1;
                at = next;
            }
        }
    }
    all.retain(|line| !line.is_empty());
    all
}

fn word(file: &Arc<SourceFile>, start: usize) -> (Value, usize) {
    let text = &file.text;
    let quote = text.get(start).copied().filter(|byte| matches!(byte, b'"' | b'`'));
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    let mut at = start + usize::from(quote.is_some());
    while let Some(&byte) = text.get(at) {
        match quote {
            Some(quote) if byte == quote => {
                at += 1;
                break;
            }
            // Only a quote can be escaped.
            Some(b'"') if byte == b'\\' && text.get(at + 1) == Some(&b'"') => {
                bytes.push(b'"');
                places.push(at + 1);
                at += 2;
                continue;
            }
            None if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        bytes.push(byte);
        places.push(at);
        at += 1;
    }
    (Value::written(file, &bytes, &places, start..at, None), at)
}
