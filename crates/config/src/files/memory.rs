use std::collections::BTreeMap;

use super::{FileError, Files, Metadata, glob};

/// Files in memory, for tests and for looking at an edit before it is made.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, (Vec<u8>, Metadata)>,
    environment: BTreeMap<String, String>,
    main_files: Vec<String>,
}

impl Memory {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more file, of root's and with mode `0o600`.
    pub fn with(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.insert(path, text);
        self
    }

    /// The same with one more environment variable.
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, for a program that was told of these files on its command line.
    pub fn with_main_files(mut self, files: Vec<String>) -> Self {
        self.main_files = files;
        self
    }

    /// Puts a file in, of root's and with mode `0o600`.
    pub fn insert(&mut self, path: &str, text: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), (text.into(), Metadata { mode: 0o600, owner: 0 }));
    }

    /// A file whose contents are not known, where there is none of this name.
    pub(crate) fn stands_for(&mut self, path: &str) {
        if !self.files.contains_key(path) {
            self.insert(path, Vec::new());
        }
    }

    /// Changes a file's mode and owner.
    pub fn set_metadata(&mut self, path: &str, metadata: Metadata) {
        if let Some(file) = self.files.get_mut(path) {
            file.1 = metadata;
        }
    }
}

impl Files for Memory {
    fn main_files(&self, path: &str) -> Vec<String> {
        if self.main_files.iter().any(|one| one == path) { self.main_files.clone() } else { Vec::new() }
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        let (text, _) = self.files.get(path).ok_or(FileError::NotFound)?;
        if text.len() > limit {
            return Err(FileError::TooLarge { limit });
        }
        Ok(text.clone())
    }

    fn metadata(&self, path: &str) -> Result<Metadata, FileError> {
        self.files.get(path).map(|(_, metadata)| *metadata).ok_or(FileError::NotFound)
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        let parts: Vec<&str> = pattern.split('/').collect();
        let matches = |path: &str| {
            let names: Vec<&str> = path.split('/').collect();
            names.len() == parts.len()
                && names.iter().zip(&parts).all(|(name, part)| {
                    if glob::has_wildcard(part) { glob::matches(part, name) } else { glob::unescape(part) == **name }
                })
        };
        self.files.keys().filter(|path| matches(path)).cloned().collect()
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_limits() {
        let files =
            Memory::new().with("/etc/ssh/a.conf", "1").with("/etc/ssh/b.conf", "2").with("/etc/ssh/d/c.conf", "3");
        assert_eq!(files.glob("/etc/ssh/*.conf"), ["/etc/ssh/a.conf", "/etc/ssh/b.conf"]);
        assert_eq!(files.glob("/etc/ssh/a.conf"), ["/etc/ssh/a.conf"]);
        assert!(files.glob("/etc/ssh/none").is_empty());
        assert_eq!(files.read("/etc/ssh/a.conf", 0), Err(FileError::TooLarge { limit: 0 }));
    }
}
