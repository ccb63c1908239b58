//! From the words of a product to proposals.

use shakedown_catalog::Scheme;
use shakedown_model::ike::{IkeVersion, Proposal, SaProtocol, is_aead, prf_of};
use shakedown_model::{Item, Known, Name, Slot};

use crate::defaults::Row;
use crate::value::Value;

mod tables {
    use shakedown_model::Slot;

    use crate::defaults::Row;

    include!(concat!(env!("OUT_DIR"), "/gateway_defaults.rs"));
    include!(concat!(env!("OUT_DIR"), "/gateway_words.rs"));

    /// What a word of a product stands for.
    pub(super) struct Word {
        pub(super) of: &'static str,
        pub(super) slot: Slot,
        pub(super) word: &'static str,
        pub(super) means: &'static str,
    }

    pub(super) fn defaults() -> &'static [Row] {
        ROWS
    }

    pub(super) fn words() -> &'static [Word] {
        WORDS
    }
}

/// The most combinations that are written out for IKEv1.
const MOST: usize = 256;

/// What a word stands for in a command or list of a product.
pub(super) fn means(of: &str, slot: Slot, word: &str) -> Option<&'static str> {
    let row = tables::words().iter().find(|row| row.of == of && row.slot == slot && row.word == word);
    row.map(|row| row.means)
}

/// A product's word for a keyword of strongSwan's; the shortest, where it has several.
pub(super) fn spelled(of: &str, slot: Slot, means: &str) -> Option<&'static str> {
    all_spelled(of, slot, means).min_by_key(|word| word.len())
}

/// All words of a product for a keyword of strongSwan's.
pub(super) fn all_spelled(of: &str, slot: Slot, means: &str) -> impl Iterator<Item = &'static str> {
    let rows = tables::words().iter().filter(move |row| row.of == of && row.slot == slot && row.means == means);
    rows.map(|row| row.word)
}

/// What a product has where nothing is written.
pub(super) fn default(product: &str, version: &str, setting: &str) -> Option<Value> {
    let row = Row::find(tables::defaults(), product, setting, |bound| {
        // A version that the text does not tell is none that a bound could hold for.
        if version.is_empty() { None } else { Scheme::Numeric.compare(version, bound) }
    })?;
    Some(row.read(if version.is_empty() { product.to_owned() } else { format!("{product}@{version}") }))
}

/// All groups of a table, behind `none`: any of them is taken, and none as well.
pub(super) fn any_group() -> Vec<Item> {
    let all = tables::words().iter().filter(|row| row.of == "groups").map(|row| row.means);
    std::iter::once("none").chain(all).map(Item::new).collect()
}

/// The transforms of one proposal, as they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Suite {
    pub(super) encryption: Vec<Item>,
    pub(super) integrity: Vec<Item>,
    pub(super) prf: Vec<Item>,
    pub(super) group: Vec<Item>,
    /// What is not known: words, and settings that are not written and have no known default.
    pub(super) open: Vec<String>,
}

impl Suite {
    /// Adds what a word stands for.
    pub(super) fn add(&mut self, of: &str, slot: Slot, word: &Value) {
        match means(of, slot, word.as_str()) {
            Some(means) => self.push(slot, Item { name: Name::new(means), origin: Some(word.origin().clone()) }),
            None => self.open.push(format!("what `{}` stands for is not known here", Name::new(word.as_str()))),
        }
    }

    /// Adds what all words stand for.
    pub(super) fn add_all<'a>(&mut self, of: &str, slot: Slot, words: impl IntoIterator<Item = &'a Value>) {
        for word in words {
            self.add(of, slot, word);
        }
    }

    /// Adds a group that is written with its number, behind any letters (`group14`, `14`).
    pub(super) fn add_group(&mut self, word: &Value) {
        let text = word.as_str();
        let digits = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        match means("groups", Slot::Group, digits) {
            Some(means) => self.push(Slot::Group, Item { name: Name::new(means), origin: Some(word.origin().clone()) }),
            None => self.open.push(format!("what group `{}` is is not known here", Name::new(text))),
        }
    }

    pub(super) fn push(&mut self, slot: Slot, item: Item) {
        let list = match slot {
            Slot::Encryption => &mut self.encryption,
            Slot::Integrity => &mut self.integrity,
            Slot::Prf => &mut self.prf,
            _ => &mut self.group,
        };
        if !list.iter().any(|known| known.name == item.name) {
            list.push(item);
        }
    }

    /// Says that a setting is not written, and what would show its value.
    pub(super) fn missing(&mut self, what: &str, shows: &str) {
        self.open.push(format!(
            "{what} is not written, and what the product has of its own is not known here: {shows} would tell"
        ));
    }
}

/// The proposals that suites make. Ciphers with and without integrity of their own become proposals apart; for IKEv1, where a
/// proposal is one combination, all are written out. What is open in one of them leaves the list known in part.
pub(super) fn proposals(
    protocol: SaProtocol,
    suites: &[Suite],
    version: Option<IkeVersion>,
    notes: &mut Vec<String>,
) -> Known<Vec<Proposal>> {
    let mut all = Vec::new();
    let mut open = suites.is_empty();
    for suite in suites {
        for what in &suite.open {
            open = true;
            if !notes.contains(what) {
                notes.push(what.clone());
            }
        }
        if !suite.open.is_empty() {
            continue;
        }
        let (aead, plain): (Vec<Item>, Vec<Item>) =
            suite.encryption.iter().cloned().partition(|item| is_aead(item.name.as_str()));
        for (encryption, has_own) in [(plain, false), (aead, true)] {
            if encryption.is_empty() {
                continue;
            }
            let mut proposal = Proposal::new(protocol);
            proposal.encryption = encryption;
            proposal.group.clone_from(&suite.group);
            if !has_own {
                proposal.integrity = suite.integrity.iter().filter(|item| item.name != *"none").cloned().collect();
            }
            match protocol {
                SaProtocol::Ike => {
                    proposal.prf = if suite.prf.is_empty() { derived(&suite.integrity) } else { suite.prf.clone() };
                    let lacks = proposal.prf.is_empty() || proposal.group.is_empty();
                    if lacks || !has_own && proposal.integrity.is_empty() {
                        open = true;
                        continue;
                    }
                }
                SaProtocol::Esp | SaProtocol::Ah => proposal.esn = vec![Item::new("noesn")],
            }
            match version {
                Some(IkeVersion::V1) => all.extend(combinations(&proposal)),
                _ => all.push(proposal),
            }
        }
    }
    if open || all.is_empty() {
        return if all.is_empty() { Known::Unknown } else { Known::Partial { accepted: all, refused: Vec::new() } };
    }
    Known::Complete(all)
}

/// The pseudo-random functions that go with the hashes.
fn derived(integrity: &[Item]) -> Vec<Item> {
    let of = |item: &Item| Some(Item { name: Name::new(&prf_of(item.name.as_str())?), origin: item.origin.clone() });
    integrity.iter().filter_map(of).collect()
}

/// Each combination of a proposal as one of its own.
fn combinations(proposal: &Proposal) -> Vec<Proposal> {
    let each = |items: &[Item]| -> Vec<Option<Item>> {
        if items.is_empty() { vec![None] } else { items.iter().cloned().map(Some).collect() }
    };
    let mut all = Vec::new();
    for encryption in each(&proposal.encryption) {
        for integrity in each(&proposal.integrity) {
            for group in each(&proposal.group) {
                if all.len() == MOST {
                    return all;
                }
                let mut one = Proposal::new(proposal.protocol);
                one.encryption.extend(encryption.clone());
                one.group.extend(group);
                one.esn.clone_from(&proposal.esn);
                if proposal.protocol == SaProtocol::Ike {
                    one.prf = match &integrity {
                        Some(item) => derived(std::slice::from_ref(item)),
                        None => proposal.prf.iter().take(1).cloned().collect(),
                    };
                }
                one.integrity.extend(integrity.clone());
                all.push(one);
            }
        }
    }
    all
}
