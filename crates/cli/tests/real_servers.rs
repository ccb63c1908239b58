//! `check` and `offer` against real servers on loopback.

mod support;

use shakedown_testkit::KeyType;
use shakedown_testkit::peers::{self, DropbearSpec, SshdSpec};
use support::Shakedown;

fn url(port: u16) -> String {
    format!("ssh://127.0.0.1:{port}")
}

#[test]
fn a_healthy_sshd_agrees_and_has_nothing_to_report() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let (status, document) = shakedown.json(&["check", &url(server.port())]);
    assert_eq!(status, 0, "{document:#}");
    let outcome = &document["pairs"][0]["outcome"];
    assert_eq!(outcome["result"], "agreed");
    assert_eq!(document["connections"], 1, "one connection is enough for a check");
    // What the real client agrees on with this server.
    let real = real_session(&server, &[]);
    assert_eq!(outcome["agreed"]["kex"].as_str(), real.kex.as_deref());
    assert_eq!(outcome["agreed"]["host_key"].as_str(), real.host_key.as_deref());
}

/// What the real `ssh` agrees on with this server.
fn real_session(server: &peers::Sshd, options: &[&str]) -> shakedown_testkit::Agreed {
    let ssh = shakedown_testkit::require("ssh").expect("sshd is here, so ssh is");
    let port = server.port().to_string();
    let mut command = std::process::Command::new(ssh);
    command.args(["-vv", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
    command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"]);
    command.args(options).args(["-p", &port, "127.0.0.1", "true"]);
    let output = command.stdin(std::process::Stdio::null()).output().expect("ssh runs");
    shakedown_testkit::Agreed::from_openssh_log(&String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_failing_slot_of_a_legacy_sshd_is_reported_at_once() {
    let spec = SshdSpec::with_config(
        "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc\nMACs hmac-md5\nHostKeyAlgorithms ssh-rsa\n",
    )
    .host_keys(&[KeyType::Rsa(2048)]);
    let Some(server) = peers::sshd(&spec) else { return };
    let shakedown = Shakedown::new();
    let run = shakedown.run(&["check", &url(server.port()), "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let causes = run.causes();
    for cause in ["no-common-kex", "no-common-host-key-algorithm", "no-common-cipher"] {
        assert!(causes.iter().any(|found| found == cause), "{cause} is not in {causes:?}");
    }
    let text = shakedown.run(&["check", &url(server.port())]).stdout;
    assert!(text.contains("at fault: server"), "{text}");
}

#[test]
fn other_clients_take_the_place_of_this_machines_own() {
    let Some(server) = peers::sshd(&SshdSpec::with_config("KexAlgorithms sntrup761x25519-sha512@openssh.com\n")) else {
        return;
    };
    let shakedown = Shakedown::new();
    let old = shakedown.write("old_config", "KexAlgorithms diffie-hellman-group14-sha1\n");
    let arguments = [
        "check",
        &url(server.port()),
        "--as",
        "jsch@0.1.54",
        "--as",
        &old,
        "--as",
        "openssh@9.2p1",
        "--format",
        "json",
    ];
    let run = shakedown.run(&arguments);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let document = run.json();
    let results: Vec<_> = document["pairs"].as_array().unwrap().iter().map(|pair| &pair["outcome"]["result"]).collect();
    assert_eq!(results, ["failed", "failed", "agreed"], "{document:#}");
}

#[test]
fn the_full_map_has_every_host_key_verified_with_the_fingerprint_of_ssh_keygen() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let (status, document) = shakedown.json(&["offer", &url(server.port())]);
    assert_eq!(status, 0, "{document:#}");
    let offer = &document["offers"][0];
    assert_eq!(offer["complete"], true);
    let keys = offer["host_keys"].as_array().expect("host keys");
    let keygen = shakedown_testkit::require("ssh-keygen").expect("sshd is here, so ssh-keygen is");
    let mut seen = 0;
    for (key_type, name) in [
        (KeyType::Rsa(3072), "ssh-rsa"),
        (KeyType::Ecdsa(256), "ecdsa-sha2-nistp256"),
        (KeyType::Ed25519, "ssh-ed25519"),
    ] {
        let line = shakedown.write(&format!("{name}.pub"), server.public_key(key_type));
        let printed = std::process::Command::new(&keygen).args(["-lf", &line]).output().expect("ssh-keygen runs");
        let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
        let mut words = printed.split_whitespace();
        let (bits, fingerprint) = (words.next().expect("bits"), words.next().expect("fingerprint"));
        let key = keys.iter().find(|key| key["key_type"] == name).unwrap_or_else(|| panic!("no {name} in {keys:#?}"));
        assert_eq!(key["fingerprint"].as_str(), Some(fingerprint));
        assert_eq!(key["bits"].as_u64().map(|bits| bits.to_string()).as_deref(), Some(bits));
        assert_eq!(key["signature"]["state"].as_str().or(key["signature"].as_str()), Some("verified"), "{key:#}");
        seen += 1;
    }
    assert_eq!(seen, 3);
    assert!(document["connections"].as_u64().unwrap() <= 14);
}

#[test]
fn a_changed_host_key_is_found_and_never_called_safe_to_accept() {
    let Some(server) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let Some(other) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let shakedown = Shakedown::new();
    let known = other.public_key(KeyType::Ed25519);
    let file = shakedown.write("known_hosts", format!("[127.0.0.1]:{} {known}\n", server.port()));
    let config =
        shakedown.write("config", format!("Host *\n  UserKnownHostsFile {file}\n  GlobalKnownHostsFile /dev/null\n"));
    let run = shakedown.run(&["check", &url(server.port()), "-F", &config, "--format", "json"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.causes().first().map(String::as_str), Some("host-key-changed"), "{}", run.stdout);
    for fix in run.json()["fixes"].as_array().unwrap() {
        assert_eq!(fix["applicability"], "manual", "{fix:#}");
    }
    let text = shakedown.run(&["check", &url(server.port()), "-F", &config]).stdout;
    assert!(text.contains("known_hosts:1"), "{text}");
}

#[test]
fn a_small_host_key_fails_the_client_that_demands_a_larger_one() {
    let Some(server) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Rsa(2048)])) else { return };
    let shakedown = Shakedown::new();
    let client = shakedown.write("ssh_config", "RequiredRSASize 3072\n");
    let client = format!("openssh@9.2p1/debian-12:{client}");
    let run = shakedown.run(&["check", &url(server.port()), "--as", &client, "--format", "json"]);
    assert_eq!(run.causes().first().map(String::as_str), Some("key-too-small"), "{}", run.stdout);
}

#[test]
fn the_names_of_the_users_configuration_are_honoured() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let port = server.port();
    let config = shakedown.write("config", format!("Host db01\n  HostName 127.0.0.1\n  Port {port}\n  User nobody\n"));
    let run = shakedown.run(&["check", "db01", "-F", &config, "--format", "json"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json()["pairs"][0]["outcome"]["result"], "agreed");
}

#[test]
fn a_proxy_command_carries_the_connection_and_its_failure_names_the_hop() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let port = server.port();
    let forward = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; cat <&3 & cat >&3; kill $!");
    let script = shakedown.write("forward", format!("#!/bin/bash\n{forward}\n"));
    let config = shakedown.write(
        "config",
        format!("Host far\n  ProxyCommand /bin/bash {script}\nHost broken\n  ProxyCommand /bin/false\n"),
    );
    let run = shakedown.run(&["check", "far", "-F", &config, "--format", "json"]);
    assert_eq!(run.json()["pairs"][0]["outcome"]["result"], "agreed", "{}{}", run.stdout, run.stderr);
    let run = shakedown.run(&["check", "broken", "-F", &config, "--format", "json"]);
    assert_eq!(run.causes().first().map(String::as_str), Some("proxy-refused"), "{}", run.stdout);
}

#[test]
fn a_dropbear_server_is_checked_and_mapped() {
    let Some(server) = peers::dropbear(&DropbearSpec::default()) else { return };
    let shakedown = Shakedown::new();
    let (status, document) = shakedown.json(&["check", &url(server.port()), "--as", "openssh@9.2p1/debian-12"]);
    assert_eq!(status, 0, "{document:#}");
    let software = &document["parties"][1]["software"];
    assert!(software.to_string().contains("dropbear"), "{software}");
    let (status, document) = shakedown.json(&["offer", &url(server.port())]);
    assert_eq!(status, 0, "{document:#}");
}

#[test]
fn a_jump_host_carries_the_connection_and_its_refusal_is_its_own() {
    let Some(far) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let shakedown = Shakedown::new();
    let UserKey { folder: _keys, identity, authorized } = UserKey::new(&shakedown);
    let user = user_name();
    let spec = SshdSpec::with_config(format!("AuthorizedKeysFile {authorized}\nPermitRootLogin yes\n"));
    let Some(jump) = peers::sshd(&spec.host_keys(&[KeyType::Ed25519])) else { return };
    let (port, far_port) = (jump.port(), far.port());
    let config = shakedown.write(
        "config",
        format!(
            "Host far\n  HostName 127.0.0.1\n  Port {far_port}\n  ProxyJump jump\n\
             Host nowhere\n  HostName 127.0.0.1\n  Port 1\n  ProxyJump jump\n\
             Host jump\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {}\n  IdentitiesOnly yes\n\
             Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n",
            identity.display()
        ),
    );
    let run = shakedown.run(&["check", "far", "-F", &config, "--format", "json"]);
    assert_eq!(run.json()["pairs"][0]["outcome"]["result"], "agreed", "{}{}{}", run.stdout, run.stderr, jump.log());
    let run = shakedown.run(&["check", "nowhere", "-F", &config]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("jump"), "the hop is named: {}", run.stdout);
}

/// A user's key, and the file by which a server accepts it.
struct UserKey {
    folder: tempfile::TempDir,
    identity: std::path::PathBuf,
    authorized: String,
}

impl UserKey {
    fn new(shakedown: &Shakedown) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let identity = shakedown_testkit::generate_key(KeyType::Ed25519, folder.path()).expect("a key");
        let public = std::fs::read(identity.with_extension("pub")).expect("its public half");
        let authorized = shakedown.write("authorized_keys", public);
        Self { folder, identity, authorized }
    }
}

/// Whoever runs the tests.
fn user_name() -> String {
    let id = std::process::Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8(id.stdout).expect("a user name").trim().to_owned()
}

/// An agent with one key, stopped when dropped.
struct Agent {
    process: std::process::Child,
    socket: std::path::PathBuf,
}

impl Agent {
    fn start(folder: &std::path::Path, identity: &std::path::Path) -> Option<Self> {
        let program = shakedown_testkit::require("ssh-agent")?;
        let add = shakedown_testkit::require("ssh-add")?;
        let socket = folder.join("agent");
        let mut command = std::process::Command::new(program);
        command.arg("-D").arg("-a").arg(&socket).stdout(std::process::Stdio::null());
        let agent = Self { process: command.spawn().expect("ssh-agent runs"), socket };
        // It says nothing when it is ready, so that it is asked until it answers.
        let started = std::time::Instant::now();
        while started.elapsed() < std::time::Duration::from_secs(30) {
            let mut command = std::process::Command::new(&add);
            command.arg("-q").arg(identity).env("SSH_AUTH_SOCK", &agent.socket);
            if command.output().expect("ssh-add runs").status.success() {
                return Some(agent);
            }
        }
        panic!("the agent does not answer");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_jump_host_takes_a_key_that_only_the_agent_has() {
    let Some(far) = peers::sshd(&SshdSpec::default().host_keys(&[KeyType::Ed25519])) else { return };
    let shakedown = Shakedown::new();
    let UserKey { folder: keys, identity, authorized } = UserKey::new(&shakedown);
    let Some(agent) = Agent::start(keys.path(), &identity) else { return };
    std::fs::remove_file(&identity).expect("from now on only the agent has it");
    let user = user_name();
    let spec = SshdSpec::with_config(format!("AuthorizedKeysFile {authorized}\nPermitRootLogin yes\n"));
    let Some(jump) = peers::sshd(&spec.host_keys(&[KeyType::Ed25519])) else { return };
    let config = shakedown.write(
        "config",
        format!(
            "Host far\n  HostName 127.0.0.1\n  Port {}\n  ProxyJump jump\n\
             Host jump\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  IdentityFile none\n\
             Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n",
            far.port(),
            jump.port(),
            user
        ),
    );
    let arguments = ["check", "far", "-F", &config, "--format", "json"];
    let with = shakedown.run_with(&arguments, &[("SSH_AUTH_SOCK", agent.socket.as_os_str())]);
    assert_eq!(with.json()["pairs"][0]["outcome"]["result"], "agreed", "{}{}{}", with.stdout, with.stderr, jump.log());
    let without = shakedown.run_with(&arguments, &[("SSH_AUTH_SOCK", keys.path().join("none").as_os_str())]);
    assert_eq!(without.status, 1, "{}", without.stdout);
    assert!(without.json()["pairs"].as_array().is_none_or(Vec::is_empty), "{}", without.stdout);
}
