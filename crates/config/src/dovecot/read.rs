//! Lines, blocks and includes (`config-parser.c`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile, nearest};

use super::server;
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS, Unreadable};
use crate::tls::ServerSettings;
use crate::value::Value;

const MOST_LINES: usize = 50_000;
const DEEPEST: usize = 64;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The main file.
    pub path: &'a str,
    /// The version of Dovecot, such as `2.3.19.1`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
}

impl Spec<'_> {
    /// Whether settings of certificates hold their contents and not their paths.
    pub(super) fn is_before_2_4(&self) -> bool {
        let order = self.version.and_then(|version| Scheme::Numeric.compare(version, "2.4"));
        order == Some(std::cmp::Ordering::Less)
    }
}

/// A configuration of Dovecot.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// One for each protocol and way of TLS, then those that names of `local_name` lead to.
    pub servers: Vec<ServerSettings>,
    /// What Dovecot refuses.
    pub evidence: Vec<Evidence>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) spec: (String, Option<String>),
}

impl Reading {
    /// A setting as it holds outside of every block; the last one counts.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings
            .iter()
            .rev()
            .find(|setting| setting.blocks.is_empty() && setting.name == name)
            .map(|found| &found.value)
    }
}

/// One `name = value`, with the blocks around it from the outermost one.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) blocks: Vec<(String, String)>,
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) place: Option<Origin>,
    pub(crate) value: Value,
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the main file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let mut reader = Reader {
        files,
        seen: BTreeMap::new(),
        order: Vec::new(),
        settings: Vec::new(),
        evidence: Vec::new(),
        opened: 0,
        bytes: 0,
    };
    let file = reader.load(spec.path).map_err(|source| Unreadable { path: spec.path.to_owned(), source })?;
    let mut blocks = Vec::new();
    reader.file(&file, None, &mut blocks, 0);
    if !blocks.is_empty() {
        let end = file.text.len();
        tell(
            &mut reader.evidence,
            Origin::file(&file, end..end),
            ConfigProblem::Syntax,
            "Missing '}'".into(),
            Some("}"),
        );
    }
    reader.unknown(spec);
    let Reader { order, settings, mut evidence, .. } = reader;
    let mut servers = server::servers(&settings, spec, &mut evidence);
    servers.iter_mut().for_each(|server| server.files.clone_from(&order));
    let spec = (spec.path.to_owned(), spec.version.map(str::to_owned));
    Ok(Reading { files: order, servers, evidence, settings, spec })
}

pub(crate) fn tell(
    evidence: &mut Vec<Evidence>,
    origin: Origin,
    problem: ConfigProblem,
    message: String,
    suggestion: Option<&str>,
) {
    let fact = Fact::Configuration { problem, message, suggestion: suggestion.map(str::to_owned) };
    let found = Evidence::new(fact).by(Role::Server).at(origin);
    if evidence.len() < MOST_PROBLEMS && !evidence.contains(&found) {
        evidence.push(found);
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    seen: BTreeMap<String, Arc<SourceFile>>,
    order: Vec<Arc<SourceFile>>,
    settings: Vec<Setting>,
    evidence: Vec<Evidence>,
    opened: usize,
    bytes: usize,
}

/// The settings of TLS of 2.2 to 2.4, but for those that 2.4 has below `ssl_server` and `ssl_client`.
const OF_TLS: [&str; 32] = [
    "ssl",
    "ssl_alt_cert",
    "ssl_alt_key",
    "ssl_ca",
    "ssl_ca_file",
    "ssl_cert",
    "ssl_cert_file",
    "ssl_cert_username_field",
    "ssl_cipher_list",
    "ssl_cipher_suites",
    "ssl_client_ca_dir",
    "ssl_client_ca_file",
    "ssl_client_cert",
    "ssl_client_key",
    "ssl_client_require_valid_cert",
    "ssl_crypto_device",
    "ssl_curve_list",
    "ssl_dh",
    "ssl_dh_parameters_length",
    "ssl_key",
    "ssl_key_file",
    "ssl_key_password",
    "ssl_min_protocol",
    "ssl_options",
    "ssl_parameters_regenerate",
    "ssl_peer_certificate_fingerprint_hash",
    "ssl_prefer_server_ciphers",
    "ssl_protocols",
    "ssl_require_crl",
    "ssl_username_from_cert",
    "ssl_verify_client_cert",
    "ssl_verify_depth",
];

impl Reader<'_> {
    /// Settings of TLS that there are not.
    fn unknown(&mut self, spec: &Spec<'_>) {
        for setting in self.settings.iter().filter(|setting| setting.blocks.is_empty()) {
            let name = setting.name.as_str();
            let of_2_4 = name.starts_with("ssl_server_") || name.starts_with("ssl_client_");
            if !name.starts_with("ssl_") || of_2_4 || OF_TLS.contains(&name) {
                continue;
            }
            let near = nearest(name, OF_TLS);
            // A newer version may have it.
            if near.is_some() || spec.is_before_2_4() {
                let Some(span) = setting.place.clone() else { continue };
                tell(&mut self.evidence, span, ConfigProblem::UnknownKeyword, format!("Unknown setting: {name}"), near);
            }
        }
    }

    fn load(&mut self, path: &str) -> Result<Arc<SourceFile>, FileError> {
        self.opened += 1;
        if let Some(file) = self.seen.get(path) {
            return Ok(Arc::clone(file));
        }
        let text = self.files.read(path, FILE_LIMIT.min(MOST_BYTES - self.bytes))?;
        self.bytes += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        self.seen.insert(path.to_owned(), Arc::clone(&file));
        self.order.push(Arc::clone(&file));
        Ok(file)
    }

    fn file(
        &mut self,
        file: &Arc<SourceFile>,
        include: Option<&Origin>,
        blocks: &mut Vec<(String, String)>,
        depth: usize,
    ) {
        let mut start = 0;
        while start < file.text.len() && self.settings.len() < MOST_LINES {
            let (text, places, next) = logical(&file.text, start);
            start = next;
            let value = |range: Range<usize>| part(file, &text, &places, range, include);
            let end = text.len();
            let first = text.first().copied();
            if first.is_none() || first == Some(b'#') {
                continue;
            }
            if first == Some(b'}') {
                if blocks.pop().is_none() {
                    let origin = value(0..1).origin().clone();
                    tell(&mut self.evidence, origin, ConfigProblem::Syntax, "Unexpected '}'".into(), None);
                }
                continue;
            }
            if first == Some(b'!') {
                self.include(&text, value(0..end), file, blocks, depth);
                continue;
            }
            let equals = text.iter().position(|&byte| byte == b'=');
            let brace = text.iter().rposition(|&byte| byte == b'{').filter(|at| at + 1 == end);
            match (equals, brace) {
                (equals, Some(brace)) if equals.is_none_or(|equals| equals > brace) => {
                    let head = value(0..brace);
                    let head = head.as_str();
                    let (kind, name) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
                    blocks.push((kind.to_owned(), name.trim().trim_matches('"').to_owned()));
                }
                (Some(equals), _) => {
                    let name = value(0..equals);
                    let (name, place) = (name.as_str().to_owned(), Some(name.origin().clone()));
                    let whole = value(equals + 1..end);
                    let quoted = whole.as_str().len() >= 2
                        && (whole.as_str().starts_with('"') && whole.as_str().ends_with('"')
                            || whole.as_str().starts_with('\'') && whole.as_str().ends_with('\''));
                    let whole = if quoted { whole.slice(1..whole.as_str().len() - 1) } else { whole };
                    self.settings.push(Setting { blocks: blocks.clone(), name, place, value: whole });
                }
                (None, _) => {
                    let origin = value(0..end).origin().clone();
                    tell(&mut self.evidence, origin, ConfigProblem::Syntax, "Expecting '='".into(), Some("="));
                }
            }
        }
    }

    fn include(
        &mut self,
        text: &[u8],
        whole: Value,
        file: &Arc<SourceFile>,
        blocks: &mut Vec<(String, String)>,
        depth: usize,
    ) {
        let line = String::from_utf8_lossy(text).into_owned();
        let (word, path) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let optional = word == "!include_try";
        let origin = whole.origin().clone();
        if word != "!include" && !optional {
            tell(
                &mut self.evidence,
                origin,
                ConfigProblem::UnknownKeyword,
                format!("Unknown !include line: {word}"),
                None,
            );
            return;
        }
        let path = path.trim();
        // Relative to the folder of the file that says so.
        let folder = file.path.rfind('/').and_then(|slash| file.path.get(..=slash)).unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{folder}{path}") };
        if depth >= DEEPEST || self.opened >= MOST_FILES {
            tell(&mut self.evidence, origin, ConfigProblem::TooDeep, "Recursive include".into(), None);
            return;
        }
        let paths = self.files.glob(&path);
        if paths.is_empty() && !optional && !path.contains(['*', '?', '[']) {
            let message = format!("Couldn't open include file {path}: No such file or directory");
            tell(&mut self.evidence, origin.clone(), ConfigProblem::FileNotReadable, message, None);
        }
        for path in paths {
            match self.load(&path) {
                Ok(inner) => self.file(&inner, Some(&origin), blocks, depth + 1),
                Err(_) if optional => {}
                Err(error) => {
                    let message = format!("Couldn't open include file {path}: {error}");
                    tell(&mut self.evidence, origin.clone(), ConfigProblem::FileNotReadable, message, None);
                }
            }
        }
    }
}

/// One logical line without white space around it and without a comment; a backslash at the end joins the next one.
fn logical(text: &[u8], start: usize) -> (Vec<u8>, Vec<usize>, usize) {
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n');
        let content = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        let comment = comment(content);
        let content = content.get(..comment.unwrap_or(content.len())).unwrap_or_default();
        let trimmed = content.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
        let indent = content.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(trimmed).min(trimmed);
        let joins = content.get(trimmed.wrapping_sub(1)) == Some(&b'\\');
        let kept = indent..trimmed - usize::from(joins);
        bytes.extend_from_slice(content.get(kept.clone()).unwrap_or_default());
        places.extend(kept.map(|index| at + index));
        at = length.map_or(text.len(), |length| at + length + 1);
        if !joins || at >= text.len() {
            return (bytes, places, at);
        }
    }
}

/// Where `#` begins a comment: anywhere outside of quotes.
fn comment(content: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        match (byte, quote) {
            (b'\\', Some(_)) => at += 1,
            (byte, Some(open)) if byte == open => quote = None,
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'#', None) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A range of a logical line without white space around it.
fn part(file: &Arc<SourceFile>, text: &[u8], places: &[usize], range: Range<usize>, include: Option<&Origin>) -> Value {
    let raw = text.get(range.clone()).unwrap_or_default();
    let from = range.start + raw.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(raw.len());
    let to = range.start + raw.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    let range = from..to.max(from);
    let at = places.get(range.clone()).unwrap_or_default();
    let behind = places.last().map_or(0, |last| last + 1);
    let span = match (at.first(), at.last()) {
        (Some(first), Some(last)) => *first..last + 1,
        _ => behind..behind,
    };
    Value::written(file, text.get(range).unwrap_or_default(), at, span, include)
}
