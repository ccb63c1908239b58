use shakedown_model::Slot;

use crate::Catalog;
use crate::blob::{Blob, Section, partition};
use crate::check::RATINGS;
use crate::facts::AlgorithmRow;

/// How an algorithm is rated, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// It gives no protection any more.
    Broken,
    /// Attacks are known or in reach.
    Weak,
    /// Sound, but superseded.
    Legacy,
    /// Sound.
    Acceptable,
    /// Recommended.
    Strong,
    /// Recommended, and safe against a quantum computer.
    PostQuantum,
}

impl Rating {
    const ALL: [Self; 6] = [Self::Broken, Self::Weak, Self::Legacy, Self::Acceptable, Self::Strong, Self::PostQuantum];

    /// The name in the data and in JSON: `broken`, `weak`, ...
    pub fn as_str(self) -> &'static str {
        RATINGS.get(self as usize).copied().unwrap_or("")
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rating| rating.as_str() == text)
    }
}

/// One reason of a rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The reason, in lower case.
    pub text: String,
    /// Where it is published: RFCs, CVEs, papers.
    pub references: Vec<String>,
}

/// An algorithm name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Algorithm {
    /// The name; one that ends with `*` stands for all that begin so.
    pub name: String,
    /// SSH: `kex`, `host-key`, `cipher`, `mac`, `compression`, `marker` or `parameter`. IKE: `encryption`, `integrity`,
    /// `prf`, `group` or `esn`. TLS: `tls-version`, `cipher-suite`, `tls-group` or `signature-scheme`.
    pub kind: String,
    /// The size that the name states, in bits: of the group or curve of a method, the key of a cipher, the tag of a MAC.
    pub bits: Option<u32>,
    /// How it is rated, where anyone has.
    pub rating: Option<Rating>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What deprecates it.
    pub deprecated_by: Vec<String>,
    /// Other names for it, in lower case without `_` and `-`.
    pub aliases: Vec<String>,
    /// Its number in IANA's registry of IKEv2 or TLS parameters.
    pub number: Option<u32>,
    /// IKE: Libreswan's keyword.
    pub libreswan: Option<String>,
    /// Where the row was read.
    pub source: String,
}

impl From<AlgorithmRow> for Algorithm {
    fn from(row: AlgorithmRow) -> Self {
        Self {
            name: row.name,
            kind: row.kind,
            bits: row.bits,
            rating: row.rating.as_deref().and_then(Rating::parse),
            reasons: row.reasons.into_iter().map(|(text, references)| Reason { text, references }).collect(),
            deprecated_by: row.deprecated_by.unwrap_or_default(),
            aliases: row.aliases.unwrap_or_default(),
            number: row.number,
            libreswan: row.libreswan,
            source: row.source,
        }
    }
}

impl Catalog {
    /// What is known of a name in a slot.
    pub fn algorithm(&self, slot: Slot, name: &str) -> Option<&Algorithm> {
        let kind = kind(slot)?;
        if let Some(found) = self.algorithm_named(kind, name) {
            return Some(found);
        }
        if slot == Slot::Kex && shakedown_model::ssh::is_marker(name) {
            return self.algorithm_named("marker", name);
        }
        // `gss-group14-sha1-*` stands for any mechanism's suffix.
        let blob = self.blob();
        let stands_for = |row: &u32| {
            let start = key(&blob, *row).1.strip_suffix('*');
            start.is_some_and(|start| !start.is_empty() && name.starts_with(start))
        };
        self.algorithm_at(blob.named(Section::Algorithms, kind).find(stands_for)?)
    }

    /// The algorithm of a kind with a name.
    pub(crate) fn algorithm_named(&self, kind: &str, name: &str) -> Option<&Algorithm> {
        let blob = self.blob();
        let row = partition(0..blob.rows(Section::Algorithms), |row| key(&blob, row) < (kind, name));
        if key(&blob, row) == (kind, name) { self.algorithm_at(row) } else { None }
    }

    /// The algorithms of a kind in the order of their names, each with its row.
    pub(crate) fn algorithms(&self, kind: &str) -> impl Iterator<Item = (u32, &Algorithm)> {
        self.blob().named(Section::Algorithms, kind).filter_map(|row| Some((row, self.algorithm_at(row)?)))
    }

    /// How a name is rated in a slot.
    pub fn rating(&self, slot: Slot, name: &str) -> Option<Rating> {
        self.algorithm(slot, name)?.rating
    }
}

/// The kind and the name of an algorithm, by which the rows are sorted.
fn key<'a>(blob: &Blob<'a>, row: u32) -> (&'a str, &'a str) {
    let [kind, name] = [0, 1].map(|column| blob.string(blob.cell(Section::Algorithms, row, column)));
    (kind, name)
}

pub(crate) fn kind(slot: Slot) -> Option<&'static str> {
    Some(match slot {
        Slot::Kex => "kex",
        Slot::HostKey => "host-key",
        Slot::CipherC2s | Slot::CipherS2c => "cipher",
        Slot::MacC2s | Slot::MacS2c => "mac",
        Slot::CompressionC2s | Slot::CompressionS2c => "compression",
        Slot::Encryption => "encryption",
        Slot::Integrity => "integrity",
        Slot::Prf => "prf",
        Slot::Group | Slot::AdditionalGroup(_) => "group",
        Slot::Esn => "esn",
        Slot::CipherSuite => "cipher-suite",
        Slot::SignatureScheme => "signature-scheme",
        _ => return None,
    })
}
