use crate::{EvidenceId, HopRef, Name, Origin, Phase, Protocol, Remedy, Side};

/// The place of a [`Diagnosis`] in its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DiagnosisId(pub usize);

/// One cause found, with why it is thought to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The pair of parties that it is about, by place in the report.
    pub pair: Option<usize>,
    /// The incident of a log that it is about.
    pub incident: Option<usize>,
    /// Diagnoses of one group are alternatives: one of them is right.
    pub group: usize,
    /// The code, one of the published causes.
    pub cause: &'static str,
    /// Where the mismatch comes from.
    pub reason: Reason,
    /// The protocol.
    pub protocol: Protocol,
    /// Whose certificate, key or file.
    pub object: Option<Object>,
    /// The hop that failed.
    pub hop: HopRef,
    /// Where in the exchange.
    pub phase: Option<Phase>,
    /// The side at fault.
    pub side: Side,
    /// Why that side, in a few words, for the line `at fault: server (...)`.
    pub side_because: String,
    /// From 0 to 1 000: the share, in thousandths, of answers of this kind that are right.
    pub confidence_permille: u16,
    /// One sentence, lower case, no full stop.
    pub summary: String,
    /// The algorithms or values at issue.
    pub algorithms: Vec<Name>,
    /// What speaks for it.
    pub evidence: Vec<EvidenceId>,
    /// What speaks against it.
    pub evidence_against: Vec<EvidenceId>,
    /// Places to quote, the first one primary.
    pub labels: Vec<Label>,
    /// Facts worth knowing, each one sentence, lower case, no full stop.
    pub notes: Vec<String>,
    /// Where several causes fit: the one observation or command that would decide.
    pub what_would_decide: Option<String>,
    /// What would resolve it; `fix::plan` turns these into fixes.
    pub remedies: Vec<Remedy>,
}

impl Diagnosis {
    /// From 0 to 1.
    pub fn confidence(&self) -> f64 {
        f64::from(self.confidence_permille) / 1000.0
    }
}

/// What a diagnosis file returns; the engine makes a [`Diagnosis`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where the mismatch comes from.
    pub reason: Reason,
    /// Whose certificate, key or file.
    pub object: Option<Object>,
    /// The hop that failed.
    pub hop: HopRef,
    /// Where in the exchange.
    pub phase: Option<Phase>,
    /// The side at fault.
    pub side: Side,
    /// Why that side, in a few words.
    pub side_because: String,
    /// How strongly the evidence speaks for it.
    pub strength: Strength,
    /// Of matches as strong, that with the smaller number comes first.
    pub rank: u32,
    /// One sentence, lower case, no full stop.
    pub summary: String,
    /// The algorithms or values at issue.
    pub algorithms: Vec<Name>,
    /// What speaks for it.
    pub evidence: Vec<EvidenceId>,
    /// What speaks against it.
    pub evidence_against: Vec<EvidenceId>,
    /// Causes that this one explains away when both match the same pair.
    pub supersedes: Vec<&'static str>,
    /// Places to quote, the first one primary.
    pub labels: Vec<Label>,
    /// Facts worth knowing.
    pub notes: Vec<String>,
    /// The one observation or command that would decide between alternatives.
    pub what_would_decide: Option<String>,
    /// What would resolve it.
    pub remedies: Vec<Remedy>,
}

impl Match {
    /// A match with a summary and nothing else.
    pub fn new(strength: Strength, side: Side, summary: impl Into<String>) -> Self {
        Self {
            reason: Reason::Unknown,
            object: None,
            hop: HopRef::Target,
            phase: None,
            side,
            side_because: String::new(),
            strength,
            rank: 0,
            summary: summary.into(),
            algorithms: Vec::new(),
            evidence: Vec::new(),
            evidence_against: Vec::new(),
            supersedes: Vec::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            what_would_decide: None,
            remedies: Vec::new(),
        }
    }
}

/// How strongly the evidence speaks for a cause. The engine alone turns it into a confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// It fits, and so do other causes.
    Weak,
    /// It is the usual cause of what was seen.
    Strong,
    /// What was seen has no other cause.
    Decisive,
}

/// Where a mismatch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The software is too old to have what the other side needs.
    OutdatedSoftware,
    /// The version still has it, but no longer offers it by default.
    RemovedByDefault,
    /// A system-wide policy forbids it.
    PolicyLayer,
    /// The configuration takes it away.
    ConfiguredOut,
    /// A key or certificate is the reason.
    KeyMaterial,
    /// The build leaves it out.
    BuildOption,
    /// It cannot be told.
    Unknown,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::OutdatedSoftware,
        Self::RemovedByDefault,
        Self::PolicyLayer,
        Self::ConfiguredOut,
        Self::KeyMaterial,
        Self::BuildOption,
        Self::Unknown,
    ];

    /// The reason of a JSON name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutdatedSoftware => "outdated-software",
            Self::RemovedByDefault => "removed-by-default",
            Self::PolicyLayer => "policy-layer",
            Self::ConfiguredOut => "configured-out",
            Self::KeyMaterial => "key-material",
            Self::BuildOption => "build-option",
            Self::Unknown => "unknown",
        }
    }
}

/// Whose certificate, key or file a diagnosis is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What kind of thing: `host key`, `certificate`, `configuration file`.
    pub kind: &'static str,
    /// Which one.
    pub name: String,
}

/// A place to quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub origin: Origin,
    /// What to say about it; may be empty.
    pub text: String,
}
