use crate::{Name, Phase, Protocol, Reason, Role, Side, Slot, Strength};

/// What a program printed, as the message data read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The entry of the message data, `product/id`.
    pub message: String,
    /// The product that prints it.
    pub product: String,
    /// The protocol that it is about, where the message belongs to one.
    pub protocol: Option<Protocol>,
    /// What part it plays.
    pub kind: MessageKind,
    /// Who printed it, where that is known.
    pub printed_by: Option<Role>,
    /// Where in the exchange.
    pub phase: Option<Phase>,
    /// The slot that it is about.
    pub slot: Option<Slot>,
    /// The words matched, escaped.
    pub text: Name,
    /// The parts of it that have a name, in the order of the pattern.
    pub captures: Vec<(String, Name)>,
    /// What it points to, most likely first. Conditions on other messages have been decided already.
    pub indications: Vec<Indication>,
    /// Causes and messages that it explains away.
    pub explains: Vec<String>,
    /// One sentence on what happened, lower case, no full stop; empty where the cause's title says enough.
    pub summary: String,
    /// A fact worth knowing, in the same style; may be empty.
    pub note: String,
    /// The one observation or command that would decide between the candidates.
    pub decides: Option<String>,
    /// How often it was printed in this incident.
    pub times: u64,
}

impl Said {
    /// The captured part of a name.
    pub fn capture(&self, name: &str) -> Option<&Name> {
        self.captures.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// What part a message plays in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// It says what failed.
    #[default]
    Failure,
    /// It says that something ended whose cause is elsewhere.
    Consequence,
    /// It says something about the set-up: a version, a mode, an offer.
    Context,
    /// It says that it worked.
    Success,
    /// It says what may fail one day.
    Warning,
}

/// A cause that a message points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indication {
    /// The code, one of the published causes.
    pub cause: String,
    /// How strongly.
    pub strength: Strength,
    /// The side at fault; [`Fault::Computed`] where the offers have to say.
    pub fault: Fault,
    /// Why that side, in a few words; may be empty.
    pub because: String,
    /// Where the mismatch comes from.
    pub reason: Reason,
    /// Whose certificate, key or file, such as `host key`; may be empty.
    pub object: String,
}

/// The side at fault, as far as a message can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// This one.
    Side(Side),
    /// The offers in the text, and what the catalog knows of algorithms and versions, have to say.
    Computed,
}
