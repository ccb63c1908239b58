//! The full map of a TLS server, beside other scanners: the same facts, in what time and with how many connections.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;
use shakedown_testkit::peers as servers;
use shakedown_testkit::program;

use super::measure::{Tool, median, ratio};
use super::table::{self, Goal};
use super::{Figures, connections, figures, megabytes, of, take_turns};
use crate::peers::Peers;

const OFFER: &str = "shakedown offer";
const SSLSCAN: &str = "sslscan";
const SSLYZE: &str = "sslyze";
const NMAP: &str = "nmap ssl-enum-ciphers";
const TESTSSL: &str = "testssl.sh, once";

/// How a certificate is noted, before its fingerprint.
const CERTIFICATE: &str = "certificate ";

/// What sslyze is asked for: no more than `offer` finds out.
const SAME_FACTS: [&str; 10] = [
    "--sslv2",
    "--sslv3",
    "--tlsv1",
    "--tlsv1_1",
    "--tlsv1_2",
    "--tlsv1_3",
    "--elliptic_curves",
    "--certinfo",
    "--mozilla_config",
    "disable",
];

/// Mozilla's intermediate profile, guideline 5.7, with both kinds of certificate.
const SETTINGS: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519:prime256v1:secp384r1; \
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305; \
    ssl_prefer_server_ciphers off;";

pub(super) fn run(binary: &Path, peers: &Peers, rounds: usize) -> Result<Vec<Goal>> {
    crate::peers::bring_scanners(peers)?;
    let server = servers::nginx(&["rsa", "ec"], SETTINGS).context("there is no nginx")?;
    let home = tempfile::tempdir()?;
    let tools = |address: SocketAddr| tools(binary, address);
    let mut all = figures(&tools(server.address()), home.path(), &peers.programs().join("time"))?;
    for (tool, figures) in tools(server.address()).iter().zip(&mut all) {
        figures.connections = Some(connections(tool.name, server.address(), tools, home.path())?);
    }
    take_turns(&mut all, rounds, home.path())?;
    table::print(["", "connections", "wall time", "of sslscan's", "peak memory"], &rows(&all));
    let ours = found_by_shakedown(binary, server.address())?;
    // What sslscan prints of certificates holds neither the whole nor a fingerprint.
    let without_certificates = ours.iter().filter(|fact| !fact.starts_with(CERTIFICATE)).cloned().collect();
    let differences = match program(SSLSCAN) {
        Some(sslscan) => differences(SSLSCAN, &without_certificates, &found_by_sslscan(&sslscan, server.address())?),
        None => vec!["sslscan is not there to compare with".to_owned()],
    };
    for difference in &differences {
        println!("{difference}");
    }
    if let Some(nmap) = program("nmap") {
        // It names the group of each suite, and enumerates none.
        let ours = ours.iter().filter(|fact| ["TLSv", "SSLv", "TLS_"].iter().any(|start| fact.starts_with(start)));
        let theirs = found_by_nmap(&nmap, server.address())?;
        for difference in self::differences(NMAP, &ours.cloned().collect(), &theirs) {
            println!("{difference}");
        }
    }
    if let Some(testssl) = program("testssl") {
        let theirs = once(&testssl, server.address(), &all, home.path(), &peers.programs().join("time"))?;
        for difference in self::differences(TESTSSL, &ours, &theirs) {
            println!("{difference}");
        }
    }
    let mut beside_sslyze = None;
    if let Some(sslyze) = program(SSLYZE) {
        let differences = self::differences(SSLYZE, &ours, &found_by_sslyze(&sslyze, server.address())?);
        for difference in &differences {
            println!("{difference}");
        }
        beside_sslyze = Some(differences.len() as f64);
    }
    let share = |other| ratio(&of(&all, OFFER)?.times, &of(&all, other)?.times);
    let count = of(&all, OFFER).and_then(|figures| u32::try_from(figures.connections?).ok()).map(f64::from);
    let mut goals = vec![
        Goal::new("map of a TLS server, wall time as a share of sslscan's", share(SSLSCAN), 0.3, ""),
        Goal::new("map of a TLS server, connections", count, 40.0, ""),
        Goal::new("facts that differ from sslscan's", Some(differences.len() as f64), 0.0, ""),
    ];
    if of(&all, SSLYZE).is_some() {
        goals.push(Goal::new("map of a TLS server, wall time as a share of sslyze's", share(SSLYZE), 0.1, ""));
        goals.push(Goal::new("facts that differ from sslyze's", beside_sslyze, 0.0, ""));
    }
    Ok(goals)
}

fn tools(binary: &Path, address: SocketAddr) -> Vec<Tool> {
    let place = address.to_string();
    let mut tools = vec![Tool::new(OFFER, binary, &["offer", &format!("tls://{place}")])];
    // Those that are on this machine.
    tools.extend(program(SSLSCAN).map(|program| Tool::new(SSLSCAN, &program, &["--no-colour", &place])));
    let arguments: Vec<&str> = SAME_FACTS.into_iter().chain([place.as_str()]).collect();
    tools.extend(program(SSLYZE).map(|program| Tool::new(SSLYZE, &program, &arguments)));
    let arguments = nmap_arguments(address);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tools.extend(program("nmap").map(|program| Tool::new(NMAP, &program, &arguments)));
    tools
}

fn rows(all: &[Figures]) -> Vec<[String; 5]> {
    let other = of(all, SSLSCAN);
    all.iter()
        .map(|figures| {
            let against = other.and_then(|other| ratio(&figures.times, &other.times));
            [
                figures.tool.name.to_owned(),
                figures.connections.map_or_else(|| "-".to_owned(), |count| count.to_string()),
                format!("{:.1} ms", median(&figures.times).as_secs_f64() * 1000.0),
                against.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}")),
                format!("{:.1} MB", megabytes(figures.peak_kib)),
            ]
        })
        .collect()
}

/// What one program found and the other did not: versions, cipher suites, groups.
fn differences(other: &str, ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> Vec<String> {
    let only = |who: &str, one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        one.difference(other).map(|fact| format!("only {who}: {fact}")).collect()
    };
    [only(&format!("shakedown, beside {other}"), ours, theirs), only(other, theirs, ours)].concat()
}

fn found_by_shakedown(binary: &Path, address: SocketAddr) -> Result<BTreeSet<String>> {
    let output = Command::new(binary).args(["offer", "--format", "json", &format!("tls://{address}")]).output()?;
    let document: Value = serde_json::from_slice(&output.stdout).context("the JSON of `shakedown offer`")?;
    Ok(read_shakedown(&document))
}

fn read_shakedown(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document.pointer("/offers/0").unwrap_or(&Value::Null), &mut found);
    found
}

/// The names of the lists, wherever in the offer they stand.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    let Value::Object(members) = value else { return };
    for (key, member) in members {
        let is_list = matches!(
            key.as_str(),
            "version" | "versions" | "cipher_suite" | "cipher_suites" | "tls13_cipher_suites" | "group" | "groups"
        );
        match member {
            Value::Array(list) if key == "certificates" => {
                let prints = list.iter().filter_map(|one| one.get("fingerprint")?.as_str());
                found.extend(prints.map(|print| format!("{CERTIFICATE}{print}")));
            }
            Value::Array(list) if is_list => {
                found.extend(
                    list.iter()
                        .filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()))
                        .map(str::to_owned),
                );
            }
            Value::Object(_) if key != "refused" => collect(member, found),
            _ => {}
        }
    }
}

fn found_by_sslscan(sslscan: &Path, address: SocketAddr) -> Result<BTreeSet<String>> {
    let output = Command::new(sslscan).args(["--no-colour", &address.to_string()]).output()?;
    Ok(read_sslscan(&String::from_utf8_lossy(&output.stdout), &iana_names()?))
}

fn read_sslscan(text: &str, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [version, "enabled"] if version.starts_with("TLSv") || version.starts_with("SSLv") => {
                found.insert(version.to_owned());
            }
            ["Preferred" | "Accepted", _, _, "bits", suite, ..] => {
                found.insert(names.get(suite).cloned().unwrap_or_else(|| suite.to_owned()));
            }
            [version, _, "bits", group, ..] if version.starts_with("TLSv") => {
                found.insert(group.to_owned());
            }
            _ => {}
        }
    }
    found
}

fn found_by_sslyze(sslyze: &Path, address: SocketAddr) -> Result<BTreeSet<String>> {
    let output = Command::new(sslyze).args(SAME_FACTS).args(["--json_out=-", &address.to_string()]).output()?;
    let text = without_long_numbers(&String::from_utf8_lossy(&output.stdout));
    Ok(read_sslyze(&serde_json::from_str(&text).context("the JSON of sslyze")?))
}

/// It writes the moduli of keys as numbers, which are too large for any number of JSON here. Nothing is asked of them.
fn without_long_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|letter: char| !letter.is_ascii_digit()) {
        let digits = part.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let rest = part.get(digits.len()..).unwrap_or_default();
        out.push_str(if digits.len() > 100 { "0" } else { digits });
        out.push_str(rest);
    }
    out
}

fn read_sslyze(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some(Value::Object(results)) = document.pointer("/server_scan_results/0/scan_result") else { return found };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, result) in results {
        // `tls_1_2_cipher_suites`.
        let Some(version) = name.strip_suffix("_cipher_suites") else { continue };
        let accepted = list(result.pointer("/result/accepted_cipher_suites"));
        let suites = accepted.iter().filter_map(|one| one.pointer("/cipher_suite/name")?.as_str());
        found.extend(suites.map(str::to_owned));
        if !accepted.is_empty() {
            let number = version.trim_start_matches(char::is_alphabetic).trim_start_matches('_').replace('_', ".");
            let family = if version.starts_with("ssl") { "SSLv" } else { "TLSv" };
            found.insert(format!("{family}{number}"));
        }
    }
    let groups = list(document.pointer("/server_scan_results/0/scan_result/elliptic_curves/result/supported_curves"));
    // By the names of OpenSSL: `X25519`.
    found.extend(groups.iter().filter_map(|one| one.get("name")?.as_str()).map(str::to_ascii_lowercase));
    let shown =
        list(document.pointer("/server_scan_results/0/scan_result/certificate_info/result/certificate_deployments"));
    let prints =
        shown.iter().filter_map(|one| one.pointer("/received_certificate_chain/0/fingerprint_sha256")?.as_str());
    found.extend(prints.filter_map(hexadecimal).map(|print| format!("{CERTIFICATE}{print}")));
    found
}

/// The bytes of Base64 in hexadecimal.
fn hexadecimal(base64: &str) -> Option<String> {
    let bytes = shakedown_crypto::decode_base64(base64.as_bytes()).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// testssl.sh takes minutes, and so runs once: its time and memory, and what it found.
fn once(testssl: &Path, address: SocketAddr, all: &[Figures], home: &Path, time: &Path) -> Result<BTreeSet<String>> {
    let file = home.join("testssl.json");
    let place = address.to_string();
    let written = file.display().to_string();
    let facts = ["-p", "-E", "-f", "-S"];
    let quiet = ["--quiet", "--color", "0", "--warnings", "off", "--jsonfile", &written];
    let tool = Tool::new(TESTSSL, testssl, &[&quiet[..], &facts, &[place.as_str()]].concat());
    let started = std::time::Instant::now();
    let peak_kib = tool.peak_memory(time, home)?;
    let took = started.elapsed();
    let median_of = |name| of(all, name).map(|figures| median(&figures.times).as_secs_f64());
    let share = median_of(SSLSCAN).map_or_else(|| "-".to_owned(), |other| format!("{:.3}", took.as_secs_f64() / other));
    println!("{TESTSSL}: {:.1} s, {share} of sslscan's, {:.1} MB", took.as_secs_f64(), megabytes(peak_kib));
    let text = std::fs::read_to_string(&file).context("the JSON of testssl.sh")?;
    Ok(read_testssl(&serde_json::from_str(&text).context("the JSON of testssl.sh")?))
}

fn read_testssl(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for one in document.as_array().into_iter().flatten() {
        let (Some(id), Some(text)) = (one["id"].as_str(), one["finding"].as_str()) else { continue };
        let version = id.strip_prefix("TLS1").map(|rest| format!("TLSv1{}", rest.replace('_', ".")));
        match id {
            _ if id.starts_with("cipher-") => found.extend(text.split_whitespace().last().map(str::to_owned)),
            _ if id.starts_with("cert_fingerprintSHA256") => {
                found.insert(format!("{CERTIFICATE}{}", text.to_ascii_lowercase()));
            }
            // By the names of OpenSSL.
            "PFS_ECDHE_curves" | "FS_ECDHE_curves" => {
                let name = |name: &str| match name {
                    "prime256v1" => "secp256r1".to_owned(),
                    other => other.to_ascii_lowercase(),
                };
                found.extend(text.split_whitespace().map(name));
            }
            _ if text.starts_with("offered") && matches!(id, "TLS1" | "TLS1_1" | "TLS1_2" | "TLS1_3") => {
                // `TLS1` is version 1.0.
                found.extend(version.map(|version| if version == "TLSv1" { "TLSv1.0".to_owned() } else { version }));
            }
            _ if text.starts_with("offered") && matches!(id, "SSLv2" | "SSLv3") => {
                found.insert(id.to_owned());
            }
            _ => {}
        }
    }
    found
}

/// By connections as any program makes them; the script runs on whatever port.
fn nmap_arguments(address: SocketAddr) -> Vec<String> {
    let port = address.port().to_string();
    let words = ["-Pn", "-n", "-sT", "-p", &port, "--script", "+ssl-enum-ciphers", &address.ip().to_string()];
    words.map(str::to_owned).to_vec()
}

fn found_by_nmap(nmap: &Path, address: SocketAddr) -> Result<BTreeSet<String>> {
    let output = Command::new(nmap).args(nmap_arguments(address)).output()?;
    Ok(read_nmap(&String::from_utf8_lossy(&output.stdout)))
}

fn read_nmap(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.trim_start_matches('|').split_whitespace().collect();
        match words[..] {
            [version] if version.starts_with("TLSv") || version.starts_with("SSLv") => {
                found.insert(version.trim_end_matches(':').to_owned());
            }
            // Suites of TLS 1.3 have a name of its own.
            [suite, ..] if suite.starts_with("TLS_") => {
                found.insert(suite.replacen("TLS_AKE_WITH_", "TLS_", 1));
            }
            _ => {}
        }
    }
    found
}

/// OpenSSL's names of suites and IANA's.
fn iana_names() -> Result<BTreeMap<String, String>> {
    let openssl = program("openssl").context("there is no openssl")?;
    let output = Command::new(openssl).args(["ciphers", "-stdname", "ALL:COMPLEMENTOFALL@SECLEVEL=0"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pair = |line: &str| -> Option<(String, String)> {
        let (iana, rest) = line.split_once(" - ")?;
        Some((rest.split_whitespace().next()?.to_owned(), iana.trim().to_owned()))
    };
    Ok(text.lines().filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sslscan_prints_is_read() {
        let text = "TLSv1.1   disabled\nTLSv1.2   enabled\n\
                    Accepted  TLSv1.2  256 bits  ECDHE-RSA-AES256-GCM-SHA384   Curve 25519 DHE 253\n\
                    TLSv1.3  128 bits  secp256r1 (NIST P-256)\n";
        let names = [("ECDHE-RSA-AES256-GCM-SHA384".to_owned(), "TLS_X".to_owned())].into();
        let found: Vec<String> = read_sslscan(text, &names).into_iter().collect();
        assert_eq!(found, ["TLS_X", "TLSv1.2", "secp256r1"]);
    }

    #[test]
    fn what_sslyze_prints_is_read() {
        let suite = serde_json::json!({"cipher_suite": {"name": "TLS_X"}});
        let document = serde_json::json!({"server_scan_results": [{"scan_result": {
            "tls_1_2_cipher_suites": {"result": {"accepted_cipher_suites": [suite]}},
            "tls_1_0_cipher_suites": {"result": {"accepted_cipher_suites": []}},
            "elliptic_curves": {"result": {"supported_curves": [{"name": "X25519"}], "rejected_curves": [{"name": "X448"}]}},
            "certificate_info": {"result": {"certificate_deployments": [
                {"received_certificate_chain": [{"fingerprint_sha256": "AP8="}]}]}}}}]});
        let found: Vec<String> = read_sslyze(&document).into_iter().collect();
        assert_eq!(found, ["TLS_X", "TLSv1.2", "certificate 00ff", "x25519"]);
    }

    #[test]
    fn moduli_are_no_numbers_of_json() {
        let text = format!("{{\"modulus\": {}, \"size\": 2048, \"name\": \"a1b2\"}}", "7".repeat(617));
        let document: Value = serde_json::from_str(&without_long_numbers(&text)).unwrap();
        assert_eq!(document, serde_json::json!({"modulus": 0, "size": 2048, "name": "a1b2"}));
    }

    #[test]
    fn what_testssl_prints_is_read() {
        let document = serde_json::json!([
            {"id": "SSLv3", "finding": "not offered"}, {"id": "TLS1", "finding": "offered (deprecated)"},
            {"id": "TLS1_2", "finding": "offered"}, {"id": "TLS1_3", "finding": "offered with final"},
            {"id": "PFS_ECDHE_curves", "finding": "prime256v1 X25519"},
            {"id": "cert_fingerprintSHA256 <cert#2>", "finding": "00FF"},
            {"id": "cipher-tls1_3_x1301", "finding": "TLS 1.3   x1301   TLS_Y   ECDH 253   AESGCM   128   TLS_X"}]);
        let found: Vec<String> = read_testssl(&document).into_iter().collect();
        assert_eq!(found, ["TLS_X", "TLSv1.0", "TLSv1.2", "TLSv1.3", "certificate 00ff", "secp256r1", "x25519"]);
    }

    #[test]
    fn what_is_refused_is_not_found() {
        let offer = serde_json::json!({"offers": [{"tls": {"versions": ["TLSv1.3"], "groups": [{"name": "x25519"}]},
            "refused": {"versions": ["SSLv3"]}}]});
        let found: Vec<String> = read_shakedown(&offer).into_iter().collect();
        assert_eq!(found, ["TLSv1.3", "x25519"]);
    }

    #[test]
    fn what_nmap_prints_is_read() {
        let text = "| ssl-enum-ciphers: \n|   TLSv1.2: \n|     ciphers: \n\
                    |       TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (secp256r1) - A\n|   TLSv1.3: \n\
                    |       TLS_AKE_WITH_AES_128_GCM_SHA256 (secp256r1) - A\n|_  least strength: A\n";
        let found: Vec<String> = read_nmap(text).into_iter().collect();
        assert_eq!(found, ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLSv1.2", "TLSv1.3"]);
    }
}
