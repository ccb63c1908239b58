//! What goes wrong on the way: the old files stay or come back, and the reason is said.

mod support;

use std::cell::RefCell;
use std::io;
use std::path::Path;

use shakedown_apply::{
    Exception, Invocation, Ran, Real, Recovered, Refused, State, StepError, Store, System, Transaction, confirm, due,
    recover, take_back,
};
use support::{NEW, OLD, Place};

/// This machine, on which one kind of call fails. Commands are not run, and succeed.
#[derive(Debug, Default)]
struct Faulty {
    fault: Option<(&'static str, usize, io::ErrorKind)>,
    now: Option<jiff::Timestamp>,
    calls: RefCell<Vec<&'static str>>,
}

impl Faulty {
    /// The `nth` call of this kind fails, counted from 1.
    fn at(call: &'static str, nth: usize, kind: io::ErrorKind) -> Self {
        Self { fault: Some((call, nth, kind)), ..Self::default() }
    }

    fn call(&self, name: &'static str) -> io::Result<()> {
        self.calls.borrow_mut().push(name);
        match self.fault {
            Some((call, nth, kind))
                if call == name && self.calls.borrow().iter().filter(|call| **call == name).count() == nth =>
            {
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }
}

impl System for Faulty {
    fn now(&self) -> jiff::Timestamp {
        self.now.unwrap_or_else(|| Real::default().now())
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Real::default().read(path)
    }
    fn stage(&self, like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call("stage")?;
        Real::default().stage(like, to, bytes)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename")?;
        Real::default().rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove")?;
        Real::default().remove(path)
    }
    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        self.call("append")?;
        Real::default().append(path, line)
    }
    fn run(&self, _: &Invocation) -> io::Result<Ran> {
        let failed = self.call("run").is_err();
        Ok(Ran { status: Some(i32::from(failed)), late: false, output: "no such keyword\n".into() })
    }
    fn signal(&self, _: i32, _: &str) -> io::Result<()> {
        self.call("signal")
    }
    fn guard(&self, _: &Path, _: &str) -> io::Result<()> {
        self.call("guard")
    }
}

struct Test {
    _folder: tempfile::TempDir,
    place: Place,
}

fn test() -> Test {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::fill(&folder.path().canonicalize().expect("a path"));
    Test { _folder: folder, place }
}

fn steps<S: System>(transaction: &mut Transaction<'_, S>) -> Result<(), StepError> {
    transaction.back_up()?;
    transaction.check()?;
    transaction.write()?;
    transaction.reload()?;
    transaction.proved("it works")
}

#[test]
fn a_full_disk_and_the_like_leave_the_old_state() {
    let faults = [("stage", 4), ("rename", 2), ("run", 2), ("append", 5)];
    for (call, times) in faults {
        for nth in 1..=times {
            let Test { place, _folder } = test();
            let system = Faulty::at(call, nth, io::ErrorKind::StorageFull);
            let locked = Store::new(place.state()).lock().unwrap();
            let mut transaction = match Transaction::plan(&locked, &system, &place.request()) {
                Err(Refused::Store(_)) if (call, nth) == ("append", 1) => {
                    assert_eq!(place.contents(), OLD);
                    continue;
                }
                other => other.unwrap(),
            };
            let failed = steps(&mut transaction).expect_err(call).to_string();
            let back = transaction.roll_back(&failed).unwrap();
            assert_eq!(place.contents(), OLD, "{call} {nth}");
            assert_eq!(place.litter(), [""; 0], "{call} {nth}");
            assert_eq!(locked.store().record(&back.id).unwrap().state, State::RolledBack, "{call} {nth}");
            assert_eq!(locked.store().record(&back.id).unwrap().detail(), Some(failed.as_str()));
        }
    }
}

#[test]
fn a_file_that_another_editor_changes_meanwhile_is_left_to_it() {
    let Test { place, _folder } = test();
    let system = Faulty::default();
    let locked = Store::new(place.state()).lock().unwrap();
    std::fs::write(place.root.join("one"), "Host a\n  Port 24\n").unwrap();
    let refused = Transaction::plan(&locked, &system, &place.request()).unwrap_err();
    assert!(matches!(&refused, Refused::Changed { path } if path.ends_with("one")), "{refused}");
    assert!(locked.store().records().unwrap().is_empty());

    // Between the check and the writing: nothing is written, and what the other editor wrote stays.
    std::fs::write(place.root.join("one"), OLD[0]).unwrap();
    let mut transaction = Transaction::plan(&locked, &system, &place.request()).unwrap();
    transaction.back_up().unwrap();
    transaction.check().unwrap();
    std::fs::write(place.root.join("two"), "mine").unwrap();
    assert!(matches!(transaction.write(), Err(StepError::Changed { path }) if path.ends_with("two")));
    assert_eq!(transaction.roll_back("changed").unwrap().files, 0);
    assert_eq!(place.contents(), [OLD[0], "mine"]);
    assert_eq!(place.litter(), [""; 0]);
}

#[test]
fn what_somebody_wrote_over_the_new_file_is_not_lost() {
    let Test { place, _folder } = test();
    let system = Faulty::default();
    let locked = Store::new(place.state()).lock().unwrap();
    let mut transaction = Transaction::plan(&locked, &system, &place.request()).unwrap();
    transaction.back_up().unwrap();
    transaction.check().unwrap();
    transaction.write().unwrap();
    let id = transaction.id().to_owned();
    std::fs::write(place.root.join("two"), "mine").unwrap();
    // Neither the old nor the new file: nothing is put over it.
    assert!(matches!(transaction.roll_back("failed"), Err(StepError::Changed { path }) if path.ends_with("two")));
    assert_eq!(place.contents(), [NEW[0], "mine"]);
    assert!(!locked.store().record(&id).unwrap().is_finished());
    let found = recover(&locked, &system).unwrap();
    assert!(matches!(found.as_slice(), [Recovered::Stuck { .. }]), "{found:?}");
    // Once that is settled, so is the change.
    std::fs::write(place.root.join("two"), OLD[1]).unwrap();
    assert!(matches!(recover(&locked, &system).unwrap().as_slice(), [Recovered::TakenBack(_)]));
    assert_eq!(place.contents(), OLD);
}

#[test]
fn files_that_a_tool_writes_are_refused() {
    let Test { place, _folder } = test();
    let text = "# Ansible managed: roles/ssh/templates/config.j2\nHost a\n  Port 22\n";
    std::fs::write(place.root.join("one"), text).unwrap();
    let locked = Store::new(place.state()).lock().unwrap();
    let refused = Transaction::plan(&locked, &Faulty::default(), &place.request()).unwrap_err().to_string();
    assert!(refused.contains("is written by Ansible"), "{refused}");
    assert!(refused.contains("the template or the role's variable"), "{refused}");
    assert!(refused.contains("(`roles/ssh/templates/config.j2`) instead"), "{refused}");
}

#[test]
fn undo_brings_the_bytes_back_and_only_those_that_it_knows() {
    let Test { place, _folder } = test();
    let system = Faulty::default();
    let locked = Store::new(place.state()).lock().unwrap();
    let mut transaction = Transaction::plan(&locked, &system, &place.request()).unwrap();
    steps(&mut transaction).unwrap();
    let id = transaction.id().to_owned();
    assert_eq!(place.contents(), NEW);
    assert!(place.root.join("two").is_symlink());
    let record = locked.store().record(&id).unwrap();

    std::fs::write(place.root.join("one"), "edited since\n").unwrap();
    assert!(take_back(&locked, &system, &record, "undone", std::time::Duration::from_secs(9)).is_err());
    assert_eq!(place.contents(), ["edited since\n", NEW[1]]);

    std::fs::write(place.root.join("one"), NEW[0]).unwrap();
    let back = take_back(&locked, &system, &record, "undone", std::time::Duration::from_secs(9)).unwrap();
    assert_eq!((back.files, back.reloaded.as_deref()), (2, Some("`true`")));
    assert_eq!(place.contents(), OLD);
    assert!(place.root.join("two").is_symlink());
    assert_eq!(place.litter(), [""; 0]);
}

#[test]
fn a_change_that_nobody_confirms_is_undone() {
    let Test { place, _folder } = test();
    let mut system = Faulty { now: Some("2026-01-31T12:00:00Z".parse().unwrap()), ..Faulty::default() };
    let locked = Store::new(place.state()).lock().unwrap();
    let mut request = place.request();
    request.confirm_within = Some(std::time::Duration::from_secs(300));
    let mut transaction = Transaction::plan(&locked, &system, &request).unwrap();
    steps(&mut transaction).unwrap();
    let id = transaction.id().to_owned();
    drop(transaction);
    assert_eq!(system.calls.borrow().iter().filter(|call| **call == "guard").count(), 1);
    assert!(locked.store().record(&id).unwrap().is_pending());
    system.now = Some("2026-01-31T12:04:59Z".parse().unwrap());
    assert!(recover(&locked, &system).unwrap().is_empty());
    system.now = Some("2026-01-31T12:05:00Z".parse().unwrap());
    assert!(confirm(&locked, &system, &id).is_err(), "too late");
    assert_eq!(recover(&locked, &system).unwrap().len(), 1);
    assert_eq!(place.contents(), OLD);
    assert!(confirm(&locked, &system, &id).is_err());
}

#[test]
fn a_guard_that_does_not_start_stops_the_change() {
    let Test { place, _folder } = test();
    let system = Faulty::at("guard", 1, io::ErrorKind::NotFound);
    let locked = Store::new(place.state()).lock().unwrap();
    let mut request = place.request();
    request.confirm_within = Some(std::time::Duration::from_secs(300));
    let mut transaction = Transaction::plan(&locked, &system, &request).unwrap();
    assert!(matches!(steps(&mut transaction), Err(StepError::Guard { .. })));
    assert_eq!(place.contents(), OLD);
    transaction.roll_back("no guard").unwrap();
    assert_eq!(place.litter(), [""; 0]);
}

#[test]
fn an_exception_stands_in_the_file_and_has_its_last_day() {
    let Test { place, _folder } = test();
    let system = Faulty { now: Some("2026-01-31T12:00:00Z".parse().unwrap()), ..Faulty::default() };
    let locked = Store::new(place.state()).lock().unwrap();
    let mut request = place.request();
    request.exception =
        Some(Exception { reason: "the plant\nis replaced".into(), until: "2026-03-31".parse().unwrap() });
    let mut transaction = Transaction::plan(&locked, &system, &request).unwrap();
    let id = transaction.id().to_owned();
    assert_eq!(id, "20260131-1");
    steps(&mut transaction).unwrap();
    let marked = format!("Host a\n# shakedown fix {id}: weaker until 2026-03-31: the plant is replaced\n  Port 2222\n");
    assert_eq!(place.contents(), [marked.as_str(), NEW[1]]);
    let days = |today: &str| {
        let due = due(locked.store(), today.parse().unwrap()).unwrap();
        due.iter().map(|(_, days)| *days).collect::<Vec<_>>()
    };
    assert_eq!((days("2026-03-30"), days("2026-03-31"), days("2026-04-02")), (vec![1], vec![0], vec![-2]));
    let record = locked.store().record(&id).unwrap();
    take_back(&locked, &system, &record, "past its date", std::time::Duration::from_secs(9)).unwrap();
    assert_eq!(place.contents(), OLD);
    assert!(days("2026-04-02").is_empty());
}
