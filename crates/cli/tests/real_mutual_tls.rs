//! `check` and `offer` with `--cert` and `--key` against servers on loopback that ask for a client certificate.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use serde_json::Value;
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem, purpose};
use shakedown_testkit::peers::{TlsServer, gnutls_serv_with, nginx, nginx_again, openssl_s_server};
use shakedown_testkit::require;
use support::{Run, Shakedown};

/// An authority, and three clients: of it, of another one, and one of it that has expired.
struct Clients {
    shakedown: Shakedown,
    authority: String,
}

/// What a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    None,
    Good,
    Stranger,
    Expired,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Good => "good",
            Self::Stranger => "stranger",
            Self::Expired => "expired",
        }
    }
}

const DAY: i64 = 24 * 3600;

impl Clients {
    fn new() -> Self {
        let shakedown = Shakedown::new();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let (key, other) = (CertificateKey::p256(), CertificateKey::p256());
        let spec = CertificateSpec::authority("Clients of Example", now);
        let authority = shakedown.write("authority.pem", pem("CERTIFICATE", &spec.self_signed(&key)));
        let stranger = CertificateSpec::authority("Clients of Others", now);
        for client in [Client::Good, Client::Stranger, Client::Expired] {
            let own = CertificateKey::p256();
            let mut certificate = CertificateSpec::server(client.name(), now);
            certificate.purposes = Some(vec![purpose::CLIENT]);
            if client == Client::Expired {
                (certificate.not_before, certificate.not_after) = (now - 20 * DAY, now - 10 * DAY);
            }
            let signer = match client {
                Client::Stranger => stranger.signer(&other),
                _ => spec.signer(&key),
            };
            shakedown.write(&format!("{}.pem", client.name()), pem("CERTIFICATE", &certificate.signed(&own, &signer)));
            shakedown.write(&format!("{}.key", client.name()), own.pem());
        }
        Self { shakedown, authority }
    }

    fn path(&self, file: &str) -> String {
        std::path::Path::new(&self.authority).with_file_name(file).display().to_string()
    }

    /// A check with the client of OpenSSL 3.0, which shows this.
    fn check(&self, scheme: &str, server: &TlsServer, client: Client) -> Run {
        let (certificate, key) =
            (self.path(&format!("{}.pem", client.name())), self.path(&format!("{}.key", client.name())));
        let own: &[&str] = if client == Client::None { &[] } else { &["--cert", &certificate, "--key", &key] };
        let trusted = server.folder().join("rsa.pem").display().to_string();
        let url = format!("{scheme}://{}", server.address());
        let common = [
            "check",
            &url,
            "--format",
            "json",
            "--sni",
            "test.example",
            "--cacert",
            &trusted,
            "--as",
            "openssl@3.0.15",
        ];
        self.shakedown.run(&[&common[..], own].concat())
    }
}

fn stage<'a>(document: &'a Value, name: &str) -> &'a str {
    let stages = document["pairs"][0]["outcome"]["stages"].as_array().into_iter().flatten();
    let found = stages.clone().find(|stage| stage["stage"] == name).and_then(|stage| stage["result"].as_str());
    found.unwrap_or("none")
}

/// What the whole handshake brought.
fn completion(document: &Value) -> &Value {
    let all = document["evidence"].as_array().into_iter().flatten();
    all.clone().find(|evidence| evidence["kind"] == "completion").map_or(&Value::Null, |evidence| &evidence["details"])
}

/// What is expected of a check: the stage of the client's certificate, the cause, the exit status.
fn expect(run: &Run, told: &str, result: &str, cause: Option<&str>) {
    let document = run.json();
    assert_eq!(stage(&document, "client-certificate"), result, "{told}: {document:#}");
    assert_eq!(run.causes(), cause.into_iter().collect::<Vec<_>>(), "{told}: {document:#}");
    if cause.is_some() {
        assert_eq!(run.status, 1, "{told}");
        assert_eq!(document["diagnoses"][0]["side"], "client", "{told}: {document:#}");
    } else {
        assert_eq!(run.status, 0, "{told}: {document:#}");
    }
}

/// What comes of each client where the server insists on a certificate that it trusts.
const WHERE_ONE_IS_REQUIRED: [(Client, &str, Option<&str>); 4] = [
    (Client::Good, "agreed", None),
    (Client::None, "failed", Some("client-certificate-required")),
    (Client::Stranger, "failed", Some("client-certificate-rejected")),
    (Client::Expired, "failed", Some("certificate-expired")),
];

#[test]
fn openssl_lets_in_whom_it_trusts_in_both_versions() {
    let clients = Clients::new();
    for version in ["-tls1_2", "-tls1_3"] {
        let arguments = [version, "-Verify", "1", "-verify_return_error", "-CAfile", &clients.authority];
        let Some(server) = openssl_s_server(&["rsa"], &arguments) else { return };
        for (client, result, cause) in WHERE_ONE_IS_REQUIRED {
            let run = clients.check("tls", &server, client);
            expect(&run, &format!("{version} {client:?}"), result, cause);
        }
        let run = clients.check("tls", &server, Client::Stranger);
        let document = run.json();
        let seen = completion(&document);
        assert_eq!((seen["end"].as_str(), seen["name"].as_str()), (Some("alert"), Some("unknown_ca")), "{document:#}");
    }
}

#[test]
fn gnutls_says_so_with_alerts_of_its_own() {
    let clients = Clients::new();
    let arguments = ["--x509cafile", &clients.authority, "--require-client-cert", "--verify-client-cert"];
    for version in ["TLS1.2", "TLS1.3"] {
        let Some(server) = gnutls_serv_with(&format!("NORMAL:-VERS-ALL:+VERS-{version}"), &arguments) else { return };
        for (client, result, cause) in WHERE_ONE_IS_REQUIRED {
            let run = clients.check("tls", &server, client);
            expect(&run, &format!("{version} {client:?}"), result, cause);
        }
    }
}

#[test]
fn nginx_judges_a_certificate_only_in_its_answer() {
    let clients = Clients::new();
    for (version, verify) in [("TLSv1.2", "on"), ("TLSv1.3", "on"), ("TLSv1.2", "optional"), ("TLSv1.3", "optional")] {
        let settings = format!(
            "ssl_protocols {version}; ssl_verify_client {verify}; ssl_client_certificate {};",
            clients.authority
        );
        let Some(server) = nginx(&["rsa"], &settings) else { return };
        let without = match verify {
            "on" => ("failed", Some("client-certificate-required")),
            _ => ("agreed", None),
        };
        for (client, (result, cause)) in [
            (Client::Good, ("agreed", None)),
            (Client::None, without),
            (Client::Stranger, ("failed", Some("client-certificate-rejected"))),
            (Client::Expired, ("failed", Some("certificate-expired"))),
        ] {
            let run = clients.check("https", &server, client);
            expect(&run, &format!("{version} {verify} {client:?}"), result, cause);
            if client == Client::Stranger {
                let document = run.json();
                assert_eq!(completion(&document)["authorities"][0], "CN = Clients of Example", "{document:#}");
                assert!(run.stdout.contains("which the server does not ask for"), "{document:#}");
            }
        }
    }
}

#[test]
fn a_server_that_asks_for_no_certificate_is_not_shown_one() {
    let clients = Clients::new();
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2 TLSv1.3;") else { return };
    let run = clients.check("https", &server, Client::Good);
    expect(&run, "no request", "none", None);
    assert!(run.stdout.contains("was not shown"), "{}", run.stdout);
    let document = run.json();
    let seen = completion(&document);
    assert_eq!((&seen["end"], &seen["version"]), (&"complete".into(), &"TLSv1.3".into()), "{document:#}");
}

#[test]
fn a_key_of_another_certificate_is_named_and_never_printed() {
    let clients = Clients::new();
    let arguments = ["-Verify", "1", "-CAfile", &clients.authority];
    let Some(server) = openssl_s_server(&["rsa"], &arguments) else { return };
    let url = format!("tls://{}", server.address());
    let (certificate, key) = (clients.path("good.pem"), clients.path("stranger.key"));
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let common = [
        "check",
        &url,
        "--sni",
        "test.example",
        "--cacert",
        &trusted,
        "--as",
        "openssl@3.0.15",
        "--cert",
        &certificate,
    ];
    let json = clients.shakedown.run(&[&common[..], &["--key", &key, "--format", "json"]].concat());
    assert_eq!((json.status, json.causes()), (1, vec!["private-key-invalid".to_owned()]), "{}", json.stdout);
    let text = clients.shakedown.run(&[&common[..], &["--key", &key, "--verbose"]].concat());
    let secret = std::fs::read_to_string(&key).unwrap();
    let secret = secret.lines().nth(1).unwrap();
    for output in [&json.stdout, &json.stderr, &text.stdout, &text.stderr] {
        assert!(!output.contains(secret), "{output}");
    }
    for (name, contents, words) in [
        ("empty.key", "nothing\n", "no private key"),
        (
            "broken.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "cannot be read",
        ),
    ] {
        let file = clients.shakedown.write(name, contents);
        let run = clients.shakedown.run(&[&common[..], &["--key", &file]].concat());
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn an_offer_says_whether_a_web_server_insists() {
    let clients = Clients::new();
    for (verify, words) in [("on", "clients must show a certificate"), ("optional", "clients may show a certificate")] {
        let settings = format!("ssl_verify_client {verify}; ssl_client_certificate {};", clients.authority);
        let Some(server) = nginx(&["rsa"], &settings) else { return };
        let run = clients.shakedown.run(&["offer", &format!("https://{}", server.address()), "--sni", "test.example"]);
        assert!(run.stdout.contains(words), "{}", run.stdout);
        assert_eq!(run.status, 0, "{}", run.stdout);
    }
}

/// The first connection reaches the server; to the next one a fatal alert is sent.
fn only_the_first_connection_reaches(server: std::net::SocketAddr) -> std::net::SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (near, far) = (listener.accept().unwrap().0, TcpStream::connect(server).unwrap());
        let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        thread::spawn(move || std::io::copy(&mut { far }, &mut { near }));
        let mut next = listener.accept().unwrap().0;
        // handshake_failure (40), after the hello.
        let _ = next.read(&mut [0; 1]).and_then(|_| next.write_all(&[0x15, 3, 3, 0, 2, 2, 40]));
        let _ = next.read(&mut [0; 4096]);
    });
    address
}

#[test]
fn a_second_opinion_that_differs_is_shown() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let url = format!("tls://{}", only_the_first_connection_reaches(server.address()));
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let common = ["check", &url, "--sni", "test.example", "--cacert", &trusted, "--as", "openssl@3.0.15"];
    let run = Shakedown::new().run(&common);
    assert_eq!(run.status, 3, "{}", run.stdout);
    assert!(run.stdout.contains("contradiction: ") && run.stdout.contains("handshake_failure"), "{}", run.stdout);
}

#[test]
fn a_key_with_a_passphrase_is_opened_and_shown() {
    let clients = Clients::new();
    let arguments = ["-Verify", "1", "-verify_return_error", "-CAfile", &clients.authority];
    let Some(server) = openssl_s_server(&["rsa"], &arguments) else { return };
    let openssl = require("openssl").unwrap();
    let protect = |name: &str, command: &[&str]| {
        let (from, to) = (clients.path("good.key"), clients.path(name));
        let arguments = ["-in", &from, "-out", &to, "-passout", "pass:open sesame"];
        let made = Command::new(&openssl).args(command).args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        to
    };
    let locked = protect("locked.key", &["pkcs8", "-topk8"]);
    let old = protect("old.key", &["ec", "-aes128"]);
    let url = format!("tls://{}", server.address());
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let certificate = clients.path("good.pem");
    let run = |key: &str, passphrase: Option<&str>| {
        let mut arguments = vec!["check", &url, "--sni", "test.example", "--cacert", &trusted, "--format", "json"];
        arguments.extend(["--as", "openssl@3.0.15", "--cert", &certificate, "--key", key]);
        arguments.extend(passphrase.into_iter().flat_map(|file| ["--key-passphrase-file", file]));
        clients.shakedown.run(&arguments)
    };
    let right = clients.shakedown.write("right", "open sesame\nand no more\n");
    let wrong = clients.shakedown.write("wrong", "open barley\n");
    expect(&run(&locked, Some(&right)), "the right passphrase", "agreed", None);
    for (key, passphrase, words) in [
        (&locked, None, "--key-passphrase-file"),
        (&locked, Some(&*wrong), "does not open"),
        (&old, Some(&*right), "openssl pkcs8 -topk8"),
    ] {
        let failed = run(key, passphrase);
        assert_eq!(failed.status, 2, "{}", failed.stdout);
        assert!(failed.stderr.contains(words), "{words}: {}", failed.stderr);
        assert!(!failed.stderr.contains("sesame") && !failed.stderr.contains("barley"), "{}", failed.stderr);
    }
}

#[test]
fn an_address_that_asks_for_a_certificate_is_told_from_one_that_answers_the_hello_alike() {
    let clients = Clients::new();
    // Of TLS 1.3 no hello shows that a certificate is asked for: only a whole handshake does, with each address.
    let Some(open) = nginx(&["rsa"], "ssl_protocols TLSv1.3;") else { return };
    let text = std::fs::read_to_string(open.folder().join("nginx.conf")).unwrap();
    let settings = format!("ssl_verify_client on; ssl_client_certificate {}; return 200;", clients.authority);
    let (strict, like) = (nginx_again(&open, &text.replace("return 200;", &settings)), nginx_again(&open, &text));
    let (Some(strict), Some(like)) = (strict, like) else { return };
    let trusted = open.folder().join("rsa.pem").display().to_string();
    let run = |addresses: [&TlsServer; 2]| {
        let [first, second] = addresses.map(|server| server.address().to_string());
        let common = ["check", "https://test.example", "--cacert", &trusted, "--as", "openssl@3.0.15"];
        clients.shakedown.run(&[&common[..], &["--format", "json", "--connect", &first, "--connect", &second]].concat())
    };
    let run_of_both = run([&open, &strict]);
    let document = run_of_both.json();
    assert_eq!(run_of_both.causes(), ["client-certificate-required"], "{document:#}");
    let pairs = document["pairs"].as_array().unwrap();
    let results: Vec<_> = pairs.iter().map(|pair| &pair["outcome"]["result"]).collect();
    assert_eq!(results, ["agreed", "failed"], "{document:#}");
    assert!(document.to_string().contains("backends-differ"), "{document:#}");
    let document = run([&open, &like]).json();
    assert_eq!(document["pairs"].as_array().unwrap().len(), 1, "{document:#}");
}
