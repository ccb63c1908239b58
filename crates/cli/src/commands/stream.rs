//! Reports that come one after another on standard output, until the program is told to stop.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::bail;
use shakedown::report::Redactor;
use shakedown::{Report, Session};

use crate::arguments::{Format, Output};
use crate::output::{self, Kind};

/// Prints reports as they come.
pub(super) struct Stream<'a> {
    session: &'a Session,
    output: &'a Output,
    /// One for the whole run, so that placeholders stay the same.
    redactor: Redactor,
    /// Whether something stands above.
    printed: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(session: &'a Session, output: &'a Output) -> Self {
        Self { session, output, redactor: Redactor::default(), printed: false }
    }

    /// Prints a report, in the formats for people as `text` makes it.
    pub(super) fn print(
        &mut self,
        report: Report,
        text: impl FnOnce(&Report, &Session, &Output) -> String,
    ) -> std::io::Result<()> {
        let text = self.text(report, text);
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    }

    /// What [`Self::print`] prints.
    pub(super) fn text(
        &mut self,
        mut report: Report,
        text: impl FnOnce(&Report, &Session, &Output) -> String,
    ) -> String {
        if self.output.redact {
            self.redactor.apply(&mut report);
            self.redactor.forget_files();
        }
        if self.output.format == Format::Json {
            return shakedown::report::json_line(&report);
        }
        let separator = if std::mem::replace(&mut self.printed, true) { "\n" } else { "" };
        format!("{separator}{}", text(&report, self.session, self.output))
    }
}

/// The report below a line that says what it is about; the line is for the text that people read.
pub(super) fn under(heading: &str, report: &Report, session: &Session, output: &Output) -> String {
    let heading = if output.format == Format::Text { heading } else { "" };
    format!("{heading}{}", output::rendered(report, session, output, Kind::Diagnosis))
}

/// Refuses the format that has no place for one report after another.
///
/// # Errors
///
/// `--format sarif` was given.
pub(super) fn refuse_sarif(output: &Output, with: &str) -> anyhow::Result<()> {
    if output.format == Format::Sarif {
        bail!("`--format sarif` is one document about the whole: with `{with}`, use `--format json`");
    }
    Ok(())
}

/// A line on standard error.
pub(super) fn note(text: &str) {
    // Nothing can be done where standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Who does not reach a listener at this address, and how to change that.
pub(super) fn only_here(address: SocketAddr) -> Option<&'static str> {
    let text = "only programs of this machine reach it: `--bind ADDR` for those of others";
    address.ip().is_loopback().then_some(text)
}

/// `3 clients`, `1 client`
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
