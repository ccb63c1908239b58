//! The way in: what to read, and what comes of it.

use std::sync::Arc;

use shakedown_catalog::{Catalog, CatalogError};
use shakedown_model::ssh::{HostKey, SshPolicy};
use shakedown_model::{
    ConfigProblem, Configuration, ConfigurationKind, Context, Gathered, Party, PartySource, Policy, Role, Software,
    SourceFile,
};

use super::client::ClientReader;
use super::client_settings::{self, ClientSettings};
use super::defaults::Defaults;
use super::effective::{self, Effective};
use super::keyword::Dialect;
use super::party::Builder;
use super::reader::Reader;
use super::server::ServerReader;
use super::setting::Settings;
use crate::files::{FileError, Files};

/// A client's configuration to read.
#[derive(Clone, Debug)]
pub struct ClientSpec {
    /// The version whose defaults and rules hold.
    pub software: Software,
    /// The files in the order of reading: the user's and the machine's, either of which may be absent, or one that was named
    /// (`ssh -F`).
    pub paths: Vec<String>,
    /// The target and the users, which `Host` and `Match` depend on.
    pub context: Context,
    /// A `HostName` from outside the files, as `ssh -o HostName=` gives it: it comes before every other one.
    pub host_name: Option<String>,
    /// Whether commands of `Match exec` may be run, where [`Files::run`] can.
    pub allow_exec: bool,
}

impl ClientSpec {
    /// A specification that runs no commands.
    pub fn new(software: Software, paths: Vec<String>, context: Context) -> Self {
        Self { software, paths, context, host_name: None, allow_exec: false }
    }

    /// The user's and the machine's files, as `ssh` without `-F` reads them.
    pub fn usual(software: Software, context: Context) -> Self {
        Self::new(software, vec!["~/.ssh/config".into(), "/etc/ssh/ssh_config".into()], context)
    }
}

/// A server's configuration to read.
#[derive(Clone, Debug)]
pub struct ServerSpec {
    /// The version whose defaults and rules hold.
    pub software: Software,
    /// The file.
    pub path: String,
    /// The connection, as `sshd -C` takes it: `Match` depends on it.
    pub context: Context,
}

impl ServerSpec {
    /// A specification.
    pub fn new(software: Software, path: impl Into<String>, context: Context) -> Self {
        Self { software, path: path.into(), context }
    }
}

/// Why a configuration could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: FileError,
    },
    /// The catalog does not have the version.
    #[error("the defaults of the version are not known")]
    Catalog(#[from] CatalogError),
    /// No file was named.
    #[error("no configuration file was named")]
    NoFile,
    /// The party was not read from a configuration.
    #[error("the party has no configuration files")]
    NoConfiguration,
}

/// All that comes of reading a client's configuration.
#[derive(Clone, Debug)]
pub struct ClientReading {
    /// The party and what is wrong with the files.
    pub gathered: Gathered,
    /// The way to the target.
    pub settings: ClientSettings,
    /// Effective values as `ssh -G` prints them.
    pub effective: Effective,
}

/// All that comes of reading a server's configuration.
#[derive(Clone, Debug)]
pub struct ServerReading {
    /// The party and what is wrong with the files and keys.
    pub gathered: Gathered,
    /// Effective values as `sshd -T` prints them.
    pub effective: Effective,
}

/// Reads a client's configuration.
///
/// # Errors
/// [`ConfigError`] where a named file cannot be read or the version is not known. What is wrong within the files is evidence.
pub fn read_client(files: &dyn Files, spec: &ClientSpec, catalog: &Catalog) -> Result<ClientReading, ConfigError> {
    Ok(client_with(files, spec, &Defaults::find(catalog, &spec.software, Role::Client)?)?.0)
}

/// Reads a server's configuration.
///
/// # Errors
/// As [`read_client`].
pub fn read_server(files: &dyn Files, spec: &ServerSpec, catalog: &Catalog) -> Result<ServerReading, ConfigError> {
    Ok(server_with(files, spec, &Defaults::find(catalog, &spec.software, Role::Server)?, None)?.0)
}

/// The party of a client's configuration.
///
/// # Errors
/// As [`read_client`].
pub fn client(files: &dyn Files, spec: &ClientSpec, catalog: &Catalog) -> Result<Gathered, ConfigError> {
    Ok(read_client(files, spec, catalog)?.gathered)
}

/// The party of a server's configuration.
///
/// # Errors
/// As [`read_client`].
pub fn server(files: &dyn Files, spec: &ServerSpec, catalog: &Catalog) -> Result<Gathered, ConfigError> {
    Ok(read_server(files, spec, catalog)?.gathered)
}

/// The way to the target by a client's configuration.
///
/// # Errors
/// As [`read_client`].
pub fn client_settings(files: &dyn Files, spec: &ClientSpec, catalog: &Catalog) -> Result<ClientSettings, ConfigError> {
    Ok(read_client(files, spec, catalog)?.settings)
}

/// Reads a client's configuration, and gives the directives that count as well.
pub(crate) fn client_with(
    files: &dyn Files,
    spec: &ClientSpec,
    defaults: &Defaults,
) -> Result<(ClientReading, Settings), ConfigError> {
    if spec.paths.is_empty() {
        return Err(ConfigError::NoFile);
    }
    let dialect = Dialect::new(Role::Client, &spec.software);
    let reader = Reader::new(files, dialect.clone(), &defaults.universe);
    let mut reader = ClientReader::new(reader, spec);
    let read = reader.read(&spec.paths, spec.paths.len() > 1);
    read.map_err(|(path, source)| ConfigError::File { path, source })?;
    reader.reader.quiet = false;
    let mut builder = Builder::new(defaults, &reader.settings, &dialect);
    let (policy, other) = builder.client();
    let (evidence, notes) = (builder.evidence, builder.notes);
    let settings = ClientSettings::new(&reader, &spec.context, &other);
    if let Some((message, origin)) = client_settings::jump_loop(&settings, &reader.settings) {
        reader.reader.tell(origin, ConfigProblem::BadValue, message, None);
    }
    let effective = effective::client(&reader, &settings, &policy.offer, &other);
    let mut context = spec.context.clone();
    context.host.clone_from(&settings.host_name);
    let label = spec.paths.first().map(String::as_str).unwrap_or_default();
    let kind = ConfigurationKind::SshConfig;
    let mut party = party(&spec.software, label, kind, policy, reader.reader.order, context);
    party.notes = notes;
    party.notes.extend(settings.notes.iter().cloned());
    let mut gathered = Gathered { parties: vec![party], evidence: reader.reader.evidence };
    gathered.evidence.extend(evidence);
    Ok((ClientReading { gathered, settings, effective }, reader.settings))
}

/// Reads a server's configuration, and gives the directives that count as well; `keys` are host keys that need not be read.
pub(crate) fn server_with(
    files: &dyn Files,
    spec: &ServerSpec,
    defaults: &Defaults,
    keys: Option<Vec<HostKey>>,
) -> Result<(ServerReading, Settings), ConfigError> {
    let dialect = Dialect::new(Role::Server, &spec.software);
    let reader = Reader::new(files, dialect.clone(), &defaults.universe);
    let mut reader = ServerReader::new(reader, &spec.context);
    reader.read(&spec.path).map_err(|source| ConfigError::File { path: spec.path.clone(), source })?;
    let mut builder = Builder::new(defaults, &reader.settings, &dialect);
    let (policy, other) = builder.server(files, keys);
    let (evidence, notes) = (builder.evidence, builder.notes);
    let effective = effective::server(&reader.settings, &policy.offer, &other, defaults);
    let kind = ConfigurationKind::SshdConfig;
    let mut party = party(&spec.software, &spec.path, kind, policy, reader.reader.order, spec.context.clone());
    party.notes = notes;
    let mut gathered = Gathered { parties: vec![party], evidence: reader.reader.evidence };
    gathered.evidence.extend(evidence);
    Ok((ServerReading { gathered, effective }, reader.settings))
}

fn party(
    software: &Software,
    path: &str,
    kind: ConfigurationKind,
    policy: SshPolicy,
    files: Vec<Arc<SourceFile>>,
    context: Context,
) -> Party {
    Party {
        label: format!("{software}:{path}"),
        role: match kind {
            ConfigurationKind::SshConfig => Role::Client,
            _ => Role::Server,
        },
        software: Some(software.clone()),
        source: PartySource::Configuration,
        policy: Policy::Ssh(Box::new(policy)),
        configuration: Some(Configuration {
            kind,
            files,
            context: Box::new(context),
            certificates: Vec::new(),
            key_pairs: Vec::new(),
            dh_parameters: None,
            revocation_lists: None,
        }),
        notes: Vec::new(),
    }
}
