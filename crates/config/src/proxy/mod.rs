//! Proxies whose TLS is a list of names over a library with few settings: Caddy and Traefik over Go's crypto/tls, Envoy over
//! BoringSSL. Read only.
//!
//! The lists are in [`ServerSettings::settings`] as `other`, one entry a name, under [`SUITES`], [`GROUPS`] and [`SCHEMES`].

mod caddy;
mod caddyfile;
mod envoy;
mod toml;
mod traefik;

use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, SourceFile, nearest};

use crate::files::{FILE_LIMIT, Files, Unreadable};
use crate::tls::{LibrarySettings, ServerSettings, Setting, TlsVersion, VersionBound};
use crate::value::Value;
use crate::yaml::{self, Node};

pub use caddy::caddy;
pub use envoy::envoy;
pub use traefik::traefik;

/// One cipher suite of a list.
pub const SUITES: &str = "cipher_suites";
/// One group of a list.
pub const GROUPS: &str = "groups";
/// One signature scheme of a list.
pub const SCHEMES: &str = "signature_schemes";

const MOST_SERVERS: usize = 2_000;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The files, the main one first.
    pub files: Vec<Arc<SourceFile>>,
    /// The servers, and clients, that it configures.
    pub servers: Vec<ServerSettings>,
    /// What is wrong with it.
    pub evidence: Vec<Evidence>,
    /// What could not be decided, each one sentence.
    pub notes: Vec<String>,
}

impl Reading {
    fn tell(&mut self, origin: &Origin, problem: ConfigProblem, message: String, suggestion: Option<&str>) {
        let fact = Fact::Configuration { problem, message, suggestion: suggestion.map(str::to_owned) };
        let found = Evidence::new(fact).by(Role::Server).at(origin.clone());
        if self.evidence.len() < 200 && !self.evidence.contains(&found) {
            self.evidence.push(found);
        }
    }

    fn add(&mut self, server: ServerSettings) {
        if self.servers.len() < MOST_SERVERS {
            self.servers.push(server);
        }
    }

    /// A file in YAML or JSON, or by its name in TOML: the documents of it.
    fn documents(&mut self, files: &dyn Files, path: &str) -> Result<Vec<Node>, Unreadable> {
        let text = files.read(path, FILE_LIMIT).map_err(|source| Unreadable { path: path.to_owned(), source })?;
        let file = Arc::new(SourceFile::new(path, text));
        self.files.push(Arc::clone(&file));
        if path.ends_with(".toml") {
            return Ok(match toml::parse(&file) {
                Ok(node) => vec![node],
                Err((message, span)) => {
                    self.tell(&Origin::file(&file, span), ConfigProblem::Syntax, message, None);
                    Vec::new()
                }
            });
        }
        let document = yaml::parse(&file);
        for value in &document.not_read {
            let message = "this part of YAML is not read".to_owned();
            self.tell(value.origin(), ConfigProblem::Ineffective, message, None);
        }
        Ok(document.documents)
    }
}

/// Puts the names of a list into the settings.
fn list(settings: &mut LibrarySettings, what: &'static str, values: &[&Value]) {
    settings.other.extend(values.iter().map(|value| (what, (*value).clone())));
}

/// The names of a list.
pub(crate) fn names<'a>(settings: &'a LibrarySettings, what: &'a str) -> Vec<&'a Value> {
    settings.other.iter().filter(|(name, _)| *name == what).map(|(_, value)| value).collect()
}

/// A bound by one of the program's names for versions. `Err` is what to take the name for.
fn bound(value: &Value, table: &[(&'static str, TlsVersion)]) -> Result<Setting<VersionBound>, Option<&'static str>> {
    match table.iter().find(|(name, _)| *name == value.as_str()) {
        Some((_, version)) => Ok(Setting::new(VersionBound::Version(*version), value.origin().clone())),
        None => Err(nearest(value.as_str(), table.iter().map(|(name, _)| *name))),
    }
}
