//! Whether the two ends want the same traffic in the tunnel (RFC 7296 section 2.9).

use std::net::IpAddr;

use shakedown_model::ike::Peering;
use shakedown_model::{FailedSlot, FailureKind, Item, Known, Outcome, Slot, Stage, StageResult, TraceStep, names};

/// A traffic selector.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    /// First and last address; `None` for the address of the end itself, where that is not known.
    addresses: Option<(IpAddr, IpAddr)>,
    /// The protocol and the port, where it is for one only.
    only: (Option<String>, Option<String>),
}

/// What is left of the selectors of both directions.
pub(super) fn narrow(outcome: &mut Outcome, initiator: &Peering, responder: &Peering) -> StageResult {
    let ends = [
        (&initiator.local_selectors, &initiator.local_addresses, &responder.remote_selectors),
        (&initiator.remote_selectors, &initiator.remote_addresses, &responder.local_selectors),
    ];
    let mut result = StageResult::Agreed;
    for (ours, addresses, theirs) in ends {
        let (Known::Complete(ours), Known::Complete(theirs)) = (ours, theirs) else {
            result = unknown(result);
            continue;
        };
        let read = |items: &[Item]| -> Option<Vec<Selector>> {
            items.iter().map(|item| parse(item.name.as_str(), addresses)).collect()
        };
        let (Some(one), Some(other)) = (read(ours), read(theirs)) else {
            result = unknown(result);
            continue;
        };
        let exact = responder.exact_selectors;
        let open = initiator.narrowing_open || responder.narrowing_open;
        let meets = |one: &Selector, other: &Selector| match meet(one, other) {
            Some(true) if exact => Some(one == other),
            Some(true) if open && one != other => None,
            meets => meets,
        };
        let meets = &meets;
        let pairs = || one.iter().flat_map(|one| other.iter().map(move |other| meets(one, other)));
        let chosen = pairs().any(|meets| meets == Some(true));
        if !chosen && pairs().any(|meets| meets.is_none()) {
            result = unknown(result);
            continue;
        }
        outcome.trace.push(TraceStep {
            slot: Slot::TrafficSelector,
            client: names(ours),
            server: names(theirs),
            chosen: None,
            rule: match exact {
                true => "the responder takes the proposed selectors where they are its own",
                false => "the responder takes what its own selectors and the proposed ones have in common (RFC 7296 section 2.9)",
            }
            .to_owned(),
        });
        if !chosen {
            let (client, server) = (ours.clone(), theirs.clone());
            let (slot, kind) = (Slot::TrafficSelector, FailureKind::NothingInCommon);
            outcome.failed.push(FailedSlot { stage: Stage::ChildSa, slot, client, server, kind });
            result = StageResult::Failed;
        }
    }
    result
}

/// Whether all of the first selectors lie within one of the others each; `None` where an address is not known.
pub fn within(inner: &[Item], outer: &[Item]) -> Option<bool> {
    let read = |items: &[Item]| -> Option<Vec<Selector>> {
        items.iter().map(|item| parse(item.name.as_str(), &[]).filter(|one| one.addresses.is_some())).collect()
    };
    let (inner, outer) = (read(inner)?, read(outer)?);
    let lies = |one: &Selector, other: &Selector| {
        let fits = |one: &Option<String>, other: &Option<String>| other.is_none() || one == other;
        let addresses = one.addresses.zip(other.addresses);
        addresses
            .is_some_and(|((first, last), (from, to))| first.is_ipv4() == from.is_ipv4() && from <= first && last <= to)
            && fits(&one.only.0, &other.only.0)
            && fits(&one.only.1, &other.only.1)
    };
    Some(inner.iter().all(|one| outer.iter().any(|other| lies(one, other))))
}

fn unknown(result: StageResult) -> StageResult {
    if result == StageResult::Failed {
        return result;
    }
    StageResult::Unknown { what_would_decide: "the traffic selectors of both ends, with their addresses".to_owned() }
}

/// `10.1.0.0/24[tcp/443]`, `10.1.0.1-10.1.0.9`, `dynamic`.
fn parse(text: &str, addresses: &[Item]) -> Option<Selector> {
    let (network, only) = match text.trim().split_once('[') {
        Some((network, only)) => (network, only.strip_suffix(']')?),
        None => (text.trim(), ""),
    };
    let (protocol, port) = only.split_once('/').unwrap_or((only, ""));
    let part =
        |text: &str| Some(text.to_ascii_lowercase()).filter(|text| !matches!(text.as_str(), "" | "any" | "%any"));
    let only = (part(protocol), part(port));
    if network.eq_ignore_ascii_case("dynamic") {
        let single = if let [one] = addresses { one.name.as_str().parse().ok() } else { None };
        return Some(Selector { addresses: single.map(|address| (address, address)), only });
    }
    let addresses = match (network.split_once('/'), network.split_once('-')) {
        (Some((address, length)), _) => range(address.parse().ok()?, length.parse().ok()?)?,
        (None, Some((first, last))) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        (None, None) => {
            let address = network.parse().ok()?;
            (address, address)
        }
    };
    Some(Selector { addresses: Some(addresses), only })
}

/// First and last address of a network.
fn range(address: IpAddr, length: u32) -> Option<(IpAddr, IpAddr)> {
    match address {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            (length <= 32).then(|| (IpAddr::V4((bits & !host).into()), IpAddr::V4((bits | host).into())))
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            (length <= 128).then(|| (IpAddr::V6((bits & !host).into()), IpAddr::V6((bits | host).into())))
        }
    }
}

/// Whether two selectors have something in common; `None` where an address is not known.
fn meet(one: &Selector, other: &Selector) -> Option<bool> {
    let fits = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
    if !fits(&one.only.0, &other.only.0) || !fits(&one.only.1, &other.only.1) {
        return Some(false);
    }
    match (one.addresses, other.addresses) {
        (Some((first, last)), Some((from, to))) => {
            Some(first.is_ipv4() == from.is_ipv4() && first <= to && from <= last)
        }
        // Both name the initiator's or the responder's own address, whatever it is.
        (None, None) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(one: &str, other: &str) -> Option<bool> {
        meet(&parse(one, &[]).unwrap(), &parse(other, &[]).unwrap())
    }

    #[test]
    fn narrower_selectors_lie_within_wider_ones() {
        let items = |text: &str| text.split(' ').map(Item::new).collect::<Vec<_>>();
        let lies = |inner: &str, outer: &str| within(&items(inner), &items(outer));
        assert_eq!(lies("10.1.0.0/24 10.1.1.0/24", "10.1.0.0/16"), Some(true));
        assert_eq!(lies("10.1.0.0/16", "10.1.0.0/24"), Some(false));
        assert_eq!(lies("10.1.0.0/24[tcp/443]", "10.0.0.0/8[tcp]"), Some(true));
        assert_eq!(lies("10.1.0.0/24", "10.0.0.0/8[tcp]"), Some(false));
        assert_eq!(lies("dynamic", "10.0.0.0/8"), None);
    }

    #[test]
    fn selectors_meet_where_addresses_protocols_and_ports_do() {
        assert_eq!(meets("10.1.0.0/24", "10.1.0.0/16"), Some(true));
        assert_eq!(meets("10.1.0.0/24", "10.2.0.0/24"), Some(false));
        assert_eq!(meets("0.0.0.0/0", "192.0.2.7"), Some(true));
        assert_eq!(meets("10.1.0.1-10.1.0.9", "10.1.0.9/32"), Some(true));
        assert_eq!(meets("::/0", "0.0.0.0/0"), Some(false));
        assert_eq!(meets("10.0.0.0/8[tcp/443]", "10.0.0.0/8[tcp]"), Some(true));
        assert_eq!(meets("10.0.0.0/8[tcp/443]", "10.0.0.0/8[udp/443]"), Some(false));
        assert_eq!(meets("dynamic", "10.0.0.0/8"), None);
        assert_eq!(meets("dynamic", "dynamic"), Some(true));
        assert_eq!(parse("10.0.0.0/33", &[]), None);
    }
}
