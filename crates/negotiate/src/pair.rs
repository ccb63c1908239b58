use shakedown_catalog::Catalog;
use shakedown_model::{Context, Outcome, Party, Policy, Risk};

use crate::{ike, ssh, tls};

/// What the protocol's own rules make of two parties.
pub fn negotiate(client: &Party, server: &Party, context: &Context) -> Outcome {
    match (&client.policy, &server.policy) {
        (Policy::Ssh(client), Policy::Ssh(server)) => ssh::negotiate(client, server, context),
        (Policy::Ike(client), Policy::Ike(server)) => ike::negotiate(client, server),
        (Policy::Tls(client), Policy::Tls(server)) => tls::negotiate(client, server, context),
        // Two that speak different protocols: nothing is known of what comes of it.
        (Policy::Ssh(_) | Policy::Ike(_) | Policy::Tls(_), _) => Outcome::default(),
    }
}

/// What is weak about the session that the two agreed on; nothing where a slot was not agreed.
pub fn risks(outcome: &Outcome, client: &Party, server: &Party, catalog: &Catalog) -> Vec<Risk> {
    match (&client.policy, &server.policy) {
        (Policy::Ssh(client), Policy::Ssh(server)) => ssh::risks(outcome, client, server, catalog),
        (Policy::Tls(_), Policy::Tls(server)) => tls::risks(outcome, server, catalog),
        (Policy::Ssh(_) | Policy::Ike(_) | Policy::Tls(_), _) => Vec::new(),
    }
}

/// Whether two parties may be meant for each other: of IKE connections those whose addresses do not exclude it.
pub fn may_meet(client: &Party, server: &Party) -> bool {
    match (&client.policy, &server.policy) {
        (Policy::Ike(client), Policy::Ike(server)) => ike::may_meet(client, server),
        _ => true,
    }
}
