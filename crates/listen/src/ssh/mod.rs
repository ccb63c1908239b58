//! An SSH server that offers what it is told to, exchanges keys, and records what clients offer.

mod connection;
mod listener;
mod observation;

pub use listener::{Limits, Listener, SshServer};
pub use observation::Observation;
