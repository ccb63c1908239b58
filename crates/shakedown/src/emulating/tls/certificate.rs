//! A certificate that signs itself, in DER (RFC 5280 section 4.1): as much as a client wants to see.

use std::net::IpAddr;

use shakedown_crypto::CryptoError;
use shakedown_crypto::tls::{KeyKind, ServerKey};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// What a certificate says.
pub(super) struct Wanted<'a> {
    /// The common name of subject and issuer.
    pub(super) common_name: &'a str,
    /// Host names and addresses.
    pub(super) names: &'a [String],
    /// From when and until when it is valid.
    pub(super) validity: (jiff::Timestamp, jiff::Timestamp),
}

/// The certificate of a key.
pub(super) fn self_signed(key: &ServerKey, wanted: &Wanted<'_>) -> Result<Vec<u8>, CryptoError> {
    let mut serial = [0; 16];
    shakedown_crypto::random(&mut serial)?;
    // A positive number that does not begin with a zero.
    serial[0] = serial[0] & 0x3f | 0x40;
    let (algorithm, scheme) = signature(key.kind());
    let name = sequence(&[tlv(SET, &sequence(&[oid(&[0x55, 4, 3]), tlv(UTF8, wanted.common_name.as_bytes())]))]);
    let body = sequence(&[
        // Version 3.
        tlv(0xa0, &tlv(INTEGER, &[2])),
        tlv(INTEGER, &serial),
        algorithm.clone(),
        name.clone(),
        sequence(&[time(wanted.validity.0), time(wanted.validity.1)]),
        name,
        sequence(&[key_algorithm(key.kind()), bit_string(&key.public()?)]),
        tlv(0xa3, &sequence(&[alternative_names(wanted.names)])),
    ]);
    let signed = key.sign(Some(scheme), &body)?;
    Ok(sequence(&[body, algorithm, bit_string(&signed)]))
}

/// The algorithm of the signature, and its TLS signature scheme.
fn signature(kind: KeyKind) -> (Vec<u8>, u16) {
    // ecdsa-with-SHA256, -SHA384 and -SHA512, RFC 5758 section 3.2.
    let ecdsa = |last| sequence(&[oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last])]);
    match kind {
        // sha256WithRSAEncryption, RFC 4055 section 5.
        KeyKind::Rsa(_) => (sequence(&[oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), tlv(NULL, &[])]), 0x0401),
        KeyKind::Ec(384) => (ecdsa(3), 0x0503),
        KeyKind::Ec(521) => (ecdsa(4), 0x0603),
        KeyKind::Ec(_) => (ecdsa(2), 0x0403),
        // RFC 8410 section 3.
        KeyKind::Ed25519 => (sequence(&[oid(&[0x2b, 0x65, 0x70])]), 0x0807),
    }
}

/// RFC 3279 section 2.3, RFC 5480 section 2.1.1, RFC 8410 section 3.
fn key_algorithm(kind: KeyKind) -> Vec<u8> {
    let curve: &[u8] = match kind {
        KeyKind::Rsa(_) => {
            return sequence(&[oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), tlv(NULL, &[])]);
        }
        KeyKind::Ed25519 => return sequence(&[oid(&[0x2b, 0x65, 0x70])]),
        KeyKind::Ec(384) => &[0x2b, 0x81, 4, 0, 34],
        KeyKind::Ec(521) => &[0x2b, 0x81, 4, 0, 35],
        KeyKind::Ec(_) => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
    };
    sequence(&[oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), oid(curve)])
}

/// The extension `subjectAltName`, RFC 5280 section 4.2.1.6.
fn alternative_names(names: &[String]) -> Vec<u8> {
    let name = |name: &String| match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => tlv(0x87, &address.octets()),
        Ok(IpAddr::V6(address)) => tlv(0x87, &address.octets()),
        Err(_) => tlv(0x82, name.as_bytes()),
    };
    let list: Vec<Vec<u8>> = names.iter().map(name).collect();
    sequence(&[oid(&[0x55, 0x1d, 17]), tlv(OCTET_STRING, &sequence(&list))])
}

fn time(at: jiff::Timestamp) -> Vec<u8> {
    let text = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string();
    // Until 2049 the short form is to be used (RFC 5280 section 4.1.2.5).
    const UTC_TIME: u8 = 0x17;
    match text.strip_prefix("20") {
        Some(short) if short < "50" => tlv(UTC_TIME, short.as_bytes()),
        _ => tlv(GENERALIZED_TIME, text.as_bytes()),
    }
}

fn oid(contents: &[u8]) -> Vec<u8> {
    tlv(OID, contents)
}

fn bit_string(contents: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], contents].concat())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    let mut whole = vec![tag];
    if length < 0x80 {
        whole.push(length as u8);
    } else {
        whole.push(0x80 | digits.len() as u8);
        whole.extend(digits);
    }
    whole.extend_from_slice(contents);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read_and_holds() {
        let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let until: jiff::Timestamp = "2051-01-01T00:00:00Z".parse().unwrap();
        for kind in [KeyKind::Rsa(2048), KeyKind::Ec(256), KeyKind::Ec(384), KeyKind::Ec(521), KeyKind::Ed25519] {
            let key = ServerKey::generate(kind).unwrap();
            let names = ["db01".to_owned(), "127.0.0.1".to_owned()];
            let wanted = Wanted { common_name: "db01", names: &names, validity: (now, until) };
            let der = self_signed(&key, &wanted).unwrap();
            let (read, faults) = shakedown_x509::certificates(&der, &shakedown_x509::Limits::default());
            assert!(faults.is_empty(), "{kind:?}: {faults:?}");
            let facts = read[0].certificate.facts();
            assert_eq!(facts.self_signed, Some(true), "{kind:?}");
            assert_eq!((facts.not_before, facts.not_after), (Some(now), Some(until)));
            assert!(facts.names.iter().any(|name| *name == *"db01"));
        }
    }
}
