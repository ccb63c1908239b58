//! Host keys that are unknown, changed or too small, and the keys of users.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use shakedown_testkit::peers::{self, DropbearSpec};
use shakedown_testkit::{KeyType, generate_key};
use tempfile::{TempDir, tempdir};

use crate::harness::{Expected, Scenario, Transcript, among, cause, explain, output};
use crate::ssh::{at_home, checking_ssh, isolated, python, server, ssh};

const UNKNOWN: &[&str] = &["host-key-unknown"];
const CHANGED: &[&str] = &["host-key-changed"];
const SMALL: &[&str] = &["key-too-small"];
const PERMISSIONS: &[&str] = &["private-key-permissions"];
const INVALID: &[&str] = &["private-key-invalid"];
const SIGNATURE: &[&str] = &["no-common-signature-algorithm"];
const AUTHENTICATION: &[&str] = &["authentication-failed"];

pub(crate) fn folder() -> TempDir {
    tempdir().expect("a temporary folder")
}

/// A file with these contents, readable by its owner only.
pub(crate) fn file(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).expect("the file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    file.display().to_string()
}

/// A line of `known_hosts` for this server with another server's key.
pub(crate) fn other_key(address: SocketAddr, folder: &Path) -> String {
    let public = generate_key(KeyType::Ed25519, folder).expect("a key").with_extension("pub");
    let text = fs::read_to_string(public).expect("its public half");
    let mut words = text.split_whitespace();
    format!("[127.0.0.1]:{} {} {}\n", address.port(), words.next().unwrap_or(""), words.next().unwrap_or(""))
}

fn scenario(run: impl FnOnce() -> Option<Vec<Transcript>> + Send + 'static) -> Scenario {
    Box::new(move || run().unwrap_or_default())
}

#[test]
fn host_keys_unknown_to_openssh() {
    let mut scenarios = Vec::new();
    for key in [KeyType::Ed25519, KeyType::Ecdsa(384), KeyType::Rsa(2048)] {
        scenarios.push(scenario(move || {
            let server = server("", &[key])?;
            let folder = folder();
            let empty = file(folder.path(), "known_hosts", "");
            let mut transcripts = Vec::new();
            for verbosity in ["-oLogLevel=INFO", "-v", "-vvv"] {
                for check in ["-oStrictHostKeyChecking=yes", "-oStrictHostKeyChecking=ask"] {
                    let text = checking_ssh(server.address(), &empty, &[verbosity, check])?;
                    let name = format!("ssh {verbosity} {check} unknown {key:?}");
                    // In batch mode it cannot ask, and then says only that the verification failed.
                    let told = check.ends_with("yes");
                    let expected = if told { cause(UNKNOWN).side("client") } else { among(UNKNOWN) };
                    transcripts.push(Transcript::new(name, text, expected));
                }
            }
            Some(transcripts)
        }));
    }
    scenarios.push(scenario(|| {
        let server = server("", &[KeyType::Ed25519])?;
        let folder = folder();
        let mut command = isolated("sftp")?;
        command.arg(format!("-oUserKnownHostsFile={}", file(folder.path(), "known_hosts", "")));
        command.arg(format!("-P{}", server.port())).arg("root@127.0.0.1");
        let sftp = output(&mut command);
        let mut command = isolated("scp")?;
        command.arg(format!("-oUserKnownHostsFile={}", file(folder.path(), "known_hosts", "")));
        command.arg(format!("-P{}", server.port())).args(["root@127.0.0.1:file", "."]);
        let scp = output(&mut command);
        Some(vec![
            Transcript::new("sftp unknown", sftp, among(UNKNOWN)),
            Transcript::new("scp unknown", scp, among(UNKNOWN)),
        ])
    }));
    explain(scenarios, 20);
}

#[test]
fn host_keys_that_changed() {
    let mut scenarios = Vec::new();
    for check in ["yes", "no", "accept-new"] {
        scenarios.push(scenario(move || {
            let server = server("", &[KeyType::Ed25519])?;
            let folder = folder();
            let known = file(folder.path(), "known_hosts", &other_key(server.address(), folder.path()));
            let mut transcripts = Vec::new();
            for verbosity in ["-oLogLevel=INFO", "-v", "-vv"] {
                let check = format!("-oStrictHostKeyChecking={check}");
                let text = checking_ssh(server.address(), &known, &[verbosity, &check])?;
                transcripts.push(Transcript::new(format!("ssh {verbosity} {check} changed"), text, cause(CHANGED)));
            }
            Some(transcripts)
        }));
    }
    scenarios.push(scenario(|| {
        let server = server("", &[KeyType::Ed25519])?;
        let home = folder();
        fs::create_dir(home.path().join(".ssh")).expect("a folder");
        let mut command = at_home("dbclient", home.path())?;
        command.args(["-p", &server.port().to_string(), "root@127.0.0.1", "true"]);
        let unknown = output(&mut command);
        // Dropbear's file has no ports.
        let line =
            other_key(server.address(), home.path()).replace(&format!("[127.0.0.1]:{}", server.port()), "127.0.0.1");
        file(&home.path().join(".ssh"), "known_hosts", &line);
        let changed = output(&mut command);
        Some(vec![
            Transcript::new("dbclient unknown", unknown, cause(UNKNOWN)),
            Transcript::new("dbclient changed", changed, cause(CHANGED)),
        ])
    }));
    scenarios.push(scenario(|| {
        let server = server("", &[KeyType::Ed25519])?;
        let home = folder();
        let mut transcripts = Vec::new();
        let fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (name, arguments, expected) in [
            ("plink unknown", &["-batch"][..], UNKNOWN),
            ("plink -v unknown", &["-batch", "-v"], UNKNOWN),
            ("plink other key", &["-batch", "-hostkey", fingerprint], CHANGED),
        ] {
            let mut command = at_home("plink", home.path())?;
            command.args(arguments).args(["-no-antispoof", "-P", &server.port().to_string(), "root@127.0.0.1", "true"]);
            transcripts.push(Transcript::new(name, output(&mut command), cause(expected)));
        }
        Some(transcripts)
    }));
    explain(scenarios, 14);
}

const PARAMIKO: &str = "
import paramiko
client = paramiko.SSHClient()
client.load_host_keys('{known}')
client.connect('{host}', {port}, username='root', password='wrong', look_for_keys=False, allow_agent=False)
";

const ASYNCSSH: &str = "
import asyncio, asyncssh
async def main():
    await asyncssh.connect('{host}', {port}, username='root', password='wrong', known_hosts='{known}', config=None,
                           client_keys=None, agent_path=None)
asyncio.run(main())
";

#[test]
fn host_keys_of_the_python_libraries() {
    let mut scenarios = Vec::new();
    for (name, program) in [("paramiko", PARAMIKO), ("asyncssh", ASYNCSSH)] {
        scenarios.push(scenario(move || {
            let server = server("", &[KeyType::Ed25519])?;
            let folder = folder();
            let empty = file(folder.path(), "empty", "");
            let known = file(folder.path(), "known", &other_key(server.address(), folder.path()));
            let unknown = python(server.address(), &program.replace("{known}", &empty))?;
            let changed = python(server.address(), &program.replace("{known}", &known))?;
            // asyncssh says of both only that the key is not trusted.
            let expected = if name == "asyncssh" { among(UNKNOWN) } else { cause(CHANGED) };
            Some(vec![
                Transcript::new(format!("{name} unknown"), unknown, cause(UNKNOWN)),
                Transcript::new(format!("{name} changed"), changed, expected),
            ])
        }));
    }
    explain(scenarios, 4);
}

#[test]
fn rsa_keys_that_are_too_small() {
    let host_key = scenario(|| {
        let server = server("", &[KeyType::Rsa(2048)])?;
        let mut transcripts = Vec::new();
        for verbosity in ["-oLogLevel=INFO", "-v", "-vv"] {
            let text = ssh(server.address(), &[verbosity, "-oRequiredRSASize=3072"])?;
            transcripts.push(Transcript::new(format!("ssh {verbosity} small host key"), text, cause(SMALL)));
        }
        Some(transcripts)
    });
    let user_key = scenario(|| {
        let server = server("RequiredRSASize 4096\nAuthorizedKeysFile KEYDIR/authorized\n", &[KeyType::Ed25519])?;
        let folder = folder();
        let key = generate_key(KeyType::Rsa(2048), folder.path()).expect("a key");
        fs::copy(key.with_extension("pub"), server.key_dir().join("authorized")).expect("the public half");
        let key = key.display().to_string();
        let client = ssh(server.address(), &["-v", "-i", &key])?;
        assert!(server.wait_for_log("Connection closed by"), "{}", server.log());
        Some(vec![
            Transcript::new("ssh refused user key", client, among(AUTHENTICATION)),
            Transcript::new("sshd refuses a small user key", server.log(), cause(SMALL)),
        ])
    });
    let own_key = scenario(|| {
        let server = server("", &[KeyType::Ed25519])?;
        let folder = folder();
        let key = generate_key(KeyType::Rsa(2048), folder.path()).expect("a key").display().to_string();
        let text = ssh(server.address(), &["-v", "-oRequiredRSASize=4096", "-i", &key])?;
        Some(vec![Transcript::new("ssh refuses its own small key", text, cause(SMALL))])
    });
    explain(vec![host_key, user_key, own_key], 6);
}

/// The user's key file: open to others, broken, of another type than its name, missing.
#[test]
fn key_files_of_users() {
    let mut scenarios = Vec::new();
    let kinds: [(&str, Expected); 4] = [
        ("open to others", cause(PERMISSIONS).side("client")),
        ("broken", cause(INVALID).side("client")),
        ("cut off", cause(INVALID).side("client")),
        ("public half", cause(INVALID).side("client")),
    ];
    for (kind, expected) in kinds {
        scenarios.push(scenario(move || {
            // A private key is read only once the server has said that it takes it.
            let server = server("AuthorizedKeysFile KEYDIR/authorized\n", &[KeyType::Ed25519])?;
            let folder = folder();
            let key = generate_key(KeyType::Rsa(2048), folder.path()).expect("a key");
            fs::copy(key.with_extension("pub"), server.key_dir().join("authorized")).expect("the public half");
            let text = fs::read_to_string(&key).expect("the key");
            // What it is called tells whose it is.
            let user_key = folder.path().join("id_rsa");
            fs::rename(&key, &user_key).expect("the key");
            let public = fs::read_to_string(key.with_extension("pub")).expect("its public half");
            fs::remove_file(key.with_extension("pub")).expect("its public half");
            let key = user_key;
            match kind {
                "open to others" => fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode"),
                "broken" => fs::write(&key, text.replacen("b3BlbnNzaC1r", "b3BlbnNzaC1x", 1)).expect("the key"),
                "cut off" => fs::write(&key, &text[..text.len() / 2]).expect("the key"),
                _ => fs::write(&key, public).expect("the key"),
            }
            let key = key.display().to_string();
            let mut transcripts = Vec::new();
            for verbosity in ["-oLogLevel=INFO", "-v", "-vvv"] {
                let said = ssh(server.address(), &[verbosity, "-i", &key])?;
                transcripts.push(Transcript::new(format!("ssh {verbosity} key {kind}"), said, expected));
            }
            Some(transcripts)
        }));
    }
    explain(scenarios, 12);
}

#[test]
fn signature_algorithms_of_user_keys() {
    let mut scenarios = Vec::new();
    for (name, config, option) in [
        ("client has only ssh-rsa", "", "-oPubkeyAcceptedAlgorithms=ssh-rsa"),
        ("server has only ssh-rsa", "PubkeyAcceptedAlgorithms ssh-rsa", "-oLogLevel=DEBUG"),
        ("server has only ed25519", "PubkeyAcceptedAlgorithms ssh-ed25519", "-oLogLevel=DEBUG"),
    ] {
        scenarios.push(scenario(move || {
            let config = format!("LogLevel VERBOSE\nAuthorizedKeysFile KEYDIR/authorized\n{config}\n");
            let server = server(&config, &[KeyType::Ed25519])?;
            let folder = folder();
            let key = generate_key(KeyType::Rsa(2048), folder.path()).expect("a key");
            fs::copy(key.with_extension("pub"), server.key_dir().join("authorized")).expect("the public half");
            let key = key.display().to_string();
            let text = ssh(server.address(), &[option, "-i", &key])?;
            assert!(server.wait_for_log("not in PubkeyAcceptedAlgorithms"), "{}", server.log());
            Some(vec![
                // The server does not tell the client why it refuses the key.
                Transcript::new(format!("ssh {name}"), text, among(AUTHENTICATION)),
                Transcript::new(format!("sshd {name}"), server.log(), cause(SIGNATURE)),
            ])
        }));
    }
    // Dropbear says what it takes, and this is not among it.
    scenarios.push(scenario(|| {
        let server = peers::dropbear(&DropbearSpec { host_keys: vec![KeyType::Ed25519], ..DropbearSpec::default() })?;
        let folder = folder();
        let key = generate_key(KeyType::Rsa(2048), folder.path()).expect("a key").display().to_string();
        let mut transcripts = Vec::new();
        for verbosity in ["-v", "-vvv"] {
            let text = ssh(server.address(), &[verbosity, "-oPubkeyAcceptedAlgorithms=rsa-sha2-512", "-i", &key])?;
            transcripts.push(Transcript::new(format!("ssh {verbosity} no mutual signature"), text, cause(SIGNATURE)));
        }
        Some(transcripts)
    }));
    scenarios.push(scenario(|| {
        let config = "AuthorizedKeysFile KEYDIR/authorized\nPubkeyAcceptedAlgorithms rsa-sha2-512\n";
        let server = server(config, &[KeyType::Ed25519])?;
        let folder = folder();
        let key = generate_key(KeyType::Ed25519, folder.path()).expect("a key");
        fs::copy(key.with_extension("pub"), server.key_dir().join("authorized")).expect("the public half");
        // paramiko does not look at what the server said that it takes.
        let program = format!(
            "import paramiko\nclient = paramiko.SSHClient()\nclient.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n\
             client.connect('{{host}}', {{port}}, username='root', key_filename='{}', look_for_keys=False, allow_agent=False)",
            key.display()
        );
        python(server.address(), &program)?;
        assert!(server.wait_for_log("not in PubkeyAcceptedAlgorithms"), "{}", server.log());
        Some(vec![Transcript::new("sshd refuses the signature algorithm", server.log(), cause(SIGNATURE))])
    }));
    explain(scenarios, 9);
}

/// The key exchange went well: `explain` must say that the user's log-in failed.
#[test]
fn authentication_that_fails() {
    let mut scenarios = Vec::new();
    for (name, config) in
        [("publickey only", "PasswordAuthentication no\nKbdInteractiveAuthentication no"), ("all", "")]
    {
        scenarios.push(scenario(move || {
            let server = server(config, &[KeyType::Ed25519])?;
            let mut transcripts = Vec::new();
            for verbosity in ["-oLogLevel=INFO", "-v"] {
                let text = ssh(server.address(), &[verbosity])?;
                transcripts.push(Transcript::new(
                    format!("ssh {verbosity} denied, {name}"),
                    text,
                    cause(AUTHENTICATION),
                ));
            }
            Some(transcripts)
        }));
    }
    scenarios.push(scenario(|| {
        let server = peers::dropbear(&DropbearSpec { host_keys: vec![KeyType::Ed25519], ..DropbearSpec::default() })?;
        let text = ssh(server.address(), &["-oLogLevel=INFO"])?;
        Some(vec![Transcript::new("ssh denied by dropbear", text, cause(AUTHENTICATION))])
    }));
    explain(scenarios, 5);
}
