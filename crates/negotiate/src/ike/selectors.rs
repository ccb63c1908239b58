//! Whether the two ends want the same traffic in the tunnel (RFC 7296 section 2.9).

use std::net::IpAddr;

use shakedown_model::ike::Peering;
use shakedown_model::{FailedSlot, FailureKind, Item, Known, Outcome, Slot, Stage, StageResult, TraceStep, names};

/// A traffic selector.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    /// First and last address; `None` for the address of the end itself, where that is not known.
    addresses: Option<(IpAddr, IpAddr)>,
    /// The protocol and the ports, where it is not for all.
    only: [Part; 2],
}

/// Protocols or ports.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Any,
    /// The first and the last.
    Range(u16, u16),
    /// A name whose number is not known here.
    Named(String),
}

impl Part {
    /// Protocols by the numbers of IANA's registry; of ports a number, a range or a name.
    fn read(text: &str, names: &[(&str, u16)]) -> Self {
        let text = text.to_ascii_lowercase();
        if matches!(text.as_str(), "" | "any" | "%any") {
            return Self::Any;
        }
        let number = |text: &str| {
            let named = names.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
            named.or_else(|| text.trim().parse().ok())
        };
        let range = match text.split_once('-') {
            Some((first, last)) if number(&text).is_none() => number(first).zip(number(last)),
            _ => number(&text).map(|one| (one, one)),
        };
        range.map_or(Self::Named(text), |(first, last)| Self::Range(first, last))
    }

    /// Whether the two have something in common; `None` where that is not known.
    fn meets(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Some(true),
            (Self::Range(first, last), Self::Range(from, to)) => Some(first <= to && from <= last),
            (one, other) => (one == other).then_some(true),
        }
    }

    fn lies_in(&self, outer: &Self) -> bool {
        match (self, outer) {
            (_, Self::Any) => true,
            (Self::Range(first, last), Self::Range(from, to)) => from <= first && last <= to,
            (one, outer) => one == outer,
        }
    }
}

/// Protocols by name, as in configurations.
const PROTOCOLS: [(&str, u16); 8] =
    [("icmp", 1), ("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50), ("ipv6-icmp", 58), ("icmpv6", 58), ("sctp", 132)];

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
        let addresses = one.addresses.zip(other.addresses);
        addresses
            .is_some_and(|((first, last), (from, to))| first.is_ipv4() == from.is_ipv4() && from <= first && last <= to)
            && one.only.iter().zip(&other.only).all(|(one, other)| one.lies_in(other))
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
    let only = [Part::read(protocol, &PROTOCOLS), Part::read(port, &[])];
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
pub(super) fn range(address: IpAddr, length: u32) -> Option<(IpAddr, IpAddr)> {
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
    let [protocol, ports] = &one.only;
    let [other_protocol, other_ports] = &other.only;
    let addresses = match (one.addresses, other.addresses) {
        (Some((first, last)), Some((from, to))) => {
            Some(first.is_ipv4() == from.is_ipv4() && first <= to && from <= last)
        }
        // Both name the initiator's or the responder's own address, whatever it is.
        (None, None) => Some(true),
        _ => None,
    };
    let all = [protocol.meets(other_protocol), ports.meets(other_ports), addresses];
    if all.contains(&Some(false)) { Some(false) } else { all.into_iter().collect::<Option<Vec<_>>>().map(|_| true) }
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
        assert_eq!(lies("10.1.0.0/24[udp/1500]", "10.0.0.0/8[udp/1000-2000]"), Some(true));
        assert_eq!(lies("10.1.0.0/24[udp/1500-2500]", "10.0.0.0/8[udp/1000-2000]"), Some(false));
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
        // Within a range of ports, and by the number of the protocol, as charon takes them.
        assert_eq!(meets("10.2.2.3-10.2.2.3[udp/1500]", "10.2.0.0/16[udp/1000-2000]"), Some(true));
        assert_eq!(meets("10.0.0.0/8[17/1500-1600]", "10.0.0.0/8[udp/1600]"), Some(true));
        assert_eq!(meets("10.0.0.0/8[udp/1500]", "10.0.0.0/8[udp/1501-1600]"), Some(false));
        assert_eq!(meets("10.0.0.0/8[tcp/443]", "10.0.0.0/8[tcp/https]"), None, "a name without a number here");
        assert_eq!(meets("10.0.0.0/8[tcp/https]", "10.0.0.0/8[tcp/https]"), Some(true));
        assert_eq!(meets("10.0.0.0/8[tcp/443]", "192.0.2.0/24[tcp/https]"), Some(false));
        assert_eq!(meets("dynamic", "10.0.0.0/8"), None);
        assert_eq!(meets("dynamic", "dynamic"), Some(true));
        assert_eq!(parse("10.0.0.0/33", &[]), None);
    }
}
