//! Packages of PyPI in a virtual environment.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Peers, is_there, link, note};
use crate::command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pinned {
    /// Programs of the environment that get a place of their own.
    programs: Vec<String>,
    /// `name==version`.
    packages: Vec<String>,
    /// Those of which there is no wheel.
    #[serde(default)]
    from_source: Vec<String>,
}

/// Brings the packages into the folder `name` of the peers, each environment with pins of its own.
pub(super) fn bring(pinned: &Pinned, name: &str, peers: &Peers) -> Result<()> {
    let python = command::find("python3").context("there is no python3")?;
    let version = command::output(Command::new(&python).arg("--version"))?;
    let pins = format!("{version}{}\n{}\n", pinned.packages.join("\n"), pinned.programs.join(" "));
    if is_there(peers, name, &pins) {
        return Ok(());
    }
    eprintln!("installing from PyPI into target/peers/{name}: {}", pinned.packages.join(", "));
    let folder = peers.folder.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    command::output(Command::new(&python).args(["-m", "venv"]).arg(&folder))?;
    let inner = folder.join("bin/python");
    let mut install = Command::new(&inner);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]);
    pinned.from_source.iter().for_each(|name| _ = install.args(["--no-binary", name]));
    command::output(install.args(&pinned.packages))?;
    command::output(Command::new(&inner).args(["-m", "pip", "check", "--disable-pip-version-check"]))?;
    link(peers, &format!("peers-{name}"), &inner, None)?;
    for program in &pinned.programs {
        link(peers, program, &folder.join("bin").join(program), None)?;
    }
    note(peers, name, &pins)
}
