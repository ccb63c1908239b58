//! Directives that count, with their places.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use shakedown_model::Origin;

use super::keyword::Keyword;
use crate::line::{Argument, Document, Splitting};

/// One directive of a file.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) keyword: &'static Keyword,
    pub(crate) document: Arc<Document>,
    /// The keyword as written.
    pub(crate) keyword_span: Range<usize>,
    /// All behind it, comment included.
    pub(crate) rest: Range<usize>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) splitting: Splitting,
    /// The `Include` that led here.
    pub(crate) include: Option<Origin>,
}

impl Setting {
    /// An argument's text.
    pub(crate) fn bytes(&self, index: usize) -> Option<&[u8]> {
        self.arguments.get(index).map(|argument| argument.text.as_slice())
    }

    /// An argument's text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, index: usize) -> Option<String> {
        self.bytes(index).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// All arguments' texts.
    pub(crate) fn texts(&self) -> Vec<String> {
        (0..self.arguments.len()).filter_map(|index| self.text(index)).collect()
    }

    /// The rest of the line as it stands.
    pub(crate) fn rest_text(&self) -> String {
        String::from_utf8_lossy(self.document.bytes(&self.rest)).into_owned()
    }

    /// A place in this directive's file.
    pub(crate) fn place(&self, span: Range<usize>) -> Origin {
        let place = Origin::file(self.document.file(), span);
        match &self.include {
            Some(include) => place.after(include.clone()),
            None => place,
        }
    }

    /// The whole directive.
    pub(crate) fn origin(&self) -> Origin {
        let end = self.arguments.last().map_or(self.keyword_span.end, |argument| argument.span.end);
        self.place(self.keyword_span.start..end)
    }

    /// One argument, or the directive where there is none.
    pub(crate) fn argument_origin(&self, index: usize) -> Origin {
        self.arguments.get(index).map_or_else(|| self.origin(), |argument| self.place(argument.span.clone()))
    }

    /// A range of an argument's text.
    pub(crate) fn part_origin(&self, index: usize, range: Range<usize>) -> Origin {
        let Some(argument) = self.arguments.get(index) else { return self.origin() };
        self.place(part_span(&self.document, self.splitting, argument, range))
    }
}

/// The place of a range of an argument's text.
pub(crate) fn part_span(
    document: &Document,
    splitting: Splitting,
    argument: &Argument,
    range: Range<usize>,
) -> Range<usize> {
    if argument.text.len() == argument.span.len() {
        return argument.span.start + range.start..argument.span.start + range.end;
    }
    let places = splitting.places(&document.file().text, argument);
    let start = places.get(range.start).copied().unwrap_or(argument.span.end);
    let last = range.end.checked_sub(1).filter(|last| *last >= range.start).and_then(|last| places.get(last));
    start..last.map_or(start, |last| last + 1)
}

/// The directives that count, by canonical keyword: the first one of each, or all where all count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    map: BTreeMap<&'static str, Vec<Setting>>,
    /// Keywords of sshd whose value comes from a `Match` block.
    pub(crate) from_blocks: Vec<&'static str>,
    /// What they had outside of it.
    pub(crate) overridden: Vec<Setting>,
    /// Directives of blocks that could not be decided and that would count if the block held, with the criterion.
    pub(crate) undecided: Vec<(Setting, Criterion)>,
}

/// A criterion that cannot be decided here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Criterion {
    /// As written, such as `Match exec "..."`.
    pub(crate) text: String,
    /// Where.
    pub(crate) origin: Origin,
}

impl Settings {
    /// The directive that counts.
    pub(crate) fn first(&self, keyword: &str) -> Option<&Setting> {
        self.all(keyword).first()
    }

    /// All directives that count.
    pub(crate) fn all(&self, keyword: &str) -> &[Setting] {
        debug_assert!(super::keyword::is_canonical(keyword), "`{keyword}` is no row of the keyword table");
        self.map.get(keyword).map_or(&[], Vec::as_slice)
    }

    /// The first argument of the directive that counts.
    pub(crate) fn text(&self, keyword: &str) -> Option<String> {
        self.first(keyword).and_then(|setting| setting.text(0))
    }

    /// Adds a directive, unless another one already counts.
    pub(crate) fn add(&mut self, setting: Setting, multiple: bool) {
        let list = self.map.entry(setting.keyword.canonical).or_default();
        if multiple || list.is_empty() {
            list.push(setting);
        }
    }

    /// Whether the keyword is set.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        !self.all(keyword).is_empty()
    }

    /// Puts the other's directives in place of these.
    pub(crate) fn override_with(&mut self, other: Self, keywords: &[&str]) {
        for (keyword, mut list) in other.map.into_iter().filter(|(keyword, _)| keywords.contains(keyword)) {
            let before = self.map.remove(keyword).unwrap_or_default();
            // A RekeyLimit without a time leaves the earlier one's time.
            if keyword == "RekeyLimit" {
                list.extend(before);
            } else {
                self.overridden.extend(before);
            }
            self.map.insert(keyword, list);
            self.from_blocks.push(keyword);
        }
        self.undecided.extend(other.undecided);
    }
}
