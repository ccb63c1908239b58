//! `shakedown listen`: prints each client as it comes, until it is told to stop.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use shakedown::{ListenFor, Listened, Preamble, Protocol, Session};

use super::clients::{Printer, note, until};
use super::signals::Signals;
use crate::arguments::{Format, ListenArguments, Output};
use crate::output;

pub(super) fn run(arguments: ListenArguments, output: &Output) -> anyhow::Result<u8> {
    if output.format == Format::Sarif {
        bail!("`--format sarif` is one document about the whole: with `listen`, use `--format json`");
    }
    let mut options = super::reading_options(output, &arguments.reading)?;
    options.progress = output::progress(output);
    let session = Session::new(options)?;
    super::block_on(listen(&arguments, &session, output))?
}

async fn listen(arguments: &ListenArguments, session: &Session, output: &Output) -> anyhow::Result<u8> {
    let mut what = ListenFor::new(arguments.protocol.into(), SocketAddr::new(arguments.bind, arguments.port));
    what.against.clone_from(&arguments.against);
    what.starttls = arguments.starttls.as_deref().map(str::parse::<Preamble>).transpose()?;
    what.silent = arguments.silent;
    let mut signals = Signals::new().context("signals cannot be received")?;
    let mut listening = session.listen(&what).await?;
    output::end_progress(output);
    // Also with `--quiet`: without it nobody knows where to point the client.
    note(&format!("listening on {}", listening.address()));
    if !output.quiet {
        for line in pointers(&what, listening.address()) {
            note(&line);
        }
    }
    let mut printer = Printer::new(session, output);
    let mut end = std::pin::pin!(until(arguments.timeout));
    loop {
        let heard = tokio::select! {
            biased;
            () = signals.next() => break,
            () = &mut end => break,
            heard = listening.next() => heard,
        };
        let Some(heard) = heard else { break };
        match printer.print(heard) {
            Ok(()) => {}
            // Nobody reads it any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error).context("standard output cannot be written"),
        }
        if arguments.count.is_some_and(|count| listening.listened().offers >= count) {
            break;
        }
    }
    let listened = listening.listened();
    if !output.quiet {
        note(&summary(&listened));
    }
    Ok(listened.exit_status())
}

/// `3 clients recorded, 1 connection without an offer`
pub(super) fn summary(listened: &Listened) -> String {
    let count = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
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

/// How a client is pointed at the listener.
fn pointers(what: &ListenFor, address: SocketAddr) -> Vec<String> {
    let (host, port) = (address.ip(), address.port());
    // Of all addresses none can be named here.
    let host = if host.is_unspecified() { "THIS-HOST".to_owned() } else { host.to_string() };
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut lines = Vec::new();
    match (what.protocol, what.starttls) {
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
    if address.ip().is_loopback() {
        lines.push("only programs of this machine reach it: `--bind ADDR` for those of others".to_owned());
    }
    lines
}
