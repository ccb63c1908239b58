//! `relay` between the TLS clients of this machine and real servers: what works still works, what fails has its cause.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{nginx, openssl_s_server};
use shakedown_testkit::{Finished, require, run};

#[path = "support/listener.rs"]
mod listener;
#[path = "support/tap.rs"]
mod tap;

use listener::Listener;
use tap::Tap;

const LONG: Duration = Duration::from_secs(60);

fn client(program: &str, arguments: &[&str]) -> Option<Finished> {
    let mut command = Command::new(require(program)?);
    command.env("OPENSSL_CONF", "/dev/null");
    Some(run(command.args(arguments), b"", LONG).unwrap_or_else(|error| panic!("{program}: {error}")))
}

/// `openssl s_client` by the relay, with these options.
fn openssl(address: SocketAddr, arguments: &[&str]) -> Finished {
    let address = address.to_string();
    let all = [&["s_client", "-servername", "test.example", "-connect", &address], arguments].concat();
    client("openssl", &all).expect("openssl")
}

fn relay(address: SocketAddr, more: &[&str]) -> Listener {
    Listener::relay(&[&[format!("tls://{address}").as_str()], more].concat())
}

fn causes(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = document["diagnoses"].as_array().expect("diagnoses");
    all.iter().map(|one| (text(&one["cause"]), text(&one["side"]))).collect()
}

fn notes(document: &Value) -> String {
    document["notes"].to_string()
}

#[test]
fn every_client_works_through_it_and_no_byte_is_changed() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2 TLSv1.3;") else { return };
    let far = Tap::start(server.address());
    let relay = relay(far.address, &[]);
    let near = Tap::start(relay.address);
    let (address, port) = (near.address.to_string(), near.address.port().to_string());
    let folder = tempfile::tempdir().expect("a folder");
    let profile = format!("--user-data-dir={}", folder.path().display());
    let url = format!("https://{address}/");
    let python = "import socket, ssl, sys\nc = ssl._create_unverified_context()\n\
                  s = c.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='a')\n\
                  s.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\nprint(s.version(), s.recv(100))\n";
    let node = "require('https').get({host: '127.0.0.1', port: +process.argv[1], rejectUnauthorized: false}, \
                (r) => { console.log(r.statusCode); r.resume() })";
    let made: [(&str, &[&str], &str); 9] = [
        ("openssl", &["s_client", "-connect", &address], "TLSv1.3"),
        ("openssl", &["s_client", "-tls1_2", "-connect", &address], "TLSv1.2"),
        ("curl", &["-sk", "--noproxy", "*", "-o", "/dev/null", &url], "TLSv1.3"),
        ("curl", &["-sk", "--noproxy", "*", "--tls-max", "1.2", "-o", "/dev/null", &url], "TLSv1.2"),
        ("gnutls-cli", &["--insecure", "--port", &port, "127.0.0.1"], "TLSv1.3"),
        ("wget", &["--no-check-certificate", "--no-proxy", "-qO", "/dev/null", &url], "TLSv1.3"),
        ("python3", &["-c", python, &port], "TLSv1.3"),
        ("node", &["-e", node, &port], "TLSv1.3"),
        (
            "chromium-headless-shell",
            &["--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", &profile, "--dump-dom", &url],
            "TLSv1.3",
        ),
    ];
    for (program, arguments, version) in made {
        let Some(finished) = client(program, arguments) else { continue };
        assert!(finished.status.is_some_and(|status| status.success()), "{program}: {}", finished.text());
        assert!(tap::identical(&near, &far), "{program}: the bytes differ");
        let document = relay.next();
        let outcome = &document["pairs"][0]["outcome"];
        assert_eq!(outcome["result"], "agreed", "{program}: {document:#}");
        assert_eq!(outcome["agreed"]["version"], version, "{program}: {document:#}");
        assert_eq!(causes(&document), [], "{program}: {document:#}");
        // Only what was chosen is known of the server.
        assert_eq!(document["offers"][1]["complete"], false, "{document:#}");
        if version == "TLSv1.2" {
            assert!(document["offers"][1]["certificates"].to_string().contains("test.example"), "{document:#}");
        }
    }
    let ended = relay.interrupt();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

#[test]
fn a_server_that_turns_a_client_away_is_asked_why() {
    let settings = "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;";
    let Some(server) = nginx(&["rsa"], settings) else { return };
    let relay = relay(server.address(), &[]);
    for (arguments, cause) in [
        (&["-tls1_3"][..], "no-common-version"),
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "no-common-cipher"),
    ] {
        let finished = openssl(relay.address, arguments);
        assert!(finished.text().contains("alert"), "{}", finished.text());
        let document = relay.next();
        let found = causes(&document);
        assert_eq!(found[0].0, cause, "{document:#}");
        assert!(notes(&document).contains("--no-probe"), "{document:#}");
    }
    // The same again is not asked again.
    openssl(relay.address, &["-tls1_3"]);
    let again = relay.next();
    assert!(notes(&again).contains("was not asked again"), "{again:#}");
    assert_eq!(causes(&again)[0].0, "no-common-version");
    assert_eq!(relay.interrupt().status, 1);

    let relay = self::relay(server.address(), &["--no-probe", "--count", "1"]);
    openssl(relay.address, &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]);
    let ended = relay.end();
    let document = &ended.documents[0];
    assert_eq!(document["connections"], 1, "{document:#}");
    assert!(document["evidence"].to_string().contains("handshake_failure"), "{document:#}");
    assert_eq!(ended.status, 3, "{document:#}");
}

#[test]
fn a_client_that_does_not_take_the_certificate() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2 TLSv1.3;") else { return };
    let relay = relay(server.address(), &[]);
    for version in ["-tls1_2", "-tls1_3"] {
        let finished = openssl(relay.address, &[version, "-verify_return_error"]);
        assert!(finished.text().contains("self-signed certificate"), "{}", finished.text());
        let document = relay.next();
        let found = causes(&document);
        assert_eq!(found.first().map(|(cause, _)| cause.as_str()), Some("certificate-self-signed"), "{document:#}");
        assert_ne!(document["pairs"][0]["outcome"]["result"], "agreed", "{version}: {document:#}");
    }
    drop(relay);
    // Where the machine has nothing against the certificate, only the client knows.
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let relay = self::relay(server.address(), &["--cacert", &trusted]);
    openssl(relay.address, &["-tls1_2", "-verify_return_error"]);
    let document = relay.next();
    assert_eq!(causes(&document)[0].1, "client", "{document:#}");
    assert!(document["evidence"].to_string().contains("unknown_ca"), "{document:#}");
    // OpenSSL says so in clear text in TLS 1.3 too; GnuTLS does not.
    let port = relay.address.port().to_string();
    let names = ["--sni-hostname", "test.example", "--verify-hostname", "test.example"];
    let arguments = [&["--port", port.as_str()], &names[..], &["127.0.0.1"]].concat();
    let Some(finished) = client("gnutls-cli", &arguments) else { return };
    assert!(finished.text().contains("certificate"), "{}", finished.text());
    let document = relay.next();
    assert_eq!(causes(&document)[0].1, "client", "{document:#}");
    assert!(notes(&document).contains("as short as an alert"), "{document:#}");
    assert_eq!(document["pairs"][0]["outcome"]["result"], "unknown", "{document:#}");
}

#[test]
fn a_server_that_wants_a_certificate_of_the_client() {
    let Some(server) = openssl_s_server(&["rsa"], &["-Verify", "1", "-verify_return_error"]) else { return };
    let relay = relay(server.address(), &[]);
    for version in ["-tls1_2", "-tls1_3"] {
        openssl(relay.address, &[version, "-ign_eof"]);
        let document = relay.next();
        let found = causes(&document);
        let first = found.first().map(|(cause, side)| (cause.as_str(), side.as_str()));
        assert_eq!(first, Some(("client-certificate-required", "client")), "{version}: {document:#}");
    }
    let (certificate, key) = (server.folder().join("rsa.pem"), server.folder().join("rsa.key"));
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    openssl(relay.address, &["-tls1_2", "-cert", &certificate, "-key", &key, "-ign_eof"]);
    let document = relay.next();
    let found = causes(&document);
    assert_eq!(found.first().map(|(cause, _)| cause.as_str()), Some("client-certificate-rejected"), "{document:#}");
}

#[test]
fn what_is_not_tls_is_told() {
    let Some(server) = nginx(&["rsa"], "") else { return };
    let relay = relay(server.address(), &[]);
    let url = format!("http://{}/", relay.address);
    if client("curl", &["-s", "--noproxy", "*", &url]).is_none() {
        return;
    }
    let document = relay.next();
    assert_eq!(
        causes(&document).first().map(|(cause, _)| cause.clone()),
        Some("wrong-protocol".to_owned()),
        "{document:#}"
    );
}
