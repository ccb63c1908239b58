use std::path::PathBuf;

use crate::program::workspace;

/// The folder `shared` beside the workspace with data for measuring; `None`, after saying so, where there is none.
pub fn shared_dir() -> Option<PathBuf> {
    let folder = workspace().parent()?.join("shared");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no folder `shared` beside the workspace");
    None
}

/// The seeds of a fuzz target, in the order of their names. There is at least one.
pub fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = workspace().join("fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a seed").path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.sort();
    files
}

/// Feeds the seeds of a fuzz target through the function that is fuzzed. The one that caused a failure is the last that is
/// named.
pub fn replay(target: &str, body: fn(&[u8])) {
    for path in seeds(target) {
        eprintln!("{}", path.display());
        body(&std::fs::read(&path).expect("a seed"));
    }
}

/// How many random cases a differential test draws: `SHAKEDOWN_CASES`, else `default`.
pub fn cases(default: u32) -> u32 {
    number("SHAKEDOWN_CASES").map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// The seed that a test that draws at random starts from: `SHAKEDOWN_SEED`, else always the same one. Tests print it on failure.
pub fn seed() -> u64 {
    number("SHAKEDOWN_SEED").unwrap_or(1)
}

/// How a property test draws: `PROPTEST_CASES` values, else `default`, from [`seed`].
pub fn properties(default: u32) -> proptest::test_runner::Config {
    let cases = number("PROPTEST_CASES").map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX));
    proptest::test_runner::Config {
        cases,
        rng_seed: proptest::test_runner::RngSeed::Fixed(seed()),
        failure_persistence: None,
        ..Default::default()
    }
}

/// # Panics
/// Where the variable is set to something else than a number.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}
