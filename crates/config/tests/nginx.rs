//! nginx: what is read, what `nginx -t` says to the same files, and whose settings a connection to a running nginx meets.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Random, message, versions};
use shakedown_config::nginx::{DEFAULT_PATH, Reading, Spec, read};
use shakedown_config::tls::{ClientVerification, TlsVersion};
use shakedown_config::{Disk, Files, Memory};
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, OriginKind, Role};
use shakedown_testkit::Running;

fn reading(files: &dyn Files, version: &str) -> Reading {
    read(files, &Spec { path: DEFAULT_PATH, version: Some(version), library: Some("3.0.19") }).unwrap()
}

fn of(text: &str) -> Reading {
    reading(&Memory::new().with(DEFAULT_PATH, text), "1.22.1")
}

fn messages(reading: &Reading) -> Vec<&str> {
    reading.evidence.iter().map(message).collect()
}

fn line(origin: &Origin) -> (String, usize) {
    let OriginKind::File { file, span } = origin.kind() else { panic!("{origin:?}") };
    (file.path.clone(), 1 + file.text[..span.start].iter().filter(|&&byte| byte == b'\n').count())
}

const TWO: &str = "events {}
http {
    ssl_protocols TLSv1.2;
    ssl_ciphers 'ECDHE+AESGCM';
    ssl_certificate a.crt; ssl_certificate_key a.key;
    server {
        listen 443 ssl default_server http2;
        server_name a.example;
    }
    server {
        listen 443 ssl;
        listen [::1]:8443 ssl;
        server_name b.example *.b.example;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers HIGH;
        ssl_ecdh_curve X25519;
        ssl_certificate b.crt; ssl_certificate_key b.key;
        ssl_certificate b2.crt; ssl_certificate_key b2.key;
        ssl_verify_client optional_no_ca;
        ssl_session_tickets off;
    }
}
";

#[test]
fn a_block_inherits_and_overrides() {
    let reading = of(TWO);
    let [a, b] = reading.servers.as_slice() else { panic!() };
    assert_eq!((versions(a).as_str(), versions(b).as_str()), ("TLSv1.2", "TLSv1.2 TLSv1.3"));
    assert_eq!(a.settings.cipher_list.as_ref().unwrap().as_str(), "ECDHE+AESGCM");
    assert_eq!(line(a.settings.cipher_list.as_ref().unwrap().origin()), (DEFAULT_PATH.into(), 4));
    assert_eq!(b.settings.groups.as_ref().unwrap().as_str(), "X25519");
    assert!(a.settings.groups.is_none());
    let files: Vec<_> = b.certificates.iter().map(|pair| pair.key.as_ref().unwrap().as_str()).collect();
    assert_eq!(files, ["b.key", "b2.key"]);
    assert_eq!(b.settings.client_verification.as_ref().unwrap().value, ClientVerification::OptionalUnverified);
    assert!(!b.settings.option("SessionTicket").unwrap().on);
    let names: Vec<_> = a.alpn.as_ref().unwrap().iter().map(|name| name.value.as_str()).collect();
    assert_eq!(names, ["h2", "http/1.1", "http/1.0", "http/0.9"]);
    assert_eq!(
        messages(&reading),
        [
            "\"ssl_protocols\" of a server that is not the default one of its address has no effect: those of `a.example` count"
        ]
    );
}

#[test]
fn defaults_differ_by_version() {
    let text = "events {} http { server { listen 443 ssl; ssl_certificate a; ssl_certificate_key b; } }";
    let files = Memory::new().with(DEFAULT_PATH, text);
    for (version, expected) in [
        ("1.8.1", "SSLv3 TLSv1 TLSv1.1 TLSv1.2"),
        ("1.22.1", "TLSv1 TLSv1.1 TLSv1.2"),
        ("1.24.0", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("1.28.0", "TLSv1.2 TLSv1.3"),
    ] {
        let reading = reading(&files, version);
        assert_eq!(versions(&reading.servers[0]), expected, "{version}");
        let origin = reading.servers[0].settings.cipher_list.as_ref().unwrap().origin().clone();
        assert!(matches!(origin.kind(), OriginKind::Catalog { row, .. } if row.contains(version)));
    }
}

#[test]
fn the_default_block_gives_versions_and_groups_and_the_named_one_the_rest() {
    let files = Memory::new().with(DEFAULT_PATH, TWO);
    let reading_of = |version| reading(&files, version);
    let old = reading_of("1.22.1");
    let met = old.select(None, Some(443), Some("x.B.example")).unwrap();
    assert_eq!((met.default, met.server), (0, 1));
    assert_eq!(versions(&met.settings), "TLSv1.2");
    assert_eq!(met.settings.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH");
    assert!(met.settings.settings.groups.is_none());
    assert_eq!(old.select(None, Some(443), Some("none.example")).unwrap().server, 0);
    assert_eq!(old.select(None, Some(443), None).unwrap().server, 0);
    let alone = old.select(Some("::1".parse().unwrap()), Some(8443), None).unwrap();
    assert_eq!((alone.server, versions(&alone.settings).as_str()), (1, "TLSv1.2 TLSv1.3"));
    assert!(old.select(None, Some(80), None).is_none());
    let new = reading_of("1.29.2");
    assert_eq!(versions(&new.select(None, Some(443), Some("b.example")).unwrap().settings), "TLSv1.2 TLSv1.3");
}

#[test]
fn names_have_an_order() {
    let text = "events {} http { ssl_certificate a; ssl_certificate_key a;
        server { listen 443 ssl; server_name ~^www; }
        server { listen 443 ssl; server_name *.example.org; }
        server { listen 443 ssl; server_name www.*; }
        server { listen 443 ssl; server_name *.x.example.org; }
        server { listen 443 ssl; server_name www.x.example.org; }
        server { listen 443 ssl; server_name ~^(?=y)y$; } }";
    let reading = of(text);
    let server = |name: &str| reading.select(None, None, Some(name)).unwrap().server;
    assert_eq!(server("www.x.example.org"), 4);
    assert_eq!(server("a.x.example.org"), 3);
    assert_eq!(server("a.example.org"), 1);
    assert_eq!(server("www.other"), 2);
    assert_eq!(server("www1.other"), 0);
    let unclear = reading.select(None, None, Some("y")).unwrap();
    assert_eq!((unclear.server, unclear.undecided.is_some()), (0, true));
}

#[test]
fn includes_and_their_places() {
    let files = Memory::new()
        .with(DEFAULT_PATH, "events {}\nhttp { include conf.d/*.conf; include sites/one; }")
        .with("/etc/nginx/conf.d/a.conf", "ssl_ciphers HIGH;")
        .with("/etc/nginx/sites/one", "server { listen 443 ssl; include snippets/tls; }\n")
        .with("/etc/nginx/snippets/tls", "\nssl_certificate a; ssl_certificate_key b;");
    let reading = reading(&files, "1.22.1");
    assert!(reading.evidence.is_empty(), "{:?}", messages(&reading));
    let server = &reading.servers[0];
    let certificate = &server.certificates[0].certificate;
    assert_eq!(line(certificate.origin()), ("/etc/nginx/snippets/tls".into(), 2));
    assert_eq!(line(certificate.origin().before().unwrap()), ("/etc/nginx/sites/one".into(), 1));
    assert_eq!(server.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH");
    assert_eq!(reading.files.len(), 4);
}

#[test]
fn what_nginx_refuses() {
    for (text, expected) in [
        ("http { ssl_protocol TLSv1.2; }", "unknown directive \"ssl_protocol\""),
        ("http { ssl_protocols TLSv1.4; }", "invalid value \"TLSv1.4\""),
        ("http { ssl_ciphers A; ssl_ciphers B; }", "\"ssl_ciphers\" directive is duplicate"),
        (
            "http { server { listen 443 ssl; } }",
            "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive",
        ),
        ("http { location / {} }", "\"location\" directive is not allowed here"),
        ("http { ssl_ciphers A B; }", "invalid number of arguments in \"ssl_ciphers\" directive"),
        ("http { ssl_ciphers A }", "unexpected \"}\""),
        ("http { include none.conf; }", "open() \"/etc/nginx/none.conf\" failed (2: No such file or directory)"),
        ("http { ssl_reject_handshake on; }", ""),
        ("stream { server { listen 1 ssl foo; } }", "invalid parameter \"foo\""),
        ("http { http2 on; }", "unknown directive \"http2\" in nginx 1.22.1: it is there since 1.25.1"),
        ("http { ssl_conf_command Optoins x; }", ""),
        (
            "http { server { listen 1 ssl; ssl_certificate a; ssl_certificate_key a; ssl_conf_command Optoins x; } }",
            "unknown cmd name: cmd=Optoins",
        ),
    ] {
        let reading = of(&format!("events {{}}\n{text}"));
        assert_eq!(messages(&reading).join("|").split('|').next().unwrap(), expected, "{text}");
    }
}

#[test]
fn nginx_as_a_client() {
    let text = "events {} http { proxy_ssl_protocols TLSv1.2; server { listen 80;
        location /a { proxy_pass https://back.example:8443/x; proxy_ssl_server_name on; proxy_ssl_verify on; }
        location /b { proxy_pass http://plain; }
        location /c { proxy_pass https://other; proxy_ssl_ciphers HIGH; } } }";
    let reading = of(text);
    let [a, c] = reading.clients.as_slice() else { panic!("{}", reading.clients.len()) };
    assert_eq!(a.role, Role::Client);
    assert_eq!(versions(a), "TLSv1.2");
    assert_eq!(a.server_name.as_ref().unwrap().as_str(), "back.example");
    assert!(a.verify_peer.as_ref().unwrap().value);
    assert_eq!(c.server_name.as_ref().unwrap().as_str(), "");
    assert_eq!(c.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH");
    assert_eq!(a.settings.cipher_list.as_ref().unwrap().as_str(), "DEFAULT");
}

fn certificate(openssl: &Path, folder: &Path, name: &str) {
    let made = Command::new(openssl)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}")])
        .arg("-keyout")
        .arg(folder.join(format!("{name}.key")))
        .arg("-out")
        .arg(folder.join(format!("{name}.crt")))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

struct Nginx {
    program: PathBuf,
    openssl: PathBuf,
    folder: tempfile::TempDir,
    version: String,
}

fn nginx() -> Option<Nginx> {
    let program = shakedown_testkit::require("nginx")?;
    let openssl = shakedown_testkit::require("openssl")?;
    let folder = tempfile::tempdir().unwrap();
    for name in ["s0", "s1", "s2"] {
        certificate(&openssl, folder.path(), name);
    }
    std::fs::write(folder.path().join("empty.cnf"), "").unwrap();
    let output = Command::new(&program).arg("-v").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = text.split_once("nginx/").unwrap().1.trim().to_owned();
    Some(Nginx { program, openssl, folder, version })
}

impl Nginx {
    fn path(&self) -> PathBuf {
        self.folder.path().join("nginx.conf")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(self.folder.path()).arg("-c").arg(self.path());
        command.env("OPENSSL_CONF", self.folder.path().join("empty.cnf"));
        command
    }

    fn read(&self) -> Reading {
        let path = self.path();
        let spec = Spec { path: path.to_str().unwrap(), version: Some(&self.version), library: Some("3.0.19") };
        read(&Disk::local(), &spec).unwrap()
    }
}

const TOP: &str =
    "daemon off; master_process off; pid nginx.pid; error_log stderr info;\nevents {}\nhttp {\naccess_log off;\n";

/// What nginx says of generated files, and where, is among what is read from them; what it accepts, nothing speaks against.
#[test]
fn nginx_refuses_the_same() {
    let Some(nginx) = nginx() else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut accepted, mut refused) = (0, 0);
    for case in 0..shakedown_testkit::cases(150) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 49_979_687));
        let text = generate(&mut random, nginx.folder.path());
        std::fs::write(nginx.path(), &text).unwrap();
        let reading = nginx.read();
        let output = nginx.command().arg("-t").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let fatal = |evidence: &&Evidence| {
            !matches!(
                evidence.fact,
                Fact::Configuration { problem: ConfigProblem::Ineffective | ConfigProblem::Deprecated, .. }
            )
        };
        let ours: Vec<(&str, (String, usize))> = reading
            .evidence
            .iter()
            .filter(fatal)
            .map(|evidence| (message(evidence), line(evidence.origin.as_ref().unwrap())))
            .collect();
        if output.status.success() {
            assert!(ours.is_empty(), "case {case}: {ours:?}\n{said}\n{text}");
            accepted += 1;
            continue;
        }
        refused += 1;
        let first = said.lines().find(|line| line.contains("[emerg]")).unwrap_or(&said);
        // Some messages have no place, and those of OpenSSL are in other words.
        let found = ours.iter().any(|(message, (path, line))| {
            let said = message.split(" in nginx ").next().unwrap_or(message);
            // nginx counts up to where it noticed, this to where the directive begins.
            let place = |by| format!("in {path}:{}", line + by);
            let is_near = (0..4).any(|by| first.ends_with(&place(by)));
            first.contains(said) && (is_near || !first.contains(" in /"))
                || first.contains("SSL_CONF_cmd") && message.contains("cmd=")
        });
        assert!(found, "case {case}: {ours:?}\n{first}\n{text}");
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}

fn generate(random: &mut Random, folder: &Path) -> String {
    let setting = |random: &mut Random| -> String {
        let line = random.pick(&[
            "ssl_protocols TLSv1.2;",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_protocols tlsv1.3 \"TLSv1.1\";",
            "ssl_ciphers HIGH;",
            "ssl_ciphers 'ECDHE+AESGCM:!aNULL';",
            "ssl_prefer_server_ciphers on;",
            "ssl_prefer_server_ciphers ON;",
            "ssl_ecdh_curve X25519:prime256v1;",
            "ssl_session_tickets off;",
            "ssl_session_cache shared:S:1m;",
            "ssl_session_cache none;",
            "ssl_verify_client optional_no_ca;",
            "ssl_conf_command Options -SessionTicket;",
            "ssl_conf_command MinProtocol TLSv1.2;",
            "server_tokens off; # comment; }",
            "types { text/html html; }",
            "ssl_buffer_size 4k;",
            "add_header A \"b; {\\\"c\\\" $host\" always;",
        ]);
        let wrong = random.pick(&[
            "ssl_protocols TLSv1.4;",
            "ssl_protocols;",
            "ssl_protocol TLSv1.2;",
            "ssl_ciphers A B;",
            "ssl_session_tickets maybe;",
            "ssl_verify_client on;",
            "ssl_conf_command Optons x;",
            "ssl_conf_command Options Nothing;",
            "include none.conf;",
            "listen_ssl 1;",
            "http2 on;",
            "location / {",
            "server_tokens off",
            "ssl_ciphers \"HIGH\"x;",
            "user www-data;",
            "ssl_ciphers HIGH; ssl_ciphers LOW;",
            "ssl_session_timeout;",
            "}",
        ]);
        if random.percent(6) { wrong.to_owned() } else { line.to_owned() }
    };
    let mut text = TOP.to_owned();
    let mut included = String::new();
    let mut used: Vec<String> = Vec::new();
    let add = |random: &mut Random, text: &mut String, used: &mut Vec<String>| {
        let line = setting(random);
        let name = line.split(' ').next().unwrap().to_owned();
        // Twice the same is a mistake of its own, made on purpose above.
        if !used.contains(&name) || name == "ssl_protocols" {
            used.push(name);
            text.push_str(random.pick(&["", "  ", "\t"]));
            text.push_str(&line);
            text.push_str(random.pick(&["\n", "\n\n", " ", "\r\n"]));
        }
    };
    for _ in 0..random.below(4) {
        add(random, &mut text, &mut used);
    }
    for _ in 0..random.below(2) {
        add(random, &mut included, &mut used);
    }
    std::fs::write(folder.join("more.conf"), &included).unwrap();
    text.push_str(random.pick(&["include more.conf;\n", "include mor*.conf;\n", "include nothing*;\n"]));
    for server in 0..=random.below(3) {
        let mut used = Vec::new();
        text.push_str("server {\n");
        let listen = random.pick(&["18443 ssl", "127.0.0.1:18443 ssl", "18443 ssl http2", "18080", "[::1]:18443 ssl"]);
        let default = if random.percent(12) { " default_server" } else { "" };
        text.push_str(&format!("listen {listen}{default};\n"));
        if random.percent(4) {
            text.push_str("listen 18443 sssl;\n");
        }
        if random.percent(94) {
            text.push_str(&format!("ssl_certificate s{server}.crt;\n"));
        }
        if random.percent(97) {
            text.push_str(&format!("ssl_certificate_key s{server}.key;\n"));
        }
        for _ in 0..random.below(4) {
            add(random, &mut text, &mut used);
        }
        if random.percent(98) {
            text.push_str("}\n");
        }
    }
    text.push_str("}\n");
    text
}

/// The certificate and the versions that clients get from a running nginx are those of the block that is selected.
#[test]
fn connections_meet_the_block_that_is_selected() {
    let Some(nginx) = nginx() else { return };
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let mut connections = 0;
    for case in 0..shakedown_testkit::cases(6) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 86_028_121));
        let Some((port, _running)) = start(&nginx, &mut random) else { continue };
        let reading = nginx.read();
        let text = || std::fs::read_to_string(nginx.path()).unwrap();
        for name in [None, Some("a.example"), Some("www.b.example"), Some("c.example"), Some("other.c.example")] {
            let met = reading.select("127.0.0.1".parse().ok(), Some(port), name).expect("it listens there");
            for (flag, version) in
                [("-tls1_1", TlsVersion::Tls11), ("-tls1_2", TlsVersion::Tls12), ("-tls1_3", TlsVersion::Tls13)]
            {
                let mut client = Command::new(&nginx.openssl);
                client.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-cipher", "ALL:@SECLEVEL=0", flag]);
                match name {
                    Some(name) => client.args(["-servername", name]),
                    None => client.arg("-noservername"),
                };
                client.env("OPENSSL_CONF", nginx.folder.path().join("empty.cnf"));
                let output = client.stdin(Stdio::null()).output().unwrap();
                let shown = String::from_utf8_lossy(&output.stdout).into_owned();
                let cut = shown.contains("Cipher is (NONE)");
                let refused = met.settings.reject_handshake.is_some();
                let expected = met.settings.settings.allows(version).is_ok() && !refused;
                assert_eq!(!cut, expected, "case {case} {name:?} {version}\n{}\n{shown}", text());
                if expected {
                    let subject = format!("subject=CN = s{}", met.server);
                    assert!(shown.contains(&subject), "case {case} {name:?} {subject}\n{}\n{shown}", text());
                }
                connections += 1;
            }
        }
    }
    println!("{connections} connections");
    assert!(connections > 0);
}

/// Three blocks on one port; starts nginx on a port that is free.
fn start(nginx: &Nginx, random: &mut Random) -> Option<(u16, Running)> {
    let names = ["a.example *.example", "www.* b.example", "~c\\.example$"];
    let state = random.0;
    for _ in 0..8 {
        random.0 = state;
        let port = shakedown_testkit::free_port().unwrap();
        let mut text = TOP.to_owned();
        text.push_str("ssl_ciphers ALL:@SECLEVEL=0;\n");
        let default = random.below(5);
        for (index, name) in names.iter().enumerate() {
            let flag = if index == default { " default_server" } else { "" };
            let address = random.pick(&["", "", "127.0.0.1:"]);
            let reject = if random.percent(10) { "ssl_reject_handshake on;" } else { "" };
            let protocols = random.pick(&[
                "ssl_protocols TLSv1.2;",
                "ssl_protocols TLSv1.1 TLSv1.3;",
                "ssl_protocols TLSv1.3;",
                "ssl_protocols TLSv1.1 TLSv1.2;",
                "",
            ]);
            text.push_str(&format!(
                "server {{ listen {address}{port} ssl{flag}; server_name {name}; {protocols} {reject}\n \
                 ssl_certificate s{index}.crt; ssl_certificate_key s{index}.key; }}\n"
            ));
        }
        text.push_str("}\n");
        std::fs::write(nginx.path(), text).unwrap();
        let running = Running::start(&mut nginx.command()).unwrap();
        let started = running.wait_for(Duration::from_secs(20), |log| log.contains("using the \"").then_some(()));
        if started.is_some()
            && std::net::TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(10)).is_ok()
        {
            return Some((port, running));
        }
        println!("nginx does not start: {}", running.log());
    }
    None
}

fn after(reading: &Reading, server: usize, directive: &str, arguments: &[&str]) -> (String, Vec<usize>) {
    let edit = reading.set(server, directive, arguments).unwrap();
    let [file] = edit.files.as_slice() else { panic!() };
    (String::from_utf8(file.apply()).unwrap(), edit.also)
}

#[test]
fn edits_are_made_where_they_belong() {
    let reading = of(TWO);
    let (text, also) = after(&reading, 1, "ssl_protocols", &["TLSv1.2"]);
    assert_eq!(text, TWO.replace("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1.2;"));
    assert!(also.is_empty());
    // Inherited: a line of its own, behind the last of its like or the last of all.
    let (text, also) = after(&reading, 0, "ssl_ciphers", &["ECDHE+AESGCM:AES128-SHA"]);
    assert_eq!(
        text,
        TWO.replace("server_name a.example;", "server_name a.example;\n        ssl_ciphers ECDHE+AESGCM:AES128-SHA;")
    );
    assert!(also.is_empty());
    let (text, _) = after(&reading, 1, "ssl_prefer_server_ciphers", &["on"]);
    let line = "ssl_session_tickets off;";
    assert_eq!(text, TWO.replace(line, &format!("{line}\n        ssl_prefer_server_ciphers on;")));
    let met = reading.select(None, Some(443), Some("b.example")).unwrap();
    assert_eq!((reading.owner(&met, "ssl_protocols"), reading.owner(&met, "ssl_ciphers")), (0, 1));
    let removed = reading.unset(1, "ssl_ciphers").unwrap();
    assert_eq!(removed.files[0].apply(), TWO.replace("        ssl_ciphers HIGH;\n", "").as_bytes());
    assert!(reading.set(1, "ssl_ciphers", &["HIGH"]).is_err());
}

#[test]
fn edits_keep_the_style_of_the_file() {
    let head = "events {}\nhttp { ssl_certificate a; ssl_certificate_key b; ";
    for (before, directive, arguments, expected) in [
        ("server { listen 443 ssl; }}", "ssl_ciphers", "A", "server { listen 443 ssl; ssl_ciphers A; }}"),
        ("server { }}", "ssl_ciphers", "A", "server { ssl_ciphers A; }}"),
        ("\r\nserver {\r\n}\r\n}", "ssl_ciphers", "A", "\r\nserver {\r\n}\r\n}"),
        ("server{ssl_ciphers 'B';}}", "ssl_ciphers", "A C", "server{ssl_ciphers 'A C';}}"),
        ("server{ssl_ciphers B;}}", "ssl_ciphers", "A C", "server{ssl_ciphers \"A C\";}}"),
        (
            "\nserver {\n\tlisten 443 ssl; # here\n\tlocation / {}\n}}",
            "ssl_ciphers",
            "A",
            "\nserver {\n\tlisten 443 ssl; # here\n\tssl_ciphers A;\n\tlocation / {}\n}}",
        ),
    ] {
        let reading = of(&format!("{head}{before}"));
        let (text, _) = after(&reading, 0, directive, &[arguments]);
        let expected = match before.contains('\r') {
            true => "\r\nserver {\r\n    ssl_ciphers A;\r\n}\r\n}",
            false => expected,
        };
        assert_eq!(text, format!("{head}{expected}"));
    }
}

/// Setting the signature algorithms replaced whatever the one `ssl_conf_command` of the block ran, and was refused where there
/// were two; in a block without any it took away those of `http`.
#[test]
fn a_command_of_the_library_replaces_none_but_its_own() {
    let head = "events {}\nhttp { ssl_certificate a; ssl_certificate_key b; ";
    for (before, expected) in [
        (
            "server { listen 1 ssl; ssl_conf_command Options -SessionTicket; } }",
            "server { listen 1 ssl; ssl_conf_command Options -SessionTicket; ssl_conf_command SignatureAlgorithms A; } }",
        ),
        (
            "server { listen 1 ssl; ssl_conf_command Options -SessionTicket; ssl_conf_command signaturealgorithms B; } }",
            "server { listen 1 ssl; ssl_conf_command Options -SessionTicket; ssl_conf_command SignatureAlgorithms A; } }",
        ),
        (
            "ssl_conf_command Options -SessionTicket; ssl_conf_command SignatureAlgorithms B; server { listen 1 ssl; } }",
            "ssl_conf_command Options -SessionTicket; ssl_conf_command SignatureAlgorithms B; server { listen 1 ssl; \
             ssl_conf_command Options -SessionTicket; ssl_conf_command SignatureAlgorithms A; } }",
        ),
    ] {
        let reading = of(&format!("{head}{before}"));
        let (text, _) = after(&reading, 0, "ssl_conf_command", &["SignatureAlgorithms", "A"]);
        assert_eq!(text, format!("{head}{expected}"));
    }
}

#[test]
fn an_edit_of_a_shared_file_says_whom_it_reaches() {
    let files = Memory::new()
        .with(
            DEFAULT_PATH,
            "events {} http { ssl_certificate a; ssl_certificate_key b; server { listen 1 ssl; include tls; } server { listen 2 ssl; include tls; } }",
        )
        .with("/etc/nginx/tls", "ssl_ciphers HIGH;\n");
    let reading = reading(&files, "1.22.1");
    let (text, also) = after(&reading, 0, "ssl_ciphers", &["A"]);
    assert_eq!((text.as_str(), also), ("ssl_ciphers A;\n", vec![1]));
}

/// Over generated files: a value that is set is read again, nothing else is changed, and no byte outside of the edit.
#[test]
fn an_edit_is_effective_and_nothing_else_changes() {
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nginx.conf");
    let mut made = 0;
    for case in 0..shakedown_testkit::cases(300) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_485_863));
        let text = generate(&mut random, folder.path());
        std::fs::write(&path, &text).unwrap();
        let spec = Spec { path: path.to_str().unwrap(), version: Some("1.22.1"), library: Some("3.0.19") };
        let before = read(&Disk::local(), &spec).unwrap();
        let Some(server) = random.below(3).checked_rem(before.servers.len()) else { continue };
        let (directive, arguments): (&str, &[&str]) = match random.below(3) {
            0 => ("ssl_ciphers", &["AES256-SHA: AES128-SHA"]),
            1 => ("ssl_protocols", &["SSLv3", "TLSv1.3"]),
            _ => ("ssl_ecdh_curve", &["P-521"]),
        };
        // A file that ends in the middle of a block is not edited at its end.
        let Ok(edit) = before.set(server, directive, arguments) else { continue };
        made += 1;
        let after = before.with_edits(&edit.files);
        for (index, (old, new)) in before.servers.iter().zip(&after.servers).enumerate() {
            let shown = |server: &shakedown_config::tls::ServerSettings| {
                let value = |value: &Option<shakedown_config::Value>| {
                    value.as_ref().map(|value| value.as_str().to_owned()).unwrap_or_default()
                };
                let on = server.settings.protocols.iter().filter(|switch| switch.on);
                let on = on.map(|switch| switch.what.as_str()).collect::<Vec<_>>().join(" ");
                [on, value(&server.settings.cipher_list), value(&server.settings.groups)]
            };
            let (old, new) = (shown(old), shown(new));
            let slot = ["ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve"].iter().position(|name| *name == directive);
            for (place, (old, new)) in old.iter().zip(&new).enumerate() {
                let wanted = index == server && Some(place) == slot;
                let reached = edit.also.contains(&index) && Some(place) == slot;
                assert!(
                    if wanted { new == &arguments.join(" ") } else { reached || old == new },
                    "case {case} {directive} of {server}: {old} {new} in {index}\n{text}"
                );
            }
        }
        let [file] = edit.files.as_slice() else { panic!() };
        let whole = String::from_utf8(file.apply()).unwrap();
        let source = String::from_utf8(file.file.text.clone()).unwrap();
        let (mut position, mut rest) = (0, whole.as_str());
        for change in &file.edits {
            rest = rest.strip_prefix(&source[position..change.span.start]).expect("what stands before stays");
            rest = rest.strip_prefix(&change.replacement).expect("the replacement follows");
            position = change.span.end;
        }
        assert_eq!(rest, &source[position..], "case {case}");
    }
    println!("{made} edits");
    assert!(made > 0);
}
