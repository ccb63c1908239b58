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

/// The names, the best rated first; the order within a rating is kept.
pub(crate) fn best_first(catalog: &Catalog, slot: Slot, names: &mut [Name]) {
    names.sort_by_key(|name| std::cmp::Reverse(mark(catalog.rating(slot, name.as_str()))));
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
