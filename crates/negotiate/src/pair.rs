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

/// Which of these clients meet which of these servers, by their places: of IKE each initiator the connection that the
/// responder takes for it, of other protocols all.
pub fn meetings(clients: &[&Party], servers: &[&Party]) -> Vec<(usize, usize)> {
    let ike = |all: &[&'_ Party]| all.iter().all(|party| party.ike().is_some());
    if ike(clients) && ike(servers) {
        let policies = |all: &[&'_ Party]| -> Vec<_> { all.iter().filter_map(|party| party.ike().cloned()).collect() };
        let (ours, theirs) = (policies(clients), policies(servers));
        return ike::meetings(&ours.iter().collect::<Vec<_>>(), &theirs.iter().collect::<Vec<_>>());
    }
    let all = 0..servers.len();
    all.flat_map(|server| (0..clients.len()).map(move |client| (client, server))).collect()
}
