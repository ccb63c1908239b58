//! What was done, why, by whom and until when. The journal only grows; each line is on the disk before the next step.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::transaction::ReloadBy;
use crate::{StoreError, System};

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is known what will be changed. Nothing is written.
    Planned,
    /// The old files have copies.
    BackedUp,
    /// The program's own check has passed on a private copy.
    Checked,
    /// The new files are in place.
    Written,
    /// The running program was told to read them.
    Reloaded,
    /// A new connection has shown that it works.
    Proved,
    /// A person has said that it is to stay.
    Confirmed,
    /// The old files are in place again.
    RolledBack,
}

impl State {
    /// The name in the journal and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::BackedUp => "backed-up",
            Self::Checked => "checked",
            Self::Written => "written",
            Self::Reloaded => "reloaded",
            Self::Proved => "proved",
            Self::Confirmed => "confirmed",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// A change that is being made or was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it does.
    pub title: String,
    /// The causes that it resolves.
    #[serde(default)]
    pub causes: Vec<String>,
    /// `safe` or `weakens`.
    pub applicability: String,
    /// Who made it.
    pub by: String,
    /// What the configuration is called (`sshd_config`).
    pub kind: String,
    /// Its main file.
    pub main: PathBuf,
    /// The files that it changes.
    pub files: Vec<ChangedFile>,
    /// How the running program reads them again.
    pub reload: ReloadBy,
    /// The connections that a daemon of IKE is told of again, where it is told of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<crate::Again>,
    /// Seconds after which it is undone unless confirmed.
    #[serde(default)]
    pub confirm_within: Option<u64>,
    /// What allows it where it lowers security.
    #[serde(default)]
    pub exception: Option<Exception>,
}

/// What allows a change that lowers security.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Why, in the words of who made it.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(with = "as_text")]
    pub until: jiff::civil::Date,
}

/// A file that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// As it was named.
    pub path: PathBuf,
    /// The file itself, links followed.
    pub target: PathBuf,
    /// The copy of the old one.
    pub backup: PathBuf,
    /// The new one before it is in place.
    pub staged: PathBuf,
    /// SHA-256 of the old bytes.
    pub before: String,
    /// SHA-256 of the new bytes.
    pub after: String,
    /// What differs.
    pub edits: Vec<StoredEdit>,
}

/// A byte range of the old file and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEdit {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What replaces them.
    pub replacement: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    id: String,
    #[serde(with = "as_text")]
    at: Timestamp,
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
}

/// Times and days as they are written in RFC 3339.
pub(crate) mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A change as the journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id: the day and a number.
    pub id: String,
    /// The change.
    pub change: Change,
    /// How far it has come.
    pub state: State,
    /// The steps, in order, each with its time and what was said of it.
    pub steps: Vec<(State, Timestamp, Option<String>)>,
}

impl Record {
    /// Nothing more is going to happen to it by itself.
    pub fn is_finished(&self) -> bool {
        match self.state {
            State::Proved => self.change.confirm_within.is_none(),
            State::Confirmed | State::RolledBack => true,
            _ => false,
        }
    }

    /// It works and waits for a person to say that it is to stay.
    pub fn is_pending(&self) -> bool {
        self.state == State::Proved && self.change.confirm_within.is_some()
    }

    /// Its new files are in place and are to stay.
    pub fn is_in_force(&self) -> bool {
        matches!(self.state, State::Proved | State::Confirmed)
    }

    /// When it is undone unless it is confirmed: counted from the last step before its files were put in place.
    pub fn deadline(&self) -> Option<Timestamp> {
        let within = self.change.confirm_within?;
        let written = self.steps.iter().find(|(state, ..)| matches!(state, State::Checked | State::Written))?;
        written.1.checked_add(SignedDuration::from_secs(i64::try_from(within).ok()?)).ok()
    }

    /// When it was begun.
    pub fn begun(&self) -> Option<Timestamp> {
        self.steps.first().map(|(_, at, _)| *at)
    }

    /// What was said of its last step.
    pub fn detail(&self) -> Option<&str> {
        self.steps.last().and_then(|(.., detail)| detail.as_deref())
    }
}

/// The folder with the journal.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// The folder with the journal, held by this run.
#[derive(Debug)]
pub struct Locked {
    store: Store,
    _lock: File,
}

impl Store {
    /// A folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The usual folder: `/var/lib/shakedown` for the superuser, for others `shakedown` in `XDG_STATE_HOME` or in
    /// `.local/state` of their home (XDG Base Directory Specification 0.8).
    pub fn usual(user: u32, state_home: Option<PathBuf>, home: Option<&Path>) -> Option<Self> {
        if user == 0 {
            return Some(Self::new("/var/lib/shakedown"));
        }
        let state = state_home.filter(|path| path.is_absolute()).or_else(|| Some(home?.join(".local/state")));
        state.map(|state| Self::new(state.join("shakedown")))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
        move |source| StoreError::Io { path: path.to_owned(), source }
    }

    /// All changes, oldest first. A line that a killed run left half-written counts for nothing.
    ///
    /// # Errors
    /// The journal cannot be read. One that is not there is empty.
    pub fn records(&self) -> Result<Vec<Record>, StoreError> {
        let path = self.journal();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Self::failed(&path)(error)),
        };
        let mut records: Vec<Record> = Vec::new();
        for line in text.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
            let step = (line.state, line.at, line.detail);
            match (records.iter_mut().find(|record| record.id == line.id), line.change) {
                (Some(record), _) => {
                    record.state = line.state;
                    record.steps.push(step);
                }
                (None, Some(change)) => {
                    records.push(Record { id: line.id, change, state: line.state, steps: vec![step] });
                }
                (None, None) => {}
            }
        }
        Ok(records)
    }

    /// One change.
    ///
    /// # Errors
    /// There is none of this id, or the journal cannot be read.
    pub fn record(&self, id: &str) -> Result<Record, StoreError> {
        let found = self.records()?.into_iter().find(|record| record.id == id);
        found.ok_or_else(|| StoreError::Unknown { path: self.folder.clone(), id: id.to_owned() })
    }

    /// Takes the folder for this run; it is made where it is missing.
    ///
    /// # Errors
    /// Another run has it, or it cannot be used.
    pub fn lock(&self) -> Result<Locked, StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(Self::failed(&self.folder))?;
        let path = self.folder.join("lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.map_err(Self::failed(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Locked { store: self.clone(), _lock: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: self.folder.clone() }),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
        }
    }

    /// Whether a run has the folder now.
    pub fn is_busy(&self) -> bool {
        self.folder.is_dir() && matches!(self.lock(), Err(StoreError::Busy { .. }))
    }
}

impl Locked {
    /// The folder.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The folder for the private copy of a change.
    pub(crate) fn copy_folder(&self, id: &str) -> PathBuf {
        self.store.folder.join(format!("check-{id}"))
    }

    /// An id that no change has.
    pub(crate) fn new_id(&self, now: Timestamp) -> Result<String, StoreError> {
        let day = now.strftime("%Y%m%d").to_string();
        let records = self.store.records()?;
        let numbers = records.iter().filter_map(|record| record.id.strip_prefix(&day)?.strip_prefix('-')?.parse().ok());
        Ok(format!("{day}-{}", numbers.max().unwrap_or(0_u32) + 1))
    }

    /// Adds a step.
    pub(crate) fn append(
        &self,
        system: &impl System,
        id: &str,
        state: State,
        detail: Option<&str>,
        change: Option<&Change>,
    ) -> Result<(), StoreError> {
        let path = self.store.journal();
        let line = Line {
            id: id.to_owned(),
            at: system.now(),
            state,
            detail: detail.map(str::to_owned),
            change: change.cloned(),
        };
        let text = serde_json::to_vec(&line).map_err(|error| Store::failed(&path)(error.into()))?;
        system.append(&path, &text).map_err(Store::failed(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_folders() {
        let of = |user, state: Option<&str>| {
            Store::usual(user, state.map(PathBuf::from), Some(Path::new("/home/a"))).unwrap().folder().to_owned()
        };
        assert_eq!(of(0, None), Path::new("/var/lib/shakedown"));
        assert_eq!(of(1000, None), Path::new("/home/a/.local/state/shakedown"));
        assert_eq!(of(1000, Some("/s")), Path::new("/s/shakedown"));
        assert_eq!(of(1000, Some("s")), Path::new("/home/a/.local/state/shakedown"));
        assert!(Store::usual(1000, None, None).is_none());
    }

    #[test]
    fn two_runs_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("state"));
        assert!(!store.is_busy());
        let held = store.lock().unwrap();
        assert!(matches!(store.lock(), Err(StoreError::Busy { .. })) && store.is_busy());
        drop(held);
        assert!(store.lock().is_ok());
        assert!(store.records().unwrap().is_empty());
    }
}
