//! libreswan: pluto has in mind what `addconn` told it of each connection, and nothing of the file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shakedown_config::Memory;
use shakedown_config::ipsec_conf::{self, Daemon};

use crate::{Invocation, Process, Program, Refused, System, program};

/// What an `ipsec.conf` is called.
pub(crate) const KIND: &str = "ipsec.conf";

/// Where pluto listens for `addconn` and `whack` if it was not told otherwise.
const RUN: &str = "/run/pluto";

/// A connection that the daemon is told of again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Its name.
    pub name: String,
    /// Its `auto=`, which says what the daemon does with it besides.
    pub auto: String,
}

/// The connections that the daemon has to be told of again for a change; those that it does not load are none of them.
pub(crate) fn again(
    system: &impl System,
    main: &Path,
    read: &[PathBuf],
    new: &BTreeMap<PathBuf, Vec<u8>>,
) -> Result<Vec<Again>, Refused> {
    let unreadable = |path: &Path, source| Refused::Io { path: path.to_owned(), doing: "read", source };
    let (mut before, mut after) = (Memory::new(), Memory::new());
    for path in read {
        let bytes = system.read(path).map_err(|source| unreadable(path, source))?;
        let target = path.canonicalize().map_err(|source| unreadable(path, source))?;
        let name = path.to_string_lossy();
        after.insert(&name, new.get(&target).cloned().unwrap_or_else(|| bytes.clone()));
        before.insert(&name, bytes);
    }
    let name = main.to_string_lossy();
    let parsed = |memory: &Memory| ipsec_conf::read(memory, &name, Daemon::Libreswan).ok();
    let (Some(before), Some(after)) = (parsed(&before), parsed(&after)) else {
        return Err(unreadable(main, std::io::ErrorKind::InvalidData.into()));
    };
    if !after.is_set_up_like(&before) {
        return Err(Refused::AtStart { program: "pluto", path: main.to_owned() });
    }
    let auto = |connection: &ipsec_conf::Connection| {
        connection.value("auto").map_or_else(|| "ignore".to_owned(), |value| value.as_str().to_owned())
    };
    let changed = after.changed_since(&before).map(|one| Again { name: one.name.clone(), auto: auto(one) });
    let all: Vec<Again> = changed.filter(|one| one.auto != "ignore").collect();
    if all.is_empty() || !all.iter().all(|one| is_plain(&one.name)) {
        return Err(Refused::NotLoaded { program: "pluto", path: main.to_owned() });
    }
    Ok(all)
}

/// Whether a name is no option and nothing that a shell of the daemon's would take apart.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    !name.starts_with('-') && !name.is_empty() && name.bytes().all(plain)
}

/// A command that stands in the folder of the daemon's own file; by its name where that is not known, or is another user's.
pub(crate) fn helper(process: Option<&Process>, name: &str) -> OsString {
    let beside = process.filter(|process| process.is_own()).and_then(|process| process.file.as_ref());
    let beside = beside.and_then(|file| Some(file.parent()?.join(name))).filter(|file| file.is_file());
    beside.map_or_else(|| Path::new("/usr/libexec/ipsec").join(name).into_os_string(), PathBuf::into_os_string)
}

/// The commands that tell a running daemon of connections again.
fn commands(program: &Program, process: &Process, main: &Path, all: &[Again], limit: Duration) -> Vec<Invocation> {
    let run = process.values("--rundir").next().unwrap_or(RUN);
    let invocation = |name: &str, words: Vec<OsString>| {
        let mut invocation = Invocation::new(helper(Some(process), name), words, limit);
        if process.is_own() {
            invocation.environment.clone_from(&process.environment);
        }
        invocation
    };
    let mut commands = Vec::new();
    for one in all {
        let words = program.reload.iter().skip(1).map(|word| {
            word.replace("{main}", &main.to_string_lossy()).replace("{run}", run).replace("{name}", &one.name).into()
        });
        commands.push(invocation(program.reload.first().map_or("addconn", String::as_str), words.collect()));
        // `addconn` of one connection only loads it (programs/addconn/addconn.c).
        let then: &[&str] = match one.auto.as_str() {
            "route" | "ondemand" => &["--route"],
            "start" | "up" => &["--initiate", "--asynchronous"],
            _ => continue,
        };
        let words = ["--rundir", run].into_iter().chain(then.iter().copied()).chain(["--name", &one.name]);
        commands.push(invocation("whack", words.map(OsString::from).collect()));
    }
    commands
}

/// Tells the daemon of connections again; gives what was done, in words.
pub(crate) fn tell(
    system: &impl System,
    process: &Process,
    main: &Path,
    all: &[Again],
    limit: Duration,
) -> Result<String, String> {
    let program = program::of_kind(KIND).ok_or_else(|| format!("`{KIND}` is not known"))?;
    let mut told = Vec::new();
    for invocation in commands(program, process, main, all, limit) {
        let ran = system.run(&invocation).map_err(|error| format!("`{}`: {error}", invocation.text()))?;
        if !ran.succeeded() {
            return Err(format!("`{}` {}: {}", invocation.text(), ran.end(), ran.said()));
        }
        told.push(format!("`{}`", invocation.text()));
    }
    Ok(told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Real;

    fn of(before: &str, after: &str) -> Result<Vec<Again>, Refused> {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("ipsec.conf");
        std::fs::write(&main, before).unwrap();
        let new = BTreeMap::from([(main.canonicalize().unwrap(), after.as_bytes().to_vec())]);
        again(&Real::default(), &main, std::slice::from_ref(&main), &new)
    }

    const FILE: &str = "config setup\n\tlogtime=no\nconn base\n\tike=aes256\n\tleft=192.0.2.1\nconn a\n\talso=base\n\t\
                        right=192.0.2.2\n\tauto=start\nconn b\n\talso=base\n\tright=192.0.2.3\n\tauto=ignore\nconn c\n\t\
                        left=192.0.2.1\n\tright=192.0.2.4\n\tauto=add\n";

    #[test]
    fn connections_that_change_and_are_loaded_are_told_of_again() {
        let names = |after: &str| {
            let all = of(FILE, after).unwrap();
            all.into_iter().map(|one| (one.name, one.auto)).collect::<Vec<_>>()
        };
        // What another section gives counts as well; what is not loaded does not.
        assert_eq!(names(&FILE.replace("aes256", "aes128")), [("a".to_owned(), "start".to_owned())]);
        assert_eq!(names(&FILE.replace("192.0.2.4", "192.0.2.5")), [("c".to_owned(), "add".to_owned())]);
        assert!(matches!(of(FILE, &FILE.replace("192.0.2.3", "192.0.2.5")), Err(Refused::NotLoaded { .. })));
        assert!(matches!(of(FILE, &FILE.replace("logtime=no", "logtime=yes")), Err(Refused::AtStart { .. })));
        let named = FILE.replace("conn c", "conn -c");
        assert!(matches!(of(&named, &named.replace("192.0.2.4", "192.0.2.5")), Err(Refused::NotLoaded { .. })));
    }

    #[test]
    fn the_daemon_is_told_where_it_listens() {
        let words = ["pluto", "--config", "/etc/x.conf", "--rundir", "/run/x"].map(str::to_owned).to_vec();
        let process = Process::for_test(words);
        let program = program::of_kind(KIND).unwrap();
        let all = [Again { name: "a".to_owned(), auto: "start".to_owned() }];
        let texts = commands(program, &process, Path::new("/etc/x.conf"), &all, Duration::from_secs(1));
        let texts: Vec<String> = texts.iter().map(Invocation::text).collect();
        assert_eq!(
            texts,
            [
                "/usr/libexec/ipsec/addconn --config /etc/x.conf --ctlsocket /run/x/pluto.ctl a",
                "/usr/libexec/ipsec/whack --rundir /run/x --initiate --asynchronous --name a",
            ]
        );
    }
}
