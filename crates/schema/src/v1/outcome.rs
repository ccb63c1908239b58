use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model::{self as model, FailureKind};

use super::agreed::Slots;
use super::{Agreed, OutcomeResult, Role, StageResult};

/// What the protocol's own rules make of two parties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// `failed` when any stage that the connection needs fails.
    pub result: OutcomeResult,
    /// The stages that the connection needs, in order.
    #[serde(default)]
    pub stages: Vec<StageOutcome>,
    /// What was agreed in the stages reached.
    #[serde(default)]
    pub agreed: Agreed,
    /// The slots that failed, in the order in which the deciding implementation stops.
    #[serde(default)]
    pub failed: Vec<FailedSlot>,
    /// What works now and will fail later.
    #[serde(default)]
    pub forecast: Vec<Forecast>,
    /// Every choice: both lists, the result, the rule.
    #[serde(default)]
    pub trace: Vec<TraceStep>,
    /// What is weak about the session that they agree on.
    #[serde(default)]
    pub risks: Vec<Risk>,
}

/// One stage and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageOutcome {
    /// `kexinit`, `gex`, `host-key`; TLS: `hello`, `key-exchange`, `certificate`, `client-certificate`; IKE: `ike-sa`,
    /// `auth`, `child-sa`, `rekey`.
    pub stage: String,
    /// What became of it.
    pub result: StageResult,
    /// Beside `unknown`: the one observation or command that would decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_would_decide: Option<String>,
}

/// One slot on which the two ends do not agree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailedSlot {
    /// The stage in which it failed.
    pub stage: String,
    /// The slot: `kex`, `host_key`, `cipher_c2s`, ...
    pub slot: String,
    /// What the client offers or accepts, in its order.
    #[serde(default)]
    pub client: Vec<String>,
    /// What the server offers or accepts, in its order.
    #[serde(default)]
    pub server: Vec<String>,
    /// How it failed: `nothing-in-common`, `nothing-offered`, `marker-chosen`, `beyond-limit`, `too-small`,
    /// `out-of-range`, `not-the-known-key`, `no-known-key`, `revoked-key`, `deviation`.
    #[serde(default)]
    pub kind: String,
    /// Beside `nothing-offered`, `deviation` and `too-small`: whose list, whose doing, who demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Role>,
    /// Beside `marker-chosen`: the marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Beside `beyond-limit`: how many names are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Beside `too-small`: the size in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Beside `too-small` and `out-of-range`: the smallest size accepted, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
    /// Beside `out-of-range`: the largest size accepted, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u32>,
    /// Beside `out-of-range`: the sizes that there are, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Vec<u32>>,
    /// Beside `deviation`: what the implementation does differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

/// Something that works now and will fail later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    /// `rekey`, or a time in RFC 3339.
    pub when: String,
    /// The stage that will fail.
    pub stage: String,
    /// The slot that will fail.
    pub slot: String,
    /// What will happen, in one sentence.
    #[serde(default)]
    pub summary: String,
    /// How many seconds after the connection came up, at the earliest, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u64>,
}

/// One choice of the negotiation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// The slot.
    pub slot: String,
    /// The client's list, in its order.
    #[serde(default)]
    pub client: Vec<String>,
    /// The server's list, in its order.
    #[serde(default)]
    pub server: Vec<String>,
    /// What was chosen.
    #[serde(default)]
    pub chosen: Option<String>,
    /// The rule that chose it, with its source.
    #[serde(default)]
    pub rule: String,
}

/// A weakness of the agreed session. Not a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// A stable code: `terrapin`, `sha1-signature`, `no-post-quantum`, ...
    pub code: String,
    /// The slot that brings it.
    #[serde(default)]
    pub slot: Option<String>,
    /// What it means, in one sentence.
    #[serde(default)]
    pub summary: String,
    /// Where it is shown: an RFC, a paper, an advisory.
    #[serde(default)]
    pub citation: String,
}

impl From<&model::Outcome> for Outcome {
    fn from(outcome: &model::Outcome) -> Self {
        Self {
            result: outcome.result().into(),
            stages: outcome.stages.iter().map(StageOutcome::from).collect(),
            agreed: Agreed(
                slots(&outcome.agreed),
                Some(slots(&outcome.agreed_child)).filter(|child| !child.is_empty()),
            ),
            failed: outcome.failed.iter().map(FailedSlot::from).collect(),
            forecast: outcome.forecast.iter().map(Forecast::from).collect(),
            trace: outcome.trace.iter().map(TraceStep::from).collect(),
            risks: outcome.risks.iter().map(Risk::from).collect(),
        }
    }
}

fn slots(agreed: &[(model::Slot, Option<model::Name>)]) -> Slots {
    let text = |(slot, name): &(model::Slot, Option<model::Name>)| {
        (slot.as_str().to_owned(), name.as_ref().map(ToString::to_string))
    };
    agreed.iter().map(text).collect()
}

impl From<&model::StageOutcome> for StageOutcome {
    fn from(stage: &model::StageOutcome) -> Self {
        let what_would_decide = match &stage.result {
            model::StageResult::Unknown { what_would_decide } => Some(what_would_decide.clone()),
            _ => None,
        };
        Self { stage: stage.stage.as_str().to_owned(), result: (&stage.result).into(), what_would_decide }
    }
}

impl From<&model::FailedSlot> for FailedSlot {
    fn from(failed: &model::FailedSlot) -> Self {
        let mut out = Self {
            stage: failed.stage.as_str().to_owned(),
            slot: failed.slot.as_str().to_owned(),
            client: failed.client.iter().map(|item| item.name.to_string()).collect(),
            server: failed.server.iter().map(|item| item.name.to_string()).collect(),
            kind: String::new(),
            by: None,
            marker: None,
            limit: None,
            bits: None,
            minimum: None,
            maximum: None,
            available: None,
            what: None,
        };
        let kind = match &failed.kind {
            FailureKind::NothingInCommon => "nothing-in-common",
            FailureKind::NothingOffered { by } => {
                out.by = Some((*by).into());
                "nothing-offered"
            }
            FailureKind::MarkerChosen { marker } => {
                out.marker = Some(marker.to_string());
                "marker-chosen"
            }
            FailureKind::BeyondLimit { limit } => {
                out.limit = Some(*limit as u64);
                "beyond-limit"
            }
            FailureKind::TooSmall { bits, minimum, demanded_by } => {
                out.bits = Some(*bits);
                out.minimum = Some(*minimum);
                out.by = Some((*demanded_by).into());
                "too-small"
            }
            FailureKind::OutOfRange { minimum, maximum, available } => {
                out.minimum = Some(*minimum);
                out.maximum = Some(*maximum);
                out.available = Some(available.clone());
                "out-of-range"
            }
            FailureKind::NotTheKnownKey => "not-the-known-key",
            FailureKind::WrongIdentity { .. } => "wrong-identity",
            FailureKind::DifferentKeys => "different-keys",
            FailureKind::NoKey { .. } => "no-key",
            FailureKind::OtherMode => "other-mode",
            FailureKind::OtherAddress { .. } => "other-address",
            FailureKind::NoSecureRenegotiation => "no-secure-renegotiation",
            FailureKind::NoExtendedMasterSecret { demanded_by } => {
                out.by = Some((*demanded_by).into());
                "no-extended-master-secret"
            }
            FailureKind::NoKnownKey => "no-known-key",
            FailureKind::RevokedKey => "revoked-key",
            FailureKind::Deviation { by, what } => {
                out.by = Some((*by).into());
                out.what = Some(what.clone());
                "deviation"
            }
        };
        out.kind = kind.to_owned();
        out
    }
}

impl From<&model::Forecast> for Forecast {
    fn from(forecast: &model::Forecast) -> Self {
        Self {
            when: forecast.when.clone(),
            stage: forecast.stage.as_str().to_owned(),
            slot: forecast.slot.as_str().to_owned(),
            summary: forecast.summary.clone(),
            after_seconds: forecast.after,
        }
    }
}

impl From<&model::TraceStep> for TraceStep {
    fn from(step: &model::TraceStep) -> Self {
        Self {
            slot: step.slot.as_str().to_owned(),
            client: step.client.iter().map(ToString::to_string).collect(),
            server: step.server.iter().map(ToString::to_string).collect(),
            chosen: step.chosen.as_ref().map(ToString::to_string),
            rule: step.rule.clone(),
        }
    }
}

impl From<&model::Risk> for Risk {
    fn from(risk: &model::Risk) -> Self {
        Self {
            code: risk.code.clone(),
            slot: risk.slot.map(|slot| slot.as_str().to_owned()),
            summary: risk.summary.clone(),
            citation: risk.citation.clone(),
        }
    }
}
