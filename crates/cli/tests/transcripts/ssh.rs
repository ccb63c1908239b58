//! Programs of SSH, each called as a person would.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use shakedown_testkit::peers::{self, Sshd, SshdSpec};
use shakedown_testkit::{KeyType, require};

use crate::harness::output;

/// `ssh` with nothing of this machine's configuration, keys or known hosts.
pub(crate) fn ssh(address: SocketAddr, arguments: &[&str]) -> Option<String> {
    let mut command = isolated("ssh")?;
    command.args(arguments).args(["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]);
    command.args(["-T", "-p", &address.port().to_string(), "-l", "root", &address.ip().to_string(), "true"]);
    Some(output(&mut command))
}

/// The same, but with the checks of host keys as they are by default.
pub(crate) fn checking_ssh(address: SocketAddr, known_hosts: &str, arguments: &[&str]) -> Option<String> {
    let mut command = isolated("ssh")?;
    command.args(arguments).arg(format!("-oUserKnownHostsFile={known_hosts}"));
    command.args(["-T", "-p", &address.port().to_string(), "-l", "root", &address.ip().to_string(), "true"]);
    Some(output(&mut command))
}

/// A program with `ssh`'s options, without the options that concern a host's key.
pub(crate) fn isolated(name: &str) -> Option<Command> {
    let mut command = Command::new(require(name)?);
    command.args(["-F", "none", "-oBatchMode=yes", "-oGlobalKnownHostsFile=/dev/null", "-oIdentityAgent=none"]);
    command.args(["-oIdentitiesOnly=yes", "-oConnectTimeout=35"]);
    Some(command)
}

/// A program of PuTTY or Dropbear, which read their files from this home.
pub(crate) fn at_home(name: &str, home: &Path) -> Option<Command> {
    let mut command = Command::new(require(name)?);
    command.env("HOME", home).env("DROPBEAR_PASSWORD", "wrong").env_remove("SSH_AUTH_SOCK");
    Some(command)
}

/// `dbclient`, which takes any host key.
pub(crate) fn dbclient(address: SocketAddr, arguments: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut command = at_home("dbclient", home.path())?;
    command.args(["-y", "-y", "-T", "-p", &address.port().to_string()]).args(arguments);
    Some(output(command.args([&format!("root@{}", address.ip()), "true"])))
}

/// `plink` in batch mode.
pub(crate) fn plink(address: SocketAddr, arguments: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut command = at_home("plink", home.path())?;
    command.args(["-batch", "-no-antispoof", "-P", &address.port().to_string()]).args(arguments);
    Some(output(command.args([&format!("root@{}", address.ip()), "true"])))
}

/// curl's `sftp://`, which is libssh2.
pub(crate) fn curl_sftp(address: SocketAddr, arguments: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(require("curl")?);
    command.env("HOME", home.path()).args(["--disable", "--silent", "--show-error", "--max-time", "20"]);
    Some(output(command.args(arguments).args(["--user", "root:wrong", &format!("sftp://{address}/")])))
}

/// A Python program with paramiko and asyncssh at hand; `{host}` and `{port}` in it are the server's.
pub(crate) fn python(address: SocketAddr, program: &str) -> Option<String> {
    let text = program.replace("{host}", &address.ip().to_string()).replace("{port}", &address.port().to_string());
    Some(output(Command::new(require("peers-python")?).arg("-c").arg(text)))
}

/// A server with these lines in its configuration and keys of these types.
pub(crate) fn server(config: &str, keys: &[KeyType]) -> Option<Sshd> {
    peers::sshd(&SshdSpec::with_config(config).host_keys(keys))
}
