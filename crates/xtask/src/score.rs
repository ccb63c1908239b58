//! `cargo xtask score`: how often `shakedown negotiate` says what the real programs did.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
const CASES: [(&str, f64); 2] = [(RECORDED, 1.0), ("ssh-clients.jsonl", 0.98)];

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
    let mut result = Ok(());
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
