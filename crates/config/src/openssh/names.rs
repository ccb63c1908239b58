//! The algebra of algorithm lists (rule R14): `kex_assemble_names`, and what is refused when the list is read.

use shakedown_model::{Item, Name, Origin};

use super::pattern::{Judgement, judge, matches};

/// A list as written in a file.
#[derive(Clone, Debug)]
pub(crate) struct WrittenList {
    pub(crate) operator: Operator,
    /// The names and patterns, as written, with their places; empty ones included.
    pub(crate) names: Vec<WrittenName>,
}

#[derive(Clone, Debug)]
pub(crate) struct WrittenName {
    pub(crate) text: Vec<u8>,
    pub(crate) origin: Origin,
}

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

/// The effective list. `supported` is what the build has, in its own order, which is the order in which a pattern's names
/// come.
pub(crate) fn assemble(list: &WrittenList, default: &[Item], supported: &[Name]) -> Result<Vec<Item>, BadList> {
    // The name comes from the file, on top of the default that had it as well.
    let item = |name: &Name, origin: &Origin| {
        let before = default.iter().find(|item| item.name == *name).and_then(|item| item.origin.clone());
        Item {
            name: name.clone(),
            origin: Some(match before {
                Some(before) => origin.clone().after(before),
                None => origin.clone(),
            }),
        }
    };
    if list.operator == Operator::Remove {
        let patterns: Vec<&[u8]> = list.names.iter().map(|name| name.text.as_slice()).collect();
        let patterns = patterns.join(&b","[..]);
        // OpenSSH accepts an empty result here, and fails when it connects.
        let kept = default.iter().filter(|item| judge(&patterns, &item.name.to_bytes(), false) != Judgement::Match);
        return Ok(kept.cloned().collect());
    }
    let mut out: Vec<Item> = Vec::new();
    let push = |new: Item, out: &mut Vec<Item>| {
        if !out.iter().any(|item| item.name == new.name) {
            out.push(new);
        }
    };
    if list.operator == Operator::Append {
        default.iter().for_each(|old| push(old.clone(), &mut out));
    }
    // An empty name ends the list where lists are joined (`kex_names_cat`), and is nothing elsewhere.
    for written in &list.names {
        if written.text.first() == Some(&b'!') {
            return Err(BadList::Negated);
        }
        for name in supported.iter().filter(|name| matches(&written.text, &name.to_bytes())) {
            push(item(name, &written.origin), &mut out);
        }
    }
    if list.operator == Operator::Prepend {
        default.iter().for_each(|old| push(old.clone(), &mut out));
    }
    if out.is_empty() { Err(BadList::Empty) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::{OriginKind, items, names};

    fn written(text: &str) -> WrittenList {
        let (operator, start) = Operator::of(text.as_bytes());
        let origin = Origin::new(OriginKind::CommandLine { argument: text.into() });
        let names = text[start..].split(',');
        let names = names.map(|name| WrittenName { text: name.as_bytes().to_vec(), origin: origin.clone() }).collect();
        WrittenList { operator, names }
    }

    fn assembled(text: &str) -> Result<String, BadList> {
        let default = items(["c", "b"]);
        let supported: Vec<Name> = ["a", "b", "c", "ab"].map(Name::new).to_vec();
        let list = assemble(&written(text), &default, &supported)?;
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
            ("+a*", "c,b,a,ab"),
        ] {
            assert_eq!(assembled(text), Ok(expected.into()), "{text}");
        }
        assert_eq!(assembled("nothing"), Err(BadList::Empty));
        assert_eq!(assembled("!a"), Err(BadList::Negated));
    }
}
