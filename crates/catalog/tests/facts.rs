//! The catalog against the facts that it was imported from.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::PathBuf;

use serde_json::Value;
use shakedown_catalog::Catalog;
use shakedown_model::{Name, Role, Slot, Software};

fn catalog() -> Catalog {
    Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

/// The rows of a facts file, or `None` where the facts are not beside the repository.
fn facts(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/facts").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(_) => {
            eprintln!("skipped: {name} is not beside the repository");
            None
        }
    }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn names(row: &Value, key: &str) -> Option<Vec<String>> {
    let mut seen = Vec::new();
    for name in row[key].as_array()? {
        let name = name.as_str().unwrap().to_owned();
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    Some(seen)
}

#[test]
fn every_row_of_the_facts_resolves_to_the_same_lists() {
    let Some(lines) = facts("ssh-offers.jsonl") else { return };
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 2205);
    let catalog = catalog();
    for row in &rows {
        let (product, version) = (text(row, "software"), text(row, "version"));
        let role = if text(row, "role") == "client" { Role::Client } else { Role::Server };
        let found = catalog.offer_row(product, role, version).unwrap_or_else(|| panic!("{product} {version} {role}"));
        let full = match row["same_as"].as_str() {
            Some(same) => rows
                .iter()
                .find(|other| {
                    (text(other, "software"), text(other, "version"), &other["role"]) == (product, same, &row["role"])
                })
                .unwrap(),
            None => row,
        };
        let what = format!("{product} {version} {role}");
        assert_eq!(found.kex, names(full, "kex"), "{what}");
        assert_eq!(found.markers, names(full, "kex_markers"), "{what}");
        assert_eq!(found.host_key, names(full, "host_key"), "{what}");
        assert_eq!(found.cipher, names(full, "cipher"), "{what}");
        assert_eq!(found.mac, names(full, "mac"), "{what}");
        assert_eq!(found.compression, names(full, "compression"), "{what}");
        assert_eq!(found.public_key_auth, names(full, "pubkey_auth"), "{what}");
        assert_eq!(found.released.as_deref(), row["released"].as_str(), "{what}");

        let resolved = catalog.resolve(&Software::new(product, version), role).unwrap();
        assert!(resolved.exact, "{what}");
        assert_eq!(resolved.version, found.version, "{what}");
    }
}

#[test]
fn histories_equal_those_of_the_facts() {
    let Some(file) = facts("ssh-algorithms.json") else { return };
    let file: Value = serde_json::from_str(&file).unwrap();
    let catalog = catalog();
    let mut compared = 0;
    for row in file["algorithms"].as_array().unwrap() {
        let slot = match text(row, "kind") {
            "kex" => Slot::Kex,
            "host_key" => Slot::HostKey,
            "cipher" => Slot::CipherC2s,
            "mac" => Slot::MacC2s,
            _ => continue,
        };
        let name = text(row, "name");
        for (key, version) in row["first_seen"].as_object().unwrap() {
            let (product, role) = key.split_once('/').unwrap();
            let role = if role == "client" { Role::Client } else { Role::Server };
            let history = catalog.default_history(product, role, slot, name);
            assert_eq!(history.first_seen.unwrap().version, version.as_str().unwrap(), "{name} {key}");
            compared += 1;
        }
        for (key, version) in row["removed_from_default"].as_object().unwrap() {
            let (product, role) = key.split_once('/').unwrap();
            let role = if role == "client" { Role::Client } else { Role::Server };
            let history = catalog.default_history(product, role, slot, name);
            assert_eq!(history.removed_from_default.unwrap().version, version.as_str().unwrap(), "{name} {key}");
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// What the programs agreed on or failed at, by first common name: a check of the data, not of the rules.
#[test]
fn the_clients_of_the_recorded_cases_choose_from_the_lists_of_the_catalog() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases/ssh-clients.jsonl");
    let Ok(lines) = std::fs::read_to_string(path) else {
        eprintln!("skipped: ssh-clients.jsonl is not beside the repository");
        return;
    };
    let catalog = catalog();
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let software: Software = text(&case, "client").parse().unwrap();
        let (policy, resolved) = catalog.ssh_policy(&software, Role::Client).unwrap();
        assert!(resolved.exact);
        for (key, value) in case["truth"]["agreed"].as_object().into_iter().flatten() {
            let slot = Slot::SSH.into_iter().find(|slot| slot.as_str() == key).unwrap();
            let Some(chosen) = value.as_str() else { continue };
            let list = policy.offer.list(slot).complete().unwrap();
            assert!(list.iter().any(|item| item.name == *chosen), "{} {key} {chosen}", text(&case, "id"));
        }
    }
}

#[test]
fn names_that_the_rows_of_a_product_lack_have_no_history() {
    let history = catalog().default_history("openssh", Role::Client, Slot::Kex, "no-such-method");
    assert_eq!(history.first_seen, None);
    assert_eq!(history.removed_from_default, None);
    assert!(
        catalog()
            .first_version_offering("openssh", Role::Client, Slot::Kex, &[Name::new("no-such-method")], "5.0p1")
            .is_none()
    );
}
