//! IKE, of version 2 as an initiator: IKE_SA_INIT, IKE_AUTH with the first CHILD SA, and the end of it (RFC 7296 sections 1.2 to 1.4).
//!
//! [`Responder`] is its mirror image, for pre-shared keys; without one it ends with AUTHENTICATION_FAILED.
//!
//! [`Initiator`] makes what is to be sent and reads what comes; nothing ever runs through the CHILD SA, whose keys are not
//! even derived. [`Observation`] is what came of it.

mod admit;
mod envelope;
mod identity;
mod initiator;
mod observation;
mod request;
mod responder;
pub mod version1;

pub use admit::{Admission, Admitted, AuthRequest, ChildSa, Entered, WRONG_KEY};
pub use envelope::FRAGMENT_SIZE;
pub use identity::{identification, identity_text};
pub use initiator::{Initiator, Machine, Patience, Received};
pub use observation::{Deletion, Nat, Observation, Passed, Proof, ProofCheck, Step};
pub use request::{Certificate, Config, Credentials, Proving};
pub use responder::{Decision, Reached, Responder, refusal};
