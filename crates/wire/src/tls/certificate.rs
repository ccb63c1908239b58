use crate::tls::message::{read_message, write_message};
use crate::tls::number::{extension, handshake, version};
use crate::tls::types::list;
use crate::tls::{Extensions, Place, View};
use crate::{Reader, WireError, Writer};

/// Certificate, RFC 5246 section 7.4.2 and RFC 8446 section 4.4.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// `certificate_request_context`; `None` in the form before TLS 1.3.
    pub request_context: Option<Vec<u8>>,
    /// The certificates, the peer's own first.
    pub entries: Vec<CertificateEntry>,
}

/// A certificate in a Certificate message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateEntry {
    /// The certificate in DER, or a raw public key.
    pub certificate: Vec<u8>,
    /// Its extensions; not sent in the form before TLS 1.3.
    pub extensions: Extensions,
}

impl Certificate {
    /// From a handshake message of this version.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8], version: u16) -> Result<Self, WireError> {
        read_message(message, handshake::CERTIFICATE, |reader| Self::read(reader, version::is_tls13(version)))
    }

    pub(crate) fn read(reader: &mut Reader<'_>, tls13: bool) -> Result<Self, WireError> {
        let request_context = if tls13 { Some(reader.opaque8("certificate_request_context")?.to_vec()) } else { None };
        let entries = reader.vector24("certificate_list")?.elements("certificate_list", |reader| {
            let certificate = reader.opaque24("cert_data")?.to_vec();
            let extensions = if tls13 { Extensions::read(reader)? } else { Extensions::default() };
            Ok(CertificateEntry { certificate, extensions })
        })?;
        Ok(Self { request_context, entries })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::CERTIFICATE, |writer| self.write_body(writer))
    }

    fn write_body(&self, writer: &mut Writer) {
        if let Some(context) = &self.request_context {
            writer.opaque8(context);
        }
        let entries = list(&self.entries, |writer, entry| {
            writer.opaque24(&entry.certificate);
            if self.request_context.is_some() {
                entry.extensions.write(writer);
            }
        });
        writer.opaque24(&entries);
    }
}

/// CompressedCertificate, RFC 8879 section 4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompressedCertificate {
    /// 1 zlib, 2 brotli, 3 zstd.
    pub algorithm: u16,
    /// How long the Certificate message is said to be, in bytes.
    pub uncompressed_length: u32,
    /// The Certificate message, compressed.
    pub compressed: Vec<u8>,
}

impl CompressedCertificate {
    /// From a handshake message.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        read_message(message, handshake::COMPRESSED_CERTIFICATE, |reader| {
            let algorithm = reader.u16("algorithm")?;
            let uncompressed_length = reader.u24("uncompressed_length")?;
            let compressed = reader.opaque24("compressed_certificate_message")?.to_vec();
            Ok(Self { algorithm, uncompressed_length, compressed })
        })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::COMPRESSED_CERTIFICATE, |writer| {
            writer.u16(self.algorithm).u24(self.uncompressed_length).opaque24(&self.compressed);
        })
    }
}

/// CertificateStatus, RFC 6066 section 8 and RFC 6961 section 2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Type 1: an OCSP response in DER.
    Ocsp(Vec<u8>),
    /// Type 2: one OCSP response for each certificate; empty where there is none.
    OcspMulti(Vec<Vec<u8>>),
    /// Another type, and what follows it.
    Other(u8, Vec<u8>),
}

impl CertificateStatus {
    /// The number of the first type.
    pub const OCSP: u8 = 1;
    const OCSP_MULTI: u8 = 2;

    /// From a handshake message.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Trailing` when more follows.
    pub fn parse(message: &[u8]) -> Result<Self, WireError> {
        read_message(message, handshake::CERTIFICATE_STATUS, |reader| match reader.u8("status_type")? {
            Self::OCSP => reader.opaque24("response").map(|response| Self::Ocsp(response.to_vec())),
            Self::OCSP_MULTI => reader
                .vector24("ocsp_response_list")?
                .elements("ocsp_response_list", |reader| reader.opaque24("response").map(<[u8]>::to_vec))
                .map(Self::OcspMulti),
            other => Ok(Self::Other(other, reader.rest().to_vec())),
        })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::CERTIFICATE_STATUS, |writer| {
            match self {
                Self::Ocsp(response) => writer.u8(Self::OCSP).opaque24(response),
                Self::OcspMulti(responses) => {
                    let responses = list(responses, |writer, response| {
                        writer.opaque24(response);
                    });
                    writer.u8(Self::OCSP_MULTI).opaque24(&responses)
                }
                Self::Other(kind, rest) => writer.u8(*kind).raw(rest),
            };
        })
    }
}

/// CertificateRequest, RFC 5246 section 7.4.4 and RFC 8446 section 4.3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateRequest {
    /// The form before TLS 1.3.
    Legacy {
        /// Kinds of certificates: 1 RSA, 2 DSS, 64 ECDSA.
        certificate_types: Vec<u8>,
        /// Signature algorithms; `None` before TLS 1.2.
        signature_algorithms: Option<Vec<u16>>,
        /// Distinguished names in DER; empty for any.
        authorities: Vec<Vec<u8>>,
    },
    /// The form of TLS 1.3.
    Tls13 {
        /// What the client's Certificate must repeat.
        context: Vec<u8>,
        /// `signature_algorithms`, `certificate_authorities` and others.
        extensions: Extensions,
    },
}

impl CertificateRequest {
    /// From a handshake message of this version.
    ///
    /// # Errors
    /// `WrongMessage` for another type, `Truncated` when a field is not whole, `Misaligned` when the signature
    /// algorithms do not come out even, `Trailing` when more follows.
    pub fn parse(message: &[u8], version: u16) -> Result<Self, WireError> {
        read_message(message, handshake::CERTIFICATE_REQUEST, |reader| Self::read(reader, version))
    }

    fn read(reader: &mut Reader<'_>, version: u16) -> Result<Self, WireError> {
        if version::is_tls13(version) {
            let context = reader.opaque8("certificate_request_context")?.to_vec();
            return Ok(Self::Tls13 { context, extensions: Extensions::read(reader)? });
        }
        let certificate_types = reader.opaque8("certificate_types")?.to_vec();
        let signature_algorithms = if version::names_signature_algorithms(version) {
            Some(reader.vector16("supported_signature_algorithms")?.numbers("supported_signature_algorithms")?)
        } else {
            None
        };
        let authorities = reader
            .vector16("certificate_authorities")?
            .elements("certificate_authorities", |reader| reader.opaque16("name").map(<[u8]>::to_vec))?;
        Ok(Self::Legacy { certificate_types, signature_algorithms, authorities })
    }

    /// The handshake message.
    pub fn write(&self) -> Vec<u8> {
        write_message(handshake::CERTIFICATE_REQUEST, |writer| match self {
            Self::Tls13 { context, extensions } => {
                writer.opaque8(context);
                extensions.write(writer);
            }
            Self::Legacy { certificate_types, signature_algorithms, authorities } => {
                writer.opaque8(certificate_types);
                if let Some(algorithms) = signature_algorithms {
                    writer.opaque16(&list(algorithms, |writer, algorithm| {
                        writer.u16(*algorithm);
                    }));
                }
                writer.opaque16(&list(authorities, |writer, name| {
                    writer.opaque16(name);
                }));
            }
        })
    }

    /// The names of the authorities that the client's certificate should come from, in DER; none for any. Empty also
    /// where the extension that holds them cannot be read.
    pub fn authorities(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Legacy { authorities, .. } => authorities.clone(),
            Self::Tls13 { extensions, .. } => {
                let found = extensions.find(extension::CERTIFICATE_AUTHORITIES);
                match found.map(|extension| extension.view(Place::CertificateRequest)) {
                    Some(Ok(View::CertificateAuthorities(names))) => names,
                    _ => Vec::new(),
                }
            }
        }
    }
}
