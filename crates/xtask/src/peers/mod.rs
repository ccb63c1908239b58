//! `cargo xtask peers`: brings the real programs that the tests run against, as `peers.toml` pins them, to
//! `target/peers`. What can run from there is unpacked there; only what cannot is installed, and that is said.

mod debian;
mod node;
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{command, workspace};

const PINNED: &str = include_str!("../../peers.toml");

/// What `peers.toml` holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pinned {
    debian: debian::Pinned,
    tools: Vec<Tool>,
    python: python::Pinned,
    scanners: Scanners,
    node: node::Pinned,
}

/// What is only measured beside shakedown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanners {
    python: python::Pinned,
    debian: debian::Pinned,
}

/// A program that cannot run from a folder of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    /// Succeeds where it is there.
    command: Vec<String>,
    packages: Vec<String>,
}

/// The peers as they lie there.
pub(crate) struct Peers {
    /// `target/peers`.
    pub(crate) folder: PathBuf,
}

impl Peers {
    /// The folder with one executable for each program.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }
}

/// Brings what is missing. Quick where everything is there.
pub(crate) fn bring() -> Result<Peers> {
    let pinned: Pinned = toml::from_str(PINNED).context("crates/xtask/peers.toml")?;
    let peers = Peers { folder: workspace::peers() };
    fs::create_dir_all(peers.programs()).with_context(|| format!("cannot make {}", peers.folder.display()))?;
    debian::bring(&pinned.debian, "debian", &peers)?;
    install(&pinned.tools)?;
    python::bring(&pinned.python, "python", &peers)?;
    node::bring(&pinned.node, &peers)?;
    separation_user()?;
    Ok(peers)
}

/// Brings what is only measured beside shakedown.
pub(crate) fn bring_scanners(peers: &Peers) -> Result<()> {
    let pinned: Pinned = toml::from_str(PINNED).context("crates/xtask/peers.toml")?;
    debian::bring(&pinned.scanners.debian, "debian-scanners", peers)?;
    python::bring(&pinned.scanners.python, "scanners", peers)
}

/// Whether a part was brought already, by these very pins.
fn is_there(peers: &Peers, part: &str, pins: &str) -> bool {
    fs::read_to_string(stamp(peers, part)).is_ok_and(|text| text == pins)
}

/// Notes that a part is there.
fn note(peers: &Peers, part: &str, pins: &str) -> Result<()> {
    let file = stamp(peers, part);
    fs::write(&file, pins).with_context(|| format!("cannot write {}", file.display()))
}

fn stamp(peers: &Peers, part: &str) -> PathBuf {
    peers.folder.join(format!("{part}.pins"))
}

/// Puts an executable `name` into the programs' folder that starts `program`.
fn link(peers: &Peers, name: &str, program: &Path, libraries: Option<&Path>) -> Result<()> {
    link_with(peers, name, program, libraries, &[])
}

/// The same with variables of its environment.
fn link_with(
    peers: &Peers,
    name: &str,
    program: &Path,
    libraries: Option<&Path>,
    environment: &[(String, PathBuf)],
) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut script = String::from("#!/bin/sh\n");
    if let Some(folder) = libraries {
        script.push_str(&format!("export LD_LIBRARY_PATH={}\n", quote(folder)));
    }
    for (variable, value) in environment {
        script.push_str(&format!("export {variable}={}\n", quote(value)));
    }
    script.push_str(&format!("exec {} \"$@\"\n", quote(program)));
    let file = peers.programs().join(name);
    fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn quote(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Whether this process may install packages and make users.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Installs what is missing of the programs that cannot run from a folder of their own.
fn install(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|tool| &tool.packages).map(String::as_str).collect();
    let list = packages.join(" ");
    if command::find("apt-get").is_none() || !is_root() {
        bail!("the tests need more programs: install them (Debian: `apt-get install {list}`), then run this again");
    }
    eprintln!("installing by apt, because it cannot run from target/peers: {list}");
    debian::update()?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(&packages);
    // A server that is only there to be tested is not to serve: in this state of the system none is started.
    command::output(install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))?;
    match missing.iter().find(|tool| !tool.is_there()) {
        Some(tool) => bail!("apt installed {list}, and `{}` still fails", tool.command.join(" ")),
        None => Ok(()),
    }
}

impl Tool {
    fn is_there(&self) -> bool {
        let Some((program, arguments)) = self.command.split_first() else { return true };
        command::output(Command::new(program).args(arguments)).is_ok()
    }
}

/// sshd started by root drops its rights to the user `sshd` and into `/run/sshd`.
fn separation_user() -> Result<()> {
    if !is_root() {
        return Ok(());
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    if !users.lines().any(|line| line.starts_with("sshd:")) {
        eprintln!("making the system user `sshd`, which sshd drops its rights to when root starts it");
        let mut add = Command::new("useradd");
        add.args(["--system", "--no-create-home", "--home-dir", "/run/sshd", "--shell", "/usr/sbin/nologin", "sshd"]);
        command::output(&mut add)?;
    }
    fs::create_dir_all("/run/sshd").context("cannot make /run/sshd")
}
