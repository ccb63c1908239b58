//! The guessed first packet of a key exchange, RFC 4253 section 7 and 7.1.

use shakedown_model::ssh::{GuessRule, is_marker};
use shakedown_model::{FailureKind, Name, Role, Slot};

use super::choice::{Choice, Order, first_common};
use super::ends::Ends;
use super::kexinit::Decision;
use super::list::List;

const GUESS2: &str = "kexguess2@matt.ucc.asn.au";

/// Says whether a guess was right. A wrong one only costs a packet, unless the ends judge it differently: then one waits
/// for a packet that the other never sends.
pub(crate) fn judge(ends: &Ends<'_>, kex: &mut Decision) {
    let Some(chosen) = kex.choice.name().cloned() else { return };
    for guesser in [Role::Client, Role::Server] {
        let end = ends.end(guesser);
        if !end.offer.first_kex_packet_follows {
            continue;
        }
        let verdict = |role: Role| right(ends, effective(ends, role), &chosen);
        let (Some(own), Some(peers)) = (verdict(guesser), verdict(guesser.peer())) else {
            kex.rule += &format!("; whether the {guesser}'s guess is right needs both ends' whole lists");
            continue;
        };
        if own == peers {
            kex.rule += &match own {
                true => format!("; the {guesser}'s guess is right (RFC 4253 section 7.1)"),
                false => {
                    format!("; the {guesser}'s guess is wrong and its first packet is ignored (RFC 4253 section 7.1)")
                }
            };
            continue;
        }
        let by = if effective(ends, guesser) == GuessRule::Firsts { guesser.peer() } else { guesser };
        let said = |right: bool| if right { "right" } else { "wrong" };
        let what = format!(
            "it judges the guess by another rule: {} for the {guesser}, {} for the {}",
            said(own),
            said(peers),
            guesser.peer()
        );
        kex.rule += &format!("; of the {by}, {what}");
        kex.choice = Choice::Failed(FailureKind::Deviation { by, what });
        return;
    }
}

/// Dropbear's rule holds only where both ends announce it.
fn effective(ends: &Ends<'_>, role: Role) -> GuessRule {
    let both = ends.client.offer.has_marker(GUESS2) && ends.server.offer.has_marker(GUESS2);
    match ends.end(role).policy.behaviour.guess {
        GuessRule::ChosenIsClientsFirst if !both => GuessRule::Firsts,
        rule => rule,
    }
}

fn right(ends: &Ends<'_>, rule: GuessRule, chosen_kex: &Name) -> Option<bool> {
    let lists = |slot: Slot| {
        let pair: [List; 2] = [ends.client.list(slot), ends.server.list(slot)];
        pair.iter().all(|list| !list.open).then_some(pair)
    };
    let ([client_kex, server_kex], [client_key, server_key]) = (lists(Slot::Kex)?, lists(Slot::HostKey)?);
    let first = |list: &List| list.names.first().cloned();
    let first_method = |list: &List| list.names.iter().find(|name| !is_marker(name.as_str())).cloned();
    let same_key = first(&client_key) == first(&server_key);
    Some(match rule {
        GuessRule::Firsts => first(&client_kex) == first(&server_kex) && same_key,
        GuessRule::FirstsWithoutMarkers => first_method(&client_kex) == first_method(&server_kex) && same_key,
        GuessRule::ChosenIsClientsFirst => {
            let key = first_common(&client_key, &server_key, Order(Role::Client));
            first(&client_kex).as_ref() == Some(chosen_kex) && key.name() == first(&client_key).as_ref()
        }
    })
}
