//! The client that people use, asked to connect: `ssh`, `openssl s_client`, or the IKE daemon that runs here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use shakedown_apply::{Invocation, Ran, Real, System as _, Tunnel, initiate};
use shakedown_model::Protocol;

use super::is_party;
use crate::{Session, Target};

/// What the client met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The key exchange went through.
    Connects,
    /// It did not.
    Fails(String),
    /// It went through, and something that a person decides stands in the way of the rest; or it cannot be told.
    Unclear(String),
}

/// How long the client may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A client of this machine and its command line.
pub(super) struct Ordinary {
    protocol: Protocol,
    command: Invocation,
    /// The `swanctl.conf` that the daemon was loaded from, and the connection in it.
    tunnel: Option<(PathBuf, Option<String>)>,
}

/// The client that this machine's user would take for the target; `None` where the clients are others, or where the way to
/// the target cannot be told it.
pub(super) fn client(session: &Session, target: &str) -> Option<Ordinary> {
    let options = &session.options;
    let named: Target = target.parse().ok()?;
    let (name, arguments) = match named.protocol {
        Protocol::Ssh => {
            let configuration = match options.clients.as_slice() {
                [] => options.ssh_config.as_deref(),
                // A file read as this machine's own client reads it.
                [one] if is_party(one) && Path::new(one).is_file() => Some(Path::new(one)),
                _ => return None,
            };
            if !options.connect.is_empty() || options.host.is_some() {
                return None;
            }
            ("ssh", ssh(&named, configuration))
        }
        Protocol::Tls => {
            let direct = matches!(named.scheme.as_deref(), None | Some("tls" | "https" | "imaps" | "smtps" | "ldaps"));
            if !options.clients.is_empty() || !direct || options.proxy.is_some() {
                return None;
            }
            ("openssl", openssl(session, &named)?)
        }
        Protocol::Ike => {
            let [one] = options.clients.as_slice() else { return None };
            let (file, connection) = match one.rsplit_once('#') {
                Some((file, connection)) => (file, Some(connection.to_owned())),
                None => (one.as_str(), None),
            };
            let file = Path::new(file.rsplit_once(':').map_or(file, |(_, file)| file));
            if !file.is_file() {
                return None;
            }
            let command = Invocation::new("swanctl", [], LIMIT);
            return Some(Ordinary { protocol: Protocol::Ike, command, tunnel: Some((file.to_owned(), connection)) });
        }
    };
    crate::installed::find(name)?;
    Some(Ordinary { protocol: named.protocol, command: Invocation::new(name, arguments, LIMIT), tunnel: None })
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// A connection up to the point at which the server would ask who comes; nobody is logged in, and no connection that is
/// open already is used.
fn ssh(target: &Target, configuration: Option<&Path>) -> Vec<OsString> {
    let mut arguments = words(&["-v", "-T", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none"]);
    arguments.extend(words(&["-o", "ControlPath=none", "-o", "ConnectTimeout=10"]));
    if let Some(path) = configuration {
        arguments.extend(["-F".into(), path.into()]);
    }
    if let Some(port) = target.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &target.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    arguments.extend(words(&["--", &target.host, "true"]));
    arguments
}

fn openssl(session: &Session, target: &Target) -> Option<Vec<OsString>> {
    let reached = session.tls_target(target).ok()?;
    let host = match session.options.addresses(reached.port).first() {
        Some(address) => address.to_string(),
        None if target.host.contains(':') => format!("[{}]:{}", target.host, reached.port),
        None => format!("{}:{}", target.host, reached.port),
    };
    let mut arguments = words(&["s_client", "-connect", &host]);
    match &reached.server_name {
        Some(name) if name.parse::<std::net::IpAddr>().is_err() => arguments.extend(words(&["-servername", name])),
        _ => arguments.extend(words(&["-noservername"])),
    }
    Some(arguments)
}

impl Ordinary {
    /// The command's name, for messages.
    pub(super) fn name(&self) -> &'static str {
        match self.protocol {
            Protocol::Ssh => "ssh",
            Protocol::Tls => "openssl s_client",
            Protocol::Ike => "swanctl --initiate",
        }
    }

    /// Whether it is the client of this label.
    pub(super) fn is(&self, label: &str) -> bool {
        self.protocol != Protocol::Tls || label.contains("OpenSSL") && !label.contains(" with ")
    }

    /// Connects once.
    pub(super) fn connect(&self) -> Verdict {
        if let Some((file, connection)) = &self.tunnel {
            return match initiate(&Real::default(), file, connection.as_deref(), LIMIT) {
                Some(Tunnel::CameUp) => Verdict::Connects,
                Some(Tunnel::Refused(said)) => Verdict::Fails(said),
                Some(Tunnel::NotAsked(said)) => Verdict::Unclear(said),
                None => Verdict::Unclear("no daemon runs here that was loaded from the initiator's file".to_owned()),
            };
        }
        match Real::default().run(&self.command) {
            Ok(ran) if ran.late => Verdict::Unclear("took too long".to_owned()),
            Ok(ran) if self.protocol == Protocol::Ssh => of_ssh(&ran),
            Ok(ran) => of_openssl(&ran),
            Err(error) => Verdict::Unclear(error.to_string()),
        }
    }
}

fn of_ssh(ran: &Ran) -> Verdict {
    // The server takes requests to log in: key exchange and host key are behind (RFC 4253 section 10).
    if ran.output.contains("SSH2_MSG_SERVICE_ACCEPT received") {
        return Verdict::Connects;
    }
    let unknown = ran.output.contains("Host key verification failed");
    if unknown && !ran.output.contains("IDENTIFICATION HAS CHANGED") && !ran.output.contains("marked as revoked") {
        return Verdict::Unclear("the key exchange works, and the host key is not known yet: compare it".to_owned());
    }
    let mut telling = ran.output.lines().filter(|line| !line.starts_with("debug") && !line.trim().is_empty());
    Verdict::Fails(telling.next_back().unwrap_or("it printed nothing").trim().replace('`', "'"))
}

fn of_openssl(ran: &Ran) -> Verdict {
    let line = ran.output.lines().find(|line| line.contains("Cipher is "));
    match line {
        Some(line) if !line.contains("(NONE)") => Verdict::Connects,
        _ => {
            let error = ran.output.lines().find(|line| line.contains(":error:") || line.starts_with("connect:"));
            Verdict::Fails(error.unwrap_or("no cipher suite was agreed on").trim().replace('`', "'"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(output: &str) -> Ran {
        Ran { status: Some(255), late: false, output: output.to_owned() }
    }

    #[test]
    fn what_ssh_says() {
        let connects = ran("debug1: SSH2_MSG_SERVICE_ACCEPT received\na@b: Permission denied (publickey).\n");
        assert_eq!(of_ssh(&connects), Verdict::Connects);
        let fails = "debug1: x\nUnable to negotiate with 127.0.0.1 port 22: no matching cipher found.\r\n";
        assert!(matches!(of_ssh(&ran(fails)), Verdict::Fails(said) if said.starts_with("Unable to negotiate")));
        let unknown = "No ED25519 host key is known for a\nHost key verification failed.\n";
        assert!(matches!(of_ssh(&ran(unknown)), Verdict::Unclear(_)));
        let changed = "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n";
        assert!(matches!(of_ssh(&ran(changed)), Verdict::Fails(_)));
    }

    #[test]
    fn what_openssl_says() {
        assert_eq!(of_openssl(&ran("New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\n")), Verdict::Connects);
        let fails = ran("40E7:error:0A00042E:SSL routines:x\nNew, (NONE), Cipher is (NONE)\n");
        assert!(matches!(of_openssl(&fails), Verdict::Fails(said) if said.contains("0A00042E")));
    }
}
