//! Edits of one connection. What it has of another section stays there: its own section gets the setting.

use shakedown_model::TextEdit;
use shakedown_model::ike::{IkeVersion, Peering};

use crate::Files;
use crate::ike_edit::{Line, Setting, indent_of, insertion, line_end};
use crate::settings::{Section, Settings};

/// The lines of a setting.
pub(crate) fn lines(peering: &Peering, setting: &Setting) -> Option<Vec<Line>> {
    let line = |sections: &[&str], key: &str, value: &str| {
        let sections = sections.iter().map(|name| (*name).to_owned()).collect();
        Some(Line { sections, key: key.to_owned(), value: written(value)? })
    };
    let end = |local: bool| if local { "local" } else { "remote" };
    match setting {
        Setting::Version(IkeVersion::V1) => line(&[], "version", "1").map(|line| vec![line]),
        Setting::Version(IkeVersion::V2) => line(&[], "version", "2").map(|line| vec![line]),
        // charon has both versions.
        Setting::OldVersionAllowed => None,
        Setting::Aggressive(on) => line(&[], "aggressive", if *on { "yes" } else { "no" }).map(|line| vec![line]),
        Setting::Transport(on) => {
            let child = peering.written.as_ref()?.child.as_ref()?.name.as_str();
            line(&["children", child], "mode", if *on { "transport" } else { "tunnel" }).map(|line| vec![line])
        }
        Setting::Identity { local, name } => line(&[end(*local)], "id", name.as_str()).map(|line| vec![line]),
        Setting::Methods { local, remote } => [("local", local), ("remote", remote)]
            .iter()
            .map(|(end, name)| line(&[end], "auth", name.as_str()))
            .collect(),
        Setting::Selectors { local, selectors } => {
            let child = peering.written.as_ref()?.child.as_ref()?.name.as_str();
            let all: Vec<&str> = selectors.iter().map(|name| name.as_str()).collect();
            let key = if *local { "local_ts" } else { "remote_ts" };
            line(&["children", child], key, &all.join(", ")).map(|line| vec![line])
        }
    }
}

/// A value as it has to be written: in quotes, unless it is plain.
fn written(value: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@/%*[], ".contains(&byte);
    if value.is_empty() || value.chars().any(char::is_control) {
        return None;
    }
    let plain = value.bytes().all(is_plain) && value.trim() == value && !value.contains("  ");
    Some(match plain {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    })
}

/// The path of the file and the edit that gives a connection this line.
pub(crate) fn set(files: &dyn Files, main: &str, peering: &Peering, line: &Line) -> Option<(String, TextEdit)> {
    let settings = Settings::read(files, main).ok().filter(|settings| settings.problem.is_none())?;
    let name = peering.written.as_ref()?.name.name.as_str();
    let mut section = settings.root.section("connections")?.section(name).filter(|section| !section.inherited)?;
    let mut missing: &[String] = &[];
    let mut left = line.sections.as_slice();
    while let [next, rest @ ..] = left {
        // `local-1` is a round of `local`; the first one counts.
        let is_round = matches!(next.as_str(), "local" | "remote");
        let is_it = |inner: &&Section| if is_round { inner.name.starts_with(next) } else { inner.name == *next };
        match section.sections.iter().find(is_it) {
            Some(inner) if !inner.inherited => (section, left) = (inner, rest),
            Some(inner) if inner.name != *next => return None,
            _ => {
                (missing, left) = (left, &[]);
            }
        }
    }
    let own = section.settings.iter().find(|setting| setting.name == line.key && !setting.inherited);
    if let (Some(own), []) = (own, missing) {
        let value = own.value.as_ref()?;
        let shakedown_model::OriginKind::File { file, span } = value.origin().kind() else { return None };
        return Some((file.path.clone(), TextEdit { span: span.clone(), replacement: line.value.clone() }));
    }
    let (file, at) = section.body.clone()?;
    let text = &file.text;
    let mut line = format!("{} = {}", line.key, line.value);
    for name in missing.iter().rev() {
        line = format!("{name} {{ {line}\n}}");
    }
    let end = line_end(text, at);
    let rest = text.get(at..end).unwrap_or_default().trim_ascii();
    let edit = match rest.is_empty() || rest.starts_with(b"#") {
        // The body begins on the next line.
        true => {
            let indent = inner_indent(text, at, end);
            let lines: Vec<String> = match missing {
                [] => vec![line],
                missing => nested(missing, &line),
            };
            let lines: Vec<String> = lines.iter().map(|line| format!("\n{indent}{line}")).collect();
            insertion(end, lines.concat())
        }
        false => insertion(at, format!(" {line}\n{}", indent_of(text, at))),
    };
    Some((file.path.clone(), edit))
}

/// Sections that are not there yet, a line each.
fn nested(missing: &[String], line: &str) -> Vec<String> {
    let depth = missing.len();
    let inner = line.rsplit("{ ").next().unwrap_or_default().lines().next().unwrap_or_default();
    let pad = |depth: usize| "  ".repeat(depth);
    let opened = missing.iter().enumerate().map(|(index, name)| format!("{}{name} {{", pad(index)));
    let closed = (0..depth).rev().map(|index| format!("{}}}", pad(index)));
    opened.chain([format!("{}{inner}", pad(depth))]).chain(closed).collect()
}

/// The blanks in front of what stands in a section: those of its first line, or two more than its head has.
fn inner_indent(text: &[u8], at: usize, end: usize) -> String {
    let own = indent_of(text, at);
    let rest = text.get(end + 1..).unwrap_or_default();
    let mut place = end + 1;
    for line in rest.split_inclusive(|&byte| byte == b'\n') {
        let trimmed = line.trim_ascii();
        if !trimmed.is_empty() && !trimmed.starts_with(b"}") {
            let found = indent_of(text, place);
            return if found.len() > own.len() { found } else { format!("{own}  ") };
        }
        if trimmed.starts_with(b"}") {
            break;
        }
        place += line.len();
    }
    format!("{own}  ")
}
