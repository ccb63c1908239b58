//! Feeds the seeds of the fuzz target through the very function that is fuzzed, and texts that are torn and mixed.

use std::fs;

use proptest::prelude::*;
use shakedown_messages::fuzzing;
use shakedown_testkit::{replay, seeds};

#[test]
fn messages_text() {
    replay("messages_text", fuzzing::text);
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(64))]

    /// Parts of the seeds, with bytes between them that mean something to the normaliser.
    #[test]
    fn torn_texts(parts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..300, 0_usize..10), 1..12)) {
        let seeds: Vec<Vec<u8>> = seeds("messages_text").iter().map(|path| fs::read(path).unwrap()).collect();
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
