//! Edits of how a connection of IKE is set up: its version, identities, methods and selectors, in the file of its own program.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkeVersion, Peering};
use shakedown_model::{ConfigurationKind, FileEdit, Item, Known, Name, Party, Policy, TextEdit};

use crate::Memory;
use crate::ipsec_conf::{self, Daemon};
use crate::swanctl::{self, Selection};
use crate::tls::edit::is_generated;

/// What a connection is to be set to. The local end is the party itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The version that it speaks.
    Version(IkeVersion),
    /// IKEv1 is allowed in the daemon as a whole (libreswan's `ikev1-policy`).
    OldVersionAllowed,
    /// Aggressive mode of IKEv1, or main mode.
    Aggressive(bool),
    /// Transport mode of the CHILD SA, or tunnel mode.
    Transport(bool),
    /// The identity of an end.
    Identity {
        /// Whether it is the party's own.
        local: bool,
        /// The identity.
        name: Name,
    },
    /// How both ends prove themselves: `psk` or `pubkey`.
    Methods {
        /// The party itself.
        local: Name,
        /// The other end.
        remote: Name,
    },
    /// The traffic selectors of an end.
    Selectors {
        /// Whether they are the party's own.
        local: bool,
        /// Networks, addresses or ranges, each with its protocol and port in brackets where it is for one only.
        selectors: Vec<Name>,
    },
}

/// The section of an `ipsec.conf` for the daemon as a whole.
pub const SETUP: &str = "config setup";

/// A line of a configuration: a setting and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The sections inside the connection that it stands in, with the name of the child; none for the connection itself.
    /// [`SETUP`] alone is the section of the daemon.
    pub sections: Vec<String>,
    /// The setting.
    pub key: String,
    /// The value, in quotes where it needs them.
    pub value: String,
}

/// The party with these settings in its file, and the edits; `None` where its file is not known, where a tool writes it, or where
/// no edit of it has that effect, and no other.
pub fn edit(party: &Party, settings: &[Setting], catalog: &Catalog) -> Option<(Party, Vec<FileEdit>)> {
    let configuration = party.configuration.as_ref()?;
    let main = &configuration.files.first()?.path;
    let memory = memory(party, &[]);
    let mut edits: Vec<FileEdit> = Vec::new();
    for line in lines(party, settings)? {
        let (path, edit) = match configuration.kind {
            ConfigurationKind::Swanctl => swanctl::edit::set(&memory, main, peering(party)?, &line)?,
            ConfigurationKind::IpsecConf => {
                ipsec_conf::edit::set(&memory, main, daemon(party), peering(party)?, &line)?
            }
            _ => return None,
        };
        let file = configuration.files.iter().find(|file| file.path == path).filter(|file| !is_generated(file))?;
        match edits.iter_mut().find(|other| Arc::ptr_eq(&other.file, file)) {
            Some(other) => other.edits.push(edit),
            None => edits.push(FileEdit { file: Arc::clone(file), edits: vec![edit] }),
        }
    }
    let after = read(party, &edits, None, catalog)?;
    let changed = as_read(party, &after)?;
    if !is_alike(&changed, &with(party, settings)) {
        return None;
    }
    // What other connections have of this one must stay as it is.
    let before = read(party, &[], None, catalog)?;
    let name = |party: &Party| peering(party).and_then(|peering| Some(peering.written.as_ref()?.name.name.clone()));
    let others =
        |all: Vec<Party>| -> Vec<Party> { all.into_iter().filter(|other| name(other) != name(party)).collect() };
    let (before, after) = (others(before), others(after));
    let apart = before.len() == after.len() && before.iter().zip(&after).all(|(one, other)| is_alike(one, other));
    apart.then_some((changed, edits))
}

/// The party with these settings, without regard to any file.
pub fn with(party: &Party, settings: &[Setting]) -> Party {
    let mut party = party.clone();
    let Policy::Ike(policy) = &mut party.policy else { return party };
    for setting in settings {
        if let Setting::Version(version) = setting {
            policy.version = Some(*version);
        }
        if matches!(setting, Setting::Version(IkeVersion::V2) | Setting::OldVersionAllowed) {
            policy.switched_off = None;
        }
        let Some(peering) = &mut policy.peering else { continue };
        let item = |name: &Name| Item { name: name.clone(), origin: None };
        match setting {
            Setting::Version(_) | Setting::OldVersionAllowed => {}
            Setting::Aggressive(aggressive) => peering.aggressive = *aggressive,
            Setting::Transport(transport) => peering.transport = *transport,
            Setting::Identity { local: true, name } => peering.local.identity = Some(item(name)),
            Setting::Identity { local: false, name } => peering.remote.identity = Some(item(name)),
            Setting::Methods { local, remote } => {
                (peering.local.method, peering.remote.method) = (Some(item(local)), Some(item(remote)));
            }
            Setting::Selectors { local, selectors } => {
                let all = Known::Complete(selectors.iter().map(item).collect());
                let list = if *local { &mut peering.local_selectors } else { &mut peering.remote_selectors };
                *list = all;
            }
        }
    }
    party
}

/// The lines for these settings in the words of the party's own program; `None` where its file is none of these, or cannot say
/// it.
pub fn lines(party: &Party, settings: &[Setting]) -> Option<Vec<Line>> {
    let peering = peering(party)?;
    let words = |setting: &Setting| match party.configuration.as_ref()?.kind {
        ConfigurationKind::Swanctl => swanctl::edit::lines(peering, setting),
        ConfigurationKind::IpsecConf => {
            let version = party.software.as_ref().map_or("", |software| software.version());
            ipsec_conf::edit::lines(daemon(party), version, peering, setting)
        }
        _ => None,
    };
    let all: Option<Vec<Vec<Line>>> = settings.iter().map(words).collect();
    all.map(|all| all.concat())
}

/// The party as its program would read it with these edits made. What is not in the files that were edited stays: keys, and what
/// the daemon's own settings say.
pub fn with_edits(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Option<Party> {
    let name = peering(party)?.written.as_ref()?.name.name.as_str();
    as_read(party, &read(party, edits, Some(name), catalog)?)
}

/// The party with what its connection is in a file that was read.
fn as_read(party: &Party, parties: &[Party]) -> Option<Party> {
    let is_same = |other: &&Party| {
        let written = |party| peering(party)?.written.as_ref().map(|one| (&one.name.name, child(one), one.is_right));
        written(other) == written(party)
    };
    let mut changed = party.clone();
    let (Policy::Ike(policy), Policy::Ike(read)) = (&mut changed.policy, &parties.iter().find(is_same)?.policy) else {
        return None;
    };
    policy.version = read.version;
    policy.switched_off.clone_from(&read.switched_off);
    let (Some(peering), Some(read)) = (&mut policy.peering, &read.peering) else { return None };
    (peering.local, peering.remote) = (read.local.clone(), read.remote.clone());
    (peering.aggressive, peering.transport) = (read.aggressive, read.transport);
    (peering.local_selectors, peering.remote_selectors) = (read.local_selectors.clone(), read.remote_selectors.clone());
    Some(changed)
}

/// The parties of its files with edits made, all or those of one name.
fn read(party: &Party, edits: &[FileEdit], name: Option<&str>, catalog: &Catalog) -> Option<Vec<Party>> {
    let configuration = party.configuration.as_ref()?;
    let main = &configuration.files.first()?.path;
    let memory = memory(party, edits);
    let software = party.software.as_ref()?;
    let selection = Selection { software, role: party.role, name, label: &party.label };
    let gathered = match configuration.kind {
        // Proposals are not asked for, and take the longest.
        ConfigurationKind::Swanctl => swanctl::gather(&swanctl::read(&memory, main).ok()?, &selection, None),
        ConfigurationKind::IpsecConf => {
            ipsec_conf::parties(&ipsec_conf::read(&memory, main, daemon(party)).ok()?, &selection, catalog)
        }
        _ => return None,
    };
    Some(gathered.parties)
}

fn child(written: &shakedown_model::ike::WrittenConnection) -> Option<&Name> {
    written.child.as_ref().map(|child| &child.name)
}

fn peering(party: &Party) -> Option<&Peering> {
    party.ike()?.peering.as_deref()
}

fn daemon(party: &Party) -> Daemon {
    match party.software.as_ref().map(|software| software.product()) {
        Some("libreswan") => Daemon::Libreswan,
        _ => Daemon::StrongSwan,
    }
}

/// The party's files with edits made.
fn memory(party: &Party, edits: &[FileEdit]) -> Memory {
    let files = party.configuration.iter().flat_map(|configuration| &configuration.files);
    let mut memory = Memory::new();
    for file in files {
        let edited = edits.iter().find(|edit| Arc::ptr_eq(&edit.file, file));
        memory.insert(&file.path, edited.map_or_else(|| file.text.clone(), FileEdit::apply));
    }
    memory
}

/// Whether two parties are set up alike.
fn is_alike(one: &Party, other: &Party) -> bool {
    let plain = |party: &Party| {
        let policy = party.ike()?;
        let peering = policy.peering.as_deref()?;
        let name = |item: &Option<Item>| item.as_ref().map(|item| item.name.clone());
        let names = |list: &Known<Vec<Item>>| {
            list.complete().map(|all| all.iter().map(|item| item.name.clone()).collect::<Vec<_>>())
        };
        Some((
            (policy.version, peering.aggressive, peering.transport),
            [&peering.local, &peering.remote].map(|proof| (name(&proof.method), name(&proof.identity))),
            [&peering.local_selectors, &peering.remote_selectors].map(names),
        ))
    };
    plain(one) == plain(other)
}

/// Behind the line end that follows a place.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| at + end)
}

/// The blanks at the beginning of a line that a place is in.
pub(crate) fn indent_of(text: &[u8], at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let line = text.get(start..).unwrap_or_default();
    let length = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    String::from_utf8_lossy(line.get(..length).unwrap_or_default()).into_owned()
}

/// Text put in at a place.
pub(crate) fn insertion(at: usize, replacement: String) -> TextEdit {
    TextEdit { span: at..at, replacement }
}
