//! Edits of one socket or host.

use std::sync::Arc;

use shakedown_model::{FileEdit, TextEdit};

use super::read::{Reading, Spec, read};
use crate::tls::edit::{Edit, EditError, edited, ending, indent, is_generated, plain};

impl Reading {
    /// Gives an option of one server this text, such as `ssl.cipher-list`: in place where its block has it, else on a line of
    /// its own at the beginning of the block. What stands outside of blocks is changed there.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, server: usize, option: &str, value: &str) -> Result<Edit, EditError> {
        self.set_written(server, option, &quoted(value)?, Some(value))
    }

    /// Gives a command of `ssl.openssl.ssl-conf-cmd` of one server this value. The other commands of the list stay.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_command(&self, server: usize, command: &str, value: &str) -> Result<Edit, EditError> {
        const LIST: &str = "ssl.openssl.ssl-conf-cmd";
        let block = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        let found = self
            .entries
            .iter()
            .rev()
            .find(|entry| entry.name.as_str() == LIST && entry.conditions.last().map(|one| one.block) == block);
        let pair = format!("\"{command}\" => {}", quoted(value)?);
        let Some(entry) = found else {
            return self.set_written(server, LIST, &format!("({pair})"), None);
        };
        let super::read::Data::List(list) = &entry.data else {
            return Err(EditError::NotSingle { directive: LIST.into() });
        };
        let old = list
            .iter()
            .rev()
            .find(|(name, _)| name.as_ref().is_some_and(|name| name.as_str().eq_ignore_ascii_case(command)));
        let edit = match old.and_then(|(_, data)| data.text()) {
            Some(old) if old.as_str() == value => return Err(EditError::NothingToDo { directive: command.into() }),
            Some(old) => match old.origin().kind() {
                shakedown_model::OriginKind::File { span, .. } if !span.is_empty() => {
                    TextEdit { span: span.clone(), replacement: value.to_owned() }
                }
                _ => return Err(EditError::NotSingle { directive: command.into() }),
            },
            // In front of the bracket that closes the list.
            None => {
                let at = entry.span.end.checked_sub(1).ok_or(EditError::NoServer)?;
                let written = entry.file.text.get(entry.span.start..at).unwrap_or_default();
                let last = written.iter().rev().find(|byte| !byte.is_ascii_whitespace());
                let comma = if matches!(last, Some(b',' | b'(') | None) { " " } else { ", " };
                TextEdit { span: at..at, replacement: format!("{comma}{pair}") }
            }
        };
        self.checked(server, command, FileEdit { file: Arc::clone(&entry.file), edits: vec![edit] })
    }

    fn set_written(&self, server: usize, option: &str, written: &str, text: Option<&str>) -> Result<Edit, EditError> {
        let block = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        let mine = |entry: &&super::read::Entry| entry.conditions.last().map(|one| one.block) == block;
        let old = self.entries.iter().rev().filter(mine).find(|entry| entry.name.as_str() == option);
        let edit = match old {
            Some(entry) if text.is_some() && entry.data.text().map(|old| old.as_str()) == text => {
                return Err(EditError::NothingToDo { directive: option.into() });
            }
            Some(entry) => FileEdit {
                file: Arc::clone(&entry.file),
                edits: vec![TextEdit { span: entry.span.clone(), replacement: written.to_owned() }],
            },
            None => {
                // Beside the block's first line, or at the end of the main file.
                let first = self.entries.iter().find(mine).ok_or(EditError::NoServer)?;
                let file = Arc::clone(&first.file);
                let line_end = ending(&file);
                let text = match first.name.origin().kind() {
                    shakedown_model::OriginKind::File { span, .. } => {
                        let space = indent(&file, span.start);
                        let space = space.ok_or(EditError::NotSingle { directive: option.into() })?;
                        TextEdit {
                            span: span.start..span.start,
                            replacement: format!("{option} = {written}{line_end}{space}"),
                        }
                    }
                    _ => return Err(EditError::NoServer),
                };
                FileEdit { file, edits: vec![text] }
            }
        };
        self.checked(server, option, edit)
    }

    fn checked(&self, server: usize, option: &str, edit: FileEdit) -> Result<Edit, EditError> {
        if is_generated(&edit.file) {
            return Err(EditError::Generated { path: edit.file.path.clone() });
        }
        let files = vec![edit];
        let after = self.with_edits(&files);
        let pairs = self.servers.iter().zip(&after.servers).enumerate();
        let changed = pairs.filter(|(_, (before, after))| plain(before) != plain(after)).map(|(index, _)| index);
        let changed: Vec<usize> = changed.collect();
        if after.servers.len() != self.servers.len() || !changed.contains(&server) {
            return Err(EditError::NotEffective { directive: option.into() });
        }
        Ok(Edit { files, also: changed.into_iter().filter(|index| *index != server).collect() })
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let memory = edited(&self.files, edits);
        let (path, version, library) = &self.spec;
        let spec = Spec { path, version: version.as_deref(), library: library.as_deref() };
        read(&memory, &spec).unwrap_or_else(|_| self.clone())
    }
}

fn quoted(value: &str) -> Result<String, EditError> {
    if value.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\' | 0x7f)) {
        return Err(EditError::NotWritable { value: value.escape_default().to_string() });
    }
    Ok(format!("\"{value}\""))
}
