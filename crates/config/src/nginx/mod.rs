//! nginx: the TLS servers of its `http`, `stream` and `mail` parts, its TLS towards back ends, and what `nginx -t` refuses.
//!
//! [`read()`] follows includes and inheritance and gives one [`ServerSettings`](crate::tls::ServerSettings) for each `server`
//! block. Which block's settings a connection meets is said by [`Reading::select`]: nginx takes some of them from the block
//! that the client's name leads to, and some from the default one of the address and port.

mod check;
mod directive;
pub mod edit;
mod listen;
mod read;
mod select;
mod server;
mod tree;

pub use read::{Reading, Spec, read};
pub use select::{Endpoint, Selection};

/// Where nginx reads its configuration without `-c`.
pub const DEFAULT_PATH: &str = "/etc/nginx/nginx.conf";
