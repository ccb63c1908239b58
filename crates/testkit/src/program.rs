use std::path::{Path, PathBuf};

/// The folder that `cargo xtask peers` fills: `target/peers` of the workspace, or what `SHAKEDOWN_PEERS` says.
pub fn peers_dir() -> PathBuf {
    match std::env::var_os("SHAKEDOWN_PEERS") {
        Some(folder) => folder.into(),
        None => workspace().join("target/peers"),
    }
}

/// The workspace's root.
pub(crate) fn workspace() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// Where a program is: among the peers first, then on the `PATH`, then in the folders for administrators.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(peers_dir().join("bin"))
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The program, or `None` after saying that the test is skipped.
///
/// # Panics
/// Where the program is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set: a test must not pass because its peer is
/// not there.
pub fn require(name: &str) -> Option<PathBuf> {
    let found = program(name);
    if found.is_none() {
        missing(name);
    }
    found
}

/// Whether a file is there that a program looks for in one place only; says that the test is skipped where it is not.
///
/// # Panics
/// Where it is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
pub fn require_file(path: &Path) -> bool {
    let is_there = path.exists();
    if !is_there {
        missing(&path.display().to_string());
    }
    is_there
}

/// Says that something is missing, or fails because of it.
pub(crate) fn missing(what: &str) {
    skipped(&format!("`{what}` is missing: `cargo xtask peers` brings it"));
}

/// Says why a test is skipped.
///
/// # Panics
/// Where `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
pub fn skipped(why: &str) {
    let strict = ["CI", "SHAKEDOWN_REQUIRE_PEERS"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!strict, "{why}");
    eprintln!("skipped: {why}");
}
