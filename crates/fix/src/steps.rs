//! The commands around a change: how to make it, to check it and to take it back.

use std::net::{IpAddr, Ipv6Addr};

use shakedown_model::{Command, CommandPlace, FileEdit, Fix, Party, PartySource, Protocol, Role};

use crate::edited::{Delta, Edited};
use crate::plan::PlanInput;
use crate::syntax::{self, Destination};

/// Fills in how one party's change is made, verified and taken back.
pub(crate) fn fill(input: &PlanInput<'_>, fix: &mut Fix, edited: &Edited, deltas: &[Delta], scoped: bool) {
    let party = &edited.party;
    if edited.edits.is_empty() {
        let commands = syntax::commands(party, deltas, &destination(input), scoped, input.catalog);
        fix.undo.extend(
            commands
                .iter()
                .filter(|command| command.place != CommandPlace::ClientShell)
                .map(|command| Command { explanation: "take this out again".into(), ..command.clone() }),
        );
        if fix.undo.is_empty() {
            let text = "leave the option out again".to_owned();
            fix.undo.push(Command { place: CommandPlace::ClientShell, text, explanation: "nothing is kept".into() });
        }
        fix.commands.extend(commands);
    } else {
        fix.undo.extend(edited.edits.iter().map(former));
        fix.edits.extend(edited.edits.iter().cloned());
        if scoped {
            // Without a change that stays: for one connection.
            let commands = syntax::commands(party, deltas, &destination(input), scoped, input.catalog);
            fix.commands.extend(commands.into_iter().filter(|command| command.place == CommandPlace::ClientShell));
        }
    }
    reload(input, fix, party.role);
    verify(input, fix);
}

/// How a program's file is checked, and read again by the running program.
pub(crate) fn reload(input: &PlanInput<'_>, fix: &mut Fix, role: Role) {
    let product = syntax::product(input.party(role), input.catalog);
    let place = shell(role);
    if let Some(check) = product.and_then(|product| product.check.as_ref()) {
        let explanation = "finds mistakes in the file before it is used".into();
        fix.verify.push(Command { place: place.clone(), text: check.clone(), explanation });
    }
    if let Some(reload) = product.and_then(|product| product.reload.as_ref()) {
        let explanation = "the running server reads the file again; open sessions stay".into();
        fix.commands.push(Command { place, text: reload.clone(), explanation });
    }
}

/// How to see that it works: a real connection where there is a host to connect to, else the rules once more.
pub(crate) fn verify(input: &PlanInput<'_>, fix: &mut Fix) {
    let mut commands = Vec::new();
    if let Some(host) = host(input) {
        let asked = asked(input, &host);
        let client = syntax::product(input.client, input.catalog);
        let nameless = client.filter(|_| asked.is_none()).and_then(|product| product.verify_nameless.as_ref());
        if let Some(connect) = nameless.or_else(|| client?.verify.as_ref()) {
            let port = input.context.port.unwrap_or(443).to_string();
            let connect = connect.replace("{server_name}", asked.unwrap_or(&host));
            let connect = connect.replace("{destination}", &destination(input).words());
            commands.push((connect.replace("{host}", &host).replace("{port}", &port), "makes a real connection"));
        }
        let sni = match (input.server.protocol(), asked) {
            (Protocol::Tls, Some(name)) if name != host => format!(" --sni {name}"),
            (Protocol::Tls, None) if host.parse::<IpAddr>().is_err() => " --sni none".to_owned(),
            _ => String::new(),
        };
        commands
            .push((format!("shakedown check {}{sni}", target(input, &host)), "shows what the two ends now agree on"));
    } else {
        let text = format!("shakedown negotiate {} {}", typed(input.client), typed(input.server));
        commands.push((text, "with the changed party in place: shows what the two ends now agree on"));
    }
    for (text, explanation) in commands {
        if !fix.verify.iter().any(|known| known.text == text) {
            let place = CommandPlace::ClientShell;
            fix.verify.push(Command { place, text, explanation: explanation.into() });
        }
    }
}

/// What stands for a party on a command line. One that was only seen or read of has a label that is no party there: its
/// software stands for it, or a word in capitals.
fn typed(party: &Party) -> String {
    match &party.source {
        PartySource::Offer { path } if *path != party.label => {
            let role = if party.role == Role::Client { "CLIENT" } else { "SERVER" };
            party.software.as_ref().map_or_else(|| role.to_owned(), ToString::to_string)
        }
        _ => party.label.clone(),
    }
}

/// The name that a TLS server was asked for, or else its own; an address is no name to ask for (RFC 6066 section 3).
pub(crate) fn asked<'a>(input: &'a PlanInput<'_>, host: &'a str) -> Option<&'a str> {
    let seen = matches!(input.server.source, PartySource::Live { .. });
    let name = input.context.server_name.as_deref().or(if seen { None } else { Some(host) });
    name.filter(|name| name.parse::<IpAddr>().is_err())
}

/// The server's name for the client's command line.
pub(crate) fn host(input: &PlanInput<'_>) -> Option<String> {
    if let Some(host) = input.host() {
        return Some(host.to_owned());
    }
    match &input.server.source {
        PartySource::Live { address } => {
            address.rsplit_once(':').map(|(host, _)| host.trim_matches(['[', ']']).to_owned())
        }
        _ => None,
    }
}

fn destination(input: &PlanInput<'_>) -> Destination {
    Destination { host: host(input), port: input.context.port }
}

pub(crate) fn shell(role: Role) -> CommandPlace {
    match role {
        Role::Client => CommandPlace::ClientShell,
        Role::Server => CommandPlace::ServerShell,
    }
}

/// What takes an edit of a file back: the lines that it changes, as they stand now, or else the lines that it adds.
pub(crate) fn former(edit: &FileEdit) -> Command {
    let text = &edit.file.text;
    let mut before: Vec<&[u8]> = Vec::new();
    let mut added: Vec<&str> = Vec::new();
    for part in &edit.edits {
        if part.span.is_empty() && part.replacement.contains('\n') {
            added.push(part.replacement.trim_matches(['\r', '\n']));
            continue;
        }
        let start = text.get(..part.span.start).and_then(|before| before.iter().rposition(|&byte| byte == b'\n'));
        let start = start.map_or(0, |at| at + 1);
        let end = text.get(part.span.end..).and_then(|rest| rest.iter().position(|&byte| byte == b'\n'));
        let line = text.get(start..end.map_or(text.len(), |at| part.span.end + at)).unwrap_or_default();
        if !before.contains(&line) {
            before.push(line);
        }
    }
    let place = CommandPlace::File(edit.file.path.clone());
    if before.is_empty() {
        return Command { place, text: added.join("\n"), explanation: "take this out again".into() };
    }
    let lines: Vec<String> = before.iter().map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect();
    let and = if added.is_empty() { "" } else { ", and take out what was added" };
    Command { place, text: lines.join("\n"), explanation: format!("put this back as it was{and}") }
}

/// What `check` takes for the target: one of TLS or IKE needs its scheme and port to be known as one, one of SSH only where
/// the port is not the usual one.
fn target(input: &PlanInput<'_>, host: &str) -> String {
    let name = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
    match (input.server.protocol(), input.context.port) {
        (Protocol::Tls, Some(port)) => format!("tls://{name}:{port}"),
        (Protocol::Tls, None) => format!("tls://{name}"),
        (Protocol::Ike, Some(port)) if port != 500 => format!("ike://{name}:{port}"),
        (Protocol::Ike, _) => format!("ike://{name}"),
        (Protocol::Ssh, Some(port)) if port != 22 => format!("ssh://{name}:{port}"),
        (Protocol::Ssh, _) => host.to_owned(),
    }
}
