//! Proposals as libreswan writes them (`v2_proposals.c`, `v1_proposals.c`, `proposals.c` of libswan): `+` between algorithms of
//! a type, `-` or `;` between types, `,` between proposals. What is not written comes from the defaults.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkeVersion, Proposal, SaProtocol, is_aead};
use shakedown_model::{Item, Name, Slot, names};

use super::defaults;
use crate::value::Value;

/// The proposals of `ike=` or `esp=`; the defaults where nothing is written. `Err` is the part that libreswan refuses, and why.
pub(super) fn proposals(
    written: Option<&Value>,
    protocol: SaProtocol,
    ike: IkeVersion,
    version: &str,
    catalog: &Catalog,
) -> Result<Option<Vec<Proposal>>, (Value, String)> {
    let number = if ike == IkeVersion::V1 { "ikev1" } else { "ikev2" };
    let default = |what: &str| defaults::default(version, &format!("{number} {what}"));
    let own = if protocol == SaProtocol::Ike { "ike" } else { "esp" };
    let Some(text) = written.cloned().or_else(|| default(own)) else { return Ok(None) };
    let parsing = Parsing { catalog, protocol, ike };
    let mut all: Vec<Proposal> = Vec::new();
    let mut shapes: Vec<Shape> = Vec::new();
    for part in text.split(|letter| letter == ',') {
        let (mut proposal, shape) = parsing.one(&part)?;
        let fill = |slot: Slot, what: &str, into: &mut Vec<Item>| {
            if !into.is_empty() {
                return;
            }
            for value in default(what).iter().flat_map(|value| value.split(|letter| letter == '+')) {
                if let Some(name) = parsing.named(slot, value.as_str()) {
                    into.push(Item { name, origin: Some(value.origin().clone()) });
                }
            }
        };
        let aead = proposal.encryption.iter().any(|item| is_aead(item.name.as_str()));
        if aead && !proposal.encryption.iter().all(|item| is_aead(item.name.as_str())) {
            let why = format!("AEAD and non-AEAD {} encryption algorithm cannot be combined", protocol.as_str());
            return Err((part, why));
        }
        let none = |item: &Item| item.name == "none";
        if protocol != SaProtocol::Ah && aead && !proposal.integrity.iter().all(none) {
            let why =
                format!("AEAD {} encryption algorithm must have 'NONE' as the integrity algorithm", protocol.as_str());
            return Err((part, why));
        }
        if protocol != SaProtocol::Ah && !aead && !proposal.integrity.is_empty() && proposal.integrity.iter().all(none)
        {
            let why = format!(
                "non-AEAD {} encryption algorithm cannot have 'NONE' as the integrity algorithm",
                protocol.as_str()
            );
            return Err((part, why));
        }
        if protocol == SaProtocol::Ike && proposal.group.iter().any(none) {
            return Err((part, "IKE DH algorithm 'none' not permitted".to_owned()));
        }
        if protocol == SaProtocol::Ike {
            fill(Slot::Prf, "prf", &mut proposal.prf);
            if proposal.integrity.is_empty() && !aead {
                // The integrity of the functions (`merge_defaults`).
                let of = proposal.prf.iter().filter_map(|item| {
                    let name = item.name.as_str().strip_prefix("prf")?;
                    Some(Item { name: parsing.named(Slot::Integrity, name)?, origin: item.origin.clone() })
                });
                proposal.integrity = of.collect();
            }
            fill(Slot::Group, "group", &mut proposal.group);
        } else if !aead {
            fill(Slot::Integrity, "integ", &mut proposal.integrity);
        }
        if aead {
            proposal.integrity.clear();
        }
        // One without a key length stands for those with one that come behind it (`append_proposal`).
        let same = |other: &Proposal| {
            let slots = [Slot::Integrity, Slot::Prf, Slot::Group];
            slots.iter().all(|slot| names(other.list(*slot)) == names(proposal.list(*slot)))
        };
        let covers = |old: &Shape| {
            old.len() == shape.len()
                && old.iter().zip(&shape).all(|(old, new)| old.0 == new.0 && (old.1.is_none() || old.1 == new.1))
        };
        if !all.iter().zip(&shapes).any(|(other, old)| same(other) && covers(old)) {
            all.push(proposal);
            shapes.push(shape);
        }
    }
    Ok(Some(all))
}

/// The ciphers of a proposal without their key lengths, each with its name where a length is written.
type Shape = Vec<(String, Option<Name>)>;

/// A cipher's name without its key length.
fn family(name: &Name) -> String {
    ["128", "192", "256"].iter().fold(name.as_str().to_owned(), |name, length| name.replace(length, ""))
}

/// Groups of ESP and AH: none without `pfs`, else of all proposals or of none, and one only (`proposals_pfs_vs_dh_check`).
pub(super) fn check_groups(all: &mut [Proposal], pfs: bool) -> Result<(), String> {
    let Some(protocol) = all.first().map(|proposal| proposal.protocol.as_str()) else { return Ok(()) };
    if !pfs {
        all.iter_mut().for_each(|proposal| proposal.group.clear());
        return Ok(());
    }
    let firsts: Vec<&Name> = all.iter().filter_map(|proposal| proposal.group.first()).map(|item| &item.name).collect();
    if firsts.is_empty() {
        return Ok(());
    }
    if firsts.len() < all.len() {
        // This and the next are libreswan's own words, as `algparse` prints them.
        return Err(format!("either all or no {protocol} proposals should specify DH"));
    }
    let mut named = firsts.iter().filter(|name| ***name != "none");
    match named.next() {
        Some(first) if named.any(|name| name != first) => {
            Err(format!("more than one {protocol} DH algorithm is not implemented"))
        }
        _ => Ok(()),
    }
}

struct Parsing<'a> {
    catalog: &'a Catalog,
    protocol: SaProtocol,
    ike: IkeVersion,
}

impl Parsing<'_> {
    fn one(&self, part: &Value) -> Result<(Proposal, Shape), (Value, String)> {
        let mut proposal = Proposal::new(self.protocol);
        let mut shape = Shape::new();
        let mut steps: Vec<(Value, bool)> = steps(part);
        let name = self.protocol.as_str();
        let refuse = |value: &Value, what: &str| {
            Err((value.clone(), format!("{name} {what} algorithm '{}' is not recognized", value.as_str())))
        };
        if self.protocol != SaProtocol::Ah {
            let Some((first, _)) = steps.first().cloned() else { return refuse(part, "encryption") };
            steps.remove(0);
            for word in first.split(|letter| letter == '+') {
                let items = self.encryption(&word);
                let Some(first) = items.first() else { return refuse(&word, "encryption") };
                let family = family(&first.name);
                let wild = items.len() > 1;
                let covered = |(old, length): &(String, Option<Name>)| {
                    *old == family && (length.is_none() || !wild && length.as_ref() == Some(&first.name))
                };
                if !shape.iter().any(covered) {
                    shape.push((family.clone(), (!wild).then(|| first.name.clone())));
                    proposal.encryption.extend(items);
                }
            }
        }
        let next = |steps: &[(Value, bool)]| steps.first().filter(|(_, group)| !group).map(|(step, _)| step.clone());
        if self.protocol == SaProtocol::Ike
            && let Some(items) = next(&steps).and_then(|step| self.all(Slot::Prf, &step))
        {
            proposal.prf = items;
            steps.remove(0);
        } else if let Some(step) = next(&steps) {
            match self.all(Slot::Integrity, &step) {
                Some(items) => {
                    proposal.integrity = items;
                    steps.remove(0);
                }
                None if self.protocol == SaProtocol::Ike => return refuse(&step, "PRF"),
                None => return refuse(&step, "integrity"),
            }
            if self.protocol == SaProtocol::Ike
                && let Some(step) = next(&steps)
            {
                match self.all(Slot::Prf, &step) {
                    Some(items) => {
                        proposal.prf = items;
                        steps.remove(0);
                    }
                    None => return refuse(&step, "PRF"),
                }
            }
        }
        if !steps.is_empty() {
            let (step, _) = steps.remove(0);
            match self.all(Slot::Group, &step) {
                Some(items) => proposal.group = items,
                None => return refuse(&step, "DH"),
            }
        }
        match steps.first() {
            Some((step, _)) => Err((step.clone(), format!("{name} proposal contains unexpected '{}'", step.as_str()))),
            None => {
                for slot in Proposal::SLOTS {
                    if let Some(list) = proposal.list_mut(slot) {
                        let mut seen: Vec<Name> = Vec::new();
                        list.retain(|item| {
                            let fresh = !seen.contains(&item.name);
                            seen.push(item.name.clone());
                            fresh
                        });
                    }
                }
                Ok((proposal, shape))
            }
        }
    }

    /// A cipher with its key length; without one, both that libreswan then proposes.
    fn encryption(&self, word: &Value) -> Vec<Item> {
        let text = word.as_str();
        let with = |length: &str| self.named(Slot::Encryption, &format!("{text}{length}"));
        let item = |name: Name| Item { name, origin: Some(word.origin().clone()) };
        match (with("256"), with("128")) {
            (Some(long), Some(short)) if self.protocol == SaProtocol::Ike || self.ike == IkeVersion::V1 => {
                vec![item(long), item(short)]
            }
            (Some(long), Some(short)) => vec![item(short), item(long)],
            _ => self.named(Slot::Encryption, text).map(item).into_iter().collect(),
        }
    }

    fn all(&self, slot: Slot, step: &Value) -> Option<Vec<Item>> {
        step.split(|letter| letter == '+')
            .iter()
            .map(|word| {
                let name = self.named(slot, word.as_str())?;
                Some(Item { name, origin: Some(word.origin().clone()) })
            })
            .collect()
    }

    fn named(&self, slot: Slot, word: &str) -> Option<Name> {
        if matches!(slot, Slot::Integrity | Slot::Group)
            && matches!(word.to_ascii_lowercase().as_str(), "none" | "null")
        {
            return Some(Name::new("none"));
        }
        // Short names that strongSwan has not.
        let word = match word.to_ascii_lowercase().as_str() {
            "sha2" if slot != Slot::Encryption => "sha2_256",
            "sha" if slot != Slot::Encryption => "sha1",
            _ => word,
        };
        let (_, algorithm) = self.catalog.transform(Some(slot), word)?;
        Some(Name::new(&algorithm.name))
    }
}

/// The parts between `-` and `;`, and whether a `;` stands in front of each, behind which only a group may stand.
fn steps(part: &Value) -> Vec<(Value, bool)> {
    let text = part.as_str();
    let mut steps = Vec::new();
    let (mut start, mut group) = (0, false);
    for (at, letter) in text.char_indices().chain([(text.len(), '-')]) {
        // `aes-256` is one algorithm.
        let length = letter == '-' && text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
        if matches!(letter, '-' | ';') && !length {
            steps.push((part.slice(start..at), group));
            (start, group) = ((at + 1).min(text.len()), letter == ';');
        }
    }
    steps.retain(|(step, _)| !step.as_str().is_empty());
    steps
}
