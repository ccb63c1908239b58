//! The ends of IKE in the examples of the pages: `client ike: KEYWORDS, KEYWORDS`, `server esp: KEYWORDS`, and
//! `client peer: auth psk; id a; expects b; key SECRET; local NETWORK; remote NETWORK; mode aggressive;
//! at ADDRESS; to ADDRESS`.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkeVersion, KeyPrint, Peering, SaProtocol, SharedKey, SwitchedOff};
use shakedown_model::{Item, Known, Party, PartySource, Policy, Role, items};

/// The keys that are read here.
pub(crate) const LISTS: [&str; 3] = ["ike", "esp", "peer"];

/// An end of which nothing is known.
pub(crate) fn party(role: Role) -> Party {
    Party {
        label: role.to_string(),
        role,
        software: None,
        source: PartySource::Offer { path: String::new() },
        policy: Policy::Ike(Box::default()),
        configuration: None,
        notes: Vec::new(),
    }
}

/// Sets one of the keys.
pub(crate) fn set(party: &mut Party, list: &str, value: &str, catalog: &Catalog) {
    let Policy::Ike(policy) = &mut party.policy else { panic!("`{list}` of another protocol") };
    let read = |protocol: SaProtocol| {
        let of_text =
            |text| catalog.proposal_of_keywords(protocol, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        Known::Complete(value.split(", ").map(of_text).collect())
    };
    match list {
        "ike" => policy.proposals = read(SaProtocol::Ike),
        "esp" => policy.child_proposals = read(SaProtocol::Esp),
        _ => {
            let mut peering = Peering {
                local_selectors: Known::Complete(items(["dynamic"])),
                remote_selectors: Known::Complete(items(["dynamic"])),
                keys: Known::Complete(Vec::new()),
                refuses_aggressive_psk: true,
                ..Peering::default()
            };
            for part in value.split("; ") {
                let (key, value) = part.split_once(' ').expect("`KEY VALUE`");
                match key {
                    "auth" => {
                        peering.local.method = Some(Item::new(value));
                        peering.remote.method = Some(Item::new(value));
                    }
                    "id" => peering.local.identity = Some(Item::new(value)),
                    "expects" => peering.remote.identity = Some(Item::new(value)),
                    "key" => {
                        let print = KeyPrint::of(value.as_bytes());
                        peering.keys = Known::Complete(vec![SharedKey { owners: Vec::new(), print, origin: None }]);
                    }
                    "local" => peering.local_selectors = Known::Complete(items([value])),
                    "remote" => peering.remote_selectors = Known::Complete(items([value])),
                    "at" => peering.local_addresses = items([value]),
                    "to" => peering.remote_addresses = items([value]),
                    "mode" => {
                        peering.aggressive = value == "aggressive";
                        policy.version = Some(IkeVersion::V1);
                        policy.switched_off = (value == "off").then_some(SwitchedOff::ByDefault);
                    }
                    other => panic!("no such part of a peer: {other}"),
                }
            }
            policy.peering = Some(Box::new(peering));
        }
    }
}
