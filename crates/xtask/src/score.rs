//! `cargo xtask score`: how often `shakedown negotiate` says what the real programs did, and how often `shakedown
//! explain` names what an expert names.

mod corpora;
mod scenarios;

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};

use crate::{command, generate, peers, suite, workspace};

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// The share that must agree, instead of each file's own
    #[arg(long)]
    min: Option<f64>,
    /// Show every difference
    #[arg(long, short)]
    verbose: bool,
    /// The program to measure; built where none is given
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Each file of cases with the share that must agree.
const CASES: [(&str, f64); 5] = [
    (RECORDED, 1.0),
    ("ssh-clients.jsonl", 0.98),
    ("tls-negotiation.jsonl", 0.99),
    ("tls-clients.jsonl", 0.97),
    // Both files of five pairs choose extended sequence numbers, which the ESP of the recording machine did not have: its
    // log says so, the files do not.
    ("ike-negotiation.jsonl", 0.94),
];

/// These cases were recorded with `ssh -o HostName=127.0.0.1 target`, which their files do not say and on which some
/// `Match host` in them depend: the real `ssh -G` gives the recorded lists only with that option. They are measured with
/// the option as the first line of the client's file, where it means the same.
const RECORDED: &str = "ssh-negotiation.jsonl";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Some(shared) = workspace::shared() else {
        eprintln!("no measuring data beside the workspace (../shared/cases): nothing to score");
        return Ok(());
    };
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => generate::build()?,
    };
    let peers = peers::bring()?;
    let mut result = corpora::run(&binary, &shared, arguments.verbose);
    result = result.and(scenarios::run(&binary, &shared, arguments.verbose));
    // The file as it is, to be seen: its figure cannot reach its goal, for the reason below.
    agree(&binary, &shared, &shared.join("cases").join(RECORDED), 0.0, arguments.verbose, &peers)?;
    for (file, minimum) in CASES {
        let minimum = arguments.min.unwrap_or(minimum);
        let path = shared.join("cases").join(file);
        let path = if file == RECORDED { with_host_name(&path)? } else { path };
        let one = agree(&binary, &shared, &path, minimum, arguments.verbose, &peers);
        result = result.and(one);
    }
    result
}

/// A copy of the cases with the recorded command line's `HostName` in each client's file.
fn with_host_name(cases: &Path) -> Result<PathBuf> {
    let mut text = String::new();
    for line in fs::read_to_string(cases)?.lines() {
        let mut case: serde_json::Value = serde_json::from_str(line)?;
        let client = case["client"].as_str().context("a case without a client")?;
        case["client"] = format!("HostName 127.0.0.1\n{client}").into();
        text.push_str(&format!("{case}\n"));
    }
    let folder = workspace::target().join("score");
    fs::create_dir_all(&folder)?;
    let path = folder.join("ssh-negotiation-as-recorded.jsonl");
    fs::write(&path, text)?;
    Ok(path)
}

fn agree(binary: &Path, shared: &Path, cases: &Path, minimum: f64, verbose: bool, peers: &peers::Peers) -> Result<()> {
    let mut command = Command::new("python3");
    command.arg(shared.join("agree")).arg("--binary").arg(binary).args(["--min", &minimum.to_string()]);
    if verbose {
        command.arg("--verbose");
    }
    command.arg(cases).env("PATH", suite::search_path(peers));
    command::run(&mut command)
}

/// Does the work for each of them, as many at a time as the machine has cores, and shows how far it is.
fn side_by_side<T: Sync, R: Send>(name: &str, all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    let shows = std::io::stderr().is_terminal();
    let one = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = all.get(index) else { break };
            let result = work(item);
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            if shows {
                eprint!("\r{name}: {done} of {}", all.len());
            } else if done == all.len() || done.is_multiple_of(25) {
                eprintln!("{name}: {done} of {}", all.len());
            }
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores.min(all.len()) {
            scope.spawn(one);
        }
    });
    if shows {
        eprintln!();
    }
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
