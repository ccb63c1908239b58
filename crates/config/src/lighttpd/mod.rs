//! lighttpd: one server for each socket that speaks TLS, and for each host of it with a certificate of its own.

mod edit;
mod read;
mod server;

pub use read::{Reading, Spec, read};

/// Where Debian's package reads its configuration.
pub const DEFAULT_PATH: &str = "/etc/lighttpd/lighttpd.conf";
