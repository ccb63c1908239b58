//! Clients that come one after another, printed as they come.

use std::io::Write;
use std::time::Duration;

use shakedown::report::Redactor;
use shakedown::{Heard, Session};

use crate::arguments::{Format, Output};
use crate::output::{self, Kind};

/// Prints what comes up.
pub(super) struct Printer<'a> {
    session: &'a Session,
    output: &'a Output,
    /// One for the whole run, so that placeholders stay the same.
    redactor: Redactor,
    /// Whether something stands above.
    printed: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(session: &'a Session, output: &'a Output) -> Self {
        Self { session, output, redactor: Redactor::default(), printed: false }
    }

    pub(super) fn print(&mut self, heard: Heard) -> std::io::Result<()> {
        let text = self.text(heard);
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    }

    fn text(&mut self, heard: Heard) -> String {
        let Heard { number, offered, mut report, .. } = heard;
        if self.output.redact {
            self.redactor.apply(&mut report);
            self.redactor.forget_files();
        }
        if self.output.format == Format::Json {
            return shakedown::report::json_line(&report);
        }
        let separator = if std::mem::replace(&mut self.printed, true) { "\n" } else { "" };
        let options = output::text_options(self.output, Some(self.session));
        let compared = !report.pairs.is_empty();
        let mut text = match (self.output.format, offered) {
            (Format::Text, true) => format!("client {number}\n"),
            (Format::Text, false) => format!("client {number} sent no offer\n"),
            _ => String::new(),
        };
        let client = report.parties.first().filter(|_| self.output.format == Format::Text);
        if let Some(client) = client.filter(|_| !compared || self.output.verbose) {
            text.push_str(&shakedown::report::offer_text(client, &options));
        }
        if compared || !offered || self.output.format != Format::Text {
            text.push_str(&output::rendered(&report, self.session, self.output, Kind::Diagnosis));
        }
        format!("{separator}{text}")
    }
}

/// After this time, or never.
pub(super) async fn until(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// A line on standard error.
pub(super) fn note(text: &str) {
    // Nothing can be done where standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
