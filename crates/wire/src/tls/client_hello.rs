use crate::tls::message::{Transport, read_message, write_message};
use crate::tls::number::{extension, handshake, version};
use crate::tls::{Extension, Extensions, Place, View};
use crate::{Reader, WireError, Writer};

/// ClientHello of SSL 3.0 to TLS 1.3 and of DTLS, RFC 8446 section 4.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// `client_version`, or `legacy_version` since TLS 1.3.
    pub version: u16,
    /// 32 random bytes; the first four were once the time.
    pub random: [u8; 32],
    /// The session to resume; in TLS 1.3 anything.
    pub session_id: Vec<u8>,
    /// The cookie of DTLS, which may be empty; `None` on streams, where the field is absent.
    pub cookie: Option<Vec<u8>>,
    /// The suites, most preferred first.
    pub cipher_suites: Vec<u16>,
    /// Compression methods; 0 is none.
    pub compression_methods: Vec<u8>,
    /// The extensions; `None` where the message ends before them.
    pub extensions: Option<Extensions>,
}

impl Default for ClientHello {
    /// A hello of TLS 1.2 with nothing in it.
    fn default() -> Self {
        Self {
            version: version::TLS12,
            random: [0; 32],
            session_id: Vec::new(),
            cookie: None,
            cipher_suites: Vec::new(),
            compression_methods: vec![0],
            extensions: None,
        }
    }
}

impl ClientHello {
    /// From a handshake message.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Misaligned` when the suites do not come
    /// out even, `Trailing` when more follows.
    pub fn parse(message: &[u8], transport: Transport) -> Result<Self, WireError> {
        read_message(message, handshake::CLIENT_HELLO, |reader| Self::read(reader, transport))
    }

    fn read(reader: &mut Reader<'_>, transport: Transport) -> Result<Self, WireError> {
        let version = reader.u16("version")?;
        let random = reader.array("random")?;
        let session_id = reader.opaque8("session_id")?.to_vec();
        let cookie = match transport {
            Transport::Stream => None,
            Transport::Datagram => Some(reader.opaque8("cookie")?.to_vec()),
        };
        let cipher_suites = reader.vector16("cipher_suites")?.numbers("cipher_suites")?;
        let compression_methods = reader.opaque8("compression_methods")?.to_vec();
        let extensions = Extensions::read_optional(reader)?;
        Ok(Self { version, random, session_id, cookie, cipher_suites, compression_methods, extensions })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        let mut suites = Writer::new();
        suites.numbers(&self.cipher_suites);
        write_message(handshake::CLIENT_HELLO, |writer| {
            writer.u16(self.version).raw(&self.random).opaque8(&self.session_id);
            if let Some(cookie) = &self.cookie {
                writer.opaque8(cookie);
            }
            writer.opaque16(suites.as_bytes()).opaque8(&self.compression_methods);
            if let Some(extensions) = &self.extensions {
                extensions.write(writer);
            }
        })
    }

    /// The extensions; none where the message ends before them.
    pub fn extensions(&self) -> &[Extension] {
        self.extensions.as_ref().map_or(&[], |extensions| &extensions.0)
    }

    /// The content of the first extension of a type; `None` where there is none.
    ///
    /// # Errors
    /// Where the content is not what the type defines; offsets count from the beginning of the message.
    pub fn view(&self, number: u16) -> Option<Result<View, WireError>> {
        let cookie = self.cookie.as_ref().map_or(0, |cookie| cookie.len().saturating_add(1));
        // Header, version, random and the lengths of session, suites, compression and extensions.
        let fixed = 4 + 2 + 32 + 1 + 2 + 1 + 2_usize;
        let offset = fixed
            .saturating_add(self.session_id.len())
            .saturating_add(cookie)
            .saturating_add(self.cipher_suites.len().saturating_mul(2))
            .saturating_add(self.compression_methods.len());
        let view = self.extensions.as_ref()?.view(number, Place::ClientHello, offset)?;
        Some(view.map_err(|error| error.within("client_hello")))
    }

    /// The first host name of `server_name`.
    pub fn server_name(&self) -> Option<Vec<u8>> {
        match self.view(extension::SERVER_NAME)?.ok()? {
            View::ServerNames(names) => names.into_iter().find(|(kind, _)| *kind == 0).map(|(_, name)| name),
            _ => None,
        }
    }

    /// The versions of `supported_versions`, GREASE included; `None` where the hello has none that can be read.
    pub fn supported_versions(&self) -> Option<Vec<u16>> {
        match self.view(extension::SUPPORTED_VERSIONS)?.ok()? {
            View::SupportedVersions(versions) => Some(versions),
            _ => None,
        }
    }
}
