//! The least change of a list directive that is there.

use shakedown_model::{Item, Name, TextEdit};

use super::Wanted;
use crate::openssh::names::{self, Operator};
use crate::openssh::setting::{Setting, part_span};

/// Names with commas between them.
pub(super) fn joined(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(",")
}

/// The whole list in place of the old one; quotes around it stay.
pub(super) fn replace(setting: &Setting, whole: &[Name]) -> Option<TextEdit> {
    replace_text(setting, &joined(whole))
}

/// Another text in place of the first argument; quotes around it stay.
pub(super) fn replace_text(setting: &Setting, text: &str) -> Option<TextEdit> {
    let argument = setting.arguments.first()?;
    let span = part_span(&setting.document, setting.splitting, argument, 0..argument.text.len());
    Some(TextEdit { span, replacement: text.to_owned() })
}

/// The change of single names, where the directive's form allows it. `default` is the list without the directive, `now` the
/// effective one.
pub(super) fn minimal(setting: &Setting, wanted: &Wanted, default: &[Item], now: &[Item]) -> Option<Vec<TextEdit>> {
    let list = setting.bytes(0)?;
    let argument = setting.arguments.first()?;
    let place = |range| part_span(&setting.document, setting.splitting, argument, range);
    let (operator, start) = Operator::of(list);
    let written: Vec<_> = names::split(list).collect();
    let is_default = |name: &Name| default.iter().any(|item| item.name == *name);
    let end = place(0..list.len()).end;
    let front = place(start..start).start;
    let insert = |at: usize, text: String| TextEdit { span: at..at, replacement: text };
    let add: Vec<Name> = wanted.add_front.iter().chain(&wanted.add_end).cloned().collect();
    if !add.is_empty() {
        return match operator {
            Operator::Replace if !wanted.add_front.is_empty() => {
                Some(vec![insert(front, format!("{},", joined(&add)))])
            }
            Operator::Replace | Operator::Append => Some(vec![insert(end, format!(",{}", joined(&add)))]),
            Operator::Prepend if !wanted.add_front.is_empty() => {
                Some(vec![insert(front, format!("{},", joined(&add)))])
            }
            // In front of the defaults is not where they are wanted.
            Operator::Prepend => None,
            // What the directive takes away can be left again; what is no default cannot be said by it.
            Operator::Remove if add.iter().all(is_default) => {
                let literal = |name: &Name| written.iter().position(|(text, _)| *text == name.as_str().as_bytes());
                let literals: Option<Vec<usize>> = add.iter().map(literal).collect();
                match literals {
                    Some(gone) if gone.len() < written.len() => without(&written, &gone, &place),
                    // All of them: without the directive the default holds.
                    Some(_) => Some(vec![remove_line(setting)]),
                    // A pattern takes them away: they are excepted from it.
                    None => {
                        let except: Vec<String> = add.iter().map(|name| format!("!{name},")).collect();
                        Some(vec![insert(front, except.concat())])
                    }
                }
            }
            Operator::Remove => None,
        };
    }
    if wanted.remove.is_empty() {
        return None;
    }
    match operator {
        Operator::Remove => Some(vec![insert(end, format!(",{}", joined(&wanted.remove)))]),
        Operator::Append | Operator::Prepend if wanted.remove.iter().any(is_default) => None,
        _ => {
            let named = |text: &[u8]| wanted.remove.iter().any(|name| name.as_str().as_bytes() == text);
            let gone: Vec<usize> =
                written.iter().enumerate().filter(|(_, (text, _))| named(text)).map(|(index, _)| index).collect();
            let kept = written.len() - gone.len();
            if gone.is_empty() {
                return None;
            }
            if kept == 0 && operator != Operator::Replace && now.len() > gone.len() {
                return Some(vec![remove_line(setting)]);
            }
            without(&written, &gone, &place)
        }
    }
}

/// Takes names out of a list, each with one comma.
fn without(
    written: &[(&[u8], std::ops::Range<usize>)],
    gone: &[usize],
    place: &dyn Fn(std::ops::Range<usize>) -> std::ops::Range<usize>,
) -> Option<Vec<TextEdit>> {
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut index = 0;
    while index < written.len() {
        if !gone.contains(&index) {
            index += 1;
            continue;
        }
        let first = index;
        while gone.contains(&(index + 1)) {
            index += 1;
        }
        let (from, to) = (&written.get(first)?.1, &written.get(index)?.1);
        // The comma behind, or the one in front at the end of the list.
        let range = match written.get(index + 1) {
            Some((_, next)) => from.start..next.start,
            None => from.start.saturating_sub(usize::from(first > 0))..to.end,
        };
        edits.push(TextEdit { span: place(range), replacement: String::new() });
        index += 1;
    }
    Some(edits)
}

/// Takes the directive's line out.
fn remove_line(setting: &Setting) -> TextEdit {
    let line = setting.document.lines().iter().find(|line| line.keyword == setting.keyword_span);
    let span = line.map_or(setting.keyword_span.start..setting.rest.end, |line| line.indent.start..line.ending.end);
    TextEdit { span, replacement: String::new() }
}
