//! What a text that nobody knows looks like.

use std::collections::HashSet;

use crate::Messages;
use crate::data::PLAIN;

/// Lines of a text in which nothing was recognised.
#[derive(Debug, Default)]
pub(crate) struct Unrecognised {
    telling: Vec<String>,
    others: Vec<String>,
    /// Bytes that were looked at.
    seen: usize,
}

/// Lines that are kept of either sort.
const LINES: usize = 24;
/// Bytes of a line that are looked at.
const LENGTH: usize = 300;
/// Bytes of a text that are looked at.
const REACH: usize = 256 * 1024;
/// The same, of all blocks together.
const MOST: usize = 4 << 20;
/// Of the groups of three letters of a known message, the share that a line has to have.
const ALIKE: f64 = 0.6;
/// Known messages that are named.
const NAMED: usize = 3;

/// Words of lines that somebody may want to have explained.
const TELLING: &[&str] = &[
    "fail",
    "error",
    "refus",
    "reject",
    "denied",
    "handshake",
    "negotiat",
    "cert",
    "proposal",
    "closed",
    "reset",
    "key",
    "cipher",
    "ssl",
    "tls",
    "alert",
    "unable",
    "timeout",
];

impl Unrecognised {
    pub(crate) fn see(&mut self, text: &[u8]) {
        if self.telling.len() >= LINES || self.seen >= MOST {
            return;
        }
        let text = text.get(..REACH).unwrap_or(text);
        self.seen += text.len();
        for line in text.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line.get(..LENGTH).unwrap_or(line)).trim().to_owned();
            let lower = line.to_lowercase();
            let is_telling = TELLING.iter().any(|word| lower.contains(word));
            let lines = if is_telling { &mut self.telling } else { &mut self.others };
            if lines.len() < LINES && line.len() >= 8 && !lines.contains(&line) {
                lines.push(line);
            }
        }
    }

    /// Lines, and the example of a known message that each looks like, the most alike first.
    pub(crate) fn nearest(&self, messages: &Messages) -> Vec<(String, String)> {
        let lines: Vec<(&String, HashSet<[u8; 3]>)> =
            self.telling.iter().chain(&self.others).map(|line| (line, groups(line))).collect();
        let mut found: Vec<(f64, &String, &str)> = Vec::new();
        for entry in
            messages.entries().filter(|entry| entry.kind != "context" && entry.lines <= 1 && entry.product != PLAIN)
        {
            for literal in &entry.literals {
                let wanted = groups(literal);
                let folded = literal.to_ascii_lowercase();
                let of_literal = |example: &&String| example.to_ascii_lowercase().contains(&folded);
                let Some(example) = entry.examples.iter().find(of_literal).filter(|_| wanted.len() >= 8) else {
                    continue;
                };
                let example = example.trim();
                for (line, has) in &lines {
                    if wanted.intersection(has).count() as f64 >= ALIKE * wanted.len() as f64 {
                        let whole = groups(example);
                        let both = whole.intersection(has).count() as f64;
                        found.push((2.0 * both / (whole.len() + has.len()) as f64, line, example));
                    }
                }
            }
        }
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut named: Vec<(String, String)> = Vec::new();
        for (_, line, example) in found {
            if named.len() < NAMED && named.iter().all(|(_, other)| other != example) {
                named.push((line.clone(), example.to_owned()));
            }
        }
        named
    }
}

/// Groups of three letters, with one blank between words.
fn groups(text: &str) -> HashSet<[u8; 3]> {
    let mut letters = vec![b' '];
    for byte in text.bytes() {
        let byte = if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b' ' };
        if byte != b' ' || letters.last() != Some(&b' ') {
            letters.push(byte);
        }
    }
    letters.windows(3).filter_map(|group| group.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_message_is_near_and_other_text_is_not() {
        let messages = Messages::built_in();
        let mut text = Unrecognised::default();
        text.see(b"Hello\nNo mathcing key exchange methd found at all\nsome more\n");
        let nearest = text.nearest(&messages);
        assert!(
            nearest.first().is_some_and(|(_, example)| example.contains("no matching key exchange")),
            "{nearest:?}"
        );
        let mut text = Unrecognised::default();
        text.see(b"It was the best of times, it was the worst of times.\n");
        assert_eq!(text.nearest(&messages), []);
    }
}
