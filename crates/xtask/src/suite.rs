//! `cargo xtask test`: brings the real peers and runs every test.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::peers;
use crate::workspace::PROFILE;

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    filter: Option<String>,
    /// Only the tests of this package
    #[arg(long, short)]
    package: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let peers = peers::bring()?;
    // The documentation tests come first, so that the last line that is read is the summary of the whole suite. Their
    // failure is told, but does not keep the others from running.
    let mut documentation = Ok(());
    if arguments.filter.is_none() {
        let mut tests = cargo();
        tests.args(["test", "--doc", "--quiet", "--no-fail-fast", "--profile", PROFILE]);
        select(&mut tests, &arguments.package);
        documentation = command::run(environment(&mut tests, &peers));
    }
    let mut tests = runner();
    select(&mut tests, &arguments.package);
    tests.args(&arguments.filter);
    let suite = command::run(environment(&mut tests, &peers));
    documentation.and(suite)
}

/// `cargo nextest run` where it is installed, else `cargo test`; both with the one profile.
pub(crate) fn runner() -> Command {
    let mut command = cargo();
    if command::find("cargo-nextest").is_some() {
        command.args(["nextest", "run", "--cargo-profile", PROFILE]);
        if std::env::var_os("CI").is_some() {
            command.args(["--profile", "ci"]);
        }
    } else {
        command.args(["test", "--lib", "--bins", "--tests", "--no-fail-fast", "--profile", PROFILE]);
    }
    command
}

/// What the tests read: where the peers are, and that a missing one is a failure.
pub(crate) fn environment<'a>(command: &'a mut Command, peers: &peers::Peers) -> &'a mut Command {
    command.env("SHAKEDOWN_PEERS", &peers.folder).env("SHAKEDOWN_REQUIRE_PEERS", "1").env("PATH", search_path(peers))
}

/// The `PATH` with the peers in front.
pub(crate) fn search_path(peers: &peers::Peers) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(peers.programs()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap_or(path.clone())
}

pub(crate) fn select(command: &mut Command, packages: &[String]) {
    if packages.is_empty() {
        command.arg("--workspace");
    }
    for package in packages {
        command.args(["--package", package]);
    }
}
