//! Packages of the npm registry in a folder of their own.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Peers, is_there, note};
use crate::command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pinned {
    /// `name@version`.
    packages: Vec<String>,
}

pub(super) fn bring(pinned: &Pinned, peers: &Peers) -> Result<()> {
    let pins = format!("{}\n", pinned.packages.join("\n"));
    if is_there(peers, "node", &pins) {
        return Ok(());
    }
    eprintln!("installing from the npm registry into target/peers/node: {}", pinned.packages.join(", "));
    let folder = peers.folder.join("node");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Without a package.json of its own, npm would look for one in the folders above.
    fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
    let mut install = Command::new(command::find("npm").context("there is no npm")?);
    install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--save-exact"]);
    command::output(install.args(&pinned.packages).current_dir(&folder))?;
    note(peers, "node", &pins)
}
