//! `cargo xtask ci`: everything that must hold before a change lands.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::command::{self, cargo};
use crate::workspace::{self, PROFILE};
use crate::{generate, peers, score, suite};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 8] = [
    ("format", format),
    ("peers", || peers::bring().map(|_| ())),
    ("spelling", spelling),
    ("clippy", clippy),
    ("generated files", || generate::run(&generate::Arguments { check: true })),
    ("documentation", documentation),
    ("score", score),
    ("tests", || suite::run(&suite::Arguments::default())),
];

/// Runs all steps, also after one has failed, so that one run shows everything that is wrong. The tests come last: their
/// summary closes the output.
pub(crate) fn run() -> Result<()> {
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        eprintln!("==> {name}");
        let started = Instant::now();
        let result = step();
        lines.push(line(name, started.elapsed(), result.is_ok()));
        if let Err(error) = result {
            eprintln!("error: {name}: {error:#}");
            failed.push(name);
        }
    }
    for line in lines {
        eprintln!("{line}");
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn line(name: &str, time: Duration, good: bool) -> String {
    let result = if good { "good" } else { "FAILED" };
    format!("{name:<16} {result:<7} {:>4} s", time.as_secs())
}

fn format() -> Result<()> {
    command::run(cargo().args(["fmt", "--all", "--check"]))
}

fn spelling() -> Result<()> {
    let typos = workspace::peers().join("bin/typos");
    command::run(std::process::Command::new(typos).current_dir(workspace::root()))
}

fn clippy() -> Result<()> {
    command::run(
        cargo()
            .args(["clippy", "--quiet", "--keep-going", "--workspace", "--all-targets", "--profile", PROFILE])
            .args(["--", "--deny", "warnings"]),
    )
}

fn documentation() -> Result<()> {
    command::run(
        cargo()
            .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items", "--profile", PROFILE])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

fn score() -> Result<()> {
    score::run(&score::Arguments::default())
}
