use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model as model;

use super::Protocol;

/// What belongs together in a log: one attempt to connect, or several that went the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Its place in `incidents`; diagnoses refer to it.
    pub id: u64,
    /// The protocol, where the text shows it.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    /// The peer's address or name as the log has it.
    #[serde(default)]
    pub peer: Option<String>,
    /// How many different peers: more than one only where strangers are put together.
    #[serde(default)]
    pub peers: u64,
    /// When the first attempt was, as the log writes it.
    #[serde(default)]
    pub first: Option<String>,
    /// When the last attempt was, as the log writes it.
    #[serde(default)]
    pub last: Option<String>,
    /// How many attempts went this way.
    pub count: u64,
    /// `failed`, `recovered`, `succeeded`, `unknown`.
    pub result: String,
    /// `known`, `unremarkable`, `stranger`.
    pub standing: String,
    /// What failed, most often first, where strangers are put together.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What was seen, by place in `evidence`.
    #[serde(default)]
    pub evidence: Vec<u64>,
}

impl Incident {
    pub(crate) fn new(id: usize, incident: &model::Incident) -> Self {
        Self {
            id: id as u64,
            protocol: incident.protocol.map(Into::into),
            peer: incident.peer.clone(),
            peers: incident.peers,
            first: incident.first.clone(),
            last: incident.last.clone(),
            count: incident.count,
            result: incident.result.as_str().to_owned(),
            standing: incident.standing.as_str().to_owned(),
            summary: incident.summary.clone(),
            evidence: incident.evidence.iter().map(|id| id.0 as u64).collect(),
        }
    }
}
