//! IKE: what a party proposes for its IKE SA and for what runs below it.
//!
//! Transforms carry strongSwan's proposal keywords as names, the key length included: `aes256`, `aes128gcm16`,
//! `sha256`, `prfsha384`, `modp2048`, `ecp256`, `x25519`, `noesn`. `none` stands for the transform of that name.

mod peering;
mod vendor;

pub use peering::{KeyPrint, OfOtherMode, Peering, Proof, SharedKey, WrittenConnection};
pub use vendor::Vendor;

use std::fmt;

use crate::{Item, Known, Slot};

/// All that an IKE party would propose and accept, and how it chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkePolicy {
    /// Its proposals for the IKE SA (phase 1), in order.
    pub proposals: Known<Vec<Proposal>>,
    /// Its proposals for the CHILD SA (phase 2), in order.
    pub child_proposals: Known<Vec<Proposal>>,
    /// The groups of its CHILD SAs, where their proposals do not say all.
    pub child_groups: ChildGroups,
    /// How long the keys of its CHILD SAs last.
    pub child_lifetime: Lifetime,
    /// The version that is spoken, where it is known.
    pub version: Option<IkeVersion>,
    /// That the daemon has this version switched off, so that it does not load the connection at all.
    pub switched_off: Option<SwitchedOff>,
    /// As responder, whose order decides.
    pub preference: Preference,
    /// Identities, secrets and selectors, where they are known.
    pub peering: Option<Box<Peering>>,
}

/// What an IKE party sends first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkeOffer {
    /// Its proposals for the IKE SA, in order.
    pub proposals: Known<Vec<Proposal>>,
    /// The group of the key exchange that it sends along, which the responder may ask to change.
    pub guess: Option<Item>,
}

/// The groups of the key exchange that CHILD SAs have for themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildGroups {
    /// Those of their proposals.
    #[default]
    Written,
    /// Where a proposal has none, the one that was agreed on for the IKE SA (libreswan with `pfs=yes`).
    OfIke,
    /// As responder of quick mode, any that the initiator comes with (libreswan's `ikev1_quick.c`).
    Any {
        /// Whether there has to be one.
        required: bool,
    },
}

impl IkePolicy {
    /// The proposals for the CHILD SA with all groups that they may have, whichever is agreed on for the IKE SA.
    pub fn child_offer(&self) -> Known<Vec<Proposal>> {
        let mut own = self.child_proposals.clone();
        if self.child_groups == ChildGroups::OfIke {
            let mut groups: Vec<Item> = Vec::new();
            for item in self.proposals.accepted().into_iter().flatten().flat_map(|proposal| &proposal.group) {
                if !groups.iter().any(|known| known.name == item.name) {
                    groups.push(item.clone());
                }
            }
            own.fill_groups(&groups);
        }
        own
    }

    /// Whether it has a number for counter mode in the IKE SA of IKEv1, which the registry has none for: libreswan takes the
    /// one of IKEv2, strongSwan has none (`map_encr` in its `proposal_substructure.c`).
    pub fn has_counter_mode_in_ikev1(&self) -> bool {
        !self.peering.as_ref().is_some_and(|own| own.is_strongswan())
    }

    /// The opening: the proposals, with the first group as the guess (RFC 7296 section 1.2).
    pub fn open(&self) -> IkeOffer {
        let first = self.proposals.accepted().and_then(|all| all.first());
        let guess = first.and_then(|proposal| proposal.group.first()).cloned();
        IkeOffer { proposals: self.proposals.clone(), guess }
    }
}

/// How long keys last, in seconds. Each end has its own times, and who comes first renews them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// When this end renews them, at the earliest and at the latest; `None` where it does not, or where that is not known.
    pub renewed: Option<(u64, u64)>,
    /// When they end; `None` where they do not, or where that is not known.
    pub ends: Option<u64>,
}

impl Lifetime {
    /// When something happens to the keys, at the earliest and at the latest.
    pub fn first(&self) -> Option<(u64, u64)> {
        let end = self.ends.map(|end| (end, end));
        match (self.renewed, end) {
            (Some(renewed), Some(end)) => Some((renewed.0.min(end.0), renewed.1.min(end.1))),
            (one, other) => one.or(other),
        }
    }
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IkeVersion {
    /// RFC 2409.
    V1,
    /// RFC 7296.
    V2,
}

/// Why a daemon has a version of IKE switched off (libreswan's `ikev1-policy`, RFC 9395).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchedOff {
    /// Nothing says otherwise.
    ByDefault,
    /// A setting says so.
    Written(Item),
}

/// Whose order decides where several proposals or transforms fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preference {
    /// The responder's (strongSwan's `prefer_configured_proposals = yes`, libreswan).
    #[default]
    Responder,
    /// The initiator's (strongSwan's `prefer_configured_proposals = no`).
    Initiator,
}

/// What a proposal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SaProtocol {
    /// The IKE SA itself.
    Ike,
    /// Encapsulating Security Payload, RFC 4303.
    Esp,
    /// Authentication Header, RFC 4302.
    Ah,
}

impl SaProtocol {
    /// The name in proposals: `IKE`, `ESP`, `AH`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ike => "IKE",
            Self::Esp => "ESP",
            Self::Ah => "AH",
        }
    }
}

/// One proposal: of each type of transform one has to be agreed on, and any of the list will do (RFC 7296 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it is for.
    pub protocol: SaProtocol,
    /// Encryption algorithms.
    pub encryption: Vec<Item>,
    /// Integrity algorithms; empty or `none` beside a cipher with its own integrity.
    pub integrity: Vec<Item>,
    /// Pseudo-random functions; none in ESP and AH.
    pub prf: Vec<Item>,
    /// Groups of the key exchange. In ESP and AH they bring perfect forward secrecy.
    pub group: Vec<Item>,
    /// Extended sequence numbers; none in IKE.
    pub esn: Vec<Item>,
    /// The additional key exchanges 1 to 7 (RFC 9370), each with the methods of which one will do; `none` where it may be left
    /// out.
    pub additional: [Vec<Item>; 7],
    /// What is no transform that is known, as it was written.
    pub unknown: Vec<Item>,
}

impl Proposal {
    /// The types of transform in the order in which strongSwan compares them.
    pub const SLOTS: [Slot; 12] = [
        Slot::Encryption,
        Slot::Integrity,
        Slot::Prf,
        Slot::Group,
        Slot::Esn,
        Slot::AdditionalGroup(1),
        Slot::AdditionalGroup(2),
        Slot::AdditionalGroup(3),
        Slot::AdditionalGroup(4),
        Slot::AdditionalGroup(5),
        Slot::AdditionalGroup(6),
        Slot::AdditionalGroup(7),
    ];

    /// A proposal without transforms.
    pub fn new(protocol: SaProtocol) -> Self {
        Self {
            protocol,
            encryption: Vec::new(),
            integrity: Vec::new(),
            prf: Vec::new(),
            group: Vec::new(),
            esn: Vec::new(),
            additional: Default::default(),
            unknown: Vec::new(),
        }
    }

    /// The transforms of a type; none for slots that are no type of transform.
    pub fn list(&self, slot: Slot) -> &[Item] {
        match slot {
            Slot::Encryption => &self.encryption,
            Slot::Integrity => &self.integrity,
            Slot::Prf => &self.prf,
            Slot::Group => &self.group,
            Slot::Esn => &self.esn,
            Slot::AdditionalGroup(number) => number
                .checked_sub(1)
                .and_then(|place| self.additional.get(usize::from(place)))
                .map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// The transforms of a type, to change them.
    pub fn list_mut(&mut self, slot: Slot) -> Option<&mut Vec<Item>> {
        match slot {
            Slot::Encryption => Some(&mut self.encryption),
            Slot::Integrity => Some(&mut self.integrity),
            Slot::Prf => Some(&mut self.prf),
            Slot::Group => Some(&mut self.group),
            Slot::Esn => Some(&mut self.esn),
            Slot::AdditionalGroup(number) => {
                number.checked_sub(1).and_then(|place| self.additional.get_mut(usize::from(place)))
            }
            _ => None,
        }
    }

    /// All its items, to change them.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        let Self { protocol: _, encryption, integrity, prf, group, esn, additional, unknown } = self;
        let additional = additional.iter_mut().flatten();
        encryption.iter_mut().chain(integrity).chain(prf).chain(group).chain(esn).chain(additional).chain(unknown)
    }
}

impl Known<Vec<Proposal>> {
    /// Gives these groups to proposals without one.
    pub fn fill_groups(&mut self, groups: &[Item]) {
        if let Self::Complete(all) | Self::Partial { accepted: all, .. } = self {
            all.iter_mut().filter(|one| one.group.is_empty()).for_each(|one| one.group = groups.to_vec());
        }
    }
}

impl fmt::Display for Proposal {
    /// As strongSwan's configuration writes it: `aes256-sha256-modp2048`. The pseudo-random functions that follow from the
    /// integrity algorithms are left out, and so is `noesn`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = !self.integrity.is_empty()
            && self.prf.len() == self.integrity.len()
            && self
                .prf
                .iter()
                .zip(&self.integrity)
                .all(|(prf, integrity)| prf_of(integrity.name.as_str()).as_deref() == Some(prf.name.as_str()));
        let prf: &[Item] = if follows { &[] } else { &self.prf };
        let own = |list: &[Item]| list.iter().map(|item| item.name.to_string()).collect::<Vec<_>>();
        let mut names = [self.encryption.as_slice(), &self.integrity, prf, &self.group, &self.esn].map(own).concat();
        for (number, list) in (1..).zip(&self.additional) {
            names.extend(list.iter().map(|item| format!("ke{number}_{}", item.name)));
        }
        names.extend(own(&self.unknown));
        names.retain(|name| name != "noesn");
        f.write_str(&names.join("-"))
    }
}

/// The pseudo-random function that strongSwan derives from an integrity algorithm where a proposal names none.
pub fn prf_of(integrity: &str) -> Option<String> {
    let base = integrity.split('_').next().filter(|base| !base.is_empty() && *base != "none")?;
    Some(format!("prf{base}"))
}

/// Whether a cipher brings its own integrity, so that no integrity algorithm is agreed beside it (RFC 5282 section 8).
pub fn is_aead(encryption: &str) -> bool {
    encryption.starts_with("chacha20poly1305") || ["gcm", "ccm", "gmac"].iter().any(|mode| encryption.contains(mode))
}

/// Whether IKEv1 has a number for an algorithm of this type (IANA's "IPSEC Registry" of RFC 2409 and "ISAKMP Registry" of RFC
/// 2407; strongSwan's `proposal_substructure.c`). For counter mode in the IKE SA it depends on the ends.
pub fn is_of_ikev1(protocol: SaProtocol, slot: Slot, name: &str, has_counter_mode: bool) -> bool {
    match (slot, protocol) {
        (Slot::Encryption, SaProtocol::Ike) => {
            !is_aead(name) && !name.starts_with("null") && (has_counter_mode || !name.ends_with("ctr"))
        }
        (Slot::Encryption, _) => !name.starts_with("chacha20poly1305"),
        (Slot::Integrity, SaProtocol::Ike) => ["md5", "sha1", "sha256", "sha384", "sha512"].contains(&name),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items;

    #[test]
    fn a_proposal_is_written_in_keywords() {
        let mut proposal = Proposal::new(SaProtocol::Ike);
        proposal.encryption = items(["aes256"]);
        proposal.integrity = items(["sha256"]);
        proposal.prf = items(["prfsha256"]);
        proposal.group = items(["modp2048"]);
        assert_eq!(proposal.to_string(), "aes256-sha256-modp2048");
        proposal.prf = items(["prfsha384"]);
        assert_eq!(proposal.to_string(), "aes256-sha256-prfsha384-modp2048");
        *proposal.list_mut(Slot::AdditionalGroup(2)).unwrap() = items(["mlkem768", "none"]);
        assert_eq!(proposal.to_string(), "aes256-sha256-prfsha384-modp2048-ke2_mlkem768-ke2_none");
        assert_eq!(proposal.list(Slot::AdditionalGroup(1)), &[]);
        assert!(
            proposal.list_mut(Slot::AdditionalGroup(0)).is_none() && proposal.list(Slot::AdditionalGroup(8)).is_empty()
        );
    }

    #[test]
    fn functions_and_modes() {
        assert_eq!(prf_of("sha256_96").as_deref(), Some("prfsha256"));
        assert_eq!(prf_of("none"), None);
        assert!(is_aead("aes128gcm16") && is_aead("chacha20poly1305") && !is_aead("aes256") && !is_aead("aes256ctr"));
        assert!(!is_of_ikev1(SaProtocol::Ike, Slot::Encryption, "aes128gcm16", true));
        assert!(is_of_ikev1(SaProtocol::Esp, Slot::Encryption, "aes128gcm16", true));
        assert!(is_of_ikev1(SaProtocol::Ike, Slot::Encryption, "aes128ctr", true));
        assert!(!is_of_ikev1(SaProtocol::Ike, Slot::Encryption, "aes128ctr", false));
        assert!(is_of_ikev1(SaProtocol::Esp, Slot::Encryption, "aes128ctr", false));
    }
}
