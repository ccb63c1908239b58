//! Who else connects to a server, by a list of clients that are still met.

use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_model::{Context, Party, Role, Software};

use crate::plan::PlanInput;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    peer: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    software: String,
    name: String,
    #[allow(dead_code, reason = "every row says why it is there; the tests look at it")]
    source: String,
}

const FILE: &str = include_str!(concat!(env!("OUT_DIR"), "/tls_peers.json"));

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(FILE).unwrap_or_default())
}

/// Clients that a change of a server reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// They connect today and would no longer.
    pub(super) cut_off: Vec<String>,
    /// They fail today and would no longer.
    pub(super) let_in: Vec<String>,
}

/// What a change of a party makes of the others that connect to it.
pub(super) fn reached(input: &PlanInput<'_>, before: &Party, after: &Party) -> Reached {
    let mut reached = Reached::default();
    let mut compare = |label: &str, was: bool, is: bool| match (was, is) {
        (true, false) => reached.cut_off.push(label.to_owned()),
        (false, true) => reached.let_in.push(label.to_owned()),
        _ => {}
    };
    let context = Context { server_name: input.context.server_name.clone(), ..Context::default() };
    for peer in input.known_peers.iter().filter(|peer| peer.role == before.role.peer()) {
        let connects = |party: &Party| {
            let (client, server) = if party.role == Role::Client { (party, peer) } else { (peer, party) };
            shakedown_negotiate::negotiate(client, server, &context).failed.is_empty()
        };
        compare(&peer.label, connects(before), connects(after));
    }
    let (Some(old), Some(new), Role::Server) = (before.tls(), after.tls(), before.role) else { return reached };
    for row in &data().peer {
        let Ok(software) = row.software.parse::<Software>() else { continue };
        let Ok((client, _)) = input.catalog.tls_policy(&software, Role::Client) else { continue };
        let connects = |server| shakedown_negotiate::tls::negotiate(&client, server, &context).failed.is_empty();
        compare(&row.name, connects(old), connects(new));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_catalog_and_says_why() {
        let data: Data = serde_json::from_str(FILE).unwrap();
        let catalog = shakedown_catalog::Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        assert!(data.peer.len() >= 20);
        for row in &data.peer {
            let software: Software = row.software.parse().unwrap();
            let (_, resolved) = catalog.tls_policy(&software, Role::Client).unwrap();
            assert!(resolved.exact || software.product() == "openssl", "{}: {resolved:?}", row.software);
            assert!(!row.source.is_empty() && !row.name.is_empty());
        }
    }
}
