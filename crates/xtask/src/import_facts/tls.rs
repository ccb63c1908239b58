//! Imports what a folder of facts tells of TLS.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::facts::{HEADER, build_id, json, names, rows, source, text, version};
use super::toml_text::TomlText;
use super::write;

pub(super) fn import(dir: &Path, out: &Path) -> Result<()> {
    offers(dir, out)?;
    registry(dir, out)?;
    distributions(dir, out)
}

/// Lists as they are on the wire: GREASE and numbers without a name are not compared with anything.
fn list(row: &Value, key: &str) -> Option<Vec<String>> {
    let names = names(row, key)?;
    let keep = |name: &String| !name.starts_with("GREASE") && !name.contains("_SCSV") && !name.contains([' ', ',']);
    Some(names.into_iter().filter(keep).collect())
}

fn offers(dir: &Path, out: &Path) -> Result<()> {
    let path = dir.join("tls-offers.jsonl");
    let lines = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut read: Vec<Value> = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        read.push(serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), index + 1))?);
    }
    // What was read in source goes before what was observed of the same version.
    read.sort_by_key(|row| row.get("observed").and_then(Value::as_bool).unwrap_or(false));
    let mut files: BTreeMap<(String, String), TomlText> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in &read {
        let product = text(row, "software").context("a row has no software")?.replace('_', "-");
        // A product's name begins with a letter.
        let product = if product == "360-browser" { "qihoo-360-browser".to_owned() } else { product };
        let role = text(row, "role").context("a row has no role")?.to_owned();
        let (id, label) = version(text(row, "version").context("a row has no version")?);
        if !seen.insert((product.clone(), role.clone(), id.clone())) {
            continue;
        }
        let file = files.entry((product.clone(), role.clone())).or_insert_with(|| {
            let mut file = TomlText::new(HEADER);
            file.text("product", Some(&product));
            file.text("role", Some(&role));
            file
        });
        file.row("offer");
        file.text("version", Some(&id));
        file.text("label", label.as_deref());
        file.text("released", text(row, "released"));
        file.flag("observed", row.get("observed").and_then(Value::as_bool).unwrap_or(false));
        if let Some(same) = text(row, "same_as") {
            file.text("same_as", Some(&version(same).0));
        }
        for (from, to) in [
            ("versions", "versions"),
            ("cipher_suites", "cipher_suites"),
            ("groups", "groups"),
            ("key_shares", "key_shares"),
            ("signature_algorithms", "signature_schemes"),
        ] {
            // No version has no suite: a list that came out empty was not read.
            let read = list(row, from).filter(|names| to != "cipher_suites" || !names.is_empty());
            file.names(to, read.as_deref());
        }
        file.number("min_rsa_bits", row.get("min_rsa_bits").and_then(Value::as_u64));
        file.number("min_dh_bits", row.get("min_dh_bits").and_then(Value::as_u64));
        file.number("security_level", row.get("security_level").and_then(Value::as_u64));
        for (from, to) in [
            ("library", "library"),
            ("cipher_string", "cipher_string"),
            ("ciphersuites_string", "ciphersuites_string"),
            ("groups_string", "groups_string"),
            ("legacy_renegotiation", "legacy_renegotiation"),
        ] {
            file.text(to, text(row, from));
        }
        file.boolean("sends_server_name", row.get("sends_sni").and_then(Value::as_bool));
        file.text("source", Some(&source(row)));
    }
    for ((product, role), file) in files {
        write(&out.join(format!("offers/{product}-{role}.toml")), &file.finish())?;
    }
    Ok(())
}

/// Numbers and names.
fn registry(dir: &Path, out: &Path) -> Result<()> {
    let facts = json(dir, "tls-registry.json")?;
    let mut file = TomlText::new(HEADER);
    for (table, kind, key) in [
        ("cipher_suites", "cipher-suite", "iana"),
        ("signalling_suites", "cipher-suite", "name"),
        ("groups", "tls-group", "name"),
        ("signature_schemes", "signature-scheme", "name"),
    ] {
        let mut seen = BTreeSet::new();
        for row in rows(&facts, table) {
            let Some(name) = text(row, key).filter(|name| seen.insert((*name).to_owned())) else { continue };
            let number = text(row, "id").and_then(|id| u64::from_str_radix(id.trim_start_matches("0x"), 16).ok());
            file.row("algorithm");
            file.text("kind", Some(kind));
            file.text("name", Some(name));
            file.number("bits", row.get("bits").and_then(Value::as_u64));
            let aliases: Option<Vec<String>> = names(row, "aliases").map(|all| {
                let plain = |name: String| name.to_ascii_lowercase().replace(['-', '_'], "");
                let mut plain: Vec<String> = all.into_iter().map(plain).collect();
                plain.sort();
                plain.dedup();
                plain
            });
            file.names("aliases", aliases.filter(|all| !all.is_empty()).as_deref());
            file.number("number", number);
            file.text("source", Some("IANA registry \"Transport Layer Security (TLS) Parameters\""));
        }
    }
    write(&out.join("registry.toml"), &file.finish())
}

fn distributions(dir: &Path, out: &Path) -> Result<()> {
    let facts = json(dir, "distro-openssl.json")?;
    let mut file = TomlText::new(HEADER);
    for row in rows(&facts, "entries") {
        let (Some(name), Some(release), Some(from)) =
            (text(row, "distribution"), text(row, "release"), text(row, "source"))
        else {
            continue;
        };
        let number = release.split(' ').next().unwrap_or(release);
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let build = build_id(name, number);
        if let Some(shipped) = text(row, "openssl") {
            file.row("distribution");
            file.text("product", Some("openssl"));
            file.text("distribution", Some(name));
            file.text("release", Some(number));
            file.text("build", Some(&build));
            file.text("version", shipped.split([' ', ',']).next());
            let package = shipped.split_once('(').map(|(_, rest)| rest.trim_end_matches(')'));
            file.text("package", package);
            file.text("source", Some(from));
        }
        let level = row.get("security_level").and_then(Value::as_u64);
        let lowest = text(row, "min_protocol");
        if level.is_some() || lowest.is_some() {
            file.row("build");
            file.text("product", Some("openssl"));
            file.text("build", Some(&build));
            file.number("security_level", level);
            file.text("min_version", lowest);
            file.text("source", Some(from));
        }
    }
    write(&out.join("distributions.toml"), &file.finish())
}
