use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model as model;

/// The protocol whose key exchange is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Secure Shell.
    Ssh,
    /// Transport Layer Security.
    Tls,
    /// Internet Key Exchange.
    Ike,
}

impl From<model::Protocol> for Protocol {
    fn from(protocol: model::Protocol) -> Self {
        match protocol {
            model::Protocol::Ssh => Self::Ssh,
            model::Protocol::Tls => Self::Tls,
            model::Protocol::Ike => Self::Ike,
        }
    }
}

/// Which end of the connection; the IKE initiator is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The end that opens the connection.
    Client,
    /// The end that waits for it.
    Server,
}

impl From<model::Role> for Role {
    fn from(role: model::Role) -> Self {
        match role {
            model::Role::Client => Self::Client,
            model::Role::Server => Self::Server,
        }
    }
}

impl From<Role> for model::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}

/// Who is at fault, or who can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both ends.
    Both,
    /// Something between them.
    Network,
    /// It cannot be told.
    Unknown,
}

impl From<model::Side> for Side {
    fn from(side: model::Side) -> Self {
        match side {
            model::Side::Client => Self::Client,
            model::Side::Server => Self::Server,
            model::Side::Both => Self::Both,
            model::Side::Network => Self::Network,
            model::Side::Unknown => Self::Unknown,
        }
    }
}

/// The result of a negotiation as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeResult {
    /// The connection comes about.
    Agreed,
    /// It does not.
    Failed,
    /// It cannot be told.
    Unknown,
}

impl From<model::OutcomeResult> for OutcomeResult {
    fn from(result: model::OutcomeResult) -> Self {
        match result {
            model::OutcomeResult::Agreed => Self::Agreed,
            model::OutcomeResult::Failed => Self::Failed,
            model::OutcomeResult::Unknown => Self::Unknown,
        }
    }
}

/// What became of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageResult {
    /// Both ends agree.
    Agreed,
    /// They do not.
    Failed,
    /// An earlier stage failed.
    NotReached,
    /// It cannot be told.
    Unknown,
}

impl From<&model::StageResult> for StageResult {
    fn from(result: &model::StageResult) -> Self {
        match result {
            model::StageResult::Agreed => Self::Agreed,
            model::StageResult::Failed => Self::Failed,
            model::StageResult::NotReached => Self::NotReached,
            model::StageResult::Unknown { .. } => Self::Unknown,
        }
    }
}

/// How safe a fix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// No weaker algorithm, no change of trust, no known peer cut off.
    Safe,
    /// It works but lowers security.
    Weakens,
    /// A person must decide.
    Manual,
}

impl From<model::Applicability> for Applicability {
    fn from(applicability: model::Applicability) -> Self {
        match applicability {
            model::Applicability::Safe => Self::Safe,
            model::Applicability::Weakens => Self::Weakens,
            model::Applicability::Manual => Self::Manual,
        }
    }
}

/// Whether a server proved that it holds a host key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// The signature over the exchange hash is right.
    Verified,
    /// The signature is wrong.
    Wrong,
    /// It could not be checked; `signature_reason` says why.
    Unverified,
    /// No exchange was made.
    #[default]
    NotSeen,
}
