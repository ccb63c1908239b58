//! Edits of the settings that hold for all protocols, and of those in the blocks of one.

use std::sync::Arc;

use shakedown_model::{FileEdit, OriginKind, TextEdit};

use super::read::{Reading, Spec, read};
use super::server::deciding;
use crate::tls::edit::{Edit, EditError, edited, ending, plain};

impl Reading {
    /// Gives a setting this value: in place where it is written outside of blocks, else on a line at the end of the main file.
    /// `also` are the servers whose settings it changes.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, name: &str, value: &str) -> Result<Edit, EditError> {
        writable(value)?;
        let edit = match self.setting(name) {
            Some(old) if old.as_str() == value => return Err(EditError::NothingToDo { directive: name.into() }),
            Some(old) => match old.origin().kind() {
                OriginKind::File { file, span } if !span.is_empty() => FileEdit {
                    file: Arc::clone(file),
                    edits: vec![TextEdit { span: span.clone(), replacement: value.to_owned() }],
                },
                _ => return Err(EditError::NotWritable { value: value.into() }),
            },
            None => {
                let file = Arc::clone(self.files.first().ok_or(EditError::NoServer)?);
                let end = file.text.len();
                let line_end = ending(&file);
                let before = if end > 0 && !file.text.ends_with(b"\n") { line_end } else { "" };
                let replacement = format!("{before}{name} = {value}{line_end}");
                FileEdit { file, edits: vec![TextEdit { span: end..end, replacement }] }
            }
        };
        let files = vec![edit];
        let after = self.with_edits(&files);
        if after.setting(name).is_none_or(|now| now.as_str() != value) {
            return Err(EditError::NotEffective { directive: name.into() });
        }
        let also = self.changed(&after);
        Ok(Edit { files, also })
    }

    /// The same for one server: where a block decides, it is changed there.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_for(&self, server: usize, name: &str, value: &str) -> Result<Edit, EditError> {
        let spec = Spec { path: &self.spec.0, version: self.spec.1.as_deref() };
        let own = self.servers.get(server).ok_or(EditError::NoServer)?;
        let Some(line) = deciding(&self.settings, &spec, own, name).filter(|line| !line.blocks.is_empty()) else {
            return self.set(name, value);
        };
        writable(value)?;
        if line.value.as_str() == value {
            return Err(EditError::NothingToDo { directive: name.into() });
        }
        let OriginKind::File { file, span } = line.value.origin().kind() else { return Err(EditError::NoServer) };
        if span.is_empty() {
            return Err(EditError::NotWritable { value: value.into() });
        }
        let edits = vec![TextEdit { span: span.clone(), replacement: value.to_owned() }];
        let files = vec![FileEdit { file: Arc::clone(file), edits }];
        let after = self.with_edits(&files);
        let also = self.changed(&after);
        if !also.contains(&server) {
            return Err(EditError::NotEffective { directive: name.into() });
        }
        Ok(Edit { files, also })
    }

    /// The servers whose settings differ.
    fn changed(&self, after: &Self) -> Vec<usize> {
        let pairs = self.servers.iter().zip(&after.servers).enumerate();
        pairs.filter(|(_, (before, after))| plain(before) != plain(after)).map(|(index, _)| index).collect()
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let memory = edited(&self.files, edits);
        let spec = Spec { path: &self.spec.0, version: self.spec.1.as_deref() };
        read(&memory, &spec).unwrap_or_else(|_| self.clone())
    }
}

/// Whether a value can be written as it is.
fn writable(value: &str) -> Result<(), EditError> {
    let special = value.starts_with(['<', '"', '\'']) || value.contains(" #") || value.trim() != value;
    if value.is_empty() || special || value.bytes().any(|byte| byte < b' ' || byte == 0x7f || byte == b'$') {
        return Err(EditError::NotWritable { value: value.escape_default().to_string() });
    }
    Ok(())
}
