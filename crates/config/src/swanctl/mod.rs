//! `swanctl.conf` of strongSwan: its connections, as `swanctl --load-all` hands them to the daemon.

mod connection;
mod daemon;
mod defaults;
pub(crate) mod edit;
mod party;

use std::sync::Arc;

use shakedown_model::ike::SharedKey;
use shakedown_model::{ConfigProblem, Evidence, Fact, Name, SourceFile};

pub use connection::{Authentication, Child, Connection, Id};
pub use daemon::{Daemon, daemon};
pub use defaults::is_keyword;
pub use party::{Selection, parties};
pub(crate) use party::{begun_with, gather, proposals as of_keywords, seconds};

use crate::files::{FileError, Files};
use crate::settings::Settings;

/// A configuration that was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// Its connections, in their order.
    pub connections: Vec<Connection>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    /// The pre-shared keys of IKE.
    pub keys: Vec<SharedKey>,
    /// What could not be read, each one sentence.
    pub notes: Vec<String>,
}

/// Reads a configuration. Where the file cannot be parsed, the program uses none of it, and there are no connections.
///
/// # Errors
/// The main file cannot be read.
pub fn read(files: &dyn Files, path: &str) -> Result<Reading, FileError> {
    let settings = Settings::read(files, path)?;
    let mut reading = Reading {
        files: settings.files.clone(),
        connections: Vec::new(),
        keys: Vec::new(),
        evidence: Vec::new(),
        notes: settings.notes.clone(),
    };
    if let Some(problem) = settings.problem {
        let fact = Fact::Configuration { problem: ConfigProblem::Syntax, message: problem.message, suggestion: None };
        reading.evidence.push(Evidence::new(fact).at(problem.origin));
        return Ok(reading);
    }
    let connections = settings.root.section("connections");
    reading.connections.extend(connections.into_iter().flat_map(|all| &all.sections).map(Connection::of));
    let secrets = settings.root.section("secrets").into_iter().flat_map(|all| &all.sections);
    for section in secrets.filter(|section| section.name.starts_with("ike")) {
        let Some(value) = section.value("secret") else { continue };
        let Some(print) = settings.secret(value) else { continue };
        let owners = section.settings.iter().filter(|setting| setting.name.starts_with("id"));
        let owners = owners.filter_map(|setting| setting.value.as_ref()).map(|value| Name::new(value.as_str()));
        reading.keys.push(SharedKey { owners: owners.collect(), print, origin: section.origin.clone() });
    }
    Ok(reading)
}
