//! From settings to a TLS party: what the library makes of what a program sets in it, over what the system's file sets.

mod certificate;
mod context;
mod diff;
mod edit;
mod nginx;
mod openssl;

pub use self::edit::{Change, Wanted, Words, edit, with_edits, words};
pub use self::nginx::nginx;
pub use self::openssl::openssl;

use std::sync::Arc;

use shakedown_model::tls::TlsPolicy;
use shakedown_model::{
    ConfigurationKind, Context as Surroundings, Party, PartySource, Policy, Role, Software, SourceFile,
};

use crate::files::FileError;

/// What to make a party of.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The program with the layers below it.
    pub software: &'a Software,
    /// Its file.
    pub path: &'a str,
    /// The file of the OpenSSL below it; `None` leaves the library as it is built.
    pub openssl_cnf: Option<&'a str>,
    /// Which end it is.
    pub role: Role,
    /// The name and the address that the connection is for.
    pub context: &'a Surroundings,
}

/// Why there is no party.
#[derive(Debug, thiserror::Error)]
pub enum PartyError {
    /// A file could not be read.
    #[error("`{path}` cannot be read")]
    File {
        /// Its path.
        path: String,
        /// Why.
        #[source]
        source: FileError,
    },
    /// Nothing in the file speaks TLS for this name and address.
    #[error("nothing in `{path}` speaks TLS for this name and address")]
    NoServer {
        /// The file.
        path: String,
    },
    /// The library below the program is one that is not known here.
    #[error("what OpenSSL {version} makes of settings is not known here")]
    UnknownLibrary {
        /// Its version.
        version: String,
    },
}

fn party(spec: &Spec<'_>, kind: ConfigurationKind, files: &[Arc<SourceFile>], policy: TlsPolicy) -> Party {
    Party {
        label: format!("{}:{}", spec.software, spec.path),
        role: spec.role,
        software: Some(spec.software.clone()),
        source: PartySource::Configuration,
        policy: Policy::Tls(Box::new(policy)),
        configuration: Some(shakedown_model::Configuration {
            kind,
            files: files.to_vec(),
            context: Box::new(spec.context.clone()),
        }),
        notes: Vec::new(),
    }
}
