//! Programs of Debian's packages, unpacked and run from where they lie. Nothing is installed, so no service starts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{Peers, is_root, is_there, link_with, note};
use crate::command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pinned {
    packages: Vec<Package>,
    /// Library packages that only plug-ins need which no test loads, and what they alone depend on.
    without: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    /// As apt understands it, `*` included.
    version: String,
    /// Paths inside the package.
    programs: Vec<String>,
    /// A folder with libraries that only these programs look into, inside a package.
    libraries: Option<String>,
    /// Variables of the environment of these programs: paths inside the packages.
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

impl Package {
    /// Where the loader is told to look for libraries besides the machine's own folders.
    fn library_path(&self, root: &Path, unpacked: Option<&Path>) -> Option<PathBuf> {
        let own = self.libraries.as_ref().map(|folder| root.join(folder).display().to_string());
        let folders: Vec<String> = own.into_iter().chain(unpacked.map(|path| path.display().to_string())).collect();
        (!folders.is_empty()).then(|| folders.join(":").into())
    }
}

/// Brings the packages into the folder `name` of the peers.
pub(super) fn bring(pinned: &Pinned, name: &str, peers: &Peers) -> Result<()> {
    let mut pins = String::new();
    for package in &pinned.packages {
        pins.push_str(&format!("{} {} {}", package.name, package.version, package.programs.join(" ")));
        package.environment.iter().for_each(|(variable, value)| pins.push_str(&format!(" {variable}={value}")));
        pins.push('\n');
    }
    if is_there(peers, name, &pins) {
        return Ok(());
    }
    if command::find("apt-get").is_none() || command::find("dpkg-deb").is_none() {
        return from_machine(pinned);
    }
    let names: Vec<&str> = pinned.packages.iter().map(|package| package.name.as_str()).collect();
    eprintln!("unpacking under target/peers/{name}: {}", names.join(", "));
    let root = peers.folder.join(name);
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    let wanted = selections(pinned)?;
    unpack(&wanted, &root)?;
    // What the programs link against and this machine lacks.
    let libraries = missing_libraries(pinned, &root)?;
    if !libraries.is_empty() {
        eprintln!("unpacking the libraries that they need: {}", libraries.join(", "));
        unpack(&libraries, &root)?;
    }
    let folders = library_path(&root);
    for package in &pinned.packages {
        for program in &package.programs {
            let file = root.join(program);
            let program = file.file_name().context("a program has a name")?.to_string_lossy().into_owned();
            let path = package.library_path(&root, folders.as_deref().filter(|_| !libraries.is_empty()));
            let lacking = unresolved(&file, path.as_deref())?;
            if !lacking.is_empty() {
                bail!("`{program}` of package {} lacks {}", package.name, lacking.join(", "));
            }
            let own = package.environment.iter().map(|(variable, value)| (variable.clone(), root.join(value)));
            link_with(peers, &program, &file, path.as_deref(), &own.collect::<Vec<_>>())?;
        }
    }
    note(peers, name, &pins)
}

/// Elsewhere than on Debian: the machine's own programs serve.
fn from_machine(pinned: &Pinned) -> Result<()> {
    let names = pinned.packages.iter().flat_map(|package| &package.programs);
    let missing: Vec<&str> =
        names.filter_map(|program| program.rsplit('/').next()).filter(|name| command::find(name).is_none()).collect();
    if !missing.is_empty() {
        bail!("this is not Debian, so install these yourself: {}", missing.join(", "));
    }
    eprintln!("this is not Debian: the tests take the peers that are installed");
    Ok(())
}

/// `name=version` for each package; the repository's own version, with a warning, where it lacks the pinned one.
fn selections(pinned: &Pinned) -> Result<Vec<String>> {
    let exact: Vec<String> = pinned.packages.iter().map(|p| format!("{}={}", p.name, p.version)).collect();
    if exact.iter().all(|selection| is_offered(selection)) {
        return Ok(exact);
    }
    update()?;
    let mut selections = Vec::new();
    for (package, selection) in pinned.packages.iter().zip(exact) {
        if is_offered(&selection) {
            selections.push(selection);
        } else if is_offered(&package.name) {
            eprintln!("warning: no {selection} in this machine's repositories: taking the version that they have");
            selections.push(package.name.clone());
        } else {
            bail!("this machine's repositories have no package {}", package.name);
        }
    }
    Ok(selections)
}

fn is_offered(selection: &str) -> bool {
    command::output(Command::new("apt-get").args(["download", "--print-uris", selection]))
        .is_ok_and(|text| !text.trim().is_empty())
}

/// Reads the repositories' lists anew.
pub(super) fn update() -> Result<()> {
    if !is_root() {
        bail!("the package lists lack what is needed: run `apt-get update` as root, then this again");
    }
    eprintln!("reading the package lists (apt-get update)");
    command::output(Command::new("apt-get").args(["update", "--quiet"])).map(|_| ())
}

fn unpack(selections: &[String], root: &Path) -> Result<()> {
    let downloads = root.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| format!("cannot make {}", downloads.display()))?;
    // apt may lack the right to drop its own rights in this folder; it then says so and downloads all the same.
    let mut download = Command::new("apt-get");
    download.args(["download", "--quiet"]).args(selections).current_dir(&downloads);
    command::output(&mut download)?;
    for entry in fs::read_dir(&downloads)? {
        let file = entry?.path();
        command::output(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(root))?;
        fs::remove_file(&file)?;
    }
    Ok(())
}

/// The library packages that the packages depend on, directly or through other libraries, and that are not installed.
fn missing_libraries(pinned: &Pinned, root: &Path) -> Result<Vec<String>> {
    let mut complete = true;
    for package in &pinned.packages {
        let path = package.library_path(root, None);
        for program in &package.programs {
            complete &= unresolved(&root.join(program), path.as_deref())?.is_empty();
        }
    }
    if complete {
        return Ok(Vec::new());
    }
    let mut queue: VecDeque<String> = pinned.packages.iter().map(|package| package.name.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(package) = queue.pop_front() {
        for dependency in dependencies(&package)? {
            if dependency.starts_with("lib")
                && !pinned.without.contains(&dependency)
                && !is_installed(&dependency)
                && seen.insert(dependency.clone())
            {
                queue.push_back(dependency);
            }
        }
    }
    Ok(seen.into_iter().collect())
}

/// What a package depends on; of alternatives the first.
fn dependencies(package: &str) -> Result<Vec<String>> {
    let text = command::output(Command::new("apt-cache").args(["depends", "--important", package]))?;
    let mut names = Vec::new();
    let mut alternative = false;
    for line in text.lines().map(str::trim) {
        let (first, rest) = match line.strip_prefix('|') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let Some(name) = rest.strip_prefix("Depends: ").or_else(|| rest.strip_prefix("PreDepends: ")) else {
            continue;
        };
        if !alternative && !name.starts_with('<') {
            names.push(name.to_owned());
        }
        alternative = first;
    }
    Ok(names)
}

fn is_installed(package: &str) -> bool {
    command::output(Command::new("dpkg-query").args(["--show", "--showformat", "${db:Status-Status} ", package]))
        .is_ok_and(|text| text.split_whitespace().any(|status| status == "installed"))
}

/// The folders with libraries below `root`, joined by colons.
fn library_path(root: &Path) -> Option<PathBuf> {
    let mut folders = Vec::new();
    for base in ["usr/lib", "lib"] {
        let Ok(entries) = fs::read_dir(root.join(base)) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().contains("-linux-") {
                folders.push(entry.path().display().to_string());
            }
        }
    }
    folders.sort();
    (!folders.is_empty()).then(|| folders.join(":").into())
}

/// The shared libraries that the loader would not find.
fn unresolved(program: &Path, libraries: Option<&Path>) -> Result<Vec<String>> {
    let mut begins = [0; 2];
    let is_script =
        fs::File::open(program).is_ok_and(|mut file| file.read_exact(&mut begins).is_ok()) && begins == *b"#!";
    if is_script {
        return Ok(Vec::new());
    }
    let mut command = Command::new("ldd");
    command.arg(program);
    if let Some(folders) = libraries {
        command.env("LD_LIBRARY_PATH", folders);
    }
    let text = command::output(&mut command)?;
    let missing = text.lines().filter(|line| line.contains("not found"));
    Ok(missing.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}
