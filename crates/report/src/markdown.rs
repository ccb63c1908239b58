use std::fmt::Write;

use shakedown_model::{
    Applicability, Command, CommandPlace, Diagnosis, DiagnosisId, Fix, Label, OriginKind, Outcome, OutcomeResult,
    Report,
};
use shakedown_schema::{Lines, sentence};

use crate::escape::printable;
use crate::quote::quote;
use crate::{diff, incidents, walk, words};

/// The report in Markdown, for a ticket or a chat. Secrets are masked, and what comes from peers and files cannot change
/// the shape of the page.
pub fn markdown(report: &Report) -> String {
    let report = walk::masked(report);
    let mut page = Page { out: String::new(), report: &report, lines: Lines::new() };
    page.report();
    page.out
}

struct Page<'a> {
    out: String,
    report: &'a Report,
    lines: Lines,
}

impl Page<'_> {
    fn report(&mut self) {
        let report = self.report;
        let causes = report.diagnoses.iter().filter(|one| one.confidence_permille >= 500).count();
        let title = match (causes, report.pairs.iter().all(|pair| pair.outcome.result() == OutcomeResult::Agreed)) {
            (0, true) if !report.pairs.is_empty() && report.diagnoses.is_empty() => "the two ends agree".to_owned(),
            (0, _) if report.pairs.is_empty() && report.diagnoses.is_empty() => "what was found".to_owned(),
            (0, _) => "it cannot be told for sure".to_owned(),
            (number, _) => format!("{} found", words::count(number, "cause", "causes")),
        };
        self.line(&format!("# shakedown {}: {}", prose(&report.command), prose(&title)));
        let blocks = incidents::blocks(report);
        if blocks.len() > 1 || blocks.iter().any(|block| !block.more.is_empty()) {
            for block in &blocks {
                let Some(incident) = report.incidents.get(block.incident) else { continue };
                self.heading(&format!("## Incident: {}", prose(&incidents::heading(incident))));
                for (id, diagnosis) in report.diagnoses.iter().enumerate() {
                    if diagnosis.incident == Some(block.incident) {
                        self.diagnosis(id, diagnosis);
                    }
                }
                if let Some(more) = incidents::more(report, block) {
                    self.line("");
                    self.line(&prose(&more));
                }
            }
        } else {
            for (id, diagnosis) in report.diagnoses.iter().enumerate() {
                self.diagnosis(id, diagnosis);
            }
        }
        for (index, pair) in report.pairs.iter().enumerate() {
            self.outcome(index, &pair.outcome);
        }
        if report.pairs.is_empty() {
            for party in &report.parties {
                self.heading(&format!("## {} {}", party.role, prose(&words::party(party))));
                self.fence("text", &crate::offer_text(party, &crate::TextOptions::default()));
            }
        }
        let told = incidents::notes(report);
        let mut notes: Vec<String> = told.iter().chain(&report.notes).map(|note| prose(note)).collect();
        for party in &report.parties {
            notes.extend(
                party.notes.iter().map(|note| prose(&format!("{} {}: {note}", party.role, words::party(party)))),
            );
        }
        notes.push(format!(
            "observed {} by shakedown {}, catalog of {}, {}",
            report.observed_at,
            prose(&report.vantage.version),
            prose(&report.catalog_date),
            words::count(report.connections as usize, "connection", "connections"),
        ));
        self.heading("## Notes");
        for note in notes {
            self.line(&format!("- {note}"));
        }
    }

    fn diagnosis(&mut self, id: usize, diagnosis: &Diagnosis) {
        let level = match diagnosis.confidence_permille {
            500.. => "Cause",
            _ => "Possible cause",
        };
        self.heading(&format!("## {level} `{}`: {}", diagnosis.cause, prose(&diagnosis.summary)));
        if let Some(pair) = diagnosis.pair.filter(|_| self.report.pairs.len() > 1) {
            self.line(&format!("- **Between**: {}", prose(&words::ends(self.report, pair))));
        }
        self.line(&format!("- **At fault**: {}", prose(&words::at_fault(diagnosis))));
        self.line(&format!("- **Confidence**: {} %", words::percent(diagnosis)));
        if let Some(what) = &diagnosis.what_would_decide {
            self.line(&format!("- **To decide**: {}", prose(what)));
        }
        for note in words::hop(&diagnosis.hop).iter().chain(&diagnosis.notes) {
            self.line(&format!("- {}", prose(note)));
        }
        for id in &diagnosis.evidence {
            if let Some(evidence) = self.report.evidence.get(id.0) {
                self.line(&format!("- seen: {}", prose(&sentence(&evidence.fact))));
            }
        }
        for label in &diagnosis.labels {
            self.label(label);
        }
        let report = self.report;
        for fix in report.fixes.iter().filter(|fix| fix.resolves.first() == Some(&DiagnosisId(id))) {
            self.fix(fix);
        }
        for (number, fix) in report.fixes.iter().enumerate() {
            if fix.resolves.iter().skip(1).any(|other| other.0 == id) {
                self.line("");
                self.line(&format!("Fix {} also resolves this: {}", number + 1, prose(&fix.title)));
            }
        }
    }

    fn label(&mut self, label: &Label) {
        let OriginKind::File { file, span } = label.origin.kind() else { return };
        let quote = quote(&mut self.lines, file, span, 120);
        self.line("");
        let text = if label.text.is_empty() { String::new() } else { format!(": {}", prose(&label.text)) };
        self.line(&format!("{}:{}:{}{text}", code(&file.path), quote.place.line, quote.place.column));
        self.fence("", &quote.text);
    }

    fn fix(&mut self, fix: &Fix) {
        let kind = match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Weakens => "lowers security",
            Applicability::Manual => "a person must decide",
        };
        let number = self.report.fixes.iter().position(|other| other == fix).unwrap_or_default() + 1;
        self.heading(&format!("### Fix {number} ({kind}): {}", prose(&fix.title)));
        for edit in &fix.edits {
            let changes: Vec<String> = diff::diff(edit, 160)
                .iter()
                .map(|line| format!("{} {}\n", if line.added { '+' } else { '-' }, line.text))
                .collect();
            self.line(&code(&edit.file.path));
            self.fence("diff", &changes.concat());
        }
        for command in &fix.commands {
            self.command(command, &words::place(&command.place));
        }
        if let Some(after) = &fix.outcome_after {
            self.line(&format!("- **Afterwards**: {}", prose(&words::afterwards(after))));
        }
        if !fix.cuts_off.is_empty() {
            self.line(&format!("- **Would cut off**: {}", prose(&fix.cuts_off.join(", "))));
        }
        for note in &fix.notes {
            self.line(&format!("- {}", prose(note)));
        }
        for command in &fix.verify {
            self.command(command, "to check it");
        }
        for command in &fix.undo {
            self.command(command, "to undo it");
        }
    }

    fn command(&mut self, command: &Command, start: &str) {
        let explanation =
            if command.explanation.is_empty() { String::new() } else { format!(" ({})", prose(&command.explanation)) };
        self.line("");
        self.line(&format!("{}:{explanation}", prose(start)));
        let language = match command.place {
            CommandPlace::ClientShell | CommandPlace::ServerShell => "sh",
            CommandPlace::File(_) | CommandPlace::Settings(_) => "",
        };
        self.fence(language, &command.text);
    }

    fn outcome(&mut self, index: usize, outcome: &Outcome) {
        let ends = prose(&words::ends(self.report, index));
        match outcome.result() {
            OutcomeResult::Agreed => {
                self.heading(&format!("## Agreed: {ends}"));
                for line in words::agreed(outcome) {
                    let name = line.name.map_or("not used".to_owned(), |name| code(name.as_str()));
                    self.line(&format!("- {}: {name}", line.phrase));
                }
                for forecast in &outcome.forecast {
                    self.line(&format!("- **Later** ({}): {}", prose(&forecast.when), prose(&forecast.summary)));
                }
                for risk in &outcome.risks {
                    let citation =
                        if risk.citation.is_empty() { String::new() } else { format!(" ({})", prose(&risk.citation)) };
                    self.line(&format!("- **Risk** {}: {}{citation}", code(&risk.code), prose(&risk.summary)));
                }
            }
            OutcomeResult::Failed => {
                self.heading(&format!("## Failed: {ends}"));
                for failed in &outcome.failed {
                    self.line(&format!("- {}", prose(&words::failure(failed))));
                    for (role, items) in [("client", &failed.client), ("server", &failed.server)] {
                        let names: Vec<String> = items.iter().map(|item| code(item.name.as_str())).collect();
                        let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                        self.line(&format!("  - {role}: {names}"));
                    }
                }
            }
            OutcomeResult::Unknown => {
                self.heading(&format!("## Unknown: {ends}"));
                for (stage, what) in words::what_would_decide(outcome) {
                    self.line(&format!("- stage {stage}: this would decide it: {}", prose(what)));
                }
            }
        }
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.line(text);
        self.line("");
    }

    /// A line of the page; a second blank line in a row is left out.
    fn line(&mut self, text: &str) {
        if text.is_empty() && self.out.ends_with("\n\n") {
            return;
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A block of code. The fence is longer than any run of backticks in it.
    fn fence(&mut self, language: &str, text: &str) {
        let mut longest = 0;
        let mut run = 0;
        for c in text.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let fence = "`".repeat(longest.max(2) + 1);
        self.line("");
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{fence}{language}");
        for line in text.lines() {
            let _ = writeln!(self.out, "{}", printable(line));
        }
        self.line(&fence);
        self.line("");
    }
}

/// Code within a line. Backticks in it become apostrophes, as everywhere in this program's sentences.
fn code(text: &str) -> String {
    let text = printable(text).replace('`', "'");
    if text.is_empty() { "(empty)".to_owned() } else { format!("`{text}`") }
}

/// A sentence: what stands in backticks is code, and everything else is plain text whose signs mean nothing.
fn prose(text: &str) -> String {
    let text = printable(text);
    let pieces: Vec<&str> = text.split('`').collect();
    // An odd backtick at the end opens nothing.
    let closed = if pieces.len() % 2 == 1 { pieces.len() } else { pieces.len() - 1 };
    let mut out = String::with_capacity(text.len() + 8);
    for (index, piece) in pieces.iter().enumerate() {
        if index >= closed {
            out.push_str("\\`");
        }
        if index % 2 == 1 && index < closed {
            out.push_str(&code(piece));
        } else {
            for c in piece.chars() {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                        out.push('\\');
                        out.push(c);
                    }
                    c => out.push(c),
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_peer_mean_nothing() {
        assert_eq!(prose("a `b*c` [x](y) <i> *z*"), "a `b*c` \\[x\\](y) &lt;i&gt; \\*z\\*");
        assert_eq!(prose("odd ` one\u{1b}"), "odd \\` one\\\\x1b");
        assert_eq!(code("a`b"), "`a'b`");
    }
}
