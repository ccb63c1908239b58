use shakedown_model::{Applicability, Command, Diagnosis, DiagnosisId, FileEdit, Fix, Side};

use super::Draw;
use super::canvas::Look;
use super::snippet::digits;
use crate::diff;
use crate::words;

/// More peers that a change would cut off are counted.
const CUT_OFF_SHOWN: usize = 4;

impl Draw<'_> {
    /// The fixes of a diagnosis: the best in full, the others in a line, the weaker ones counted.
    pub(super) fn fixes_of(&mut self, id: usize, diagnosis: &Diagnosis) {
        let report = self.report;
        let resolves = |fix: &Fix| fix.resolves.contains(&DiagnosisId(id));
        let mut shown = 0;
        let mut weaker: Vec<&Fix> = Vec::new();
        let mut known = false;
        for (index, fix) in report.fixes.iter().enumerate().filter(|(_, fix)| resolves(fix)) {
            known = true;
            let told = std::mem::replace(self.told.get_mut(index).unwrap_or(&mut false), true);
            if fix.applicability == Applicability::Weakens && !self.options.allow_weaker {
                if !told {
                    weaker.push(fix);
                }
                continue;
            }
            match (told, shown) {
                (true, 0) => {
                    self.canvas.put(Look::Help, "help").plain(": the change above also resolves this");
                    self.canvas.end();
                }
                (true, _) => {}
                (false, _) => self.fix(fix, shown == 0),
            }
            shown += 1;
        }
        self.weaker(&weaker, shown > 0);
        if shown == 0 && weaker.is_empty() && known {
            self.canvas.put(Look::Help, "help").plain(": the weaker fix named above also resolves this");
            self.canvas.end();
        }
        if !known && diagnosis.confidence_permille >= 500 {
            self.canvas
                .put(Look::Help, "help")
                .plain(&format!(": `shakedown cause {}` says how to go on", diagnosis.cause));
            self.canvas.end();
        }
    }

    /// Fixes that belong to no diagnosis.
    pub(super) fn other_fixes(&mut self) {
        let report = self.report;
        for (index, fix) in report.fixes.iter().enumerate() {
            let belongs = fix.resolves.iter().any(|id| id.0 < report.diagnoses.len());
            if !belongs && !self.told.get(index).copied().unwrap_or(true) {
                self.canvas.gap();
                self.fix(fix, true);
            }
        }
    }

    fn weaker(&mut self, weaker: &[&Fix], after_others: bool) {
        let Some(first) = weaker.first() else { return };
        let (mut client, mut server) = (0, 0);
        for fix in weaker {
            match fix.side {
                Side::Client => client += 1,
                _ => server += 1,
            }
        }
        let fixes = |number| words::count(number, "weaker fix", "weaker fixes");
        let on = match (client, server) {
            (number, 0) => format!("{} on the client", fixes(number)),
            (0, number) => format!("{} on the {}", fixes(number), first.side),
            (client, server) => format!("{} on the client and {server} on the server", fixes(client)),
        };
        let start = match (after_others, client > 0) {
            (true, true) => "if the server cannot change: ",
            (true, false) => "if the client cannot change: ",
            (false, _) => "no fix is known that keeps security as it is; ",
        };
        if !after_others {
            self.canvas.put(Look::Help, "help").plain(": ");
        }
        self.canvas.plain(&format!("{start}{on} (`--allow-weaker`)"));
        self.canvas.end();
    }

    fn fix(&mut self, fix: &Fix, first: bool) {
        let step = fix.afterwards;
        let (look, start) = match fix.applicability {
            _ if step => (Look::Strong, "then, as a step of its own"),
            Applicability::Safe if first => (Look::Help, "help"),
            Applicability::Safe => (Look::Help, "or"),
            Applicability::Weakens => (Look::Warning, "weaker"),
            Applicability::Manual => (Look::Help, "help, for a person to decide"),
        };
        self.canvas.put(look, start).plain(": ").plain(&fix.title);
        if !fix.cuts_off.is_empty() {
            let most = if self.options.verbose { usize::MAX } else { CUT_OFF_SHOWN };
            self.canvas.plain(&format!(" (would cut off: {})", words::some_of(&fix.cuts_off, most)));
        }
        self.canvas.end();
        if !self.options.verbose && (step || !first && fix.applicability == Applicability::Safe) {
            return;
        }
        let mut gutter = 1;
        for edit in &fix.edits {
            gutter = self.edit(edit, gutter);
        }
        for command in &fix.commands {
            self.command(command, &words::place(&command.place), gutter);
        }
        if let Some(after) = &fix.outcome_after {
            self.note(gutter, &format!("afterwards: {}", words::afterwards(after)));
        }
        for note in &fix.notes {
            self.note(gutter, note);
        }
        for command in &fix.verify {
            self.command(command, &words::later(&command.place, "to check it"), gutter);
        }
        // What lowers security has to be taken back, so that the way back is always shown.
        if self.options.verbose || fix.applicability == Applicability::Weakens {
            for command in &fix.undo {
                self.command(command, &words::later(&command.place, "to undo it"), gutter);
            }
        }
    }

    /// The changed lines, as a diff.
    fn edit(&mut self, edit: &FileEdit, gutter: usize) -> usize {
        let room = if self.options.width == 0 { 0 } else { self.options.width.saturating_sub(8) };
        let diff = diff::diff(edit, room);
        let gutter = diff.iter().map(|line| digits(line.number)).max().unwrap_or(1).max(gutter);
        let pad = " ".repeat(gutter);
        if self.quoted.as_deref() != Some(edit.file.path.as_str()) {
            self.canvas.plain(&pad).put(Look::Frame, "-->").plain(" ").plain(&edit.file.path);
            self.canvas.end();
        }
        self.canvas.plain(&pad).put(Look::Frame, " |");
        self.canvas.end();
        for line in &diff {
            let (look, sign) = if line.added { (Look::Added, "+") } else { (Look::Removed, "-") };
            let number = format!("{:>gutter$}", line.number);
            self.canvas.put(Look::Frame, &number).plain(" ").put(look, &format!("{sign} {}", line.text));
            self.canvas.end();
        }
        gutter
    }

    fn command(&mut self, command: &Command, start: &str, gutter: usize) {
        let explanation =
            if command.explanation.is_empty() { String::new() } else { format!(" ({})", command.explanation) };
        let mut lines = command.text.lines();
        let first = lines.next().unwrap_or_default();
        let more: Vec<&str> = lines.collect();
        if more.is_empty() {
            self.note(gutter, &format!("{start}: {first}{explanation}"));
            return;
        }
        self.note(gutter, &format!("{start}:{explanation}"));
        for line in std::iter::once(first).chain(more) {
            self.canvas.plain(&" ".repeat(gutter + 5)).plain(line);
            self.canvas.end();
        }
    }
}
