use crate::{Reader, WireError, Writer};

/// A name-list, RFC 4251 section 5, verbatim: empty names (from doubled or trailing commas) are kept, names may hold any
/// byte but the comma. An empty list has no names; a list of one empty name cannot be written.
pub type NameList = Vec<Vec<u8>>;

/// The data types of RFC 4251 section 5.
impl<'a> Reader<'a> {
    /// A `string`: four bytes of length, then that many bytes.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn string(&mut self, field: &str) -> Result<&'a [u8], WireError> {
        let length = self.u32(field)?;
        self.take(field, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A `boolean`: one byte, of which anything but 0 is true.
    ///
    /// # Errors
    /// `Truncated` when nothing is left.
    pub fn boolean(&mut self, field: &str) -> Result<bool, WireError> {
        self.u8(field).map(|byte| byte != 0)
    }

    /// A `name-list`: a string of names separated by commas.
    ///
    /// # Errors
    /// `Truncated` as for a string.
    pub fn name_list(&mut self, field: &str) -> Result<NameList, WireError> {
        let bytes = self.string(field)?;
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(bytes.split(|&byte| byte == b',').map(<[u8]>::to_vec).collect())
    }

    /// An `mpint`, as sent.
    ///
    /// # Errors
    /// `Truncated` as for a string.
    pub fn mpint(&mut self, field: &str) -> Result<Mpint, WireError> {
        self.string(field).map(|bytes| Mpint(bytes.to_vec()))
    }
}

/// The data types of RFC 4251 section 5.
impl Writer {
    /// A `string`. A length beyond 32 bits, which no message of this crate reaches, is written as the largest.
    pub fn string(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// A `boolean`.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// A `name-list`.
    pub fn name_list(&mut self, names: &NameList) -> &mut Self {
        self.string(&names.join(&b','))
    }

    /// An `mpint`, as it is.
    pub fn mpint(&mut self, value: &Mpint) -> &mut Self {
        self.string(&value.0)
    }
}

/// An `mpint`, RFC 4251 section 5: the bytes after the length as they were sent, two's complement, most significant
/// first. Needless leading zeros are kept until [`Self::to_unsigned`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mpint(pub Vec<u8>);

impl Mpint {
    /// From an unsigned number, most significant byte first, in the shortest form.
    pub fn from_unsigned(number: &[u8]) -> Self {
        let significant = strip_zeros(number);
        let mut bytes = Vec::with_capacity(significant.len().saturating_add(1));
        if significant.first().is_some_and(|byte| byte & 0x80 != 0) {
            bytes.push(0);
        }
        bytes.extend_from_slice(significant);
        Self(bytes)
    }

    /// The unsigned number without leading zeros; `None` for a negative one.
    pub fn to_unsigned(&self) -> Option<&[u8]> {
        if self.0.first().is_some_and(|byte| byte & 0x80 != 0) {
            return None;
        }
        Some(strip_zeros(&self.0))
    }

    /// The size in bits; 0 for zero and for negative numbers.
    pub fn bits(&self) -> u32 {
        let Some((&first, rest)) = self.to_unsigned().and_then(<[u8]>::split_first) else { return 0 };
        let bits = rest.len().saturating_mul(8).saturating_add(8);
        u32::try_from(bits).unwrap_or(u32::MAX).saturating_sub(first.leading_zeros())
    }
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mpints_take_the_examples_of_rfc_4251() {
        assert_eq!(Mpint::from_unsigned(&[0]).0, b"");
        assert_eq!(Mpint::from_unsigned(&[0x09, 0xa3, 0x78]).0, [0x09, 0xa3, 0x78]);
        assert_eq!(Mpint::from_unsigned(&[0x80]).0, [0x00, 0x80]);
        assert_eq!(Mpint(vec![0xed, 0xcc]).to_unsigned(), None);
        assert_eq!(Mpint(vec![0, 0, 0x80]).to_unsigned(), Some(&[0x80][..]));
        assert_eq!(Mpint(vec![0, 0x80]).bits(), 8);
        assert_eq!(Mpint(vec![0x01, 0x00]).bits(), 9);
        assert_eq!(Mpint(vec![]).bits(), 0);
        assert_eq!(Mpint(vec![0xff]).bits(), 0);
    }

    #[test]
    fn name_lists_keep_empty_names() {
        let read = |bytes: &[u8]| {
            let mut writer = Writer::new();
            writer.string(bytes);
            Reader::new(writer.as_bytes()).name_list("list").unwrap()
        };
        assert_eq!(read(b""), NameList::new());
        assert_eq!(read(b"a,,b,"), [&b"a"[..], b"", b"b", b""]);
        assert_eq!(read(b"a\0b"), [&b"a\0b"[..]]);
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error_with_its_place() {
        let mut reader = Reader::at(&[0xff, 0xff, 0xff, 0xff, 1], 7);
        let error = reader.string("signature").unwrap_err();
        assert_eq!(error.offset, 11);
        assert_eq!(error.to_string(), "signature: 4294967295 bytes needed, 1 left");
    }
}
