//! stunnel, lighttpd, PostgreSQL and OpenVPN as parties: what is negotiated from their files is what real clients get from the
//! running programs, before an edit and after it.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;
mod tls_peers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::{Random, catalog};
use shakedown_config::Disk;
use shakedown_config::tls_party::{self, Spec, Wanted};
use shakedown_model::tls::TlsVersion;
use shakedown_model::{ConfigurationKind, Context, OutcomeResult, Party, Role, Slot, Software};
use shakedown_testkit::Running;
use tls_peers::{Bench, GROUPS, SCHEMES, TLS13, Target, ciphers, some};

const CLIENTS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(20);

/// What a program prints of its version behind a text.
fn version(program: &Path, argument: &str, before: &str) -> String {
    let text = shakedown_testkit::run(Command::new(program).arg(argument), b"", PATIENCE).unwrap().text();
    let after = text.split_once(before).unwrap_or_else(|| panic!("{text}")).1;
    after.split_whitespace().next().unwrap().to_owned()
}

/// Something to change by chance, of what this program can be told.
fn wanted(random: &mut Random, groups: bool, schemes: bool) -> Wanted {
    let mut wanted = Wanted::default();
    if random.percent(60) {
        let (least, most) = (random.below(2), random.below(2));
        wanted.versions = Some(
            TlsVersion::ALL
                .into_iter()
                .filter(|version| {
                    *version >= [TlsVersion::Tls11, TlsVersion::Tls12][least]
                        && *version <= [TlsVersion::Tls12, TlsVersion::Tls13][most]
                })
                .collect(),
        );
    }
    if wanted.versions.is_none() || random.percent(50) {
        wanted.cipher_list = Some(ciphers(random));
    }
    if groups && random.percent(40) {
        wanted.groups = Some(some(random, GROUPS, 3, ":"));
    }
    if schemes && random.percent(30) {
        wanted.signature_algorithms = Some(some(random, SCHEMES, 4, ":"));
    }
    wanted
}

/// The file as an edit of the server leaves it. The rest of it is as it was.
fn edited(party: &Party, wanted: &Wanted, before: &str) -> Option<String> {
    let change = match tls_party::edit(party, wanted) {
        Ok(change) => change,
        Err(error) => {
            assert!(error.to_string().contains("already as wanted"), "{error}\n{wanted:?}\n{before}");
            return None;
        }
    };
    let after = tls_party::with_edits(party, &change.edits, catalog()).expect("it is read again");
    if let Some(versions) = &wanted.versions {
        let offered = after.tls().unwrap().offer.versions.complete().unwrap();
        let offered: Vec<_> = offered.iter().filter_map(|item| TlsVersion::parse(item.name.as_str())).collect();
        assert!(offered.iter().all(|version| versions.contains(version)), "{wanted:?}\n{offered:?}\n{before}");
    }
    let [edit] = change.edits.as_slice() else { panic!("{:?}", change.edits) };
    let text = String::from_utf8(edit.apply()).unwrap();
    // No line is lost but those whose value is another.
    let about = ["ssl", "tls", "ciphers", "curves", "config", "Protocol", "Curves", "Cipher"];
    let lost: Vec<&str> = before
        .lines()
        .filter(|line| !text.contains(line.trim_end_matches(')')) && !about.iter().any(|word| line.contains(word)))
        .collect();
    assert!(lost.is_empty(), "{lost:?}\n{before}---\n{text}");
    Some(text)
}

/// A server's file, what starts it, and what it says once it runs.
struct Server<'a> {
    kind: ConfigurationKind,
    software: &'a str,
    path: PathBuf,
    ready: &'a str,
}

/// Starts the program with a text, compares, edits the text, and again.
fn compare(
    bench: &mut Bench,
    random: &mut Random,
    server: &Server<'_>,
    text: &str,
    shown: &str,
    wanted: &Wanted,
    start: &dyn Fn(u16) -> Command,
) {
    let mut text = text.to_owned();
    for round in 0..2 {
        let port = shakedown_testkit::free_port().unwrap();
        std::fs::write(&server.path, text.replace("@PORT@", &port.to_string())).unwrap();
        let mut command = start(port);
        let running = Running::start(command.env("OPENSSL_CONF", bench.path("empty.cnf"))).unwrap();
        let started = running.wait_for(PATIENCE, |log| log.contains(server.ready).then_some(()));
        assert!(started.is_some(), "{}\n{text}", running.log());
        let written = text.clone();
        let target = Target {
            kind: server.kind,
            software: server.software.to_owned(),
            path: &server.path,
            port,
            starttls: (server.kind == ConfigurationKind::PostgreSql).then_some("postgres"),
            text: &written,
        };
        for _ in 0..CLIENTS {
            bench.compare(random, &target, Some("rsa.example"), &format!("{shown} round {round}\n{}", running.log()));
        }
        let (party, _) = bench.server(&target, Some("rsa.example"));
        let before = std::fs::read_to_string(&server.path).unwrap();
        match edited(&party, wanted, &before).filter(|_| round == 0) {
            Some(after) => text = after.replace(&port.to_string(), "@PORT@"),
            None => return,
        }
    }
}

#[test]
fn stunnel_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("stunnel4")) else { return };
    let software = format!("stunnel@{}+{}", version(&program, "-version", "stunnel "), bench.library);
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(8) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 86_028_121));
        let folder = bench.folder.path().display().to_string();
        let mut text = "; global\nforeground = yes\npid =\ndebug = 5\n".to_owned();
        text += random.pick(&["", "sslVersionMax = TLSv1.2\n", "options = NO_TLSv1\n", "config = Groups:P-256\n"]);
        text += &format!("[other]\naccept = 127.0.0.1:0\nconnect = 127.0.0.1:9\ncert = {folder}/rsa.pem\n\n[web]\n");
        text += &format!(
            "accept = 127.0.0.1:@PORT@ \nconnect = 127.0.0.1:9\ncert = {folder}/{}.pem\n",
            random.pick(&["rsa", "rsa", "ec"])
        );
        text += &format!("securityLevel = {}\nciphers = {}\n", random.below(3), ciphers(&mut random));
        text += random.pick(&[
            "",
            "sslVersion = TLSv1.2\n",
            "sslVersionMin = TLSv1.1\n",
            "options = NO_TLSv1_3\n",
            "sslVersionMin = TLSv1.2\nsslVersionMax = TLSv1.2\n",
        ]);
        text += random.pick(&["", "options = CIPHER_SERVER_PREFERENCE\n"]);
        text += random.pick(&["", "curves = P-384:X25519\n", "config = Curves:X448:P-256\n"]);
        let path = bench.path("stunnel.conf");
        let wanted = wanted(&mut random, true, true);
        let server = Server {
            kind: ConfigurationKind::Stunnel,
            software: &software,
            path: path.clone(),
            ready: "Configuration successful",
        };
        let start = |_: u16| {
            let mut command = Command::new(&program);
            command.arg(&path);
            command
        };
        compare(
            &mut bench,
            &mut random,
            &server,
            &text,
            &format!("seed {seed} case {case} {wanted:?}"),
            &wanted,
            &start,
        );
    }
    bench.done("stunnel");
}

#[test]
fn lighttpd_negotiates_what_its_file_says() {
    let (Some(mut bench), Some(program)) = (Bench::new(), shakedown_testkit::require("lighttpd")) else { return };
    let unpacked = shakedown_testkit::peers_dir().join("debian/usr/lib/lighttpd");
    let modules = if unpacked.is_dir() { unpacked } else { "/usr/lib/lighttpd".into() };
    let software = format!("lighttpd@{}+{}", version(&program, "-v", "lighttpd/"), bench.library);
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    for case in 0..shakedown_testkit::cases(8) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 32_452_843));
        let folder = bench.folder.path().display().to_string();
        let mut text = format!(
            "server.document-root = \"{folder}\"\nserver.modules = ( \"mod_openssl\" )\nserver.bind = \"127.0.0.1\"\nserver.port = 0\n"
        );
        let commands = |random: &mut Random| {
            let mut all = Vec::new();
            if random.percent(60) {
                all.push(format!("\"CipherString\" => \"{}\"", ciphers(random)));
            }
            all.extend(match random.below(5) {
                0 => Some("\"MinProtocol\" => \"TLSv1.1\"".to_owned()),
                1 => Some("\"MaxProtocol\" => \"TLSv1.2\"".to_owned()),
                2 => Some("\"Protocol\" => \"-ALL, TLSv1.2\"".to_owned()),
                _ => None,
            });
            if random.percent(30) {
                all.push(format!("\"Curves\" => \"{}\"", some(random, GROUPS, 2, ":")));
            }
            if random.percent(20) {
                all.push(format!("\"Ciphersuites\" => \"{}\"", some(random, TLS13, 2, ":")));
            }
            all.extend(random.percent(30).then(|| "\"Options\" => \"ServerPreference\"".to_owned()));
            all.join(",\n    ")
        };
        // Outside of blocks, in the socket's block, or nowhere.
        let (outside, inside) = (random.percent(40), random.percent(50));
        if outside {
            text += &format!(
                "ssl.pemfile = \"{folder}/rsa.pem\"\nssl.openssl.ssl-conf-cmd = ({})\n",
                commands(&mut random)
            );
        }
        text += "$SERVER[\"socket\"] == \"127.0.0.1:@PORT@\" {\n  # here\n  ssl.engine = \"enable\"\n";
        if inside || !outside {
            text += &format!("  ssl.pemfile = \"{folder}/{}.pem\"\n", random.pick(&["rsa", "ec"]));
            if random.percent(60) {
                text += &format!("  ssl.openssl.ssl-conf-cmd = ({})\n", commands(&mut random));
            }
            if random.percent(30) {
                text += &format!("  ssl.cipher-list = \"{}\"\n", ciphers(&mut random));
            }
        }
        text += "}\n";
        let path = bench.path("lighttpd.conf");
        let wanted = wanted(&mut random, true, true);
        let server = Server {
            kind: ConfigurationKind::Lighttpd,
            software: &software,
            path: path.clone(),
            ready: "server started",
        };
        let start = |_: u16| {
            let mut command = Command::new(&program);
            command.arg("-D").arg("-m").arg(&modules).arg("-f").arg(&path);
            command
        };
        compare(
            &mut bench,
            &mut random,
            &server,
            &text,
            &format!("seed {seed} case {case} {wanted:?}"),
            &wanted,
            &start,
        );
    }
    bench.done("lighttpd");
}

/// What PostgreSQL itself reads of an edited file. It does not begin for root, which its `-C` does not ask.
#[test]
fn postgresql_reads_what_an_edit_writes() {
    let Some(program) = shakedown_testkit::require("postgres") else { return };
    let text = "# a\nssl = on\nport = 5433 # here\n#ssl_ciphers = 'HIGH:MEDIUM:+3DES:!aNULL'\t# allowed SSL ciphers\nssl_min_protocol_version = TLSv1.3\ninclude_dir 'conf.d'\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    std::fs::write(folder.path().join("conf.d/a.conf"), "ssl_ecdh_curve = 'prime256v1'\n").unwrap();
    std::fs::write(folder.path().join("PG_VERSION"), "15\n").unwrap();
    let path = folder.path().join("postgresql.conf");
    std::fs::write(&path, text).unwrap();
    let software: Software =
        format!("postgresql@{}+openssl@3.0.17", version(&program, "--version", "(PostgreSQL) ")).parse().unwrap();
    let context = Context::default();
    let spec = Spec {
        software: &software,
        path: path.to_str().unwrap(),
        openssl_cnf: None,
        role: Role::Server,
        context: &context,
    };
    let gathered = tls_party::gather(&Disk::local(), ConfigurationKind::PostgreSql, &spec, catalog()).unwrap();
    let versions = Some(vec![TlsVersion::Tls11, TlsVersion::Tls12]);
    let ciphers = Some("AES128-SHA:@SECLEVEL=0".to_owned());
    let groups = Some("secp384r1".to_owned());
    let wanted = Wanted { versions, cipher_list: ciphers, groups, ..Wanted::default() };
    let change = tls_party::edit(&gathered.parties[0], &wanted).unwrap();
    assert_eq!(change.edits.len(), 2);
    for edit in &change.edits {
        std::fs::write(&edit.file.path, edit.apply()).unwrap();
    }
    for (name, value) in [
        ("ssl_min_protocol_version", "TLSv1.1"),
        ("ssl_max_protocol_version", "TLSv1.2"),
        ("ssl_ciphers", "AES128-SHA:@SECLEVEL=0"),
        ("ssl_ecdh_curve", "secp384r1"),
        ("port", "5433"),
    ] {
        let mut command = Command::new(&program);
        command.args(["-C", name, "-D"]).arg(folder.path());
        let read = shakedown_testkit::run(&mut command, b"", PATIENCE).unwrap().stdout;
        assert_eq!(read.trim(), value, "{}", std::fs::read_to_string(&path).unwrap());
    }
}

/// One end of a tunnel without a device: what it prints of the handshake.
fn openvpn_party(bench: &Bench, software: &str, path: &Path, role: Role) -> Party {
    let software: Software = software.parse().unwrap();
    let context = Context::default();
    let path = path.to_str().unwrap();
    let spec = Spec { software: &software, path, openssl_cnf: None, role, context: &context };
    let gathered = tls_party::gather(&Disk::local(), ConfigurationKind::OpenVpn, &spec, catalog());
    gathered.unwrap_or_else(|error| panic!("{error} {}", bench.library)).parties.remove(0)
}

#[test]
fn openvpn_negotiates_what_its_files_say() {
    let (Some(bench), Some(program)) = (Bench::new(), shakedown_testkit::require("openvpn")) else { return };
    let software = format!("openvpn@{}+{}", version(&program, "--version", "OpenVPN "), bench.library);
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut agreed, mut failed) = (0, 0);
    for case in 0..shakedown_testkit::cases(3) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 122_949_823));
        let folder = bench.folder.path().display().to_string();
        let end = |random: &mut Random| {
            let mut text = "dev null\nnobind\nverb 4\ncipher AES-256-GCM\ndata-ciphers AES-256-GCM\n".to_owned();
            text += &format!("ca {folder}/rsa.crt\ncert {folder}/rsa.crt # own\nkey {folder}/rsa.key\n");
            text += random.pick(&[
                "",
                "tls-version-min 1.3\n",
                "tls-version-min 1.1 or-highest\n",
                "tls-version-max 1.2\n",
            ]);
            if random.percent(50) {
                let names = [
                    "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
                    "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256",
                    "TLS-RSA-WITH-AES-128-CBC-SHA",
                    "ECDHE-RSA-AES256-GCM-SHA384",
                ];
                text += &format!("tls-cipher {}\n", some(random, &names, 2, ":"));
            }
            if random.percent(30) {
                text += &format!("tls-ciphersuites {}\n", some(random, TLS13, 2, ":"));
            }
            if random.percent(40) {
                text += &format!("tls-groups {}\n", some(random, &["X25519", "secp384r1", "prime256v1"], 2, ":"));
            }
            text + random.pick(&["", "tls-cert-profile preferred\n", "tls-cert-profile insecure\n"])
        };
        let mut texts = [end(&mut random), end(&mut random)];
        if case == 0 {
            // One that fails in any case.
            texts[0] += "tls-version-min 1.2\ntls-version-max 1.2\n";
            texts[1] += "tls-version-max 1.3\ntls-version-min 1.3\n";
        }
        let change = Wanted {
            cipher_list: Some("ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA".to_owned()),
            ..wanted(&mut random, false, false)
        };
        for round in 0..2 {
            let port = shakedown_testkit::free_port().unwrap();
            let server = texts[0].replace("nobind\n", "")
                + &format!("tls-server\ndh none\nproto tcp-server\nlocal 127.0.0.1\nport {port}\n");
            let server = bench.write("server.ovpn", &server);
            let client = texts[1].clone()
                + &format!("tls-client\nproto tcp-client\nremote 127.0.0.1 {port}\nconnect-retry-max 1\n");
            let client = bench.write("client.ovpn", &client);
            let mut parties = [
                openvpn_party(&bench, &software, &client, Role::Client),
                openvpn_party(&bench, &software, &server, Role::Server),
            ];
            if round == 1 {
                let path = [&client, &server][random.below(2)];
                let index = usize::from(path == &server);
                let before = std::fs::read_to_string(path).unwrap();
                let Some(after) = edited(&parties[index], &change, &before) else { continue };
                assert!(!after.contains("tls-cipher ") || after.contains("TLS-RSA-WITH-AES-128-CBC-SHA"), "{after}");
                std::fs::write(path, after).unwrap();
                let role = [Role::Client, Role::Server][index];
                parties[index] = openvpn_party(&bench, &software, path, role);
            }
            let outcome = shakedown_negotiate::negotiate(&parties[0], &parties[1], &Context::default());
            let start = |path: &Path| {
                let mut command = Command::new(&program);
                command.arg("--config").arg(path).env("OPENSSL_CONF", bench.path("empty.cnf"));
                Running::start(&mut command).unwrap()
            };
            let listens = start(&server);
            let ready = listens.wait_for(PATIENCE, |log| log.contains("Listening for incoming").then_some(()));
            assert!(ready.is_some(), "{}", listens.log());
            let connects = start(&client);
            let ends = |log: &str| {
                let line = log.lines().find(|line| line.contains("Control Channel: TLS"));
                let line = line.map(|line| line.split_once("Control Channel: ").unwrap().1.to_owned());
                let error = [
                    "TLS handshake failed",
                    "TLS_ERROR",
                    "OpenSSL: error",
                    "Connection reset",
                    "SIGUSR1",
                    "Exiting due to",
                ]
                .iter()
                .any(|text| log.contains(text));
                line.map(Some).or(error.then_some(None))
            };
            let real = connects.wait_for(PATIENCE, ends);
            let shown = format!(
                "seed {seed} case {case} {round}\n{}\n{}\n{}\n{:?}\n{:?}",
                connects.log(),
                std::fs::read_to_string(&client).unwrap(),
                std::fs::read_to_string(&server).unwrap(),
                outcome.agreed,
                outcome.failed
            );
            match real.unwrap_or_else(|| panic!("{shown}\n{}", listens.log())) {
                Some(line) => {
                    assert_eq!(outcome.result(), OutcomeResult::Agreed, "{shown}");
                    let agreed_version = outcome.agreed(Slot::Version).unwrap().as_str().to_owned();
                    assert!(line.starts_with(&agreed_version), "{line}\n{shown}");
                    let suite = line.split("cipher ").nth(1).unwrap().split([',', ' ']).nth(1).unwrap();
                    let suite = bench.standard(suite);
                    assert_eq!(outcome.agreed(Slot::CipherSuite).unwrap().as_str(), suite, "{line}\n{shown}");
                    agreed += 1;
                }
                None => {
                    assert_eq!(outcome.result(), OutcomeResult::Failed, "{shown}");
                    failed += 1;
                }
            }
        }
    }
    println!("OpenVPN: {agreed} agreed, {failed} failed");
    assert!(agreed > 0 && failed > 0);
}
