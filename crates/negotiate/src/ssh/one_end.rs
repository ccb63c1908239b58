//! What a server makes of both KEXINITs by itself: what it answers with, whatever the client thinks.

use shakedown_model::ssh::{SshOffer, SshPolicy, is_aead, is_marker};
use shakedown_model::{Name, Role, Slot};

use super::choice::{Choice, Order, first_common};
use super::list::List;

/// The order in which a server stops: OpenSSH goes through its incoming direction first (`kex_choose_conf`).
const SLOTS: [Slot; 8] = [
    Slot::Kex,
    Slot::HostKey,
    Slot::CipherC2s,
    Slot::MacC2s,
    Slot::CompressionC2s,
    Slot::CipherS2c,
    Slot::MacS2c,
    Slot::CompressionS2c,
];

/// The choice of a server that has sent this offer, by its own rules alone: one name a slot, none for a MAC beside a
/// cipher that brings its own integrity.
///
/// # Errors
/// The slot that it stops at.
pub fn server_choice(
    client: &SshOffer,
    server: &SshPolicy,
    offer: &SshOffer,
) -> Result<Vec<(Slot, Option<Name>)>, Slot> {
    let behaviour = &server.behaviour;
    let order = Order(if behaviour.server_prefers_own { Role::Server } else { Role::Client });
    let mut chosen: Vec<(Slot, Option<Name>)> = Vec::with_capacity(SLOTS.len());
    for slot in SLOTS {
        let of = |slot: Slot| chosen.iter().find(|(other, _)| *other == slot).and_then(|(_, name)| name.as_ref());
        let gss = of(Slot::Kex).is_some_and(|name| name.as_str().starts_with("gss-"));
        // RFC 4462 section 5: `null` goes only with a GSS-API method.
        let fits = |name: &str| slot != Slot::HostKey || gss || name != "null";
        let theirs = List::new(client.list(slot)).only(fits);
        let own = List::new(offer.list(slot)).only(fits).cut(behaviour.name_limit);
        let cipher = match slot {
            Slot::MacC2s => of(Slot::CipherC2s),
            Slot::MacS2c => of(Slot::CipherS2c),
            _ => None,
        };
        let integral = cipher.is_some_and(|cipher| is_aead(cipher.as_str()));
        let name = match first_common(&theirs, &own, order) {
            Choice::Agreed(name) if slot == Slot::Kex && is_marker(name.as_str()) => return Err(slot),
            Choice::Agreed(name) if behaviour.broken.iter().any(|(broken, _)| *broken == name) => return Err(slot),
            Choice::Agreed(_) if integral => None,
            Choice::Agreed(name) => Some(name),
            _ if integral && !behaviour.mac_needed_beside_aead => None,
            _ => return Err(slot),
        };
        let name = if slot == Slot::CipherS2c && behaviour.one_cipher { of(Slot::CipherC2s).cloned() } else { name };
        chosen.push((slot, name));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::{Known, items};

    fn offer(lists: [&str; 8]) -> SshOffer {
        let mut offer = SshOffer::default();
        for (slot, list) in Slot::SSH.into_iter().zip(lists) {
            let names = list.split(',').filter(|name| !name.is_empty());
            *offer.list_mut(slot).unwrap() = Known::Complete(items(names));
        }
        offer
    }

    fn server(lists: [&str; 8]) -> SshPolicy {
        SshPolicy { offer: offer(lists), ..SshPolicy::default() }
    }

    fn chosen(client: &SshOffer, server: &SshPolicy, slot: Slot) -> Result<Option<String>, Slot> {
        let all = server_choice(client, server, &server.offer)?;
        Ok(all.into_iter().find(|(other, _)| *other == slot).unwrap().1.map(|name| name.to_string()))
    }

    #[test]
    fn the_servers_own_rules_decide() {
        let lists = |kex| [kex, "h1,null", "c1,c2", "c2,c1", "m1", "m1", "none", "none"];
        let client = offer(lists("k1,k2"));
        let mut own = server(lists("k2,k1"));
        assert_eq!(chosen(&client, &own, Slot::Kex), Ok(Some("k1".into())));
        own.behaviour.server_prefers_own = true;
        assert_eq!(chosen(&client, &own, Slot::Kex), Ok(Some("k2".into())));
        own.behaviour.one_cipher = true;
        assert_eq!(chosen(&client, &own, Slot::CipherS2c), Ok(Some("c1".into())));
        own.behaviour.server_prefers_own = false;
        own.behaviour.name_limit = Some(1);
        assert_eq!(chosen(&client, &own, Slot::Kex), Ok(Some("k2".into())), "only its first name is looked at");
    }

    #[test]
    fn where_it_stops() {
        let client = offer(["k1,ext-info-s", "null", "c1", "c2", "m1", "m2", "none", "none"]);
        let lists = |kex, host_key, mac| server([kex, host_key, "c1", "x", mac, "m2", "none", "none"]);
        assert_eq!(chosen(&client, &lists("ext-info-s", "null", "m1"), Slot::Kex), Err(Slot::Kex));
        assert_eq!(chosen(&client, &lists("k1", "null", "m1"), Slot::Kex), Err(Slot::HostKey));
        let client = offer(["k1", "h1", "c1", "c2", "m1", "m2", "none", "none"]);
        // The direction that comes in is looked at first.
        assert_eq!(chosen(&client, &lists("k1", "h1", "mx"), Slot::Kex), Err(Slot::MacC2s));
        assert_eq!(chosen(&client, &lists("k1", "h1", "m1"), Slot::Kex), Err(Slot::CipherS2c));
    }

    #[test]
    fn a_mac_beside_a_cipher_with_its_own() {
        let gcm = "aes128-gcm@openssh.com";
        let client = offer(["k1", "h1", gcm, gcm, "m1", "m1", "none", "none"]);
        let mut own = server(["k1", "h1", gcm, gcm, "mx", "m1", "none", "none"]);
        assert_eq!(chosen(&client, &own, Slot::MacC2s), Ok(None));
        own.behaviour.mac_needed_beside_aead = true;
        assert_eq!(chosen(&client, &own, Slot::MacC2s), Err(Slot::MacC2s));
    }
}
