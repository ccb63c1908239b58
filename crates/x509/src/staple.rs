//! Stapled OCSP responses, RFC 6960 and RFC 6066 section 8.

use jiff::Timestamp;
use shakedown_crypto::Hash;
use shakedown_model::CertificateProblem;

use crate::der::{
    BIT_STRING, DerError, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OBJECT, OCTET_STRING, Reader, SEQUENCE,
    constructed, context,
};
use crate::oid::purpose;
use crate::revocation_list::reason_name;
use crate::signature;
use crate::{Certificate, DistinguishedName, PublicKey, SignatureAlgorithm, SignatureCheck, time};

/// What an OCSP response says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspResponse {
    /// 0 is `successful`; with anything else nothing follows (RFC 6960 section 4.2.1).
    pub status: u32,
    /// When it was made.
    pub produced_at: Option<Timestamp>,
    /// What it says of each certificate.
    pub answers: Vec<OcspAnswer>,
    /// The certificates that it brings along, to check its signature with.
    pub certificates: Vec<Certificate>,
    signed: Vec<u8>,
    algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
}

/// What an OCSP response says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspAnswer {
    /// The certificate's serial number, as it stands in it.
    pub serial: Vec<u8>,
    /// The hash of the issuer's key, by the algorithm of `hash`; empty where that is not known here.
    pub issuer_key_hash: Vec<u8>,
    /// The algorithm of the hash, where it is SHA-1 or SHA-256.
    pub hash: Option<Hash>,
    /// The state.
    pub state: OcspState,
    /// From when it is right.
    pub this_update: Timestamp,
    /// When there will be a newer one; `None` where newer ones are there at any time.
    pub next_update: Option<Timestamp>,
}

/// The state of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OcspState {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When.
        at: Timestamp,
        /// The number of RFC 5280 section 5.3.1.
        reason: Option<u32>,
    },
    /// The responder does not know it.
    Unknown,
}

const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 26];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
/// id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];

impl OcspResponse {
    /// Reads DER.
    ///
    /// # Errors
    /// What is wrong with it, and at which byte.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(der);
        let whole = outer.expect(SEQUENCE, "OCSPResponse")?;
        outer.finish("OCSPResponse")?;
        let mut parts = whole.reader();
        let status = parts.expect(ENUMERATED, "responseStatus")?.small_integer("responseStatus")?;
        let mut response = Self {
            status,
            produced_at: None,
            answers: Vec::new(),
            certificates: Vec::new(),
            signed: Vec::new(),
            algorithm: None,
            signature: Vec::new(),
        };
        let Some(bytes) = parts.optional(constructed(0), "responseBytes")? else { return Ok(response) };
        let mut bytes = bytes.reader().expect(SEQUENCE, "responseBytes")?.reader();
        let kind = bytes.expect(OBJECT, "responseType")?;
        if kind.value != BASIC {
            return Err(DerError::form(kind.offset, "responseType", "id-pkix-ocsp-basic"));
        }
        let mut basic = bytes.expect(OCTET_STRING, "response")?.reader();
        let mut basic = basic.expect(SEQUENCE, "BasicOCSPResponse")?.reader();
        let data = basic.expect(SEQUENCE, "tbsResponseData")?;
        response.signed = data.whole.to_vec();
        let algorithm = basic.expect(SEQUENCE, "signatureAlgorithm")?;
        response.algorithm = Some(SignatureAlgorithm::read(&algorithm, "signatureAlgorithm")?);
        response.signature = basic.expect(BIT_STRING, "signature")?.whole_bits("signature")?.to_vec();
        if let Some(list) = basic.optional(constructed(0), "certs")? {
            let mut list = list.reader().expect(SEQUENCE, "certs")?.reader();
            // One is the rule; a responder that sends a whole bundle is not read to the end.
            while !list.is_empty() && response.certificates.len() < 16 {
                let certificate = list.any("certs")?;
                response.certificates.extend(Certificate::from_der(certificate.whole));
            }
        }
        response.read_data(&data)?;
        Ok(response)
    }

    fn read_data(&mut self, data: &Element<'_>) -> Result<(), DerError> {
        let mut fields = data.reader();
        fields.optional(constructed(0), "version")?;
        fields.any("responderID")?;
        self.produced_at = Some(generalized(&mut fields, "producedAt")?);
        let mut answers = fields.expect(SEQUENCE, "responses")?.reader();
        while !answers.is_empty() && self.answers.len() < 1024 {
            self.answers.push(answer(answers.expect(SEQUENCE, "responses")?.reader())?);
        }
        Ok(())
    }

    /// The answer for this certificate, under this issuer where it is known.
    pub fn answer_for(&self, certificate: &Certificate, issuer: Option<&PublicKey>) -> Option<&OcspAnswer> {
        let fits = |answer: &&OcspAnswer| {
            answer.serial == certificate.serial
                && match (answer.hash, issuer) {
                    (Some(hash), Some(issuer)) => hash.digest(&[&issuer.bits]) == answer.issuer_key_hash,
                    _ => true,
                }
        };
        self.answers.iter().find(fits)
    }

    /// Whether the issuer signed it, or a responder to which the issuer gave a certificate for that (RFC 6960 section
    /// 4.2.2.2).
    pub fn signature_by(&self, name: &DistinguishedName, issuer: &PublicKey) -> SignatureCheck {
        let Some(algorithm) = &self.algorithm else { return SignatureCheck::Wrong };
        let by = |key: &PublicKey| signature::check(key, algorithm, &self.signature, &self.signed);
        let direct = by(issuer);
        if direct != SignatureCheck::Wrong {
            return direct;
        }
        let delegated = self.certificates.iter().filter(|one| {
            let purposes = one.extensions.extended_key_usage.as_deref().unwrap_or_default();
            one.issuer.is_same(name)
                && purposes.iter().any(|oid| oid.is(purpose::OCSP_SIGNING))
                && one.signature_by(issuer) == SignatureCheck::Verified
        });
        delegated.map(|one| by(&one.key)).find(|check| *check != SignatureCheck::Wrong).unwrap_or(SignatureCheck::Wrong)
    }
}

fn generalized(reader: &mut Reader<'_>, field: &str) -> Result<Timestamp, DerError> {
    match reader.peek() {
        Some(GENERALIZED_TIME) => time::read(reader, field),
        _ => Err(DerError::form(reader.offset(), field, "a GeneralizedTime")),
    }
}

fn answer(mut fields: Reader<'_>) -> Result<OcspAnswer, DerError> {
    let mut id = fields.expect(SEQUENCE, "certID")?.reader();
    let algorithm = id.expect(SEQUENCE, "hashAlgorithm")?.reader().expect(OBJECT, "hashAlgorithm")?;
    let hash = match algorithm.value {
        SHA1 => Some(Hash::Sha1),
        SHA256 => Some(Hash::Sha256),
        _ => None,
    };
    id.expect(OCTET_STRING, "issuerNameHash")?;
    let issuer_key_hash = id.expect(OCTET_STRING, "issuerKeyHash")?.value.to_vec();
    let serial = id.expect(INTEGER, "serialNumber")?.value.to_vec();
    let status = fields.any("certStatus")?;
    let state = match status.tag {
        tag if tag == context(0) => OcspState::Good,
        tag if tag == context(2) => OcspState::Unknown,
        tag if tag == constructed(1) => {
            let mut info = status.reader();
            let at = generalized(&mut info, "revocationTime")?;
            let reason = match info.optional(constructed(0), "revocationReason")? {
                Some(reason) => {
                    let number = reason.reader().expect(ENUMERATED, "revocationReason")?;
                    Some(number.small_integer("revocationReason")?)
                }
                None => None,
            };
            OcspState::Revoked { at, reason }
        }
        _ => return Err(DerError::form(status.offset, "certStatus", "good, revoked or unknown")),
    };
    let this_update = generalized(&mut fields, "thisUpdate")?;
    let next_update = match fields.optional(constructed(0), "nextUpdate")? {
        Some(next) => Some(generalized(&mut next.reader(), "nextUpdate")?),
        None => None,
    };
    Ok(OcspAnswer { serial, issuer_key_hash, hash, state, this_update, next_update })
}

/// What a stapled response says against the certificate, or why it says nothing.
pub(crate) fn problem(
    response: &[u8],
    end: &Certificate,
    issuer: Option<(&DistinguishedName, &PublicKey)>,
    now: Timestamp,
) -> Option<CertificateProblem> {
    let unusable = |why: String| Some(CertificateProblem::StapleUnusable { why });
    let response = match OcspResponse::from_der(response) {
        Ok(response) => response,
        Err(error) => return unusable(format!("it is broken: {error}")),
    };
    if response.status != 0 {
        return unusable(format!("its status is {}, and not successful", response.status));
    }
    let Some(answer) = response.answer_for(end, issuer.map(|(_, key)| key)) else {
        return unusable("it is about another certificate".to_owned());
    };
    if let Some((name, key)) = issuer
        && response.signature_by(name, key) == SignatureCheck::Wrong
    {
        return unusable("neither the issuer nor a responder of the issuer signed it".to_owned());
    }
    if let OcspState::Revoked { at, reason } = &answer.state {
        let reason = reason.and_then(reason_name).map(str::to_owned);
        return Some(CertificateProblem::Revoked { at: *at, reason });
    }
    if answer.state == OcspState::Unknown {
        return unusable("the responder does not know the certificate".to_owned());
    }
    if now < answer.this_update {
        return unusable(format!("it is not right before {}", answer.this_update));
    }
    match answer.next_update {
        Some(next) if next < now => unusable(format!("it is out of date since {next}")),
        _ => None,
    }
}
