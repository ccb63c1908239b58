use crate::tls::message::{read_message, write_message};
use crate::tls::number::{content, handshake, version};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The highest sequence number of a record: six bytes.
const HIGHEST_SEQUENCE: u64 = (1 << 48) - 1;

/// A record of DTLS 1.0 or 1.2, RFC 6347 section 4.1; DTLS 1.3 begins with such records too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DtlsRecord {
    /// The content type.
    pub content_type: u8,
    /// The version field: anything.
    pub version: u16,
    /// Counts the changes of keys.
    pub epoch: u16,
    /// Counts the records of an epoch: 48 bits.
    pub sequence: u64,
    /// The content.
    pub fragment: Vec<u8>,
}

impl DtlsRecord {
    /// From the rest of a datagram, which it is taken from: several may stand in one.
    ///
    /// # Errors
    /// `BadForm` for a content type that is not assigned or belongs to the short headers of DTLS 1.3, `Truncated` when
    /// the record is not whole.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::read_fields(reader).map_err(|error| error.within("DTLS record"))
    }

    fn read_fields(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let offset = reader.offset();
        let content_type = reader.u8("type")?;
        if !(content::CHANGE_CIPHER_SPEC..=content::HIGHEST).contains(&content_type) {
            return Err(WireError::new(offset, "type", WireErrorKind::BadForm { form: "a record of DTLS" }));
        }
        let version = reader.u16("version")?;
        let epoch = reader.u16("epoch")?;
        let high = reader.u16("sequence_number")?;
        let low = reader.u32("sequence_number")?;
        let fragment = reader.opaque16("fragment")?.to_vec();
        Ok(Self { content_type, version, epoch, sequence: (u64::from(high) << 32) | u64::from(low), fragment })
    }

    /// All records of a datagram.
    ///
    /// # Errors
    /// Those of [`Self::read`], with the offset in the datagram.
    pub fn parse_datagram(datagram: &[u8]) -> Result<Vec<Self>, WireError> {
        let mut reader = Reader::new(datagram);
        let mut records = Vec::new();
        while !reader.is_empty() {
            records.push(Self::read(&mut reader)?);
        }
        Ok(records)
    }

    /// The bytes of the record. A sequence number above 48 bits is written as the highest.
    pub fn write(&self) -> Vec<u8> {
        let [_, _, sequence @ ..] = self.sequence.min(HIGHEST_SEQUENCE).to_be_bytes();
        let mut writer = Writer::new();
        writer.u8(self.content_type).u16(self.version).u16(self.epoch).raw(&sequence).opaque16(&self.fragment);
        writer.into_bytes()
    }
}

/// A handshake message of DTLS or a part of one, RFC 6347 section 4.2.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DtlsFragment {
    /// The message type.
    pub message_type: u8,
    /// How long the whole body is, in bytes: 24 bits.
    pub length: u32,
    /// Counts the messages.
    pub message_sequence: u16,
    /// Where in the body this part begins: 24 bits.
    pub offset: u32,
    /// This part of the body.
    pub body: Vec<u8>,
}

impl DtlsFragment {
    /// From the rest of a record's fragment, which it is taken from: several may stand in one.
    ///
    /// # Errors
    /// `Truncated` when it is not whole, `TooLong` when it reaches beyond the message.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::read_fields(reader).map_err(|error| error.within("DTLS handshake"))
    }

    fn read_fields(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let message_type = reader.u8("msg_type")?;
        let length = reader.u24("length")?;
        let message_sequence = reader.u16("message_seq")?;
        let offset = reader.u24("fragment_offset")?;
        let place = reader.offset();
        let body = reader.opaque24("fragment_length")?.to_vec();
        let end = u64::from(offset).saturating_add(u64::try_from(body.len()).unwrap_or(u64::MAX));
        if end > u64::from(length) {
            let kind = WireErrorKind::TooLong { length: end, limit: length.into() };
            return Err(WireError::new(place, "fragment_length", kind));
        }
        Ok(Self { message_type, length, message_sequence, offset, body })
    }

    /// Cuts a handshake message (type, length, body) into parts of at most so many bytes of body.
    pub fn split(message: &[u8], message_sequence: u16, most: usize) -> Vec<Self> {
        let Some((&[message_type, _, _, _], body)) = message.split_first_chunk::<4>() else { return Vec::new() };
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let part = |offset: usize, body: &[u8]| Self {
            message_type,
            length,
            message_sequence,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            body: body.to_vec(),
        };
        if body.is_empty() {
            return vec![part(0, &[])];
        }
        let most = most.max(1);
        body.chunks(most).enumerate().map(|(index, body)| part(index.saturating_mul(most), body)).collect()
    }

    /// Type, length and body as on a stream, where this is a whole message.
    pub fn whole(&self) -> Option<Vec<u8>> {
        let whole = self.offset == 0 && u32::try_from(self.body.len()) == Ok(self.length);
        whole.then(|| {
            write_message(self.message_type, |writer| {
                writer.raw(&self.body);
            })
        })
    }

    /// The bytes of header and part.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(self.message_type).u24(self.length).u16(self.message_sequence).u24(self.offset).opaque24(&self.body);
        writer.into_bytes()
    }
}

/// HelloVerifyRequest of DTLS, RFC 6347 section 4.2.1: the client shall come back with the cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloVerifyRequest {
    /// DTLS 1.0, whatever is spoken later.
    pub version: u16,
    /// The cookie.
    pub cookie: Vec<u8>,
}

impl Default for HelloVerifyRequest {
    fn default() -> Self {
        Self { version: version::DTLS10, cookie: Vec::new() }
    }
}

impl HelloVerifyRequest {
    /// From a handshake message.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        read_message(message, handshake::HELLO_VERIFY_REQUEST, |reader| {
            Ok(Self { version: reader.u16("server_version")?, cookie: reader.opaque8("cookie")?.to_vec() })
        })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::HELLO_VERIFY_REQUEST, |writer| {
            writer.u16(self.version).opaque8(&self.cookie);
        })
    }
}
