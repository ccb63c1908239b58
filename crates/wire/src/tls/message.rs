use crate::tls::number::handshake;
use crate::tls::{
    Certificate, CertificateRequest, CertificateStatus, ClientHello, CompressedCertificate, Extensions,
    HelloVerifyRequest, KeyExchange, NewSessionTicket, ServerHello, ServerKeyExchange, Signature,
};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// SSL 3.0 to TLS 1.3.
    #[default]
    Stream,
    /// DTLS: a ClientHello has a cookie.
    Datagram,
}

/// What the form of messages depends on. The default is right up to the ServerHello.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What carries the messages.
    pub transport: Transport,
    /// The version agreed on, [`ServerHello::selected_version`].
    pub version: u16,
    /// The key exchange of the suite agreed on, below TLS 1.3.
    pub key_exchange: KeyExchange,
}

/// A handshake message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the message of that name")]
pub enum Message {
    HelloRequest,
    ClientHello(Box<ClientHello>),
    ServerHello(Box<ServerHello>),
    /// A ServerHello with the random that makes it one.
    HelloRetryRequest(Box<ServerHello>),
    HelloVerifyRequest(HelloVerifyRequest),
    NewSessionTicket(NewSessionTicket),
    EndOfEarlyData,
    EncryptedExtensions(Extensions),
    Certificate(Certificate),
    CompressedCertificate(CompressedCertificate),
    CertificateStatus(CertificateStatus),
    ServerKeyExchange(Box<ServerKeyExchange>),
    CertificateRequest(CertificateRequest),
    ServerHelloDone,
    CertificateVerify(Signature),
    /// Its form depends on the key exchange: kept as it is.
    ClientKeyExchange(Vec<u8>),
    /// `verify_data`.
    Finished(Vec<u8>),
    /// Whether the peer shall update its keys too: 0 or 1.
    KeyUpdate(u8),
    /// A message that is not known here: its type and body, kept as they are.
    Unknown(u8, Vec<u8>),
}

impl Message {
    /// From type, length and body.
    ///
    /// # Errors
    /// Those of the message's own `parse`; `Truncated` or `Trailing` where the length is not that of the body. An
    /// unknown type is not an error.
    pub fn parse(message: &[u8], form: Form) -> Result<Self, WireError> {
        let version = form.version;
        let unknown = |number| read_body(message, number).map(|body| Self::Unknown(number, body));
        match message.first().copied() {
            Some(number @ handshake::HELLO_REQUEST) => read_message(message, number, |_| Ok(Self::HelloRequest)),
            Some(handshake::CLIENT_HELLO) => {
                ClientHello::parse(message, form.transport).map(Box::new).map(Self::ClientHello)
            }
            Some(handshake::SERVER_HELLO) => ServerHello::parse(message).map(Box::new).map(|hello| {
                if hello.is_hello_retry_request() { Self::HelloRetryRequest(hello) } else { Self::ServerHello(hello) }
            }),
            Some(handshake::HELLO_VERIFY_REQUEST) => HelloVerifyRequest::parse(message).map(Self::HelloVerifyRequest),
            Some(handshake::NEW_SESSION_TICKET) => {
                NewSessionTicket::parse(message, version).map(Self::NewSessionTicket)
            }
            Some(number @ handshake::END_OF_EARLY_DATA) => read_message(message, number, |_| Ok(Self::EndOfEarlyData)),
            Some(number @ handshake::ENCRYPTED_EXTENSIONS) => {
                read_message(message, number, Extensions::read).map(Self::EncryptedExtensions)
            }
            Some(handshake::CERTIFICATE) => Certificate::parse(message, version).map(Self::Certificate),
            Some(handshake::COMPRESSED_CERTIFICATE) => {
                CompressedCertificate::parse(message).map(Self::CompressedCertificate)
            }
            Some(handshake::CERTIFICATE_STATUS) => CertificateStatus::parse(message).map(Self::CertificateStatus),
            Some(handshake::SERVER_KEY_EXCHANGE) if form.key_exchange != KeyExchange::Unknown => {
                ServerKeyExchange::parse(message, form.key_exchange, version).map(Box::new).map(Self::ServerKeyExchange)
            }
            Some(handshake::CERTIFICATE_REQUEST) => {
                CertificateRequest::parse(message, version).map(Self::CertificateRequest)
            }
            Some(number @ handshake::SERVER_HELLO_DONE) => read_message(message, number, |_| Ok(Self::ServerHelloDone)),
            Some(number @ handshake::CERTIFICATE_VERIFY) => {
                read_message(message, number, |reader| Signature::read(reader, version)).map(Self::CertificateVerify)
            }
            Some(number @ handshake::CLIENT_KEY_EXCHANGE) => read_body(message, number).map(Self::ClientKeyExchange),
            Some(number @ handshake::FINISHED) => read_body(message, number).map(Self::Finished),
            Some(number @ handshake::KEY_UPDATE) => {
                read_message(message, number, |reader| reader.u8("request_update")).map(Self::KeyUpdate)
            }
            Some(number) => unknown(number),
            None => unknown(0),
        }
    }

    /// Type, length and body.
    pub fn write(&self) -> Vec<u8> {
        let raw = |number, body: &[u8]| {
            write_message(number, |writer| {
                writer.raw(body);
            })
        };
        match self {
            Self::HelloRequest => raw(handshake::HELLO_REQUEST, &[]),
            Self::ClientHello(message) => message.write(),
            Self::ServerHello(message) | Self::HelloRetryRequest(message) => message.write(),
            Self::HelloVerifyRequest(message) => message.write(),
            Self::NewSessionTicket(message) => message.write(),
            Self::EndOfEarlyData => raw(handshake::END_OF_EARLY_DATA, &[]),
            Self::EncryptedExtensions(extensions) => {
                write_message(handshake::ENCRYPTED_EXTENSIONS, |writer| extensions.write(writer))
            }
            Self::Certificate(message) => message.write(),
            Self::CompressedCertificate(message) => message.write(),
            Self::CertificateStatus(message) => message.write(),
            Self::ServerKeyExchange(message) => message.write(),
            Self::CertificateRequest(message) => message.write(),
            Self::ServerHelloDone => raw(handshake::SERVER_HELLO_DONE, &[]),
            Self::CertificateVerify(signature) => {
                write_message(handshake::CERTIFICATE_VERIFY, |writer| signature.write(writer))
            }
            Self::ClientKeyExchange(body) => raw(handshake::CLIENT_KEY_EXCHANGE, body),
            Self::Finished(verify_data) => raw(handshake::FINISHED, verify_data),
            Self::KeyUpdate(request) => raw(handshake::KEY_UPDATE, &[*request]),
            Self::Unknown(number, body) => raw(*number, body),
        }
    }

    /// The message type.
    pub fn number(&self) -> u8 {
        match self {
            Self::HelloRequest => handshake::HELLO_REQUEST,
            Self::ClientHello(_) => handshake::CLIENT_HELLO,
            Self::ServerHello(_) | Self::HelloRetryRequest(_) => handshake::SERVER_HELLO,
            Self::HelloVerifyRequest(_) => handshake::HELLO_VERIFY_REQUEST,
            Self::NewSessionTicket(_) => handshake::NEW_SESSION_TICKET,
            Self::EndOfEarlyData => handshake::END_OF_EARLY_DATA,
            Self::EncryptedExtensions(_) => handshake::ENCRYPTED_EXTENSIONS,
            Self::Certificate(_) => handshake::CERTIFICATE,
            Self::CompressedCertificate(_) => handshake::COMPRESSED_CERTIFICATE,
            Self::CertificateStatus(_) => handshake::CERTIFICATE_STATUS,
            Self::ServerKeyExchange(_) => handshake::SERVER_KEY_EXCHANGE,
            Self::CertificateRequest(_) => handshake::CERTIFICATE_REQUEST,
            Self::ServerHelloDone => handshake::SERVER_HELLO_DONE,
            Self::CertificateVerify(_) => handshake::CERTIFICATE_VERIFY,
            Self::ClientKeyExchange(_) => handshake::CLIENT_KEY_EXCHANGE,
            Self::Finished(_) => handshake::FINISHED,
            Self::KeyUpdate(_) => handshake::KEY_UPDATE,
            Self::Unknown(number, _) => *number,
        }
    }
}

/// Reads type and length, which must be those of this message, then the body to its end.
pub(crate) fn read_message<T>(
    message: &[u8],
    expected: u8,
    body: impl FnOnce(&mut Reader<'_>) -> Result<T, WireError>,
) -> Result<T, WireError> {
    let read = || {
        let mut reader = Reader::new(message);
        let offset = reader.offset();
        let found = reader.u8("msg_type")?;
        if found != expected {
            return Err(WireError::new(offset, "msg_type", WireErrorKind::WrongMessage { expected, found }));
        }
        let mut inner = reader.vector24("body")?;
        reader.finish("end")?;
        let value = body(&mut inner)?;
        inner.finish("end")?;
        Ok(value)
    };
    read().map_err(|error| error.within(handshake::name(expected).unwrap_or("handshake")))
}

fn read_body(message: &[u8], number: u8) -> Result<Vec<u8>, WireError> {
    read_message(message, number, |reader| Ok(reader.rest().to_vec()))
}

/// Type, length and body.
pub(crate) fn write_message(number: u8, body: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut inner = Writer::new();
    body(&mut inner);
    let mut writer = Writer::new();
    writer.u8(number).opaque24(inner.as_bytes());
    writer.into_bytes()
}
