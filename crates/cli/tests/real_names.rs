//! Names and keys that a server's files leave it without: what `negotiate` says of them is what `openssl s_client` meets at the
//! real server, or the server says of its own start.

mod support;

use std::process::Command;
use std::time::Duration;

use shakedown_testkit::{require, run};
use support::Shakedown;
use support::serving::{Server, serving};

/// It was said to be the digest of a certificate that the server does not even have.
#[test]
fn a_name_that_a_strict_server_does_not_have_is_refused() {
    let reject = "server { listen 127.0.0.1:PORT ssl default_server; ssl_reject_handshake on; } SERVER";
    for (kind, software, settings) in [
        (Server::Haproxy, "haproxy@2.6.12+openssl@3.0.15", "strict-sni"),
        (Server::Nginx, "nginx@1.22.1+openssl@3.0.15", reject),
    ] {
        let Some(server) = serving(kind, settings, &[]) else { return };
        let party = format!("{software}:{}", server.file().display());
        for (name, expected) in [("test.example", None), ("bad.example", Some("sni-rejected"))] {
            let mut command = Command::new(require("openssl").unwrap());
            command.args(["s_client", "-connect", &server.address(), "-servername", name]);
            let real = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
            assert_eq!(real.contains("Cipher is (NONE)"), expected.is_some(), "{kind:?} {name}: {real}");
            for option in ["--sni", "--host"] {
                let run =
                    Shakedown::new().run(&["negotiate", "openssl@3.0.15", &party, option, name, "--format", "json"]);
                let document = run.json();
                assert_eq!(run.causes(), expected.into_iter().collect::<Vec<_>>(), "{kind:?} {name}: {document:#}");
                if expected.is_some() {
                    assert_eq!(document["diagnoses"][0]["side"], "server", "{document:#}");
                }
            }
        }
    }
}

/// A key that is not where the certificate is: the real nginx refuses its configuration for it.
#[test]
fn a_key_that_is_not_there_is_told() {
    let Some(server) = serving(Server::Nginx, "", &[]) else { return };
    std::fs::remove_file(server.path("rsa.key")).unwrap();
    let file = server.file().display().to_string();
    let mut command = Command::new(require("nginx").unwrap());
    command.arg("-t").arg("-p").arg(server.path(".")).args(["-c", &file, "-e", "stderr"]);
    let real = run(&mut command, b"", Duration::from_secs(30)).unwrap();
    assert!(real.status.is_some_and(|status| !status.success()), "{}", real.text());
    let party = format!("nginx@1.22.1+openssl@3.0.15:{file}");
    let run =
        Shakedown::new().run(&["negotiate", "openssl@3.0.15", &party, "--host", "test.example", "--format", "json"]);
    let document = run.json();
    assert_eq!(run.causes(), ["private-key-permissions"], "{document:#}");
    assert_eq!(document["diagnoses"][0]["side"], "server", "{document:#}");
}
