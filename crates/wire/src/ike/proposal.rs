use super::number::attribute;
use crate::{Reader, WireError, WireErrorKind, Writer};

/// The most transforms that are read of one payload, all proposals together. No implementation offers a tenth of it.
const TRANSFORMS: usize = 1024;
/// The most attributes of a transform.
const ATTRIBUTES: usize = 64;

/// A proposal: for one protocol, transforms to choose from. Those of IKEv2 are ORed within a type, those of IKEv1 are
/// whole suites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal<T> {
    /// The byte after the marker that another proposal follows.
    pub reserved: u8,
    /// Its number, from 1.
    pub number: u8,
    /// What it is for.
    pub protocol: u8,
    /// The sender's SPI; none for an IKE SA that is new.
    pub spi: Vec<u8>,
    /// The transforms, in order.
    pub transforms: Vec<T>,
}

/// A transform of IKEv2, RFC 7296 section 3.3.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// The byte after the marker that another transform follows.
    pub reserved: u8,
    /// Its type.
    pub kind: u8,
    /// The byte after the type.
    pub reserved_2: u8,
    /// Which one of its type.
    pub id: u16,
    /// Attributes: the key length.
    pub attributes: Vec<Attribute>,
}

impl Transform {
    /// A transform, with the key length in bits where its algorithm has several.
    pub fn new(kind: u8, id: u16, key_length: Option<u16>) -> Self {
        let length = |bits| Attribute { kind: attribute::KEY_LENGTH, value: AttributeValue::Short(bits) };
        Self { kind, id, attributes: key_length.map(length).into_iter().collect(), ..Self::default() }
    }

    /// The key length in bits.
    pub fn key_length(&self) -> Option<u16> {
        self.attributes.iter().find_map(|one| match one.value {
            AttributeValue::Short(bits) if one.kind == attribute::KEY_LENGTH => Some(bits),
            _ => None,
        })
    }
}

/// A transform of IKEv1: one whole suite, RFC 2408 section 3.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransformV1 {
    /// The byte after the marker that another transform follows.
    pub reserved: u8,
    /// Its number.
    pub number: u8,
    /// Its kind: 1 (KEY_IKE) in phase 1, the cipher in phase 2.
    pub id: u8,
    /// Reserved.
    pub reserved_2: u16,
    /// What makes the suite.
    pub attributes: Vec<Attribute>,
}

impl TransformV1 {
    /// The first attribute of a kind that has a short value, or one of up to four bytes.
    pub fn value(&self, kind: u16) -> Option<u32> {
        self.attributes.iter().find(|one| one.kind == kind).and_then(|one| match &one.value {
            AttributeValue::Short(value) => Some(u32::from(*value)),
            AttributeValue::Long(bytes) if bytes.len() <= 4 => {
                Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
            }
            AttributeValue::Long(_) => None,
        })
    }
}

/// An attribute, RFC 7296 section 3.3.5 and RFC 2408 section 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its kind, without the bit that tells the form.
    pub kind: u16,
    /// Its value.
    pub value: AttributeValue,
}

/// The two forms of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Two bytes without a length.
    Short(u16),
    /// Bytes with a length.
    Long(Vec<u8>),
}

const SHORT: u16 = 0x8000;

impl Attribute {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let kind = reader.u16("attribute_type")?;
        let value = if kind & SHORT != 0 {
            AttributeValue::Short(reader.u16("attribute_value")?)
        } else {
            AttributeValue::Long(reader.opaque16("attribute_value")?.to_vec())
        };
        Ok(Self { kind: kind & !SHORT, value })
    }

    fn write(&self, writer: &mut Writer) {
        match &self.value {
            AttributeValue::Short(value) => writer.u16(self.kind | SHORT).u16(*value),
            AttributeValue::Long(bytes) => writer.u16(self.kind & !SHORT).opaque16(bytes),
        };
    }
}

/// The transforms of the two versions, which differ in what their own four bytes mean.
pub trait TransformForm: Sized {
    /// Of the byte after the marker, the transform's own four bytes, and its attributes.
    fn from_parts(reserved: u8, own: [u8; 4], attributes: Vec<Attribute>) -> Self;
    /// The same, backwards.
    fn parts(&self) -> (u8, [u8; 4], &[Attribute]);
}

impl TransformForm for Transform {
    fn from_parts(reserved: u8, [kind, reserved_2, high, low]: [u8; 4], attributes: Vec<Attribute>) -> Self {
        Self { reserved, kind, reserved_2, id: u16::from_be_bytes([high, low]), attributes }
    }

    fn parts(&self) -> (u8, [u8; 4], &[Attribute]) {
        let [high, low] = self.id.to_be_bytes();
        (self.reserved, [self.kind, self.reserved_2, high, low], &self.attributes)
    }
}

impl TransformForm for TransformV1 {
    fn from_parts(reserved: u8, [number, id, high, low]: [u8; 4], attributes: Vec<Attribute>) -> Self {
        Self { reserved, number, id, reserved_2: u16::from_be_bytes([high, low]), attributes }
    }

    fn parts(&self) -> (u8, [u8; 4], &[Attribute]) {
        let [high, low] = self.reserved_2.to_be_bytes();
        (self.reserved, [self.number, self.id, high, low], &self.attributes)
    }
}

/// Says that another proposal or transform follows; zero that none does.
const ANOTHER_PROPOSAL: u8 = 2;
const ANOTHER_TRANSFORM: u8 = 3;

/// Reads all that is left as proposals.
///
/// # Errors
/// `Truncated`, `TooShort` and `Trailing` for lengths and counts that do not fit, `BadForm` for a marker that does not fit
/// what follows, `TooMany` beyond 1024 transforms.
pub fn read_proposals<T: TransformForm>(reader: &mut Reader<'_>) -> Result<Vec<Proposal<T>>, WireError> {
    let mut proposals = Vec::new();
    let mut left = TRANSFORMS;
    while !reader.is_empty() {
        let part = Part::read(reader, ANOTHER_PROPOSAL).map_err(|error| error.within("proposal"))?;
        let proposal = read_proposal(part, &mut left).map_err(|error| error.within("proposal"))?;
        proposals.push(proposal);
    }
    Ok(proposals)
}

/// What proposals and transforms begin with.
struct Part<'a> {
    reserved: u8,
    body: Reader<'a>,
}

impl<'a> Part<'a> {
    fn read(reader: &mut Reader<'a>, another: u8) -> Result<Self, WireError> {
        let offset = reader.offset();
        let marker = reader.u8("last")?;
        let reserved = reader.u8("reserved")?;
        let length = reader.u16("length")?;
        let Some(rest) = length.checked_sub(4) else {
            let kind = WireErrorKind::TooShort { length: length.into(), minimum: 4 };
            return Err(WireError::new(offset.saturating_add(2), "length", kind));
        };
        let body = Reader::at(reader.take("body", rest.into())?, offset.saturating_add(4));
        if marker != if reader.is_empty() { 0 } else { another } {
            let form = if another == ANOTHER_PROPOSAL {
                "2 before a proposal, 0 at the end"
            } else {
                "3 before a transform, 0 at the end"
            };
            return Err(WireError::new(offset, "last", WireErrorKind::BadForm { form }));
        }
        Ok(Self { reserved, body })
    }
}

fn read_proposal<T: TransformForm>(part: Part<'_>, left: &mut usize) -> Result<Proposal<T>, WireError> {
    let Part { reserved, body: mut reader } = part;
    let number = reader.u8("number")?;
    let protocol = reader.u8("protocol_id")?;
    let size = reader.u8("spi_size")?;
    let count = usize::from(reader.u8("transforms")?);
    let spi = reader.take("spi", size.into())?.to_vec();
    *left = left.checked_sub(count).ok_or_else(|| {
        WireError::new(reader.offset(), "transforms", WireErrorKind::TooMany { limit: TRANSFORMS as u64 })
    })?;
    let mut transforms = Vec::new();
    for _ in 0..count {
        let part = Part::read(&mut reader, ANOTHER_TRANSFORM).map_err(|error| error.within("transform"))?;
        transforms.push(read_transform(part).map_err(|error| error.within("transform"))?);
    }
    reader.finish("end")?;
    Ok(Proposal { reserved, number, protocol, spi, transforms })
}

fn read_transform<T: TransformForm>(part: Part<'_>) -> Result<T, WireError> {
    let Part { reserved, body: mut reader } = part;
    let own = reader.array("transform_id")?;
    let mut attributes = Vec::new();
    while !reader.is_empty() {
        if attributes.len() == ATTRIBUTES {
            let kind = WireErrorKind::TooMany { limit: ATTRIBUTES as u64 };
            return Err(WireError::new(reader.offset(), "attributes", kind));
        }
        attributes.push(Attribute::read(&mut reader)?);
    }
    Ok(T::from_parts(reserved, own, attributes))
}

/// Writes proposals, each with its length and the marker of what follows.
pub fn write_proposals<T: TransformForm>(proposals: &[Proposal<T>], writer: &mut Writer) {
    for (index, proposal) in proposals.iter().enumerate() {
        let mut body = Writer::new();
        body.u8(proposal.number).u8(proposal.protocol);
        body.u8(u8::try_from(proposal.spi.len()).unwrap_or(u8::MAX));
        body.u8(u8::try_from(proposal.transforms.len()).unwrap_or(u8::MAX)).raw(&proposal.spi);
        for (index, transform) in proposal.transforms.iter().enumerate() {
            let (reserved, own, attributes) = transform.parts();
            let mut inner = Writer::new();
            inner.raw(&own);
            attributes.iter().for_each(|attribute| attribute.write(&mut inner));
            let last = index + 1 == proposal.transforms.len();
            write_part(if last { 0 } else { ANOTHER_TRANSFORM }, reserved, inner.as_bytes(), &mut body);
        }
        let last = index + 1 == proposals.len();
        write_part(if last { 0 } else { ANOTHER_PROPOSAL }, proposal.reserved, body.as_bytes(), writer);
    }
}

fn write_part(marker: u8, reserved: u8, body: &[u8], writer: &mut Writer) {
    let length = u16::try_from(body.len().saturating_add(4)).unwrap_or(u16::MAX);
    writer.u8(marker).u8(reserved).u16(length).raw(body);
}
