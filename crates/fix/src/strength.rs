//! How strong an algorithm, and a whole session, is by the catalog's ratings.

use shakedown_catalog::{Catalog, Rating};
use shakedown_model::{Name, Outcome, Slot};

/// A session by its weakest part, then by all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score {
    worst: u8,
    sum: u32,
}

impl Score {
    /// Nothing is known of the session.
    pub(crate) const NONE: Self = Self { worst: 0, sum: 0 };

    pub(crate) fn of(outcome: &Outcome, catalog: &Catalog) -> Self {
        let marks: Vec<u8> = outcome
            .agreed
            .iter()
            .filter(|(slot, _)| !matches!(slot, Slot::CompressionC2s | Slot::CompressionS2c))
            .filter(|(slot, _)| !matches!(slot, Slot::Certificate | Slot::Alpn))
            .filter_map(|(slot, name)| Some(mark(rating(catalog, *slot, name.as_ref()?.as_str()))))
            .collect();
        let sum = marks.iter().map(|&mark| u32::from(mark)).sum();
        Self { worst: marks.into_iter().min().unwrap_or(0), sum }
    }

    /// The smaller the better: sessions whose every part is acceptable are alike for a first choice.
    pub(crate) fn bucket(self) -> u8 {
        mark(Some(Rating::Acceptable)).saturating_sub(self.worst)
    }
}

/// That of the catalog; of TLS, what the name tells.
fn rating(catalog: &Catalog, slot: Slot, name: &str) -> Option<Rating> {
    catalog.rating(slot, name).or_else(|| crate::tls::rating::rating(slot, name))
}

fn mark(rating: Option<Rating>) -> u8 {
    match rating {
        None | Some(Rating::Broken) => 0,
        Some(Rating::Weak) => 1,
        Some(Rating::Legacy) => 2,
        Some(Rating::Acceptable) => 3,
        Some(Rating::Strong) => 4,
        Some(Rating::PostQuantum) => 5,
    }
}

/// Whether the catalog rates it acceptable or better. What it does not know it cannot vouch for; compression has no
/// strength.
pub(crate) fn sound(catalog: &Catalog, slot: Slot, name: &Name) -> bool {
    matches!(slot, Slot::CompressionC2s | Slot::CompressionS2c)
        || catalog.rating(slot, name.as_str()).is_some_and(|rating| rating >= Rating::Acceptable)
}

/// Whether the catalog rates it below acceptable.
pub(crate) fn weak(catalog: &Catalog, slot: Slot, name: &Name) -> bool {
    catalog.rating(slot, name.as_str()).is_some_and(|rating| rating < Rating::Acceptable)
}

/// The names, the best rated first; the order within a rating is kept, but that of those below acceptable the ones come
/// first of which fewer weaknesses are known: `hmac-md5` before `hmac-md5-96`.
pub(crate) fn best_first(catalog: &Catalog, slot: Slot, names: &mut [Name]) {
    names.sort_by_key(|name| {
        let weaknesses = catalog.algorithm(slot, name.as_str()).filter(|_| weak(catalog, slot, name));
        let mark = mark(catalog.rating(slot, name.as_str()));
        (std::cmp::Reverse(mark), weaknesses.map_or(0, |algorithm| algorithm.reasons.len()))
    });
}

/// The slots that one keyword or setting stands for.
pub(crate) fn family(slot: Slot) -> &'static [Slot] {
    match slot {
        Slot::Kex => &[Slot::Kex],
        Slot::HostKey => &[Slot::HostKey],
        Slot::CipherC2s | Slot::CipherS2c => &[Slot::CipherC2s, Slot::CipherS2c],
        Slot::MacC2s | Slot::MacS2c => &[Slot::MacC2s, Slot::MacS2c],
        Slot::CompressionC2s | Slot::CompressionS2c => &[Slot::CompressionC2s, Slot::CompressionS2c],
        _ => &[],
    }
}

/// The slot that stands for its family.
pub(crate) fn head(slot: Slot) -> Slot {
    family(slot).first().copied().unwrap_or(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_weak_ones_the_less_weak_comes_first() {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        let sorted = |slot: Slot, names: &[&str]| {
            let mut names: Vec<Name> = names.iter().map(|name| Name::new(name)).collect();
            best_first(&catalog, slot, &mut names);
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            sorted(Slot::MacC2s, &["hmac-md5-96", "hmac-md5", "hmac-sha1"]),
            ["hmac-sha1", "hmac-md5", "hmac-md5-96"]
        );
        let kex = ["diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1"];
        assert_eq!(sorted(Slot::Kex, &kex).first().map(String::as_str), Some("diffie-hellman-group14-sha1"));
        // Those of one rating that is good enough stay in their own order.
        assert_eq!(sorted(Slot::CipherC2s, &["aes128-ctr", "aes256-ctr"]), ["aes128-ctr", "aes256-ctr"]);
    }
}
