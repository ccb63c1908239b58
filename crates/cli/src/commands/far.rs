//! `shakedown fix --via`: the same on another machine, and the end that answers there.

use anyhow::{Context as _, anyhow};
use shakedown::{Session, Shown, Via};

use super::changes;
use super::fix::{self, Numbered, Steps};
use crate::arguments::{Confirm, FixArguments, Format, Output};
use crate::output;

/// Answers on standard input and output until nothing more is asked.
pub(super) fn serve() -> anyhow::Result<u8> {
    let served = shakedown::serve_far(std::io::stdin(), std::io::stdout(), fix::guard()?);
    super::block_on(served)?.context("the other end cannot be answered")?;
    Ok(0)
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
    let mut via = Via::new(destination);
    via.ssh_config = arguments.connection.ssh_config.clone();
    via.sudo = arguments.via_sudo;
    if arguments.send_binary {
        via.binary = Some(std::env::current_exe().context("the path of this program is not known")?);
    }
    let state = arguments.state.as_ref();
    let asks = arguments.list || arguments.expire || arguments.undo.is_some() || arguments.confirm.is_some();
    // Before anything is begun there: what is wrong with the command line is told at once.
    let mut applying = fix::applying(arguments, output)?;
    applying.confirm_own_session = None;
    if arguments.confirm_within.is_none_or(|confirm| confirm != Confirm::Never) {
        applying.confirm_within = applying.confirm_within.or(Some(fix::OWN_SESSION));
    }
    let named = match (&arguments.first, &arguments.second, &arguments.apply) {
        _ if asks => None,
        (_, _, Some(Some(path))) => {
            return Err(anyhow!(
                "`--apply {}` is a saved plan, which is applied on the machine that it was made for; write `--apply` last",
                path.display()
            ));
        }
        (Some(target), Some(file), _) if file.contains('/') && !file.contains("://") => Some((target, file)),
        _ => {
            return Err(anyhow!(
                "with `--via`, name the running server as it is reached from here, and its file there: \
                 `shakedown fix ssh://db01 /etc/ssh/sshd_config --via ssh://root@db01`"
            ));
        }
    };
    let mut far = super::block_on(session.far(&via))??;
    let Some((target, file)) = named else {
        return match (&arguments.undo, &arguments.confirm) {
            (Some(id), _) => changes::told(&far.undo(state, id)?, output),
            (_, Some(id)) => changes::told(&far.confirm(state, id)?, output),
            _ if arguments.expire => changes::told(&far.expire(state)?, output),
            _ => changes::list(&far.changes(state)?, output),
        };
    };
    let drawn = output::text_options(output, None);
    let mut shown = Shown::default();
    shown.color = drawn.color;
    shown.width = drawn.width;
    shown.verbose = output.verbose;
    shown.allow_weaker = output.allow_weaker;
    shown.markdown = output.format == Format::Markdown;
    let plan = super::block_on(session.plan_on(&mut far, target, file, &shown))??;
    output::end_progress(output);
    let apply = arguments.apply.is_some();
    match output.format {
        Format::Json if apply => {}
        Format::Json => output::print(&fix::with_applied(plan.document.clone(), None))?,
        _ => {
            output::print(&plan.text)?;
            let numbered = plan.fixes.iter().map(|fix| Numbered {
                applicability: &fix.applicability,
                side: &fix.side,
                title: &fix.title,
                edits: fix.edits,
            });
            fix::show_numbers(&numbered.collect::<Vec<_>>(), output)?;
        }
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
