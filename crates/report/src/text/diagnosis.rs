use shakedown_model::{Diagnosis, FailedSlot, Label, OriginKind};
use shakedown_schema::sentence;

use super::Draw;
use super::canvas::Look;
use super::snippet::place;
use crate::quote::quote;
use crate::words;

/// Cause, side and next step stand within so many lines.
const HEAD: usize = 8;

impl Draw<'_> {
    /// One diagnosis, or several of which one is right.
    pub(super) fn group(&mut self, members: &[(usize, &Diagnosis)]) {
        let Some(((id, first), others)) = members.split_first() else { return };
        self.canvas.gap();
        self.diagnosis(*id, first);
        if !others.is_empty() {
            self.canvas.put(Look::Strong, "or").plain(", less likely:");
            self.canvas.end();
            for (_, other) in others {
                self.canvas.plain("  ").put(Look::Note, &format!("possible cause[{}]", other.cause)).plain(&format!(
                    ": {} ({} %)",
                    other.summary,
                    words::percent(other)
                ));
                self.canvas.end();
                self.canvas.plain(&format!("    at fault: {}", words::at_fault(other)));
                self.canvas.end();
            }
        }
        let mut told: Vec<&str> = Vec::new();
        for (_, member) in members {
            if let Some(what) = member.what_would_decide.as_deref()
                && !told.contains(&what)
            {
                self.canvas.put(Look::Help, "to decide").plain(": ").plain(what);
                self.canvas.end();
                told.push(what);
            }
        }
        for (id, other) in others {
            self.fixes_of(*id, other);
        }
    }

    fn diagnosis(&mut self, id: usize, diagnosis: &Diagnosis) {
        let top = self.canvas.lines();
        self.quoted = None;
        let likely = diagnosis.confidence_permille >= 500;
        let (look, level) = match (likely, self.works(diagnosis.pair)) {
            (false, _) => (Look::Note, "possible cause"),
            (true, true) => (Look::Warning, "warning"),
            (true, false) => (Look::Error, "error"),
        };
        self.canvas.put(look, &format!("{level}[{}]", diagnosis.cause)).put(Look::Strong, ": ");
        self.canvas.put(Look::Strong, &diagnosis.summary);
        if !words::is_sure(diagnosis) {
            let likely = if likely { "likely, " } else { "" };
            self.canvas.plain(&format!(" ({likely}{} %)", words::percent(diagnosis)));
        }
        self.canvas.end();
        let mut gutter = 1;
        let mut labels = diagnosis.labels.iter();
        if let Some(label) = labels.next() {
            gutter = self.quote(label, gutter);
        }
        let mut notes: Vec<String> = Vec::new();
        notes.extend(words::hop(&diagnosis.hop));
        // Two messages may stand in the same words: these are underlined already.
        let first = diagnosis.labels.first();
        let rest: Vec<&Label> = labels
            .filter(|label| !label.text.is_empty() || !first.is_some_and(|first| overlap(first, label)))
            .collect();
        if !self.options.verbose {
            notes.extend(rest.iter().filter_map(|label| self.in_one_line(label)));
        }
        notes.extend(diagnosis.notes.iter().cloned());
        if diagnosis.labels.is_empty() && diagnosis.notes.is_empty() {
            notes.extend(self.lists(diagnosis));
        }
        if notes.is_empty() && diagnosis.labels.is_empty() {
            notes.extend(self.evidence(diagnosis).into_iter().take(2));
        }
        // The side and the next step come before the notes that do not fit.
        let used = self.canvas.lines() - top;
        let room = if self.options.verbose { notes.len() } else { HEAD.saturating_sub(used + 2) };
        let later = notes.split_off(room.min(notes.len()));
        if self.options.verbose {
            for label in rest {
                self.quote(label, gutter);
            }
        }
        for note in &notes {
            self.note(gutter, note);
        }
        self.canvas.put(Look::Strong, "at fault");
        let if_so = if words::is_sure(diagnosis) { "" } else { ", if so" };
        self.canvas.plain(if_so).plain(": ").plain(&words::at_fault(diagnosis));
        self.canvas.end();
        self.fixes_of(id, diagnosis);
        for note in &later {
            self.canvas.put(Look::Note, "note").plain(": ").plain(note);
            self.canvas.end();
        }
        if self.options.verbose {
            for fact in self.evidence(diagnosis) {
                self.canvas.put(Look::Faint, "seen").plain(": ").plain(&fact);
                self.canvas.end();
            }
            for id in &diagnosis.evidence_against {
                if let Some(evidence) = self.report.evidence.get(id.0) {
                    self.canvas.put(Look::Faint, "against it").plain(": ").plain(&sentence(&evidence.fact));
                    self.canvas.end();
                }
            }
        }
    }

    /// A label that is not the first: its place and what it says, with the quoted part.
    fn in_one_line(&mut self, label: &Label) -> Option<String> {
        let OriginKind::File { file, span } = label.origin.kind() else {
            let place = place(&label.origin)?;
            return Some(if label.text.is_empty() { place } else { format!("{} ({place})", label.text) });
        };
        let width = if self.options.width == 0 { 0 } else { self.options.width / 2 };
        let quote = quote(&mut self.lines, file, span, width);
        let part = quote.text.get(quote.part.clone()).unwrap_or_default().replace('`', "'");
        let place = format!("{}:{}:{}", file.path, quote.place.line, quote.place.column);
        Some(match (label.text.is_empty(), part.is_empty()) {
            (true, _) => format!("see {place}"),
            (false, true) => format!("{} ({place})", label.text),
            (false, false) => format!("{}: `{part}` ({place})", label.text),
        })
    }

    fn evidence(&self, diagnosis: &Diagnosis) -> Vec<String> {
        let seen = diagnosis.evidence.iter().filter_map(|id| self.report.evidence.get(id.0));
        seen.map(|evidence| sentence(&evidence.fact)).collect()
    }

    /// Both lists of the slot that a diagnosis is about, where it says nothing of them itself.
    fn lists(&self, diagnosis: &Diagnosis) -> Vec<String> {
        let Some(pair) = diagnosis.pair.and_then(|pair| self.report.pairs.get(pair)) else { return Vec::new() };
        let about = |failed: &&FailedSlot| {
            let slot = failed.slot.as_str().replace('_', "-");
            let slot = slot.trim_end_matches("-c2s").trim_end_matches("-s2c");
            diagnosis.cause.strip_prefix("no-common-").is_some_and(|rest| rest.starts_with(slot))
        };
        let failed = &pair.outcome.failed;
        let Some(failed) = failed.iter().find(about) else { return Vec::new() };
        self.both_lists(failed)
    }

    /// Both lists of a slot, shortened to the width.
    pub(super) fn both_lists(&self, failed: &FailedSlot) -> Vec<String> {
        [("client", &failed.client), ("server", &failed.server)]
            .into_iter()
            .map(|(role, items)| {
                let start = format!("the {role} offers: ");
                let width = if self.options.verbose { 0 } else { self.options.width };
                let room = if width == 0 { 0 } else { width.saturating_sub(start.len() + 4).max(20) };
                format!("{start}{}", words::shortened(items.iter().map(|item| item.name.as_str()), room))
            })
            .collect()
    }
}

/// Whether two labels stand at the same words.
fn overlap(one: &Label, other: &Label) -> bool {
    let (OriginKind::File { file, span }, OriginKind::File { file: other_file, span: other_span }) =
        (one.origin.kind(), other.origin.kind())
    else {
        return false;
    };
    file.path == other_file.path && span.start < other_span.end && other_span.start < span.end
}
