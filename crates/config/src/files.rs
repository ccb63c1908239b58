//! Where configuration is read from: this machine, another machine's files under a folder, or memory.

mod disk;
mod glob;
mod memory;

pub use disk::{Disk, password_field};
pub use memory::Memory;

/// The largest file that is read, in bytes. No configuration comes near it.
pub const FILE_LIMIT: usize = 16 << 20;

/// The most files of one configuration, each counted as often as it is included.
pub(crate) const MOST_FILES: usize = 4_096;
/// The most bytes of all files of one configuration.
pub(crate) const MOST_BYTES: usize = 64 << 20;
/// The most problems of one configuration that are told.
pub(crate) const MOST_PROBLEMS: usize = 200;

/// What reading a configuration needs of a file system. Paths are as programs write them: absolute, relative to the
/// working directory, or beginning with `~/` for the user's home.
pub trait Files {
    /// The file's bytes, at most `limit` of them.
    ///
    /// # Errors
    /// [`FileError`], also for what is no plain file.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError>;

    /// Mode and owner.
    ///
    /// # Errors
    /// [`FileError`].
    fn metadata(&self, path: &str) -> Result<Metadata, FileError>;

    /// The paths that a shell pattern matches (`glob(3)`), sorted by bytes; a pattern without a wildcard matches the file
    /// of that name if there is one. What cannot be listed matches nothing, as there.
    fn glob(&self, pattern: &str) -> Vec<String>;

    /// Runs a shell command and says whether it succeeded; `None` where that cannot be done or is not wanted.
    fn run(&self, command: &str) -> Option<bool> {
        let _ = command;
        None
    }

    /// The user id that the programs would run under; files of other users, root excepted, are not trusted by them.
    fn user_id(&self) -> u32 {
        0
    }

    /// The value of an environment variable; `None` also where the files are another machine's.
    fn environment(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// All files that a program was told of on its command line where this one was, in their order; empty where it is the only
    /// one, or nothing more is known.
    fn main_files(&self, path: &str) -> Vec<String> {
        let _ = path;
        Vec::new()
    }

    /// The name of the machine that the files are of (`gethostname(2)`).
    fn host_name(&self) -> Option<String> {
        None
    }

    /// The path of the user's home, where `~` is known.
    fn home(&self) -> Option<&str> {
        None
    }
}

/// Mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The permission bits, such as `0o600`.
    pub mode: u32,
    /// The owner's user id.
    pub owner: u32,
}

/// The main file of a configuration could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be read")]
pub struct Unreadable {
    /// Its path.
    pub path: String,
    /// Why.
    #[source]
    pub source: FileError,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("no such file or directory")]
    NotFound,
    /// This process may not read it.
    #[error("permission denied")]
    Permission,
    /// It is a directory.
    #[error("is a directory")]
    Directory,
    /// It is a pipe, a socket or a device.
    #[error("is not a plain file")]
    NotPlain,
    /// It is longer than the limit.
    #[error("is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// `~` is not known here.
    #[error("the home directory is not known")]
    NoHome,
    /// Anything else, in the operating system's words.
    #[error("{0}")]
    Other(String),
}
