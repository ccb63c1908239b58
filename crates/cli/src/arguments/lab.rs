//! What is typed for `lab`.

use clap::Subcommand;

/// What to do with the scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum LabVerb {
    /// The scenarios, with what is missing here for them.
    List,
    /// Run one, or `all`.
    Run {
        /// Its name.
        name: String,
        /// Leave its files, and say where they are.
        #[arg(long)]
        keep: bool,
    },
}

pub(super) const LAB: &str = "Servers are started on loopback, in a folder of their own with keys of their own, and ended again; nothing of \
                   this machine's configuration is read or changed.\n\nExamples:\n  shakedown lab list\n  shakedown lab run \
                   ssh-old-cipher\n  shakedown lab run all --format json\n\nExit status: 0 proved, 1 something was not as it \
                   should be, 3 a program that it needs is missing.";
