//! Proposals as libreswan writes them (`v2_proposals.c`, `v1_proposals.c`, `proposals.c` of libswan): `+` between algorithms of
//! a type, `-` or `;` between types, `,` between proposals. What is not written comes from the defaults.

use std::cmp::Ordering;

use shakedown_catalog::{Catalog, Scheme};
use shakedown_model::ike::{IkeVersion, Proposal, SaProtocol, is_aead};
use shakedown_model::{Item, Name, Role, Slot, names};

use super::defaults;
use crate::value::Value;

/// The proposals of `ike=` or `esp=`; the defaults where nothing is written. `Err` is the part that libreswan refuses, and why.
pub(super) fn proposals(
    written: Option<&Value>,
    protocol: SaProtocol,
    (ike, role): (IkeVersion, Role),
    version: &str,
    catalog: &Catalog,
) -> Result<Option<Vec<Proposal>>, (Value, String)> {
    let number = if ike == IkeVersion::V1 { "ikev1" } else { "ikev2" };
    let default = |what: &str| defaults::default(version, &format!("{number} {what}"));
    let own = if protocol == SaProtocol::Ike { "ike" } else { "esp" };
    let Some(text) = written.cloned().or_else(|| default(own)) else { return Ok(None) };
    // `;addke1=ml_kem_768` and its like came with version 5.4 (`proposals.c`).
    let typed = ike == IkeVersion::V2 && Scheme::Numeric.compare(version, "5.4").is_some_and(Ordering::is_ge);
    let parsing = Parsing { catalog, protocol, ike, role, typed };
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
    if ike == IkeVersion::V1 {
        all = all.iter().flat_map(whole).collect();
    }
    Ok(Some(all))
}

/// The transforms of IKEv1, each of which is one whole choice: the groups one after the other, for each the hashes, and for each
/// the key lengths.
fn whole(proposal: &Proposal) -> Vec<Proposal> {
    let each = |list: &[Item]| match list {
        [] => vec![Vec::new()],
        all => all.iter().map(|item| vec![item.clone()]).collect::<Vec<_>>(),
    };
    let paired = proposal.prf.len() == proposal.integrity.len();
    let hashes: Vec<(Vec<Item>, Vec<Item>)> = match paired {
        true => each(&proposal.prf).into_iter().zip(each(&proposal.integrity)).collect(),
        false => {
            let integrity = each(&proposal.integrity);
            let pairs = |prf: Vec<Item>| integrity.clone().into_iter().map(move |one| (prf.clone(), one));
            each(&proposal.prf).into_iter().flat_map(pairs).collect()
        }
    };
    let mut all = Vec::new();
    for group in each(&proposal.group) {
        for (prf, integrity) in &hashes {
            for encryption in each(&proposal.encryption) {
                let (prf, integrity, group) = (prf.clone(), integrity.clone(), group.clone());
                all.push(Proposal { encryption, prf, integrity, group, ..proposal.clone() });
            }
        }
    }
    all
}

/// All that it has for a protocol, as a responder of IKEv1 takes it that is not told what to take.
pub(super) fn all(protocol: SaProtocol, esn: &[Item], catalog: &Catalog) -> Vec<Proposal> {
    const AEAD: &str = "aes128gcm16-aes192gcm16-aes256gcm16-aes128gcm12-aes192gcm12-aes256gcm12-aes128gcm8-aes192gcm8-\
                        aes256gcm8-aes128ccm16-aes192ccm16-aes256ccm16-aes128ccm12-aes192ccm12-aes256ccm12-aes128ccm8-\
                        aes192ccm8-aes256ccm8";
    const HASHES: &str = "sha1-sha256-sha384-sha512-md5";
    const CIPHERS: &str = "aes128-aes192-aes256-3des-camellia128-camellia192-camellia256-aes128ctr-aes192ctr-aes256ctr";
    const GROUPS: &str = "modp1536-modp2048-modp3072-modp4096-modp6144-modp8192-ecp256-ecp384-ecp521-x25519";
    let texts = match protocol {
        SaProtocol::Ike => vec![format!("{CIPHERS}-{HASHES}-{GROUPS}")],
        SaProtocol::Ah => vec![format!("{HASHES}-aesxcbc-aescmac")],
        SaProtocol::Esp => vec![format!("{CIPHERS}-null-{HASHES}-aesxcbc-aescmac"), AEAD.to_owned()],
    };
    let read = |text: &String| catalog.proposal_of_keywords(protocol, text).ok();
    let with_esn = |proposal: Proposal| match protocol {
        SaProtocol::Ike => proposal,
        _ => Proposal { esn: esn.to_vec(), ..proposal },
    };
    texts.iter().filter_map(read).map(with_esn).collect()
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
    role: Role,
    /// Whether transforms may stand behind the name of their type.
    typed: bool,
}

impl Parsing<'_> {
    fn one(&self, part: &Value) -> Result<(Proposal, Shape), (Value, String)> {
        let mut proposal = Proposal::new(self.protocol);
        let mut shape = Shape::new();
        let (named, mut steps): (Steps, Steps) =
            steps(part).into_iter().partition(|(step, behind)| self.typed && *behind && step.as_str().contains('='));
        let name = self.protocol.as_str();
        let refuse = |value: &Value, what: &str| {
            Err((value.clone(), format!("{name} {what} algorithm '{}' is not recognized", value.as_str())))
        };
        let unsupported =
            |items: &[Item], slot: Slot| self.ike == IkeVersion::V1 && items.iter().any(|item| self.is_new(item, slot));
        let too_new = |value: &Value, what: &str| {
            Err((value.clone(), format!("{name} {what} algorithm '{}' is not supported by IKEv1", value.as_str())))
        };
        if self.protocol != SaProtocol::Ah {
            let Some((first, _)) = steps.first().cloned() else { return refuse(part, "encryption") };
            steps.remove(0);
            for word in self.words(&first) {
                let items = self.encryption(&word);
                let Some(first) = items.first() else { return refuse(&word, "encryption") };
                // Counter with CBC-MAC is for ESP alone.
                if self.protocol == SaProtocol::Ike
                    && self.ike == IkeVersion::V2
                    && items.iter().any(|item| item.name.as_str().contains("ccm"))
                {
                    let why = format!("{name} encryption algorithm '{}' is not supported", word.as_str());
                    return Err((word, why));
                }
                if unsupported(&items, Slot::Encryption) {
                    return too_new(&word, "encryption");
                }
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
            && let Some((step, items)) = next(&steps).and_then(|step| Some((step.clone(), self.all(Slot::Prf, &step)?)))
        {
            if unsupported(&items, Slot::Prf) {
                return too_new(&step, "PRF");
            }
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
                Some(items) if unsupported(&items, Slot::Group) => return too_new(&step, "DH"),
                Some(items) => proposal.group = items,
                None => return refuse(&step, "DH"),
            }
        }
        match steps.first() {
            Some((step, _)) => Err((step.clone(), format!("{name} proposal contains unexpected '{}'", step.as_str()))),
            None => {
                for (step, _) in &named {
                    self.of_type(&mut proposal, step)?;
                }
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

    /// `addke1=ml_kem_768+ml_kem_512`.
    fn of_type(&self, proposal: &mut Proposal, step: &Value) -> Result<(), (Value, String)> {
        let (kind, list) = step.as_str().split_once('=').unwrap_or((step.as_str(), ""));
        let slot = match kind {
            "encrypt" => Slot::Encryption,
            "prf" => Slot::Prf,
            "integ" => Slot::Integrity,
            "ke" => Slot::Group,
            "sn" => Slot::Esn,
            kind => match kind.strip_prefix("addke").map(str::parse) {
                Some(Ok(number @ 1..=7)) => Slot::AdditionalGroup(number),
                _ => return Err((step.clone(), format!("transform '{kind}' invalid"))),
            },
        };
        let of = if matches!(slot, Slot::AdditionalGroup(_)) { Slot::Group } else { slot };
        for word in self.words(&step.slice(step.as_str().len() - list.len()..step.as_str().len())) {
            let items = match (of, word.as_str()) {
                (Slot::Encryption, _) => self.encryption(&word),
                (Slot::Esn, text) => {
                    let name = if text == "yes" || text == "esn" { "esn" } else { "noesn" };
                    vec![Item { name: Name::new(name), origin: Some(word.origin().clone()) }]
                }
                (_, text) => {
                    let item = |name| Item { name, origin: Some(word.origin().clone()) };
                    self.named(of, text).map(item).into_iter().collect()
                }
            };
            if items.is_empty() {
                let what = format!("{} {kind} algorithm '{}' is not recognized", self.protocol.as_str(), word.as_str());
                return Err((word, what));
            }
            if let Some(own) = proposal.list_mut(slot) {
                own.extend(items);
            }
        }
        Ok(())
    }

    /// The algorithms of a type; IKEv1 has one of each.
    fn words(&self, step: &Value) -> Vec<Value> {
        step.split(|letter| letter == '+' && self.ike == IkeVersion::V2)
    }

    /// What has no number in IKEv1 for libreswan (`lib/libswan/ike_alg_encrypt.c`, `ike_alg_prf.c`, `ike_alg_dh.c`).
    fn is_new(&self, item: &Item, slot: Slot) -> bool {
        let name = item.name.as_str();
        match (slot, self.protocol) {
            (Slot::Encryption, SaProtocol::Ike) => is_aead(name),
            (Slot::Encryption, _) => name == "chacha20poly1305",
            (Slot::Prf, _) => name.starts_with("prfaes"),
            (Slot::Group, SaProtocol::Esp | SaProtocol::Ah) => !name.starts_with("modp"),
            _ => false,
        }
    }

    /// A cipher with its key length; without one, both that libreswan then proposes.
    fn encryption(&self, word: &Value) -> Vec<Item> {
        let text = word.as_str();
        let with = |length: &str| self.named(Slot::Encryption, &format!("{text}{length}"));
        let item = |name: Name| Item { name, origin: Some(word.origin().clone()) };
        match (with("256"), with("128")) {
            // A responder of IKEv1 that is told no length takes any.
            (Some(long), Some(short)) if self.ike == IkeVersion::V1 && self.role == Role::Server => {
                [Some(long), Some(short), with("192")].into_iter().flatten().map(item).collect()
            }
            (Some(long), Some(short)) if self.protocol == SaProtocol::Ike || self.ike == IkeVersion::V1 => {
                vec![item(long), item(short)]
            }
            (Some(long), Some(short)) => vec![item(short), item(long)],
            _ => self.named(Slot::Encryption, text).map(item).into_iter().collect(),
        }
    }

    fn all(&self, slot: Slot, step: &Value) -> Option<Vec<Item>> {
        self.words(step)
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
        // `aes_ccm256` is the one with 16 bytes.
        let bare = word.to_ascii_lowercase().replace(['_', '-'], "");
        let full = bare.strip_prefix("aesccm").filter(|rest| matches!(*rest, "" | "128" | "192" | "256"));
        let full = full.map(|length| format!("aesccmc{length}"));
        let word = full.as_deref().unwrap_or(word);
        let (_, algorithm) = self.catalog.transform(Some(slot), word)?;
        Some(Name::new(&algorithm.name))
    }
}

/// Parts of a proposal, each with whether a `;` stands in front of it.
type Steps = Vec<(Value, bool)>;

/// The parts between `-` and `;`, and whether a `;` stands in front of each, behind which only a group may stand.
fn steps(part: &Value) -> Steps {
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
