//! Development tasks: `cargo xtask --help`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program reports to the developer who runs it")]

mod bench;
mod ci;
mod command;
mod diagnosis;
mod generate;
mod import_facts;
mod peers;
mod score;
mod soak;
mod suite;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of shakedown.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Brings the real peers and runs every test
    Test(suite::Arguments),
    /// Brings the real peers to `target/peers` and stops there
    Peers,
    /// Everything that must hold before a change lands: what `.ci/run` runs
    Ci,
    /// Writes completions, the man page and the JSON Schema
    Generate(generate::Arguments),
    /// Measures how often shakedown agrees with the real programs
    Score(score::Arguments),
    /// Measures time, memory and connections side by side with ssh-audit and ssh-keyscan
    Bench(bench::Arguments),
    /// The property and differential tests with large counts
    Soak(soak::Arguments),
    /// Turns collected facts into data files of the catalog
    ImportFacts {
        /// The folder of facts, or a clone of openssh-portable [default: ../shared/facts]
        folder: Option<std::path::PathBuf>,
    },
    /// Writes the skeleton of a diagnosis
    NewDiagnosis(diagnosis::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test(arguments) => suite::run(&arguments),
        Task::Peers => peers::bring().map(|_| ()),
        Task::Ci => ci::run(),
        Task::Generate(arguments) => generate::run(&arguments),
        Task::Score(arguments) => score::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Soak(arguments) => soak::run(&arguments),
        Task::ImportFacts { folder } => import_facts::run(folder.as_deref()),
        Task::NewDiagnosis(arguments) => diagnosis::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
