use crate::{Reader, WireError, WireErrorKind};

/// How much of a handshake is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeLimits {
    /// The longest message (the value of its length field). Certificate messages reach 1 MB with chains that are wrong.
    pub message: u32,
    /// All messages together, in bytes.
    pub total: usize,
    /// Empty fragments in a row; OpenSSL takes 32.
    pub empty: usize,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self { message: 2 << 20, total: 8 << 20, empty: 32 }
    }
}

/// One handshake message as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeMessage {
    /// Type, length and body.
    pub bytes: Vec<u8>,
    /// Where it begins in the stream of handshake messages.
    pub offset: usize,
}

impl HandshakeMessage {
    /// The message type.
    pub fn message_type(&self) -> Option<u8> {
        self.bytes.first().copied()
    }
}

/// Joins the fragments of handshake records and cuts them into messages: one message in many records, or many in one.
#[derive(Clone, Debug, Default)]
pub struct Deframer {
    limits: HandshakeLimits,
    buffer: Vec<u8>,
    /// How much of the buffer has been cut up; dropped with the next push.
    done: usize,
    offset: usize,
    /// All bytes that were given.
    total: usize,
    empty: usize,
}

impl Deframer {
    /// A deframer at the beginning of a handshake.
    pub fn new(limits: HandshakeLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds the fragment of a handshake record. What lies beyond the limit is not kept.
    pub fn push(&mut self, fragment: &[u8]) {
        if fragment.is_empty() {
            self.empty = self.empty.saturating_add(1);
            return;
        }
        if self.empty <= self.limits.empty {
            self.empty = 0;
        }
        self.buffer.drain(..self.done);
        self.done = 0;
        let room = self.limits.total.saturating_sub(self.total);
        self.buffer.extend_from_slice(fragment.get(..room.min(fragment.len())).unwrap_or_default());
        self.total = self.total.saturating_add(fragment.len());
    }

    /// Bytes that belong to no whole message yet.
    pub fn partial(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// The next message; `None` when it is not whole yet.
    ///
    /// # Errors
    /// `TooLong` for a message or a handshake above the limits, `TooMany` for empty fragments. Offsets count in the
    /// stream of handshake messages. It cannot be read on after an error.
    pub fn next_message(&mut self) -> Result<Option<HandshakeMessage>, WireError> {
        let error = |offset, field, kind| Err(WireError::new(offset, field, kind).within("handshake"));
        let mut reader = Reader::at(self.partial(), self.offset);
        if reader.remaining() >= 4 {
            reader.u8("msg_type")?;
            let length_offset = reader.offset();
            let length = reader.u24("length")?;
            if length > self.limits.message {
                let kind = WireErrorKind::TooLong { length: length.into(), limit: self.limits.message.into() };
                return error(length_offset, "length", kind);
            }
            let size = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(4);
            if let Some(bytes) = self.partial().get(..size) {
                let message = HandshakeMessage { bytes: bytes.to_vec(), offset: self.offset };
                self.done = self.done.saturating_add(size);
                self.offset = self.offset.saturating_add(size);
                return Ok(Some(message));
            }
        }
        if self.total > self.limits.total {
            let limit = u64::try_from(self.limits.total).unwrap_or(u64::MAX);
            return error(self.offset, "messages", WireErrorKind::TooLong { length: limit.saturating_add(1), limit });
        }
        if self.empty > self.limits.empty {
            let limit = u64::try_from(self.limits.empty).unwrap_or(u64::MAX);
            return error(self.offset, "empty_fragments", WireErrorKind::TooMany { limit });
        }
        Ok(None)
    }
}
