//! The report as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines of a file.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use shakedown_model::{
    Applicability, Diagnosis, DiagnosisId, Evidence, Fix, Label, OriginKind, Report, SourceFile, Span, Standing,
};
use shakedown_schema::{Lines, sentence};

use crate::escape::printable;
use crate::quote::quote;
use crate::{TextOptions, json, text, walk, words};

/// The page of a cause, for the rule that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulePage<'a> {
    /// The title, a short sentence without full stop.
    pub title: &'a str,
    /// The whole page in Markdown.
    pub markdown: &'a str,
}

/// The report as a SARIF 2.1.0 log with one run, indented, with a line feed at its end: one rule for each cause that was
/// found, one result for each diagnosis. `page` gives the page of a cause by its code. Columns count characters; byte
/// offsets stand beside them. Only fixes that are safe and edit a given file are fixes here, since programs apply them.
/// Secrets are masked.
pub fn sarif<'a>(report: &Report, page: impl Fn(&str) -> Option<RulePage<'a>>) -> String {
    let report = walk::masked(report);
    let mut log = Log { report: &report, lines: Lines::new(), rules: Vec::new() };
    let results: Vec<Value> = report.diagnoses.iter().enumerate().map(|(id, one)| log.result(id, one)).collect();
    let rules: Vec<Value> = log.rules.iter().map(|cause| rule(cause, page(cause))).collect();
    let notifications: Vec<Value> =
        report.notes.iter().map(|note| json!({"level": "note", "message": message(note)})).collect();
    let run = json!({
        "tool": {"driver": {
            "name": "shakedown",
            "version": printable(&report.vantage.version),
            "rules": rules,
        }},
        "invocations": [{
            "executionSuccessful": true,
            "exitCode": report.exit_status(),
            "endTimeUtc": format!("{:.0}", report.observed_at),
            "toolExecutionNotifications": notifications,
        }],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"command": printable(&report.command), "catalog_date": printable(&report.catalog_date)},
    });
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    json::inert(format!("{log:#}"))
}

fn rule(cause: &str, page: Option<RulePage<'_>>) -> Value {
    let mut rule = Map::new();
    rule.insert("id".into(), cause.into());
    if let Some(page) = page {
        let plain = text::cause_page(page.markdown, &TextOptions { width: 0, ..TextOptions::default() });
        rule.insert("shortDescription".into(), json!({"text": escaped(page.title)}));
        rule.insert("help".into(), json!({"text": escaped(&plain), "markdown": page.markdown}));
    }
    Value::Object(rule)
}

struct Log<'a> {
    report: &'a Report,
    lines: Lines,
    /// The causes met, in the order of their rules.
    rules: Vec<&'static str>,
}

impl Log<'_> {
    fn result(&mut self, id: usize, diagnosis: &Diagnosis) -> Value {
        let report = self.report;
        let rule = self.rules.iter().position(|cause| *cause == diagnosis.cause).unwrap_or_else(|| {
            self.rules.push(diagnosis.cause);
            self.rules.len() - 1
        });
        let incident = diagnosis.incident.and_then(|index| report.incidents.get(index));
        let stranger = incident.is_some_and(|incident| incident.standing == Standing::Stranger);
        let level = match diagnosis.confidence_permille {
            _ if stranger => "note",
            500.. => "error",
            250..500 => "warning",
            _ => "note",
        };
        let mut text = diagnosis.summary.clone();
        if let Some(what) = &diagnosis.what_would_decide {
            // Writing to a String cannot fail.
            let _ = write!(text, "; to decide: {what}");
        }
        let seen = diagnosis.evidence.iter().filter_map(|id| report.evidence.get(id.0));
        let labels = diagnosis.labels.iter().filter_map(|label| self.label(label));
        let mut places: Vec<Value> = labels.collect();
        places.extend(seen.filter_map(|evidence| self.evidence(evidence)).collect::<Vec<_>>());
        let mut places = without_repeats(places).into_iter();
        let mut result = Map::new();
        result.insert("ruleId".into(), diagnosis.cause.into());
        result.insert("ruleIndex".into(), rule.into());
        result.insert("level".into(), level.into());
        result.insert("rank".into(), (diagnosis.confidence() * 100.0).into());
        result.insert("message".into(), message(&text));
        result.insert("locations".into(), places.next().or_else(|| self.peer(diagnosis)).into_iter().collect());
        let related: Vec<Value> = places.enumerate().map(|(index, place)| numbered(place, index + 1)).collect();
        if !related.is_empty() {
            result.insert("relatedLocations".into(), related.into());
        }
        if let Some(incident) = incident {
            result.insert("occurrenceCount".into(), incident.count.max(1).into());
        }
        let resolves = |fix: &&Fix| fix.resolves.contains(&DiagnosisId(id));
        let fixes: Vec<&Fix> = report.fixes.iter().filter(resolves).collect();
        let edits: Vec<Value> = fixes.iter().filter_map(|fix| self.fix(fix)).collect();
        if !edits.is_empty() {
            result.insert("fixes".into(), edits.into());
        }
        result.insert("properties".into(), properties(id, diagnosis, &fixes));
        Value::Object(result)
    }

    /// The first place is the result's own; a label says what is there.
    fn label(&mut self, label: &Label) -> Option<Value> {
        let OriginKind::File { file, span } = label.origin.kind() else { return None };
        Some(self.place(file, span, &label.text))
    }

    fn evidence(&mut self, evidence: &Evidence) -> Option<Value> {
        let OriginKind::File { file, span } = evidence.origin.as_ref()?.kind() else { return None };
        Some(self.place(file, span, &sentence(&evidence.fact)))
    }

    fn place(&mut self, file: &Arc<SourceFile>, span: &Span, text: &str) -> Value {
        let quote = quote(&mut self.lines, file, span, 0);
        let context = json!({"startLine": quote.place.line, "snippet": {"text": quote.text}});
        let physical = json!({
            "artifactLocation": artifact(&file.path),
            "region": self.region(file, span),
            "contextRegion": context,
        });
        let mut place = Map::new();
        place.insert("physicalLocation".into(), physical);
        if !text.is_empty() {
            place.insert("message".into(), message(text));
        }
        Value::Object(place)
    }

    /// Lines and columns counted from 1, the end column being the one after; bytes counted from 0.
    fn region(&mut self, file: &Arc<SourceFile>, span: &Span) -> Value {
        let start = span.start.min(file.text.len());
        let end = span.end.clamp(start, file.text.len());
        let first = self.lines.place(file, start);
        let last = self.lines.place(file, end);
        json!({
            "startLine": first.line,
            "startColumn": first.column,
            "endLine": last.line,
            "endColumn": last.column,
            "byteOffset": file.offset(start),
            "byteLength": end - start,
        })
    }

    /// Where nothing is in a file: the address of the pair or the peer of the incident.
    fn peer(&self, diagnosis: &Diagnosis) -> Option<Value> {
        let report = self.report;
        let pair = diagnosis.pair.and_then(|pair| report.pairs.get(pair));
        let incident = diagnosis.incident.and_then(|incident| report.incidents.get(incident));
        let server = pair.and_then(|pair| report.parties.get(pair.server)).map(|party| &party.label);
        let address = pair.and_then(|pair| pair.address.as_ref()).or(server);
        let name = address.or_else(|| incident.and_then(|incident| incident.peer.as_ref()))?;
        Some(json!({"logicalLocations": [{"name": printable(name), "kind": "resource"}]}))
    }

    fn fix(&mut self, fix: &Fix) -> Option<Value> {
        if fix.applicability != Applicability::Safe || fix.afterwards || fix.edits.is_empty() {
            return None;
        }
        let mut changes = Vec::new();
        for edit in &fix.edits {
            let mut replacements = Vec::new();
            for text in &edit.edits {
                replacements.push(json!({
                    "deletedRegion": self.region(&edit.file, &text.span),
                    "insertedContent": {"text": text.replacement},
                }));
            }
            if !replacements.is_empty() {
                changes.push(json!({
                    "artifactLocation": artifact(&edit.file.path),
                    "replacements": replacements,
                }));
            }
        }
        (!changes.is_empty()).then(|| json!({"description": message(&fix.title), "artifactChanges": changes}))
    }
}

/// What SARIF has no member for. Fixes stand here by title, also those that are no edits.
fn properties(id: usize, diagnosis: &Diagnosis, fixes: &[&Fix]) -> Value {
    let algorithms: Vec<_> = diagnosis.algorithms.iter().map(|name| printable(name.as_str())).collect();
    let fixes: Vec<Value> = fixes
        .iter()
        .map(|fix| {
            let commands: Vec<Value> = fix
                .commands
                .iter()
                .map(|command| json!({"place": printable(&words::place(&command.place)), "text": command.text}))
                .collect();
            json!({
                "title": printable(&fix.title),
                "side": fix.side.as_str(),
                "applicability": fix.applicability.as_str(),
                "commands": commands,
            })
        })
        .collect();
    json!({
        "id": id,
        "group": diagnosis.group,
        "protocol": diagnosis.protocol.as_str(),
        "side": diagnosis.side.as_str(),
        "side_because": printable(&diagnosis.side_because),
        "reason": diagnosis.reason.as_str(),
        "confidence": diagnosis.confidence(),
        "algorithms": algorithms,
        "notes": diagnosis.notes.iter().map(|note| printable(note)).collect::<Vec<_>>(),
        "fixes": fixes,
    })
}

fn numbered(mut place: Value, id: usize) -> Value {
    if let Value::Object(members) = &mut place {
        members.insert("id".into(), id.into());
    }
    place
}

/// Evidence often stands where a label already points to: one place is named once.
fn without_repeats(places: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(places.len());
    for place in places {
        if !kept.iter().any(|other| other.get("physicalLocation") == place.get("physicalLocation")) {
            kept.push(place);
        }
    }
    kept
}

fn message(text: &str) -> Value {
    json!({"text": escaped(&printable(text))})
}

/// Plain text of a message, in which `[` would begin a link (SARIF 2.1.0 section 3.11.6): words of a peer must not.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The path as a URI reference (RFC 3986): absolute ones as `file:`, all others relative.
fn artifact(path: &str) -> Value {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            // Writing to a String cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    json!({"uri": uri})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(artifact("/etc/ssh/sshd_config"), json!({"uri": "file:///etc/ssh/sshd_config"}));
        assert_eq!(artifact("a b/c:d#é"), json!({"uri": "a%20b/c%3Ad%23%C3%A9"}));
    }

    #[test]
    fn words_of_a_peer_make_no_link() {
        assert_eq!(message("see [here](http://x)\u{1b}"), json!({"text": "see \\[here\\](http://x)\\\\x1b"}));
    }
}
