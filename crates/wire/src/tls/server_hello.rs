use crate::tls::message::{read_message, write_message};
use crate::tls::number::{extension, handshake, version};
use crate::tls::{Extensions, Place, View};
use crate::{Reader, WireError};

/// The random of a HelloRetryRequest: SHA-256 of its name, RFC 8446 section 4.1.3.
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The first draft of TLS 1.3 whose ServerHello has the form of older versions again.
const FIRST_DRAFT_IN_OLD_FORM: u16 = 0x7f16;

/// ServerHello of SSL 3.0 to TLS 1.3 and of DTLS, and HelloRetryRequest, RFC 8446 section 4.1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// `server_version`, or `legacy_version` since TLS 1.3.
    pub version: u16,
    /// 32 random bytes.
    pub random: [u8; 32],
    /// The session; in TLS 1.3 the client's field again. Not sent, like the compression method, where the version is a
    /// draft of TLS 1.3 before the 22nd.
    pub session_id: Vec<u8>,
    /// The suite chosen.
    pub cipher_suite: u16,
    /// The compression method chosen.
    pub compression_method: u8,
    /// The extensions; `None` where the message ends before them.
    pub extensions: Option<Extensions>,
}

impl Default for ServerHello {
    /// A hello of TLS 1.2 with the suite 0.
    fn default() -> Self {
        Self {
            version: version::TLS12,
            random: [0; 32],
            session_id: Vec::new(),
            cipher_suite: 0,
            compression_method: 0,
            extensions: None,
        }
    }
}

impl ServerHello {
    /// From a handshake message.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        read_message(message, handshake::SERVER_HELLO, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let version = reader.u16("version")?;
        let random = reader.array("random")?;
        let short = is_short(version);
        let session_id = if short { Vec::new() } else { reader.opaque8("session_id")?.to_vec() };
        let cipher_suite = reader.u16("cipher_suite")?;
        let compression_method = if short { 0 } else { reader.u8("compression_method")? };
        let extensions = Extensions::read_optional(reader)?;
        Ok(Self { version, random, session_id, cipher_suite, compression_method, extensions })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::SERVER_HELLO, |writer| {
            writer.u16(self.version).raw(&self.random);
            if is_short(self.version) {
                writer.u16(self.cipher_suite);
            } else {
                writer.opaque8(&self.session_id).u16(self.cipher_suite).u8(self.compression_method);
            }
            if let Some(extensions) = &self.extensions {
                extensions.write(writer);
            }
        })
    }

    /// Whether this is a HelloRetryRequest.
    pub fn is_hello_retry_request(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST_RANDOM
    }

    /// The content of the first extension of a type; `None` where there is none.
    ///
    /// # Errors
    /// Where the content is not what the type defines; offsets count from the beginning of the message.
    pub fn view(&self, number: u16) -> Option<Result<View, WireError>> {
        let (place, name) = if self.is_hello_retry_request() {
            (Place::HelloRetryRequest, "hello_retry_request")
        } else {
            (Place::ServerHello, "server_hello")
        };
        // Header, version, random, suite and the length of the extensions; then session and compression method.
        let fixed = 4 + 2 + 32 + 2 + 2_usize;
        let offset =
            if is_short(self.version) { fixed } else { fixed.saturating_add(2).saturating_add(self.session_id.len()) };
        let view = self.extensions.as_ref()?.view(number, place, offset)?;
        Some(view.map_err(|error| error.within(name)))
    }

    /// The version chosen: that of `supported_versions`, else that of the version field.
    pub fn selected_version(&self) -> u16 {
        match self.view(extension::SUPPORTED_VERSIONS) {
            Some(Ok(View::SelectedVersion(version))) => version,
            _ => self.version,
        }
    }

    /// The version that the random says the server was brought down to, TLS 1.2, or TLS 1.1 for that and older
    /// (RFC 8446 section 4.1.3); `None` where the random says nothing.
    pub fn downgraded_to(&self) -> Option<u16> {
        match self.random.last_chunk::<8>()? {
            b"DOWNGRD\x01" => Some(version::TLS12),
            b"DOWNGRD\x00" => Some(version::TLS11),
            _ => None,
        }
    }
}

fn is_short(version: u16) -> bool {
    version::is_tls13_draft(version) && version < FIRST_DRAFT_IN_OLD_FORM
}
