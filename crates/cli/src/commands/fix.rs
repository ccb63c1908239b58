//! `shakedown fix` and `shakedown exceptions`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use shakedown::apply::{Exception, Record, State, Store};
use shakedown::{Applied, Applying, FixError, FixPlan, Options, Session, Step};

use crate::arguments::{Confirm, FixArguments, Format, Output};
use crate::output::{self, Kind};

/// How long a change of the sshd that carries this session waits to be confirmed.
const OWN_SESSION: Duration = Duration::from_secs(300);

/// Plans, applies, lists or takes back. 0 proved, 1 rolled back or a cause found, 3 it cannot be told.
pub(super) fn run(arguments: FixArguments, output: &Output) -> anyhow::Result<u8> {
    let mut options = super::options(output, &arguments.connection, &arguments.reading)?;
    options.clients = arguments.clients.clone();
    let session = Session::new(options)?;
    if arguments.list {
        return list(&session.store(arguments.state)?, output);
    }
    if let Some(id) = &arguments.undo {
        return undo(&session, &session.store(arguments.state.clone())?, id, output);
    }
    if let Some(id) = &arguments.confirm {
        return confirm(&session.store(arguments.state.clone())?, id, output);
    }
    if arguments.expire {
        return expire(&session, &session.store(arguments.state)?, output);
    }
    let applying = applying(&arguments, output)?;
    if let (None, Some(Some(path))) = (&arguments.first, &arguments.apply) {
        let mut steps = Steps::new(output);
        let applied = super::block_on(session.apply_saved(path, &applying, |step| steps.show(step)))??;
        return finish(&applied, None, &session, output, &arguments);
    }
    if let Some(Some(path)) = &arguments.apply {
        return Err(anyhow!(
            "`--apply {}` is a saved plan, which has its own target: name only one of them, or write `--apply` last",
            path.display()
        ));
    }
    let first = arguments.first.as_deref().ok_or_else(|| anyhow!("name a target or a party"))?;
    let plan = super::block_on(session.fix(first, arguments.second.as_deref()))??;
    output::end_progress(output);
    if let Some(path) = &arguments.save {
        let saved = session.saved(&plan, applying.number, applying.exception.clone())?;
        write_plan(path, &saved.text()).with_context(|| format!("`{}` cannot be written", path.display()))?;
        let status = show(&plan, &session, output)?;
        if output.format == Format::Text {
            output::print(&format!(
                "\nplan of `{}` written to `{}`; nothing was changed\n",
                saved.title,
                path.display()
            ))?;
        }
        return Ok(status);
    }
    if arguments.apply.is_none() {
        return show(&plan, &session, output);
    }
    if output.redact {
        return Err(anyhow!("`--redact` hides the paths that `--apply` writes: use one of them"));
    }
    if output.format != Format::Json {
        show(&plan, &session, output)?;
        output::print("\n")?;
    }
    let mut steps = Steps::new(output);
    let applied = super::block_on(session.apply(&plan, &applying, |step| steps.show(step)))?;
    match applied {
        Ok(applied) => finish(&applied, Some(&plan), &session, output, &arguments),
        Err(FixError::Nothing) => {
            match output.format {
                Format::Json => output::print(&document(&plan, None))?,
                _ => output::print("nothing fails, so that there is nothing to apply\n")?,
            }
            Ok(0)
        }
        Err(error) => {
            if output.format == Format::Json {
                output::print(&document(&plan, None))?;
            }
            Err(error.into())
        }
    }
}

fn applying(arguments: &FixArguments, output: &Output) -> anyhow::Result<Applying> {
    let mut applying = Applying::default();
    applying.number = arguments.fix;
    applying.state = arguments.state.clone();
    applying.reload = arguments.reload.clone();
    applying.restart = arguments.restart.clone();
    applying.exception = exception(arguments, output)?;
    match arguments.confirm_within {
        Some(Confirm::Within(time)) => applying.confirm_within = Some(time),
        Some(Confirm::Never) => {}
        // Set by sshd for the sessions that it carries (ssh(1), ENVIRONMENT).
        None => applying.confirm_own_session = std::env::var_os("SSH_CONNECTION").map(|_| OWN_SESSION),
    }
    let program = std::env::current_exe().context("the path of this program is not known")?;
    applying.guard = vec![program.into(), "guard".into()];
    Ok(applying)
}

/// What allows a weaker fix: all of the flag, the reason and the date.
fn exception(arguments: &FixArguments, output: &Output) -> anyhow::Result<Option<Exception>> {
    let (reason, until) = match (&arguments.reason, &arguments.until) {
        (None, None) => return Ok(None),
        (Some(reason), Some(until)) if output.allow_weaker => (reason.trim(), until),
        _ => return Err(anyhow!("`--reason` and `--until` belong together, and to `--allow-weaker`")),
    };
    if reason.is_empty() {
        return Err(anyhow!("`--reason` is empty: say why the weaker fix is needed"));
    }
    let date =
        until.parse().with_context(|| format!("`{}` is not a date: write `2026-12-31`", until.escape_debug()))?;
    if date <= shakedown::apply::today() {
        return Err(anyhow!("`--until {date}` is over: name a day to come"));
    }
    Ok(Some(Exception { reason: reason.to_owned(), until: date }))
}

/// Prints the report and, for people, the numbers of the fixes.
fn show(plan: &FixPlan, session: &Session, output: &Output) -> anyhow::Result<u8> {
    let status = output::report(plan.report.clone(), session, output, Kind::Diagnosis)?;
    if output.format == Format::Text && plan.report.fixes.len() > 1 {
        let mut text = String::from("\nfixes, for `--fix N`:\n");
        for (index, fix) in plan.report.fixes.iter().enumerate() {
            if fix.applicability == shakedown::Applicability::Weakens && !output.allow_weaker {
                continue;
            }
            let edits = if fix.edits.is_empty() { "" } else { " (edits a file)" };
            let line = format!(
                "  {} {}, {}: {}{edits}\n",
                index + 1,
                fix.applicability.as_str(),
                fix.side.as_str(),
                fix.title
            );
            text.push_str(&line);
        }
        output::print(&text)?;
    }
    Ok(status)
}

/// Steps are printed as they are made.
struct Steps {
    shown: bool,
}

impl Steps {
    fn new(output: &Output) -> Self {
        Self { shown: output.format != Format::Json }
    }

    fn show(&mut self, step: &Step) {
        if self.shown {
            // A reader that has gone away must not stop a change in the middle.
            let _nobody_reads = output::print(&format!("{:>12}  {}\n", step.state.as_str(), step.text));
        }
    }
}

fn finish(
    applied: &Applied,
    plan: Option<&FixPlan>,
    session: &Session,
    output: &Output,
    arguments: &FixArguments,
) -> anyhow::Result<u8> {
    let state = arguments.state.as_ref().map(|state| format!(" --state {}", state.display())).unwrap_or_default();
    let status = u8::from(applied.state != State::Proved);
    if output.format == Format::Json {
        let text = match plan {
            Some(plan) => document(plan, Some(of_applied(applied))),
            None => {
                let version = session.catalog().date();
                let bare = json!({"schema": "shakedown/1", "command": "fix", "catalog_date": version, "applied": of_applied(applied)});
                format!("{bare:#}\n")
            }
        };
        output::print(&text)?;
        return Ok(status);
    }
    let mut text = String::new();
    match (&applied.because, applied.state) {
        (Some(because), State::RolledBack) => text.push_str(&format!("\nrolled back: {because}\n")),
        (Some(because), stands) => text.push_str(&format!(
            "\nnot proved, and not taken back; the change stands as {}: {because}\n`shakedown fix --undo {}{state}` tries again\n",
            stands.as_str(),
            applied.id
        )),
        (None, _) => {
            text.push_str(&format!("\nproved; to undo it: shakedown fix --undo {}{state}\n", applied.id));
            if let Some(at) = applied.undone_at {
                text.push_str(&format!(
                    "it is undone at {at} unless you log in by a new connection and run: shakedown fix --confirm {}{state}\n",
                    applied.id
                ));
            }
        }
    }
    output::print(&text)?;
    Ok(status)
}

/// The report with what became of the fix.
fn document(plan: &FixPlan, applied: Option<Value>) -> String {
    let mut document: Value = serde_json::from_str(&shakedown::report::json(&plan.report)).unwrap_or_default();
    if let (Some(object), Some(applied)) = (document.as_object_mut(), applied) {
        object.insert("applied".to_owned(), applied);
    }
    format!("{document:#}\n")
}

fn of_applied(applied: &Applied) -> Value {
    json!({
        "id": applied.id,
        "fix": applied.number.map(|number| number - 1),
        "title": applied.change.title,
        "state": applied.state.as_str(),
        "because": applied.because,
        "undone_at": applied.undone_at.map(|at| at.to_string()),
        "files": files(&applied.change.files),
        "steps": applied.steps.iter().map(|step| json!({"state": step.state.as_str(), "text": step.text})).collect::<Vec<_>>(),
    })
}

fn files(files: &[shakedown::apply::ChangedFile]) -> Vec<Value> {
    files.iter().map(|file| json!({"path": file.path, "backup": file.backup})).collect()
}

/// A plan is for its readers only: it holds what the files were, as hashes, and what they become.
fn write_plan(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn of_record(record: &Record) -> Value {
    json!({
        "id": record.id,
        "state": record.state.as_str(),
        "finished": record.is_finished(),
        "begun": record.begun().map(|at| at.to_string()),
        "title": record.change.title,
        "causes": record.change.causes,
        "applicability": record.change.applicability,
        "by": record.change.by,
        "files": files(&record.change.files),
        "detail": record.detail(),
        "undone_at": record.deadline().filter(|_| record.is_pending()).map(|at| at.to_string()),
        "reason": record.change.exception.as_ref().map(|exception| exception.reason.clone()),
        "until": record.change.exception.as_ref().map(|exception| exception.until.to_string()),
    })
}

fn list(store: &Store, output: &Output) -> anyhow::Result<u8> {
    let records = store.records()?;
    let busy = store.is_busy();
    let unfinished = records.iter().any(|record| !record.is_finished() && !record.is_pending()) && !busy;
    if output.format == Format::Json {
        let changes: Vec<Value> = records.iter().map(of_record).collect();
        let document = json!({"schema": "shakedown/1", "command": "fix", "busy": busy, "changes": changes});
        output::print(&format!("{document:#}\n"))?;
        return Ok(u8::from(unfinished));
    }
    let mut text = String::new();
    for record in &records {
        let begun = record.begun().map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        let change = &record.change;
        text.push_str(&format!("{}  {}  {}: {}\n", record.id, begun, record.state.as_str(), change.title));
        for file in &change.files {
            text.push_str(&format!("    `{}`, by {}\n", file.path.display(), change.by));
        }
        if let Some(detail) = record.detail() {
            text.push_str(&format!("    {detail}\n"));
        }
        if let Some(exception) = &change.exception {
            text.push_str(&format!("    weaker until {}: {}\n", exception.until, exception.reason));
        }
        if record.is_pending() {
            let at = record.deadline().map(|at| at.to_string()).unwrap_or_default();
            text.push_str(&format!("    it is undone at {at} unless `shakedown fix --confirm {}` is run\n", record.id));
        } else if !record.is_finished() {
            text.push_str(if busy {
                "    it is being made now\n"
            } else {
                "    the run that made it was interrupted: `shakedown fix --undo ID`, or the next `--apply`, takes it back\n"
            });
        }
    }
    if text.is_empty() {
        text.push_str("no change was made\n");
    }
    output::print(&text)?;
    Ok(u8::from(unfinished))
}

fn undo(session: &Session, store: &Store, id: &str, output: &Output) -> anyhow::Result<u8> {
    let locked = store.lock()?;
    let back = session.undo(&locked, id)?;
    if output.format == Format::Json {
        let document = json!({"schema": "shakedown/1", "command": "fix", "changes": [of_record(&store.record(id)?)],
            "reloaded": back.reloaded, "not_reloaded": back.not_reloaded});
        output::print(&format!("{document:#}\n"))?;
    } else {
        output::print(&format!("change `{id}` undone: {}\n", shakedown::taken_back(&back)))?;
    }
    Ok(u8::from(back.not_reloaded.is_some()))
}

fn confirm(store: &Store, id: &str, output: &Output) -> anyhow::Result<u8> {
    let record = shakedown::apply::confirm(&store.lock()?, &shakedown::apply::Real::default(), id)?;
    if output.format == Format::Json {
        let document = json!({"schema": "shakedown/1", "command": "fix", "changes": [of_record(&record)]});
        output::print(&format!("{document:#}\n"))?;
    } else {
        output::print(&format!("change `{id}` stays\n"))?;
    }
    Ok(0)
}

fn expire(session: &Session, store: &Store, output: &Output) -> anyhow::Result<u8> {
    let locked = store.lock()?;
    let mut status = 0;
    let mut changes = Vec::new();
    let mut text = String::new();
    for (record, days) in shakedown::apply::due(store, shakedown::apply::today())? {
        if days >= 0 {
            continue;
        }
        match session.undo(&locked, &record.id) {
            Ok(back) => text.push_str(&format!("change `{}` removed: {}\n", record.id, shakedown::taken_back(&back))),
            Err(error) => {
                status = 1;
                let error = anyhow::Error::from(error);
                text.push_str(&format!("change `{}` stays: {error:#}\n", record.id));
            }
        }
        changes.push(of_record(&store.record(&record.id)?));
    }
    if output.format == Format::Json {
        let document = json!({"schema": "shakedown/1", "command": "fix", "changes": changes});
        output::print(&format!("{document:#}\n"))?;
    } else if text.is_empty() {
        output::print("no weaker fix is past its date\n")?;
    } else {
        output::print(&text)?;
    }
    Ok(status)
}

/// The weaker fixes in force. 1 where one is past its date.
pub(super) fn exceptions(state: Option<PathBuf>, output: &Output) -> anyhow::Result<u8> {
    let store = Session::new(Options::default())?.store(state)?;
    let due = shakedown::apply::due(&store, shakedown::apply::today())?;
    let past = due.iter().any(|(_, days)| *days < 0);
    if output.format == Format::Json {
        let with_days = due.iter().map(|(record, days)| {
            let mut value = of_record(record);
            if let Some(object) = value.as_object_mut() {
                object.insert("days_left".to_owned(), json!(days));
            }
            value
        });
        let exceptions: Vec<Value> = with_days.collect();
        let document = json!({"schema": "shakedown/1", "command": "exceptions", "exceptions": exceptions});
        output::print(&format!("{document:#}\n"))?;
        return Ok(u8::from(past));
    }
    let mut text = String::new();
    for (record, days) in &due {
        let left = match days {
            0 => "its last day is today".to_owned(),
            1 => "1 day left".to_owned(),
            days if *days > 0 => format!("{days} days left"),
            days => format!("past its date by {} days: `shakedown fix --expire` removes it", -days),
        };
        let reason = record.change.exception.as_ref().map(|exception| exception.reason.as_str()).unwrap_or_default();
        text.push_str(&format!("{}  {left}: {}\n    {reason}\n", record.id, record.change.title));
        for file in &record.change.files {
            text.push_str(&format!("    `{}`, by {}\n", file.path.display(), record.change.by));
        }
    }
    if text.is_empty() {
        text.push_str("no weaker fix is in force\n");
    }
    output::print(&text)?;
    Ok(u8::from(past))
}
