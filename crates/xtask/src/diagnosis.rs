//! `cargo xtask new-diagnosis FAMILY CODE`: writes the skeleton of a diagnosis.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder that it belongs to, such as `negotiation`
    family: String,
    /// The code, such as `no-common-kex`
    code: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { family, code } = arguments;
    for word in [family, code] {
        if word.is_empty()
            || !word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            bail!("`{word}`: lower case letters, digits and hyphens only");
        }
    }
    let folder = workspace::root().join("crates/diagnose/src/diagnoses").join(family.replace('-', "_"));
    let file = folder.join(format!("{}.rs", code.replace('-', "_")));
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(&file, TEMPLATE).with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("wrote {}; crates/diagnose/README.md tells what goes into it", file.display());
    Ok(())
}

const TEMPLATE: &str = include_str!("diagnosis.template");
