use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use shakedown_schema::placeholder_address;

use super::sentence;

/// The kinds of placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Host,
    Address,
    User,
    Path,
    Fingerprint,
    Serial,
    /// Words of a peer.
    Text,
    /// A value in a configuration file that is not an algorithm name.
    Value,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Address => "address",
            Self::User => "user",
            Self::Path => "path",
            Self::Fingerprint => "fingerprint",
            Self::Serial => "serial",
            Self::Text => "text",
            Self::Value => "value",
        }
    }
}

/// One value that sentences are searched for.
#[derive(Debug)]
struct Entry {
    value: String,
    placeholder: String,
    /// An ordinary word: it is replaced only where it is quoted, or stands in an address or a path.
    ordinary: bool,
}

/// Which value has which placeholder.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<(Kind, String), usize>,
    counts: HashMap<Kind, usize>,
    /// What sentences are searched for, the longest first.
    entries: Vec<Entry>,
    kept: HashSet<String>,
}

/// Shorter values are replaced where they stand as such, but sentences are not searched for them.
const SHORTEST: usize = 2;

impl Dictionary {
    /// An algorithm name, or another text that says nothing about who or where.
    pub(super) fn keep(&mut self, name: &str) {
        if !name.is_empty() {
            self.kept.insert(name.to_owned());
        }
    }

    pub(super) fn is_kept(&self, name: &str) -> bool {
        self.kept.contains(name)
    }

    /// Whether any name that is kept fits a pattern with `*` and `?`.
    pub(super) fn pattern_fits(&self, pattern: &str) -> bool {
        pattern.contains(['*', '?'])
            && pattern.chars().any(|c| c.is_ascii_alphanumeric())
            && self.kept.iter().any(|name| shakedown_model::ssh::wildcard(pattern, name))
    }

    /// Remembers a value, so that sentences are searched for it.
    pub(super) fn learn(&mut self, kind: Kind, text: &str) {
        if text.len() >= SHORTEST {
            self.placeholder(kind, text);
        }
    }

    /// Words of a peer, in the forms in which a sentence may quote them.
    pub(super) fn learn_words(&mut self, text: &str) {
        let placeholder = self.placeholder(Kind::Text, text);
        let quoted = text.trim().replace('`', "'");
        let cut: String = quoted.chars().take(160).collect();
        for form in [quoted, cut] {
            self.entry(form, placeholder.clone(), false);
        }
    }

    /// `[user@]host[:port]`, with or without a scheme.
    pub(super) fn learn_endpoint(&mut self, text: &str) {
        self.endpoint(text);
    }

    /// The endpoint with its parts replaced: `user-1@host-1:22`.
    pub(super) fn endpoint(&mut self, text: &str) -> String {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), text),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (format!("{}@", self.placeholder(Kind::User, user)), rest),
            None => (String::new(), rest),
        };
        let (host, port) = split_port(rest);
        let host = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.placeholder(Kind::Address, &ip.to_string()),
            Err(_) if host.is_empty() => String::new(),
            Err(_) => self.placeholder(Kind::Host, host),
        };
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!(":{port}"),
            Some(path) => format!(":{}", self.placeholder(Kind::Path, path)),
            None => String::new(),
        };
        format!("{scheme}{user}{host}{port}")
    }

    /// The placeholder of a value; a new one for a new value. A placeholder stays what it is.
    pub(super) fn placeholder(&mut self, kind: Kind, text: &str) -> String {
        if text.is_empty() || is_placeholder(text) {
            return text.to_owned();
        }
        // Host names do not differ by case, and may end in the root's dot.
        let value = match kind {
            Kind::Host => text.trim_end_matches('.').to_ascii_lowercase(),
            _ => text.to_owned(),
        };
        let count = self.counts.entry(kind).or_insert(0);
        let number = *self.numbers.entry((kind, value)).or_insert_with(|| {
            *count += 1;
            *count
        });
        let placeholder = format!("{}-{number}", kind.as_str());
        if number == *count {
            self.entry(text.to_owned(), placeholder.clone(), kind == Kind::Value);
        }
        placeholder
    }

    fn entry(&mut self, value: String, placeholder: String, ordinary: bool) {
        if value.len() < SHORTEST || self.entries.iter().any(|known| known.value == value) {
            return;
        }
        let ordinary = ordinary || ORDINARY.iter().any(|word| word.eq_ignore_ascii_case(&value));
        let at = self.entries.partition_point(|known| known.value.len() >= value.len());
        self.entries.insert(at, Entry { value, placeholder, ordinary });
    }

    /// The placeholder of a value that is known, whatever kind it is of.
    pub(super) fn known_as(&self, value: &str) -> Option<String> {
        let entry = self.entries.iter().find(|known| known.value.eq_ignore_ascii_case(value))?;
        Some(entry.placeholder.clone())
    }

    /// Whether sentences are searched for the value.
    pub(super) fn knows(&self, value: &str) -> bool {
        self.entries.iter().any(|known| known.value.eq_ignore_ascii_case(value))
    }

    /// An address that every format shows as `address-N`.
    pub(super) fn ip(&mut self, address: IpAddr) -> IpAddr {
        if shakedown_schema::placeholder_number(address).is_some() {
            return address;
        }
        let text = self.placeholder(Kind::Address, &address.to_string());
        let number = text.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        placeholder_address(number)
    }

    /// A sentence with all that is known, and all that looks like something to hide, replaced.
    pub(super) fn sentence(&mut self, text: &str) -> String {
        let known = self.known(text);
        sentence::patterns(&known, self)
    }

    /// The same, and words in quotation marks that are no algorithm names.
    pub(super) fn finding(&mut self, text: &str) -> String {
        let known = self.known(text);
        let quoted = sentence::quotations(&known, self);
        sentence::patterns(&quoted, self)
    }

    /// The text with the known values replaced where they stand as words.
    fn known(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before: Option<char> = None;
        let mut quoted = false;
        while let Some(c) = rest.chars().next() {
            // `db01` is not what `gw.db01` ends in, and `/b` is not the end of `/a/b`.
            let inside = before == Some('.') && out.chars().rev().nth(1).is_some_and(joins);
            let begins = !before.is_some_and(joins) || !(joins(c) || c == '/');
            let begins = begins && !inside;
            let named = quoted || before.is_some_and(|c| matches!(c, '\'' | '@' | ':' | '/' | '='));
            if begins && let Some(entry) = self.at(rest, named) {
                out.push_str(&entry.placeholder);
                before = entry.value.chars().last();
                rest = rest.get(entry.value.len()..).unwrap_or_default();
                continue;
            }
            quoted ^= matches!(c, '`' | '"');
            out.push(c);
            before = Some(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        out
    }

    /// The longest entry that the text begins with.
    fn at(&self, rest: &str, named: bool) -> Option<&Entry> {
        let fits = |entry: &&Entry| {
            (named || !entry.ordinary || rest.get(entry.value.len()..).is_some_and(|rest| rest.starts_with('@')))
                && rest.get(..entry.value.len()).is_some_and(|head| head.eq_ignore_ascii_case(&entry.value))
                && ends(rest.get(entry.value.len()..).unwrap_or_default(), &entry.value)
        };
        let entry = self.entries.iter().find(fits)?;
        // The longest kept name at this place wins: an algorithm's name may begin like a host's.
        (!self.kept_longer(rest, entry.value.len())).then_some(entry)
    }

    fn kept_longer(&self, rest: &str, length: usize) -> bool {
        let word = rest.split(|c: char| !joins(c) && !matches!(c, '@' | '.' | '/')).next().unwrap_or_default();
        word.len() > length && self.is_kept(word.trim_end_matches('.'))
    }
}

/// Words of this program's own sentences, which a host or a user may be named like.
const ORDINARY: [&str; 30] = [
    "client",
    "server",
    "host",
    "user",
    "ssh",
    "sshd",
    "key",
    "the",
    "a",
    "an",
    "and",
    "or",
    "to",
    "of",
    "in",
    "on",
    "no",
    "it",
    "is",
    "address",
    "port",
    "name",
    "connection",
    "target",
    "proxy",
    "jump",
    "root",
    "git",
    "test",
    "local",
];

/// Whether a character continues a word of a host or user name.
fn joins(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether what follows lets a value end here.
fn ends(rest: &str, value: &str) -> bool {
    if !value.chars().last().is_some_and(joins) {
        return true;
    }
    let mut following = rest.chars();
    match following.next() {
        None => true,
        Some('.') => !following.next().is_some_and(joins),
        Some('/') if value.contains('/') => !following.next().is_some_and(joins),
        Some(c) => !joins(c),
    }
}

/// Whether the text is a placeholder itself.
pub(super) fn is_placeholder(text: &str) -> bool {
    let kinds = ["host", "address", "user", "path", "fingerprint", "serial", "text", "value"];
    text.rsplit_once('-').is_some_and(|(kind, number)| {
        kinds.contains(&kind) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `host:port`, `[::1]:port`, `host:path`; an address of IPv6 alone has no port.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some(end) = text.strip_prefix('[').and_then(|rest| rest.find(']')) {
        let (host, rest) = text.split_at(end + 2);
        return (host, rest.strip_prefix(':'));
    }
    if text.parse::<IpAddr>().is_ok() {
        return (text, None);
    }
    match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}
