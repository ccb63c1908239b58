//! IKE: which proposal is agreed on (RFC 7296 sections 2.7 and 3.3; RFC 2409 section 5 and appendix A).
//!
//! Proposals are judged, and where both configurations are known, identities, pre-shared keys and traffic selectors.

mod auth;
mod outcome;
mod select;
mod selectors;

pub use auth::{looked_up, may_meet, own_key};
pub use outcome::negotiate;
pub use select::{Chosen, Difference, Refusal, Selecting, select};
pub use selectors::within;
