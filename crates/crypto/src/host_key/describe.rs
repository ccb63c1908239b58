use shakedown_model::Name;

use super::CertificateInfo;
use super::certificate::{self, is_certificate};
use crate::blob::{Fields, bit_length, put_string};
use crate::{CryptoError, Hash, base64};

/// What a public key blob says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key type as the blob names it, such as `ssh-rsa` or `ssh-ed25519-cert-v01@openssh.com`.
    pub key_type: Name,
    /// The size in bits, as `ssh-keygen -l` counts it; `None` for a type that is not known here.
    pub bits: Option<u32>,
    /// For a certificate, what it certifies.
    pub certificate: Option<CertificateInfo>,
}

/// Reads a public key blob (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709, OpenSSH's PROTOCOL.certkeys and
/// PROTOCOL.u2f). A type that is not known here gives its name and nothing else.
///
/// # Errors
/// [`CryptoError::BadKey`] where the blob of a known type is cut short or inconsistent.
pub fn describe(blob: &[u8]) -> Result<KeyInfo, CryptoError> {
    let mut fields = Fields::new(blob);
    let key_type = fields.string()?;
    if key_type.is_empty() {
        return Err(CryptoError::key("the key names no type"));
    }
    let name = Name::from_bytes(key_type);
    if is_certificate(name.as_str()) {
        let parts = certificate::parse(blob)?;
        let bits = describe(&parts.plain)?.bits;
        return Ok(KeyInfo { key_type: name, bits, certificate: Some(parts.info) });
    }
    let bits = match key_type {
        b"ssh-rsa" => {
            let _exponent = fields.unsigned()?;
            Some(bit_length(fields.unsigned()?))
        }
        b"ssh-dss" => Some(bit_length(fields.unsigned()?)),
        b"ssh-ed25519" | b"sk-ssh-ed25519@openssh.com" => {
            if fields.string()?.len() != 32 {
                return Err(CryptoError::key("the Ed25519 key does not have 32 bytes"));
            }
            Some(256)
        }
        b"ssh-ed448" => Some(456),
        _ => match name.as_str().strip_prefix("ecdsa-sha2-").or(name.as_str().strip_prefix("sk-ecdsa-sha2-")) {
            Some(curve) => {
                let curve = curve.trim_end_matches("@openssh.com");
                if fields.string()? != curve.as_bytes() {
                    return Err(CryptoError::key("the curve within the key is not that of its type"));
                }
                let _point = fields.string()?;
                curve_bits(curve)
            }
            None => None,
        },
    };
    Ok(KeyInfo { key_type: name, bits, certificate: None })
}

/// `SHA256:` and the unpadded base64 of the SHA-256 digest, as `ssh-keygen -l` prints it: for a certificate that of the
/// plain key within.
pub fn fingerprint(blob: &[u8]) -> String {
    let plain = plain_blob(blob);
    format!("SHA256:{}", base64::encode(&Hash::Sha256.digest(&[plain.as_deref().unwrap_or(blob)])))
}

/// The plain key within a certificate; `None` for anything that is not a readable certificate.
pub fn plain_blob(blob: &[u8]) -> Option<Vec<u8>> {
    certificate::parse(blob).ok().map(|parts| parts.plain)
}

pub(crate) fn curve_bits(curve: &str) -> Option<u32> {
    match curve {
        "nistp256" | "1.3.132.0.10" => Some(256),
        "nistp384" => Some(384),
        "nistp521" => Some(521),
        _ => None,
    }
}

pub(crate) fn rsa_blob(e: &[u8], n: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, b"ssh-rsa");
    crate::blob::put_mpint(&mut blob, e);
    crate::blob::put_mpint(&mut blob, n);
    blob
}

pub(crate) fn ecdsa_blob(curve: &str, point: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, format!("ecdsa-sha2-{curve}").as_bytes());
    put_string(&mut blob, curve.as_bytes());
    put_string(&mut blob, point);
    blob
}

pub(crate) fn ed25519_blob(public: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, b"ssh-ed25519");
    put_string(&mut blob, public);
    blob
}
