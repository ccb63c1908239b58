use shakedown_model::tls::{TlsBehaviour, TlsOffer, TlsPolicy, TlsVersion};
use shakedown_model::{Context, FailedSlot, FailureKind, Item, Known, Name, Role, Slot, Stage};

use crate::ssh::list::{Has, List};

/// Both ends as they open towards each other.
pub(super) struct Ends<'a> {
    pub(super) client: TlsOffer,
    pub(super) server: &'a TlsOffer,
    pub(super) behaviour: &'a TlsBehaviour,
    pub(super) client_policy: &'a TlsPolicy,
    pub(super) server_policy: &'a TlsPolicy,
}

/// What became of one slot.
#[derive(Clone, Debug)]
pub(super) enum Choice<T = Name> {
    /// Both ends use this.
    Agreed(T),
    /// The slot is not used.
    NotUsed,
    /// They agree in any case; on which of several depends on what nobody has seen.
    OneOf,
    /// They do not agree; the failures in the order in which they are met.
    Failed(Vec<FailedSlot>),
    /// It cannot be told; the text says what would decide.
    Unknown(String),
}

impl<T> Choice<T> {
    pub(super) fn agreed(&self) -> Option<&T> {
        match self {
            Self::Agreed(value) => Some(value),
            _ => None,
        }
    }
}

/// One choice with what the trace says of it.
pub(super) struct Decision<T = Name> {
    pub(super) choice: Choice<T>,
    pub(super) rule: String,
}

impl<T> Decision<T> {
    pub(super) fn new(choice: Choice<T>, rule: impl Into<String>) -> Self {
        Self { choice, rule: rule.into() }
    }
}

impl<'a> Ends<'a> {
    pub(super) fn open(client: &'a TlsPolicy, server: &'a TlsPolicy, context: &Context) -> Self {
        Self {
            client: client.open(Role::Client, context),
            server: &server.offer,
            behaviour: &server.behaviour,
            client_policy: client,
            server_policy: server,
        }
    }

    /// A failure with both ends' lists.
    pub(super) fn failed(&self, stage: Stage, slot: Slot, kind: FailureKind) -> FailedSlot {
        let list = |known: Known<Vec<Item>>| known.accepted().cloned().unwrap_or_default();
        let [mut client, mut server] = [list(self.client.list(slot)), list(self.server.list(slot))];
        if slot == Slot::Certificate {
            let all = |offer: &TlsOffer| offer.certificates.accepted().cloned().unwrap_or_default();
            let phrase =
                |one: shakedown_model::tls::Certificate| Item { name: Name::new(&one.phrase()), origin: one.origin };
            client = Vec::new();
            server = all(self.server).into_iter().map(phrase).collect();
        }
        FailedSlot { stage, slot, client, server, kind }
    }

    /// A failure where one end's list is empty, or else where the two have nothing in common.
    pub(super) fn nothing(&self, stage: Stage, slot: Slot, client: &List, server: &List) -> FailedSlot {
        let kind = match (client.offers_nothing(), server.offers_nothing()) {
            (true, _) => FailureKind::NothingOffered { by: Role::Client },
            (_, true) => FailureKind::NothingOffered { by: Role::Server },
            _ => FailureKind::NothingInCommon,
        };
        self.failed(stage, slot, kind)
    }
}

/// Both of two answers.
pub(super) fn both(a: Has, b: Has) -> Has {
    match (a, b) {
        (Has::No, _) | (_, Has::No) => Has::No,
        (Has::Yes, Has::Yes) => Has::Yes,
        _ => Has::Maybe,
    }
}

/// Either of two answers.
pub(super) fn either(a: Has, b: Has) -> Has {
    match (a, b) {
        (Has::Yes, _) | (_, Has::Yes) => Has::Yes,
        (Has::No, Has::No) => Has::No,
        _ => Has::Maybe,
    }
}

pub(super) fn has_if(known: bool) -> Has {
    if known { Has::Yes } else { Has::No }
}

/// The names that both may have, in the order of the first list, each with how sure that is. Where the first list's order is
/// not known, so is not which of several comes first.
pub(super) fn common(first: &List, second: &List) -> Vec<(Name, Has)> {
    let mut found: Vec<(Name, Has)> =
        first.names.iter().map(|name| (name.clone(), second.has(name))).filter(|(_, has)| *has != Has::No).collect();
    if first.open {
        for name in &second.names {
            if first.has(name) == Has::Maybe && !found.iter().any(|(other, _)| other == name) {
                found.push((name.clone(), Has::Maybe));
            }
        }
    }
    found
}

/// The name of a version.
pub(super) fn version_name(version: TlsVersion) -> Name {
    Name::new(version.as_str())
}
