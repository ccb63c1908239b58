//! `cargo xtask ci`: everything that must hold before a change lands.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::command::{self, cargo};
use crate::workspace::{self, PROFILE};
use crate::{generate, peers, score, suite};

type Step = (&'static str, fn() -> Result<()>);

/// What needs no peers: meanwhile these are brought, which is more waiting than work.
const MEANWHILE: [Step; 3] = [("format", format), ("clippy", clippy), ("documentation", documentation)];
const STEPS: [Step; 4] = [
    ("spelling", spelling),
    ("generated files", || generate::run(&generate::Arguments { check: true })),
    ("score", score),
    ("tests", || suite::run(&suite::Arguments::default())),
];

/// Runs all steps, also after one has failed, so that one run shows everything that is wrong. The tests come last: their
/// summary closes the output.
pub(crate) fn run() -> Result<()> {
    let mut results = thread::scope(|scope| {
        let peers = scope.spawn(|| done(("peers", || peers::bring().map(|_| ()))));
        let mut results: Vec<_> = MEANWHILE.into_iter().map(done).collect();
        results.push(peers.join().unwrap_or(("peers", Duration::ZERO, false)));
        results
    });
    results.extend(STEPS.into_iter().map(done));
    for (name, time, good) in &results {
        eprintln!("{}", line(name, *time, *good));
    }
    let failed: Vec<_> = results.iter().filter(|(_, _, good)| !good).map(|(name, ..)| *name).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Does a step: its name, how long it took, and whether all was well.
fn done((name, step): Step) -> (&'static str, Duration, bool) {
    eprintln!("==> {name}");
    let started = Instant::now();
    let result = step();
    if let Err(error) = &result {
        eprintln!("error: {name}: {error:#}");
    }
    (name, started.elapsed(), result.is_ok())
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
