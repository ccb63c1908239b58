//! Changes that are taken back: because a step did not hold, because a run was killed, because nobody confirmed them, or
//! because somebody asks for it.

use std::time::Duration;

use crate::journal::{Change, Locked, Record, State};
use crate::running::{running, wait_for_the_end, workers};
use crate::transaction::ReloadBy;
use crate::{Invocation, StepError, StoreError, System, charon, copy, pluto, program, sha256};

/// A change that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Its id.
    pub id: String,
    /// How many files were put back; none where nothing had been written.
    pub files: usize,
    /// What the running program was told, in words.
    pub reloaded: Option<String>,
    /// Why the running program could not be told. The files are as they were.
    pub not_reloaded: Option<String>,
}

/// What was found of a change that nobody is working on any more.
#[derive(Debug)]
pub enum Recovered {
    /// It was taken back.
    TakenBack(TakenBack),
    /// It could not be.
    Stuck {
        /// The change.
        id: String,
        /// Why.
        because: StepError,
    },
}

/// How long a reload may take when a change of a killed run is taken back.
const LIMIT: Duration = Duration::from_secs(30);

/// Takes back every change that a killed run left unfinished, and those whose time to be confirmed is over. Each is then
/// wholly undone.
///
/// # Errors
/// The journal cannot be read.
pub fn recover(locked: &Locked, system: &impl System) -> Result<Vec<Recovered>, StoreError> {
    let now = system.now();
    let mut out = Vec::new();
    for record in locked.store().records()?.into_iter().rev().filter(|record| !record.is_finished()) {
        let because = match record.is_pending() {
            true if record.deadline().is_some_and(|deadline| deadline > now) => continue,
            true => "not confirmed in time",
            false => "the run that made it was interrupted",
        };
        out.push(match take_back(locked, system, &record, because, LIMIT) {
            Ok(back) => Recovered::TakenBack(back),
            Err(because) => Recovered::Stuck { id: record.id.clone(), because },
        });
    }
    Ok(out)
}

/// How long a program may take to start itself again.
const SETTLES: Duration = Duration::from_secs(2);

/// Waits until a program that was told to read its files just now can be told again: sshd passes over a signal that comes
/// while it starts itself again (`sighup_restart` in OpenSSH's sshd.c), and would keep the new file.
fn settle(system: &impl System, record: &Record) {
    let last = record.steps.last().filter(|_| record.change.reload != ReloadBy::Nothing);
    let since = last.and_then(|(_, at, _)| Duration::try_from(system.now().duration_since(*at)).ok());
    if let Some(left) = since.and_then(|since| SETTLES.checked_sub(since)) {
        system.wait(left);
    }
}

/// Takes one change back: its old files are put in place, each at once, and the running program is told. Done a second
/// time, or after being killed in the middle, it comes to the same.
///
/// # Errors
/// A file is neither as it was before nor as it was made, so that somebody else has changed it: then nothing is touched.
/// Or it cannot be written.
pub fn take_back(
    locked: &Locked,
    system: &impl System,
    record: &Record,
    because: &str,
    limit: Duration,
) -> Result<TakenBack, StepError> {
    let change = &record.change;
    let mut restored = Vec::new();
    for file in &change.files {
        let failed = |source| StepError::Write { path: file.path.clone(), source };
        let now = sha256(&system.read(&file.target).map_err(failed)?);
        // Where the new file still waits beside it, it was never put in place: what differs is somebody else's.
        if now == file.before || now != file.after && file.staged.symlink_metadata().is_ok() {
            continue;
        }
        let backup = system.read(&file.backup).map_err(failed)?;
        if now != file.after || sha256(&backup) != file.before {
            return Err(StepError::Changed { path: file.path.clone() });
        }
        restored.push(file);
    }
    for file in &restored {
        let failed = |source| StepError::Write { path: file.path.clone(), source };
        system.rename(&file.backup, &file.target).map_err(failed)?;
    }
    for file in &change.files {
        // What is left beside a file is litter by now, and no reason to stop.
        let _litter = system.remove(&file.staged);
        if !restored.iter().any(|other| other.target == file.target) {
            let _litter = system.remove(&file.backup);
        }
    }
    let _litter = copy::remove(&locked.copy_folder(&record.id));
    // The running program may have read the new files from the moment on that they were in place.
    let touched = !restored.is_empty() || record.state >= State::Written;
    let told = if touched {
        settle(system, record);
        reload(system, change, limit)
    } else {
        Ok(None)
    };
    let (reloaded, not_reloaded) = match told {
        Ok(told) => (told, None),
        Err(because) => match restart(system, change, limit) {
            Some(Ok(started)) => (Some(started), None),
            _ => (None, Some(because)),
        },
    };
    locked.append(system, &record.id, State::RolledBack, Some(because), None)?;
    Ok(TakenBack { id: record.id.clone(), files: restored.len(), reloaded, not_reloaded })
}

/// How long the processes that have the old settings are waited for.
const OLD_WORKERS: Duration = Duration::from_secs(3);

/// Makes the running program read its files. Where other processes than that one answer, those of before are waited for: one
/// that answers would tell nothing of the new settings. Gives what was done, in words.
pub(crate) fn reload(system: &impl System, change: &Change, limit: Duration) -> Result<Option<String>, String> {
    let program = program::of_kind(&change.kind).filter(|program| program.workers);
    let old = program.map(|program| workers(program, &change.main)).unwrap_or_default();
    let mut told = tell(system, change, limit)?;
    if wait_for_the_end(&old, OLD_WORKERS.min(limit)) > 0
        && let Some(told) = &mut told
    {
        told.push_str("; old processes still serve connections that were open");
    }
    Ok(told)
}

/// Makes the running program read its files again; gives what was done, in words.
fn tell(system: &impl System, change: &Change, limit: Duration) -> Result<Option<String>, String> {
    match &change.reload {
        ReloadBy::Nothing => Ok(None),
        ReloadBy::Unit { unit } => {
            let words = ["reload", "--", unit].map(Into::into);
            run(system, &Invocation::new("systemctl", words, limit)).map(Some)
        }
        ReloadBy::Command { command, .. } => {
            run(system, &Invocation::shell(command, limit))?;
            Ok(Some(format!("`{command}`")))
        }
        ReloadBy::Signal { .. } => {
            let program = program::of_kind(&change.kind).ok_or_else(|| format!("`{}` is not known", change.kind))?;
            let signal = program.signal.as_deref().unwrap_or("HUP");
            let found = running(program, &change.main);
            if found.is_empty() {
                return Err(format!(
                    "no running `{}` is found that reads `{}`",
                    program.program,
                    change.main.display()
                ));
            }
            if change.kind == pluto::KIND {
                let [process] = found.as_slice() else {
                    return Err(format!("several `{}` read `{}`", program.program, change.main.display()));
                };
                return pluto::tell(system, process, &change.main, &change.again, limit).map(Some);
            }
            let mut told = Vec::new();
            if !program.reload.is_empty() {
                for process in &found {
                    let unknown = || format!("the socket of process {} is not known", process.id);
                    let invocation = charon::told(program, process, &change.main, limit).ok_or_else(unknown)?;
                    let ran = system.run(&invocation).map_err(|error| format!("`{}`: {error}", invocation.text()))?;
                    let works = program.says.as_ref().is_none_or(|says| ran.output.contains(says.as_str()));
                    if !ran.succeeded() || !works {
                        return Err(format!("`{}` {}: {}", invocation.text(), ran.end(), ran.said()));
                    }
                    told.push(format!("`{}`", invocation.text()));
                }
                return Ok(Some(told.join(", ")));
            }
            for process in found {
                let sent = system.signal(process.id, signal);
                sent.map_err(|error| format!("SIG{signal} to process {}: {error}", process.id))?;
                told.push(process.id.to_string());
            }
            Ok(Some(format!("SIG{signal} to `{}` (process {})", program.program, told.join(", "))))
        }
    }
}

/// Starts the program where a reload has ended it, and gives what was done, in words, or what went wrong. `None` where it is
/// not known how.
pub fn restart(system: &impl System, change: &Change, limit: Duration) -> Option<Result<String, String>> {
    let invocation = match &change.reload {
        ReloadBy::Nothing => return None,
        ReloadBy::Unit { unit } => Invocation::new("systemctl", ["restart", "--", unit].map(Into::into), limit),
        ReloadBy::Signal { restart } | ReloadBy::Command { restart, .. } => {
            Invocation::shell(restart.as_deref()?, limit)
        }
    };
    Some(run(system, &invocation))
}

fn run(system: &impl System, invocation: &Invocation) -> Result<String, String> {
    let command = invocation.text();
    let ran = system.run(invocation).map_err(|error| format!("`{command}` cannot be run: {error}"))?;
    if ran.succeeded() { Ok(format!("`{command}`")) } else { Err(format!("`{command}` {}: {}", ran.end(), ran.said())) }
}

/// Says that a change is to stay.
///
/// # Errors
/// It does not wait for that, or the journal cannot be written.
pub fn confirm(locked: &Locked, system: &impl System, id: &str) -> Result<Record, StoreError> {
    let record = locked.store().record(id)?;
    let because = match record.state {
        State::Proved if record.deadline().is_some_and(|deadline| deadline <= system.now()) => {
            "its time is over, and it is being undone"
        }
        State::Proved if record.is_pending() => {
            locked.append(system, id, State::Confirmed, None, None)?;
            return locked.store().record(id);
        }
        State::Proved | State::Confirmed => "it stays already",
        State::RolledBack => "there is nothing to confirm",
        _ => "it has not been proved",
    };
    Err(StoreError::State { id: id.to_owned(), state: record.state.as_str(), because })
}

/// The changes that lower security and are in force, with the days left until each has to go; none or fewer where it is
/// past its last day.
///
/// # Errors
/// The journal cannot be read.
pub fn due(store: &crate::Store, today: jiff::civil::Date) -> Result<Vec<(Record, i64)>, StoreError> {
    let records = store.records()?.into_iter().filter(Record::is_in_force);
    let with_days = records.filter_map(|record| {
        let until = record.change.exception.as_ref()?.until;
        let days = until.since((jiff::Unit::Day, today)).map_or(0, |span| i64::from(span.get_days()));
        Some((record, days))
    });
    Ok(with_days.collect())
}
