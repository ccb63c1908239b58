//! `cargo xtask generate`: files made from the program itself. They are in the repository so that packagers and readers
//! have them, and never edited by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command::{self, cargo};
use crate::workspace::{self, PROFILE};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only tell which files are out of date
    #[arg(long)]
    pub(crate) check: bool,
}

/// Each file and the arguments that make the program print it.
const FILES: [(&str, &[&str]); 5] = [
    ("generated/completions/shakedown.bash", &["completions", "bash"]),
    ("generated/completions/_shakedown", &["completions", "zsh"]),
    ("generated/completions/shakedown.fish", &["completions", "fish"]),
    ("generated/man/shakedown.1", &["manual"]),
    ("schema/shakedown-1.schema.json", &["schema"]),
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = build()?;
    let folder = workspace::root();
    let mut stale = Vec::new();
    for (name, words) in FILES {
        let wanted = command::output(Command::new(&binary).args(words).env("COLUMNS", "100").env("NO_COLOR", "1"))?;
        let file = folder.join(name);
        if fs::read_to_string(&file).is_ok_and(|text| text == wanted) {
            continue;
        }
        if arguments.check {
            stale.push(name.to_owned());
        } else {
            write(&file, &wanted)?;
            eprintln!("wrote {name}");
        }
    }
    stale.extend(unlisted_crates()?);
    if !stale.is_empty() {
        bail!("out of date: {} (`cargo xtask generate` writes what is generated)", stale.join(", "));
    }
    Ok(())
}

/// Builds the program and returns its path.
pub(crate) fn build() -> Result<PathBuf> {
    // The whole workspace, so that the features, and with them the builds, are those of the tests.
    command::run(cargo().args(["build", "--quiet", "--workspace", "--profile", PROFILE]))?;
    Ok(workspace::target().join(PROFILE).join("shakedown"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// `crates/README.md` is written by hand, in the order of the data flow; it must name every crate, and no other.
fn unlisted_crates() -> Result<Vec<String>> {
    let folder = workspace::root().join("crates");
    let text = fs::read_to_string(folder.join("README.md")).context("cannot read crates/README.md")?;
    let mut listed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("**[`")?.split('`').next()).collect();
    listed.sort_unstable();
    let mut present = Vec::new();
    for entry in fs::read_dir(&folder).context("cannot list crates/")? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            present.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    present.sort_unstable();
    let mut wrong = Vec::new();
    for name in &present {
        if !listed.contains(&name.as_str()) {
            wrong.push(format!("crates/README.md (does not list {name})"));
        }
        if !folder.join(name).join("README.md").is_file() {
            wrong.push(format!("crates/{name}/README.md (does not exist)"));
        }
    }
    for name in listed {
        if !present.iter().any(|other| other == name) {
            wrong.push(format!("crates/README.md (lists {name}, which does not exist)"));
        }
    }
    Ok(wrong)
}
