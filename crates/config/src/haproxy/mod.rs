//! HAProxy: one server for each `bind ... ssl` line of its frontends, and one client for each `server ... ssl` line.

mod bind;
mod certificates;
mod edit;
mod keywords;
mod read;

pub(crate) use read::main_files;
pub use read::{Reading, Spec, read};

/// Where Debian's package reads its configuration.
pub const DEFAULT_PATH: &str = "/etc/haproxy/haproxy.cfg";
