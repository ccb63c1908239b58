//! A party from what the connections to one address showed.

use shakedown_model::ssh::{HostKey, SshOffer, SshPolicy, key_type_of};
use shakedown_model::{Item, Known, Name, Origin, OriginKind, Party, PartySource, Policy, Role, Slot};

/// The place of what a connection showed.
pub(crate) fn origin(address: &str, connection: u32, what: &str) -> Origin {
    Origin::new(OriginKind::Peer { address: address.to_owned(), connection, what: what.to_owned() })
}

/// The offer, each of its elements with its origin.
pub(crate) fn place(mut offer: SshOffer, address: &str, connection: u32) -> SshOffer {
    let origin = origin(address, connection, "KEXINIT");
    for slot in Slot::SSH {
        for item in offer.list_mut(slot).and_then(Known::complete_mut).into_iter().flatten() {
            item.origin = Some(origin.clone());
        }
    }
    offer
}

pub(crate) fn server(label: String, address: String, offer: SshOffer, notes: Vec<String>) -> Party {
    Party {
        label,
        role: Role::Server,
        software: None,
        source: PartySource::Live { address },
        policy: Policy::Ssh(Box::new(SshPolicy { offer, ..SshPolicy::default() })),
        configuration: None,
        notes,
    }
}

/// The host key algorithms of an offer by key type, in the offer's order: each group can be asked for by one connection.
pub(crate) fn by_key_type(algorithms: &[Item]) -> Vec<(Name, Vec<Name>)> {
    let mut groups: Vec<(Name, Vec<Name>)> = Vec::new();
    for item in algorithms {
        let key_type = key_type_of(item.name.as_str());
        match groups.iter_mut().find(|(known, _)| known == key_type) {
            Some((_, names)) => names.push(item.name.clone()),
            None => groups.push((Name::new(key_type), vec![item.name.clone()])),
        }
    }
    groups
}

/// The host keys that were seen: all of them where each type offered was asked for and answered.
pub(crate) fn host_keys(keys: Vec<HostKey>, all: bool) -> Known<Vec<HostKey>> {
    match (all, keys.is_empty()) {
        (true, _) => Known::Complete(keys),
        (false, true) => Known::Unknown,
        (false, false) => Known::Partial { accepted: keys, refused: Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_model::items;

    #[test]
    fn one_connection_for_the_rsa_family() {
        let offered =
            items(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ssh-rsa", "rsa-sha2-512-cert-v01@openssh.com"]);
        let groups = by_key_type(&offered);
        let types: Vec<&str> = groups.iter().map(|(key_type, _)| key_type.as_str()).collect();
        assert_eq!(types, ["ssh-rsa", "ssh-ed25519", "ssh-rsa-cert-v01@openssh.com"]);
        assert_eq!(groups[0].1.len(), 3);
    }
}
