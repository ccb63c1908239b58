use shakedown_handshake::tls::{HelloSpec, RenegotiationInfo, SCSV_FALLBACK};
use shakedown_model::tls::{TlsOffer, TlsVersion};
use shakedown_model::{Item, Known, Name};
use shakedown_wire::tls::number::version;

use super::{Candidates, TlsTarget, plan};

/// The hello of a client with this offer. Of what is not known of the client, all candidates are offered.
pub(crate) fn hello(offer: &TlsOffer, target: &TlsTarget, candidates: &Candidates) -> HelloSpec {
    let names = |known: &Known<Vec<Item>>| -> Option<Vec<Name>> {
        known.accepted().map(|items| items.iter().map(|item| item.name.clone()).collect())
    };
    let versions: Vec<u16> = match names(&offer.versions) {
        Some(names) => names.iter().filter_map(number).collect(),
        None => vec![version::TLS13, version::TLS12],
    };
    // SSL 2.0 has a hello of its own.
    let versions: Vec<u16> = versions.into_iter().filter(|&number| number != version::SSL2).collect();
    let tls13 = versions.contains(&version::TLS13);
    let mut cipher_suites = Vec::new();
    if tls13 {
        cipher_suites = match names(&offer.tls13_cipher_suites) {
            Some(names) => candidates.suite_numbers(&names),
            None => plan::tls13_suites(candidates),
        };
    }
    if versions.iter().any(|&number| number != version::TLS13) {
        cipher_suites.extend(match names(&offer.cipher_suites) {
            Some(names) => candidates.suite_numbers(&names),
            None => plan::suites(candidates, super::candidates::Class::Rsa, TlsVersion::Tls12)
                .into_iter()
                .take(plan::MOST_SUITES)
                .collect(),
        });
    }
    if offer.fallback {
        cipher_suites.push(SCSV_FALLBACK);
    }
    let groups = match names(&offer.groups) {
        Some(names) => candidates.group_numbers(&names),
        None => plan::curves(candidates),
    };
    let key_shares = match names(&offer.key_shares) {
        Some(names) => candidates.group_numbers(&names),
        None => groups.iter().copied().take(1).collect(),
    };
    let server_name = match &offer.server_name {
        Known::Complete(name) => name.as_ref().map(|name| name.as_str().as_bytes().to_vec()),
        Known::Partial { .. } | Known::Unknown => target.server_name.as_ref().map(|name| name.clone().into_bytes()),
    };
    let protocols = match names(&offer.alpn) {
        Some(names) => names.iter().map(|name| name.as_str().as_bytes().to_vec()).collect(),
        None => target.protocols.iter().map(|name| name.clone().into_bytes()).collect(),
    };
    let legacy_only = versions.iter().all(|&number| number <= version::SSL3);
    HelloSpec {
        cipher_suites,
        groups,
        key_shares,
        signature_schemes: match names(&offer.signature_schemes) {
            Some(names) => candidates.scheme_numbers(&names),
            None => plan::all_schemes(candidates),
        },
        server_name,
        protocols,
        renegotiation_info: match offer.secure_renegotiation {
            Known::Complete(false) => RenegotiationInfo::Absent,
            _ => RenegotiationInfo::Extension,
        },
        status_request: offer.staples.is_some(),
        extended_master_secret: !matches!(offer.extended_master_secret, Known::Complete(false)),
        has_extensions: !legacy_only,
        versions,
        ..HelloSpec::default()
    }
}

fn number(name: &Name) -> Option<u16> {
    Some(match TlsVersion::parse(name.as_str())? {
        TlsVersion::Ssl2 => version::SSL2,
        TlsVersion::Ssl3 => version::SSL3,
        TlsVersion::Tls10 => version::TLS10,
        TlsVersion::Tls11 => version::TLS11,
        TlsVersion::Tls12 => version::TLS12,
        TlsVersion::Tls13 => version::TLS13,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::items;

    #[test]
    fn a_clients_offer_becomes_its_hello() {
        let candidates = Candidates::new(
            [(0x1301, "TLS_AES_128_GCM_SHA256".to_owned()), (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA".to_owned())],
            [(0x001d, "x25519".to_owned()), (0x0017, "secp256r1".to_owned())],
            [(0x0401, "rsa_pkcs1_sha256".to_owned())],
        );
        let offer = TlsOffer {
            versions: Known::Complete(items(["TLSv1.2", "TLSv1.0"])),
            cipher_suites: Known::Complete(items(["TLS_RSA_WITH_AES_128_CBC_SHA"])),
            tls13_cipher_suites: Known::Complete(items(["TLS_AES_128_GCM_SHA256"])),
            groups: Known::Complete(items(["secp256r1"])),
            server_name: Known::Complete(None),
            ..TlsOffer::default()
        };
        let hello = hello(&offer, &TlsTarget::new("host.example", 443), &candidates);
        assert_eq!((hello.versions, hello.cipher_suites), (vec![version::TLS12, version::TLS10], vec![0x002f]));
        assert_eq!((hello.groups, hello.server_name), (vec![0x0017], None));
        assert_eq!(hello.signature_schemes, [0x0401]);
    }
}
