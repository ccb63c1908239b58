//! The choice of each slot from the two KEXINITs.

use shakedown_model::ssh::{is_aead, is_marker};
use shakedown_model::{FailureKind, Role, Slot};

use super::choice::{Choice, Order, first_common};
use super::ends::Ends;
use super::list::List;

/// One slot's choice and the rule behind it.
pub(crate) struct Decision {
    pub(crate) slot: Slot,
    pub(crate) choice: Choice,
    pub(crate) rule: String,
}

const FIRST: &str = "first of the client's list that the server has (RFC 4253 section 7.1)";

/// All slots, in the order of RFC 4253 section 7.1.
pub(crate) fn decide(ends: &Ends<'_>) -> Vec<Decision> {
    let mut kex = plain(ends, Slot::Kex, |_| true);
    fit_host_key(ends, &mut kex);
    reject_marker(&mut kex);
    super::guess::judge(ends, &mut kex);

    // RFC 4462 section 5: the algorithm `null` goes only with a GSS-API method, which authenticates the server itself.
    let gss = kex.choice.name().is_some_and(|name| name.as_str().starts_with("gss-"));
    let host_key = plain(ends, Slot::HostKey, |name| gss || name != "null");

    let cipher_c2s = plain(ends, Slot::CipherC2s, |_| true);
    let mut cipher_s2c = plain(ends, Slot::CipherS2c, |_| true);
    one_cipher(ends, &cipher_c2s, &mut cipher_s2c);
    let mac_c2s = mac(ends, Slot::MacC2s, &cipher_c2s);
    let mac_s2c = mac(ends, Slot::MacS2c, &cipher_s2c);
    let compression_c2s = plain(ends, Slot::CompressionC2s, |_| true);
    let compression_s2c = plain(ends, Slot::CompressionS2c, |_| true);
    vec![kex, host_key, cipher_c2s, cipher_s2c, mac_c2s, mac_s2c, compression_c2s, compression_s2c]
}

/// A slot by the rule that both ends follow, then by what each of them does differently.
fn plain(ends: &Ends<'_>, slot: Slot, keep: impl Fn(&str) -> bool) -> Decision {
    let (client, server) = (ends.client.list(slot).only(&keep), ends.server.list(slot).only(&keep));
    let mut rule = FIRST.to_owned();
    let mut choice = both_views(ends, &client, &server, &mut rule);
    if let Choice::Unknown(what) = &mut choice {
        *what = who_is_open(slot, &client, &server);
        rule = format!("not decided: needs {what}");
    }
    if let Choice::OneOf(_) = &choice {
        rule =
            format!("{FIRST}; a choice is certain, but not which: that needs {}", who_is_open(slot, &client, &server));
    }
    if let Some(name) = choice.name() {
        for role in [Role::Client, Role::Server] {
            let broken = &ends.end(role).policy.behaviour.broken;
            if let Some((_, reason)) = broken.iter().find(|(broken, _)| broken == name) {
                rule = format!("{rule}; the {role} lists `{name}` but cannot use it: {reason}");
                choice = Choice::Failed(FailureKind::Deviation { by: role, what: reason.clone() });
                break;
            }
        }
    }
    if let Some(what) = ends.undecided(slot) {
        rule = match choice.name() {
            Some(name) => format!("`{name}`, unless it depends on {what}"),
            None => format!("not decided: depends on {what}"),
        };
        choice = Choice::Unknown(what);
    }
    rule += &ends.context_note(slot);
    Decision { slot, choice, rule }
}

/// What each end makes of the two lists. Ends that come to different choices cannot go on.
fn both_views(ends: &Ends<'_>, client: &List, server: &List, rule: &mut String) -> Choice {
    let limit = |role: Role| ends.end(role).policy.behaviour.name_limit;
    let own = ends.server.policy.behaviour.server_prefers_own;
    let order = if own { Role::Server } else { Role::Client };
    // OpenSSH's match_list() cuts the server's list whichever end runs it.
    let of_client = first_common(client, &server.cut(limit(Role::Client)), Order(Role::Client));
    let of_server = first_common(client, &server.cut(limit(Role::Server)), Order(order));
    if of_client == of_server && !own && !failed(&of_client) {
        return of_client;
    }
    let whole = first_common(client, server, Order(Role::Client));
    for (role, view) in [(Role::Client, &of_client), (Role::Server, &of_server)] {
        if failed(view) {
            let Some(limit) = limit(role).filter(|_| !failed(&whole)) else { return view.clone() };
            *rule = format!("the {role} reads only the first {limit} names of the server's list");
            return Choice::Failed(FailureKind::BeyondLimit { limit });
        }
    }
    if of_client == of_server {
        return of_client;
    }
    let (by, what) = if own {
        (Role::Server, "it chooses by its own order of preference".to_owned())
    } else {
        let role = if limit(Role::Client).is_some() { Role::Client } else { Role::Server };
        (role, format!("it reads only the first {} names of the server's list", limit(role).unwrap_or_default()))
    };
    match (&of_client, &of_server) {
        (Choice::Agreed(client), Choice::Agreed(server)) => {
            *rule = format!("the ends choose differently, client `{client}`, server `{server}`: of the {by}, {what}");
            Choice::Failed(FailureKind::Deviation { by, what })
        }
        _ => Choice::Unknown(String::new()),
    }
}

fn failed(choice: &Choice) -> bool {
    matches!(choice, Choice::Failed(_))
}

fn who_is_open(slot: Slot, client: &List, server: &List) -> String {
    let whose = match (client.open, server.open) {
        (true, true) => "both ends' whole lists",
        (true, false) => "the client's whole list",
        _ => "the server's whole list",
    };
    format!("{whose} for the {}", slot.phrase())
}

/// RFC 4253 section 7.1: a method counts only if a host key algorithm that it can use is in common. Every method but
/// those of GSS-API needs a signature, and every algorithm but `null` can sign, so that this decides only where `null`
/// is all that the ends have in common. Most implementations choose method and host key independently.
fn fit_host_key(ends: &Ends<'_>, kex: &mut Decision) {
    let demands = |role: Role| ends.end(role).policy.behaviour.kex_needs_host_key;
    let Some(by) = [Role::Client, Role::Server].into_iter().find(|&role| demands(role)) else { return };
    let Some(name) = kex.choice.name().cloned() else { return };
    let list = |role: Role| ends.end(role).list(Slot::HostKey).only(|name| name != "null");
    let signing = first_common(&list(Role::Client), &list(Role::Server), Order(Role::Client));
    if name.as_str().starts_with("gss-") || !failed(&signing) {
        return;
    }
    let gss = |role: Role| ends.end(role).list(Slot::Kex).only(|name| name.starts_with("gss-"));
    let Choice::Agreed(fitting) = first_common(&gss(Role::Client), &gss(Role::Server), Order(Role::Client)) else {
        kex.rule += &format!("; the {by} gives up here already, because no host key algorithm is in common");
        return;
    };
    if demands(Role::Client) && demands(Role::Server) {
        kex.rule = "first of the client's list that the server has and for which a host key algorithm is in common \
                    (RFC 4253 section 7.1)"
            .into();
        kex.choice = Choice::Agreed(fitting);
    } else {
        let what = "it picks a method only if a host key algorithm that fits is in common".to_owned();
        kex.rule = format!("the ends choose differently, `{name}` and `{fitting}`: of the {by}, {what}");
        kex.choice = Choice::Failed(FailureKind::Deviation { by, what });
    }
}

/// RFC 8308 section 2.2: a peer that lists the other role's marker can make both ends "agree" on it; both must then
/// disconnect. OpenSSH ends the same way for any marker, which it does not know as a method.
fn reject_marker(kex: &mut Decision) {
    let Some(name) = kex.choice.name().filter(|name| is_marker(name.as_str())).cloned() else { return };
    kex.rule = format!("`{name}` is a marker and can never be used: both ends must disconnect (RFC 8308 section 2.2)");
    kex.choice = Choice::Failed(FailureKind::MarkerChosen { marker: name });
}

/// russh reads only the client-to-server ciphers and uses the result for both directions.
fn one_cipher(ends: &Ends<'_>, c2s: &Decision, s2c: &mut Decision) {
    let Some(by) = ends.who(|behaviour| behaviour.one_cipher) else { return };
    let both = [Role::Client, Role::Server].into_iter().all(|role| ends.end(role).policy.behaviour.one_cipher);
    let what = "it uses the cipher of the direction client to server for both";
    match (&c2s.choice, &s2c.choice) {
        (Choice::Agreed(used), _) if both => {
            s2c.rule = format!("of both ends, {what}");
            s2c.choice = Choice::Agreed(used.clone());
        }
        (Choice::Agreed(used), Choice::Agreed(listed)) if used != listed => {
            s2c.rule = format!("the ends choose differently, `{used}` and `{listed}`: of the {by}, {what}");
            s2c.choice = Choice::Failed(FailureKind::Deviation { by, what: what.into() });
        }
        _ => {}
    }
}

fn mac(ends: &Ends<'_>, slot: Slot, cipher: &Decision) -> Decision {
    match &cipher.choice {
        Choice::Agreed(name) if is_aead(name.as_str()) => beside_aead(ends, slot, name.as_str()),
        Choice::Agreed(_) | Choice::NotUsed => plain(ends, slot, |_| true),
        Choice::OneOf(names) => {
            let aead = names.iter().filter(|name| is_aead(name.as_str())).count();
            let mut decision = plain(ends, slot, |_| true);
            if aead == names.len() {
                decision.rule = "every cipher that may be chosen brings its own integrity".into();
                decision.choice = Choice::NotUsed;
            } else if aead > 0 {
                decision.choice = match decision.choice {
                    Choice::Failed(_) => {
                        Choice::Unknown(format!("the {}, which may need no MAC", cipher.slot.phrase()))
                    }
                    Choice::Agreed(name) => Choice::OneOf(vec![name]),
                    other => other,
                };
                decision.rule += "; whether it is used depends on the cipher";
            }
            decision
        }
        Choice::Failed(_) | Choice::Unknown(_) => {
            let mut decision = plain(ends, slot, |_| true);
            let aead_possible = [Role::Client, Role::Server].into_iter().any(|role| {
                let list = ends.end(role).list(cipher.slot);
                list.open || list.names.iter().any(|name| is_aead(name.as_str()))
            });
            // With a cipher that brings its own integrity, a MAC in common would not be needed.
            if aead_possible && failed(&decision.choice) {
                decision.choice = Choice::Unknown(format!("the {}, which may need no MAC", cipher.slot.phrase()));
                decision.rule = "nothing in common, which matters only beside a cipher that needs a MAC".into();
            } else if let (true, Choice::Agreed(name)) = (aead_possible, &decision.choice) {
                decision.choice = Choice::OneOf(vec![name.clone()]);
                decision.rule += "; whether it is used depends on the cipher";
            }
            decision
        }
    }
}

fn beside_aead(ends: &Ends<'_>, slot: Slot, cipher: &str) -> Decision {
    let rule = match cipher {
        "chacha20-poly1305@openssh.com" | "chacha20-poly1305" => {
            "no MAC beside `chacha20-poly1305`, which brings its own (OpenSSH PROTOCOL.chacha20poly1305)".to_owned()
        }
        other if other.starts_with("AEAD_") => {
            format!("`{other}` stands for cipher and MAC together (RFC 5647 section 5.1)")
        }
        other => format!("no MAC beside `{other}`, which brings its own integrity (OpenSSH PROTOCOL section 1.6)"),
    };
    let not_used = Decision { slot, choice: Choice::NotUsed, rule };
    let needs = ends.who(|behaviour| behaviour.mac_needed_beside_aead);
    let pair = cipher.starts_with("AEAD_");
    if needs.is_none() && !pair {
        return not_used;
    }
    let mut decision = plain(ends, slot, |name| !pair || name == cipher);
    decision.choice = match (decision.choice, needs) {
        (Choice::Agreed(_) | Choice::OneOf(_) | Choice::NotUsed, _) => return not_used,
        (Choice::Failed(FailureKind::NothingInCommon | FailureKind::NothingOffered { .. }), Some(by)) => {
            let what = "it demands a MAC in common even beside an AEAD cipher".to_owned();
            decision.rule = format!("{}; but of the {by}, {what}", not_used.rule);
            Choice::Failed(FailureKind::Deviation { by, what })
        }
        (choice @ Choice::Failed(_), None) => {
            decision.rule = format!("{}, so that the MAC lists must hold it as well", not_used.rule);
            choice
        }
        (choice, _) => choice,
    };
    decision
}
