//! Who connects today and would no longer.

use shakedown_model::{Context, OutcomeResult, Party, Role, Software};

use crate::plan::PlanInput;

/// Known peers, and for each product of the catalog the newest version, that connect to `before` and not to `after`.
pub(crate) fn cut_off(input: &PlanInput<'_>, before: &Party, after: &Party) -> Vec<String> {
    let loses = |peer: &Party| {
        connects(before, peer) == OutcomeResult::Agreed && connects(after, peer) == OutcomeResult::Failed
    };
    let peers = input.known_peers.iter().filter(|peer| peer.role == before.role.peer() && loses(peer));
    let mut labels: Vec<String> = peers.map(|peer| peer.label.clone()).collect();
    labels.extend(products(input, before, after));
    labels
}

fn connects(party: &Party, peer: &Party) -> OutcomeResult {
    let (client, server) = if party.role == Role::Client { (party, peer) } else { (peer, party) };
    shakedown_negotiate::negotiate(client, server, &Context::default()).result()
}

/// For each product, the newest version that loses its connection: newer versions offer more, so that the search halves
/// the list of versions.
fn products(input: &PlanInput<'_>, before: &Party, after: &Party) -> Vec<String> {
    let role = before.role.peer();
    let (Some(before), Some(after)) = (before.ssh(), after.ssh()) else { return Vec::new() };
    let mut labels = Vec::new();
    for product in input.catalog.products() {
        let versions: Vec<String> =
            input.catalog.versions(&product.id, role).into_iter().map(|v| v.to_string()).collect();
        let result = |version: &str| {
            let policy = input.catalog.ssh_policy(&Software::new(&product.id, version), role).ok()?.0;
            let run = |party| match role {
                Role::Client => shakedown_negotiate::ssh::negotiate(&policy, party, &Context::default()).result(),
                Role::Server => shakedown_negotiate::ssh::negotiate(party, &policy, &Context::default()).result(),
            };
            Some((run(before), run(after)))
        };
        let fails = |version: &String| result(version).is_some_and(|(_, after)| after == OutcomeResult::Failed);
        let failing = versions.partition_point(fails);
        let Some(version) = failing.checked_sub(1).and_then(|last| versions.get(last)) else { continue };
        if result(version).is_some_and(|(before, _)| before == OutcomeResult::Agreed) {
            let older = if failing > 1 { " and older" } else { "" };
            labels.push(format!("{} {version}{older}", product.label));
        }
    }
    labels
}
