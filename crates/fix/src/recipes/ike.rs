//! IKE proposals as messages print them, in the keywords of strongSwan and libreswan.

use shakedown_catalog::{Algorithm, Catalog, Rating};
use shakedown_model::ike::{Proposal, is_aead, prf_of};
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
    /// Where it is not sound, all that is stronger counts: of two such proposals none is taken that is weaker in a part and
    /// stronger in none.
    fine: u32,
}

impl Strength {
    fn of(chosen: &[Rated<'_>]) -> Self {
        let weakest = chosen.iter().map(|one| one.rating).min().unwrap_or(Rating::PostQuantum);
        let mut parts: Vec<Rating> = chosen.iter().map(|one| one.rating.min(Rating::Acceptable)).collect();
        // Combined mode ciphers have one part less, which makes them no weaker.
        parts.resize(Proposal::SLOTS.len().max(parts.len()), Rating::Acceptable);
        parts.sort_unstable();
        let mut strength = Self { weakest, parts, fine: 0 };
        if !strength.is_sound() {
            let has_integrity = chosen.iter().any(|one| one.slot == Slot::Integrity);
            let own = chosen.iter().filter(|one| one.slot == Slot::Encryption && !has_integrity);
            strength.fine = chosen.iter().chain(own).map(|one| one.rating as u32 * 1_000 + one.bits()).sum();
        }
        strength
    }

    /// Whether all of it is acceptable.
    pub(crate) fn is_sound(&self) -> bool {
        self.weakest >= Rating::Acceptable
    }
}

/// An algorithm with its rating.
#[derive(Clone, Copy)]
struct Rated<'a> {
    slot: Slot,
    rating: Rating,
    algorithm: &'a Algorithm,
}

impl Rated<'_> {
    /// What breaking it costs, as far as its length tells it: for groups those of NIST SP 800-57 part 1, table 2, and RFC 3526
    /// section 8.
    fn bits(&self) -> u32 {
        let length = self.algorithm.bits.unwrap_or(0);
        match length {
            _ if self.slot != Slot::Group => length,
            _ if !self.algorithm.name.starts_with("modp") => length / 2,
            0..1024 => 60,
            1024..1536 => 80,
            1536..2048 => 90,
            2048..3072 => 112,
            3072..4096 => 128,
            _ => 150,
        }
    }
}

/// One of each type that a proposal has, the best of its own order; `None` where nothing is known of some. By rating, and where
/// `finely` by length too.
fn chosen<'a>(catalog: &'a Catalog, proposal: &Proposal, finely: bool) -> Option<Vec<Rated<'a>>> {
    let mut chosen: Vec<Rated<'_>> = Vec::new();
    for slot in Proposal::SLOTS {
        // The function that follows from the integrity algorithm need not be written.
        let hash = chosen.iter().find(|one| slot == Slot::Prf && one.slot == Slot::Integrity);
        let follows = hash.and_then(|hash| prf_of(&hash.algorithm.name));
        let rated = proposal.list(slot).iter().filter_map(|item| {
            let algorithm = catalog.algorithm(slot, item.name.as_str())?;
            Some(Rated { slot, rating: algorithm.rating?, algorithm })
        });
        let key = |one: &Rated<'_>| {
            let bits = if finely { one.bits() } else { 0 };
            (one.rating, bits, follows.as_deref() == Some(&one.algorithm.name))
        };
        let best = rated.reduce(|best, next| if key(&next) > key(&best) { next } else { best });
        let unrated = proposal.list(slot).iter().any(|item| item.name != *"none");
        // One that may be left out asks nothing of the end that is to propose it.
        if matches!(slot, Slot::AdditionalGroup(_)) && proposal.list(slot).iter().any(|item| item.name == *"none") {
            continue;
        }
        match best {
            Some(best) => chosen.push(best),
            None if unrated => return None,
            None => {}
        }
    }
    Some(chosen)
}

/// The best of each type, with how strong they are together.
pub(crate) fn written(catalog: &Catalog, proposal: &Proposal, spelling: Spelling) -> Option<(Strength, String)> {
    let mut chosen = self::chosen(catalog, proposal, false)?;
    let mut strength = Strength::of(&chosen);
    if !strength.is_sound() {
        chosen = self::chosen(catalog, proposal, true)?;
        strength = Strength::of(&chosen);
    }
    let mut words: Vec<String> = Vec::new();
    let mut behind = String::new();
    let of = |slot: Slot| chosen.iter().find(|one| one.slot == slot).map(|one| one.algorithm.name.as_str());
    let has = |slot: Slot| of(slot).is_some();
    let aead = of(Slot::Encryption).is_some_and(is_aead);
    let follows = of(Slot::Integrity).and_then(prf_of).as_deref() == of(Slot::Prf);
    if !has(Slot::Encryption) || !aead && !has(Slot::Integrity) {
        return None;
    }
    for Rated { slot, algorithm, .. } in &chosen {
        let word = match spelling {
            Spelling::Strongswan => algorithm.name.as_str(),
            Spelling::Libreswan => algorithm.libreswan.as_deref().unwrap_or_default(),
        };
        match slot {
            // Sequence numbers of the usual size go without saying; with an integrity algorithm the PRF follows from it.
            Slot::Esn if algorithm.name == "noesn" => continue,
            Slot::Esn if spelling == Spelling::Libreswan => continue,
            Slot::Prf if has(Slot::Integrity) && !aead && (follows || spelling == Spelling::Libreswan) => continue,
            Slot::Integrity if aead => continue,
            _ if word.is_empty() => return None,
            Slot::AdditionalGroup(number) if spelling == Spelling::Libreswan => {
                behind.push_str(&format!(";addke{number}={word}"));
            }
            Slot::AdditionalGroup(number) => words.push(format!("ke{number}_{word}")),
            _ => words.push(word.to_owned()),
        }
    }
    Some((strength, format!("{}{behind}", words.join("-"))))
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

    /// Both groups are rated as broken, and both ciphers as good enough.
    #[test]
    fn of_two_weak_ones_none_is_weaker_in_a_part_and_stronger_in_none() {
        let suite = |group: &str| format!("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/{group}");
        let two =
            |one: &str, other: &str| best(&format!("{}, {}", suite(one), suite(other)), Spelling::Strongswan, false);
        assert_eq!(two("MODP_768", "MODP_1024").unwrap(), "aes128-sha1-modp1024");
        assert_eq!(two("MODP_2048", "ECP_256").unwrap(), "aes128-sha1-ecp256");
        // Within one too.
        let one = suite("MODP_768/MODP_1024");
        assert_eq!(best(&one, Spelling::Strongswan, false).unwrap(), "aes128-sha1-modp1024");
    }

    #[test]
    fn a_function_of_its_own_is_written() {
        let list = "IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_512/MODP_2048";
        assert_eq!(best(list, Spelling::Strongswan, true).unwrap(), "aes128-sha256-prfsha512-modp2048");
    }

    #[test]
    fn the_best_of_each_type_of_the_best_proposal() {
        let list = "IKE:3DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_1024, \
                    IKE:3DES_CBC/AES_CBC_256/HMAC_SHA1_96/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024/ECP_256";
        assert_eq!(best(list, Spelling::Strongswan, true).unwrap(), "aes256-sha256-ecp256");
        assert_eq!(best("IKE:SOMETHING_NEW/HMAC_SHA1_96", Spelling::Strongswan, false), None);
    }
}
