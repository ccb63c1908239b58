use crate::{Reader, WireError, WireErrorKind, Writer};

/// Message types of SSL 2.0.
const ERROR: u8 = 0;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 4;
/// The highest bit of a length field of two bytes: no padding follows.
const NO_PADDING: u16 = 0x8000;
/// The longest record with a length field of two bytes.
const LONGEST: usize = 0x7fff;

/// A cipher specification of SSL 2.0: three bytes, of which the first is 0 for a suite of SSL 3.0 and later.
pub type CipherSpec = [u8; 3];

/// The beginning of a record of SSL 2.0 without padding: the message, and how many bytes the record took; `None` when it
/// is not whole yet.
///
/// # Errors
/// `BadForm` for a header of the other form, which no hello has.
pub fn read_ssl2_record(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, WireError> {
    let Some((&field, rest)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
    let field = u16::from_be_bytes(field);
    if field & NO_PADDING == 0 {
        let kind = WireErrorKind::BadForm { form: "a record of SSL 2.0 without padding" };
        return Err(WireError::new(0, "length", kind).within("SSL2 record"));
    }
    let length = usize::from(field & !NO_PADDING);
    Ok(rest.get(..length).map(|message| (message, length.saturating_add(2))))
}

/// A record of SSL 2.0 without padding; a message above 32 767 bytes makes it broken.
pub fn write_ssl2_record(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len().min(LONGEST)).unwrap_or(u16::MAX);
    let mut writer = Writer::new();
    writer.u16(length | NO_PADDING).raw(message);
    writer.into_bytes()
}

/// A message of SSL 2.0 that is not encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the message of that name")]
pub enum Ssl2Message {
    ClientHello(Ssl2ClientHello),
    ServerHello(Ssl2ServerHello),
    /// ERROR with its code: 1 no cipher, 2 no certificate, 4 bad certificate, 6 unsupported certificate type.
    Error(u16),
    /// Any other message, kept as it is.
    Unknown(Vec<u8>),
}

impl Ssl2Message {
    /// From the content of a record.
    ///
    /// # Errors
    /// Those of the message's own `parse`.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        match message.first() {
            Some(&CLIENT_HELLO) => Ssl2ClientHello::parse(message).map(Self::ClientHello),
            Some(&SERVER_HELLO) => Ssl2ServerHello::parse(message).map(Self::ServerHello),
            Some(&ERROR) => read_error(message).map(Self::Error).map_err(|error| error.within("SSL2 ERROR")),
            _ => Ok(Self::Unknown(message.to_vec())),
        }
    }

    /// The content of a record.
    pub fn write(&self) -> Vec<u8> {
        match self {
            Self::ClientHello(hello) => hello.write(),
            Self::ServerHello(hello) => hello.write(),
            Self::Error(code) => {
                let [high, low] = code.to_be_bytes();
                vec![ERROR, high, low]
            }
            Self::Unknown(message) => message.clone(),
        }
    }
}

fn read_error(message: &[u8]) -> Result<u16, WireError> {
    let mut reader = Reader::new(message);
    reader.u8("msg_type")?;
    let code = reader.u16("code")?;
    reader.finish("end")?;
    Ok(code)
}

/// CLIENT-HELLO of SSL 2.0; also how clients that spoke SSL 2.0 to TLS 1.0 opened (RFC 5246 appendix E.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssl2ClientHello {
    /// The highest version: `0x0002`, or that of a later protocol.
    pub version: u16,
    /// The suites.
    pub cipher_specs: Vec<CipherSpec>,
    /// The session to resume, or nothing.
    pub session_id: Vec<u8>,
    /// 16 to 32 random bytes.
    pub challenge: Vec<u8>,
}

impl Ssl2ClientHello {
    /// From the content of a record.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Misaligned` when the suites do not come
    /// out even, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        Self::read(&mut reader).map_err(|error| error.within("SSL2 CLIENT-HELLO"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_type(reader, CLIENT_HELLO)?;
        let version = reader.u16("version")?;
        let suites = reader.u16("cipher_spec_length")?;
        let session = reader.u16("session_id_length")?;
        let challenge = reader.u16("challenge_length")?;
        let cipher_specs = read_cipher_specs(reader, suites)?;
        let session_id = reader.take("session_id", session.into())?.to_vec();
        let challenge = reader.take("challenge", challenge.into())?.to_vec();
        reader.finish("end")?;
        Ok(Self { version, cipher_specs, session_id, challenge })
    }

    /// The content of a record.
    pub fn write(&self) -> Vec<u8> {
        let specs = self.cipher_specs.concat();
        let mut writer = Writer::new();
        writer.u8(CLIENT_HELLO).u16(self.version);
        writer.u16(length(&specs)).u16(length(&self.session_id)).u16(length(&self.challenge));
        writer.raw(&specs).raw(&self.session_id).raw(&self.challenge);
        writer.into_bytes()
    }

    /// The suites of SSL 3.0 and later among the cipher specifications.
    pub fn cipher_suites(&self) -> impl Iterator<Item = u16> {
        self.cipher_specs.iter().filter(|spec| spec[0] == 0).map(|&[_, high, low]| u16::from_be_bytes([high, low]))
    }
}

/// SERVER-HELLO of SSL 2.0: it lists every suite that the server has in common with the client, or has at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssl2ServerHello {
    /// Not 0 where a session is resumed.
    pub session_id_hit: u8,
    /// 1 for X.509.
    pub certificate_type: u8,
    /// The version.
    pub version: u16,
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The suites.
    pub cipher_specs: Vec<CipherSpec>,
    /// 16 to 32 random bytes.
    pub connection_id: Vec<u8>,
}

impl Ssl2ServerHello {
    /// From the content of a record.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Misaligned` when the suites do not come
    /// out even, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        Self::read(&mut reader).map_err(|error| error.within("SSL2 SERVER-HELLO"))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        expect_type(reader, SERVER_HELLO)?;
        let session_id_hit = reader.u8("session_id_hit")?;
        let certificate_type = reader.u8("certificate_type")?;
        let version = reader.u16("version")?;
        let certificate = reader.u16("certificate_length")?;
        let suites = reader.u16("cipher_specs_length")?;
        let connection = reader.u16("connection_id_length")?;
        let certificate = reader.take("certificate", certificate.into())?.to_vec();
        let cipher_specs = read_cipher_specs(reader, suites)?;
        let connection_id = reader.take("connection_id", connection.into())?.to_vec();
        reader.finish("end")?;
        Ok(Self { session_id_hit, certificate_type, version, certificate, cipher_specs, connection_id })
    }

    /// The content of a record.
    pub fn write(&self) -> Vec<u8> {
        let specs = self.cipher_specs.concat();
        let mut writer = Writer::new();
        writer.u8(SERVER_HELLO).u8(self.session_id_hit).u8(self.certificate_type).u16(self.version);
        writer.u16(length(&self.certificate)).u16(length(&specs)).u16(length(&self.connection_id));
        writer.raw(&self.certificate).raw(&specs).raw(&self.connection_id);
        writer.into_bytes()
    }
}

fn expect_type(reader: &mut Reader<'_>, expected: u8) -> Result<(), WireError> {
    let offset = reader.offset();
    match reader.u8("msg_type")? {
        found if found == expected => Ok(()),
        found => Err(WireError::new(offset, "msg_type", WireErrorKind::WrongMessage { expected, found })),
    }
}

fn read_cipher_specs(reader: &mut Reader<'_>, length: u16) -> Result<Vec<CipherSpec>, WireError> {
    let offset = reader.offset();
    let bytes = reader.take("cipher_specs", length.into())?;
    let (specs, rest) = bytes.as_chunks::<3>();
    if rest.is_empty() {
        Ok(specs.to_vec())
    } else {
        Err(WireError::new(offset, "cipher_specs", WireErrorKind::Misaligned { length: length.into(), block: 3 }))
    }
}

fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}
