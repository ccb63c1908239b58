use std::collections::HashMap;

use shakedown_catalog::Catalog;
use shakedown_model::ssh::SshOffer;
use shakedown_model::tls::TlsOffer;
use shakedown_model::{Context, Item, Known, Protocol, Role, Slot, Software, names};

use crate::all_clients::known_clients;

/// The offers of all clients of the catalog, by their lists.
pub(crate) struct KnownOffers(HashMap<String, Vec<(String, String)>>);

/// Ranges of versions that are named; of more it is said how many products have the offer.
const NAMED: usize = 4;

impl KnownOffers {
    /// Takes a while: all of them are computed.
    pub(crate) fn new(catalog: &Catalog, protocol: Protocol) -> Self {
        let mut all: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (product, version) in known_clients(catalog, protocol) {
            let software = Software::new(&product, &version);
            if let Some(key) = default_key(catalog, &software, protocol) {
                all.entry(key).or_default().push((product, version));
            }
        }
        Self(all)
    }

    /// Of which software the offer is the default, in words; `None` where of none that is known.
    pub(super) fn of(&self, key: &str) -> Option<String> {
        let mut ranges: Vec<(&str, &str, &str)> = Vec::new();
        for (product, version) in self.0.get(key)? {
            match ranges.last_mut() {
                Some((last, _, newest)) if last == product => *newest = version,
                _ => ranges.push((product, version, version)),
            }
        }
        let mut words: Vec<String> = ranges
            .iter()
            .take(NAMED)
            .map(|(product, oldest, newest)| match oldest == newest {
                true => format!("{product} {oldest}"),
                false => format!("{product} {oldest} to {newest}"),
            })
            .collect();
        if ranges.len() > NAMED {
            words.push(format!("{} more", ranges.len() - NAMED));
        }
        Some(words.join(", "))
    }
}

fn default_key(catalog: &Catalog, software: &Software, protocol: Protocol) -> Option<String> {
    let context = Context::default();
    match protocol {
        Protocol::Ssh => ssh_key(&catalog.ssh_policy(software, Role::Client).ok()?.0.open(Role::Client, &context)),
        Protocol::Tls => tls_key(&catalog.tls_policy(software, Role::Client).ok()?.0.open(Role::Client, &context)),
        Protocol::Ike => None,
    }
}

/// The lists of a KEXINIT. Of the host key algorithms only which there are: their order depends on the keys that a client
/// knows of the host.
pub(super) fn ssh_key(offer: &SshOffer) -> Option<String> {
    let lists: Option<Vec<String>> = Slot::SSH
        .into_iter()
        .map(|slot| {
            let mut list: Vec<String> = names(offer.list(slot).complete()?).iter().map(ToString::to_string).collect();
            if slot == Slot::HostKey {
                list.sort_unstable();
            }
            Some(list.join(","))
        })
        .collect();
    Some(lists?.join(";"))
}

/// The lists of a hello that the library fills, not the program: without the application protocols and the name.
pub(super) fn tls_key(offer: &TlsOffer) -> Option<String> {
    // Most catalogs say nothing of the key shares; a hello without a list of versions tells only the highest.
    let highest = offer.versions.accepted()?.first()?.name.to_string();
    let joined = |list: &Known<Vec<Item>>| -> Option<String> {
        Some(names(list.complete()?).iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    };
    let lists = [&offer.tls13_cipher_suites, &offer.cipher_suites, &offer.groups, &offer.signature_schemes];
    let lists: Option<Vec<String>> = lists.into_iter().map(joined).collect();
    Some(format!("{highest};{}", lists?.join(";")))
}
