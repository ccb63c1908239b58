use std::sync::Arc;

use jiff::Timestamp;
use shakedown_crypto::Hash;

use crate::der::{BIT_STRING, DerError, DerErrorKind, INTEGER, Reader, SEQUENCE, constructed, context};
use crate::signature::{self, SignatureCheck};
use crate::{DistinguishedName, Extensions, PublicKey, SignatureAlgorithm, time};

/// What a certificate says, RFC 5280 section 4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// All of it.
    pub der: Arc<[u8]>,
    /// 1, 2 or 3.
    pub version: u32,
    /// The serial number, most significant byte first, as it stands.
    pub serial: Vec<u8>,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// From when to when it is good.
    pub validity: Validity,
    /// Whose it is.
    pub subject: DistinguishedName,
    /// The key that it is about.
    pub key: PublicKey,
    /// What it says besides.
    pub extensions: Extensions,
    /// What it was signed with.
    pub signature_algorithm: SignatureAlgorithm,
    /// Whether the algorithm stands inside of what is signed in the same way, as it must (section 4.1.1.2).
    pub algorithms_agree: bool,
    /// Whether it has the unique identifiers of version 2, which nothing uses.
    pub has_unique_ids: bool,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// From when to when a certificate is good, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Timestamp,
    /// The last second. The end of the year 9999 means "never", and is the largest time that can be held.
    pub not_after: Timestamp,
}

/// How much is read of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest certificate, in bytes.
    pub bytes: usize,
    /// Extensions in one certificate.
    pub extensions: usize,
    /// Names, purposes and the like in one extension.
    pub names: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 20, extensions: 256, names: 65_536 }
    }
}

impl Certificate {
    /// Reads DER. Extensions that are broken within do not make it unreadable: they stand in
    /// [`Extensions::problems`].
    ///
    /// # Errors
    /// What is wrong with it, and at which byte.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        Self::from_der_within(der, &Limits::default())
    }

    /// The same, within these limits.
    ///
    /// # Errors
    /// What is wrong with it, and at which byte.
    pub fn from_der_within(der: &[u8], limits: &Limits) -> Result<Self, DerError> {
        if der.len() > limits.bytes {
            let kind = DerErrorKind::TooLarge { found: der.len(), limit: limits.bytes };
            return Err(DerError::new(0, "certificate", kind));
        }
        let mut outer = Reader::new(der);
        let whole = outer.expect(SEQUENCE, "certificate")?;
        outer.finish("certificate")?;
        let mut parts = whole.reader();
        let signed = parts.expect(SEQUENCE, "tbsCertificate")?;
        let algorithm = parts.expect(SEQUENCE, "signatureAlgorithm")?;
        let signature_algorithm = SignatureAlgorithm::read(&algorithm, "signatureAlgorithm")?;
        let signature = parts.expect(BIT_STRING, "signatureValue")?.whole_bits("signatureValue")?;
        parts.finish("certificate")?;

        let inside = |error: DerError| error.within("tbsCertificate");
        let mut fields = signed.reader();
        let version = version(&mut fields).map_err(inside)?;
        let serial = fields.expect(INTEGER, "serialNumber").map_err(inside)?;
        let inner = fields.expect(SEQUENCE, "signature").map_err(inside)?;
        let issuer = name(&mut fields, "issuer").map_err(inside)?;
        let mut times = fields.expect(SEQUENCE, "validity").map_err(inside)?.reader();
        let validity = Validity {
            not_before: time::read(&mut times, "validity.notBefore").map_err(inside)?,
            not_after: time::read(&mut times, "validity.notAfter").map_err(inside)?,
        };
        times.finish("validity").map_err(inside)?;
        let subject = name(&mut fields, "subject").map_err(inside)?;
        let key = fields.expect(SEQUENCE, "subjectPublicKeyInfo").map_err(inside)?;
        let key = PublicKey::read(&key, "subjectPublicKeyInfo").map_err(inside)?;
        let issuer_id = fields.optional(context(1), "issuerUniqueID").map_err(inside)?;
        let subject_id = fields.optional(context(2), "subjectUniqueID").map_err(inside)?;
        let extensions = match fields.optional(constructed(3), "extensions").map_err(inside)? {
            Some(element) => Extensions::read(&element, limits).map_err(inside)?,
            None => Extensions::default(),
        };
        fields.finish("tbsCertificate")?;
        Ok(Self {
            der: der.into(),
            version,
            serial: serial.value.to_vec(),
            issuer,
            validity,
            subject,
            key,
            extensions,
            algorithms_agree: inner.value == algorithm.value,
            signature_algorithm,
            has_unique_ids: issuer_id.is_some() || subject_id.is_some(),
            signed: signed.whole.to_vec(),
            signature: signature.to_vec(),
        })
    }

    /// Whether subject and issuer are the same name; the signature is not looked at.
    pub fn is_self_issued(&self) -> bool {
        self.subject.is_same(&self.issuer)
    }

    /// Whether it names itself as its issuer: by the name, and by the key's identifier where it has both. This is what
    /// OpenSSL takes for a root.
    pub fn names_itself(&self) -> bool {
        let same_key = match (&self.extensions.authority_key_id, &self.extensions.subject_key_id) {
            (Some(issuer), Some(own)) => issuer == own,
            _ => true,
        };
        self.is_self_issued() && same_key
    }

    /// Whether it was signed with its own key.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.signature_by(&self.key) == SignatureCheck::Verified
    }

    /// Whether this key signed it.
    pub fn signature_by(&self, key: &PublicKey) -> SignatureCheck {
        signature::check(key, &self.signature_algorithm, &self.signature, &self.signed)
    }

    /// Whether it may sign certificates: by its basic constraints alone.
    pub fn is_ca(&self) -> bool {
        self.extensions.basic_constraints.is_some_and(|constraints| constraints.ca)
    }

    /// The SHA-256 fingerprint over all of it.
    pub fn sha256(&self) -> Vec<u8> {
        Hash::Sha256.digest(&[&self.der])
    }

    /// The SHA-1 fingerprint over all of it, as old programs print it.
    pub fn sha1(&self) -> Vec<u8> {
        Hash::Sha1.digest(&[&self.der])
    }

    /// The SHA-256 fingerprint of the key with its algorithm, as pins hold it (RFC 7469 section 2.4).
    pub fn key_sha256(&self) -> Vec<u8> {
        Hash::Sha256.digest(&[&self.key_info()])
    }

    /// The key with its algorithm: the whole SubjectPublicKeyInfo in DER.
    pub fn key_info(&self) -> Vec<u8> {
        let length = self.key.der.len();
        let mut header = vec![SEQUENCE];
        match length {
            0..=0x7f => header.push(length as u8),
            0x80..=0xff => header.extend([0x81, length as u8]),
            0x100..=0xffff => header.extend([0x82, (length >> 8) as u8, length as u8]),
            _ => header.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
        }
        header.extend_from_slice(&self.key.der);
        header
    }

    /// The serial number as it is printed: hexadecimal, without colons.
    pub fn serial_text(&self) -> String {
        self.serial.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn version(fields: &mut Reader<'_>) -> Result<u32, DerError> {
    let Some(element) = fields.optional(constructed(0), "version")? else { return Ok(1) };
    let mut reader = element.reader();
    let number = reader.expect(INTEGER, "version")?.small_integer("version")?;
    reader.finish("version")?;
    Ok(number.saturating_add(1))
}

fn name(fields: &mut Reader<'_>, field: &str) -> Result<DistinguishedName, DerError> {
    let element = fields.expect(SEQUENCE, field)?;
    DistinguishedName::read(element.reader(), element.value, field)
}
