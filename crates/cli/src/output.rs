//! What goes to standard output and standard error.

use std::io::{IsTerminal, Write};

use anyhow::Context as _;
use shakedown::report::TextOptions;
use shakedown::{Session, Side};

use crate::arguments::{Colour, Format, Output, SideArgument};

/// Prints a report in the format asked for, and gives the exit status.
pub(crate) fn report(
    mut report: shakedown::Report,
    session: &Session,
    output: &Output,
    kind: Kind,
) -> anyhow::Result<u8> {
    let status = report.exit_status();
    if output.redact {
        shakedown::report::Redactor::default().apply(&mut report);
    }
    print(&rendered(&report, session, output, kind))?;
    Ok(status)
}

/// The report in the format asked for.
pub(crate) fn rendered(report: &shakedown::Report, session: &Session, output: &Output, kind: Kind) -> String {
    match output.format {
        Format::Json => shakedown::report::json(report),
        Format::Markdown => shakedown::report::markdown(report),
        Format::Handoff => {
            let options = shakedown::report::HandoffOptions { allow_weaker: output.allow_weaker };
            shakedown::report::handoff(report, addressee(output, report), &options)
        }
        Format::Sarif => shakedown::report::sarif(report, |code| {
            let page = shakedown::cause(code).ok()?;
            Some(shakedown::report::RulePage { title: page.title, markdown: page.text })
        }),
        Format::Text => match kind {
            Kind::Diagnosis => shakedown::report::text(report, &text_options(output, Some(session))),
            Kind::Offer => {
                let options = text_options(output, Some(session));
                let mut text = String::new();
                for (index, party) in report.parties.iter().enumerate() {
                    if index > 0 {
                        text.push('\n');
                    }
                    text.push_str(&shakedown::report::offer_text(party, &options));
                }
                if report.parties.is_empty() || !report.diagnoses.is_empty() {
                    text.push_str(&shakedown::report::text(report, &options));
                }
                text
            }
        },
    }
}

/// Whom a handoff is for: the side named, else the one at fault, else the server.
fn addressee(output: &Output, report: &shakedown::Report) -> Side {
    match output.to {
        Some(SideArgument::Client) => Side::Client,
        Some(SideArgument::Server) => Side::Server,
        None => report.diagnoses.first().map_or(Side::Server, |first| first.side),
    }
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Outcome, causes and fixes.
    Diagnosis,
    /// What a party offers.
    Offer,
}

/// How text is drawn on this terminal.
pub(crate) fn text_options(output: &Output, session: Option<&Session>) -> TextOptions {
    TextOptions {
        color: color(output),
        width: width(),
        trace: output.verbose,
        verbose: output.verbose,
        allow_weaker: output.allow_weaker,
        ratings: session.map(Session::ratings).unwrap_or_default(),
    }
}

fn color(output: &Output) -> bool {
    match output.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|value| value != "dumb")
        }
    }
}

fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 40).unwrap_or(100)
}

/// Writes data to standard output. A reader that has gone away is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output cannot be written"),
    }
}

/// Writes a document to standard output, with a line end.
pub(crate) fn print_json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document).context("the document cannot be written")?;
    print(&format!("{text}\n"))
}

/// Prints an error with its sources to standard error.
pub(crate) fn error(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    // Nothing can be done where standard error is gone.
    let _ = write!(stderr, "error: {error}");
    for source in error.chain().skip(1) {
        let _ = write!(stderr, ": {source}");
    }
    let _ = writeln!(stderr);
}

/// The progress line on standard error, for a terminal only.
pub(crate) fn progress(output: &Output) -> Option<shakedown::ProgressFunction> {
    if output.quiet || !std::io::stderr().is_terminal() {
        return None;
    }
    Some(std::sync::Arc::new(|step: &str| {
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[K{step}");
        let _ = stderr.flush();
    }))
}

/// Clears the progress line.
pub(crate) fn end_progress(output: &Output) {
    if !output.quiet && std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
    }
}
