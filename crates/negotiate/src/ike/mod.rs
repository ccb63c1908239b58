//! IKE: which proposal is agreed on (RFC 7296 sections 2.7 and 3.3; RFC 2409 section 5 and appendix A).
//!
//! Proposals are judged, and where both configurations are known, identities, pre-shared keys and traffic selectors.

mod address;
mod auth;
mod identity;
mod meeting;
mod mode;
mod outcome;
mod select;
mod selectors;

pub use auth::{looked_up, own_key};
pub use meeting::meetings;
pub use outcome::negotiate;
pub use select::{Chosen, Difference, Refusal, Selecting, select};
pub use selectors::within;
