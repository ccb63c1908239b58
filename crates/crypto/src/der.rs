//! As much of DER (X.690) as private key files need.

use crate::CryptoError;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed.
pub(crate) const CONTEXT_1: u8 = 0xa1;

/// Reads elements off the front.
#[derive(Clone)]
pub(crate) struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The contents of the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], CryptoError> {
        self.optional(tag)?.ok_or_else(|| CryptoError::key(format!("the key has no DER element {tag:#04x} where due")))
    }

    /// The contents of the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, CryptoError> {
        let cut = || CryptoError::key("the key ends within a DER element");
        match self.rest.split_first() {
            Some((&found, rest)) if found == tag => {
                let (&first, mut rest) = rest.split_first().ok_or_else(cut)?;
                let mut length = usize::from(first);
                if first & 0x80 != 0 {
                    let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or_else(cut)?;
                    if digits.len() > 4 {
                        return Err(cut());
                    }
                    length = digits.iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
                    rest = after;
                }
                let (contents, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
                self.rest = rest;
                Ok(Some(contents))
            }
            _ => Ok(None),
        }
    }
}
