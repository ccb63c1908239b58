//! Random pairs of configurations: what `negotiate` says is what the real nginx and `openssl s_client` of this machine do.

#[path = "support/random_tls.rs"]
mod random_tls;
mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use random_tls::{Random, version};
use shakedown_testkit::peers;
use shakedown_testkit::{cases, require, run, seed};
use support::Shakedown;

/// IANA's names of OpenSSL's suites, as the program itself gives them.
fn standard_names(openssl: &std::path::Path) -> BTreeMap<String, String> {
    let mut command = Command::new(openssl);
    command.args(["ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
    let text = run(&mut command, b"", Duration::from_secs(20)).expect("openssl runs").stdout;
    let names = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let standard = words.next()?;
        Some((words.nth(1)?.to_owned(), standard.to_owned()))
    });
    names.collect()
}

/// What a line of `s_client -brief` says after this label.
fn after<'a>(text: &'a str, labels: &[&str]) -> Option<&'a str> {
    text.lines().find_map(|line| labels.iter().find_map(|label| line.strip_prefix(label)).map(str::trim))
}

#[test]
fn the_session_is_the_one_that_openssl_and_nginx_agree_on() {
    let (Some(openssl), Some(nginx)) = (require("openssl"), require("nginx")) else { return };
    let names = standard_names(&openssl);
    let library = format!("openssl@{}", version(&openssl, "version", "OpenSSL "));
    let server_software = format!("nginx@{}+{library}", version(&nginx, "-v", "nginx/"));
    let first = seed();
    let mut kinds = [0, 0];
    for case in 0..cases(16) {
        let mut random = Random::of(first + u64::from(case));
        let client_text = random.client();
        let (certificates, settings) = random.server();
        let Some(server) = peers::nginx(&certificates, &settings) else { return };
        let shakedown = Shakedown::new();
        let client = shakedown.write("openssl.cnf", &client_text);
        let mut command = Command::new(&openssl);
        command.args(["s_client", "-brief", "-servername", "test.example", "-connect", &server.address().to_string()]);
        let real =
            run(command.env("OPENSSL_CONF", &client), b"", Duration::from_secs(20)).expect("s_client runs").text();
        let arguments = [
            "negotiate".to_owned(),
            format!("{library}:{client}"),
            format!("{server_software}:{}", server.folder().join("nginx.conf").display()),
            "--host".to_owned(),
            "test.example".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (_, document) = shakedown.json(&arguments);
        let outcome = &document["pairs"][0]["outcome"];
        let shown = format!(
            "seed {}\n{client_text}---\n{certificates:?} {settings}---\n{real}\n{outcome:#}",
            first + u64::from(case)
        );
        let Some(suite) = after(&real, &["Ciphersuite:"]).filter(|_| real.contains("CONNECTION ESTABLISHED")) else {
            assert_eq!(outcome["result"], "failed", "{shown}");
            kinds[0] += 1;
            continue;
        };
        kinds[1] += 1;
        assert_eq!(outcome["result"], "agreed", "{shown}");
        let version = after(&real, &["Protocol version:"]).unwrap_or_default();
        let version = if version == "TLSv1" { "TLSv1.0" } else { version };
        assert_eq!(outcome["agreed"]["version"], version, "{shown}");
        let suite = names.get(suite).map_or(suite, String::as_str);
        assert_eq!(outcome["agreed"]["cipher_suite"], suite, "{shown}");
        // `X25519, 253 bits`, or `ECDH, prime256v1, 256 bits`.
        let group = after(&real, &["Server Temp Key:", "Peer Temp Key:"]).map(|key| {
            let key = key.strip_prefix("ECDH, ").unwrap_or(key);
            match key.split(',').next().unwrap_or_default() {
                "prime256v1" => "secp256r1".to_owned(),
                other => other.to_lowercase(),
            }
        });
        assert_eq!(outcome["agreed"]["group"].as_str().map(str::to_lowercase), group, "{shown}");
    }
    assert!(kinds.iter().all(|count| *count > 0), "one kind never came about: {kinds:?}");
}
