use std::fmt;

use crate::{Item, Name, Role, Slot};

/// What the protocol's own rules make of two parties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The stages that the connection needs, in order.
    pub stages: Vec<StageOutcome>,
    /// What was agreed in the stages reached. `None` where the slot is not used (a MAC beside an AEAD cipher).
    pub agreed: Vec<(Slot, Option<Name>)>,
    /// IKE: what was agreed for the CHILD SA.
    pub agreed_child: Vec<(Slot, Option<Name>)>,
    /// The slots that failed, in the order in which the deciding implementation stops.
    pub failed: Vec<FailedSlot>,
    /// What works now and will fail later.
    pub forecast: Vec<Forecast>,
    /// Every choice: both lists, the result, the rule.
    pub trace: Vec<TraceStep>,
    /// What is weak about the session that they agree on.
    pub risks: Vec<Risk>,
}

impl Outcome {
    /// `Failed` when any stage that the connection needs fails, else `Unknown` when any is unknown, else `Agreed`.
    pub fn result(&self) -> OutcomeResult {
        let mut result = OutcomeResult::Agreed;
        if self.stages.is_empty() {
            return OutcomeResult::Unknown;
        }
        for stage in &self.stages {
            match stage.result {
                StageResult::Failed => return OutcomeResult::Failed,
                StageResult::Unknown { .. } => result = OutcomeResult::Unknown,
                StageResult::Agreed | StageResult::NotReached => {}
            }
        }
        result
    }

    /// What was agreed for a slot.
    pub fn agreed(&self, slot: Slot) -> Option<&Name> {
        self.agreed.iter().find(|(key, _)| *key == slot).and_then(|(_, value)| value.as_ref())
    }
}

/// The result of an [`Outcome`] as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeResult {
    /// The connection comes about.
    Agreed,
    /// It does not.
    Failed,
    /// It cannot be told.
    Unknown,
}

impl OutcomeResult {
    /// The name in JSON: `agreed`, `failed`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// One stage and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageOutcome {
    /// The stage.
    pub stage: Stage,
    /// What became of it.
    pub result: StageResult,
}

/// The stages of the three protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// SSH: choice from the two KEXINITs.
    Kexinit,
    /// SSH: group size of the Diffie-Hellman group exchange, RFC 4419.
    Gex,
    /// SSH: the host key itself: known, large enough, signed for.
    HostKey,
    /// TLS: the hellos.
    Hello,
    /// TLS: the key exchange.
    KeyExchange,
    /// TLS: the server's certificate.
    Certificate,
    /// TLS: the client's certificate.
    ClientCertificate,
    /// IKE: the IKE SA.
    IkeSa,
    /// IKE: authentication.
    Auth,
    /// IKE: the first CHILD SA.
    ChildSa,
    /// IKE and SSH: the exchange after the first lifetime.
    Rekey,
}

impl Stage {
    /// The name in JSON: `kexinit`, `gex`, `host-key`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kexinit => "kexinit",
            Self::Gex => "gex",
            Self::HostKey => "host-key",
            Self::Hello => "hello",
            Self::KeyExchange => "key-exchange",
            Self::Certificate => "certificate",
            Self::ClientCertificate => "client-certificate",
            Self::IkeSa => "ike-sa",
            Self::Auth => "auth",
            Self::ChildSa => "child-sa",
            Self::Rekey => "rekey",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageResult {
    /// Both ends agree.
    Agreed,
    /// They do not.
    Failed,
    /// An earlier stage failed.
    NotReached,
    /// It cannot be told.
    Unknown {
        /// The one observation or command that would decide it.
        what_would_decide: String,
    },
}

impl StageResult {
    /// The name in JSON: `agreed`, `failed`, `not-reached`, `unknown`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// One slot on which the two ends do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedSlot {
    /// The stage in which it failed.
    pub stage: Stage,
    /// The slot.
    pub slot: Slot,
    /// What the client offers or accepts.
    pub client: Vec<Item>,
    /// What the server offers or accepts.
    pub server: Vec<Item>,
    /// How it failed.
    pub kind: FailureKind,
}

/// How a slot failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing in common.
    NothingInCommon,
    /// One party's list has no element, or only markers.
    NothingOffered {
        /// Whose list.
        by: Role,
    },
    /// A marker such as `ext-info-c` would be chosen as if it were an algorithm; both must disconnect (RFC 8308 2.2).
    MarkerChosen {
        /// The marker.
        marker: Name,
    },
    /// There are names in common, but only beyond the part of the list that this implementation reads.
    BeyondLimit {
        /// How many names of the peer's list are read.
        limit: usize,
    },
    /// The agreed algorithm's key or group is below what one party demands.
    TooSmall {
        /// Its size in bits.
        bits: u32,
        /// The smallest size accepted, in bits.
        minimum: u32,
        /// Who demands it.
        demanded_by: Role,
    },
    /// Group exchange: no group in the range that the client asks for.
    OutOfRange {
        /// Smallest size the client accepts, in bits.
        minimum: u32,
        /// Largest size the client accepts, in bits.
        maximum: u32,
        /// Sizes that the server has, in bits.
        available: Vec<u32>,
    },
    /// The host key that the server shows is not the one that the client knows.
    NotTheKnownKey,
    /// The client knows no key for this host and checks strictly.
    NoKnownKey,
    /// The client knows the key as revoked.
    RevokedKey,
    /// IKE: one end proves to be somebody whom the other does not expect.
    WrongIdentity {
        /// Whose identity it is.
        of: Role,
    },
    /// IKE: the two ends have different pre-shared keys for each other.
    DifferentKeys,
    /// IKE: one end has no pre-shared key for the other.
    NoKey {
        /// Which end.
        by: Role,
    },
    /// IKEv1: one end speaks main mode and the other one aggressive mode; of a CHILD SA: one has tunnel and the other transport
    /// mode.
    OtherMode,
    /// IKE: the connection of the responder is for other addresses.
    OtherAddress {
        /// Whose address it is that is another one.
        of: Role,
    },
    /// TLS: the client demands secure renegotiation (RFC 5746), and the server does not announce it.
    NoSecureRenegotiation,
    /// TLS up to 1.2: one end demands the extended master secret (RFC 7627), and the other does not announce it.
    NoExtendedMasterSecret {
        /// Who demands it.
        demanded_by: Role,
    },
    /// One implementation cannot go on although the lists have a name in common.
    Deviation {
        /// Who cannot.
        by: Role,
        /// What it does differently.
        what: String,
    },
}

/// Something that works now and will fail later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// When: `rekey`, or a time in RFC 3339.
    pub when: String,
    /// The stage that will fail.
    pub stage: Stage,
    /// The slot that will fail.
    pub slot: Slot,
    /// What will happen, in one sentence.
    pub summary: String,
    /// How many seconds after the connection came up, at the earliest, where that is known.
    pub after: Option<u64>,
}

/// One choice of the negotiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// The slot.
    pub slot: Slot,
    /// The client's list, in its order.
    pub client: Vec<Name>,
    /// The server's list, in its order.
    pub server: Vec<Name>,
    /// What was chosen.
    pub chosen: Option<Name>,
    /// The rule that chose it, with its source: `first of the client's list that the server has (RFC 4253 section 7.1)`.
    pub rule: String,
}

/// A weakness of the agreed session. Not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// A stable code: `terrapin`, `sha1-signature`, `no-post-quantum`, `no-forward-secrecy`, `weak-cipher`, ...
    pub code: String,
    /// The slot that brings it.
    pub slot: Option<Slot>,
    /// What it means, in one sentence.
    pub summary: String,
    /// Where it is shown: an RFC, a paper, an advisory.
    pub citation: String,
}
