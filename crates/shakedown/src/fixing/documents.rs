//! Changes as the published documents tell them.

use shakedown_apply::{ChangedFile, Real, Record, Store};
use shakedown_schema::v1;

use super::applying::{taken_back, with_sources};
use super::{Applied, FixError};
use crate::Session;

fn files(files: &[ChangedFile]) -> Vec<v1::AppliedFile> {
    let of = |file: &ChangedFile| v1::AppliedFile {
        path: file.path.display().to_string(),
        backup: file.backup.display().to_string(),
    };
    files.iter().map(of).collect()
}

/// A change of the journal.
pub fn change_document(record: &Record) -> v1::Change {
    let exception = record.change.exception.as_ref();
    v1::Change {
        id: record.id.clone(),
        state: record.state.as_str().to_owned(),
        finished: record.is_finished(),
        begun: record.begun().map(|at| at.to_string()),
        title: record.change.title.clone(),
        causes: record.change.causes.clone(),
        applicability: record.change.applicability.clone(),
        by: record.change.by.clone(),
        files: files(&record.change.files),
        detail: record.detail().map(str::to_owned),
        undone_at: record.deadline().filter(|_| record.is_pending()).map(|at| at.to_string()),
        reason: exception.map(|exception| exception.reason.clone()),
        until: exception.map(|exception| exception.until.to_string()),
        days_left: None,
    }
}

/// What became of a fix.
pub fn applied_document(applied: &Applied) -> v1::Applied {
    let step = |step: &super::Step| v1::AppliedStep { state: step.state.as_str().to_owned(), text: step.text.clone() };
    v1::Applied {
        id: applied.id.clone(),
        fix: applied.number.and_then(|number| u64::try_from(number).ok()?.checked_sub(1)),
        title: applied.change.title.clone(),
        state: applied.state.as_str().to_owned(),
        because: applied.because.clone(),
        undone_at: applied.undone_at.map(|at| at.to_string()),
        files: files(&applied.change.files),
        steps: applied.steps.iter().map(step).collect(),
    }
}

/// What became of changes of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// For programs.
    pub document: v1::Changes,
    /// For people, a line each.
    pub said: Vec<String>,
    /// Whether all of it was done.
    pub done: bool,
}

fn changes(changes: Vec<v1::Change>) -> v1::Changes {
    v1::Changes {
        schema: v1::SCHEMA.to_owned(),
        command: "fix".to_owned(),
        busy: None,
        changes,
        reloaded: None,
        not_reloaded: None,
    }
}

impl Session {
    /// All changes of a journal.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn changes(&self, store: &Store) -> Result<v1::Changes, FixError> {
        let records = store.records()?;
        Ok(v1::Changes { busy: Some(store.is_busy()), ..changes(records.iter().map(change_document).collect()) })
    }

    /// Takes a change back.
    ///
    /// # Errors
    /// As [`Session::undo`], or another run has the journal.
    pub fn undo_change(&self, store: &Store, id: &str) -> Result<Told, FixError> {
        let back = self.undo(&store.lock()?, id)?;
        let said = vec![format!("change `{id}` undone: {}", taken_back(&back))];
        let done = back.not_reloaded.is_none();
        let mut document = changes(vec![change_document(&store.record(id)?)]);
        (document.reloaded, document.not_reloaded) = (back.reloaded, back.not_reloaded);
        Ok(Told { document, said, done })
    }

    /// Says that a change is to stay.
    ///
    /// # Errors
    /// It does not wait for that, or another run has the journal.
    pub fn confirm_change(&self, store: &Store, id: &str) -> Result<Told, FixError> {
        let record = shakedown_apply::confirm(&store.lock()?, &Real::default(), id)?;
        let said = vec![format!("change `{id}` stays")];
        Ok(Told { document: changes(vec![change_document(&record)]), said, done: true })
    }

    /// Takes the weaker fixes back that are past their date.
    ///
    /// # Errors
    /// The journal cannot be read, or another run has it. A change that cannot be taken back is told in the result.
    pub fn expire_changes(&self, store: &Store) -> Result<Told, FixError> {
        let locked = store.lock()?;
        let mut told = Told { document: changes(Vec::new()), said: Vec::new(), done: true };
        for (record, days) in shakedown_apply::due(store, self.today())? {
            if days >= 0 {
                continue;
            }
            told.said.push(match self.undo(&locked, &record.id) {
                Ok(back) => format!("change `{}` removed: {}", record.id, taken_back(&back)),
                Err(error) => {
                    told.done = false;
                    format!("change `{}` stays: {}", record.id, with_sources(&error))
                }
            });
            told.document.changes.push(change_document(&store.record(&record.id)?));
        }
        if told.said.is_empty() {
            told.said.push("no weaker fix is past its date".to_owned());
        }
        Ok(told)
    }

    /// The day to judge by (`--now`).
    fn today(&self) -> jiff::civil::Date {
        let of = |now: jiff::Timestamp| jiff::tz::TimeZone::UTC.to_datetime(now).date();
        self.options.now.map_or_else(shakedown_apply::today, of)
    }

    /// The weaker fixes that are in force, with the days left.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn exceptions(&self, store: &Store) -> Result<v1::Exceptions, FixError> {
        let due = shakedown_apply::due(store, self.today())?;
        let with_days =
            due.iter().map(|(record, days)| v1::Change { days_left: Some(*days), ..change_document(record) });
        Ok(v1::Exceptions {
            schema: v1::SCHEMA.to_owned(),
            command: "exceptions".to_owned(),
            exceptions: with_days.collect(),
        })
    }
}
