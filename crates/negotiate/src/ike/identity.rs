//! Whether an identity is one that is expected (RFC 7296 section 3.5, strongSwan's `identification.c`).

use std::net::IpAddr;

use super::selectors::range;

/// An identity by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Any,
    /// First and last address.
    Address(IpAddr, IpAddr),
    /// A domain name, in lower case; one that begins with `*` stands for all that end so.
    Name(String),
    /// A mail address, likewise.
    Mail(String),
    /// A distinguished name: its attributes in order, all in lower case. The value `*` stands for any.
    Distinguished(Vec<(String, String)>),
    /// Bytes as they are.
    Key(String),
}

/// Kinds that may be written in front, with a colon.
const PREFIXES: [&str; 11] =
    ["fqdn", "dns", "email", "rfc822", "userfqdn", "ipv4", "ipv6", "asn1dn", "dn", "keyid", "key-id"];

/// Names of attributes that stand for the same.
const SYNONYMS: [(&str, &str); 7] = [
    ("email", "e"),
    ("emailaddress", "e"),
    ("serialnumber", "sn"),
    ("surname", "s"),
    ("givenname", "g"),
    ("gn", "g"),
    ("userid", "uid"),
];

/// Whether the second identity is one that the first stands for.
pub(super) fn stands_for(expected: &str, shown: &str) -> bool {
    match (Identity::read(expected), Identity::read(shown)) {
        (Identity::Any, _) => true,
        (Identity::Address(first, last), Identity::Address(from, to)) => {
            first.is_ipv4() == from.is_ipv4() && first <= from && to <= last
        }
        (Identity::Name(expected), Identity::Name(shown)) | (Identity::Mail(expected), Identity::Mail(shown)) => {
            match expected.strip_prefix('*') {
                Some(end) => shown.ends_with(end),
                None => expected == shown,
            }
        }
        (Identity::Distinguished(expected), Identity::Distinguished(shown)) => {
            expected.len() == shown.len()
                && expected
                    .iter()
                    .zip(&shown)
                    .all(|(one, other)| one.0 == other.0 && (one.1 == "*" || one.1 == other.1))
        }
        (expected, shown) => expected == shown,
    }
}

/// Whether an identity stands for several, so that nobody can be asked for by it.
pub(super) fn is_pattern(text: &str) -> bool {
    match Identity::read(text) {
        Identity::Any => true,
        Identity::Address(first, last) => first != last,
        Identity::Name(text) | Identity::Mail(text) => text.contains(['*', '%']),
        Identity::Distinguished(parts) => parts.iter().any(|(_, value)| value == "*"),
        Identity::Key(_) => false,
    }
}

impl Identity {
    fn read(text: &str) -> Self {
        let text = text.trim();
        let name = |text: &str| Self::Name(text.to_ascii_lowercase());
        let mail = |text: &str| Self::Mail(text.to_ascii_lowercase());
        if matches!(text, "" | "%any" | "%any4" | "%any6" | "0.0.0.0" | "::" | "0::0" | "*") {
            return Self::Any;
        }
        if let Some((prefix, rest)) = text.split_once(':')
            && PREFIXES.iter().any(|one| one.eq_ignore_ascii_case(prefix))
        {
            return match prefix.to_ascii_lowercase().as_str() {
                "fqdn" | "dns" => name(rest),
                "email" | "rfc822" | "userfqdn" => mail(rest),
                "ipv4" | "ipv6" => Self::addresses(rest).unwrap_or_else(|| Self::Key(rest.to_owned())),
                "asn1dn" | "dn" => Self::distinguished(rest).unwrap_or_else(|| Self::Key(rest.to_owned())),
                _ => Self::Key(rest.to_owned()),
            };
        }
        if let Some(rest) = text.strip_prefix('@') {
            // `@~` and `@[NAME]` are libreswan's.
            return match (rest.strip_prefix('@'), rest.strip_prefix('[')) {
                (Some(address), _) => mail(address),
                (None, Some(key)) => Self::Key(key.trim_end_matches(']').to_owned()),
                (None, None) if rest.starts_with('#') => Self::Key(rest.to_ascii_lowercase()),
                (None, None) => name(rest),
            };
        }
        if text.contains('=') {
            return Self::distinguished(text).unwrap_or_else(|| Self::Key(text.to_owned()));
        }
        match Self::addresses(text) {
            Some(addresses) => addresses,
            None if text.contains('@') => mail(text),
            None => name(text),
        }
    }

    /// An address, a network or a range.
    fn addresses(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address, address));
        }
        let (first, last) = match (text.split_once('/'), text.split_once('-')) {
            (Some((address, length)), _) => range(address.parse().ok()?, length.parse().ok()?)?,
            (None, Some((first, last))) => (first.parse().ok()?, last.parse().ok()?),
            (None, None) => return None,
        };
        Some(Self::Address(first, last))
    }

    /// `C=CH, O=Example, CN=gw` or `/C=CH/O=Example/CN=gw`.
    fn distinguished(text: &str) -> Option<Self> {
        let separator = if text.starts_with('/') { '/' } else { ',' };
        let mut parts: Vec<(String, String)> = Vec::new();
        for part in text.split(separator).map(str::trim).filter(|part| !part.is_empty()) {
            let (kind, value) = part.split_once('=')?;
            let kind = kind.trim().to_ascii_lowercase();
            let kind =
                SYNONYMS.iter().find(|(other, _)| *other == kind).map_or(kind.as_str(), |(_, own)| own).to_owned();
            parts.push((kind, value.trim().trim_matches('"').to_ascii_lowercase()));
        }
        (!parts.is_empty()).then_some(Self::Distinguished(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_expected_by_its_type_and_its_parts() {
        for (expected, shown) in [
            ("%any", "gw.example"),
            ("gw.example", "GW.example"),
            ("@gw.example", "gw.example"),
            ("fqdn:gw.example", "gw.example"),
            ("*.example", "gw.example"),
            ("*@example.org", "me@example.org"),
            ("192.0.2.1", "ipv4:192.0.2.1"),
            ("192.0.2.0/24", "192.0.2.7"),
            ("C=CH, O=*, CN=*", "C=CH, O=ex, CN=a"),
            ("C=CH,O=ex,CN=a", "C=CH, O=ex, CN=A"),
            ("/C=CH/CN=a", "C=CH, CN=a"),
            ("C=CH, E=a@b", "C=CH, emailAddress=a@b"),
            ("keyid:x", "@[x]"),
            ("@#0aFF", "@#0Aff"),
        ] {
            assert!(stands_for(expected, shown), "{expected} for {shown}");
        }
        for (expected, shown) in [
            ("gw.example", "gw2.example"),
            ("*.example", "gw.example.org"),
            // The types differ.
            ("*.example", "me@gw.example"),
            ("keyid:gw.example", "gw.example"),
            ("fqdn:192.0.2.1", "192.0.2.1"),
            ("192.0.2.0/24", "192.0.3.7"),
            ("C=CH, O=*", "C=CH, O=ex, CN=a"),
            ("C=CH, CN=a", "CN=a, C=CH"),
            ("keyid:x", "keyid:X"),
        ] {
            assert!(!stands_for(expected, shown), "{expected} for {shown}");
        }
        for text in ["%any", "*.example", "C=CH, CN=*", "192.0.2.0/24"] {
            assert!(is_pattern(text), "{text}");
        }
        assert!(!is_pattern("keyid:*") && !is_pattern("gw.example"));
    }
}
