use std::ops::Range;
use std::sync::Arc;

/// A byte range in a file.
pub type Span = Range<usize>;

/// A file that was read, kept whole so that a report can quote it; of a large one only the lines that the report points
/// at. Never holds key material.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the person or the `Include` wrote it.
    pub path: String,
    /// The bytes read, or those that were kept. Spans count in these.
    pub text: Vec<u8>,
    /// Where the parts that were kept stand in the file, in order; empty where all of it was kept.
    pub excerpts: Vec<Excerpt>,
}

/// A part of a large file that was kept. It begins a line of the kept text and ends with a line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Its first byte in the kept text.
    pub at: usize,
    /// The same byte in the file.
    pub offset: u64,
    /// Its line in the file, counted from 1.
    pub line: usize,
}

impl SourceFile {
    /// A file of which all was kept.
    pub fn new(path: impl Into<String>, text: Vec<u8>) -> Self {
        Self { path: path.into(), text, excerpts: Vec::new() }
    }

    /// The part that a byte of the kept text belongs to, where not all was kept.
    pub fn excerpt(&self, at: usize) -> Option<&Excerpt> {
        let after = self.excerpts.partition_point(|excerpt| excerpt.at <= at);
        self.excerpts.get(after.checked_sub(1)?)
    }

    /// Where a byte of the kept text stands in the file.
    pub fn offset(&self, at: usize) -> u64 {
        self.excerpt(at).map_or(at as u64, |excerpt| excerpt.offset + (at - excerpt.at) as u64)
    }
}

/// Where a statement comes from. Cheap to copy; line and column are computed only in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Arc<OriginKind>, Option<Arc<Origin>>);

/// The kinds of places that a statement can come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginKind {
    /// Bytes of a file.
    File {
        /// The file.
        file: Arc<SourceFile>,
        /// The bytes in it.
        span: Span,
    },
    /// A row of the catalog.
    Catalog {
        /// The row, such as `openssh@9.2p1/debian-12 server`.
        row: String,
        /// Where the row's facts were read.
        source: String,
    },
    /// Something a peer sent.
    Peer {
        /// Its address, such as `127.0.0.1:22`.
        address: String,
        /// The connection of this run, counted from 1.
        connection: u32,
        /// What was seen, such as `KEXINIT` or `identification`.
        what: String,
    },
    /// What a program of this machine printed, such as `ssh -G`.
    Program {
        /// The command line.
        command: String,
    },
    /// The command line of `shakedown` itself.
    CommandLine {
        /// The argument.
        argument: String,
    },
    /// A change proposed by this program.
    Edit {
        /// What the change does.
        title: String,
    },
}

impl Origin {
    /// A place.
    pub fn new(kind: OriginKind) -> Self {
        Self(Arc::new(kind), None)
    }

    /// Bytes of a file.
    pub fn file(file: &Arc<SourceFile>, span: Span) -> Self {
        Self::new(OriginKind::File { file: Arc::clone(file), span })
    }

    /// The same place, reached from `before`: a default that an include or an edit has changed.
    pub fn after(self, before: Origin) -> Self {
        Self(self.0, Some(Arc::new(before)))
    }

    /// What kind of place it is.
    pub fn kind(&self) -> &OriginKind {
        &self.0
    }

    /// The place before, in a chain from default to include to edit.
    pub fn before(&self) -> Option<&Origin> {
        self.1.as_deref()
    }
}
