//! DER, X.690: definite and shortest lengths, tags below 31.

use shakedown_model::Name;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The tag `[number]`, primitive.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]`, constructed.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// Bytes that are not DER of the form expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} at byte {offset}: {kind}")]
pub struct DerError {
    /// The byte at which the field begins, counted from the beginning of the whole.
    pub offset: usize,
    /// The field, from the outside in: `tbsCertificate.validity.notAfter`.
    pub field: String,
    /// What is wrong with it.
    pub kind: DerErrorKind,
}

impl DerError {
    pub(crate) fn new(offset: usize, field: &str, kind: DerErrorKind) -> Self {
        Self { offset, field: field.to_owned(), kind }
    }

    pub(crate) fn form(offset: usize, field: &str, form: &'static str) -> Self {
        Self::new(offset, field, DerErrorKind::BadForm { form })
    }

    /// The same, seen as part of `outer`.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerErrorKind {
    /// It is longer than what is left.
    #[error("{needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that it takes.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// Another element stands there.
    #[error("tag {found:#04x} where {expected:#04x} is expected")]
    WrongTag {
        /// The tag expected.
        expected: u8,
        /// The tag found.
        found: u8,
    },
    /// The length is not written in the shortest form, or is of no definite form.
    #[error("the length is not in the form of DER")]
    BadLength,
    /// Bytes follow where the element should end.
    #[error("{bytes} bytes too many")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The value is not of the form demanded.
    #[error("not {form}")]
    BadForm {
        /// The form demanded.
        form: &'static str,
    },
    /// More bytes or elements than are read here.
    #[error("{found} is above the limit of {limit}")]
    TooLarge {
        /// How many there are.
        found: usize,
        /// How many are read.
        limit: usize,
    },
    /// It stands there a second time.
    #[error("it is there more than once")]
    Twice,
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// Where it begins, with its tag.
    pub(crate) offset: usize,
    /// With tag and length.
    pub(crate) whole: &'a [u8],
    /// The contents.
    pub(crate) value: &'a [u8],
}

impl<'a> Element<'a> {
    /// Where the contents begin.
    pub(crate) fn value_offset(&self) -> usize {
        self.offset.saturating_add(self.whole.len()).saturating_sub(self.value.len())
    }

    /// Reads the elements within.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { rest: self.value, offset: self.value_offset() }
    }

    /// The contents in the printable form of names.
    pub(crate) fn name(&self) -> Name {
        Name::from_bytes(self.value)
    }

    /// The bits of a BIT STRING that has whole bytes only, as keys and signatures do.
    pub(crate) fn whole_bits(&self, field: &str) -> Result<&'a [u8], DerError> {
        match self.value.split_first() {
            Some((0, bits)) => Ok(bits),
            _ => Err(DerError::form(self.offset, field, "a bit string of whole bytes")),
        }
    }

    /// The bits of a BIT STRING as names of bits: the first bit of the first byte is bit 0. At most 16 are kept.
    pub(crate) fn named_bits(&self, field: &str) -> Result<u16, DerError> {
        let bad = || DerError::form(self.offset, field, "a bit string");
        let (&unused, bits) = self.value.split_first().ok_or_else(bad)?;
        if unused > 7 || (bits.is_empty() && unused > 0) {
            return Err(bad());
        }
        let two = [bits.first().copied().unwrap_or(0), bits.get(1).copied().unwrap_or(0)];
        Ok(u16::from_be_bytes(two).reverse_bits())
    }

    /// A BOOLEAN: `0xff` or `0x00`, X.690 section 11.1.
    pub(crate) fn boolean(&self, field: &str) -> Result<bool, DerError> {
        match self.value {
            [0xff] => Ok(true),
            [0] => Ok(false),
            _ => Err(DerError::form(self.offset, field, "a boolean of DER")),
        }
    }

    /// A small INTEGER that is not negative.
    pub(crate) fn small_integer(&self, field: &str) -> Result<u32, DerError> {
        let bad = || DerError::form(self.offset, field, "a small number");
        let digits = match self.value {
            [] => return Err(bad()),
            [first, ..] if first & 0x80 != 0 => return Err(bad()),
            [0, second, ..] if second & 0x80 == 0 => return Err(bad()),
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        if digits.len() > 4 {
            return Err(bad());
        }
        Ok(digits.iter().fold(0, |value, &digit| value << 8 | u32::from(digit)))
    }
}

/// Reads elements one after another.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self, field: &str) -> Result<Element<'a>, DerError> {
        let truncated =
            |needed| DerError::new(self.offset, field, DerErrorKind::Truncated { needed, left: self.rest.len() });
        let bad_length = || DerError::new(self.offset, field, DerErrorKind::BadLength);
        let (&tag, &first) = match self.rest {
            [tag, first, ..] => (tag, first),
            _ => return Err(truncated(2)),
        };
        if tag & 0x1f == 0x1f {
            return Err(DerError::form(self.offset, field, "a tag below 31"));
        }
        let (header, length) = if first & 0x80 == 0 {
            (2, usize::from(first))
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return Err(bad_length());
            }
            let digits = self.rest.get(2..2 + count).ok_or_else(|| truncated(2 + count))?;
            let length = digits.iter().fold(0_usize, |value, &digit| value << 8 | usize::from(digit));
            let shortest = digits.first() != Some(&0) && length >= 0x80;
            if !shortest {
                return Err(bad_length());
            }
            (2 + count, length)
        };
        let needed = header.saturating_add(length);
        let (whole, rest) = self.rest.split_at_checked(needed).ok_or_else(|| truncated(needed))?;
        let element = Element { tag, offset: self.offset, whole, value: whole.get(header..).unwrap_or_default() };
        self.rest = rest;
        self.offset = self.offset.saturating_add(needed);
        Ok(element)
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, field: &str) -> Result<Element<'a>, DerError> {
        match self.peek() {
            Some(found) if found != tag => {
                Err(DerError::new(self.offset, field, DerErrorKind::WrongTag { expected: tag, found }))
            }
            _ => self.any(field),
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8, field: &str) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) { self.any(field).map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self, field: &str) -> Result<(), DerError> {
        match self.rest.len() {
            0 => Ok(()),
            bytes => Err(DerError::new(self.offset, field, DerErrorKind::Trailing { bytes })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_where_and_what() {
        let error = |bytes: &[u8]| Reader::new(bytes).any("x").unwrap_err().kind;
        assert_eq!(error(&[0x30]), DerErrorKind::Truncated { needed: 2, left: 1 });
        assert_eq!(error(&[0x30, 5, 1]), DerErrorKind::Truncated { needed: 7, left: 3 });
        for bad in [&[0x30_u8, 0x80][..], &[0x30, 0x81, 5], &[0x30, 0x82, 0, 200], &[0x30, 0x85, 1, 1, 1, 1, 1]] {
            assert_eq!(error(bad), DerErrorKind::BadLength, "{bad:x?}");
        }
        let mut reader = Reader::new(&[0x30, 3, 2, 1, 7, 0]);
        let outer = reader.expect(SEQUENCE, "outer").unwrap();
        let mut inner = outer.reader();
        let number = inner.expect(INTEGER, "number").unwrap();
        assert_eq!((number.offset, number.value_offset(), number.small_integer("number")), (2, 4, Ok(7)));
        assert_eq!(reader.finish("outer").unwrap_err().offset, 5);
    }

    #[test]
    fn small_numbers_are_in_their_shortest_form() {
        let number = |bytes: &[u8]| {
            let mut whole = vec![2, bytes.len() as u8];
            whole.extend_from_slice(bytes);
            Reader::new(&whole).any("n").unwrap().small_integer("n").ok()
        };
        assert_eq!(number(&[0]), Some(0));
        assert_eq!(number(&[0, 0x80]), Some(128));
        assert_eq!(number(&[1, 0]), Some(256));
        assert_eq!([number(&[]), number(&[0x80]), number(&[0, 1]), number(&[1, 1, 1, 1, 1])], [None; 4]);
    }
}
