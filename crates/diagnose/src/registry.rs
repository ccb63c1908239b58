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
