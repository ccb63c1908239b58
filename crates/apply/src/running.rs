//! The running program that was started with a configuration file, as `/proc` tells it.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Invocation, Program, Ran, System};

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
    /// The environment that it was started with, where it can be told and is not another user's.
    pub(crate) environment: Vec<(String, String)>,
    /// The main files that it was told of, in their order, where it is a program that is told of several.
    pub(crate) files: Vec<PathBuf>,
    /// The systemd service whose control group it is in.
    pub(crate) unit: Option<String>,
    parent: i32,
}

impl Process {
    /// One with these words.
    #[cfg(test)]
    pub(crate) fn for_test(words: Vec<String>) -> Self {
        Self { id: 1, owner: 0, file: None, words, environment: Vec::new(), files: Vec::new(), unit: None, parent: 0 }
    }

    /// The values of an option on its command line.
    pub(crate) fn values<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        values(&self.words, option)
    }

    /// The socket of strongSwan's vici that it listens on.
    pub(crate) fn vici(&self) -> Option<PathBuf> {
        let folder = PathBuf::from(format!("/proc/{}", self.id));
        let entries = std::fs::read_dir(folder.join("fd")).ok()?;
        let open: Vec<String> = entries
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned))
            .collect();
        listening(&std::fs::read_to_string(folder.join("net/unix")).ok()?, &open)
    }

    /// Whether its file and its environment may be taken for a run of this user's: those of another one's process are
    /// whatever that user likes.
    pub(crate) fn is_own(&self) -> bool {
        self.owner == rustix::process::geteuid().as_raw()
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
    let is_program = |name: &str| program.is_named(name);
    let file = std::fs::read_link(folder.join("exe")).ok();
    let name =
        file.as_ref().and_then(|file| file.file_name()?.to_str()).map(|name| name.trim_end_matches(" (deleted)"));
    if name.is_some_and(|name| !is_program(name)) {
        return None;
    }
    let path = file.as_deref().or_else(|| words.first().map(Path::new))?;
    if program.within.as_ref().is_some_and(|within| !path.components().any(|part| part.as_os_str() == within.as_str()))
    {
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
    let owner = std::fs::metadata(&folder).ok()?.uid();
    // A title is written over the environment as well.
    let environment = if titled { Vec::new() } else { environment(&folder) };
    let mut named: Vec<&str> = program.option.iter().flat_map(|option| values(&words, option)).collect();
    let variable = environment.iter().filter(|(name, _)| program.variable.as_ref() == Some(name));
    if named.is_empty() {
        named.extend(variable.map(|(_, value)| value.as_str()));
    }
    let in_folder = |path: PathBuf| if program.folder { path.join(main.file_name().unwrap_or_default()) } else { path };
    let files = if program.several { several(&words, &named, &current) } else { Vec::new() };
    let among = files.iter().any(|path| path.canonicalize().is_ok_and(|path| path == main));
    let reads = |path: &str| current.join(path).canonicalize().is_ok_and(|path| path == main);
    let names = |path: &&str| in_folder(current.join(path)).canonicalize().is_ok_and(|path| path == main);
    let by_default = named.is_empty() && program.default.iter().any(|path| reads(path));
    if !by_default && !among && !named.iter().any(names) {
        return None;
    }
    let file = file.filter(|file| !file.as_os_str().as_bytes().ends_with(b" (deleted)"));
    Some(Process { id, owner, file, words, environment, files, unit: unit(&folder), parent: parent(&folder)? })
}

/// The main files that a command line names, by the option and behind `--`, those of a folder among them (HAProxy's management
/// guide, section 3: files whose names end in `.cfg` and do not begin with a dot, in the order of their bytes).
fn several(words: &[String], named: &[&str], current: &Path) -> Vec<PathBuf> {
    let behind = words.iter().skip_while(|word| *word != "--").skip(1).map(String::as_str);
    let mut files = Vec::new();
    for path in named.iter().copied().chain(behind).map(|path| current.join(path)) {
        let Ok(entries) = std::fs::read_dir(&path) else {
            files.push(path);
            continue;
        };
        let is_meant =
            |name: &std::ffi::OsStr| name.as_bytes().ends_with(b".cfg") && !name.as_bytes().starts_with(b".");
        let mut inside: Vec<PathBuf> =
            entries.flatten().filter(|entry| is_meant(&entry.file_name())).map(|entry| entry.path()).collect();
        inside.sort_unstable();
        files.extend(inside.into_iter().filter(|path| path.is_file()));
    }
    files
}

/// The main files that the running program was told of, in their order, where it was told of several and this is one of them.
pub fn main_files(program: &Program, main: &Path) -> Vec<PathBuf> {
    if !program.several {
        return Vec::new();
    }
    let found = running(program, main).into_iter().next();
    found.map(|process| process.files).filter(|files| files.len() > 1).unwrap_or_default()
}

/// A process by its id and the time at which it was started, which no later one of the same id has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Worker {
    id: i32,
    started: u64,
}

impl Worker {
    fn of(id: i32) -> Option<(Self, i32)> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (worker, parent, ended) = stat(id, &text)?;
        (!ended).then_some((worker, parent))
    }

    /// Whether it still runs.
    fn runs(self) -> bool {
        Self::of(self.id).is_some_and(|(now, _)| now == self)
    }
}

/// The process that a line of `/proc/PID/stat` is about, its parent, and whether it has ended (proc(5)). The second field,
/// the program's name, may hold anything.
fn stat(id: i32, text: &str) -> Option<(Worker, i32, bool)> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, parent, started) = (fields.first()?, fields.get(1)?, fields.get(19)?);
    Some((Worker { id, started: started.parse().ok()? }, parent.parse().ok()?, matches!(*state, "Z" | "X")))
}

/// The processes that answer for those which were started with this main file: their children.
pub(crate) fn workers(program: &Program, main: &Path) -> Vec<Worker> {
    let masters: Vec<i32> = running(program, main).iter().map(|process| process.id).collect();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(Worker::of).filter(|(_, parent)| masters.contains(parent)).map(|(worker, _)| worker).collect()
}

/// Waits until none of these runs any more, for so long at the most. Gives how many still do: they end once the last of
/// their connections does.
pub(crate) fn wait_for_the_end(workers: &[Worker], at_most: Duration) -> usize {
    let until = std::time::Instant::now() + at_most;
    loop {
        let left = workers.iter().filter(|worker| worker.runs()).count();
        if left == 0 || std::time::Instant::now() >= until {
            return left;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The environment that a process was started with, without what was meant for that one alone.
fn environment(folder: &Path) -> Vec<(String, String)> {
    /// Sockets and questions of a service manager; what nginx and HAProxy hand to their successors.
    const ITS_OWN: [&str; 8] = [
        "LISTEN_",
        "NOTIFY_",
        "WATCHDOG_",
        "INVOCATION_ID",
        "MAINPID",
        "NGINX",
        "HAPROXY_MWORKER",
        "HAPROXY_PROCESSES",
    ];
    let bytes = std::fs::read(folder.join("environ")).unwrap_or_default();
    let all = bytes.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok()?.split_once('='));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let kept = all.filter(|(name, _)| is_name(name) && !ITS_OWN.iter().any(|own| name.starts_with(own)));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The path of the open socket that listens and has `vici` in its name, by the list of all (proc(5), `/proc/net/unix`).
fn listening(sockets: &str, open: &[String]) -> Option<PathBuf> {
    sockets.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        // __SO_ACCEPTCON of the flags is set for one that listens.
        let (flags, inode, path) = (fields.nth(3)?, fields.nth(2)?, fields.next()?);
        let listens = u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & 0x1_0000 != 0);
        let named = Path::new(path).file_name().is_some_and(|name| name.to_string_lossy().contains("vici"));
        (listens && named && open.contains(&format!("socket:[{inode}]"))).then(|| path.into())
    })
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
    unit_of(&std::fs::read_to_string(folder.join("cgroup")).ok()?)
}

/// The service that the lines of `/proc/PID/cgroup` name: in the one hierarchy (cgroups(7): `0::`), or in the one that systemd
/// keeps beside those of the first version.
fn unit_of(text: &str) -> Option<String> {
    let of_systemd = |line: &&str| line.starts_with("0::") || line.contains(":name=systemd:");
    let groups = text.lines().filter(of_systemd).filter_map(|line| line.splitn(3, ':').nth(2));
    let mut units = groups.filter(|group| !group.contains("/user.slice/")).filter_map(|group| group.rsplit('/').next());
    units.find(|name| name.ends_with(".service")).map(str::to_owned)
}

/// The service whose main process this is and that can be reloaded, as systemd says. Where the control group names none,
/// all services that systemd knows are looked through.
pub(crate) fn service(system: &impl System, process: &Process, limit: Duration) -> Option<String> {
    let unit = process.unit.as_deref().unwrap_or("*.service");
    let question = ["show", "-p", "Id", "-p", "MainPID", "-p", "CanReload", "--", unit].map(Into::into);
    // Where systemd does not run, or is not there, this fails.
    let asked = system.run(&Invocation::new("systemctl", question, limit)).ok().filter(Ran::succeeded)?;
    service_of(&asked.output, process.id)
}

/// The service of this main process in what `systemctl show` prints: a block of `Name=value` a unit.
fn service_of(output: &str, process: i32) -> Option<String> {
    let process = process.to_string();
    output.split("\n\n").find_map(|block| {
        let value =
            |name: &str| block.lines().find_map(|line| line.split_once('=').filter(|it| it.0 == name)).map(|it| it.1);
        let main = value("MainPID") == Some(&process);
        let id = value("Id").filter(|id| id.ends_with(".service") && !id.starts_with('-'));
        id.filter(|_| main && value("CanReload") != Some("no")).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_that_listens() {
        let sockets = "Num       RefCount Protocol Flags    Type St Inode Path\n\
                       0000000000000000: 00000003 00000000 00000000 0001 03 1 /run/charon.vici\n\
                       0000000000000000: 00000002 00000000 00010000 0001 01 2 /run/other/vici\n\
                       0000000000000000: 00000002 00000000 00010000 0001 01 3 /run/charon.vici\n\
                       0000000000000000: 00000002 00000000 00010000 0001 01 4\n";
        let open = |inode: u32| listening(sockets, &["pipe:[1]".into(), format!("socket:[{inode}]")]);
        assert_eq!(open(3), Some("/run/charon.vici".into()));
        assert_eq!((open(1), open(4), open(9)), (None, None, None));
    }

    #[test]
    fn a_program_may_be_told_of_several_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.cfg", "a.cfg", ".c.cfg", "d.cfg.bak"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let words: Vec<String> =
            ["haproxy", "-W", "-f", "/x/main.cfg", "-f", ".", "--", "more.cfg"].map(str::to_owned).into();
        let named: Vec<&str> = values(&words, "-f").collect();
        let files = several(&words, &named, folder.path());
        let below = |name: &str| folder.path().join(".").join(name);
        assert_eq!(files, ["/x/main.cfg".into(), below("a.cfg"), below("b.cfg"), folder.path().join("more.cfg")]);
    }

    #[test]
    fn a_process_is_known_by_its_start() {
        let line = "70 (a) b) S 1 70 70 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5025 1 1";
        let (worker, parent, ended) = stat(70, line).unwrap();
        assert_eq!((worker.started, parent, ended), (5025, 1, false));
        assert!(stat(70, &line.replace(" S ", " Z ")).unwrap().2);
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        let (cat, _) = Worker::of(id).unwrap();
        assert_eq!(wait_for_the_end(&[cat], Duration::ZERO), 1);
        assert!(!Worker { started: cat.started + 1, ..cat }.runs());
        drop(child.stdin.take());
        // Its status is not asked for yet: it has ended all the same.
        assert_eq!(wait_for_the_end(&[cat], Duration::from_secs(30)), 0);
        child.wait().unwrap();
    }

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

    #[test]
    fn the_service_of_a_process() {
        let of = |text: &str| unit_of(text);
        assert_eq!(of("0::/system.slice/ssh.service\n").as_deref(), Some("ssh.service"));
        let both = "9:name=systemd:/system.slice/nginx.service\n3:cpu:/a.service\n0::/\n";
        assert_eq!(of(both).as_deref(), Some("nginx.service"));
        for none in
            ["0::/user.slice/user-1000.slice/session-1.scope\n", "0::/user.slice/u/app.slice/x.service\n", "0::/\n"]
        {
            assert_eq!(of(none), None, "{none}");
        }
        let shown = "Id=cron.service\nMainPID=5\nCanReload=no\n\nMainPID=70\nId=ssh.service\nCanReload=yes\n\nId=x.service\nMainPID=7\n";
        assert_eq!(service_of(shown, 70).as_deref(), Some("ssh.service"));
        // Told that it cannot be reloaded; no main process; none at all.
        assert_eq!(service_of(shown, 5), None);
        assert_eq!(service_of(shown, 71), None);
        assert_eq!(service_of("", 0), None);
    }
}
