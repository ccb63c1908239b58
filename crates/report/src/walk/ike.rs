//! The texts of an IKE policy.

use shakedown_model::ike::{IkePolicy, Peering, Proof, Proposal, SharedKey, SwitchedOff, WrittenConnection};

use super::{Visit, known};

pub(super) fn ike(visit: &mut dyn Visit, policy: &mut IkePolicy) {
    let IkePolicy {
        proposals,
        child_proposals,
        child_groups: _,
        version: _,
        switched_off,
        preference: _,
        peering,
        child_lifetime: _,
    } = policy;
    if let Some(SwitchedOff::Written(item)) = switched_off {
        visit.item(item);
    }
    if let Some(peering) = peering {
        walk_peering(visit, peering);
    }
    for list in [proposals, child_proposals] {
        known(list, |all| {
            all.iter_mut().flat_map(Proposal::items_mut).for_each(|item| visit.item(item));
        });
    }
}

fn walk_peering(visit: &mut dyn Visit, peering: &mut Peering) {
    let Peering {
        local,
        remote,
        aggressive: _,
        exact_selectors: _,
        narrowing_open: _,
        transport: _,
        of_other_mode: _,
        refuses_aggressive_psk: _,
        keys,
        local_selectors,
        remote_selectors,
        local_addresses,
        remote_addresses,
        written,
    } = peering;
    for Proof { method, identity } in [local, remote] {
        method.iter_mut().chain(identity).for_each(|item| visit.item(item));
    }
    known(keys, |keys| {
        for SharedKey { owners, print: _, origin } in keys {
            owners.iter_mut().for_each(|owner| visit.said(owner));
            origin.iter_mut().for_each(|origin| visit.origin(origin));
        }
    });
    for list in [local_selectors, remote_selectors] {
        known(list, |all| all.iter_mut().for_each(|item| visit.item(item)));
    }
    local_addresses.iter_mut().chain(remote_addresses).for_each(|item| visit.item(item));
    if let Some(WrittenConnection { name, child, is_right: _ }) = written {
        [name].into_iter().chain(child).for_each(|item| visit.item(item));
    }
}
