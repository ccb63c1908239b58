//! Edits of `main.cf`, and of what a line of `master.cf` sets over it.

use std::sync::Arc;

use shakedown_model::{FileEdit, TextEdit};

use super::read::{Reading, Spec, read, span};
use crate::tls::edit::{Edit, EditError, edited, ending, plain};

impl Reading {
    /// Gives a parameter of `main.cf` this value: in place where it is written, else on a line at the end of the file. `also`
    /// are the services whose settings it changes.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, parameter: &str, value: &str) -> Result<Edit, EditError> {
        if value.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        let file = Arc::clone(self.files.first().ok_or(EditError::NoServer)?);
        let edit = match self.parameters.set.get(parameter) {
            Some(old) if old.as_str() == value => {
                return Err(EditError::NothingToDo { directive: parameter.into() });
            }
            Some(old) => {
                let (_, span) = span(old).ok_or(EditError::NoServer)?;
                let space = if span.is_empty() && file.text.get(span.start.saturating_sub(1)) == Some(&b'=') {
                    " "
                } else {
                    ""
                };
                TextEdit { span, replacement: format!("{space}{value}") }
            }
            None => {
                let end = file.text.len();
                let line_end = ending(&file);
                let open = end > 0 && !file.text.ends_with(b"\n");
                let before = if open { line_end } else { "" };
                TextEdit { span: end..end, replacement: format!("{before}{parameter} = {value}{line_end}") }
            }
        };
        let files = vec![FileEdit { file, edits: vec![edit] }];
        let after = self.with_edits(&files);
        if after.parameters.set.get(parameter).is_none_or(|now| now.as_str() != value.trim()) {
            return Err(EditError::NotEffective { directive: parameter.into() });
        }
        let also = self.changed(&after);
        Ok(Edit { files, also })
    }

    /// The services whose settings differ.
    fn changed(&self, after: &Self) -> Vec<usize> {
        let pairs = self.servers.iter().zip(&after.servers).enumerate();
        pairs.filter(|(_, (before, after))| plain(before) != plain(after)).map(|(index, _)| index).collect()
    }

    /// Gives a list of words that the line of a service sets itself, by `-o` in `master.cf`, this value.
    ///
    /// # Errors
    /// [`EditError::NoServer`] where the line does not set it, and others.
    pub fn set_over(&self, server: usize, parameter: &str, value: &str) -> Result<Edit, EditError> {
        let old = self.overrides.get(server).and_then(|own| own.get(parameter)).ok_or(EditError::NoServer)?;
        // White space would end the word; lists take commas alone.
        let value = value.split([' ', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(",");
        if value.bytes().any(|byte| byte < b' ' || byte == 0x7f || matches!(byte, b'{' | b'}')) {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        if old.as_str() == value {
            return Err(EditError::NothingToDo { directive: parameter.into() });
        }
        let (file, span) = span(old).ok_or(EditError::NoServer)?;
        let files = vec![FileEdit { file, edits: vec![TextEdit { span, replacement: value.clone() }] }];
        let after = self.with_edits(&files);
        let now = after.overrides.get(server).and_then(|own| own.get(parameter));
        if now.is_none_or(|now| now.as_str() != value) {
            return Err(EditError::NotEffective { directive: parameter.into() });
        }
        let also = self.changed(&after);
        Ok(Edit { files, also })
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let memory = edited(&self.files, edits);
        let spec = Spec { folder: &self.spec.0, version: self.spec.1.as_deref() };
        read(&memory, &spec).unwrap_or_else(|_| self.clone())
    }
}
