use crate::{EvidenceId, Protocol};

/// What belongs together in a log: one attempt to connect, or several that went the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The protocol, where the text shows it.
    pub protocol: Option<Protocol>,
    /// The peer's address or name as the log has it.
    pub peer: Option<String>,
    /// How many different peers: more than one only where strangers are put together.
    pub peers: u64,
    /// When the first attempt was, as the log writes it.
    pub first: Option<String>,
    /// When the last attempt was, as the log writes it.
    pub last: Option<String>,
    /// How many attempts went this way.
    pub count: u64,
    /// What became of it.
    pub result: IncidentResult,
    /// Whether the peer is one to worry about.
    pub standing: Standing,
    /// What failed, most often first, where strangers are put together; else empty.
    pub summary: String,
    /// What was seen, of the first attempt.
    pub evidence: Vec<EvidenceId>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IncidentResult {
    /// It failed.
    Failed,
    /// It failed first and worked in the end.
    Recovered,
    /// It worked.
    Succeeded,
    /// The text does not say.
    Unknown,
}

impl IncidentResult {
    /// The name in JSON: `failed`, `recovered`, `succeeded`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Succeeded => "succeeded",
            Self::Unknown => "unknown",
        }
    }
}

/// Who a log's peer is: internet-facing logs are full of scanners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Named by the person, or seen to succeed in the same log.
    Known,
    /// Nothing speaks for or against it; also where the text has one incident only.
    #[default]
    Unremarkable,
    /// Never seen to succeed, in a log that many such knock at.
    Stranger,
}

impl Standing {
    /// The name in JSON: `known`, `unremarkable`, `stranger`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unremarkable => "unremarkable",
            Self::Stranger => "stranger",
        }
    }
}
