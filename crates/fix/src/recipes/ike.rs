//! IKE proposals as messages print them, in the keywords of strongSwan and libreswan.

use shakedown_catalog::{Algorithm, Catalog, Rating};
use shakedown_model::ike::{Proposal, is_aead};
use shakedown_model::{Name, Role, Slot};

use super::situation::Situation;

/// Whose keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Strongswan,
    Libreswan,
}

/// The strongest of the proposals that the printer's peer makes, if it is sound or if it is not. Where the text quotes
/// none, nothing.
pub(crate) fn best(situation: &Situation<'_>, spelling: Spelling, sound: bool) -> Option<String> {
    let role = situation.printer.map(Role::peer);
    let list = situation.capture("their_offer").or_else(|| situation.capture(captured_of(role?)))?;
    of_list(situation.input.catalog, list, spelling, sound)
}

/// The strongest of the proposals that an end makes, in strongSwan's keywords, if it is sound.
pub(crate) fn best_of(situation: &Situation<'_>, role: Role) -> Option<String> {
    let relative = if situation.printer? == role { "our_offer" } else { "their_offer" };
    let list = situation.capture(captured_of(role)).or_else(|| situation.capture(relative))?;
    of_list(situation.input.catalog, list, Spelling::Strongswan, true)
}

fn captured_of(role: Role) -> &'static str {
    match role {
        Role::Client => "client_offer",
        Role::Server => "server_offer",
    }
}

fn of_list(catalog: &Catalog, list: &Name, spelling: Spelling, sound: bool) -> Option<String> {
    let proposals = catalog.printed_proposals(list.as_str());
    let written = proposals.iter().filter_map(|proposal| written(catalog, proposal, spelling));
    // The first of equals: that end's own preference.
    written
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .filter(|(strength, _)| strength.is_sound() == sound)
        .map(|(_, text)| text)
}

/// How strong a proposal is: by its weakest part, then by all that are below acceptable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Strength {
    weakest: Rating,
    /// The ratings of all parts, the weakest first, those that are good enough as alike.
    parts: Vec<Rating>,
}

impl Strength {
    fn of(ratings: impl Iterator<Item = Rating>) -> Self {
        let all: Vec<Rating> = ratings.collect();
        let mut parts: Vec<Rating> = all.iter().map(|rating| (*rating).min(Rating::Acceptable)).collect();
        // Combined mode ciphers have one part less, which makes them no weaker.
        parts.resize(Proposal::SLOTS.len().max(parts.len()), Rating::Acceptable);
        parts.sort_unstable();
        Self { weakest: all.into_iter().min().unwrap_or(Rating::PostQuantum), parts }
    }

    /// Whether all of it is acceptable.
    pub(crate) fn is_sound(&self) -> bool {
        self.weakest >= Rating::Acceptable
    }
}

/// The best of each type, with how strong they are together.
pub(crate) fn written(catalog: &Catalog, proposal: &Proposal, spelling: Spelling) -> Option<(Strength, String)> {
    let mut ratings: Vec<Rating> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut behind = String::new();
    let mut chosen: Vec<(Slot, &Algorithm)> = Vec::new();
    for slot in Proposal::SLOTS {
        let rated = proposal.list(slot).iter().filter_map(|item| {
            let algorithm = catalog.algorithm(slot, item.name.as_str())?;
            Some((algorithm.rating?, algorithm))
        });
        let best = rated.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let unrated = proposal.list(slot).iter().any(|item| item.name != *"none");
        // One that may be left out asks nothing of the end that is to propose it.
        if matches!(slot, Slot::AdditionalGroup(_)) && proposal.list(slot).iter().any(|item| item.name == *"none") {
            continue;
        }
        let Some((rating, algorithm)) = best else {
            if unrated {
                return None;
            }
            continue;
        };
        ratings.push(rating);
        chosen.push((slot, algorithm));
    }
    let has = |slot: Slot| chosen.iter().any(|(other, _)| *other == slot);
    let aead = chosen.iter().any(|(slot, one)| *slot == Slot::Encryption && is_aead(&one.name));
    if !has(Slot::Encryption) || !aead && !has(Slot::Integrity) {
        return None;
    }
    for (slot, algorithm) in &chosen {
        let word = match spelling {
            Spelling::Strongswan => algorithm.name.as_str(),
            Spelling::Libreswan => algorithm.libreswan.as_deref().unwrap_or_default(),
        };
        match slot {
            // Sequence numbers of the usual size go without saying; with an integrity algorithm the PRF follows from it.
            Slot::Esn if algorithm.name == "noesn" => continue,
            Slot::Esn if spelling == Spelling::Libreswan => continue,
            Slot::Prf if has(Slot::Integrity) && !aead => continue,
            Slot::Integrity if aead => continue,
            _ if word.is_empty() => return None,
            Slot::AdditionalGroup(number) if spelling == Spelling::Libreswan => {
                behind.push_str(&format!(";addke{number}={word}"));
            }
            Slot::AdditionalGroup(number) => words.push(format!("ke{number}_{word}")),
            _ => words.push(word.to_owned()),
        }
    }
    Some((Strength::of(ratings.into_iter()), format!("{}{behind}", words.join("-"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(list: &str, spelling: Spelling, sound: bool) -> Option<String> {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        of_list(&catalog, &Name::new(list), spelling, sound)
    }

    #[test]
    fn a_printed_proposal_becomes_keywords() {
        let list = "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048";
        assert_eq!(best(list, Spelling::Strongswan, true).unwrap(), "aes256-sha256-modp2048");
        assert_eq!(best(list, Spelling::Libreswan, true).unwrap(), "aes256-sha2_256-modp2048");
        assert_eq!(best("ESP:AES_GCM_16_128/NO_EXT_SEQ", Spelling::Strongswan, true).unwrap(), "aes128gcm16");
        let list = "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384";
        assert_eq!(best(list, Spelling::Libreswan, true).unwrap(), "aes_gcm256-sha2_384-dh20");
    }

    #[test]
    fn a_weak_one_is_not_passed_off_as_sound() {
        let list = "IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024";
        assert_eq!(best(list, Spelling::Strongswan, true), None);
        assert_eq!(best(list, Spelling::Libreswan, false).unwrap(), "3des-sha1-modp1024");
    }

    #[test]
    fn of_two_weak_ones_the_one_with_fewer_weak_parts_is_taken() {
        let list =
            "IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024, IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024";
        assert_eq!(best(list, Spelling::Strongswan, false).unwrap(), "aes128-sha1-modp1024");
        // The other end's own order counts where nothing is weak.
        let list = "IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048, \
                    IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048";
        assert_eq!(best(list, Spelling::Strongswan, true).unwrap(), "aes128-sha256-modp2048");
    }

    #[test]
    fn the_best_of_each_type_of_the_best_proposal() {
        let list = "IKE:3DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_1024, \
                    IKE:3DES_CBC/AES_CBC_256/HMAC_SHA1_96/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024/ECP_256";
        assert_eq!(best(list, Spelling::Strongswan, true).unwrap(), "aes256-sha256-ecp256");
        assert_eq!(best("IKE:SOMETHING_NEW/HMAC_SHA1_96", Spelling::Strongswan, false), None);
    }
}
