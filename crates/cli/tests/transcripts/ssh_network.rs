//! Connections that end before or while the two ends greet each other.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use shakedown_testkit::hostile::{Hostile, Step};
use shakedown_testkit::{KeyType, free_port, require};

use crate::harness::{Expected, Scenario, Transcript, among, cause, explain, output};
use crate::ssh::{curl_sftp, dbclient, isolated, plink, python, server, ssh};

const REFUSED: &[&str] = &["port-refused"];
const NAME: &[&str] = &["name-resolution"];
const PROTOCOL: &[&str] = &["wrong-protocol"];
const PROTOCOL_OR_CUT: &[&str] = &["wrong-protocol", "connection-cut"];
const CUT: &[&str] = &["connection-cut"];
const THROTTLED: &[&str] = &["connection-throttled"];
const VERSION: &[&str] = &["no-common-version"];

const PARAMIKO: &str = "
import paramiko
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect('{host}', {port}, username='root', password='wrong', look_for_keys=False, allow_agent=False)
";

const ASYNCSSH: &str = "
import asyncio, asyncssh
async def main():
    await asyncssh.connect('{host}', {port}, username='root', password='wrong', known_hosts=None, config=None,
                           client_keys=None, agent_path=None)
asyncio.run(main())
";

type Client = (&'static str, fn(SocketAddr) -> Option<String>);

/// Every client of SSH that is tested here.
const CLIENTS: [Client; 8] = [
    ("ssh", |address| ssh(address, &["-oLogLevel=INFO"])),
    ("ssh -v", |address| ssh(address, &["-v"])),
    ("ssh -vvv", |address| ssh(address, &["-vvv"])),
    ("dbclient", |address| dbclient(address, &[])),
    ("plink", |address| plink(address, &["-v"])),
    ("curl", |address| curl_sftp(address, &["-k", "-v"])),
    ("paramiko", |address| python(address, PARAMIKO)),
    ("asyncssh", |address| python(address, ASYNCSSH)),
];

/// Each client against a server that does these steps.
fn against(name: &'static str, steps: &[Step], expected: fn(&str) -> Expected) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (client, run) in CLIENTS {
        let steps = steps.to_vec();
        scenarios.push(Box::new(move || {
            let server = Hostile::run(steps);
            let Some(text) = run(server.address()) else { return Vec::new() };
            vec![Transcript::new(format!("{client} {name}"), text, expected(client))]
        }));
    }
    scenarios
}

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[test]
fn ports_where_nothing_listens() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (client, run) in CLIENTS {
        scenarios.push(Box::new(move || {
            let port = free_port().expect("a free port");
            let Some(text) = run(([127, 0, 0, 1], port).into()) else { return Vec::new() };
            // paramiko says only that it could not connect.
            let expected = if client == "paramiko" { among(REFUSED) } else { cause(REFUSED).side("server") };
            vec![Transcript::new(format!("{client} refused"), text, expected)]
        }));
    }
    // The programs that start ssh.
    scenarios.push(Box::new(|| {
        let (Some(ssh), Some(git)) = (require("ssh"), require("git")) else { return Vec::new() };
        let port = free_port().expect("a free port");
        let mut command = Command::new(git);
        command.env("GIT_SSH_COMMAND", format!("{} -F none -oBatchMode=yes", ssh.display()));
        let text = output(command.args(["ls-remote", &format!("ssh://git@127.0.0.1:{port}/example.git")]));
        vec![Transcript::new("git refused", text, cause(REFUSED))]
    }));
    for name in ["sftp", "scp"] {
        scenarios.push(Box::new(move || {
            let Some(mut command) = isolated(name) else { return Vec::new() };
            command.arg(format!("-P{}", free_port().expect("a free port"))).arg("root@127.0.0.1:file");
            if name == "scp" {
                command.arg(".");
            }
            vec![Transcript::new(format!("{name} refused"), output(&mut command), cause(REFUSED))]
        }));
    }
    explain(scenarios, 11);
}

/// The top-level domain `invalid` never resolves, with or without a resolver at hand.
#[test]
fn names_that_do_not_resolve() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let commands: [(&str, &[&str]); 6] = [
        ("ssh", &["-F", "none", "-oBatchMode=yes", "host.invalid", "true"]),
        ("ssh", &["-v", "-F", "none", "-oBatchMode=yes", "host.invalid", "true"]),
        ("sftp", &["-F", "none", "-oBatchMode=yes", "host.invalid"]),
        ("plink", &["-batch", "-v", "host.invalid", "true"]),
        ("dbclient", &["host.invalid", "true"]),
        ("curl", &["--disable", "--silent", "--show-error", "sftp://host.invalid/"]),
    ];
    for (name, arguments) in commands {
        scenarios.push(Box::new(move || {
            let Some(program) = require(name) else { return Vec::new() };
            let text = output(Command::new(program).args(arguments));
            vec![Transcript::new(format!("{name} name {}", arguments.len()), text, cause(NAME))]
        }));
    }
    explain(scenarios, 6);
}

#[test]
fn other_protocols_answer() {
    let http = "HTTP/1.1 400 Bad Request\r\nServer: example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // An alert of TLS about something that is no handshake: fatal, unexpected_message.
    let tls = Step::Send(vec![0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x0a]);
    // The others read on until the connection ends, and say only that it did.
    let told: fn(&str) -> Expected = |client| match client {
        "ssh -v" | "ssh -vvv" => cause(PROTOCOL),
        "asyncssh" | "dbclient" | "plink" | "ssh" => among(PROTOCOL_OR_CUT),
        _ => among(PROTOCOL),
    };
    let mut scenarios = against("http", &[Step::ReadLine, send(http), Step::Close], told);
    scenarios.extend(against("tls", &[Step::ReadLine, tls, Step::Close], |_| among(PROTOCOL_OR_CUT)));
    scenarios.extend(against(
        "smtp",
        &[send("220 mail.example.com ESMTP ready\r\n"), Step::ReadLine, Step::Close],
        told,
    ));
    explain(scenarios, 24);
}

#[test]
fn servers_that_close_or_reset_before_they_greet() {
    let mut scenarios = against("closed at once", &[Step::Close], |_| among(CUT));
    scenarios.extend(against("closed after the client's line", &[Step::ReadLine, Step::Close], |_| among(CUT)));
    scenarios.extend(against("reset", &[Step::Reset], |_| among(CUT)));
    let greeting = [send("SSH-2.0-OpenSSH_9.6\r\n"), Step::ReadLine, Step::Close];
    scenarios.extend(against("closed after the greeting", &greeting, |client| match client {
        // libssh2 does not tell a closed connection from lists without a common member.
        "curl" => among(&["no-common-kex"]),
        // Big packets that get lost look the same.
        _ => among(&["connection-cut", "path-mtu"]),
    }));
    explain(scenarios, 32);
}

#[test]
fn protocol_versions_of_old_servers() {
    let scenarios =
        against("version 1", &[send("SSH-1.5-1.2.27\r\n"), Step::ReadLine, Step::Close], |client| match client {
            "curl" => among(&["no-common-kex", "no-common-version"]),
            "asyncssh" => among(VERSION),
            _ => cause(VERSION),
        });
    explain(scenarios, 8);
}

#[test]
fn a_server_that_lets_in_too_few_at_once() {
    let scenario: Scenario = Box::new(|| {
        let run = || {
            let server = server("MaxStartups 1\nLogLevel VERBOSE\n", &[KeyType::Ed25519])?;
            // This one is in; all others must wait.
            let _first = TcpStream::connect(server.address()).expect("the server listens");
            assert!(server.wait_for_log("Connection from"), "{}", server.log());
            let mut transcripts = Vec::new();
            for (name, arguments) in [("plain", "-oLogLevel=INFO"), ("-v", "-v"), ("-vvv", "-vvv")] {
                let text = ssh(server.address(), &[arguments])?;
                transcripts.push(Transcript::new(format!("ssh {name} throttled"), text, among(THROTTLED)));
            }
            // It answers the client first.
            assert!(server.wait_for_log("drop connection"), "{}", server.log());
            transcripts.push(Transcript::new("sshd throttles", server.log(), cause(THROTTLED)));
            Some(transcripts)
        };
        run().unwrap_or_default()
    });
    explain(vec![scenario], 4);
}

/// What `sshd` logs about clients that are none.
#[test]
fn strangers_at_the_port_of_sshd() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (name, bytes, logged, expected) in [
        ("http", &b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"[..], "banner exchange", cause(PROTOCOL)),
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", "banner exchange", cause(PROTOCOL)),
        ("version 1", b"SSH-1.5-old_client\r\n", "Protocol major versions differ", cause(VERSION)),
        ("garbage", b"\x00\x01\x02\xff\xfe garbage\r\n", "banner exchange", among(PROTOCOL)),
    ] {
        scenarios.push(Box::new(move || {
            use std::io::{Read as _, Write as _};
            let run = || {
                let server = server("LogLevel DEBUG\n", &[KeyType::Ed25519])?;
                let mut stream = TcpStream::connect(server.address()).expect("the server listens");
                stream.write_all(bytes).expect("the server reads");
                // It has logged what it thinks of it before it closes.
                let _all = stream.read_to_end(&mut Vec::new());
                assert!(server.wait_for_log(logged), "{}", server.log());
                Some(vec![Transcript::new(format!("sshd and {name}"), server.log(), expected)])
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 4);
}
