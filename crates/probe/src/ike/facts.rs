//! What was seen, as evidence.

use std::net::SocketAddr;

use shakedown_model::{ConnectFailure, Evidence, Fact, Origin, OriginKind, Phase, Role};
use shakedown_wire::WireError;

/// Where something was seen: at this address, in answer to a request.
pub(super) fn origin(address: &str, what: &str) -> Origin {
    Origin::new(OriginKind::Peer { address: address.to_owned(), connection: 1, what: what.to_owned() })
}

/// No answer at all from an address, or none that gets there.
pub(super) fn not_reached(address: SocketAddr, failure: ConnectFailure) -> Evidence {
    Evidence::new(Fact::NotConnected { address, failure })
}

/// An error notify; `to_everything`: whatever was offered.
pub(super) fn refusal(address: &str, number: u16, name: &str, to_everything: bool) -> Evidence {
    let fact = Fact::Notify { phase: Phase::IkeSa, number, name: name.to_owned(), to_everything };
    Evidence::new(fact).by(Role::Server).at(origin(address, "IKE_SA_INIT response"))
}

/// It answers IKEv1 alone.
pub(super) fn old_version(address: &str) -> Evidence {
    Evidence::new(Fact::OldVersionOnly).by(Role::Server).at(origin(address, "answer to main mode"))
}

/// A datagram that is no message.
pub(super) fn broken(address: &str, error: &WireError) -> Evidence {
    let fact = Fact::Malformed {
        phase: Phase::IkeSa,
        what: error.to_string(),
        offset: u64::try_from(error.offset).unwrap_or(u64::MAX),
    };
    Evidence::new(fact).by(Role::Server).at(origin(address, "datagram"))
}
