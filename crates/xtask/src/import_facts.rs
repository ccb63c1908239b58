//! `cargo xtask import-facts [DIR]`: turns collected facts into the data files of `imported/` below
//! `crates/catalog-data/data/ssh` and `crates/catalog-data/data/tls`.
//!
//! DIR is a folder of facts (`ssh-offers.jsonl` and the files beside it; the default is `../shared/facts` beside the
//! repository) or a clone of openssh-portable with its tags, from which what each release supports is read. Files
//! outside `imported/` are written by hand and are never touched. Review the difference before you commit it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod facts;
mod openssh;
mod tls;
mod toml_text;

/// Imports from `dir`, or from `../shared/facts`.
///
/// # Errors
/// When the folder holds neither facts nor a clone of openssh-portable, or a file in it cannot be read.
pub(crate) fn run(dir: Option<&Path>) -> Result<()> {
    let root = workspace_root()?;
    let default = root.join("../shared/facts");
    let dir = dir.unwrap_or(&default);
    let out = root.join("crates/catalog-data/data/ssh/imported");
    if dir.join("ssh-offers.jsonl").is_file() {
        facts::import(dir, &out)?;
        tls::import(dir, &root.join("crates/catalog-data/data/tls/imported"))
    } else if openssh::is_clone(dir) {
        openssh::import(dir, &out)
    } else {
        bail!("{} holds neither ssh-offers.jsonl nor a clone of openssh-portable", dir.display())
    }
}

fn workspace_root() -> Result<PathBuf> {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root.canonicalize().context("the workspace root")
}

/// Writes a file below the data folder, making its folder.
fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
