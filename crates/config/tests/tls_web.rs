//! Apache httpd and HAProxy as parties: what is negotiated from their files is what real clients get from the running
//! programs.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;
mod tls_peers;

use std::process::Command;
use std::time::Duration;

use common::Random;
use shakedown_config::Memory;
use shakedown_config::tls_party::{self, Spec};
use shakedown_model::ConfigurationKind;
use shakedown_testkit::Running;
use tls_peers::{Bench, GROUPS, SCHEMES, TLS13, Target, ciphers, some};

const CLIENTS: usize = 6;

fn version(program: &std::path::Path, before: &str) -> String {
    let text = Command::new(program).arg("-v").output().unwrap().stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    let after = text.split_once(before).unwrap_or_else(|| panic!("{text}")).1;
    after.split([' ', '-', '\n']).next().unwrap().to_owned()
}

/// httpd adds `!EXP` to every cipher string, which no OpenSSL of today knows.
#[test]
fn what_a_program_adds_itself_is_no_mistake() {
    let of = |ciphers: &str| {
        let text =
            format!("Listen 443\n<VirtualHost *:443>\nSSLEngine on\n{ciphers}SSLCertificateFile a\n</VirtualHost>\n");
        let software = "apache@2.4.62+openssl@3.0.19".parse().unwrap();
        let context = shakedown_model::Context::default();
        let role = shakedown_model::Role::Server;
        let spec = Spec { software: &software, path: "/a", openssl_cnf: None, role, context: &context };
        let files = Memory::new().with("/a", text);
        tls_party::gather(&files, ConfigurationKind::Apache, &spec, common::catalog()).unwrap().evidence
    };
    assert!(of("").is_empty() && of("SSLCipherSuite HIGH\n").is_empty());
    assert_eq!(of("SSLCipherSuite HIGH:NONE-SUCH\n").len(), 1);
}

/// A party is read again from its files as an edit leaves them.
#[test]
fn edits_reach_the_party() {
    let text = "frontend a\n  bind :443 ssl crt /x\nfrontend b\n  bind :444 ssl crt /x ssl-min-ver TLSv1.3\n";
    let files = Memory::new().with("/h", text);
    let software = "haproxy@2.6.12+openssl@3.0.19".parse().unwrap();
    let context = shakedown_model::Context::default();
    let role = shakedown_model::Role::Server;
    let spec = Spec { software: &software, path: "/h", openssl_cnf: None, role, context: &context };
    let gathered = tls_party::gather(&files, ConfigurationKind::Haproxy, &spec, common::catalog()).unwrap();
    let [a, b] = gathered.parties.as_slice() else { panic!("{}", gathered.parties.len()) };
    assert_eq!(b.label, "haproxy@2.6.12+openssl@3.0.19:/h#b :444");
    let spec = shakedown_config::haproxy::Spec { path: "/h", version: Some("2.6.12") };
    let reading = shakedown_config::haproxy::read(&files, &spec).unwrap();
    let edit = reading.set(1, "ssl-min-ver", "TLSv1.2").unwrap();
    let after = |party| tls_party::with_edits(party, &edit.files, common::catalog()).unwrap();
    let versions = |party: &shakedown_model::Party| party.tls().unwrap().offer.versions.complete().unwrap().len();
    assert_eq!((versions(a), versions(b), versions(&after(a)), versions(&after(b))), (2, 1, 2, 2));
}

/// Files of a bundle are told apart when the party is read again, and the further certificates of one in a list do not get all
/// of the line's settings (HAProxy's `crtlist_dup_ssl_conf`).
#[test]
fn bundles_stay_what_they_are() {
    let Some(bench) = Bench::new() else { return };
    for (name, key) in [("rsa", "rsa"), ("ecdsa", "ec")] {
        bench.certificate(&format!("site.pem.{name}"), key, "DNS:site.example");
    }
    let folder = bench.folder.path().display().to_string();
    let list = bench.write("list", &format!("{folder}/site.pem [ssl-min-ver TLSv1.3 verify optional] site.example\n"));
    for (line, version, least, verify) in [
        (format!("crt {folder}/site.pem"), "2.6.12", ["TLSv1.2", "TLSv1.2"], false),
        (format!("crt-list {}", list.display()), "2.6.12", ["TLSv1.3", "TLSv1.2"], true),
        (format!("crt-list {}", list.display()), "2.8.0", ["TLSv1.3", "TLSv1.3"], true),
    ] {
        let path = bench.write("haproxy.cfg", &format!("frontend a\n  bind 127.0.0.1:443 ssl {line}\n"));
        let target = Target {
            kind: ConfigurationKind::Haproxy,
            software: format!("haproxy@{version}+{}", bench.library),
            path: &path,
            port: 443,
            starttls: None,
            text: "",
        };
        let (party, _) = bench.server(&target, Some("site.example"));
        let spec = shakedown_config::haproxy::Spec { path: path.to_str().unwrap(), version: Some(version) };
        let reading = shakedown_config::haproxy::read(&shakedown_config::Disk::local(), &spec).unwrap();
        assert_eq!(!reading.evidence.is_empty(), verify, "{version} {line}");
        let edit = reading.set(0, "ssl-max-ver", "TLSv1.3").or_else(|_| reading.set(0, "prefer-client-ciphers", "x"));
        let files = edit.map(|edit| edit.files).unwrap_or_default();
        for party in [&party, &tls_party::with_edits(&party, &files, common::catalog()).unwrap()] {
            let contexts = party.tls().unwrap().by_client.as_ref().unwrap();
            let of = |policy: &Option<shakedown_model::tls::TlsPolicy>| {
                let offer = &policy.as_ref().unwrap().offer;
                let kind = offer.certificates.complete().unwrap()[0].key.as_ref().unwrap().kind;
                (kind.as_str(), offer.versions.complete().unwrap().last().unwrap().name.as_str().to_owned())
            };
            assert_eq!([of(&contexts.ecdsa), of(&contexts.rsa)].map(|one| one.0), ["ECDSA", "RSA"]);
            assert_eq!([of(&contexts.ecdsa), of(&contexts.rsa)].map(|one| one.1), least, "{version} {line}");
        }
    }
}

#[test]
fn httpd_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("apache2")) else { return };
    let unpacked = shakedown_testkit::peers_dir().join("debian/usr/lib/apache2/modules");
    let modules = if unpacked.is_dir() { unpacked } else { "/usr/lib/apache2/modules".into() };
    let software = format!("apache@{}+{}", version(&program, "Apache/"), bench.library);
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(6) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_485_863));
        let port = shakedown_testkit::free_port().unwrap();
        let folder = bench.folder.path().display().to_string();
        let mut text = format!(
            "ServerRoot {folder}\nServerName main.example\nPidFile {folder}/pid\nErrorLog /dev/stderr\nLogLevel notice\nMutex file:{folder}\nUser nobody\nGroup nogroup\n"
        );
        for module in ["mpm_event", "authz_core", "ssl"] {
            text += &format!("LoadModule {module}_module {}/mod_{module}.so\n", modules.display());
        }
        text += &format!("Listen 127.0.0.1:{port}\nSSLCipherSuite {}\n", ciphers(&mut random));
        for name in ["a.example", "b.example"] {
            text += &format!("<VirtualHost *:{port}>\nServerName {name}\nSSLEngine on\n");
            text += random.pick(&[
                "",
                "SSLProtocol all -TLSv1.3\n",
                "SSLProtocol TLSv1.2\n",
                "SSLProtocol all\n",
                "SSLProtocol -all +TLSv1.1 +TLSv1.2\n",
            ]);
            text += random.pick(&["", "SSLHonorCipherOrder on\n"]);
            if random.percent(50) {
                text += &format!("SSLCipherSuite {}\n", ciphers(&mut random));
            }
            if random.percent(25) {
                text += &format!("SSLCipherSuite TLSv1.3 {}\n", some(&mut random, TLS13, 2, ":"));
            }
            if random.percent(30) {
                text += &format!("SSLOpenSSLConfCmd Groups {}\n", some(&mut random, GROUPS, 3, ":"));
            }
            if random.percent(20) {
                text += &format!("SSLOpenSSLConfCmd SignatureAlgorithms {}\n", some(&mut random, SCHEMES, 4, ":"));
            }
            for key in random.pick(&["rsa", "rsa", "rsa ec", "ec", "rsa ed25519"]).split(' ') {
                text += &format!("SSLCertificateFile {key}.crt\nSSLCertificateKeyFile {folder}/{key}.key\n");
            }
            text += "</VirtualHost>\n";
        }
        let path = bench.write("httpd.conf", &text);
        let mut command = Command::new(&program);
        command.arg("-d").arg(bench.folder.path()).arg("-f").arg(&path).arg("-DFOREGROUND");
        let running = Running::start(command.env("OPENSSL_CONF", bench.path("empty.cnf"))).unwrap();
        let started =
            running.wait_for(Duration::from_secs(20), |log| log.contains("resuming normal operations").then_some(()));
        assert!(started.is_some(), "{}\n{text}", running.log());
        let target = Target {
            kind: ConfigurationKind::Apache,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &text,
        };
        for client in 0..CLIENTS {
            let name = [Some("a.example"), Some("b.example"), None][client % 3];
            bench.compare(&mut random, &target, name, &format!("seed {seed} case {case}"));
        }
    }
    bench.done("httpd");
}

#[test]
fn haproxy_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("haproxy")) else { return };
    let software = format!("haproxy@{}+{}", version(&program, "version "), bench.library);
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(6) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 32_452_843));
        let port = shakedown_testkit::free_port().unwrap();
        let other = shakedown_testkit::free_port().unwrap();
        let mut text = format!("global\n  ssl-default-bind-ciphers {}\n", ciphers(&mut random));
        text += random.pick(&[
            "",
            "  ssl-default-bind-options ssl-min-ver TLSv1.0\n",
            "  ssl-default-bind-options ssl-max-ver TLSv1.2\n",
            "  ssl-default-bind-options prefer-client-ciphers\n",
        ]);
        text += random.pick(&["", "  tune.ssl.default-dh-param 2048\n"]);
        if random.percent(25) {
            text += &format!("  ssl-default-bind-curves {}\n", some(&mut random, GROUPS, 3, ":"));
        }
        text += "defaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout connect 20s\n";
        for (name, port) in [("front", port), ("other", other)] {
            let certificates = random.pick(&["rsa", "rsa", "ec", "rsa ed25519", "ec rsa"]);
            let mut line = format!("frontend {name}\n  bind 127.0.0.1:{port} ssl");
            for key in certificates.split(' ') {
                line += &format!(" crt {}", bench.path(&format!("{key}.pem")).display());
            }
            line += random.pick(&["", "", " ssl-min-ver TLSv1.1", " force-tlsv12", " no-tlsv13", " strict-sni"]);
            if random.percent(40) {
                line += &format!(" ciphers {}", ciphers(&mut random));
            }
            if random.percent(30) {
                line += &format!(" curves {}", some(&mut random, GROUPS, 3, ":"));
            }
            if random.percent(30) {
                line += &format!(" ciphersuites {}", some(&mut random, TLS13, 2, ":"));
            }
            text += &format!("{line}\n");
        }
        let path = bench.write("haproxy.cfg", &text);
        let mut command = Command::new(&program);
        command.arg("-W").arg("-f").arg(&path).env("OPENSSL_CONF", bench.path("empty.cnf"));
        let running = Running::start(&mut command).unwrap();
        let started = running.wait_for(Duration::from_secs(20), |log| log.contains("Loading success").then_some(()));
        assert!(started.is_some(), "{}\n{text}", running.log());
        let target = Target {
            kind: ConfigurationKind::Haproxy,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &text,
        };
        for client in 0..CLIENTS {
            let name = [Some("rsa.example"), Some("none.example"), Some("ed25519.example"), None][client % 4];
            bench.compare(&mut random, &target, name, &format!("seed {seed} case {case}"));
        }
    }
    bench.done("HAProxy");
}

/// Certificates of one name and several kinds, in every way in which HAProxy loads them, with settings of their own in lists.
#[test]
fn haproxy_chooses_a_context_by_the_hello() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("haproxy")) else { return };
    let software = format!("haproxy@{}+{}", version(&program, "version "), bench.library);
    for (name, key) in [("rsa", "rsa"), ("ecdsa", "ec")] {
        bench.certificate(&format!("site.pem.{name}"), key, "DNS:site.example,DNS:*.wild.example");
    }
    bench.certificate("wild.pem", "ec", "DNS:*.example");
    bench.certificate("one.pem", "rsa", "DNS:one.example");
    let folder = bench.folder.path().display().to_string();
    std::fs::create_dir(bench.path("folder")).unwrap();
    for name in ["site.pem.rsa", "site.pem.ecdsa", "one.pem"] {
        std::fs::copy(bench.path(name), bench.path("folder").join(name)).unwrap();
    }
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(12) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 49_979_687));
        let port = shakedown_testkit::free_port().unwrap();
        let mut text = format!("global\n  ssl-default-bind-ciphers {}\n", ciphers(&mut random));
        text += random.pick(&[
            "",
            "  ssl-default-bind-options ssl-min-ver TLSv1.0\n",
            "  ssl-default-bind-options ssl-max-ver TLSv1.2\n",
            "  ssl-default-bind-options prefer-client-ciphers\n",
        ]);
        text += "defaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout connect 20s\n";
        let mut list = String::new();
        for _ in 0..1 + random.below(4) {
            let file =
                random.pick(&["site.pem", "wild.pem", "one.pem", "site.pem.rsa", "site.pem.ecdsa", "ed25519.pem"]);
            list += &format!("{folder}/{file}");
            let mut own = String::new();
            own += random.pick(&["", "", " ssl-min-ver TLSv1.3", " ssl-max-ver TLSv1.2", " ssl-min-ver TLSv1.0"]);
            if random.percent(40) {
                own += &format!(" ciphers {}", ciphers(&mut random));
            }
            if random.percent(20) {
                own += &format!(" ciphersuites {}", some(&mut random, TLS13, 2, ":"));
            }
            if random.percent(20) {
                own += &format!(" curves {}", some(&mut random, GROUPS, 2, ":"));
            }
            if !own.is_empty() {
                list += &format!(" [{}]", own.trim_start());
            }
            list += random.pick(&["", "", " site.example", " *.example !one.example", " one.example *.wild.example"]);
            list += "\n";
        }
        let list = bench.write("list", &list);
        let words = [
            format!("crt {folder}/site.pem"),
            format!("crt {folder}/folder"),
            format!("crt {folder}/wild.pem"),
            format!("crt {folder}/one.pem"),
            format!("crt-list {}", list.display()),
            format!("crt-list {}", list.display()),
        ];
        let mut line = format!("frontend front\n  bind 127.0.0.1:{port} ssl");
        for _ in 0..1 + random.below(2) {
            line += &format!(" {}", words[random.below(words.len())]);
        }
        line += random.pick(&["", "", " ssl-min-ver TLSv1.1", " strict-sni"]);
        if random.percent(30) {
            line += &format!(" curves {}", some(&mut random, GROUPS, 3, ":"));
        }
        text += &format!("{line}\n");
        let path = bench.write("haproxy.cfg", &text);
        let shown = format!("{text}--- list\n{}", std::fs::read_to_string(&list).unwrap());
        let mut command = Command::new(&program);
        command.arg("-W").arg("-f").arg(&path).env("OPENSSL_CONF", bench.path("empty.cnf"));
        let running = Running::start(&mut command).unwrap();
        let started = running.wait_for(Duration::from_secs(20), |log| {
            log.contains("Loading success").then_some(true).or_else(|| log.contains("[ALERT]").then_some(false))
        });
        let target = Target {
            kind: ConfigurationKind::Haproxy,
            software: software.clone(),
            path: &path,
            port,
            starttls: None,
            text: &shown,
        };
        assert!(started.is_some(), "{}\n{shown}", running.log());
        if started == Some(false) {
            let (server, _) = bench.server(&target, Some("site.example"));
            assert!(!server.tls().unwrap().unable.is_empty(), "{}\n{shown}", running.log());
            continue;
        }
        for client in 0..CLIENTS + 2 {
            let names = ["site.example", "a.wild.example", "one.example", "none.test", "Other.example"];
            let name = names.get(client % 6).copied();
            bench.compare(&mut random, &target, name, &format!("seed {seed} case {case}"));
        }
    }
    bench.done("HAProxy's contexts");
}
