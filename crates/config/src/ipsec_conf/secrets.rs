//! `ipsec.secrets`: whose keys are the same is kept of it, and nothing else.

use std::sync::Arc;

use shakedown_model::ike::{KeyPrint, SharedKey};
use shakedown_model::{Known, Name, Origin, SourceFile};
use zeroize::Zeroize as _;

use crate::files::{FILE_LIMIT, FileError, Files};
use crate::settings::key;

const MOST_FILES: usize = 64;
const MOST_KEYS: usize = 20_000;

/// The pre-shared keys of a file and of those that it includes. Of one that is not there, or cannot be read, nothing is known.
pub(super) fn read(files: &dyn Files, path: &str) -> (Known<Vec<SharedKey>>, Option<String>) {
    let mut keys = Vec::new();
    let mut waiting = vec![path.to_owned()];
    let mut count = 0;
    while let Some(path) = waiting.pop() {
        count += 1;
        if count > MOST_FILES {
            break;
        }
        match files.read(&path, FILE_LIMIT) {
            Ok(text) => of_file(files, &path, text, &mut keys, &mut waiting),
            Err(FileError::NotFound) if count > 1 => {}
            Err(error) => {
                let note =
                    format!("`{path}` cannot be read here ({error}): whether both ends have the same key is not known");
                return (Known::Unknown, Some(note));
            }
        }
    }
    (Known::Complete(keys), None)
}

/// `ids : PSK "secret"`, each on a line of its own, with more on lines that begin with a blank.
fn of_file(files: &dyn Files, path: &str, mut text: Vec<u8>, keys: &mut Vec<SharedKey>, waiting: &mut Vec<String>) {
    let mut found: Vec<(usize, usize, Vec<Name>, Vec<u8>)> = Vec::new();
    let mut at = 0;
    while at < text.len() && keys.len() + found.len() < MOST_KEYS {
        let end = entry_end(&text, at);
        let entry = text.get(at..end).unwrap_or_default();
        if let Some(pattern) =
            entry.strip_prefix(b"include").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
        {
            let pattern = String::from_utf8_lossy(pattern.trim_ascii()).trim_matches('"').to_owned();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let relative = !pattern.starts_with('/') && !folder.is_empty();
            waiting.extend(files.glob(&if relative { format!("{folder}/{pattern}") } else { pattern }));
        } else if let Some((owners, secret)) = shared(entry) {
            found.push((at, end, owners, secret));
        }
        at = end;
    }
    // The place is kept in a text without a secret in it.
    for byte in &mut text {
        if *byte != b'\n' {
            *byte = b'*';
        }
    }
    let file = Arc::new(SourceFile::new(path, text));
    for (start, end, owners, mut secret) in found {
        let print = KeyPrint::of(&key(&secret));
        secret.zeroize();
        keys.push(SharedKey { owners, print, origin: Some(Origin::file(&file, start..end)) });
    }
}

/// The pre-shared keys of one file, without those that it includes.
pub(crate) fn each_key(text: &[u8], mut each: impl FnMut(&[u8])) {
    let mut at = 0;
    while at < text.len() {
        let end = entry_end(text, at);
        if let Some((_, mut secret)) = shared(text.get(at..end).unwrap_or_default()) {
            each(&key(&secret));
            secret.zeroize();
        }
        at = end;
    }
}

/// Behind the lines that belong together.
fn entry_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else { return text.len() };
        at += length + 1;
        if !text.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            return at;
        }
    }
}

/// The identities in front of a `:`, and the secret behind `PSK`.
fn shared(entry: &[u8]) -> Option<(Vec<Name>, Vec<u8>)> {
    let begins = entry.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if entry.get(begins) == Some(&b'#') {
        return None;
    }
    // Those of an IPv6 address have no blank behind them, or stand behind another one.
    let blank = |at: usize| entry.get(at).is_some_and(u8::is_ascii_whitespace);
    let doubled = |at: usize| at.checked_sub(1).and_then(|at| entry.get(at)) == Some(&b':');
    let colon = (0..entry.len()).find(|&at| entry.get(at) == Some(&b':') && blank(at + 1) && !doubled(at))?;
    let owners = entry.get(..colon)?;
    let rest = entry.get(colon + 1..)?.trim_ascii_start();
    let kind = rest.get(..3)?;
    if !kind.eq_ignore_ascii_case(b"PSK") {
        return None;
    }
    let rest = rest.get(3..)?.trim_ascii_start();
    let secret = match rest.first()? {
        quote @ (b'"' | b'\'') => {
            let inner = rest.get(1..)?;
            inner.get(..inner.iter().position(|byte| byte == quote)?)?
        }
        _ => rest.get(..rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()))?,
    };
    let words = owners.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let owners = words.map(|word| Name::new(&super::party::identity(&String::from_utf8_lossy(word)))).collect();
    Some((owners, secret.to_vec()))
}
