//! Postfix: `main.cf`, the overrides of `master.cf`, and the TLS of its server (`smtpd`) and client (`smtp`).

mod edit;
mod read;
mod service;

pub use read::{Reading, Spec, read};

/// The folder of `main.cf` and `master.cf`.
pub const DEFAULT_FOLDER: &str = "/etc/postfix";
