//! From a connection to a party.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::ike::{
    ChildGroups, IkePolicy, IkeVersion, Lifetime, OfOtherMode, Peering, Preference, Proof, Proposal, SaProtocol,
    WrittenConnection,
};
use shakedown_model::{
    ConfigProblem, Configuration, ConfigurationKind, Evidence, Fact, Gathered, Item, Known, Name, Origin, Party,
    PartySource, Policy, Role, Software, SourceFile,
};

use super::{Authentication, Child, Connection, Reading, defaults};
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

impl Selection<'_> {
    /// The party of one connection; `several` is its name, where the file has more than one.
    pub(crate) fn party(
        &self,
        several: Option<&str>,
        policy: IkePolicy,
        (kind, files): (ConfigurationKind, &[Arc<SourceFile>]),
        notes: Vec<String>,
    ) -> Party {
        Party {
            label: match several.filter(|_| self.name.is_none()) {
                Some(name) => format!("{}#{name}", self.label),
                None => self.label.to_owned(),
            },
            role: self.role,
            software: Some(self.software.clone()),
            source: PartySource::Configuration,
            policy: Policy::Ike(Box::new(policy)),
            configuration: Some(Configuration {
                kind,
                files: files.to_vec(),
                context: Box::default(),
                certificates: Vec::new(),
                key_pairs: Vec::new(),
                dh_parameters: None,
                revocation_lists: None,
            }),
            notes,
        }
    }
}

/// The parties of a configuration: one for each connection and child of it. A connection whose settings the program
/// refuses is none, and evidence.
pub fn parties(reading: &Reading, selection: &Selection<'_>, catalog: &Catalog) -> Gathered {
    gather(reading, selection, Some(catalog))
}

/// The same without a catalog: what their proposals are stays unknown.
pub(crate) fn gather(reading: &Reading, selection: &Selection<'_>, catalog: Option<&Catalog>) -> Gathered {
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
            match policy(reading, connection, child, selection, catalog) {
                Ok(policy) => {
                    let name = several.then_some(connection.name.as_str());
                    let files = (ConfigurationKind::Swanctl, reading.files.as_slice());
                    gathered.parties.push(selection.party(name, policy, files, reading.notes.clone()));
                }
                Err(evidence) if gathered.evidence.contains(&evidence) => {}
                Err(evidence) => gathered.evidence.push(evidence.by(selection.role)),
            }
        }
    }
    gathered
}

/// The evidence of a setting for which the daemon discards the connection.
type Refused = Box<Evidence>;

fn policy(
    reading: &Reading,
    connection: &Connection,
    child: Option<&Child>,
    selection: &Selection<'_>,
    catalog: Option<&Catalog>,
) -> Result<IkePolicy, Refused> {
    let proposals = |list: &[Value], protocol: SaProtocol| match catalog {
        Some(catalog) => proposals(list, protocol, selection.software, catalog),
        None => Ok(Known::Unknown),
    };
    let version = match connection.version.as_ref().map(Value::as_str) {
        Some("1") => Some(IkeVersion::V1),
        Some("2") => Some(IkeVersion::V2),
        // Both are accepted, and IKEv2 is begun with (`ike_cfg.h`, IKE_ANY).
        Some("0") | None => begun_with(selection.role),
        Some(_) => return Err(refused(connection.version.as_ref(), "version", "is `0`, `1` or `2`".to_owned())),
    };
    let child_proposals = match child {
        None => Known::Unknown,
        Some(child) if !child.ah_proposals.is_empty() => proposals(&child.ah_proposals, SaProtocol::Ah)?,
        Some(child) => proposals(&child.esp_proposals, SaProtocol::Esp)?,
    };
    Ok(IkePolicy {
        proposals: proposals(&connection.proposals, SaProtocol::Ike)?,
        child_proposals,
        child_groups: ChildGroups::Written,
        child_lifetime: child.and_then(lifetime).unwrap_or_default(),
        version,
        switched_off: None,
        preference: Preference::Responder,
        peering: Some(Box::new(peering(reading, connection, child))),
    })
}

/// The version of a connection that is for both.
pub(crate) fn begun_with(role: Role) -> Option<IkeVersion> {
    (role == Role::Client).then_some(IkeVersion::V2)
}

/// When a CHILD SA is renewed (`vici_config.c`); `None` where a time cannot be read.
fn lifetime(child: &Child) -> Option<Lifetime> {
    let of = |value: &Option<Value>| match value {
        Some(value) => seconds(value.as_str()).map(Some),
        None => Some(None),
    };
    let (written, life, random) = (of(&child.rekey_time)?, of(&child.life_time)?, of(&child.rand_time)?);
    let rekey = written.unwrap_or(3_600);
    let life = life.unwrap_or(rekey * 11 / 10);
    let random = random.unwrap_or(life.saturating_sub(rekey)).min(rekey);
    let set = |time: u64| (time > 0).then_some(time);
    Some(Lifetime { renewed: set(rekey).map(|rekey| (rekey - random, rekey)), ends: set(life) })
}

/// `1h`, `90m`, `600`, as `settings.c` reads them.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = match text.chars().last()? {
        's' => (text.strip_suffix('s')?, 1),
        'm' => (text.strip_suffix('m')?, 60),
        'h' => (text.strip_suffix('h')?, 3_600),
        'd' => (text.strip_suffix('d')?, 86_400),
        _ => (text, 1),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| *seconds < u64::MAX / 16)
}

/// The daemon's defaults: public keys prove who one is, and the traffic of the two ends themselves is let through.
fn peering(reading: &Reading, connection: &Connection, child: Option<&Child>) -> Peering {
    let items = |values: &[Value]| -> Vec<Item> {
        values
            .iter()
            .map(|value| Item { name: Name::new(value.as_str()), origin: Some(value.origin().clone()) })
            .collect()
    };
    let item = |value: &Value| items(std::slice::from_ref(value)).pop();
    // Of several rounds the first one decides most.
    let proof = |rounds: &[Authentication]| match rounds.first() {
        Some(round) => Proof {
            method: round.method.as_ref().and_then(item).or_else(|| Some(Item::new("pubkey"))),
            identity: round.id.as_ref().and_then(|id| item(&id.0)),
        },
        None => Proof { method: Some(Item::new("pubkey")), identity: None },
    };
    let selectors = |values: Option<&Vec<Value>>| match values.map(|values| items(values)) {
        Some(selectors) if !selectors.is_empty() => Known::Complete(selectors),
        Some(_) => Known::Complete(vec![Item::new("dynamic")]),
        None => Known::Unknown,
    };
    let addresses = |values: &[Value]| items(values).into_iter().filter(|item| item.name != "%any").collect();
    let named = |name: &str, origin: &Option<Origin>| Item { name: Name::new(name), origin: origin.clone() };
    Peering {
        local: proof(&connection.local),
        remote: proof(&connection.remote),
        aggressive: connection.aggressive.as_ref().is_some_and(|value| is_on(value.as_str())),
        refuses_aggressive_psk: true,
        keys: Known::Complete(reading.keys.clone()),
        local_selectors: selectors(child.map(|child| &child.local_selectors)),
        remote_selectors: selectors(child.map(|child| &child.remote_selectors)),
        local_addresses: addresses(&connection.local_addresses),
        remote_addresses: addresses(&connection.remote_addresses),
        exact_selectors: false,
        narrowing_open: false,
        of_other_mode: OfOtherMode::Tunnel,
        transport: child
            .and_then(|child| child.mode.as_ref())
            .is_some_and(|mode| mode.as_str().eq_ignore_ascii_case("transport")),
        written: Some(WrittenConnection {
            name: named(&connection.name, &connection.origin),
            child: child.map(|child| named(&child.name, &child.origin)),
            is_right: false,
        }),
    }
}

/// `settings_value_as_bool` of libstrongswan.
pub(super) fn is_on(text: &str) -> bool {
    ["1", "yes", "true", "enabled"].iter().any(|on| on.eq_ignore_ascii_case(text))
}

/// The proposals of a list; those of the program where it is empty, or where it says `default`.
pub(crate) fn proposals(
    list: &[Value],
    protocol: SaProtocol,
    software: &Software,
    catalog: &Catalog,
) -> Result<Known<Vec<Proposal>>, Refused> {
    let setting = match protocol {
        SaProtocol::Ike => "proposals",
        SaProtocol::Esp => "esp_proposals",
        SaProtocol::Ah => "ah_proposals",
    };
    let default = || defaults::default(software, setting).map(|value| value.split(|letter| letter == ','));
    let mut all = Vec::new();
    let own = if list.is_empty() { vec![None] } else { list.iter().map(Some).collect() };
    for value in own {
        let written = value.filter(|value| !value.as_str().eq_ignore_ascii_case("default"));
        let values = match written {
            Some(value) => vec![value.clone()],
            None => match default() {
                Some(values) => values,
                None => return Ok(Known::Unknown),
            },
        };
        for value in &values {
            // What the program has of itself is in words of the catalog.
            let mut words = value.as_str().split('-').map(|word| word.trim_matches(' '));
            if written.is_some()
                && software.product() == "strongswan"
                && let Some(word) = words.find(|word| !defaults::is_keyword(software, word))
            {
                let why = format!("algorithm '{}' not recognized", Name::new(word));
                return Err(refused(Some(value), setting, why));
            }
            let mut proposal = catalog
                .proposal_of_keywords(protocol, value.as_str())
                .map_err(|error| refused(Some(value), setting, error.to_string()))?;
            proposal.items_mut().for_each(|item| place(item, value, catalog));
            all.push(proposal);
        }
    }
    Ok(Known::Complete(all))
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
    Box::new(match value {
        Some(value) => evidence.at(value.origin().clone()),
        None => evidence,
    })
}
