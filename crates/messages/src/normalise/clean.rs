use std::borrow::Cow;
use std::ops::Range;

use super::map::Map;
use super::rewriter::Rewritten;
use super::{encoding, escapes, layout, quoted_printable, strip, wrap};

/// Text as the patterns expect it, with the way back to the bytes that it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean<'a> {
    bytes: Cow<'a, [u8]>,
    /// One for each time that the text was written anew, the first one first.
    maps: Vec<Map>,
}

/// Strings within strings: a log line in JSON, in the JSON of what shipped it, in the output of what ran it.
const NESTED: usize = 4;

/// Texts up to this length are looked at as pages that somebody pasted or mailed: with quoting, tables, and lines
/// broken by a terminal or a mail program. Longer ones come from files, whose lines nobody broke.
const PAGE: usize = 256 * 1024;

impl<'a> Clean<'a> {
    /// Takes away what hides a message: colours, escapes, typographic quotes, wrappings, broken lines.
    pub fn of(original: &'a [u8]) -> Self {
        let mut clean = Self { bytes: Cow::Borrowed(original), maps: Vec::new() };
        let looked = strip::look(original);
        if looked.dirty {
            clean.rewrite(encoding::decode);
            clean.rewrite(strip::strip);
        }
        for _ in 0..NESTED {
            if !(looked.dirty || looked.escaped) || !clean.rewrite(escapes::unescape) {
                break;
            }
            clean.rewrite(strip::strip);
        }
        if clean.bytes.len() <= PAGE {
            if clean.rewrite(quoted_printable::decode) {
                clean.rewrite(strip::strip);
            }
            clean.rewrite(layout::unquote);
            clean.rewrite(wrap::rejoin);
        }
        clean
    }

    /// The clean text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the original that a part of the clean text was made of.
    pub fn original(&self, part: Range<usize>) -> Range<usize> {
        self.maps.iter().rev().fold(part, |part, map| map.original(part))
    }

    /// Whether anything had to be taken away.
    pub fn is_changed(&self) -> bool {
        !self.maps.is_empty()
    }

    fn rewrite(&mut self, with: impl FnOnce(&[u8]) -> Option<Rewritten>) -> bool {
        let Some(rewritten) = with(&self.bytes) else { return false };
        self.bytes = Cow::Owned(rewritten.bytes);
        self.maps.push(rewritten.map);
        true
    }
}
