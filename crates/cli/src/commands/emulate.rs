//! `shakedown emulate`: a server that answers as some software would, until it is told to stop.

use std::net::SocketAddr;

use anyhow::Context as _;
use shakedown::{Emulate, Protocol, Session};

use super::clients::{self, Until, authority};
use super::signals::Signals;
use super::stream::{only_here, refuse_sarif};
use crate::arguments::{EmulateArguments, Output};
use crate::output::{self, Kind};

pub(super) fn run(arguments: EmulateArguments, output: &Output) -> anyhow::Result<u8> {
    if !arguments.as_client {
        refuse_sarif(output, "emulate")?;
    }
    let mut options = super::reading_options(output, &arguments.reading)?;
    options.progress = output::progress(output);
    options.initiator.psk_file.clone_from(&arguments.psk_file);
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
    let signals = Signals::new().context("signals cannot be received")?;
    let emulating = session.emulate(&what).await?;
    output::end_progress(output);
    let mut hints = pointers(emulating.server().protocol(), emulating.address());
    hints.extend(emulating.server().notes.iter().map(|about| format!("note: {about}")));
    let end = Until { count: arguments.count, time: arguments.timeout };
    clients::serve(emulating, &hints, end, signals, session, output).await
}

/// How a client is pointed at the server.
fn pointers(protocol: Protocol, address: SocketAddr) -> Vec<String> {
    let (host, authority) = authority(address);
    let port = address.port();
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
    lines.extend(only_here(address).map(str::to_owned));
    lines
}
