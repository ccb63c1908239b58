use std::fmt;

/// Bytes that are not what the protocol says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {kind}")]
pub struct WireError {
    /// The byte offset at which the field begins, counted from the beginning of the message or stream that was read.
    pub offset: usize,
    /// The field, from the outside in.
    pub field: FieldPath,
    /// What is wrong with it.
    pub kind: WireErrorKind,
}

impl WireError {
    /// An error about a field that begins at this offset.
    pub fn new(offset: usize, field: &str, kind: WireErrorKind) -> Self {
        Self { offset, field: FieldPath(field.to_owned()), kind }
    }

    /// The same error, with the field seen as part of `outer`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.field.0.insert(0, '.');
        self.field.0.insert_str(0, outer);
        self
    }

    /// The same error, with the offset counted from a beginning that lies `bytes` earlier.
    #[must_use]
    pub fn shifted(mut self, bytes: usize) -> Self {
        self.offset = self.offset.saturating_add(bytes);
        self
    }
}

/// A field and the fields that hold it, joined by dots: `KEXINIT.kex_algorithms`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireErrorKind {
    /// The field is longer than what is left.
    #[error("{needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that the field takes.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// Bytes follow after the last field.
    #[error("{bytes} bytes too many")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A length field is below what the format allows.
    #[error("length {length} is below the minimum of {minimum}")]
    TooShort {
        /// The length as sent.
        length: u64,
        /// The smallest that the format allows.
        minimum: u64,
    },
    /// A length field, or the bytes that came, exceed a limit.
    #[error("length {length} is above the limit of {limit}")]
    TooLong {
        /// The length as sent, or the bytes seen so far.
        length: u64,
        /// The limit.
        limit: u64,
    },
    /// There are more elements than the limit allows.
    #[error("more than {limit} in number")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// The packet does not fill whole blocks.
    #[error("length {length} with its length field is not a multiple of {block}")]
    Misaligned {
        /// The length as sent, without the length field itself.
        length: u64,
        /// The block size.
        block: u64,
    },
    /// Another message than the one expected.
    #[error("message number {found} where {expected} is expected")]
    WrongMessage {
        /// The number expected.
        expected: u8,
        /// The number sent.
        found: u8,
    },
    /// The text is not of the form that the protocol demands.
    #[error("not of the form {form}")]
    BadForm {
        /// The form demanded.
        form: &'static str,
    },
}
