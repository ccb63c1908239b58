//! Lines that `ssh` and `sshd` refuse, and servers without a usable host key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use shakedown_testkit::{KeyType, generate_key, require};
use tempfile::tempdir;

use crate::harness::{Expected, Scenario, Transcript, cause, explain, output};

const CONFIGURATION: &[&str] = &["invalid-configuration"];

/// Each is the whole file; `ssh` must refuse it before it connects.
const CLIENT_LINES: [&str; 14] = [
    "KexAlgoritms curve25519-sha256",
    "Host example.com\n  Kexalgorithms curve25519-sha265",
    "Ciphers aes257-ctr",
    "MACs hmac-sha3-256",
    "HostKeyAlgorithms ssh-ed25518",
    "PubkeyAcceptedAlgorithms rsa-sha2-1024",
    "Ciphers",
    "Port twenty-two",
    "StrictHostKeyChecking maybe",
    "Host *\n  Compression perhaps",
    "Match exec",
    "LogLevel CHATTY",
    "Host *\n  ConnectTimeout soon",
    "IdentityFile \"~/.ssh/id_ed25519",
];

/// Each is put into an otherwise good `sshd_config`.
const SERVER_LINES: [&str; 11] = [
    "KexAlgoritms curve25519-sha256",
    "KexAlgorithms curve25519-sha265",
    "Ciphers aes257-ctr,aes128-ctr",
    "MACs hmac-sha3-256",
    "HostKeyAlgorithms ssh-ed25518",
    "PubkeyAcceptedAlgorithms rsa-sha2-1024",
    "CASignatureAlgorithms nothing",
    "Ciphers",
    "PermitRootLogin sometimes",
    "Match User root Whence 192.0.2.1",
    "ListenAddress 192.0.2.1:port",
];

/// `Match` blocks take only some of the directives.
const MATCH_LINES: [&str; 1] = ["Match User root\n  Ciphers aes128-ctr"];

fn folder() -> tempfile::TempDir {
    tempdir().expect("a temporary folder")
}

#[test]
fn lines_that_ssh_refuses() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for lines in CLIENT_LINES {
        scenarios.push(Box::new(move || {
            let Some(program) = require("ssh") else { return Vec::new() };
            let folder = folder();
            let file = folder.path().join("config");
            fs::write(&file, format!("{lines}\n")).expect("the file");
            let mut command = Command::new(program);
            let text = output(command.arg("-F").arg(&file).args(["-oBatchMode=yes", "-p", "1", "127.0.0.1", "true"]));
            vec![Transcript::new(format!("ssh_config {lines}"), text, cause(CONFIGURATION))]
        }));
    }
    for option in ["-oKexAlgorithms=curve448-sha512x", "-oCiphers=+des", "-oMACs=md5", "-oNoSuchOption=yes", "-c999"] {
        scenarios.push(Box::new(move || {
            let Some(program) = require("ssh") else { return Vec::new() };
            let text = output(Command::new(program).args(["-F", "none", option, "-p", "1", "127.0.0.1", "true"]));
            vec![Transcript::new(format!("ssh {option}"), text, cause(CONFIGURATION).side("client"))]
        }));
    }
    for (name, arguments) in [("dbclient cipher", ["-c", "aes999"]), ("dbclient mac", ["-m", "hmac-md7"])] {
        scenarios.push(Box::new(move || {
            let Some(program) = require("dbclient") else { return Vec::new() };
            let text = output(Command::new(program).args(arguments).args(["-p", "1", "root@127.0.0.1", "true"]));
            vec![Transcript::new(name, text, cause(CONFIGURATION))]
        }));
    }
    explain(scenarios, 21);
}

/// What `sshd -t` prints about this configuration, with a good host key unless the lines name one.
fn sshd_test(lines: &str, folder: &Path, program: &Path) -> String {
    let file = folder.join("sshd_config");
    let key = folder.join(KeyType::Ed25519.file_name());
    let own = if lines.contains("HostKey KEYDIR") { String::new() } else { format!("HostKey {}\n", key.display()) };
    let text = format!("Port 2222\n{own}{}\n", lines.replace("KEYDIR", &folder.display().to_string()));
    fs::write(&file, text).expect("the file");
    // Started by root, sshd goes into this folder; elsewhere it is made at boot.
    let _only_root_may_and_must = fs::create_dir_all("/run/sshd");
    output(Command::new(program).arg("-t").arg("-f").arg(file))
}

#[test]
fn lines_that_sshd_refuses() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for lines in SERVER_LINES.into_iter().chain(MATCH_LINES) {
        scenarios.push(Box::new(move || {
            let Some(program) = require("sshd") else { return Vec::new() };
            let folder = folder();
            generate_key(KeyType::Ed25519, folder.path()).expect("a key");
            let text = sshd_test(lines, folder.path(), &program);
            vec![Transcript::new(format!("sshd_config {lines}"), text, cause(CONFIGURATION).side("server"))]
        }));
    }
    explain(scenarios, 12);
}

#[test]
fn host_keys_that_sshd_cannot_use() {
    let kinds: [(&str, Expected); 4] = [
        ("missing", cause(&["host-key-unusable"]).side("server")),
        ("open to others", cause(&["host-key-unusable", "private-key-permissions"]).side("server")),
        ("broken", cause(&["host-key-unusable", "private-key-invalid"]).side("server")),
        ("public half", cause(&["host-key-unusable", "private-key-invalid"]).side("server")),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (kind, expected) in kinds {
        scenarios.push(Box::new(move || {
            let Some(program) = require("sshd") else { return Vec::new() };
            let folder = folder();
            let key = generate_key(KeyType::Ed25519, folder.path()).expect("a key");
            match kind {
                "missing" => fs::remove_file(&key).expect("the key"),
                "open to others" => fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode"),
                "broken" => {
                    fs::write(&key, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
                        .expect("the key")
                }
                _ => fs::write(&key, fs::read(key.with_extension("pub")).expect("its public half")).expect("the key"),
            }
            let text = sshd_test("HostKey KEYDIR/ssh_host_ed25519_key", folder.path(), &program);
            vec![Transcript::new(format!("sshd with a host key {kind}"), text, expected)]
        }));
    }
    explain(scenarios, 4);
}
