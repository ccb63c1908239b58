use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{self, CWD, FileType, Mode, OFlags, ResolveFlags};

use super::{FileError, Files, Metadata, glob};

/// The files of this machine, or another machine's under a folder.
#[derive(Debug)]
pub struct Disk {
    root: Option<(PathBuf, OwnedFd)>,
    home: Option<String>,
    run_commands: bool,
    main_files: Vec<String>,
}

impl Disk {
    /// This machine's files. The home is that of the password file, as OpenSSH takes it, and `HOME` only where there is
    /// none.
    pub fn local() -> Self {
        let home = password_field(rustix::process::getuid().as_raw(), 5).or_else(|| std::env::var("HOME").ok());
        Self { root: None, home: home.filter(|home| !home.is_empty()), run_commands: false, main_files: Vec::new() }
    }

    /// Only the files under the folder: absolute paths and symbolic links begin there. `home` is a path within.
    ///
    /// # Errors
    /// [`FileError`] where the folder cannot be opened.
    pub fn under(root: &Path, home: Option<&str>) -> Result<Self, FileError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = fs::open(root, flags, Mode::empty()).map_err(error)?;
        Ok(Self {
            root: Some((root.to_owned(), folder)),
            home: home.map(str::to_owned),
            run_commands: false,
            main_files: Vec::new(),
        })
    }

    /// The same, and commands of `Match exec` are run by the user's shell. Never on files under a folder: they are another
    /// machine's.
    pub fn allow_commands(mut self) -> Self {
        self.run_commands = self.root.is_none();
        self
    }

    /// The same, for a program that was told of these files on its command line.
    pub fn with_main_files(mut self, files: Vec<String>) -> Self {
        self.main_files = files;
        self
    }

    fn expand(&self, path: &str) -> Result<String, FileError> {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let home = self.home.as_deref().ok_or(FileError::NoHome)?;
                Ok(format!("{}{rest}", home.trim_end_matches('/')))
            }
            _ => Ok(path.to_owned()),
        }
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, FileError> {
        let path = self.expand(path)?;
        // Opening a pipe without a writer would wait for ever; with O_PATH nothing is opened, and no such flag is allowed.
        let wait = if flags.contains(OFlags::PATH) { OFlags::empty() } else { OFlags::NONBLOCK | OFlags::NOCTTY };
        let flags = flags | wait | OFlags::CLOEXEC;
        match &self.root {
            Some((_, folder)) => {
                let inside = path.trim_start_matches('/');
                let inside = if inside.is_empty() { "." } else { inside };
                fs::openat2(folder, inside, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
            }
            None => fs::openat(CWD, &path, flags, Mode::empty()),
        }
        .map_err(error)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let folder = if folder.is_empty() { "." } else { folder };
        let Ok(folder) = self.open(folder, OFlags::RDONLY | OFlags::DIRECTORY) else { return Vec::new() };
        let Ok(entries) = fs::Dir::read_from(&folder) else { return Vec::new() };
        let names =
            entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        let mut names: Vec<String> = names.filter(|name| name != "." && name != "..").collect();
        names.sort_unstable();
        names
    }
}

impl Files for Disk {
    fn main_files(&self, path: &str) -> Vec<String> {
        if self.main_files.iter().any(|one| one == path) { self.main_files.clone() } else { Vec::new() }
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        let file = self.open(path, OFlags::RDONLY)?;
        match FileType::from_raw_mode(fs::fstat(&file).map_err(error)?.st_mode) {
            // `/dev/null` is a usual way to say "no configuration".
            FileType::RegularFile | FileType::CharacterDevice => {}
            FileType::Directory => return Err(FileError::Directory),
            _ => return Err(FileError::NotPlain),
        }
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        std::fs::File::from(file).take(most).read_to_end(&mut bytes).map_err(|source| io_error(&source))?;
        if bytes.len() > limit {
            return Err(FileError::TooLarge { limit });
        }
        Ok(bytes)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, FileError> {
        let file = self.open(path, OFlags::PATH)?;
        let stat = fs::fstat(&file).map_err(error)?;
        Ok(Metadata { mode: stat.st_mode & 0o7777, owner: stat.st_uid })
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        let parts: Vec<&str> = pattern.split('/').collect();
        for (index, part) in parts.iter().enumerate() {
            let join = |path: &str, name: &str| if index == 0 { name.to_owned() } else { format!("{path}/{name}") };
            if glob::has_wildcard(part) {
                paths = paths
                    .iter()
                    .flat_map(|path| {
                        let folder = if path.is_empty() && index > 0 { "/" } else { path };
                        let names = self.list(folder).into_iter().filter(|name| glob::matches(part, name));
                        names.map(|name| join(path, &name)).collect::<Vec<_>>()
                    })
                    .collect();
            } else {
                let name = glob::unescape(part);
                paths.iter_mut().for_each(|path| *path = join(path, &name));
            }
        }
        paths.retain(|path| self.metadata(path).is_ok());
        paths.sort_unstable();
        paths
    }

    fn run(&self, command: &str) -> Option<bool> {
        if !self.run_commands {
            return None;
        }
        // As ssh(1): the user's shell, its input closed, its output not wanted on ours.
        let shell = std::env::var("SHELL").ok().filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into());
        let status = std::process::Command::new(shell)
            .args(["-c", command])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .status()
            .ok()?;
        status.code().map(|code| code == 0)
    }

    fn user_id(&self) -> u32 {
        match self.root {
            // Another machine's files: whoever unpacked them here, there they are root's.
            Some((ref root, _)) => std::fs::metadata(root).map_or(0, |data| std::os::unix::fs::MetadataExt::uid(&data)),
            None => rustix::process::geteuid().as_raw(),
        }
    }

    fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.root.is_none().then(|| std::env::var(name).ok())?
    }

    fn host_name(&self) -> Option<String> {
        let path = if self.root.is_some() { "/etc/hostname" } else { "/proc/sys/kernel/hostname" };
        let text = self.read(path, 256).ok()?;
        let name = String::from_utf8_lossy(&text).trim().to_owned();
        (!name.is_empty()).then_some(name)
    }
}

fn error(errno: rustix::io::Errno) -> FileError {
    io_error(&io::Error::from(errno))
}

fn io_error(source: &io::Error) -> FileError {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::NotFound,
        io::ErrorKind::PermissionDenied => FileError::Permission,
        io::ErrorKind::IsADirectory => FileError::Directory,
        _ => FileError::Other(source.to_string()),
    }
}

/// A field of a user's line in the password file: 0 is the name, 5 the home folder (passwd(5)).
pub fn password_field(user: u32, field: usize) -> Option<String> {
    let user = user.to_string();
    let text = std::fs::read("/etc/passwd").ok()?;
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&user.as_str())).then(|| fields.get(field).map(|text| (*text).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_keeps_this_machines_files_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("etc/ssh/d")).unwrap();
        std::fs::write(folder.path().join("etc/ssh/a.conf"), "here").unwrap();
        std::fs::write(folder.path().join("etc/ssh/d/b.conf"), "there").unwrap();
        std::os::unix::fs::symlink("/etc/ssh/a.conf", folder.path().join("etc/ssh/link.conf")).unwrap();
        std::os::unix::fs::symlink("../../../../../etc/passwd", folder.path().join("etc/ssh/out")).unwrap();
        let disk = Disk::under(folder.path(), Some("/root")).unwrap();
        assert_eq!(disk.read("/etc/ssh/link.conf", 100).unwrap(), b"here");
        assert_eq!(disk.read("/etc/ssh/out", 100), Err(FileError::NotFound));
        assert_eq!(disk.read("/../../../etc/passwd", 100_000), Err(FileError::NotFound));
        assert_eq!(disk.read("~/x", 100), Err(FileError::NotFound));
        assert_eq!(disk.read("/etc/ssh", 100), Err(FileError::Directory));
        assert_eq!(disk.glob("/etc/ssh/*.conf"), ["/etc/ssh/a.conf", "/etc/ssh/link.conf"]);
        assert_eq!(disk.glob("/*/ssh/d/*"), ["/etc/ssh/d/b.conf"]);
        assert!(disk.allow_commands().run("true").is_none());
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert_eq!(Disk::local().read(path.to_str().unwrap(), 100), Err(FileError::NotPlain));
        assert_eq!(Disk::local().read("/dev/null", 100).unwrap(), b"");
        assert_eq!(Disk::local().read("/dev/zero", 100), Err(FileError::TooLarge { limit: 100 }));
    }
}
