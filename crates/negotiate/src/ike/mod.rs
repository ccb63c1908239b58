//! IKE: which proposal is agreed on (RFC 7296 sections 2.7 and 3.3; RFC 2409 section 5 and appendix A).
//!
//! Proposals and what runs on them is judged here; who the peers are and what they may do is not.

mod outcome;
mod select;

pub use outcome::negotiate;
pub use select::{Chosen, Difference, Refusal, Selecting, select};
