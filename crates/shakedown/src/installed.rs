//! The programs of this machine: where they are, what they say, and of which distribution they are.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// How long an installed program may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program that asks nobody anything, speaks English, and ends with what started it.
pub(crate) fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What a program prints. `None` where there is none of this name, or it takes too long.
pub(crate) async fn run<T: AsRef<std::ffi::OsStr>>(program: &Path, arguments: &[T]) -> Option<Output> {
    run_within(program, arguments, PATIENCE).await
}

/// The same with another patience.
pub(crate) async fn run_within<T: AsRef<std::ffi::OsStr>>(
    program: &Path,
    arguments: &[T],
    patience: Duration,
) -> Option<Output> {
    let child = quiet(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    tokio::time::timeout(patience, child.wait_with_output()).await.ok()?.ok()
}

/// A program on the `PATH` or in the folders for administrators.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The build of this machine's packages as the catalog writes it: `debian-12`, `ubuntu-24.04`.
pub(crate) fn distribution() -> Option<String> {
    build(&std::fs::read_to_string("/etc/os-release").ok()?)
}

fn build(release: &str) -> Option<String> {
    let value = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('"').to_owned())
    };
    let (id, version) = (value("ID")?, value("VERSION_ID")?);
    // The minor release does not tell builds of these apart.
    let version = match id.as_str() {
        "rhel" | "rocky" | "almalinux" | "centos" => version.split('.').next()?.to_owned(),
        "alpine" => version.split('.').take(2).collect::<Vec<_>>().join("."),
        _ => version,
    };
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain.then(|| {
        format!("{}-{version}", if matches!(id.as_str(), "rocky" | "almalinux" | "centos") { "rhel" } else { &id })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_as_the_catalog_writes_them() {
        assert_eq!(build("ID=debian\nVERSION_ID=\"12\"\n").unwrap(), "debian-12");
        assert_eq!(build("ID=\"rocky\"\nVERSION_ID=\"9.4\"\n").unwrap(), "rhel-9");
    }
}
