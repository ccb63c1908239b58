//! Edits of one `bind` line.

use std::sync::Arc;

use shakedown_model::{FileEdit, TextEdit};

use super::read::{Reading, Spec, read};
use crate::tls::edit::{Edit, EditError, edited, plain};

impl Reading {
    /// Gives an option of one `bind` line this value, such as `ciphers` or `ssl-min-ver`; it is added to the line where the line
    /// does not have it.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, server: usize, option: &str, value: &str) -> Result<Edit, EditError> {
        let line = self.server_lines.get(server).and_then(|line| self.lines.get(*line)).ok_or(EditError::NoServer)?;
        let file = line.file().map(Arc::clone).ok_or(EditError::NoServer)?;
        if value.bytes().any(|byte| byte <= b' ' || matches!(byte, b'"' | b'\'' | b'\\' | b'#' | b'$' | 0x7f)) {
            return Err(EditError::NotWritable { value: value.escape_default().to_string() });
        }
        let at = line.words.iter().position(|word| word.as_str() == option);
        let old = at.and_then(|at| line.words.get(at + 1));
        let edit = match old {
            Some(old) if old.as_str() == value => {
                return Err(EditError::NothingToDo { directive: option.into() });
            }
            Some(old) => match old.origin().kind() {
                shakedown_model::OriginKind::File { span, .. } => {
                    TextEdit { span: span.clone(), replacement: value.to_owned() }
                }
                _ => return Err(EditError::NotSingle { directive: option.into() }),
            },
            None => {
                let end = match line.words.last().map(|word| word.origin().kind().clone()) {
                    Some(shakedown_model::OriginKind::File { span, .. }) => span.end,
                    _ => return Err(EditError::NoServer),
                };
                TextEdit { span: end..end, replacement: format!(" {option} {value}") }
            }
        };
        let files = vec![FileEdit { file, edits: vec![edit] }];
        let after = self.with_edits(&files);
        let pairs = self.servers.iter().zip(&after.servers).enumerate();
        let changed = pairs.filter(|(_, (before, after))| plain(before) != plain(after)).map(|(index, _)| index);
        let changed: Vec<usize> = changed.collect();
        if !changed.contains(&server) {
            return Err(EditError::NotEffective { directive: option.into() });
        }
        Ok(Edit { files, also: changed.into_iter().filter(|index| *index != server).collect() })
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let mut memory = edited(&self.files, edits);
        let certificates = self.servers.iter().flat_map(|server| &server.certificates);
        certificates.for_each(|pair| memory.stands_for(pair.certificate.as_str()));
        let spec = Spec { path: &self.spec.0, version: self.spec.1.as_deref() };
        read(&memory, &spec).unwrap_or_else(|_| self.clone())
    }
}
