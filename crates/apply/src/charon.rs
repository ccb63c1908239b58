//! strongSwan: the daemon that has the connections of a `swanctl.conf`, and another one without a network that tries a copy.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Invocation, Process, Program, Ran, StepError, System, files};

/// The words of a command with the running daemon's file and socket in them; `None` where its socket is not known.
pub(crate) fn told(program: &Program, process: &Process, main: &Path, limit: Duration) -> Option<Invocation> {
    let vici = process.vici()?;
    let words = program
        .reload
        .iter()
        .map(|word| word.replace("{main}", &main.to_string_lossy()).replace("{vici}", &vici.to_string_lossy()).into());
    Some(by(process, words.collect(), limit))
}

fn by(process: &Process, words: Vec<std::ffi::OsString>, limit: Duration) -> Invocation {
    let mut words = words.into_iter();
    let mut invocation = Invocation::new(words.next().unwrap_or_default(), words.collect::<Vec<_>>(), limit);
    if process.is_own() {
        invocation.environment.clone_from(&process.environment);
    }
    invocation
}

fn asked(system: &impl System, process: &Process, question: &str, limit: Duration) -> Option<Ran> {
    let uri = format!("unix://{}", process.vici()?.display());
    let words = ["swanctl", question, "--uri", &uri].map(Into::into).to_vec();
    system.run(&by(process, words, limit)).ok().filter(Ran::succeeded)
}

/// The connections that `swanctl --list-conns` names.
fn names(said: &str) -> BTreeSet<String> {
    let all = said.lines().filter(|line| !line.starts_with([' ', '\t']));
    all.filter_map(|line| Some(line.split_once(": IKE")?.0.to_owned())).collect()
}

/// A tunnel that a running daemon was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// It came up, and was taken down again.
    CameUp,
    /// It did not come up.
    Refused(String),
    /// Nobody has asked for it, or it cannot be told what came of it.
    NotAsked(String),
}

/// Asks the daemon that was loaded from this `swanctl.conf` for the first tunnel of a connection, and takes it down again.
/// One that is up is left alone. `None` where no such daemon runs here, or where it has several connections and none of
/// them is named.
pub fn initiate(system: &impl System, main: &Path, connection: Option<&str>, limit: Duration) -> Option<Tunnel> {
    let program = crate::program_for(shakedown_model::ConfigurationKind::Swanctl)?;
    let [process] = &*crate::running(program, main) else { return None };
    let said = asked(system, process, "--list-conns", limit)?.output;
    let all = names(&said);
    let connection = match connection {
        Some(name) => all.get(name)?,
        None if all.len() == 1 => all.first()?,
        None => return None,
    };
    let child = child(&said, connection)?;
    let uri = format!("unix://{}", process.vici()?.display());
    let ask = |words: &[&str]| {
        let words = [&["swanctl"][..], words, &["--ike", connection, "--uri", &uri]].concat();
        system.run(&by(process, words.into_iter().map(Into::into).collect(), limit))
    };
    match ask(&["--list-sas"]) {
        Ok(ran) if ran.succeeded() && !ran.output.lines().any(|line| line.starts_with(connection.as_str())) => {}
        Ok(ran) if ran.succeeded() => {
            return Some(Tunnel::NotAsked(format!("`{connection}` is up, and was left alone")));
        }
        _ => return Some(Tunnel::NotAsked("the daemon does not say what is up".to_owned())),
    }
    let seconds = limit.as_secs().clamp(1, 20).to_string();
    let asked = ask(&["--initiate", "--child", child, "--timeout", &seconds]);
    // Whatever came up goes down again.
    let _nothing_is_up = ask(&["--terminate", "--timeout", "5"]);
    Some(match asked {
        Ok(ran) if ran.succeeded() => Tunnel::CameUp,
        Ok(ran) if ran.status.is_some() => Tunnel::Refused(ran.said()),
        Ok(ran) => Tunnel::NotAsked(ran.end()),
        Err(error) => Tunnel::NotAsked(error.to_string()),
    })
}

/// The first child of a connection, as `swanctl --list-conns` names them.
fn child<'a>(said: &'a str, connection: &str) -> Option<&'a str> {
    let mut lines = said.lines().skip_while(|line| !line.starts_with(&format!("{connection}: IKE")));
    lines.next()?;
    let own = lines.take_while(|line| line.starts_with([' ', '\t']));
    let modes = ["TUNNEL", "TRANSPORT", "BEET"];
    own.filter_map(|line| line.trim_start().split_once(": "))
        .find(|(_, mode)| modes.iter().any(|one| mode.starts_with(one)))
        .map(|(name, _)| name)
}

/// The connections of a running daemon that no file has; they would be gone once the files are loaded again.
pub(crate) fn elsewhere(
    system: &impl System,
    process: &Process,
    read: &[PathBuf],
    limit: Duration,
) -> Option<Vec<String>> {
    let loaded = names(&asked(system, process, "--list-conns", limit)?.output);
    let mut words = BTreeSet::new();
    for path in read {
        let text = String::from_utf8_lossy(&system.read(path).ok()?).into_owned();
        let of = |text: &str| {
            text.split(|c: char| c.is_whitespace() || "{}#:\"".contains(c)).map(str::to_owned).collect::<Vec<_>>()
        };
        words.extend(of(&text));
    }
    Some(loaded.into_iter().filter(|name| !words.contains(name)).collect())
}

/// Starts a daemon, waits until it can be talked to, loads the file into it and says what it has then.
const SCRIPT: &str = r#"
vici=$1 main=$2; shift 2
"$@" & daemon=$!
while [ ! -S "$vici" ]; do
  kill -0 $daemon 2>/dev/null || { echo "a charon for the check cannot be started"; exit 77; }
  sleep 0.05
done
swanctl --load-conns --file "$main" --uri "unix://$vici"; status=$?
if [ $status = 0 ]; then swanctl --list-conns --uri "unix://$vici"; status=$?; fi
kill $daemon; wait $daemon
exit $status
"#;

/// Loads a copy into a daemon that has no network, with the plugins of the running one that reach out for nothing.
pub(crate) fn check(
    system: &impl System,
    program: &Program,
    process: Option<&Process>,
    copied: &Path,
    limit: Duration,
) -> Result<String, StepError> {
    let folder = files::folder_of(copied);
    let place = folder.join(".shakedown-charon");
    let failed = |source| StepError::Copy { path: place.clone(), source };
    std::fs::create_dir(&place).map_err(failed)?;
    let running = process.and_then(|process| asked(system, process, "--stats", limit));
    let has = running
        .as_ref()
        .and_then(|ran| ran.output.lines().find_map(|line| line.trim().strip_prefix("loaded plugins: ")));
    let has = |name: &str| has.is_none_or(|all| all.split_whitespace().any(|one| one == name));
    let plugins: Vec<&str> = program.harmless.iter().map(String::as_str).filter(|name| has(name)).collect();
    let (vici, conf) = (place.join("vici"), place.join("strongswan.conf"));
    std::fs::write(&conf, configuration(&program.program, &plugins.join(" "), &place)).map_err(failed)?;
    let own = process.filter(|process| process.is_own());
    let daemon = own.and_then(|process| process.file.clone()).filter(|file| file.is_file());
    let daemon = daemon.map_or_else(|| program.program.clone().into(), PathBuf::into_os_string);
    let words = ["-c".into(), SCRIPT.into(), "sh".into(), vici.into_os_string(), copied.as_os_str().to_owned()];
    let mut invocation =
        Invocation::new("/bin/sh", words.into_iter().chain(["unshare".into(), "--net".into(), daemon]), limit);
    invocation.environment = own.map(|process| process.environment.clone()).unwrap_or_default();
    invocation.environment.push(("STRONGSWAN_CONF".to_owned(), conf.display().to_string()));
    let command = format!("swanctl --load-conns --file {} by a charon without a network", copied.display());
    let ran = system.run(&invocation).map_err(|source| StepError::Command { command: command.clone(), source })?;
    let wrong = |said: String| StepError::Check { command: command.clone(), end: ran.end(), said };
    if !ran.succeeded() {
        return Err(wrong(ran.said()));
    }
    // A file that cannot be read leaves it without any connection, and with status 0.
    let (now, before) = (names(&ran.output), process.and_then(|process| asked(system, process, "--list-conns", limit)));
    let lost: Vec<String> =
        before.map(|before| names(&before.output)).unwrap_or_default().difference(&now).cloned().collect();
    if now.is_empty() || !program.says.as_ref().is_none_or(|says| ran.output.contains(says.as_str())) {
        return Err(wrong(ran.said()));
    }
    if !lost.is_empty() {
        return Err(wrong(format!("the connections {} would be gone", lost.join(", "))));
    }
    Ok(command)
}

fn configuration(daemon: &str, plugins: &str, place: &Path) -> String {
    let place = place.display();
    format!(
        "{daemon} {{\n  load = {plugins} kernel-netlink kernel-libipsec socket-default vici\n  port = 0\n  port_nat_t = 0\n  \
         install_routes = no\n  install_virtual_ip = no\n  plugins {{\n    vici {{\n      socket = unix://{place}/vici\n    }}\n  \
         }}\n  filelog {{\n    log {{\n      path = {place}/log\n      default = 0\n    }}\n  }}\n  journal {{\n    default = -1\n  \
         }}\n  syslog {{\n    daemon {{\n      default = -1\n    }}\n    auth {{\n      default = -1\n    }}\n  }}\n}}\n\
         swanctl {{\n  load = {plugins}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A machine on which every command ends well and prints this.
    struct Says(&'static str);

    impl System for Says {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
        fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }
        fn stage(&self, _: &Path, _: &Path, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
        fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
            Ok(())
        }
        fn remove(&self, _: &Path) -> io::Result<()> {
            Ok(())
        }
        fn append(&self, _: &Path, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
        fn run(&self, _: &Invocation) -> io::Result<Ran> {
            Ok(Ran { status: Some(0), late: false, output: self.0.to_owned() })
        }
        fn signal(&self, _: i32, _: &str) -> io::Result<()> {
            Ok(())
        }
        fn guard(&self, _: &Path, _: &str) -> io::Result<()> {
            Ok(())
        }
    }

    /// `swanctl` ends with status 0 for a file that it cannot read, and the daemon has no connection any more.
    #[test]
    fn a_file_that_leaves_no_connection_is_refused() {
        let program = crate::program_for(shakedown_model::ConfigurationKind::Swanctl).unwrap();
        let checked = |said: &'static str| {
            let folder = tempfile::tempdir().unwrap();
            check(&Says(said), program, None, &folder.path().join("swanctl.conf"), Duration::from_secs(1))
        };
        let broken = "swanctl.conf:7: syntax error, unexpected NAME\nno connections found, 1 unloaded\n";
        assert!(matches!(checked(broken), Err(StepError::Check { .. })));
        assert!(checked("successfully loaded 1 connections, 0 unloaded\nsite: IKEv2, no reauthentication\n").is_ok());
    }

    #[test]
    fn connections_by_name() {
        let said = "plugin 'x': failed to load\nsite: IKEv2, no reauthentication, rekeying every 14400s\n  local:  %any\n  \
                    tunnel: TUNNEL, rekeying every 3600s\nold: IKEv1/2, reauthentication every 10s\n";
        assert_eq!(names(said).into_iter().collect::<Vec<_>>(), ["old", "site"]);
        assert_eq!(child(said, "site"), Some("tunnel"));
        assert_eq!(child(said, "old"), None);
    }
}
