//! Java on either end, Python's `requests`, and renegotiation.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use shakedown_testkit::hostile::{Hostile, Step};
use shakedown_testkit::{Running, require, run};

use crate::harness::{Expected, Scenario, TIME, Transcript, among, cause, explain};
use crate::tls::{Ask, Authority, client, java, nginx, s_server};
use crate::tls_handshakes::{Pair, connection};

const VERSION: &[&str] = &["no-common-version"];
const CIPHER: &[&str] = &["no-common-cipher"];
const GROUP: &[&str] = &["no-common-group"];
const SIGNATURE: &[&str] = &["no-common-signature-algorithm"];
const ALPN: &[&str] = &["no-common-application-protocol"];
const REQUIRED: &[&str] = &["client-certificate-required"];
const RENEGOTIATION: &[&str] = &["renegotiation-refused"];
const SNI: &[&str] = &["sni-rejected"];

const SMALL: &[&str] = &["key-too-small"];
const DIGEST: &[&str] = &["weak-signature-digest"];

const VERIFY: &[&str] = &["-tls1_3", "-Verify", "1", "-verify_return_error"];
const OLD_VERIFY: &[&str] = &["-tls1_2", "-Verify", "1", "-verify_return_error"];
const OLD: &[&str] = &["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"];

/// What both ends say of a client in Java or with `requests`.
fn pairs() -> Vec<Pair> {
    let pair = |client, name, server, arguments, at_client, at_server| Pair {
        name,
        server,
        client,
        arguments,
        at_client,
        at_server: Some(at_server),
    };
    let java =
        |name, server, arguments, at_client, at_server| pair("java", name, server, arguments, at_client, at_server);
    let requests =
        |name, server, arguments, at_client, at_server| pair("requests", name, server, arguments, at_client, at_server);
    vec![
        java(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            &["-Djdk.tls.client.protocols=TLSv1.3"],
            cause(VERSION),
            cause(VERSION),
        ),
        java(
            "1.3 server, 1.2 client",
            &["-tls1_3"],
            &["-Djdk.tls.client.protocols=TLSv1.2"],
            cause(VERSION),
            cause(VERSION),
        ),
        java("1.0 server", OLD, &[], cause(VERSION), among(VERSION)),
        java(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            &["-Dhttps.protocols=TLSv1.2", "-Dhttps.cipherSuites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
            among(CIPHER),
            cause(CIPHER),
        ),
        java(
            "other groups",
            &["-tls1_3", "-groups", "P-521"],
            &["-Djdk.tls.namedGroups=x25519"],
            among(GROUP),
            cause(GROUP),
        ),
        java(
            "other signatures",
            &["-tls1_3"],
            &["-Djdk.tls.client.SignatureSchemes=rsa_pss_rsae_sha256"],
            among(SIGNATURE),
            cause(SIGNATURE),
        ),
        java("client certificate 1.3", VERIFY, &[], cause(REQUIRED), cause(REQUIRED)),
        java("client certificate 1.2", OLD_VERIFY, &[], among(REQUIRED), cause(REQUIRED)),
        requests(
            "1.2 server, 1.3 client",
            &["-tls1_2"],
            &["context.minimum_version = ssl.TLSVersion.TLSv1_3"],
            cause(VERSION),
            cause(VERSION),
        ),
        requests(
            "1.3 server, 1.2 client",
            &["-tls1_3"],
            &["context.maximum_version = ssl.TLSVersion.TLSv1_2"],
            cause(VERSION),
            cause(VERSION),
        ),
        requests(
            "chacha server, aes client",
            &["-tls1_2", "-cipher", "CHACHA20"],
            &["context.set_ciphers('ECDHE+AESGCM')"],
            among(CIPHER),
            cause(CIPHER),
        ),
        requests(
            "alpn",
            &["-alpn", "example/1"],
            &["context.set_alpn_protocols(['h2'])", "context.set_alpn_protocols = print"],
            cause(ALPN),
            cause(ALPN),
        ),
        requests("client certificate 1.3", VERIFY, &[], cause(REQUIRED), cause(REQUIRED)),
        requests("client certificate 1.2", OLD_VERIFY, &[], among(REQUIRED), cause(REQUIRED)),
    ]
}

fn authority() -> Option<Arc<Authority>> {
    let authority = Authority::new()?;
    authority.server("plain", &[]);
    Some(Arc::new(authority))
}

#[test]
fn java_and_requests_explain_what_they_do_not_share() {
    let Some(authority) = authority() else { return };
    let mut scenarios: Vec<Scenario> = pairs().into_iter().map(|pair| connection(&authority, pair)).collect();
    for program in ["java", "requests"] {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let run = || {
                let keys = "ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key;";
                let server = nginx(&authority, &format!("{keys} ssl_reject_handshake on;"))?;
                let ask = Ask { trust: authority.path("root.pem"), ..Ask::default() };
                let text = client(program, server.port, &ask)?;
                Some(vec![Transcript::new(format!("{program} nginx name"), text, cause(SNI))])
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 30);
}

/// A server in Java: its options, the client with its arguments, what the client and the server must be explained as.
type JavaServer = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    // `None` where the client is not told.
    Option<Expected>,
    Expected,
);

#[test]
fn a_server_in_java_explains_whom_it_refuses() {
    let Some(authority) = authority() else { return };
    let cases: [JavaServer; 5] = [
        (
            "1.3 only",
            &["-Djdk.tls.server.protocols=TLSv1.3"],
            "openssl",
            &["-tls1_2"],
            Some(cause(VERSION)),
            cause(VERSION),
        ),
        (
            "1.2 only",
            &["-Djdk.tls.server.protocols=TLSv1.2"],
            "openssl",
            &["-tls1_3"],
            Some(cause(VERSION)),
            cause(VERSION),
        ),
        (
            "ciphers",
            &["-Djdk.tls.server.cipherSuites=TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
            "curl",
            &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            Some(among(CIPHER)),
            cause(CIPHER),
        ),
        // It sends `unexpected_message`, of which the client can make nothing.
        (
            "groups",
            &["-Djdk.tls.namedGroups=secp384r1"],
            "openssl",
            &["-tls1_3", "-groups", "X25519"],
            None,
            cause(GROUP),
        ),
        ("client certificate", &["-Dneed.client=true"], "curl", &[], Some(among(REQUIRED)), cause(REQUIRED)),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (name, options, program, arguments, at_client, at_server) in cases {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let run = || {
                let mut command = java(options, "Server.java")?;
                let process = Running::start(command.args([authority.path("plain.pem"), authority.path("plain.key")]))
                    .expect("Java runs");
                let port = process
                    .wait_for(TIME, |log| log.lines().find_map(|line| line.strip_prefix("listening at ")?.parse().ok()))
                    .unwrap_or_else(|| panic!("no server in Java:\n{}", process.log()));
                let ask = Ask { trust: authority.path("root.pem"), more: arguments, ..Ask::default() };
                let text = client(program, port, &ask)?;
                let log = process.wait_for(TIME, |log| log.contains("at Server.main").then(|| log.to_owned()));
                let log = log.unwrap_or_else(|| process.log());
                let mut transcripts = vec![Transcript::new(format!("server in Java, {name}"), log, at_server)];
                transcripts.extend(at_client.map(|expected| {
                    Transcript::new(format!("{program} for a server in Java, {name}"), text, expected)
                }));
                Some(transcripts)
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 9);
}

/// What Java's list of forbidden algorithms says of certificates that it takes by default.
#[test]
fn certificates_that_javas_policy_forbids() {
    let Some(authority) = authority() else { return };
    authority.rsa_server("small", "1024", &[]);
    authority.server("sha1", &["-md", "sha1"]);
    let policy = authority.path("policy");
    std::fs::write(&policy, "jdk.certpath.disabledAlgorithms=SHA1 usage TLSServer, RSA keySize < 2048\n")
        .expect("the policy");
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (name, expected) in [("small", SMALL), ("sha1", DIGEST)] {
        let authority = Arc::clone(&authority);
        let option = format!("-Djava.security.properties={policy}");
        scenarios.push(Box::new(move || {
            let run = || {
                let server = s_server(&authority, name, &["-cipher", "DEFAULT@SECLEVEL=0"])?;
                let ask = Ask { trust: authority.path("root.pem"), more: &[&option], ..Ask::default() };
                let text = client("java", server.port, &ask)?;
                Some(vec![Transcript::new(format!("java {name} forbidden"), text, cause(expected))])
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 2);
}

/// A ServerHello of TLS 1.2 with ECDHE-ECDSA-AES128-GCM-SHA256 and without any extension, as a server from before
/// RFC 5746 sends it.
fn hello_without_secure_renegotiation() -> Vec<u8> {
    let mut body = vec![0x03, 0x03];
    body.extend([0x5a; 32]);
    body.extend([0x00, 0xc0, 0x2b, 0x00]);
    let length = u8::try_from(body.len()).expect("a short message");
    let mut record = vec![0x16, 0x03, 0x03, 0x00, length + 4, 0x02, 0x00, 0x00, length];
    record.extend(body);
    record
}

/// OpenSSL 3 does not talk to servers without secure renegotiation; nobody lets a client begin a second handshake.
#[test]
fn renegotiation_that_is_refused() {
    let Some(authority) = authority() else { return };
    let mut scenarios: Vec<Scenario> = Vec::new();
    for program in ["curl", "curl -v", "openssl", "python3", "requests"] {
        let authority = Arc::clone(&authority);
        scenarios.push(Box::new(move || {
            let server =
                Hostile::run(vec![Step::Read(5), Step::Send(hello_without_secure_renegotiation()), Step::Hold]);
            let ask = Ask { trust: authority.path("root.pem"), ..Ask::default() };
            let Some(text) = client(program, server.address().port(), &ask) else { return Vec::new() };
            vec![Transcript::new(format!("{program} legacy renegotiation"), text, cause(RENEGOTIATION).side("server"))]
        }));
    }
    scenarios.push(Box::new(move || {
        let run = || {
            let server = s_server(&authority, "plain", &["-tls1_2"])?;
            let mut command = Command::new(require("openssl")?);
            command.args(["s_client", "-tls1_2", "-connect", &format!("127.0.0.1:{}", server.port)]);
            // The letter R on a line of its own begins a new handshake.
            let finished = run(&mut command, b"R\n", Duration::from_secs(20)).expect("openssl runs");
            Some(vec![Transcript::new("openssl renegotiates", finished.text(), cause(RENEGOTIATION))])
        };
        run().unwrap_or_default()
    }));
    explain(scenarios, 6);
}
