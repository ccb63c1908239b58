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
const CLIENT_LINES: [&str; 36] = [
    "KexAlgoritms curve25519-sha256",
    "Host example.com\n  Kexalgorithms curve25519-sha265",
    "Ciphers aes257-ctr",
    "MACs hmac-sha3-256",
    "HostKeyAlgorithms ssh-ed25518",
    "PubkeyAcceptedAlgorithms rsa-sha2-1024",
    "CASignatureAlgorithms ssh-rsa-sha9",
    "Ciphers",
    "Port twenty-two",
    "StrictHostKeyChecking maybe",
    "Host *\n  Compression perhaps",
    "Match exec",
    "Match nothing",
    "LogLevel CHATTY",
    "SyslogFacility NOWHERE",
    "Host *\n  ConnectTimeout soon",
    "Host *\n  Port 99999",
    "ConnectionAttempts few",
    "RekeyLimit little",
    "RekeyLimit 1",
    "IPQoS fast",
    "AddressFamily inet5",
    "ControlMaster often",
    "ControlPersist soon",
    "EscapeChar ab",
    "LocalForward 8080",
    "DynamicForward here",
    "TunnelDevice x:y",
    "SetEnv NAME",
    "StreamLocalBindMask 9999",
    "ProxyJump :::bad",
    "FingerprintHash md6",
    "CanonicalizePermittedCNAMEs example.com",
    "AddKeysToAgent perhaps",
    "IdentitiesOnly yes no",
    "PreferredAuthentications",
];

/// Each is put into an otherwise good `sshd_config`.
const SERVER_LINES: [&str; 47] = [
    "KexAlgoritms curve25519-sha256",
    "KexAlgorithms curve25519-sha265",
    "KexAlgorithms \"\"",
    "Ciphers aes257-ctr,aes128-ctr",
    "MACs hmac-sha3-256",
    "HostKeyAlgorithms ssh-ed25518",
    "PubkeyAcceptedAlgorithms rsa-sha2-1024",
    "CASignatureAlgorithms nothing",
    "Ciphers",
    "PermitRootLogin sometimes",
    "StrictModes perhaps",
    "LogLevel CHATTY",
    "SyslogFacility NOWHERE",
    "LoginGraceTime soon",
    "Match User root Whence 192.0.2.1",
    "Match User",
    "Match LocalPort here",
    "ListenAddress 192.0.2.1:port",
    "ListenAddress [::1",
    "AddressFamily ipv5",
    "Port 70000",
    "Subsystem",
    "Subsystem sftp",
    "Subsystem sftp /a\nSubsystem sftp /b",
    "MaxStartups ten",
    "MaxStartups 0",
    "MaxStartups 10:101:5",
    "MaxStartups 10:30:5",
    "MaxAuthTries many",
    "X11DisplayOffset far",
    "PermitTunnel so",
    "PermitOpen there",
    "PermitListen a:b:c",
    "AuthenticationMethods publickey,telepathy",
    "AuthorizedKeysCommand keys.sh",
    "AuthorizedKeysCommand /bin/true",
    "AllowUsers alice bob@",
    "AcceptEnv NAME=value",
    "SetEnv NAME",
    "RekeyLimit little",
    "RekeyLimit 1G soon",
    "IPQoS fast",
    "FingerprintHash md6",
    "StreamLocalBindMask 9999",
    "PerSourceNetBlockSize 99:999",
    "PasswordAuthentication yes no",
    "PubkeyAuthOptions touch-nothing",
];

/// `Match` blocks take only some of the directives.
const MATCH_LINES: [&str; 3] = [
    "Match User root\n  Ciphers aes128-ctr",
    "Match User root\n  HostKey /etc/ssh/ssh_host_ed25519_key",
    "Match User root\n  Port 22",
];

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
            let text = ssh_with(lines, &folder.path().join("config"), &program);
            vec![Transcript::new(format!("ssh_config {lines}"), text, cause(CONFIGURATION).side("client"))]
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
    // Both programs say the same of quotes: the side is known by the name of the file.
    scenarios.push(Box::new(|| {
        let Some(program) = require("ssh") else { return Vec::new() };
        let folder = folder();
        fs::create_dir(folder.path().join(".ssh")).expect("a folder");
        let text = ssh_with("IdentityFile \"~/.ssh/id", &folder.path().join(".ssh/work"), &program);
        let elsewhere = ssh_with("IdentityFile \"~/.ssh/id", &folder.path().join("config"), &program);
        vec![
            Transcript::new("ssh_config quotes", text, cause(CONFIGURATION).side("client")),
            Transcript::new("ssh_config quotes elsewhere", elsewhere, cause(CONFIGURATION).side("unknown")),
        ]
    }));
    explain(scenarios, 45);
}

/// What `ssh` prints with these lines in this file.
fn ssh_with(lines: &str, file: &Path, program: &Path) -> String {
    fs::write(file, format!("{lines}\n")).expect("the file");
    let mut command = Command::new(program);
    output(command.arg("-F").arg(file).args(["-oBatchMode=yes", "-p", "1", "127.0.0.1", "true"]))
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
    explain(scenarios, 50);
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
