//! Clients that come one after another, printed as they come.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use shakedown::{Emulating, Heard, Listened, Listening, Report, Session};

use super::signals::Signals;
use super::stream::{Stream, count, note};
use crate::arguments::{Format, Output};
use crate::output::{self, Kind};

/// What clients come to.
pub(super) trait Clients {
    /// The next client.
    async fn next(&mut self) -> Option<Heard>;
    /// How many came so far.
    fn listened(&self) -> Listened;
    /// Where they come to.
    fn address(&self) -> SocketAddr;
}

impl Clients for Listening<'_> {
    async fn next(&mut self) -> Option<Heard> {
        Listening::next(self).await
    }

    fn listened(&self) -> Listened {
        Listening::listened(self)
    }

    fn address(&self) -> SocketAddr {
        Listening::address(self)
    }
}

impl Clients for Emulating<'_> {
    async fn next(&mut self) -> Option<Heard> {
        Emulating::next(self).await
    }

    fn listened(&self) -> Listened {
        Emulating::listened(self)
    }

    fn address(&self) -> SocketAddr {
        Emulating::address(self)
    }
}

/// When no more clients are waited for; signals end it besides.
#[derive(Clone, Copy)]
pub(super) struct Until {
    /// After so many that sent an offer.
    pub(super) count: Option<u64>,
    /// After so long.
    pub(super) time: Option<Duration>,
}

/// Prints each client as it comes; the exit status.
pub(super) async fn serve(
    mut clients: impl Clients,
    hints: &[String],
    end: Until,
    mut signals: Signals,
    session: &Session,
    output: &Output,
) -> anyhow::Result<u8> {
    // Also with `--quiet`: without it nobody knows where to point the client.
    note(&format!("listening on {}", clients.address()));
    if !output.quiet {
        hints.iter().for_each(|hint| note(hint));
    }
    let mut stream = Stream::new(session, output);
    let mut time = std::pin::pin!(after(end.time));
    loop {
        let heard = tokio::select! {
            biased;
            () = signals.next() => break,
            () = &mut time => break,
            heard = clients.next() => heard,
        };
        let Some(Heard { number, offered, report, .. }) = heard else { break };
        match stream.print(report, |report, session, output| text(number, offered, report, session, output)) {
            Ok(()) => {}
            // Nobody reads it any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error).context("standard output cannot be written"),
        }
        if end.count.is_some_and(|count| clients.listened().offers >= count) {
            break;
        }
    }
    let listened = clients.listened();
    if !output.quiet {
        note(&summary(&listened));
    }
    Ok(listened.exit_status())
}

fn text(number: u32, offered: bool, report: &Report, session: &Session, output: &Output) -> String {
    let compared = !report.pairs.is_empty();
    let mut text = match (output.format, offered) {
        (Format::Text, true) => format!("client {number}\n"),
        (Format::Text, false) => format!("client {number} sent no offer\n"),
        _ => String::new(),
    };
    let client = report.parties.first().filter(|_| output.format == Format::Text);
    if let Some(client) = client.filter(|_| !compared || output.verbose) {
        text.push_str(&shakedown::report::offer_text(client, &output::text_options(output, Some(session))));
    }
    if compared || !offered || output.format != Format::Text {
        text.push_str(&output::rendered(report, session, output, Kind::Diagnosis));
    }
    text
}

/// `3 clients recorded, 1 connection without an offer`
fn summary(listened: &Listened) -> String {
    let mut parts = vec![count(listened.offers, "client recorded", "clients recorded")];
    let rest = [
        (listened.others, "connection without an offer", "connections without an offer"),
        (
            listened.turned_away,
            "turned away: its address came too often",
            "turned away: their addresses came too often",
        ),
    ];
    parts.extend(
        rest.into_iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| count(number, one, many)),
    );
    parts.join(", ")
}

/// How the address is written in commands: the host, and the host with the port.
pub(super) fn authority(address: SocketAddr) -> (String, String) {
    let (host, port) = (address.ip(), address.port());
    // Of all addresses none can be named here.
    let host = if host.is_unspecified() { "THIS-HOST".to_owned() } else { host.to_string() };
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    (host, authority)
}

/// After this time, or never.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
