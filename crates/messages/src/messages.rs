use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;

use crate::codec::{self, Encoded};
use crate::data::{Data, DataError, Entry, Value, fold};
use crate::needs::Needs;
use crate::ordinary::Ordinary;
use crate::scan::Scan;

static BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/messages.bin"));

/// What programs print: the built-in data, with or without an overlay. A message is read when a text may hold it.
#[derive(Debug)]
pub struct Messages {
    bytes: Cow<'static, [u8]>,
    entries: Vec<OnceLock<Option<Box<Message>>>>,
    rows: Vec<OnceLock<Option<Box<Value>>>>,
    /// The names of the tables.
    tables: Vec<String>,
}

/// A message with its regular expression.
#[derive(Debug)]
struct Message {
    entry: Entry,
    /// Made in little time, for the few lines that most texts have.
    small: OnceLock<Option<Regex>>,
    /// Fast on many lines.
    fast: OnceLock<Option<Regex>>,
    /// What a text must have that is searched with it.
    needs: OnceLock<Needs>,
    /// How often it was asked for.
    uses: AtomicU32,
}

/// How often a message is looked for before its fast regular expression is worth making.
const MANY: u32 = 16;

impl Default for Messages {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Messages {
    /// The built-in data.
    pub fn built_in() -> Self {
        Self::of(Cow::Borrowed(BUILT_IN))
    }

    /// The built-in data, of which files with the same name (`ssh/openssh.toml`) are replaced and to which others are
    /// added.
    ///
    /// # Errors
    /// A file is not of the form of the data, or a pattern is not a regular expression.
    pub fn with_overlay(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, DataError> {
        let mut all = Encoded::of(BUILT_IN).unwrap_or_default().files();
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
        Ok(Self::of(Cow::Owned(codec::encode(&all))))
    }

    fn of(bytes: Cow<'static, [u8]>) -> Self {
        let encoded = Encoded::of(&bytes).unwrap_or_default();
        let entries = (0..encoded.len()).map(|_| OnceLock::new()).collect();
        let rows = (0..encoded.rows()).map(|_| OnceLock::new()).collect();
        let tables = encoded.tables();
        Self { bytes, entries, rows, tables }
    }

    fn encoded(&self) -> Encoded<'_> {
        Encoded::of(&self.bytes).unwrap_or_default()
    }

    /// All messages.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        (0..self.entries.len()).filter_map(|index| self.entry(index))
    }

    /// The message at a place.
    pub(crate) fn entry(&self, index: usize) -> Option<&Entry> {
        Some(&self.message(index)?.entry)
    }

    fn message(&self, index: usize) -> Option<&Message> {
        let read = || {
            let entry = self.encoded().entry(index)?;
            let (small, fast, needs) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
            Some(Box::new(Message { entry, small, fast, needs, uses: AtomicU32::new(0) }))
        };
        self.entries.get(index)?.get_or_init(read).as_deref()
    }

    /// All rows of the look-up tables.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        (0..self.rows.len()).filter_map(|index| self.row(index))
    }

    fn row(&self, index: usize) -> Option<&Value> {
        self.rows.get(index)?.get_or_init(|| self.encoded().value(index).map(Box::new)).as_deref()
    }

    /// Whether there is a table of a name.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table == name)
    }

    /// The row of a table for a captured text.
    pub(crate) fn value(&self, table: &str, text: &[u8]) -> Option<&Value> {
        // Most captures are no table's.
        if !self.has_table(table) {
            return None;
        }
        self.row(self.encoded().row(table, &fold(text))?)
    }

    /// Finds the literals of all messages.
    pub(crate) fn scan(&self) -> Scan<'_> {
        self.encoded().scan()
    }

    /// Finds the literals that make a line of a long text one to look at.
    pub(crate) fn rough_scan(&self) -> Scan<'_> {
        self.encoded().rough_scan()
    }

    /// The messages in plain words, by place.
    pub(crate) fn plain(&self) -> Vec<usize> {
        self.encoded().plain().collect()
    }

    /// Tells the lines of a long text that need not be looked at.
    pub(crate) fn ordinary(&self) -> Ordinary<'_> {
        self.encoded().ordinary()
    }

    /// The forms of such lines.
    #[cfg(test)]
    pub(crate) fn forms(&self) -> Vec<crate::ordinary::Form> {
        self.encoded().forms()
    }

    /// The regular expression of an entry; `None` where the literal is the whole message.
    pub(crate) fn regex(&self, index: usize) -> Option<&Regex> {
        let message = self.message(index)?;
        let (regex, config) = match message.uses.fetch_add(1, Ordering::Relaxed) {
            0..MANY => (&message.small, Config::new().hybrid(false).dfa(false).onepass(false).auto_prefilter(false)),
            _ => (&message.fast, Config::new()),
        };
        regex.get_or_init(|| compile(&message.entry.pattern, config)).as_ref()
    }

    /// What a text must have that an entry's pattern is searched in; only of one that is looked for often.
    pub(crate) fn needs(&self, index: usize) -> Option<&Needs> {
        let message = self.message(index).filter(|message| message.uses.load(Ordering::Relaxed) >= MANY)?;
        let entry = &message.entry;
        Some(message.needs.get_or_init(|| Needs::of(&blanks(&entry.pattern), syntax(), &entry.literals)))
    }
}

/// A pattern as the data write it: case does not count, and a blank stands for any run of white space. None where it is
/// empty; the data were checked.
fn compile(pattern: &str, config: Config) -> Option<Regex> {
    if pattern.is_empty() {
        return None;
    }
    Regex::builder().syntax(syntax()).configure(config).build(&blanks(pattern)).ok()
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
        assert!(Messages::built_in().entries().count() > 1000);
    }
}
