//! `shakedown listen`, `relay` or `emulate` in the background.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// It ends with this guard.
pub(crate) struct Listener {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: mpsc::Receiver<String>,
    errors: JoinHandle<String>,
}

/// What it came to.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) documents: Vec<Value>,
    pub(crate) stderr: String,
}

impl Listener {
    /// Starts `shakedown listen ARGUMENTS --format json` and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_as("listen", arguments)
    }

    /// The same with `shakedown relay`.
    pub(crate) fn relay(arguments: &[&str]) -> Self {
        Self::start_as("relay", arguments)
    }

    /// Starts `shakedown VERB ARGUMENTS --format json` and waits until it listens.
    pub(crate) fn start_as(verb: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .arg(verb)
            .args(arguments)
            .args(["--format", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut errors = BufReader::new(child.stderr.take().expect("its errors"));
        let mut first = String::new();
        errors.read_line(&mut first).expect("its first line");
        let address = first.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        let address = address.unwrap_or_else(|| {
            let _ = errors.read_to_string(&mut first);
            panic!("it does not listen: {first}")
        });
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, address, lines, errors }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The document of the next client.
    pub(crate) fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(300)).expect("a client's document");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> Ended {
        let documents = self.lines.iter().map(|line| serde_json::from_str(&line).expect("JSON")).collect();
        let status = self.child.wait().expect("its status").code().unwrap_or(-1);
        let errors = std::mem::replace(&mut self.errors, std::thread::spawn(String::new));
        Ended { status, documents, stderr: errors.join().unwrap_or_default() }
    }

    /// Tells it to stop, as Ctrl-C does.
    pub(crate) fn interrupt(self) -> Ended {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        rustix::process::kill_process(id.expect("a process id"), rustix::process::Signal::INT).expect("a signal");
        self.end()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A list of an offer.
pub(crate) fn list(offer: &Value, name: &str) -> Vec<String> {
    let items = offer[name].as_array().unwrap_or_else(|| panic!("no {name}: {offer:#}"));
    items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

/// The note of a party that begins so.
pub(crate) fn note(document: &Value, begins: &str) -> Option<String> {
    let notes = document["parties"][0]["notes"].as_array()?;
    let mut notes = notes.iter().filter_map(Value::as_str);
    notes.find(|note| note.starts_with(begins)).map(str::to_owned)
}
