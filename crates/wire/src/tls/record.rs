use crate::tls::number::content;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The longest fragment that any version lets a peer send, protection included: RFC 5246 section 6.2.3.
const LONGEST_FRAGMENT: u16 = 16_384 + 2048;
/// The longest fragment without protection, RFC 8446 section 5.1.
pub(crate) const LONGEST_PLAINTEXT: usize = 16_384;

/// What the first bytes from a peer look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Too few bytes to tell.
    Undecided,
    /// Records of SSL 3.0 to TLS 1.3.
    Records,
    /// Records of SSL 2.0.
    Ssl2,
    /// Something else, such as plain text.
    Other,
}

impl Opening {
    /// From the first bytes; four are always enough.
    pub fn recognise(bytes: &[u8]) -> Self {
        let Some(&first) = bytes.first() else { return Self::Undecided };
        if is_content_type(first) {
            return match bytes.get(1) {
                None => Self::Undecided,
                Some(3) => Self::Records,
                Some(_) => Self::Other,
            };
        }
        // Two bytes of length with the highest bit set; then ERROR, CLIENT-HELLO or SERVER-HELLO; then the high byte of
        // an error code or version, or whether a session is resumed. A hello with padding is never seen.
        if first & 0x80 == 0 {
            return Self::Other;
        }
        match (bytes.get(2), bytes.get(3)) {
            (None, _) | (Some(0 | 1 | 4), None) => Self::Undecided,
            (Some(0 | 1 | 4), Some(0 | 1 | 3)) => Self::Ssl2,
            _ => Self::Other,
        }
    }
}

fn is_content_type(byte: u8) -> bool {
    (content::CHANGE_CIPHER_SPEC..=content::HIGHEST).contains(&byte)
}

/// A record, TLSPlaintext of RFC 8446 section 5.1, or what stands in its place once keys are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The content type.
    pub content_type: u8,
    /// The version field: anything.
    pub version: u16,
    /// The content.
    pub fragment: Vec<u8>,
    /// Where the record begins, counted from the first byte given to the reader.
    pub offset: usize,
}

impl Record {
    /// Where the fragment begins, counted as [`Self::offset`].
    pub fn fragment_offset(&self) -> usize {
        self.offset.saturating_add(5)
    }

    /// The bytes of the record.
    pub fn write(&self) -> Vec<u8> {
        UnusualRecord::new(self.content_type, self.version, &self.fragment).write()
    }
}

/// The records that hold this content: as many as the longest fragment of 2^14 bytes makes needful, at least one.
pub fn write_records(content_type: u8, version: u16, content: &[u8]) -> Vec<u8> {
    if content.is_empty() {
        return UnusualRecord::new(content_type, version, content).write();
    }
    content.chunks(LONGEST_PLAINTEXT).flat_map(|part| UnusualRecord::new(content_type, version, part).write()).collect()
}

/// A record of which every field can be set to anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusualRecord {
    /// The content type.
    pub content_type: u8,
    /// The version field.
    pub version: u16,
    /// The length field.
    pub length: u16,
    /// The content.
    pub fragment: Vec<u8>,
}

impl UnusualRecord {
    /// A correct record, to be changed.
    pub fn new(content_type: u8, version: u16, fragment: &[u8]) -> Self {
        let length = u16::try_from(fragment.len()).unwrap_or(u16::MAX);
        Self { content_type, version, length, fragment: fragment.to_vec() }
    }

    /// The bytes of the record.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(self.content_type).u16(self.version).u16(self.length).raw(&self.fragment);
        writer.into_bytes()
    }
}

/// How long a record may say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// The fragment, in bytes.
    pub fragment: u16,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { fragment: LONGEST_FRAGMENT }
    }
}

/// Cuts a stream into records.
#[derive(Clone, Debug, Default)]
pub struct RecordReader {
    limits: RecordLimits,
    buffer: Vec<u8>,
    /// How much of the buffer has been cut up; dropped with the next push, so that many records cost no moves.
    done: usize,
    offset: usize,
}

impl RecordReader {
    /// A reader at the beginning of the stream.
    pub fn new(limits: RecordLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds bytes of the stream. They are kept until [`Self::next_record`] has cut them up, so the caller limits them.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that belong to no whole record yet.
    pub fn partial(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// The next record; `None` when it is not whole yet.
    ///
    /// # Errors
    /// `BadForm` for a content type that is not assigned (plain text begins so, as does SSL 2.0), `TooLong` above the
    /// limit, each as soon as it can be judged. Offsets count from the first byte given. The stream cannot be read on
    /// after an error.
    pub fn next_record(&mut self) -> Result<Option<Record>, WireError> {
        let mut reader = Reader::at(self.partial(), self.offset);
        let error = |offset, field, kind| WireError::new(offset, field, kind).within("record");
        if reader.is_empty() {
            return Ok(None);
        }
        let content_type = reader.u8("type")?;
        if !is_content_type(content_type) {
            return Err(error(self.offset, "type", WireErrorKind::BadForm { form: "a record of TLS" }));
        }
        if reader.remaining() < 4 {
            return Ok(None);
        }
        let version = reader.u16("version")?;
        let length_offset = reader.offset();
        let length = reader.u16("length")?;
        if length > self.limits.fragment {
            let kind = WireErrorKind::TooLong { length: length.into(), limit: self.limits.fragment.into() };
            return Err(error(length_offset, "length", kind));
        }
        let Ok(fragment) = reader.take("fragment", length.into()) else { return Ok(None) };
        let record = Record { content_type, version, fragment: fragment.to_vec(), offset: self.offset };
        let size = usize::from(length).saturating_add(5);
        self.done = self.done.saturating_add(size);
        self.offset = self.offset.saturating_add(size);
        Ok(Some(record))
    }
}
