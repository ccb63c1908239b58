use std::collections::HashMap;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::codec;
use crate::data::{Data, DataError, Entry, Value, fold};

static BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/messages.bin"));

/// What programs print: the built-in data, with or without an overlay.
#[derive(Debug)]
pub struct Messages {
    entries: Vec<Entry>,
    values: Vec<Value>,
    /// By table and key.
    rows: HashMap<(String, String), usize>,
    regexes: Vec<OnceLock<Option<Regex>>>,
    scan: OnceLock<Scan>,
}

/// The fast scan: one automaton over the literals of all entries.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) automaton: AhoCorasick,
    /// The entries that a literal stands for.
    pub(crate) entries: Vec<Vec<usize>>,
}

impl Default for Messages {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Messages {
    /// The built-in data.
    pub fn built_in() -> Self {
        Self::of(built_in_files().into_iter().map(|(_, data)| data))
    }

    /// The built-in data, of which files with the same name (`ssh/openssh.toml`) are replaced and to which others are
    /// added.
    ///
    /// # Errors
    /// A file is not of the form of the data, or a pattern is not a regular expression.
    pub fn with_overlay(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, DataError> {
        let mut all: Vec<(String, Data)> = built_in_files();
        for (name, text) in files {
            let data = Data::read(&name, &text)?;
            for entry in &data.entries {
                syntax::parse_with(&blanks(&entry.pattern), &syntax()).map_err(|problem| DataError {
                    file: name.clone(),
                    entry: Some(entry.id.clone()),
                    problem: format!("{problem}: `{}`", entry.pattern),
                })?;
            }
            match all.iter_mut().find(|(other, _)| *other == name) {
                Some((_, old)) => *old = data,
                None => all.push((name, data)),
            }
        }
        Ok(Self::of(all.into_iter().map(|(_, data)| data)))
    }

    fn of(files: impl Iterator<Item = Data>) -> Self {
        let (mut entries, mut values) = (Vec::new(), Vec::new());
        for data in files {
            entries.extend(data.entries);
            values.extend(data.values);
        }
        let mut rows = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            for key in &value.keys {
                rows.entry((value.table.clone(), key.clone())).or_insert(index);
            }
        }
        let regexes = entries.iter().map(|_| OnceLock::new()).collect();
        Self { entries, values, rows, regexes, scan: OnceLock::new() }
    }

    /// All messages.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All rows of the look-up tables.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row of a table for a captured text.
    pub(crate) fn value(&self, table: &str, text: &str) -> Option<&Value> {
        let row = self.rows.get(&(table.to_owned(), fold(text)))?;
        self.values.get(*row)
    }

    pub(crate) fn scan(&self) -> &Scan {
        self.scan.get_or_init(|| {
            let mut by_literal: HashMap<String, usize> = HashMap::new();
            let (mut literals, mut owners) = (Vec::new(), Vec::<Vec<usize>>::new());
            for (index, entry) in self.entries.iter().enumerate() {
                for literal in &entry.literals {
                    let folded = literal.to_ascii_lowercase();
                    let place = *by_literal.entry(folded.clone()).or_insert_with(|| {
                        literals.push(folded);
                        owners.push(Vec::new());
                        literals.len() - 1
                    });
                    if let Some(owners) = owners.get_mut(place)
                        && owners.last() != Some(&index)
                    {
                        owners.push(index);
                    }
                }
            }
            let built =
                AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&literals);
            match built {
                Ok(automaton) => Scan { automaton, entries: owners },
                // Only more than 2^31 states make it fail; then nothing is recognised.
                Err(_) => {
                    Scan { automaton: AhoCorasick::new([""; 0]).unwrap_or_else(|_| never()), entries: Vec::new() }
                }
            }
        })
    }

    /// The regular expression of an entry; `None` where the literal is the whole message.
    pub(crate) fn regex(&self, index: usize) -> Option<&Regex> {
        let entry = self.entries.get(index)?;
        self.regexes.get(index)?.get_or_init(|| compile(&entry.pattern).ok().flatten()).as_ref()
    }
}

/// The empty automaton is always built.
fn never() -> AhoCorasick {
    unreachable!("an automaton without patterns")
}

fn built_in_files() -> Vec<(String, Data)> {
    let mut files = Vec::new();
    let mut rest = BUILT_IN;
    while let Some((name, after)) = part(rest) {
        let Some((bytes, after)) = part(after) else { break };
        rest = after;
        files.push((String::from_utf8_lossy(name).into_owned(), codec::decode(bytes).unwrap_or_default()));
    }
    files
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// A pattern as the data write it: case does not count, and a blank stands for any run of white space.
fn compile(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    Regex::builder().syntax(syntax()).build(&blanks(pattern)).map(Some).map_err(|error| format!("{error}: `{pattern}`"))
}

fn syntax() -> syntax::Config {
    syntax::Config::new().case_insensitive(true).unicode(false).utf8(false).multi_line(true)
}

fn blanks(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                out.push(character);
                out.extend(characters.next());
            }
            '[' if !in_class => {
                in_class = true;
                out.push(character);
            }
            ']' if in_class => {
                in_class = false;
                out.push(character);
            }
            ' ' if !in_class => {
                // A counted or optional blank keeps its own meaning.
                match characters.peek() {
                    Some('?' | '*' | '+' | '{') => out.push_str(r"\s"),
                    Some(' ') => {}
                    _ => out.push_str(r"\s+"),
                }
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_any_white_space() {
        assert_eq!(blanks(r"a b\ c[ d] ?e"), r"a\s+b\ c[ d]\s?e");
    }

    #[test]
    fn the_built_in_data_are_read_back() {
        assert!(!Messages::built_in().entries().is_empty());
    }
}
