//! Sections, lines and words (`parse_line` of tools.c).

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use super::bind;
use crate::files::{FILE_LIMIT, Files, MOST_PROBLEMS, Unreadable};
use crate::tls::ServerSettings;
use crate::value::Value;

/// How many lines are kept.
const MOST_LINES: usize = 200_000;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The file.
    pub path: &'a str,
    /// The version of HAProxy, such as `2.6.12`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
}

/// A configuration of HAProxy.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The file, or all that HAProxy was told of in their order, and the lists of certificates that they name.
    pub files: Vec<Arc<SourceFile>>,
    /// One for each `bind` line with `ssl`, in the order of the file.
    pub servers: Vec<ServerSettings>,
    /// One for each `server` line with `ssl`.
    pub clients: Vec<ServerSettings>,
    /// What HAProxy refuses, or warns of.
    pub evidence: Vec<Evidence>,
    /// What could not be decided, each one sentence.
    pub notes: Vec<String>,
    /// `tune.ssl.default-dh-param`: the largest size in bits of the Diffie-Hellman parameters that HAProxy brings itself.
    pub default_dh_bits: Option<Value>,
    pub(crate) lines: Vec<Line>,
    /// The line of each server.
    pub(crate) server_lines: Vec<usize>,
    pub(crate) spec: (String, Option<String>),
}

/// One line with words.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) words: Vec<Value>,
    pub(crate) span: Range<usize>,
    /// `global`, `defaults`, `frontend`...
    pub(crate) section: Section,
}

/// Which section a line stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) kind: String,
    pub(crate) name: String,
}

impl Line {
    pub(crate) fn word(&self, index: usize) -> &str {
        self.words.get(index).map(Value::as_str).unwrap_or_default()
    }

    /// The file that it stands in.
    pub(crate) fn file(&self) -> Option<&Arc<SourceFile>> {
        self.words.first().and_then(|word| match word.origin().kind() {
            shakedown_model::OriginKind::File { file, .. } => Some(file),
            _ => None,
        })
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        self.words.first().map(|word| match word.origin().kind() {
            shakedown_model::OriginKind::File { file, .. } => Origin::file(file, self.span.clone()),
            _ => word.origin().clone(),
        })
    }
}

/// The keywords that begin a section.
const SECTIONS: [&str; 19] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "peers",
    "mailers",
    "userlist",
    "resolvers",
    "program",
    "http-errors",
    "ring",
    "cache",
    "fcgi-app",
    "log-forward",
    "crt-store",
    "traces",
    "acme",
    "log-profile",
];

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let told = files.main_files(spec.path);
    let paths = if told.is_empty() { vec![spec.path.to_owned()] } else { told };
    let mut found = bind::Found::default();
    let mut all = Vec::new();
    for path in paths {
        let text = files.read(&path, FILE_LIMIT).map_err(|source| Unreadable { path: path.clone(), source })?;
        let file = Arc::new(SourceFile::new(path, text));
        all.extend(lines(&file, files, &mut found.evidence, &mut found.notes));
        found.files.push(file);
    }
    let lines = all;
    bind::find(files, &lines, spec, &mut found);
    for server in found.servers.iter_mut().chain(&mut found.clients) {
        server.files.clone_from(&found.files);
    }
    Ok(Reading {
        files: found.files,
        servers: found.servers,
        clients: found.clients,
        evidence: found.evidence,
        notes: found.notes,
        default_dh_bits: found.default_dh_bits,
        lines,
        server_lines: found.server_lines,
        spec: (spec.path.to_owned(), spec.version.map(str::to_owned)),
    })
}

/// Which of these files HAProxy was told of on its command line: what they begin with is a section. Those that such files name
/// hold certificates or lists of them.
pub(crate) fn main_files(files: &[Arc<SourceFile>]) -> Vec<String> {
    let begins = |file: &&Arc<SourceFile>| {
        let text = String::from_utf8_lossy(&file.text);
        let mut words = text.lines().filter_map(|line| line.split_whitespace().next());
        let first = words.find(|word| !word.starts_with('#'));
        first.is_none_or(|word| SECTIONS.contains(&word) || word.starts_with('.'))
    };
    files.iter().filter(begins).map(|file| file.path.clone()).collect()
}

pub(crate) fn tell(
    evidence: &mut Vec<Evidence>,
    origin: Origin,
    problem: ConfigProblem,
    message: impl Into<String>,
    suggestion: Option<&str>,
) {
    if evidence.len() < MOST_PROBLEMS {
        let fact = Fact::Configuration { problem, message: message.into(), suggestion: suggestion.map(str::to_owned) };
        evidence.push(Evidence::new(fact).by(Role::Server).at(origin));
    }
}

fn lines(
    file: &Arc<SourceFile>,
    files: &dyn Files,
    evidence: &mut Vec<Evidence>,
    notes: &mut Vec<String>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut section = Section::default();
    let mut start = 0;
    while start < file.text.len() && lines.len() < MOST_LINES {
        let rest = file.text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let end = start + length;
        match words(file, start..end, files) {
            Ok(words) if words.is_empty() => {}
            Ok(words) => {
                let first = words.first().map(Value::as_str).unwrap_or_default();
                if SECTIONS.contains(&first) {
                    let name = words.get(1).map(|name| name.as_str().to_owned()).unwrap_or_default();
                    section = Section { kind: first.to_owned(), name };
                }
                if matches!(first, ".if" | ".elif" | ".else") && notes.is_empty() {
                    notes.push("conditions (`.if`) are not decided here: all their lines are read".to_owned());
                }
                let indent = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count().min(length);
                lines.push(Line { words, span: start + indent..end, section: section.clone() });
            }
            Err(at) => {
                let message = "unmatched quote";
                tell(evidence, Origin::file(file, at..end), ConfigProblem::Syntax, message, None);
            }
        }
        start = end + 1;
    }
    lines
}

/// Words; `Err` with the place of a quote without its end.
fn words(file: &Arc<SourceFile>, range: Range<usize>, files: &dyn Files) -> Result<Vec<Value>, usize> {
    let text = &file.text;
    let mut words = Vec::new();
    let (mut bytes, mut places): (Vec<u8>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut begun: Option<usize> = None;
    let mut quote: Option<(u8, usize)> = None;
    let mut at = range.start;
    loop {
        let byte = text.get(at).copied().filter(|_| at < range.end);
        let next = text.get(at + 1).copied().filter(|_| at + 1 < range.end);
        let space = byte.is_none_or(|byte| byte.is_ascii_whitespace());
        if quote.is_none() && (space || byte == Some(b'#')) {
            if let Some(from) = begun.take() {
                words.push(Value::written(file, &bytes, &places, from..at, None));
                bytes.clear();
                places.clear();
            }
            if byte.is_none() || byte == Some(b'#') {
                return Ok(words);
            }
            at += 1;
            continue;
        }
        let Some(byte) = byte else { return Err(quote.map_or(range.start, |(_, at)| at)) };
        begun.get_or_insert(at);
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some((byte, at)),
            (byte, Some((open, _))) if byte == open => quote = None,
            (b'\\', open) if open.is_none_or(|(open, _)| open == b'"') && next.is_some() => {
                let escaped = match next {
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b't') => b'\t',
                    Some(other) => other,
                    None => b'\\',
                };
                bytes.push(escaped);
                places.push(at);
                at += 1;
            }
            (b'$', open) if open.is_none_or(|(open, _)| open == b'"') => {
                let braced = next == Some(b'{');
                let from = at + 1 + usize::from(braced);
                let rest = text.get(from..range.end).unwrap_or_default();
                let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let length = rest.iter().position(|byte| !in_name(byte)).unwrap_or(rest.len());
                let name = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
                let end = from + length + usize::from(braced);
                if let Some(value) = files.environment(&name).filter(|_| length > 0) {
                    for (index, byte) in value.bytes().enumerate() {
                        bytes.push(byte);
                        places.push(if index + 1 == value.len() { end - 1 } else { at });
                    }
                    at = end;
                    continue;
                }
                bytes.push(byte);
                places.push(at);
            }
            (byte, _) => {
                bytes.push(byte);
                places.push(at);
            }
        }
        at += 1;
    }
}
