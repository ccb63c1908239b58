//! Certificate revocation lists, RFC 5280 section 5.

use std::ops::Range;

use jiff::Timestamp;

use crate::der::{
    BIT_STRING, BOOLEAN, DerError, DerErrorKind, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OBJECT, OCTET_STRING,
    Reader, SEQUENCE, UTC_TIME, constructed, context,
};
use crate::oid::{extension, list_extension};
use crate::pem::{self, Block, PemProblem};
use crate::{Certificate, DistinguishedName, GeneralName, Oid, PublicKey, SignatureAlgorithm, SignatureCheck};
use crate::{signature, time};

/// What a revocation list says. Its entries are looked up in the list as it stands: there may be a million of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    /// Who made it.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// When there will be a newer one; `None` where it does not say.
    pub next_update: Option<Timestamp>,
    /// Its number, as it stands (section 5.2.3).
    pub number: Option<Vec<u8>>,
    /// The key that signed it, as the issuer calls it.
    pub authority_key_id: Option<Vec<u8>>,
    /// Which certificates it is about.
    pub scope: Scope,
    /// Whether it holds only what has changed since another list (section 5.2.4).
    pub is_delta: bool,
    /// How many certificates it names.
    pub entries: usize,
    /// A critical extension of it, or of one of its entries, that is not read here: nobody may go by such a list.
    pub unknown: Option<Oid>,
    signed: Vec<u8>,
    listed: Range<usize>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

/// Which certificates a list is about, section 5.2.5. The default is all of its issuer's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Where certificates say that this list is; `None` where it does not name any place.
    pub points: Option<Vec<GeneralName>>,
    /// Only those of ends.
    pub ends_only: bool,
    /// Only those of authorities.
    pub authorities_only: bool,
    /// Only attribute certificates.
    pub attributes_only: bool,
    /// Only revocations for some reasons.
    pub some_reasons: bool,
    /// Those of other issuers too.
    pub is_indirect: bool,
}

/// An entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// The number of RFC 5280 section 5.3.1.
    pub reason: Option<u32>,
}

/// CRLReason, RFC 5280 section 5.3.1.
const REASONS: [&str; 11] = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
];

/// The only reason that is ever taken back.
pub(crate) const HOLD: u32 = 6;
/// The entry takes one back: the certificate is good again.
const REMOVED: u32 = 8;

/// What RFC 5280 section 5.3.1 calls a reason.
pub(crate) fn reason_name(number: u32) -> Option<&'static str> {
    REASONS.get(usize::try_from(number).ok()?).copied().filter(|name| !name.is_empty())
}

/// The largest list that is read: the largest public ones have a few tens of megabytes.
const LARGEST: usize = 256 << 20;
/// How many names of places are kept.
const POINTS: usize = 256;

impl RevocationList {
    /// Reads DER.
    ///
    /// # Errors
    /// What is wrong with it, and at which byte.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        if der.len() > LARGEST {
            let kind = DerErrorKind::TooLarge { found: der.len(), limit: LARGEST };
            return Err(DerError::new(0, "certificateList", kind));
        }
        let mut outer = Reader::new(der);
        let whole = outer.expect(SEQUENCE, "certificateList")?;
        outer.finish("certificateList")?;
        let mut parts = whole.reader();
        let signed = parts.expect(SEQUENCE, "tbsCertList")?;
        let algorithm = parts.expect(SEQUENCE, "signatureAlgorithm")?;
        let signature = parts.expect(BIT_STRING, "signatureValue")?.whole_bits("signatureValue")?;
        parts.finish("certificateList")?;
        let mut list = Self {
            issuer: DistinguishedName { der: Vec::new(), attributes: Vec::new() },
            this_update: Timestamp::UNIX_EPOCH,
            next_update: None,
            number: None,
            authority_key_id: None,
            scope: Scope::default(),
            is_delta: false,
            entries: 0,
            unknown: None,
            signed: signed.whole.to_vec(),
            listed: 0..0,
            algorithm: SignatureAlgorithm::read(&algorithm, "signatureAlgorithm")?,
            signature: signature.to_vec(),
        };
        list.read_signed(&signed, &algorithm).map_err(|error| error.within("tbsCertList"))?;
        Ok(list)
    }

    fn read_signed(&mut self, signed: &Element<'_>, outside: &Element<'_>) -> Result<(), DerError> {
        let mut fields = signed.reader();
        // The version, which is left out of the first one.
        if let Some(version) = fields.optional(INTEGER, "version")?
            && version.small_integer("version")? != 1
        {
            return Err(DerError::form(version.offset, "version", "version 2"));
        }
        let inner = fields.expect(SEQUENCE, "signature")?;
        if inner.value != outside.value {
            return Err(DerError::form(inner.offset, "signature", "the algorithm that stands outside"));
        }
        let issuer = fields.expect(SEQUENCE, "issuer")?;
        self.issuer = DistinguishedName::read(issuer.reader(), issuer.value, "issuer")?;
        self.this_update = time::read(&mut fields, "thisUpdate")?;
        if let Some(UTC_TIME | GENERALIZED_TIME) = fields.peek() {
            self.next_update = Some(time::read(&mut fields, "nextUpdate")?);
        }
        if let Some(listed) = fields.optional(SEQUENCE, "revokedCertificates")? {
            let start = listed.value_offset().saturating_sub(signed.offset);
            self.listed = start..start.saturating_add(listed.value.len());
            let mut entries = listed.reader();
            while !entries.is_empty() {
                let (_, _, unknown) = entry(&mut entries)?;
                self.entries += 1;
                self.unknown = self.unknown.take().or(unknown);
            }
        }
        if let Some(extensions) = fields.optional(constructed(0), "crlExtensions")? {
            let mut extensions = extensions.reader().expect(SEQUENCE, "crlExtensions")?.reader();
            while !extensions.is_empty() {
                let (oid, critical, value) = extension(&mut extensions, "crlExtensions")?;
                self.set(oid, critical, &value)?;
            }
        }
        fields.finish("tbsCertList")
    }

    fn set(&mut self, oid: Oid, critical: bool, value: &Element<'_>) -> Result<(), DerError> {
        match oid.as_bytes() {
            list_extension::NUMBER => {
                self.number = Some(value.reader().expect(INTEGER, "cRLNumber")?.value.to_vec());
            }
            list_extension::DELTA => self.is_delta = true,
            list_extension::ISSUING_POINT => self.scope = scope(value)?,
            extension::AUTHORITY_KEY_IDENTIFIER => {
                let mut parts = value.reader().expect(SEQUENCE, "authorityKeyIdentifier")?.reader();
                let identifier = parts.optional(context(0), "authorityKeyIdentifier")?;
                self.authority_key_id = identifier.map(|identifier| identifier.value.to_vec());
            }
            _ if critical => self.unknown = self.unknown.take().or(Some(oid)),
            _ => {}
        }
        Ok(())
    }

    /// The entry with this serial number, if it does not take a revocation back.
    pub fn entry(&self, serial: &[u8]) -> Option<Revocation> {
        let mut entries = Reader::new(self.signed.get(self.listed.clone())?);
        while let Ok((number, revocation, _)) = entry(&mut entries) {
            if number == serial && revocation.reason != Some(REMOVED) {
                return Some(revocation);
            }
        }
        None
    }

    /// Whether this key signed it.
    pub fn signature_by(&self, key: &PublicKey) -> SignatureCheck {
        signature::check(key, &self.algorithm, &self.signature, &self.signed)
    }

    /// Whether it is about this certificate; else why not, as the end of a sentence of which the list is the subject.
    pub(crate) fn is_about(&self, certificate: &Certificate) -> Result<(), String> {
        let scope = &self.scope;
        if scope.attributes_only {
            return Err("is about attribute certificates only".to_owned());
        }
        if scope.ends_only && certificate.is_ca() {
            return Err("is about the certificates of ends only, and not about those of authorities".to_owned());
        }
        if scope.authorities_only && !certificate.is_ca() {
            return Err("is about the certificates of authorities only".to_owned());
        }
        let Some(points) = &scope.points else { return Ok(()) };
        let named = certificate.extensions.crl.iter();
        let named: Vec<_> = named.map(|uri| GeneralName::Uri(uri.clone())).collect();
        if points.iter().any(|point| named.contains(point)) {
            return Ok(());
        }
        Err(match points.first() {
            Some(point) => format!("is about the certificates that name `{}`, and this one does not", quote(point)),
            None => "is about a part of the certificates that is named in a way that is not compared here".to_owned(),
        })
    }
}

fn quote(name: &GeneralName) -> String {
    name.to_string().replace('`', "'")
}

/// The serial number of the next entry, what it says, and a critical extension that is not read here.
fn entry<'a>(entries: &mut Reader<'a>) -> Result<(&'a [u8], Revocation, Option<Oid>), DerError> {
    const FIELD: &str = "revokedCertificates";
    let mut fields = entries.expect(SEQUENCE, FIELD)?.reader();
    let serial = fields.expect(INTEGER, FIELD)?.value;
    let at = time::read(&mut fields, "revocationDate")?;
    let (mut reason, mut unknown) = (None, None);
    if let Some(extensions) = fields.optional(SEQUENCE, "crlEntryExtensions")? {
        let mut extensions = extensions.reader();
        while !extensions.is_empty() {
            let (oid, critical, value) = extension(&mut extensions, "crlEntryExtensions")?;
            match oid.as_bytes() {
                list_extension::REASON => {
                    let number = value.reader().expect(ENUMERATED, "reasonCode")?;
                    reason = Some(number.small_integer("reasonCode")?);
                }
                // Of indirect lists alone, which are not gone by.
                list_extension::CERTIFICATE_ISSUER => {}
                _ if critical => unknown = Some(oid),
                _ => {}
            }
        }
    }
    fields.finish(FIELD)?;
    Ok((serial, Revocation { at, reason }, unknown))
}

fn extension<'a>(extensions: &mut Reader<'a>, field: &str) -> Result<(Oid, bool, Element<'a>), DerError> {
    let mut parts = extensions.expect(SEQUENCE, field)?.reader();
    let oid = Oid::from_bytes(parts.expect(OBJECT, field)?.value);
    let critical = match parts.optional(BOOLEAN, field)? {
        Some(flag) => flag.boolean(field)?,
        None => false,
    };
    let value = parts.expect(OCTET_STRING, field)?;
    parts.finish(field)?;
    Ok((oid, critical, value))
}

fn scope(value: &Element<'_>) -> Result<Scope, DerError> {
    const FIELD: &str = "issuingDistributionPoint";
    let mut parts = value.reader().expect(SEQUENCE, FIELD)?.reader();
    let mut scope = Scope::default();
    if let Some(point) = parts.optional(constructed(0), FIELD)? {
        let mut names = Vec::new();
        // Names relative to the issuer's have no form here: none is kept.
        if let Some(full) = point.reader().optional(constructed(0), FIELD)? {
            let mut full = full.reader();
            while !full.is_empty() && names.len() < POINTS {
                names.push(GeneralName::read(&full.any(FIELD)?, FIELD)?);
            }
        }
        scope.points = Some(names);
    }
    let flag = |parts: &mut Reader<'_>, number: u8| match parts.optional(context(number), FIELD)? {
        Some(flag) => flag.boolean(FIELD),
        None => Ok(false),
    };
    scope.ends_only = flag(&mut parts, 1)?;
    scope.authorities_only = flag(&mut parts, 2)?;
    scope.some_reasons = parts.optional(context(3), FIELD)?.is_some();
    scope.is_indirect = flag(&mut parts, 4)?;
    scope.attributes_only = flag(&mut parts, 5)?;
    parts.finish(FIELD)?;
    Ok(scope)
}

/// The revocation lists of a file in PEM or DER, in their order, and the blocks that are none or cannot be read. The
/// contents of private keys are not kept.
pub fn revocation_lists(file: &[u8]) -> (Vec<RevocationList>, Vec<Block>) {
    let (mut read, mut others) = (Vec::new(), Vec::new());
    for mut block in pem::blocks(file) {
        if block.problem.is_none() && matches!(block.label.as_str(), "X509 CRL" | "") {
            match RevocationList::from_der(&block.der) {
                Ok(list) => {
                    read.push(list);
                    continue;
                }
                Err(error) => block.problem = Some(PemProblem::NotAList(error)),
            }
        }
        block.der.clear();
        others.push(block);
    }
    (read, others)
}
