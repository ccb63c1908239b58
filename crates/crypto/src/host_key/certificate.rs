use shakedown_model::Name;

use super::fingerprint;
use crate::CryptoError;
use crate::blob::{Fields, put_string};

/// What an OpenSSH certificate certifies (OpenSSH's PROTOCOL.certkeys).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// For users or for hosts.
    pub kind: CertificateKind,
    /// The serial number that the authority gave it.
    pub serial: u64,
    /// The free text that names it.
    pub key_id: Name,
    /// The names that it holds for; none means every name.
    pub principals: Vec<Name>,
    /// The first second of its validity, since 1970.
    pub valid_after: u64,
    /// The first second after its validity, since 1970; [`u64::MAX`] for ever.
    pub valid_before: u64,
    /// Options that a verifier must know.
    pub critical_options: Vec<Name>,
    /// The type of the authority's key.
    pub authority_key_type: Name,
    /// The fingerprint of the authority's key.
    pub authority_fingerprint: String,
    /// The algorithm of the authority's signature.
    pub signature_algorithm: Name,
}

/// Whom a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    /// A user.
    User,
    /// A host.
    Host,
    /// Neither: the number in the certificate.
    Other(u32),
}

pub(crate) struct Parts {
    pub(crate) info: CertificateInfo,
    /// The blob of the plain key within.
    pub(crate) plain: Vec<u8>,
}

/// More than any certificate has; the rest is not kept.
const LARGEST_LIST: usize = 256;

pub(crate) fn is_certificate(key_type: &str) -> bool {
    key_type.ends_with("-cert-v01@openssh.com")
}

pub(crate) fn parse(blob: &[u8]) -> Result<Parts, CryptoError> {
    let mut fields = Fields::new(blob);
    let key_type = Name::from_bytes(fields.string()?);
    let base = key_type
        .as_str()
        .strip_suffix("-cert-v01@openssh.com")
        .ok_or_else(|| CryptoError::key("the key is not a certificate"))?;
    // The security key types carry the domain in their plain name too.
    let plain_type = if base.starts_with("sk-") { format!("{base}@openssh.com") } else { base.to_owned() };
    let _nonce = fields.string()?;
    let public_fields = match base {
        "ssh-rsa" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" | "sk-ssh-ed25519" => 2,
        "ssh-dss" => 4,
        "ssh-ed25519" => 1,
        "sk-ecdsa-sha2-nistp256" => 3,
        _ => return Err(CryptoError::key(format!("the certificate is of the unknown type `{key_type}`"))),
    };
    let mut plain = Vec::new();
    put_string(&mut plain, plain_type.as_bytes());
    for _ in 0..public_fields {
        put_string(&mut plain, fields.string()?);
    }
    let serial = fields.u64()?;
    let kind = match fields.u32()? {
        1 => CertificateKind::User,
        2 => CertificateKind::Host,
        other => CertificateKind::Other(other),
    };
    let key_id = Name::from_bytes(fields.string()?);
    let mut principals = Vec::new();
    let mut list = Fields::new(fields.string()?);
    while !list.rest().is_empty() && principals.len() < LARGEST_LIST {
        principals.push(Name::from_bytes(list.string()?));
    }
    let (valid_after, valid_before) = (fields.u64()?, fields.u64()?);
    let mut critical_options = Vec::new();
    let mut list = Fields::new(fields.string()?);
    while !list.rest().is_empty() && critical_options.len() < LARGEST_LIST {
        critical_options.push(Name::from_bytes(list.string()?));
        let _value = list.string()?;
    }
    let (_extensions, _reserved) = (fields.string()?, fields.string()?);
    let authority = fields.string()?;
    let authority_key_type = Name::from_bytes(Fields::new(authority).string()?);
    if is_certificate(authority_key_type.as_str()) {
        return Err(CryptoError::key("the certificate is signed by a certificate"));
    }
    let signature_algorithm = Name::from_bytes(Fields::new(fields.string()?).string()?);
    let info = CertificateInfo {
        kind,
        serial,
        key_id,
        principals,
        valid_after,
        valid_before,
        critical_options,
        authority_key_type,
        authority_fingerprint: fingerprint(authority),
        signature_algorithm,
    };
    Ok(Parts { info, plain })
}
