//! IKE: what a responder accepts, found out without leaving a half-open SA behind.
//!
//! [`map()`] finds all that it accepts; [`meet()`] sends what given initiators would send, and maps where one is refused.
//! [`initiate()`] goes on to IKE_AUTH and the first CHILD SA, and deletes what it has set up. [`meet_version_1()`] and
//! [`initiate_version_1()`] are the same for IKEv1.

mod candidates;
mod exchange;
mod facts;
mod initiate;
mod link;
mod map;
mod old;
mod old_search;
mod options;
mod party;
mod region;
mod search;
mod suites;
mod version1;

pub use candidates::{Candidate, Candidates};
pub use initiate::{Answering, Attempt, initiate, initiate_version_1};
pub use map::{Answer, IkeProbed, Verdict, map, meet};
pub use old::meet_version_1;
pub use options::{IkeOptions, IkeTarget};
pub use suites::method;
