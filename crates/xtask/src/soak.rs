//! `cargo xtask soak`: the tests that draw at random, with large counts and new seeds.

use anyhow::Result;

use crate::{command, peers, suite};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many values each property test draws
    #[arg(long, default_value_t = 20_000)]
    properties: u32,
    /// How many random cases each differential test draws
    #[arg(long, default_value_t = 2_000)]
    cases: u32,
    /// Where the differential tests start; each prints the seed of a case that fails
    #[arg(long)]
    seed: Option<u64>,
    /// Only the tests of this package
    #[arg(long, short)]
    package: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let peers = peers::bring()?;
    let seed = arguments.seed.unwrap_or_else(clock_seed);
    eprintln!("seed {seed}");
    let mut tests = suite::runner();
    suite::select(&mut tests, &arguments.package);
    tests
        .env("PROPTEST_CASES", arguments.properties.to_string())
        .env("SHAKEDOWN_CASES", arguments.cases.to_string())
        .env("SHAKEDOWN_SEED", seed.to_string())
        .env("NEXTEST_PROFILE", "soak");
    command::run(suite::environment(&mut tests, &peers))
}

fn clock_seed() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
