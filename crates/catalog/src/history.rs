use std::cmp::Ordering;

use shakedown_model::{Name, Role, Slot};

use crate::Catalog;
use crate::blob::{NONE, Section};
use crate::encode::offer_column as column;

/// A version and the day it was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionDate {
    /// The version.
    pub version: String,
    /// The day, `YYYY-MM-DD`, where known.
    pub released: Option<String>,
}

/// When a product offered a name by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The first version known to offer it.
    pub first_seen: Option<VersionDate>,
    /// The first version after the last that offers it; `None` where the newest still does.
    pub removed_from_default: Option<VersionDate>,
}

/// A version that offers one of the names asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionOffering {
    /// The version.
    pub version: String,
    /// The day it was released, where known.
    pub released: Option<String>,
    /// The name, the first of those asked for.
    pub name: Name,
}

impl Catalog {
    /// Since when, and until when, a product offers a name by default.
    pub fn default_history(&self, product: &str, role: Role, slot: Slot, name: &str) -> History {
        let blob = self.blob();
        let (Some(id), Some(name), Some(column)) = (self.product_id(product, ""), blob.symbol(name), list_column(slot))
        else {
            return History::default();
        };
        let mut history = History::default();
        let mut offered = false;
        for row in self.offer_rows(id, role) {
            let list = blob.cell(Section::Offers, row, column);
            if list == NONE {
                continue;
            }
            let here = blob.list(list).any(|other| other == name);
            if here && history.first_seen.is_none() {
                history.first_seen = Some(self.version_date(row));
            }
            if here {
                history.removed_from_default = None;
            } else if offered {
                history.removed_from_default = Some(self.version_date(row));
            }
            offered = here;
        }
        history
    }

    /// The first version of a product after `newer_than` that offers one of the names by default.
    pub fn first_version_offering(
        &self,
        product: &str,
        role: Role,
        slot: Slot,
        names: &[Name],
        newer_than: &str,
    ) -> Option<VersionOffering> {
        let blob = self.blob();
        let id = self.product_id(product, newer_than)?;
        let scheme = self.scheme(id);
        let column = list_column(slot)?;
        let wanted: Vec<(u32, &Name)> =
            names.iter().filter_map(|name| Some((blob.symbol(name.as_str())?, name))).collect();
        self.offer_rows(id, role).find_map(|row| {
            let version = blob.string(blob.cell(Section::Offers, row, column::VERSION));
            if scheme.compare(version, newer_than) != Some(Ordering::Greater) {
                return None;
            }
            let list = blob.cell(Section::Offers, row, column);
            let name = (list != NONE)
                .then(|| wanted.iter().find(|(symbol, _)| blob.list(list).any(|other| other == *symbol)))
                .flatten()?;
            let VersionDate { version, released } = self.version_date(row);
            Some(VersionOffering { version, released, name: name.1.clone() })
        })
    }

    fn version_date(&self, row: u32) -> VersionDate {
        let blob = self.blob();
        let released = blob.cell(Section::Offers, row, column::RELEASED);
        VersionDate {
            version: blob.string(blob.cell(Section::Offers, row, column::VERSION)).to_owned(),
            released: (released != NONE).then(|| blob.string(released).to_owned()),
        }
    }
}

/// The column of the offers that a slot's list stands in.
pub(crate) fn list_column(slot: Slot) -> Option<usize> {
    Some(match slot {
        Slot::Kex => column::KEX,
        Slot::HostKey => column::HOST_KEY,
        Slot::CipherC2s | Slot::CipherS2c => column::CIPHER,
        Slot::MacC2s | Slot::MacS2c => column::MAC,
        Slot::CompressionC2s | Slot::CompressionS2c => column::COMPRESSION,
        Slot::Version => column::TLS_VERSIONS,
        Slot::CipherSuite => column::TLS_CIPHER_SUITES,
        Slot::Group => column::TLS_GROUPS,
        Slot::SignatureScheme => column::TLS_SIGNATURE_SCHEMES,
        _ => return None,
    })
}
