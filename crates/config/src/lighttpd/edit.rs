//! Edits of one socket or host.

use std::sync::Arc;

use shakedown_model::{FileEdit, TextEdit};

use super::read::{Data, Entry, Reading, Spec, read};
use crate::tls::defaults;
use crate::tls::edit::{Edit, EditError, edited, ending, indent, is_generated, plain};
use crate::value::Value;

/// The option that holds commands of SSL_CONF_cmd(3).
const LIST: &str = "ssl.openssl.ssl-conf-cmd";

impl Reading {
    /// Gives an option of one server this text, such as `ssl.cipher-list`: in place where its block has it, else on a line of
    /// its own at the beginning of the block. What stands outside of blocks is changed there.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, server: usize, option: &str, value: &str) -> Result<Edit, EditError> {
        self.set_written(server, option, &quoted(value)?, Some(value))
    }

    /// Gives a command of `ssl.openssl.ssl-conf-cmd` of one server this value. The other commands of the list stay. Where the
    /// server has no list of its own, the one outside of blocks is changed: a list inside would take its place as a whole.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_command(&self, server: usize, command: &str, value: &str) -> Result<Edit, EditError> {
        let block = self.tls_block(server)?;
        let pair = format!("\"{command}\" => {}", quoted(value)?);
        let Some(entry) = self.in_effect(block, LIST) else {
            let block = block.filter(|block| self.entry(Some(*block), "ssl.pemfile").is_some());
            return self.written(server, block, LIST, &format!("({pair})"), None);
        };
        let Data::List(list) = &entry.data else {
            return Err(EditError::NotSingle { directive: LIST.into() });
        };
        let old = list.iter().rev().find(|(name, _)| name.as_ref().is_some_and(|name| is_command(name, command)));
        let edit = match old.and_then(|(_, data)| data.text()) {
            Some(old) if old.as_str() == value => return Err(EditError::NothingToDo { directive: command.into() }),
            Some(old) => match old.part_span(0..old.as_str().len()) {
                Some(span) if !span.is_empty() => TextEdit { span, replacement: value.to_owned() },
                _ => return Err(EditError::NotSingle { directive: command.into() }),
            },
            // In front of the bracket that closes the list.
            None => {
                let at = entry.span.end.checked_sub(1).ok_or(EditError::NoServer)?;
                let written = entry.file.text.get(entry.span.start..at).unwrap_or_default();
                let last = written.iter().rev().find(|byte| !byte.is_ascii_whitespace());
                let behind = written.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
                let at = entry.span.start + behind;
                let comma = match last {
                    Some(b'(') | None => "",
                    Some(b',') => " ",
                    Some(_) => ", ",
                };
                TextEdit { span: at..at, replacement: format!("{comma}{pair}") }
            }
        };
        self.checked(server, command, FileEdit { file: Arc::clone(&entry.file), edits: vec![edit] })
    }

    /// As [`Reading::set_command`], or where an option of lighttpd's own says the same and no command does, that option.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_command_or(&self, server: usize, command: &str, option: &str, value: &str) -> Result<Edit, EditError> {
        let block = self.tls_block(server)?;
        let commanded = match self.in_effect(block, LIST).map(|entry| &entry.data) {
            Some(Data::List(list)) => list.iter().flat_map(|(name, _)| name).any(|name| is_command(name, command)),
            _ => false,
        };
        let has = defaults::has("lighttpd", self.spec.1.as_deref(), option);
        match self.in_effect(block, option).filter(|_| !commanded && has) {
            Some(entry) => {
                let block = entry.conditions.last().map(|one| one.block);
                self.written(server, block, option, &quoted(value)?, Some(value))
            }
            None => self.set_command(server, command, value),
        }
    }

    /// The block whose TLS settings a server has: of a host on a socket, the socket's.
    fn tls_block(&self, server: usize) -> Result<Option<usize>, EditError> {
        let block = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        let head = self.entries.iter().find(|entry| entry.conditions.last().map(|one| one.block) == block);
        Ok(match head.and_then(|entry| entry.conditions.split_last()) {
            Some((last, outer)) if last.field == "HTTP host" => outer.last().map(|one| one.block),
            _ => block,
        })
    }

    /// The last assignment in a block.
    fn entry(&self, block: Option<usize>, name: &str) -> Option<&Entry> {
        let mine = |entry: &&Entry| entry.conditions.last().map(|one| one.block) == block;
        self.entries.iter().rev().filter(mine).find(|entry| entry.name.as_str() == name)
    }

    /// The assignment that counts in a block: its own, or the one outside of all blocks.
    fn in_effect(&self, block: Option<usize>, name: &str) -> Option<&Entry> {
        self.entry(block, name).or_else(|| self.entry(None, name))
    }

    fn set_written(&self, server: usize, option: &str, written: &str, text: Option<&str>) -> Result<Edit, EditError> {
        let block = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        self.written(server, block, option, written, text)
    }

    fn written(
        &self,
        server: usize,
        block: Option<usize>,
        option: &str,
        written: &str,
        text: Option<&str>,
    ) -> Result<Edit, EditError> {
        let mine = |entry: &&Entry| entry.conditions.last().map(|one| one.block) == block;
        let old = self.entry(block, option);
        let edit = match old {
            Some(entry) if text.is_some() && entry.data.text().map(|old| old.as_str()) == text => {
                return Err(EditError::NothingToDo { directive: option.into() });
            }
            Some(entry) => FileEdit {
                file: Arc::clone(&entry.file),
                edits: vec![TextEdit { span: entry.span.clone(), replacement: written.to_owned() }],
            },
            None => {
                // In front of the block's first line about TLS.
                let about = |entry: &&Entry| entry.name.as_str().starts_with("ssl.");
                let first = self.entries.iter().filter(mine).find(about);
                let first = first.or_else(|| self.entries.iter().find(mine)).ok_or(EditError::NoServer)?;
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

/// Whether a name is that of a command; `Curves` is `Groups`.
fn is_command(name: &Value, command: &str) -> bool {
    let name = name.as_str();
    name.eq_ignore_ascii_case(command) || command == "Groups" && name.eq_ignore_ascii_case("Curves")
}

fn quoted(value: &str) -> Result<String, EditError> {
    if value.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\' | 0x7f)) {
        return Err(EditError::NotWritable { value: value.escape_default().to_string() });
    }
    Ok(format!("\"{value}\""))
}
