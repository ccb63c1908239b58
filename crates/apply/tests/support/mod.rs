//! What the tests of changes share: a system that ends the process at a given call, and a change of two files.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::cell::Cell;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use shakedown_apply::{Invocation, Ran, Real, Request, System};
use shakedown_model::{ConfigurationKind, FileEdit, SourceFile, TextEdit};

/// This machine, until a call that the process does not survive. Commands are not run, and succeed.
pub(crate) struct Killing {
    pub(crate) left: Cell<u32>,
}

impl Killing {
    /// The process survives so many calls, then is killed: before the next one, or in the middle of it.
    pub(crate) fn after(calls: u32) -> Self {
        Self { left: Cell::new(calls) }
    }

    /// One more call; `half` does a part of it before the end.
    fn call(&self, half: impl FnOnce()) {
        match self.left.get() {
            0 => die(),
            1 => {
                half();
                die();
            }
            left => self.left.set(left - 2),
        }
    }
}

fn die() -> ! {
    let this = rustix::process::getpid();
    rustix::process::kill_process(this, rustix::process::Signal::KILL).expect("a signal to itself");
    loop {
        std::thread::park();
    }
}

impl System for Killing {
    fn now(&self) -> jiff::Timestamp {
        Real::default().now()
    }

    /// Nothing here starts itself again.
    fn wait(&self, _: std::time::Duration) {}

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Real::default().read(path)
    }

    fn stage(&self, like: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call(|| std::fs::write(to, &bytes[..bytes.len() / 2]).expect("half a file"));
        Real::default().stage(like, to, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|| Real::default().rename(from, to).expect("a renamed file"));
        Real::default().rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(|| Real::default().remove(path).expect("a removed file"));
        Real::default().remove(path)
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        self.call(|| {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            file.expect("the journal").write_all(&line[..line.len() / 2]).expect("half a line");
        });
        Real::default().append(path, line)
    }

    fn run(&self, _: &Invocation) -> io::Result<Ran> {
        self.call(|| ());
        Ok(Ran { status: Some(0), late: false, output: String::new() })
    }

    fn signal(&self, _: i32, _: &str) -> io::Result<()> {
        self.call(|| ());
        Ok(())
    }

    fn guard(&self, _: &Path, _: &str) -> io::Result<()> {
        self.call(|| ());
        Ok(())
    }
}

/// The folder of a test with two files, one of them reached by a link.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
}

pub(crate) const OLD: [&str; 2] = ["Host a\n  Port 22\n", "Host b\r\n  Port 23\r\n"];
pub(crate) const NEW: [&str; 2] = ["Host a\n  Port 2222\n", "Host b\r\n  Port 2323\r\n"];

impl Place {
    /// Its files as they are before a change.
    pub(crate) fn fill(root: &Path) -> Self {
        let place = Self { root: root.to_owned() };
        std::fs::create_dir_all(root.join("real")).expect("a folder");
        std::fs::write(root.join("one"), OLD[0]).expect("a file");
        std::fs::write(root.join("real/two"), OLD[1]).expect("a file");
        std::os::unix::fs::symlink("real/two", root.join("two")).expect("a link");
        place
    }

    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    pub(crate) fn contents(&self) -> [String; 2] {
        let read = |name: &str| std::fs::read_to_string(self.root.join(name)).expect("a file");
        [read("one"), read("two")]
    }

    /// What is in the folders beside the two files.
    pub(crate) fn litter(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for folder in [self.root.clone(), self.root.join("real"), self.state()] {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            names.extend(entries.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        }
        names.retain(|name| name.contains("shakedown-") || name.starts_with("check-"));
        names.sort();
        names
    }

    /// The change of both.
    pub(crate) fn request(&self) -> Request {
        let edit = |name: &str, text: &str, at: usize, new: &str| FileEdit {
            file: Arc::new(SourceFile::new(self.root.join(name).display().to_string(), text.into())),
            edits: vec![TextEdit { span: at..at + 2, replacement: new.to_owned() }],
        };
        Request {
            title: "other ports".into(),
            causes: vec!["no-common-kex".into()],
            applicability: "safe",
            by: "test".into(),
            kind: ConfigurationKind::SshConfig,
            read: vec![self.root.join("one"), self.root.join("two")],
            edits: vec![edit("one", OLD[0], 14, "2222"), edit("two", OLD[1], 15, "2323")],
            host: "a".into(),
            home: None,
            reload: Some("true".into()),
            restart: None,
            limit: Duration::from_secs(20),
            confirm_within: None,
            exception: None,
        }
    }
}
