//! Random pairs of configurations: what `negotiate` says is what the real nginx and `openssl s_client` of this machine do.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::peers;
use shakedown_testkit::{cases, require, run, seed};
use support::Shakedown;

const CIPHERS: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
    "HIGH",
    "kRSA",
    "AESGCM+ECDHE",
    "ALL",
    "DEFAULT",
];
const GROUPS: &[&str] = &["X25519", "P-256", "P-384", "P-521", "X448"];
const SCHEMES: &[&str] =
    &["RSA+SHA256", "RSA-PSS+SHA256", "ECDSA+SHA256", "ECDSA+SHA384", "ed25519", "RSA+SHA512", "RSA-PSS+SHA512"];
const VERSIONS: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const TLS13: &[&str] = &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/// xorshift64*: good enough to draw configurations, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % limit
    }

    fn some(&mut self, names: &[&str], most: usize, separator: &str) -> String {
        let mut left: Vec<&str> = names.to_vec();
        let count = 1 + self.below(most);
        let drawn: Vec<&str> = (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect();
        drawn.join(separator)
    }

    /// A cipher string. It always says its level: the one that a build has by itself differs between machines.
    fn ciphers(&mut self) -> String {
        let list = self.some(CIPHERS, 4, ":");
        format!("{list}:@SECLEVEL={}", self.below(3))
    }

    fn client(&mut self) -> String {
        let mut text = format!(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = {}\n",
            self.ciphers()
        );
        if self.below(2) == 0 {
            text += &format!("MinProtocol = {}\n", VERSIONS[self.below(4)]);
        }
        if self.below(2) == 0 {
            text += &format!("MaxProtocol = {}\n", VERSIONS[1 + self.below(3)]);
        }
        if self.below(2) == 0 {
            text += &format!("Groups = {}\n", self.some(GROUPS, 3, ":"));
        }
        if self.below(3) == 0 {
            text += &format!("SignatureAlgorithms = {}\n", self.some(SCHEMES, 4, ":"));
        }
        if self.below(3) == 0 {
            text += &format!("Ciphersuites = {}\n", self.some(TLS13, 3, ":"));
        }
        text
    }

    fn server(&mut self) -> (Vec<&'static str>, String) {
        let certificates = [vec!["rsa"], vec!["ec"], vec!["rsa", "ec"], vec!["ed25519"], vec!["rsa", "ed25519"]];
        let certificates = certificates[self.below(5)].clone();
        let mut text = format!("ssl_ciphers {};\n", self.ciphers());
        let versions = self.some(VERSIONS, 4, " ");
        text += &format!("ssl_protocols {versions};\n");
        if self.below(2) == 0 {
            text += &format!("ssl_ecdh_curve {};\n", self.some(GROUPS, 3, ":"));
        }
        if self.below(2) == 0 {
            text += "ssl_prefer_server_ciphers on;\n";
        }
        if self.below(4) == 0 {
            text += &format!("ssl_conf_command SignatureAlgorithms {};\n", self.some(SCHEMES, 4, ":"));
        }
        (certificates, text)
    }
}

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

fn version(program: &std::path::Path, argument: &str, before: &str) -> String {
    let mut command = Command::new(program);
    let text = run(command.arg(argument), b"", Duration::from_secs(20)).expect("it runs").text();
    let after = text.split_once(before).expect("a version").1;
    after.split_whitespace().next().unwrap_or_default().to_owned()
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
        let mut random = Random((first + u64::from(case)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
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
