use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::Origin;

/// An algorithm name, a number or any other token from a peer, a file or the catalog.
///
/// Names from peers are bytes. They are kept here in a printable and reversible form: every byte outside `0x20..=0x7e`
/// and the backslash become `\xNN`, so that no control character can ever reach a terminal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// From text or bytes as the peer sent them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use std::fmt::Write;
        let mut text = String::with_capacity(bytes.len());
        for &byte in bytes {
            if (0x20..=0x7e).contains(&byte) && byte != b'\\' {
                text.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        Self(text.into())
    }

    /// From text of this program, its data or a file; escaped in the same way.
    pub fn new(text: &str) -> Self {
        if text.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b'\\') {
            Self(text.into())
        } else {
            Self::from_bytes(text.as_bytes())
        }
    }

    /// From the printable form, as [`Self::as_str`] gives it: `\x1b` stands for one byte. Whatever is not printable is
    /// escaped.
    pub fn from_escaped(text: &str) -> Self {
        Self::from_bytes(&Self(text.into()).to_bytes())
    }

    /// The printable form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes as they were sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let source = self.0.as_bytes();
        let mut bytes = Vec::with_capacity(source.len());
        let mut rest = source;
        while let Some((&first, tail)) = rest.split_first() {
            if let (b'\\', Some((b'x', digits))) = (first, tail.split_first())
                && let Some((pair, after)) = digits.split_at_checked(2)
                && let Ok(text) = std::str::from_utf8(pair)
                && let Ok(byte) = u8::from_str_radix(text, 16)
            {
                bytes.push(byte);
                rest = after;
            } else {
                bytes.push(first);
                rest = tail;
            }
        }
        bytes
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// One element of an offered list, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name as offered.
    pub name: Name,
    /// Where this element was seen; `None` where only the list as a whole is known.
    pub origin: Option<Origin>,
}

impl Item {
    /// An element without an origin of its own.
    pub fn new(name: &str) -> Self {
        Self { name: Name::new(name), origin: None }
    }

    /// An element and where it was seen.
    pub fn with_origin(name: Name, origin: Origin) -> Self {
        Self { name, origin: Some(origin) }
    }
}

/// A list of elements without origins, from names.
pub fn items<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Item> {
    names.into_iter().map(Item::new).collect()
}

/// The names of a list as programs print it: with commas or blanks between them, in brackets and quotes or not.
pub fn printed_names(text: &str) -> impl Iterator<Item = &str> {
    let separates = |character: char| character == ',' || character.is_whitespace() || "[]\"'`;()".contains(character);
    text.split(separates).filter(|name| !name.is_empty())
}

/// The names of a list of elements.
pub fn names(items: &[Item]) -> Vec<Name> {
    items.iter().map(|item| item.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_peers_are_reversible_and_printable() {
        let hostile: Vec<u8> = (0..=255).collect();
        let name = Name::from_bytes(&hostile);
        assert!(name.as_str().bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        assert_eq!(name.to_bytes(), hostile);
        assert_eq!(Name::new("a\\x41").to_bytes(), b"a\\x41");
        assert_eq!(Name::from_escaped(name.as_str()), name);
        assert_eq!(Name::from_escaped("a\u{1b}[0m").as_str(), "a\\x1b[0m");
    }
}
