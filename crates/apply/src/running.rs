//! The running program that was started with a configuration file, as `/proc` tells it.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::Program;

/// A running program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: i32,
    /// The user that it runs as.
    pub owner: u32,
    /// The program's file, where it can be told.
    pub(crate) file: Option<PathBuf>,
    /// The words that it was started with.
    pub(crate) words: Vec<String>,
    /// The systemd service whose control group it is in.
    pub(crate) unit: Option<String>,
    parent: i32,
}

impl Process {
    /// The value of an option on its command line.
    pub(crate) fn value<'a>(&'a self, option: &'a str) -> Option<&'a str> {
        values(&self.words, option).next()
    }

    /// Whether a word, or one that begins with it, is on its command line.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.words.iter().any(|word| word.starts_with(option))
    }
}

/// The processes that were started with this main file and read it again when told; none of them is a child of another.
pub fn running(program: &Program, main: &Path) -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let main = main.canonicalize().unwrap_or_else(|_| main.to_owned());
    let all: Vec<Process> = ids.filter_map(|id| process(id, program, &main)).collect();
    let mut found: Vec<Process> =
        all.iter().filter(|process| !all.iter().any(|other| other.id == process.parent)).cloned().collect();
    found.sort_by_key(|process| process.id);
    found
}

fn process(id: i32, program: &Program, main: &Path) -> Option<Process> {
    let folder = PathBuf::from(format!("/proc/{id}"));
    let line = std::fs::read(folder.join("cmdline")).ok()?;
    let words = words(&line);
    let is_program = |name: &str| name == program.program || program.also.iter().any(|other| other == name);
    let file = std::fs::read_link(folder.join("exe")).ok();
    let name =
        file.as_ref().and_then(|file| file.file_name()?.to_str()).map(|name| name.trim_end_matches(" (deleted)"));
    if name.is_some_and(|name| !is_program(name)) {
        return None;
    }
    // A process of another user does not show its file; its words have to do.
    let named = |word: &String| Path::new(word).file_name().and_then(|name| name.to_str()).is_some_and(is_program);
    let begins = words.iter().position(named)?;
    let titled = words.first().is_some_and(|word| word.ends_with(':'));
    if let (true, Some(title)) = (titled, &program.title)
        && !words.iter().any(|word| word == title)
    {
        return None;
    }
    let words = words.get(begins..)?.to_vec();
    // Of another container's program the same path is another file.
    if let (Ok(theirs), Ok(ours)) = (std::fs::metadata(folder.join("root")), std::fs::metadata("/"))
        && (theirs.dev(), theirs.ino()) != (ours.dev(), ours.ino())
    {
        return None;
    }
    let current = std::fs::read_link(folder.join("cwd")).unwrap_or_else(|_| "/".into());
    let named: Vec<&str> = program.option.iter().flat_map(|option| values(&words, option)).collect();
    let reads = |path: &str| current.join(path).canonicalize().is_ok_and(|path| path == main);
    let by_default = named.is_empty() && program.default.iter().any(|path| reads(path));
    if !by_default && !named.iter().any(|path| reads(path)) {
        return None;
    }
    let owner = std::fs::metadata(&folder).ok()?.uid();
    let file = file.filter(|file| !file.as_os_str().as_bytes().ends_with(b" (deleted)"));
    Some(Process { id, owner, file, words, unit: unit(&folder), parent: parent(&folder)? })
}

/// The words of a command line: as they were given, or those of a title that the program has set over them.
fn words(line: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(line);
    let given: Vec<&str> = text.split('\0').filter(|word| !word.is_empty()).collect();
    match given.as_slice() {
        [title] => title.split_whitespace().map(str::to_owned).collect(),
        _ => given.into_iter().map(str::to_owned).collect(),
    }
}

/// The values of an option: the next word, or the rest of its own.
fn values<'a>(words: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    words.iter().enumerate().filter_map(move |(at, word)| {
        let rest = word.strip_prefix(option)?;
        if rest.is_empty() { words.get(at + 1).map(String::as_str) } else { Some(rest) }
    })
}

fn parent(folder: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The second field, the program's name, may hold anything; the parent is the second one after its last bracket.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The service in whose control group a process is. Whether it is the main process of that is for systemd to say.
fn unit(folder: &Path) -> Option<String> {
    if !Path::new("/run/systemd/system").is_dir() {
        return None;
    }
    let text = std::fs::read_to_string(folder.join("cgroup")).ok()?;
    let group = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    let plain = |name: &&str| name.ends_with(".service") && !group.contains("/user.slice/");
    group.rsplit('/').next().filter(plain).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_and_titles() {
        let of = |text: &str| words(text.as_bytes());
        assert_eq!(of("/usr/sbin/sshd\0-D\0-f\0/etc/x\0"), ["/usr/sbin/sshd", "-D", "-f", "/etc/x"]);
        let titled = of("sshd: /usr/sbin/sshd -D -f/etc/x [listener] 0 of 10-100 startups");
        assert_eq!(values(&titled, "-f").collect::<Vec<_>>(), ["/etc/x"]);
        let nginx = of("nginx: master process nginx -p /p -c /p/nginx.conf\0\0\0");
        assert_eq!(values(&nginx, "-c").collect::<Vec<_>>(), ["/p/nginx.conf"]);
        assert_eq!(values(&nginx, "-p").collect::<Vec<_>>(), ["/p"]);
    }
}
