//! Feeds the seeds of the fuzz target through the very function that is fuzzed, and texts that are torn and mixed.

#![allow(clippy::print_stdout, reason = "shown by the test harness with a failure only")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use shakedown_messages::fuzzing;

fn seeds() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/messages_text");
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn messages_text() {
    let seeds = seeds();
    assert!(!seeds.is_empty());
    for path in seeds {
        println!("{}", path.display());
        fuzzing::text(&fs::read(&path).unwrap());
    }
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(64))]

    /// Parts of the seeds, with bytes between them that mean something to the normaliser.
    #[test]
    fn torn_texts(parts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..300, 0_usize..10), 1..12)) {
        let seeds: Vec<Vec<u8>> = seeds().iter().map(|path| fs::read(path).unwrap()).collect();
        let between: [&[u8]; 10] =
            [b"", b"\n", b"\r\n", b"\x1b[31m", b"\\n", b"\\u001b", b"=\n", b"\xe2\x80", b"&quot;", b"\0"];
        let mut text = Vec::new();
        for (seed, from, length, mark) in parts {
            let seed = seed.get(&seeds);
            let from = from.index(seed.len());
            text.extend_from_slice(&seed[from..(from + length).min(seed.len())]);
            text.extend_from_slice(between[mark]);
        }
        fuzzing::text(&text);
    }
}
