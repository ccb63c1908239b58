//! Edits of the commands that every TLS context runs (`system_default`).

use std::sync::Arc;

use shakedown_model::{FileEdit, SourceFile, TextEdit};

use super::read::{Reading, Use, read};
use super::sections::Entry;
use crate::ini::{Document, LineKind};
use crate::tls::edit::{Edit, EditError, edited, ending, is_generated, line_after};

impl Reading {
    /// Gives a command of `system_default` this value. Where the section or what leads to it is missing, it is made.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_command(&self, command: &str, value: &str) -> Result<Edit, EditError> {
        if value.bytes().any(|byte| byte < b' ' || byte == 0x7f) || self.status == Use::PassedOver {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        let edit = match self.entry(command) {
            Some(entry) if entry.value.as_str() == value => {
                return Err(EditError::NothingToDo { directive: command.into() });
            }
            Some(entry) => replace(entry, value)?,
            None => self.insert(command, value)?,
        };
        self.finish(command, value, edit)
    }

    /// Turns an option of `system_default` on or off (`Options`), such as `UnsafeLegacyServerConnect`; what the list has besides
    /// stays.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_option(&self, option: &str, on: bool) -> Result<Edit, EditError> {
        if self.system_settings().option(option).is_some_and(|switch| switch.on == on) {
            return Err(EditError::NothingToDo { directive: option.into() });
        }
        let element = format!("{}{option}", if on { "" } else { "-" });
        let before = self.entry("Options").map(|entry| entry.value.as_str().trim().to_owned());
        match before.filter(|list| !list.is_empty()) {
            // In front: an element that OpenSSL refuses ends the list.
            Some(list) => self.set_command("Options", &format!("{element},{list}")),
            None => self.set_command("Options", &element),
        }
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let memory = edited(&self.files, edits);
        read(&memory, &self.spec.borrowed()).unwrap_or_else(|_| self.clone())
    }

    /// The entry of a command that counts: the last one of its names.
    fn entry(&self, command: &str) -> Option<&Entry> {
        let section = self.set("system_default")?.section.as_str();
        let same = |name: &str| match command {
            "Groups" | "Curves" => name.eq_ignore_ascii_case("Groups") || name.eq_ignore_ascii_case("Curves"),
            command => name.eq_ignore_ascii_case(command),
        };
        let entries: Vec<&Entry> = self.sections.entries(section)?.collect();
        entries.into_iter().rev().find(|entry| {
            let name = entry.name.as_str();
            same(name.split_once('.').map_or(name, |(_, name)| name))
        })
    }

    fn finish(&self, command: &str, value: &str, edit: FileEdit) -> Result<Edit, EditError> {
        if is_generated(&edit.file) {
            return Err(EditError::Generated { path: edit.file.path.clone() });
        }
        let files = vec![edit];
        let after = self.with_edits(&files);
        if after.entry(command).is_none_or(|entry| entry.value.as_str() != value) {
            return Err(EditError::NotEffective { directive: command.into() });
        }
        Ok(Edit { files, also: Vec::new() })
    }

    fn insert(&self, command: &str, value: &str) -> Result<FileEdit, EditError> {
        let value = written(value);
        if let Some(set) = self.set("system_default") {
            let last = self.sections.entries(set.section.as_str()).and_then(Iterator::last);
            let last = last.ok_or(EditError::NoServer)?;
            return Ok(behind(last, command, &value));
        }
        let file = Arc::clone(self.main.file());
        let line_end = ending(&file);
        let name = |base: &str| -> String {
            let numbered = (2..100).map(|number| format!("{base}_{number}"));
            let mut names = std::iter::once(base.to_owned()).chain(numbered);
            names.find(|name| self.sections.entries(name).is_none()).unwrap_or_else(|| base.to_owned())
        };
        let commands = name("system_default_sect");
        let sets = name("ssl_sect");
        let mut tail = vec![format!("[{commands}]"), format!("{command} = {value}")];
        let mut edits = Vec::new();
        let main = |entry: &Entry| Arc::ptr_eq(entry.document.file(), &file);
        let modules = self.sections.entry("default", "openssl_conf");
        let module = |section: &str, name: &str| self.sections.entry(section, name).cloned();
        match modules {
            Some(modules) => {
                let section = modules.value.as_str();
                match module(section, "ssl_conf") {
                    // A list of sets without `system_default`.
                    Some(ssl) => {
                        let last = self.sections.entries(ssl.value.as_str()).and_then(Iterator::last);
                        let last = last.filter(|last| main(last)).ok_or(EditError::NoServer)?;
                        edits.extend(behind(last, "system_default", &commands).edits);
                    }
                    None => {
                        tail.splice(0..0, [format!("[{sets}]"), format!("system_default = {commands}"), String::new()]);
                        match self.sections.entries(section).and_then(Iterator::last) {
                            Some(last) if main(last) => edits.extend(behind(last, "ssl_conf", &sets).edits),
                            Some(_) => return Err(EditError::NoServer),
                            None => edits.push(self.below_header(section, &format!("ssl_conf = {sets}"))?),
                        }
                    }
                }
            }
            None => {
                let modules = name("openssl_init");
                let head = [
                    format!("[{modules}]"),
                    format!("ssl_conf = {sets}"),
                    String::new(),
                    format!("[{sets}]"),
                    format!("system_default = {commands}"),
                    String::new(),
                ];
                tail.splice(0..0, head);
                let mark = if file.text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
                let replacement = format!("openssl_conf = {modules}{line_end}");
                edits.push(TextEdit { span: mark..mark, replacement });
            }
        }
        let end = file.text.len();
        let open = end > 0 && !file.text.ends_with(b"\n");
        let gap = if open {
            line_end.repeat(2)
        } else if end > 0 {
            line_end.to_owned()
        } else {
            String::new()
        };
        let text = tail.join(line_end);
        edits.push(TextEdit { span: end..end, replacement: format!("{gap}{text}{line_end}") });
        Ok(FileEdit { file, edits })
    }

    /// A line right below the first header of an empty section.
    fn below_header(&self, section: &str, line: &str) -> Result<TextEdit, EditError> {
        let document: &Document = &self.main;
        let header = document.lines().iter().find(|line| {
            let text = document.text(line);
            let LineKind::Section { name } = &line.kind else { return false };
            text.get(name.clone()) == Some(section.as_bytes())
        });
        let header = header.ok_or(EditError::NoServer)?;
        Ok(line_after(document.file(), header.span.end.saturating_sub(1).max(header.span.start), line))
    }
}

/// A value in the place of the old one.
fn replace(entry: &Entry, value: &str) -> Result<FileEdit, EditError> {
    let file = Arc::clone(entry.document.file());
    let line = entry.document.lines().get(entry.line).ok_or(EditError::NoServer)?;
    let LineKind::Entry { value: range, .. } = &line.kind else { return Err(EditError::NoServer) };
    let span = line.places(range);
    Ok(FileEdit { file, edits: vec![TextEdit { span, replacement: written(value) }] })
}

/// A new entry behind another one, written as that one is.
fn behind(last: &Entry, name: &str, value: &str) -> FileEdit {
    let file: Arc<SourceFile> = Arc::clone(last.document.file());
    let (mut indent, mut equals) = (String::new(), " = ".to_owned());
    let mut at = file.text.len();
    if let Some(line) = last.document.lines().get(last.line) {
        let text = last.document.text(line);
        if let LineKind::Entry { section, name, value, equals: true, .. } = &line.kind {
            let piece = |range: std::ops::Range<usize>| {
                String::from_utf8_lossy(text.get(range).unwrap_or_default()).into_owned()
            };
            let start = section.as_ref().map_or(name.start, |section| section.start);
            indent = piece(0..start).trim_start_matches('\u{feff}').to_owned();
            equals = piece(name.end..value.start);
        }
        at = line.span.end.saturating_sub(usize::from(line.span.end > line.span.start));
    }
    let edit = line_after(&file, at, &format!("{indent}{name}{equals}{value}"));
    FileEdit { file, edits: vec![edit] }
}

/// A value as it is written: what has a meaning to OpenSSL's parser is escaped.
fn written(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\\' | '"' | '\'' | '`' | '$' | '#') {
            out.push('\\');
        }
        out.push(letter);
    }
    if value.trim() == value && !value.is_empty() { out } else { format!("\"{out}\"") }
}
