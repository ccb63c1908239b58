//! Whether two connections are for each other's addresses.

use std::net::IpAddr;

use shakedown_model::ike::Peering;
use shakedown_model::{FailedSlot, FailureKind, Item, Outcome, Role, Slot, Stage};

use super::selectors::range;

/// Says where the responder's connection is for other addresses than those that the initiator comes from and goes to. A private
/// address beside a public one may be the same behind a NAT, and a name is not looked up.
pub(super) fn compare(outcome: &mut Outcome, initiator: &Peering, responder: &Peering) {
    for (of, ours, theirs) in [
        (Role::Server, &initiator.remote_addresses, &responder.local_addresses),
        (Role::Client, &initiator.local_addresses, &responder.remote_addresses),
    ] {
        if exclude(ours, theirs) {
            let (client, server) = (ours.clone(), theirs.clone());
            let (stage, slot) = (Stage::IkeSa, Slot::Auth);
            outcome.failed.push(FailedSlot { stage, slot, client, server, kind: FailureKind::OtherAddress { of } });
        }
    }
}

fn exclude(ours: &[Item], theirs: &[Item]) -> bool {
    let read = |items: &[Item]| -> Option<Vec<(IpAddr, IpAddr)>> {
        items.iter().map(|item| addresses(item.name.as_str())).collect()
    };
    let (Some(ours), Some(theirs)) = (read(ours), read(theirs)) else { return false };
    let apart = |one: &(IpAddr, IpAddr), other: &(IpAddr, IpAddr)| {
        one.0.is_ipv4() != other.0.is_ipv4() || one.1 < other.0 || other.1 < one.0
    };
    let translated = |one: &(IpAddr, IpAddr), other: &(IpAddr, IpAddr)| is_private(one.0) != is_private(other.0);
    !ours.is_empty()
        && !theirs.is_empty()
        && ours.iter().all(|one| theirs.iter().all(|other| apart(one, other) && !translated(one, other)))
}

/// An address, a network or a range, by its first and last address; `None` for names and for what stands for any.
fn addresses(text: &str) -> Option<(IpAddr, IpAddr)> {
    let found = match (text.parse::<IpAddr>(), text.split_once('/'), text.split_once('-')) {
        (Ok(address), ..) => (address, address),
        (_, Some((address, length)), _) => range(address.trim().parse().ok()?, length.trim().parse().ok()?)?,
        (_, None, Some((first, last))) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        (_, None, None) => return None,
    };
    (!found.0.is_unspecified()).then_some(found)
}

/// RFC 1918, RFC 6598 and RFC 4193, the loopback and the links.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(own) => {
            let shared =
                own.octets().first() == Some(&100) && own.octets().get(1).is_some_and(|part| part & 0xc0 == 64);
            own.is_private() || own.is_loopback() || own.is_link_local() || shared
        }
        IpAddr::V6(own) => own.is_loopback() || own.is_unique_local() || own.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use shakedown_model::items;

    use super::*;

    #[test]
    fn addresses_exclude_each_other_only_where_they_are_certain() {
        for (ours, theirs, excluded) in [
            ("192.0.2.1", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.9", true),
            ("192.0.2.1", "192.0.2.0/24", false),
            ("192.0.2.1", "192.0.2.100-192.0.2.120", true),
            ("192.0.2.1", "192.0.2.9 192.0.2.1", false),
            // Behind a NAT, or by a name.
            ("10.0.0.5", "192.0.2.9", false),
            ("10.0.0.5", "10.0.0.6", true),
            ("192.0.2.1", "gw.example", false),
            ("192.0.2.1", "0.0.0.0/0", false),
            ("192.0.2.1", "2001:db8::1", true),
            ("100.64.0.1", "192.0.2.9", false),
        ] {
            let of = |text: &str| items(text.split(' ').collect::<Vec<_>>());
            assert_eq!(exclude(&of(ours), &of(theirs)), excluded, "{ours} {theirs}");
        }
        assert!(!exclude(&[], &items(["192.0.2.1"])));
    }
}
