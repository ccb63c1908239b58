use crate::target::TargetError;

/// Why a call could not be carried out: the command line or an input is wrong. What a peer does wrong is never an error
/// but a diagnosis.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The target could not be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The catalog does not have the software.
    #[error("the catalog cannot resolve the party `{party}`")]
    Catalog {
        /// The party as written.
        party: String,
        /// Why.
        source: shakedown_catalog::CatalogError,
    },
    /// The overlay of the catalog is wrong.
    #[error("the catalog in `{directory}` cannot be used")]
    Overlay {
        /// The folder.
        directory: String,
        /// Why.
        source: shakedown_catalog::CatalogError,
    },
    /// The overlay of the message data is wrong.
    #[error("the message data cannot be used")]
    Messages {
        /// Why.
        source: shakedown_messages::DataError,
    },
    /// The configuration could not be read.
    #[error("the configuration of the party `{party}` cannot be read")]
    Configuration {
        /// The party as written.
        party: String,
        /// Why.
        source: shakedown_config::openssh::ConfigError,
    },
    /// The configuration of a TLS program could not be read.
    #[error("the configuration of the party `{party}` cannot be read")]
    TlsConfiguration {
        /// The party as written.
        party: String,
        /// Why.
        source: shakedown_config::tls_party::PartyError,
    },
    /// The recorded offer could not be read.
    #[error("the offer in `{path}` cannot be read")]
    Offer {
        /// The file.
        path: String,
        /// Why.
        source: shakedown_schema::OfferError,
    },
    /// A file could not be read.
    #[error("`{path}` cannot be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A party is nothing that is known here.
    #[error("`{party}` is not a party: {expected}")]
    Party {
        /// The party as written.
        party: String,
        /// What would be one.
        expected: String,
    },
    /// The party has no such role.
    #[error("`{party}` cannot be the {role}: {because}")]
    Role {
        /// The party as written.
        party: String,
        /// The role asked for.
        role: shakedown_model::Role,
        /// Why not.
        because: String,
    },
    /// A value of `--context`, `--file` or a like option is wrong.
    #[error("`{value}` is not a value of `{option}`: {expected}")]
    OptionValue {
        /// The option.
        option: &'static str,
        /// The value as written.
        value: String,
        /// What would be one.
        expected: String,
    },
    /// Nothing can listen there: the port is taken, or needs more rights.
    #[error("`{address}` cannot be listened on")]
    Listen {
        /// The address and port.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// No such cause.
    #[error("`{code}` is not a cause{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownCause {
        /// As written.
        code: String,
        /// The nearest code.
        suggestion: Option<String>,
    },
    /// The runtime could not be started, or a local socket not be bound.
    #[error("{doing} failed")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
}
