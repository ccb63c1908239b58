//! Logical lines, parameters and their expansion (`readllines`, `mac_expand`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, OriginKind, Role, SourceFile};

use super::service;
use crate::files::{FILE_LIMIT, Files, MOST_PROBLEMS, Unreadable};
use crate::tls::{ServerSettings, defaults};
use crate::value::Value;

/// How deep `$name` may lead (`MAX_RECURSION` would be 1000).
const DEEPEST: usize = 40;
/// How many values are put together to one, and how long it may be, in bytes.
const MOST_EXPANSIONS: usize = 1_000;
const LONGEST: usize = 65_536;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The folder of `main.cf` and `master.cf`.
    pub folder: &'a str,
    /// The version of Postfix, such as `3.7.11`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
}

/// A configuration of Postfix.
#[derive(Clone, Debug)]
pub struct Reading {
    /// `main.cf`, and `master.cf` where it is there.
    pub files: Vec<Arc<SourceFile>>,
    /// One for each service of `smtpd` that offers TLS; without `master.cf`, one for port 25.
    pub servers: Vec<ServerSettings>,
    /// What the SMTP client does, where it uses TLS.
    pub clients: Vec<ServerSettings>,
    /// What Postfix refuses, or warns of.
    pub evidence: Vec<Evidence>,
    pub(crate) parameters: Parameters,
    /// Of each server what its line of `master.cf` sets.
    pub(crate) overrides: Vec<BTreeMap<String, Value>>,
    pub(crate) spec: (String, Option<String>),
}

impl Reading {
    /// A parameter of `main.cf` with what it refers to expanded, or its default where that is known here.
    pub fn parameter(&self, name: &str) -> Option<Value> {
        self.parameters.value(name)
    }
}

/// The parameters of `main.cf`, with those that a service overrides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) set: Arc<BTreeMap<String, Value>>,
    /// What a service overrides.
    pub(crate) own: BTreeMap<String, Value>,
    version: Option<String>,
}

impl Parameters {
    /// The parameter, expanded.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let value = self.raw(name)?;
        if !value.as_str().contains('$') {
            return Some(value);
        }
        let mut budget = MOST_EXPANSIONS;
        let text = self.expand(value.as_str(), 0, &mut budget)?;
        Some(Value::unwritten(text, value.origin().clone()))
    }

    /// What is written, or the default.
    fn raw(&self, name: &str) -> Option<Value> {
        self.own
            .get(name)
            .or_else(|| self.set.get(name))
            .cloned()
            .or_else(|| defaults::default("postfix", self.version.as_deref(), name))
    }

    /// Whether the version is this one or a later one; one that is not known is.
    pub(crate) fn at_least(&self, version: &str) -> bool {
        let order = |own: &str| Scheme::Numeric.compare(own, version);
        self.version.as_deref().is_none_or(|own| order(own) != Some(Ordering::Less))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.value(name).map(|value| value.as_str().to_owned()).unwrap_or_default()
    }

    pub(crate) fn is_yes(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("yes")
    }

    /// `$name`, `${name}`, `$(name)`, `${name?text}`, `${name:text}`, `$$`. `None` where something is not known here.
    fn expand(&self, text: &str, depth: usize, budget: &mut usize) -> Option<String> {
        if depth > DEEPEST || *budget == 0 {
            return None;
        }
        *budget -= 1;
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(rest.get(..at)?);
            rest = rest.get(at + 1..)?;
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let closing = match rest.chars().next() {
                Some('{') => Some('}'),
                Some('(') => Some(')'),
                _ => None,
            };
            let (inner, after) = match closing {
                Some(closing) => {
                    let end = matching(rest, closing)?;
                    (rest.get(1..end)?, rest.get(end + 1..)?)
                }
                None => {
                    let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    let end = rest.find(|letter| !in_name(letter)).unwrap_or(rest.len());
                    (rest.get(..end)?, rest.get(end..)?)
                }
            };
            let cut = inner.find(['?', ':']);
            let name = inner.get(..cut.unwrap_or(inner.len()))?.trim();
            if name.contains(['{', '=', '<', '>', '!']) {
                return None;
            }
            let value = self.raw(name).map(|value| value.as_str().to_owned());
            match cut.and_then(|cut| Some((inner.get(cut..=cut)?, inner.get(cut + 1..)?))) {
                Some(("?", then)) => {
                    let (then, otherwise) = then.split_once("}:{").unwrap_or((then, ""));
                    let chosen = if value.is_some_and(|value| !value.is_empty()) { then } else { otherwise };
                    let chosen = chosen.trim().trim_start_matches('{').trim_end_matches('}');
                    out.push_str(&self.expand(chosen, depth + 1, budget)?);
                }
                Some((_, otherwise)) => {
                    if value.is_none_or(|value| value.is_empty()) {
                        let chosen = otherwise.trim().trim_start_matches('{').trim_end_matches('}');
                        out.push_str(&self.expand(chosen, depth + 1, budget)?);
                    }
                }
                None => out.push_str(&self.expand(&value?, depth + 1, budget)?),
            }
            if out.len() > LONGEST {
                return None;
            }
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// The place of the bracket that closes the first one.
fn matching(text: &str, closing: char) -> Option<usize> {
    let opening = text.chars().next()?;
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        if letter == opening {
            depth += 1;
        } else if letter == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where `main.cf` cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let folder = spec.folder.trim_end_matches('/');
    let path = format!("{folder}/main.cf");
    let text = files.read(&path, FILE_LIMIT).map_err(|source| Unreadable { path: path.clone(), source })?;
    let main = Arc::new(SourceFile::new(path, text));
    let mut evidence = Vec::new();
    let mut set = BTreeMap::new();
    for line in lines(&main) {
        match line.split_entry() {
            Some((name, value)) => {
                set.insert(name.as_str().to_owned(), value);
            }
            None => tell(
                &mut evidence,
                line.whole().origin().clone(),
                ConfigProblem::Syntax,
                "missing '=' after attribute name".into(),
                None,
            ),
        }
    }
    let version = spec.version.map(str::to_owned);
    let parameters = Parameters { set: Arc::new(set), own: BTreeMap::new(), version };
    let mut read = vec![main];
    let master = files.read(&format!("{folder}/master.cf"), FILE_LIMIT).ok();
    let master = master.map(|text| Arc::new(SourceFile::new(format!("{folder}/master.cf"), text)));
    read.extend(master.clone());
    let service::Found { servers, overrides, clients } =
        service::find(&parameters, master.as_ref(), &read, &mut evidence);
    Ok(Reading {
        files: read,
        servers,
        clients,
        evidence,
        parameters,
        overrides,
        spec: (spec.folder.to_owned(), spec.version.map(str::to_owned)),
    })
}

pub(crate) fn tell(
    evidence: &mut Vec<Evidence>,
    origin: Origin,
    problem: ConfigProblem,
    message: String,
    suggestion: Option<String>,
) {
    let fact = Fact::Configuration { problem, message, suggestion };
    let found = Evidence::new(fact).by(Role::Server).at(origin);
    if evidence.len() < MOST_PROBLEMS && !evidence.contains(&found) {
        evidence.push(found);
    }
}

/// A logical line: lines that begin with white space go on with the one before.
pub(crate) struct Logical {
    file: Arc<SourceFile>,
    text: Vec<u8>,
    places: Vec<usize>,
}

/// The logical lines that are no comments.
pub(crate) fn lines(file: &Arc<SourceFile>) -> Vec<Logical> {
    let mut lines: Vec<Logical> = Vec::new();
    let mut start = 0;
    for whole in file.text.split_inclusive(|&byte| byte == b'\n') {
        let content = whole.strip_suffix(b"\n").unwrap_or(whole);
        let blank = content.iter().all(u8::is_ascii_whitespace);
        let first = content.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
        let comment = content.get(first) == Some(&b'#');
        if !blank && !comment {
            let places = start..start + content.len();
            match lines.last_mut().filter(|_| first > 0) {
                Some(line) => {
                    line.text.extend_from_slice(content);
                    line.places.extend(places);
                }
                None => {
                    lines.push(Logical { file: Arc::clone(file), text: content.to_vec(), places: places.collect() })
                }
            }
        }
        start += whole.len();
    }
    lines
}

impl Logical {
    pub(crate) fn whole(&self) -> Value {
        self.value(0..self.text.len())
    }

    /// A range of the line without white space around it.
    pub(crate) fn value(&self, range: Range<usize>) -> Value {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let from = range.start + text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
        let to = range.start + text.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
        let range = from..to.max(from);
        let places = self.places.get(range.clone()).unwrap_or_default();
        let span = match (places.first(), places.last()) {
            (Some(first), Some(last)) => *first..last + 1,
            _ => {
                let at = self.places.get(from).copied().or_else(|| self.places.last().map(|last| last + 1));
                at.unwrap_or(0)..at.unwrap_or(0)
            }
        };
        Value::written(&self.file, self.text.get(range).unwrap_or_default(), places, span, None)
    }

    /// `name = value`.
    fn split_entry(&self) -> Option<(Value, Value)> {
        let at = self.text.iter().position(|&byte| byte == b'=')?;
        let name = self.value(0..at);
        (!name.as_str().is_empty() && !name.as_str().contains(char::is_whitespace))
            .then(|| (name, self.value(at + 1..self.text.len())))
    }
}

/// The bytes of a value in its file.
pub(crate) fn span(value: &Value) -> Option<(Arc<SourceFile>, Range<usize>)> {
    match value.origin().kind() {
        OriginKind::File { file, span } => Some((Arc::clone(file), span.clone())),
        _ => None,
    }
}
