//! `shakedown listen`: prints each client as it comes, until it is told to stop.

use std::net::SocketAddr;

use anyhow::Context as _;
use shakedown::{ListenFor, Protocol, Session};

use super::clients::{self, Until, authority};
use super::signals::Signals;
use super::stream::{only_here, refuse_sarif};
use crate::arguments::{ListenArguments, Output};
use crate::output;

pub(super) fn run(arguments: ListenArguments, output: &Output) -> anyhow::Result<u8> {
    refuse_sarif(output, "listen")?;
    let mut options = super::reading_options(output, &arguments.reading)?;
    options.progress = output::progress(output);
    let session = Session::new(options)?;
    super::block_on(listen(&arguments, &session, output))?
}

async fn listen(arguments: &ListenArguments, session: &Session, output: &Output) -> anyhow::Result<u8> {
    let mut what = ListenFor::new(arguments.protocol.into(), SocketAddr::new(arguments.bind, arguments.port));
    what.against.clone_from(&arguments.against);
    if let Some(scheme) = &arguments.starttls {
        what.begin_by(scheme)?;
    }
    what.silent = arguments.silent;
    let signals = Signals::new().context("signals cannot be received")?;
    let listening = session.listen(&what).await?;
    output::end_progress(output);
    let hints = pointers(&what, listening.address());
    let end = Until { count: arguments.count, time: arguments.timeout };
    clients::serve(listening, &hints, end, signals, session, output).await
}

/// How a client is pointed at the listener.
fn pointers(what: &ListenFor, address: SocketAddr) -> Vec<String> {
    let (host, authority) = authority(address);
    let port = address.port();
    let mut lines = Vec::new();
    match (what.protocol, what.starttls()) {
        (Protocol::Ssh, _) => lines.push(format!("point the client at it, such as: ssh -p {port} {host}")),
        (Protocol::Tls, None) => lines.push(format!(
            "point the client at it, such as: openssl s_client -connect {authority}, curl https://{authority}/; whoever \
             needs the real name maps it to this address, such as: curl --connect-to ::{authority} https://NAME/"
        )),
        (Protocol::Tls, Some(start)) => lines.push(format!(
            "point the client at it, such as: openssl s_client -starttls {start} -connect {authority}",
            start = start.as_str()
        )),
        (Protocol::Ike, _) => {
            lines.push(format!(
                "point the initiator at it over UDP; with strongSwan: remote_addrs = {host}, remote_port = {port}"
            ));
            lines.push(match what.silent {
                true => "initiators are not answered: they repeat until their time is over".to_owned(),
                false => "initiators are told NO_PROPOSAL_CHOSEN, so that they end at once (`--silent`)".to_owned(),
            });
        }
    }
    lines.extend(only_here(address).map(str::to_owned));
    lines
}
