use shakedown_model::tls::{SIGNALLING_SUITES, TlsOffer, TlsVersion, is_tls13_suite};
use shakedown_model::{Item, Known, Name, Origin, Slot};
use shakedown_wire::tls::number::{extension as x, is_grease, version};
use shakedown_wire::tls::{ClientHello, View};

use super::suite::{SCSV_FALLBACK, SCSV_RENEGOTIATION};

/// What a client's hello offers. `name` gives IANA's name of a number of a cipher suite, a group or a signature scheme;
/// numbers without a name are written in hexadecimal, and GREASE (RFC 8701) is left out. What no hello tells, as the security
/// level, stays unknown. Versions below the highest are known only of a hello that lists them (`supported_versions`).
pub fn offered(hello: &ClientHello, name: &dyn Fn(Slot, u16) -> Option<String>, origin: &Origin) -> TlsOffer {
    let item = |text: String| Item::with_origin(Name::new(&text), origin.clone());
    let items = |slot: Slot, numbers: &[u16]| -> Vec<Item> {
        let numbers = numbers.iter().filter(|&&number| !is_grease(number));
        numbers.map(|&number| item(name(slot, number).unwrap_or_else(|| format!("{number:#06x}")))).collect()
    };
    let view = |number: u16| hello.view(number).and_then(Result::ok);
    let listed = |slot: Slot, number: u16| {
        Known::Complete(match view(number) {
            Some(View::SupportedGroups(numbers) | View::SignatureAlgorithms(numbers)) => items(slot, &numbers),
            _ => Vec::new(),
        })
    };
    let suites: Vec<u16> = hello.cipher_suites.iter().copied().filter(|number| !is_signal(*number)).collect();
    let (tls13, older): (Vec<Item>, Vec<Item>) = items(Slot::CipherSuite, &suites)
        .into_iter()
        .filter(|item| !SIGNALLING_SUITES.contains(&item.name.as_str()))
        .partition(|item| is_tls13_suite(item.name.as_str()));
    let signals = |number: u16| hello.cipher_suites.contains(&number);
    TlsOffer {
        versions: match hello.supported_versions() {
            Some(numbers) => Known::Complete(numbers.into_iter().filter_map(version_name).map(item).collect()),
            None => {
                let highest = version_name(hello.version);
                let above = TlsVersion::ALL.into_iter().map(|version| version.as_str().to_owned());
                let refused = above.take_while(|other| Some(other) != highest.as_ref()).map(item).collect();
                let accepted = highest.into_iter().map(item).collect();
                Known::Partial { accepted, refused }
            }
        },
        tls13_cipher_suites: Known::Complete(tls13),
        cipher_suites: Known::Complete(older),
        groups: listed(Slot::Group, x::SUPPORTED_GROUPS),
        key_shares: Known::Complete(match view(x::KEY_SHARE) {
            Some(View::KeyShares(shares)) => {
                items(Slot::Group, &shares.iter().map(|share| share.group).collect::<Vec<_>>())
            }
            _ => Vec::new(),
        }),
        signature_schemes: listed(Slot::SignatureScheme, x::SIGNATURE_ALGORITHMS),
        certificate_signature_schemes: match view(x::SIGNATURE_ALGORITHMS_CERT) {
            Some(View::SignatureAlgorithms(numbers)) => Known::Complete(items(Slot::SignatureScheme, &numbers)),
            _ => Known::Unknown,
        },
        alpn: Known::Complete(match view(x::ALPN) {
            Some(View::Protocols(names)) => {
                let names = names.into_iter().filter(|name| !is_grease_name(name));
                names.map(|name| Item::with_origin(Name::from_bytes(&name), origin.clone())).collect()
            }
            _ => Vec::new(),
        }),
        server_name: Known::Complete(hello.server_name().map(|name| Name::from_bytes(&name))),
        secure_renegotiation: Known::Complete(view(x::RENEGOTIATION_INFO).is_some() || signals(SCSV_RENEGOTIATION)),
        extended_master_secret: Known::Complete(view(x::EXTENDED_MASTER_SECRET).is_some()),
        fallback: signals(SCSV_FALLBACK),
        ..TlsOffer::default()
    }
}

fn is_signal(number: u16) -> bool {
    matches!(number, SCSV_RENEGOTIATION | SCSV_FALLBACK)
}

/// Two equal bytes of the form 0x?a, RFC 8701 section 3.1.
fn is_grease_name(name: &[u8]) -> bool {
    matches!(name, [a, b] if a == b && a & 0x0f == 0x0a)
}

fn version_name(number: u16) -> Option<String> {
    let version = match number {
        version::SSL3 => TlsVersion::Ssl3,
        version::TLS10 => TlsVersion::Tls10,
        version::TLS11 => TlsVersion::Tls11,
        version::TLS12 => TlsVersion::Tls12,
        version::TLS13 => TlsVersion::Tls13,
        _ => return None,
    };
    Some(version.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use shakedown_model::{OriginKind, names};

    use super::*;
    use crate::tls::HelloSpec;

    fn of(spec: &HelloSpec) -> TlsOffer {
        let name = |slot: Slot, number: u16| match (slot, number) {
            (Slot::CipherSuite, 0x1301) => Some("TLS_AES_128_GCM_SHA256".to_owned()),
            (Slot::CipherSuite, 0x002f) => Some("TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()),
            (Slot::Group, 0x001d) => Some("x25519".to_owned()),
            _ => None,
        };
        let origin = Origin::new(OriginKind::Program { command: "test".to_owned() });
        offered(&spec.hello([0; 32], Vec::new(), &[]), &name, &origin)
    }

    fn texts(list: &Known<Vec<Item>>) -> Vec<String> {
        names(list.accepted().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_lists_of_a_hello() {
        let offer = of(&HelloSpec {
            versions: vec![0x7a7a, version::TLS13, version::TLS12],
            cipher_suites: vec![0x0a0a, 0x1301, 0x002f, 0xeeee, SCSV_RENEGOTIATION, SCSV_FALLBACK],
            groups: vec![0x2a2a, 0x001d, 0xfe00],
            signature_schemes: vec![0x0403],
            server_name: Some(b"db01".to_vec()),
            protocols: vec![vec![0x1a, 0x1a], b"h2".to_vec()],
            ..HelloSpec::default()
        });
        assert_eq!(texts(&offer.versions), ["TLSv1.3", "TLSv1.2"]);
        assert_eq!(texts(&offer.tls13_cipher_suites), ["TLS_AES_128_GCM_SHA256"]);
        assert_eq!(texts(&offer.cipher_suites), ["TLS_RSA_WITH_AES_128_CBC_SHA", "0xeeee"]);
        assert_eq!(texts(&offer.groups), ["x25519", "0xfe00"]);
        assert_eq!(texts(&offer.signature_schemes), ["0x0403"]);
        assert_eq!(texts(&offer.alpn), ["h2"]);
        assert_eq!(offer.server_name, Known::Complete(Some(Name::new("db01"))));
        assert!(offer.fallback);
    }

    #[test]
    fn a_hello_without_a_list_of_versions_tells_only_the_highest() {
        let offer = of(&HelloSpec { versions: vec![version::TLS11, version::TLS10], ..HelloSpec::default() });
        assert_eq!(offer.has_version(TlsVersion::Tls11), Some(true));
        assert_eq!(offer.has_version(TlsVersion::Tls12), Some(false));
        assert_eq!(offer.has_version(TlsVersion::Tls10), None);
    }
}
