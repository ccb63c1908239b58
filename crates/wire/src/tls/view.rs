use crate::tls::number::extension as x;
use crate::tls::number::is_grease;
use crate::tls::types::list;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The message that an extension stands in: several have another form in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the message of that name")]
pub enum Place {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    /// An entry of the Certificate message of TLS 1.3.
    Certificate,
    CertificateRequest,
    NewSessionTicket,
}

/// The content of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing, as it should be: `extended_master_secret`, a server's `server_name`, ...
    Empty,
    /// `server_name`: types (0 is a host name) and names.
    ServerNames(Vec<(u8, Vec<u8>)>),
    /// `max_fragment_length`: 1 to 4 for 2^9 to 2^12 bytes.
    MaxFragmentLength(u8),
    /// `status_request`.
    StatusRequest(StatusRequest),
    /// `status_request` in a certificate entry of TLS 1.3: type and response.
    CertificateStatus(u8, Vec<u8>),
    /// `supported_groups`.
    SupportedGroups(Vec<u16>),
    /// `ec_point_formats`.
    EcPointFormats(Vec<u8>),
    /// `signature_algorithms`, `signature_algorithms_cert`, `delegated_credential` of a client.
    SignatureAlgorithms(Vec<u16>),
    /// `heartbeat`: 1 where the peer may send requests, 2 where not.
    Heartbeat(u8),
    /// `application_layer_protocol_negotiation`, `application_settings` of a client: protocol names.
    Protocols(Vec<Vec<u8>>),
    /// `next_protocol_negotiation` of a server: protocol names.
    NextProtocols(Vec<Vec<u8>>),
    /// `signed_certificate_timestamp` of a server.
    SignedCertificateTimestamps(Vec<Vec<u8>>),
    /// `client_certificate_type`, `server_certificate_type` of a client.
    CertificateTypes(Vec<u8>),
    /// The same of a server.
    CertificateType(u8),
    /// `padding`: so many bytes, which should be zero.
    Padding(Vec<u8>),
    /// `record_size_limit`.
    RecordSizeLimit(u16),
    /// `compress_certificate`: 1 zlib, 2 brotli, 3 zstd.
    CompressCertificate(Vec<u16>),
    /// `session_ticket`; empty where the client has none.
    SessionTicket(Vec<u8>),
    /// `pre_shared_key` of a client.
    PreSharedKeys(PreSharedKeys),
    /// `pre_shared_key` of a server: which one.
    SelectedIdentity(u16),
    /// `early_data` of a ticket.
    MaxEarlyDataSize(u32),
    /// `supported_versions` of a client.
    SupportedVersions(Vec<u16>),
    /// `supported_versions` of a server.
    SelectedVersion(u16),
    /// `cookie`.
    Cookie(Vec<u8>),
    /// `psk_key_exchange_modes`: 0 without, 1 with a key exchange.
    PskKeyExchangeModes(Vec<u8>),
    /// `certificate_authorities`: distinguished names in DER.
    CertificateAuthorities(Vec<Vec<u8>>),
    /// `key_share` of a client: may be empty.
    KeyShares(Vec<KeyShare>),
    /// `key_share` of a server.
    KeyShare(KeyShare),
    /// `key_share` of a HelloRetryRequest.
    SelectedGroup(u16),
    /// `encrypted_client_hello` of a client.
    EncryptedClientHello(EncryptedClientHello),
    /// `renegotiation_info`; empty in the first handshake.
    RenegotiationInfo(Vec<u8>),
    /// An extension type reserved for GREASE.
    Grease(Vec<u8>),
    /// An extension whose form is not known here, or not defined for this message.
    Opaque(Vec<u8>),
}

/// `status_request` of a client, RFC 6066 section 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRequest {
    /// Type 1.
    Ocsp {
        /// Responders that the client trusts.
        responder_ids: Vec<Vec<u8>>,
        /// Extensions of the request in DER.
        request_extensions: Vec<u8>,
    },
    /// Another type, and what follows it.
    Other(u8, Vec<u8>),
}

/// A group and its public value, RFC 8446 section 4.2.8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyShare {
    /// The group.
    pub group: u16,
    /// The public value.
    pub public: Vec<u8>,
}

/// `pre_shared_key` of a client, RFC 8446 section 4.2.11.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreSharedKeys {
    /// Identities, each with the obfuscated age of its ticket.
    pub identities: Vec<(Vec<u8>, u32)>,
    /// The proofs that the client has the keys.
    pub binders: Vec<Vec<u8>>,
}

/// `encrypted_client_hello` of a client, RFC 9849 section 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncryptedClientHello {
    /// In the outer hello.
    Outer {
        /// The key derivation function of HPKE.
        kdf: u16,
        /// The cipher of HPKE.
        aead: u16,
        /// Which configuration of the server was used; random in GREASE.
        config_id: u8,
        /// The encapsulated key.
        enc: Vec<u8>,
        /// The inner hello, encrypted.
        payload: Vec<u8>,
    },
    /// In the inner hello: nothing.
    Inner,
}

impl View {
    /// Reads the data of an extension.
    ///
    /// # Errors
    /// Where the data is not what the type defines. Types that are not known here are no error.
    pub fn parse(number: u16, place: Place, data: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(data);
        Self::read(number, place, &mut reader)
            .and_then(|view| reader.finish("end").map(|()| view))
            .map_err(|error| error.within(x::name(number).unwrap_or("extension")))
    }

    fn read(number: u16, place: Place, r: &mut Reader<'_>) -> Result<Self, WireError> {
        use Place::{
            Certificate, CertificateRequest, ClientHello, EncryptedExtensions, HelloRetryRequest, ServerHello,
        };
        Ok(match (number, place) {
            (x::SERVER_NAME, ClientHello) => Self::ServerNames(
                r.vector16("server_name_list")?
                    .elements("server_name_list", |r| Ok((r.u8("name_type")?, r.opaque16("host_name")?.to_vec())))?,
            ),
            (x::SIGNED_CERTIFICATE_TIMESTAMP | x::NEXT_PROTOCOL_NEGOTIATION, ClientHello)
            | (x::SERVER_NAME | x::STATUS_REQUEST, ServerHello | EncryptedExtensions)
            | (x::SIGNED_CERTIFICATE_TIMESTAMP | x::DELEGATED_CREDENTIAL, CertificateRequest)
            | (x::EARLY_DATA, ClientHello | EncryptedExtensions)
            | (x::ENCRYPT_THEN_MAC | x::EXTENDED_MASTER_SECRET | x::POST_HANDSHAKE_AUTH, _) => Self::Empty,
            (x::MAX_FRAGMENT_LENGTH, _) => Self::MaxFragmentLength(r.u8("max_fragment_length")?),
            // A CertificateRequest of TLS 1.3 may hold it empty.
            (x::STATUS_REQUEST, CertificateRequest) if r.is_empty() => Self::Empty,
            (x::STATUS_REQUEST, ClientHello | CertificateRequest) => Self::StatusRequest(StatusRequest::read(r)?),
            (x::STATUS_REQUEST, Certificate) => {
                Self::CertificateStatus(r.u8("status_type")?, r.opaque24("response")?.to_vec())
            }
            (x::SUPPORTED_GROUPS, _) => Self::SupportedGroups(numbers16(r, "named_group_list")?),
            (x::EC_POINT_FORMATS, _) => Self::EcPointFormats(r.opaque8("ec_point_format_list")?.to_vec()),
            (x::SIGNATURE_ALGORITHMS | x::SIGNATURE_ALGORITHMS_CERT, _) | (x::DELEGATED_CREDENTIAL, ClientHello) => {
                Self::SignatureAlgorithms(numbers16(r, "supported_signature_algorithms")?)
            }
            (x::HEARTBEAT, _) => Self::Heartbeat(r.u8("mode")?),
            (x::ALPN, _) | (x::APPLICATION_SETTINGS | x::APPLICATION_SETTINGS_OLD, ClientHello) => {
                Self::Protocols(r.vector16("protocol_name_list")?.elements("protocol_name_list", name)?)
            }
            (x::NEXT_PROTOCOL_NEGOTIATION, _) => {
                Self::NextProtocols(Reader::at(r.rest(), 0).elements("protocols", name)?)
            }
            (x::SIGNED_CERTIFICATE_TIMESTAMP, _) => Self::SignedCertificateTimestamps(long_names(r, "sct_list")?),
            (x::CLIENT_CERTIFICATE_TYPE | x::SERVER_CERTIFICATE_TYPE, ClientHello) => {
                Self::CertificateTypes(r.opaque8("certificate_types")?.to_vec())
            }
            (x::CLIENT_CERTIFICATE_TYPE | x::SERVER_CERTIFICATE_TYPE, _) => {
                Self::CertificateType(r.u8("certificate_type")?)
            }
            (x::PADDING, _) => Self::Padding(r.rest().to_vec()),
            (x::RECORD_SIZE_LIMIT, _) => Self::RecordSizeLimit(r.u16("record_size_limit")?),
            (x::COMPRESS_CERTIFICATE, _) => Self::CompressCertificate(r.vector8("algorithms")?.numbers("algorithms")?),
            (x::SESSION_TICKET, _) => Self::SessionTicket(r.rest().to_vec()),
            (x::PRE_SHARED_KEY, ClientHello) => Self::PreSharedKeys(PreSharedKeys::read(r)?),
            (x::PRE_SHARED_KEY, ServerHello) => Self::SelectedIdentity(r.u16("selected_identity")?),
            (x::EARLY_DATA, Place::NewSessionTicket) => Self::MaxEarlyDataSize(r.u32("max_early_data_size")?),
            (x::SUPPORTED_VERSIONS, ClientHello) => {
                Self::SupportedVersions(r.vector8("versions")?.numbers("versions")?)
            }
            (x::SUPPORTED_VERSIONS, ServerHello | HelloRetryRequest) => {
                Self::SelectedVersion(r.u16("selected_version")?)
            }
            (x::COOKIE, _) => Self::Cookie(r.opaque16("cookie")?.to_vec()),
            (x::PSK_KEY_EXCHANGE_MODES, _) => Self::PskKeyExchangeModes(r.opaque8("ke_modes")?.to_vec()),
            (x::CERTIFICATE_AUTHORITIES, _) => Self::CertificateAuthorities(long_names(r, "authorities")?),
            (x::KEY_SHARE | x::DRAFT_KEY_SHARE, ClientHello) => {
                Self::KeyShares(r.vector16("client_shares")?.elements("client_shares", KeyShare::read)?)
            }
            (x::KEY_SHARE | x::DRAFT_KEY_SHARE, ServerHello) => Self::KeyShare(KeyShare::read(r)?),
            (x::KEY_SHARE | x::DRAFT_KEY_SHARE, HelloRetryRequest) => Self::SelectedGroup(r.u16("selected_group")?),
            (x::ENCRYPTED_CLIENT_HELLO, ClientHello) => Self::EncryptedClientHello(EncryptedClientHello::read(r)?),
            (x::RENEGOTIATION_INFO, _) => Self::RenegotiationInfo(r.opaque8("renegotiated_connection")?.to_vec()),
            _ if is_grease(number) => Self::Grease(r.rest().to_vec()),
            _ => Self::Opaque(r.rest().to_vec()),
        })
    }

    /// The data of an extension.
    pub fn write(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Empty => {}
            Self::ServerNames(names) => {
                let list = list(names, |w, (kind, name)| {
                    w.u8(*kind).opaque16(name);
                });
                w.opaque16(&list);
            }
            Self::MaxFragmentLength(number) | Self::Heartbeat(number) | Self::CertificateType(number) => {
                w.u8(*number);
            }
            Self::StatusRequest(request) => request.write(&mut w),
            Self::CertificateStatus(kind, response) => {
                w.u8(*kind).opaque24(response);
            }
            Self::SupportedGroups(numbers) | Self::SignatureAlgorithms(numbers) => {
                w.opaque16(&list(numbers, |w, number| {
                    w.u16(*number);
                }));
            }
            Self::SupportedVersions(numbers) | Self::CompressCertificate(numbers) => {
                w.opaque8(&list(numbers, |w, number| {
                    w.u16(*number);
                }));
            }
            Self::EcPointFormats(bytes)
            | Self::CertificateTypes(bytes)
            | Self::PskKeyExchangeModes(bytes)
            | Self::RenegotiationInfo(bytes) => {
                w.opaque8(bytes);
            }
            Self::Protocols(names) => {
                w.opaque16(&list(names, |w, name| {
                    w.opaque8(name);
                }));
            }
            Self::NextProtocols(names) => {
                w.raw(&list(names, |w, name| {
                    w.opaque8(name);
                }));
            }
            Self::SignedCertificateTimestamps(names) | Self::CertificateAuthorities(names) => {
                w.opaque16(&list(names, |w, name| {
                    w.opaque16(name);
                }));
            }
            Self::RecordSizeLimit(number)
            | Self::SelectedIdentity(number)
            | Self::SelectedVersion(number)
            | Self::SelectedGroup(number) => {
                w.u16(*number);
            }
            Self::PreSharedKeys(keys) => keys.write(&mut w),
            Self::MaxEarlyDataSize(size) => {
                w.u32(*size);
            }
            Self::Cookie(cookie) => {
                w.opaque16(cookie);
            }
            Self::KeyShares(shares) => {
                w.opaque16(&list(shares, |w, share| share.write(w)));
            }
            Self::KeyShare(share) => share.write(&mut w),
            Self::EncryptedClientHello(hello) => hello.write(&mut w),
            Self::Padding(bytes) | Self::SessionTicket(bytes) | Self::Grease(bytes) | Self::Opaque(bytes) => {
                w.raw(bytes);
            }
        }
        w.into_bytes()
    }
}

fn numbers16(reader: &mut Reader<'_>, field: &str) -> Result<Vec<u16>, WireError> {
    reader.vector16(field)?.numbers(field)
}

fn name(reader: &mut Reader<'_>) -> Result<Vec<u8>, WireError> {
    reader.opaque8("protocol_name").map(<[u8]>::to_vec)
}

fn long_names(reader: &mut Reader<'_>, field: &str) -> Result<Vec<Vec<u8>>, WireError> {
    reader.vector16(field)?.elements(field, |reader| reader.opaque16("element").map(<[u8]>::to_vec))
}

impl StatusRequest {
    /// The type that asks for an OCSP response.
    const OCSP: u8 = 1;

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.u8("status_type")? {
            Self::OCSP => {
                let responder_ids = long_names(reader, "responder_id_list")?;
                let request_extensions = reader.opaque16("request_extensions")?.to_vec();
                Ok(Self::Ocsp { responder_ids, request_extensions })
            }
            other => Ok(Self::Other(other, reader.rest().to_vec())),
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Ocsp { responder_ids, request_extensions } => {
                let list = list(responder_ids, |w, id| {
                    w.opaque16(id);
                });
                writer.u8(Self::OCSP).opaque16(&list).opaque16(request_extensions);
            }
            Self::Other(kind, rest) => {
                writer.u8(*kind).raw(rest);
            }
        }
    }
}

impl KeyShare {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { group: reader.u16("group")?, public: reader.opaque16("key_exchange")?.to_vec() })
    }

    fn write(&self, writer: &mut Writer) {
        writer.u16(self.group).opaque16(&self.public);
    }
}

impl PreSharedKeys {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let identities = reader.vector16("identities")?.elements("identities", |reader| {
            Ok((reader.opaque16("identity")?.to_vec(), reader.u32("obfuscated_ticket_age")?))
        })?;
        let binders = reader.vector16("binders")?;
        let binders = binders.elements("binders", |reader| reader.opaque8("binder").map(<[u8]>::to_vec))?;
        Ok(Self { identities, binders })
    }

    fn write(&self, writer: &mut Writer) {
        let identities = list(&self.identities, |w, (identity, age)| {
            w.opaque16(identity).u32(*age);
        });
        let binders = list(&self.binders, |w, binder| {
            w.opaque8(binder);
        });
        writer.opaque16(&identities).opaque16(&binders);
    }
}

impl EncryptedClientHello {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let offset = reader.offset();
        match reader.u8("type")? {
            0 => Ok(Self::Outer {
                kdf: reader.u16("kdf_id")?,
                aead: reader.u16("aead_id")?,
                config_id: reader.u8("config_id")?,
                enc: reader.opaque16("enc")?.to_vec(),
                payload: reader.opaque16("payload")?.to_vec(),
            }),
            1 => Ok(Self::Inner),
            _ => Err(WireError::new(offset, "type", WireErrorKind::BadForm { form: "outer (0) or inner (1)" })),
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Outer { kdf, aead, config_id, enc, payload } => {
                writer.u8(0).u16(*kdf).u16(*aead).u8(*config_id).opaque16(enc).opaque16(payload);
            }
            Self::Inner => {
                writer.u8(1);
            }
        }
    }
}
