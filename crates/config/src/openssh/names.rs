//! The algebra of algorithm lists (rule R14): `kex_assemble_names`, and what is refused when the list is read.

use std::ops::Range;

use shakedown_model::{Item, Name, Origin};

use super::keyword::Version;
use super::pattern::{Judgement, judge, matches};

/// What a list does to the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// Replaces it.
    Replace,
    /// `+`: adds at the end.
    Append,
    /// `-`: takes out what matches.
    Remove,
    /// `^`: puts in front.
    Prepend,
}

impl Operator {
    /// The sign, and since when OpenSSH knows it.
    pub(crate) fn since(self) -> Option<(char, Version)> {
        match self {
            Self::Replace => None,
            Self::Append => Some(('+', Version(7, 0))),
            Self::Remove => Some(('-', Version(7, 5))),
            Self::Prepend => Some(('^', Version(8, 1))),
        }
    }

    /// The operator of a list, and where the names begin.
    pub(crate) fn of(list: &[u8]) -> (Self, usize) {
        match list.first() {
            Some(b'+') => (Self::Append, 1),
            Some(b'-') => (Self::Remove, 1),
            Some(b'^') => (Self::Prepend, 1),
            _ => (Self::Replace, 0),
        }
    }
}

/// Why a list comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadList {
    /// A name with `!` outside of a `-` list.
    Negated,
    /// Nothing is left.
    Empty,
}

/// The names and patterns of a list without its operator, each with its range in the list.
pub(crate) fn split(list: &[u8]) -> impl Iterator<Item = (&[u8], Range<usize>)> {
    let (_, start) = Operator::of(list);
    let mut at = start;
    list.get(start..).unwrap_or_default().split(|&byte| byte == b',').map(move |name| {
        let range = at..at + name.len();
        at = range.end + 1;
        (name, range)
    })
}

/// The effective list. `supported` is what the build has, in its own order, which is the order in which a pattern's names
/// come; `origin` gives the place of a range of the list.
pub(crate) fn assemble(
    list: &[u8],
    origin: &dyn Fn(Range<usize>) -> Origin,
    default: &[Item],
    supported: &[Name],
) -> Result<Vec<Item>, BadList> {
    let (operator, start) = Operator::of(list);
    if operator == Operator::Remove {
        let patterns = list.get(start..).unwrap_or_default();
        // OpenSSH accepts an empty result here, and fails when it connects.
        let kept = default.iter().filter(|item| judge(patterns, &item.name.to_bytes(), false) != Judgement::Match);
        return Ok(kept.cloned().collect());
    }
    let mut out: Vec<Item> = Vec::new();
    let push = |new: Item, out: &mut Vec<Item>| {
        if !out.iter().any(|item| item.name == new.name) {
            out.push(new);
        }
    };
    if operator == Operator::Append {
        default.iter().for_each(|old| push(old.clone(), &mut out));
    }
    let new = supported.iter().filter(|name| !out.iter().any(|item| item.name == **name));
    let mut left: Vec<(Vec<u8>, &Name)> = new.map(|name| (name.to_bytes(), name)).collect();
    for (written, range) in split(list) {
        match written.first() {
            Some(b'!') => return Err(BadList::Negated),
            // Where lists are joined (`kex_names_cat`) an empty name ends the list; elsewhere it is nothing.
            None if operator == Operator::Append => break,
            _ => {}
        }
        left.retain(|(bytes, name)| {
            if !matches(written, bytes) {
                return true;
            }
            // The name comes from the file, on top of the default that had it as well.
            let before = default.iter().find(|item| item.name == **name).and_then(|item| item.origin.clone());
            let place = origin(range.clone());
            let place = before.map_or(place.clone(), |before| place.after(before));
            out.push(Item::with_origin((*name).clone(), place));
            false
        });
    }
    if operator == Operator::Prepend {
        default.iter().for_each(|old| push(old.clone(), &mut out));
    }
    if out.is_empty() { Err(BadList::Empty) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::{OriginKind, items, names};

    fn assembled(text: &str) -> Result<String, BadList> {
        let default = items(["c", "b"]);
        let supported: Vec<Name> = ["a", "b", "c", "ab"].map(Name::new).to_vec();
        let origin = |_| Origin::new(OriginKind::CommandLine { argument: text.into() });
        let list = assemble(text.as_bytes(), &origin, &default, &supported)?;
        Ok(names(&list).iter().map(Name::as_str).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn algebra() {
        for (text, expected) in [
            ("a", "a"),
            ("b,a,b", "b,a"),
            ("+a", "c,b,a"),
            ("+b", "c,b"),
            ("^b", "b,c"),
            ("^a", "a,c,b"),
            ("-b", "c"),
            ("-*", ""),
            ("-!b,*", "b"),
            ("a*", "a,ab"),
            ("nothing,a", "a"),
            (",a,,b,", "a,b"),
            ("+a,,ab", "c,b,a"),
            ("^a,,ab", "a,ab,c,b"),
            ("+a*", "c,b,a,ab"),
        ] {
            assert_eq!(assembled(text), Ok(expected.into()), "{text}");
        }
        assert_eq!(assembled("nothing"), Err(BadList::Empty));
        assert_eq!(assembled("!a"), Err(BadList::Negated));
    }
}
