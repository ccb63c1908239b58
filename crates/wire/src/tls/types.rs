//! The presentation language of RFC 8446 section 3: numbers and vectors with a length before them.

use crate::{Reader, WireError, WireErrorKind, Writer};

impl<'a> Reader<'a> {
    /// Three bytes, most significant first.
    ///
    /// # Errors
    /// `Truncated` when fewer are left.
    pub fn u24(&mut self, field: &str) -> Result<u32, WireError> {
        self.array::<3>(field).map(|[high, middle, low]| u32::from_be_bytes([0, high, middle, low]))
    }

    /// Bytes with a length of one byte before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn opaque8(&mut self, field: &str) -> Result<&'a [u8], WireError> {
        let length = self.u8(field)?;
        self.take(field, length.into())
    }

    /// Bytes with a length of two bytes before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn opaque16(&mut self, field: &str) -> Result<&'a [u8], WireError> {
        let length = self.u16(field)?;
        self.take(field, length.into())
    }

    /// Bytes with a length of three bytes before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn opaque24(&mut self, field: &str) -> Result<&'a [u8], WireError> {
        let length = self.u24(field)?;
        self.take(field, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A reader of the bytes that have a length of one byte before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn vector8(&mut self, field: &str) -> Result<Self, WireError> {
        let bytes = self.opaque8(field)?;
        Ok(Self::at(bytes, self.offset().saturating_sub(bytes.len())))
    }

    /// A reader of the bytes that have a length of two bytes before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn vector16(&mut self, field: &str) -> Result<Self, WireError> {
        let bytes = self.opaque16(field)?;
        Ok(Self::at(bytes, self.offset().saturating_sub(bytes.len())))
    }

    /// A reader of the bytes that have a length of three bytes before them.
    ///
    /// # Errors
    /// `Truncated` when the length or the bytes are not all there.
    pub fn vector24(&mut self, field: &str) -> Result<Self, WireError> {
        let bytes = self.opaque24(field)?;
        Ok(Self::at(bytes, self.offset().saturating_sub(bytes.len())))
    }

    /// All that is left as numbers of two bytes.
    ///
    /// # Errors
    /// `Misaligned` when half a number is left over.
    pub fn numbers(mut self, field: &str) -> Result<Vec<u16>, WireError> {
        let length = self.remaining();
        if !length.is_multiple_of(2) {
            let length = u64::try_from(length).unwrap_or(u64::MAX);
            return Err(WireError::new(self.offset(), field, WireErrorKind::Misaligned { length, block: 2 }));
        }
        let mut numbers = Vec::with_capacity(length / 2);
        while !self.is_empty() {
            numbers.push(self.u16(field)?);
        }
        Ok(numbers)
    }

    /// All that is left as elements that this function reads.
    ///
    /// # Errors
    /// Those of the function, which must consume something with each element.
    pub fn elements<T>(
        mut self,
        field: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            elements.push(read(&mut self).map_err(|error| error.within(field))?);
        }
        Ok(elements)
    }
}

/// A length that its field cannot hold is written as the largest that it can: such a message is as broken as asked for.
impl Writer {
    /// Three bytes, most significant first.
    pub fn u24(&mut self, value: u32) -> &mut Self {
        let [_, high, middle, low] = value.min(0x00ff_ffff).to_be_bytes();
        self.raw(&[high, middle, low])
    }

    /// Bytes with a length of one byte before them.
    pub fn opaque8(&mut self, bytes: &[u8]) -> &mut Self {
        self.u8(u8::try_from(bytes.len()).unwrap_or(u8::MAX)).raw(bytes)
    }

    /// Bytes with a length of two bytes before them.
    pub fn opaque16(&mut self, bytes: &[u8]) -> &mut Self {
        self.u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX)).raw(bytes)
    }

    /// Bytes with a length of three bytes before them.
    pub fn opaque24(&mut self, bytes: &[u8]) -> &mut Self {
        self.u24(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// Numbers of two bytes, without a length.
    pub fn numbers(&mut self, numbers: &[u16]) -> &mut Self {
        for &number in numbers {
            self.u16(number);
        }
        self
    }
}

/// The elements one after the other, without a length.
pub(crate) fn list<T>(elements: &[T], write: impl Fn(&mut Writer, &T)) -> Vec<u8> {
    let mut writer = Writer::new();
    elements.iter().for_each(|element| write(&mut writer, element));
    writer.into_bytes()
}

/// The size in bits of an unsigned number, most significant byte first.
pub(crate) fn bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let Some((&first, rest)) = number.get(zeros..).and_then(<[u8]>::split_first) else { return 0 };
    let bits = rest.len().saturating_mul(8).saturating_add(8);
    u32::try_from(bits).unwrap_or(u32::MAX).saturating_sub(first.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_count_offsets_from_the_beginning() {
        let mut reader = Reader::at(&[0, 4, 0, 1, 0, 2], 10);
        let vector = reader.vector16("list").unwrap();
        assert_eq!(vector.offset(), 12);
        assert_eq!(vector.numbers("list").unwrap(), [1, 2]);
        let error = Reader::at(&[3, 1, 2, 3], 5).vector8("list").unwrap().numbers("list").unwrap_err();
        assert_eq!(
            (error.offset, error.to_string().as_str()),
            (6, "list: length 3 with its length field is not a multiple of 2")
        );
    }

    #[test]
    fn lengths_that_do_not_fit_are_the_largest() {
        let mut writer = Writer::new();
        writer.opaque8(&[7; 300]);
        assert_eq!(writer.as_bytes()[0], 255);
        assert_eq!(writer.as_bytes().len(), 301);
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[0, 0]), 0);
    }
}
