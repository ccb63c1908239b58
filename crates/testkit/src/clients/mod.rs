//! One connection of a real client. None of them can log in: the connection is over when the key exchange is.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use crate::agreed::Agreed;
use crate::peers::ScriptSpec;
use crate::process::{Finished, run};
use crate::program::{peers_dir, require};

/// How long one connection may take, on a busy machine.
const TIME: Duration = Duration::from_secs(30);

/// What came of one connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Whether the key exchange was finished, so that the client went on to log in.
    pub exchanged: bool,
    /// What was agreed on, as far as this client says it. Dropbear's says nothing, PuTTY's only some of it.
    pub agreed: Agreed,
    /// All that it printed.
    pub text: String,
}

impl Connection {
    fn new(exchanged: bool, agreed: Agreed, finished: &Finished) -> Self {
        Self { exchanged, agreed, text: finished.text() }
    }
}

/// OpenSSH's `ssh`, without any configuration file; `arguments` such as `-oKexAlgorithms=...` or `-F FILE` (the last
/// `-F` holds). `None` where it is missing and need not be there.
pub fn openssh(address: SocketAddr, arguments: &[&str]) -> Option<Connection> {
    let mut command = Command::new(require("ssh")?);
    command.args(["-v", "-T", "-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=no"]);
    command.args(["-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null", "-oIdentityAgent=none"]);
    command.args(["-oIdentityFile=none", "-oConnectTimeout=10"]).args(arguments);
    command.args(["-p", &address.port().to_string(), "-l", "nobody", &address.ip().to_string(), "true"]);
    let finished = finish("ssh", &mut command, b"");
    let exchanged = finished.stderr.contains("SSH2_MSG_NEWKEYS received");
    Some(Connection::new(exchanged, Agreed::from_openssh_log(&finished.stderr), &finished))
}

/// PuTTY's `plink`. It names ciphers and MACs by words of its own, so nothing is agreed but whether it worked.
pub fn plink(address: SocketAddr, arguments: &[&str]) -> Option<Connection> {
    let mut command = Command::new(require("plink")?);
    let home = home();
    command.env("HOME", home.path()).args(["-v", "-no-antispoof", "-P", &address.port().to_string()]);
    command.args(arguments).args([&format!("nobody@{}", address.ip()), "true"]);
    // Without an answer it would give up at the unknown host key; this one means: once, without storing it.
    let finished = finish("plink", &mut command, b"n\nn\nn\n");
    let exchanged = finished.stderr.contains("inbound encryption") || finished.stderr.contains("Using username");
    Some(Connection::new(exchanged, Agreed::default(), &finished))
}

/// Dropbear's `dbclient`. It says nothing about what was agreed.
pub fn dbclient(address: SocketAddr, arguments: &[&str]) -> Option<Connection> {
    let mut command = Command::new(require("dbclient")?);
    let home = home();
    // The password is there so that it asks nobody.
    command.env("HOME", home.path()).env("DROPBEAR_PASSWORD", "wrong");
    command.args(["-y", "-y", "-T", "-p", &address.port().to_string()]).args(arguments);
    command.args([&format!("nobody@{}", address.ip()), "true"]);
    let finished = finish("dbclient", &mut command, b"");
    let exchanged = finished.stderr.contains("skipping hostkey check") && !finished.stderr.contains("No matching algo");
    Some(Connection::new(exchanged, Agreed::default(), &finished))
}

/// curl's `sftp://`, which is libssh2. It says nothing about what was agreed.
pub fn libssh2(address: SocketAddr) -> Option<Connection> {
    let mut command = Command::new(require("curl")?);
    let home = home();
    command.env("HOME", home.path()).args(["--disable", "--silent", "--verbose", "--insecure", "--max-time", "10"]);
    command.args(["--user", "nobody:wrong", &format!("sftp://{address}/")]);
    let finished = finish("curl", &mut command, b"");
    let exchanged = finished.stderr.contains("SSH authentication methods available");
    Some(Connection::new(exchanged, Agreed::default(), &finished))
}

/// paramiko's client.
pub fn paramiko(address: SocketAddr, spec: &ScriptSpec) -> Option<Connection> {
    let mut command = Command::new(require("peers-python")?);
    command.arg("-c").arg(crate::peers::PARAMIKO).arg("client").arg(options(address, spec));
    Some(scripted("paramiko", &mut command))
}

/// asyncssh's client. It does not say which host key algorithm it chose.
pub fn asyncssh(address: SocketAddr, spec: &ScriptSpec) -> Option<Connection> {
    let mut command = Command::new(require("peers-python")?);
    command.arg("-c").arg(crate::peers::ASYNCSSH).arg("client").arg(options(address, spec));
    Some(scripted("asyncssh", &mut command))
}

/// The client of node's `ssh2`.
pub fn node_ssh2(address: SocketAddr, spec: &ScriptSpec) -> Option<Connection> {
    let node = require("node")?;
    let modules = peers_dir().join("node/node_modules");
    if !modules.join("ssh2").is_dir() {
        crate::program::missing("node's ssh2");
        return None;
    }
    let mut command = Command::new(node);
    command.env("NODE_PATH", modules).arg("-e").arg(include_str!("../../scripts/node_ssh2_client.js"));
    command.arg("--").arg(options(address, spec));
    Some(scripted("node's ssh2", &mut command))
}

fn options(address: SocketAddr, spec: &ScriptSpec) -> String {
    let host = format!("\"{}\"", address.ip());
    spec.json(&[("host", host), ("port", address.port().to_string())])
}

fn scripted(name: &str, command: &mut Command) -> Connection {
    let finished = finish(name, command, b"");
    let exchanged = finished.stdout.lines().any(|line| line.starts_with("agreed "));
    Connection::new(exchanged, Agreed::from_script(&finished.stdout), &finished)
}

fn finish(name: &str, command: &mut Command, input: &[u8]) -> Finished {
    match run(command, input, TIME) {
        Ok(finished) => finished,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// An empty home folder, so that nothing is read from the user's and nothing written there.
fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}
