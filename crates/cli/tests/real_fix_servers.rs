//! `shakedown fix --apply` against real servers of TLS of five programs, and for OpenSSL's own file: the fix alone makes the
//! real client connect, and undo brings back every byte.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use shakedown_testkit::{require, run};
use support::Shakedown;
use support::serving::{Server, Serving, serving};

/// One scenario: what the server's file says, further files, what the client's says, and which file is changed.
struct Scenario {
    name: &'static str,
    server: Server,
    settings: &'static str,
    files: &'static [(&'static str, &'static str)],
    client: &'static str,
    /// The file that changes, below the server's folder; none for the main one.
    changes: &'static str,
}

/// A client that speaks TLS 1.2 at most and has no file: the catalog's for the plan, and its stand-in for the connection.
const OLD: &str = "MaxProtocol = TLSv1.2";
const OLD_PARTY: &str = "openssl@1.0.2u";
/// The client's own file.
const CLIENT: &str = "client.cnf";

const fn scenario(name: &'static str, server: Server, settings: &'static str, client: &'static str) -> Scenario {
    Scenario { name, server, settings, files: &[], client, changes: "" }
}

/// The client, Debian 12's OpenSSL, does not go below TLS 1.2 and security level 2 in any of them.
const SCENARIOS: [Scenario; 32] = [
    // HAProxy
    scenario("a lowest version", Server::Haproxy, "ssl-min-ver TLSv1.3", OLD),
    scenario("a highest version", Server::Haproxy, "ssl-max-ver TLSv1.2", "MinProtocol = TLSv1.3"),
    scenario("for all lines", Server::Haproxy, "GLOBAL  ssl-default-bind-options ssl-min-ver TLSv1.3", OLD),
    scenario(
        "suites",
        Server::Haproxy,
        "ssl-max-ver TLSv1.2 ciphers ECDHE-RSA-AES128-GCM-SHA256",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384",
    ),
    scenario("curves", Server::Haproxy, "curves P-521", "Groups = X25519"),
    Scenario {
        name: "for all lines of another file",
        server: Server::Haproxy,
        settings: "APARTGLOBAL  ssl-default-bind-options ssl-min-ver TLSv1.3",
        files: &[("conf.d/site.cfg", "")],
        client: OLD,
        changes: "conf.d/site.cfg",
    },
    Scenario {
        name: "of two files the second",
        server: Server::Haproxy,
        settings: "APARTssl-min-ver TLSv1.3",
        files: &[("conf.d/site.cfg", "")],
        client: OLD,
        changes: "conf.d/site.cfg",
    },
    // Apache httpd
    scenario(
        "a variable for several words",
        Server::Apache,
        "Define VERSIONS \"-all +TLSv1.3\"\nHOSTSSLProtocol ${VERSIONS}",
        OLD,
    ),
    scenario("a version", Server::Apache, "SSLProtocol -all +TLSv1.3", OLD),
    scenario("all but one", Server::Apache, "SSLProtocol all -TLSv1.3", "MinProtocol = TLSv1.3"),
    scenario(
        "suites",
        Server::Apache,
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384",
    ),
    scenario(
        "suites for another key",
        Server::Apache,
        "SSLProtocol TLSv1.2\nSSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256",
        "",
    ),
    Scenario {
        name: "in a file that a pattern includes",
        server: Server::Apache,
        settings: "IncludeOptional conf.d/*.conf",
        files: &[("conf.d/tls.conf", "# of this host\r\nSSLProtocol -all +TLSv1.3\r\n")],
        client: OLD,
        changes: "conf.d/tls.conf",
    },
    scenario("a command of the library", Server::Apache, "SSLProtocol all\nSSLOpenSSLConfCmd MinProtocol TLSv1.3", OLD),
    // Postfix
    scenario("a variable", Server::Postfix, "lowest = TLSv1.3\nsmtpd_tls_protocols = >=$lowest", OLD),
    scenario(
        "excluded versions",
        Server::Postfix,
        "smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1, !TLSv1.2",
        OLD,
    ),
    scenario("a lowest version", Server::Postfix, "smtpd_tls_protocols = >=TLSv1.3", OLD),
    scenario(
        "suites by a grade",
        Server::Postfix,
        "smtpd_tls_protocols = TLSv1.2\nsmtpd_tls_ciphers = high\ntls_high_cipherlist = ECDHE-RSA-AES128-GCM-SHA256",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384",
    ),
    // Dovecot
    scenario("a lowest version", Server::Dovecot, "ssl_min_protocol = TLSv1.3", OLD),
    scenario(
        "suites",
        Server::Dovecot,
        "ssl_cipher_list = ECDHE-RSA-AES128-GCM-SHA256",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384\nMaxProtocol = TLSv1.2",
    ),
    scenario("curves", Server::Dovecot, "ssl_curve_list = P-521", "Groups = X25519"),
    scenario("in a block", Server::Dovecot, "protocol imap {\n  ssl_min_protocol = TLSv1.3\n}", OLD),
    scenario(
        "in a block for a name",
        Server::Dovecot,
        "local_name test.example {\n  ssl_cipher_list = ECDHE-RSA-AES128-GCM-SHA256\n}",
        "CipherString = ECDHE-RSA-AES256-GCM-SHA384\nMaxProtocol = TLSv1.2",
    ),
    // OpenSSL's own file
    Scenario {
        name: "a highest version",
        server: Server::Nginx,
        settings: "ssl_protocols TLSv1.3;",
        files: &[],
        client: "MaxProtocol = TLSv1.2 # of 2019",
        changes: CLIENT,
    },
    Scenario {
        name: "its groups",
        server: Server::Apache,
        settings: "SSLProtocol TLSv1.3\nSSLOpenSSLConfCmd Groups P-521",
        files: &[],
        client: "Groups = X25519",
        changes: CLIENT,
    },
    Scenario {
        name: "its suites",
        server: Server::Haproxy,
        settings: "ssl-max-ver TLSv1.2 ciphers ECDHE-RSA-CHACHA20-POLY1305",
        files: &[],
        client: "CipherString = ECDHE-ECDSA-CHACHA20-POLY1305",
        changes: CLIENT,
    },
    // nginx
    scenario(
        "a command of the library",
        Server::Nginx,
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_conf_command MinProtocol TLSv1.3;",
        OLD,
    ),
    Scenario {
        name: "one of two servers by name",
        server: Server::Nginx,
        settings: "server { listen 127.0.0.1:PORT ssl default_server; server_name other.example; ssl_protocols TLSv1.2; return 200; }\nSERVERssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\nssl_protocols TLSv1.2;",
        files: &[],
        client: "CipherString = ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=2",
        changes: "",
    },
    Scenario {
        name: "in a folder of files",
        server: Server::Nginx,
        settings: "include PLACE/conf.d/*.conf;",
        files: &[("conf.d/a.conf", "# nothing\n"), ("conf.d/tls.conf", "ssl_protocols TLSv1.3;\r\n")],
        client: OLD,
        changes: "conf.d/tls.conf",
    },
    scenario("for all servers", Server::Nginx, "ssl_protocols TLSv1.3;\nSERVER", OLD),
    scenario(
        "no group in common",
        Server::Nginx,
        "ssl_protocols TLSv1.3; ssl_ecdh_curve secp384r1;",
        "Groups = X25519:P-521",
    ),
    scenario(
        "a certificate of another kind",
        Server::Nginx,
        "ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384; ssl_protocols TLSv1.2;",
        "CipherString = ECDHE+AESGCM",
    ),
];

struct Ends {
    server: Serving,
    client: String,
    state: String,
    party: String,
}

impl Ends {
    fn of(scenario: &Scenario) -> Option<Self> {
        let server = serving(scenario.server, scenario.settings, scenario.files)?;
        let client = server.path("client.cnf");
        let text = format!(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\n\
             CipherString = DEFAULT@SECLEVEL=2\nMinProtocol = TLSv1.2\n{}\n",
            scenario.client
        );
        std::fs::write(&client, text).unwrap();
        let state = server.path("state").display().to_string();
        let client = client.display().to_string();
        let party = match scenario.client == OLD {
            true => OLD_PARTY.to_owned(),
            false => format!("openssl@3.0.17/debian-12:{client}"),
        };
        Some(Self { client, state, party, server })
    }

    fn connects(&self) -> bool {
        let mut command = Command::new(require("openssl").unwrap());
        command.args(["s_client", "-connect", &self.server.address(), "-servername", "test.example"]);
        command.args(self.server.starttls()).env("OPENSSL_CONF", &self.client);
        let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
        said.contains("Cipher is ") && !said.contains("Cipher is (NONE)")
    }

    fn run(&self, arguments: &[&str]) -> support::Run {
        let path = Serving::search_path();
        let state = self.state.as_str();
        Shakedown::new().run_with(&[arguments, &["--state", state]].concat(), &[("PATH", &path)])
    }

    fn fix(&self, more: &[&str]) -> support::Run {
        let (target, file) = (self.server.target(), self.server.file().display().to_string());
        let trusted = self.server.path("rsa.pem").display().to_string();
        let always = ["--as", &self.party, "--sni", "test.example", "--cacert", &trusted];
        self.run(&[&["fix", &target, &file][..], &always, more].concat())
    }

    /// The bytes of every file that either end reads.
    fn files(&self, scenario: &Scenario) -> Vec<(PathBuf, Vec<u8>)> {
        let named = scenario.files.iter().map(|(name, _)| self.server.path(name));
        let all = named.chain([self.server.file(), self.client.clone().into()]);
        all.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }

    fn undo(&self, applied: &support::Run) {
        let id = applied.json()["applied"]["id"].as_str().unwrap().to_owned();
        let undone = self.run(&["fix", "--undo", &id]);
        assert_eq!(undone.status, 0, "{}{}", undone.stdout, undone.stderr);
    }
}

#[test]
fn nginx_and_haproxy_are_changed_and_the_client_connects() {
    changed_and_connected(|server| matches!(server, Server::Nginx | Server::Haproxy));
}

#[test]
fn apache_is_changed_and_the_client_connects() {
    changed_and_connected(|server| matches!(server, Server::Apache));
}

#[test]
fn postfix_and_dovecot_are_changed_and_the_client_connects() {
    changed_and_connected(|server| matches!(server, Server::Postfix | Server::Dovecot));
}

fn changed_and_connected(of: impl Fn(&Server) -> bool) {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let mut fixed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let named = |one: &&Scenario| only.is_empty() || format!("{:?} {}", one.server, one.name).contains(&only);
    for scenario in SCENARIOS.iter().filter(|one| of(&one.server)).filter(named) {
        let name = format!("{:?}: {}", scenario.server, scenario.name);
        let Some(ends) = Ends::of(scenario) else { continue };
        let file = if scenario.changes.is_empty() { ends.server.file() } else { ends.server.path(scenario.changes) };
        let before = ends.files(scenario);
        assert!(!ends.connects(), "{name}");
        let run = ends.fix(&["--apply", "--format", "json"]);
        assert_eq!(run.status, 0, "{name}\n{}{}\n{}", run.stdout, run.stderr, ends.server.log());
        assert!(ends.connects(), "{name}\n{}", run.stdout);
        let after = ends.files(scenario);
        let changed: Vec<_> =
            before.iter().zip(&after).filter(|(old, new)| old != new).map(|(old, _)| &old.0).collect();
        assert_eq!(changed, [&file], "{name}\n{}", run.stdout);
        for ((_, old), (_, new)) in before.iter().zip(&after) {
            let windows = |bytes: &[u8]| bytes.windows(2).any(|pair| pair == b"\r\n");
            assert_eq!(windows(old), windows(new), "{name}: line ends");
        }
        ends.undo(&run);
        assert!(ends.files(scenario) == before, "{name}: undone");
        // What served before goes on for a moment beside what has read the old file again.
        let until = Instant::now() + Duration::from_secs(30);
        while ends.connects() {
            assert!(Instant::now() < until, "{name}: the server still has the new settings");
        }
        let program =
            if scenario.changes == CLIENT { "openssl.cnf".to_owned() } else { format!("{:?}", scenario.server) };
        fixed.entry(program).or_default().push(scenario.name.to_owned());
    }
    for (program, names) in &fixed {
        eprintln!("{program:>12} {:>2} fixed: {}", names.len(), names.join(", "));
    }
    eprintln!("{:>12} {:>2} fixed by `--apply` alone", "in all", fixed.values().map(Vec::len).sum::<usize>());
}
