use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::run;

use crate::support::Shakedown;

/// How long one connection may take, on a busy machine.
pub(crate) const TIME: Duration = Duration::from_secs(40);

/// How many scenarios run at once: most of their time they wait for a peer.
const THREADS: usize = 6;

/// What a correct answer says.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    /// The first diagnosis has one of these causes.
    first: &'static [&'static str],
    /// So many of the first group's members are looked at.
    candidates: usize,
    side: Option<&'static str>,
}

/// The text has this cause, named first.
pub(crate) fn cause(cause: &'static [&'static str]) -> Expected {
    Expected { first: cause, candidates: 1, side: None }
}

/// The text alone does not decide: this cause is among the candidates.
pub(crate) fn among(cause: &'static [&'static str]) -> Expected {
    among_first(usize::MAX, cause)
}

/// The text alone does not decide: this cause is among so many candidates.
pub(crate) fn among_first(candidates: usize, cause: &'static [&'static str]) -> Expected {
    Expected { first: cause, candidates, side: None }
}

impl Expected {
    /// And this side is at fault.
    pub(crate) fn side(self, side: &'static str) -> Self {
        Self { side: Some(side), ..self }
    }
}

/// What one end of a failed connection printed.
pub(crate) struct Transcript {
    name: String,
    text: String,
    expected: Expected,
}

impl Transcript {
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>, expected: Expected) -> Self {
        Self { name: name.into(), text: text.into(), expected }
    }
}

/// Makes the connections of one scenario; nothing where a program is missing and need not be there.
pub(crate) type Scenario = Box<dyn FnOnce() -> Vec<Transcript> + Send>;

/// Runs the scenarios and explains what they printed. `at_least` so many outputs must have been there: a test that
/// finds nothing to explain has not tested anything.
pub(crate) fn explain(scenarios: Vec<Scenario>, at_least: usize) {
    let shakedown = Shakedown::new();
    let (checked, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let skipped = AtomicUsize::new(0);
    parallel(scenarios, |scenario| {
        let transcripts = scenario();
        if transcripts.is_empty() {
            skipped.fetch_add(1, Ordering::Relaxed);
        }
        for transcript in transcripts {
            let number = checked.fetch_add(1, Ordering::Relaxed);
            if let Err(failure) = check(&shakedown, number, &transcript) {
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
            }
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    let checked = checked.into_inner();
    assert!(failures.is_empty(), "{} of {checked} outputs:\n{}", failures.len(), failures.join("\n"));
    assert!(checked >= at_least || skipped.into_inner() > 0, "only {checked} outputs, not {at_least}");
}

/// Does this with each of them, several at once.
pub(crate) fn parallel<T: Send>(all: Vec<T>, work: impl Fn(T) + Sync) {
    let queue = Mutex::new(all);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(one) = next else { break };
                    work(one);
                }
            });
        }
    });
}

fn check(shakedown: &Shakedown, number: usize, transcript: &Transcript) -> Result<(), String> {
    let Transcript { name, text, expected } = transcript;
    if let Some(folder) = std::env::var_os("SHAKEDOWN_TRANSCRIPTS") {
        let file = std::path::Path::new(&folder)
            .join(format!("{}.txt", name.replace(|c: char| c == '/' || c.is_whitespace(), "_")));
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let file = shakedown.write(&format!("{number}.txt"), text);
    let run = shakedown.run(&["explain", "--format", "json", &file]);
    let failure = |what: String| Err(format!("--- {name}: {what}\n{}", shortened(text)));
    if run.status != 1 && run.status != 3 {
        return failure(format!("exit {}, {}", run.status, run.stderr));
    }
    let document = run.json();
    let diagnoses = document["diagnoses"].as_array().cloned().unwrap_or_default();
    let Some(first) = diagnoses.first() else {
        return failure(format!("nothing found, exit {}; expected {:?}", run.status, expected.first));
    };
    let group = diagnoses.iter().filter(|diagnosis| diagnosis["group"] == first["group"]);
    let candidates: Vec<&Value> = group.take(expected.candidates).collect();
    let right = |diagnosis: &&&Value| expected.first.iter().any(|cause| diagnosis["cause"] == **cause);
    let Some(found) = candidates.iter().find(right) else {
        return failure(format!("expected {:?}, found {}", expected.first, summary(&diagnoses)));
    };
    if let Some(side) = expected.side.filter(|side| found["side"] != **side) {
        return failure(format!("expected side {side}, found {}", summary(&diagnoses)));
    }
    let firm = diagnoses.iter().any(|diagnosis| diagnosis["confidence"].as_f64().unwrap_or(0.0) >= 0.5);
    if run.status != if firm { 1 } else { 3 } {
        return failure(format!("exit {} does not fit {}", run.status, summary(&diagnoses)));
    }
    if expected.candidates == 1 && run.status != 1 {
        return failure(format!("exit {}: {}", run.status, summary(&diagnoses)));
    }
    Ok(())
}

fn summary(diagnoses: &[Value]) -> String {
    let lines = diagnoses.iter().take(4).map(|diagnosis| {
        format!(
            "[{} side {} confidence {} group {}: {}]",
            diagnosis["cause"], diagnosis["side"], diagnosis["confidence"], diagnosis["group"], diagnosis["summary"]
        )
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The end of a text, where programs say why they give up.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// All that a command prints until it ends, standard output first.
pub(crate) fn output(command: &mut Command) -> String {
    match run(command, b"", TIME) {
        Ok(finished) => finished.text(),
        Err(error) => panic!("{command:?}: {error}"),
    }
}
