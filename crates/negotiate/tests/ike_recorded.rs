//! The rules against what two strongSwan daemons did with the same pair of configurations.
#![allow(clippy::print_stderr, reason = "says what was measured, and why it is skipped")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use shakedown_catalog::Catalog;
use shakedown_model::ike::{IkeVersion, Preference, Proposal, SaProtocol};
use shakedown_model::{Item, Slot};
use shakedown_negotiate::ike::{Chosen, Refusal, Selecting, select};

/// Each case must come out as recorded.
#[test]
fn the_choice_is_that_of_two_strongswan_daemons() {
    let Some(path) = shared("cases/ike-negotiation.jsonl") else {
        eprintln!("skipped: no measuring data beside the workspace (../shared)");
        return;
    };
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    let defaults = Defaults::read();
    let text = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    let mut total = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (id, truth) = (case["id"].as_str().unwrap(), &case["truth"]);
        let [initiator, responder] =
            ["initiator", "responder"].map(|end| End::read(&catalog, &defaults, case[end].as_str().unwrap()));
        total += 1;
        let got = outcome(&initiator, &responder);
        let wanted = Got {
            failed: truth["failed"].as_str().map(str::to_owned),
            ike: transforms(&truth["ike"], &["encryption", "integrity", "prf", "group"]),
            esp: transforms(&truth["esp"], &["encryption", "integrity", "esn"]),
        };
        // The daemons of these cases ran on a kernel substitute that cannot do extended sequence numbers: what comes of
        // choosing them is not for the proposals to say.
        let extended = got.esp.iter().flatten().any(|(_, name)| name.as_deref() == Some("esn"));
        if extended && wanted.failed.as_deref() == Some("child") {
            total -= 1;
            continue;
        }
        if got != wanted {
            wrong.push(format!("{id}: wanted {wanted:?}\n  got {got:?}"));
        }
    }
    eprintln!("{} of {total} pairs come out as recorded", total - wrong.len());
    assert!(total >= 50, "{total} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Debug, PartialEq, Eq)]
struct Got {
    /// `ike` or `child`.
    failed: Option<String>,
    ike: Option<Vec<(String, Option<String>)>>,
    esp: Option<Vec<(String, Option<String>)>>,
}

fn outcome(initiator: &End, responder: &End) -> Got {
    let failed = |stage: &str, ike| Got { failed: Some(stage.to_owned()), ike, esp: None };
    // A peer of the other version has no connection that fits.
    if initiator.version != responder.version {
        return failed("ike", None);
    }
    let how = Selecting {
        version: initiator.version,
        preference: Preference::Responder,
        without_key_exchange: false,
        // Only strongSwan was recorded.
        counter_mode_in_ikev1: false,
    };
    let Ok(ike) = select(&initiator.proposals, &responder.proposals, how) else { return failed("ike", None) };
    let ike = Some(chosen(&ike, &[Slot::Encryption, Slot::Integrity, Slot::Prf, Slot::Group]));
    let child = Selecting { without_key_exchange: how.version == IkeVersion::V2, ..how };
    match select(&initiator.child, &responder.child, child) {
        Ok(esp) => Got { failed: None, ike, esp: Some(chosen(&esp, &[Slot::Encryption, Slot::Integrity, Slot::Esn])) },
        Err(Refusal { .. }) => failed("child", ike),
    }
}

fn chosen(chosen: &Chosen, slots: &[Slot]) -> Vec<(String, Option<String>)> {
    let name =
        |slot: Slot| chosen.transforms.iter().find(|(other, _)| *other == slot).and_then(|(_, name)| name.clone());
    slots.iter().map(|slot| (slot.to_string(), name(*slot).map(|name| name.to_string()))).collect()
}

fn transforms(truth: &Value, keys: &[&str]) -> Option<Vec<(String, Option<String>)>> {
    let truth = truth.as_object()?;
    Some(keys.iter().map(|key| ((*key).to_owned(), truth[*key].as_str().map(str::to_owned))).collect())
}

/// What a swanctl.conf of these cases says of one end; they have one connection with one child, a setting on each line.
struct End {
    version: IkeVersion,
    proposals: Vec<Proposal>,
    child: Vec<Proposal>,
}

impl End {
    fn read(catalog: &Catalog, defaults: &Defaults, text: &str) -> Self {
        let value = |key: &str| {
            text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('=').map(str::trim))
        };
        let proposals = |protocol: SaProtocol, key: &str| {
            let mut all = Vec::new();
            for one in value(key).unwrap().split(',').map(str::trim) {
                match (one, protocol) {
                    ("default", SaProtocol::Ike) => all.extend(defaults.ike.clone()),
                    ("default", _) => all.extend(defaults.esp.clone()),
                    _ => all.push(catalog.proposal_of_keywords(protocol, one).unwrap()),
                }
            }
            all
        };
        Self {
            version: if value("version") == Some("1") { IkeVersion::V1 } else { IkeVersion::V2 },
            proposals: proposals(SaProtocol::Ike, "proposals"),
            child: proposals(SaProtocol::Esp, "esp_proposals"),
        }
    }
}

/// strongSwan 5.9.8's default proposals.
#[derive(Default)]
struct Defaults {
    ike: Vec<Proposal>,
    esp: Vec<Proposal>,
}

impl Defaults {
    fn read() -> Self {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        let text = std::fs::read_to_string(shared("facts/ike-offers.jsonl").unwrap()).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let row = |version: &str, observed: bool| {
            let of = |row: &&Value| row["software"] == "strongswan" && row["version"] == version;
            rows.iter().filter(of).find(|row| (row["observed"] == true) == observed).unwrap()
        };
        let mut from_source = row("5.9.8", false);
        while let Some(version) = from_source["same_as"].as_str() {
            from_source = row(version, false);
        }
        // What Debian's build makes of it, with the plugins that these daemons had.
        let observed = row("5.9.8", true);
        let proposals = |row: &Value, key: &str, protocol: SaProtocol| {
            row[key].as_array().unwrap().iter().map(|row| proposal(&catalog, protocol, row)).collect()
        };
        Self {
            ike: proposals(observed, "ike_proposals", SaProtocol::Ike),
            esp: proposals(from_source, "esp_proposals", SaProtocol::Esp),
        }
    }
}

fn proposal(catalog: &Catalog, protocol: SaProtocol, row: &Value) -> Proposal {
    let mut proposal = Proposal::new(protocol);
    let keys = [
        ("encryption", Slot::Encryption),
        ("integrity", Slot::Integrity),
        ("prf", Slot::Prf),
        ("groups", Slot::Group),
        ("esn", Slot::Esn),
    ];
    for (key, slot) in keys {
        for name in row[key].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let known = catalog.transform(Some(slot), name).map_or(name, |(_, known)| known.name.as_str());
            proposal.list_mut(slot).unwrap().push(Item::new(known));
        }
    }
    if protocol == SaProtocol::Esp && proposal.esn.is_empty() {
        proposal.esn.push(Item::new("noesn"));
    }
    proposal
}

fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    Some(root.join("shared").join(path)).filter(|path| path.exists())
}
