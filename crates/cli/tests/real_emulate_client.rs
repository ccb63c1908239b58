//! `emulate --as-client` of TLS goes through Finished with real servers: below TLS 1.3 they send their own only where the
//! client's was right, and in TLS 1.3 they would send an alert.

mod support;

use shakedown_testkit::peers::{TlsServer, gnutls_serv, nginx, openssl_s_server};
use support::Shakedown;

/// What the emulated client says of the handshake.
fn told(server: &TlsServer, client: &str) -> String {
    let shakedown = Shakedown::new();
    let file = shakedown.write("client.cnf", client);
    let party = format!("openssl@3.0.17/debian-12:{file}");
    let target = format!("tls://{}", server.address());
    let run = shakedown.run(&["emulate", "--as-client", &party, &target, "--format", "json"]);
    let document = run.json();
    assert_eq!(document["command"], "emulate", "{document:#}");
    let notes = document["notes"].as_array().cloned().unwrap_or_default();
    let notes: Vec<&str> =
        notes.iter().filter_map(|note| note.as_str()).filter(|note| note.contains("Finished")).collect();
    assert_eq!(notes.len(), 1, "{document:#} {}", run.stderr);
    notes.concat()
}

/// A client of OpenSSL with these lines of `openssl.cnf`.
fn client(lines: &str) -> String {
    format!(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\n\
         CipherString = ALL:@SECLEVEL=0\nMinProtocol = TLSv1\n{lines}\n"
    )
}

/// Versions and suites by OpenSSL's names, and what comes out by IANA's.
const KINDS: [(&str, &str, &str); 10] = [
    ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("TLSv1.2", "ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    ("TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("TLSv1.2", "AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    ("TLSv1.2", "AES256-CCM", "TLS_RSA_WITH_AES_256_CCM"),
    ("TLSv1.1", "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    ("TLSv1.1", "DHE-RSA-AES128-SHA", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    ("TLSv1", "AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
    ("TLSv1", "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
];

#[test]
fn openssl_takes_the_client_for_one() {
    let Some(server) = openssl_s_server(&["rsa"], &["-cipher", "ALL:@SECLEVEL=0"]) else { return };
    for (version, suite, iana) in KINDS {
        let list = format!("MaxProtocol = {version}\nMinProtocol = {version}\nCipherString = {suite}:@SECLEVEL=0");
        let note = told(&server, &client(&list));
        assert!(note.contains("carried through Finished") && note.contains(iana), "{version} {suite}: {note}");
    }
    let note = told(&server, &client("MinProtocol = TLSv1.3\nCiphersuites = TLS_CHACHA20_POLY1305_SHA256"));
    assert!(note.contains("carried through Finished: `TLSv1.3`, `TLS_CHACHA20_POLY1305_SHA256`"), "{note}");
}

#[test]
fn gnutls_and_nginx_take_it_too() {
    for version in ["1.2", "1.3"] {
        if let Some(server) = gnutls_serv(&format!("NORMAL:-VERS-ALL:+VERS-TLS{version}")) {
            let note = told(&server, &client(""));
            assert!(note.contains(&format!("carried through Finished: `TLSv{version}`")), "{note}\n{}", server.log());
        }
        if let Some(server) = nginx(&["rsa", "ec"], &format!("ssl_protocols TLSv{version};")) {
            let note = told(&server, &client(""));
            assert!(note.contains(&format!("carried through Finished: `TLSv{version}`")), "{note}\n{}", server.log());
        }
    }
}

#[test]
fn a_server_that_wants_a_certificate_is_not_said_to_be_content() {
    for version in ["-tls1_2", "-tls1_3"] {
        let arguments = [version, "-Verify", "1", "-verify_return_error"];
        let Some(server) = openssl_s_server(&["rsa"], &arguments) else { return };
        let shakedown = Shakedown::new();
        let target = format!("tls://{}", server.address());
        let run = shakedown.run(&["emulate", "--as-client", "openssl@3.0.15", &target, "--format", "json"]);
        // The check tells that one is required: nothing is claimed to be carried on.
        assert!(run.causes().contains(&"client-certificate-required".to_owned()), "{}", run.stdout);
        assert!(!run.stdout.contains("carried through Finished: "), "{}", run.stdout);
    }
}
