//! `cargo xtask score`: how often `shakedown negotiate` says what the real programs did.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

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
const CASES: [(&str, f64); 2] = [("ssh-negotiation.jsonl", 1.0), ("ssh-clients.jsonl", 0.98)];

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
    for (file, minimum) in CASES {
        let minimum = arguments.min.unwrap_or(minimum);
        let one = agree(&shared, &binary, file, minimum, arguments.verbose, &peers);
        result = result.and(one);
    }
    result
}

fn agree(shared: &Path, binary: &Path, file: &str, minimum: f64, verbose: bool, peers: &peers::Peers) -> Result<()> {
    let mut command = Command::new("python3");
    command.arg(shared.join("agree")).arg("--binary").arg(binary).args(["--min", &minimum.to_string()]);
    if verbose {
        command.arg("--verbose");
    }
    command.arg(shared.join("cases").join(file)).env("PATH", suite::search_path(peers));
    command::run(&mut command)
}
