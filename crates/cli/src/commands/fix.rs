//! `shakedown fix`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use shakedown::apply::{Exception, SavedPlan, State};
use shakedown::{Applied, Applying, FixError, FixPlan, Session, Step};
use tokio::signal::unix::{SignalKind, signal};

use super::changes;
use super::signals::Signals;
use crate::arguments::{Confirm, FixArguments, Format, Output};
use crate::output::{self, Kind};

/// How long a change of the sshd that carries this session waits to be confirmed.
pub(super) const OWN_SESSION: Duration = Duration::from_secs(300);

/// Plans, applies, lists or takes back. 0 proved, 1 rolled back or a cause found, 3 it cannot be told.
pub(super) fn run(arguments: FixArguments, output: &Output) -> anyhow::Result<u8> {
    let mut options = super::options(output, &arguments.connection, &arguments.reading)?;
    options.clients = arguments.clients.clone();
    options.seen_in.clone_from(&arguments.seen_in);
    let session = Session::new(options)?;
    if let Some(destination) = &arguments.via {
        return super::far::run(destination, &session, &arguments, output);
    }
    if arguments.list {
        return changes::list(&session.changes(&session.store(arguments.state)?)?, output);
    }
    if let Some(id) = &arguments.undo {
        return changes::told(&session.undo_change(&session.store(arguments.state.clone())?, id)?, output);
    }
    if let Some(id) = &arguments.confirm {
        return changes::told(&session.confirm_change(&session.store(arguments.state.clone())?, id)?, output);
    }
    if arguments.expire {
        return changes::told(&session.expire_changes(&session.store(arguments.state)?)?, output);
    }
    let applying = applying(&arguments, output)?;
    if arguments.apply.is_some() {
        take_back_when_stopped(Arc::clone(&applying.stop))?;
    }
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
        write_plan(path, &saved)?;
        let status = show(&plan, &session, output)?;
        say_saved(path, &saved, output)?;
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
        Ok(applied) => finish(&applied, Some(document(&plan)), &session, output, &arguments),
        Err(FixError::Nothing) => {
            match output.format {
                Format::Json => output::print(&with_applied(document(&plan), None))?,
                _ => output::print("nothing fails, so that there is nothing to apply\n")?,
            }
            Ok(0)
        }
        Err(error) => {
            if output.format == Format::Json {
                output::print(&with_applied(document(&plan), None))?;
            }
            Err(error.into())
        }
    }
}

pub(super) fn applying(arguments: &FixArguments, output: &Output) -> anyhow::Result<Applying> {
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
    applying.guard = guard()?;
    Ok(applying)
}

/// The command that undoes a change which nobody confirms.
pub(super) fn guard() -> anyhow::Result<Vec<std::ffi::OsString>> {
    let program = std::env::current_exe().context("the path of this program is not known")?;
    Ok(vec![program.into(), "guard".into()])
}

/// A change under way is not left half done by Ctrl-C or by the end of the session: it is taken back. Commands that it runs
/// are in groups of their own, so that they come to their end.
fn take_back_when_stopped(stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Received from here on, and not only once the thread runs.
    let mut signals = {
        let _in_the_runtime = runtime.enter();
        let hang_up = if hang_up_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        (Signals::new().context("signals cannot be received")?, hang_up)
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let hung_up = async {
                    match &mut signals.1 {
                        Some(hang_up) => hang_up.recv().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = signals.0.next() => {}
                    _ = hung_up => {}
                }
                stop.store(true, Ordering::Relaxed);
            }
        })
    });
    Ok(())
}

/// Whether whoever has started this wants it to outlive the terminal (nohup(1)).
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    // SIGHUP is the first signal, and the lowest bit (proc(5)).
    ignored.is_some_and(|ignored| ignored & 1 == 1)
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
    let numbered = plan.report.fixes.iter().map(|fix| Numbered {
        applicability: fix.applicability.as_str(),
        side: fix.side.as_str(),
        title: &fix.title,
        edits: !fix.edits.is_empty(),
    });
    show_numbers(&numbered.collect::<Vec<_>>(), output)?;
    Ok(status)
}

/// A fix in the list of the numbers.
pub(super) struct Numbered<'a> {
    pub(super) applicability: &'a str,
    pub(super) side: &'a str,
    pub(super) title: &'a str,
    pub(super) edits: bool,
}

/// For people: which number each fix has.
pub(super) fn show_numbers(fixes: &[Numbered<'_>], output: &Output) -> anyhow::Result<()> {
    if output.format != Format::Text || fixes.len() < 2 {
        return Ok(());
    }
    let mut text = String::from("\nfixes, for `--fix N`:\n");
    for (index, fix) in fixes.iter().enumerate() {
        if fix.applicability == shakedown::Applicability::Weakens.as_str() && !output.allow_weaker {
            continue;
        }
        let edits = if fix.edits { " (edits a file)" } else { "" };
        text.push_str(&format!("  {} {}, {}: {}{edits}\n", index + 1, fix.applicability, fix.side, fix.title));
    }
    output::print(&text)
}

/// Steps are printed as they are made.
pub(super) struct Steps {
    shown: bool,
}

impl Steps {
    pub(super) fn new(output: &Output) -> Self {
        Self { shown: output.format != Format::Json }
    }

    pub(super) fn show(&mut self, step: &Step) {
        if self.shown {
            // A reader that has gone away must not stop a change in the middle.
            let _nobody_reads = output::print(&format!("{:>12}  {}\n", step.state.as_str(), step.text));
        }
    }
}

/// Says what became of a fix: in the document of its plan, or of its own where it has none. 0 where it was proved.
pub(super) fn finish(
    applied: &Applied,
    document: Option<Value>,
    session: &Session,
    output: &Output,
    arguments: &FixArguments,
) -> anyhow::Result<u8> {
    let mut options = arguments.state.as_ref().map(|state| format!(" --state {}", state.display())).unwrap_or_default();
    if let Some(via) = &arguments.via {
        options.push_str(&format!(" --via {via}"));
        for (wanted, option) in [(arguments.far.send_binary, " --send-binary"), (arguments.far.via_sudo, " --via-sudo")]
        {
            options.push_str(if wanted { option } else { "" });
        }
    }
    let status = u8::from(applied.state != State::Proved);
    if output.format == Format::Json {
        let bare = || json!({"schema": "shakedown/1", "command": "fix", "catalog_date": session.catalog().date()});
        output::print(&with_applied(document.unwrap_or_else(bare), Some(applied)))?;
        return Ok(status);
    }
    let mut text = String::new();
    match (&applied.because, applied.state) {
        (Some(because), State::RolledBack) => text.push_str(&format!("\nrolled back: {because}\n")),
        (Some(because), stands) if arguments.via.is_some() => text.push_str(&format!(
            "\nnot proved; when it was last heard of, the change stood as {}: {because}\n`shakedown fix --list{options}` tells what became of it\n",
            stands.as_str()
        )),
        (Some(because), stands) => text.push_str(&format!(
            "\nnot proved, and not taken back; the change stands as {}: {because}\n`shakedown fix --undo {}{options}` tries again\n",
            stands.as_str(),
            applied.id
        )),
        (None, _) => {
            text.push_str(&format!("\nproved; to undo it: shakedown fix --undo {}{options}\n", applied.id));
            if let Some(at) = applied.undone_at {
                text.push_str(&format!(
                    "it is undone at {at} unless you log in by a new connection and run: shakedown fix --confirm {}{options}\n",
                    applied.id
                ));
            }
        }
    }
    output::print(&text)?;
    Ok(status)
}

/// The report of a plan.
fn document(plan: &FixPlan) -> Value {
    serde_json::from_str(&shakedown::report::json(&plan.report)).unwrap_or_default()
}

/// A document with what became of the fix.
pub(super) fn with_applied(mut document: Value, applied: Option<&Applied>) -> String {
    if let (Some(object), Some(applied)) = (document.as_object_mut(), applied) {
        object.insert("applied".to_owned(), json!(shakedown::applied_document(applied)));
    }
    format!("{document:#}\n")
}

/// A plan is for its readers only: it holds what the files were, as hashes, and what they become.
pub(super) fn write_plan(path: &std::path::Path, plan: &SavedPlan) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(plan.text().as_bytes()));
    written.with_context(|| format!("`{}` cannot be written", path.display()))
}

/// For people: that a plan was written.
pub(super) fn say_saved(path: &std::path::Path, plan: &SavedPlan, output: &Output) -> anyhow::Result<()> {
    if output.format != Format::Text {
        return Ok(());
    }
    let path = path.display();
    output::print(&format!("\nplan of `{}` written to `{path}`; nothing was changed\n", plan.title))
}
