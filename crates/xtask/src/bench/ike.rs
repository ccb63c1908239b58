//! The map of an IKE responder, beside ike-scan: what each finds out, with how many packets and in what time.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{program, run as run_to_end};

use super::measure::median;
use super::table::{self, Goal};

/// What strongSwan is set up with: two proposals, whose parts do not mix.
const CONNECTION: &str = "connections {\n  site {\n    version = 2\n    local_addrs = 127.0.0.1\n    remote_addrs = 127.0.0.1\n    \
    proposals = aes256gcm16-aes128gcm16-prfsha384-ecp384-x25519, aes256-sha256-modp2048, 3des-sha1-modp1024\n    local {\n      \
    auth = psk\n      id = a.example\n    }\n    remote {\n      auth = psk\n      id = b.example\n    }\n  }\n}\n\
    secrets {\n  ike-site {\n    secret = sesame\n  }\n}\n";

/// Each program in turn, in a network where nothing else is; how many packets have come stands in the responder's log.
const SCRIPT: &str = r#"
ip link set lo up
start "$PWD"
for round in $(seq 1 "$ROUNDS"); do
  while IFS=$'\t' read -r name command; do
    before=$(grep -c 'received packet' log || true)
    begin=$(date +%s%N)
    eval "$command" > "output.$name" 2> "error.$name" || true
    end=$(date +%s%N)
    echo "$name $((end - begin)) $(($(grep -c 'received packet' log || true) - before))"
  done < commands
done > figures
"#;

/// The programs: a name, how it is shown, and its command line.
fn programs() -> [(&'static str, &'static str, &'static str); 2] {
    [
        ("offer", "shakedown offer", "\"$SHAKEDOWN\" offer ike://127.0.0.1 --format json --quiet"),
        // The responder has port 500 of this network.
        ("scan", "ike-scan --ikev2", "\"$IKE_SCAN\" --ikev2 --sport=0 --retry=1 127.0.0.1"),
    ]
}

pub(super) fn run(binary: &Path, rounds: usize) -> Result<Vec<Goal>> {
    let strongswan = Strongswan::find().context("there is no strongSwan, or no right to make namespaces")?;
    let scan = program("ike-scan").context("there is no ike-scan")?;
    let folder = tempfile::tempdir()?;
    // ike-scan leaves an SA half open each time.
    let settings = "block_threshold = 20000\n  cookie_threshold = 10000\n  cookie_threshold_ip = 10000";
    strongswan_conf(folder.path(), settings, "");
    fs::write(folder.path().join("swanctl.conf"), CONNECTION)?;
    let commands: String = programs().iter().map(|(name, _, command)| format!("{name}\t{command}\n")).collect();
    fs::write(folder.path().join("commands"), commands)?;
    let mut command = strongswan.script(folder.path(), SCRIPT);
    command.env("ROUNDS", rounds.to_string()).env("SHAKEDOWN", binary).env("IKE_SCAN", scan);
    let finished = run_to_end(&mut command, b"", Duration::from_secs(600))?;
    if !finished.status.is_some_and(|status| status.success()) {
        bail!("the programs could not be measured: {}", finished.text());
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let figures = read("figures");
    let measured = |name: &str| -> (Vec<Duration>, u64) {
        let lines = figures.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let number = |text: Option<&&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        let own: Vec<_> = lines.filter(|line| line.first() == Some(&name)).collect();
        let times = own.iter().map(|line| Duration::from_nanos(number(line.get(1)))).collect();
        (times, own.iter().map(|line| number(line.get(2))).max().unwrap_or(0))
    };
    let suites = found(&read("output.offer"))?;
    let rows: Vec<[String; 4]> = programs()
        .iter()
        .map(|(name, shown, _)| {
            let (times, packets) = measured(name);
            let finds = match *name {
                "offer" => format!("{} suites", suites.len()),
                name => said(&read(&format!("output.{name}"))),
            };
            let time = format!("{:.1} ms", median(&times).as_secs_f64() * 1000.0);
            [(*shown).to_owned(), packets.to_string(), time, finds]
        })
        .collect();
    table::print(["", "packets", "wall time", "finds of an IKE responder"], &rows);
    // Two ciphers with two groups, and one suite of each other proposal.
    let wrong = suites.len().abs_diff(2 * 2 + 1 + 1);
    Ok(vec![
        Goal::new("map of an IKE responder, packets", Some(measured("offer").1 as f64), 40.0, ""),
        Goal::new("suites of an IKE responder missed or made up", Some(wrong as f64), 0.0, ""),
    ])
}

/// All suites of all offers.
fn found(output: &str) -> Result<BTreeSet<String>> {
    let document: Value = serde_json::from_str(output).context("the JSON of `shakedown offer`")?;
    let mut suites = BTreeSet::new();
    for offer in document["offers"].as_array().into_iter().flatten() {
        for proposal in offer["proposals"].as_array().into_iter().flatten() {
            let mut all = vec![offer["ike_version"].to_string()];
            for kind in ["encryption", "integrity", "prf", "group"] {
                let names: Vec<&str> =
                    proposal[kind].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let names = if names.is_empty() { vec!["-"] } else { names };
                all = all.iter().flat_map(|one| names.iter().map(move |name| format!("{one} {name}"))).collect();
            }
            suites.extend(all);
        }
    }
    Ok(suites)
}

/// What ike-scan says of a responder: the suite that it was answered with.
fn said(output: &str) -> String {
    let suite = output.split_once("SA=(").and_then(|(_, rest)| rest.split_once(')'));
    suite.map_or("no suite", |(suite, _)| suite).to_owned()
}
