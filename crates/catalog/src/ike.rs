//! IKE proposals as configurations and messages write them.

use std::collections::HashMap;

use shakedown_model::ike::{Proposal, SaProtocol, is_aead, prf_of};
use shakedown_model::{Item, Name, Slot};

use crate::Catalog;
use crate::algorithm::{Algorithm, kind};
use crate::facts::VendorIdRow;

/// Why a proposal string is not one. strongSwan then discards the whole connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeywordError {
    /// A keyword that is none.
    #[error("`{0}` is no algorithm keyword")]
    Unknown(String),
    /// Ciphers with and without their own integrity in one proposal.
    #[error("ciphers with and without integrity of their own stand in one proposal: write two")]
    MixedCiphers,
    /// A type of transform that the proposal needs is not there.
    #[error("a proposal for {protocol} needs {what}")]
    Missing {
        /// What the proposal is for.
        protocol: &'static str,
        /// What it lacks, such as `a key exchange group`.
        what: &'static str,
    },
}

/// A transform of the IKE SA with its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeTransform {
    /// The type of transform.
    pub slot: Slot,
    /// The keyword.
    pub name: String,
    /// The number in IANA's registry of that type.
    pub number: u16,
    /// The key length in bits, where it is a part of the transform (RFC 7296 section 3.3.5).
    pub key_length: Option<u16>,
}

/// Ciphers whose key length is fixed, and that carry no attribute for it.
const FIXED_LENGTH: [&str; 4] = ["3des", "des", "chacha20poly1305", "null"];
/// What is no encryption, integrity for Fibre Channel only, and integrity whose number is not IANA's.
const NOT_FOR_IKE: [&str; 8] =
    ["null", "chacha20poly1305compat", "aes128gmac", "aes192gmac", "aes256gmac", "md5_128", "sha1_160", "sha256_96"];
/// Numbers from here on are for private use: a peer reads them only from its own kind.
const PRIVATE: u32 = 1024;

/// The rows of transforms among all algorithms, by their names without `_` and `-` and by their aliases: of each type the
/// first one of a name.
#[derive(Default)]
pub(crate) struct Transforms(HashMap<String, Vec<(Slot, u32)>>);

impl Transforms {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut all = Self::default();
        // The methods of additional key exchanges are those of the first one.
        let slots = Proposal::SLOTS.into_iter().filter(|slot| !matches!(slot, Slot::AdditionalGroup(_)));
        let rows = slots.flat_map(|slot| {
            let of_kind = kind(slot).into_iter().flat_map(|kind| catalog.algorithms(kind));
            of_kind.map(move |(row, algorithm)| (slot, row, algorithm))
        });
        for (slot, row, algorithm) in rows {
            for name in std::iter::once(normal(&algorithm.name)).chain(algorithm.aliases.iter().cloned()) {
                let rows = all.0.entry(name).or_default();
                if !rows.iter().any(|(of, _)| *of == slot) {
                    rows.push((slot, row));
                }
            }
        }
        all
    }
}

impl Catalog {
    /// All transforms that an IKE SA can be proposed with, each type in the order of its names.
    pub fn ike_transforms(&self) -> Vec<IkeTransform> {
        let slots = [Slot::Encryption, Slot::Prf, Slot::Integrity, Slot::Group];
        let of_slot = |slot: Slot| {
            let rows = kind(slot).into_iter().flat_map(|kind| self.algorithms(kind));
            rows.filter_map(move |(_, row)| {
                let number = row.number.filter(|number| (1..PRIVATE).contains(number))?;
                let name = row.name.as_str();
                if NOT_FOR_IKE.contains(&name) {
                    return None;
                }
                let sized = slot == Slot::Encryption && !FIXED_LENGTH.contains(&name);
                Some(IkeTransform {
                    slot,
                    name: row.name.clone(),
                    number: u16::try_from(number).ok()?,
                    key_length: row.bits.filter(|_| sized).and_then(|bits| u16::try_from(bits).ok()),
                })
            })
        };
        slots.into_iter().flat_map(of_slot).collect()
    }

    /// What a vendor ID tells: who or what sends it, and whether that is one implementation only.
    pub fn vendor_id(&self, bytes: &[u8]) -> Option<(String, bool)> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // The longest beginnings come first.
        let row = self.blob().all::<VendorIdRow>().into_iter().find(|row| digits.starts_with(&row.prefix))?;
        Some((row.name, row.implementation == Some(true)))
    }

    /// The IKE transform that a name means: a keyword, or as messages print it. Where a name stands for two types, the
    /// first in the order of [`Proposal::SLOTS`].
    pub fn transform(&self, slot: Option<Slot>, name: &str) -> Option<(Slot, &Algorithm)> {
        if slot.is_none()
            && let Some((slot, name)) = additional(name)
        {
            return self.transform(Some(slot), name);
        }
        let rows = self.transforms().0.get(&normal(name))?;
        let slots: &[Slot] = slot.as_ref().map_or(&Proposal::SLOTS, std::slice::from_ref);
        slots.iter().find_map(|slot| {
            // The methods of additional key exchanges are those of the first one (RFC 9370 section 2.2.1).
            let group = if matches!(slot, Slot::AdditionalGroup(_)) { Slot::Group } else { *slot };
            let (_, row) = rows.iter().find(|(of, _)| *of == group)?;
            Some((*slot, self.algorithm_at(*row)?))
        })
    }

    /// Reads a proposal in strongSwan's keywords, such as `aes256-sha256-modp2048`, and completes it as strongSwan does:
    /// the pseudo-random function follows from the integrity algorithm, ESP is without ESN unless it is asked for.
    ///
    /// # Errors
    /// What strongSwan refuses too.
    pub fn proposal_of_keywords(&self, protocol: SaProtocol, text: &str) -> Result<Proposal, KeywordError> {
        let mut proposal = Proposal::new(protocol);
        for word in text.trim().split('-') {
            let (slot, bare) = additional(word).map_or((None, word), |(slot, bare)| (Some(slot), bare));
            let (slot, name) = match bare {
                "none" | "modpnone" => (slot.unwrap_or(Slot::Group), "none"),
                bare => match self.transform(slot, bare) {
                    Some((slot, algorithm)) => (slot, algorithm.name.as_str()),
                    None => return Err(KeywordError::Unknown(word.to_owned())),
                },
            };
            add(&mut proposal, slot, name);
        }
        complete(&mut proposal)?;
        Ok(proposal)
    }

    /// The proposals of a list as strongSwan, libreswan and what is made of them print it. What is not understood stands
    /// among a proposal's unknown items.
    pub fn printed_proposals(&self, text: &str) -> Vec<Proposal> {
        let mut proposals: Vec<Proposal> = Vec::new();
        for word in text.split_whitespace() {
            let word = word.split('[').next().unwrap_or(word).trim_matches([',', '\'', '"', '(', ')']);
            // Libreswan counts its proposals: `1:IKE:ENCR=...`, `1:IKE=...`.
            let body = match word.split_once(':') {
                Some((number, rest)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
                _ => word,
            };
            let Some((protocol, body)) = protocol(body) else { continue };
            let mut proposal = Proposal::new(protocol);
            if let Some(body) = body.strip_prefix('=') {
                self.columns(&mut proposal, body);
            } else if let Some(body) = body.strip_prefix(':') {
                if body.contains('=') {
                    self.typed(&mut proposal, body);
                } else {
                    body.split('/').for_each(|name| self.named(&mut proposal, None, name));
                }
            }
            proposals.push(proposal);
        }
        proposals.retain(|proposal| Proposal::SLOTS.iter().any(|slot| !proposal.list(*slot).is_empty()));
        proposals
    }

    /// `AES_CBC_256-HMAC_SHA2_256-HMAC_SHA2_256_128-MODP2048+ECP_256`, the columns of libreswan's status.
    fn columns(&self, proposal: &mut Proposal, body: &str) {
        let columns: &[Slot] = match proposal.protocol {
            SaProtocol::Ike => &[Slot::Encryption, Slot::Prf, Slot::Integrity, Slot::Group],
            SaProtocol::Esp => &[Slot::Encryption, Slot::Integrity, Slot::Group, Slot::Esn],
            SaProtocol::Ah => &[Slot::Integrity, Slot::Group, Slot::Esn],
        };
        let (body, more) = body.split_once(';').unwrap_or((body, ""));
        for (column, names) in body.split('-').enumerate() {
            for name in names.split('+') {
                self.named(proposal, columns.get(column).copied(), name);
            }
        }
        self.typed(proposal, more);
    }

    /// `ENCR=AES_CBC_256;PRF=HMAC_SHA2_256;INTEG=HMAC_SHA2_256_128;DH=MODP2048,ECP_256`.
    fn typed(&self, proposal: &mut Proposal, body: &str) {
        for part in body.split(';') {
            let Some((kind, names)) = part.split_once('=') else { continue };
            let slot = match kind {
                "ENCR" => Slot::Encryption,
                "INTEG" => Slot::Integrity,
                "PRF" => Slot::Prf,
                "DH" | "KE" | "KEM" => Slot::Group,
                "ESN" | "SN" => Slot::Esn,
                kind => match kind.to_ascii_lowercase().strip_prefix("addke").map(str::parse) {
                    Some(Ok(number @ 1..=7)) => Slot::AdditionalGroup(number),
                    _ => {
                        proposal.unknown.push(Item::new(part));
                        continue;
                    }
                },
            };
            for name in names.split([',', '+']) {
                self.named(proposal, Some(slot), name);
            }
        }
    }

    fn named(&self, proposal: &mut Proposal, slot: Option<Slot>, name: &str) {
        if name.is_empty() {
            return;
        }
        let (slot, name) = match additional(name) {
            Some((of, bare)) if slot.is_none() => (Some(of), bare),
            _ => (slot, name),
        };
        // In a list without types it is the group that may be left out.
        let slot = slot.or_else(|| name.eq_ignore_ascii_case("none").then_some(Slot::Group));
        if let Some(slot @ (Slot::Group | Slot::AdditionalGroup(_))) = slot
            && name.eq_ignore_ascii_case("none")
        {
            return add(proposal, slot, "none");
        }
        match self.transform(slot, name) {
            Some((slot, algorithm)) => add(proposal, slot, &algorithm.name),
            // A name of this type that nobody knows is still one that the other side would have to have.
            None => match slot.and_then(|slot| proposal.list_mut(slot)) {
                Some(list) => list.push(Item::new(name)),
                None => proposal.unknown.push(Item::new(name)),
            },
        }
    }
}

/// As the aliases of the catalog are written.
fn normal(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// `ke1_mlkem768`, a method for one of the additional key exchanges (strongSwan's `key_exchange.c`).
fn additional(word: &str) -> Option<(Slot, &str)> {
    let (first, method) = word.split_once('_')?;
    let number = first.get(..2).filter(|letters| letters.eq_ignore_ascii_case("ke")).and_then(|_| first.get(2..))?;
    let number = number.parse().ok().filter(|number| (1..=7).contains(number))?;
    Some((Slot::AdditionalGroup(number), method))
}

fn protocol(text: &str) -> Option<(SaProtocol, &str)> {
    let all = [SaProtocol::Ike, SaProtocol::Esp, SaProtocol::Ah];
    all.into_iter().find_map(|protocol| {
        let rest = text.strip_prefix(protocol.as_str())?;
        rest.starts_with([':', '=']).then_some((protocol, rest))
    })
}

fn add(proposal: &mut Proposal, slot: Slot, name: &str) {
    let Some(list) = proposal.list_mut(slot) else { return };
    if !list.iter().any(|item| item.name == *name) {
        list.push(Item::new(name));
    }
}

/// `check_proposal` of strongSwan's proposal.c.
fn complete(proposal: &mut Proposal) -> Result<(), KeywordError> {
    let protocol = proposal.protocol.as_str();
    let missing = |what| Err(KeywordError::Missing { protocol, what });
    if proposal.protocol == SaProtocol::Ah {
        // AES-GMAC is written as a cipher, and stands for integrity; other ciphers fall away.
        let ciphers = std::mem::take(&mut proposal.encryption);
        proposal.integrity.extend(ciphers.into_iter().filter(|item| item.name.as_str().ends_with("gmac")));
    }
    let aead = proposal.encryption.iter().filter(|item| is_aead(item.name.as_str())).count();
    if aead > 0 && aead < proposal.encryption.len() {
        return Err(KeywordError::MixedCiphers);
    }
    match proposal.protocol {
        SaProtocol::Ike => {
            if proposal.encryption.is_empty() {
                return missing("an encryption algorithm");
            }
            if proposal.prf.is_empty() {
                let names = proposal.integrity.iter().filter_map(|item| prf_of(item.name.as_str()));
                let mut found: Vec<Item> = Vec::new();
                for name in names {
                    if !found.iter().any(|item| item.name == *name) {
                        found.push(Item { name: Name::new(&name), origin: None });
                    }
                }
                proposal.prf = found;
            }
            if proposal.prf.is_empty() {
                return missing("a pseudo-random function");
            }
            // The group of an IKE SA is never left out.
            proposal.group.retain(|item| item.name != *"none");
            if proposal.group.is_empty() {
                return missing("a key exchange group");
            }
            proposal.esn.clear();
        }
        SaProtocol::Esp | SaProtocol::Ah => {
            if proposal.protocol == SaProtocol::Esp && proposal.encryption.is_empty() {
                return missing("an encryption algorithm");
            }
            proposal.prf.clear();
            if proposal.esn.is_empty() {
                add(proposal, Slot::Esn, "noesn");
            }
        }
    }
    if aead > 0 {
        proposal.integrity.clear();
    } else if proposal.integrity.is_empty() && proposal.protocol != SaProtocol::Esp {
        return missing("an integrity algorithm");
    }
    Ok(())
}
