//! `shakedown fix --apply` where both ends of SSH are set to something of today, and not to the same: in included files, in
//! blocks, by patterns. The fix alone makes the real client connect, it adds nothing weaker than what was there, and undo
//! brings back every byte.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::peers::{Sshd, SshdSpec, sshd};
use shakedown_testkit::{KeyType, require, run};
use support::Shakedown;

/// What is written at either end, and which file changes.
struct Scenario {
    name: &'static str,
    server: &'static str,
    /// A file that the server's includes.
    server_file: &'static str,
    keys: &'static [KeyType],
    client: &'static str,
    client_file: &'static str,
    changes: Changes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    Server,
    ServerFile,
    Client,
    ClientFile,
}

use Changes::{Client, ClientFile, Server, ServerFile};

const USUAL: &[KeyType] = &[KeyType::Ed25519];

/// Names that nobody should add to a file of today.
const WEAK: [&str; 7] = ["cbc", "md5", "-sha1", "group1-", "ssh-dss", "arcfour", "umac-64"];

const fn ends(name: &'static str, server: &'static str, client: &'static str, changes: Changes) -> Scenario {
    Scenario { name, server, server_file: "", keys: USUAL, client, client_file: "", changes }
}

const SCENARIOS: [Scenario; 17] = [
    ends("kex", "KexAlgorithms ecdh-sha2-nistp256\n", "KexAlgorithms curve25519-sha256", Server),
    ends(
        "kex of finite fields",
        "KexAlgorithms diffie-hellman-group16-sha512\n",
        "KexAlgorithms diffie-hellman-group18-sha512",
        Server,
    ),
    ends(
        "group exchange",
        "KexAlgorithms diffie-hellman-group-exchange-sha256\n",
        "KexAlgorithms ecdh-sha2-nistp521",
        Server,
    ),
    ends("cipher", "Ciphers aes128-ctr\n", "Ciphers aes256-gcm@openssh.com", Server),
    ends(
        "MAC",
        "Ciphers aes128-ctr\nMACs hmac-sha2-256\n",
        "Ciphers aes128-ctr\nMACs hmac-sha2-512-etm@openssh.com",
        Server,
    ),
    ends(
        "two at once",
        "KexAlgorithms ecdh-sha2-nistp384\nCiphers aes192-ctr\n",
        "KexAlgorithms curve25519-sha256\nCiphers aes128-gcm@openssh.com",
        Server,
    ),
    ends("before a Match", "Ciphers aes128-ctr\nMatch User nobody\n  X11Forwarding no\n", "Ciphers aes256-ctr", Server),
    ends("line ends of Windows", "# kept\r\nCiphers aes128-ctr\r\n", "Ciphers aes256-ctr", Server),
    Scenario {
        server: "Include PLACE/sshd.d/*.conf\n",
        server_file: "# the site\nKexAlgorithms ecdh-sha2-nistp256\n",
        ..ends("a drop-in of the server", "", "KexAlgorithms curve25519-sha256", ServerFile)
    },
    Scenario { keys: &[KeyType::Rsa(3072)], ..ends("host key type", "", "HostKeyAlgorithms ssh-ed25519", Client) },
    Scenario {
        keys: &[KeyType::Ecdsa(384)],
        ..ends("host key of another curve", "", "HostKeyAlgorithms ecdsa-sha2-nistp256", Client)
    },
    Scenario {
        keys: &[KeyType::Rsa(3072), KeyType::Ed25519],
        ..ends("signature of a host key", "HostKeyAlgorithms rsa-sha2-256\n", "HostKeyAlgorithms rsa-sha2-512", Server)
    },
    ends("a client's pattern", "Ciphers aes256-gcm@openssh.com\n", "Ciphers -*gcm*,chacha20*", Client),
    ends(
        "a client's block by Match",
        "Ciphers aes256-ctr\n",
        "Match host 127.0.0.1\n  Ciphers aes128-ctr\nHost *",
        Client,
    ),
    Scenario {
        client: "Include PLACE/ssh.d/*.conf",
        client_file: "Host 127.*\n  KexAlgorithms ecdh-sha2-nistp521\n",
        ..ends("a drop-in of the client", "KexAlgorithms curve25519-sha256\n", "", ClientFile)
    },
    ends(
        "the first of two values",
        "Ciphers aes256-ctr\n",
        "Host 127.0.0.1\n  Ciphers aes128-ctr\nHost *\n  Ciphers aes192-ctr",
        Client,
    ),
    ends(
        "line ends of Windows at the client",
        "MACs hmac-sha2-256\nCiphers aes128-ctr\n",
        "Ciphers aes128-ctr\r\nMACs hmac-sha2-512\r",
        Client,
    ),
];

struct Ends {
    server: Sshd,
    client: PathBuf,
    folder: tempfile::TempDir,
    ssh: PathBuf,
}

impl Ends {
    fn of(scenario: &Scenario) -> Option<Self> {
        let ssh = require("ssh")?;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        for (name, text) in [("sshd.d/a.conf", scenario.server_file), ("ssh.d/a.conf", scenario.client_file)] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let spec = SshdSpec::with_config(scenario.server.replace("PLACE", &place)).host_keys(scenario.keys);
        let server = sshd(&spec)?;
        let keys = std::fs::read_dir(server.key_dir()).unwrap().flatten().map(|entry| entry.path());
        let public = keys.filter(|path| path.extension().is_some_and(|end| end == "pub"));
        let known: String = public
            .map(|path| format!("[127.0.0.1]:{} {}", server.port(), std::fs::read_to_string(path).unwrap()))
            .collect();
        std::fs::write(folder.path().join("known_hosts"), known).unwrap();
        let client = folder.path().join("config");
        let lines = format!(
            "{}\nUserKnownHostsFile {place}/known_hosts\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n",
            scenario.client.replace("PLACE", &place)
        );
        std::fs::write(&client, lines).unwrap();
        Some(Self { server, client, folder, ssh })
    }

    fn files(&self) -> [(PathBuf, Vec<u8>); 4] {
        let path = |name: &str| self.folder.path().join(name);
        let all = [self.server.config(), path("sshd.d/a.conf"), self.client.clone(), path("ssh.d/a.conf")];
        all.map(|path| (path.clone(), std::fs::read(path).unwrap()))
    }

    fn connects(&self, client: &Path) -> bool {
        let mut command = Command::new(&self.ssh);
        command.args(["-v", "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none", "-F"]).arg(client);
        command.args(["-p", &self.server.port().to_string(), "127.0.0.1", "true"]);
        let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
        said.contains("SSH2_MSG_SERVICE_ACCEPT received")
    }
}

#[test]
fn two_ends_of_today_are_brought_together() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    for scenario in SCENARIOS.iter().filter(|one| one.name.contains(&only)) {
        let name = scenario.name;
        let Some(ends) = Ends::of(scenario) else { return };
        let before = ends.files();
        assert!(!ends.connects(&ends.client), "{name}");
        let (target, client) = (format!("ssh://127.0.0.1:{}", ends.server.port()), ends.client.display().to_string());
        let state = ends.folder.path().join("state").display().to_string();
        let server = ends.server.config().display().to_string();
        let mut arguments = vec!["fix", &target];
        if matches!(scenario.changes, Server | ServerFile) {
            arguments.push(&server);
        }
        arguments.extend(["--apply", "-F", &client, "--state", &state, "--format", "json"]);
        let run = Shakedown::new().run(&arguments);
        assert_eq!(run.status, 0, "{name}\n{}{}\n{}", run.stdout, run.stderr, ends.server.log());
        assert!(ends.connects(&ends.client), "{name}\n{}", run.stdout);
        let after = ends.files();
        let changed: Vec<usize> = (0..4).filter(|at| before[*at] != after[*at]).collect();
        assert_eq!(changed, [scenario.changes as usize], "{name}\n{}", run.stdout);
        for ((_, old), (_, new)) in before.iter().zip(&after) {
            let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
            for weak in WEAK {
                assert!(old.matches(weak).count() >= new.matches(weak).count(), "{name}: {weak} in\n{new}");
            }
            assert_eq!(old.contains("\r\n"), new.contains("\r\n"), "{name}");
            assert!(!old.contains("\r\n") || lone(&new) <= lone(&old), "{name}: {new:?}");
        }
        let id = run.json()["applied"]["id"].as_str().unwrap().to_owned();
        let undone = Shakedown::new().run(&["fix", "--undo", &id, "--state", &state]);
        assert_eq!(undone.status, 0, "{name}\n{}{}", undone.stdout, undone.stderr);
        assert!(ends.files() == before, "{name}");
    }
}

/// Line ends without a carriage return.
fn lone(text: &str) -> usize {
    text.matches('\n').count() - text.matches("\r\n").count()
}
