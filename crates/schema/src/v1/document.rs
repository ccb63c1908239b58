use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown_model as model;

use super::{Diagnosis, Evidence, Fix, Incident, Offer, Outcome, Protocol, Role};
use crate::Lines;

/// The value of `schema` in every document of this version.
pub const SCHEMA: &str = "shakedown/1";

/// All that one call found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// `shakedown/1`.
    pub schema: String,
    /// The command: `check`, `negotiate`, `offer`, ...
    pub command: String,
    /// When, in RFC 3339.
    pub observed_at: String,
    /// From where.
    #[serde(default)]
    pub vantage: Vantage,
    /// The date of the catalog's facts.
    #[serde(default)]
    pub catalog_date: String,
    /// The parties.
    #[serde(default)]
    pub parties: Vec<Party>,
    /// The pairs that were negotiated.
    #[serde(default)]
    pub pairs: Vec<Pair>,
    /// The causes, most likely first.
    #[serde(default)]
    pub diagnoses: Vec<Diagnosis>,
    /// The fixes, safest first.
    #[serde(default)]
    pub fixes: Vec<Fix>,
    /// What each party offers, in the order of `parties`. Other calls accept the document, or one of these, as a party.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// What was seen.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The incidents of a log, the ones to look at first before the others.
    #[serde(default)]
    pub incidents: Vec<Incident>,
    /// Connections that were opened to the target in this run.
    #[serde(default)]
    pub connections: u32,
    /// What a reader has to know about the run as a whole.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What became of the fix that `fix --apply` made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Applied>,
}

/// What became of a fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// Its id in the journal, for `fix --undo` and `fix --confirm`.
    pub id: String,
    /// The fix, by its `id`; `null` for a saved plan.
    #[serde(default)]
    pub fix: Option<u64>,
    /// What it does.
    pub title: String,
    /// `planned`, `backed-up`, `checked`, `written`, `reloaded`, `proved`, `confirmed` or `rolled-back`.
    pub state: String,
    /// Why it was taken back.
    #[serde(default)]
    pub because: Option<String>,
    /// When it is undone unless it is confirmed, in RFC 3339.
    #[serde(default)]
    pub undone_at: Option<String>,
    /// The files that it changed.
    #[serde(default)]
    pub files: Vec<AppliedFile>,
    /// What was done, in order.
    #[serde(default)]
    pub steps: Vec<AppliedStep>,
}

/// A file that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedFile {
    /// Its path.
    pub path: String,
    /// The copy of the old one.
    pub backup: String,
}

/// A step of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedStep {
    /// How far the change had come with it.
    pub state: String,
    /// What was done, in words.
    pub text: String,
}

/// The machine that the observations were made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Vantage {
    /// Its name.
    #[serde(default)]
    pub host: Option<String>,
    /// The version of `shakedown`.
    #[serde(default)]
    pub version: String,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// How the person named it, or how it was found.
    pub label: String,
    /// Which end it is.
    pub role: Role,
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// What it runs, as `nginx@1.22.1+openssl@3.0.19/debian-12`, where that is known.
    #[serde(default)]
    pub software: Option<String>,
    /// How it was found.
    #[serde(default)]
    pub source: PartySource,
    /// The configuration that it was read from.
    #[serde(default)]
    pub configuration: Option<Configuration>,
    /// How this party was made up: a version resolved to an older row, an assumed host key.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How a party was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartySource {
    /// `live`, `local`, `configuration`, `catalog`, `named-policy`, `offer`.
    pub kind: String,
    /// Beside `live`: the address and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Beside `local`: the program that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Beside `named-policy`: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Beside `offer`: the file it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The files that a party was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// `ssh_config`, `sshd_config`.
    pub kind: String,
    /// The paths, the main file first, then included ones in the order of reading.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Two parties and what the rules make of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The client, by place in `parties`.
    pub client: u64,
    /// The server, by place in `parties`.
    pub server: u64,
    /// The server's address, where there is one.
    #[serde(default)]
    pub address: Option<String>,
    /// What the rules make of them.
    pub outcome: Outcome,
}

impl From<&model::Report> for Document {
    fn from(report: &model::Report) -> Self {
        let mut lines = Lines::new();
        Self {
            schema: SCHEMA.to_owned(),
            command: report.command.clone(),
            observed_at: report.observed_at.to_string(),
            vantage: Vantage { host: report.vantage.host.clone(), version: report.vantage.version.clone() },
            catalog_date: report.catalog_date.clone(),
            parties: report.parties.iter().map(Party::from).collect(),
            pairs: report.pairs.iter().map(Pair::from).collect(),
            diagnoses: report
                .diagnoses
                .iter()
                .enumerate()
                .map(|(id, diagnosis)| Diagnosis::new(id, diagnosis, &mut lines))
                .collect(),
            fixes: report.fixes.iter().enumerate().map(|(id, fix)| Fix::new(id, fix, &mut lines)).collect(),
            offers: report.parties.iter().map(Offer::from).collect(),
            evidence: report
                .evidence
                .iter()
                .enumerate()
                .map(|(id, evidence)| Evidence::new(id, evidence, &mut lines))
                .collect(),
            incidents: report.incidents.iter().enumerate().map(|(id, incident)| Incident::new(id, incident)).collect(),
            connections: report.connections,
            notes: report.notes.clone(),
            applied: None,
        }
    }
}

impl From<&model::Party> for Party {
    fn from(party: &model::Party) -> Self {
        Self {
            label: party.label.clone(),
            role: party.role.into(),
            protocol: party.protocol().into(),
            software: party.software.as_ref().map(ToString::to_string),
            source: (&party.source).into(),
            configuration: party.configuration.as_ref().map(|configuration| Configuration {
                kind: configuration.kind.as_str().to_owned(),
                files: configuration.files.iter().map(|file| file.path.clone()).collect(),
            }),
            notes: party.notes.clone(),
        }
    }
}

impl From<&model::PartySource> for PartySource {
    fn from(source: &model::PartySource) -> Self {
        let mut out = Self::default();
        let kind = match source {
            model::PartySource::Live { address } => {
                out.address = Some(address.clone());
                "live"
            }
            model::PartySource::Local { program } => {
                out.program = Some(program.clone());
                "local"
            }
            model::PartySource::Configuration => "configuration",
            model::PartySource::Catalog => "catalog",
            model::PartySource::NamedPolicy { name } => {
                out.name = Some(name.clone());
                "named-policy"
            }
            model::PartySource::Offer { path } => {
                out.path = Some(path.clone());
                "offer"
            }
        };
        out.kind = kind.to_owned();
        out
    }
}

impl From<&model::Pair> for Pair {
    fn from(pair: &model::Pair) -> Self {
        Self {
            client: pair.client as u64,
            server: pair.server as u64,
            address: pair.address.clone(),
            outcome: (&pair.outcome).into(),
        }
    }
}
