//! From a TLS party to its published offer and back.

use shakedown_model::tls::{
    Certificate, CertificateKey, CertificateKeyType, Digest, Preference, TlsOffer, TlsPolicy, is_tls13_suite,
};
use shakedown_model::{self as model, Item, Known, Name, Policy, Slot};

use super::{Offer, Protocol, TlsCertificate};

const LISTS: [Slot; 5] = [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme, Slot::Alpn];

pub(super) fn offer(party: &model::Party, policy: &TlsPolicy) -> Offer {
    let lists = &policy.offer;
    // What all protocols have is written as for SSH.
    let blank = model::Party { policy: Policy::Ssh(Box::default()), ..party.clone() };
    let mut offer = Offer {
        protocol: Protocol::Tls,
        complete: LISTS[..4].iter().all(|&slot| lists.list(slot).is_complete()),
        host_key_order: String::new(),
        versions: texts(&lists.versions),
        cipher_suites: texts(&lists.list(Slot::CipherSuite)),
        groups: texts(&lists.groups),
        key_shares: texts(&lists.key_shares),
        signature_schemes: texts(&lists.signature_schemes),
        alpn: texts(&lists.alpn),
        certificates: lists.certificates.accepted().map(|all| all.iter().map(certificate_out).collect()),
        security_level: lists.security_level,
        min_rsa_bits: lists.min_rsa_bits,
        server_preference: policy.behaviour.suite_order.map(|order| order == Preference::Server),
        undecided: policy
            .undecided
            .iter()
            .map(|part| super::Undecided { slot: part.slot.as_str().to_owned(), criterion: part.criterion.clone() })
            .collect(),
        ..Offer::from(&blank)
    };
    for slot in LISTS {
        if let Known::Partial { refused, .. } = lists.list(slot) {
            offer.refused.insert(slot.as_str().to_owned(), refused.iter().map(|item| item.name.to_string()).collect());
        }
    }
    offer
}

pub(super) fn party(offer: &Offer) -> model::Party {
    let list = |slot: Slot, names: &Option<Vec<String>>| match (names, offer.refused.get(slot.as_str())) {
        (Some(names), None) => Known::Complete(items(names)),
        (names, Some(refused)) => {
            Known::Partial { accepted: items(names.as_deref().unwrap_or_default()), refused: items(refused) }
        }
        (None, None) => Known::Unknown,
    };
    let suites = |tls13: bool| list(Slot::CipherSuite, &offer.cipher_suites).filter_names(tls13);
    let policy = TlsPolicy {
        offer: TlsOffer {
            versions: list(Slot::Version, &offer.versions),
            tls13_cipher_suites: suites(true),
            cipher_suites: suites(false),
            groups: list(Slot::Group, &offer.groups),
            key_shares: offer.key_shares.as_ref().map_or(Known::Unknown, |names| Known::Complete(items(names))),
            signature_schemes: list(Slot::SignatureScheme, &offer.signature_schemes),
            alpn: list(Slot::Alpn, &offer.alpn),
            certificates: offer
                .certificates
                .as_ref()
                .map_or(Known::Unknown, |all| Known::Complete(all.iter().map(certificate_in).collect())),
            security_level: offer.security_level,
            min_rsa_bits: offer.min_rsa_bits,
            ..TlsOffer::default()
        },
        behaviour: model::tls::TlsBehaviour {
            suite_order: offer.server_preference.map(|own| if own { Preference::Server } else { Preference::Client }),
            ..model::tls::TlsBehaviour::default()
        },
        undecided: offer
            .undecided
            .iter()
            .filter_map(|part| {
                let slot = Slot::parse(model::Protocol::Tls, &part.slot)?;
                Some(model::ssh::Undecided { slot, criterion: part.criterion.clone(), origin: None })
            })
            .collect(),
        ..TlsPolicy::default()
    };
    model::Party {
        policy: Policy::Tls(Box::new(policy)),
        ..model::Party::from(&Offer { protocol: Protocol::Ssh, ..offer.clone() })
    }
}

trait FilterNames {
    fn filter_names(self, tls13: bool) -> Self;
}

impl FilterNames for Known<Vec<Item>> {
    fn filter_names(self, tls13: bool) -> Self {
        let only = |items: Vec<Item>| -> Vec<Item> {
            items.into_iter().filter(|item| is_tls13_suite(item.name.as_str()) == tls13).collect()
        };
        match self {
            Known::Complete(items) => Known::Complete(only(items)),
            Known::Partial { accepted, refused } => Known::Partial { accepted: only(accepted), refused: only(refused) },
            Known::Unknown => Known::Unknown,
        }
    }
}

fn texts(known: &Known<Vec<Item>>) -> Option<Vec<String>> {
    known.accepted().map(|items| items.iter().map(|item| item.name.to_string()).collect())
}

fn items(texts: &[String]) -> Vec<Item> {
    texts.iter().map(|text| Item { name: Name::from_escaped(text), origin: None }).collect()
}

const KINDS: [(CertificateKeyType, &str); 11] = [
    (CertificateKeyType::Rsa, "rsa"),
    (CertificateKeyType::RsaPss, "rsa-pss"),
    (CertificateKeyType::Ec, "ec"),
    (CertificateKeyType::Ed25519, "ed25519"),
    (CertificateKeyType::Ed448, "ed448"),
    (CertificateKeyType::Dsa, "dsa"),
    (CertificateKeyType::MlDsa44, "ml-dsa-44"),
    (CertificateKeyType::MlDsa65, "ml-dsa-65"),
    (CertificateKeyType::MlDsa87, "ml-dsa-87"),
    (CertificateKeyType::Gost, "gost"),
    (CertificateKeyType::Other, "other"),
];

const DIGESTS: [(Digest, &str); 9] = [
    (Digest::Md5, "md5"),
    (Digest::Sha1, "sha1"),
    (Digest::Md5Sha1, "md5-sha1"),
    (Digest::Sha224, "sha224"),
    (Digest::Sha256, "sha256"),
    (Digest::Sha384, "sha384"),
    (Digest::Sha512, "sha512"),
    (Digest::Intrinsic, "intrinsic"),
    (Digest::Other, "other"),
];

fn code<T: Copy + PartialEq>(table: &[(T, &str)], value: T) -> Option<String> {
    table.iter().find(|(one, _)| *one == value).map(|(_, text)| (*text).to_owned())
}

fn decoded<T: Copy>(table: &[(T, &str)], text: Option<&String>) -> Option<T> {
    table.iter().find(|(_, one)| text.is_some_and(|text| text == one)).map(|(value, _)| *value)
}

fn certificate_out(certificate: &Certificate) -> TlsCertificate {
    let text = |name: &Option<Name>| name.as_ref().map(ToString::to_string);
    let key = certificate.key.as_ref();
    TlsCertificate {
        key_type: key.and_then(|key| code(&KINDS, key.kind)),
        curve: key.and_then(|key| text(&key.curve)),
        bits: key.and_then(|key| key.bits),
        signature_digest: certificate.signature_digest.and_then(|digest| code(&DIGESTS, digest)),
        signature_key_type: certificate.signature_key.and_then(|kind| code(&KINDS, kind)),
        self_signed: certificate.self_signed,
        names: certificate.names.iter().map(ToString::to_string).collect(),
        subject: text(&certificate.subject),
        issuer: text(&certificate.issuer),
        not_before: certificate.not_before.map(|time| time.to_string()),
        not_after: certificate.not_after.map(|time| time.to_string()),
        fingerprint: certificate.fingerprint.clone(),
        chain: certificate.chain.iter().map(certificate_out).collect(),
    }
}

fn certificate_in(certificate: &TlsCertificate) -> Certificate {
    let name = |text: &Option<String>| text.as_deref().map(Name::from_escaped);
    let time = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Certificate {
        key: decoded(&KINDS, certificate.key_type.as_ref()).map(|kind| CertificateKey {
            kind,
            curve: name(&certificate.curve),
            bits: certificate.bits,
        }),
        signature_digest: decoded(&DIGESTS, certificate.signature_digest.as_ref()),
        signature_key: decoded(&KINDS, certificate.signature_key_type.as_ref()),
        self_signed: certificate.self_signed,
        names: certificate.names.iter().map(|text| Name::from_escaped(text)).collect(),
        subject: name(&certificate.subject),
        issuer: name(&certificate.issuer),
        not_before: time(&certificate.not_before),
        not_after: time(&certificate.not_after),
        fingerprint: certificate.fingerprint.clone(),
        chain: certificate.chain.iter().map(certificate_in).collect(),
        origin: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_offer_is_read_as_it_was_written() {
        let certificate = Certificate {
            key: Some(CertificateKey {
                kind: CertificateKeyType::Ec,
                curve: Some(Name::new("secp256r1")),
                bits: Some(256),
            }),
            signature_digest: Some(Digest::Sha256),
            not_after: Some("2030-01-02T03:04:05Z".parse().unwrap()),
            chain: vec![Certificate { self_signed: Some(true), ..Certificate::default() }],
            ..Certificate::default()
        };
        let policy = TlsPolicy {
            offer: TlsOffer {
                versions: Known::Complete(model::items(["TLSv1.3", "TLSv1.2"])),
                tls13_cipher_suites: Known::Complete(model::items(["TLS_AES_128_GCM_SHA256"])),
                cipher_suites: Known::Complete(model::items(["TLS_RSA_WITH_AES_128_CBC_SHA"])),
                groups: Known::Partial { accepted: model::items(["x25519"]), refused: model::items(["x448"]) },
                certificates: Known::Complete(vec![certificate]),
                ..TlsOffer::default()
            },
            ..TlsPolicy::default()
        };
        let party = model::Party {
            label: "www".to_owned(),
            role: model::Role::Server,
            software: None,
            source: model::PartySource::Offer { path: String::new() },
            policy: Policy::Tls(Box::new(policy)),
            configuration: None,
            notes: Vec::new(),
        };
        let offer = Offer::from(&party);
        assert_eq!((offer.protocol, offer.complete, offer.kex.as_ref()), (Protocol::Tls, false, None));
        let text = serde_json::to_string(&offer).unwrap();
        let again: Offer = serde_json::from_str(&text).unwrap();
        assert_eq!(model::Party::from(&again), party);
    }
}
