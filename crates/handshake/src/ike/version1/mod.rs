//! IKEv1 as an initiator with a pre-shared key or an RSA certificate: main mode, quick mode, and the end of it (RFC 2409 sections
//! 5.1 and 5.4 to 5.7, RFC 3947); of aggressive mode the first two messages. As a responder main mode with a pre-shared key, and
//! quick mode.

mod initiator;
mod observation;
mod quick;
mod request;
mod responder;

pub use initiator::Initiator;
pub use observation::{Observation, PhaseTwo};
pub(super) use request::NAT_TRAVERSAL;
pub use request::{Config, Until, release, selector_identity, traffic_selector};
pub(super) use responder::Responder;
pub use responder::{Keeper, QuickChoice};
