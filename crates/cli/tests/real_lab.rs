//! `shakedown lab`: every scenario finds its fault, mends it, and proves it, with the real programs.

mod support;

use shakedown::document::{Demo, LabList, LabRun};
use shakedown_testkit::require;
use support::Shakedown;

/// All scenarios of a protocol, run.
fn all_of(protocol: &str) {
    let (status, list) = Shakedown::new().json(&["lab", "list"]);
    assert_eq!(status, 0);
    let all = list["scenarios"].as_array().unwrap();
    assert!(all.len() >= 13 && all[0]["name"] == "demo");
    let names = all.iter().filter(|one| one["protocol"] == protocol && one["name"] != "demo");
    for name in names.map(|one| one["name"].as_str().unwrap()) {
        let run = Shakedown::new().run(&["lab", "run", name]);
        assert_eq!(run.status, 0, "{name}\n{}{}", run.stdout, run.stderr);
        assert!(run.stdout.ends_with("proved\n"), "{name}\n{}", run.stdout);
    }
}

#[test]
fn scenarios_of_ssh() {
    if ["sshd", "ssh", "ssh-keygen"].iter().any(|name| require(name).is_none()) {
        return;
    }
    // Started by root, sshd goes into this folder; elsewhere it is made at boot.
    let _only_root_may_and_must = std::fs::create_dir_all("/run/sshd");
    all_of("ssh");
}

#[test]
fn scenarios_of_tls() {
    if ["nginx", "openssl"].iter().all(|name| require(name).is_some()) {
        all_of("tls");
    }
}

#[test]
fn scenarios_of_ike() {
    all_of("ike");
}

/// That a document is one of this published type: nothing of it is lost in reading it.
fn is_a<T: serde::de::DeserializeOwned + serde::Serialize>(document: &serde_json::Value) -> T {
    let read: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), document);
    read
}

#[test]
fn what_is_printed_for_programs_is_of_the_published_types() {
    let (_, list) = Shakedown::new().json(&["lab", "list"]);
    assert!(is_a::<LabList>(&list).scenarios.len() >= 13);
    let (status, run) = Shakedown::new().json(&["lab", "run", "ike-group"]);
    assert_eq!(status, 0, "{run:#}");
    let run: LabRun = is_a(&run);
    let steps = run.scenarios.first().unwrap().steps.iter();
    let kinds: Vec<&str> = steps.clone().map(|step| step.step.as_str()).collect();
    assert_eq!(kinds, ["file", "file", "said", "found", "fix", "proof"]);
    let results = steps.filter_map(|step| Some(step.report.as_ref()?.diagnoses.len()));
    assert_eq!(results.map(|count| count > 0).collect::<Vec<_>>(), [true, false]);
    let (_, demo) = Shakedown::new().json(&["demo"]);
    let demo: Demo = is_a(&demo);
    assert!(demo.proved && demo.reports.len() == 2);
}

#[test]
fn what_is_kept_missing_or_unknown() {
    let (status, document) = Shakedown::new().json(&["lab", "run", "ike-group", "--keep"]);
    assert_eq!(status, 0, "{document:#}");
    let scenario = &document["scenarios"][0];
    assert_eq!(scenario["result"], "proved");
    let steps = scenario["steps"].as_array().unwrap();
    let kept = steps.last().unwrap();
    assert_eq!(kept["step"], "kept");
    let folder = std::path::Path::new(kept["folder"].as_str().unwrap());
    let text = std::fs::read_to_string(folder.join("responder.conf")).unwrap();
    // The fix is in the file, and the secret is as it was.
    assert!(text.contains("secret = \"correct horse\"") && text.contains("modp2048"), "{text}");
    std::fs::remove_dir_all(folder).unwrap();

    let nothing = tempfile::tempdir().unwrap();
    let run = Shakedown::new().run_with(&["lab", "run", "tls-old-version"], &[("PATH", nothing.path().as_os_str())]);
    // nginx is looked for in the folders of administrators too.
    assert_eq!(run.status, 3, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("not run: it needs") && run.stdout.contains("openssl"), "{}", run.stdout);

    let run = Shakedown::new().run(&["lab", "run", "ssh-old-cypher"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("such as `ssh-old-cipher`"), "{}", run.stderr);
}
