//! No file makes a reader of TLS programs fail, and no edit is made that is not effective.

use proptest::prelude::*;
use shakedown_config::ipsec_conf;
use shakedown_config::proxy;
use shakedown_config::tls::TlsVersion;
use shakedown_config::{Memory, apache, dovecot, flat, haproxy, lighttpd, nginx, openssl_cnf, postfix, yaml};
use shakedown_model::Role;

/// Bytes, and words that mean something to one of the programs.
fn file() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 76] = [
        "\n",
        "\n",
        " ",
        " ",
        "\t",
        "\r\n",
        "\\\n",
        "\\",
        "{",
        "}",
        ";",
        "=",
        " = ",
        "\"",
        "'",
        "#",
        "$",
        "${",
        "}",
        "[",
        "]",
        "::",
        ":",
        ",",
        "<",
        ">",
        "</",
        "!",
        "-",
        "+",
        ".include ",
        ".pragma ",
        "default",
        "openssl_conf",
        "ssl_conf",
        "system_default",
        "Options",
        "MinProtocol",
        "Protocol",
        "TLSv1.2",
        "all",
        "http",
        "server",
        "listen",
        "443 ssl",
        "ssl_protocols",
        "ssl_certificate",
        "ssl_certificate_key",
        "server_name",
        "~^(",
        "include ",
        "VirtualHost *:443",
        "SSLEngine on",
        "SSLProtocol",
        "IfModule",
        "Define",
        "frontend",
        "bind",
        ":443 ssl crt x",
        "global",
        "ssl-default-bind-options",
        "ssl-min-ver",
        "smtpd_tls_protocols",
        "smtpd_tls_security_level = may",
        ">=",
        "!SSLv3",
        "ssl = yes",
        "!include ",
        "local_name",
        "protocol imap",
        "ssl_min_protocol",
        "ssl_ciphers",
        "accept",
        "cert",
        "proxy_pass https://",
        "é",
    ];
    let word = prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec());
    let bytes = prop::collection::vec(any::<u8>(), 1..3);
    prop::collection::vec(prop_oneof![9 => word, 1 => bytes], 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(250))]

    #[test]
    fn readers_take_any_file(main in file(), other in file()) {
        let files = Memory::new()
            .with("/c/main.cf", main.clone())
            .with("/c/master.cf", other.clone())
            .with("/c/x", other);
        let path = "/c/main.cf";
        for role in [Role::Client, Role::Server] {
            let spec = openssl_cnf::Spec { path, version: Some("3.0.19"), application: None, role };
            let reading = openssl_cnf::read(&files, &spec).unwrap();
            let _ = TlsVersion::ALL.map(|version| reading.system_settings().allows(version).is_ok());
            let _ = reading.set_command("Groups", "X25519");
            let _ = reading.set_option("UnsafeLegacyServerConnect", true);
        }
        let reading = nginx::read(&files, &nginx::Spec { path, version: Some("1.22.1"), library: None }).unwrap();
        let _ = reading.select(None, Some(443), Some("a.example"));
        for index in 0..reading.servers.len() {
            let _ = reading.set(index, "ssl_ciphers", &["A B"]);
            let _ = reading.unset(index, "ssl_protocols");
        }
        let spec = apache::Spec { path, version: Some("2.4.62"), library: None, variables: &[] };
        let reading = apache::read(&files, &spec).unwrap();
        let _ = reading.select(None, Some(443), Some("a.example"));
        for index in 0..reading.servers.len() {
            let _ = reading.set(index, "SSLProtocol", &["-all", "+TLSv1.2"]);
        }
        let reading = haproxy::read(&files, &haproxy::Spec { path, version: None }).unwrap();
        for index in 0..reading.servers.len() {
            let _ = reading.set(index, "ciphers", "HIGH");
        }
        let reading = postfix::read(&files, &postfix::Spec { folder: "/c", version: Some("3.7.11") }).unwrap();
        let _ = reading.set("smtpd_tls_protocols", ">=TLSv1.2");
        let reading = dovecot::read(&files, &dovecot::Spec { path, version: Some("2.3.19") }).unwrap();
        let _ = reading.set("ssl_cipher_list", "HIGH");
        let reading = lighttpd::read(&files, &lighttpd::Spec { path, version: None, library: None }).unwrap();
        for index in 0..reading.servers.len() {
            let _ = reading.set(index, "ssl.cipher-list", "HIGH");
            let _ = reading.set_command(index, "MinProtocol", "TLSv1.2");
        }
        let _ = yaml::parse(&std::sync::Arc::new(shakedown_model::SourceFile::new("/c/main.cf", main)));
        let _ = flat::postgresql(&files, path, None).unwrap().set("", "ssl_ciphers", "HIGH");
        let _ = flat::stunnel(&files, path, Some("5.68"), None).unwrap().set("a", "ciphers", "HIGH");
        let _ = flat::openvpn(&files, path, None, None).unwrap();
        let _ = flat::java_security(&files, path).unwrap();
        let _ = proxy::caddy(&files, path, None).unwrap();
        for daemon in [ipsec_conf::Daemon::Libreswan, ipsec_conf::Daemon::StrongSwan] {
            let _ = ipsec_conf::read(&files, path, daemon).unwrap();
        }
        let _ = proxy::traefik(&files, path, None).unwrap();
        let _ = proxy::envoy(&files, path, None).unwrap();
    }
}

/// Files made to grow by what refers to what.
#[test]
fn files_that_would_grow_without_end() {
    let double = |line: &dyn Fn(usize) -> String| (1..60).map(line).collect::<String>();
    let files = Memory::new()
        .with("/o", format!("v0 = {}\n{}", "a".repeat(64), double(&|n| format!("v{n} = $v{0}$v{0}\n", n - 1))))
        .with("/c/main.cf", double(&|n| format!("v{n} = $v{0}$v{0}\n", n - 1)) + "smtpd_tls_security_level = $v59\n")
        .with(
            "/a",
            "Define v0 aaaaaaaa\n".to_owned() + &double(&|n| format!("Define v{n} ${{v{0}}}${{v{0}}}\n", n - 1)),
        )
        .with("/n", "events {} http { include /n; }")
        .with(
            "/l",
            "v0 = (\"a\", \"b\")\n".to_owned()
                + &double(&|n| format!("v{n} = (v{0}, v{0}) + v{0}\n", n - 1))
                + "ssl.x = v59\n",
        )
        .with("/m", "include \"/m\"\n")
        .with("/d", "!include /d\n")
        .with("/i", double(&|n| format!("conn s{n}\n left=a\n right=b\n also=s{0}\n also=s{0} x s{0}\n", n - 1)))
        .with(
            "/y",
            double(&|n| format!("(s{n}) {{\nimport s{0}\nimport s{0}\n}}\n", n - 1)) + "a.example {\nimport s59\n}\n",
        );
    let spec = openssl_cnf::Spec { path: "/o", version: None, application: None, role: Role::Client };
    assert_eq!(openssl_cnf::read(&files, &spec).unwrap().status, openssl_cnf::Use::PassedOver);
    let reading = postfix::read(&files, &postfix::Spec { folder: "/c", version: None }).unwrap();
    assert!(reading.parameter("smtpd_tls_security_level").is_none());
    let spec = apache::Spec { path: "/a", version: None, library: None, variables: &[] };
    assert!(apache::read(&files, &spec).unwrap().servers.is_empty());
    let nginx = nginx::read(&files, &nginx::Spec { path: "/n", version: None, library: None }).unwrap();
    assert!(!nginx.evidence.is_empty());
    let lighttpd = |path| lighttpd::read(&files, &lighttpd::Spec { path, version: None, library: None }).unwrap();
    assert!(lighttpd("/l").servers.is_empty() && !lighttpd("/m").evidence.is_empty());
    assert!(!dovecot::read(&files, &dovecot::Spec { path: "/d", version: None }).unwrap().evidence.is_empty());
    let reading = ipsec_conf::read(&files, "/i", ipsec_conf::Daemon::Libreswan).unwrap();
    assert_eq!(reading.connections.len(), 59);
    assert_eq!(proxy::caddy(&files, "/y", None).unwrap().servers.len(), 1);
    let many = format!("events {{}} http {{ {} }}", "server{listen 443 ssl;ssl_certificate a;}".repeat(20_000));
    let files = Memory::new().with("/n", many);
    let nginx = nginx::read(&files, &nginx::Spec { path: "/n", version: None, library: None }).unwrap();
    assert_eq!(nginx.servers.len(), 5_000);
}
