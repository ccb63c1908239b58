//! What is wanted of settings that stand in a line of HAProxy's `crt-list`, where they count before those of `bind`.

use std::sync::Arc;

use shakedown_model::{FileEdit, OriginKind, SourceFile, TextEdit};

use super::edit::of_settings;
use super::set::{Pending, range};
use crate::haproxy::Reading;
use crate::tls::edit::{Edit, EditError, is_generated};
use crate::tls::{LibrarySettings, Setting, VersionBound};

/// A setting of a line in a list: the file, where its value stands, and the value.
type Written = (Arc<SourceFile>, std::ops::Range<usize>, String);

/// The edit of the lines in lists that decide one thing; `None` where no list has a word in it.
///
/// # Errors
/// Several certificates are shown under one name and their lines differ, or a program writes the list.
pub(super) fn edit(
    reading: &Reading,
    at: usize,
    contexts: &[LibrarySettings],
    pending: &Pending,
) -> Result<Option<Edit>, EditError> {
    let main = crate::haproxy::main_files(&reading.files);
    let (all, text): (Vec<Option<Written>>, String) = match pending {
        Pending::Versions(versions) => {
            let (least, highest) = range(versions)?;
            let differs = |bound: &Option<Setting<VersionBound>>, version| {
                bound.as_ref().is_none_or(|bound| bound.value != VersionBound::Version(of_settings(version)))
            };
            let lowest = contexts.iter().any(|one| differs(&one.min_protocol, least));
            let (bounds, version): (Vec<_>, _) = match lowest {
                true => (contexts.iter().map(|one| &one.min_protocol).collect(), least),
                false => (contexts.iter().map(|one| &one.max_protocol).collect(), highest),
            };
            let place = |bound: &Option<Setting<VersionBound>>| {
                let bound = bound.as_ref()?;
                in_list(&main, bound.origin.kind(), format!("{:?}", bound.value))
            };
            (bounds.into_iter().map(place).collect(), version.as_str().to_owned())
        }
        Pending::Ciphers(text) | Pending::Tls13(text) | Pending::Schemes(text) => {
            let place = |one: &LibrarySettings| {
                let value = match pending {
                    Pending::Ciphers(_) => &one.cipher_list,
                    Pending::Tls13(_) => &one.cipher_suites,
                    _ => &one.signature_algorithms,
                };
                let value = value.as_ref()?;
                in_list(&main, value.origin().kind(), value.as_str().to_owned())
            };
            (contexts.iter().map(place).collect(), text.clone())
        }
        // Of a list they have no effect.
        Pending::Groups(_) => return Ok(None),
    };
    if all.iter().all(Option::is_none) {
        return Ok(None);
    }
    let not_writable = || EditError::NotWritable { value: text.clone() };
    // One string stands for all of them.
    let written: Vec<Written> = all.into_iter().collect::<Option<_>>().ok_or_else(not_writable)?;
    let same = written.iter().all(|(_, _, old)| written.first().is_some_and(|(_, _, first)| first == old));
    let special = |byte: u8| byte <= b' ' || matches!(byte, b'[' | b']' | b'#' | b'"' | b'\'' | b'\\' | 0x7f);
    if !same || text.is_empty() || text.bytes().any(special) {
        return Err(not_writable());
    }
    let mut files: Vec<FileEdit> = Vec::new();
    for (file, span, _) in written {
        if is_generated(&file) {
            return Err(EditError::Generated { path: file.path.clone() });
        }
        let edit = TextEdit { span, replacement: text.clone() };
        match files.iter_mut().find(|known| known.file.path == file.path) {
            Some(known) if known.edits.contains(&edit) => {}
            Some(known) => known.edits.push(edit),
            None => files.push(FileEdit { file, edits: vec![edit] }),
        }
    }
    files.iter_mut().for_each(|file| file.edits.sort_by_key(|edit| edit.span.start));
    let after = reading.with_edits(&files);
    let pairs = reading.servers.iter().zip(&after.servers).enumerate();
    let changed = pairs.filter(|(_, (before, after))| strings(before) != strings(after)).map(|(index, _)| index);
    let changed: Vec<usize> = changed.collect();
    if !changed.contains(&at) {
        return Err(EditError::NotEffective { directive: text });
    }
    Ok(Some(Edit { files, also: changed.into_iter().filter(|index| *index != at).collect() }))
}

/// Where a value stands, if that is in a list.
fn in_list(main: &[String], place: &OriginKind, text: String) -> Option<Written> {
    match place {
        OriginKind::File { file, span } if !main.contains(&file.path) && !span.is_empty() => {
            Some((Arc::clone(file), span.clone(), text))
        }
        _ => None,
    }
}

/// What the lines of a server's lists say, without the places.
fn strings(server: &crate::tls::ServerSettings) -> Vec<String> {
    let settings = server.contexts.iter().filter_map(|context| context.settings.as_deref());
    let text = |value: &Option<crate::value::Value>| value.as_ref().map(|value| value.as_str().to_owned());
    settings
        .map(|one| {
            let bound = |bound: &Option<Setting<VersionBound>>| bound.as_ref().map(|bound| bound.value);
            format!(
                "{:?}",
                (
                    text(&one.cipher_list),
                    text(&one.cipher_suites),
                    text(&one.signature_algorithms),
                    bound(&one.min_protocol),
                    bound(&one.max_protocol)
                )
            )
        })
        .collect()
}
