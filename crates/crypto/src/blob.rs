//! The data types of RFC 4251 section 5, as far as key and signature blobs use them.

use crate::CryptoError;

/// Reads fields off the front of a blob.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(blob: &'a [u8]) -> Self {
        Self { rest: blob }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CryptoError> {
        let (field, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| CryptoError::key("the key ends within a field"))?;
        self.rest = rest;
        Ok(field)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CryptoError> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    pub(crate) fn u32(&mut self) -> Result<u32, CryptoError> {
        Ok(self.take(4)?.iter().fold(0, |value, &byte| value << 8 | u32::from(byte)))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, CryptoError> {
        Ok(self.take(8)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8], CryptoError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// A non-negative mpint, without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], CryptoError> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|&byte| byte & 0x80 != 0) {
            return Err(CryptoError::key("a number in the key is negative"));
        }
        Ok(strip_zeros(bytes))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The number without its leading zero bytes.
pub(crate) fn strip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// How many bits the unsigned number has.
pub(crate) fn bit_length(bytes: &[u8]) -> u32 {
    let bytes = strip_zeros(bytes);
    match bytes.first() {
        Some(first) => (bytes.len() as u32).saturating_mul(8) - first.leading_zeros(),
        None => 0,
    }
}

pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// As mpint: without leading zeros, but for one where the first bit is set.
pub(crate) fn put_mpint(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = strip_zeros(bytes);
    let sign = bytes.first().is_some_and(|&byte| byte & 0x80 != 0);
    out.extend_from_slice(&(bytes.len() as u32 + u32::from(sign)).to_be_bytes());
    if sign {
        out.push(0);
    }
    out.extend_from_slice(bytes);
}
