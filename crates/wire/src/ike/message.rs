use super::number::{exchange, flag, payload};
use super::{Payload, payload::generic};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The bytes of a header.
const HEADER: usize = 28;

/// The header of every message, RFC 7296 section 3.1 and RFC 2408 section 3.1. Its length is that of the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The initiator's SPI; in IKEv1 its cookie.
    pub initiator_spi: [u8; 8],
    /// The responder's SPI or cookie; zeros in the first message.
    pub responder_spi: [u8; 8],
    /// The major version in the upper four bits, the minor in the lower.
    pub version: u8,
    /// The exchange type.
    pub exchange: u8,
    /// The flags.
    pub flags: u8,
    /// The message ID.
    pub message_id: u32,
}

impl Header {
    /// Version 1.0.
    pub const V1: u8 = 0x10;
    /// Version 2.0.
    pub const V2: u8 = 0x20;

    /// The header of the first message of an IKEv2 initiator.
    pub fn sa_init(initiator_spi: [u8; 8]) -> Self {
        Self {
            initiator_spi,
            version: Self::V2,
            exchange: exchange::IKE_SA_INIT,
            flags: flag::INITIATOR,
            ..Self::default()
        }
    }

    /// The major version.
    pub fn major(&self) -> u8 {
        self.version >> 4
    }

    /// Whether this is a response; the messages of IKEv1 do not say.
    pub fn is_response(&self) -> bool {
        self.major() >= 2 && self.flags & flag::RESPONSE != 0
    }
}

/// How much of a message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// The most bytes.
    pub bytes: usize,
    /// The most payloads.
    pub payloads: usize,
}

impl Default for MessageLimits {
    /// What fits into a datagram, and 200 payloads.
    fn default() -> Self {
        Self { bytes: 0xffff, payloads: 200 }
    }
}

/// A message: the header and its payloads as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The header.
    pub header: Header,
    /// The payloads. An encrypted one is the last and is not opened.
    pub payloads: Vec<Payload>,
    /// The type that the last payload names as the next: zero, or the first one inside an encrypted payload. Of an IKEv1
    /// message that is encrypted as a whole, the first type inside.
    pub next: u8,
    /// What follows the header of an IKEv1 message that is encrypted; padding after the last payload, which IKEv1 allows.
    pub rest: Vec<u8>,
}

impl Message {
    /// From a whole message: a datagram without the non-ESP marker.
    ///
    /// # Errors
    /// `Truncated` when a payload or the message itself is shorter than it says, `Trailing` when bytes follow, `TooShort`
    /// for a payload that is shorter than its own header, `TooLong` and `TooMany` beyond the limits.
    pub fn parse(bytes: &[u8], limits: MessageLimits) -> Result<Self, WireError> {
        Self::read(bytes, limits).map_err(|error| error.within("ike"))
    }

    fn read(bytes: &[u8], limits: MessageLimits) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let initiator_spi = reader.array("initiator_spi")?;
        let responder_spi = reader.array("responder_spi")?;
        let mut next = reader.u8("next_payload")?;
        let version = reader.u8("version")?;
        let exchange = reader.u8("exchange_type")?;
        let flags = reader.u8("flags")?;
        let message_id = reader.u32("message_id")?;
        let length = checked_length(&mut reader, limits)?;
        let body = reader.take("payloads", length.saturating_sub(HEADER))?;
        reader.finish("end")?;
        let header = Header { initiator_spi, responder_spi, version, exchange, flags, message_id };
        let mut reader = Reader::at(body, HEADER);
        let opaque = header.major() < 2 && flags & flag::ENCRYPTION != 0;
        let payloads = if opaque { Vec::new() } else { chain(&mut reader, &mut next, limits)? };
        if header.major() >= 2 {
            reader.finish("end")?;
        }
        Ok(Self { header, payloads, next, rest: reader.rest().to_vec() })
    }

    /// The message. Payloads that are too long for their length field are cut by it: the peer sees a broken message.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let Header { initiator_spi, responder_spi, version, exchange, flags, message_id } = self.header;
        writer.raw(&initiator_spi).raw(&responder_spi);
        writer.u8(self.payloads.first().map_or(self.next, |payload| payload.number));
        writer.u8(version).u8(exchange).u8(flags).u32(message_id);
        let of_payloads = self.payloads.iter().map(|payload| 4_usize.saturating_add(payload.body.len()));
        let length = of_payloads.fold(HEADER.saturating_add(self.rest.len()), usize::saturating_add);
        writer.u32(u32::try_from(length).unwrap_or(u32::MAX));
        let following = self.payloads.iter().skip(1).map(|payload| payload.number).chain([self.next]);
        for (payload, next) in self.payloads.iter().zip(following) {
            payload.write(next, &mut writer);
        }
        writer.raw(&self.rest);
        writer.into_bytes()
    }

    /// The payloads of a type, in order.
    pub fn of_type(&self, number: u8) -> impl Iterator<Item = &Payload> {
        self.payloads.iter().filter(move |payload| payload.number == number)
    }

    /// The offset of the body of the payload at this index, for errors of its view.
    pub fn offset_of(&self, index: usize) -> usize {
        let before = self.payloads.iter().take(index).map(|payload| 4_usize.saturating_add(payload.body.len()));
        before.fold(HEADER + 4, usize::saturating_add)
    }
}

/// Payloads, of which the first is of type `next`, which in the end is what the last one names.
fn chain(reader: &mut Reader<'_>, next: &mut u8, limits: MessageLimits) -> Result<Vec<Payload>, WireError> {
    let mut payloads = Vec::new();
    while *next != payload::NONE {
        if payloads.len() >= limits.payloads {
            let limit = limits.payloads.try_into().unwrap_or(u64::MAX);
            return Err(WireError::new(reader.offset(), "payloads", WireErrorKind::TooMany { limit }));
        }
        let (following, payload) = generic(reader, *next)?;
        let last = payload.is_encrypted();
        payloads.push(payload);
        *next = following;
        if last {
            break;
        }
    }
    Ok(payloads)
}

/// The payloads of what was encrypted, the first of which is of type `next`.
///
/// # Errors
/// As [`Message::parse`], with offsets from the beginning of the plain text; also for an encrypted payload in another.
pub fn read_payloads(mut next: u8, bytes: &[u8], limits: MessageLimits) -> Result<Vec<Payload>, WireError> {
    let mut reader = Reader::new(bytes);
    let payloads = chain(&mut reader, &mut next, limits);
    let whole = payloads.and_then(|payloads| reader.finish("end").map(|()| payloads));
    whole.map_err(|error| error.within("encrypted").within("ike"))
}

/// The payloads of what was encrypted in IKEv1, the first of which is of type `next`. What is left is padding (RFC 2409
/// appendix B) and not looked at.
///
/// # Errors
/// As [`Message::parse`], with offsets from the beginning of the plain text.
pub fn read_padded_payloads(mut next: u8, bytes: &[u8], limits: MessageLimits) -> Result<Vec<Payload>, WireError> {
    let mut reader = Reader::new(bytes);
    chain(&mut reader, &mut next, limits).map_err(|error| error.within("encrypted").within("ike"))
}

/// Payloads one after another, as they are encrypted. The type of the first is named by the payload around them.
pub fn write_payloads(payloads: &[Payload]) -> Vec<u8> {
    let mut writer = Writer::new();
    let following = payloads.iter().skip(1).map(|payload| payload.number).chain([payload::NONE]);
    for (payload, next) in payloads.iter().zip(following) {
        payload.write(next, &mut writer);
    }
    writer.into_bytes()
}

fn checked_length(reader: &mut Reader<'_>, limits: MessageLimits) -> Result<usize, WireError> {
    let offset = reader.offset();
    let length = reader.u32("length")?;
    let wrong = |kind| Err(WireError::new(offset, "length", kind));
    let limit = u64::try_from(limits.bytes).unwrap_or(u64::MAX);
    if u64::from(length) > limit {
        return wrong(WireErrorKind::TooLong { length: length.into(), limit });
    }
    if length < 28 {
        return wrong(WireErrorKind::TooShort { length: length.into(), minimum: 28 });
    }
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}
