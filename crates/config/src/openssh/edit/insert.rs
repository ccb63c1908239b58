//! Where a new directive goes.

use std::sync::Arc;

use shakedown_model::{FileEdit, OriginKind, Role, SourceFile, TextEdit};

use super::reread::Again;
use super::{EditError, Scope, is_generated};
use crate::line::{Document, Line, LineKind};
use crate::openssh::keyword::Version;
use crate::openssh::setting::Setting;

/// A new directive. `setting` is the one that counts now, where there is one.
pub(super) fn directive(
    again: &Again,
    keyword: &str,
    value: &str,
    scope: &Scope,
    setting: Option<&Setting>,
) -> Result<Vec<FileEdit>, EditError> {
    let main = again.main_file().ok_or(EditError::NoConfiguration)?;
    let document = Document::parse(Arc::clone(&main));
    let style = Style::of(&document);
    let edit = match (again.dialect.role, scope) {
        (Role::Client, Scope::Host(host)) => block(&document, &style, host, keyword, value, again.dialect.version),
        (Role::Client, Scope::InPlace) if setting.is_none() => at_end(&document, &style, keyword, value),
        // What counts now lies in a file that a program makes: the new directive has to come first.
        _ => match setting.and_then(|setting| include_in(setting, &main)) {
            Some(at) => before(&document, at, &style, keyword, value),
            None => global(&document, &style, keyword, value),
        },
    };
    Ok(vec![FileEdit { file: main, edits: vec![edit] }])
}

/// How the file is written.
struct Style {
    ending: &'static str,
    separator: &'static str,
}

impl Style {
    fn of(document: &Document) -> Self {
        let lines = document.lines();
        let crlf =
            lines.first().is_some_and(|line| !line.ending.is_empty() && document.bytes(&line.span()).ends_with(b"\r"));
        let directives = lines.iter().filter(|line| line.kind == LineKind::Directive);
        let equals = |line: &&Line| document.bytes(&line.separator).contains(&b'=');
        let count = directives.clone().count();
        let with_equals = directives.filter(equals).count();
        Self { ending: if crlf { "\r\n" } else { "\n" }, separator: if with_equals * 2 > count { "=" } else { " " } }
    }

    fn line(&self, indent: &str, keyword: &str, value: &str) -> String {
        format!("{indent}{keyword}{}{value}{}", self.separator, self.ending)
    }
}

fn is(document: &Document, line: &Line, keywords: &[&str]) -> bool {
    let name = document.keyword(line);
    line.kind == LineKind::Directive && keywords.iter().any(|keyword| name.eq_ignore_ascii_case(keyword.as_bytes()))
}

/// The place of the outermost `Include` of the main file that leads to a setting.
fn include_in(setting: &Setting, main: &Arc<SourceFile>) -> Option<usize> {
    let mut include = setting.include.as_ref();
    while let Some(origin) = include {
        if let OriginKind::File { file, span } = origin.kind()
            && file.path == main.path
        {
            return Some(span.start);
        }
        include = origin.before();
    }
    None
}

/// On a line of its own before the line of a place.
fn before(document: &Document, at: usize, style: &Style, keyword: &str, value: &str) -> TextEdit {
    let line = document.lines().iter().find(|line| (line.indent.start..=line.trailing.end).contains(&at));
    let start = line.map_or(0, |line| line.indent.start);
    TextEdit { span: start..start, replacement: style.line("", keyword, value) }
}

/// At the end of what holds for all: before the first `Match` (server) or `Host`, after the last directive before it.
fn global(document: &Document, style: &Style, keyword: &str, value: &str) -> TextEdit {
    let lines = document.lines();
    let block = lines.iter().position(|line| is(document, line, &["Match", "Host"]));
    let global = block.map_or(lines, |block| lines.get(..block).unwrap_or_default());
    let last = global.iter().rev().find(|line| line.kind == LineKind::Directive);
    match (last, block) {
        (Some(last), _) => after_line(last, style, "", keyword, value),
        (None, Some(block)) => {
            // A comment right above the block belongs to it.
            let lines_above = lines.get(..block).unwrap_or_default().iter().rev();
            let comments = lines_above.take_while(|line| !line.arguments.is_empty()).count();
            let start = lines.get(block - comments).map_or(0, |line| line.indent.start);
            TextEdit { span: start..start, replacement: style.line("", keyword, value) + style.ending }
        }
        (None, None) => at_file_end(document, style, &style.line("", keyword, value)),
    }
}

/// Behind a line.
fn after_line(line: &Line, style: &Style, indent: &str, keyword: &str, value: &str) -> TextEdit {
    let text = style.line(indent, keyword, value);
    let at = line.ending.end;
    let replacement = match line.ending.is_empty() {
        false => text,
        // The file ends without a line feed, and goes on doing so.
        true => format!("{}{}", style.ending, text.trim_end_matches(['\r', '\n'])),
    };
    TextEdit { span: at..at, replacement }
}

fn at_file_end(document: &Document, style: &Style, text: &str) -> TextEdit {
    let end = document.file().text.len();
    let open = document.lines().last().is_some_and(|line| line.ending.is_empty());
    let replacement = match open {
        false => text.to_owned(),
        true => format!("{}{}", style.ending, text.trim_end_matches(['\r', '\n'])),
    };
    TextEdit { span: end..end, replacement }
}

/// For every host that has no value of its own: at the end, in `Host *`.
fn at_end(document: &Document, style: &Style, keyword: &str, value: &str) -> TextEdit {
    let lines = document.lines();
    let block = lines.iter().rposition(|line| is(document, line, &["Host", "Match"]));
    let Some(block) = block else { return global(document, style, keyword, value) };
    let header = lines.get(block);
    let all = header.is_some_and(|line| {
        let arguments = document.bytes(&line.arguments);
        is(document, line, &["Host"]) && arguments == b"*" || is(document, line, &["Match"]) && arguments == b"all"
    });
    if all {
        let inside = lines.get(block + 1..).unwrap_or_default();
        let last = inside.iter().rev().find(|line| line.kind == LineKind::Directive);
        let indent = match last {
            Some(line) => String::from_utf8_lossy(document.bytes(&line.indent)).into_owned(),
            None => "    ".to_owned(),
        };
        if let Some(line) = last.or(header) {
            return after_line(line, style, &indent, keyword, value);
        }
    }
    let ending = style.ending;
    at_file_end(document, style, &format!("{ending}Host *{ending}{}", style.line("    ", keyword, value)))
}

/// A block for one host at the top of the file. What followed there without a block goes on holding for all.
fn block(document: &Document, style: &Style, host: &str, keyword: &str, value: &str, version: Version) -> TextEdit {
    let ending = style.ending;
    let mut text = format!("Host {}{ending}{}", quoted(host), style.line("    ", keyword, value));
    let first = document.lines().iter().find(|line| line.kind == LineKind::Directive);
    if first.is_some_and(|line| !is(document, line, &["Host", "Match"])) {
        // `Match` came with 6.5.
        let all = if version >= Version(6, 5) { "Match all" } else { "Host *" };
        text.push_str(&format!("{all}{ending}"));
    }
    if first.is_some() {
        text.push_str(ending);
    }
    TextEdit { span: 0..0, replacement: text }
}

/// An argument that holds white space or quotes is put in quotes.
fn quoted(text: &str) -> String {
    if text.contains([' ', '\t', '"', '\'', '\\', '#']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.to_owned()
    }
}

/// Whether the new directive may go into the file.
pub(super) fn may_edit(file: &SourceFile) -> bool {
    !is_generated(file)
}
