use shakedown_model::OutcomeResult;

use super::Draw;
use super::canvas::Look;
use crate::words;

/// With more pairs than these, each is one line, and what was found is told once for all that it holds for.
pub(super) const SOME: usize = 3;
/// With more pairs than these, the table is all.
const MANY: usize = 16;
/// The widest column of clients, in characters.
const WIDEST: usize = 44;

impl Draw<'_> {
    /// Every pair in a line: whether it works, the client, and what they agree on or why not.
    pub(super) fn table(&mut self) {
        let report = self.report;
        let name = |index: usize| report.parties.get(index).map(|party| party.label.clone()).unwrap_or_default();
        let widest = report.pairs.iter().map(|pair| name(pair.client).chars().count()).max().unwrap_or(0).min(WIDEST);
        let mut server = None;
        for (index, pair) in report.pairs.iter().enumerate() {
            if server != Some(pair.server) {
                server = Some(pair.server);
                self.canvas.gap();
                let here = || report.pairs.iter().filter(|other| other.server == pair.server);
                let good = here().filter(|other| other.outcome.result() == OutcomeResult::Agreed).count();
                let heading = format!("{good} of {} clients agree with {}", here().count(), name(pair.server));
                self.canvas.put(Look::Strong, &heading);
                self.canvas.end();
            }
            let found = report.diagnoses.iter().find(|diagnosis| diagnosis.pair == Some(index));
            let why = match pair.outcome.result() {
                OutcomeResult::Agreed => match found {
                    Some(found) if found.confidence_permille >= 500 => {
                        self.canvas.put(Look::Warning, "ok, but ");
                        format!("{}; {}", found.cause, words::agreed_short(&pair.outcome))
                    }
                    _ => {
                        self.canvas.put(Look::Good, "ok      ");
                        words::agreed_short(&pair.outcome)
                    }
                },
                OutcomeResult::Failed => {
                    self.canvas.put(Look::Error, "fails   ");
                    let said = found.map(|found| format!("{}: ", found.cause));
                    let failed = pair.outcome.failed.first().map(words::failure);
                    said.unwrap_or_default() + &failed.unwrap_or_else(|| "no handshake comes about".to_owned())
                }
                OutcomeResult::Unknown => {
                    self.canvas.put(Look::Warning, "unknown ");
                    let open = words::what_would_decide(&pair.outcome);
                    open.first().map(|(_, what)| format!("this would decide it: {what}")).unwrap_or_default()
                }
            };
            self.canvas.plain(&format!("{:<widest$}  {why}", name(pair.client)));
            self.canvas.end();
        }
        if report.pairs.len() <= MANY {
            self.found_in_table();
        }
    }

    /// What was found for the pairs of a table, each kind once, and what is to be said of those that work.
    fn found_in_table(&mut self) {
        let report = self.report;
        let causes = |pair: usize| -> Vec<&str> {
            let of = report.diagnoses.iter().filter(|diagnosis| diagnosis.pair == Some(pair));
            of.map(|diagnosis| diagnosis.cause).collect()
        };
        let mut told: Vec<Vec<&str>> = Vec::new();
        let mut said: Vec<(Look, String, &str)> = Vec::new();
        for (index, pair) in report.pairs.iter().enumerate() {
            let found = causes(index);
            if !found.is_empty() && !told.contains(&found) {
                let alike = (0..report.pairs.len()).filter(|&other| causes(other) == found).count();
                self.canvas.gap();
                self.canvas.put(Look::Strong, &words::ends(report, index));
                if alike > 1 {
                    self.canvas.plain(&format!(", and {} alike", words::count(alike - 1, "other pair", "other pairs")));
                }
                self.canvas.end();
                told.push(found);
                self.diagnoses(|diagnosis| diagnosis.pair == Some(index));
            }
            let later =
                pair.outcome.forecast.iter().map(|one| (Look::Warning, format!("later[{}]", one.when), &one.summary));
            let risks =
                pair.outcome.risks.iter().map(|one| (Look::Warning, format!("risk[{}]", one.code), &one.summary));
            for (look, heading, summary) in later.chain(risks) {
                if !said.iter().any(|(_, other, _)| *other == heading) {
                    said.push((look, heading, summary));
                }
            }
        }
        if !said.is_empty() {
            self.canvas.gap();
        }
        for (look, heading, summary) in said {
            self.canvas.put(look, &heading).plain(&format!(": {summary}"));
            self.canvas.end();
        }
    }
}
