//! One pass over the file and what it includes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use super::expand::{Expanded, Expander};
use super::modules;
use super::sections::{Entry, Sections};
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS, Unreadable};
use crate::ini::{Document, Line, LineKind};
use crate::tls::{CommandSet, LibrarySettings, Scope, apply};
use crate::value::Value;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The file.
    pub path: &'a str,
    /// The version of OpenSSL, such as `3.0.19`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
    /// The name that the program looks for instead of `openssl_conf`, such as Node.js' `nodejs_conf`.
    pub application: Option<&'a str>,
    /// Which end the program is.
    pub role: Role,
}

/// What becomes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is used.
    Applied,
    /// It is passed over as a whole, because it cannot be parsed. Programs run with the library's own defaults.
    PassedOver,
    /// A module failed: it and what stands behind it are not used. Programs run.
    UsedInPart,
    /// A mistake in it makes programs fail as they start, or as they make a TLS context (`config_diagnostics`).
    Refused,
}

/// A configuration of OpenSSL.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// What becomes of it.
    pub status: Use,
    /// The sets of commands of its `ssl_conf` module; none where that is not reached.
    pub sets: Vec<CommandSet>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    /// What could not be decided, each one sentence.
    pub notes: Vec<String>,
    pub(crate) sections: Sections,
    pub(crate) main: Arc<Document>,
    system: LibrarySettings,
    pub(crate) spec: Owned,
}

/// What was read, for reading it again.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    path: String,
    version: Option<String>,
    application: Option<String>,
    role: Role,
}

impl Owned {
    pub(crate) fn borrowed(&self) -> Spec<'_> {
        Spec {
            path: &self.path,
            version: self.version.as_deref(),
            application: self.application.as_deref(),
            role: self.role,
        }
    }
}

impl Reading {
    /// What `system_default` sets in every TLS context, if the version has that: since 1.1.1.
    pub fn system_settings(&self) -> &LibrarySettings {
        &self.system
    }

    /// The commands of a name, such as `system_default`.
    pub fn set(&self, name: &str) -> Option<&CommandSet> {
        self.sets.iter().find(|set| set.name == name)
    }
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the main file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let mut reader = Reader::new(files, spec.role, spec.version);
    let main = reader.load(spec.path).map_err(|source| Unreadable { path: spec.path.to_owned(), source })?;
    let parsed = reader.parse(Arc::clone(&main));
    let mut reading = Reading {
        files: reader.order,
        status: if parsed { Use::Applied } else { Use::PassedOver },
        sets: Vec::new(),
        evidence: reader.evidence,
        notes: reader.notes,
        sections: reader.sections,
        main,
        system: LibrarySettings::default(),
        spec: Owned {
            path: spec.path.to_owned(),
            version: spec.version.map(str::to_owned),
            application: spec.application.map(str::to_owned),
            role: spec.role,
        },
    };
    if !parsed {
        return Ok(reading);
    }
    modules::load(&mut reading, spec);
    if modules::has_system_default(spec.version)
        && let Some(set) = reading.sets.iter().find(|set| set.name == "system_default")
    {
        let scope = Scope { version: spec.version, role: spec.role, certificates: false };
        let refusals = apply(&set.commands, scope, &mut reading.system);
        if !refusals.is_empty() && modules::diagnostics_reach_commands(&reading, spec.version) {
            reading.status = Use::Refused;
        }
        reading.evidence.extend(refusals.iter().map(|refusal| refusal.evidence(spec.role)));
    }
    Ok(reading)
}

struct Reader<'a> {
    files: &'a dyn Files,
    role: Role,
    version: Option<&'a str>,
    documents: BTreeMap<String, Arc<Document>>,
    order: Vec<Arc<SourceFile>>,
    sections: Sections,
    evidence: Vec<Evidence>,
    notes: Vec<String>,
    opened: usize,
    bytes: usize,
    expanded: usize,
    dollar_id: bool,
    absolute: bool,
    include_folder: Option<String>,
    /// Files of a folder that are still to be read, the last one first: only one folder can be under way.
    folder: Option<Vec<String>>,
}

/// A place in a file that is being read.
struct Cursor {
    document: Arc<Document>,
    line: usize,
    include: Option<Origin>,
}

/// Parsing ends here: OpenSSL refuses the file.
struct Stop;

impl<'a> Reader<'a> {
    fn new(files: &'a dyn Files, role: Role, version: Option<&'a str>) -> Self {
        Self {
            files,
            role,
            version,
            documents: BTreeMap::new(),
            order: Vec::new(),
            sections: Sections::default(),
            evidence: Vec::new(),
            notes: Vec::new(),
            opened: 0,
            bytes: 0,
            expanded: 0,
            dollar_id: false,
            absolute: false,
            include_folder: None,
            folder: None,
        }
    }

    fn load(&mut self, path: &str) -> Result<Arc<Document>, FileError> {
        self.opened += 1;
        if let Some(document) = self.documents.get(path) {
            return Ok(Arc::clone(document));
        }
        let text = self.files.read(path, FILE_LIMIT.min(MOST_BYTES - self.bytes))?;
        self.bytes += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        if let Some(nul) = file.text.iter().position(|&byte| byte == 0) {
            let message = "not a text file: it holds a NUL byte, and OpenSSL reads no further in that line";
            self.tell(Origin::file(&file, nul..nul + 1), ConfigProblem::NotAConfiguration, message.into(), None);
        }
        let document = Arc::new(Document::parse(Arc::clone(&file)));
        self.order.push(file);
        self.documents.insert(path.to_owned(), Arc::clone(&document));
        Ok(document)
    }

    fn tell(&mut self, origin: Origin, problem: ConfigProblem, message: String, suggestion: Option<String>) {
        if self.evidence.len() < MOST_PROBLEMS {
            let fact = Fact::Configuration { problem, message, suggestion };
            self.evidence.push(Evidence::new(fact).by(self.role).at(origin));
        }
    }

    /// Reads a file and what it includes; false where OpenSSL gives up. The stack is that of `def_load_bio`, with its habit
    /// of going on with the next file of a folder before the rest of a file that was included from within it.
    fn parse(&mut self, main: Arc<Document>) -> bool {
        self.sections.open("default", None);
        let mut section = "default".to_owned();
        let mut stack = Vec::new();
        let mut cursor = Cursor { document: main, line: 0, include: None };
        loop {
            let document = Arc::clone(&cursor.document);
            let Some(line) = document.lines().get(cursor.line) else {
                if let Some(next) = self.next_of_folder(&cursor) {
                    cursor = next;
                } else if let Some(parent) = stack.pop() {
                    cursor = parent;
                } else {
                    return true;
                }
                continue;
            };
            cursor.line += 1;
            match self.line(&cursor, line, &mut section) {
                Ok(None) => {}
                Ok(Some(included)) => stack.push(std::mem::replace(&mut cursor, included)),
                Err(Stop) => return false,
            }
        }
    }

    fn next_of_folder(&mut self, cursor: &Cursor) -> Option<Cursor> {
        while let Some(path) = self.folder.as_mut()?.pop() {
            if self.opened < MOST_FILES
                && let Ok(document) = self.load(&path)
            {
                return Some(Cursor { document, line: 0, include: cursor.include.clone() });
            }
        }
        self.folder = None;
        None
    }

    fn line(&mut self, cursor: &Cursor, line: &Line, section: &mut String) -> Result<Option<Cursor>, Stop> {
        let document = &cursor.document;
        let text = document.text(line);
        let place = |range: &Range<usize>| {
            let place = Origin::file(document.file(), line.places(range));
            cursor.include.as_ref().map_or(place.clone(), |include| place.after(include.clone()))
        };
        let raw = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        match &line.kind {
            LineKind::Blank => Ok(None),
            LineKind::OpenSection => {
                let whole = 0..text.len();
                self.stop(place(&whole), "missing close square bracket".into(), Some("]".into()))
            }
            LineKind::Section { name } => {
                let expanded = self.expand(raw(name), None, &|range| place(&shift(&range, name.start)))?;
                *section = String::from_utf8_lossy(&expanded.bytes).into_owned();
                self.sections.open(section, Some(place(name)));
                Ok(None)
            }
            LineKind::Entry { section: other, name, equals, separated, value } => {
                let name_text = String::from_utf8_lossy(raw(name)).into_owned();
                let own = other.as_ref().map(|other| String::from_utf8_lossy(raw(other)).into_owned());
                let target = own.as_deref().unwrap_or(section);
                let in_value = |range: Range<usize>| place(&shift(&range, value.start));
                if name_text.starts_with(".pragma") && *separated && self.since("3.0.0") {
                    self.pragma(raw(value), place(value))?;
                    return Ok(None);
                }
                if name_text.starts_with(".include") && *separated && self.since("1.1.1") {
                    let path = self.expand(raw(value), Some(target), &in_value)?;
                    let path = String::from_utf8_lossy(&path.bytes).into_owned();
                    return self.include(&path, place(value));
                }
                if !equals {
                    let rest = name.end..text.len();
                    let message = format!("missing equal sign: HERE-->{}", shown(raw(&rest)));
                    return self.stop(place(&(name.start..value.end.max(name.end))), message, None);
                }
                let target = target.to_owned();
                let expanded = self.expand(raw(value), Some(&target), &in_value)?;
                let name = literal(document, line, name, cursor.include.as_ref());
                let value = self.value(document, line, value, &expanded, cursor.include.as_ref());
                let at = cursor.line - 1;
                self.sections.add(&target, Entry { name, value, document: Arc::clone(document), line: at });
                Ok(None)
            }
        }
    }

    fn since(&self, version: &str) -> bool {
        modules::since(self.version, version)
    }

    fn stop<T>(&mut self, origin: Origin, message: String, suggestion: Option<String>) -> Result<T, Stop> {
        let message = format!("{message}; the whole file is passed over");
        self.tell(origin, ConfigProblem::Syntax, message, suggestion);
        Err(Stop)
    }

    fn expand(
        &mut self,
        raw: &[u8],
        section: Option<&str>,
        place: &dyn Fn(Range<usize>) -> Origin,
    ) -> Result<Expanded, Stop> {
        let expander = Expander { files: self.files, sections: &self.sections, section, dollar_id: self.dollar_id };
        match expander.expand(raw) {
            Ok(expanded) => {
                self.expanded += expanded.bytes.len();
                if self.expanded > MOST_BYTES {
                    return self.stop(
                        place(0..raw.len()),
                        format!("the values come to more than {MOST_BYTES} bytes"),
                        None,
                    );
                }
                Ok(expanded)
            }
            Err(failure) => {
                let name = failure.name.map(|name| format!(": `{}`", shown(name.as_bytes()))).unwrap_or_default();
                self.stop(place(failure.at), format!("{}{name}", failure.message), None)
            }
        }
    }

    fn value(
        &self,
        document: &Document,
        line: &Line,
        range: &Range<usize>,
        expanded: &Expanded,
        include: Option<&Origin>,
    ) -> Value {
        let mut places = Vec::with_capacity(expanded.bytes.len());
        for (index, from) in expanded.from.iter().enumerate() {
            // All bytes of a variable have its place; the last of them stands for its end.
            let last = expanded.from.get(index + 1) != Some(from);
            let at = if last && from.len() > 2 { from.end - 1 } else { from.end.min(from.start + 1) - 1 };
            places.push(line.place(range.start + at.max(from.start)));
        }
        Value::written(document.file(), &expanded.bytes, &places, line.places(range), include)
    }

    fn pragma(&mut self, value: &[u8], origin: Origin) -> Result<(), Stop> {
        let text = String::from_utf8_lossy(value).into_owned();
        let pair = text.split_once(':').filter(|(key, setting)| !key.is_empty() && !setting.is_empty());
        let Some((key, setting)) = pair else { return self.stop(origin, "invalid pragma".into(), None) };
        let (key, setting) = (key.trim(), setting.trim_start());
        let switch = match setting.to_ascii_lowercase().as_str() {
            "on" | "true" => Some(true),
            "off" | "false" => Some(false),
            _ => None,
        };
        match (key, switch) {
            ("dollarid", Some(on)) => self.dollar_id = on,
            ("abspath", Some(on)) => self.absolute = on,
            ("dollarid" | "abspath", None) => return self.stop(origin, "invalid pragma".into(), Some("on".into())),
            ("includedir", _) => self.include_folder = Some(setting.to_owned()),
            _ => {
                let message = format!("no pragma `{}` is known: it is passed over", shown(key.as_bytes()));
                self.tell(origin, ConfigProblem::Ineffective, message, None);
            }
        }
        Ok(())
    }

    /// What `.include` leads to. A missing file is no error to OpenSSL.
    fn include(&mut self, path: &str, origin: Origin) -> Result<Option<Cursor>, Stop> {
        let folder = self.files.environment("OPENSSL_CONF_INCLUDE").or_else(|| self.include_folder.clone());
        let path = match folder.filter(|_| !path.starts_with('/') && self.since("3.0.0")) {
            Some(folder) if folder.ends_with('/') => format!("{folder}{path}"),
            Some(folder) => format!("{folder}/{path}"),
            None => path.to_owned(),
        };
        if self.absolute && !path.starts_with('/') {
            return self.stop(origin, format!("relative path: `{}`", shown(path.as_bytes())), None);
        }
        if self.opened >= MOST_FILES {
            return self.stop(origin, format!("more than {MOST_FILES} files are included"), None);
        }
        match self.load(&path) {
            Ok(document) => Ok(Some(Cursor { document, line: 0, include: Some(origin) })),
            Err(error) => {
                let names = self.folder_files(&path);
                if names.is_empty() && error != FileError::Directory {
                    let message = format!("`{}`: {error}; OpenSSL goes on without it", shown(path.as_bytes()));
                    self.tell(origin, ConfigProblem::FileNotReadable, message, None);
                    return Ok(None);
                }
                if self.folder.is_some() {
                    let message = format!("recursive directory include: {}; it is passed over", shown(path.as_bytes()));
                    self.tell(origin, ConfigProblem::NotAllowedHere, message, None);
                    return Ok(None);
                }
                if names.len() > 1 {
                    self.notes.push(format!(
                        "OpenSSL reads the {} files of `{path}` in the order of the file system; here they are sorted",
                        names.len()
                    ));
                }
                self.folder = Some(names.into_iter().rev().collect());
                let here = Cursor { document: empty(), line: 0, include: Some(origin) };
                Ok(self.next_of_folder(&here))
            }
        }
    }

    fn folder_files(&self, path: &str) -> Vec<String> {
        let mut escaped = String::with_capacity(path.len());
        for letter in path.trim_end_matches('/').chars() {
            if matches!(letter, '*' | '?' | '[' | '\\') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        let mut names = self.files.glob(&format!("{escaped}/*"));
        names.extend(self.files.glob(&format!("{escaped}/.*")));
        names.retain(|name| {
            let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
            name.len() > 5 && name.ends_with(".conf") || name.len() > 4 && name.ends_with(".cnf")
        });
        names.sort_unstable();
        names
    }
}

fn empty() -> Arc<Document> {
    Arc::new(Document::parse(Arc::new(SourceFile::new("", Vec::new()))))
}

fn shift(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// Bytes in a sentence.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(80).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

/// A name as it stands.
fn literal(document: &Document, line: &Line, range: &Range<usize>, include: Option<&Origin>) -> Value {
    let text = document.text(line);
    let places: Vec<usize> = range.clone().map(|at| line.place(at)).collect();
    let bytes = text.get(range.clone()).unwrap_or_default();
    Value::written(document.file(), bytes, &places, line.places(range), include)
}
