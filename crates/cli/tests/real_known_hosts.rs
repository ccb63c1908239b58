//! What known_hosts files make of a server on a port of its own: the same as the real `ssh` makes of it.

mod support;

use std::process::{Command, Stdio};

use shakedown_testkit::peers::{self, Sshd, SshdSpec};
use shakedown_testkit::{Agreed, KeyType};
use support::Shakedown;

/// The host key algorithm that the real `ssh` agrees on, and whether it accepts the key.
fn real(server: &Sshd, config: &str) -> (Option<String>, bool) {
    let ssh = shakedown_testkit::require("ssh").expect("sshd is here, so ssh is");
    let port = server.port().to_string();
    let mut command = Command::new(ssh);
    command.args(["-vv", "-F", config, "-o", "BatchMode=yes", "-p", &port, "127.0.0.1", "true"]);
    let output = command.stdin(Stdio::null()).output().expect("ssh runs");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let accepted = log.contains("SSH2_MSG_SERVICE_ACCEPT received");
    assert!(accepted || log.contains("Host key verification failed"), "{log}");
    (Agreed::from_openssh_log(&log).host_key, accepted)
}

#[test]
fn order_and_verdict_are_those_of_the_real_ssh() {
    let Some(server) = peers::sshd(&SshdSpec::default()) else { return };
    let keys = [KeyType::Rsa(3072), KeyType::Ecdsa(256), KeyType::Ed25519];
    let other = tempfile::tempdir().expect("a temporary folder");
    let keygen = |key| {
        let file = shakedown_testkit::generate_key(key, other.path()).expect("a key").with_extension("pub");
        std::fs::read_to_string(file).expect("its public half").trim_end().to_owned()
    };
    let [rsa, ecdsa, ed25519] = keys.map(|key| server.public_key(key));
    let [other_rsa, other_ecdsa, other_ed25519] = keys.map(keygen);
    let at = format!("[127.0.0.1]:{}", server.port());
    let files = [
        String::new(),
        format!("{at} {rsa}\n"),
        format!("127.0.0.1 {rsa}\n"),
        format!("127.0.0.1 {ed25519}\n127.0.0.1 {rsa}\n"),
        format!("{at} {ecdsa}\n127.0.0.1 {rsa}\n"),
        format!("{at} {ecdsa}\n{at} {rsa}\n"),
        format!("127.0.0.1 {other_ed25519}\n"),
        format!("127.0.0.1 {other_ed25519}\n127.0.0.1 {ed25519}\n"),
        format!("{at} {other_rsa}\n127.0.0.1 {rsa}\n"),
        format!("{at} {other_ecdsa}\n{at} {ecdsa}\n"),
        format!("@cert-authority {at} {other_rsa}\n"),
        format!("@cert-authority {at} {other_rsa}\n{at} {ecdsa}\n"),
        format!("@revoked {at} {rsa}\n{at} {rsa}\n"),
        format!("@revoked 127.0.0.1 {ed25519}\n127.0.0.1 {ed25519}\n"),
        format!("@revoked 127.0.0.1 {ed25519}\n{at} {ed25519}\n"),
        format!("@revoked * {ed25519}\n{at} {rsa}\n"),
    ];
    let shakedown = Shakedown::new();
    let with_file = files.iter().filter(|text| text.contains(&rsa)).map(|text| (true, text));
    for (revoked_by_file, text) in files.iter().map(|text| (false, text)).chain(with_file) {
        let file = shakedown.write("known_hosts", text);
        let mut config = format!("UserKnownHostsFile {file}\nGlobalKnownHostsFile none\nStrictHostKeyChecking yes\n");
        if revoked_by_file {
            config.push_str(&format!("RevokedHostKeys {}\n", shakedown.write("revoked", format!("{rsa}\n"))));
        }
        let config = shakedown.write("config", config);
        let (algorithm, accepted) = real(&server, &config);
        let url = format!("ssh://127.0.0.1:{}", server.port());
        let run = shakedown.run(&["check", &url, "-F", &config, "--format", "json"]);
        let outcome = &run.json()["pairs"][0]["outcome"];
        let told = format!("revoked by file: {revoked_by_file}, known_hosts:\n{text}{outcome:#}");
        assert_eq!(outcome["result"] == "agreed", accepted, "{told}");
        assert_eq!(outcome["agreed"]["host_key"].as_str(), algorithm.as_deref(), "{told}");
    }
}
