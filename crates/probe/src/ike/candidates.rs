//! The transforms that are asked for, and how they go over the wire.

use shakedown_model::ike::{Proposal, SaProtocol, is_aead};
use shakedown_model::{Item, Name, Origin, Slot};
use shakedown_wire::ike::Transform;
use shakedown_wire::ike::number::{protocol, transform};

use super::region::{Region, TYPES};

/// A transform by its keyword and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The type of transform.
    pub slot: Slot,
    /// strongSwan's keyword.
    pub name: Name,
    /// The number in IANA's registry of that type.
    pub number: u16,
    /// The key length in bits, where it is a part of the transform.
    pub key_length: Option<u16>,
}

impl Candidate {
    fn wire(&self) -> Transform {
        Transform::new(wire_type(self.slot), self.number, self.key_length)
    }

    /// How many responders in a thousand are thought to accept it. It only decides what is asked first.
    pub(super) fn weight(&self) -> u32 {
        WEIGHTS.iter().find(|(name, _)| self.name == **name).map_or(25, |(_, weight)| *weight)
    }
}

/// What gateways are commonly set up with, by what their vendors and RFC 8247 recommend.
const WEIGHTS: [(&str, u32); 26] = [
    ("aes256gcm16", 700),
    ("aes128gcm16", 400),
    ("chacha20poly1305", 120),
    ("aes192gcm16", 100),
    ("aes256", 800),
    ("aes128", 500),
    ("aes192", 200),
    ("3des", 150),
    ("sha256", 750),
    ("sha512", 350),
    ("sha384", 350),
    ("sha1", 300),
    ("md5", 60),
    ("prfsha256", 700),
    ("prfsha384", 450),
    ("prfsha512", 350),
    ("prfsha1", 250),
    ("prfmd5", 60),
    ("modp2048", 600),
    ("ecp256", 450),
    ("ecp384", 450),
    ("x25519", 400),
    ("modp4096", 300),
    ("modp3072", 300),
    ("modp1024", 200),
    ("modp1536", 150),
];

/// All transforms that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The likeliest of each type first.
    all: Vec<Candidate>,
}

impl Candidates {
    /// Those of a catalog, in any order.
    pub fn new(all: impl IntoIterator<Item = Candidate>) -> Self {
        let mut all: Vec<Candidate> = all.into_iter().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.weight()));
        Self { all }
    }

    pub(super) fn get(&self, index: usize) -> Option<&Candidate> {
        self.all.get(index)
    }

    /// All of a type, the likeliest first.
    fn of(&self, slot: Slot) -> impl Iterator<Item = (usize, &Candidate)> {
        self.all.iter().enumerate().filter(move |(_, one)| one.slot == slot)
    }

    /// All of a type, the likeliest first.
    pub(super) fn of_slot(&self, slot: Slot) -> impl Iterator<Item = &Candidate> {
        self.of(slot).map(|(_, one)| one)
    }

    /// That of a type and a keyword.
    pub(super) fn named(&self, slot: Slot, name: &str) -> Option<&Candidate> {
        self.of_slot(slot).find(|one| one.name == *name)
    }

    /// That of a type, a number and a key length.
    pub(super) fn numbered(&self, slot: Slot, number: u16, key_length: Option<u16>) -> Option<&Candidate> {
        self.of_slot(slot).find(|one| one.number == number && one.key_length == key_length)
    }

    /// The group of a number.
    pub(super) fn group(&self, number: u16) -> Option<usize> {
        self.of(Slot::Group).find(|(_, one)| one.number == number).map(|(index, _)| index)
    }

    /// The number of a group's keyword.
    pub fn group_named(&self, name: &str) -> Option<u16> {
        self.of(Slot::Group).find(|(_, one)| one.name == *name).map(|(_, one)| one.number)
    }

    /// All that can be asked for with ciphers that bring their own integrity, or with the others. The groups are those for
    /// which `wanted` holds.
    pub(super) fn whole(&self, aead: bool, wanted: impl Fn(&Candidate) -> bool) -> Region {
        let list = |slot: Slot| -> Vec<usize> {
            let fits = |one: &Candidate| match slot {
                Slot::Encryption => is_aead(one.name.as_str()) == aead,
                Slot::Integrity => !aead,
                Slot::Group => wanted(one),
                _ => true,
            };
            self.of(slot).filter(|(_, one)| fits(one)).map(|(index, _)| index).collect()
        };
        Region { lists: TYPES.map(list) }
    }

    /// The regions as proposals of one message.
    pub(super) fn encode(&self, regions: &[Region]) -> Vec<shakedown_wire::ike::Proposal<Transform>> {
        let transforms = |region: &Region| -> Vec<Transform> {
            let indices = region.lists.iter().flatten();
            indices.filter_map(|index| self.get(*index)).map(Candidate::wire).collect()
        };
        numbered(regions.iter().map(transforms))
    }

    /// A party's own proposals as they go over the wire, and the names that have no number here.
    pub fn encode_offer(&self, proposals: &[Proposal]) -> (Vec<shakedown_wire::ike::Proposal<Transform>>, Vec<Name>) {
        let mut unknown = Vec::new();
        let mut all = Vec::new();
        for proposal in proposals {
            let mut transforms = Vec::new();
            for slot in TYPES {
                for item in proposal.list(slot).iter().filter(|item| item.name != "none") {
                    match self.of(slot).find(|(_, one)| one.name == item.name) {
                        Some((_, one)) => transforms.push(one.wire()),
                        None => unknown.push(item.name.clone()),
                    }
                }
            }
            for (number, list) in (0..).zip(&proposal.additional) {
                for item in list {
                    let kind = transform::ADDITIONAL_KEY_EXCHANGE_1 + number;
                    match self.group_named(item.name.as_str()) {
                        Some(id) => transforms.push(Transform::new(kind, id, None)),
                        None if item.name == "none" => transforms.push(Transform::new(kind, 0, None)),
                        None => unknown.push(item.name.clone()),
                    }
                }
            }
            unknown.extend(proposal.unknown.iter().map(|item| item.name.clone()));
            all.push(transforms);
        }
        (numbered(all.into_iter()), unknown)
    }

    /// An initiator's proposals for its CHILD SA as they go into IKE_AUTH, which has no key exchange for it (RFC 7296
    /// section 1.2), and the names that have no number here.
    pub fn child_proposals(
        &self,
        proposals: &[Proposal],
    ) -> (Vec<shakedown_wire::ike::Proposal<Transform>>, Vec<Name>) {
        let mut unknown = Vec::new();
        let mut all = Vec::new();
        for (number, proposal) in (1..=u8::MAX).zip(proposals) {
            let mut transforms = Vec::new();
            for slot in [Slot::Encryption, Slot::Integrity] {
                for item in proposal.list(slot).iter().filter(|item| item.name != "none") {
                    match self.of(slot).find(|(_, one)| one.name == item.name) {
                        Some((_, one)) => transforms.push(one.wire()),
                        None => unknown.push(item.name.clone()),
                    }
                }
            }
            // Sequence numbers are never left out (RFC 7296 section 3.3.3).
            let esn: Vec<&Name> = proposal.esn.iter().map(|item| &item.name).collect();
            let numbers = ESN
                .iter()
                .filter(|(name, _)| esn.is_empty() && *name == "noesn" || esn.iter().any(|own| **own == **name));
            transforms.extend(numbers.map(|(_, id)| Transform::new(transform::SEQUENCE_NUMBERS, *id, None)));
            unknown.extend(proposal.unknown.iter().map(|item| item.name.clone()));
            let protocol = if proposal.protocol == SaProtocol::Ah { protocol::AH } else { protocol::ESP };
            all.push(shakedown_wire::ike::Proposal { number, protocol, transforms, ..Default::default() });
        }
        (all, unknown)
    }

    /// A region as a proposal of the model.
    pub(super) fn proposal(&self, region: &Region, origin: &Origin) -> Proposal {
        let mut proposal = Proposal::new(SaProtocol::Ike);
        for (slot, list) in TYPES.into_iter().zip(&region.lists) {
            let items = list.iter().filter_map(|index| self.get(*index));
            let items = items.map(|one| Item { name: one.name.clone(), origin: Some(origin.clone()) });
            if let Some(own) = proposal.list_mut(slot) {
                own.extend(items);
            }
        }
        proposal
    }

    /// What a responder selected, for an IKE SA or below one.
    pub fn decode(&self, proposal: &shakedown_wire::ike::Proposal<Transform>, origin: &Origin) -> Proposal {
        let mut decoded = Proposal::new(match proposal.protocol {
            protocol::ESP => SaProtocol::Esp,
            protocol::AH => SaProtocol::Ah,
            _ => SaProtocol::Ike,
        });
        for sent in &proposal.transforms {
            let kind = if is_additional(sent.kind) { transform::KEY_EXCHANGE } else { sent.kind };
            let known = self.all.iter().find(|one| {
                wire_type(one.slot) == kind && one.number == sent.id && one.key_length == sent.key_length()
            });
            let esn = ESN.iter().find(|(_, id)| sent.kind == transform::SEQUENCE_NUMBERS && *id == sent.id);
            if let Some((name, _)) = esn {
                decoded.esn.push(Item { name: Name::new(name), origin: Some(origin.clone()) });
                continue;
            }
            let name = match (known, sent.key_length()) {
                (Some(one), _) => one.name.clone(),
                (None, Some(bits)) => Name::new(&format!("{}_{bits}", sent.id)),
                (None, None) => Name::new(&sent.id.to_string()),
            };
            let item = Item { name, origin: Some(origin.clone()) };
            match slot_of(sent.kind).and_then(|slot| decoded.list_mut(slot)) {
                // Number 0 is the transform "none".
                Some(list) if sent.id == 0 && is_additional(sent.kind) => {
                    list.push(Item { name: Name::new("none"), ..item });
                }
                Some(_) if sent.id == 0 => {}
                Some(list) => list.push(item),
                None => decoded.unknown.push(item),
            }
        }
        decoded
    }
}

/// Keywords and numbers of the registry of transform type 5.
const ESN: [(&str, u16); 2] = [("noesn", 0), ("esn", 1)];

fn numbered(proposals: impl Iterator<Item = Vec<Transform>>) -> Vec<shakedown_wire::ike::Proposal<Transform>> {
    let one = |(number, transforms): (u8, Vec<Transform>)| shakedown_wire::ike::Proposal {
        number,
        protocol: protocol::IKE,
        transforms,
        ..shakedown_wire::ike::Proposal::default()
    };
    (1..=u8::MAX).zip(proposals).map(one).collect()
}

fn wire_type(slot: Slot) -> u8 {
    match slot {
        Slot::Encryption => transform::ENCRYPTION,
        Slot::Prf => transform::PRF,
        Slot::Integrity => transform::INTEGRITY,
        _ => transform::KEY_EXCHANGE,
    }
}

fn is_additional(kind: u8) -> bool {
    matches!(slot_of(kind), Some(Slot::AdditionalGroup(_)))
}

fn slot_of(kind: u8) -> Option<Slot> {
    Some(match kind {
        transform::ENCRYPTION => Slot::Encryption,
        transform::PRF => Slot::Prf,
        transform::INTEGRITY => Slot::Integrity,
        transform::KEY_EXCHANGE => Slot::Group,
        transform::SEQUENCE_NUMBERS => Slot::Esn,
        kind @ transform::ADDITIONAL_KEY_EXCHANGE_1..=transform::ADDITIONAL_KEY_EXCHANGE_7 => {
            Slot::AdditionalGroup(kind + 1 - transform::ADDITIONAL_KEY_EXCHANGE_1)
        }
        _ => return None,
    })
}
