//! Connections through a jump host or a proxy command that do not come to pass, and rsync, which starts `ssh`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use shakedown_testkit::peers::Sshd;
use shakedown_testkit::{KeyType, free_port, generate_key, require};

use crate::harness::{Expected, Scenario, Transcript, among, cause, explain, output};
use crate::ssh::{isolated, server};
use crate::ssh_trust::{file, folder};

const REFUSED: &[&str] = &["port-refused"];
const NAME: &[&str] = &["name-resolution"];
const KEX: &[&str] = &["no-common-kex"];
const AUTHENTICATION: &[&str] = &["authentication-failed"];
const UNKNOWN: &[&str] = &["host-key-unknown"];
const PROXY: &[&str] = &["proxy-refused"];
const CUT: &[&str] = &["connection-cut"];
const CONFIGURATION: &[&str] = &["invalid-configuration"];

/// A server with one group, which `ssh` is told not to use.
const OTHER_KEX: &str = "KexAlgorithms diffie-hellman-group18-sha512\n";

/// The user that the tests run as: nobody else can log in at a server of the tests.
fn user() -> Option<String> {
    Some(output(Command::new(require("id")?).arg("-un")).trim().to_owned())
}

/// An `ssh_config` with the host `jump` at this address, and these lines for it.
fn config(folder: &Path, jump: SocketAddr, lines: &str) -> Option<String> {
    let text = format!(
        "Host jump\n  HostName {}\n  Port {}\n  User {}\n  {lines}\n\
         Host *\n  BatchMode yes\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n  IdentityAgent none\n\
         \x20 IdentitiesOnly yes\n  StrictHostKeyChecking no\n  ConnectTimeout 35\n  KexAlgorithms curve25519-sha256\n",
        jump.ip(),
        jump.port(),
        user()?
    );
    Some(file(folder, "config", &text))
}

/// `ssh` by way of the host `jump`.
fn through_jump(config: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(require("ssh")?);
    Some(output(command.args(["-F", config, "-J", "jump"]).args(arguments).arg("true")))
}

/// A server where the user may log in with the key `user_key` in this folder.
fn jump_host(lines: &str, folder: &Path) -> Option<Sshd> {
    let key = generate_key(KeyType::Ed25519, folder).expect("a key");
    fs::rename(key.with_extension("pub"), folder.join("authorized")).expect("its public half");
    fs::rename(key, folder.join("user_key")).expect("the key");
    let authorized = folder.join("authorized");
    server(&format!("AuthorizedKeysFile {}\n{lines}", authorized.display()), &[KeyType::Ed25519])
}

fn scenario(run: impl FnOnce() -> Option<Vec<Transcript>> + Send + 'static) -> Scenario {
    Box::new(move || run().unwrap_or_default())
}

#[test]
fn jump_hosts_that_are_not_reached() {
    let mut scenarios = Vec::new();
    for verbosity in ["-oLogLevel=INFO", "-v"] {
        scenarios.push(scenario(move || {
            let folder = folder();
            let jump = ([127, 0, 0, 1], free_port().expect("a free port")).into();
            let config = config(folder.path(), jump, "")?;
            let text = through_jump(&config, &[verbosity, "target.invalid"])?;
            Some(vec![Transcript::new(format!("ssh {verbosity} jump host refused"), text, cause(REFUSED))])
        }));
        scenarios.push(scenario(move || {
            let folder = folder();
            let jump = server(OTHER_KEX, &[KeyType::Ed25519])?;
            let config = config(folder.path(), jump.address(), "")?;
            let text = through_jump(&config, &[verbosity, "target.invalid"])?;
            Some(vec![Transcript::new(format!("ssh {verbosity} jump host kex"), text, cause(KEX))])
        }));
        scenarios.push(scenario(move || {
            let folder = folder();
            let jump = server("", &[KeyType::Ed25519])?;
            let config = config(folder.path(), jump.address(), "")?;
            let text = through_jump(&config, &[verbosity, "target.invalid"])?;
            Some(vec![Transcript::new(format!("ssh {verbosity} jump host denies"), text, cause(AUTHENTICATION))])
        }));
        scenarios.push(scenario(move || {
            let folder = folder();
            let jump = server("", &[KeyType::Ed25519])?;
            let config = config(folder.path(), jump.address(), "StrictHostKeyChecking yes")?;
            let text = through_jump(&config, &[verbosity, "target.invalid"])?;
            Some(vec![Transcript::new(format!("ssh {verbosity} jump host unknown"), text, cause(UNKNOWN))])
        }));
    }
    scenarios.push(scenario(|| {
        let folder = folder();
        let config = config(folder.path(), ([127, 0, 0, 1], 22).into(), "")?;
        let mut command = Command::new(require("ssh")?);
        let text = output(command.args(["-F", &config, "-J", "jump.invalid", "target.invalid", "true"]));
        Some(vec![Transcript::new("ssh jump host without a name", text, cause(NAME))])
    }));
    explain(scenarios, 9);
}

/// The user is in at the jump host; what comes after it fails.
#[test]
fn targets_that_the_jump_host_does_not_reach() {
    let nothing = free_port().expect("a free port").to_string();
    let cases: [(&str, &str, Vec<String>, Expected); 3] = [
        ("refused", "", vec![format!("-p{nothing}"), "127.0.0.1".to_owned()], cause(REFUSED).side("server")),
        ("name", "", vec!["target.invalid".to_owned()], cause(NAME)),
        ("forbidden", "AllowTcpForwarding no\n", vec!["127.0.0.1".to_owned()], cause(PROXY).side("server")),
    ];
    let mut scenarios = Vec::new();
    for (name, lines, arguments, expected) in cases {
        scenarios.push(scenario(move || {
            let folder = folder();
            let jump = jump_host(lines, folder.path())?;
            let identity = format!("IdentityFile {}", folder.path().join("user_key").display());
            let config = config(folder.path(), jump.address(), &identity)?;
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut transcripts = Vec::new();
            for verbosity in ["-oLogLevel=INFO", "-v"] {
                let text = through_jump(&config, &[&[verbosity], &arguments[..]].concat())?;
                transcripts.push(Transcript::new(format!("ssh {verbosity} target {name}"), text, expected));
            }
            assert!(jump.log().contains("Accepted publickey"), "{}", jump.log());
            Some(transcripts)
        }));
    }
    scenarios.push(scenario(|| {
        let folder = folder();
        let (jump, target) = (jump_host("", folder.path())?, server(OTHER_KEX, &[KeyType::Ed25519])?);
        let identity = format!("IdentityFile {}", folder.path().join("user_key").display());
        let config = config(folder.path(), jump.address(), &identity)?;
        let text = through_jump(&config, &[&format!("-p{}", target.port()), "127.0.0.1"])?;
        Some(vec![Transcript::new("ssh target kex", text, cause(KEX))])
    }));
    explain(scenarios, 7);
}

#[test]
fn proxy_commands_that_fail() {
    // They read what ssh sends first: whether that still finds a reader is otherwise a matter of luck.
    let ends = "sh -c 'read identification'";
    let forbidden = "sh -c 'read identification; printf \"HTTP/1.1 403 Forbidden\\r\\n\\r\\n\"'";
    let missing = cause(CONFIGURATION).side("client");
    // What the shell says would be mixed with what ssh says with -v, and what came instead of a greeting is only there.
    let cases: [(&str, &str, &str, Expected); 6] = [
        ("ends", ends, "-oLogLevel=INFO", among(CUT)),
        ("ends", ends, "-v", among(CUT)),
        ("missing", "/nonexistent/connect %h %p", "-oLogLevel=INFO", missing),
        ("not in the path", "nonexistent-connect %h %p", "-oLogLevel=INFO", missing),
        ("forbidden", forbidden, "-oLogLevel=INFO", among(PROXY)),
        ("forbidden", forbidden, "-v", cause(PROXY)),
    ];
    let mut scenarios = Vec::new();
    for (name, command, verbosity, expected) in cases {
        let command = format!("-oProxyCommand={command}");
        scenarios.push(scenario(move || {
            let mut ssh = isolated("ssh")?;
            // The user's shell runs it, and each shell has its own words.
            ssh.env("SHELL", "/bin/sh").arg(command);
            let text = output(ssh.args([verbosity, "-oUserKnownHostsFile=/dev/null", "target.invalid", "true"]));
            Some(vec![Transcript::new(format!("ssh {verbosity} proxy command {name}"), text, expected)])
        }));
    }
    explain(scenarios, 6);
}

/// rsync prints what `ssh` printed, and that its own connection ended.
#[test]
fn rsync_over_ssh() {
    let mut scenarios = Vec::new();
    for (name, lines, expected) in
        [("refused", None, REFUSED), ("kex", Some(OTHER_KEX), KEX), ("denied", Some(""), AUTHENTICATION)]
    {
        scenarios.push(scenario(move || {
            let (folder, ssh) = (folder(), require("ssh")?);
            let server = lines.map(|lines| server(lines, &[KeyType::Ed25519]));
            let address = match server.as_ref() {
                Some(server) => server.as_ref()?.address(),
                None => ([127, 0, 0, 1], free_port().expect("a free port")).into(),
            };
            let config = config(folder.path(), address, "")?;
            let mut transcripts = Vec::new();
            for (way, paths) in [("from", ["jump:file", "."]), ("to", ["/dev/null", "jump:file"])] {
                let mut command = Command::new(require("rsync")?);
                command.arg("-e").arg(format!("{} -F {config}", ssh.display())).args(paths);
                let text = output(command.current_dir(folder.path()));
                transcripts.push(Transcript::new(format!("rsync {way} {name}"), text, cause(expected)));
            }
            Some(transcripts)
        }));
    }
    explain(scenarios, 6);
}
