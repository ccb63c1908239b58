use shakedown_model::tls::{DhParameters, GroupKind, GroupRule, Preference, group_bits, group_kind};
use shakedown_model::{FailureKind, Known, Name, Role, Slot, Stage};

use super::ends::{Choice, Decision, Ends, common};
use crate::ssh::list::{Has, List};

/// Groups that only TLS 1.3 has.
fn is_new(name: &str) -> bool {
    group_kind(name) != GroupKind::EllipticCurve || name.ends_with("tls13")
}

/// Groups that TLS 1.3 has: of the plain curves those of RFC 8446 section 4.2.7, and whatever was made since.
fn is_tls13(name: &str) -> bool {
    is_new(name) || matches!(name, "x25519" | "x448" | "secp256r1" | "secp384r1" | "secp521r1")
}

/// The group of ECDHE up to TLS 1.2, with how sure it is that there is one: the first of the preferring party's list.
pub(super) fn elliptic(ends: &Ends<'_>) -> (Has, Option<Name>) {
    let old = |known: &Known<_>| List::new(known).only(|name| !is_new(name));
    let (client, server) = (old(&ends.client.groups), old(&ends.server.groups));
    // A client without the extension leaves the choice to the server (RFC 8422 section 4).
    if ends.client.groups.complete().is_some_and(Vec::is_empty) {
        return match ends.behaviour.groups_if_none_sent.as_ref().and_then(|groups| groups.first()) {
            Some(group) => (Has::Yes, Some(Name::new(group))),
            None if server.offers_nothing() => (Has::No, None),
            None => (Has::Maybe, None),
        };
    }
    let (first, second) = match ends.behaviour.group_order {
        Some(Preference::Server) => (&server, &client),
        _ => (&client, &server),
    };
    let found = common(first, second);
    let certain = found.iter().any(|(_, has)| *has == Has::Yes);
    let decided = ends.behaviour.group_order.is_some() || found.len() == 1;
    match found.first() {
        None => (Has::No, None),
        Some((name, Has::Yes)) if decided && !first.open => (Has::Yes, Some(name.clone())),
        Some(_) if certain => (Has::Yes, None),
        Some(_) => (Has::Maybe, None),
    }
}

/// The failure of ECDHE for want of a group.
pub(super) fn no_group(ends: &Ends<'_>) -> shakedown_model::FailedSlot {
    let old = |known: &Known<_>| List::new(known).only(|name| !is_new(name));
    ends.nothing(Stage::KeyExchange, Slot::Group, &old(&ends.client.groups), &old(&ends.server.groups))
}

/// Whether DHE can be done up to TLS 1.2, and what is too small about it.
pub(super) fn finite_field(ends: &Ends<'_>) -> (Has, Option<FailureKind>) {
    match ends.server.dh_parameters.complete() {
        None => (Has::Maybe, None),
        Some(DhParameters::None) => (Has::No, None),
        Some(DhParameters::Automatic) => (Has::Yes, None),
        Some(DhParameters::Missing) => {
            let what = "it has no Diffie-Hellman parameters and takes a suite with DHE all the same".to_owned();
            (Has::Yes, Some(FailureKind::Deviation { by: Role::Server, what }))
        }
        Some(DhParameters::Fixed { bits }) => {
            let small = ends.client.min_dh_bits.filter(|minimum| bits < minimum).map(|minimum| FailureKind::TooSmall {
                bits: *bits,
                minimum,
                demanded_by: Role::Client,
            });
            let large = ends.client.max_dh_bits.filter(|maximum| bits > maximum).map(|maximum| {
                let what =
                    format!("it takes no Diffie-Hellman prime above {maximum} bits, and the server's has {bits}");
                FailureKind::Deviation { by: Role::Client, what }
            });
            (Has::Yes, small.or(large))
        }
    }
}

/// The group of TLS 1.3 (RFC 8446 sections 4.2.7 and 4.2.8), and whether it costs a HelloRetryRequest.
pub(super) fn tls13(ends: &Ends<'_>) -> Decision<(Name, bool)> {
    let client = List::new(&ends.client.groups).only(is_tls13);
    let server = List::new(&ends.server.groups).only(is_tls13);
    let found = common(&server, &client);
    if found.is_empty() {
        let failed = ends.nothing(Stage::KeyExchange, Slot::Group, &client, &server);
        return Decision::new(Choice::Failed(vec![failed]), "no group is in both lists (RFC 8446 section 4.2.7)");
    }
    let only = match found.as_slice() {
        [(name, Has::Yes)] if !server.open && !client.open => Some(name.clone()),
        _ => None,
    };
    let (rule, text) = match ends.behaviour.group_rule {
        Some(rule) => (rule, rule_text(rule)),
        None => {
            let text = "how this server chooses among several groups is not known";
            return match only {
                Some(name) => {
                    let retry = List::new(&ends.client.key_shares).has(&name) == Has::No;
                    Decision::new(Choice::Agreed((name, retry)), "the only group of both (RFC 8446 section 4.2.7)")
                }
                None if found.iter().any(|(_, has)| *has == Has::Yes) => Decision::new(Choice::OneOf, text),
                None => Decision::new(Choice::Unknown("which groups both have".to_owned()), text),
            };
        }
    };
    let shares = List::new(&ends.client.key_shares).only(is_tls13);
    match walk(ends, rule, &client, &server, &shares) {
        Ok(found) => Decision::new(Choice::Agreed(found), text),
        Err(what) => Decision::new(Choice::Unknown(what), text),
    }
}

fn rule_text(rule: GroupRule) -> &'static str {
    match rule {
        GroupRule::FirstShare => {
            "the client's first key share of a group that the server has; without one, the first common group of the \
             server's list by a HelloRetryRequest (OpenSSL up to 3.4)"
        }
        GroupRule::Tuples => {
            "the server's first tuple with a group of both; in it those with a key share first (OpenSSL since 3.5)"
        }
        GroupRule::OwnOrderWithShare => {
            "the first of the server's list with a key share; without one, the first common one by a HelloRetryRequest"
        }
        GroupRule::OwnOrder => "the first of the server's list that the client has (RFC 8446 section 4.2.7)",
        GroupRule::ClientOrder => "the first of the client's list that the server has (RFC 8446 section 4.2.7)",
    }
}

/// The first name that a rule leads to. `Err` says what would decide.
fn walk(ends: &Ends<'_>, rule: GroupRule, client: &List, server: &List, shares: &List) -> Result<(Name, bool), String> {
    let first = |list: &List, other: &List, retry: bool| -> Option<Result<(Name, bool), String>> {
        let (name, has) = common(list, other).into_iter().next()?;
        Some(match has {
            Has::Yes if !list.open => Ok((name, retry)),
            _ => Err(format!("whether both have `{name}`, and which comes first")),
        })
    };
    let retry_for = |name: &Name| shares.has(name) != Has::Yes;
    let none = || "which groups both have".to_owned();
    match rule {
        GroupRule::FirstShare => {
            if shares.open && shares.names.is_empty() {
                return Err("of which groups the client sends a key share".to_owned());
            }
            first(shares, server, false).or_else(|| first(server, client, true)).unwrap_or_else(|| Err(none()))
        }
        GroupRule::OwnOrderWithShare => {
            first(server, shares, false).or_else(|| first(server, client, true)).unwrap_or_else(|| Err(none()))
        }
        GroupRule::OwnOrder => first(server, client, false)
            .unwrap_or_else(|| Err(none()))
            .map(|(name, _)| (name.clone(), retry_for(&name))),
        GroupRule::ClientOrder => first(client, server, false)
            .unwrap_or_else(|| Err(none()))
            .map(|(name, _)| (name.clone(), retry_for(&name))),
        GroupRule::Tuples => {
            let mut rest = server.names.as_slice();
            let sizes =
                if ends.server.group_tuples.is_empty() { vec![rest.len()] } else { ends.server.group_tuples.clone() };
            for size in sizes {
                let (tuple, after) = rest.split_at(size.min(rest.len()));
                rest = after;
                let tuple = List { names: tuple.to_vec(), refused: Vec::new(), open: server.open };
                let own = ends.behaviour.group_order == Some(Preference::Server);
                let (with_share, any) = if own {
                    (first(&tuple, shares, false), first(&tuple, client, true))
                } else {
                    (first(shares, &tuple, false), first(client, &tuple, true))
                };
                if let Some(found) = with_share.or(any) {
                    return found;
                }
            }
            Err(none())
        }
    }
}

/// The size of a group in bits, for the smallest that an end takes.
pub(super) fn bits(name: &Name) -> Option<u32> {
    group_bits(name.as_str())
}
