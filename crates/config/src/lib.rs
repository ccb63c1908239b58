//! Lossless reading, effective values and edits of configuration files.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod angle;
pub mod apache;
pub mod brace;
mod defaults;
pub mod dovecot;
pub mod files;
pub mod flat;
pub mod gateway;
pub mod haproxy;
pub mod ike_edit;
pub mod ingress;
pub mod ini;
pub mod ipsec_conf;
pub mod lighttpd;
pub mod line;
pub mod nginx;
pub mod openssh;
pub mod openssl_cnf;
pub mod postfix;
pub mod proxy;
pub mod settings;
mod shared_key;
pub mod swanctl;
pub mod tls;
pub mod tls_party;
mod value;
pub mod yaml;

pub use files::{Disk, FileError, Files, Memory, Metadata, Unreadable};
pub use shared_key::{shared_key, shared_key_of_text};
pub use value::Value;
