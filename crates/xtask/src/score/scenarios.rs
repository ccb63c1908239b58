//! IKE scenarios with both ends' logs: the responder's alone has the cause first, the initiator's alone has it among the
//! first three, and where the tunnel came about nothing is reported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::side_by_side;

/// The libreswan scenarios by folder, with the causes that are right.
const LIBRESWAN: [(&str, &[&str]); 7] = [
    ("02-ike-encr", &["no-common-proposal"]),
    ("04-psk", &["psk-mismatch"]),
    ("06-idi", &["peer-identity-mismatch"]),
    ("08-ts", &["traffic-selector-mismatch"]),
    ("10-ver-w2-e1", &["no-common-version", "no-matching-connection"]),
    ("12-v1-psk", &["psk-mismatch"]),
    ("14-v1-ts", &["traffic-selector-mismatch"]),
];

/// Scenarios in which the initiator decides: it checks a certificate, or never sends a request. The responder's log
/// cannot hold the cause.
const INITIATOR_DECIDES: [&str; 5] =
    ["28-peer-down", "32-cert-expired", "34-cert-untrusted", "38-no-private-key", "40-unknown-alg-keyword"];
/// Scenarios whose failure is not in what the initiating command printed: one end says it while it loads its
/// configuration; a tunnel comes up, and fails when its keys are renewed.
const SAID_ELSEWHERE: [&str; 2] = ["40-unknown-alg-keyword", "20-pfs-a-none-b-modp2048"];

/// From this confidence on something is reported.
const REPORTED: f64 = 0.5;

#[derive(Deserialize)]
struct Row {
    id: String,
    cause: Option<String>,
    acceptable: Vec<String>,
}

/// One text to explain.
struct Text {
    name: String,
    path: PathBuf,
    /// The causes that are right; none where nothing failed.
    right: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The cause is to come first.
    Responder,
    /// The cause is to be among the first three.
    Initiator,
    /// Nothing is to be reported.
    Working,
}

impl Kind {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Responder, "the responder's log has the cause first"),
        (Self::Initiator, "the initiator's text has the cause among the first three"),
        (Self::Working, "nothing is reported where the tunnel came about"),
    ];
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    diagnoses: Vec<Diagnosis>,
}

#[derive(Deserialize)]
struct Diagnosis {
    cause: String,
    confidence: f64,
}

pub(super) fn run(binary: &Path, shared: &Path, verbose: bool) -> Result<()> {
    let texts = texts(&shared.join("cases"))?;
    if texts.is_empty() {
        eprintln!("no IKE scenarios beside the workspace (../shared/cases/ike-lab): nothing to score");
        return Ok(());
    }
    let answers = side_by_side("IKE scenarios", &texts, |text| explain(binary, &text.path));
    let mut judged = Vec::new();
    for (text, answer) in texts.iter().zip(answers) {
        let answer = answer?;
        let fine = is_right(text, &answer);
        if verbose || !fine {
            let said: Vec<String> =
                answer.iter().take(4).map(|one| format!("{} {:.2}", one.cause, one.confidence)).collect();
            let (word, right) = (if fine { "right" } else { "wrong" }, text.right.join(" or "));
            println!("  {word}: {}: wanted `{right}`, got {}", text.name, said.join(", "));
        }
        judged.push((text.kind, fine));
    }
    let mut all_right = true;
    for (kind, what) in Kind::ALL {
        let of_kind = judged.iter().filter(|(other, _)| *other == kind);
        let (right, total) = (of_kind.clone().filter(|(_, fine)| *fine).count(), of_kind.count());
        println!("IKE scenarios: {right} of {total}: {what}");
        all_right &= right == total;
    }
    if !all_right {
        bail!("some IKE scenarios are not explained");
    }
    Ok(())
}

/// The texts that can be judged.
fn texts(cases: &Path) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    let mut add = |name: &str, folder: &Path, file: &str, right: &[String], responder: bool| {
        let path = folder.join(file);
        let kind = match (right.is_empty(), responder) {
            (true, _) => Kind::Working,
            (false, true) => Kind::Responder,
            (false, false) => Kind::Initiator,
        };
        if path.is_file() {
            texts.push(Text { name: format!("{name} {file}"), path, right: right.to_vec(), kind });
        }
    };
    let lab = cases.join("ike-lab");
    let index = fs::read_to_string(lab.join("index.jsonl")).unwrap_or_default();
    for line in index.lines() {
        let row: Row = serde_json::from_str(line).with_context(|| format!("in ike-lab/index.jsonl: {line}"))?;
        let right: Vec<String> =
            row.cause.into_iter().flat_map(|cause| [vec![cause], row.acceptable.clone()].concat()).collect();
        let folder = lab.join(&row.id);
        if !INITIATOR_DECIDES.contains(&row.id.as_str()) {
            add(&row.id, &folder, "responder.log", &right, true);
        }
        if !SAID_ELSEWHERE.contains(&row.id.as_str()) {
            add(&row.id, &folder, "initiate.txt", &right, false);
        }
        add(&row.id, &folder, "initiator.log", &right, false);
    }
    for (id, right) in LIBRESWAN {
        let right: Vec<String> = right.iter().map(|cause| (*cause).to_owned()).collect();
        let folder = cases.join("ike-lab-libreswan").join(id);
        let name = format!("libreswan {id}");
        add(&name, &folder, "e.log", &right, true);
        add(&name, &folder, "w.log", &right, false);
        add(&name, &folder, "initiate.txt", &right, false);
    }
    Ok(texts)
}

fn explain(binary: &Path, text: &Path) -> Result<Vec<Diagnosis>> {
    let mut command = Command::new(binary);
    command.args(["explain", "--format", "json"]).arg(text).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot start {}", binary.display()))?;
    if !matches!(output.status.code(), Some(0 | 1 | 3)) {
        bail!("explain {}: {}\n{}", text.display(), output.status, String::from_utf8_lossy(&output.stderr));
    }
    let document: Document = serde_json::from_slice(&output.stdout)?;
    Ok(document.diagnoses)
}

fn is_right(text: &Text, answer: &[Diagnosis]) -> bool {
    let among = |count: usize| answer.iter().take(count).any(|one| text.right.contains(&one.cause));
    match text.kind {
        Kind::Responder => among(1),
        Kind::Initiator => among(3),
        Kind::Working => answer.iter().all(|one| one.confidence < REPORTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Kind, right: &[&str]) -> Text {
        let right = right.iter().map(|cause| (*cause).to_owned()).collect();
        Text { name: String::new(), path: PathBuf::new(), right, kind }
    }

    fn answer(causes: &[&str]) -> Vec<Diagnosis> {
        causes.iter().map(|cause| Diagnosis { cause: (*cause).to_owned(), confidence: 0.6 }).collect()
    }

    #[test]
    fn the_responder_is_to_know_and_the_initiator_to_have_it_in_its_list() {
        let right = &["psk-mismatch"];
        let second = answer(&["authentication-failed", "psk-mismatch"]);
        assert!(!is_right(&text(Kind::Responder, right), &second));
        assert!(is_right(&text(Kind::Initiator, right), &second));
        assert!(!is_right(&text(Kind::Initiator, right), &answer(&["a", "b", "c", "psk-mismatch"])));
        assert!(!is_right(&text(Kind::Working, &[]), &second));
        assert!(is_right(&text(Kind::Working, &[]), &answer(&[])));
    }
}
