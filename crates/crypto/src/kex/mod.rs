//! Key exchange methods, the shared secret of each, from both ends.
//!
//! Start at [`method()`] for what is implemented, then [`ClientExchange`] and [`ServerExchange`].

mod client;
pub(crate) mod elliptic;
pub(crate) mod finite_field;
mod groups;
pub(crate) mod hybrid;
mod method;
mod secret;
mod server;
mod sntrup761;

pub use client::ClientExchange;
pub use groups::{Group, group, group_for_request};
pub use method::{Curve, Family, Kem, MethodInfo, method, methods};
pub use secret::SharedSecret;
pub use server::ServerExchange;
