//! `shakedown emulate`: a server that answers as some software would, until it is told to stop.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use shakedown::{Emulate, Protocol, Session};

use super::clients::{Printer, note, until};
use super::signals::Signals;
use crate::arguments::{EmulateArguments, Format, Output};
use crate::output::{self, Kind};

pub(super) fn run(arguments: EmulateArguments, output: &Output) -> anyhow::Result<u8> {
    if output.format == Format::Sarif && !arguments.as_client {
        bail!("`--format sarif` is one document about the whole: with `emulate`, use `--format json`");
    }
    let mut options = super::reading_options(output, &arguments.reading)?;
    options.progress = output::progress(output);
    if let Some(target) = &arguments.target {
        options.timeout = arguments.timeout.unwrap_or(options.timeout);
        let session = Session::new(options)?;
        let report = super::block_on(session.emulate_client(&arguments.party, target))??;
        output::end_progress(output);
        return output::report(report, &session, output, Kind::Diagnosis);
    }
    let session = Session::new(options)?;
    super::block_on(emulate(&arguments, &session, output))?
}

async fn emulate(arguments: &EmulateArguments, session: &Session, output: &Output) -> anyhow::Result<u8> {
    let mut what = Emulate::new(&arguments.party, SocketAddr::new(arguments.bind, arguments.port));
    what.protocol = arguments.protocol.map(Into::into);
    let mut signals = Signals::new().context("signals cannot be received")?;
    let mut emulating = session.emulate(&what).await?;
    output::end_progress(output);
    // Also with `--quiet`: without it nobody knows where to point the client.
    note(&format!("listening on {}", emulating.address()));
    if !output.quiet {
        for line in pointers(emulating.server().protocol(), emulating.address()) {
            note(&line);
        }
        for about in &emulating.server().notes {
            note(&format!("note: {about}"));
        }
    }
    let mut printer = Printer::new(session, output);
    let mut end = std::pin::pin!(until(arguments.timeout));
    loop {
        let heard = tokio::select! {
            biased;
            () = signals.next() => break,
            () = &mut end => break,
            heard = emulating.next() => heard,
        };
        let Some(heard) = heard else { break };
        match printer.print(heard) {
            Ok(()) => {}
            // Nobody reads it any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error).context("standard output cannot be written"),
        }
        if arguments.count.is_some_and(|count| emulating.listened().offers >= count) {
            break;
        }
    }
    let listened = emulating.listened();
    if !output.quiet {
        note(&super::listen::summary(&listened));
    }
    Ok(listened.exit_status())
}

/// How a client is pointed at the server.
fn pointers(protocol: Protocol, address: SocketAddr) -> Vec<String> {
    let (host, port) = (address.ip(), address.port());
    // Of all addresses none can be named here.
    let host = if host.is_unspecified() { "THIS-HOST".to_owned() } else { host.to_string() };
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut lines = vec![match protocol {
        Protocol::Ssh => format!(
            "point the client at it, such as: ssh -o UserKnownHostsFile=/dev/null -p {port} {host}; its host keys are new, \
             and nobody can log in"
        ),
        Protocol::Tls => format!("point the client at it, such as: curl --insecure https://{authority}/"),
        Protocol::Ike => {
            format!("point the initiator at it over UDP; with strongSwan: remote_addrs = {host}, remote_port = {port}")
        }
    }];
    if address.ip().is_loopback() {
        lines.push("only programs of this machine reach it: `--bind ADDR` for those of others".to_owned());
    }
    lines
}
