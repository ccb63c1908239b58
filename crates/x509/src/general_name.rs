use std::net::{Ipv4Addr, Ipv6Addr};

use shakedown_model::Name;

use crate::der::{DerError, Element, SEQUENCE, constructed, context};
use crate::{DistinguishedName, Oid};

/// One of the names of RFC 5280 section 4.2.1.6, or the base of a name constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneralName {
    /// A DNS name, as it stands: it may hold anything, also NUL.
    Dns(Name),
    /// An address of 4 or 16 bytes; in a constraint an address and a mask, 8 or 32 bytes. Other lengths are kept.
    Ip(Vec<u8>),
    /// A URI.
    Uri(Name),
    /// A mail address.
    Email(Name),
    /// A distinguished name.
    Directory(DistinguishedName),
    /// An object identifier.
    RegisteredId(Oid),
    /// Another form; its tag number.
    Other(u8),
}

impl GeneralName {
    pub(crate) fn read(element: &Element<'_>, field: &str) -> Result<Self, DerError> {
        const DNS: u8 = context(2);
        const DIRECTORY: u8 = constructed(4);
        const OTHERS: [u8; 3] = [constructed(0), constructed(3), constructed(5)];
        Ok(match element.tag {
            DNS => Self::Dns(element.name()),
            tag if tag == context(1) => Self::Email(element.name()),
            tag if tag == context(6) => Self::Uri(element.name()),
            tag if tag == context(7) => Self::Ip(element.value.to_vec()),
            tag if tag == context(8) => Self::RegisteredId(Oid::from_bytes(element.value)),
            // What is no name within is a name of an unknown form: only its form counts then.
            DIRECTORY => directory(element, field).map_or(Self::Other(4), Self::Directory),
            tag if OTHERS.contains(&tag) => Self::Other(tag & 0x1f),
            _ => return Err(DerError::form(element.offset, field, "a name of RFC 5280 section 4.2.1.6")),
        })
    }

    /// The number of its form, which is its tag.
    pub fn form(&self) -> u8 {
        match self {
            Self::Email(_) => 1,
            Self::Dns(_) => 2,
            Self::Directory(_) => 4,
            Self::Uri(_) => 6,
            Self::Ip(_) => 7,
            Self::RegisteredId(_) => 8,
            Self::Other(form) => *form,
        }
    }
}

impl std::fmt::Display for GeneralName {
    /// As OpenSSL writes it: `DNS:example.org`, `IP:192.0.2.7`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Uri(name) => write!(f, "URI:{name}"),
            Self::Email(name) => write!(f, "email:{name}"),
            Self::Directory(name) => write!(f, "dirName:{name}"),
            Self::RegisteredId(oid) => write!(f, "RID:{oid}"),
            Self::Other(form) => write!(f, "[{form}]"),
            Self::Ip(bytes) => f.write_str(&ip_text(bytes)),
        }
    }
}

fn directory(element: &Element<'_>, field: &str) -> Result<DistinguishedName, DerError> {
    let mut reader = element.reader();
    let name = reader.expect(SEQUENCE, field)?;
    reader.finish(field)?;
    DistinguishedName::read(name.reader(), name.value, field)
}

fn ip_text(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return format!("IP:{}", Ipv4Addr::from(four));
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        return format!("IP:{}", Ipv6Addr::from(sixteen));
    }
    let address = |bytes: &[u8]| ip_text(bytes).trim_start_matches("IP:").to_owned();
    match bytes.split_at_checked(bytes.len() / 2) {
        Some((base, mask)) if matches!(bytes.len(), 8 | 32) => format!("IP:{}/{}", address(base), address(mask)),
        _ => format!("IP:{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}
