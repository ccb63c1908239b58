//! A party with more or fewer algorithms: as edits of its own file where there is one, else in its lists.

use shakedown_catalog::Catalog;
use shakedown_config::openssh::{self, EditError, ListChange, Scope};
use shakedown_model::{FileEdit, Item, Known, Name, Origin, OriginKind, Party, Policy, Slot, TextEdit};

use crate::strength::{family, head, sound};

/// What changes in one slot of a party; a direction stands for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) slot: Slot,
    pub(crate) names: Vec<Name>,
    pub(crate) how: How,
}

/// The kinds of change of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Add,
    Remove,
}

/// A changed party, and the edits of its file that change it.
#[derive(Clone, Debug)]
pub(crate) struct Edited {
    pub(crate) party: Party,
    pub(crate) edits: Vec<FileEdit>,
}

/// The party with its lists changed, without regard to any file.
pub(crate) fn in_lists(party: &Party, deltas: &[Delta]) -> Party {
    let mut party = party.clone();
    let Policy::Ssh(policy) = &mut party.policy else { return party };
    for delta in deltas {
        for &slot in family(delta.slot) {
            let Some(list) = policy.offer.list_mut(slot) else { continue };
            match delta.how {
                How::Add => add(list, &delta.names),
                How::Remove => remove(list, &delta.names),
            }
        }
    }
    party
}

fn add(list: &mut Known<Vec<Item>>, names: &[Name]) {
    let origin = || Origin::new(OriginKind::Edit { title: "proposed".into() });
    let new = |have: &[Item]| -> Vec<Item> {
        let missing = names.iter().filter(|name| !have.iter().any(|item| item.name == **name));
        missing.map(|name| Item::with_origin(name.clone(), origin())).collect()
    };
    match list {
        Known::Complete(items) => {
            let new = new(items);
            items.extend(new);
        }
        Known::Partial { accepted, refused } => {
            let new = new(accepted);
            accepted.extend(new);
            refused.retain(|item| !names.contains(&item.name));
        }
        Known::Unknown => *list = Known::Partial { accepted: new(&[]), refused: Vec::new() },
    }
}

fn remove(list: &mut Known<Vec<Item>>, names: &[Name]) {
    match list {
        Known::Complete(items) => items.retain(|item| !names.contains(&item.name)),
        Known::Partial { accepted, refused } => {
            let (gone, kept): (Vec<Item>, Vec<Item>) = accepted.drain(..).partition(|item| names.contains(&item.name));
            *accepted = kept;
            refused.extend(gone);
        }
        Known::Unknown => {}
    }
}

/// Why a party's own file cannot be changed as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The version does not have this name, or the server has no key for it.
    Name(Name),
    /// No edit has the effect.
    All,
}

/// The party with its file edited, read again; `None` where it was not read from files. `host` limits a client's change to
/// one server.
pub(crate) fn in_file(
    party: &Party,
    deltas: &[Delta],
    host: Option<&str>,
    catalog: &Catalog,
) -> Result<Option<Edited>, Refused> {
    if party.configuration.is_none() {
        return Ok(None);
    }
    let scope = host.map_or(Scope::InPlace, |host| Scope::Host(host.to_owned()));
    let mut edits = Vec::new();
    for delta in deltas {
        let names = delta.names.clone();
        let change = match delta.how {
            How::Remove => ListChange::Remove(names),
            How::Add if names.iter().all(|name| sound(catalog, delta.slot, name)) => ListChange::Prepend(names),
            How::Add => ListChange::Append(names),
        };
        match openssh::edit_in(party, delta.slot, &change, &scope, catalog) {
            Ok(new) => edits.extend(new),
            Err(EditError::NotSupported { name } | EditError::NeedsKey { algorithm: name }) => {
                return Err(Refused::Name(name));
            }
            Err(_) => return Err(Refused::All),
        }
    }
    let mut edits = openssh::merge(&edits);
    edits.iter_mut().for_each(one_block);
    let party = with_edits(party, &edits, catalog).ok_or(Refused::All)?;
    Ok(Some(Edited { party, edits }))
}

/// Blocks for the same host that several directives put at the top of a file become one block.
fn one_block(edit: &mut FileEdit) {
    let mut top: Vec<TextEdit> = Vec::new();
    let mut rest: Vec<TextEdit> = Vec::new();
    for part in edit.edits.drain(..) {
        let block = part.span == (0..0) && part.replacement.starts_with("Host ");
        if block { top.push(part) } else { rest.push(part) }
    }
    let mut blocks = top.into_iter();
    if let Some(mut first) = blocks.next() {
        for block in blocks {
            match joined(&first.replacement, &block.replacement) {
                Some(text) => first.replacement = text,
                None => rest.push(block),
            }
        }
        rest.insert(0, first);
    }
    edit.edits = rest;
}

/// The directives of the second block within the first, where both are for the same host.
fn joined(first: &str, second: &str) -> Option<String> {
    let (header, body) = first.split_once('\n')?;
    let (other, added) = second.split_once('\n')?;
    let directives = |text: &str| -> usize {
        let inside = text.split_inclusive('\n').take_while(|line| line.starts_with([' ', '\t']));
        inside.map(str::len).sum()
    };
    let (ours, tail) = body.split_at_checked(directives(body))?;
    let theirs = added.get(..directives(added))?;
    (header == other).then(|| format!("{header}\n{ours}{theirs}{tail}"))
}

/// The party with these edits of its files made, read again.
pub(crate) fn with_edits(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Option<Party> {
    let read = openssh::with_edits(party, edits, catalog).ok()?.parties.into_iter().next()?;
    // What was seen of the party, beyond its file, stays.
    Some(Party { label: party.label.clone(), source: party.source.clone(), notes: party.notes.clone(), ..read })
}

/// The names that a party lists in a slot after the change, for formats that only take whole lists.
pub(crate) fn whole_list(party: &Party, slot: Slot) -> Vec<Name> {
    let list = party.ssh().and_then(|policy| policy.offer.list(head(slot)).accepted());
    let names = list.into_iter().flatten().map(|item| item.name.clone());
    names.filter(|name| !shakedown_model::ssh::is_marker(name.as_str())).collect()
}
