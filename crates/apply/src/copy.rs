//! A private copy of a configuration for the program's own check: the files that were read, with the edited ones among
//! them, and links to all that stands beside them. Nothing of it is in use.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use crate::{Program, StepError, files};

/// The most files of one folder.
const MOST: usize = 5_000;
/// How deep folders are gone into.
const DEPTH: usize = 12;

/// What is copied.
pub(crate) struct Source<'a> {
    pub(crate) program: &'a Program,
    /// Where relative names begin as the running program was told, for a program that can be told.
    pub(crate) root: Option<&'a str>,
    /// The main file.
    pub(crate) main: &'a Path,
    /// All files that were read, absolute, the main one among them.
    pub(crate) read: &'a [PathBuf],
    /// The new bytes of the files that change, by the file itself, links followed.
    pub(crate) changed: &'a BTreeMap<PathBuf, Vec<u8>>,
    /// The user's home, for `~` in includes.
    pub(crate) home: Option<&'a Path>,
}

/// Makes the copy below a folder, which is made, and gives its main file.
pub(crate) fn make(source: &Source<'_>, folder: &Path) -> Result<PathBuf, StepError> {
    remove(folder).map_err(|error| StepError::Copy { path: folder.to_owned(), source: error })?;
    let copy = Copy { source, folder, relative: relative(source), reached: RefCell::default(), count: 0 };
    copy.run().map_err(|error| match error {
        Failure::Io(source) => StepError::Copy { path: folder.to_owned(), source },
        Failure::Large(path) => StepError::Large { path, most: MOST },
        Failure::Apart(path) => StepError::Apart { path },
    })?;
    Ok(below(folder, source.main))
}

/// Removes the copy.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

enum Failure {
    Io(io::Error),
    Large(PathBuf),
    Apart(PathBuf),
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

struct Copy<'a> {
    source: &'a Source<'a>,
    folder: &'a Path,
    /// Where relative names of includes begin; `None` where they go with the copy by themselves.
    relative: Option<PathBuf>,
    /// What includes of the copy name there, up to the first wildcard.
    reached: RefCell<Vec<String>>,
    count: usize,
}

/// The folder in which relative names of includes begin.
fn relative(source: &Source<'_>) -> Option<PathBuf> {
    if let Some(directive) = source.program.root.as_deref() {
        let text = String::from_utf8_lossy(&files::read(source.main).ok()?).into_owned();
        let words = text.lines().map(|line| line.trim().split_once([' ', '\t']).unwrap_or((line, "")));
        let set = words.filter(|(word, _)| word.eq_ignore_ascii_case(directive)).map(|(_, value)| value).next_back();
        let value = set.map(|value| value.trim().trim_matches('"')).or(source.root);
        return Some(value.map_or_else(|| files::folder_of(source.main).to_owned(), PathBuf::from));
    }
    let folder = source.program.relative.as_deref()?;
    match folder.strip_prefix("~/") {
        Some(rest) => Some(source.home?.join(rest)),
        None => Some(PathBuf::from(folder)),
    }
}

/// Where a file of the configuration is in the copy.
pub(crate) fn below(folder: &Path, path: &Path) -> PathBuf {
    let plain = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    folder.join(plain.collect::<PathBuf>())
}

impl Copy<'_> {
    fn run(mut self) -> Result<(), Failure> {
        private(self.folder)?;
        // What a file is, whatever name it is reached by.
        let mut contents: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for path in self.source.read {
            let target = path.canonicalize()?;
            let bytes = match self.source.changed.get(&target) {
                Some(bytes) => bytes.clone(),
                None => files::read(&target)?,
            };
            contents.insert(target, self.named(self.redirected(&bytes)));
        }
        for path in self.source.read {
            let to = below(self.folder, path);
            private(files::folder_of(&to))?;
            if let Some(bytes) = contents.get(&path.canonicalize()?) {
                write(self.folder, &to, bytes)?;
            }
        }
        self.reaches_all()?;
        let main = files::folder_of(self.source.main);
        if self.source.program.beside {
            self.mirror(main, &contents, DEPTH)?;
        }
        let folders: BTreeSet<&Path> = self.source.read.iter().map(|path| files::folder_of(path)).collect();
        for folder in folders.into_iter().filter(|folder| *folder != main) {
            self.mirror(folder, &contents, 0)?;
        }
        Ok(())
    }

    /// A changed file that the copy's includes do not lead to would not be looked at.
    fn reaches_all(&self) -> Result<(), Failure> {
        if self.relative.is_none() || self.source.program.each {
            return Ok(());
        }
        let reached = self.reached.borrow();
        for path in self.source.read.iter().filter(|path| *path != self.source.main) {
            let leads = |fixed: &String| path.to_str().is_some_and(|path| path.starts_with(fixed));
            if self.source.changed.contains_key(&path.canonicalize()?) && !reached.iter().any(leads) {
                return Err(Failure::Apart(path.clone()));
            }
        }
        Ok(())
    }

    /// Puts links to all that a folder holds into the copy, where there is nothing yet.
    fn mirror(&mut self, folder: &Path, contents: &BTreeMap<PathBuf, Vec<u8>>, depth: usize) -> Result<(), Failure> {
        let to = below(self.folder, folder);
        private(&to)?;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            self.count += 1;
            if self.count > MOST {
                return Err(Failure::Large(folder.to_owned()));
            }
            let (path, new) = (entry.path(), to.join(entry.file_name()));
            let Ok(target) = path.canonicalize() else { continue };
            let holds_some = target.is_dir() && contents.keys().any(|read| read.starts_with(&target));
            if let Some(bytes) = contents.get(&target) {
                write(self.folder, &new, bytes)?;
            } else if holds_some && depth > 0 {
                self.mirror(&path, contents, depth - 1)?;
            } else if new.symlink_metadata().is_err() && !is_ours(&path) {
                std::os::unix::fs::symlink(&target, &new)?;
            }
        }
        Ok(())
    }

    /// The bytes of a file that names changed files by something else than an include, such as parameters or
    /// certificates: the copy's are to be looked at.
    fn named(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return error.into_bytes(),
        };
        for path in self.source.read.iter().filter(|path| *path != self.source.main) {
            let changed = path.canonicalize().is_ok_and(|target| self.source.changed.contains_key(&target));
            let (Some(written), Some(copied)) =
                (path.to_str().filter(|_| changed), below(self.folder, path).to_str().map(str::to_owned))
            else {
                continue;
            };
            text = self.one_named(&text, written, &copied);
        }
        text.into_bytes()
    }

    /// The text with one path going to the copy wherever it stands as a word, or with the file beside the main one noted as
    /// reached where it is named by its relative path.
    fn one_named(&self, text: &str, written: &str, copied: &str) -> String {
        let of_path = |letter: char| letter.is_alphanumeric() || "/._-+~".contains(letter);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(written) {
            let (before, from) = rest.split_at(at);
            let after = from.get(written.len()..).unwrap_or_default();
            let word = !before.ends_with(of_path) && !after.starts_with(of_path);
            out.push_str(before);
            out.push_str(if word { copied } else { written });
            if word {
                self.reached.borrow_mut().push(written.to_owned());
            }
            rest = after;
        }
        out.push_str(rest);
        let main = files::folder_of(self.source.main);
        let beside =
            Path::new(written).strip_prefix(main).ok().and_then(Path::to_str).filter(|_| self.source.program.beside);
        if beside.is_some_and(|name| text.contains(name)) {
            self.reached.borrow_mut().push(written.to_owned());
        }
        out
    }

    /// The bytes of a file with its includes going to the copy, where the copy has what they name.
    fn redirected(&self, bytes: &[u8]) -> Vec<u8> {
        let word = self.source.program.include.as_deref().unwrap_or("include");
        let mut out = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match std::str::from_utf8(line) {
                Ok(text) if text.to_ascii_lowercase().contains(word) => out.extend(self.line(text, word).into_bytes()),
                _ => out.extend_from_slice(line),
            }
        }
        out
    }

    fn line(&self, line: &str, word: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(at) = rest.to_ascii_lowercase().find(word) {
            let (before, from) = rest.split_at(at);
            let (found, after) = from.split_at(word.len());
            out.push_str(before);
            out.push_str(found);
            // `include_try` of Dovecot, `IncludeOptional` of Apache httpd.
            let more = ["_try", "optional"].into_iter().find(|more| after.to_ascii_lowercase().starts_with(more));
            let (suffix, after) = after.split_at(more.map_or(0, str::len));
            out.push_str(suffix);
            let starts = before.is_empty() || before.ends_with([' ', '\t', ';', '{', '}', '!', '"']);
            if !starts || !after.starts_with([' ', '\t', '=', '"']) || before.trim_start().starts_with('#') {
                rest = after;
                continue;
            }
            let end = after.find([';', '\n', '\r', '#']).unwrap_or(after.len());
            let (arguments, more) = after.split_at(end);
            for piece in arguments.split_inclusive([' ', '\t', '=', '"', '\'']) {
                let name = piece.trim_end_matches([' ', '\t', '=', '"', '\'']);
                match Some(name).filter(|name| !name.is_empty()).and_then(|name| self.moved(name)) {
                    Some(new) => out.push_str(&piece.replacen(name, &new, 1)),
                    _ => out.push_str(piece),
                }
            }
            rest = more;
        }
        out.push_str(rest);
        out
    }

    /// Where an include's argument has to point in the copy; `None` where it stays.
    fn moved(&self, name: &str) -> Option<String> {
        let absolute = if let Some(rest) = name.strip_prefix("~/") {
            self.source.home?.join(rest)
        } else if name.starts_with('/') {
            PathBuf::from(name)
        } else {
            self.relative.as_ref()?.join(name)
        };
        let text = absolute.to_str()?;
        let fixed = text.find(['*', '?', '[']).and_then(|end| text.get(..end)).unwrap_or(text);
        let has = self.source.read.iter().any(|read| read.to_str().is_some_and(|read| read.starts_with(fixed)));
        if !has {
            return None;
        }
        self.reached.borrow_mut().push(fixed.to_owned());
        Some(below(self.folder, &absolute).display().to_string())
    }
}

/// Whether a file is something that a change has left beside the file.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.contains(".shakedown-")
}

fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a file of the copy. A link in its way must never lead the bytes into the real file.
fn write(copy: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    if !files::folder_of(path).canonicalize()?.starts_with(copy.canonicalize()?) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    files::remove(path)?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use shakedown_model::ConfigurationKind;

    use super::*;
    use crate::program_for;

    #[test]
    fn includes_go_to_the_copy_and_links_to_the_files_beside() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        let etc = root.join("etc");
        for folder in ["available", "enabled"] {
            std::fs::create_dir_all(etc.join(folder)).unwrap();
        }
        let text = format!("# include {0}/x\nhttp {{ include {0}/enabled/*; include mime.types; }}\n", etc.display());
        std::fs::write(etc.join("nginx.conf"), &text).unwrap();
        std::fs::write(etc.join("mime.types"), "types {}\n").unwrap();
        std::fs::write(etc.join("available/site"), "server { old; }\n").unwrap();
        std::os::unix::fs::symlink("../available/site", etc.join("enabled/site")).unwrap();
        let read = [etc.join("nginx.conf"), etc.join("enabled/site")];
        let changed = BTreeMap::from([(etc.join("available/site"), b"server { new; }\n".to_vec())]);
        let program = program_for(ConfigurationKind::Nginx).unwrap();
        let source = Source { program, root: None, main: &read[0], read: &read, changed: &changed, home: None };
        let folder = root.join("copy");
        let main = make(&source, &folder).unwrap();
        let inside = main.parent().unwrap();
        let expected = format!(
            "# include {0}/x\nhttp {{ include {1}/enabled/*; include mime.types; }}\n",
            etc.display(),
            inside.display()
        );
        assert_eq!(std::fs::read_to_string(&main).unwrap(), expected);
        for name in ["enabled/site", "available/site"] {
            assert_eq!(std::fs::read_to_string(inside.join(name)).unwrap(), "server { new; }\n", "{name}");
        }
        assert_eq!(std::fs::read_link(inside.join("mime.types")).unwrap(), etc.join("mime.types"));
        assert_eq!(std::fs::read_to_string(etc.join("available/site")).unwrap(), "server { old; }\n");
    }

    #[test]
    fn relative_includes_of_openssh_have_their_own_folder() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().canonicalize().unwrap();
        std::fs::create_dir_all(home.join(".ssh/d")).unwrap();
        std::fs::write(home.join(".ssh/config"), "Include d/*\nInclude ~/.ssh/e \"d/a\"\nHost include d/a\n").unwrap();
        std::fs::write(home.join(".ssh/d/a"), "Host a\n").unwrap();
        let read = [home.join(".ssh/config"), home.join(".ssh/d/a")];
        let program = program_for(ConfigurationKind::SshConfig).unwrap();
        let changed = BTreeMap::new();
        let source = Source { program, root: None, main: &read[0], read: &read, changed: &changed, home: Some(&home) };
        let main = make(&source, &home.join("copy")).unwrap();
        let inside = main.parent().unwrap().display().to_string();
        let text = std::fs::read_to_string(&main).unwrap();
        assert!(text.starts_with(&format!("Include {inside}/d/*\nInclude ~/.ssh/e \"{inside}/d/a\"\n")), "{text}");
    }
}
