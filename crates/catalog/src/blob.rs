//! The blob: strings stored once and sorted, lists as runs of string numbers, rows as runs of 32-bit words.
//!
//! Layout, all numbers little-endian 32-bit: magic, format, section count, then offset, length in bytes and row width of
//! each section, then the sections. Nothing is parsed when a blob is opened: a look-up is a binary search over words.
//! `u32::MAX` stands for "not known" in every column.

use std::collections::{BTreeMap, BTreeSet};

/// Marks the file as a catalog.
const MAGIC: u32 = 0x6b64_6873;
/// Raised with every change of the layout or of a row.
pub(crate) const FORMAT: u32 = 4;
/// "Not known".
pub(crate) const NONE: u32 = u32::MAX;

/// The sections of a blob. Tables are sorted by their leading columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    StringOffsets,
    StringBytes,
    ListOffsets,
    ListWords,
    Products,
    Aliases,
    Offers,
    Supported,
    Behaviours,
    Builds,
    CryptoPolicies,
    Banners,
    Algorithms,
    Distributions,
    Policies,
    OpensslSuites,
    VendorIds,
}

/// How many sections there are.
const SECTIONS: usize = 17;

/// Why bytes are not a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The bytes do not begin like a catalog.
    #[error("the bytes are not a catalog")]
    NotACatalog,
    /// It is of another format.
    #[error("the catalog has format {found}, this program reads {FORMAT}")]
    OtherFormat {
        /// Its format.
        found: u32,
    },
    /// A section lies outside the bytes.
    #[error("the catalog is cut off")]
    CutOff,
}

/// A row that can be written to words and read back.
pub(crate) trait Row: Sized {
    const SECTION: Section;
    fn write(&self, out: &mut Words<'_>);
    fn read(input: &mut Cursor<'_>) -> Self;
}

/// Collects the words of one row.
pub(crate) struct Words<'a> {
    interner: &'a mut Interner,
    words: Vec<u32>,
}

impl Words<'_> {
    pub(crate) fn number(&mut self, number: u32) {
        self.words.push(number);
    }

    pub(crate) fn optional_number(&mut self, number: Option<u32>) {
        self.words.push(number.unwrap_or(NONE));
    }

    pub(crate) fn text(&mut self, text: &str) {
        let symbol = self.interner.symbol(text);
        self.words.push(symbol);
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.words.push(NONE),
        }
    }

    pub(crate) fn names(&mut self, names: &Option<Vec<String>>) {
        let Some(names) = names else { return self.words.push(NONE) };
        let symbols = names.iter().map(|name| self.interner.symbol(name)).collect();
        let list = self.interner.list(symbols);
        self.words.push(list);
    }
}

/// Gives strings and lists their numbers. Strings must all be known before the first row is written, so that their
/// numbers follow their order.
struct Interner {
    strings: BTreeMap<String, u32>,
    pending: Option<BTreeSet<String>>,
    lists: BTreeMap<Vec<u32>, u32>,
}

impl Interner {
    fn symbol(&mut self, text: &str) -> u32 {
        if let Some(pending) = &mut self.pending {
            pending.insert(text.to_owned());
            return 0;
        }
        self.strings.get(text).copied().unwrap_or(NONE)
    }

    fn list(&mut self, symbols: Vec<u32>) -> u32 {
        let next = u32::try_from(self.lists.len()).unwrap_or(NONE);
        *self.lists.entry(symbols).or_insert(next)
    }
}

/// Writes tables in the order of their sections. `tables` is called twice: once to collect strings, once to write.
pub(crate) fn write(tables: impl Fn(&mut TableWriter<'_>)) -> Vec<u8> {
    let mut interner = Interner { strings: BTreeMap::new(), pending: Some(BTreeSet::new()), lists: BTreeMap::new() };
    tables(&mut TableWriter { interner: &mut interner, tables: BTreeMap::new() });
    let strings = interner.pending.take().unwrap_or_default();
    interner.strings = strings.into_iter().zip(0..).collect();
    interner.lists.clear();
    let mut writer = TableWriter { interner: &mut interner, tables: BTreeMap::new() };
    tables(&mut writer);
    let rows = writer.tables;

    let mut sections: Vec<(Vec<u8>, usize)> = vec![(Vec::new(), 0); SECTIONS];
    let mut put = |section: Section, bytes: Vec<u8>, width: usize| {
        if let Some(slot) = sections.get_mut(section as usize) {
            *slot = (bytes, width);
        }
    };
    let mut offsets = vec![0u32];
    let mut text = Vec::new();
    for string in interner.strings.keys() {
        text.extend_from_slice(string.as_bytes());
        offsets.push(u32::try_from(text.len()).unwrap_or(NONE));
    }
    put(Section::StringOffsets, bytes_of(&offsets), 1);
    put(Section::StringBytes, text, 0);
    let mut lists: Vec<(&Vec<u32>, u32)> = interner.lists.iter().map(|(list, &number)| (list, number)).collect();
    lists.sort_by_key(|&(_, number)| number);
    let mut offsets = vec![0u32];
    let mut words = Vec::new();
    for (list, _) in lists {
        words.extend_from_slice(list);
        offsets.push(u32::try_from(words.len()).unwrap_or(NONE));
    }
    put(Section::ListOffsets, bytes_of(&offsets), 1);
    put(Section::ListWords, bytes_of(&words), 1);
    for (section, table) in rows {
        let width = table.first().map_or(0, Vec::len);
        if let Some(slot) = sections.get_mut(section) {
            *slot = (bytes_of(&table.concat()), width);
        }
    }

    let mut blob = bytes_of(&[MAGIC, FORMAT, u32::try_from(SECTIONS).unwrap_or(NONE)]);
    let mut offset = blob.len() + SECTIONS * 12;
    for (bytes, width) in &sections {
        for number in [offset, bytes.len(), *width] {
            blob.extend_from_slice(&u32::try_from(number).unwrap_or(NONE).to_le_bytes());
        }
        offset += bytes.len();
    }
    for (bytes, _) in sections {
        blob.extend_from_slice(&bytes);
    }
    blob
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Takes the rows of each table.
pub(crate) struct TableWriter<'a> {
    interner: &'a mut Interner,
    tables: BTreeMap<usize, Vec<Vec<u32>>>,
}

impl TableWriter<'_> {
    /// Writes a table. Rows have to come in the order that look-ups search in.
    pub(crate) fn table<'r, R: Row + 'r>(&mut self, rows: impl IntoIterator<Item = &'r R>) {
        let mut table = Vec::new();
        for row in rows {
            let mut out = Words { interner: self.interner, words: Vec::new() };
            row.write(&mut out);
            table.push(out.words);
        }
        self.tables.insert(R::SECTION as usize, table);
    }
}

/// A blob that has been opened: only its header has been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blob<'a> {
    sections: [(&'a [u8], usize); SECTIONS],
}

impl<'a> Blob<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, BlobError> {
        if word(bytes, 0) != Some(MAGIC) {
            return Err(BlobError::NotACatalog);
        }
        match word(bytes, 1) {
            Some(FORMAT) => {}
            Some(found) => return Err(BlobError::OtherFormat { found }),
            None => return Err(BlobError::CutOff),
        }
        let mut sections = [(&[] as &[u8], 0usize); SECTIONS];
        for (index, section) in sections.iter_mut().enumerate() {
            let number = |column: usize| word(bytes, 3 + index * 3 + column).map(|number| number as usize);
            let (Some(offset), Some(length), Some(width)) = (number(0), number(1), number(2)) else {
                return Err(BlobError::CutOff);
            };
            let end = offset.checked_add(length).ok_or(BlobError::CutOff)?;
            *section = (bytes.get(offset..end).ok_or(BlobError::CutOff)?, width);
        }
        Ok(Self { sections })
    }

    /// A blob without rows.
    pub(crate) fn empty() -> Self {
        Self { sections: [(&[], 0); SECTIONS] }
    }

    fn section(&self, section: Section) -> (&'a [u8], usize) {
        self.sections.get(section as usize).copied().unwrap_or((&[], 0))
    }

    /// The string of a number; empty for a number that has none.
    pub(crate) fn string(&self, symbol: u32) -> &'a str {
        let (offsets, _) = self.section(Section::StringOffsets);
        let (text, _) = self.section(Section::StringBytes);
        let symbol = symbol as usize;
        let range = word(offsets, symbol).zip(symbol.checked_add(1).and_then(|next| word(offsets, next)));
        range
            .and_then(|(start, end)| text.get(start as usize..end as usize))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }

    /// The number of a string.
    pub(crate) fn symbol(&self, text: &str) -> Option<u32> {
        let (offsets, _) = self.section(Section::StringOffsets);
        let count = u32::try_from(offsets.len() / 4).ok()?.checked_sub(1)?;
        let found = partition(0..count, |symbol| self.string(symbol) < text);
        (found < count && self.string(found) == text).then_some(found)
    }

    /// The string numbers of a list.
    pub(crate) fn list(&self, list: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (offsets, _) = self.section(Section::ListOffsets);
        let (words, _) = self.section(Section::ListWords);
        let list = list as usize;
        let range = word(offsets, list).zip(list.checked_add(1).and_then(|next| word(offsets, next)));
        let (start, end) = range.unwrap_or((0, 0));
        words
            .get(start as usize * 4..end as usize * 4)
            .unwrap_or_default()
            .chunks_exact(4)
            .filter_map(|chunk| word(chunk, 0))
    }

    /// How many rows a table has.
    pub(crate) fn rows(&self, section: Section) -> u32 {
        let (bytes, width) = self.section(section);
        if width == 0 { 0 } else { u32::try_from(bytes.len() / (width * 4)).unwrap_or(0) }
    }

    /// One column of one row; "not known" outside the table.
    pub(crate) fn cell(&self, section: Section, row: u32, column: usize) -> u32 {
        let (bytes, width) = self.section(section);
        word(bytes, row as usize * width + column).unwrap_or(NONE)
    }

    /// One row, decoded.
    pub(crate) fn row<R: Row>(&self, row: u32) -> R {
        R::read(&mut Cursor { blob: self, section: R::SECTION, row, column: 0 })
    }

    /// The rows whose leading columns equal `key`.
    pub(crate) fn equal_range(&self, section: Section, key: &[u32]) -> std::ops::Range<u32> {
        let count = self.rows(section);
        let compare = |row: u32| {
            key.iter()
                .enumerate()
                .map(|(column, wanted)| self.cell(section, row, column).cmp(wanted))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        let start = partition(0..count, |row| compare(row).is_lt());
        let end = partition(start..count, |row| compare(row).is_eq());
        start..end
    }

    /// The rows whose first column is this string.
    pub(crate) fn named(&self, section: Section, text: &str) -> std::ops::Range<u32> {
        self.symbol(text).map_or(0..0, |symbol| self.equal_range(section, &[symbol]))
    }

    /// All rows of a table, decoded.
    pub(crate) fn all<R: Row>(&self) -> Vec<R> {
        (0..self.rows(R::SECTION)).map(|row| self.row(row)).collect()
    }
}

/// The first number of a range for which `before` no longer holds.
pub(crate) fn partition(range: std::ops::Range<u32>, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let start = index.checked_mul(4)?;
    let chunk = bytes.get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(chunk.try_into().ok()?))
}

/// Reads the words of one row in the order in which they were written.
pub(crate) struct Cursor<'a> {
    blob: &'a Blob<'a>,
    section: Section,
    row: u32,
    column: usize,
}

impl Cursor<'_> {
    pub(crate) fn number(&mut self) -> u32 {
        let word = self.blob.cell(self.section, self.row, self.column);
        self.column += 1;
        word
    }

    pub(crate) fn optional_number(&mut self) -> Option<u32> {
        Some(self.number()).filter(|&number| number != NONE)
    }

    pub(crate) fn text(&mut self) -> String {
        let symbol = self.number();
        self.blob.string(symbol).to_owned()
    }

    pub(crate) fn optional_text(&mut self) -> Option<String> {
        self.optional_number().map(|symbol| self.blob.string(symbol).to_owned())
    }

    pub(crate) fn names(&mut self) -> Option<Vec<String>> {
        self.optional_number().map(|list| self.blob.list(list).map(|name| self.blob.string(name).to_owned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_catalog_are_refused() {
        assert_eq!(Blob::open(b"").unwrap_err(), BlobError::NotACatalog);
        assert_eq!(Blob::open(&[0; 64]).unwrap_err(), BlobError::NotACatalog);
        let blob = write(|_| {});
        assert!(Blob::open(&blob).is_ok());
        assert_eq!(Blob::open(&blob[..20]).unwrap_err(), BlobError::CutOff);
        let mut other = blob;
        other[4] = 99;
        assert_eq!(Blob::open(&other).unwrap_err(), BlobError::OtherFormat { found: 99 });
    }
}
