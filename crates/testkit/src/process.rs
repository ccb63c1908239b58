use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Why a peer did not start.
#[derive(Debug)]
pub enum StartError {
    /// The program could not be run.
    Io(io::Error),
    /// It ended, or said nothing in time; what it had printed.
    NotReady(String),
}

/// A port of 127.0.0.1 that was free just now. Whoever binds it must be ready to find it taken.
pub fn free_port() -> io::Result<u16> {
    Ok(listener()?.local_addr()?.port())
}

/// Listens on a free port of 127.0.0.1 below those that the kernel gives to clients: no client takes it meanwhile, and
/// a log in which it stands reads like that of any server.
pub(crate) fn listener() -> io::Result<TcpListener> {
    for _ in 0..64 {
        let port = 10_000 + RandomState::new().build_hasher().finish() % 20_000;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, u16::try_from(port).unwrap_or(0))) {
            return Ok(listener);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// A program in the background whose output is collected; it is ended, and with it the processes that it started, when
/// this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: Arc<Log>,
}

#[derive(Debug, Default)]
struct Log {
    text: Mutex<Collected>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Collected {
    text: String,
    /// Streams that have ended.
    ended: usize,
}

impl Running {
    /// Starts a program with its standard input closed.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let log = Arc::new(Log::default());
        if let Some(stream) = child.stdout.take() {
            collect(stream, Arc::clone(&log));
        }
        if let Some(stream) = child.stderr.take() {
            collect(stream, Arc::clone(&log));
        }
        Ok(Self { child, log })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far, on either stream.
    pub fn log(&self) -> String {
        self.log.text.lock().unwrap_or_else(PoisonError::into_inner).text.clone()
    }

    /// Waits until `find` makes something of the log, the program has closed its output, or the time is over.
    pub fn wait_for<T>(&self, time: Duration, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + time;
        let mut collected = self.log.text.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = find(&collected.text) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || collected.ended == 2 {
                return None;
            }
            collected = self.log.changed.wait_timeout(collected, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A server forks for each connection; those processes would outlive it.
        let children = children_of(self.child.id());
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
        for child in children {
            let _already_ended = kill_process(child, Signal::KILL);
        }
    }
}

fn collect(stream: impl Read + Send + 'static, log: Arc<Log>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let mut collected = log.text.lock().unwrap_or_else(PoisonError::into_inner);
            collected.text.push_str(&String::from_utf8_lossy(&line));
            line.clear();
            log.changed.notify_all();
        }
        log.text.lock().unwrap_or_else(PoisonError::into_inner).ended += 1;
        log.changed.notify_all();
    });
}

/// The processes whose parent this one is.
fn children_of(parent: u32) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).filter_map(Pid::from_raw).collect()
}

fn parent_of(process: i32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field, the program's name, may hold anything; the parent is the second one after its last bracket.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Finished {
    /// `None` where it had to be ended because its time was over.
    pub status: Option<ExitStatus>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// Both streams, standard output first.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a program to its end, with this input, for at most this long.
pub fn run(command: &mut Command, input: &[u8], time: Duration) -> io::Result<Finished> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take();
    let input = input.to_vec();
    thread::spawn(move || stdin.as_mut().map(|stream| stream.write_all(&input)));
    let (sender, receiver) = mpsc::channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let out = thread::spawn(move || stdout.map(read_all).unwrap_or_default());
    let ended = thread::spawn(move || {
        let text = stderr.map(read_all).unwrap_or_default();
        let _nobody_waits = sender.send(());
        text
    });
    let in_time = receiver.recv_timeout(time).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    let stdout = out.join().unwrap_or_default();
    let stderr = ended.join().unwrap_or_default();
    Ok(Finished { status: in_time.then_some(status), stdout, stderr })
}

fn read_all(mut stream: impl Read) -> String {
    let mut bytes = Vec::new();
    let _as_far_as_it_came = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
