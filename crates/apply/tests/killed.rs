//! A change that is killed at any point: afterwards the files are wholly old or wholly new, and the journal says which.

mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};

use shakedown_apply::{Real, Recovered, State, Store, Transaction, confirm, recover};
use support::{Killing, NEW, OLD, Place};

const WHAT: &str = "SHAKEDOWN_TEST_WHAT";

/// Runs one of the tasks below in a process of its own, which is killed after so many calls.
fn child(task: &str, root: &Path, calls: u32) -> ExitStatus {
    let program = std::env::current_exe().expect("this test");
    Command::new(program)
        .args(["--exact", "a_task", "--nocapture", "--test-threads", "1"])
        .env(WHAT, format!("{task} {calls} {}", root.display()))
        .stdout(std::process::Stdio::null())
        .status()
        .expect("this test runs")
}

/// Not a test by itself: what the child process does.
#[test]
fn a_task() {
    let Ok(what) = std::env::var(WHAT) else { return };
    let words: Vec<&str> = what.splitn(3, ' ').collect();
    let (calls, place) = (words[1].parse().expect("a number"), Place::at(Path::new(words[2])));
    let system = Killing::after(calls);
    let locked = Store::new(place.state()).lock().expect("the lock");
    match words[0] {
        "recover" => {
            let found = recover(&locked, &system).expect("the journal");
            assert!(found.iter().all(|found| matches!(found, Recovered::TakenBack(_))), "{found:?}");
        }
        task => {
            let mut request = place.request();
            request.confirm_within = (task == "pending").then_some(std::time::Duration::from_secs(3600));
            let mut transaction = Transaction::plan(&locked, &system, &request).expect("a plan");
            transaction.back_up().expect("a backup");
            transaction.check().expect("a check");
            transaction.write().expect("new files");
            transaction.reload().expect("a reload");
            if task == "failing" {
                transaction.roll_back("the connection fails").expect("old files");
            } else {
                transaction.proved("it works").expect("the journal");
                if task == "pending" {
                    confirm(&locked, &system, &store_id(&place)).expect("a change to confirm");
                }
            }
        }
    }
}

fn store_id(place: &Place) -> String {
    let records = Store::new(place.state()).records().expect("the journal");
    records.last().expect("a change").id.clone()
}

/// In memory where the system has such a place: what a killed process leaves is the same there, and nothing waits for a disk.
fn new_root() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// Whatever state a killed run leaves behind, after one more run nothing is half done.
fn settled(place: &Place, task: &str, calls: u32) {
    let store = Store::new(place.state());
    let records = store.records().expect("the journal");
    let contents = place.contents();
    let context = format!("{task} killed after {calls} calls");
    for (at, text) in contents.iter().enumerate() {
        assert!(text == OLD[at] || text == NEW[at], "{context}: {text}");
    }
    let Some(record) = records.last() else {
        assert_eq!(contents, OLD, "{context}: nothing in the journal, nothing done");
        return;
    };
    assert_eq!(records.len(), 1, "{context}");
    assert!(record.is_finished() || record.is_pending(), "{context}: {record:?}");
    if record.state == State::RolledBack {
        assert_eq!(contents, OLD, "{context}");
        assert_eq!(place.litter(), [""; 0], "{context}");
    } else {
        assert_eq!(contents, NEW, "{context}");
        assert_eq!(place.litter().len(), 2, "{context}: a backup for each file");
    }
}

#[test]
fn wholly_old_or_wholly_new_whenever_it_is_killed() {
    let mut points = 0;
    for task in ["whole", "failing", "pending"] {
        for calls in 0.. {
            let root = new_root();
            let place = Place::fill(&root.path().canonicalize().expect("a path"));
            let status = child(task, &place.root, calls);
            assert!(status.success() || status.signal() == Some(9), "{task} {calls}: {status}");
            // The journal tells of what is unfinished before anybody does something about it.
            let unfinished = Store::new(place.state()).records().expect("the journal");
            let unfinished = unfinished.iter().any(|record| !record.is_finished() && !record.is_pending());
            assert!(place.contents() == OLD || place.contents() == NEW || unfinished, "{task} {calls}");
            assert!(child("recover", &place.root, 10_000).success(), "{task} {calls}");
            settled(&place, task, calls);
            if status.success() {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 60, "{points} points");
}

#[test]
fn a_recovery_that_is_killed_is_done_again() {
    let mut points = 0;
    // Killed with one file new and one old, with both new, and after the reload.
    for calls in [19, 21, 23, 25] {
        for more in 0.. {
            let root = new_root();
            let place = Place::fill(&root.path().canonicalize().expect("a path"));
            assert_eq!(child("whole", &place.root, calls).signal(), Some(9));
            assert_ne!(place.contents(), OLD, "something to take back");
            let status = child("recover", &place.root, more);
            assert!(child("recover", &place.root, 10_000).success());
            settled(&place, "recover", more);
            assert_eq!(place.contents(), OLD);
            if status.success() {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 20, "{points} points");
}

#[test]
fn nothing_is_recovered_twice() {
    let root = new_root();
    let place = Place::fill(&root.path().canonicalize().expect("a path"));
    assert_eq!(child("whole", &place.root, 19).signal(), Some(9));
    let locked = Store::new(place.state()).lock().expect("the lock");
    assert_eq!(recover(&locked, &Real::default()).expect("the journal").len(), 1);
    assert!(recover(&locked, &Real::default()).expect("the journal").is_empty());
}
