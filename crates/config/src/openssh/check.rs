//! What OpenSSH refuses about a directive's arguments, in its words.

use std::ops::Range;

use shakedown_model::{ConfigProblem, Name, Role, nearest};

use super::keyword::{Dialect, Keyword, Kind, ListKind};
use super::names::{self, Operator};
use super::pattern::{Judgement, judge};
use super::setting::part_span;
use super::time;
use crate::line::{Argument, Document, Splitting};

/// The names that a build knows, in its own order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Universe {
    pub(crate) kex: Names,
    pub(crate) cipher: Names,
    pub(crate) mac: Names,
    pub(crate) key_type: Names,
}

/// Names that a build knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) names: Vec<Name>,
    /// Whether it knows no others.
    pub(crate) complete: bool,
}

impl Universe {
    pub(crate) fn of(&self, kind: ListKind) -> &Names {
        match kind {
            ListKind::Kex => &self.kex,
            ListKind::Cipher => &self.cipher,
            ListKind::Mac => &self.mac,
            ListKind::KeyType => &self.key_type,
        }
    }
}

/// Something wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) problem: ConfigProblem,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    pub(crate) span: Range<usize>,
}

impl Complaint {
    pub(crate) fn new(problem: ConfigProblem, message: impl Into<String>, span: Range<usize>) -> Self {
        Self { problem, message: message.into(), suggestion: None, span }
    }
}

/// A directive to check.
pub(crate) struct Check<'a> {
    pub(crate) dialect: &'a Dialect,
    pub(crate) universe: &'a Universe,
    pub(crate) document: &'a Document,
    pub(crate) keyword: &'static Keyword,
    /// The keyword as written.
    pub(crate) written: &'a str,
    pub(crate) keyword_span: Range<usize>,
    pub(crate) arguments: &'a [Argument],
    pub(crate) splitting: Splitting,
}

/// Bytes for a message: escaped, and no longer than OpenSSH's `%.200s`.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let short = bytes.get(..200).unwrap_or(bytes);
    format!("{}{}", Name::from_bytes(short), if short.len() < bytes.len() { "..." } else { "" })
}

impl Check<'_> {
    /// All that is wrong with the arguments.
    pub(crate) fn complaints(&self) -> Vec<Complaint> {
        let single = match self.keyword.kind {
            Kind::Command | Kind::Jump | Kind::Host | Kind::Match | Kind::Include | Kind::Other => return Vec::new(),
            Kind::Texts => return self.texts(),
            Kind::RekeyLimit => 2,
            _ => 1,
        };
        let Some(first) = self.arguments.first().filter(|argument| !argument.text.is_empty()) else {
            let span = self.arguments.first().map_or(self.keyword_span.clone(), |argument| argument.span.clone());
            return vec![Complaint::new(ConfigProblem::Syntax, self.missing(), span)];
        };
        let mut complaints = match self.keyword.kind {
            Kind::Names(kind) => self.names(kind, first),
            kind => self.value(kind, first).into_iter().collect(),
        };
        if let (Kind::RekeyLimit, Some(second)) = (self.keyword.kind, self.arguments.get(1)) {
            complaints.extend(self.value(Kind::Time { none: true }, second));
        }
        if let Some(extra) = self.arguments.get(single) {
            let end = self.arguments.last().map_or(extra.span.end, |last| last.span.end);
            let message = if self.dialect.splits_like_argv() {
                format!("keyword {} extra arguments at end of line", self.name())
            } else {
                format!("garbage at end of line; \"{}\"", shown(&extra.text))
            };
            complaints.push(Complaint::new(ConfigProblem::Syntax, message, extra.span.start..end));
        }
        complaints
    }

    /// The client prints keywords in lower case.
    fn name(&self) -> String {
        match self.dialect.role {
            Role::Client => self.written.to_ascii_lowercase(),
            Role::Server => self.written.to_owned(),
        }
    }

    fn missing(&self) -> String {
        let server = self.dialect.role == Role::Server;
        match self.keyword.kind {
            Kind::Integer if server => format!("{} integer value missing", self.written),
            Kind::Integer => "integer value missing".into(),
            Kind::Time { .. } => "missing time value".into(),
            Kind::Port if server => "missing port number".into(),
            Kind::Values(_) => "missing argument".into(),
            _ if server => format!("{} missing argument", self.written),
            _ => "Missing argument".into(),
        }
    }

    fn texts(&self) -> Vec<Complaint> {
        let empty = self.arguments.iter().find(|argument| argument.text.is_empty());
        if let Some(empty) = empty {
            let message = format!("keyword {} empty argument", self.name());
            return vec![Complaint::new(ConfigProblem::Syntax, message, empty.span.clone())];
        }
        // `none` has to stand alone in the client's lists of files.
        let none = self.arguments.iter().find(|argument| argument.text.eq_ignore_ascii_case(b"none"));
        match none {
            Some(none) if self.dialect.role == Role::Client && self.arguments.len() > 1 => {
                let message = format!("keyword {} \"none\" argument must appear alone", self.name());
                vec![Complaint::new(ConfigProblem::BadValue, message, none.span.clone())]
            }
            _ => Vec::new(),
        }
    }

    fn value(&self, kind: Kind, argument: &Argument) -> Option<Complaint> {
        let text = std::str::from_utf8(&argument.text).unwrap_or("");
        let server = self.dialect.role == Role::Server;
        let mut suggestion = None;
        let message = match kind {
            Kind::Values(values) if !values.iter().any(|value| value.eq_ignore_ascii_case(text)) => {
                suggestion = nearest(text, values.iter().copied())
                    .map(str::to_owned)
                    .or_else(|| (values.len() <= 8).then(|| values.join(", ")));
                format!("unsupported option \"{}\"", shown(&argument.text))
            }
            Kind::Integer => match time::number(text) {
                Ok(_) => return None,
                Err(reason) if server => format!("{} integer value {reason}", self.written),
                Err(reason) => format!("integer value {reason}"),
            },
            Kind::Time { none } if !(none && text == "none") && time::seconds(text).is_none() => {
                "invalid time value".into()
            }
            Kind::Port if time::port(text).is_none() => match server {
                true => "Badly formatted port number".into(),
                false => format!("Bad port '{}'", shown(&argument.text)),
            },
            Kind::RekeyLimit if text != "default" => match time::bytes(text) {
                Some(0 | 16..) => return None,
                Some(_) => "RekeyLimit too small".into(),
                None => format!("Bad number '{}'", shown(&argument.text)),
            },
            _ => return None,
        };
        Some(Complaint { problem: ConfigProblem::BadValue, message, suggestion, span: argument.span.clone() })
    }

    fn names(&self, kind: ListKind, argument: &Argument) -> Vec<Complaint> {
        // More than a person reads; the rest is the same mistake.
        const MOST: usize = 10;
        let list = &argument.text;
        let Names { names: known, complete } = self.universe.of(kind);
        // Distributions' builds have these beside the others, by a directive of their own.
        let gssapi = |name: &[u8]| {
            kind == ListKind::Kex && name.starts_with(b"gss-") && self.dialect.find("GSSAPIKexAlgorithms").is_some()
        };
        let span = |range: Range<usize>| part_span(self.document, self.splitting, argument, range);
        let (operator, start) = Operator::of(list);
        if let Some((sign, since)) = operator.since().filter(|(_, since)| self.dialect.version < *since) {
            let mut complaint = self.bad_list(kind, list, argument.span.clone());
            complaint.suggestion = Some(format!("`{sign}` exists since OpenSSH {}.{}", since.0, since.1));
            return vec![complaint];
        }
        if operator == Operator::Remove {
            let nothing = names::split(list).filter(|(name, _)| *complete && !removes(known, name) && !gssapi(name));
            let nothing = nothing.take(MOST);
            return nothing
                .map(|(name, range)| Complaint {
                    problem: ConfigProblem::Ineffective,
                    message: format!("`-{}` matches no algorithm, so that it removes nothing", shown(name)),
                    suggestion: self.nearest(name, known),
                    span: span(range),
                })
                .collect();
        }
        if list.len() == start {
            return vec![self.bad_list(kind, list, argument.span.clone())];
        }
        let mut complaints = Vec::new();
        let mut last: &[u8] = b"";
        for (name, range) in names::split(list) {
            // The check of OpenSSH ends at an empty name.
            if name.is_empty() || complaints.len() == MOST {
                break;
            }
            if name == last || accepted(kind, known, name) || gssapi(name) {
                last = name;
                continue;
            }
            let mut complaint = self.bad_list(kind, list, span(range));
            complaint.problem = ConfigProblem::UnknownAlgorithm;
            complaint.suggestion = self.nearest(name, known);
            // Where not all names are known, only what looks like a misspelt one is told.
            if *complete || complaint.suggestion.is_some() {
                complaints.push(complaint);
            }
        }
        complaints
    }

    fn nearest(&self, name: &[u8], known: &[Name]) -> Option<String> {
        let name = std::str::from_utf8(name).ok()?;
        nearest(name, known.iter().map(Name::as_str)).map(str::to_owned)
    }

    fn bad_list(&self, kind: ListKind, list: &[u8], span: Range<usize>) -> Complaint {
        let list = shown(list);
        let message = match (kind, self.dialect.role) {
            (ListKind::Kex, _) => format!("Bad SSH2 KexAlgorithms '{list}'"),
            (ListKind::Cipher, _) => format!("Bad SSH2 cipher spec '{list}'"),
            (ListKind::Mac, Role::Client) => format!("Bad SSH2 MAC spec '{list}'"),
            (ListKind::Mac, Role::Server) => format!("Bad SSH2 mac spec '{list}'"),
            (ListKind::KeyType, _) => format!("Bad key types '{list}'"),
        };
        Complaint::new(ConfigProblem::BadValue, message, span)
    }
}

/// Whether a name in a list that is no `-` list is let through: an algorithm, and for keys also a pattern that says
/// something of one, or the short name of a type.
fn accepted(kind: ListKind, known: &[Name], name: &[u8]) -> bool {
    const SHORT: [&[u8]; 7] = [b"rsa", b"dsa", b"ecdsa", b"ed25519", b"ecdsa-sk", b"ed25519-sk", b"xmss"];
    let is_known = known.iter().any(|known| known.as_str().as_bytes() == name);
    is_known
        || kind == ListKind::KeyType
            && (SHORT.iter().any(|short| short.eq_ignore_ascii_case(name))
                || known.iter().any(|known| judge(name, known.as_str().as_bytes(), false) != Judgement::NoMatch))
}

/// Whether a pattern of a `-` list can take something out, or keep something in.
fn removes(known: &[Name], name: &[u8]) -> bool {
    let pattern = name.strip_prefix(b"!").unwrap_or(name);
    name.is_empty() || known.iter().any(|known| super::pattern::matches(pattern, known.as_str().as_bytes()))
}
