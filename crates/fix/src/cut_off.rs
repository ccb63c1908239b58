//! Who connects today and would no longer.

use shakedown_model::{Context, OutcomeResult, Party, Role, Software};

use crate::plan::PlanInput;

/// Known peers, and products even in their newest version, that connect to `before` and not to `after`.
pub(crate) fn today(input: &PlanInput<'_>, before: &Party, after: &Party) -> Vec<String> {
    let mut labels = known(input, before, after);
    let role = before.role.peer();
    for product in input.catalog.products() {
        let Some(newest) = input.catalog.newest(&product.id, role) else { continue };
        if loses(input, &product.id, newest, before, after) {
            labels.push(format!("{} {newest}", product.label));
        }
    }
    labels
}

/// Known peers, and of each product the newest version, that connect to `before` and not to `after`; a few of them.
pub(crate) fn ever(input: &PlanInput<'_>, before: &Party, after: &Party) -> Vec<String> {
    let mut labels = known(input, before, after);
    let role = before.role.peer();
    let mut products = Vec::new();
    for product in input.catalog.products() {
        let versions = input.catalog.versions(&product.id, role);
        // Newer versions offer more, so that the search halves the list.
        let fails = |version: &&str| result(input, &product.id, version, after) == Some(OutcomeResult::Failed);
        if !versions.first().is_some_and(fails) {
            continue;
        }
        let failing = versions.partition_point(fails);
        let Some(version) = failing.checked_sub(1).and_then(|last| versions.get(last)) else { continue };
        if result(input, &product.id, version, before) == Some(OutcomeResult::Agreed) {
            let older = if failing > 1 { " and older" } else { "" };
            products.push((failing == versions.len(), format!("{} {version}{older}", product.label)));
        }
    }
    // Those that are cut off even in their newest version are met most.
    products.sort_by_key(|(newest, _)| !newest);
    let more = products.len().saturating_sub(SHOWN);
    labels.extend(products.into_iter().take(SHOWN).map(|(_, label)| label));
    if more > 0 {
        labels.push(format!("old versions of {more} more products"));
    }
    labels
}

/// How many products are named.
const SHOWN: usize = 6;

/// Known peers that connect to `before` and not to `after`.
pub(crate) fn known(input: &PlanInput<'_>, before: &Party, after: &Party) -> Vec<String> {
    changed(input, (before, OutcomeResult::Agreed), (after, OutcomeResult::Failed))
}

/// Known peers that fail at `before` and no longer at `after`, in words.
pub(crate) fn let_in(input: &PlanInput<'_>, before: &Party, after: &Party) -> Option<String> {
    let labels = changed(input, (before, OutcomeResult::Failed), (after, OutcomeResult::Agreed));
    (!labels.is_empty()).then(|| format!("lets in, of those that fail today: {}", crate::words::joined(&labels)))
}

fn changed(input: &PlanInput<'_>, was: (&Party, OutcomeResult), is: (&Party, OutcomeResult)) -> Vec<String> {
    let peers = input.known_peers.iter().filter(|peer| peer.role == was.0.role.peer());
    let changes = |peer: &&Party| connects(was.0, peer) == was.1 && connects(is.0, peer) == is.1;
    peers.filter(changes).map(|peer| peer.label.clone()).collect()
}

fn connects(party: &Party, peer: &Party) -> OutcomeResult {
    let (client, server) = if party.role == Role::Client { (party, peer) } else { (peer, party) };
    shakedown_negotiate::negotiate(client, server, &Context::default()).result()
}

fn loses(input: &PlanInput<'_>, product: &str, version: &str, before: &Party, after: &Party) -> bool {
    result(input, product, version, after) == Some(OutcomeResult::Failed)
        && result(input, product, version, before) == Some(OutcomeResult::Agreed)
}

/// What a version of the catalog and the party make of each other.
fn result(input: &PlanInput<'_>, product: &str, version: &str, party: &Party) -> Option<OutcomeResult> {
    let peer = input.catalog.ssh_policy(&Software::new(product, version), party.role.peer()).ok()?.0;
    let ours = party.ssh()?;
    let (client, server) = if party.role == Role::Client { (ours, &peer) } else { (&peer, ours) };
    Some(shakedown_negotiate::ssh::negotiate(client, server, &Context::default()).result())
}
