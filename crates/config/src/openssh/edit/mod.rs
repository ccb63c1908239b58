//! Edits of a party's own configuration files, and the party as it would be with them.

mod insert;
mod list;
mod reread;

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::{FileEdit, Item, Known, Name, Party, Role, Slot, SourceFile, TextEdit};

use super::keyword::{Kind, Version};
use super::names::Operator;
use super::read::ConfigError;
use super::setting::Setting;
use reread::Again;

pub use reread::{merge, with_edits};

/// How a list is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListChange {
    /// It is to be exactly this.
    Set(Vec<Name>),
    /// These come after what is there.
    Append(Vec<Name>),
    /// These come before what is there, as far as the directive's form can say that; a server's order does not matter.
    Prepend(Vec<Name>),
    /// These go.
    Remove(Vec<Name>),
}

/// Where a change of a client's configuration holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Where the value now comes from; a new directive holds for every host that has none.
    InPlace,
    /// For this host alone, by a block of its own at the top of the user's file. A server has no such scope for what a key
    /// exchange needs: there it is the same as `InPlace`.
    Host(String),
}

/// Why an edit cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The party was not read from files.
    #[error("the party has no configuration files to edit")]
    NoConfiguration,
    /// No directive of the file changes that list.
    #[error("no directive of {kind} changes `{slot}`")]
    NoDirective {
        /// `ssh_config` or `sshd_config`.
        kind: &'static str,
        /// The slot.
        slot: Slot,
    },
    /// The version does not know the directive.
    #[error("`{keyword}` does not exist in this version")]
    NoKeyword {
        /// The directive.
        keyword: String,
    },
    /// The list is already as wanted.
    #[error("`{keyword}` is already as wanted")]
    NothingToDo {
        /// The directive.
        keyword: String,
    },
    /// Nothing would be left.
    #[error("`{keyword}` would be empty")]
    WouldBeEmpty {
        /// The directive.
        keyword: String,
    },
    /// The version or build does not have the algorithm.
    #[error("`{name}` is not supported by this version")]
    NotSupported {
        /// The algorithm.
        name: Name,
    },
    /// The server has no key for the algorithm.
    #[error("the server has no host key for `{algorithm}`")]
    NeedsKey {
        /// The algorithm.
        algorithm: Name,
    },
    /// The edited files do not have the wanted effect: something else decides, which no edit here reaches.
    #[error("an edit of `{keyword}` has no effect: something else decides it")]
    NotEffective {
        /// The directive.
        keyword: String,
    },
    /// The files could not be read again.
    #[error("the configuration could not be read again")]
    Read(#[from] ConfigError),
}

/// Changes the list of a slot in place; a direction stands for both.
///
/// # Errors
/// [`EditError`].
pub fn edit(party: &Party, slot: Slot, change: &ListChange, catalog: &Catalog) -> Result<Vec<FileEdit>, EditError> {
    edit_in(party, slot, change, &Scope::InPlace, catalog)
}

/// Changes the list of a slot within a scope.
///
/// # Errors
/// [`EditError`].
pub fn edit_in(
    party: &Party,
    slot: Slot,
    change: &ListChange,
    scope: &Scope,
    catalog: &Catalog,
) -> Result<Vec<FileEdit>, EditError> {
    let configuration = party.configuration.as_ref().ok_or(EditError::NoConfiguration)?;
    let keyword = match slot {
        Slot::Kex => "KexAlgorithms",
        Slot::HostKey => "HostKeyAlgorithms",
        Slot::CipherC2s | Slot::CipherS2c => "Ciphers",
        Slot::MacC2s | Slot::MacS2c => "MACs",
        Slot::CompressionC2s | Slot::CompressionS2c => {
            return set_value(party, "Compression", compression(change), scope, catalog);
        }
        _ => return Err(EditError::NoDirective { kind: configuration.kind.as_str(), slot }),
    };
    let edits = edit_list(party, keyword, change, scope, catalog)?;
    if let (Slot::HostKey, Role::Server, ListChange::Append(names) | ListChange::Prepend(names)) =
        (slot, party.role, change)
    {
        let again = with_edits(party, &edits, catalog)?;
        let offer =
            again.parties.first().and_then(Party::ssh).and_then(|policy| policy.offer.host_key.complete().cloned());
        let missing = |name: &&Name| offer.as_ref().is_some_and(|list| !list.iter().any(|item| item.name == **name));
        if let Some(name) = names.iter().find(missing) {
            return Err(EditError::NeedsKey { algorithm: name.clone() });
        }
    }
    Ok(edits)
}

/// Compression is a switch: `none` is always offered.
fn compression(change: &ListChange) -> &'static str {
    let zlib = |names: &[Name]| names.iter().any(|name| name.as_str().starts_with("zlib"));
    match change {
        ListChange::Set(names) | ListChange::Append(names) | ListChange::Prepend(names) if zlib(names) => "yes",
        ListChange::Remove(names) if !zlib(names) => "yes",
        _ => "no",
    }
}

/// Changes a list directive by its keyword, such as `PubkeyAcceptedAlgorithms`.
///
/// # Errors
/// [`EditError`].
pub fn edit_list(
    party: &Party,
    keyword: &str,
    change: &ListChange,
    scope: &Scope,
    catalog: &Catalog,
) -> Result<Vec<FileEdit>, EditError> {
    let again = Again::read(party, &[], catalog)?;
    let known = again.dialect.find(keyword).filter(|known| matches!(known.kind, Kind::Names(_)));
    let known = known.ok_or_else(|| EditError::NoKeyword { keyword: keyword.to_owned() })?;
    let now = again.list(known.canonical);
    let items = now.complete().map_or(&[][..], Vec::as_slice);
    let wanted = Wanted::new(change, items, known.canonical)?;
    if let (Kind::Names(kind), ListChange::Append(names) | ListChange::Prepend(names) | ListChange::Set(names)) =
        (known.kind, change)
    {
        let universe = again.defaults.universe.of(kind);
        let unknown = names.iter().find(|name| universe.complete && !universe.names.contains(name));
        if let Some(name) = unknown {
            return Err(EditError::NotSupported { name: name.clone() });
        }
    }
    // The least change first; where it does not have the effect, the whole list.
    let mut attempts: Vec<Vec<FileEdit>> = Vec::new();
    let setting = again.settings.first(known.canonical);
    match (setting, scope, party.role) {
        (Some(setting), Scope::InPlace, _) | (Some(setting), Scope::Host(_), Role::Server) if !generated(setting) => {
            let default = again.default(known.canonical);
            attempts.extend(list::minimal(setting, &wanted, &default, items).map(|edits| vec![one(setting, edits)]));
            attempts.extend(list::replace(setting, &wanted.whole).map(|edit| vec![one(setting, vec![edit])]));
        }
        (setting, scope, _) => {
            let short = setting.is_none().then(|| wanted.short(again.dialect.version)).flatten();
            for value in short.into_iter().chain([list::joined(&wanted.whole)]) {
                attempts.push(insert::directive(&again, known.name, &value, scope, setting)?);
            }
        }
    }
    for edits in attempts {
        let after = Again::read(party, &edits, catalog)?;
        if wanted.holds(&after.list(known.canonical)) {
            return Ok(edits);
        }
    }
    Err(EditError::NotEffective { keyword: known.name.to_owned() })
}

/// Gives a directive with one value that value, such as `RequiredRSASize` or `Compression`.
///
/// # Errors
/// [`EditError`].
pub fn set_value(
    party: &Party,
    keyword: &str,
    value: &str,
    scope: &Scope,
    catalog: &Catalog,
) -> Result<Vec<FileEdit>, EditError> {
    let again = Again::read(party, &[], catalog)?;
    let known = again.dialect.find(keyword).ok_or_else(|| EditError::NoKeyword { keyword: keyword.to_owned() })?;
    let setting = again.settings.first(known.canonical);
    let is = |setting: &Setting| setting.text(0).is_some_and(|text| text.eq_ignore_ascii_case(value));
    if setting.is_some_and(is) {
        return Err(EditError::NothingToDo { keyword: known.name.to_owned() });
    }
    let edits = match (setting, scope) {
        (Some(setting), _) if !generated(setting) && (*scope == Scope::InPlace || party.role == Role::Server) => {
            let edit = list::replace_text(setting, value);
            vec![one(setting, vec![edit.ok_or_else(|| EditError::NotEffective { keyword: known.name.to_owned() })?])]
        }
        (setting, scope) => insert::directive(&again, known.name, value, scope, setting)?,
    };
    let after = Again::read(party, &edits, catalog)?;
    if after.settings.first(known.canonical).is_some_and(is) {
        Ok(edits)
    } else {
        Err(EditError::NotEffective { keyword: known.name.to_owned() })
    }
}

fn one(setting: &Setting, edits: Vec<TextEdit>) -> FileEdit {
    FileEdit { file: Arc::clone(setting.document.file()), edits }
}

/// Whether a file is made by a program, so that an edit of it would not last.
fn generated(setting: &Setting) -> bool {
    is_generated(setting.document.file())
}

fn is_generated(file: &SourceFile) -> bool {
    file.path.starts_with("/etc/crypto-policies/") || file.path.starts_with("/usr/")
}

/// A change, with what the list is to be in the end.
pub(crate) struct Wanted {
    pub(crate) add_front: Vec<Name>,
    pub(crate) add_end: Vec<Name>,
    pub(crate) remove: Vec<Name>,
    exact: bool,
    /// The whole list afterwards.
    pub(crate) whole: Vec<Name>,
}

impl Wanted {
    fn new(change: &ListChange, now: &[Item], keyword: &str) -> Result<Self, EditError> {
        let has = |name: &Name| now.iter().any(|item| item.name == *name);
        let current = || now.iter().map(|item| item.name.clone());
        let unique = |names: &[Name]| {
            let mut list: Vec<Name> = Vec::new();
            names.iter().for_each(|name| {
                if !list.contains(name) {
                    list.push(name.clone());
                }
            });
            list
        };
        let mut wanted =
            Self { add_front: Vec::new(), add_end: Vec::new(), remove: Vec::new(), exact: false, whole: Vec::new() };
        match change {
            ListChange::Set(names) => {
                wanted.exact = true;
                wanted.whole = unique(names);
            }
            ListChange::Append(names) => {
                wanted.add_end = unique(names).into_iter().filter(|name| !has(name)).collect();
                wanted.whole = current().chain(wanted.add_end.iter().cloned()).collect();
            }
            ListChange::Prepend(names) => {
                wanted.add_front = unique(names).into_iter().filter(|name| !has(name)).collect();
                wanted.whole = wanted.add_front.iter().cloned().chain(current()).collect();
            }
            ListChange::Remove(names) => {
                wanted.remove = unique(names).into_iter().filter(|name| has(name)).collect();
                wanted.whole = current().filter(|name| !names.contains(name)).collect();
            }
        }
        if wanted.whole.is_empty() {
            return Err(EditError::WouldBeEmpty { keyword: keyword.to_owned() });
        }
        let same =
            wanted.whole.len() == now.len() && wanted.whole.iter().zip(now).all(|(name, item)| *name == item.name);
        if same {
            return Err(EditError::NothingToDo { keyword: keyword.to_owned() });
        }
        Ok(wanted)
    }

    /// The change over the version's default, where the version knows the sign.
    fn short(&self, version: Version) -> Option<String> {
        let (operator, names) = match (self.exact, &self.add_front[..], &self.add_end[..], &self.remove[..]) {
            (false, [], names, []) => (Operator::Append, names),
            (false, names, [], []) => (Operator::Prepend, names),
            (false, [], [], names) => (Operator::Remove, names),
            _ => return None,
        };
        let (sign, since) = operator.since()?;
        (version >= since).then(|| format!("{sign}{}", list::joined(names)))
    }

    /// Whether a list is as wanted.
    fn holds(&self, list: &Known<Vec<Item>>) -> bool {
        let Some(list) = list.complete() else { return false };
        let has = |name: &Name| list.iter().any(|item| item.name == *name);
        if self.exact {
            return list.len() == self.whole.len()
                && list.iter().zip(&self.whole).all(|(item, name)| item.name == *name);
        }
        // Nothing else may come or go with it.
        list.len() == self.whole.len() && self.whole.iter().all(has)
    }
}
