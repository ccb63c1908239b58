//! Edits of one host.

use std::sync::Arc;

use shakedown_model::{FileEdit, TextEdit};

use super::read::{Host, Node, Reading};
use crate::tls::edit::{Edit, EditError, edited, indent, is_generated, line_after, plain};

impl Reading {
    /// Gives a directive of one server these arguments. Where its host has it, it is changed in place; where it inherits it,
    /// a line is added to the host.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, server: usize, directive: &str, arguments: &[&str]) -> Result<Edit, EditError> {
        let id = *self.server_hosts.get(server).ok_or(EditError::NoServer)?;
        let host = self.hosts.get(id).ok_or(EditError::NoServer)?;
        let edit = match host.last(directive) {
            Some(node) => replace(node, arguments)?,
            None => insert(host, directive, arguments)?,
        };
        self.finish(server, directive, edit)
    }

    /// Reads the edited files again: whether it has an effect, and on what besides.
    pub(crate) fn finish(&self, server: usize, directive: &str, edit: FileEdit) -> Result<Edit, EditError> {
        if is_generated(&edit.file) {
            return Err(EditError::Generated { path: edit.file.path.clone() });
        }
        let files = vec![edit];
        let after = self.with_edits(&files);
        let pairs = self.servers.iter().zip(&after.servers).enumerate();
        let changed = pairs.filter(|(_, (before, after))| plain(before) != plain(after)).map(|(index, _)| index);
        let changed: Vec<usize> = changed.collect();
        if after.servers.len() != self.servers.len() || !changed.contains(&server) {
            return Err(EditError::NotEffective { directive: directive.into() });
        }
        Ok(Edit { files, also: changed.into_iter().filter(|index| *index != server).collect() })
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        self.spec.read_again(&edited(&self.files, edits)).unwrap_or_else(|| self.clone())
    }
}

fn replace(node: &Node, arguments: &[&str]) -> Result<FileEdit, EditError> {
    let same = node.arguments.len() == arguments.len()
        && node.arguments.iter().zip(arguments).all(|(old, new)| old.as_str() == *new);
    if same {
        return Err(EditError::NothingToDo { directive: node.name.as_str().into() });
    }
    let words = node.document.lines().get(node.line).map_or(&[][..], |line| &line.words);
    let replacement = written(arguments)?;
    let edit = match (words.get(1), words.last()) {
        (Some(first), Some(last)) => TextEdit { span: first.span.start..last.span.end, replacement },
        (_, last) => {
            let end = last.map_or(0, |word| word.span.end);
            TextEdit { span: end..end, replacement: format!(" {replacement}") }
        }
    };
    Ok(FileEdit { file: Arc::clone(node.document.file()), edits: vec![edit] })
}

fn insert(host: &Host, directive: &str, arguments: &[&str]) -> Result<FileEdit, EditError> {
    let line = format!("{directive} {}", written(arguments)?);
    // Beside its like, in the file that holds the host; else right below the host's head.
    let file = match &host.header {
        Some(header) => header.document.file(),
        None => host.nodes.first().ok_or(EditError::NoServer)?.document.file(),
    };
    let mut own = host.nodes.iter().filter(|node| Arc::ptr_eq(node.document.file(), file));
    let like = own.rfind(|node| node.name.as_str().to_ascii_uppercase().starts_with("SSL"));
    let (anchor, deeper) = match (like, &host.header) {
        (Some(node), _) => (node, ""),
        (None, Some(header)) => (header, "    "),
        (None, None) => (host.nodes.last().ok_or(EditError::NoServer)?, ""),
    };
    let span = anchor.document.lines().get(anchor.line).map_or(0..0, |line| line.span.clone());
    let start = anchor.document.lines().get(anchor.line).and_then(|line| line.words.first());
    let start = start.map_or(span.start, |word| word.span.start);
    // The `<` of a section stands before its name.
    let start = if deeper.is_empty() { start } else { start.saturating_sub(1) };
    let indent = indent(file, start).unwrap_or_default();
    let edit = line_after(file, span.end.saturating_sub(1).max(span.start), &format!("{indent}{deeper}{line}"));
    Ok(FileEdit { file: Arc::clone(file), edits: vec![edit] })
}

/// Arguments as they are written: in quotes where they need them.
fn written(arguments: &[&str]) -> Result<String, EditError> {
    let mut out = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(EditError::NotWritable { value: argument.escape_default().to_string() });
        }
        let special = argument.is_empty() || argument.contains([' ', '"', '\'', '<', '>']) || argument.ends_with('\\');
        out.push(match special {
            true => format!("\"{}\"", argument.replace('\\', "\\\\").replace('"', "\\\"")),
            false => (*argument).to_owned(),
        });
    }
    Ok(out.join(" "))
}
