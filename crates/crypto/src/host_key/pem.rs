//! Private keys in PEM: PKCS #1, PKCS #8 (RFC 5208, RFC 8410), SEC 1 (RFC 5915) and OpenSSL's DSA.

use shakedown_model::Name;
use zeroize::Zeroizing;

use super::describe::{curve_bits, ecdsa_blob, rsa_blob};
use super::{KeyFileInfo, KeyFormat, PrivateHostKey};
use crate::blob::{put_mpint, put_string};
use crate::der::{BIT_STRING, CONTEXT_0, CONTEXT_1, Der, INTEGER, OBJECT, OCTET_STRING, SEQUENCE};
use crate::{CryptoError, base64};

/// The contents between the `BEGIN` and `END` lines.
pub(super) struct Armour<'a> {
    pub(super) label: &'a str,
    pub(super) encrypted: bool,
    pub(super) contents: Zeroizing<Vec<u8>>,
}

/// The first PEM block of the text; `None` where there is none.
pub(super) fn armour(text: &str) -> Result<Option<Armour<'_>>, CryptoError> {
    let Some((_, after)) = text.split_once("-----BEGIN ") else { return Ok(None) };
    let Some((label, after)) = after.split_once("-----") else { return Ok(None) };
    let end = format!("-----END {label}-----");
    let (body, _) =
        after.split_once(&end).ok_or_else(|| CryptoError::key(format!("the key has no line `{}`", Name::new(&end))))?;
    // RFC 1421 headers, as OpenSSL writes them in front of encrypted keys, end at an empty line.
    let encrypted = label.starts_with("ENCRYPTED") || body.contains("ENCRYPTED");
    let body = if body.contains(": ") { body.split_once("\n\n").map_or("", |(_, body)| body) } else { body };
    let contents = base64::decode(body.as_bytes()).map_err(|_| CryptoError::key("the key is not base64"))?;
    Ok(Some(Armour { label, encrypted, contents: Zeroizing::new(contents) }))
}

pub(super) fn read(armour: &Armour<'_>) -> Result<KeyFileInfo, CryptoError> {
    let (format, key_type) = match armour.label {
        "RSA PRIVATE KEY" => (KeyFormat::Pkcs1, Some("ssh-rsa")),
        "DSA PRIVATE KEY" => (KeyFormat::DsaPem, Some("ssh-dss")),
        "EC PRIVATE KEY" => (KeyFormat::Sec1, None),
        "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => (KeyFormat::Pkcs8, None),
        other => {
            return Err(CryptoError::key(format!("the file holds a `{}` and not a private key", Name::new(other))));
        }
    };
    let mut info = KeyFileInfo::of(format, armour.encrypted);
    info.key_type = key_type.map(Name::new);
    if armour.encrypted {
        return Ok(info);
    }
    match parse(format, &armour.contents)? {
        Parsed::Curve { name, point, .. } => match point {
            Some(point) => info.with_blob(&ecdsa_blob(name, point)),
            None => {
                info.key_type = Some(Name::new(&format!("ecdsa-sha2-{name}")));
                info.bits = curve_bits(name);
                Ok(info)
            }
        },
        Parsed::Rsa { n, e, .. } => info.with_blob(&rsa_blob(e, n)),
        Parsed::Dsa { blob } => info.with_blob(&blob),
        Parsed::Ed25519 { seed } => info.with_blob(PrivateHostKey::from_ed25519_seed(seed)?.public_blob()),
    }
}

pub(super) fn private(armour: &Armour<'_>) -> Result<PrivateHostKey, CryptoError> {
    let format = read(armour)?.format;
    private_of(parse(format, &armour.contents)?)
}

pub(super) fn private_from_pkcs8(contents: &[u8]) -> Result<PrivateHostKey, CryptoError> {
    private_of(parse(KeyFormat::Pkcs8, contents)?)
}

fn private_of(parsed: Parsed<'_>) -> Result<PrivateHostKey, CryptoError> {
    match parsed {
        Parsed::Rsa { n, e, d } => Ok(PrivateHostKey::from_rsa(n, e, d)),
        Parsed::Curve { name, private, point: Some(point) } => PrivateHostKey::from_ecdsa(name, private, point),
        Parsed::Curve { point: None, .. } => Err(CryptoError::key("the key file lacks the public key")),
        Parsed::Ed25519 { seed } => PrivateHostKey::from_ed25519_seed(seed),
        Parsed::Dsa { .. } => Err(CryptoError::key("this program does not sign with DSA keys")),
    }
}

enum Parsed<'a> {
    Rsa { n: &'a [u8], e: &'a [u8], d: &'a [u8] },
    Dsa { blob: Vec<u8> },
    Curve { name: &'static str, private: &'a [u8], point: Option<&'a [u8]> },
    Ed25519 { seed: &'a [u8] },
}

fn parse(format: KeyFormat, contents: &[u8]) -> Result<Parsed<'_>, CryptoError> {
    let mut outer = Der::new(contents);
    let mut fields = Der::new(outer.expect(SEQUENCE)?);
    match format {
        KeyFormat::Pkcs1 => pkcs1(fields),
        KeyFormat::Sec1 => sec1(fields, None),
        KeyFormat::DsaPem => {
            let _version = fields.expect(INTEGER)?;
            let mut blob = Vec::new();
            put_string(&mut blob, b"ssh-dss");
            for _ in 0..4 {
                put_mpint(&mut blob, fields.expect(INTEGER)?);
            }
            Ok(Parsed::Dsa { blob })
        }
        _ => pkcs8(fields),
    }
}

fn pkcs8(mut fields: Der<'_>) -> Result<Parsed<'_>, CryptoError> {
    let _version = fields.expect(INTEGER)?;
    let mut algorithm = Der::new(fields.expect(SEQUENCE)?);
    let object = algorithm.expect(OBJECT)?;
    let key = fields.expect(OCTET_STRING)?;
    match object {
        // rsaEncryption, 1.2.840.113549.1.1.1
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" => pkcs1(Der::new(Der::new(key).expect(SEQUENCE)?)),
        // id-ecPublicKey, 1.2.840.10045.2.1
        b"\x2a\x86\x48\xce\x3d\x02\x01" => {
            let curve = curve(algorithm.expect(OBJECT)?)?;
            sec1(Der::new(Der::new(key).expect(SEQUENCE)?), Some(curve))
        }
        // id-Ed25519, 1.3.101.112, RFC 8410
        b"\x2b\x65\x70" => Ok(Parsed::Ed25519 { seed: Der::new(key).expect(OCTET_STRING)? }),
        // id-dsa, 1.2.840.10040.4.1: the public value would have to be computed
        b"\x2a\x86\x48\xce\x38\x04\x01" => Err(CryptoError::key("DSA keys in PKCS #8 are not read")),
        _ => Err(CryptoError::key("the key is of a type that is not known here")),
    }
}

fn pkcs1(mut fields: Der<'_>) -> Result<Parsed<'_>, CryptoError> {
    let _version = fields.expect(INTEGER)?;
    Ok(Parsed::Rsa { n: fields.expect(INTEGER)?, e: fields.expect(INTEGER)?, d: fields.expect(INTEGER)? })
}

fn sec1<'a>(mut fields: Der<'a>, known: Option<&'static str>) -> Result<Parsed<'a>, CryptoError> {
    let _version = fields.expect(INTEGER)?;
    let private = fields.expect(OCTET_STRING)?;
    let named = match fields.optional(CONTEXT_0)? {
        Some(parameters) => Some(curve(Der::new(parameters).expect(OBJECT)?)?),
        None => known,
    };
    let name = named.ok_or_else(|| CryptoError::key("the key does not name its curve"))?;
    let point = match fields.optional(CONTEXT_1)? {
        // A bit string begins with the number of unused bits.
        Some(public) => Der::new(public).expect(BIT_STRING)?.get(1..),
        None => None,
    };
    Ok(Parsed::Curve { name, private, point })
}

fn curve(object: &[u8]) -> Result<&'static str, CryptoError> {
    match object {
        b"\x2a\x86\x48\xce\x3d\x03\x01\x07" => Ok("nistp256"),
        b"\x2b\x81\x04\x00\x22" => Ok("nistp384"),
        b"\x2b\x81\x04\x00\x23" => Ok("nistp521"),
        _ => Err(CryptoError::key("the key is on a curve that SSH does not use")),
    }
}
