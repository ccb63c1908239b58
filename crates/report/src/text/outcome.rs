use shakedown_model::{Outcome, OutcomeResult, TraceStep};

use super::Draw;
use super::canvas::Look;
use crate::words;

impl Draw<'_> {
    /// What the rules make of a pair, where the diagnoses have not said it.
    pub(super) fn outcome(&mut self, index: usize) {
        let report = self.report;
        let Some(pair) = report.pairs.get(index) else { return };
        let explained = report.diagnoses.iter().any(|diagnosis| diagnosis.pair == Some(index));
        match pair.outcome.result() {
            OutcomeResult::Agreed => {
                self.canvas.gap();
                self.agreed(index, &pair.outcome);
            }
            OutcomeResult::Failed if !explained => {
                self.canvas.gap();
                self.failed(index, &pair.outcome);
            }
            OutcomeResult::Unknown => {
                // Where a cause was found for the pair as a whole, this only says what was left open.
                let found = report.diagnoses.iter().any(|diagnosis| {
                    diagnosis.confidence_permille >= 500 && diagnosis.pair.is_none_or(|pair| pair == index)
                });
                if !found {
                    self.canvas.gap();
                    self.unknown(index, &pair.outcome);
                }
            }
            OutcomeResult::Failed => {}
        }
    }

    fn agreed(&mut self, index: usize, outcome: &Outcome) {
        let ends = words::ends(self.report, index);
        self.canvas
            .put(Look::Good, "ok")
            .put(Look::Strong, &format!(": {ends} agree on {}", words::agreed_short(outcome)));
        self.canvas.end();
        for line in words::agreed(outcome) {
            let name = match line.name {
                Some(name) => name.as_str(),
                None if line.phrase.starts_with("MAC") => "none beside this cipher",
                None => "not used",
            };
            self.note(1, &format!("{}: {name}", line.phrase));
        }
        for forecast in &outcome.forecast {
            self.canvas
                .put(Look::Warning, &format!("later[{}]", forecast.when))
                .plain(&format!(": {}", forecast.summary));
            self.canvas.end();
        }
        for risk in &outcome.risks {
            self.canvas.put(Look::Warning, &format!("risk[{}]", risk.code)).plain(&format!(": {}", risk.summary));
            if !risk.citation.is_empty() {
                self.canvas.plain(" (").put(Look::Faint, &risk.citation).plain(")");
            }
            self.canvas.end();
        }
        if outcome.risks.is_empty() {
            self.note(1, "risk: none known");
        }
    }

    fn failed(&mut self, index: usize, outcome: &Outcome) {
        let ends = words::ends(self.report, index);
        self.canvas.put(Look::Error, "failed").put(Look::Strong, &format!(": {ends} do not agree"));
        self.canvas.end();
        for failed in &outcome.failed {
            self.note(1, &words::failure(failed));
            for list in self.both_lists(failed) {
                self.note(1, &list);
            }
        }
    }

    fn unknown(&mut self, index: usize, outcome: &Outcome) {
        let ends = words::ends(self.report, index);
        self.canvas
            .put(Look::Warning, "unknown")
            .put(Look::Strong, &format!(": it cannot be told whether {ends} agree"));
        self.canvas.end();
        for (stage, what) in words::what_would_decide(outcome) {
            self.note(1, &format!("stage {}: this would decide it: {what}", stage.as_str()));
        }
        let sure = words::agreed_short(outcome);
        if !sure.is_empty() {
            self.note(1, &format!("agreed so far: {sure}"));
        }
    }

    /// Per slot both lists, the choice, the rule.
    pub(super) fn trace(&mut self, index: usize) {
        let report = self.report;
        let Some(pair) = report.pairs.get(index) else { return };
        if pair.outcome.trace.is_empty() {
            return;
        }
        self.canvas.gap();
        self.canvas.put(Look::Strong, "trace").plain(&format!(": {}", words::ends(report, index)));
        self.canvas.end();
        let steps = &pair.outcome.trace;
        let mut told: Vec<usize> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            if told.contains(&at) {
                continue;
            }
            let other = words::reverse(step.slot).and_then(|reverse| {
                steps.iter().position(|other| {
                    other.slot == reverse
                        && other.client == step.client
                        && other.server == step.server
                        && other.chosen == step.chosen
                        && other.rule == step.rule
                })
            });
            let phrase = match other {
                Some(other) => {
                    told.push(other);
                    format!("{} (both directions)", words::without_direction(step.slot))
                }
                None => step.slot.phrase().to_owned(),
            };
            let failed = pair.outcome.failed.iter().any(|failed| failed.slot == step.slot);
            self.step(step, &phrase, failed || pair.outcome.result() == OutcomeResult::Failed);
        }
    }

    fn step(&mut self, step: &TraceStep, phrase: &str, failed: bool) {
        self.canvas.plain("  ").put(Look::Strong, phrase).plain(": ");
        match &step.chosen {
            Some(chosen) => self.canvas.put(Look::Good, chosen.as_str()),
            None if failed => self.canvas.put(Look::Error, "nothing"),
            None => self.canvas.put(Look::Warning, "not known which"),
        };
        self.canvas.end();
        for (role, names) in [("client", &step.client), ("server", &step.server)] {
            let mut list = List::new(self.options.width, 4, role);
            for name in names {
                list.add(name.as_str());
            }
            for line in list.finish() {
                self.canvas.plain(&line);
                self.canvas.end();
            }
        }
        self.canvas.plain("    rule    ").plain(&step.rule);
        self.canvas.end();
    }
}

/// A list under a heading, wrapped at its commas.
pub(super) struct List {
    width: usize,
    indent: usize,
    lines: Vec<String>,
    line: String,
    empty: bool,
}

impl List {
    /// `indent` blanks, then the heading in a column of eight.
    pub(super) fn new(width: usize, indent: usize, heading: &str) -> Self {
        let line = format!("{}{heading:<8}", " ".repeat(indent));
        Self { width, indent: line.len().max(indent + 8), lines: Vec::new(), line, empty: true }
    }

    pub(super) fn add(&mut self, name: &str) {
        if !self.empty {
            self.line.push(',');
            if self.width > 0 && self.line.chars().count() + 1 + name.chars().count() + 1 > self.width {
                self.lines.push(std::mem::take(&mut self.line));
                self.line = " ".repeat(self.indent);
            } else {
                self.line.push(' ');
            }
        }
        self.line.push_str(name);
        self.empty = false;
    }

    pub(super) fn finish(mut self) -> Vec<String> {
        if self.empty {
            self.line.push_str("nothing");
        }
        self.lines.push(self.line);
        self.lines
    }
}
