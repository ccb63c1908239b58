//! Edits of lines.

use std::sync::Arc;

use shakedown_model::{FileEdit, SourceFile, TextEdit};

use super::lines::{Line, Reading};
use crate::tls::edit::{EditError, indent, is_generated, line_after};

impl Reading {
    /// Gives a line of a section this value: the last one of its name in place, else a line of its own, behind the one of that
    /// name that is commented out, or behind the section's last line.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, section: &str, name: &str, value: &str) -> Result<FileEdit, EditError> {
        let name_read = if self.style.case { name.to_owned() } else { name.to_ascii_lowercase() };
        match self.last(section, &name_read) {
            Some(line) if line.value.as_str() == value => Err(EditError::NothingToDo { directive: name.into() }),
            Some(line) => self.replace(line, value),
            None => self.append(section, name, value),
        }
    }

    /// Gives a line that was read this value.
    ///
    /// # Errors
    /// [`EditError`].
    pub(crate) fn replace(&self, line: &Line, value: &str) -> Result<FileEdit, EditError> {
        self.writable(value)?;
        if is_generated(&line.file) {
            return Err(EditError::Generated { path: line.file.path.clone() });
        }
        let length = line.value.as_str().len();
        let single = || EditError::NotSingle { directive: line.name.as_str().into() };
        let span = line.value.part_span(0..length).filter(|span| !span.is_empty()).ok_or_else(single)?;
        let before = span.start.checked_sub(1).and_then(|at| line.file.text.get(at));
        let bare = self.in_quotes() && !matches!(before, Some(b'\'' | b'"'));
        let replacement = if bare { format!("'{value}'") } else { value.to_owned() };
        Ok(FileEdit { file: Arc::clone(&line.file), edits: vec![TextEdit { span, replacement }] })
    }

    /// A line of its own at the end of a section of the main file.
    ///
    /// # Errors
    /// [`EditError`].
    pub(crate) fn append(&self, section: &str, name: &str, value: &str) -> Result<FileEdit, EditError> {
        self.writable(value)?;
        let file = self.files.first().ok_or(EditError::NoServer)?;
        let own = |line: &&Line| line.section == section && Arc::ptr_eq(&line.file, file);
        // A section may stand in a file of its own.
        let last = self.lines.iter().rev().find(own);
        let last = last.or_else(|| self.lines.iter().rev().find(|line| line.section == section && !section.is_empty()));
        let file = last.map_or(file, |line| &line.file);
        if is_generated(file) {
            return Err(EditError::Generated { path: file.path.clone() });
        }
        let quote = if self.in_quotes() { "'" } else { "" };
        let equals = if self.style.equals { " = " } else { " " };
        let kin = self.lines.iter().rev().find(|line| {
            let letters = |text: &str| text.chars().take(3).collect::<String>();
            line.section == section && Arc::ptr_eq(&line.file, file) && letters(line.name.as_str()) == letters(name)
        });
        let anchor = kin.filter(|_| section.is_empty()).or(last);
        let behind = anchor.map(|line| line.span.end.saturating_sub(1));
        let behind = self.commented(file, name).filter(|_| section.is_empty()).or(behind);
        let space = anchor.and_then(|line| match line.name.origin().kind() {
            shakedown_model::OriginKind::File { span, .. } => indent(file, span.start),
            _ => None,
        });
        let space = space.unwrap_or_default();
        let text = format!("{space}{name}{equals}{quote}{value}{quote}");
        let edit = match behind {
            Some(at) => line_after(file, at, &text),
            None => line_after(file, file.text.len(), &text),
        };
        Ok(FileEdit { file: Arc::clone(file), edits: vec![edit] })
    }

    /// PostgreSQL's values stand in quotes.
    fn in_quotes(&self) -> bool {
        self.style.quotes && self.style.equals
    }

    fn writable(&self, value: &str) -> Result<(), EditError> {
        let bad = |byte: u8| byte < b' ' || matches!(byte, b'\'' | b'"' | b'#' | b'\\' | 0x7f);
        if value.is_empty() || value.bytes().any(bad) {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        Ok(())
    }

    /// A byte of the last line of a file that has this name behind the letter of a comment, as templates have.
    fn commented(&self, file: &SourceFile, name: &str) -> Option<usize> {
        let (mut at, mut found) = (0, None);
        for line in file.text.split_inclusive(|&byte| byte == b'\n') {
            let text = line.trim_ascii();
            let rest =
                text.split_first().filter(|(first, _)| self.style.comments.contains(first)).map(|(_, rest)| rest);
            let rest = rest.and_then(|rest| rest.trim_ascii_start().strip_prefix(name.as_bytes()));
            if rest.is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'\t' | b'='))) {
                found = Some(at);
            }
            at += line.len();
        }
        found
    }
}
