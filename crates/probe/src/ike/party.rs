//! What was found, as a party.

use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal};
use shakedown_model::{Known, Party, PartySource, Policy, Role};

/// A responder that answered at this place.
pub(super) fn party(label: String, place: String, proposals: Known<Vec<Proposal>>, notes: Vec<String>) -> Party {
    let policy = IkePolicy { proposals, version: Some(IkeVersion::V2), ..IkePolicy::default() };
    Party {
        label,
        role: Role::Server,
        software: None,
        source: PartySource::Live { address: place },
        policy: Policy::Ike(Box::new(policy)),
        configuration: None,
        notes,
    }
}
