//! `check` and `offer` of TLS servers on loopback.

mod support;

use std::ffi::OsStr;

use shakedown_testkit::hostile::{Hostile, Step};
use shakedown_testkit::peers::{TlsServer, nginx, openssl_s_server};
use shakedown_testkit::require;
use support::{Run, Shakedown};

/// A client that trusts the server's certificate and asks for its name.
fn check(shakedown: &Shakedown, server: &TlsServer, more: &[&str]) -> Run {
    check_with(shakedown, server, more, &[])
}

/// The same with these environment variables.
fn check_with(shakedown: &Shakedown, server: &TlsServer, more: &[&str], environment: &[(&str, &OsStr)]) -> Run {
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let url = format!("tls://{}", server.address());
    let common = ["check", &url, "--format", "json", "--sni", "test.example", "--cacert", &trusted];
    shakedown.run_with(&[&common[..], more].concat(), environment)
}

#[test]
fn a_healthy_server_agrees_as_the_real_client_does() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2 TLSv1.3;") else { return };
    let shakedown = Shakedown::new();
    let run = check(&shakedown, &server, &["--as", "openssl@3.0.15"]);
    let document = run.json();
    assert_eq!(run.status, 0, "{document:#}");
    let outcome = &document["pairs"][0]["outcome"];
    assert_eq!(outcome["result"], "agreed", "{outcome:#}");
    assert_eq!(document["connections"], 2, "one hello, and one whole handshake as a second opinion");
    let openssl = require("openssl").expect("nginx is here, so openssl is");
    let real = std::process::Command::new(openssl)
        .args(["s_client", "-connect", &server.address().to_string(), "-servername", "test.example"])
        .env("OPENSSL_CONF", "/dev/null")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("openssl runs");
    let real = String::from_utf8_lossy(&real.stdout).into_owned();
    let suite = outcome["agreed"]["cipher_suite"].as_str().unwrap_or_default();
    let version = outcome["agreed"]["version"].as_str().unwrap_or_default();
    assert!(real.contains(&format!("New, {version}, Cipher is {suite}")), "{version} {suite}\n{real}");
    assert_eq!(outcome["agreed"]["group"], "x25519");
    assert!(real.contains("Server Temp Key: X25519"), "{real}");
}

#[test]
fn a_server_of_tls12_alone_agrees() {
    let Some(server) = nginx(&["rsa", "ec"], "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;") else {
        return;
    };
    let run = check(&Shakedown::new(), &server, &["--as", "openssl@3.0.15"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert_eq!(run.json()["pairs"][0]["outcome"]["result"], "agreed", "{}", run.stdout);
}

#[test]
fn a_client_without_a_common_version_is_told_so() {
    let Some(server) = openssl_s_server(&["rsa"], &["-tls1_3"]) else { return };
    let run = check(&Shakedown::new(), &server, &["--as", "openssl@1.0.2"]);
    assert_eq!((run.status, run.causes()), (1, vec!["no-common-version".to_owned()]), "{}", run.stdout);
}

#[test]
fn fixes_of_a_checked_server_and_of_its_file_are_printed() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.3;") else { return };
    let shakedown = Shakedown::new();
    let run = check(&shakedown, &server, &["--as", "android@8.1-native"]);
    let document = run.json();
    assert_eq!((run.status, run.causes()), (1, vec!["no-common-version".to_owned()]), "{document:#}");
    let fixes = document["fixes"].as_array().cloned().unwrap_or_default();
    let own = fixes.iter().find(|fix| fix["side"] == "server" && fix["applicability"] == "safe");
    let own = own.unwrap_or_else(|| panic!("a safe fix of the server: {document:#}"));
    assert_eq!(own["outcome_after"]["result"], "agreed", "{own:#}");
    assert_eq!(own["outcome_after"]["agreed"]["version"], "TLSv1.2", "{own:#}");
    // The same from the file.
    let path = format!("nginx@1.22.1+openssl@3.0.17:{}", server.folder().join("nginx.conf").display());
    let run = shakedown.run(&["negotiate", "android@8.1-native", &path, "--host", "test.example"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("ssl_protocols TLSv1.2 TLSv1.3;"), "{}", run.stdout);
    assert!(run.stdout.contains("lets in, of those that fail today: "), "{}", run.stdout);
}

#[test]
fn a_certificate_of_another_name_and_one_that_is_over_are_named() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let shakedown = Shakedown::new();
    let run = check(&shakedown, &server, &["--as", "openssl@3.0.15", "--now", "2099-01-01T00:00:00Z"]);
    assert_eq!((run.status, run.causes()), (1, vec!["certificate-expired".to_owned()]), "{}", run.stdout);
    let run = check(&shakedown, &server, &["--as", "openssl@3.0.15", "--sni", "other.example"]);
    assert_eq!(run.status, 2, "an option that is there twice");
    let url = format!("tls://{}", server.address());
    let trusted = server.folder().join("rsa.pem").display().to_string();
    let run = shakedown.run(&[
        "check",
        &url,
        "--format",
        "json",
        "--sni",
        "other.example",
        "--cacert",
        &trusted,
        "--as",
        "openssl@3.0.15",
    ]);
    assert_eq!(run.causes(), ["certificate-name-mismatch"], "{}", run.stdout);
}

#[test]
fn a_server_that_insists_on_a_client_certificate_is_known() {
    let Some(server) = openssl_s_server(&["rsa"], &["-Verify", "1"]) else { return };
    let run = check(&Shakedown::new(), &server, &["--as", "openssl@3.0.15"]);
    assert_eq!((run.status, run.causes()), (1, vec!["client-certificate-required".to_owned()]), "{}", run.stdout);
}

#[test]
fn what_speaks_no_tls_is_asked_once() {
    let server =
        Hostile::run(vec![Step::Read(5), Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Step::Close]);
    let shakedown = Shakedown::new();
    let url = format!("https://{}", server.address());
    let run = shakedown.run(&["check", &url, "--format", "json", "--as", "openssl@3.0.15"]);
    assert_eq!((run.status, run.causes()), (1, vec!["wrong-protocol".to_owned()]), "{}", run.stdout);
    assert_eq!(run.json()["connections"], 1);
    let several = ["check", &url, "--format", "json", "--as", "openssl@3.0.15", "--as", "openssl@1.0.2"];
    assert_eq!(shakedown.run(&several).json()["connections"], 1, "the second client would come no further");
}

#[test]
fn mail_without_starttls_is_known() {
    let script = vec![
        Step::Send(b"220 mx.example ESMTP\r\n".to_vec()),
        Step::ReadLine,
        Step::Send(b"250-mx.example\r\n250 SIZE 1000\r\n".to_vec()),
        Step::Hold,
    ];
    let server = Hostile::run(script);
    let url = format!("smtp://{}", server.address());
    let run = Shakedown::new().run(&["check", &url, "--format", "json", "--as", "openssl@3.0.15"]);
    assert_eq!((run.status, run.causes()), (1, vec!["wrong-protocol".to_owned()]), "{}", run.stdout);
}

#[test]
fn the_map_of_a_server_is_an_offer() {
    let Some(server) = nginx(&["rsa", "ec"], "ssl_protocols TLSv1.3; ssl_ecdh_curve secp384r1:X25519;") else { return };
    let shakedown = Shakedown::new();
    let url = format!("tls://{}", server.address());
    let (status, document) = shakedown.json(&["offer", &url]);
    assert_eq!(status, 0, "{document:#}");
    let offer = &document["offers"][0];
    assert_eq!(offer["versions"], serde_json::json!(["TLSv1.3"]), "{offer:#}");
    let mut groups: Vec<&str> =
        offer["groups"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["secp384r1", "x25519"]);
    assert!(document["connections"].as_u64().is_some_and(|count| count <= 40), "{document:#}");
    let text = shakedown.run(&["offer", &url]);
    assert!(text.stdout.contains("certificates (2)"), "{}", text.stdout);
}

#[test]
fn the_clients_of_this_machine_are_named_and_send_what_they_send() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openssl.cnf");
    let text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1.3\n";
    std::fs::write(&file, text).unwrap();
    for (configuration, expected) in [("/dev/null", "agreed"), (file.to_str().unwrap(), "failed")] {
        let environment = [("OPENSSL_CONF", OsStr::new(configuration))];
        let document = check_with(&Shakedown::new(), &server, &[], &environment).json();
        let parties = document["parties"].as_array().unwrap();
        let openssl = parties
            .iter()
            .position(|party| party["label"].as_str().is_some_and(|label| label.starts_with("local OpenSSL ")));
        let pair = document["pairs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|pair| pair["client"].as_u64() == openssl.map(|at| at as u64));
        let outcome = &pair.expect("a machine with nginx has OpenSSL")["outcome"];
        assert_eq!(outcome["result"], expected, "{configuration}: {outcome:#}");
        if expected == "agreed" {
            assert_eq!(outcome["agreed"]["cipher_suite"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        } else {
            assert_eq!(outcome["failed"][0]["slot"], "version", "{outcome:#}");
        }
    }
}

#[test]
fn all_known_clients_in_a_table() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2 TLSv1.3;") else { return };
    let shakedown = Shakedown::new();
    let run = check(&shakedown, &server, &["--as", "all"]);
    let document = run.json();
    assert_eq!(run.status, 1, "some old clients do not connect");
    let result = |label: &str| {
        let parties = document["parties"].as_array().unwrap();
        let at = parties.iter().position(|party| party["label"].as_str().is_some_and(|text| text.starts_with(label)));
        let pairs = document["pairs"].as_array().unwrap();
        let pair = pairs.iter().find(|pair| pair["client"].as_u64() == at.map(|at| at as u64)).unwrap();
        pair["outcome"]["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(result("openssl 0.9.8"), "failed");
    assert_eq!(result("openssl 1.1.1"), "agreed");
    assert_eq!(result("internet-explorer 6"), "failed");
    assert!(document["connections"].as_u64().is_some_and(|count| count <= 40), "one map serves all");
    let url = format!("tls://{}", server.address());
    let table = shakedown.run(&["check", &url, "--as", "all"]).stdout;
    let line = table.lines().find(|line| line.contains("internet-explorer 6")).unwrap();
    assert!(line.starts_with("fails ") && line.contains("no-common-version"), "{line}");
    let both = shakedown.run(&["check", &url, "--as", "all", "--as", "openssl@3.0.15"]);
    assert_eq!(both.status, 2, "`all` stands alone");
}

#[test]
fn a_recorded_offer_is_a_party() {
    let Some(server) = nginx(&["rsa"], "ssl_protocols TLSv1.2;") else { return };
    let shakedown = Shakedown::new();
    let url = format!("tls://{}", server.address());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("offer.json").display().to_string();
    std::fs::write(&file, shakedown.run(&["offer", &url, "--format", "json"]).stdout).unwrap();
    for (client, result) in [("openssl@3.0.15", "agreed"), ("openssl@0.9.8", "failed")] {
        let (_, document) = shakedown.json(&["negotiate", client, &file]);
        assert_eq!(document["pairs"][0]["outcome"]["result"], result, "{document:#}");
    }
}

#[test]
fn back_ends_that_differ_are_judged_each_by_itself() {
    let (Some(old), Some(new)) = (openssl_s_server(&["rsa"], &["-tls1_2"]), openssl_s_server(&["rsa"], &["-tls1_3"]))
    else {
        return;
    };
    let shakedown = Shakedown::new();
    let (old, new) = (old.address().to_string(), new.address().to_string());
    let common = ["check", "tls://name.invalid", "--format", "json", "--as", "openssl@1.0.2"];
    let run = |addresses: &[&str]| {
        let connect = addresses.iter().flat_map(|address| ["--connect", address]);
        shakedown.run(&common.into_iter().chain(connect).collect::<Vec<_>>()).json()
    };
    let results = |document: &serde_json::Value| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let pairs = document["pairs"].as_array().into_iter().flatten();
        pairs.map(|pair| (text(&pair["address"]), text(&pair["outcome"]["result"]))).collect()
    };
    let expected = [(old.clone(), "agreed".to_owned()), (new.clone(), "failed".to_owned())];
    let document = run(&[&old, &new]);
    assert_eq!(results(&document), expected);
    assert!(document.to_string().contains("backends-differ"), "{document:#}");
    assert_eq!(results(&run(&[&old, &old])), expected[..1], "one server twice is one server");
    let (_, document) = shakedown.json(&["offer", "tls://name.invalid", "--connect", &old, "--connect", &new]);
    let versions = |at: usize| document["offers"][at]["versions"].clone();
    assert_eq!((versions(0), versions(1)), (serde_json::json!(["TLSv1.2"]), serde_json::json!(["TLSv1.3"])));
}

#[test]
fn a_server_that_offers_starttls_and_does_not_begin_it_is_no_success() {
    // The words of servers whose certificate did not load, and a refusal that may mean anything.
    for (reply, status) in [(&b"454 4.7.0 TLS not available due to local problem\r\n"[..], 1), (b"454 4.3.2 No\r\n", 3)]
    {
        let script = vec![
            Step::Send(b"220 mx.example ESMTP\r\n".to_vec()),
            Step::ReadLine,
            Step::Send(b"250-mx.example\r\n250 STARTTLS\r\n".to_vec()),
            Step::ReadLine,
            Step::Send(reply.to_vec()),
            Step::Hold,
        ];
        let server = Hostile::run(script);
        let url = format!("smtp://{}", server.address());
        let run = Shakedown::new().run(&["check", &url, "--as", "openssl@3.0.15", "--format", "json"]);
        assert_eq!(run.status, status, "{}", run.stdout);
        assert_eq!(run.causes(), ["server-certificate-missing", "invalid-configuration"], "{}", run.stdout);
        let document = run.json();
        assert_eq!(document["diagnoses"][0]["side"], "server", "{document:#}");
        let decides = document["diagnoses"][0]["what_would_decide"].as_str().unwrap_or_default();
        assert!(decides.contains("the server's log"), "{document:#}");
    }
}

#[test]
fn this_machine_s_clients_meet_a_file_of_a_tls_server() {
    if require("openssl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openssl.cnf");
    std::fs::write(&file, "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1.2\n")
        .unwrap();
    let server = format!("openssl@3.0.15:{}", file.display());
    let (_, document) = Shakedown::new().json(&["negotiate", "local", &server]);
    let label = document["parties"][0]["label"].as_str().unwrap_or_default();
    assert!(label.starts_with("local OpenSSL "), "{document:#}");
}

#[test]
fn a_fix_says_whom_of_the_clients_that_were_named_it_reaches() {
    let shakedown = Shakedown::new();
    let run = |server: &TlsServer, clients: [&str; 2]| {
        let (url, trusted) =
            (format!("tls://{}", server.address()), server.folder().join("rsa.pem").display().to_string());
        let common = ["check", &url, "--format", "json", "--sni", "test.example", "--cacert", &trusted];
        shakedown.run(&[&common[..], &["--as", clients[0], "--as", clients[1]]].concat()).json()
    };
    let fixes = |document: &serde_json::Value| document["fixes"].as_array().cloned().unwrap_or_default();
    // Both fail: what lets in the one lets in the other.
    let Some(new) = openssl_s_server(&["rsa"], &["-tls1_3"]) else { return };
    let document = run(&new, ["openssl@1.0.2", "java-jsse@8u31"]);
    let lets_in = |label: &str| {
        let says = |note: &serde_json::Value| {
            note.as_str().is_some_and(|note| note.starts_with("lets in") && note.contains(label))
        };
        fixes(&document).iter().any(|fix| fix["notes"].as_array().into_iter().flatten().any(says))
    };
    assert!(lets_in("java-jsse@8u31") && lets_in("openssl@1.0.2"), "{document:#}");
}

#[test]
fn a_server_whose_answer_the_client_itself_refuses_gets_a_fix() {
    // It answers the hello, and what it chose is below the client's security level: what else it has decides what helps.
    let Some(old) = openssl_s_server(&["rsa"], &["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"]) else { return };
    let run = check(&Shakedown::new(), &old, &["--as", "openssl@3.0.15/debian-12"]);
    assert_eq!(run.causes(), ["no-common-version"], "{}", run.stdout);
    let document = run.json();
    let fixes = document["fixes"].as_array().unwrap();
    let of = |side: &str| fixes.iter().find(|fix| fix["side"] == side).unwrap_or_else(|| panic!("{document:#}"));
    assert_eq!((&of("server")["applicability"], &of("client")["applicability"]), (&"safe".into(), &"weakens".into()));
    assert!(document["connections"].as_u64().is_none_or(|count| count <= 40), "{document:#}");
}
