//! The lexer of strongSwan's settings: `swanctl.conf` and `strongswan.conf` (`settings_lexer.l`, `settings_parser.y` of
//! libstrongswan). Sections in braces, `key = value` to the end of the line, strings in quotes, references to other
//! sections. Works on any bytes.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::ike::KeyPrint;
use shakedown_model::{Origin, OriginKind, SourceFile};
use zeroize::{Zeroize, Zeroizing};

use crate::files::{FILE_LIMIT, FileError, Files, MOST_BYTES, MOST_FILES};
use crate::value::Value;

/// How many settings and sections are kept.
const MOST_ENTRIES: usize = 200_000;
/// How deep sections, includes and references may be nested.
const DEEPEST: usize = 32;

/// A section with what stands in it, that of later sections of the same name too.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its name; empty at the root.
    pub name: String,
    /// Where the name is first written; `None` at the root.
    pub origin: Option<Origin>,
    /// Its settings in the order in which they were first written, each with its last value.
    pub settings: Vec<Setting>,
    /// The sections in it, in the order in which they were first written.
    pub sections: Vec<Section>,
    /// The sections whose settings it has too, where it lacks them: paths from the root, with dots.
    references: Vec<String>,
    /// The place behind its first `{`; `None` at the root.
    pub(crate) body: Option<(Arc<SourceFile>, usize)>,
    /// Whether it is there only because another section is referred to.
    pub(crate) inherited: bool,
}

/// A setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Where that is written.
    pub origin: Origin,
    /// The value; the program reads one that is not there as none.
    pub value: Option<Value>,
    /// Whether it is there only because another section is referred to.
    pub(crate) inherited: bool,
}

/// A file with all that it includes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// What stands in them.
    pub root: Section,
    /// What the program refuses. It then uses nothing of the file.
    pub problem: Option<Problem>,
    /// What could not be read, each one sentence.
    pub notes: Vec<String>,
    /// Where secrets stood that were taken out of the texts.
    secrets: Vec<(Arc<SourceFile>, usize, KeyPrint)>,
}

/// Something that the program refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, in lower case.
    pub message: String,
    /// Where.
    pub origin: Origin,
}

impl Section {
    /// The value of a setting.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.settings.iter().find(|setting| setting.name == name)?.value.as_ref()
    }

    /// The section of a name.
    pub fn section(&self, name: &str) -> Option<&Self> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The section at a path of names with dots.
    fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |section, name| section.section(name))
    }

    /// Takes what another one has and this one lacks.
    fn inherit(&mut self, other: &Self, depth: usize) {
        for setting in &other.settings {
            if !self.settings.iter().any(|own| own.name == setting.name) {
                self.settings.push(Setting { inherited: true, ..setting.clone() });
            }
        }
        for section in &other.sections {
            match self.sections.iter_mut().find(|own| own.name == section.name) {
                Some(own) if depth < DEEPEST => own.inherit(section, depth + 1),
                Some(_) => {}
                None => self.sections.push(Self { inherited: true, ..section.clone() }),
            }
        }
    }
}

impl Settings {
    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// The main file cannot be read.
    pub fn read(files: &dyn Files, path: &str) -> Result<Self, FileError> {
        let mut reader = Reader { files, settings: Self::empty(), bytes: 0, entries: 0, open: Vec::new() };
        let main = reader.load(path)?;
        let mut root = Section::default();
        reader.file(&main, None, &mut root, 0);
        let mut settings = reader.settings;
        let whole = root.clone();
        refer(&mut root, &whole, 0);
        settings.root = root;
        Ok(settings)
    }

    /// What tells the secret that stood in the place of a value from others.
    pub fn secret(&self, value: &Value) -> Option<KeyPrint> {
        let OriginKind::File { file, span } = value.origin().kind() else { return None };
        let is = |(other, at, _): &&(Arc<SourceFile>, usize, KeyPrint)| Arc::ptr_eq(other, file) && *at == span.start;
        self.secrets.iter().find(is).map(|(_, _, print)| *print)
    }

    fn empty() -> Self {
        Self { files: Vec::new(), root: Section::default(), problem: None, notes: Vec::new(), secrets: Vec::new() }
    }
}

/// Gives each section what the sections have that it refers to.
fn refer(section: &mut Section, root: &Section, depth: usize) {
    for reference in std::mem::take(&mut section.references) {
        if depth < DEEPEST
            && let Some(other) = root.at(&reference)
        {
            let mut other = other.clone();
            refer(&mut other, root, depth + 1);
            section.inherit(&other, 0);
        }
    }
    for inner in &mut section.sections {
        if depth < DEEPEST {
            refer(inner, root, depth + 1);
        }
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    settings: Settings,
    bytes: usize,
    entries: usize,
    /// The files that are being read, to see one that includes itself.
    open: Vec<String>,
}

/// What ends a statement.
enum Next {
    /// A `}`, or the end of the file.
    Closed(usize),
    Stopped,
}

impl Reader<'_> {
    fn load(&mut self, path: &str) -> Result<Arc<SourceFile>, FileError> {
        let (text, prints) = masked(self.files.read(path, FILE_LIMIT)?);
        self.bytes += text.len();
        let file = Arc::new(SourceFile::new(path, text));
        self.settings.secrets.extend(prints.into_iter().map(|(at, print)| (Arc::clone(&file), at, print)));
        self.settings.files.push(Arc::clone(&file));
        Ok(file)
    }

    fn file(&mut self, file: &Arc<SourceFile>, include: Option<&Origin>, into: &mut Section, depth: usize) {
        self.open.push(file.path.clone());
        let lexer = Lexer { file, include };
        if let Next::Closed(at) = self.statements(&lexer, 0, into, depth)
            && at < file.text.len()
        {
            self.stop(&lexer, "a `}` closes nothing", at..at + 1);
        }
        self.open.pop();
    }

    fn stop(&mut self, lexer: &Lexer<'_>, message: &str, at: Range<usize>) -> Next {
        if self.settings.problem.is_none() {
            self.settings.problem = Some(Problem { message: message.to_owned(), origin: lexer.origin(at) });
        }
        Next::Stopped
    }

    /// Reads statements up to the `}` that is not theirs, and gives its place.
    fn statements(&mut self, lexer: &Lexer<'_>, from: usize, into: &mut Section, depth: usize) -> Next {
        let mut at = from;
        loop {
            at = lexer.blank(at, true);
            match lexer.byte(at) {
                None | Some(b'}') => return Next::Closed(at),
                Some(b'{' | b'=' | b'"' | b':' | b',') => return self.stop(lexer, "a name is missing", at..at + 1),
                Some(_) => {}
            }
            let name = lexer.name(at);
            let word = lexer.text(&name);
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return self.stop(lexer, "too many settings", name);
            }
            let after = lexer.blank(name.end, false);
            if word == "include" && after > name.end && lexer.byte(after) != Some(b'=') {
                let (pattern, end) = lexer.value(after);
                if let Some(pattern) = pattern {
                    self.include(lexer, &pattern, into, depth);
                }
                at = end;
                continue;
            }
            match lexer.byte(after) {
                Some(b'=') => {
                    let (value, end) = lexer.value(after + 1);
                    let setting = Setting { name: word, origin: lexer.origin(name), value, inherited: false };
                    match into.settings.iter_mut().find(|own| own.name == setting.name) {
                        Some(own) => *own = setting,
                        None => into.settings.push(setting),
                    }
                    at = end;
                }
                other => {
                    let references =
                        if other == Some(b':') { lexer.references(after + 1) } else { (Vec::new(), after) };
                    let brace = lexer.blank(references.1, true);
                    if lexer.byte(brace) != Some(b'{') {
                        return self.stop(lexer, "neither `=` nor `{` follows the name", name);
                    }
                    if depth >= DEEPEST {
                        return self.stop(lexer, "sections are nested too deep", name);
                    }
                    let index = match into.sections.iter().position(|own| own.name == word) {
                        Some(index) => index,
                        None => {
                            let origin = Some(lexer.origin(name.clone()));
                            let body = Some((Arc::clone(lexer.file), brace + 1));
                            into.sections.push(Section { name: word, origin, body, ..Section::default() });
                            into.sections.len() - 1
                        }
                    };
                    let Some(section) = into.sections.get_mut(index) else { return Next::Stopped };
                    section.references.extend(references.0);
                    match self.statements(lexer, brace + 1, section, depth + 1) {
                        Next::Closed(end) if lexer.byte(end).is_some() => at = end + 1,
                        Next::Closed(_) => return self.stop(lexer, "this section is not closed", name),
                        Next::Stopped => return Next::Stopped,
                    }
                }
            }
        }
    }

    fn include(&mut self, lexer: &Lexer<'_>, pattern: &Value, into: &mut Section, depth: usize) {
        let text = pattern.as_str();
        let folder = lexer.file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = match text.starts_with('/') || folder.is_empty() {
            true => text.to_owned(),
            false => format!("{folder}/{text}"),
        };
        let found = self.files.glob(&path);
        if found.is_empty() {
            self.settings.notes.push(format!("`{path}` matches no file"));
        }
        for path in found {
            let full = self.settings.files.len() >= MOST_FILES || self.bytes >= MOST_BYTES || depth >= DEEPEST;
            if full || self.open.contains(&path) {
                self.settings.notes.push(format!("`{path}` was not read: too much is included"));
                continue;
            }
            match self.load(&path) {
                Ok(file) => self.file(&file, Some(pattern.origin()), into, depth + 1),
                Err(error) => self.settings.notes.push(format!("`{path}` was not read: {error}")),
            }
        }
    }
}

/// Settings that hold secrets.
const SECRET: [&[u8]; 2] = [b"secret", b"pin"];

/// A text without its secrets, and where each of them stood.
fn masked(text: Vec<u8>) -> (Vec<u8>, Vec<(usize, KeyPrint)>) {
    let mut prints = Vec::new();
    let text = without_secrets(text, |at, key| prints.push((at, KeyPrint::of(key))));
    (text, prints)
}

/// A text without its secrets, each of which is told as the key that it stands for, with its place.
pub(crate) fn without_secrets(mut text: Vec<u8>, mut each: impl FnMut(usize, &[u8])) -> Vec<u8> {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| !b"#{}:,=\"\r\n\t ".contains(byte));
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'=')) {
        let equals = at + found;
        at = equals + 1;
        let before = text.get(..equals).unwrap_or_default().trim_ascii_end();
        let secret = SECRET.iter().any(|name| {
            before.ends_with(name) && !is_name(before.len().checked_sub(name.len() + 1).and_then(|at| before.get(at)))
        });
        if !secret {
            continue;
        }
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let (span, end) = value(&text, at, &mut bytes, &mut places);
        at = end;
        let Some(span) = span else { continue };
        each(span.start, &key(&bytes));
        bytes.zeroize();
        let mut ended = false;
        for byte in text.get_mut(span).into_iter().flatten() {
            // The other lines of a secret of several become comments.
            let with = if ended { b'#' } else { b'*' };
            ended = *byte == b'\n';
            *byte = if ended { b'\n' } else { with };
        }
    }
    text
}

/// The key that a text stands for, as strongSwan reads it: `0x` hexadecimal, `0s` Base64, or the text itself.
pub(crate) fn key(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    // Never longer than the text: no part of a key stays behind in a buffer that was outgrown.
    let mut decoded = Zeroizing::new(Vec::with_capacity(bytes.len()));
    if let Some(digits) = bytes.strip_prefix(b"0x") {
        let digits: Zeroizing<Vec<u8>> = Zeroizing::new(digits.iter().filter_map(digit).collect());
        decoded.extend(digits.rchunks(2).rev().map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)));
    } else if let Some(letters) = bytes.strip_prefix(b"0s") {
        let (mut bits, mut held) = (0_u32, 0);
        for letter in letters {
            let Some(six) = BASE64.iter().position(|known| known == letter) else { continue };
            bits = bits << 6 | u32::try_from(six).unwrap_or(0);
            held += 6;
            if held >= 8 {
                held -= 8;
                decoded.push((bits >> held & 0xff) as u8);
            }
        }
    } else {
        decoded.extend_from_slice(bytes);
    }
    decoded
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A value: words and strings up to the end of the line, a comment or a `}`, with one blank between them. Where it is
/// written, and where the text goes on.
fn value(text: &[u8], from: usize, bytes: &mut Vec<u8>, places: &mut Vec<usize>) -> (Option<Range<usize>>, usize) {
    let mut span: Option<Range<usize>> = None;
    let mut at = from;
    loop {
        match text.get(at) {
            Some(b' ' | b'\t' | b'\r') => {
                at += 1;
                continue;
            }
            None | Some(b'#' | b'}' | b'\n') => return (span, at),
            Some(_) => {}
        }
        if span.is_some() {
            bytes.push(b' ');
            places.push(at - 1);
        }
        let start = at;
        at = match text.get(at) {
            Some(b'"') => string(text, at + 1, bytes, places),
            _ => {
                let rest = text.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| !b"#}\"\r\n\t ".contains(byte)).count();
                bytes.extend_from_slice(rest.get(..length).unwrap_or_default());
                places.extend(at..at + length);
                at + length
            }
        };
        span = Some(span.map_or(start, |span| span.start)..at);
    }
}

/// A string, behind its opening quote; where the text goes on.
fn string(text: &[u8], from: usize, bytes: &mut Vec<u8>, places: &mut Vec<usize>) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at).copied() {
        let (taken, length) = match (byte, text.get(at + 1).copied()) {
            (b'"', _) => return at + 1,
            (b'\r', _) => (None, 1),
            (b'\\', Some(b'n')) => (Some(b'\n'), 2),
            (b'\\', Some(b'r')) => (Some(b'\r'), 2),
            (b'\\', Some(b't')) => (Some(b'\t'), 2),
            (b'\\', Some(b'\n')) => (None, 2),
            (b'\\', Some(b'\r')) if text.get(at + 2) == Some(&b'\n') => (None, 3),
            (b'\\', Some(other)) => (Some(other), 2),
            (other, _) => (Some(other), 1),
        };
        bytes.extend(taken);
        places.extend(taken.map(|_| at + length - 1));
        at += length;
    }
    at
}

struct Lexer<'a> {
    file: &'a Arc<SourceFile>,
    include: Option<&'a Origin>,
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.file.text.get(at).copied()
    }

    fn text(&self, span: &Range<usize>) -> String {
        String::from_utf8_lossy(self.file.text.get(span.clone()).unwrap_or_default()).into_owned()
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        let place = Origin::file(self.file, span);
        match self.include {
            Some(include) => place.after(include.clone()),
            None => place,
        }
    }

    /// Passes blanks and comments, and line ends where `lines`.
    fn blank(&self, mut at: usize, lines: bool) -> usize {
        loop {
            match self.byte(at) {
                Some(b' ' | b'\t' | b'\r') => at += 1,
                Some(b'\n') if lines => at += 1,
                Some(b'#') => at = self.line_end(at),
                _ => return at,
            }
        }
    }

    fn line_end(&self, at: usize) -> usize {
        let rest = self.file.text.get(at..).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.file.text.len(), |end| at + end)
    }

    fn name(&self, from: usize) -> Range<usize> {
        let rest = self.file.text.get(from..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| !b"#{}:,=\"\r\n\t ".contains(byte)).count();
        from..from + length
    }

    /// The names behind a `:`, up to the `{`.
    fn references(&self, from: usize) -> (Vec<String>, usize) {
        let (mut names, mut at) = (Vec::new(), from);
        loop {
            at = self.blank(at, true);
            let name = self.name(at);
            if name.is_empty() {
                return (names, at);
            }
            names.push(self.text(&name));
            at = self.blank(name.end, true);
            if self.byte(at) == Some(b',') {
                at += 1;
            }
        }
    }

    fn value(&self, from: usize) -> (Option<Value>, usize) {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let (span, end) = value(&self.file.text, from, &mut bytes, &mut places);
        let value = span.map(|span| Value::written(self.file, &bytes, &places, span, self.include));
        (value, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn read(text: &str) -> Settings {
        Settings::read(&Memory::new().with("/etc/swanctl/swanctl.conf", text), "/etc/swanctl/swanctl.conf").unwrap()
    }

    fn value<'a>(settings: &'a Settings, path: &str) -> Option<&'a str> {
        let (section, name) = path.rsplit_once('.')?;
        settings.root.at(section)?.value(name).map(Value::as_str)
    }

    #[test]
    fn sections_values_and_their_places() {
        let text = "a {\n b = one  two # why\n c=\"x \\\n y\" z\n d {\n e = f } }\n# no\na\n{ b = three\n g = }\n";
        let settings = read(text);
        assert_eq!(settings.problem, None);
        assert_eq!(value(&settings, "a.b"), Some("three"));
        assert_eq!(value(&settings, "a.c"), Some("x  y z"));
        assert_eq!(value(&settings, "a.d.e"), Some("f"));
        assert_eq!(value(&settings, "a.g"), None);
        let shakedown_model::OriginKind::File { span, .. } =
            settings.root.section("a").unwrap().value("c").unwrap().origin().kind().clone()
        else {
            panic!()
        };
        assert_eq!(&text[span], "\"x \\\n y\" z");
    }

    #[test]
    fn sections_refer_to_others_and_files_include_others() {
        let files = Memory::new()
            .with("/e/s.conf", "d { x = 1\n l { auth = psk } }\nc : d { y = 2\n l { id = a } }\ninclude i/*.conf\n")
            .with("/e/i/a.conf", "c { z = 3 }\n")
            .with("/e/i/b.conf", "include s.conf\ninclude /none\n");
        let settings = Settings::read(&files, "/e/s.conf").unwrap();
        assert_eq!(settings.problem, None);
        for (path, expected) in [("c.x", "1"), ("c.y", "2"), ("c.z", "3"), ("c.l.auth", "psk"), ("c.l.id", "a")] {
            assert_eq!(value(&settings, path), Some(expected), "{path}");
        }
        assert_eq!(settings.files.len(), 3);
        assert_eq!(settings.notes.len(), 2, "{:?}", settings.notes);
    }

    #[test]
    fn what_the_program_refuses() {
        for (text, message) in [
            ("a {\n", "this section is not closed"),
            ("}\n", "a `}` closes nothing"),
            ("a b\n", "neither `=` nor `{` follows the name"),
            ("= b\n", "a name is missing"),
        ] {
            assert_eq!(read(text).problem.map(|problem| problem.message).as_deref(), Some(message), "{text}");
        }
        assert!(read(&"a {".repeat(100)).problem.is_some());
    }

    #[test]
    fn secrets_are_told_apart_and_not_kept() {
        let settings = read(
            "secrets {\n a { secret = \"se\\\"same\" }\n b { secret=\"se\\\"s\\\name\"\n id = b } token { pin=1234 }\n \
             c { secret = 0x7365227361 6d65 } d { secret = 0sc2Uic2FtZQ== }\n secretary = kept }\n",
        );
        let text = String::from_utf8(settings.files[0].text.clone()).unwrap();
        assert!(!text.contains("same") && !text.contains("1234") && text.contains("kept"), "{text}");
        assert_eq!(settings.problem, None);
        assert_eq!(value(&settings, "secrets.b.id"), Some("b"));
        let print = |name: &str| {
            let section = settings.root.section("secrets").unwrap().section(name).unwrap();
            settings.secret(section.value("secret").unwrap()).unwrap()
        };
        assert_eq!(print("a"), print("b"), "a line end that is escaped is none");
        assert_eq!(print("a"), print("c"));
        assert_eq!(print("a"), print("d"));
        assert_ne!(print("a"), KeyPrint::of(b"se\"sam"));
    }
}
