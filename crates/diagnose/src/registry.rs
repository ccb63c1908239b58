use shakedown_model::{Match, Protocol};

use crate::Case;

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

/// What `shakedown cause CODE` prints: the page of one cause, in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code, one of the published causes; it never changes.
    pub code: &'static str,
    /// The folder that it stands in, such as `agreement` or `network`.
    pub family: &'static str,
    /// The title, a short sentence without full stop.
    pub title: &'static str,
    /// The protocols that can fail in this way.
    pub protocols: &'static [Protocol],
    /// The whole page in Markdown.
    pub text: &'static str,
    /// The page by sections, in order: What happened, Why, How to tell, Fix, Example.
    pub sections: &'static [Section],
    /// Whether this version can find the cause by itself; of others there is only the page.
    pub diagnosed: bool,
}

impl Page {
    /// The text of a section; `None` where the page has none of that title.
    pub fn section(&self, title: &str) -> Option<&'static str> {
        self.sections.iter().find(|section| section.title == title).map(|section| section.text)
    }
}

/// One section of a [`Page`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its text in Markdown, without the heading.
    pub text: &'static str,
}

/// How a cause is found.
pub(crate) struct Rule {
    pub(crate) code: &'static str,
    pub(crate) matches: fn(&Case<'_>) -> Vec<Match>,
}

/// All causes, by family and then by code.
pub fn causes() -> &'static [Page] {
    PAGES
}

/// The page of a cause; `None` where there is no such code.
pub fn page(code: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.code == code)
}

/// The code that a mistyped one probably stands for; `None` where none is near.
pub fn nearest(code: &str) -> Option<&'static str> {
    let near = PAGES.iter().map(|page| (distance(code, page.code), page.code)).min()?;
    (near.0 <= (code.len() / 3).max(2)).then_some(near.1)
}

/// How many letters have to be put in, taken out or changed to get from one text to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.bytes().enumerate() {
        let mut before = std::mem::replace(&mut row[0], index + 1);
        for (column, other) in to.bytes().enumerate() {
            let changed = before + usize::from(letter != other);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_code_finds_the_one_meant() {
        assert_eq!(nearest("no-comon-kex"), Some("no-common-kex"));
        assert_eq!(nearest("host-key-change"), Some("host-key-changed"));
        assert_eq!(nearest("something else entirely"), None);
        assert_eq!(nearest(""), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc")), (3, 3));
    }
}
