//! The servers of badssl.com and those that it lacks, on loopback: each has the cause and the side that it is made for.

use shakedown::{Options, blocking};
use shakedown_testkit::badssl::{BADSSL, HARD, MISSING, NAME, Scenario};

/// What `check` finds with a confidence of 0.5 or more: cause, side and summary.
fn found(scenario: &Scenario) -> Option<Vec<(&'static str, String, String)>> {
    let server = scenario.start()?;
    let mut options = Options::default();
    options.connect = vec![server.address];
    options.cacert = Some(server.ca_file.clone());
    options.clients = vec![scenario.client.to_owned()];
    options.now = scenario.clock.map(|seconds| jiff::Timestamp::from_second(seconds).expect("a time"));
    let report = blocking::check(&format!("https://{NAME}:{}", server.address.port()), options).expect("a report");
    let likely = report.diagnoses.iter().filter(|one| one.confidence() >= 0.5);
    Some(likely.map(|one| (one.cause, one.side.to_string(), one.summary.clone())).collect())
}

fn hold(scenarios: &[Scenario], may_be_open: bool) {
    let mut wrong = Vec::new();
    for scenario in scenarios {
        let Some(found) = found(scenario) else { continue };
        let first = found.first().map(|(cause, side, _)| (*cause, side.as_str()));
        let expected = scenario.cause.map(|cause| (cause, scenario.side));
        if first != expected && !(may_be_open && first.is_none()) {
            wrong.push(format!("{}: expected {expected:?}, found {found:?}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
}

#[test]
fn the_servers_of_badssl() {
    hold(BADSSL, false);
}

#[test]
fn the_servers_that_badssl_lacks() {
    hold(MISSING, false);
}

#[test]
fn no_wrong_cause_is_named_where_the_cause_is_hard_to_see() {
    hold(HARD, true);
}
