use shakedown_model::Name;

use crate::der::{
    BIT_STRING, BOOLEAN, DerError, DerErrorKind, Element, INTEGER, OBJECT, OCTET_STRING, Reader, SEQUENCE, constructed,
    context,
};
use crate::oid::{access, extension, extension_name};
use crate::{GeneralName, Limits, Oid};

/// What the extensions of a certificate say, RFC 5280 section 4.2. What cannot be read is left out and stands in
/// `problems`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// All of them, in the order in which they stand.
    pub all: Vec<Extension>,
    /// Whether it is an authority's.
    pub basic_constraints: Option<BasicConstraints>,
    /// What its key may do.
    pub key_usage: Option<KeyUsage>,
    /// What it is for; an empty list where the extension is empty.
    pub extended_key_usage: Option<Vec<Oid>>,
    /// Its names, "subject alternative name".
    pub names: Option<Vec<GeneralName>>,
    /// The names that those below it may have.
    pub name_constraints: Option<NameConstraints>,
    /// The key of its issuer, as the issuer calls it.
    pub authority_key_id: Option<Vec<u8>>,
    /// Its own key, as those below it call it.
    pub subject_key_id: Option<Vec<u8>>,
    /// Where its issuer's certificate can be fetched.
    pub ca_issuers: Vec<Name>,
    /// Where OCSP is answered.
    pub ocsp: Vec<Name>,
    /// Where revocation lists are.
    pub crl: Vec<Name>,
    /// TLS extensions that a server with this certificate must answer with, RFC 7633: 5 is `status_request`.
    pub tls_features: Vec<u16>,
    /// Whether it carries signed certificate timestamps, RFC 6962.
    pub has_timestamps: bool,
    /// What is wrong with any of them.
    pub problems: Vec<DerError>,
}

/// An extension, known or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Which.
    pub oid: Oid,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// Where it begins in the certificate.
    pub offset: usize,
}

/// RFC 5280 section 4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether it is an authority's.
    pub ca: bool,
    /// How many authorities may stand between it and the end, at most.
    pub path_length: Option<u32>,
}

/// RFC 5280 section 4.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(
    /// Bit 0 is digitalSignature, bit 8 decipherOnly.
    pub u16,
);

impl KeyUsage {
    /// May sign, as in a key exchange with a key of its own.
    pub fn digital_signature(self) -> bool {
        self.0 & 1 != 0
    }

    /// May encrypt keys, as in the key exchange of static RSA.
    pub fn key_encipherment(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    /// May agree on keys, as in static ECDH.
    pub fn key_agreement(self) -> bool {
        self.0 & 1 << 4 != 0
    }

    /// May sign certificates.
    pub fn certificate_signing(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    /// May sign revocation lists.
    pub fn list_signing(self) -> bool {
        self.0 & 1 << 6 != 0
    }
}

/// RFC 5280 section 4.2.1.10.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// Where a form of names stands here, names of that form must lie within one of these.
    pub permitted: Vec<GeneralName>,
    /// No name may lie within one of these.
    pub excluded: Vec<GeneralName>,
}

impl NameConstraints {
    /// From the element, whose tag is not looked at.
    pub(crate) fn read(element: &Element<'_>, limits: &Limits) -> Result<Self, DerError> {
        const FIELD: &str = "nameConstraints";
        let mut reader = element.reader();
        let mut trees = |number: u8| -> Result<Vec<GeneralName>, DerError> {
            let mut list = Vec::new();
            let Some(element) = reader.optional(constructed(number), FIELD)? else { return Ok(list) };
            let mut trees = element.reader();
            while !trees.is_empty() {
                if list.len() == limits.names {
                    let kind = DerErrorKind::TooLarge { found: list.len() + 1, limit: limits.names };
                    return Err(DerError::new(trees.offset(), FIELD, kind));
                }
                let mut tree = trees.expect(SEQUENCE, FIELD)?.reader();
                list.push(GeneralName::read(&tree.any(FIELD)?, FIELD)?);
                // `minimum` and `maximum` are not used with any form of names: the first is 0 and so left out.
                tree.finish(FIELD)?;
            }
            Ok(list)
        };
        let constraints = Self { permitted: trees(0)?, excluded: trees(1)? };
        reader.finish(FIELD)?;
        Ok(constraints)
    }
}

impl Extensions {
    /// Whether the server must answer with a stapled OCSP response (RFC 7633: "must-staple").
    pub fn must_staple(&self) -> bool {
        self.tls_features.contains(&5) || self.tls_features.contains(&17)
    }

    /// Reads the contents of `[3]`.
    pub(crate) fn read(element: &Element<'_>, limits: &Limits) -> Result<Self, DerError> {
        const FIELD: &str = "extensions";
        let mut outer = element.reader();
        let list = outer.expect(SEQUENCE, FIELD)?;
        outer.finish(FIELD)?;
        let mut extensions = Self::default();
        let mut reader = list.reader();
        while !reader.is_empty() {
            let found = extensions.all.len();
            if found == limits.extensions {
                let kind = DerErrorKind::TooLarge { found: found + 1, limit: limits.extensions };
                return Err(DerError::new(reader.offset(), FIELD, kind));
            }
            let one = reader.expect(SEQUENCE, FIELD)?;
            let mut parts = one.reader();
            let oid = Oid::from_bytes(parts.expect(OBJECT, FIELD)?.value);
            let critical = match parts.optional(BOOLEAN, FIELD)? {
                Some(flag) => flag.boolean(FIELD)?,
                None => false,
            };
            let value = parts.expect(OCTET_STRING, FIELD)?;
            parts.finish(FIELD)?;
            let twice = extensions.all.iter().any(|other| other.oid == oid);
            let contents = if twice {
                Err(DerError::new(one.offset, &extension_name(&oid), DerErrorKind::Twice))
            } else {
                extensions.set(&oid, &value, limits)
            };
            if let Err(problem) = contents {
                extensions.problems.push(problem);
            }
            extensions.all.push(Extension { oid, critical, offset: one.offset });
        }
        Ok(extensions)
    }

    fn set(&mut self, oid: &Oid, value: &Element<'_>, limits: &Limits) -> Result<(), DerError> {
        match oid.as_bytes() {
            extension::BASIC_CONSTRAINTS => self.basic_constraints = Some(basic_constraints(value)?),
            extension::KEY_USAGE => {
                let bits = only(value, BIT_STRING, "keyUsage")?.named_bits("keyUsage")?;
                self.key_usage = Some(KeyUsage(bits));
            }
            extension::EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(sequence(value, "extKeyUsage", limits, |reader| {
                    reader.expect(OBJECT, "extKeyUsage").map(|oid| Oid::from_bytes(oid.value))
                })?);
            }
            extension::SUBJECT_ALT_NAME => {
                self.names = Some(sequence(value, "subjectAltName", limits, |reader| {
                    GeneralName::read(&reader.any("subjectAltName")?, "subjectAltName")
                })?);
            }
            extension::NAME_CONSTRAINTS => {
                let list = only(value, SEQUENCE, "nameConstraints")?;
                self.name_constraints = Some(NameConstraints::read(&list, limits)?);
            }
            extension::SUBJECT_KEY_IDENTIFIER => {
                let identifier = only(value, OCTET_STRING, "subjectKeyIdentifier")?;
                self.subject_key_id = Some(identifier.value.to_vec());
            }
            extension::AUTHORITY_KEY_IDENTIFIER => {
                let mut reader = only(value, SEQUENCE, "authorityKeyIdentifier")?.reader();
                let identifier = reader.optional(context(0), "authorityKeyIdentifier")?;
                self.authority_key_id = identifier.map(|identifier| identifier.value.to_vec());
            }
            extension::AUTHORITY_INFO_ACCESS => {
                for (method, name) in sequence(value, "authorityInfoAccess", limits, access_description)? {
                    let GeneralName::Uri(name) = name else { continue };
                    match method.as_bytes() {
                        access::CA_ISSUERS => self.ca_issuers.push(name),
                        access::OCSP => self.ocsp.push(name),
                        _ => {}
                    }
                }
            }
            extension::CRL_DISTRIBUTION_POINTS => {
                self.crl = sequence(value, "cRLDistributionPoints", limits, distribution_point)?.concat();
            }
            extension::TLS_FEATURE => {
                self.tls_features = sequence(value, "tlsFeature", limits, |reader| {
                    let number = reader.expect(INTEGER, "tlsFeature")?;
                    let small = number.small_integer("tlsFeature")?;
                    u16::try_from(small).map_err(|_| DerError::form(number.offset, "tlsFeature", "a number of TLS"))
                })?;
            }
            extension::SCT_LIST => self.has_timestamps = true,
            _ => {}
        }
        Ok(())
    }
}

/// The one element in an extension's value.
fn only<'a>(value: &Element<'a>, tag: u8, field: &str) -> Result<Element<'a>, DerError> {
    let mut reader = value.reader();
    let element = reader.expect(tag, field)?;
    reader.finish(field)?;
    Ok(element)
}

/// A list in an extension's value.
fn sequence<'a, T>(
    value: &Element<'a>,
    field: &str,
    limits: &Limits,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DerError>,
) -> Result<Vec<T>, DerError> {
    let mut reader = only(value, SEQUENCE, field)?.reader();
    let mut list = Vec::new();
    while !reader.is_empty() {
        if list.len() == limits.names {
            let kind = DerErrorKind::TooLarge { found: list.len() + 1, limit: limits.names };
            return Err(DerError::new(reader.offset(), field, kind));
        }
        list.push(read(&mut reader)?);
    }
    Ok(list)
}

fn basic_constraints(value: &Element<'_>) -> Result<BasicConstraints, DerError> {
    const FIELD: &str = "basicConstraints";
    let mut reader = only(value, SEQUENCE, FIELD)?.reader();
    let ca = match reader.optional(BOOLEAN, FIELD)? {
        Some(flag) => flag.boolean(FIELD)?,
        None => false,
    };
    let path_length = match reader.optional(INTEGER, FIELD)? {
        Some(number) => Some(number.small_integer(FIELD)?),
        None => None,
    };
    reader.finish(FIELD)?;
    Ok(BasicConstraints { ca, path_length })
}

fn access_description(reader: &mut Reader<'_>) -> Result<(Oid, GeneralName), DerError> {
    const FIELD: &str = "authorityInfoAccess";
    let mut pair = reader.expect(SEQUENCE, FIELD)?.reader();
    let method = Oid::from_bytes(pair.expect(OBJECT, FIELD)?.value);
    Ok((method, GeneralName::read(&pair.any(FIELD)?, FIELD)?))
}

/// The addresses of a distribution point, RFC 5280 section 4.2.1.13.
fn distribution_point(reader: &mut Reader<'_>) -> Result<Vec<Name>, DerError> {
    const FIELD: &str = "cRLDistributionPoints";
    let mut point = reader.expect(SEQUENCE, FIELD)?.reader();
    let mut addresses = Vec::new();
    let Some(name) = point.optional(constructed(0), FIELD)? else { return Ok(addresses) };
    let Some(full) = name.reader().optional(constructed(0), FIELD)? else { return Ok(addresses) };
    let mut names = full.reader();
    while !names.is_empty() {
        if let GeneralName::Uri(address) = GeneralName::read(&names.any(FIELD)?, FIELD)? {
            addresses.push(address);
        }
    }
    Ok(addresses)
}
