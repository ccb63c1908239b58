//! Turns the words of other vendors (`data/gateway-words.toml`) into a table.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    words: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    of: String,
    source: String,
    #[serde(default)]
    encryption: BTreeMap<String, String>,
    #[serde(default)]
    integrity: BTreeMap<String, String>,
    #[serde(default)]
    prf: BTreeMap<String, String>,
    #[serde(default)]
    group: BTreeMap<String, String>,
}

pub(crate) fn table(text: &str) -> Result<String, Box<dyn Error>> {
    let file: File = toml::from_str(text)?;
    let mut code = String::from("static WORDS: &[Word] = &[\n");
    for row in file.words {
        if row.source.is_empty() {
            return Err(format!("{}: no source", row.of).into());
        }
        for (slot, words) in
            [("Encryption", row.encryption), ("Integrity", row.integrity), ("Prf", row.prf), ("Group", row.group)]
        {
            for (word, means) in words {
                writeln!(code, "Word {{ of: {:?}, slot: Slot::{slot}, word: {word:?}, means: {means:?} }},", row.of)?;
            }
        }
    }
    code.push_str("];\n");
    Ok(code)
}
