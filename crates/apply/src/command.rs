//! Commands that end in time.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program: a path, or a name to be found.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables of its environment, besides this process's own.
    pub environment: Vec<(String, String)>,
    /// How long it may take. After that it is ended with all that it has started.
    pub limit: Duration,
}

impl Invocation {
    /// A program with arguments.
    pub fn new(program: impl Into<OsString>, arguments: impl IntoIterator<Item = OsString>, limit: Duration) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().collect(), environment: Vec::new(), limit }
    }

    /// A command line for the shell.
    pub fn shell(text: &str, limit: Duration) -> Self {
        Self::new("/bin/sh", ["-c".into(), text.into()], limit)
    }

    /// The command as it would be typed, for messages.
    pub fn text(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; `None` where a signal or the time limit ended it.
    pub status: Option<i32>,
    /// Its time was over.
    pub late: bool,
    /// What it printed on both streams, the first 64 KiB of each.
    pub output: String,
}

impl Ran {
    /// Whether it ended with status 0.
    pub fn succeeded(&self) -> bool {
        self.status == Some(0)
    }

    /// The last lines that it printed, for a message, on one line.
    pub fn said(&self) -> String {
        let lines: Vec<&str> = self.output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join("; ");
        let clean: String = last.chars().map(|c| if c.is_control() || c == '`' { '\'' } else { c }).collect();
        let short: String = clean.chars().take(400).collect();
        if short.is_empty() { "it printed nothing".to_owned() } else { short }
    }

    /// How it ended, in a few words.
    pub fn end(&self) -> String {
        match self.status {
            _ if self.late => "took too long and was ended".to_owned(),
            Some(status) => format!("ended with status {status}"),
            None => "was ended by a signal".to_owned(),
        }
    }
}

/// Bytes of each stream that are kept.
const KEPT: usize = 64 << 10;

/// Where a program is: on the `PATH`, then in the folders for administrators.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs a command to its end, or to the end of its time.
pub(crate) fn run(invocation: &Invocation) -> io::Result<Ran> {
    let name = Path::new(&invocation.program);
    let program = match name.to_str().filter(|name| !name.contains('/')) {
        Some(plain) => find(plain).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?,
        None => name.to_owned(),
    };
    let mut child = Command::new(program)
        .args(&invocation.arguments)
        .envs(invocation.environment.iter().map(|(name, value)| (name, value)))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // So that what it starts can be ended with it.
        .process_group(0)
        .spawn()?;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (sender, ended) = mpsc::channel();
    if let Some(stream) = child.stdout.take() {
        collect(stream, Arc::clone(&kept), sender.clone());
    }
    if let Some(stream) = child.stderr.take() {
        collect(stream, Arc::clone(&kept), sender.clone());
    }
    drop(sender);
    let until = Instant::now() + invocation.limit;
    let mut late = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= until {
            late = true;
            if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
                let _already_ended = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            break child.wait()?;
        }
        thread::sleep(Duration::from_millis(10));
    };
    // A service that the command started may hold the streams open: what it says is not waited for.
    for _ in 0..2 {
        if ended.recv_timeout(Duration::from_millis(300)).is_err() {
            break;
        }
    }
    let output = String::from_utf8_lossy(&kept.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    Ok(Ran { status: status.code().filter(|_| !late), late, output })
}

fn collect(mut stream: impl Read + Send + 'static, kept: Arc<Mutex<Vec<u8>>>, ended: mpsc::Sender<()>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 4096];
        while let Ok(length) = stream.read(&mut buffer) {
            if length == 0 {
                break;
            }
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < 2 * KEPT {
                kept.extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
        }
        let _nobody_waits = ended.send(());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_ended_with_what_it_started() {
        let ran = run(&Invocation::shell("echo begun; sleep 600 & wait", Duration::from_millis(300))).unwrap();
        assert!(ran.late && ran.status.is_none());
        assert_eq!(ran.output, "begun\n");
        let ran = run(&Invocation::shell("echo out; echo err >&2; exit 3", Duration::from_secs(10))).unwrap();
        assert_eq!((ran.status, ran.late), (Some(3), false));
        assert!(ran.output.contains("out") && ran.output.contains("err"));
    }

    #[test]
    fn a_service_left_behind_is_not_waited_for() {
        let begun = Instant::now();
        let ran = run(&Invocation::shell("sleep 5 & exit 0", Duration::from_secs(60))).unwrap();
        assert!(ran.succeeded());
        assert!(begun.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_command_as_it_would_be_typed() {
        let command = Invocation::new("nginx", ["-c".into(), "/a b/it's".into()], Duration::ZERO);
        assert_eq!(command.text(), "nginx -c '/a b/it'\\''s'");
    }
}
