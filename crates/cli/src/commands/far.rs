//! `shakedown fix --via`: the same on another machine, and the end that answers there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use shakedown::{FarPlan, Session, Shown, Via};

use super::changes;
use super::fix::{self, Numbered, Steps};
use crate::arguments::{Confirm, Connection, FarArguments, FixArguments, Format, Output, Reading};
use crate::output;

/// Answers on standard input and output until nothing more is asked.
pub(super) fn serve() -> anyhow::Result<u8> {
    let served = shakedown::serve_far(std::io::stdin(), std::io::stdout(), fix::guard()?);
    super::block_on(served)?.context("the other end cannot be answered")?;
    Ok(0)
}

/// The way to another machine.
pub(super) fn via(destination: &str, far: &FarArguments, ssh_config: Option<PathBuf>) -> anyhow::Result<Via> {
    let mut via = Via::new(destination);
    via.ssh_config = ssh_config;
    via.sudo = far.via_sudo;
    if far.send_binary {
        via.binary = Some(std::env::current_exe().context("the path of this program is not known")?);
    }
    Ok(via)
}

/// What is to be changed on another machine.
enum What<'a> {
    /// A server's file there; the server is seen from here.
    Server(&'a str, &'a str),
    /// A client there; the server is seen from there.
    Client(&'a str, &'a str),
    /// What a plan says.
    Saved(&'a Path),
    /// Changes that were made.
    Changes,
}

fn what(arguments: &FixArguments) -> anyhow::Result<What<'_>> {
    let FixArguments { list, expire, undo, confirm, .. } = arguments;
    if *list || *expire || undo.is_some() || confirm.is_some() {
        return Ok(What::Changes);
    }
    let is_path = |text: &str| text.contains('/') && !text.contains("://");
    match (arguments.first.as_deref(), arguments.second.as_deref(), &arguments.apply) {
        (None, _, Some(Some(path))) => Ok(What::Saved(path)),
        (_, _, Some(Some(path))) => Err(anyhow!(
            "`--apply {}` is a saved plan, which has its own target: name only one of them, or write `--apply` last",
            path.display()
        )),
        (Some(target), Some(file), _) if is_path(file) => Ok(What::Server(target, file)),
        (Some(client), Some(target), _) if client == "local" || is_path(client) => {
            if !arguments.clients.is_empty() || !arguments.seen_in.is_empty() {
                return Err(anyhow!("`--as` and `--seen-in` are about a server that is to change, not about a client"));
            }
            let Connection { connect, sni, cacert, cert, proxy, source, ipv4, ipv6, .. } = &arguments.connection;
            let Reading { host, context, file, now, .. } = &arguments.reading;
            let named = [sni, proxy, host, context, now].iter().any(|option| option.is_some())
                || [cacert, cert].iter().any(|option| option.is_some())
                || !connect.is_empty()
                || !file.is_empty()
                || source.is_some()
                || *ipv4
                || *ipv6;
            if named {
                return Err(anyhow!(
                    "a client of the other machine reaches the server from there, as it is set up there: of the options of a \
                     connection only `--timeout` and `-F` go with it"
                ));
            }
            Ok(What::Client(client, target))
        }
        _ => Err(anyhow!(
            "with `--via`, name the running server as it is reached from here, and its file there: `shakedown fix \
             ssh://db01 /etc/ssh/sshd_config --via ssh://root@db01`; or a client there, and the server that it is to \
             reach: `shakedown fix /etc/ssh/ssh_config ssh://db01 --via ssh://root@app01`"
        )),
    }
}

/// Plans, applies, lists or takes back on another machine. The status is as without `--via`.
pub(super) fn run(
    destination: &str,
    session: &Session,
    arguments: &FixArguments,
    output: &Output,
) -> anyhow::Result<u8> {
    if output.redact {
        return Err(anyhow!("`--redact` hides the paths that `--via` is about: use one of them"));
    }
    let reading = &arguments.reading;
    if reading.root.is_some() || reading.allow_exec || output.catalog.is_some() {
        return Err(anyhow!("`--root`, `--allow-exec` and `--catalog` are about this machine: not with `--via`"));
    }
    if matches!(output.format, Format::Handoff | Format::Sarif) {
        return Err(anyhow!("with `--via` the formats are `text`, `json` and `markdown`"));
    }
    // Before anything is begun there: what is wrong with the command line is told at once.
    let what = what(arguments)?;
    let via = via(destination, &arguments.far, arguments.connection.ssh_config.clone())?;
    let state = arguments.state.as_ref();
    let mut applying = fix::applying(arguments, output)?;
    applying.confirm_own_session = None;
    if arguments.confirm_within.is_none_or(|confirm| confirm != Confirm::Never) {
        applying.confirm_within = applying.confirm_within.or(Some(fix::OWN_SESSION));
    }
    let mut far = super::block_on(session.far(&via))??;
    let drawn = output::text_options(output, None);
    let mut shown = Shown::default();
    shown.color = drawn.color;
    shown.width = drawn.width;
    shown.verbose = output.verbose;
    shown.allow_weaker = output.allow_weaker;
    shown.markdown = output.format == Format::Markdown;
    let plan = match what {
        What::Server(target, file) => super::block_on(session.plan_on(&mut far, target, file, &shown))??,
        What::Client(client, target) => session.plan_client_on(&mut far, client, target, &shown)?,
        What::Saved(path) => {
            let mut steps = Steps::new(output);
            let applied = session.apply_saved_on(&mut far, path, &applying, |step| steps.show(step));
            let applied = super::block_on(applied)??.ok_or_else(|| anyhow!("the plan came to nothing there"))?;
            return fix::finish(&applied, None, session, output, arguments);
        }
        What::Changes => {
            return match (&arguments.undo, &arguments.confirm) {
                (Some(id), _) => changes::told(&far.undo(state, id)?, output),
                (_, Some(id)) => changes::told(&far.confirm(state, id)?, output),
                _ if arguments.expire => changes::told(&far.expire(state)?, output),
                _ => changes::list(&far.changes(state)?, output),
            };
        }
    };
    output::end_progress(output);
    let saved = match &arguments.save {
        Some(path) => {
            let saved = session.saved_on(&mut far, applying.number, applying.exception.clone())?;
            fix::write_plan(path, &saved)?;
            Some((path, saved))
        }
        None => None,
    };
    let apply = arguments.apply.is_some();
    show(&plan, apply, output)?;
    if let Some((path, saved)) = saved {
        fix::say_saved(path, &saved, output)?;
    }
    if !apply {
        return Ok(plan.exit_status);
    }
    let mut steps = Steps::new(output);
    if output.format != Format::Json {
        output::print("\n")?;
    }
    match super::block_on(session.apply_on(&mut far, &applying, |step| steps.show(step)))? {
        Ok(Some(applied)) => fix::finish(&applied, Some(plan.document), session, output, arguments),
        Ok(None) => {
            match output.format {
                Format::Json => output::print(&fix::with_applied(plan.document, None))?,
                _ => output::print("nothing fails, so that there is nothing to apply\n")?,
            }
            Ok(0)
        }
        Err(error) => {
            if output.format == Format::Json {
                output::print(&fix::with_applied(plan.document, None))?;
            }
            Err(error.into())
        }
    }
}

/// Prints a plan, but for the document of one that is then made, which tells what became of it as well.
fn show(plan: &FarPlan, apply: bool, output: &Output) -> anyhow::Result<()> {
    match output.format {
        Format::Json if apply => Ok(()),
        Format::Json => output::print(&fix::with_applied(plan.document.clone(), None)),
        _ => {
            output::print(&plan.text)?;
            let numbered = plan.fixes.iter().map(|fix| Numbered {
                applicability: &fix.applicability,
                side: &fix.side,
                title: &fix.title,
                edits: fix.edits,
            });
            fix::show_numbers(&numbered.collect::<Vec<_>>(), output)
        }
    }
}
