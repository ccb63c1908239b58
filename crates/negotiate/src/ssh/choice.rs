use shakedown_model::{FailureKind, Name, Role};

use super::list::{Has, List};

/// What became of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Both ends use this.
    Agreed(Name),
    /// The slot is not used: a MAC beside an AEAD cipher.
    NotUsed,
    /// They agree in any case, on one of these; which one depends on what nobody has seen.
    OneOf(Vec<Name>),
    /// They do not agree.
    Failed(FailureKind),
    /// It cannot be told; the text says what would decide.
    Unknown(String),
}

impl Choice {
    pub(crate) fn name(&self) -> Option<&Name> {
        match self {
            Self::Agreed(name) => Some(name),
            _ => None,
        }
    }
}

/// Whose list gives the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order(pub(crate) Role);

/// The first name of the preferring party's list that the other has, as far as the lists are known
/// (RFC 4253 section 7.1: the client's list gives the order).
pub(crate) fn first_common(client: &List, server: &List, order: Order) -> Choice {
    for (list, by) in [(client, Role::Client), (server, Role::Server)] {
        if list.offers_nothing() {
            return Choice::Failed(FailureKind::NothingOffered { by });
        }
    }
    let (preferring, other) = match order.0 {
        Role::Client => (client, server),
        Role::Server => (server, client),
    };
    if preferring.open { open_order(preferring, other) } else { known_order(preferring, other) }
}

fn known_order(preferring: &List, other: &List) -> Choice {
    let mut possible = Vec::new();
    for name in &preferring.names {
        match other.has(name) {
            Has::Yes if possible.is_empty() => return Choice::Agreed(name.clone()),
            Has::Yes => {
                possible.push(name.clone());
                return Choice::OneOf(possible);
            }
            Has::Maybe => possible.push(name.clone()),
            Has::No => {}
        }
    }
    if possible.is_empty() { Choice::Failed(FailureKind::NothingInCommon) } else { Choice::Unknown(String::new()) }
}

/// The preferring party's order is not known, so that a second name in common leaves the choice open.
fn open_order(preferring: &List, other: &List) -> Choice {
    let certain: Vec<&Name> = preferring.names.iter().filter(|name| other.has(name) == Has::Yes).collect();
    let mut possible: Vec<Name> = Vec::new();
    for name in other.names.iter().chain(&preferring.names) {
        if preferring.has(name) != Has::No && other.has(name) != Has::No && !possible.contains(name) {
            possible.push(name.clone());
        }
    }
    match (certain.first(), possible.len()) {
        (Some(&name), 1) if !other.open => Choice::Agreed(name.clone()),
        (Some(_), _) => Choice::OneOf(possible),
        (None, 0) if !other.open => Choice::Failed(FailureKind::NothingInCommon),
        (None, _) => Choice::Unknown(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(names: &[&str]) -> List {
        List { names: names.iter().map(|name| Name::new(name)).collect(), refused: Vec::new(), open: false }
    }

    fn open(accepted: &[&str], refused: &[&str]) -> List {
        List {
            names: accepted.iter().map(|name| Name::new(name)).collect(),
            refused: refused.iter().map(|name| Name::new(name)).collect(),
            open: true,
        }
    }

    fn common(client: &List, server: &List) -> Choice {
        first_common(client, server, Order(Role::Client))
    }

    #[test]
    fn the_order_is_the_preferring_partys() {
        let (client, server) = (closed(&["a", "b"]), closed(&["b", "a"]));
        assert_eq!(common(&client, &server), Choice::Agreed(Name::new("a")));
        assert_eq!(first_common(&client, &server, Order(Role::Server)), Choice::Agreed(Name::new("b")));
    }

    #[test]
    fn a_partial_list_of_the_server_decides_as_far_as_it_was_tried() {
        let client = closed(&["a", "b", "c"]);
        assert_eq!(common(&client, &open(&["b"], &["a"])), Choice::Agreed(Name::new("b")));
        assert_eq!(common(&client, &open(&["b"], &[])), Choice::OneOf(vec![Name::new("a"), Name::new("b")]));
        assert_eq!(common(&client, &open(&["x"], &["a", "b", "c"])), Choice::Failed(FailureKind::NothingInCommon));
        assert!(matches!(common(&client, &open(&[], &["a", "b"])), Choice::Unknown(_)));
    }

    #[test]
    fn a_partial_list_of_the_client_has_no_order() {
        let server = closed(&["a", "b"]);
        assert_eq!(common(&open(&["b"], &["a"]), &server), Choice::Agreed(Name::new("b")));
        assert!(matches!(common(&open(&["a", "b"], &[]), &server), Choice::OneOf(_)));
        assert!(matches!(common(&open(&["b"], &[]), &server), Choice::OneOf(_)));
        assert_eq!(common(&open(&["x"], &["a", "b"]), &server), Choice::Failed(FailureKind::NothingInCommon));
        assert!(matches!(common(&open(&[], &[]), &open(&[], &[])), Choice::Unknown(_)));
        assert!(matches!(common(&open(&["a"], &[]), &open(&["a"], &[])), Choice::OneOf(_)));
    }

    #[test]
    fn an_empty_list_is_the_fault_of_its_owner() {
        let only_markers = closed(&["ext-info-c", "kex-strict-c-v00@openssh.com"]);
        assert_eq!(
            common(&only_markers, &closed(&["a"])),
            Choice::Failed(FailureKind::NothingOffered { by: Role::Client })
        );
        assert_eq!(
            common(&open(&[], &[]), &closed(&[])),
            Choice::Failed(FailureKind::NothingOffered { by: Role::Server })
        );
    }
}
