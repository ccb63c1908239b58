use std::ops::Range;

/// A place in a line. Copies of it are how one looks ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &'a [u8] {
        self.line.get(range.clone()).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.line.len());
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    /// Blanks and tabs; how many.
    pub(super) fn blanks(&mut self) -> usize {
        self.take(usize::MAX, |byte| byte == b' ' || byte == b'\t').len()
    }

    /// As many bytes as are alike, up to a number.
    pub(super) fn take(&mut self, most: usize, alike: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        self.at += self.rest().iter().take(most).take_while(|byte| alike(**byte)).count();
        start..self.at
    }

    /// At least one digit.
    pub(super) fn number(&mut self) -> Option<Range<usize>> {
        let digits = self.take(20, |byte| byte.is_ascii_digit());
        (!digits.is_empty()).then_some(digits)
    }

    /// What stands between two bytes, the first of which is next; both on this line and not far apart.
    pub(super) fn between(&mut self, open: u8, close: u8, most: usize) -> Option<Range<usize>> {
        if self.peek() != Some(open) {
            return None;
        }
        let inner = self.line.get(self.at + 1..)?;
        let end = memchr::memchr(close, inner.get(..most).unwrap_or(inner))?;
        let range = self.at + 1..self.at + 1 + end;
        self.at = range.end + 1;
        Some(range)
    }

    /// Whether a word ends here.
    pub(super) fn is_end(&self) -> bool {
        self.peek().is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_')
    }
}
