//! Which of a file's servers a connection meets, where the program itself has no rule that could be asked.

use std::net::IpAddr;

use shakedown_model::{Context, Role};

use crate::tls::ServerSettings;
use crate::tls::edit::plain;

/// One of the servers, with what has to be said of the choice.
pub(super) struct Chosen<'a> {
    pub(super) server: &'a ServerSettings,
    pub(super) notes: Vec<String>,
    /// Whether it is one of several.
    pub(super) one_of: bool,
}

/// The servers that fit a context, the first one first. Those that differ in nothing are one. Empty where there is none.
///
/// The name that a person gave picks by a section's or a server's name; the address and the port, and the server name, leave
/// only those that fit where any does.
pub(super) fn choose<'a>(servers: &'a [ServerSettings], role: Role, context: &Context) -> Vec<Chosen<'a>> {
    let mut left: Vec<&ServerSettings> = servers.iter().filter(|server| server.role == role).collect();
    let mut notes = Vec::new();
    if let Some(target) = context.target.as_deref() {
        keep(&mut left, |server| is_called(server, target));
    }
    if let Some(port) = context.local_port.or(context.port)
        && role == Role::Server
        && !keep(&mut left, |server| server.listen.iter().any(|listen| listen.value.port == port))
    {
        notes.push(format!("nothing in the file says that it listens on port {port}: read as if it did"));
    }
    if let Some(address) = context.local_address.or(context.address).filter(|_| role == Role::Server) {
        let at = |server: &ServerSettings, fits: &dyn Fn(Option<IpAddr>) -> bool| {
            server.listen.iter().any(|listen| listen.value.name.is_none() && fits(listen.value.address))
        };
        let exact = keep(&mut left, |server| at(server, &|own| own == Some(address)));
        if !exact {
            keep(&mut left, |server| at(server, &|own| own.is_none_or(|own| own.is_unspecified())));
        }
    }
    let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
    let named = |server: &ServerSettings, name: &str| server.names.iter().any(|own| fits_name(own.as_str(), name));
    if !name.is_some_and(|name| keep(&mut left, |server| named(server, name))) {
        keep(&mut left, |server| server.names.is_empty() || server.product == "haproxy");
    }
    let mut groups: Vec<Vec<&ServerSettings>> = Vec::new();
    for server in left {
        match groups.iter_mut().find(|group| group.iter().any(|other| plain(other) == plain(server))) {
            Some(group) => group.push(server),
            None => groups.push(vec![server]),
        }
    }
    let count = groups.len();
    let labels: Vec<String> = groups.iter().filter_map(|group| group.first()).map(|one| one.label.clone()).collect();
    let mut chosen = Vec::new();
    for group in groups {
        let Some((first, others)) = group.split_first() else { continue };
        let mut notes = notes.clone();
        if !others.is_empty() {
            let labels: Vec<String> = others.iter().take(8).map(|other| format!("`{}`", other.label)).collect();
            notes.push(format!("what is set for `{}` holds for {} too", first.label, labels.join(", ")));
        }
        if count > 1 {
            let labels: Vec<String> = labels.iter().take(8).map(|label| format!("`{label}`")).collect();
            notes.push(format!(
                "`{}` is one of {count} in the file: `PATH#NAME` picks of {}",
                first.label,
                labels.join(", ")
            ));
        }
        chosen.push(Chosen { server: first, notes, one_of: count > 1 });
    }
    chosen
}

/// Keeps those that fit, where any does.
fn keep(left: &mut Vec<&ServerSettings>, fits: impl Fn(&ServerSettings) -> bool) -> bool {
    let any = left.iter().any(|server| fits(server));
    if any {
        left.retain(|server| fits(server));
    }
    any
}

/// Whether a server is called so: by its label, or a word of it.
fn is_called(server: &ServerSettings, name: &str) -> bool {
    server.label == name
        || server.label.split_whitespace().any(|word| word == name)
        || server.label.split(':').next() == Some(name)
}

/// Whether a name of a configuration fits: exact, or with `*.` or `.` in front.
pub(super) fn fits_name(own: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    if own.eq_ignore_ascii_case(name) {
        return true;
    }
    let Some(rest) = own.strip_prefix("*.") else { return false };
    name.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest))
}
