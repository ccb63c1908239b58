//! `shakedown fix --apply` on the files of keys that real servers of TLS are given: a chain that is not whole, a certificate
//! that is over, parameters of Diffie-Hellman that are too small. The fix alone makes the real client connect, and undo brings
//! back every byte.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use shakedown_testkit::certificates::{Authority, CertificateKey, CertificateSpec, pem};
use shakedown_testkit::{require, run};
use support::Shakedown;
use support::serving::{Server, Serving, serving};

const ALL: [Server; 3] = [Server::Nginx, Server::Haproxy, Server::Apache];

/// A root, an intermediate authority below it, and an older intermediate that signed nothing here.
struct Authorities {
    root: String,
    intermediate: String,
    old: String,
    signer: Authority,
    now: i64,
}

fn authorities() -> Authorities {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let (root_key, key, old_key) = (CertificateKey::p256(), CertificateKey::p384(), CertificateKey::p384());
    let root = CertificateSpec::authority("Root of this test", now);
    let intermediate = CertificateSpec::authority("Intermediate of this test", now);
    let old = CertificateSpec::authority("Former intermediate of this test", now);
    let of_root = root.signer(&root_key);
    Authorities {
        root: pem("CERTIFICATE", &root.self_signed(&root_key)),
        intermediate: pem("CERTIFICATE", &intermediate.signed(&key, &of_root)),
        old: pem("CERTIFICATE", &old.signed(&old_key, &of_root)),
        signer: intermediate.signer(&key),
        now,
    }
}

/// A server with these files, in whose folder stands what its client trusts.
struct Ends {
    server: Serving,
    client: String,
    party: String,
    options: Vec<String>,
}

impl Ends {
    fn of(server: Server, settings: &str, files: &[(&str, &str)], client: &str) -> Option<Self> {
        let server = serving(server, settings, files)?;
        let own = server.path("client.cnf");
        let text = format!(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\nCipherString = DEFAULT@SECLEVEL=2\n\
             MinProtocol = TLSv1.2\n{client}\n"
        );
        std::fs::write(&own, text).unwrap();
        let own = own.display().to_string();
        let root = server.path("trusted/root.pem");
        let trusted = if root.exists() { root } else { server.path("rsa.pem") };
        let options = ["-CAfile", &trusted.display().to_string(), "-verify_return_error"].map(str::to_owned).to_vec();
        let party = format!("openssl@3.0.17/debian-12:{own}");
        Some(Self { server, client: own, party, options })
    }

    fn connects(&self) -> bool {
        let mut command = Command::new(require("openssl").unwrap());
        command.args(["s_client", "-connect", &self.server.address(), "-servername", "test.example"]);
        command.args(&self.options).args(self.server.starttls()).env("OPENSSL_CONF", &self.client);
        let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
        said.contains("Verify return code: 0 (ok)") && !said.contains("Cipher is (NONE)")
    }

    fn run(&self, arguments: &[&str]) -> support::Run {
        let (path, state) = (Serving::search_path(), self.server.path("state").display().to_string());
        Shakedown::new().run_with(&[arguments, &["--state", &state]].concat(), &[("PATH", &path)])
    }

    fn fix(&self, more: &[&str]) -> support::Run {
        let (target, file) = (self.server.target(), self.server.file().display().to_string());
        let always = ["--as", &self.party, "--sni", "test.example", "--cacert", &self.options[1]];
        self.run(&[&["fix", &target, &file][..], &always, more].concat())
    }

    /// The bytes of every file of the server's folder.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(self.server.path(".")).unwrap().flatten().map(|entry| entry.path());
        let telling = |path: &PathBuf| {
            path.is_file()
                && !path.file_name().is_some_and(|name| name == "log" || name == "pid" || name == "owner_pid")
        };
        let mut all: Vec<PathBuf> = entries.filter(telling).collect();
        all.sort();
        all.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap_or_default())).collect()
    }

    /// Applies what is proposed and takes it back: one file changes, and which.
    fn mends(&self, name: &str) -> String {
        let before = self.files();
        assert!(!self.connects(), "{name}");
        let run = self.fix(&["--apply", "--format", "json"]);
        assert_eq!(run.status, 0, "{name}\n{}{}\n{}", run.stdout, run.stderr, self.server.log());
        assert!(self.connects(), "{name}\n{}", run.stdout);
        assert!(!run.stdout.contains("PRIVATE KEY-----\\nM"), "{name}: a key is shown");
        let changed: Vec<String> = before
            .iter()
            .filter(|(path, old)| std::fs::read(path).unwrap() != *old)
            .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let id = run.json()["applied"]["id"].as_str().unwrap().to_owned();
        let undone = self.run(&["fix", "--undo", &id]);
        assert_eq!(undone.status, 0, "{name}\n{}{}", undone.stdout, undone.stderr);
        for (path, old) in &before {
            assert!(std::fs::read(path).unwrap() == *old, "{name}: {}", path.display());
        }
        assert_eq!(changed.len(), 1, "{name}: {changed:?}");
        eprintln!("fixed by `--apply` alone: {name}");
        changed.concat()
    }
}

/// What HAProxy has in one file, the others in two.
fn certificate_file(server: Server) -> &'static str {
    if server == Server::Haproxy { "rsa.both" } else { "rsa.pem" }
}

#[test]
fn a_chain_is_made_whole_from_the_files_beside_it() {
    let (all, key) = (authorities(), CertificateKey::rsa());
    let leaf = pem("CERTIFICATE", &CertificateSpec::server("test.example", all.now).signed(&key, &all.signer));
    // With nothing behind the server's own certificate, and with an authority's behind it that has not signed it.
    for (name, behind, servers) in
        [("nothing behind", "", &ALL[..]), ("another one behind", all.old.as_str(), &[Server::Nginx])]
    {
        for &server in servers {
            let own = format!("{leaf}{behind}");
            let both = format!("{own}{}", key.pem());
            let files = [
                ("rsa.pem", own.as_str()),
                ("rsa.key", &key.pem()),
                ("rsa.both", &both),
                ("intermediate.crt", &all.intermediate),
                ("trusted/root.pem", &all.root),
            ];
            let Some(ends) = Ends::of(server, "", &files, "") else { continue };
            assert_eq!(ends.mends(&format!("{server:?}: {name}")), certificate_file(server));
        }
    }
}

#[test]
fn without_the_intermediate_it_is_for_a_person() {
    let (all, key) = (authorities(), CertificateKey::rsa());
    let leaf = pem("CERTIFICATE", &CertificateSpec::server("test.example", all.now).signed(&key, &all.signer));
    let files = [("rsa.pem", leaf.as_str()), ("rsa.key", &key.pem()), ("trusted/root.pem", &all.root)];
    let Some(ends) = Ends::of(Server::Nginx, "", &files, "") else { return };
    let before = ends.files();
    let run = ends.fix(&["--apply"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("no file beside") && run.stdout.contains("manual"), "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("for a person to decide"), "{}", run.stderr);
    assert!(ends.files() == before);
}

#[test]
fn a_renewed_certificate_is_named_in_the_place_of_one_that_is_over() {
    let (all, key, new_key) = (authorities(), CertificateKey::rsa(), CertificateKey::p256());
    let mut over = CertificateSpec::server("test.example", all.now);
    over.not_before -= 400 * 86_400;
    over.not_after = all.now - 86_400;
    let chain = |spec: &CertificateSpec, key: &CertificateKey| {
        pem("CERTIFICATE", &spec.signed(key, &all.signer)) + &all.intermediate
    };
    let old = chain(&over, &key);
    let good = CertificateSpec::server("test.example", all.now);
    // With the key that is in use, and with another one beside it.
    for (name, renewed, servers) in [("the same key", &key, &ALL[..]), ("a new key", &new_key, &[Server::Haproxy])] {
        for &server in servers {
            let new = chain(&good, renewed);
            let (old_both, new_both) = (format!("{old}{}", key.pem()), format!("{new}{}", renewed.pem()));
            let combined = server == Server::Haproxy;
            let files = [
                ("rsa.pem", old.as_str()),
                ("rsa.key", &key.pem()),
                ("rsa.both", &old_both),
                ("renewed.pem", if combined { &new_both } else { &new }),
                ("renewed.key", &renewed.pem()),
                ("trusted/root.pem", &all.root),
            ];
            let Some(ends) = Ends::of(server, "", &files, "") else { continue };
            let main = ends.server.file().file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(ends.mends(&format!("{server:?}: {name}")), main);
        }
    }
}

#[test]
fn a_key_of_another_certificate_is_replaced_by_the_one_that_belongs() {
    // Postfix runs without the pair, and refuses STARTTLS.
    if let Some(ends) = Ends::of(Server::Postfix, "smtpd_tls_key_file = PLACE/ec.key\n", &[], "") {
        assert_eq!(ends.mends("Postfix: a key of another certificate"), "main.cf");
    }
    // So does nginx with a key of another kind, which it takes for one of a certificate to come.
    let settings = "ssl_certificate PLACE/rsa.pem; ssl_certificate_key PLACE/ec.key;";
    if let Some(ends) = Ends::of(Server::Nginx, settings, &[], "") {
        assert_eq!(ends.mends("nginx: a key of another kind"), "nginx.conf");
    }
    // These do not start with it; what runs goes on with the pair that it has read.
    for server in [Server::Nginx, Server::Apache] {
        let Some(ends) = Ends::of(server, "", &[], "") else { continue };
        let file = ends.server.file();
        let good = std::fs::read_to_string(&file).unwrap();
        let bad = good.replace("rsa.key", "other.key");
        std::fs::write(ends.server.path("other.key"), CertificateKey::rsa().pem()).unwrap();
        assert_ne!(good, bad);
        std::fs::write(&file, &bad).unwrap();
        if server == Server::Nginx {
            let (path, own) = (ends.server.path("."), file.display().to_string());
            let mut command = Command::new(require("nginx").unwrap());
            command.arg("-t").arg("-p").arg(path).args(["-e", "stderr", "-c", &own]);
            let said = run(&mut command, b"", Duration::from_secs(30)).unwrap().text();
            assert!(said.contains("key values mismatch"), "{said}");
        }
        let run = ends.fix(&["--format", "json"]);
        assert_eq!(run.causes(), ["private-key-invalid"], "{server:?}: {}", run.stdout);
        let document = run.json();
        let edit = &document["fixes"][0]["edits"][0];
        let span = |end: &str| usize::try_from(edit[end].as_u64().unwrap()).unwrap();
        let mut text = bad.clone();
        text.replace_range(span("start")..span("end"), edit["replacement"].as_str().unwrap());
        assert_eq!(text, good, "{server:?}: {document:#}");
        assert_eq!(document["fixes"][0]["applicability"], "safe", "{document:#}");
        assert!(!run.stdout.contains("PRIVATE KEY-----\\nM"), "{server:?}: a key is shown");
    }
    // HAProxy has both in one file: which file holds the right key is said.
    let Some(ends) = Ends::of(Server::Haproxy, "", &[], "") else { return };
    let read = |name: &str| std::fs::read_to_string(ends.server.path(name)).unwrap();
    std::fs::write(ends.server.path("rsa.both"), read("rsa.pem") + &read("ec.key")).unwrap();
    let run = ends.fix(&["--format", "json"]);
    assert_eq!(run.causes(), ["private-key-invalid"], "{}", run.stdout);
    let right = ends.server.path("rsa.key").canonicalize().unwrap().display().to_string();
    assert!(run.stdout.contains("the key of `") && run.stdout.contains(&right), "{}", run.stdout);
}

/// The second Oakley group, of 1024 bits (RFC 2409 section 6.2).
const SMALL: &str = "-----BEGIN DH PARAMETERS-----\n\
    MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR\n\
    Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL\n\
    /1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC\n\
    -----END DH PARAMETERS-----\n";

#[test]
fn parameters_that_are_too_small_are_replaced_by_a_published_group() {
    const SUITES: &str = "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0";
    const CLIENT: &str = "CipherString = DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=2\nMaxProtocol = TLSv1.2";
    for (server, settings) in [
        (Server::Nginx, format!("ssl_protocols TLSv1.2; ssl_ciphers {SUITES}; ssl_dhparam PLACE/dh.pem;")),
        (Server::Haproxy, format!("ssl-max-ver TLSv1.2 ciphers {SUITES}GLOBAL  ssl-dh-param-file PLACE/dh.pem\n")),
    ] {
        let Some(ends) = Ends::of(server, &settings, &[("dh.pem", SMALL)], CLIENT) else { continue };
        assert_eq!(ends.mends(&format!("{server:?}")), "dh.pem");
    }
}
