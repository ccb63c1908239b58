//! Dovecot: the TLS of its IMAP, POP3, submission and ManageSieve servers, by protocol and by `local_name`.

mod edit;
mod read;
mod server;

pub use read::{Reading, Spec, read};

/// Where Dovecot reads its configuration.
pub const DEFAULT_PATH: &str = "/etc/dovecot/dovecot.conf";
