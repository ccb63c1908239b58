use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model as model;

use super::{Hop, Origin, Protocol, Side};
use crate::Lines;

/// One cause found, with why it is thought to be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// Its place in `diagnoses`; fixes refer to it.
    pub id: u64,
    /// The pair that it is about, by place in `pairs`.
    pub pair: Option<u64>,
    /// The incident of a log that it is about.
    pub incident: Option<u64>,
    /// Diagnoses of one group are alternatives: one of them is right.
    pub group: u64,
    /// The code, one of the published causes.
    pub cause: String,
    /// `outdated-software`, `removed-by-default`, `policy-layer`, `configured-out`, `key-material`, `build-option`,
    /// `unknown`.
    pub reason: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The side at fault.
    pub side: Side,
    /// From 0 to 1: the share of answers of this kind that are right.
    pub confidence: f64,
    /// One sentence. Its words may change between versions; `cause` does not.
    pub summary: String,
    /// The algorithms or values at issue.
    #[serde(default)]
    pub algorithms: Vec<String>,
    /// What speaks for it, by place in the document's `evidence`.
    #[serde(default)]
    pub evidence: Vec<u64>,
    /// What speaks against it, by place in the document's `evidence`.
    #[serde(default)]
    pub evidence_against: Vec<u64>,
    /// Whose certificate, key or file.
    #[serde(default)]
    pub object: Option<Object>,
    /// The hop that failed.
    #[serde(default)]
    pub hop: Hop,
    /// Where in the exchange: `resolve`, `connect`, `identification`, `kexinit`, `key-exchange`, `service`,
    /// `authentication`.
    #[serde(default)]
    pub phase: Option<String>,
    /// Why that side, in a few words.
    #[serde(default)]
    pub side_because: String,
    /// Places to quote, the first one primary.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Facts worth knowing, each one sentence.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Where several causes fit: the one observation or command that would decide.
    #[serde(default)]
    pub what_would_decide: Option<String>,
}

/// Whose certificate, key or file a diagnosis is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// What kind of thing: `host key`, `certificate`, `configuration file`.
    pub kind: String,
    /// Which one.
    pub name: String,
}

/// A place to quote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// The place.
    pub origin: Origin,
    /// What to say about it; may be empty.
    #[serde(default)]
    pub text: String,
}

impl Diagnosis {
    pub(crate) fn new(id: usize, diagnosis: &model::Diagnosis, lines: &mut Lines) -> Self {
        Self {
            id: id as u64,
            pair: diagnosis.pair.map(|pair| pair as u64),
            incident: diagnosis.incident.map(|incident| incident as u64),
            group: diagnosis.group as u64,
            cause: diagnosis.cause.to_owned(),
            reason: diagnosis.reason.as_str().to_owned(),
            protocol: diagnosis.protocol.into(),
            side: diagnosis.side.into(),
            confidence: diagnosis.confidence(),
            summary: diagnosis.summary.clone(),
            algorithms: diagnosis.algorithms.iter().map(ToString::to_string).collect(),
            evidence: diagnosis.evidence.iter().map(|id| id.0 as u64).collect(),
            evidence_against: diagnosis.evidence_against.iter().map(|id| id.0 as u64).collect(),
            object: diagnosis
                .object
                .as_ref()
                .map(|object| Object { kind: object.kind.to_owned(), name: object.name.clone() }),
            hop: (&diagnosis.hop).into(),
            phase: diagnosis.phase.map(|phase| phase.as_str().to_owned()),
            side_because: diagnosis.side_because.clone(),
            labels: diagnosis
                .labels
                .iter()
                .map(|label| Label { origin: Origin::new(&label.origin, lines), text: label.text.clone() })
                .collect(),
            notes: diagnosis.notes.clone(),
            what_would_decide: diagnosis.what_would_decide.clone(),
        }
    }
}
