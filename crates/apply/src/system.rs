use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use crate::{Invocation, Ran, command, files};

/// All that a change does to the machine.
pub trait System {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes a new file with the owner, mode and attributes of another one, onto the disk.
    ///
    /// # Errors
    /// It cannot be written, or is there already. Nothing is left of it then.
    fn stage(&self, like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Puts a file in another one's place at once.
    ///
    /// # Errors
    /// That is not allowed; both are as they were.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; one that is not there is none.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Adds a line to the journal, onto the disk.
    ///
    /// # Errors
    /// It cannot be written.
    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()>;

    /// Runs a command to its end, or to the end of its time.
    ///
    /// # Errors
    /// It cannot be run. How it ends is no error.
    fn run(&self, invocation: &Invocation) -> io::Result<Ran>;

    /// Sends a signal to a process.
    ///
    /// # Errors
    /// There is no such process, or it belongs to somebody else.
    fn signal(&self, process: i32, name: &str) -> io::Result<()>;

    /// Starts the process that undoes a change unless it is confirmed in time.
    ///
    /// # Errors
    /// It did not start.
    fn guard(&self, state: &Path, id: &str) -> io::Result<()>;
}

/// This machine.
#[derive(Clone, Debug, Default)]
pub struct Real {
    /// The command that starts the process of [`System::guard`]; the state folder and the id are added. It prints a line
    /// when it is ready.
    pub guard: Vec<OsString>,
}

/// How long the process that guards a change may take to start.
const START: Duration = Duration::from_secs(20);

/// How long a program that starts itself again may pass over signals.
const RESTART: Duration = Duration::from_secs(5);

/// Whether a process ignores a signal now, as sshd does while it starts itself again.
fn passes_over(process: Pid, signal: Signal) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap_or_default();
    let mask = text.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask & (1 << (signal.as_raw() - 1)) != 0
}

impl System for Real {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        files::read(path)
    }

    fn stage(&self, like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
        files::stage(like, to, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        files::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        files::remove(path)
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        files::append(path, line)
    }

    fn run(&self, invocation: &Invocation) -> io::Result<Ran> {
        command::run(invocation)
    }

    fn signal(&self, process: i32, name: &str) -> io::Result<()> {
        let signal = match name {
            "HUP" => Signal::HUP,
            "USR1" => Signal::USR1,
            "USR2" => Signal::USR2,
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        };
        // 0 and below would be groups of processes.
        let process = Some(process).filter(|process| *process > 1).and_then(Pid::from_raw);
        let process = process.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let until = Instant::now() + RESTART;
        while passes_over(process, signal) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(kill_process(process, signal)?)
    }

    fn guard(&self, state: &Path, id: &str) -> io::Result<()> {
        let Some((program, arguments)) = self.guard.split_first() else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let mut child = Command::new(program)
            .args(arguments)
            .arg(state)
            .arg(id)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        let (sender, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            let _nobody_waits = sender.send(read.map(|_| line));
        });
        match ready.recv_timeout(START) {
            Ok(Ok(line)) if line.trim() == "ready" => Ok(()),
            _ => {
                let _already_ended = child.kill();
                let _status = child.wait();
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }
}
