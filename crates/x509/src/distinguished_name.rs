use std::fmt::Write as _;

use shakedown_model::Name;

use crate::Oid;
use crate::der::{DerError, OBJECT, Reader, SEQUENCE, SET};

/// The name of a subject or an issuer, RFC 5280 section 4.1.2.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinguishedName {
    /// The contents of its DER, without the outer tag and length.
    pub der: Vec<u8>,
    /// Its attributes, in the order in which they stand; at most [`Self::LIMIT`].
    pub attributes: Vec<Attribute>,
}

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its type.
    pub oid: Oid,
    /// The tag of the string type of its value.
    pub tag: u8,
    /// The value; BMPString and UniversalString as they stand.
    pub value: Name,
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// Short names of attribute types, RFC 4519 and RFC 4514 section 3.
const SHORT: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
];

impl DistinguishedName {
    /// How many attributes are kept.
    pub const LIMIT: usize = 256;

    /// From DER contents, without the outer tag and length.
    pub(crate) fn read(mut reader: Reader<'_>, der: &[u8], field: &str) -> Result<Self, DerError> {
        let mut attributes = Vec::new();
        while !reader.is_empty() {
            let mut set = reader.expect(SET, field)?.reader();
            while !set.is_empty() {
                let mut pair = set.expect(SEQUENCE, field)?.reader();
                let oid = Oid::from_bytes(pair.expect(OBJECT, field)?.value);
                let value = pair.any(field)?;
                pair.finish(field)?;
                if attributes.len() < Self::LIMIT {
                    attributes.push(Attribute { oid, tag: value.tag, value: value.name() });
                }
            }
        }
        Ok(Self { der: der.to_vec(), attributes })
    }

    /// From a whole Name in DER, as a CertificateRequest lists them (RFC 8446 section 4.2.4); `None` where it is none.
    pub fn from_sequence(der: &[u8]) -> Option<Self> {
        Self::from_der(Reader::new(der).expect(SEQUENCE, "name").ok()?.value)
    }

    /// From DER contents, without the outer tag and length; `None` where they are not a name.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Self::read(Reader::new(der), der, "name").ok()
    }

    /// The common names, which say something to people and nothing to programs of today.
    pub fn common_names(&self) -> impl Iterator<Item = &Name> {
        self.attributes.iter().filter(|attribute| attribute.oid.is(COMMON_NAME)).map(|attribute| &attribute.value)
    }

    /// Whether it has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.der.is_empty()
    }

    /// Whether both are the same name as RFC 5280 section 7.1 compares them: without regard to case, to the string
    /// type and to the number of blanks.
    pub fn is_same(&self, other: &Self) -> bool {
        self.der == other.der
            || (self.attributes.len() == other.attributes.len()
                && self.attributes.iter().zip(&other.attributes).all(|(left, right)| left.is_same(right)))
    }
}

impl Attribute {
    fn is_same(&self, other: &Self) -> bool {
        let text = |attribute: &Self| matches!(attribute.tag, 0x0c | 0x13 | 0x14 | 0x16);
        if self.oid != other.oid {
            return false;
        }
        if !text(self) || !text(other) {
            return self.tag == other.tag && self.value == other.value;
        }
        let fold = |name: &Name| {
            let lower = name.to_bytes().to_ascii_lowercase();
            let words: Vec<Vec<u8>> =
                lower.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(<[u8]>::to_vec).collect();
            words
        };
        fold(&self.value) == fold(&other.value)
    }
}

impl std::fmt::Display for DistinguishedName {
    /// As OpenSSL prints it: `C = BE, O = Example, CN = Example Root`. Long names are cut.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        for attribute in &self.attributes {
            let short = SHORT.iter().find(|(oid, _)| attribute.oid.is(oid));
            let key = short.map_or_else(|| attribute.oid.to_string(), |(_, short)| (*short).to_owned());
            let comma = if text.is_empty() { "" } else { ", " };
            write!(text, "{comma}{key} = {}", attribute.value)?;
            if text.len() > 400 {
                let cut: String = text.chars().take(400).collect();
                return write!(f, "{cut}...");
            }
        }
        f.write_str(if text.is_empty() { "(no subject)" } else { &text })
    }
}
