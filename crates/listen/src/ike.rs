//! IKE: what an initiator's first message proposes.

use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal, SaProtocol, prf_of};
use shakedown_model::{Item, Known, Name, Origin, Slot};
use shakedown_wire::ike::number::{attribute, exchange, payload, transform};
use shakedown_wire::ike::{Message, TransformV1, View};

/// The keyword of a transform by its type, its number and its key length in bits.
pub type Keyword<'a> = &'a dyn Fn(Slot, u16, Option<u16>) -> Option<String>;

/// What an initiator's first message tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initiator {
    /// The proposals for the IKE SA. Those of the CHILD SA are encrypted and stay unknown.
    pub policy: IkePolicy,
    /// The group of the key exchange that is sent along.
    pub guess: Option<Name>,
    /// Its vendor IDs, each once.
    pub vendor_ids: Vec<Vec<u8>>,
    /// Whether it is aggressive mode of IKEv1, which shows the identity and a hash over the secret to anyone.
    pub aggressive: bool,
    /// The methods of authentication that IKEv1 proposes with its algorithms, each once.
    pub methods: Vec<&'static str>,
    /// What of its payloads could not be read.
    pub unread: Vec<String>,
}

/// Reads an initiator's first message of either version. `name` gives the keyword of a number of IANA's registries for
/// IKEv2; those of IKEv1 that differ are known here. A transform without a keyword is written as its number.
pub fn initiator(message: &Message, name: Keyword<'_>, origin: &Origin) -> Initiator {
    let old = message.header.major() == 1;
    let version = if old { IkeVersion::V1 } else { IkeVersion::V2 };
    let mut found = Initiator {
        policy: IkePolicy { version: Some(version), ..IkePolicy::default() },
        guess: None,
        vendor_ids: Vec::new(),
        aggressive: old && message.header.exchange == exchange::AGGRESSIVE,
        methods: Vec::new(),
        unread: Vec::new(),
    };
    let item = |text: String| Item::with_origin(Name::new(&text), origin.clone());
    for one in &message.payloads {
        let view = match one.view() {
            Ok(view) => view,
            Err(error) => {
                found.unread.push(error.to_string());
                continue;
            }
        };
        match view {
            View::Proposals(sent) => {
                let proposals = sent.iter().map(|proposal| of_version2(&proposal.transforms, name, &item)).collect();
                found.policy.proposals = Known::Complete(proposals);
            }
            View::SecurityAssociation(sent) => {
                let transforms = sent.proposals.iter().flat_map(|proposal| &proposal.transforms);
                let mut proposals = Vec::new();
                for one in transforms {
                    proposals.push(of_version1(one, name, &item));
                    if let Some(method) = number(one, attribute::V1_AUTHENTICATION).map(method)
                        && !found.methods.contains(&method)
                    {
                        found.methods.push(method);
                    }
                }
                found.policy.proposals = Known::Complete(proposals);
            }
            View::KeyExchange(sent) => {
                let group = name(Slot::Group, sent.group, None).unwrap_or_else(|| sent.group.to_string());
                found.guess = Some(Name::new(&group));
            }
            View::VendorId(id) if !found.vendor_ids.contains(&id) => found.vendor_ids.push(id),
            _ => {}
        }
    }
    if message.of_type(if old { payload::SA_V1 } else { payload::SA }).next().is_none() {
        found.unread.push("there is no SA payload in it".to_owned());
    }
    found
}

fn of_version2(
    transforms: &[shakedown_wire::ike::Transform],
    name: Keyword<'_>,
    item: &dyn Fn(String) -> Item,
) -> Proposal {
    let mut proposal = Proposal::new(SaProtocol::Ike);
    for sent in transforms {
        let slot = match sent.kind {
            transform::ENCRYPTION => Slot::Encryption,
            transform::PRF => Slot::Prf,
            transform::INTEGRITY => Slot::Integrity,
            transform::KEY_EXCHANGE => Slot::Group,
            transform::SEQUENCE_NUMBERS => Slot::Esn,
            kind @ transform::ADDITIONAL_KEY_EXCHANGE_1..=transform::ADDITIONAL_KEY_EXCHANGE_7 => {
                Slot::AdditionalGroup(kind + 1 - transform::ADDITIONAL_KEY_EXCHANGE_1)
            }
            other => {
                proposal.unknown.push(item(format!("type{other}_{}", sent.id)));
                continue;
            }
        };
        // Number 0 is the transform "none": an additional key exchange may then be left out.
        if sent.id == 0 && matches!(slot, Slot::AdditionalGroup(_)) {
            proposal.list_mut(slot).into_iter().for_each(|list| list.push(item("none".to_owned())));
            continue;
        }
        if sent.id == 0 && slot != Slot::Esn {
            continue;
        }
        let bits = sent.key_length();
        let text = name(slot, sent.id, bits).unwrap_or_else(|| match bits {
            Some(bits) => format!("{}_{bits}", sent.id),
            None => sent.id.to_string(),
        });
        if let Some(list) = proposal.list_mut(slot) {
            list.push(item(text));
        }
    }
    proposal
}

/// One transform of IKEv1 is a whole suite (RFC 2409 section 5).
fn of_version1(sent: &TransformV1, name: Keyword<'_>, item: &dyn Fn(String) -> Item) -> Proposal {
    let mut proposal = Proposal::new(SaProtocol::Ike);
    let bits = number(sent, attribute::V1_KEY_LENGTH);
    if let Some(cipher) = number(sent, attribute::V1_ENCRYPTION) {
        // RFC 2409 appendix A and IANA's registry of IKE attributes: in IKEv2 the ciphers have other numbers.
        let known = match (cipher, bits) {
            (1, _) => Some("des".to_owned()),
            (3, _) => Some("blowfish128".to_owned()),
            (5, _) => Some("3des".to_owned()),
            (6, _) => Some("cast128".to_owned()),
            (7, bits) => Some(format!("aes{}", bits.unwrap_or(128))),
            (8, bits) => Some(format!("camellia{}", bits.unwrap_or(128))),
            _ => None,
        };
        proposal.encryption.push(item(known.unwrap_or_else(|| cipher.to_string())));
    }
    if let Some(hash) = number(sent, attribute::V1_HASH) {
        let known = match hash {
            1 => Some("md5"),
            2 => Some("sha1"),
            4 => Some("sha256"),
            5 => Some("sha384"),
            6 => Some("sha512"),
            _ => None,
        };
        let hash = known.map_or_else(|| hash.to_string(), str::to_owned);
        // Without a PRF of its own it is the HMAC of the hash (RFC 2409 section 4).
        if let Some(prf) = prf_of(&hash) {
            proposal.prf.push(item(prf));
        }
        proposal.integrity.push(item(hash));
    }
    if let Some(group) = number(sent, attribute::V1_GROUP) {
        proposal.group.push(item(name(Slot::Group, group, None).unwrap_or_else(|| group.to_string())));
    }
    proposal
}

/// The value of an attribute that is a number of two bytes.
fn number(sent: &TransformV1, kind: u16) -> Option<u16> {
    let found = sent.attributes.iter().find(|attribute| attribute.kind == kind)?;
    match &found.value {
        shakedown_wire::ike::AttributeValue::Short(value) => Some(*value),
        shakedown_wire::ike::AttributeValue::Long(bytes) => {
            <[u8; 2]>::try_from(bytes.as_slice()).ok().map(u16::from_be_bytes)
        }
    }
}

/// IANA's registry "IPSEC Authentication Methods (Value 3)".
fn method(number: u16) -> &'static str {
    match number {
        1 => "pre-shared key",
        2 => "DSS signatures",
        3 => "RSA signatures",
        4 => "RSA encryption",
        5 => "revised RSA encryption",
        9 => "ECDSA with SHA-256 on the P-256 curve",
        10 => "ECDSA with SHA-384 on the P-384 curve",
        11 => "ECDSA with SHA-512 on the P-521 curve",
        64221 => "hybrid, RSA (initiator)",
        65001 => "XAUTH, pre-shared key (initiator)",
        65005 => "XAUTH, RSA signatures (initiator)",
        _ => "another method",
    }
}

#[cfg(test)]
mod tests {
    use shakedown_model::OriginKind;
    use shakedown_wire::ike::number::protocol;
    use shakedown_wire::ike::{
        Attribute, AttributeValue, Header, Payload, Proposal as Sent, SecurityAssociation, Transform,
    };

    use super::*;

    fn name(slot: Slot, number: u16, bits: Option<u16>) -> Option<String> {
        Some(match (slot, number, bits) {
            (Slot::Encryption, 12, Some(bits)) => format!("aes{bits}"),
            (Slot::Group, 14, _) => "modp2048".to_owned(),
            (Slot::Prf, 5, _) => "prfsha256".to_owned(),
            (Slot::Integrity, 12, _) => "sha256".to_owned(),
            _ => return None,
        })
    }

    fn origin() -> Origin {
        Origin::new(OriginKind::Program { command: "test".to_owned() })
    }

    #[test]
    fn version_2() {
        let transforms = vec![
            Transform::new(transform::ENCRYPTION, 12, Some(256)),
            Transform::new(transform::ENCRYPTION, 99, Some(128)),
            Transform::new(transform::INTEGRITY, 12, None),
            Transform::new(transform::PRF, 5, None),
            Transform::new(transform::KEY_EXCHANGE, 14, None),
        ];
        let sent = Sent { number: 1, protocol: protocol::IKE, transforms, ..Sent::default() };
        let payloads = vec![
            Payload::new(payload::SA, &View::Proposals(vec![sent])),
            Payload::new(payload::VENDOR_ID, &View::VendorId(b"x".to_vec())),
            Payload { number: payload::KE, reserved: 0, body: vec![0] },
        ];
        let message = Message { header: Header::sa_init([1; 8]), payloads, ..Message::default() };
        let found = initiator(&message, &name, &origin());
        let proposals = found.policy.proposals.complete().unwrap();
        assert_eq!(proposals[0].to_string(), "aes256-99_128-sha256-modp2048");
        assert_eq!((found.vendor_ids.len(), found.unread.len()), (1, 1));
        assert_eq!(found.policy.version, Some(IkeVersion::V2));
    }

    #[test]
    fn version_1() {
        let short = |kind, value| Attribute { kind, value: AttributeValue::Short(value) };
        let suite = |cipher, bits: Option<u16>, hash| {
            let mut attributes = vec![
                short(attribute::V1_ENCRYPTION, cipher),
                short(attribute::V1_HASH, hash),
                short(attribute::V1_AUTHENTICATION, 1),
                short(attribute::V1_GROUP, 14),
            ];
            attributes.extend(bits.map(|bits| short(attribute::V1_KEY_LENGTH, bits)));
            TransformV1 { number: 1, id: 1, attributes, ..TransformV1::default() }
        };
        let transforms = vec![suite(7, Some(256), 4), suite(5, None, 2)];
        let proposal = Sent { number: 1, protocol: protocol::IKE, transforms, ..Sent::default() };
        let association = SecurityAssociation { doi: 1, situation: 1, proposals: vec![proposal] };
        let header =
            Header { version: Header::V1, exchange: exchange::AGGRESSIVE, initiator_spi: [1; 8], ..Header::default() };
        let payloads = vec![Payload::new(payload::SA_V1, &View::SecurityAssociation(association))];
        let found = initiator(&Message { header, payloads, ..Message::default() }, &name, &origin());
        let texts: Vec<String> = found.policy.proposals.complete().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["aes256-sha256-modp2048", "3des-sha1-modp2048"]);
        assert!(found.aggressive);
        assert_eq!(found.methods, ["pre-shared key"]);
    }
}
