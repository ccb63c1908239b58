//! What the configurations of TLS programs have in common: which settings reach the TLS library, each with its place.
//!
//! Every product's reader gives [`ServerSettings`] (its role is `Client` where the program is the client). What it sets in
//! the TLS library is a [`LibrarySettings`], whatever the product calls it: the same calls that the program makes. So a
//! system-wide layer (`openssl.cnf`) and a program's own settings are put together by [`LibrarySettings::over`], and one
//! function can make a party of any of them.

mod command;
pub(crate) mod defaults;
pub(crate) mod edit;
mod settings;
mod version;

pub use command::{Command, CommandSet, Refusal, Scope, apply};
pub use edit::{Edit, EditError};
pub use settings::{
    CertificateContext, CertificateFiles, ClientVerification, Library, LibrarySettings, Listen, ServerSettings,
    Setting, Switch, VersionBound,
};
pub use version::TlsVersion;
