//! Names as programs of today compare them: RFC 9525, and RFC 6125 before it.

use std::net::IpAddr;

use shakedown_model::{Name, nearest};

use crate::constraints::is_dns_name;
use crate::{Certificate, GeneralName};

/// The name that a client wants to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A DNS name, in its ASCII form (`xn--` for what is not ASCII).
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Wanted {
    /// An address where the text is one (also in brackets), else a DNS name. A dot at the end of a DNS name is left out:
    /// it only says that the name is whole. `None` for what is neither, such as a name that is not ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Some(Self::Ip(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        is_dns_name(name.as_bytes(), false).then(|| Self::Dns(name.to_ascii_lowercase()))
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// Whether a certificate is for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// It is, by this name in it.
    Matches(GeneralName),
    /// It is not.
    Differs {
        /// Why.
        why: NameMismatch,
        /// The name in it that comes nearest.
        nearest: Option<GeneralName>,
        /// How many names are in it.
        names: usize,
    },
}

/// Why a certificate is not for a name. Of several reasons the one that says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameMismatch {
    /// It has no DNS name among its names, and the common name says it. OpenSSL's `X509_check_host`, and what is built
    /// on it, still takes that; browsers (Chrome 58, Firefox 48), Go 1.15, Python 3.7 and rustls do not.
    OnlyCommonName,
    /// It has no names at all.
    NoNames,
    /// An address is wanted, and stands there as a DNS name or a common name only.
    AddressAsName,
    /// The wildcard stands for one label, and here there are more or none.
    WildcardDepth,
    /// The name has a wildcard where none counts: within a label, not leftmost, or above less than two labels.
    WildcardForm,
    /// A name ends with a dot, or has a character that DNS names do not have (NUL, a letter that is not ASCII).
    MalformedName,
    /// The same name with or without `www.`.
    Www,
    /// None of the names is it.
    Other,
}

impl std::fmt::Display for NameMismatch {
    /// In one sentence, lower case, no full stop.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OnlyCommonName => "only its common name says so, which few clients still look at",
            Self::NoNames => "it has no names",
            Self::AddressAsName => "the address stands in it as text, and not as an address",
            Self::WildcardDepth => "its wildcard stands for exactly one label",
            Self::WildcardForm => "its wildcard is of a form that does not count",
            Self::MalformedName => "the name in it is malformed",
            Self::Www => "one of them has `www.` and the other has not",
            Self::Other => "it is for other names",
        })
    }
}

/// How a certificate's names lie to the name wanted. Only alternative names count.
pub fn match_name(certificate: &Certificate, wanted: &Wanted) -> NameMatch {
    let names = certificate.extensions.names.as_deref().unwrap_or_default();
    if let Some(name) = names.iter().find(|name| matches(name, wanted)) {
        return NameMatch::Matches(name.clone());
    }
    let why = why(certificate, names, wanted);
    NameMatch::Differs { why, nearest: nearest_of(names, wanted), names: names.len() }
}

/// Whether an old program that falls back to the common name would take it: one that finds no DNS name among the
/// alternative names (RFC 2818 section 3.1).
pub fn common_name_matches(certificate: &Certificate, wanted: &Wanted) -> bool {
    let names = certificate.extensions.names.as_deref().unwrap_or_default();
    let has_dns = names.iter().any(|name| matches!(name, GeneralName::Dns(_)));
    !has_dns && certificate.subject.common_names().any(|name| says(&name.to_bytes(), wanted))
}

fn matches(name: &GeneralName, wanted: &Wanted) -> bool {
    match (name, wanted) {
        (GeneralName::Dns(name), Wanted::Dns(wanted)) => dns_matches(&name.to_bytes(), wanted.as_bytes()),
        (GeneralName::Ip(bytes), Wanted::Ip(IpAddr::V4(address))) => bytes == &address.octets(),
        (GeneralName::Ip(bytes), Wanted::Ip(IpAddr::V6(address))) => bytes == &address.octets(),
        _ => false,
    }
}

/// RFC 9525 section 6.3: equal but for case, or a whole leftmost label as `*`.
fn dns_matches(presented: &[u8], wanted: &[u8]) -> bool {
    match presented.strip_prefix(b"*.") {
        Some(parent) => {
            let below = wanted.iter().position(|byte| *byte == b'.').and_then(|dot| wanted.get(dot + 1..));
            is_dns_name(parent, true) && below.is_some_and(|below| below.eq_ignore_ascii_case(parent))
        }
        None => is_dns_name(presented, false) && presented.eq_ignore_ascii_case(wanted),
    }
}

/// Whether text says the name, in the loose way of old programs.
fn says(text: &[u8], wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Dns(name) => dns_matches(text, name.as_bytes()),
        Wanted::Ip(address) => text == address.to_string().as_bytes(),
    }
}

fn why(certificate: &Certificate, names: &[GeneralName], wanted: &Wanted) -> NameMismatch {
    if common_name_matches(certificate, wanted) && matches!(wanted, Wanted::Dns(_)) {
        return NameMismatch::OnlyCommonName;
    }
    let texts: Vec<Vec<u8>> = names.iter().filter_map(dns).collect();
    let wanted = match wanted {
        Wanted::Dns(name) => name.as_bytes(),
        Wanted::Ip(address) => {
            let text = address.to_string();
            let common = certificate.subject.common_names().map(Name::to_bytes);
            let said = texts.iter().cloned().chain(common).any(|name| name == text.as_bytes());
            return match (said, names.is_empty()) {
                (true, _) => NameMismatch::AddressAsName,
                (_, true) => NameMismatch::NoNames,
                _ => NameMismatch::Other,
            };
        }
    };
    if names.is_empty() {
        return NameMismatch::NoNames;
    }
    type Check = fn(&[u8], &[u8]) -> bool;
    let checks: [(NameMismatch, Check); 4] = [
        (NameMismatch::WildcardDepth, wildcard_depth),
        (NameMismatch::WildcardForm, wildcard_form),
        (NameMismatch::Www, www),
        (NameMismatch::MalformedName, malformed),
    ];
    let found = checks.iter().find(|(_, check)| texts.iter().any(|name| check(&name.to_ascii_lowercase(), wanted)));
    found.map_or(NameMismatch::Other, |(why, _)| *why)
}

fn dns(name: &GeneralName) -> Option<Vec<u8>> {
    match name {
        GeneralName::Dns(name) => Some(name.to_bytes()),
        _ => None,
    }
}

/// `*.example.org` against `example.org` or `a.b.example.org`.
fn wildcard_depth(name: &[u8], wanted: &[u8]) -> bool {
    name.strip_prefix(b"*.").is_some_and(|parent| {
        is_dns_name(parent, true)
            && (wanted == parent || wanted.strip_suffix(parent).is_some_and(|rest| rest.ends_with(b".")))
    })
}

/// `w*.example.org`, `*.*.example.org`, `a.*.example.org`, `*.org`, where the stars stand for something in the name.
fn wildcard_form(name: &[u8], wanted: &[u8]) -> bool {
    let (labels, parts): (Vec<&[u8]>, Vec<&[u8]>) =
        (name.split(|byte| *byte == b'.').collect(), wanted.split(|byte| *byte == b'.').collect());
    let fits = |(label, part): (&&[u8], &&[u8])| match label.iter().position(|byte| *byte == b'*') {
        Some(star) => {
            let (head, tail) = (label.get(..star).unwrap_or_default(), label.get(star + 1..).unwrap_or_default());
            part.len() >= head.len() + tail.len() && part.starts_with(head) && part.ends_with(tail)
        }
        None => label == part,
    };
    name.contains(&b'*') && labels.len() == parts.len() && labels.iter().zip(&parts).all(fits)
}

fn www(name: &[u8], wanted: &[u8]) -> bool {
    name.strip_prefix(b"www.") == Some(wanted) || wanted.strip_prefix(b"www.") == Some(name)
}

/// The name wanted with something in or behind it that DNS names do not have.
fn malformed(name: &[u8], wanted: &[u8]) -> bool {
    let end = name.len().min(wanted.len());
    let begins = name.get(..end) == wanted.get(..end) && name.len() > wanted.len();
    begins && !is_dns_name(name, false) && !name.starts_with(b"*.")
}

/// The name that is nearest in writing; of very many only the first thousand are looked at.
fn nearest_of(names: &[GeneralName], wanted: &Wanted) -> Option<GeneralName> {
    let texts: Vec<(String, &GeneralName)> = names
        .iter()
        .filter(|name| {
            matches!((name, wanted), (GeneralName::Dns(_), Wanted::Dns(_)) | (GeneralName::Ip(_), Wanted::Ip(_)))
        })
        .take(1000)
        .map(|name| (name.to_string().split_once(':').map_or_else(String::new, |(_, text)| text.to_lowercase()), name))
        .collect();
    let wanted = wanted.to_string();
    let common = |text: &str| {
        let (left, right) = (text.split('.').rev(), wanted.split('.').rev());
        left.zip(right).take_while(|(left, right)| left == right || *left == "*").count()
    };
    let best = texts.iter().map(|(text, _)| common(text)).max().filter(|labels| *labels > 0);
    let close: Vec<&str> = match best {
        Some(best) => texts.iter().map(|(text, _)| text.as_str()).filter(|text| common(text) == best).collect(),
        None => texts.iter().map(|(text, _)| text.as_str()).collect(),
    };
    let text = nearest(&wanted, close.iter().copied()).or(close.first().copied())?;
    texts.iter().find(|(other, _)| other == text).map(|(_, name)| (*name).clone())
}
