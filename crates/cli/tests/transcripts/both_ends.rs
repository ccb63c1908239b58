//! The logs of both ends of one failed connection, given as `--client` and `--server`: together they are certain.

use std::fs;
use std::net::TcpStream;
use std::sync::Mutex;

use serde_json::Value;
use shakedown_testkit::{KeyType, generate_key, shared_dir};

use crate::harness::parallel;
use crate::ssh::{checking_ssh, server, ssh};
use crate::ssh_trust::{file, folder, other_key};
use crate::support::Shakedown;
use crate::tls::{Ask, Authority, client, nginx};

/// What both ends of one failed connection wrote, and what is to be found.
struct Ends {
    name: String,
    client: String,
    server: String,
    cause: &'static str,
    /// Those that may be at fault; none where it does not matter.
    sides: &'static [&'static str],
}

/// `None` where a program is missing and need not be there.
type Scenario = Box<dyn FnOnce() -> Option<Ends> + Send>;

/// Confidence from which on an answer is given as certain.
const CERTAIN: f64 = 0.8;

fn explain(scenarios: Vec<Scenario>) {
    let shakedown = Shakedown::new();
    let failures = Mutex::new(Vec::new());
    parallel(scenarios, |scenario| {
        let Some(ends) = scenario() else { return };
        let found = first(&shakedown, &ends.name, &ends.client, &ends.server);
        let right = found["cause"] == ends.cause
            && found["confidence"].as_f64().is_some_and(|confidence| confidence >= CERTAIN)
            && (ends.sides.is_empty() || ends.sides.iter().any(|side| found["side"] == **side));
        if !right {
            let Ends { name, cause, sides, client, server } = ends;
            let found = format!("{} {} {}", found["cause"], found["side"], found["confidence"]);
            failures.lock().expect("no test thread panicked").push(format!(
                "--- {name}: expected {cause} {sides:?}, found {found}\n{client}\n--- server:\n{server}"
            ));
        }
    });
    let failures = failures.into_inner().expect("no test thread panicked");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The first diagnosis of the two logs.
fn first(shakedown: &Shakedown, name: &str, client: &str, server: &str) -> Value {
    let name = name.replace([' ', '/'], "_");
    let client = shakedown.write(&format!("{name}.client.log"), client);
    let server = shakedown.write(&format!("{name}.server.log"), server);
    let (_, document) = shakedown.json(&["explain", "--client", &client, "--server", &server]);
    let incidents = document["incidents"].as_array().expect("incidents");
    assert!(incidents.len() <= 1, "{name}: both tell of one attempt: {incidents:#?}");
    document["diagnoses"][0].clone()
}

fn scenario(
    name: &str,
    cause: &'static str,
    sides: &'static [&'static str],
    logs: impl FnOnce() -> Option<(String, String)> + Send + 'static,
) -> Scenario {
    let name = name.to_owned();
    Box::new(move || {
        let (client, server) = logs()?;
        Some(Ends { name, client, server, cause, sides })
    })
}

#[test]
fn ssh_and_sshd_together_are_certain() {
    let mut scenarios = Vec::new();
    let slots: [(&str, &str, &'static [&'static str]); 4] = [
        ("no-common-kex", "KexAlgorithms ecdh-sha2-nistp521", &["-oKexAlgorithms=curve25519-sha256"]),
        ("no-common-host-key-algorithm", "", &["-oHostKeyAlgorithms=rsa-sha2-512"]),
        ("no-common-cipher", "Ciphers aes256-ctr", &["-oCiphers=aes128-ctr"]),
        ("no-common-mac", "Ciphers aes128-ctr\nMACs hmac-sha2-512", &["-oCiphers=aes128-ctr", "-oMACs=hmac-sha2-256"]),
    ];
    for (cause, config, arguments) in slots {
        for verbosity in ["-oLogLevel=INFO", "-vv"] {
            scenarios.push(scenario(&format!("ssh {verbosity} {cause}"), cause, &[], move || {
                let server = server(config, &[KeyType::Ed25519])?;
                let text = ssh(server.address(), &[&[verbosity], arguments].concat())?;
                assert!(server.wait_for_log("Unable to negotiate"), "{}", server.log());
                Some((text, server.log()))
            }));
        }
    }
    for verbosity in ["-oLogLevel=INFO", "-v"] {
        scenarios.push(scenario(
            &format!("ssh {verbosity} public key refused"),
            "authentication-failed",
            &[],
            move || {
                let server = server(
                    "AuthorizedKeysFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
                    &[KeyType::Ed25519],
                )?;
                let folder = folder();
                let key = generate_key(KeyType::Ed25519, folder.path()).expect("a key").display().to_string();
                let text = ssh(server.address(), &[verbosity, "-i", &key])?;
                assert!(server.wait_for_log("Connection closed by"), "{}", server.log());
                Some((text, server.log()))
            },
        ));
        scenarios.push(scenario(&format!("ssh {verbosity} MaxStartups"), "connection-throttled", &[], move || {
            let server = server("MaxStartups 1\nLogLevel VERBOSE\n", &[KeyType::Ed25519])?;
            let _first = TcpStream::connect(server.address()).expect("the server listens");
            assert!(server.wait_for_log("Connection from"), "{}", server.log());
            let text = ssh(server.address(), &[verbosity])?;
            assert!(server.wait_for_log("drop connection"), "{}", server.log());
            Some((text, server.log()))
        }));
        scenarios.push(scenario(&format!("ssh {verbosity} host key changed"), "host-key-changed", &[], move || {
            let server = server("", &[KeyType::Ed25519])?;
            let folder = folder();
            let known = file(folder.path(), "known_hosts", &other_key(server.address(), folder.path()));
            let text = checking_ssh(server.address(), &known, &[verbosity, "-oStrictHostKeyChecking=yes"])?;
            assert!(server.wait_for_log("Connection closed by"), "{}", server.log());
            Some((text, server.log()))
        }));
    }
    explain(scenarios);
}

#[test]
fn clients_of_tls_and_nginx_together_are_certain() {
    let Some(authority) = Authority::new() else { return };
    authority.server("plain", &[]);
    let authority = std::sync::Arc::new(authority);
    let verify = "ssl_verify_client on; ssl_client_certificate KEYS/root.pem;";
    let chacha = "ssl_protocols TLSv1.2; ssl_ciphers CHACHA20;";
    let new = "ssl_protocols TLSv1.3;";
    let old = "ssl_protocols TLSv1.2;";
    // A cause, lines of the server block, the client with its arguments, what it trusts, what nginx logs last.
    type Case = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str, &'static str);
    let cases: [Case; 9] = [
        ("no-common-version", new, "curl", &["--tls-max", "1.2"], "root", "SSL_do_handshake"),
        ("no-common-version", new, "openssl", &["-tls1_2"], "root", "SSL_do_handshake"),
        ("no-common-version", old, "openssl", &["-tls1_3"], "root", "SSL_do_handshake"),
        (
            "no-common-cipher",
            chacha,
            "curl",
            &["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            "root",
            "SSL_do_handshake",
        ),
        (
            "no-common-cipher",
            chacha,
            "openssl",
            &["-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            "root",
            "SSL_do_handshake",
        ),
        ("certificate-untrusted", "", "curl", &[], "stranger", "SSL_do_handshake"),
        ("certificate-untrusted", "", "openssl", &[], "stranger", "SSL_do_handshake"),
        ("client-certificate-required", verify, "curl", &[], "root", "client sent no required"),
        ("client-certificate-required", verify, "curl -v", &[], "root", "client sent no required"),
    ];
    let scenarios = cases.into_iter().map(|(cause, lines, program, arguments, trust, logged)| {
        let authority = std::sync::Arc::clone(&authority);
        let lines = format!("ssl_certificate KEYS/plain.pem; ssl_certificate_key KEYS/plain.key; {lines}");
        scenario(&format!("{program} {cause} {}", arguments.join(" ")), cause, &[], move || {
            let server = nginx(&authority, &lines)?;
            let trust = authority.path(&format!("{trust}.pem"));
            let text = client(program, server.port, &Ask { trust, more: arguments, ..Ask::default() })?;
            Some((text, server.log_with(logged)))
        })
    });
    explain(scenarios.collect());
}

/// The recorded scenarios of strongSwan: each failing one by both ends' logs.
#[test]
fn initiators_and_responders_together_are_certain() {
    let Some(folder) = shared_dir().map(|shared| shared.join("cases/ike-lab")).filter(|folder| folder.is_dir()) else {
        eprintln!("skipped: the scenarios of IKE are not here");
        return;
    };
    let index = fs::read_to_string(folder.join("index.jsonl")).expect("the index");
    let shakedown = Shakedown::new();
    let (mut failing, mut unsure, mut wrong) = (0, Vec::new(), Vec::new());
    for line in index.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let text = |key: &str| fs::read_to_string(folder.join(case["id"].as_str()?).join(case[key].as_str()?)).ok();
        let (Some(initiator), Some(responder)) = (text("initiator_log"), text("responder_log")) else { continue };
        let Some(cause) = case["cause"].as_str().filter(|cause| *cause != "none") else { continue };
        failing += 1;
        let id = case["id"].as_str().unwrap_or_default();
        let found = first(&shakedown, id, &initiator, &responder);
        let acceptable = case["acceptable"].as_array().cloned().unwrap_or_default();
        if found["cause"] != cause && !acceptable.contains(&found["cause"]) {
            wrong.push(format!("{id}: {} instead of {cause}", found["cause"]));
        } else if found["confidence"].as_f64().unwrap_or(0.0) < CERTAIN {
            unsure.push(id.to_owned());
        }
    }
    eprintln!("{failing} failing scenarios, {} not certain: {unsure:?}", unsure.len());
    assert!(failing > 0 && wrong.is_empty(), "{wrong:#?}");
    // Without its private key the initiator stops by itself: the responder's log tells of nothing.
    assert!(unsure.iter().all(|id| id.ends_with("no-private-key")), "{unsure:?}");
}
