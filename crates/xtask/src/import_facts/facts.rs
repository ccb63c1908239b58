//! Imports a folder of facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::toml_text::TomlText;
use super::write;

pub(super) const HEADER: &str =
    "Imported by `cargo xtask import-facts`. Do not edit: corrections go to the files beside `imported/`.";

pub(super) fn import(dir: &Path, out: &Path) -> Result<()> {
    let notes = rewordings(out)?;
    offers(dir, out, &notes)?;
    algorithms(dir, out)?;
    distributions(dir, out)?;
    crypto_policies(dir, out)?;
    policies(dir, out)
}

/// `import-notes.toml`: for the beginning of a collected note, our own shorter sentence (empty: leave it out).
fn rewordings(out: &Path) -> Result<Vec<(String, String)>> {
    let path = out.with_file_name("import-notes.txt");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| line.split_once(" => ").map(|(from, to)| (from.to_owned(), to.trim().to_owned())))
        .collect())
}

fn reworded(note: Option<&str>, notes: &[(String, String)]) -> Option<String> {
    let note = note?;
    let found = notes.iter().find(|(from, _)| note.starts_with(from.as_str()));
    let text = found.map_or(note, |(_, to)| to);
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

pub(super) fn text<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(super) fn names(row: &Value, key: &str) -> Option<Vec<String>> {
    let list = row.get(key)?.as_array()?;
    let mut seen = BTreeSet::new();
    Some(list.iter().filter_map(Value::as_str).filter(|name| seen.insert(*name)).map(str::to_owned).collect())
}

/// The source without the words of whoever collected it.
pub(super) fn source(row: &Value) -> String {
    let text = text(row, "source").unwrap_or_default();
    let text = text.replace(";, read in a public repository", "; public repository file");
    let text = text.replace("public repository file, read in a public repository", "public repository file");
    let text = match text.strip_prefix(", read in a public repository") {
        Some(rest) => format!("public repository file{rest}"),
        None => text,
    };
    let text = text.replace(" in a fetched repository, see parts/rpmgrep.txt", " in a public repository");
    match text.find(" (stored file id") {
        Some(start) => match text[start..].find(')') {
            Some(end) => format!("{}{}", &text[..start], &text[start + end + 1..]),
            None => text,
        },
        None => text,
    }
}

/// A version that can be typed, and the words it stands for where they differ.
pub(super) fn version(text: &str) -> (String, Option<String>) {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte)) {
        return (text.to_owned(), None);
    }
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "._~".contains(c) {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    (out.trim_matches('-').to_owned(), Some(text.to_owned()))
}

fn offers(dir: &Path, out: &Path, notes: &[(String, String)]) -> Result<()> {
    let path = dir.join("ssh-offers.jsonl");
    let lines = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut files: BTreeMap<(String, String), TomlText> = BTreeMap::new();
    for (index, line) in lines.lines().enumerate() {
        let row: Value = serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), index + 1))?;
        // A product name that can be typed has no underscore.
        let product = text(&row, "software").context("a row has no software")?.replace('_', "-");
        let role = text(&row, "role").context("a row has no role")?.to_owned();
        let file = files.entry((product.clone(), role.clone())).or_insert_with(|| {
            let mut file = TomlText::new(HEADER);
            file.text("product", Some(&product));
            file.text("role", Some(&role));
            file
        });
        file.row("offer");
        let (id, label) = version(text(&row, "version").context("a row has no version")?);
        file.text("version", Some(&id));
        file.text("label", label.as_deref());
        file.text("released", text(&row, "released"));
        file.flag("observed", row.get("observed").and_then(Value::as_bool).unwrap_or(false));
        file.text("seen", text(&row, "seen").and_then(|seen| seen.get(..seen.len().min(10))));
        if let Some(same) = text(&row, "same_as") {
            file.text("same_as", Some(&version(same).0));
        }
        for (from, to) in [
            ("kex", "kex"),
            ("kex_markers", "markers"),
            ("host_key", "host_key"),
            ("cipher", "cipher"),
            ("mac", "mac"),
            ("compression", "compression"),
            ("compression_s2c", "compression_s2c"),
            ("pubkey_auth", "public_key_auth"),
        ] {
            file.names(to, names(&row, from).as_deref());
        }
        file.number("min_rsa_bits", row.get("min_rsa_bits").and_then(Value::as_u64));
        file.number("gex_minimum", row.get("dh_gex_min").and_then(Value::as_u64));
        file.text("identification", text(&row, "banner"));
        file.text("notes", reworded(text(&row, "notes"), notes).as_deref());
        file.text("source", Some(&source(&row)));
    }
    for ((product, role), file) in files {
        write(&out.join(format!("offers/{product}-{role}.toml")), &file.finish())?;
    }
    Ok(())
}

pub(super) fn json(dir: &Path, name: &str) -> Result<Value> {
    let path = dir.join(name);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

pub(super) fn rows<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Ratings, and every other name that any product offers.
fn algorithms(dir: &Path, out: &Path) -> Result<()> {
    let rated = json(dir, "weaknesses.json")?;
    let offered = json(dir, "ssh-algorithms.json")?;
    let mut all: BTreeMap<(String, String), Option<&Value>> = BTreeMap::new();
    for row in rows(&offered, "algorithms") {
        let kind = match text(row, "kind") {
            Some("host_key" | "pubkey_auth") => "host-key",
            Some("kex_marker") => "marker",
            Some(kind) => kind,
            None => continue,
        };
        all.insert((kind.to_owned(), text(row, "name").unwrap_or_default().to_owned()), None);
    }
    for row in rows(&rated, "weaknesses").filter(|row| text(row, "protocol") == Some("ssh")) {
        let kind = match text(row, "kind") {
            Some("key-exchange") => "kex",
            Some("extension") => "parameter",
            Some(kind) => kind,
            None => continue,
        };
        all.insert((kind.to_owned(), text(row, "name").unwrap_or_default().to_owned()), Some(row));
    }
    let mut file = TomlText::new(HEADER);
    for ((kind, name), row) in &all {
        file.row("algorithm");
        file.text("kind", Some(kind));
        file.text("name", Some(name));
        file.number("bits", bits(kind, name));
        let Some(row) = row else {
            file.text("source", Some("offered by a product of this catalog"));
            continue;
        };
        file.text("rating", text(row, "rating"));
        let reasons: Vec<(String, Vec<String>)> = rows(row, "reasons")
            .filter_map(|reason| Some((text(reason, "text")?.to_owned(), names(reason, "references")?)))
            .collect();
        file.reasons(&reasons);
        file.names("deprecated_by", names(row, "deprecated_by").filter(|names| !names.is_empty()).as_deref());
        let evidence = names(row, "evidence").unwrap_or_default();
        let evidence: Vec<&str> = evidence.iter().map(|text| text.split(": ").next().unwrap_or(text)).collect();
        let source = evidence.iter().map(|text| text.split('(').next().unwrap_or(text).trim()).collect::<Vec<_>>();
        let source = if source.is_empty() { "the references of its reasons".to_owned() } else { source.join("; ") };
        let source = source.replace("rfc-known", "the references of its reasons, not re-read");
        file.text("source", Some(source.trim_end_matches(" fail").trim_end_matches(" warn")));
    }
    write(&out.join("algorithms.toml"), &file.finish())
}

/// The size that a name states: of the group or curve of a method, the key of a cipher, the hash of a MAC.
fn bits(kind: &str, name: &str) -> Option<u64> {
    const GROUPS: [(&str, u64); 15] = [
        ("group1-", 1024),
        ("group14-", 2048),
        ("group15-", 3072),
        ("group16-", 4096),
        ("group17-", 6144),
        ("group18-", 8192),
        ("rsa1024", 1024),
        ("rsa2048", 2048),
        ("curve25519", 256),
        ("x25519", 256),
        ("curve448", 448),
        ("ed25519", 256),
        ("ed448", 448),
        ("1.3.132.0.10", 256),
        ("ssh-dss", 1024),
    ];
    if let Some((_, bits)) = GROUPS.iter().find(|(part, _)| name.contains(part)) {
        return Some(*bits);
    }
    for mark in ["nistp", "nistk", "nistb", "nistt"] {
        if let Some(start) = name.find(mark) {
            return leading_number(&name[start + mark.len()..]);
        }
    }
    match kind {
        "cipher" => match name {
            "3des-cbc" | "3des-ctr" | "3des-cfb" | "3des-ofb" => Some(168),
            "des-cbc" | "des-cbc@ssh.com" | "des-cbc-ssh1" => Some(56),
            "chacha20-poly1305" | "chacha20-poly1305@openssh.com" => Some(256),
            "arcfour" | "blowfish-cbc" | "cast128-cbc" | "idea-cbc" | "seed-cbc@ssh.com" => Some(128),
            "none" | "rijndael-cbc@lysator.liu.se" => (name != "none").then_some(256),
            _ => [256, 192, 128].into_iter().find(|size| name.contains(&size.to_string())),
        },
        "mac" => match name {
            _ if name.contains("-96") => Some(96),
            _ if name.starts_with("umac-64") => Some(64),
            _ if name.starts_with("umac-128") || name.starts_with("hmac-md5") => Some(128),
            _ if name.starts_with("hmac-sha1") || name.starts_with("hmac-ripemd") => Some(160),
            _ => [512, 384, 256, 224].into_iter().find(|size| name.contains(&size.to_string())),
        },
        _ => None,
    }
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn distributions(dir: &Path, out: &Path) -> Result<()> {
    let facts = json(dir, "distro-openssh.json")?;
    let mut file = TomlText::new(HEADER);
    let mut seen = BTreeSet::new();
    for row in rows(&facts, "entries") {
        let name = text(row, "distribution").context("a distribution has no name")?;
        let release = text(row, "release").context("a distribution has no release")?;
        let version = text(row, "openssh").context("a distribution has no version")?;
        let first = name.split('/').next().unwrap_or(name);
        if !seen.insert((first.to_owned(), release.to_owned(), version.to_owned())) {
            continue;
        }
        let windows = name == "Windows";
        file.row("distribution");
        file.text("product", Some(if windows { "win32-openssh" } else { "openssh" }));
        file.text("distribution", Some(first));
        file.text("release", Some(release));
        let note = text(row, "note");
        let named = release.starts_with(|c: char| c.is_ascii_digit());
        if named && !note.is_some_and(|note| note.contains("backports")) {
            file.text("build", Some(&build_id(first, release)));
        }
        file.text("version", Some(if windows { version.split('p').next().unwrap_or(version) } else { version }));
        file.text("package", text(row, "package"));
        file.text("identification", text(row, "banner"));
        file.text("notes", note);
        file.text("source", Some(&source(row)));
    }
    write(&out.join("distributions.toml"), &file.finish())
}

/// `debian-12` for Debian 12.0, `ubuntu-22.04` for Ubuntu 22.04: the name that its users give a release.
pub(super) fn build_id(distribution: &str, release: &str) -> String {
    let name = distribution.to_ascii_lowercase();
    let release = match name.as_str() {
        "debian" | "raspbian" | "rhel" => {
            let (major, minor) = release.split_once('.').unwrap_or((release, ""));
            // Debian counted 3.0 and 3.1 as releases of their own.
            if name == "debian" && major == "3" { format!("3.{minor}") } else { major.to_owned() }
        }
        _ => release.to_ascii_lowercase().replace([' ', '(', ')'], "-").trim_matches('-').replace("--", "-"),
    };
    format!("{name}-{release}")
}

fn crypto_policies(dir: &Path, out: &Path) -> Result<()> {
    let facts = json(dir, "crypto-policies-ssh.json")?;
    let mut file = TomlText::new(HEADER);
    for row in rows(&facts, "upstream").chain(rows(&facts, "rhel")) {
        file.row("crypto-policy");
        file.text("policy", Some(&text(row, "policy").context("a policy has no name")?.replace(':', ".")));
        file.text("backend", text(row, "backend"));
        let release = text(row, "release").map(|release| {
            let release = release.replace("RHEL ", "rhel-");
            // The list of later minor releases is the one that holds for `rhel-8`.
            match release.as_str() {
                "rhel-8 (later minors)" => "rhel-8".to_owned(),
                "rhel-8.0/8.1" => "rhel-8.1".to_owned(),
                _ => release,
            }
        });
        file.text("row", text(row, "snapshot").or(release.as_deref()));
        for (from, to) in [
            ("kex", "kex"),
            ("host_key", "host_key"),
            ("cipher", "cipher"),
            ("mac", "mac"),
            ("pubkey_accepted", "public_key_auth"),
            ("ca_signature", "ca_signature"),
            ("gssapi_kex", "gssapi_kex"),
        ] {
            file.names(to, names(row, from).as_deref());
        }
        file.number("min_rsa_bits", row.get("required_rsa_size").and_then(Value::as_u64));
        file.text("notes", text(row, "notes"));
        file.text("source", Some(&source(row)));
    }
    write(&out.join("crypto-policies.toml"), &file.finish())
}

fn policies(dir: &Path, out: &Path) -> Result<()> {
    let facts = json(dir, "policies.json")?;
    let mut file = TomlText::new(HEADER);
    for row in rows(&facts, "policies") {
        let Some(ssh) = row.get("protocols").and_then(|protocols| protocols.get("ssh")) else { continue };
        let empty = Value::Null;
        let allowed = ssh.get("allowed").unwrap_or(&empty);
        let forbidden = ssh.get("forbidden").unwrap_or(&empty);
        let required = ssh.get("required").unwrap_or(&empty);
        file.row("policy");
        file.text("id", Some(&text(row, "id").context("a policy has no id")?.to_ascii_lowercase()));
        file.text("name", text(row, "name"));
        file.text("version", text(row, "version"));
        file.text("date", text(row, "date"));
        file.text("status", text(row, "status"));
        file.text("side", text(row, "side").filter(|side| ["client", "server"].contains(side)));
        file.flag("exact_order", row.get("exact_order").and_then(Value::as_bool).unwrap_or(false));
        for (table, from, to) in [
            (allowed, "kex", "kex"),
            (allowed, "host_key_algorithms", "host_key"),
            (allowed, "optional_host_key_algorithms", "host_key_optional"),
            (allowed, "ciphers", "cipher"),
            (allowed, "macs", "mac"),
            (allowed, "pubkey_algorithms", "public_key_auth"),
            (allowed, "user_key_algorithms", "public_key_auth"),
            (forbidden, "kex", "kex_forbidden"),
            (forbidden, "ciphers", "cipher_forbidden"),
            (forbidden, "macs", "mac_forbidden"),
        ] {
            // A few texts say in brackets what no list of names can.
            let list = names(table, from)
                .map(|names| names.into_iter().filter(|name| !name.contains([' ', '('])).collect::<Vec<_>>());
            file.names(to, list.as_deref());
        }
        let rsa = required.get("rsa_key_size").and_then(Value::as_u64);
        let smallest = rows(required, "rsa_key_sizes").filter_map(Value::as_u64).min();
        file.number("min_rsa_bits", rsa.or(smallest));
        let mut sizes = Vec::new();
        for (name, size) in required.get("host_key_sizes").and_then(Value::as_object).into_iter().flatten() {
            if let Some(bits) = size.get("hostkey_size").and_then(Value::as_u64) {
                sizes.push(format!("{name}={bits}"));
            }
        }
        for (name, size) in required.get("dh_modulus_sizes").and_then(Value::as_object).into_iter().flatten() {
            if let Some(bits) = size.as_u64() {
                sizes.push(format!("{name}={bits}"));
            }
        }
        file.names("sizes", Some(sizes.as_slice()).filter(|sizes| !sizes.is_empty()));
        file.text("notes", text(row, "notes"));
        file.text("source", Some(&source(row)));
    }
    write(&out.join("policies.toml"), &file.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_words_that_can_be_typed() {
        assert_eq!(version("9.2p1"), ("9.2p1".to_owned(), None));
        let (id, label) = version("15.x/XE 16 (show ip ssh)");
        assert_eq!(id, "15.x-XE-16-show-ip-ssh");
        assert_eq!(label.as_deref(), Some("15.x/XE 16 (show ip ssh)"));
    }

    #[test]
    fn releases_get_the_names_that_their_users_give_them() {
        assert_eq!(build_id("Debian", "12.0"), "debian-12");
        assert_eq!(build_id("Debian", "3.1"), "debian-3.1");
        assert_eq!(build_id("Ubuntu", "22.04"), "ubuntu-22.04");
        assert_eq!(build_id("RHEL", "8.10"), "rhel-8");
        assert_eq!(build_id("Windows", "10 (2024)"), "windows-10-2024");
    }

    #[test]
    fn sizes_are_read_from_names() {
        assert_eq!(bits("kex", "diffie-hellman-group14-sha256"), Some(2048));
        assert_eq!(bits("kex", "ecdh-sha2-nistp521"), Some(521));
        assert_eq!(bits("cipher", "aes192-ctr"), Some(192));
        assert_eq!(bits("mac", "hmac-sha1-96"), Some(96));
        assert_eq!(bits("cipher", "none"), None);
    }
}
