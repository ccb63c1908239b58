//! The suites of IKEv1 by their names and numbers.

use shakedown_model::ike::{Proposal, SaProtocol, prf_of};
use shakedown_model::{Item, Name, Origin, Slot};
use shakedown_wire::ike::number::protocol;
use shakedown_wire::ike::{Phase1Suite, Phase2Suite};

use super::{Candidate, Candidates};

/// How both ends prove themselves, in the numbers of RFC 2409 appendix A and its registry.
pub mod method {
    /// A pre-shared key.
    pub const SHARED_KEY: u16 = 1;
    /// DSS signatures, which hardly anybody has.
    pub const DSS: u16 = 2;
    /// RSA signatures.
    pub const RSA: u16 = 3;
    /// A pre-shared key, and then a user's password (draft-ietf-ipsec-isakmp-xauth-06).
    pub const XAUTH_SHARED_KEY: u16 = 65001;

    /// The name of a method, for people.
    pub fn name(number: u16) -> String {
        let name = match number {
            SHARED_KEY => "pre-shared key",
            DSS => "DSS signature",
            RSA => "RSA signature",
            4 | 5 => "RSA encryption",
            9 => "ECDSA signature on P-256",
            10 => "ECDSA signature on P-384",
            11 => "ECDSA signature on P-521",
            64221 => "hybrid: certificate of the responder, password of the user",
            XAUTH_SHARED_KEY => "pre-shared key with XAUTH",
            65005 => "RSA signature with XAUTH",
            other => return format!("method {other}"),
        };
        name.to_owned()
    }
}

/// Ciphers of phase 1 by their numbers in IKEv2: 3DES, DES, CAST, Blowfish, AES and Camellia, each in CBC.
const CIPHERS: [(u16, u16); 6] = [(3, 5), (2, 1), (6, 6), (7, 3), (12, 7), (23, 8)];
/// Hashes of phase 1 by the numbers of their HMACs in IKEv2.
const HASHES: [(u16, u16); 5] = [(1, 1), (2, 2), (12, 4), (13, 5), (14, 6)];
/// Ciphers of ESP whose numbers differ from those of IKEv2: Camellia, and GMAC.
const ESP_CIPHERS: [(u16, u8); 2] = [(23, 22), (21, 23)];
/// Integrity algorithms of ESP by their numbers in IKEv2 (RFC 2407 section 4.5 and its registry), and the transform of AH.
const ESP_INTEGRITY: [(u16, u16, u8); 6] = [(1, 1, 2), (2, 2, 3), (5, 9, 9), (12, 5, 5), (13, 6, 6), (14, 7, 7)];

/// What gateways of IKEv1 are commonly set up with: cipher, key length in bits (0 for none), hash, group.
const USUAL: [(u16, u16, u16, u16); 38] = [
    (7, 256, 4, 14),
    (7, 256, 2, 14),
    (7, 256, 2, 2),
    (7, 128, 2, 2),
    (5, 0, 2, 2),
    (7, 128, 4, 14),
    (7, 128, 2, 14),
    (7, 256, 2, 5),
    (7, 128, 2, 5),
    (7, 256, 4, 5),
    (5, 0, 1, 2),
    (5, 0, 2, 5),
    (5, 0, 2, 14),
    (7, 256, 4, 19),
    (7, 256, 5, 20),
    (7, 256, 4, 2),
    (7, 128, 4, 2),
    (7, 128, 4, 5),
    (7, 256, 4, 20),
    (7, 128, 4, 19),
    (7, 256, 6, 14),
    (7, 256, 6, 16),
    (7, 256, 4, 15),
    (7, 256, 4, 16),
    (7, 256, 5, 14),
    (7, 256, 6, 21),
    (7, 256, 6, 20),
    (7, 192, 2, 2),
    (7, 192, 2, 14),
    (7, 192, 4, 14),
    (7, 256, 1, 2),
    (7, 128, 1, 2),
    (5, 0, 4, 2),
    (5, 0, 4, 14),
    (5, 0, 1, 14),
    (1, 0, 1, 1),
    (1, 0, 2, 1),
    (1, 0, 1, 2),
];

fn second<T: Copy>(table: &[(u16, T)], number: u16) -> Option<T> {
    table.iter().find(|(known, _)| *known == number).map(|(_, other)| *other)
}

impl Candidates {
    fn first(&self, proposal: &Proposal, slot: Slot) -> Result<Option<&Candidate>, Name> {
        let Some(item) = proposal.list(slot).first().filter(|item| item.name != "none") else { return Ok(None) };
        self.named(slot, item.name.as_str()).map(Some).ok_or_else(|| item.name.clone())
    }

    /// A party's proposals as suites of phase 1, of each type of transform the first; and the names that IKEv1 has no number
    /// for, whose proposals are left out.
    pub fn phase_1(&self, proposals: &[Proposal], method: u16) -> (Vec<Phase1Suite>, Vec<Name>) {
        let (mut suites, mut unknown) = (Vec::new(), Vec::new());
        for proposal in proposals {
            let parts = [Slot::Encryption, Slot::Integrity, Slot::Group].map(|slot| self.first(proposal, slot));
            let names =
                parts.iter().filter_map(|one| one.as_ref().err()).chain(proposal.unknown.iter().map(|i| &i.name));
            unknown.extend(names.cloned());
            let [Ok(Some(cipher)), Ok(Some(hash)), Ok(Some(group))] = parts else { continue };
            match (second(&CIPHERS, cipher.number), second(&HASHES, hash.number)) {
                (Some(number), Some(digest)) => {
                    let key_length = cipher.key_length;
                    let suite = Phase1Suite { cipher: number, key_length, hash: digest, group: group.number, method };
                    if !suites.contains(&suite) {
                        suites.push(suite);
                    }
                }
                (None, _) => unknown.push(cipher.name.clone()),
                (_, None) => unknown.push(hash.name.clone()),
            }
        }
        (suites, unknown)
    }

    /// A party's proposals for what runs below, as suites of phase 2 with the group of the first, which is the only one that
    /// quick mode can offer; their protocol; and the names that IKEv1 has no number for.
    pub fn phase_2(&self, proposals: &[Proposal]) -> (u8, Vec<Phase2Suite>, Vec<Name>) {
        let (mut suites, mut unknown): (Vec<Phase2Suite>, Vec<Name>) = (Vec::new(), Vec::new());
        let of = proposals.first().map_or(SaProtocol::Esp, |one| one.protocol);
        for proposal in proposals.iter().filter(|one| one.protocol == of) {
            let parts = [Slot::Encryption, Slot::Integrity, Slot::Group].map(|slot| self.first(proposal, slot));
            unknown.extend(parts.iter().filter_map(|one| one.as_ref().err()).cloned());
            let [Ok(cipher), Ok(integrity), Ok(group)] = parts else { continue };
            let known = |one: &Candidate| ESP_INTEGRITY.iter().find(|(number, ..)| *number == one.number);
            let authentication = integrity.and_then(known);
            if integrity.is_some() && authentication.is_none() {
                unknown.extend(integrity.map(|one| one.name.clone()));
                continue;
            }
            let id = match (of, cipher, authentication) {
                (SaProtocol::Ah, _, Some((.., id))) => *id,
                (SaProtocol::Esp, Some(cipher), _) => match second(&ESP_CIPHERS, cipher.number) {
                    Some(id) => id,
                    None => u8::try_from(cipher.number).unwrap_or_default(),
                },
                _ => continue,
            };
            suites.push(Phase2Suite {
                id,
                key_length: cipher.filter(|_| of == SaProtocol::Esp).and_then(|one| one.key_length),
                authentication: authentication.map(|(_, number, _)| *number),
                group: group.map(|one| one.number),
            });
        }
        let group = suites.first().and_then(|suite| suite.group);
        suites.retain(|suite| suite.group == group);
        suites.dedup();
        let protocol = if of == SaProtocol::Ah { protocol::AH } else { protocol::ESP };
        (protocol, suites, unknown)
    }

    /// A suite as a proposal of the model.
    pub fn of_phase_1(&self, suite: &Phase1Suite, origin: &Origin) -> Proposal {
        let back =
            |table: &[(u16, u16)], number: u16| table.iter().find(|(_, own)| *own == number).map(|(own, _)| *own);
        let cipher = back(&CIPHERS, suite.cipher);
        let cipher = cipher.and_then(|number| self.numbered(Slot::Encryption, number, suite.key_length));
        let hash = back(&HASHES, suite.hash).and_then(|number| self.numbered(Slot::Integrity, number, None));
        let group = self.numbered(Slot::Group, suite.group, None);
        let item = |name: Name| Item { name, origin: Some(origin.clone()) };
        let name = |found: Option<&Candidate>, number: u16| {
            item(found.map_or_else(|| Name::new(&number.to_string()), |one| one.name.clone()))
        };
        let mut proposal = Proposal::new(SaProtocol::Ike);
        proposal.prf.extend(hash.and_then(|one| prf_of(one.name.as_str())).map(|name| item(Name::new(&name))));
        proposal.encryption.push(name(cipher, suite.cipher));
        proposal.integrity.push(name(hash, suite.hash));
        proposal.group.push(name(group, suite.group));
        proposal
    }

    /// The same of phase 2.
    pub fn of_phase_2(&self, of: u8, suite: &Phase2Suite, origin: &Origin) -> Proposal {
        let mut proposal = Proposal::new(if of == protocol::AH { SaProtocol::Ah } else { SaProtocol::Esp });
        let item = |one: &Candidate| Item { name: one.name.clone(), origin: Some(origin.clone()) };
        let number = ESP_CIPHERS.iter().find(|(_, own)| *own == suite.id).map_or(u16::from(suite.id), |(own, _)| *own);
        if of != protocol::AH {
            proposal.encryption.extend(self.numbered(Slot::Encryption, number, suite.key_length).map(item));
        }
        let integrity = ESP_INTEGRITY.iter().find(|(_, own, _)| Some(*own) == suite.authentication);
        let integrity = integrity.and_then(|(number, ..)| self.numbered(Slot::Integrity, *number, None));
        proposal.integrity.extend(integrity.map(item));
        let group = suite.group.and_then(|number| self.numbered(Slot::Group, number, None));
        proposal.group.extend(group.map(item));
        proposal.esn.push(Item { name: Name::new("noesn"), origin: Some(origin.clone()) });
        proposal
    }

    /// All suites of phase 1 that there are, the likeliest first, for a pre-shared key.
    pub(super) fn all_of_phase_1(&self) -> Vec<Phase1Suite> {
        let of = |slot: Slot, table: &[(u16, u16)]| -> Vec<(u64, u16, Option<u16>)> {
            let all = self.of_slot(slot);
            all.filter_map(|one| Some((one.weight().into(), second(table, one.number)?, one.key_length))).collect()
        };
        let groups = self.of_slot(Slot::Group).filter(|one| one.number <= 32);
        let groups: Vec<(u64, u16)> = groups.map(|one| (one.weight().into(), one.number)).collect();
        let mut all: Vec<(u64, Phase1Suite)> = Vec::new();
        for (first, cipher, key_length) in of(Slot::Encryption, &CIPHERS) {
            for (other, hash, _) in of(Slot::Integrity, &HASHES) {
                for (third, group) in &groups {
                    let (group, method) = (*group, method::SHARED_KEY);
                    all.push((first * other * third, Phase1Suite { cipher, key_length, hash, group, method }));
                }
            }
        }
        let usual = |suite: &Phase1Suite| {
            let own = (suite.cipher, suite.key_length.unwrap_or(0), suite.hash, suite.group);
            USUAL.iter().position(|usual| *usual == own).unwrap_or(USUAL.len())
        };
        all.sort_by_key(|(weight, suite)| (usual(suite), std::cmp::Reverse(*weight), *suite));
        all.into_iter().map(|(_, suite)| suite).collect()
    }
}
