use crate::{WireError, WireErrorKind};

/// A cursor over bytes. Every method names the field it reads, so that an error can say where and what.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of `bytes`, which is offset 0.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Reads `bytes`, whose beginning is this offset of something larger.
    pub fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset }
    }

    /// The offset of the next byte.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left; the reader is then empty.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.offset = self.offset.saturating_add(rest.len());
        self.rest = &[];
        rest
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left; nothing is consumed then.
    pub fn take(&mut self, field: &str, length: usize) -> Result<&'a [u8], WireError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            let kind = WireErrorKind::Truncated { needed: length, left: self.rest.len() };
            return Err(WireError::new(self.offset, field, kind));
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(length);
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N], WireError> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            let kind = WireErrorKind::Truncated { needed: N, left: self.rest.len() };
            return Err(WireError::new(self.offset, field, kind));
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(N);
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// `Truncated` when nothing is left.
    pub fn u8(&mut self, field: &str) -> Result<u8, WireError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// Two bytes, most significant first.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn u16(&mut self, field: &str) -> Result<u16, WireError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Four bytes, most significant first.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn u32(&mut self, field: &str) -> Result<u32, WireError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// `Trailing` when something is.
    pub fn finish(&self, field: &str) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::new(self.offset, field, WireErrorKind::Trailing { bytes: self.rest.len() }))
        }
    }
}
