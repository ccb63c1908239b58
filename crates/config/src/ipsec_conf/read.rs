//! Sections, `also=`, `%default`, includes.

use std::sync::Arc;

use shakedown_model::ike::SharedKey;
use shakedown_model::{ConfigProblem, Evidence, Fact, Known, Origin, SourceFile, nearest};

use super::{Daemon, defaults, secrets};
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS};
use crate::value::Value;

const MOST_LINES: usize = 200_000;
const DEEPEST: usize = 10;
const MOST_SECTIONS: usize = 10_000;
/// How many sections a connection may stand on.
const MOST_TAKEN: usize = 200;
/// How many lines a connection may have.
const MOST_SETTINGS: usize = 5_000;

/// A configuration that was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first. Secrets are none of them.
    pub files: Vec<Arc<SourceFile>>,
    /// Whose it is.
    pub daemon: Daemon,
    /// Its connections, in their order; what others stand on alone is none.
    pub connections: Vec<Connection>,
    /// What stands in `config setup`.
    pub setup: Vec<(Value, Value)>,
    /// Where the last `config setup` begins.
    pub setup_head: Option<Origin>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    /// The pre-shared keys of `ipsec.secrets`.
    pub keys: Known<Vec<SharedKey>>,
    /// What could not be read, each one sentence.
    pub notes: Vec<String>,
}

/// A connection with all that it takes from others.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Where that is written.
    pub origin: Origin,
    /// Its settings; the first one of a name counts.
    settings: Vec<(String, Value)>,
    /// How many of them, from the first one, stand in its own section.
    own: usize,
}

impl Connection {
    /// The value of a setting that is written, and not empty.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let found = self.settings.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        found.filter(|value| !value.as_str().is_empty())
    }

    /// Whether the daemon makes the same of another one: what both have is written alike.
    fn is_like(&self, other: &Self) -> bool {
        let plain = |connection: &Self| {
            connection
                .settings
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().to_owned()))
                .collect::<Vec<_>>()
        };
        plain(self) == plain(other)
    }

    /// The value of a setting of its own section, not of those that it stands on; it may be empty.
    pub(super) fn own_value(&self, name: &str) -> Option<&Value> {
        self.settings.iter().take(self.own).find(|(own, _)| own == name).map(|(_, value)| value)
    }
}

impl Reading {
    /// The connections that are another one in here than in what the daemon has read before.
    pub fn changed_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Connection> {
        let as_before = |connection: &Connection| {
            before.connections.iter().any(|old| old.name == connection.name && old.is_like(connection))
        };
        self.connections.iter().filter(move |connection| !as_before(connection))
    }

    /// Whether `config setup` says the same as in another reading.
    pub fn is_set_up_like(&self, other: &Self) -> bool {
        let plain = |reading: &Self| {
            let all = reading.setup.iter();
            all.map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned())).collect::<Vec<_>>()
        };
        plain(self) == plain(other)
    }
}

/// One section as it is written.
#[derive(Clone, Debug)]
struct Section {
    kind: &'static str,
    name: Value,
    settings: Vec<(Value, Value)>,
}

/// Reads a configuration and its secrets.
///
/// # Errors
/// The main file cannot be read.
pub fn read(files: &dyn Files, path: &str, daemon: Daemon) -> Result<Reading, FileError> {
    let mut reader = Reader {
        files,
        daemon,
        order: Vec::new(),
        sections: Vec::new(),
        evidence: Vec::new(),
        notes: Vec::new(),
        lines: 0,
    };
    reader.file(path, None, 0)?;
    let Reader { order, sections, evidence, notes, .. } = reader;
    let setup: Vec<(Value, Value)> = sections
        .iter()
        .filter(|section| section.kind == "setup")
        .flat_map(|section| section.settings.clone())
        .collect();
    let setup_head =
        sections.iter().rev().find(|section| section.kind == "setup").map(|section| section.name.origin().clone());
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let secrets =
        setup.iter().rev().find(|(name, _)| name.as_str() == "secretsfile").map(|(_, value)| value.as_str().to_owned());
    let (keys, note) = secrets::read(files, &secrets.unwrap_or_else(|| format!("{folder}ipsec.secrets")));
    let mut reading = Reading {
        files: order,
        daemon,
        connections: Vec::new(),
        setup,
        setup_head,
        evidence,
        keys,
        notes: notes.into_iter().chain(note).collect(),
    };
    reading.check(&sections);
    let mut seen: Vec<&str> = Vec::new();
    for section in sections.iter().filter(|section| section.kind == "conn") {
        let name = section.name.as_str();
        if name.starts_with('%') || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let mut settings = Vec::new();
        let mut done = Vec::new();
        let own = gather(&sections, (name, false), &mut settings, &mut done, 0);
        gather(&sections, ("%default", false), &mut settings, &mut done, 0);
        let origin = section.name.origin().clone();
        let connection = Connection { name: name.to_owned(), origin, settings, own };
        let ends = ["left", "right"].iter().filter(|end| connection.value(end).is_some()).count();
        // What others stand on has no ends. strongSwan takes any address for one that is not written.
        if ends == 2 || ends == 1 && daemon == Daemon::StrongSwan {
            reading.connections.push(connection);
        }
    }
    Ok(reading)
}

/// The settings of a section and of those that it names, its own first, and how many those are. What was gone through once
/// adds nothing more.
fn gather(
    sections: &[Section],
    (name, flipped): (&str, bool),
    into: &mut Vec<(String, Value)>,
    done: &mut Vec<(String, bool)>,
    depth: usize,
) -> usize {
    let this = (name.to_owned(), flipped);
    if depth > DEEPEST || done.len() > MOST_TAKEN || done.contains(&this) {
        return 0;
    }
    done.push(this);
    let mine = || sections.iter().filter(|section| section.kind == "conn" && section.name.as_str() == name);
    let mut others: Vec<(String, bool)> = Vec::new();
    let mut own: Vec<(String, Value)> = Vec::new();
    for (key, value) in mine().flat_map(|section| &section.settings) {
        match key.as_str() {
            "also" => others.extend(value.as_str().split_whitespace().map(|other| (other.to_owned(), flipped))),
            "alsoflip" => others.extend(value.as_str().split_whitespace().map(|other| (other.to_owned(), !flipped))),
            key => {
                let key = match (flipped, key.strip_prefix("left"), key.strip_prefix("right")) {
                    (true, Some(rest), _) => format!("right{rest}"),
                    (true, _, Some(rest)) => format!("left{rest}"),
                    _ => key.to_owned(),
                };
                // In one section the last one counts.
                own.retain(|(other, _)| *other != key);
                own.push((key, value.clone()));
            }
        }
    }
    for (key, value) in own {
        if into.len() < MOST_SETTINGS && !into.iter().any(|(other, _)| *other == key) {
            into.push((key, value));
        }
    }
    let own = into.len();
    for (other, flipped) in others {
        gather(sections, (&other, flipped), into, done, depth + 1);
    }
    own
}

impl Reading {
    /// Keywords that the daemon does not know, and sections that are named and not there.
    fn check(&mut self, sections: &[Section]) {
        for section in sections {
            let known: Vec<&str> = defaults::keywords(self.daemon, section.kind).collect();
            for (key, value) in &section.settings {
                let name = key.as_str();
                let side = ["left", "right"].iter().find_map(|side| name.strip_prefix(side));
                let plain = known.contains(&name);
                // `left` and `right` alone are addresses; `<id>` stands for both ends.
                let sided = side.is_some_and(|rest| rest.is_empty() || known.contains(&format!("<{rest}>").as_str()));
                if !(plain || sided || name.starts_with("x-") || name.starts_with("x_")) {
                    let words = known.iter().map(|word| word.trim_matches(['<', '>']));
                    let all: Vec<String> = match side {
                        Some(rest) => {
                            let end = name.get(..name.len() - rest.len()).unwrap_or_default();
                            words.map(|word| format!("{end}{word}")).collect()
                        }
                        None => words.map(str::to_owned).collect(),
                    };
                    let near = nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
                    let message = format!("`{name}` is no keyword of {} in this section", self.daemon.product());
                    self.tell(key.origin(), ConfigProblem::UnknownKeyword, message, near);
                }
                if matches!(name, "also" | "alsoflip") {
                    for part in value.split(char::is_whitespace) {
                        let there =
                            |other: &&Section| other.kind == section.kind && other.name.as_str() == part.as_str();
                        if !sections.iter().any(|other| there(&other)) {
                            let message = format!("there is no section `{}`", part.as_str());
                            self.tell(part.origin(), ConfigProblem::BadValue, message, None);
                        }
                    }
                }
            }
        }
    }

    fn tell(&mut self, origin: &Origin, problem: ConfigProblem, message: String, suggestion: Option<String>) {
        let found = Evidence::new(Fact::Configuration { problem, message, suggestion }).at(origin.clone());
        if self.evidence.len() < MOST_PROBLEMS && !self.evidence.contains(&found) {
            self.evidence.push(found);
        }
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    daemon: Daemon,
    order: Vec<Arc<SourceFile>>,
    sections: Vec<Section>,
    evidence: Vec<Evidence>,
    notes: Vec<String>,
    lines: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &str, include: Option<&Origin>, depth: usize) -> Result<(), FileError> {
        let bytes: usize = self.order.iter().map(|file| file.text.len()).sum();
        if self.order.len() >= MOST_FILES || bytes >= MOST_BYTES {
            return Ok(());
        }
        let file = Arc::new(SourceFile::new(path, self.files.read(path, FILE_LIMIT)?));
        self.order.push(Arc::clone(&file));
        let mut at = 0;
        for line in file.text.split_inclusive(|&byte| byte == b'\n') {
            let start = at;
            at += line.len();
            self.lines += 1;
            if self.lines > MOST_LINES {
                break;
            }
            let line = line.get(..comment(line)).unwrap_or_default();
            let trimmed = line.trim_ascii();
            if trimmed.is_empty() {
                continue;
            }
            let from = start + line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let value = |range: std::ops::Range<usize>| {
                let places: Vec<usize> = (from + range.start..from + range.end).collect();
                let span = from + range.start..from + range.end;
                Value::written(&file, trimmed.get(range).unwrap_or_default(), &places, span, include)
            };
            let indented = line.first().is_some_and(u8::is_ascii_whitespace);
            let whole = value(0..trimmed.len());
            let equals = trimmed.iter().position(|&byte| byte == b'=');
            match equals.filter(|_| indented || !self.is_head(&whole)) {
                Some(equals) => {
                    let name = trimmed.get(..equals).unwrap_or_default().trim_ascii_end().len();
                    let rest = trimmed.get(equals + 1..).unwrap_or_default();
                    let begin = equals + 1 + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let (mut begin, mut end) = (begin, trimmed.len());
                    if end >= begin + 2 && trimmed.get(begin) == Some(&b'"') && trimmed.last() == Some(&b'"') {
                        (begin, end) = (begin + 1, end - 1);
                    }
                    let pair = (value(0..name), value(begin.min(end)..end));
                    match self.sections.last_mut() {
                        Some(section) => section.settings.push(pair),
                        None => self.syntax(pair.0.origin(), "a setting stands in front of every section"),
                    }
                }
                None => self.head(path, &whole, depth),
            }
        }
        Ok(())
    }

    fn is_head(&self, line: &Value) -> bool {
        let word = line.as_str().split_whitespace().next().unwrap_or_default();
        matches!(word, "config" | "conn" | "ca" | "include" | "version")
    }

    /// A line that begins a section, or brings in another file.
    fn head(&mut self, path: &str, line: &Value, depth: usize) {
        let words = line.split(char::is_whitespace);
        let kind = match words.iter().map(Value::as_str).collect::<Vec<_>>().as_slice() {
            ["config", "setup"] => "setup",
            ["conn", _] => "conn",
            ["ca", _] => "ca",
            ["version", _] => return,
            ["include", _] => {
                if let Some(what) = words.get(1) {
                    self.include(path, what, depth);
                }
                return;
            }
            _ => {
                self.syntax(line.origin(), "this begins no section");
                return;
            }
        };
        if let Some(name) = words.into_iter().nth(1).filter(|_| self.sections.len() < MOST_SECTIONS) {
            self.sections.push(Section { kind, name, settings: Vec::new() });
        }
    }

    fn include(&mut self, path: &str, what: &Value, depth: usize) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let written = what.as_str().trim_matches('"');
        let beside = if folder.is_empty() { written.to_owned() } else { format!("{folder}/{written}") };
        let mut all = match (written.starts_with('/'), self.daemon) {
            (true, _) => self.files.glob(written),
            // strongSwan's starter begins in the folder of the file, libreswan's `addconn` in the folder that it is called in
            // (`parser.lex`), which is `/` for a service.
            (false, Daemon::StrongSwan) => self.files.glob(&beside),
            (false, Daemon::Libreswan) => self.files.glob(&format!("/{written}")),
        };
        if all.is_empty() && self.daemon == Daemon::Libreswan && !written.starts_with('/') {
            all = self.files.glob(&beside);
            let name = shakedown_model::Name::new(written);
            self.notes.extend((!all.is_empty()).then(|| {
                format!(
                    "`include {name}` is read from beside the file: libreswan looks for it in the folder that it is started in, \
                     which for a service is `/`"
                )
            }));
        }
        for found in all {
            if depth < DEEPEST {
                // A file that cannot be read here may well be there.
                let _unreadable = self.file(&found, Some(what.origin()), depth + 1);
            }
        }
    }

    fn syntax(&mut self, origin: &Origin, what: &str) {
        let message = format!("{what}: {} does not read this file", self.daemon.product());
        let fact = Fact::Configuration { problem: ConfigProblem::Syntax, message, suggestion: None };
        if self.evidence.len() < MOST_PROBLEMS {
            self.evidence.push(Evidence::new(fact).at(origin.clone()));
        }
    }
}

/// Where a comment begins, or the line ends: a `#` at its beginning or behind a blank, outside of quotes.
fn comment(line: &[u8]) -> usize {
    let (mut quoted, mut before) = (false, b' ');
    let found = line.iter().position(|&byte| {
        let begins = byte == b'#' && !quoted && before.is_ascii_whitespace();
        quoted ^= byte == b'"';
        before = byte;
        begins
    });
    found.unwrap_or(line.len())
}
