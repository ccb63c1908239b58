use crate::ssh::number;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The block size before keys are in use, RFC 4253 section 6.
const BLOCK: usize = 8;
/// The least padding, RFC 4253 section 6.
const LEAST_PADDING: usize = 4;
/// The shortest packet with its length field, RFC 4253 section 6.
const SHORTEST: usize = 16;

/// How long a packet may say that it is (the value of its length field).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Any packet but KEXINIT. RFC 4253 section 6.1 demands 35 000.
    pub packet: u32,
    /// KEXINIT, whose lists have no limit of their own. OpenSSH takes 256 KiB.
    pub kexinit: u32,
}

impl Default for PacketLimits {
    fn default() -> Self {
        Self { packet: 35_000, kexinit: 256 * 1024 }
    }
}

/// An unencrypted packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The payload, message number first; may be empty.
    pub payload: Vec<u8>,
    /// Where the packet begins, counted from the first byte given to the reader.
    pub offset: usize,
    /// Its sequence number, counted from 0.
    pub sequence: u32,
}

impl Packet {
    /// Where the payload begins, counted as [`Self::offset`].
    pub fn payload_offset(&self) -> usize {
        self.offset.saturating_add(5)
    }
}

/// Cuts a stream into unencrypted packets.
#[derive(Clone, Debug, Default)]
pub struct PacketReader {
    limits: PacketLimits,
    buffer: Vec<u8>,
    /// How much of the buffer has been cut up; dropped with the next push, so that many packets cost no moves.
    done: usize,
    offset: usize,
    sequence: u32,
}

impl PacketReader {
    /// A reader at the beginning of the packets.
    pub fn new(limits: PacketLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds bytes of the stream. They are kept until [`Self::next_packet`] has cut them up, so the caller limits them.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that belong to no whole packet yet.
    pub fn partial(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// The next packet; `None` when it is not whole yet.
    ///
    /// # Errors
    /// `TooShort`, `TooLong`, `Misaligned` for the packet length, as soon as it can be judged; `TooShort` and `TooLong`
    /// for the padding length. Offsets count from the first byte given. The stream cannot be read on after an error.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, WireError> {
        let Some(length) = self.checked_length()? else { return Ok(None) };
        let size = length.saturating_add(4);
        let Some(bytes) = self.partial().get(..size) else { return Ok(None) };
        let mut reader = Reader::at(bytes, self.offset);
        reader.u32("packet_length")?;
        let padding_offset = reader.offset();
        let padding = usize::from(reader.u8("padding_length")?);
        let payload_length =
            payload_length(length, padding).map_err(|kind| WireError::new(padding_offset, "padding_length", kind))?;
        let payload = reader.take("payload", payload_length)?.to_vec();
        let packet = Packet { payload, offset: self.offset, sequence: self.sequence };
        self.done = self.done.saturating_add(size);
        self.offset = self.offset.saturating_add(size);
        self.sequence = self.sequence.wrapping_add(1);
        Ok(Some(packet))
    }

    /// The packet length, once enough is there to judge it.
    fn checked_length(&self) -> Result<Option<usize>, WireError> {
        let Some((&field, after)) = self.partial().split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(field);
        let error = |kind| Err(WireError::new(self.offset, "packet_length", kind));
        let minimum = u32::try_from(1 + LEAST_PADDING).unwrap_or(u32::MAX);
        if length < minimum {
            return error(WireErrorKind::TooShort { length: length.into(), minimum: minimum.into() });
        }
        let highest = self.limits.kexinit.max(self.limits.packet);
        if length > highest {
            return error(WireErrorKind::TooLong { length: length.into(), limit: highest.into() });
        }
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        if !size.saturating_add(4).is_multiple_of(BLOCK) {
            let block = u64::try_from(BLOCK).unwrap_or(u64::MAX);
            return error(WireErrorKind::Misaligned { length: length.into(), block });
        }
        // Which limit holds depends on the message number, which follows the padding length.
        let Some(&message) = after.get(1) else { return Ok(None) };
        let limit = if message == number::KEXINIT { self.limits.kexinit } else { self.limits.packet };
        if length > limit {
            return error(WireErrorKind::TooLong { length: length.into(), limit: limit.into() });
        }
        Ok(Some(size))
    }
}

fn payload_length(length: usize, padding: usize) -> Result<usize, WireErrorKind> {
    let as_u64 = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    if padding < LEAST_PADDING {
        return Err(WireErrorKind::TooShort { length: as_u64(padding), minimum: as_u64(LEAST_PADDING) });
    }
    let limit = length.saturating_sub(1);
    limit.checked_sub(padding).ok_or(WireErrorKind::TooLong { length: as_u64(padding), limit: as_u64(limit) })
}

/// A packet as RFC 4253 section 6 wants it, unencrypted, with zeros as padding (as OpenSSH sends before keys are in
/// use).
pub fn write_packet(payload: &[u8]) -> Vec<u8> {
    UnusualPacket::new(payload).write()
}

/// A packet of which every field can be set to anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusualPacket {
    /// The packet length field.
    pub length: u32,
    /// The padding length field.
    pub padding_length: u8,
    /// The payload.
    pub payload: Vec<u8>,
    /// The padding.
    pub padding: Vec<u8>,
}

impl UnusualPacket {
    /// A correct packet, to be changed.
    pub fn new(payload: &[u8]) -> Self {
        let unpadded = payload.len().saturating_add(5);
        let least = unpadded.saturating_add(LEAST_PADDING).max(SHORTEST);
        let size = least.next_multiple_of(BLOCK);
        let padding = size.saturating_sub(unpadded);
        Self {
            length: u32::try_from(size.saturating_sub(4)).unwrap_or(u32::MAX),
            padding_length: u8::try_from(padding).unwrap_or(u8::MAX),
            payload: payload.to_vec(),
            padding: vec![0; padding],
        }
    }

    /// The bytes of the packet.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u32(self.length).u8(self.padding_length).raw(&self.payload).raw(&self.padding);
        writer.into_bytes()
    }
}
