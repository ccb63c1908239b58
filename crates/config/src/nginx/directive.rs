//! The directives of nginx' own modules (`data/nginx-directives.toml`).

use std::cmp::Ordering;

use shakedown_catalog::Scheme;

/// What a block is, for the directives that may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Main,
    Events,
    Http,
    HttpServer,
    Location,
    HttpUpstream,
    ServerIf,
    LocationIf,
    LimitExcept,
    Stream,
    StreamServer,
    StreamUpstream,
    Mail,
    MailServer,
    /// Of a directive: everywhere. Of a block: one whose lines are no directives, such as `types`.
    Any,
}

impl Context {
    /// What a block is by its directive and the block around it.
    pub(crate) fn within(self, directive: &[u8]) -> Self {
        match (self, directive) {
            (Self::Main, b"events") => Self::Events,
            (Self::Main, b"http") => Self::Http,
            (Self::Main, b"stream") => Self::Stream,
            (Self::Main, b"mail") => Self::Mail,
            (Self::Http, b"server") => Self::HttpServer,
            (Self::Http, b"upstream") => Self::HttpUpstream,
            (Self::HttpServer | Self::Location, b"location") => Self::Location,
            (Self::HttpServer, b"if") => Self::ServerIf,
            (Self::Location, b"if") => Self::LocationIf,
            (Self::Location, b"limit_except") => Self::LimitExcept,
            (Self::Stream, b"server") => Self::StreamServer,
            (Self::Stream, b"upstream") => Self::StreamUpstream,
            (Self::Mail, b"server") => Self::MailServer,
            _ => Self::Any,
        }
    }
}

/// How many arguments a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// `on` or `off`.
    Flag,
    AtLeast(usize),
    Counts(&'static [usize]),
}

impl Arguments {
    pub(crate) fn allow(self, count: usize) -> bool {
        match self {
            Self::Flag => count == 1,
            Self::AtLeast(least) => count >= least,
            Self::Counts(counts) => counts.contains(&count),
        }
    }
}

/// A directive of one module.
#[derive(Debug)]
pub(crate) struct Directive {
    pub(crate) name: &'static str,
    pub(crate) contexts: &'static [Context],
    pub(crate) arguments: Arguments,
    pub(crate) block: bool,
    since: Option<&'static str>,
    until: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/nginx_directives.rs"));

impl Directive {
    /// Whether a version has it; one that is not known has all.
    pub(crate) fn exists(&self, version: Option<&str>) -> bool {
        let compare = |bound: &str| version.and_then(|version| Scheme::Numeric.compare(version, bound));
        self.since.is_none_or(|since| compare(since) != Some(Ordering::Less))
            && self.until.is_none_or(|until| matches!(compare(until), Some(Ordering::Less) | None))
    }

    pub(crate) fn may_stand_in(&self, context: Context) -> bool {
        self.contexts.iter().any(|allowed| *allowed == context || *allowed == Context::Any)
    }

    /// The releases that have it, in words.
    pub(crate) fn releases(&self) -> String {
        match (self.since, self.until) {
            (_, Some(until)) => format!("it is gone since {until}"),
            (Some(since), None) => format!("it is there since {since}"),
            (None, None) => String::new(),
        }
    }
}

/// The directives of a name, one for each module that has it.
pub(crate) fn named(name: &str) -> &'static [Directive] {
    let from = DIRECTIVES.partition_point(|row| row.name < name);
    let to = DIRECTIVES.partition_point(|row| row.name <= name);
    DIRECTIVES.get(from..to).unwrap_or_default()
}

/// The names that a version has.
pub(crate) fn names(version: Option<&str>) -> impl Iterator<Item = &'static str> {
    DIRECTIVES.iter().filter(move |row| row.exists(version)).map(|row| row.name)
}

/// Whether a version is newer than all that were looked at.
pub(crate) fn is_newer(version: Option<&str>) -> bool {
    version.is_some_and(|version| Scheme::Numeric.compare(version, CHECKED) == Some(Ordering::Greater))
}

/// Whether a version is at least this one; one that is not known is taken for the newest.
pub(crate) fn since(version: Option<&str>, least: &str) -> bool {
    version.is_none_or(|version| Scheme::Numeric.compare(version, least) != Some(Ordering::Less))
}
