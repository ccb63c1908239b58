//! `explain --watch` on logs that grow while the program runs. What it prints is waited for, never a time.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a line may take, on a busy machine.
const TIME: Duration = Duration::from_secs(60);

/// A run that follows logs.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    notes: Receiver<String>,
}

impl Watch {
    fn start(arguments: &[&str], logs: &[&Path]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .args(["explain", "--watch"])
            .args(arguments)
            .args(logs)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = lines(child.stdout.take().expect("standard output is a pipe"));
        let notes = lines_of_stderr(&mut child);
        Self { child, lines, notes }
    }

    /// The next line that it prints.
    fn line(&self) -> String {
        self.lines.recv_timeout(TIME).expect("a line in time")
    }

    fn document(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a whole document in a line")
    }

    /// Waits for a line on standard error.
    fn note(&self, text: &str) {
        while !self.notes.recv_timeout(TIME).unwrap_or_else(|_| panic!("no note `{text}`")).contains(text) {}
    }

    /// Sends a signal. The exit status, the rest of standard output and of standard error.
    fn stop(mut self, signal: &str) -> (Option<i32>, Vec<String>, Vec<String>) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s \"$0\" \"$1\"", signal, &self.child.id().to_string()]);
        assert!(kill.status().expect("a shell").success());
        let (lines, notes) = (self.lines.iter().collect(), self.notes.iter().collect());
        (self.child.wait().expect("the program ends").code(), lines, notes)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn lines_of_stderr(child: &mut Child) -> Receiver<String> {
    lines(child.stderr.take().expect("standard error is a pipe"))
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("auth.log");
    (folder, log)
}

fn append(log: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(log).expect("the log");
    file.write_all(text.as_bytes()).expect("more of the log");
}

fn refused(process: u32, peer: &str, what: &str) -> String {
    format!(
        "Nov 21 10:00:00 gw sshd[{process}]: Unable to negotiate with {peer} port 40001: no matching {what} [preauth]\n"
    )
}

const KEX: &str = "key exchange method found. Their offer: diffie-hellman-group1-sha1";
const CIPHER: &str = "cipher found. Their offer: 3des-cbc";

fn accepted(process: u32, peer: &str) -> String {
    format!(
        "Nov 21 10:01:00 gw sshd[{process}]: Accepted publickey for root from {peer} port 40002 ssh2: ED25519 SHA256:x\n"
    )
}

#[test]
fn each_new_incident_is_one_document_and_a_success_ends_it() {
    let (_folder, log) = folder();
    append(&log, &(refused(1, "192.0.2.9", CIPHER) + "a line of something else\n"));
    let watch = Watch::start(&["--format", "json"], &[&log]);
    watch.note("is followed from byte");
    append(&log, &refused(7, "192.0.2.7", KEX));
    let document = watch.document();
    assert_eq!(document["schema"], "shakedown/1");
    assert_eq!(document["diagnoses"][0]["cause"], "no-common-kex");
    assert_eq!(document["incidents"][0]["peer"], "192.0.2.7", "what was there before is not new");
    assert_eq!(document["evidence"][0]["origin"]["line"], 3, "{document:#}");
    // The same again is not news; that it works now is.
    append(&log, &(refused(8, "192.0.2.7", KEX) + &accepted(9, "192.0.2.7")));
    let document = watch.document();
    assert_eq!(document["incidents"][0]["result"], "recovered", "{document:#}");
    assert_eq!(document["diagnoses"], serde_json::json!([]));
    let note = document["notes"][0].as_str().expect("a note");
    assert!(note.contains("192.0.2.7") && note.contains("no-common-kex"), "{note}");
    append(&log, &refused(10, "192.0.2.7", KEX));
    let document = watch.document();
    assert_eq!(document["diagnoses"][0]["cause"], "no-common-kex");
    assert_eq!(document["incidents"][0]["standing"], "known");
    let (status, rest, notes) = watch.stop("INT");
    assert_eq!((status, rest.as_slice()), (Some(1), &[][..]), "{notes:?}");
    assert!(notes.last().is_some_and(|last| last == "2 incidents, 1 more attempt like them"), "{notes:?}");
}

#[test]
fn strangers_are_counted_and_who_succeeded_before_is_none() {
    let (_folder, log) = folder();
    append(&log, &accepted(1, "192.0.2.7"));
    for number in 0..20 {
        append(&log, &refused(100 + number, &format!("203.0.113.{number}"), KEX));
    }
    let watch = Watch::start(&["--format", "json", "--known", "198.51.100.0/24"], &[&log]);
    watch.note("is followed from byte");
    append(&log, &refused(200, "203.0.113.200", KEX));
    append(&log, &refused(201, "192.0.2.7", KEX));
    append(&log, &refused(202, "198.51.100.3", CIPHER));
    let peers = [watch.document(), watch.document()].map(|document| document["incidents"][0]["peer"].clone());
    assert_eq!(peers, ["192.0.2.7", "198.51.100.3"]);
    let (status, rest, notes) = watch.stop("TERM");
    assert_eq!((status, rest.as_slice()), (Some(1), &[][..]));
    assert!(notes.last().is_some_and(|last| last == "2 incidents, 1 attempt of strangers"), "{notes:?}");
}

#[test]
fn a_log_that_is_not_there_yet_is_waited_for_and_followed_through_rotation() {
    let (folder, log) = folder();
    let watch = Watch::start(&[], &[&log]);
    watch.note("is not there at the moment");
    append(&log, &refused(7, "192.0.2.7", KEX));
    watch.note("is followed from byte 0");
    let mut shown = String::new();
    while !shown.contains("at fault") {
        shown += &(watch.line() + "\n");
    }
    assert!(shown.starts_with("error[no-common-kex]") && shown.contains("auth.log:1:"), "{shown}");
    fs::rename(&log, folder.path().join("auth.log.1")).expect("rotated");
    append(&log, &("\n".to_owned() + &refused(8, "192.0.2.7", CIPHER)));
    watch.note("was replaced by a new file");
    while !shown.contains("auth.log:2:") {
        shown += &(watch.line() + "\n");
    }
    assert!(shown.contains("\n\nerror[no-common-cipher]"), "{shown}");
    let (status, _, notes) = watch.stop("INT");
    assert_eq!(status, Some(1));
    assert!(notes.last().is_some_and(|last| last == "2 incidents"), "{notes:?}");
}

#[test]
fn what_is_open_when_it_stops_is_told_and_nothing_new_is_status_0() {
    let (_folder, log) = folder();
    append(&log, &refused(1, "192.0.2.9", CIPHER));
    let watch = Watch::start(&[], &[&log]);
    watch.note("is followed from byte");
    let (status, lines, notes) = watch.stop("INT");
    assert_eq!((status, lines.as_slice()), (Some(0), &[][..]));
    assert!(notes.last().is_some_and(|last| last == "0 incidents"), "{notes:?}");

    let other = log.with_extension("2");
    append(&other, "");
    let watch = Watch::start(&["--from-start", "--redact", "--format", "json"], &[&log, &other]);
    watch.note("is followed from byte");
    watch.note("is followed from byte");
    let (status, lines, _) = watch.stop("INT");
    assert_eq!((status, lines.len()), (Some(1), 1), "{lines:?}");
    assert!(!lines[0].contains("192.0.2.9") && lines[0].contains("no-common-cipher"), "{lines:?}");
}

#[test]
fn what_cannot_be_followed_is_a_wrong_command_line() {
    let (folder, log) = folder();
    append(&log, "");
    let log = log.display().to_string();
    for arguments in [
        &["--watch"][..],
        &["--watch", "-"],
        &["--watch", &folder.path().display().to_string()],
        &["--watch", &log, "--format", "sarif"],
        &["--watch", &log, "--client", &log],
        &["--from-start", &log],
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_shakedown")).arg("explain").args(arguments).stdin(Stdio::null()).output();
        let output = output.expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
