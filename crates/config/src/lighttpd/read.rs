//! Assignments, conditions and includes (`configparser.y`, `configfile.c`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile};

use super::server;
use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES, MOST_PROBLEMS, Unreadable};
use crate::tls::ServerSettings;
use crate::value::Value;

const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 64;
/// What a variable may grow to, in bytes and elements.
const HEAVIEST: usize = 65_536;

/// What to read.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The main file.
    pub path: &'a str,
    /// The version of lighttpd, such as `1.4.69`; `None` where it is not known: then the newest one is assumed.
    pub version: Option<&'a str>,
    /// The version of OpenSSL, for `ssl.openssl.ssl-conf-cmd`.
    pub library: Option<&'a str>,
}

/// A configuration of lighttpd.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// One for each socket that speaks TLS, and one more for each host of it with a certificate of its own.
    pub servers: Vec<ServerSettings>,
    /// What lighttpd refuses.
    pub evidence: Vec<Evidence>,
    /// What could not be decided, each one sentence.
    pub notes: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    /// The block of each server; `None` for the settings outside of all blocks.
    pub(crate) server_blocks: Vec<Option<usize>>,
    pub(crate) spec: (String, Option<String>, Option<String>),
}

/// One assignment.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The conditions around it, the outermost first.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) name: Value,
    pub(crate) data: Data,
    /// Where the written value stands.
    pub(crate) span: Range<usize>,
    pub(crate) file: Arc<SourceFile>,
}

/// `$SERVER["socket"] == ":443"`.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// Which block it is the head of.
    pub(crate) block: usize,
    /// `SERVER socket`, `HTTP host`; empty for a bare `else`.
    pub(crate) field: String,
    pub(crate) operator: String,
    pub(crate) text: Value,
}

/// What is assigned.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Text(Value),
    List(Vec<(Option<Value>, Data)>),
    /// Something that cannot be known here, such as a variable that is set nowhere.
    Unknown,
}

impl Data {
    pub(crate) fn text(&self) -> Option<&Value> {
        match self {
            Self::Text(value) => Some(value),
            Self::List(_) | Self::Unknown => None,
        }
    }
}

/// Reads a configuration.
///
/// # Errors
/// [`Unreadable`] where the main file cannot be read. All else that is wrong is evidence.
pub fn read(files: &dyn Files, spec: &Spec<'_>) -> Result<Reading, Unreadable> {
    let mut reader = Reader {
        files,
        order: Vec::new(),
        entries: Vec::new(),
        evidence: Vec::new(),
        notes: Vec::new(),
        variables: BTreeMap::new(),
        blocks: 0,
        bytes: 0,
    };
    let file = reader.load(spec.path).map_err(|source| Unreadable { path: spec.path.to_owned(), source })?;
    reader.file(&file, None, &mut Vec::new(), 0);
    let Reader { order, entries, mut evidence, notes, .. } = reader;
    let (mut servers, server_blocks) = server::servers(&entries, spec, &mut evidence);
    servers.iter_mut().for_each(|server| server.files.clone_from(&order));
    Ok(Reading {
        files: order,
        servers,
        evidence,
        notes,
        entries,
        server_blocks,
        spec: (spec.path.to_owned(), spec.version.map(str::to_owned), spec.library.map(str::to_owned)),
    })
}

pub(crate) fn tell(
    evidence: &mut Vec<Evidence>,
    origin: Origin,
    problem: ConfigProblem,
    message: String,
    suggestion: Option<String>,
) {
    let found = Evidence::new(Fact::Configuration { problem, message, suggestion }).by(Role::Server).at(origin);
    if evidence.len() < MOST_PROBLEMS && !evidence.contains(&found) {
        evidence.push(found);
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    order: Vec<Arc<SourceFile>>,
    entries: Vec<Entry>,
    evidence: Vec<Evidence>,
    notes: Vec<String>,
    variables: BTreeMap<String, Data>,
    blocks: usize,
    bytes: usize,
}

/// A place in a file under way; `Err` is the place of what cannot be understood.
struct Cursor<'f> {
    file: &'f Arc<SourceFile>,
    include: Option<&'f Origin>,
    at: usize,
}

type Parsed<T> = Result<T, usize>;

impl Cursor<'_> {
    fn byte(&self) -> Option<u8> {
        self.file.text.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.file.text.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    fn space(&mut self) {
        while let Some(byte) = self.byte() {
            if byte == b'#' {
                let rest = self.rest();
                self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    fn takes(&mut self, text: &str) -> bool {
        self.space();
        let fits = self.rest().starts_with(text.as_bytes());
        if fits {
            self.at += text.len();
        }
        fits
    }

    fn wants(&mut self, text: &str) -> Parsed<()> {
        if self.takes(text) { Ok(()) } else { Err(self.at) }
    }

    /// A name such as `ssl.pemfile` or `var.a`.
    fn name(&mut self) -> Option<Value> {
        self.space();
        let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let rest = self.rest();
        let length = rest.iter().position(|byte| !in_name(byte)).unwrap_or(rest.len());
        let range = self.at..self.at + length;
        self.at = range.end;
        (length > 0).then(|| self.value(range))
    }

    fn value(&self, range: Range<usize>) -> Value {
        let places: Vec<usize> = range.clone().collect();
        let bytes = self.file.text.get(range.clone()).unwrap_or_default();
        Value::written(self.file, bytes, &places, range, self.include)
    }

    /// A text in quotes, without them.
    fn text(&mut self) -> Parsed<Option<Value>> {
        self.space();
        if self.byte() != Some(b'"') {
            return Ok(None);
        }
        let start = self.at + 1;
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let mut at = start;
        loop {
            match self.file.text.get(at).copied() {
                None => return Err(self.at),
                Some(b'"') => break,
                Some(b'\\') if matches!(self.file.text.get(at + 1), Some(b'"' | b'\\')) => {
                    bytes.extend(self.file.text.get(at + 1));
                    places.push(at);
                    at += 2;
                }
                Some(byte) => {
                    bytes.push(byte);
                    places.push(at);
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        Ok(Some(Value::written(self.file, &bytes, &places, start..at, self.include)))
    }
}

impl Reader<'_> {
    fn load(&mut self, path: &str) -> Result<Arc<SourceFile>, FileError> {
        let text = self.files.read(path, FILE_LIMIT.min(MOST_BYTES - self.bytes))?;
        self.bytes += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        self.order.push(Arc::clone(&file));
        Ok(file)
    }

    fn file(
        &mut self,
        file: &Arc<SourceFile>,
        include: Option<&Origin>,
        conditions: &mut Vec<Condition>,
        depth: usize,
    ) {
        let mut cursor = Cursor { file, include, at: 0 };
        let outer = conditions.len();
        let mut result = self.statements(&mut cursor, conditions, depth);
        if result.is_ok() && cursor.at < file.text.len() {
            // A brace that closes nothing.
            result = Err(cursor.at);
        }
        conditions.truncate(outer);
        if let Err(at) = result {
            let end = file.text.len().min(at + 1);
            let origin = Origin::file(file, at.min(end)..end);
            let message = "configuration file parsing failed: a parser error near here".to_owned();
            tell(&mut self.evidence, origin, ConfigProblem::Syntax, message, None);
        }
    }

    /// Statements up to a closing brace or the end.
    fn statements(&mut self, cursor: &mut Cursor<'_>, conditions: &mut Vec<Condition>, depth: usize) -> Parsed<()> {
        // The fields of the last chain of conditions, for `else`.
        loop {
            cursor.space();
            match cursor.byte() {
                None | Some(b'}') => return Ok(()),
                Some(b'$') => self.condition(cursor, conditions, depth)?,
                Some(b';') => cursor.at += 1,
                _ => {
                    let begin = cursor.at;
                    let name = cursor.name().ok_or(begin)?;
                    match name.as_str() {
                        "else" => {
                            cursor.space();
                            match cursor.byte() {
                                Some(b'$') => self.condition(cursor, conditions, depth)?,
                                _ => self.block(cursor, conditions, depth, "", "else", name)?,
                            }
                        }
                        "include" => self.include(cursor, conditions, depth)?,
                        "include_shell" => {
                            let text = cursor.text()?.ok_or(cursor.at)?;
                            self.notes.push(format!(
                                "`include_shell \"{}\"` is not run: what it prints is not read",
                                text.as_str()
                            ));
                        }
                        _ => self.assignment(cursor, conditions, name)?,
                    }
                }
            }
        }
    }

    fn condition(&mut self, cursor: &mut Cursor<'_>, conditions: &mut Vec<Condition>, depth: usize) -> Parsed<()> {
        cursor.wants("$")?;
        let kind = cursor.name().ok_or(cursor.at)?.as_str().to_owned();
        let mut key = String::new();
        if cursor.takes("[") {
            key = cursor.text()?.ok_or(cursor.at)?.as_str().to_owned();
            cursor.wants("]")?;
        }
        let operators = ["==", "!=", "=~", "!~", "=^", "=$"];
        let operator = operators.into_iter().find(|operator| cursor.takes(operator)).ok_or(cursor.at)?;
        let at = cursor.at;
        let text = match self.expression(cursor, 0)? {
            Data::Text(value) => value,
            Data::List(_) | Data::Unknown => cursor.value(at..at),
        };
        let field = format!("{kind} {key}");
        self.block(cursor, conditions, depth, field.trim(), operator, text)
    }

    fn block(
        &mut self,
        cursor: &mut Cursor<'_>,
        conditions: &mut Vec<Condition>,
        depth: usize,
        field: &str,
        operator: &str,
        text: Value,
    ) -> Parsed<()> {
        cursor.wants("{")?;
        if depth >= DEEPEST {
            return Err(cursor.at);
        }
        let block = self.blocks;
        self.blocks += 1;
        conditions.push(Condition { block, field: field.to_owned(), operator: operator.to_owned(), text });
        let result = self.statements(cursor, conditions, depth + 1);
        conditions.pop();
        result?;
        cursor.wants("}")
    }

    fn assignment(&mut self, cursor: &mut Cursor<'_>, conditions: &[Condition], name: Value) -> Parsed<()> {
        let operator = ["+=", ":=", "="].into_iter().find(|operator| cursor.takes(operator)).ok_or(cursor.at)?;
        cursor.space();
        let start = cursor.at;
        let mut data = self.expression(cursor, 0)?;
        // The expression may have looked past white space for a `+`.
        let written = cursor.file.text.get(start..cursor.at).unwrap_or_default();
        let length = written.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
        let span = start..start + length;
        let key = name.as_str().to_owned();
        let same = |entry: &&Entry| {
            entry.name.as_str() == key
                && entry.conditions.last().map(|one| one.block) == conditions.last().map(|one| one.block)
        };
        if operator == "+=" {
            let before = match key.contains('.') && !key.starts_with("var.") {
                true => self.entries.iter().rev().find(same).map(|entry| entry.data.clone()),
                false => self.variables.get(&key).cloned(),
            };
            data = match before {
                Some(before) => joined(before, data),
                None => data,
            };
        }
        if weight(&data) > HEAVIEST {
            data = Data::Unknown;
        }
        if !key.contains('.') || key.starts_with("var.") {
            self.variables.insert(key.clone(), data.clone());
            self.variables.insert(key.strip_prefix("var.").unwrap_or(&key).to_owned(), data);
            return Ok(());
        }
        if self.entries.len() >= MOST_ENTRIES {
            return Err(cursor.at);
        }
        let file = Arc::clone(cursor.file);
        self.entries.push(Entry { conditions: conditions.to_vec(), name, data, span, file });
        Ok(())
    }

    fn expression(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Data> {
        let mut data = self.primary(cursor, depth)?;
        loop {
            let before = cursor.at;
            cursor.space();
            if cursor.byte() == Some(b'+') && cursor.rest().get(1) != Some(&b'=') {
                cursor.at += 1;
                let next = self.primary(cursor, depth)?;
                data = joined(data, next);
            } else {
                cursor.at = before;
                return Ok(data);
            }
        }
    }

    fn primary(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Data> {
        if let Some(text) = cursor.text()? {
            return Ok(Data::Text(text));
        }
        if cursor.takes("(") {
            if depth >= DEEPEST {
                return Err(cursor.at);
            }
            let mut list = Vec::new();
            while !cursor.takes(")") {
                let first = self.expression(cursor, depth + 1)?;
                match (first, cursor.takes("=>")) {
                    (first, false) => list.push((None, first)),
                    (Data::Text(key), true) => list.push((Some(key), self.expression(cursor, depth + 1)?)),
                    (_, true) => return Err(cursor.at),
                }
                if !cursor.takes(",") {
                    cursor.wants(")")?;
                    break;
                }
            }
            return Ok(Data::List(list));
        }
        let at = cursor.at;
        let name = cursor.name().ok_or(at)?;
        let text = name.as_str();
        if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
            return Ok(Data::Text(name));
        }
        if let Some(variable) = text.strip_prefix("env.") {
            let value = self.files.environment(variable);
            return Ok(value.map_or(Data::Unknown, |value| Data::Text(Value::unwritten(value, name.origin().clone()))));
        }
        Ok(self.variables.get(text).cloned().unwrap_or(Data::Unknown))
    }

    fn include(&mut self, cursor: &mut Cursor<'_>, conditions: &mut Vec<Condition>, depth: usize) -> Parsed<()> {
        let at = cursor.at;
        let Data::Text(value) = self.expression(cursor, 0)? else {
            self.notes.push("an `include` of something that is not known here is not read".to_owned());
            return Ok(());
        };
        let origin = value.origin().clone();
        if depth >= DEEPEST || self.order.len() >= MOST_FILES {
            return Err(at);
        }
        let folder = self.order.first().and_then(|main| main.path.rfind('/').and_then(|slash| main.path.get(..=slash)));
        let path = match value.as_str() {
            path if path.starts_with('/') => path.to_owned(),
            path => format!("{}{path}", folder.unwrap_or_default()),
        };
        let paths = if path.contains(['*', '?', '[']) { self.files.glob(&path) } else { vec![path] };
        for path in paths {
            match self.load(&path) {
                Ok(file) => self.file(&file, Some(&origin), conditions, depth + 1),
                Err(error) => {
                    let message = format!("opening configfile {path} failed: {error}");
                    tell(&mut self.evidence, origin.clone(), ConfigProblem::FileNotReadable, message, None);
                }
            }
        }
        Ok(())
    }
}

/// How many bytes and elements a value is made of.
fn weight(data: &Data) -> usize {
    match data {
        Data::Text(value) => 1 + value.as_str().len(),
        Data::List(list) => list.iter().map(|(_, data)| 1 + weight(data)).sum(),
        Data::Unknown => 1,
    }
}

/// What `+` makes of two.
fn joined(first: Data, second: Data) -> Data {
    match (first, second) {
        (Data::Text(first), Data::Text(second)) => {
            Data::Text(Value::unwritten(format!("{}{}", first.as_str(), second.as_str()), second.origin().clone()))
        }
        (Data::List(mut first), Data::List(second)) => {
            first.extend(second);
            Data::List(first)
        }
        _ => Data::Unknown,
    }
}
