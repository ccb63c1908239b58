//! The servers of badssl.com and those that it lacks, on loopback: each has the cause and the side that it is made for, or
//! none where the client of the scenario is not stopped by the fault.

use std::sync::Mutex;

use shakedown::{Options, blocking};
use shakedown_testkit::badssl::{CERTIFICATES, EXCHANGES, MISSING, SUITES, Scenario};

/// How many servers are met at the same time.
const AT_ONCE: usize = 3;

/// What `check` finds with a confidence of 0.5 or more: cause, side and summary; and what it says besides.
struct Found {
    causes: Vec<(&'static str, String, String)>,
    notes: Vec<String>,
}

fn found(scenario: &Scenario) -> Option<Found> {
    let server = scenario.start()?;
    let mut options = Options::default();
    options.connect = vec![server.address];
    options.cacert = Some(server.ca_file.clone());
    options.clients = vec![scenario.client.to_owned()];
    options.server_name = scenario.server_name.map(str::to_owned);
    if let Some((certificate, key)) = server.identity.clone() {
        (options.certificate, options.key) = (Some(certificate), Some(key));
    }
    options.now = scenario.clock.map(|seconds| jiff::Timestamp::from_second(seconds).expect("a time"));
    let target = format!("https://{}:{}", scenario.host, server.address.port());
    let report = blocking::check(&target, options).expect("a report");
    let likely = report.diagnoses.iter().filter(|one| one.confidence() >= 0.5);
    let causes = likely.map(|one| (one.cause, one.side.to_string(), one.summary.clone())).collect();
    let notes = report.notes.iter().chain(report.parties.iter().flat_map(|party| &party.notes));
    Some(Found { causes, notes: notes.cloned().collect() })
}

/// What is wrong in what was found.
fn wrong(scenario: &Scenario) -> Option<String> {
    let found = found(scenario)?;
    let first = found.causes.first().map(|(cause, side, _)| (*cause, side.as_str()));
    let expected = scenario.cause.map(|cause| (cause, scenario.side));
    if first != expected {
        return Some(format!("{}: expected {expected:?}, found {:?}, {:#?}", scenario.name, found.causes, found.notes));
    }
    let missing = scenario.says.filter(|part| !found.notes.iter().any(|note| note.contains(part)));
    missing.map(|part| format!("{}: `{part}` is not said: {:#?}", scenario.name, found.notes))
}

fn hold(scenarios: &[Scenario]) {
    let (next, all_wrong) = (Mutex::new(scenarios.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = next.lock().expect("no panic").next() else { break };
                    if let Some(text) = wrong(scenario) {
                        all_wrong.lock().expect("no panic").push(text);
                    }
                }
            });
        }
    });
    let all_wrong = all_wrong.into_inner().expect("no panic");
    assert!(all_wrong.is_empty(), "{} of {}:\n{}", all_wrong.len(), scenarios.len(), all_wrong.join("\n"));
}

#[test]
fn the_certificates_of_badssl() {
    hold(CERTIFICATES);
}

#[test]
fn the_cipher_suites_of_badssl() {
    hold(SUITES);
}

#[test]
fn the_key_exchanges_and_versions_of_badssl() {
    hold(EXCHANGES);
}

#[test]
fn the_servers_that_badssl_lacks() {
    hold(MISSING);
}
