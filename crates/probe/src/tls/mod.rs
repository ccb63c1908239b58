//! TLS servers: one hello at a time, the full map, and what clients of a given offer would meet.

mod candidates;
mod client;
mod complete;
mod contrast;
mod engine;
mod exchange;
mod facts;
mod findings;
mod finish;
mod identity;
mod line;
mod map;
mod mapper;
mod options;
mod party;
mod plan;
mod questions;
mod refusal;
mod schemes;

pub use candidates::{Candidates, Numbered};
pub use complete::Completed;
pub use engine::{Reply, Verdict};
pub use finish::{Finished, finish};
pub use identity::{Identity, IdentityError};
pub use map::{Answer, Chain, TlsProbed, map, meet};
pub use options::{Proxy, Showing, TlsOptions, TlsTarget};
