use crate::ssh::kexinit::expect_number;
use crate::ssh::number;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// SSH_MSG_DISCONNECT, RFC 4253 section 11.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// The reason code, RFC 4250 section 4.2.2.
    pub reason_code: u32,
    /// Text, UTF-8. Read as empty where the message ends after the code.
    pub description: Vec<u8>,
    /// Language tag; some implementations leave it out.
    pub language: Option<Vec<u8>>,
}

impl Disconnect {
    /// From a payload. Bytes after the last field are passed over: the reason matters more than the form.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is begun and not whole.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("DISCONNECT"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::DISCONNECT)?;
        let reason_code = reader.u32("reason_code")?;
        let description = optional_string(reader, "description")?.unwrap_or_default();
        let language = optional_string(reader, "language_tag")?;
        Ok(Self { reason_code, description, language })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::DISCONNECT).u32(self.reason_code).string(&self.description);
        if let Some(language) = &self.language {
            writer.string(language);
        }
        writer.into_bytes()
    }
}

/// SSH_MSG_IGNORE, RFC 4253 section 11.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// Anything. Read as empty where the message ends after its number.
    pub data: Vec<u8>,
}

impl Ignore {
    /// From a payload. Bytes after the last field are passed over.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when the field is begun and not whole.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        expect_number(&mut reader, number::IGNORE)
            .and_then(|()| optional_string(&mut reader, "data"))
            .map(|data| Self { data: data.unwrap_or_default() })
            .map_err(|error| error.within("IGNORE"))
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::IGNORE).string(&self.data);
        writer.into_bytes()
    }
}

/// SSH_MSG_UNIMPLEMENTED, RFC 4253 section 11.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unimplemented {
    /// The sequence number of the packet that was not understood.
    pub sequence: u32,
}

impl Unimplemented {
    /// From a payload. Bytes after the last field are passed over.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when the field is not whole.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        expect_number(&mut reader, number::UNIMPLEMENTED)
            .and_then(|()| reader.u32("sequence_number"))
            .map(|sequence| Self { sequence })
            .map_err(|error| error.within("UNIMPLEMENTED"))
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::UNIMPLEMENTED).u32(self.sequence);
        writer.into_bytes()
    }
}

/// SSH_MSG_DEBUG, RFC 4253 section 11.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Debug {
    /// Whether the sender wants it shown.
    pub always_display: bool,
    /// Text, UTF-8.
    pub message: Vec<u8>,
    /// Language tag; some implementations leave it out.
    pub language: Option<Vec<u8>>,
}

impl Debug {
    /// From a payload. Bytes after the last field are passed over.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when a field is not whole.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("DEBUG"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::DEBUG)?;
        let always_display = reader.boolean("always_display")?;
        let message = reader.string("message")?.to_vec();
        let language = optional_string(reader, "language_tag")?;
        Ok(Self { always_display, message, language })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::DEBUG).boolean(self.always_display).string(&self.message);
        if let Some(language) = &self.language {
            writer.string(language);
        }
        writer.into_bytes()
    }
}

/// SSH_MSG_SERVICE_REQUEST, RFC 4253 section 10.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRequest {
    /// The service, such as `ssh-userauth`.
    pub service: Vec<u8>,
}

impl ServiceRequest {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when the field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        read_service(payload, number::SERVICE_REQUEST)
            .map(|service| Self { service })
            .map_err(|error| error.within("SERVICE_REQUEST"))
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::SERVICE_REQUEST).string(&self.service);
        writer.into_bytes()
    }
}

/// SSH_MSG_SERVICE_ACCEPT, RFC 4253 section 10.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccept {
    /// The service, such as `ssh-userauth`.
    pub service: Vec<u8>,
}

impl ServiceAccept {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Truncated` when the field is not whole, `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        read_service(payload, number::SERVICE_ACCEPT)
            .map(|service| Self { service })
            .map_err(|error| error.within("SERVICE_ACCEPT"))
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::SERVICE_ACCEPT).string(&self.service);
        writer.into_bytes()
    }
}

/// SSH_MSG_NEWKEYS, RFC 4253 section 7.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewKeys;

impl NewKeys {
    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `Trailing` when anything follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        expect_number(&mut reader, number::NEWKEYS)
            .and_then(|()| reader.finish("end"))
            .map(|()| Self)
            .map_err(|error| error.within("NEWKEYS"))
    }

    /// The payload.
    pub fn write(self) -> Vec<u8> {
        vec![number::NEWKEYS]
    }
}

/// SSH_MSG_EXT_INFO, RFC 8308 section 2.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtInfo {
    /// Names and values, such as `server-sig-algs` and a name-list, in order.
    pub extensions: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ExtInfo {
    /// The most extensions that are read; OpenSSH has the same limit.
    pub const MOST: u32 = 1024;

    /// From a payload.
    ///
    /// # Errors
    /// `WrongMessage` for another number, `TooMany` above [`Self::MOST`], `Truncated` when a field is not whole,
    /// `Trailing` when more follows.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Self::read(&mut reader).map_err(|error| error.within("EXT_INFO"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_number(reader, number::EXT_INFO)?;
        let offset = reader.offset();
        let count = reader.u32("nr_extensions")?;
        if count > Self::MOST {
            let kind = WireErrorKind::TooMany { limit: Self::MOST.into() };
            return Err(WireError::new(offset, "nr_extensions", kind));
        }
        let mut extensions = Vec::new();
        for _ in 0..count {
            let name = reader.string("extension_name")?.to_vec();
            extensions.push((name, reader.string("extension_value")?.to_vec()));
        }
        reader.finish("end")?;
        Ok(Self { extensions })
    }

    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(number::EXT_INFO).u32(u32::try_from(self.extensions.len()).unwrap_or(u32::MAX));
        for (name, value) in &self.extensions {
            writer.string(name).string(value);
        }
        writer.into_bytes()
    }
}

fn optional_string(reader: &mut Reader<'_>, field: &str) -> Result<Option<Vec<u8>>, WireError> {
    if reader.is_empty() { Ok(None) } else { reader.string(field).map(|bytes| Some(bytes.to_vec())) }
}

fn read_service(payload: &[u8], expected: u8) -> Result<Vec<u8>, WireError> {
    let mut reader = Reader::new(payload);
    expect_number(&mut reader, expected)?;
    let service = reader.string("service_name")?.to_vec();
    reader.finish("end")?;
    Ok(service)
}
