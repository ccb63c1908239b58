//! OpenSSH: `ssh_config`, `sshd_config`, key files and `known_hosts`.
//!
//! [`client()`] and [`server()`] read a configuration over the defaults of a version and give the party with all that it would
//! offer, each name with its place, and every problem that OpenSSH would have with the files as evidence.

mod check;
mod client;
mod client_match;
mod client_settings;
mod defaults;
pub mod edit;
mod effective;
mod host_keys;
mod keyword;
pub mod known_hosts;
mod names;
mod party;
mod pattern;
mod read;
mod reader;
mod server;
mod setting;
mod time;
mod tokens;

pub use client_settings::{AddressFamily, ClientSettings, Jump, StrictHostKeyChecking};
pub use edit::{EditError, ListChange, Scope, edit, edit_in, edit_list, merge, set_value, with_edits};
pub use effective::{Effective, disagreements, parse_printed};
pub use read::{
    ClientReading, ClientSpec, ConfigError, ServerReading, ServerSpec, client, client_settings, read_client,
    read_server, server,
};
