use super::number::payload;
use super::proposal::{Proposal, Transform, TransformV1, read_proposals, write_proposals};
use super::{Authentication, CertificateData, Delete, Identification, Notification, Notify, TrafficSelectors};
use crate::{Reader, WireError, WireErrorKind, Writer};

/// A payload as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Its type.
    pub number: u8,
    /// The byte after the next payload's type: its highest bit says that who does not know this type must refuse.
    pub reserved: u8,
    /// What follows its header.
    pub body: Vec<u8>,
}

/// Reads a payload of a type that the one before it named; also the type of the next.
pub(super) fn generic(reader: &mut Reader<'_>, number: u8) -> Result<(u8, Payload), WireError> {
    let field = payload::name(number).unwrap_or("payload");
    let offset = reader.offset();
    let read = |reader: &mut Reader<'_>| {
        let next = reader.u8("next_payload")?;
        let reserved = reader.u8("reserved")?;
        let length = reader.u16("length")?;
        let Some(rest) = length.checked_sub(4) else {
            let kind = WireErrorKind::TooShort { length: length.into(), minimum: 4 };
            return Err(WireError::new(offset.saturating_add(2), "length", kind));
        };
        let body = reader.take("body", rest.into())?.to_vec();
        Ok((next, Payload { number, reserved, body }))
    };
    read(reader).map_err(|error| error.within(field))
}

impl Payload {
    /// A payload of this content, not critical.
    pub fn new(number: u8, view: &View) -> Self {
        Self { number, reserved: 0, body: view.write() }
    }

    /// Whether who does not know the type must refuse the message (RFC 7296 section 2.5).
    pub fn is_critical(&self) -> bool {
        self.reserved & 0x80 != 0
    }

    /// Whether what follows is inside it: nothing can be read without keys.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.number, payload::ENCRYPTED | payload::FRAGMENT)
    }

    pub(super) fn write(&self, next: u8, writer: &mut Writer) {
        let length = u16::try_from(self.body.len().saturating_add(4)).unwrap_or(u16::MAX);
        writer.u8(next).u8(self.reserved).u16(length).raw(&self.body);
    }

    /// What stands in it. Types that are not read here are [`View::Opaque`].
    ///
    /// # Errors
    /// As the parts say, with offsets from the beginning of the body.
    pub fn view(&self) -> Result<View, WireError> {
        let mut reader = Reader::new(&self.body);
        let view = View::read(self.number, &mut reader).and_then(|view| reader.finish("end").map(|()| view));
        view.map_err(|error| error.within(payload::name(self.number).unwrap_or("payload")))
    }
}

/// What a payload says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// IKEv2: proposals.
    Proposals(Vec<Proposal<Transform>>),
    /// IKEv1: proposals and what they are for.
    SecurityAssociation(SecurityAssociation),
    /// IKEv2: a public value.
    KeyExchange(KeyExchange),
    /// IKEv2: a notify.
    Notify(Notify),
    /// IKEv1: a notification.
    Notification(Notification),
    /// IKEv2: who an end is.
    Identification(Identification),
    /// IKEv2: a certificate, or a request for one.
    Certificate(CertificateData),
    /// IKEv2: how an end proves that.
    Authentication(Authentication),
    /// IKEv2: SAs that are gone.
    Delete(Delete),
    /// IKEv2: the traffic of an end.
    TrafficSelectors(TrafficSelectors),
    /// Random bytes, of both versions.
    Nonce(Vec<u8>),
    /// What names an implementation or an extension, of both versions.
    VendorId(Vec<u8>),
    /// IKEv2: an initialisation vector, encrypted payloads and a checksum.
    Encrypted(Vec<u8>),
    /// IKEv2: a part of an encrypted payload.
    Fragment(Fragment),
    /// Another type; of IKEv1 also the public value.
    Opaque(Vec<u8>),
}

/// The public value of a key exchange, RFC 7296 section 3.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyExchange {
    /// The group.
    pub group: u16,
    /// Reserved.
    pub reserved: u16,
    /// The value.
    pub data: Vec<u8>,
}

/// A part of an encrypted payload, RFC 7383 section 2.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// Its number, from 1.
    pub number: u16,
    /// How many there are.
    pub total: u16,
    /// An initialisation vector, encrypted bytes and a checksum.
    pub data: Vec<u8>,
}

/// The security association payload of IKEv1, RFC 2408 section 3.4, of the situation "identity only" (RFC 2407).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// The domain of interpretation; 1 is IPsec's.
    pub doi: u32,
    /// The situation; 1 is "identity only".
    pub situation: u32,
    /// The proposals.
    pub proposals: Vec<Proposal<TransformV1>>,
}

const IDENTITY_ONLY: u32 = 1;

impl View {
    fn read(number: u8, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match number {
            payload::SA => Self::Proposals(read_proposals(reader)?),
            payload::SA_V1 => Self::SecurityAssociation(SecurityAssociation::read(reader)?),
            payload::KE => Self::KeyExchange(KeyExchange {
                group: reader.u16("group")?,
                reserved: reader.u16("reserved")?,
                data: reader.rest().to_vec(),
            }),
            payload::NOTIFY => Self::Notify(Notify::read(reader)?),
            payload::NOTIFICATION_V1 => Self::Notification(Notification::read(reader)?),
            payload::IDENTITY_I | payload::IDENTITY_R => Self::Identification(Identification::read(reader)?),
            payload::CERTIFICATE | payload::CERTIFICATE_REQUEST => Self::Certificate(CertificateData {
                encoding: reader.u8("cert_encoding")?,
                data: reader.rest().to_vec(),
            }),
            payload::AUTHENTICATION => Self::Authentication(Authentication::read(reader)?),
            payload::DELETE => Self::Delete(Delete::read(reader)?),
            payload::SELECTORS_I | payload::SELECTORS_R => Self::TrafficSelectors(TrafficSelectors::read(reader)?),
            payload::NONCE | payload::NONCE_V1 => Self::Nonce(reader.rest().to_vec()),
            payload::VENDOR_ID | payload::VENDOR_ID_V1 => Self::VendorId(reader.rest().to_vec()),
            payload::ENCRYPTED => Self::Encrypted(reader.rest().to_vec()),
            payload::FRAGMENT => Self::Fragment(Fragment {
                number: reader.u16("fragment_number")?,
                total: reader.u16("total_fragments")?,
                data: reader.rest().to_vec(),
            }),
            _ => Self::Opaque(reader.rest().to_vec()),
        })
    }

    /// The body of the payload.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Proposals(proposals) => write_proposals(proposals, &mut writer),
            Self::SecurityAssociation(association) => association.write(&mut writer),
            Self::KeyExchange(KeyExchange { group, reserved, data }) => {
                writer.u16(*group).u16(*reserved).raw(data);
            }
            Self::Notify(notify) => notify.write(&mut writer),
            Self::Notification(notification) => notification.write(&mut writer),
            Self::Identification(identification) => identification.write(&mut writer),
            Self::Certificate(CertificateData { encoding, data }) => {
                writer.u8(*encoding).raw(data);
            }
            Self::Authentication(authentication) => authentication.write(&mut writer),
            Self::Delete(delete) => delete.write(&mut writer),
            Self::TrafficSelectors(selectors) => selectors.write(&mut writer),
            Self::Fragment(Fragment { number, total, data }) => {
                writer.u16(*number).u16(*total).raw(data);
            }
            Self::Nonce(bytes) | Self::VendorId(bytes) | Self::Encrypted(bytes) | Self::Opaque(bytes) => {
                writer.raw(bytes);
            }
        }
        writer.into_bytes()
    }
}

impl SecurityAssociation {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let doi = reader.u32("doi")?;
        let offset = reader.offset();
        let situation = reader.u32("situation")?;
        if situation != IDENTITY_ONLY {
            // Labels of secrecy and integrity would follow, which no implementation sends.
            let kind = WireErrorKind::BadForm { form: "SIT_IDENTITY_ONLY (1)" };
            return Err(WireError::new(offset, "situation", kind));
        }
        Ok(Self { doi, situation, proposals: read_proposals(reader)? })
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.doi).u32(self.situation);
        write_proposals(&self.proposals, writer);
    }
}
