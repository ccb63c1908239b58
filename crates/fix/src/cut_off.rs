//! Who connects today and would no longer.

use shakedown_model::{Context, OutcomeResult, Party, Role, Software};

use crate::plan::PlanInput;

/// Who would no longer connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// Known peers, and products even in their newest version.
    pub(crate) now: Vec<String>,
    /// Older versions of products whose newest version still connects.
    pub(crate) older: Vec<String>,
}

impl CutOff {
    /// All of them.
    pub(crate) fn all(self) -> Vec<String> {
        let mut all = self.now;
        all.extend(self.older);
        all
    }
}

/// Who connects to `before` and not to `after`: among the known peers and among the catalog's software.
pub(crate) fn cut_off(input: &PlanInput<'_>, before: &Party, after: &Party) -> CutOff {
    let loses = |peer: &Party| {
        connects(before, peer) == OutcomeResult::Agreed && connects(after, peer) == OutcomeResult::Failed
    };
    let peers = input.known_peers.iter().filter(|peer| peer.role == before.role.peer() && loses(peer));
    let mut cut_off = CutOff { now: peers.map(|peer| peer.label.clone()).collect(), older: Vec::new() };
    products(input, before, after, &mut cut_off);
    cut_off
}

fn connects(party: &Party, peer: &Party) -> OutcomeResult {
    let (client, server) = if party.role == Role::Client { (party, peer) } else { (peer, party) };
    shakedown_negotiate::negotiate(client, server, &Context::default()).result()
}

/// For each product, the newest version that loses its connection: newer versions offer more, so that the search halves
/// the list of versions.
fn products(input: &PlanInput<'_>, before: &Party, after: &Party, cut_off: &mut CutOff) {
    let role = before.role.peer();
    let (Some(before), Some(after)) = (before.ssh(), after.ssh()) else { return };
    for product in input.catalog.products() {
        let versions = input.catalog.versions(&product.id, role);
        let result = |version: &str| {
            let policy = input.catalog.ssh_policy(&Software::new(&product.id, version), role).ok()?.0;
            let run = |party| match role {
                Role::Client => shakedown_negotiate::ssh::negotiate(&policy, party, &Context::default()).result(),
                Role::Server => shakedown_negotiate::ssh::negotiate(party, &policy, &Context::default()).result(),
            };
            Some((run(before), run(after)))
        };
        let fails = |version: &&str| result(version).is_some_and(|(_, after)| after == OutcomeResult::Failed);
        let failing = versions.partition_point(fails);
        let Some(version) = failing.checked_sub(1).and_then(|last| versions.get(last)) else { continue };
        if result(version).is_some_and(|(before, _)| before == OutcomeResult::Agreed) {
            let older = if failing > 1 { " and older" } else { "" };
            let label = format!("{} {version}{older}", product.label);
            if failing == versions.len() { cut_off.now.push(label) } else { cut_off.older.push(label) }
        }
    }
}
