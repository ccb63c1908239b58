//! IKE: what a responder accepts, found out without leaving a half-open SA behind.
//!
//! [`map()`] finds all that it accepts; [`meet()`] sends what given initiators would send, and maps where one is refused.
//! [`initiate()`] goes on to IKE_AUTH and the first CHILD SA, and deletes what it has set up.

mod candidates;
mod exchange;
mod facts;
mod initiate;
mod link;
mod map;
mod options;
mod party;
mod region;
mod search;
mod version1;

pub use candidates::{Candidate, Candidates};
pub use initiate::{Attempt, initiate};
pub use map::{Answer, IkeProbed, Verdict, map, meet};
pub use options::{IkeOptions, IkeTarget};
