use shakedown_wire::ike::{Identification, Phase1Suite, Phase2Suite};

use super::super::observation::{Deletion, Nat, Passed, Step};

/// What came of an initiator's attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// The first two messages: which suite. Its errors carry no protection.
    pub proposal: Step,
    /// The third and fourth: the key exchange. Its errors carry no protection.
    pub key_exchange: Step,
    /// The fifth and sixth: who the ends are. Of aggressive mode, what the second message proves.
    pub auth: Step,
    /// Quick mode.
    pub child: Step,
    /// The suite that the responder selected for phase 1.
    pub selected: Option<Phase1Suite>,
    /// The responder's vendor IDs.
    pub vendor_ids: Vec<Vec<u8>>,
    /// Who is behind a NAT, where the responder takes part in finding out.
    pub nat: Option<Nat>,
    /// Who the responder says that it is.
    pub identity: Option<Identification>,
    /// Whether the responder has shown that it knows the pre-shared key: the same as here, or another one.
    pub same_key: Option<bool>,
    /// The responder's certificates, its own first.
    pub certificates: Vec<Vec<u8>>,
    /// Its signature, and the hash that it has to be of.
    pub signature: Option<[Vec<u8>; 2]>,
    /// Encrypted messages that came in answer to the fifth, and were not made with keys of this pre-shared key.
    pub other_keys: u32,
    /// What the responder selected in quick mode.
    pub child_selected: Option<PhaseTwo>,
    /// Whether it asks for a user's name and password, or sends configuration (XAUTH, mode configuration).
    pub transaction: bool,
    /// What was passed over.
    pub passed: Passed,
    /// What became of the SA in the end.
    pub deletion: Deletion,
}

/// What quick mode agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseTwo {
    /// The protocol: ESP or AH.
    pub protocol: u8,
    /// The suite.
    pub suite: Phase2Suite,
    /// The traffic of both ends, this end's first, where the responder says so.
    pub traffic: Option<[Identification; 2]>,
}
