use std::fmt;

/// Something about a source that a reader of the result should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The source, by its place among those given.
    pub file: usize,
    /// What it is.
    pub condition: Condition,
}

/// Why a source, or a part of it, could not be read as text, or was read otherwise than one may expect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// It cannot be opened or read: the system's reason.
    Unreadable(String),
    /// It is a folder.
    Directory,
    /// There is nothing in it.
    Empty,
    /// It is not text, but this.
    Binary(&'static str),
    /// It is a capture of packets.
    Capture(&'static str),
    /// It is compressed in a way that is not read; the command that unpacks it.
    Compressed(&'static str, &'static str),
    /// Its compressed form ends early or is damaged: what came before was read.
    Damaged(String),
    /// A line was longer than [`crate::input::LINE_LIMIT`] and was read in pieces; where it begins.
    LongLine(u64),
    /// It became shorter while it was read: that many bytes were read of those that it had.
    Shrunk {
        /// Bytes read.
        read: u64,
        /// Bytes that it had at the beginning.
        size: u64,
    },
    /// It was replaced by another file of its name, which is read from its beginning.
    Rotated,
    /// It was cut off and is read from its beginning again.
    Truncated,
    /// It is not there at the moment.
    Missing,
    /// It was opened to be followed.
    Followed {
        /// Lines before the place where reading begins.
        lines: usize,
        /// Where that begins which was not there before.
        added: u64,
    },
}

impl Condition {
    /// Whether nothing of the source could be read: the input is wrong, rather than noteworthy.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_)
                | Self::Directory
                | Self::Empty
                | Self::Binary(_)
                | Self::Capture(_)
                | Self::Compressed(..)
        )
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(formatter, "cannot be read: {reason}"),
            Self::Directory => write!(formatter, "is a folder: name the files in it"),
            Self::Empty => write!(formatter, "is empty"),
            Self::Binary(what) => write!(formatter, "is not text but {what}"),
            Self::Capture(what) => write!(formatter, "is a capture ({what}): captures are not read yet"),
            Self::Compressed(what, command) => {
                write!(formatter, "is compressed with {what}, which is not read: pipe it in with `{command}`")
            }
            Self::Damaged(reason) => {
                write!(formatter, "is damaged or ends early ({reason}): what comes before was read")
            }
            Self::LongLine(offset) => {
                let limit = super::LINE_LIMIT >> 20;
                write!(formatter, "has a line of more than {limit} MiB at byte {offset}, which was read in pieces")
            }
            Self::Shrunk { read, size } => {
                write!(formatter, "became shorter while it was read: {read} of {size} bytes were there")
            }
            Self::Rotated => write!(formatter, "was replaced by a new file, which is read from its beginning"),
            Self::Truncated => write!(formatter, "was cut off, and is read from its beginning again"),
            Self::Missing => write!(formatter, "is not there at the moment"),
            Self::Followed { added, .. } => write!(formatter, "is followed from byte {added} on"),
        }
    }
}
