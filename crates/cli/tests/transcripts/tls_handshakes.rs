//! What the two ends of TLS do not have in common, client certificates, and other protocols on the port.

use std::process::Command;
use std::sync::Arc;

use shakedown_testkit::hostile::{Hostile, Step};
use shakedown_testkit::{free_port, require};

use crate::harness::{Expected, Scenario, Transcript, among, cause, explain, output};
use crate::tls::{Ask, Authority, CLIENTS, client, nginx, nginx_test, s_server};

const VERSION: &[&str] = &["no-common-version"];
const CIPHER: &[&str] = &["no-common-cipher"];
const GROUP: &[&str] = &["no-common-group"];
const SIGNATURE: &[&str] = &["no-common-signature-algorithm"];
const ALPN: &[&str] = &["no-common-application-protocol"];
const REQUIRED: &[&str] = &["client-certificate-required"];
const REJECTED: &[&str] = &["client-certificate-rejected"];
const PROTOCOL: &[&str] = &["wrong-protocol"];
const SNI: &[&str] = &["sni-rejected"];
const PSK: &[&str] = &["psk-mismatch"];
/// An alert about a parameter: the client cannot know that it is the key.
const OPEN: &[&str] = &["psk-mismatch", "implementation-defect", "no-common-group"];
const REFUSED: &[&str] = &["port-refused"];
const CUT: &[&str] = &["connection-cut"];

/// One connection: the server's arguments, the client's, and what each end must be explained as.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) server: &'static [&'static str],
    pub(crate) client: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) at_client: Expected,
    /// `None` where the server's log does not tell.
    pub(crate) at_server: Option<Expected>,
}

fn pairs() -> Vec<Pair> {
    let pair = |name, server, client, arguments, at_client, at_server| Pair {
        name,
        server,
        client,
        arguments,
        at_client,
        at_server: Some(at_server),
    };
    let silent = |pair: Pair| Pair { at_server: None, ..pair };
    let old = &["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"][..];
    vec![
        pair("1.2 server, 1.3 client", &["-tls1_2"], "curl -v", &["--tlsv1.3"], cause(VERSION), cause(VERSION)),
        pair("1.2 server, 1.3 client", &["-tls1_2"], "openssl", &["-tls1_3"], cause(VERSION), cause(VERSION)),
        pair(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            "gnutls-cli",
            &["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"],
            cause(VERSION),
            cause(VERSION),
        ),
        pair(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            "python3",
            &["context.minimum_version = ssl.TLSVersion.TLSv1_3"],
            cause(VERSION),
            cause(VERSION),
        ),
        pair(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            "node",
            &["options.minVersion = 'TLSv1.3';"],
            cause(VERSION),
            cause(VERSION),
        ),
        pair(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            "wget",
            &["--secure-protocol=TLSv1_3"],
            cause(VERSION),
            cause(VERSION),
        ),
        pair("1.3 server, 1.2 client", &["-tls1_3"], "curl", &["--tls-max", "1.2"], cause(VERSION), cause(VERSION)),
        pair("1.3 server, 1.2 client", &["-tls1_3"], "openssl", &["-tls1_2"], cause(VERSION), cause(VERSION)),
        pair(
            "1.3 server, 1.2 client",
            &["-tls1_3"],
            "node",
            &["options.maxVersion = 'TLSv1.2';"],
            cause(VERSION),
            cause(VERSION),
        ),
        silent(pair("1.0 server", old, "curl", &[], among(VERSION), among(VERSION))),
        silent(pair("1.0 server", old, "openssl", &[], among(VERSION), among(VERSION))),
        pair("1.0 server", old, "python3", &[], cause(VERSION), cause(VERSION)),
        pair("1.0 server", old, "node", &[], cause(VERSION), cause(VERSION)),
        pair(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            "curl",
            &["--tls-max", "1.2", "--ciphers", "AES256-SHA"],
            among(CIPHER),
            cause(CIPHER),
        ),
        pair(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            "openssl",
            &["-tls1_2", "-cipher", "AESGCM"],
            among(CIPHER),
            cause(CIPHER),
        ),
        pair(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            "gnutls-cli",
            &["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CHACHA20-POLY1305"],
            among(CIPHER),
            cause(CIPHER),
        ),
        pair(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            "python3",
            &["context.set_ciphers('ECDHE+AESGCM')"],
            among(CIPHER),
            cause(CIPHER),
        ),
        pair(
            "1.3 suites",
            &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"],
            "openssl",
            &["-tls1_3"],
            among(CIPHER),
            cause(CIPHER),
        ),
        pair(
            "other groups",
            &["-tls1_3", "-groups", "P-521"],
            "curl",
            &["--curves", "X25519"],
            among(GROUP),
            cause(GROUP),
        ),
        pair(
            "other groups",
            &["-tls1_3", "-groups", "P-521"],
            "openssl",
            &["-groups", "X25519"],
            among(GROUP),
            cause(GROUP),
        ),
        pair(
            "other groups",
            &["-tls1_3", "-groups", "X448"],
            "gnutls-cli",
            &["--priority", "NORMAL:-GROUP-ALL:+GROUP-X25519"],
            among(GROUP),
            cause(GROUP),
        ),
        pair(
            "other signatures",
            &["-tls1_3"],
            "openssl",
            &["-sigalgs", "rsa_pss_rsae_sha256"],
            among(SIGNATURE),
            cause(SIGNATURE),
        ),
        pair(
            "other signatures",
            &["-tls1_2"],
            "openssl",
            &["-sigalgs", "rsa_pss_rsae_sha256"],
            among(SIGNATURE),
            cause(&["no-common-signature-algorithm", "no-common-cipher"]),
        ),
        pair("alpn", &["-alpn", "example/1"], "curl -v", &["--http1.1"], cause(ALPN), cause(ALPN)),
        pair("alpn", &["-alpn", "example/1"], "openssl", &["-alpn", "http/1.1"], cause(ALPN), cause(ALPN)),
        pair("alpn", &["-alpn", "example/1"], "gnutls-cli", &["--alpn", "http/1.1"], cause(ALPN), cause(ALPN)),
        pair(
            "alpn",
            &["-alpn", "example/1"],
            "python3",
            &["context.set_alpn_protocols(['h2'])"],
            cause(ALPN),
            cause(ALPN),
        ),
        pair("alpn", &["-alpn", "example/1"], "node", &["options.ALPNProtocols = ['h2'];"], cause(ALPN), cause(ALPN)),
        pair(
            "client certificate 1.3",
            &["-tls1_3", "-Verify", "1", "-verify_return_error"],
            "curl",
            &[],
            cause(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "client certificate 1.3",
            &["-tls1_3", "-Verify", "1", "-verify_return_error"],
            "curl -v",
            &[],
            cause(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "client certificate 1.3",
            &["-tls1_3", "-Verify", "1", "-verify_return_error"],
            "python3",
            &[],
            cause(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "client certificate 1.3",
            &["-tls1_3", "-Verify", "1", "-verify_return_error"],
            "node",
            &[],
            cause(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "client certificate 1.2",
            &["-tls1_2", "-Verify", "1", "-verify_return_error"],
            "curl -v",
            &[],
            among(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "client certificate 1.2",
            &["-tls1_2", "-Verify", "1", "-verify_return_error"],
            "openssl",
            &[],
            among(REQUIRED),
            cause(REQUIRED),
        ),
        pair(
            "psk 1.3",
            &["-tls1_3", "-nocert", "-psk", "0123456789abcdef"],
            "openssl",
            &["-tls1_3", "-psk", "fedcba9876543210"],
            among(OPEN),
            cause(PSK),
        ),
        silent(pair(
            "psk 1.2",
            &["-tls1_2", "-nocert", "-psk", "0123456789abcdef"],
            "openssl",
            &["-tls1_2", "-cipher", "PSK", "-psk", "fedcba9876543210"],
            among(PSK),
            among(PSK),
        )),
    ]
}

#[test]
fn both_ends_explain_what_they_do_not_share() {
    let Some(authority) = Authority::new() else { return };
    authority.server("plain", &[]);
    let authority = Arc::new(authority);
    let scenarios = pairs().into_iter().map(|pair| connection(&authority, pair)).collect();
    explain(scenarios, 69);
}

/// A client and `s_server` with the authority's certificate `plain`.
pub(crate) fn connection(authority: &Arc<Authority>, pair: Pair) -> Scenario {
    let authority = Arc::clone(authority);
    Box::new(move || {
        let run = || {
            let root = authority.path("root.pem");
            let mut arguments = pair.server.to_vec();
            if arguments.contains(&"-Verify") {
                arguments.extend(["-CAfile", &root]);
            }
            let server = s_server(&authority, "plain", &arguments)?;
            let ask = Ask { trust: root.clone(), more: pair.arguments, ..Ask::default() };
            let text = client(pair.client, server.port, &ask)?;
            let mut transcripts = vec![Transcript::new(format!("{} {}", pair.client, pair.name), text, pair.at_client)];
            if let Some(expected) = pair.at_server {
                let name = format!("s_server {} for {}", pair.name, pair.client);
                transcripts.push(Transcript::new(name, server.log_with("error:"), expected));
            }
            Some(transcripts)
        };
        run().unwrap_or_default()
    })
}

/// A name, lines of the server block, the client with its arguments, what each end must be explained as, and the text
/// that nginx logs last.
type NginxCase =
    (&'static str, &'static str, &'static str, &'static [&'static str], Expected, Option<Expected>, &'static str);

/// nginx logs what the client's alert or the missing certificate tells.
#[test]
fn nginx_explains_what_it_meets() {
    let Some(authority) = Authority::new() else { return };
    authority.server("plain", &[]);
    authority.sign("user", "stranger", "client", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], &[]);
    let authority = Arc::new(authority);
    let keys = "ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key;";
    let verify = "ssl_verify_client on; ssl_client_certificate KEYS/root.pem;";
    let cases: [NginxCase; 9] = [
        (
            "1.3 only",
            "ssl_protocols TLSv1.3;",
            "curl",
            &["--tls-max", "1.2"],
            cause(VERSION),
            Some(cause(VERSION)),
            "SSL_do_handshake",
        ),
        (
            "1.2 only",
            "ssl_protocols TLSv1.2;",
            "gnutls-cli",
            &["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"],
            cause(VERSION),
            Some(cause(VERSION)),
            "SSL_do_handshake",
        ),
        (
            "ciphers",
            "ssl_protocols TLSv1.2; ssl_ciphers CHACHA20;",
            "curl",
            &["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            among(CIPHER),
            Some(cause(CIPHER)),
            "SSL_do_handshake",
        ),
        (
            "curve",
            "ssl_protocols TLSv1.3; ssl_ecdh_curve secp384r1;",
            "openssl",
            &["-groups", "X25519"],
            among(GROUP),
            Some(cause(GROUP)),
            "SSL_do_handshake",
        ),
        ("name", "ssl_reject_handshake on;", "curl -v", &[], cause(SNI), Some(among(SNI)), "SSL_do_handshake"),
        ("name", "ssl_reject_handshake on;", "openssl", &[], cause(SNI), Some(among(SNI)), "SSL_do_handshake"),
        ("name", "ssl_reject_handshake on;", "gnutls-cli", &[], cause(SNI), Some(among(SNI)), "SSL_do_handshake"),
        (
            "no client certificate",
            verify,
            "curl",
            &[],
            cause(REQUIRED),
            Some(cause(REQUIRED)),
            "client sent no required",
        ),
        (
            "untrusted client certificate",
            verify,
            "curl",
            &["--cert", "KEYS/user.pem", "--key", "KEYS/user.key"],
            cause(REJECTED),
            Some(cause(REJECTED)),
            "client SSL certificate verify error",
        ),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (name, lines, program, arguments, at_client, at_server, logged) in cases {
        let authority = Arc::clone(&authority);
        let (lines, logged) = (format!("{keys} {lines}"), logged.to_owned());
        scenarios.push(Box::new(move || {
            let run = || {
                let server = nginx(&authority, &lines)?;
                let folder = authority.path("");
                let arguments: Vec<String> = arguments.iter().map(|text| text.replace("KEYS", &folder)).collect();
                let more: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let ask = Ask { trust: authority.path("root.pem"), more: &more, ..Ask::default() };
                let text = client(program, server.port, &ask)?;
                let log = server.log_with(&logged);
                let mut transcripts = vec![Transcript::new(format!("{program} nginx {name}"), text, at_client)];
                transcripts.extend(
                    at_server.map(|expected| Transcript::new(format!("nginx {name} {program}"), log, expected)),
                );
                Some(transcripts)
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 18);
}

#[test]
fn key_files_that_nginx_and_openssl_refuse() {
    let Some(authority) = Authority::new() else { return };
    authority.server("plain", &[]);
    authority.server("other", &[]);
    std::fs::write(authority.path("bad.pem"), "no certificate\n").expect("a file");
    let authority = Arc::new(authority);
    const KEY: &[&str] = &["private-key-invalid"];
    const FILE: &[&str] = &["invalid-configuration", "server-certificate-missing", "private-key-invalid"];
    const LINE: &[&str] = &["invalid-configuration"];
    let cases: [(&str, &'static [&'static str]); 9] = [
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/other.key;", KEY),
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/missing.key;", FILE),
        ("ssl_certificate KEYS/missing.pem; ssl_certificate_key KEYS/plain.key;", FILE),
        ("ssl_certificate KEYS/bad.pem; ssl_certificate_key KEYS/plain.key;", FILE),
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/bad.pem;", FILE),
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key; ssl_protocols TLSv1.4;", LINE),
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key; ssl_ciphers NOTHING;", LINE),
        ("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key; ssl_cipher HIGH;", LINE),
        ("ssl_certificate KEYS/plain.pem;", FILE),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (number, (lines, expected)) in cases.into_iter().enumerate() {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let Some(text) = nginx_test(&authority, lines) else { return Vec::new() };
            let expected = if expected.len() > 1 { among(expected) } else { cause(expected) };
            vec![Transcript::new(format!("nginx -t {number}"), text, expected.side("server"))]
        }));
    }
    for (name, certificate, key, expected) in [
        ("other key", "plain.pem", "other.key", KEY),
        ("missing key", "plain.pem", "missing.key", FILE),
        ("no certificate", "bad.pem", "plain.key", FILE),
    ] {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let Some(program) = require("openssl") else { return Vec::new() };
            let mut command = Command::new(program);
            command.args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-cert",
                &authority.path(certificate),
                "-key",
                &authority.path(key),
            ]);
            vec![Transcript::new(format!("s_server {name}"), output(&mut command), cause(expected))]
        }));
    }
    explain(scenarios, 12);
}

/// Each client against a server that does these steps.
fn against(
    authority: &Arc<Authority>,
    name: &'static str,
    steps: &[Step],
    expected: fn(&str) -> Expected,
) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for program in CLIENTS {
        let (authority, steps) = (Arc::clone(authority), steps.to_vec());
        scenarios.push(Box::new(move || {
            let server = Hostile::run(steps);
            let ask = Ask { trust: authority.path("root.pem"), ..Ask::default() };
            let Some(text) = client(program, server.address().port(), &ask) else { return Vec::new() };
            vec![Transcript::new(format!("{program} {name}"), text, expected(program))]
        }));
    }
    scenarios
}

#[test]
fn other_protocols_and_no_answer() {
    let Some(authority) = Authority::new() else { return };
    authority.server("plain", &[]);
    let authority = Arc::new(authority);
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let mut scenarios =
        against(&authority, "http", &[Step::Read(5), Step::Send(http.to_vec()), Step::Close], |_| cause(PROTOCOL));
    let greeting = Step::Send(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec());
    scenarios.extend(against(&authority, "ssh", &[greeting, Step::Read(5), Step::Close], |_| cause(PROTOCOL)));
    scenarios.extend(against(&authority, "closed", &[Step::Read(5), Step::Close], |_| among(CUT)));
    scenarios.extend(against(&authority, "reset", &[Step::Read(5), Step::Reset], |_| among(CUT)));
    for program in CLIENTS {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let ask = Ask { trust: authority.path("root.pem"), ..Ask::default() };
            let Some(text) = client(program, free_port().expect("a free port"), &ask) else { return Vec::new() };
            // curl says why only with -v.
            let expected = if program == "curl" { among(REFUSED) } else { cause(REFUSED).side("server") };
            vec![Transcript::new(format!("{program} TLS refused"), text, expected)]
        }));
    }
    // Plain HTTP at a port of TLS: the server's log tells, and nginx answers with a page.
    let plain = Arc::clone(&authority);
    scenarios.push(Box::new(move || {
        let run = || {
            let server = s_server(&plain, "plain", &[])?;
            let mut command = Command::new(require("curl")?);
            let url = format!("http://127.0.0.1:{}/", server.port);
            let _empty_reply = output(command.args(["--disable", "--silent", "--max-time", "20", &url]));
            let nginx = nginx(&plain, "ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key;")?;
            let mut command = Command::new(require("curl")?);
            let url = format!("http://127.0.0.1:{}/", nginx.port);
            let page = output(command.args(["--disable", "--silent", "--max-time", "20", &url]));
            Some(vec![
                Transcript::new("s_server plain HTTP", server.log_with("error:"), cause(PROTOCOL)),
                Transcript::new("nginx plain HTTP", nginx.log_with("plain HTTP"), cause(PROTOCOL)),
                Transcript::new("page of nginx", page, cause(PROTOCOL)),
            ])
        };
        run().unwrap_or_default()
    }));
    for status in ["403 Forbidden", "407 Proxy Authentication Required"] {
        scenarios.push(Box::new(move || {
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let proxy = Hostile::run(vec![Step::Read(8), Step::Send(answer.into_bytes()), Step::Close]);
            let Some(program) = require("curl") else { return Vec::new() };
            let mut command = Command::new(program);
            command.args(["--disable", "--silent", "--show-error", "--max-time", "20", "--noproxy", ""]);
            let proxy = format!("http://{}", proxy.address());
            let text = output(command.args(["--proxy", &proxy, "https://host.invalid/"]));
            vec![Transcript::new(format!("curl through a proxy: {status}"), text, cause(&["proxy-refused"]))]
        }));
    }
    explain(scenarios, 40);
}
