//! Bounds of the versions that a command of the library sets in a server's file.

use std::sync::Arc;

use shakedown_model::{FileEdit, OriginKind, TextEdit};

use super::edit::{Files, Wanted, in_words, of_settings};
use crate::tls::edit::{Edit, EditError};
use crate::tls::{self, VersionBound};

/// The edit of a bound of the versions that a command of the library sets in the server's file (`ssl_conf_command MinProtocol`,
/// `SSLOpenSSLConfCmd MinProtocol`) and that leaves out what is wanted: the program's own directive does not reach past it.
pub(super) fn bound_of_command(files: &Files, wanted: &Wanted) -> Option<Result<Edit, EditError>> {
    let settings = files.settings()?;
    let versions = wanted.versions.as_ref()?;
    let (least, highest) = versions.iter().min().copied().zip(versions.iter().max().copied())?;
    let [lower, upper] = [&settings.min_protocol, &settings.max_protocol];
    let bound = |set: &Option<tls::Setting<VersionBound>>| match set.as_ref().map(|set| set.value) {
        Some(VersionBound::Version(version)) => Some(version),
        _ => None,
    };
    let (name, set, version) = if bound(lower).is_some_and(|now| now > of_settings(least)) {
        ("MinProtocol", lower, least)
    } else if bound(upper).is_some_and(|now| now < of_settings(highest)) {
        ("MaxProtocol", upper, highest)
    } else {
        return None;
    };
    let OriginKind::File { file, span } = set.as_ref()?.origin.kind() else { return None };
    let before = String::from_utf8_lossy(file.text.get(..span.start)?).into_owned();
    let before = before.trim_end_matches(|letter: char| letter.is_whitespace() || "\"'".contains(letter));
    let word = before.get(before.len().checked_sub(name.len())?..)?;
    // What stands there is the version alone.
    let text = std::str::from_utf8(file.text.get(span.clone())?).ok()?.trim_matches(['"', '\'']);
    if !word.eq_ignore_ascii_case(name) || !text.to_ascii_lowercase().starts_with("tlsv1") {
        return None;
    }
    let edit = TextEdit { span: span.clone(), replacement: in_words(version).to_owned() };
    let edit = FileEdit { file: Arc::clone(file), edits: vec![edit] };
    match files {
        Files::Nginx { reading, selection } => {
            let at = |server: usize| reading.finish(server, "ssl_conf_command", edit.clone());
            Some(at(selection.server).or_else(|_| at(selection.default)))
        }
        Files::Apache { reading, selection } => {
            let at = |server: usize| reading.finish(server, "SSLOpenSSLConfCmd", edit.clone());
            Some(at(selection.server).or_else(|_| at(selection.default)))
        }
        _ => None,
    }
}
