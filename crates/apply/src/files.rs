//! Files written whole or not at all, with everything that the old one had.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, XattrFlags};

use crate::Refused;

/// The largest file that is changed, in bytes.
const LIMIT: u64 = 16 << 20;

/// The file behind a path, links followed, if it is one that can be replaced.
pub(crate) fn target(path: &Path) -> Result<PathBuf, Refused> {
    let unreadable = |source| Refused::Io { path: path.to_owned(), doing: "read", source };
    let target = path.canonicalize().map_err(unreadable)?;
    let metadata = target.metadata().map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Err(Refused::NotPlain { path: target });
    }
    if metadata.nlink() > 1 {
        return Err(Refused::HardLinks { links: metadata.nlink(), path: target });
    }
    let user = rustix::process::geteuid().as_raw();
    if user != 0 && metadata.uid() != user {
        return Err(Refused::Owner { path: target, owner: metadata.uid() });
    }
    let unwritable = |path: &Path, errno: rustix::io::Errno| Refused::Io {
        path: path.to_owned(),
        doing: "written",
        source: errno.into(),
    };
    // The superuser may write what the mode forbids; on a file system that is read-only nobody may.
    let write = rustix::fs::Access::WRITE_OK;
    rustix::fs::access(&target, write).map_err(|errno| unwritable(&target, errno))?;
    let folder = folder_of(&target);
    let enter = write | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(folder, enter).map_err(|errno| unwritable(folder, errno))?;
    Ok(target)
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name beside the file for something of our own. The dot keeps it out of `include *`.
pub(crate) fn beside(target: &Path, id: &str, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.shakedown-{id}.{what}"))
}

pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Writes a new file with the owner, mode, access list and other attributes of another one, and waits until it is on the
/// disk. Nothing is left where that does not work.
pub(crate) fn stage(like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = new_file(like, to, bytes);
    if written.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        let _nothing_was_made = std::fs::remove_file(to);
    }
    written
}

fn new_file(like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = File::open(like)?;
    let metadata = old.metadata()?;
    // Nobody else can read it until it has the old file's mode.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    file.write_all(bytes)?;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (metadata.uid(), metadata.gid()) {
        let (user, group) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
        rustix::fs::fchown(&file, Some(user), Some(group))?;
    }
    attributes(&old, &file)?;
    file.set_permissions(std::fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    file.sync_all()
}

/// Copies the extended attributes: access lists, labels of SELinux, whatever users put there.
fn attributes(old: &File, new: &File) -> io::Result<()> {
    let mut names = vec![0_u8; 64 << 10];
    let length = match rustix::fs::flistxattr(old, &mut names[..]) {
        Ok(length) => length,
        // A file system without attributes has none to copy.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let value = attribute(old, name)?;
        if attribute(new, name).is_ok_and(|has| has == value) {
            continue;
        }
        // A signature of the old contents, or capabilities, would be wrong on the new ones.
        if matches!(name, b"security.ima" | b"security.evm" | b"security.capability") {
            continue;
        }
        rustix::fs::fsetxattr(new, name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

fn attribute(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0_u8; 64 << 10];
    let length = rustix::fs::fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

/// Puts one file in another one's place, and waits until the folder is on the disk.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    File::open(folder_of(to))?.sync_all()
}

/// Removes a file that may be there no more.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Adds a line to a file, which is made where it is missing, and waits until it is on the disk. What a run that was
/// killed has left of a line gets a line of its own.
pub(crate) fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    let mut whole = Vec::with_capacity(line.len() + 2);
    if length > 0 {
        let mut last = [0];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut last, length - 1)?;
        if last != *b"\n" {
            whole.push(b'\n');
        }
    }
    whole.extend_from_slice(line);
    whole.push(b'\n');
    file.write_all(&whole)?;
    file.sync_data()?;
    if length == 0 {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staged_file_has_mode_and_attributes_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::write(&old, "a").unwrap();
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o640)).unwrap();
        // An access list that lets user 12345 read: version 2, then tag, permissions and id of each entry (acl(5)).
        let entries: [(u16, u16, u32); 5] =
            [(1, 6, u32::MAX), (2, 4, 12345), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            list.extend(tag.to_le_bytes().into_iter().chain(permissions.to_le_bytes()).chain(id.to_le_bytes()));
        }
        let file = File::open(&old).unwrap();
        let lists = rustix::fs::fsetxattr(&file, c"system.posix_acl_access", &list, XattrFlags::empty()).is_ok();
        let users = rustix::fs::fsetxattr(&file, c"user.shakedown", b"kept", XattrFlags::empty()).is_ok();
        stage(&old, &new, b"b").unwrap();
        let staged = File::open(&new).unwrap();
        assert_eq!(staged.metadata().unwrap().mode(), file.metadata().unwrap().mode());
        assert_eq!(lists, attribute(&staged, b"system.posix_acl_access").is_ok_and(|value| value == list));
        assert_eq!(users, attribute(&staged, b"user.shakedown").is_ok_and(|value| value == b"kept"));
        assert!(stage(&old, &new, b"c").is_err());
        assert_eq!(std::fs::read(&new).unwrap(), b"b");
    }

    #[test]
    fn half_a_line_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        append(&path, b"one").unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"tw").unwrap();
        append(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntw\nthree\n");
    }

    #[test]
    fn other_names_of_a_file_and_what_is_no_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two, link) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("link"));
        std::fs::write(&one, "a").unwrap();
        std::os::unix::fs::symlink("one", &link).unwrap();
        assert_eq!(target(&link).unwrap(), one.canonicalize().unwrap());
        std::fs::hard_link(&one, &two).unwrap();
        assert!(matches!(target(&link), Err(Refused::HardLinks { links: 2, .. })));
        assert!(matches!(target(folder.path()), Err(Refused::NotPlain { .. })));
        assert!(matches!(target(Path::new("/dev/null")), Err(Refused::NotPlain { .. })));
    }
}
