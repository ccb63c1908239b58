//! Edits of one `server` block.

use std::sync::Arc;

use shakedown_model::{FileEdit, SourceFile, TextEdit};

use super::read::{Reading, read};
use super::select::Selection;
use super::server::Scope;
use super::tree::{Block, Node};
use crate::brace::StatementKind;
use crate::tls::edit::{Edit, EditError, edited, indent, is_generated, next_line, plain};

/// Directives that OpenSSL has settled before nginx learns the server name: they are the default block's.
const OF_THE_DEFAULT_BLOCK: [&str; 2] = ["ssl_protocols", "ssl_ecdh_curve"];

/// What runs a command of the library; it may stand there many times.
const COMMAND: &str = "ssl_conf_command";

impl Reading {
    /// The block whose directive counts for a connection: the one of its name, or for what is settled before the name is
    /// known, the default one.
    pub fn owner(&self, selection: &Selection, directive: &str) -> usize {
        let settled = OF_THE_DEFAULT_BLOCK.contains(&directive);
        if settled && !(self.names_before_versions && directive == "ssl_protocols") {
            selection.default
        } else {
            selection.server
        }
    }

    /// Gives a directive of one `server` block these arguments. Where the block has it, it is changed in place; where it
    /// inherits it, a line is added to the block. `ssl_conf_command` is one directive for each command that it runs; those
    /// that a first one of the block's own would keep it from inheriting are written with it.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set(&self, server: usize, directive: &str, arguments: &[&str]) -> Result<Edit, EditError> {
        let id = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        let block = self.blocks.get(id).ok_or(EditError::NoServer)?;
        // Of the library's commands each is a setting for itself.
        let command = arguments.first().filter(|_| directive == COMMAND);
        let same = |node: &&Node| {
            let own = || node.argument().map_or("", |own| own.as_str());
            command.is_none_or(|command| own().eq_ignore_ascii_case(command))
        };
        let here: Vec<&Node> = block.named(directive).filter(same).collect();
        let (file, edits) = match here.as_slice() {
            [] => {
                let mut lines = Vec::new();
                if command.is_some() && block.named(directive).next().is_none() {
                    // One of its own, and the block inherits none any more.
                    let inherited = Scope::new(&self.blocks, id).all(directive);
                    for node in inherited.into_iter().filter(|node| !same(node)) {
                        lines.push(node.arguments.iter().map(|argument| argument.as_str()).collect());
                    }
                }
                lines.push(arguments.to_vec());
                self.insert(block, directive, &lines)?
            }
            [node, more @ ..] => {
                if !more.is_empty() && directive != "ssl_protocols" {
                    return Err(EditError::NotSingle { directive: directive.into() });
                }
                let file = Arc::clone(node.document.file());
                if more.iter().any(|other| !Arc::ptr_eq(other.document.file(), &file)) {
                    return Err(EditError::NotSingle { directive: directive.into() });
                }
                let same = node.arguments.len() == arguments.len()
                    && node.arguments.iter().zip(arguments).all(|(old, new)| old.as_str() == *new);
                if same && more.is_empty() {
                    return Err(EditError::NothingToDo { directive: directive.into() });
                }
                let mut edits = vec![replace(node, arguments)?];
                edits.extend(more.iter().map(|node| remove(node)));
                (file, edits)
            }
        };
        self.finish(server, directive, FileEdit { file, edits })
    }

    /// Takes a directive out of one `server` block, so that it inherits it.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn unset(&self, server: usize, directive: &str) -> Result<Edit, EditError> {
        let id = *self.server_blocks.get(server).ok_or(EditError::NoServer)?;
        let block = self.blocks.get(id).ok_or(EditError::NoServer)?;
        let here: Vec<&Node> = block.named(directive).collect();
        let Some(first) = here.first() else {
            return Err(EditError::NothingToDo { directive: directive.into() });
        };
        let file = Arc::clone(first.document.file());
        let edits = here.iter().filter(|node| Arc::ptr_eq(node.document.file(), &file)).map(|node| remove(node));
        let edit = FileEdit { edits: edits.collect(), file: Arc::clone(&file) };
        self.finish(server, directive, edit)
    }

    /// The configuration as it would be with edits.
    pub fn with_edits(&self, edits: &[FileEdit]) -> Self {
        let memory = edited(&self.files, edits);
        read(&memory, &self.spec.borrowed()).unwrap_or_else(|_| self.clone())
    }

    /// Reads the edited files again: whether it has an effect, and on what besides.
    pub(crate) fn finish(&self, server: usize, directive: &str, edit: FileEdit) -> Result<Edit, EditError> {
        if is_generated(&edit.file) {
            return Err(EditError::Generated { path: edit.file.path.clone() });
        }
        let files = vec![edit];
        let after = self.with_edits(&files);
        let changed: Vec<usize> = self
            .servers
            .iter()
            .zip(&after.servers)
            .enumerate()
            .filter(|(_, (before, after))| plain(before) != plain(after))
            .map(|(index, _)| index)
            .collect();
        if after.servers.len() != self.servers.len() || !changed.contains(&server) {
            return Err(EditError::NotEffective { directive: directive.into() });
        }
        Ok(Edit { files, also: changed.into_iter().filter(|index| *index != server).collect() })
    }

    fn insert(
        &self,
        block: &Block,
        directive: &str,
        lines: &[Vec<&str>],
    ) -> Result<(Arc<SourceFile>, Vec<TextEdit>), EditError> {
        let header = block.header.as_ref().ok_or(EditError::NoServer)?;
        let file = Arc::clone(header.document.file());
        let lines: Result<Vec<String>, EditError> =
            lines.iter().map(|arguments| Ok(format!("{directive} {};", written(arguments)?))).collect();
        let line = lines?.join(" ");
        let own = block.nodes.iter().filter(|node| Arc::ptr_eq(node.document.file(), &file));
        let own: Vec<&Node> = own.collect();
        // Beside its like, or at the end of the block, but before nested blocks.
        let like = own.iter().rev().find(|node| node.name.as_str().starts_with("ssl_") && node.block.is_none());
        let last = || own.iter().rev().find(|node| node.block.is_none());
        let open = header.document.statements().get(header.statement).ok_or(EditError::NoServer)?;
        let text = match like.or_else(last) {
            Some(anchor) => {
                let statement = anchor.document.statements().get(anchor.statement).ok_or(EditError::NoServer)?;
                behind(&file, statement.span().start, statement.end.end, &line, None)
            }
            None => {
                let indent = indent(&file, open.span().start).map(|indent| indent + "    ");
                let close = match open.kind {
                    StatementKind::Open { close: Some(close) } => header.document.statements().get(close),
                    _ => None,
                };
                let same_line = close.is_some_and(|close| next_line(&file, open.end.end) > close.end.start);
                let indent = indent.filter(|_| !same_line);
                behind(&file, open.span().start, open.end.end, &line, indent)
            }
        };
        Ok((file, vec![text]))
    }
}

/// A directive behind a place: on a line of its own where what stands there has one, else in the same line. `indent` is
/// that of the new line; without it, that of the line of `start`.
fn behind(file: &SourceFile, start: usize, end: usize, line: &str, indented: Option<String>) -> TextEdit {
    let rest = file.text.get(end..next_line(file, end)).unwrap_or_default();
    let blank = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    let alone = blank.is_none_or(|at| matches!(rest.get(at), Some(b'\n' | b'#')));
    match indented.or_else(|| indent(file, start)).filter(|_| alone) {
        Some(indent) => crate::tls::edit::line_after(file, end, &format!("{indent}{line}")),
        None => TextEdit { span: end..end, replacement: format!(" {line}") },
    }
}

/// New arguments in the place of the old ones; quotes around a single one stay.
fn replace(node: &Node, arguments: &[&str]) -> Result<TextEdit, EditError> {
    let words = node.document.statements().get(node.statement).map_or(&[][..], |statement| &statement.words);
    if let ([_, word], [argument]) = (words, arguments)
        && word.inner != word.span
    {
        let quote = node.document.file().text.get(word.span.start).copied();
        let fits = argument.bytes().all(|byte| Some(byte) != quote && byte != b'\\') && !argument.contains('\0');
        if fits {
            return Ok(TextEdit { span: word.inner.clone(), replacement: (*argument).to_owned() });
        }
    }
    let replacement = written(arguments)?;
    let (first, last) = (words.get(1), words.last());
    match (first, last) {
        (Some(first), Some(last)) => Ok(TextEdit { span: first.span.start..last.span.end, replacement }),
        (_, last) => {
            let end = last.map_or(0, |word| word.span.end);
            Ok(TextEdit { span: end..end, replacement: format!(" {replacement}") })
        }
    }
}

/// Takes a directive out, with its line where it has one of its own.
fn remove(node: &Node) -> TextEdit {
    let file = node.document.file();
    let span = node.document.statements().get(node.statement).map_or(0..0, |statement| statement.span());
    let rest = file.text.get(span.end..next_line(file, span.end)).unwrap_or_default();
    let alone = rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let span = match indent(file, span.start).filter(|_| alone) {
        Some(indent) => span.start - indent.len()..next_line(file, span.end),
        None => span,
    };
    TextEdit { span, replacement: String::new() }
}

/// Arguments as they are written: in quotes where they need them.
fn written(arguments: &[&str]) -> Result<String, EditError> {
    let mut out = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument.bytes().any(|byte| byte < b' ' || byte == 0x7f) || argument.len() > 2_048 {
            return Err(EditError::NotWritable { value: argument.escape_default().to_string() });
        }
        let special = |letter: char| letter.is_whitespace() || "{};\"'\\#$".contains(letter);
        out.push(if argument.is_empty() || argument.contains(special) {
            format!("\"{}\"", argument.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            (*argument).to_owned()
        });
    }
    Ok(out.join(" "))
}
