//! `shakedown fix --apply` against real nginx and real `openssl s_client`: the fix alone makes the client connect, and undo
//! brings back every byte.

#![allow(clippy::print_stderr, reason = "which scenarios were fixed is told")]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::peers::{TlsServer, nginx_with_workers};
use shakedown_testkit::{require, run};
use support::Shakedown;

/// A server, and the client that is to reach it: Debian 12's OpenSSL with these settings.
struct Ends {
    server: TlsServer,
    folder: tempfile::TempDir,
    openssl: PathBuf,
    /// Whether the client has settings of its own.
    own: bool,
}

fn ends(server: &str, client: &str) -> Option<Ends> {
    let openssl = require("openssl")?;
    let server = nginx_with_workers(&["rsa"], server)?;
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\nCipherString = DEFAULT@SECLEVEL=2\nMinProtocol = TLSv1.2\n{client}\n"
    );
    std::fs::write(folder.path().join("openssl.cnf"), text).unwrap();
    Some(Ends { server, folder, openssl, own: !client.is_empty() })
}

impl Ends {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn connects(&self) -> bool {
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-connect", &self.server.address().to_string(), "-servername", "test.example"]);
        command.env("OPENSSL_CONF", self.path("openssl.cnf"));
        let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
        said.contains("Cipher is ") && !said.contains("Cipher is (NONE)")
    }

    fn file(&self) -> PathBuf {
        self.server.folder().join("nginx.conf")
    }

    fn fix(&self, more: &[&str]) -> support::Run {
        let (target, file) = (format!("tls://{}", self.server.address()), self.file().display().to_string());
        let client = match self.own {
            true => format!("openssl@3.0.17/debian-12:{}", self.path("openssl.cnf")),
            false => "openssl@3.0.17/debian-12".to_owned(),
        };
        let (state, trusted) = (self.path("state"), self.server.folder().join("rsa.pem").display().to_string());
        let always = ["--as", &client, "--sni", "test.example", "--cacert", &trusted, "--state", &state];
        Shakedown::new().run(&[&["fix", &target, &file][..], &always, more].concat())
    }
}

/// What is written in the server's file, and in the client's.
const PAIRS: [(&str, &str, &str); 12] = [
    ("an old version", "ssl_protocols TLSv1.1;", ""),
    ("an older one", "ssl_protocols TLSv1;", ""),
    ("both old ones", "ssl_protocols TLSv1 TLSv1.1;", ""),
    ("suites for another key", "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;", ""),
    ("a client of TLS 1.3 only", "ssl_protocols TLSv1.2;", "MinProtocol = TLSv1.3"),
    ("a server of TLS 1.3 only", "ssl_protocols TLSv1.3;", "MaxProtocol = TLSv1.2"),
    ("another group", "ssl_protocols TLSv1.3; ssl_ecdh_curve secp521r1;", "Groups = X25519"),
    ("another group the other way", "ssl_protocols TLSv1.3; ssl_ecdh_curve X448;", "Groups = P-256"),
    (
        "another suite",
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;",
        "CipherString = ECDHE-RSA-CHACHA20-POLY1305",
    ),
    ("no forward secrecy", "ssl_protocols TLSv1.2; ssl_ciphers AES256-SHA;", "CipherString = ECDHE+AESGCM"),
    (
        "a longer key for the cipher",
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384",
    ),
    ("in a line of its own", "# kept\n  ssl_protocols\n    TLSv1\n    TLSv1.1;\n", ""),
];

#[test]
fn a_server_is_changed_and_the_client_connects() {
    for (name, server, client) in PAIRS {
        let Some(ends) = ends(server, client) else { return };
        let before = std::fs::read(ends.file()).unwrap();
        assert!(!ends.connects(), "{name}");
        let run = ends.fix(&["--apply", "--format", "json"]);
        assert_eq!(run.status, 0, "{name}\n{}{}\n{}", run.stdout, run.stderr, ends.server.log());
        assert!(ends.connects(), "{name}\n{}", run.stdout);
        let id = run.json()["applied"]["id"].as_str().unwrap().to_owned();
        let undone = Shakedown::new().run(&["fix", "--undo", &id, "--state", &ends.path("state")]);
        assert_eq!(undone.status, 0, "{name}\n{}{}", undone.stdout, undone.stderr);
        assert_eq!(std::fs::read(ends.file()).unwrap(), before, "{name}");
        eprintln!("fixed by `--apply` alone: nginx: {name}");
    }
}

#[test]
fn nginx_itself_refuses_and_nothing_is_changed() {
    let Some(ends) = ends("ssl_protocols TLSv1.1;", "") else { return };
    let broken = std::fs::read_to_string(ends.file()).unwrap().replace("return 200;", "rewrite \"(\" /x; return 200;");
    std::fs::write(ends.file(), &broken).unwrap();
    let run = ends.fix(&["--apply"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("missing"), "{}", run.stdout);
    assert_eq!(std::fs::read_to_string(ends.file()).unwrap(), broken);
}

#[test]
fn a_file_that_a_tool_writes_is_left_to_it() {
    let Some(ends) = ends("ssl_protocols TLSv1.1;", "") else { return };
    let managed = format!("# Ansible managed\n{}", std::fs::read_to_string(ends.file()).unwrap());
    std::fs::write(ends.file(), &managed).unwrap();
    let run = ends.fix(&["--apply"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("is written by Ansible"), "{}{}", run.stdout, run.stderr);
    assert_eq!(std::fs::read_to_string(ends.file()).unwrap(), managed);
}
