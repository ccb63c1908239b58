//! From a connection to a party.

use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkePolicy, IkeVersion, Preference, Proposal, SaProtocol};
use shakedown_model::{
    ConfigProblem, Evidence, Fact, Gathered, Item, Known, Party, PartySource, Policy, Role, Software,
};

use super::{Child, Connection, Reading};
use crate::value::Value;

/// Which of the connections are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The software that reads the file.
    pub software: &'a Software,
    /// Which end it is.
    pub role: Role,
    /// The connection's name, or that of a child in it; `None` for all.
    pub name: Option<&'a str>,
    /// What the party is called.
    pub label: &'a str,
}

/// The parties of a configuration: one for each connection and child of it. A connection whose settings the program
/// refuses is none, and evidence.
pub fn parties(reading: &Reading, selection: &Selection<'_>, catalog: &Catalog) -> Gathered {
    let mut gathered = Gathered { parties: Vec::new(), evidence: reading.evidence.clone() };
    let several = reading.connections.iter().map(|one| one.children.len().max(1)).sum::<usize>() > 1;
    for connection in &reading.connections {
        let children: Vec<Option<&Child>> = match connection.children.as_slice() {
            [] => vec![None],
            children => children.iter().map(Some).collect(),
        };
        for child in children {
            let names = [Some(connection.name.as_str()), child.map(|child| child.name.as_str())];
            if selection.name.is_some() && !names.contains(&selection.name) {
                continue;
            }
            match policy(connection, child, catalog) {
                Ok(policy) => gathered.parties.push(Party {
                    label: match several && selection.name.is_none() {
                        true => format!("{}#{}", selection.label, connection.name),
                        false => selection.label.to_owned(),
                    },
                    role: selection.role,
                    software: Some(selection.software.clone()),
                    source: PartySource::Configuration,
                    policy: Policy::Ike(Box::new(policy)),
                    configuration: None,
                    notes: reading.notes.clone(),
                }),
                Err(evidence) if gathered.evidence.contains(&evidence) => {}
                Err(evidence) => gathered.evidence.push(evidence.by(selection.role)),
            }
        }
    }
    gathered
}

type Refused = Evidence;

fn policy(connection: &Connection, child: Option<&Child>, catalog: &Catalog) -> Result<IkePolicy, Refused> {
    let version = match connection.version.as_ref().map(Value::as_str) {
        Some("1") => Some(IkeVersion::V1),
        Some("2") => Some(IkeVersion::V2),
        // Both are accepted, and IKEv2 is begun with (`ike_cfg.h`, IKE_ANY).
        Some("0") | None => None,
        Some(_) => return Err(refused(connection.version.as_ref(), "version", "is `0`, `1` or `2`".to_owned())),
    };
    let child_proposals = match child {
        None => Known::Unknown,
        Some(child) if !child.ah_proposals.is_empty() => proposals(&child.ah_proposals, SaProtocol::Ah, catalog)?,
        Some(child) => proposals(&child.esp_proposals, SaProtocol::Esp, catalog)?,
    };
    Ok(IkePolicy {
        proposals: proposals(&connection.proposals, SaProtocol::Ike, catalog)?,
        child_proposals,
        version,
        preference: Preference::Responder,
    })
}

/// The proposals of a list; those of the program where it is empty, or where it says `default`.
fn proposals(list: &[Value], protocol: SaProtocol, catalog: &Catalog) -> Result<Known<Vec<Proposal>>, Refused> {
    let mut all = Vec::new();
    for value in list {
        if value.as_str() == "default" {
            return Ok(Known::Unknown);
        }
        let mut proposal = catalog.proposal_of_keywords(protocol, value.as_str()).map_err(|error| {
            let setting = if protocol == SaProtocol::Ike { "proposals" } else { "esp_proposals" };
            refused(Some(value), setting, error.to_string())
        })?;
        for item in proposal.items_mut() {
            place(item, value, catalog);
        }
        all.push(proposal);
    }
    Ok(if all.is_empty() { Known::Unknown } else { Known::Complete(all) })
}

/// Where a transform is written: its own keyword, or the whole proposal where it follows from another.
fn place(item: &mut Item, value: &Value, catalog: &Catalog) {
    let mut at = 0;
    for word in value.as_str().split('-') {
        let range = at..at + word.len();
        at = range.end + 1;
        let means = catalog.transform(None, word).is_some_and(|(_, algorithm)| item.name == *algorithm.name);
        if means || item.name == *word {
            item.origin = Some(value.part(range));
            return;
        }
    }
    item.origin = Some(value.origin().clone());
}

/// The daemon discards a connection of which it refuses a setting (`vici_config.c`).
fn refused(value: Option<&Value>, setting: &str, why: String) -> Refused {
    let fact = Fact::Configuration {
        problem: ConfigProblem::BadValue,
        message: format!("invalid value for: {setting}, config discarded: {why}"),
        suggestion: None,
    };
    let evidence = Evidence::new(fact);
    match value {
        Some(value) => evidence.at(value.origin().clone()),
        None => evidence,
    }
}
