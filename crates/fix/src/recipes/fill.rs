//! Placeholders of the recipes.

use shakedown_model::{Command, CommandPlace, Protocol, Role};

use super::data::{Line, Shell};
use super::ike;
use super::situation::{Situation, split};

impl Situation<'_> {
    /// The value of a placeholder, as the text, the context or the catalog has it. `role` is the end that acts.
    pub(crate) fn value(&self, name: &str, role: Option<Role>) -> Option<String> {
        let context = self.input.context;
        let captured = |name: &str| self.capture(name).map(|value| value.as_str().to_owned());
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        match name {
            // In a server's log the other end is the client, and the port its own.
            "host" if self.printer == Some(Role::Server) => known(context.target.clone()),
            "host" => known(context.target.clone())
                .or_else(|| known(context.host.clone()))
                .or_else(|| captured("host"))
                .or_else(|| self.peer_of(Role::Client)),
            // As known_hosts writes it; already quoted.
            "known_host" => {
                let host = self.value("host", role).filter(|host| plain(host))?;
                let port = self.value("port", role).filter(|port| plain(port))?;
                Some(if port == "22" { host } else { format!("'[{host}]:{port}'") })
            }
            "peer" => captured("peer").or_else(|| context.address.map(|address| address.to_string())),
            "client" => self
                .peer_of(Role::Server)
                .or_else(|| known(context.host.clone()).filter(|_| self.printer == Some(Role::Server))),
            "server_name" => known(context.server_name.clone()).or_else(|| self.value("host", role)),
            "user" => captured("user").or_else(|| known(context.user.clone())),
            "port" => {
                let port = context.port.map(|port| port.to_string()).or_else(|| captured("port"));
                let own = port.filter(|_| self.printer != Some(Role::Server));
                own.or_else(|| Some(default_port(self.protocol()).to_owned()))
            }
            "algorithms" => {
                let names = &self.diagnosis.algorithms;
                (!names.is_empty()).then(|| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(","))
            }
            "algorithm" => captured("algorithm")
                .or_else(|| captured("algorithms").and_then(|list| split(&list).into_iter().next()))
                .or_else(|| self.diagnosis.algorithms.first().map(|name| name.as_str().to_owned())),
            "their_proposal_sound" => ike::best(self, ike::Spelling::Strongswan, true),
            "their_proposal_weak" => ike::best(self, ike::Spelling::Strongswan, false),
            "their_proposal_libreswan_sound" => ike::best(self, ike::Spelling::Libreswan, true),
            "their_proposal_libreswan_weak" => ike::best(self, ike::Spelling::Libreswan, false),
            "client_proposal_sound" => ike::best_of(self, Role::Client),
            "server_proposal_sound" => ike::best_of(self, Role::Server),
            "product" => role.and_then(|role| self.label(role)),
            "upgrade" => role.and_then(|role| self.upgrade(role)),
            "object" => {
                self.diagnosis.object.as_ref().map(|object| object.name.clone()).filter(|name| !name.is_empty())
            }
            _ => captured(name),
        }
    }

    /// The other end of a connection, as the printer at this end names it.
    fn peer_of(&self, role: Role) -> Option<String> {
        if self.printer.is_some_and(|printer| printer != role) || (self.printer.is_none() && role == Role::Server) {
            return None;
        }
        self.capture("peer").map(|value| value.as_str().to_owned())
    }

    /// A text with its placeholders filled. In what is typed or written only plain words are filled in: a log is written
    /// by strangers.
    pub(crate) fn fill(&self, text: &str, role: Option<Role>, quoted: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let name = after.split_once('}').map(|(name, _)| name).filter(|name| is_placeholder(name));
            match name {
                Some(name) => {
                    let value = self.value(name, role).filter(|value| quoted || name == "known_host" || plain(value));
                    match value {
                        Some(value) if quoted => out.push_str(&value.replace('`', "'")),
                        Some(value) => out.push_str(&value),
                        None if name == "known_host" => out.push_str("HOST"),
                        None => out.push_str(&name.to_ascii_uppercase()),
                    }
                    rest = after.get(name.len() + 1..).unwrap_or_default();
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// A line of a recipe as a command of a fix.
    pub(crate) fn command(&self, line: &Line, role: Option<Role>) -> Command {
        let place = match (line.shell, &line.file, &line.settings) {
            (_, Some(file), _) => CommandPlace::File(self.fill(file, role, false)),
            (_, _, Some(settings)) => CommandPlace::Settings(self.fill(settings, role, true)),
            (Some(Shell::Server), ..) => CommandPlace::ServerShell,
            (Some(Shell::Own), ..) if role == Some(Role::Server) => CommandPlace::ServerShell,
            (Some(Shell::Own), ..) if role.is_none() => CommandPlace::Settings("shell of this end".into()),
            _ => CommandPlace::ClientShell,
        };
        let text = self.fill(&line.text, role, false);
        Command { place, text: text.trim_end().to_owned(), explanation: self.fill(&line.say, role, true) }
    }
}

fn default_port(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ssh => "22",
        Protocol::Tls => "443",
        Protocol::Ike => "500",
    }
}

pub(crate) fn is_placeholder(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a value can stand in a command line or a file as it is.
fn plain(value: &str) -> bool {
    !value.starts_with('-')
        && value.len() <= 255
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@%+,/=-~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_does_not_get_into_a_command() {
        for hostile in ["a; rm -rf /", "$(id)", "-oProxyCommand=id", "a\nb", "`id`", "a b", "a'b", "a|b", "a&b", "a>b"]
        {
            assert!(!plain(hostile), "{hostile}");
        }
        for fine in ["db01.example.com", "192.0.2.7", "2001:db8::1", "/etc/ssh/ssh_host_ed25519_key", "ssh-ed25519"] {
            assert!(plain(fine), "{fine}");
        }
    }
}
