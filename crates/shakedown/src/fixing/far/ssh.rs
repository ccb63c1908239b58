//! The way to the other machine: the user's own `ssh`, as it is set up, so long as it verifies who answers.

use std::ffi::OsString;
use std::io::{self, BufReader, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use serde::Serialize;
use shakedown_config::openssh::{Effective, parse_printed};

use super::ViaError;
use super::protocol::{Answer, GREETING, Greeting, PROTOCOL, Question, line, next_line};
use crate::Target;

/// How another machine is reached (`--via`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Via {
    /// `ssh://USER@HOST:PORT`, as the person wrote it.
    pub destination: String,
    /// The configuration of `ssh` that is read instead of the user's own (`-F`).
    pub ssh_config: Option<PathBuf>,
    /// This program's own file, to be sent where the other machine has none (`--send-binary`).
    pub binary: Option<PathBuf>,
    /// Run as the superuser there, by `sudo -n` (`--via-sudo`).
    pub sudo: bool,
}

impl Via {
    /// A machine, reached as the user's configuration says.
    pub fn new(destination: impl Into<String>) -> Self {
        Self { destination: destination.into(), ssh_config: None, binary: None, sudo: false }
    }
}

/// What is run there. Nothing of it depends on anything: these are all the words that any shell ever sees.
const SERVE: [&str; 2] = ["shakedown serve-plan", "sudo -n shakedown serve-plan"];
/// The same with a program that is sent: it says what it runs on and reads how long the program is; then the program, into a
/// folder that nobody else can enter. The folder goes when the program ends.
const SEND: [&str; 2] = [
    "exec /bin/sh -c 'd=; trap \"rm -rf \\\"\\$d\\\"\" EXIT; trap \"exit 1\" HUP INT TERM; umask 077; uname -sm; read n; \
     test \"$n\" -gt 0 || exit 3; d=$(mktemp -d) || exit 3; head -c \"$n\" > \"$d/shakedown\" || exit 3; \
     chmod 700 \"$d/shakedown\"; \"$d/shakedown\" serve-plan'",
    "exec /bin/sh -c 'd=; trap \"rm -rf \\\"\\$d\\\"\" EXIT; trap \"exit 1\" HUP INT TERM; umask 077; uname -sm; read n; \
     test \"$n\" -gt 0 || exit 3; d=$(mktemp -d) || exit 3; head -c \"$n\" > \"$d/shakedown\" || exit 3; \
     chmod 700 \"$d/shakedown\"; sudo -n \"$d/shakedown\" serve-plan'",
];

/// How long the greeting may take: longer where a person may have to answer first.
const GREETING_TIME: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(600)];
/// Lines that a shell may print before the greeting.
const CHATTER: usize = 500;
/// What is kept of what `ssh` says, in bytes.
const KEPT: usize = 16 << 10;

/// The other machine's end, spoken to.
pub(super) struct Channel {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<Vec<u8>>,
    said: Arc<Mutex<Vec<u8>>>,
    /// Told when `ssh` has said its last; nothing where it speaks to the terminal.
    silent: Option<mpsc::Receiver<()>>,
    /// What it said of itself.
    pub(super) greeting: Greeting,
}

impl Channel {
    pub(super) async fn open(via: &Via) -> Result<Self, ViaError> {
        let target: Target = via.destination.parse().map_err(|source| ViaError::Destination { source })?;
        if target.protocol != shakedown_model::Protocol::Ssh || target.host.starts_with('-') {
            return Err(ViaError::NotSsh { destination: via.destination.clone() });
        }
        let ssh = crate::installed::find("ssh").ok_or(ViaError::NoSsh)?;
        let interactive = io::stdin().is_terminal();
        let mut words = way(via, &target);
        let printed = asked(&ssh, &words).await?;
        words.splice(0..0, options(&printed, &target, interactive)?);
        let sudo = usize::from(via.sudo);
        let command = if via.binary.is_some() { SEND } else { SERVE };
        words.extend(command.get(sudo).map(OsString::from));
        let mut child = Command::new(ssh)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A person sees what `ssh` says; otherwise it goes into the message.
            .stderr(if interactive { Stdio::inherit() } else { Stdio::piped() })
            .spawn()
            .map_err(|source| ViaError::Run { source })?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let said = Arc::new(Mutex::new(Vec::new()));
        let silent = child.stderr.take().map(|stderr| keep(stderr, Arc::clone(&said)));
        let (sender, lines) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let Some(stdout) = stdout else { return };
            let mut stdout = BufReader::new(stdout);
            while let Ok(Some(line)) = next_line(&mut stdout) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let greeting = Greeting { protocol: 0, version: String::new(), host: None };
        let mut channel = Self { child, stdin, lines, said, silent, greeting };
        channel.greet(via, GREETING_TIME[usize::from(interactive)])?;
        Ok(channel)
    }

    /// Reads the greeting, and sends the program before where that is wanted.
    fn greet(&mut self, via: &Via, within: Duration) -> Result<(), ViaError> {
        if let Some(binary) = &via.binary {
            self.send(binary, within)?;
        }
        for _ in 0..CHATTER {
            let Ok(line) = self.lines.recv_timeout(within) else { return Err(self.no_greeting(via)) };
            let Some(greeting) = line.strip_prefix(GREETING.as_bytes()) else { continue };
            let Ok(greeting) = serde_json::from_slice::<Greeting>(greeting) else { break };
            if greeting.protocol != PROTOCOL {
                return Err(ViaError::Protocol {
                    destination: via.destination.clone(),
                    version: greeting.version,
                    theirs: greeting.protocol,
                    ours: PROTOCOL,
                });
            }
            self.greeting = greeting;
            return Ok(());
        }
        Err(self.no_greeting(via))
    }

    fn send(&mut self, binary: &Path, within: Duration) -> Result<(), ViaError> {
        let asked = Command::new("uname").arg("-sm").output().map_err(|source| ViaError::Run { source })?;
        let here = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        let unreadable = |source| ViaError::Binary { path: binary.to_owned(), source };
        let bytes = std::fs::read(binary).map_err(unreadable)?;
        let mut told = None;
        for _ in 0..CHATTER {
            let Ok(line) = self.lines.recv_timeout(within) else { break };
            // The first words of `uname` on any system that this program is built for.
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if ["Linux ", "Darwin ", "FreeBSD ", "OpenBSD ", "NetBSD ", "SunOS ", "AIX "]
                .iter()
                .any(|os| text.starts_with(os))
            {
                told = Some(text);
                break;
            }
        }
        let Some(there) = told else { return Err(self.ended()) };
        if there != here {
            return Err(ViaError::OtherMachine { here, there });
        }
        let stdin = self.stdin.as_mut().ok_or(ViaError::Lost { doing: "sending the program" })?;
        let sent =
            writeln!(stdin, "{}", bytes.len()).and_then(|()| stdin.write_all(&bytes)).and_then(|()| stdin.flush());
        sent.map_err(|_| self.ended())
    }

    /// What it means that no greeting came.
    fn no_greeting(&mut self, via: &Via) -> ViaError {
        let destination = via.destination.clone();
        match self.ended() {
            ViaError::Ended { status: Some(127), .. } => ViaError::NotThere { destination },
            // sudo, and shells that run a program as their own last word, say it in words.
            ViaError::Ended { said, .. } if said.contains("not found") && said.contains("shakedown") => {
                ViaError::NotThere { destination }
            }
            ViaError::Ended { said, .. } if said.contains("serve-plan") => ViaError::Older { destination },
            other => other,
        }
    }

    /// How `ssh` has ended; it is ended where it has not.
    fn ended(&mut self) -> ViaError {
        self.stdin = None;
        let status = self.wait(Duration::from_secs(5));
        // What it said last may still be on its way.
        let _it_said_all = self.silent.as_ref().map(|silent| silent.recv_timeout(Duration::from_secs(5)));
        let mut said = String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        let said = shakedown_report::mask(&said.replace('`', "'")).into_owned();
        if said.contains("Host key verification failed") {
            return ViaError::HostKey { said };
        }
        ViaError::Ended { status, said: if said.is_empty() { "it said nothing".to_owned() } else { said } }
    }

    /// Waits for the end of `ssh`; it is killed where that does not come. `None` then, or where a signal ended it.
    fn wait(&mut self, within: Duration) -> Option<i32> {
        let until = std::time::Instant::now() + within;
        while std::time::Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(status)) => return status.code(),
                Err(_) => return None,
            }
        }
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
        None
    }

    /// A question and its answer.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        within: Duration,
        doing: &'static str,
    ) -> Result<Answer, ViaError> {
        let lost = || ViaError::Lost { doing };
        self.write(question).map_err(|_| lost())?;
        let line = self.lines.recv_timeout(within).map_err(|_| lost())?;
        let answer = serde_json::from_slice::<serde_json::Value>(&line).and_then(|mut value| {
            clean(&mut value);
            serde_json::from_value(value)
        });
        match answer {
            Ok(Answer::Refused { because }) => Err(ViaError::Refused { because }),
            Ok(answer) => Ok(answer),
            Err(source) => Err(ViaError::Answer { source }),
        }
    }

    fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(&line(value)?)?;
        stdin.flush()
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.stdin = None;
        self.wait(Duration::from_secs(5));
    }
}

/// Takes control characters out of all texts, so that the terminal gets none: but for line ends and colours.
fn clean(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.contains(char::is_control) => {
            let mut out = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some(at) = rest.find(char::is_control) {
                let (before, from) = rest.split_at(at);
                out.push_str(before);
                let colour = from.strip_prefix("\u{1b}[").and_then(|inside| {
                    let end = inside.find(|c: char| !c.is_ascii_digit() && c != ';')?;
                    inside.get(end..)?.starts_with('m').then_some(end + 3)
                });
                let kept = if from.starts_with('\n') { Some(1) } else { colour };
                let length = kept.or_else(|| from.chars().next().map(char::len_utf8)).unwrap_or(1);
                let (found, after) = from.split_at(length);
                out.push_str(if kept.is_some() { found } else { "?" });
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(clean),
        serde_json::Value::Object(object) => object.values_mut().for_each(clean),
        _ => {}
    }
}

fn keep(mut stream: impl Read + Send + 'static, said: Arc<Mutex<Vec<u8>>>) -> mpsc::Receiver<()> {
    let (sender, silent) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.len() < KEPT {
                said.extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
        }
        let _nobody_waits = sender.send(());
    });
    silent
}

/// The words that name the machine and the user's configuration.
fn way(via: &Via, target: &Target) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if let Some(path) = &via.ssh_config {
        words.extend(["-F".into(), path.into()]);
    }
    if let Some(port) = target.port {
        words.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &target.user {
        words.extend(["-l".into(), user.into()]);
    }
    words.extend(["--".into(), target.host.clone().into()]);
    words
}

/// What the user's `ssh` says that its configuration comes to.
async fn asked(ssh: &Path, way: &[OsString]) -> Result<Effective, ViaError> {
    let words: Vec<OsString> = std::iter::once("-G".into()).chain(way.iter().cloned()).collect();
    let output = crate::installed::run(ssh, &words).await;
    let output = output.ok_or(ViaError::Run { source: io::ErrorKind::TimedOut.into() })?;
    if output.status.success() {
        return Ok(parse_printed(&String::from_utf8_lossy(&output.stdout)));
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace(['\n', '\r'], "; ");
    Err(ViaError::Ended { status: output.status.code(), said })
}

/// What is added to the user's own options, if these verify the host key.
fn options(printed: &Effective, target: &Target, interactive: bool) -> Result<Vec<OsString>, ViaError> {
    let value = |keyword: &str| {
        let line = printed.get(keyword).and_then(|values: &Vec<String>| values.first());
        line.map(|value| value.trim().to_ascii_lowercase()).unwrap_or_default()
    };
    let unverified = |because: &str| ViaError::Unverified { because: because.to_owned() };
    let strict = value("stricthostkeychecking");
    if matches!(strict.as_str(), "no" | "off" | "false") {
        return Err(unverified("`StrictHostKeyChecking` is off for it: `ssh` would go on whoever answers"));
    }
    let local = matches!(target.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    if value("nohostauthenticationforlocalhost") == "yes" && local {
        return Err(unverified("`NoHostAuthenticationForLocalhost` is on: `ssh` would go on whoever answers"));
    }
    let kept = |keyword: &str| {
        let files = value(keyword);
        files.split_whitespace().any(|file| file != "/dev/null" && file != "none")
    };
    let command = value("knownhostscommand");
    if !kept("userknownhostsfile") {
        let elsewhere = kept("globalknownhostsfile") || !command.is_empty() && command != "none";
        // Where every key has to be known, one of an administrator's file is as good.
        if !(elsewhere && matches!(strict.as_str(), "yes" | "true")) {
            return Err(unverified("`UserKnownHostsFile` is nothing for it: no host key is remembered or known"));
        }
    }
    let mut words: Vec<OsString> = vec!["-T".into()];
    let mut set = |option: &str| words.extend(["-o".into(), option.into()]);
    if strict != "ask" || !interactive {
        // `accept-new` would take any key of a host that is not known yet.
        set("StrictHostKeyChecking=yes");
    }
    if !interactive {
        set("BatchMode=yes");
    }
    // Only a connection of its own shows that the server still lets somebody in.
    set("ControlMaster=no");
    set("ControlPath=none");
    if matches!(value("serveraliveinterval").as_str(), "" | "0") {
        set("ServerAliveInterval=15");
    }
    for (keyword, usual, option) in [
        ("remotecommand", "none", "RemoteCommand=none"),
        ("forkafterauthentication", "no", "ForkAfterAuthentication=no"),
        ("stdinnull", "no", "StdinNull=no"),
        ("sessiontype", "default", "SessionType=default"),
    ] {
        let value = value(keyword);
        if !value.is_empty() && value != usual {
            set(option);
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(printed: &str, interactive: bool) -> Result<String, String> {
        let target: Target = "ssh://db01".parse().unwrap();
        let words = options(&parse_printed(printed), &target, interactive).map_err(|error| error.to_string())?;
        Ok(words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "))
    }

    const FILES: &str = "userknownhostsfile /home/a/.ssh/known_hosts\nglobalknownhostsfile /etc/ssh/ssh_known_hosts\n";

    #[test]
    fn what_the_other_end_says_cannot_drive_the_terminal() {
        let mut value = serde_json::json!({"a": ["\u{1b}[1;31mred\u{1b}[0m\n", "\u{1b}]0;title\u{7}\r\u{9b}2Jé"]});
        clean(&mut value);
        assert_eq!(value["a"][0], "\u{1b}[1;31mred\u{1b}[0m\n");
        assert_eq!(value["a"][1], "?]0;title????2Jé".replacen("????", "???", 1));
    }

    #[test]
    fn who_answers_is_verified_or_nothing_is_run() {
        for off in ["no", "off", "false"] {
            assert!(of(&format!("stricthostkeychecking {off}\n{FILES}"), true).unwrap_err().contains("StrictHostKey"));
        }
        let nothing = "userknownhostsfile /dev/null\nglobalknownhostsfile /dev/null\n";
        for strict in ["ask", "accept-new", "true"] {
            let error = of(&format!("stricthostkeychecking {strict}\n{nothing}"), true).unwrap_err();
            assert!(error.contains("UserKnownHostsFile"), "{error}");
        }
        let global = "userknownhostsfile /dev/null\nglobalknownhostsfile /etc/ssh/ssh_known_hosts\n";
        assert!(of(&format!("stricthostkeychecking true\n{global}"), true).is_ok());
        assert!(of(&format!("stricthostkeychecking accept-new\n{global}"), true).is_err());
        // A person at a terminal may be asked; nobody else is, and a new key is never taken unseen.
        assert!(!of(&format!("stricthostkeychecking ask\n{FILES}"), true).unwrap().contains("Strict"));
        for (strict, interactive) in [("ask", false), ("accept-new", true), ("accept-new", false), ("true", true)] {
            let words = of(&format!("stricthostkeychecking {strict}\n{FILES}"), interactive).unwrap();
            assert!(words.contains("StrictHostKeyChecking=yes"), "{strict}");
            assert_eq!(words.contains("BatchMode=yes"), !interactive);
        }
        let local: Target = "ssh://localhost".parse().unwrap();
        let printed =
            parse_printed(&format!("stricthostkeychecking true\nnohostauthenticationforlocalhost yes\n{FILES}"));
        assert!(options(&printed, &local, true).is_err());
    }
}
