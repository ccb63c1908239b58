//! A party with more or fewer algorithms: as edits of its own file where there is one, else in its lists.

use shakedown_catalog::Catalog;
use shakedown_config::openssh::{self, ListChange};
use shakedown_model::{FileEdit, Item, Known, Name, Origin, OriginKind, Party, Policy, Slot};

use crate::strength::{family, head};

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
    let Policy::Ssh(policy) = &mut party.policy;
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

/// The party with its file edited, read again. `None` where there is no file, or where it cannot be edited so.
pub(crate) fn in_file(party: &Party, deltas: &[Delta], catalog: &Catalog) -> Option<Edited> {
    party.configuration.as_ref()?;
    let mut edits = Vec::new();
    for delta in deltas {
        let change = match delta.how {
            How::Add => ListChange::Append(delta.names.clone()),
            How::Remove => ListChange::Remove(delta.names.clone()),
        };
        edits.extend(openssh::edit(party, delta.slot, &change, catalog).ok()?);
    }
    let edits = openssh::merge(&edits);
    let party = with_edits(party, &edits, catalog)?;
    Some(Edited { party, edits })
}

/// The names that a party lists in a slot after the change, for formats that only take whole lists.
pub(crate) fn whole_list(party: &Party, slot: Slot) -> Vec<Name> {
    let list = party.ssh().and_then(|policy| policy.offer.list(head(slot)).accepted());
    let names = list.into_iter().flatten().map(|item| item.name.clone());
    names.filter(|name| !shakedown_model::ssh::is_marker(name.as_str())).collect()
}

/// The party with these edits of its files made, read again.
pub(crate) fn with_edits(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Option<Party> {
    let read = openssh::with_edits(party, edits, catalog).ok()?.parties.into_iter().next()?;
    // What was seen of the party, beyond its file, stays.
    Some(Party { label: party.label.clone(), source: party.source.clone(), notes: party.notes.clone(), ..read })
}
