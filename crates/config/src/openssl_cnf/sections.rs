//! The sections of a configuration, after includes: the last value of a name counts, at the place of the last one.

use std::collections::BTreeMap;
use std::sync::Arc;

use shakedown_model::Origin;

use crate::ini::Document;
use crate::value::Value;

/// One `name = value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Value,
    pub(crate) value: Value,
    /// The file, and the line in it.
    pub(crate) document: Arc<Document>,
    pub(crate) line: usize,
}

/// All sections. Values of one are in the order in which the program sees them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections {
    sections: BTreeMap<String, Section>,
    count: usize,
}

#[derive(Clone, Debug, Default)]
struct Section {
    order: BTreeMap<usize, Entry>,
    names: BTreeMap<String, usize>,
    header: Option<Origin>,
}

impl Sections {
    /// Makes a section, if it is not there yet.
    pub(crate) fn open(&mut self, name: &str, header: Option<Origin>) {
        let section = self.sections.entry(name.to_owned()).or_default();
        if section.header.is_none() {
            section.header = header;
        }
    }

    pub(crate) fn add(&mut self, section: &str, entry: Entry) {
        self.count += 1;
        let section = self.sections.entry(section.to_owned()).or_default();
        if let Some(before) = section.names.insert(entry.name.as_str().to_owned(), self.count) {
            section.order.remove(&before);
        }
        section.order.insert(self.count, entry);
    }

    /// The entries of a section; `None` where there is no such section.
    pub(crate) fn entries(&self, section: &str) -> Option<impl Iterator<Item = &Entry>> {
        self.sections.get(section).map(|section| section.order.values())
    }

    /// The entry of this very section.
    pub(crate) fn entry(&self, section: &str, name: &str) -> Option<&Entry> {
        let section = self.sections.get(section)?;
        section.order.get(section.names.get(name)?)
    }
}
