//! From a party to its published offer and back.

use std::collections::BTreeMap;

use shakedown_model::ssh::{
    BannerRule, GexRequest, GuessRule, HostKey, HostKeyOrder, SignatureCheck, SshBehaviour, SshOffer, SshPolicy,
    Supported, Undecided,
};
use shakedown_model::{self as model, Item, Known, Name, Party, PartySource, Policy, Slot};

use super::{Behaviour, Offer, Protocol, SignatureState};

impl From<&Party> for Offer {
    fn from(party: &Party) -> Self {
        let policy = match &party.policy {
            Policy::Ssh(policy) => policy,
            Policy::Ike(policy) => return super::offer_ike::offer(party, policy),
            Policy::Tls(policy) => return super::offer_tls::offer(party, policy),
        };
        let SshPolicy { offer, host_key_order, behaviour, supported, undecided } = &**policy;
        let mut refused = BTreeMap::new();
        let mut list = |slot: &str, known: &Known<Vec<Item>>| {
            if let Known::Partial { refused: names, .. } = known {
                refused.insert(slot.to_owned(), item_texts(names));
            }
            known.accepted().map(|items| item_texts(items))
        };
        let kex = list("kex", &offer.kex);
        let host_key = list("host_key", &offer.host_key);
        let cipher_c2s = list("cipher_c2s", &offer.cipher_c2s);
        let cipher_s2c = list("cipher_s2c", &offer.cipher_s2c);
        let mac_c2s = list("mac_c2s", &offer.mac_c2s);
        let mac_s2c = list("mac_s2c", &offer.mac_s2c);
        let compression_c2s = list("compression_c2s", &offer.compression_c2s);
        let compression_s2c = list("compression_s2c", &offer.compression_s2c);
        let public_key_auth = list("public_key_auth", &offer.public_key_auth);
        Self {
            role: party.role.into(),
            protocol: Protocol::Ssh,
            complete: Slot::SSH.into_iter().all(|slot| offer.list(slot).is_complete()),
            label: Some(party.label.clone()),
            software: party.software.as_ref().map(ToString::to_string),
            source: (&party.source).into(),
            identification: offer.identification.as_ref().map(ToString::to_string),
            kex,
            kex_markers: offer.markers().into_iter().map(|item| item.name.to_string()).collect(),
            host_key,
            cipher_c2s,
            cipher_s2c,
            mac_c2s,
            mac_s2c,
            compression_c2s,
            compression_s2c,
            refused,
            languages_c2s: texts(&offer.languages.0),
            languages_s2c: texts(&offer.languages.1),
            first_kex_packet_follows: offer.first_kex_packet_follows,
            host_keys: offer.host_keys.accepted().map(|keys| keys.iter().map(host_key_out).collect()),
            gex_request: offer.gex_request.map(|request| super::GexRequest {
                minimum: request.minimum,
                preferred: request.preferred,
                maximum: request.maximum,
            }),
            gex_sizes: offer.gex_sizes.accepted().cloned(),
            min_rsa_bits: offer.min_rsa_bits,
            public_key_auth,
            host_key_order: match host_key_order {
                HostKeyOrder::Fixed => "fixed",
                HostKeyOrder::KnownFirst => "known-first",
                HostKeyOrder::KnownFirstUnlessBest => "known-first-unless-best",
                HostKeyOrder::KnownOnly => "known-only",
            }
            .to_owned(),
            behaviour: behaviour_out(behaviour),
            supported: super::Supported {
                kex: known_texts(&supported.kex),
                host_key: known_texts(&supported.host_key),
                cipher: known_texts(&supported.cipher),
                mac: known_texts(&supported.mac),
                compression: known_texts(&supported.compression),
            },
            proposals: None,
            child_proposals: None,
            ike_version: None,
            versions: None,
            cipher_suites: None,
            groups: None,
            key_shares: None,
            signature_schemes: None,
            alpn: None,
            certificates: None,
            security_level: None,
            server_preference: None,
            undecided: undecided
                .iter()
                .map(|part| super::Undecided { slot: part.slot.as_str().to_owned(), criterion: part.criterion.clone() })
                .collect(),
            notes: party.notes.clone(),
        }
    }
}

impl From<&Offer> for Party {
    /// The party that the offer describes. Its items have no origins, and its source is an offer without a path.
    fn from(offer: &Offer) -> Self {
        if offer.protocol == Protocol::Ike {
            return super::offer_ike::party(offer);
        }
        if offer.protocol == Protocol::Tls {
            return super::offer_tls::party(offer);
        }
        let mut kex = offer.kex.clone();
        if let Some(methods) = &mut kex {
            for marker in &offer.kex_markers {
                if !methods.contains(marker) {
                    methods.push(marker.clone());
                }
            }
        }
        let list = |slot: &str, names: &Option<Vec<String>>| match (names, offer.refused.get(slot)) {
            (Some(names), None) => Known::Complete(items(names)),
            (names, Some(refused)) => {
                Known::Partial { accepted: items(names.as_deref().unwrap_or_default()), refused: items(refused) }
            }
            (None, None) => Known::Unknown,
        };
        let ssh = SshOffer {
            identification: offer.identification.as_deref().map(Name::from_escaped),
            kex: list("kex", &kex),
            host_key: list("host_key", &offer.host_key),
            cipher_c2s: list("cipher_c2s", &offer.cipher_c2s),
            cipher_s2c: list("cipher_s2c", &offer.cipher_s2c),
            mac_c2s: list("mac_c2s", &offer.mac_c2s),
            mac_s2c: list("mac_s2c", &offer.mac_s2c),
            compression_c2s: list("compression_c2s", &offer.compression_c2s),
            compression_s2c: list("compression_s2c", &offer.compression_s2c),
            languages: (names(&offer.languages_c2s), names(&offer.languages_s2c)),
            first_kex_packet_follows: offer.first_kex_packet_follows,
            host_keys: match &offer.host_keys {
                Some(keys) => Known::Complete(keys.iter().map(host_key_in).collect()),
                None => Known::Unknown,
            },
            gex_request: offer.gex_request.as_ref().map(|request| GexRequest {
                minimum: request.minimum,
                preferred: request.preferred,
                maximum: request.maximum,
            }),
            gex_sizes: offer.gex_sizes.clone().map_or(Known::Unknown, Known::Complete),
            min_rsa_bits: offer.min_rsa_bits,
            public_key_auth: list("public_key_auth", &offer.public_key_auth),
        };
        let supported = &offer.supported;
        let policy = SshPolicy {
            offer: ssh,
            host_key_order: match offer.host_key_order.as_str() {
                "known-first" => HostKeyOrder::KnownFirst,
                "known-first-unless-best" => HostKeyOrder::KnownFirstUnlessBest,
                "known-only" => HostKeyOrder::KnownOnly,
                _ => HostKeyOrder::Fixed,
            },
            behaviour: behaviour_in(&offer.behaviour),
            supported: Supported {
                kex: known_names(&supported.kex),
                host_key: known_names(&supported.host_key),
                cipher: known_names(&supported.cipher),
                mac: known_names(&supported.mac),
                compression: known_names(&supported.compression),
            },
            undecided: offer
                .undecided
                .iter()
                .filter_map(|part| {
                    let slot = Slot::parse(model::Protocol::Ssh, &part.slot)?;
                    Some(Undecided { slot, criterion: part.criterion.clone(), origin: None })
                })
                .collect(),
        };
        let label = offer.label.clone().or_else(|| offer.identification.clone()).unwrap_or_else(|| "offer".to_owned());
        Self {
            label,
            role: offer.role.into(),
            software: offer.software.as_deref().and_then(|text| text.parse().ok()),
            source: PartySource::Offer { path: String::new() },
            policy: Policy::Ssh(Box::new(policy)),
            configuration: None,
            notes: offer.notes.clone(),
        }
    }
}

fn host_key_out(key: &HostKey) -> super::HostKey {
    let (signature, signature_reason) = match &key.signature {
        SignatureCheck::Verified => (SignatureState::Verified, None),
        SignatureCheck::Wrong => (SignatureState::Wrong, None),
        SignatureCheck::Unverified { reason } => (SignatureState::Unverified, Some(reason.clone())),
        SignatureCheck::NotSeen => (SignatureState::NotSeen, None),
    };
    super::HostKey {
        key_type: key.key_type.to_string(),
        bits: key.bits,
        fingerprint: key.fingerprint.clone(),
        certificate_authority: key.certificate_authority.clone(),
        signature,
        signature_reason,
    }
}

fn host_key_in(key: &super::HostKey) -> HostKey {
    HostKey {
        key_type: Name::from_escaped(&key.key_type),
        bits: key.bits,
        fingerprint: key.fingerprint.clone(),
        certificate_authority: key.certificate_authority.clone(),
        signature: match key.signature {
            SignatureState::Verified => SignatureCheck::Verified,
            SignatureState::Wrong => SignatureCheck::Wrong,
            SignatureState::Unverified => {
                SignatureCheck::Unverified { reason: key.signature_reason.clone().unwrap_or_default() }
            }
            SignatureState::NotSeen => SignatureCheck::NotSeen,
        },
        origin: None,
    }
}

fn behaviour_out(behaviour: &SshBehaviour) -> Behaviour {
    Behaviour {
        mac_needed_beside_aead: behaviour.mac_needed_beside_aead,
        one_cipher: behaviour.one_cipher,
        kex_needs_host_key: behaviour.kex_needs_host_key,
        server_prefers_own: behaviour.server_prefers_own,
        name_limit: behaviour.name_limit.map(|limit| limit as u64),
        guess: match behaviour.guess {
            GuessRule::Firsts => "firsts",
            GuessRule::FirstsWithoutMarkers => "firsts-without-markers",
            GuessRule::ChosenIsClientsFirst => "chosen-is-clients-first",
        }
        .to_owned(),
        drops: behaviour
            .drops
            .iter()
            .map(|rule| super::BannerRule {
                peer: rule.peer.clone(),
                slot: rule.slot.as_str().to_owned(),
                drop: texts(&rule.drop),
            })
            .collect(),
        stops: behaviour.stops.iter().map(|slot| slot.as_str().to_owned()).collect(),
        broken: behaviour
            .broken
            .iter()
            .map(|(name, reason)| super::Broken { name: name.to_string(), reason: reason.clone() })
            .collect(),
        confirms: behaviour
            .confirms
            .iter()
            .map(|(slot, name)| super::Confirm { slot: slot.as_str().to_owned(), name: name.to_string() })
            .collect(),
        no_rekey_with: behaviour.no_rekey_with.clone(),
    }
}

fn behaviour_in(behaviour: &Behaviour) -> SshBehaviour {
    let slot = |text: &String| Slot::parse(model::Protocol::Ssh, text);
    SshBehaviour {
        mac_needed_beside_aead: behaviour.mac_needed_beside_aead,
        one_cipher: behaviour.one_cipher,
        kex_needs_host_key: behaviour.kex_needs_host_key,
        server_prefers_own: behaviour.server_prefers_own,
        name_limit: behaviour.name_limit.and_then(|limit| usize::try_from(limit).ok()),
        guess: match behaviour.guess.as_str() {
            "firsts-without-markers" => GuessRule::FirstsWithoutMarkers,
            "chosen-is-clients-first" => GuessRule::ChosenIsClientsFirst,
            _ => GuessRule::Firsts,
        },
        drops: behaviour
            .drops
            .iter()
            .filter_map(|rule| {
                Some(BannerRule { peer: rule.peer.clone(), slot: slot(&rule.slot)?, drop: names(&rule.drop) })
            })
            .collect(),
        stops: behaviour.stops.iter().filter_map(slot).collect(),
        broken: behaviour
            .broken
            .iter()
            .map(|broken| (Name::from_escaped(&broken.name), broken.reason.clone()))
            .collect(),
        confirms: behaviour
            .confirms
            .iter()
            .filter_map(|confirm| Some((slot(&confirm.slot)?, Name::from_escaped(&confirm.name))))
            .collect(),
        no_rekey_with: behaviour.no_rekey_with.clone(),
    }
}

fn item_texts(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.name.to_string()).collect()
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn known_texts(names: &Known<Vec<Name>>) -> Option<Vec<String>> {
    names.accepted().map(|names| texts(names))
}

fn items(texts: &[String]) -> Vec<Item> {
    texts.iter().map(|text| Item { name: Name::from_escaped(text), origin: None }).collect()
}

fn names(texts: &[String]) -> Vec<Name> {
    texts.iter().map(|text| Name::from_escaped(text)).collect()
}

fn known_names(texts: &Option<Vec<String>>) -> Known<Vec<Name>> {
    texts.as_ref().map_or(Known::Unknown, |texts| Known::Complete(names(texts)))
}

#[cfg(test)]
mod tests {
    use shakedown_model::ssh::is_marker;

    use super::*;

    #[test]
    fn markers_that_the_list_lacks_are_added() {
        let offer: Offer = serde_json::from_str(
            r#"{"role": "client", "protocol": "ssh", "kex": ["a", "ext-info-c"], "kex_markers": ["ext-info-c", "kex-strict-c-v00@openssh.com"]}"#,
        )
        .unwrap();
        let party = Party::from(&offer);
        let ssh = party.ssh().unwrap();
        let kex = ssh.offer.kex.complete().unwrap();
        assert_eq!(item_texts(kex), ["a", "ext-info-c", "kex-strict-c-v00@openssh.com"]);
        assert!(kex.iter().filter(|item| is_marker(item.name.as_str())).count() == 2);
    }
}
