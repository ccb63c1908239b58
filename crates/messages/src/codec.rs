//! The data as one run of bytes that is read in place: a message when it is needed. Also compiled into the build script.

use std::collections::BTreeSet;

use crate::data::{Data, Entry, PLAIN, Points, Value};
use crate::literals::{self, Literal, Weight};
use crate::ordinary::{self, Form, Ordinary};
use crate::scan::{self, Scan};

/// Writes the data of all files, by their names, as parts with their lengths: the files, where each message begins, the
/// messages, where each row of a table begins, the rows, the names of the tables, their keys, and the tables of both
/// scans, the forms of ordinary lines, how these are found, and which messages are in plain words.
pub(crate) fn encode(files: &[(String, Data)]) -> Vec<u8> {
    let (mut names, mut starts, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    let (mut forms, mut row_starts, mut rows, mut keys) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::<(String, usize)>::new());
    for (name, data) in files {
        texts(&mut names, [name]);
        number(&mut names, data.entries.len());
        number(&mut names, data.values.len());
        number(&mut names, data.forms.len());
        for form in &data.forms {
            texts(&mut forms, [&form.begins, &form.ends, &form.example, &form.success, &form.source]);
        }
        for entry in &data.entries {
            starts.extend_from_slice(&short(messages.len()));
            write_entry(&mut messages, entry);
        }
        for value in &data.values {
            keys.extend(value.keys.iter().map(|key| (row_key(&value.table, key), row_starts.len() / 4)));
            row_starts.extend_from_slice(&short(rows.len()));
            write_value(&mut rows, value);
        }
    }
    // The first of several rows with one key counts.
    keys.sort();
    keys.dedup_by(|later, first| later.0 == first.0);
    let named = files.iter().flat_map(|(_, data)| &data.values).map(|value| &value.table);
    let mut tables = Vec::new();
    texts(&mut tables, named.collect::<BTreeSet<_>>());
    let (mut key_starts, mut key_texts) = (Vec::new(), Vec::new());
    for (key, row) in &keys {
        key_starts.extend_from_slice(&short(key_texts.len()));
        texts(&mut key_texts, [key]);
        number(&mut key_texts, *row);
    }
    let entries: Vec<&Entry> = files.iter().flat_map(|(_, data)| &data.entries).collect();
    let place = |form: &Form| entries.iter().position(|entry| entry.id == form.success);
    let passed: Vec<_> = files.iter().flat_map(|(_, data)| &data.forms).map(|form| (form, place(form))).collect();
    let passed = ordinary::encode(&passed);
    let literals = literals::of(&entries);
    let rough: Vec<Literal> = literals.iter().filter(|literal| literal.weight != Weight::Nothing).cloned().collect();
    let (scan, rough) = (scan::encode(&literals), scan::encode(&rough));
    let plain = entries.iter().enumerate().filter(|(_, entry)| entry.product == PLAIN);
    let plain: Vec<u8> = plain.flat_map(|(index, _)| short(index)).collect();
    let mut out = Vec::new();
    let parts =
        [names, starts, messages, row_starts, rows, tables, key_starts, key_texts, scan, rough, forms, passed, plain];
    for part in parts {
        out.extend_from_slice(&short(part.len()));
        out.extend_from_slice(&part);
    }
    out
}

/// How the rows of all tables are found.
fn row_key(table: &str, key: &str) -> String {
    format!("{table} {key}")
}

fn short(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    texts(out, [&entry.id, &entry.product, &entry.protocol, &entry.pattern, &entry.printed_by, &entry.since]);
    texts(out, [&entry.until, &entry.source, &entry.phase, &entry.slot, &entry.kind, &entry.summary]);
    texts(out, [&entry.note, &entry.decides, &entry.begins_offer_of, &entry.offer_of]);
    number(out, usize::from(entry.lines));
    number(out, usize::from(entry.general));
    for names in [&entry.literals, &entry.tags, &entry.explains, &entry.covers, &entry.examples, &entry.counterexamples]
    {
        list(out, names);
    }
    write_points(out, &entry.indicates);
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    texts(out, [&value.table, &value.summary, &value.note, &value.decides]);
    list(out, &value.keys);
    list(out, &value.tags);
    write_points(out, &value.indicates);
}

fn write_points(out: &mut Vec<u8>, points: &[Points]) {
    number(out, points.len());
    for one in points {
        texts(out, [&one.cause, &one.strength, &one.side, &one.because, &one.reason, &one.object]);
        list(out, &one.with);
        list(out, &one.without);
        number(out, usize::try_from(one.times).unwrap_or(1));
    }
}

fn texts<'a>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a String>) {
    for text in texts {
        number(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

fn list(out: &mut Vec<u8>, names: &[String]) {
    number(out, names.len());
    texts(out, names);
}

/// Seven bits a byte, the last one without the high bit.
fn number(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The parts of what [`encode`] wrote.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Encoded<'a> {
    names: &'a [u8],
    starts: &'a [u8],
    messages: &'a [u8],
    row_starts: &'a [u8],
    rows: &'a [u8],
    tables: &'a [u8],
    key_starts: &'a [u8],
    keys: &'a [u8],
    scan: &'a [u8],
    rough: &'a [u8],
    forms: &'a [u8],
    ordinary: &'a [u8],
    plain: &'a [u8],
}

impl<'a> Encoded<'a> {
    /// The parts; `None` where it is something else.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = after;
            Some(part)
        };
        Some(Self {
            names: part()?,
            starts: part()?,
            messages: part()?,
            row_starts: part()?,
            rows: part()?,
            tables: part()?,
            key_starts: part()?,
            keys: part()?,
            scan: part()?,
            rough: part()?,
            forms: part()?,
            ordinary: part()?,
            plain: part()?,
        })
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() / 4
    }

    /// How many rows all tables have.
    pub(crate) fn rows(&self) -> usize {
        self.row_starts.len() / 4
    }

    /// The message at a place.
    pub(crate) fn entry(&self, index: usize) -> Option<Entry> {
        read_entry(&mut at(self.starts, self.messages, index)?)
    }

    /// The row at a place.
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        read_value(&mut at(self.row_starts, self.rows, index)?)
    }

    /// The names of the tables that rows are of.
    pub(crate) fn tables(&self) -> Vec<String> {
        let mut input = self.tables;
        std::iter::from_fn(|| read_text(&mut input)).collect()
    }

    /// The place of the row of a table with a folded key.
    pub(crate) fn row(&self, table: &str, key: &str) -> Option<usize> {
        let wanted = row_key(table, key);
        let (mut low, mut high) = (0, self.key_starts.len() / 4);
        while low < high {
            let middle = low.midpoint(high);
            let mut input = at(self.key_starts, self.keys, middle)?;
            let key = read_bytes(&mut input)?;
            match key.cmp(wanted.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return read_number(&mut input),
            }
        }
        None
    }

    /// Finds the literals of all messages.
    pub(crate) fn scan(&self) -> Scan<'a> {
        Scan::of(self.scan).unwrap_or_default()
    }

    /// The messages in plain words, by place.
    pub(crate) fn plain(&self) -> impl Iterator<Item = usize> + 'a {
        self.plain.as_chunks::<4>().0.iter().map(|place| u32::from_le_bytes(*place) as usize)
    }

    /// Finds the literals that make a line of a long text one to look at.
    pub(crate) fn rough_scan(&self) -> Scan<'a> {
        Scan::of(self.rough).unwrap_or_default()
    }

    /// Tells the lines that need not be looked at.
    pub(crate) fn ordinary(&self) -> Ordinary<'a> {
        Ordinary::of(self.ordinary).unwrap_or_default()
    }

    /// The forms of such lines.
    pub(crate) fn forms(&self) -> Vec<Form> {
        let mut input = self.forms;
        std::iter::from_fn(|| read_form(&mut input)).collect()
    }

    /// The data of each file, by its name.
    pub(crate) fn files(&self) -> Vec<(String, Data)> {
        let mut input = self.names;
        let mut entries = (0..self.len()).filter_map(|index| self.entry(index));
        let mut values = (0..self.rows()).filter_map(|index| self.value(index));
        let mut forms = self.forms().into_iter();
        let mut files = Vec::new();
        while !input.is_empty() {
            let Some(name) = read_text(&mut input) else { break };
            let mut count = || read_number(&mut input).unwrap_or(0);
            let entries = entries.by_ref().take(count()).collect();
            let values = values.by_ref().take(count()).collect();
            files.push((name, Data { entries, values, forms: forms.by_ref().take(count()).collect() }));
        }
        files
    }
}

fn read_form(input: &mut &[u8]) -> Option<Form> {
    let mut text = || read_text(input);
    Some(Form { begins: text()?, ends: text()?, example: text()?, success: text()?, source: text()? })
}

fn read_value(input: &mut &[u8]) -> Option<Value> {
    let mut text = || read_text(input);
    let (table, summary, note, decides) = (text()?, text()?, text()?, text()?);
    let keys = read_list(input)?;
    let tags = read_list(input)?;
    Some(Value { table, keys, tags, summary, note, decides, indicates: read_points(input)? })
}

/// What begins at the place that a table of beginnings gives.
fn at<'a>(starts: &[u8], bytes: &'a [u8], index: usize) -> Option<&'a [u8]> {
    let start = starts.get(index.checked_mul(4)?..)?.first_chunk::<4>()?;
    bytes.get(u32::from_le_bytes(*start) as usize..)
}

fn read_entry(input: &mut &[u8]) -> Option<Entry> {
    let mut text = || read_text(input);
    let mut entry = Entry {
        id: text()?,
        product: text()?,
        protocol: text()?,
        pattern: text()?,
        printed_by: text()?,
        since: text()?,
        until: text()?,
        source: text()?,
        phase: text()?,
        slot: text()?,
        kind: text()?,
        summary: text()?,
        note: text()?,
        decides: text()?,
        begins_offer_of: text()?,
        offer_of: text()?,
        ..Entry::default()
    };
    entry.lines = u8::try_from(read_number(input)?).ok()?;
    entry.general = read_number(input)? != 0;
    let Entry { literals, tags, explains, covers, examples, counterexamples, .. } = &mut entry;
    for field in [literals, tags, explains, covers, examples, counterexamples] {
        *field = read_list(input)?;
    }
    entry.indicates = read_points(input)?;
    Some(entry)
}

fn read_points(input: &mut &[u8]) -> Option<Vec<Points>> {
    (0..read_number(input)?)
        .map(|_| {
            let mut text = || read_text(input);
            let (cause, strength, side) = (text()?, text()?, text()?);
            let (because, reason, object) = (text()?, text()?, text()?);
            let (with, without) = (read_list(input)?, read_list(input)?);
            let times = u64::try_from(read_number(input)?).ok()?;
            Some(Points { cause, strength, side, because, reason, object, with, without, times })
        })
        .collect()
}

fn read_list(input: &mut &[u8]) -> Option<Vec<String>> {
    (0..read_number(input)?).map(|_| read_text(input)).collect()
}

fn read_text(input: &mut &[u8]) -> Option<String> {
    String::from_utf8(read_bytes(input)?.to_vec()).ok()
}

fn read_bytes<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = read_number(input)?;
    let (bytes, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(bytes)
}

fn read_number(input: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (first, rest) = input.split_first()?;
        *input = rest;
        value |= usize::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
