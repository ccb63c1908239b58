//! Identities as configurations write them, and as they go over the wire (RFC 7296 section 3.5).

use std::net::IpAddr;

use shakedown_model::Name;
use shakedown_wire::ike::Identification;
use shakedown_wire::ike::number::identity;

/// Kinds that are written in front of an identity, with a colon (strongSwan's manual page of `swanctl.conf`, `local.id`).
const PREFIXES: [(&str, u8); 10] = [
    ("fqdn:", identity::FQDN),
    ("dns:", identity::FQDN),
    ("email:", identity::RFC822),
    ("rfc822:", identity::RFC822),
    ("userfqdn:", identity::RFC822),
    ("ipv4:", identity::IPV4),
    ("ipv6:", identity::IPV6),
    ("asn1dn:", identity::DISTINGUISHED_NAME),
    ("dn:", identity::DISTINGUISHED_NAME),
    ("keyid:", identity::KEY_ID),
];

/// Attributes of distinguished names by their short names, with their object identifiers (RFC 4519, RFC 2985).
const ATTRIBUTES: [(&[&str], &[u8]); 14] = [
    (&["C"], &[0x55, 4, 6]),
    (&["ST", "S"], &[0x55, 4, 8]),
    (&["L"], &[0x55, 4, 7]),
    (&["O"], &[0x55, 4, 10]),
    (&["OU"], &[0x55, 4, 11]),
    (&["CN"], &[0x55, 4, 3]),
    (&["SN", "serialNumber"], &[0x55, 4, 5]),
    (&["surname"], &[0x55, 4, 4]),
    (&["G", "GN"], &[0x55, 4, 42]),
    (&["T"], &[0x55, 4, 12]),
    (&["D"], &[0x55, 4, 13]),
    (&["E", "emailAddress", "Email"], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]),
    (&["DC"], &[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25]),
    (&["UID"], &[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1]),
];

/// An identity from text, of the kind that strongSwan and libreswan take it for: an address, a distinguished name
/// (`C=CH, CN=gw`), a mail address, else a domain name; `@NAME` is one in any case, `@@NAME` a mail address, `@#HEX` bytes.
/// `None` for what stands for any identity.
pub fn identification(text: &str) -> Option<Identification> {
    let text = text.trim();
    if text.is_empty() || text.contains('%') || text.contains('*') {
        return None;
    }
    for (prefix, kind) in PREFIXES {
        let Some(rest) =
            text.get(..prefix.len()).filter(|own| own.eq_ignore_ascii_case(prefix)).and(text.get(prefix.len()..))
        else {
            continue;
        };
        return match kind {
            identity::IPV4 | identity::IPV6 => rest.parse().ok().map(Identification::address),
            identity::DISTINGUISHED_NAME => distinguished_name(rest).map(|der| Identification::new(kind, der)),
            _ => Some(Identification::new(kind, rest)),
        };
    }
    if let Some(rest) = text.strip_prefix('@') {
        if let Some(digits) = rest.strip_prefix('#') {
            return Some(Identification::new(identity::KEY_ID, hexadecimal(digits)?));
        }
        return Some(match rest.strip_prefix('@') {
            Some(mail) => Identification::new(identity::RFC822, mail),
            None => Identification::new(identity::FQDN, rest),
        });
    }
    if text.contains('=') {
        return Some(match distinguished_name(text) {
            Some(der) => Identification::new(identity::DISTINGUISHED_NAME, der),
            None => Identification::new(identity::KEY_ID, text),
        });
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Identification::address(address));
    }
    let kind = if text.contains('@') { identity::RFC822 } else { identity::FQDN };
    Some(Identification::new(kind, text))
}

/// An identity that was sent, for people. Of a distinguished name, whose form is not read here, and of other bytes the digits.
pub fn identity_text(sent: &Identification) -> Name {
    if let Some(address) = sent.as_address() {
        return Name::new(&address.to_string());
    }
    match sent.kind {
        identity::FQDN | identity::RFC822 => Name::from_bytes(&sent.data),
        identity::KEY_ID if sent.data.iter().all(u8::is_ascii_graphic) => Name::from_bytes(&sent.data),
        _ => Name::new(&sent.data.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        digits.chars().map(|one| one.to_digit(16).and_then(|one| one.try_into().ok())).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// `C=CH, O=Example, CN=gw` or `/C=CH/O=Example/CN=gw` in DER; `None` where an attribute is not known.
fn distinguished_name(text: &str) -> Option<Vec<u8>> {
    let separator = if text.starts_with('/') { '/' } else { ',' };
    let mut sets = Vec::new();
    for part in text.split(separator).map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        let known = |names: &&[&str]| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        let (names, oid) = ATTRIBUTES.iter().find(|(names, _)| known(names))?;
        let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
        let tag = match names.first() {
            // IA5String, PrintableString, UTF8String
            Some(&"E" | &"DC") => 0x16,
            _ if value.bytes().all(printable) => 0x13,
            _ => 0x0c,
        };
        let attribute = [element(6, oid)?, element(tag, value.as_bytes())?].concat();
        sets.extend(element(0x31, &element(0x30, &attribute)?)?);
    }
    if sets.is_empty() { None } else { element(0x30, &sets) }
}

/// An element of DER, of up to 65535 bytes.
fn element(tag: u8, contents: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(contents.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let mut der = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    der.extend_from_slice(contents);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_of_the_kind_that_the_daemons_take_them_for() {
        for (text, kind, data) in [
            ("gw.example", identity::FQDN, &b"gw.example"[..]),
            ("@gw", identity::FQDN, b"gw"),
            ("me@example.org", identity::RFC822, b"me@example.org"),
            ("@@me@example.org", identity::RFC822, b"me@example.org"),
            ("192.0.2.1", identity::IPV4, &[192, 0, 2, 1]),
            ("@#0aff", identity::KEY_ID, &[0x0a, 0xff]),
            ("keyid:group", identity::KEY_ID, b"group"),
            ("fqdn:192.0.2.1", identity::FQDN, b"192.0.2.1"),
            ("what=ever", identity::KEY_ID, b"what=ever"),
            ("CN=a", identity::DISTINGUISHED_NAME, &[0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 0x13, 1, b'a']),
        ] {
            assert_eq!(identification(text), Some(Identification::new(kind, data)), "{text}");
        }
        assert_eq!(identification("2001:db8::1").map(|one| one.kind), Some(identity::IPV6));
        assert_eq!(identification("/CN=a"), identification("CN=a"));
        for text in ["%any", "", "*.example", "%fromcert", "@#0", "ipv4:x"] {
            assert_eq!(identification(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_peer_sends_is_shown_without_harm() {
        assert_eq!(identity_text(&Identification::new(identity::FQDN, "gw\n")).as_str(), "gw\\x0a");
        assert_eq!(identity_text(&Identification::new(identity::IPV4, [192, 0, 2, 1])).as_str(), "192.0.2.1");
        assert_eq!(identity_text(&Identification::new(identity::IPV4, [192, 0])).as_str(), "c000");
        assert_eq!(identity_text(&Identification::new(identity::KEY_ID, [0, 1])).as_str(), "0001");
    }
}
