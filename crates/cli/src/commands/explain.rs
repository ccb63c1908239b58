//! `explain`: reads the texts and prints what they mean.

mod watch;

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shakedown::input::{Blocks, Condition, Source};
use shakedown::{Explaining, Options, Role, Session};

use super::stream::note;
use crate::arguments::{ExplainArguments, Format, Output};
use crate::output::{self, Kind};

/// Inputs of so many bytes take long enough for a progress bar.
const LARGE: u64 = 50_000_000;

pub(crate) fn run(arguments: ExplainArguments, output: &Output) -> anyhow::Result<u8> {
    let mut options = Options::default();
    options.catalog = output.catalog.clone();
    let session = Session::new(options)?;
    let ExplainArguments { mut files, client, server, known, watch, from_start } = arguments;
    if watch {
        return watch::run(&session, &files, known, from_start, output);
    }
    if files.is_empty() && client.is_empty() && server.is_empty() {
        files.push("-".into());
    }
    let mut roles = Vec::new();
    for (role, paths) in [(Role::Client, client), (Role::Server, server)] {
        roles.extend((files.len()..files.len() + paths.len()).map(|file| (file, role)));
        files.extend(paths);
    }
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    if files.contains(&PathBuf::from("-")) && std::io::stdin().is_terminal() && !output.quiet {
        note("paste the text, then end it with Ctrl-D");
    }
    let blocks = Blocks::new(files.into_iter().map(Source::parse).collect());
    let bar = bar(blocks.total(), output);
    let (report, notes) = session.explain_sources(blocks, &names, Explaining { known, roles }, |done, _| {
        if let Some(bar) = &bar {
            bar.set_position(done);
        }
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    // What cannot be opened is the command line's fault; what is no text is merely not recognised.
    let wrong = |condition: &Condition| matches!(condition, Condition::Unreadable(_) | Condition::Directory);
    let all_wrong = !names.is_empty() && notes.iter().filter(|note| wrong(&note.condition)).count() == names.len();
    if all_wrong {
        if matches!(output.format, Format::Json | Format::Sarif) {
            output::report(report.clone(), &session, output, Kind::Diagnosis)?;
        }
        return Err(anyhow!("{}", report.notes.join("; ")));
    }
    output::report(report, &session, output, Kind::Diagnosis)
}

/// A bar on standard error, for a terminal and where it takes long.
fn bar(total: Option<u64>, output: &Output) -> Option<ProgressBar> {
    let total = total.filter(|total| *total > LARGE && !output.quiet)?;
    // It draws nothing where standard error is no terminal.
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
    let style = ProgressStyle::with_template("{bytes} of {total_bytes} {wide_bar} {eta}");
    Some(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}
