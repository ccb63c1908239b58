//! `explain --watch`: follows logs until it is told to stop, and prints each incident as it settles.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use shakedown::input::{Condition, Pace};
use shakedown::{KnownPeer, News, Session, Tally, Watching};
use tokio::runtime::Runtime;

use crate::arguments::Output;
use crate::commands::signals::Signals;
use crate::commands::stream::{Stream, count, note, refuse_sarif, under};

pub(super) fn run(
    session: &Session,
    files: &[PathBuf],
    known: Vec<KnownPeer>,
    from_start: bool,
    output: &Output,
) -> anyhow::Result<u8> {
    if files.iter().any(|file| file.as_os_str() == "-") {
        bail!("`--watch` follows files: standard input has no end to wait behind, name the log instead");
    }
    refuse_sarif(output, "--watch")?;
    if let Some(folder) = files.iter().find(|file| file.is_dir()) {
        bail!("`{}` is a folder: name the files in it", folder.display());
    }
    let mut pace = UntilSignal::new()?;
    let mut printer = Printer { stream: Stream::new(session, output), quiet: output.quiet, error: None };
    let how = Watching { known, from_start };
    let tally = session.watch(files, &how, &mut pace, &mut |news| printer.take(news))?;
    if let Some(error) = printer.error.filter(|error| error.kind() != ErrorKind::BrokenPipe) {
        return Err(error).context("standard output cannot be written");
    }
    note(&summary(&tally));
    Ok(tally.exit_status)
}

/// `2 incidents, 5 more attempts like them, 41 attempts of strangers`
fn summary(tally: &Tally) -> String {
    let mut parts = vec![count(tally.incidents, "incident", "incidents")];
    parts.extend(
        (tally.repeated > 0).then(|| count(tally.repeated, "more attempt like them", "more attempts like them")),
    );
    parts
        .extend((tally.strangers > 0).then(|| count(tally.strangers, "attempt of strangers", "attempts of strangers")));
    parts.join(", ")
}

/// Waits, until the program is told to stop.
struct UntilSignal {
    runtime: Runtime,
    signals: Signals,
}

impl UntilSignal {
    fn new() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("the asynchronous runtime cannot be started")?;
        let signals = {
            let _inside = runtime.enter();
            Signals::new().context("signals cannot be received")?
        };
        Ok(Self { runtime, signals })
    }
}

impl Pace for UntilSignal {
    fn wait(&mut self, time: Duration) -> bool {
        let signals = &mut self.signals;
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = signals.next() => false,
                () = tokio::time::sleep(time) => true,
            }
        })
    }
}

/// Prints what comes up.
struct Printer<'a> {
    stream: Stream<'a>,
    quiet: bool,
    error: Option<std::io::Error>,
}

impl Printer<'_> {
    /// `false` where nobody reads it any more.
    fn take(&mut self, news: News) -> bool {
        let result = match news {
            News::Note { path, condition } => {
                let is_progress = matches!(condition, Condition::Followed { .. });
                if !(is_progress && self.quiet) {
                    note(&format!("`{}` {condition}", path.display().to_string().escape_debug()));
                }
                return true;
            }
            News::Incident(report) => {
                self.stream.print(report, |report, session, output| under("", report, session, output))
            }
            News::Over(report) => self.stream.print(report, |report, _, _| {
                report.notes.iter().map(|note| format!("{}\n", shakedown::report::printable(note))).collect()
            }),
        };
        match result {
            Ok(()) => true,
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}
