//! SARIF 2.1.0: what viewers need is there and true.

mod fixtures;

use fixtures::*;
use serde_json::Value;
use shakedown_model::*;
use shakedown_report::{RulePage, sarif};

fn log(report: &Report) -> Value {
    let pages = |cause: &str| {
        (cause == "no-common-kex").then_some(RulePage {
            title: "No key exchange method in common",
            markdown: "# No key exchange method in common\n\n## Why\nRead [this](x), `it`.\n",
        })
    };
    serde_json::from_str(&sarif(report, pages)).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn one_rule_a_cause_with_its_page() {
    let mut report = configured_out();
    let mut again = report.diagnoses[0].clone();
    again.confidence_permille = 300;
    let mut other = again.clone();
    other.cause = "no-common-mac";
    other.confidence_permille = 120;
    report.diagnoses.extend([again, other]);
    let log = log(&report);
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["no-common-kex", "no-common-mac"]);
    assert_eq!(rules[0]["shortDescription"]["text"], "No key exchange method in common");
    // Plain text has its brackets escaped, so that they are no link; Markdown is the page as it is.
    assert!(rules[0]["help"]["text"].as_str().unwrap().contains("Read \\[this\\](x), `it`."), "{}", rules[0]);
    assert!(rules[0]["help"]["markdown"].as_str().unwrap().contains("Read [this](x)"));
    assert_eq!(rules[1].get("help"), None);
    let levels: Vec<_> = results(&log).iter().map(|one| (one["ruleIndex"].as_u64(), one["level"].as_str())).collect();
    assert_eq!(levels, [(Some(0), Some("error")), (Some(0), Some("warning")), (Some(1), Some("note"))]);
    assert_eq!(results(&log)[0]["rank"], 97.0);
}

#[test]
fn a_place_has_line_column_and_bytes() {
    let mut report = configuration_error();
    let file = source("/etc/ssh/a b.conf", "Port 22\r\n\té\tMACs bad,ok\r\n".as_bytes());
    report.diagnoses[0].labels = vec![label(&file, "bad", "no such MAC")];
    let log = log(&report);
    let place = &results(&log)[0]["locations"][0];
    let physical = &place["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "file:///etc/ssh/a%20b.conf");
    let region = &physical["region"];
    let number = |name: &str| region[name].as_u64().unwrap();
    assert_eq!((number("startLine"), number("startColumn")), (2, 9));
    assert_eq!((number("endLine"), number("endColumn")), (2, 12));
    let (start, length) = (number("byteOffset") as usize, number("byteLength") as usize);
    assert_eq!(&file.text[start..start + length], b"bad");
    assert_eq!(place["message"]["text"], "no such MAC");
    assert!(physical["contextRegion"]["snippet"]["text"].as_str().unwrap().contains("MACs bad,ok"));
    // The evidence stands in another file: a place of its own, with a number.
    let related = &results(&log)[0]["relatedLocations"][0];
    assert_eq!(related["id"], 1);
    assert_eq!(related["physicalLocation"]["artifactLocation"]["uri"], "file:///etc/ssh/ssh_config");
}

#[test]
fn a_place_that_label_and_evidence_share_is_named_once() {
    let log = log(&configuration_error());
    assert_eq!(results(&log)[0]["locations"].as_array().unwrap().len(), 1);
    assert_eq!(results(&log)[0].get("relatedLocations"), None);
}

#[test]
fn a_fix_gives_the_file_that_it_promises_and_only_safe_ones_are_fixes() {
    let mut report = configured_out();
    let mut manual = report.fixes[0].clone();
    manual.applicability = Applicability::Manual;
    report.fixes.push(manual);
    let log = log(&report);
    let fixes = results(&log)[0]["fixes"].as_array().unwrap();
    assert_eq!(fixes.len(), 1);
    assert_eq!(fixes[0]["description"]["text"], "let the server also offer `curve25519-sha256`");
    let change = &fixes[0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "file:///etc/ssh/sshd_config");
    let edit = &report.fixes[0].edits[0];
    let replacement = &change["replacements"][0];
    let start = replacement["deletedRegion"]["byteOffset"].as_u64().unwrap() as usize;
    let length = replacement["deletedRegion"]["byteLength"].as_u64().unwrap() as usize;
    let mut bytes = edit.file.text.clone();
    bytes.splice(start..start + length, replacement["insertedContent"]["text"].as_str().unwrap().bytes());
    assert_eq!(bytes, edit.apply());
    // All of them are named for people.
    let named = results(&log)[0]["properties"]["fixes"].as_array().unwrap();
    assert_eq!(named.len(), 4);
    assert_eq!(named[2]["applicability"], "weakens");
}

#[test]
fn without_a_file_the_peer_is_the_place() {
    let log = log(&live_old_server());
    let place = &results(&log)[0]["locations"][0];
    assert_eq!(place["logicalLocations"][0]["name"], "10.1.2.3:22");
}

#[test]
fn an_incident_is_counted_and_a_stranger_is_no_error() {
    let mut report = live_old_server();
    report.incidents = vec![Incident {
        protocol: Some(Protocol::Ssh),
        peer: Some("192.0.2.7".into()),
        peers: 1,
        summary: String::new(),
        first: None,
        last: None,
        count: 41,
        result: IncidentResult::Failed,
        standing: Standing::Unremarkable,
        evidence: Vec::new(),
    }];
    report.diagnoses[0].incident = Some(0);
    report.diagnoses[0].pair = None;
    let known = log(&report);
    assert_eq!((&results(&known)[0]["occurrenceCount"], &results(&known)[0]["level"]), (&41.into(), &"error".into()));
    assert_eq!(results(&known)[0]["locations"][0]["logicalLocations"][0]["name"], "192.0.2.7");
    report.incidents[0].standing = Standing::Stranger;
    assert_eq!(results(&log(&report))[0]["level"], "note");
}

#[test]
fn every_shape_is_a_log() {
    for (name, report) in all() {
        let log = log(&report);
        let run = &log["runs"][0];
        assert_eq!(results(&log).len(), report.diagnoses.len(), "{name}");
        assert_eq!(run["invocations"][0]["exitCode"], report.exit_status(), "{name}");
        assert_eq!(run["invocations"][0]["endTimeUtc"], "2026-11-01T10:00:00Z", "{name}");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        for result in results(&log) {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"], "{name}");
            assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{name}");
        }
    }
}
