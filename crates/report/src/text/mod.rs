//! What a person reads in a terminal. The shape is that of a compiler's message: the main line stands alone, the place
//! is quoted, notes give facts, `at fault` names the side, `help` gives the change with its outcome computed.

mod canvas;
mod diagnosis;
mod fix;
mod offer;
mod offer_ike;
mod offer_tls;
mod outcome;
mod page;
mod snippet;
mod table;

use shakedown_model::{Diagnosis, Incident, IncidentResult, OutcomeResult, Report, Standing};
use shakedown_schema::Lines;

use crate::incidents::{self, Block};
use crate::options::TextOptions;
use crate::{walk, words};
use canvas::{Canvas, Look};

pub use offer::offer_text;
pub use page::cause_page;

/// The report for a terminal. Ends with a line feed.
pub fn text(report: &Report, options: &TextOptions) -> String {
    let report = walk::masked(report);
    let mut draw = Draw {
        report: &report,
        options,
        canvas: Canvas::new(options.color),
        lines: Lines::new(),
        told: vec![false; report.fixes.len()],
        quoted: None,
    };
    draw.report();
    draw.canvas.finish()
}

/// A report being drawn.
struct Draw<'a> {
    report: &'a Report,
    options: &'a TextOptions,
    canvas: Canvas,
    lines: Lines,
    /// The fixes that stand already further up.
    told: Vec<bool>,
    /// The path of the file that was quoted last.
    quoted: Option<String>,
}

impl Draw<'_> {
    fn report(&mut self) {
        let report = self.report;
        let blocks = incidents::blocks(report);
        if blocks.len() > 1 || blocks.iter().any(|block| !block.more.is_empty()) {
            self.incidents(&blocks);
            self.closing();
            return;
        }
        let of = |pair: Option<usize>| {
            // A pair that does not exist is as good as none.
            move |diagnosis: &Diagnosis| diagnosis.pair.filter(|pair| *pair < report.pairs.len()) == pair
        };
        self.diagnoses(of(None));
        if report.pairs.len() > table::SOME && !self.options.verbose {
            self.table();
            self.other_fixes();
            self.closing();
            return;
        }
        for (index, pair) in report.pairs.iter().enumerate() {
            if report.pairs.len() > 1 {
                self.canvas.gap();
                self.canvas.put(Look::Strong, &words::ends(report, index));
                if let Some(address) = &pair.address {
                    self.canvas.plain(&format!(" at {address}"));
                }
                self.canvas.end();
            }
            self.diagnoses(of(Some(index)));
            self.outcome(index);
            if self.options.trace {
                self.trace(index);
            }
        }
        if report.pairs.is_empty() && report.diagnoses.is_empty() {
            self.nothing();
        }
        self.other_fixes();
        self.closing();
    }

    /// Each incident of a log by itself, those like it in one line.
    fn incidents(&mut self, blocks: &[Block]) {
        let report = self.report;
        for block in blocks {
            let Some(incident) = report.incidents.get(block.incident) else { continue };
            self.canvas.gap();
            self.canvas.put(Look::Strong, &incidents::heading(incident));
            self.canvas.end();
            self.diagnoses(|diagnosis| diagnosis.incident == Some(block.incident));
            if let Some(more) = incidents::more(report, block) {
                self.canvas.put(Look::Strong, &more);
                self.canvas.end();
            }
        }
        self.diagnoses(|diagnosis| diagnosis.incident.is_none());
    }

    /// Some of the diagnoses, groups of alternatives together.
    fn diagnoses(&mut self, of: impl Fn(&Diagnosis) -> bool) {
        let report = self.report;
        let of_pair = |diagnosis: &&Diagnosis| of(diagnosis);
        let mut groups: Vec<usize> = Vec::new();
        for diagnosis in report.diagnoses.iter().filter(of_pair) {
            if groups.contains(&diagnosis.group) {
                continue;
            }
            groups.push(diagnosis.group);
            let members: Vec<(usize, &Diagnosis)> = report
                .diagnoses
                .iter()
                .enumerate()
                .filter(|(_, other)| other.group == diagnosis.group && of_pair(other))
                .collect();
            self.group(&members);
        }
    }

    /// Nothing was negotiated and nothing found.
    fn nothing(&mut self) {
        let worked =
            |incident: &Incident| matches!(incident.result, IncidentResult::Succeeded | IncidentResult::Recovered);
        let incidents = self.report.incidents.iter().filter(|incident| incident.standing != Standing::Stranger);
        let incidents: Vec<&Incident> = incidents.collect();
        if self.report.evidence.is_empty() || !incidents.is_empty() && incidents.iter().all(|one| worked(one)) {
            let unknown = self.report.command == "explain" && self.report.incidents.is_empty();
            let strangers = incidents.len() < self.report.incidents.len();
            let text = match (unknown, strangers) {
                (true, _) => "nothing was recognised",
                (false, true) => "nobody but strangers failed",
                (false, false) => "nothing to report",
            };
            self.canvas.put(Look::Strong, text);
            self.canvas.end();
            return;
        }
        self.canvas.put(Look::Warning, "unknown").plain(": what was seen does not tell the cause");
        self.canvas.end();
        for evidence in &self.report.evidence {
            self.note(1, &shakedown_schema::sentence(&evidence.fact));
        }
    }

    /// Notes on the run and on the parties, what was sent.
    fn closing(&mut self) {
        let report = self.report;
        let mut notes: Vec<String> = incidents::notes(report);
        notes.extend(report.notes.iter().cloned());
        for party in &report.parties {
            for note in &party.notes {
                notes.push(format!("{} {}: {note}", party.role, words::party(party)));
            }
        }
        if report.connections > 0 && (self.options.verbose || !report.diagnoses.is_empty()) {
            let of_diagnosis = report.diagnoses.first().map(|diagnosis| diagnosis.protocol);
            let protocol = report.parties.first().map(shakedown_model::Party::protocol).or(of_diagnosis);
            let (one, many) = match protocol {
                Some(shakedown_model::Protocol::Ike) => ("datagram was sent", "datagrams were sent"),
                _ => ("connection was made", "connections were made"),
            };
            let what = words::count(report.connections as usize, one, many);
            notes.push(format!("{what} to the target in this run"));
        }
        if notes.is_empty() {
            return;
        }
        self.canvas.gap();
        let mut told: Vec<&String> = Vec::new();
        for note in &notes {
            if !told.contains(&note) {
                self.canvas.put(Look::Note, "note").plain(": ").plain(note);
                self.canvas.end();
                told.push(note);
            }
        }
    }

    /// A line ` = ...` below a quoted line whose numbers have so many digits.
    fn note(&mut self, gutter: usize, text: &str) {
        self.canvas.plain(&" ".repeat(gutter + 1)).put(Look::Frame, "=").plain(" ").plain(text);
        self.canvas.end();
    }

    /// Whether the pair works although something was found.
    fn works(&self, pair: Option<usize>) -> bool {
        pair.and_then(|pair| self.report.pairs.get(pair))
            .is_some_and(|pair| pair.outcome.result() == OutcomeResult::Agreed)
    }
}
