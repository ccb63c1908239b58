//! `shakedown relay`: passes connections on and prints what was seen of each, until it is told to stop.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use shakedown::{Family, Options, Passed, PassedOn, RelayFor, Session};

use super::signals::Signals;
use super::stream::{Stream, count, note, only_here, refuse_sarif, under};
use crate::arguments::{Format, Output, RelayArguments};

/// What stands for standard input and output.
const STANDARD: &str = "-";

pub(super) fn run(arguments: RelayArguments, output: &Output) -> anyhow::Result<u8> {
    refuse_sarif(output, "relay")?;
    let mut options = Options::default();
    options.timeout = arguments.timeout;
    options.family = match (arguments.ipv4, arguments.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    };
    options.source = arguments.source;
    options.proxy.clone_from(&arguments.proxy);
    options.connect = super::addresses(&arguments.connect);
    options.cacert.clone_from(&arguments.cacert);
    options.ssh_config.clone_from(&arguments.ssh_config);
    options.catalog.clone_from(&output.catalog);
    let session = Session::new(options)?;
    if arguments.target == STANDARD {
        return super::block_on(standard(&arguments, &session, output))?;
    }
    if arguments.host.is_some() {
        bail!(
            "a second argument is for `relay - HOST PORT`: with a TARGET, the port stands in it, such as `db01:2222`"
        );
    }
    super::block_on(relay(&arguments, &session, output))?
}

/// The port with a name that has none, as `%h %p` are given.
fn named(host: &str, port: Option<u16>) -> String {
    let Some(port) = port else { return host.to_owned() };
    match host.split_once("://") {
        Some((scheme, host)) => format!("{scheme}://{}:{port}", bracketed(host)),
        None => format!("ssh://{}:{port}", bracketed(host)),
    }
}

fn bracketed(host: &str) -> String {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host.to_owned(),
    }
}

/// Standard input and output are the client: nothing else is printed there.
async fn standard(arguments: &RelayArguments, session: &Session, output: &Output) -> anyhow::Result<u8> {
    if arguments.port != 0 || arguments.count.is_some() {
        bail!("`--port` and `--count` are for a relay that listens, not for `relay -`");
    }
    let host = arguments.host.as_deref().context("`relay -` needs a HOST, such as `relay - %h %p`")?;
    let mut what = RelayFor::new(named(host, arguments.host_port), SocketAddr::new(arguments.bind, 0));
    what.ask = !arguments.no_probe;
    let mut signals = Signals::new().context("signals cannot be received")?;
    let passed = session.relay_standard_streams(&what, signals.next_or_hangup()).await?;
    let status = passed.exit_status();
    let is_told = !passed.works && passed.offered || passed.server.is_none() || output.verbose;
    if is_told && !output.quiet || output.format == Format::Json {
        let heading = heading(&passed);
        let text = Stream::new(session, output)
            .text(passed.report, |report, session, output| under(&heading, report, session, output));
        // Nothing can be done where standard error is gone.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
    Ok(status)
}

async fn relay(arguments: &RelayArguments, session: &Session, output: &Output) -> anyhow::Result<u8> {
    let mut what = RelayFor::new(arguments.target.clone(), SocketAddr::new(arguments.bind, arguments.port));
    what.ask = !arguments.no_probe;
    let mut signals = Signals::new().context("signals cannot be received")?;
    let mut relaying = session.relay(&what)?;
    // Also with `--quiet`: without it nobody knows where to point the client.
    note(&format!("listening on {}", relaying.address()));
    if !output.quiet {
        note(&format!(
            "point the client at it instead of {}: all is passed on unchanged, and what both ends offer is read",
            what.target
        ));
        only_here(relaying.address()).into_iter().for_each(note);
    }
    let mut stream = Stream::new(session, output);
    let mut is_closed = false;
    loop {
        let passed = tokio::select! {
            biased;
            () = signals.next() => break,
            passed = relaying.next() => passed,
        };
        let Some(passed) = passed else { break };
        let heading = heading(&passed);
        match stream.print(passed.report, |report, session, output| under(&heading, report, session, output)) {
            Ok(()) => {}
            // Nobody reads it any more: who is connected is not to blame.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => is_closed = true,
            Err(error) => return Err(error).context("standard output cannot be written"),
        }
        if is_closed || arguments.count.is_some_and(|count| relaying.passed_on().clients() >= count) {
            relaying.close();
        }
    }
    let passed_on = relaying.passed_on();
    if !output.quiet {
        note(&summary(&passed_on));
    }
    Ok(passed_on.exit_status())
}

/// `3 connections work, 1 fails`
fn summary(passed_on: &PassedOn) -> String {
    let mut parts = vec![
        count(passed_on.working, "connection works", "connections work"),
        count(passed_on.failing, "fails", "fail"),
    ];
    if passed_on.others > 0 {
        parts.push(count(passed_on.others, "connection without an offer", "connections without an offer"));
    }
    parts.join(", ")
}

/// The line above the report of a connection.
fn heading(passed: &Passed) -> String {
    let what = match (passed.server.is_some(), passed.offered, passed.works) {
        (false, ..) => "the server is not reached",
        (_, false, _) => "the client sent no offer",
        (_, _, true) => "it works",
        (_, _, false) => "it fails",
    };
    format!("connection {}: {what}\n", passed.number)
}
