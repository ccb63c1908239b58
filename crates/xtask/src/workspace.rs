//! Where things lie.

use std::path::{Path, PathBuf};

/// The cargo profile that tests, scorers and generators share, so that one build serves them all.
pub(crate) const PROFILE: &str = "ci";

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// The folder that holds the real peers.
pub(crate) fn peers() -> PathBuf {
    root().join("target/peers")
}

/// The folder beside the workspace that holds the measuring data, where there is one.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = root().parent()?.join("shared");
    folder.join("cases").is_dir().then_some(folder)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}
