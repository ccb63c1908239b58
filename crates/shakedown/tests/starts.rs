//! Configurations that a program starts with, and those that it refuses: what `negotiate` makes of a file is what the real
//! program's own check says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shakedown::{Options, blocking};
use shakedown_model::OutcomeResult;
use shakedown_testkit::{Finished, peers_dir, require, run};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with certificates and keys of their own kinds.
struct Place {
    folder: TempDir,
    openssl: String,
}

impl Place {
    fn new() -> Option<Self> {
        let program = require("openssl")?;
        let place = Self { folder: tempfile::tempdir().expect("a folder"), openssl: version(&program, "version", " ") };
        for (name, key) in [("rsa", "rsa:2048"), ("other", "ec")] {
            let mut command = Command::new(&program);
            command.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test.example", "-newkey", key]);
            if key == "ec" {
                command.args(["-pkeyopt", "ec_paramgen_curve:prime256v1"]);
            }
            command.args(["-keyout", &place.path(&format!("{name}.key")), "-out", &place.path(&format!("{name}.crt"))]);
            assert!(run(&mut command, b"", PATIENCE).expect("it runs").status.is_some_and(|status| status.success()));
        }
        let read = |name: &str| std::fs::read_to_string(place.path(name)).expect("a file");
        std::fs::write(place.path("rsa.pem"), read("rsa.crt") + &read("rsa.key")).expect("a file");
        Some(place)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file, in which `@` stands for this folder, has the program check it, and compares.
    fn check(
        &self,
        [product, version, file]: [&str; 3],
        text: &str,
        command: &mut Command,
        starts: impl FnOnce(&Finished) -> bool,
        cause: Option<&str>,
    ) -> String {
        self.write(file, text);
        let checked = run(command, b"", PATIENCE).expect("it runs");
        self.compare(product, version, file, &checked.text(), starts(&checked), cause)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text.replace('@', self.path("").trim_end_matches('/'))).expect("a file");
    }

    /// What is wrong with what is made of a file, beside what the program says of it.
    fn compare(
        &self,
        product: &str,
        version: &str,
        file: &str,
        says: &str,
        starts: bool,
        cause: Option<&str>,
    ) -> String {
        let client = format!("openssl@{}", self.openssl);
        let server = format!("{product}@{version}+openssl@{}:{}", self.openssl, self.path(file));
        let report = blocking::negotiate(&client, &server, Options::default()).expect("a report");
        let result = report.pairs.first().map(|pair| pair.outcome.result());
        let first = report.diagnoses.first().filter(|one| one.confidence() >= 0.5).map(|one| one.cause);
        let text = std::fs::read_to_string(self.path(file)).unwrap_or_default();
        let mut wrong = String::new();
        if starts != cause.is_none() {
            let _written = writeln!(wrong, "the program says otherwise than the table: {says}\n{text}");
        }
        let fails = result == Some(OutcomeResult::Failed);
        if fails != cause.is_some() || first != cause {
            let _written = writeln!(wrong, "{result:?} {first:?}, expected {cause:?}; it says: {says}\n{text}");
        }
        wrong
    }
}

/// Whether a program ends with success.
fn ends_well(checked: &Finished) -> bool {
    checked.status.is_some_and(|status| status.success())
}

/// What a program prints of its version behind a text.
fn version(program: &Path, argument: &str, before: &str) -> String {
    let text = run(Command::new(program).arg(argument), b"", PATIENCE).expect("it runs").text();
    let after = text.split_once(before).unwrap_or_else(|| panic!("{text}")).1;
    let end = after.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.')).unwrap_or(after.len());
    after.get(..end).unwrap_or_default().to_owned()
}

const BAD: Option<&str> = Some("invalid-configuration");
const KEY: Option<&str> = Some("private-key-invalid");

#[test]
fn nginx() {
    let (Some(place), Some(program)) = (Place::new(), require("nginx")) else { return };
    let release = version(&program, "-v", "nginx/");
    let pair = "ssl_certificate @/rsa.crt; ssl_certificate_key @/rsa.key;";
    let cases = [
        ("", None),
        ("ssl_protocols tlsv1.2;", None),
        ("ssl_protocols TLSv1.2,TLSv1.3;", BAD),
        ("ssl_ciphers ECDHE-RSA-AES129-GCM-SHA256;", BAD),
        ("ssl_ciphers \"ECDHE-RSA-AES128-GCM-SHA256:\n  !aNULL\";", BAD),
        ("ssl_ecdh_curve x25519:prime256v1;", None),
        ("ssl_ecdh_curve x25519:PRIME256V1;", BAD),
        ("ssl_dhparam @/none.pem;", BAD),
        ("ssl_conf_command Ciphersuites TLS_FOO;", BAD),
        ("ssl_conf_command Ciphersuites TLS_FOO:TLS_AES_128_GCM_SHA256;", None),
        ("ssl_conf_command SignatureAlgorithms RSA+SHA256:PSS+sha256;", None),
        ("ssl_conf_command SignatureAlgorithms rsa+sha256;", BAD),
        ("ssl_prefer_server_ciphers yes;", BAD),
    ];
    let mut wrong = String::new();
    for (body, cause) in cases {
        let body = format!("{pair} {body}");
        let text = format!(
            "daemon off; error_log stderr; pid {};\nevents {{}}\nhttp {{\n access_log off;\n server {{\n  \
             listen 127.0.0.1:1 ssl;\n  server_name test.example;\n  {body}\n }}\n}}\n",
            place.path("pid")
        );
        let mut command = Command::new(&program);
        command.args(["-t", "-c", &place.path("nginx.conf"), "-p", &place.path("")]);
        wrong += &place.check(["nginx", &release, "nginx.conf"], &text, &mut command, ends_well, cause);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn haproxy() {
    let (Some(place), Some(program)) = (Place::new(), require("haproxy")) else { return };
    let release = version(&program, "-v", "version ");
    let cases = [
        ("ssl crt @/rsa.pem maxconn 7 name tls mss 1400", "", None),
        ("ssl crt @/rsa.pem foo bar", "", BAD),
        ("ssl crt @/rsa.pem verify required", "", BAD),
        ("ssl crt @/rsa.crt", "", KEY),
        ("ssl crt @/other.crt", "", None),
        ("ssl crt @/rsa.pem", "ssl-default-bind-options no-sslv3 no-tlsv10 force-tlsv12", None),
        ("ssl crt @/rsa.pem", "ssl-default-bind-options no-sslv3 no-tls11", BAD),
    ];
    std::fs::copy(place.path("other.key"), place.path("other.crt.key")).expect("a copy");
    let mut wrong = String::new();
    for (bind, global, cause) in cases {
        let text = format!(
            "global\n {global}\ndefaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n\
             frontend web\n bind 127.0.0.1:1 {bind}\n http-request return status 200\n"
        );
        let mut command = Command::new(&program);
        command.args(["-c", "-f", &place.path("haproxy.cfg")]);
        let starts = |checked: &Finished| !checked.text().contains("[ALERT]");
        wrong += &place.check(["haproxy", &release, "haproxy.cfg"], &text, &mut command, starts, cause);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn lighttpd() {
    let (Some(place), Some(program)) = (Place::new(), require("lighttpd")) else { return };
    let release = version(&program, "-v", "lighttpd/");
    let unpacked = peers_dir().join("debian/usr/lib/lighttpd");
    let modules: PathBuf = if unpacked.is_dir() { unpacked } else { "/usr/lib/lighttpd".into() };
    let cases = [
        ("ssl.pemfile = \"@/rsa.pem\"", None),
        ("", BAD),
        ("ssl.pemfile = \"@/rsa.crt\"", KEY),
        ("ssl.pemfile = \"@/rsa.crt\"\nssl.privkey = \"@/other.key\"", KEY),
        ("ssl.pemfile = \"@/rsa.pem\"\nssl.openssl.ssl-conf-cmd = (\"Curves\" => \"P-256:p-384\")", BAD),
    ];
    let mut wrong = String::new();
    for (body, cause) in cases {
        let text = format!(
            "server.modules = ( \"mod_openssl\" )\nserver.document-root = \"/tmp\"\nserver.port = 1\n\
             server.bind = \"127.0.0.1\"\nssl.engine = \"enable\"\n{body}\n"
        );
        let mut command = Command::new(&program);
        command.arg("-tt").arg("-m").arg(&modules).args(["-f", &place.path("lighttpd.conf")]);
        wrong += &place.check(["lighttpd", &release, "lighttpd.conf"], &text, &mut command, ends_well, cause);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn stunnel() {
    let (Some(place), Some(program)) = (Place::new(), require("stunnel4")) else { return };
    let release = version(&program, "-version", "stunnel ");
    let cases = [
        ("cert = @/rsa.pem", None),
        ("cert = @/rsa.pem\noptions = no_tlsv1_3\noptions = CIPHER_SERVER_PREFERENCE", None),
        ("cert = @/rsa.pem\noptions = NO_TLSv1.3", BAD),
        ("cert = @/rsa.pem\nsslVersions = all", BAD),
        ("cert = @/rsa.pem\nciphers HIGH", BAD),
        ("cert = @/rsa.pem\nverify = 2", BAD),
        ("cert = @/rsa.pem\nciphersuites = FOO", BAD),
        ("", BAD),
        ("cert = @/rsa.crt", KEY),
    ];
    let mut wrong = String::new();
    for (body, cause) in cases {
        // A port that is taken ends it after the configuration was read.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let text =
            format!("foreground = yes\npid =\n[web]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:9\n{body}\n");
        let mut command = Command::new(&program);
        command.arg(place.path("stunnel.conf"));
        let starts = |checked: &Finished| checked.text().contains("Configuration successful");
        wrong += &place.check(["stunnel", &release, "stunnel.conf"], &text, &mut command, starts, cause);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn dovecot() {
    let (Some(place), Some(program)) = (Place::new(), require("doveconf")) else { return };
    let release = "2.3.19";
    let pair = "ssl_cert = <@/rsa.crt\nssl_key = <@/rsa.key\n";
    let cases = [
        (format!("ssl = required\n{pair}"), None),
        (format!("ssl = on\n{pair}"), BAD),
        (format!("ssl = yes\nssl_protocls = !SSLv3\n{pair}"), BAD),
        (format!("ssl = yes\n{pair}service imap-login {{\n"), BAD),
    ];
    let mut wrong = String::new();
    for (body, cause) in cases {
        let text = format!("protocols = imap\n{body}");
        let mut command = Command::new(&program);
        command.args(["-n", "-c", &place.path("dovecot.conf")]);
        wrong += &place.check(["dovecot", release, "dovecot.conf"], &text, &mut command, ends_well, cause);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Dovecot 2.3 takes the path for the certificate itself, and says so to the first client only.
#[test]
fn a_path_without_its_mark_is_no_certificate_for_dovecot() {
    let Some(place) = Place::new() else { return };
    place.write("dovecot.conf", "protocols = imap\nssl = yes\nssl_cert = @/rsa.crt\nssl_key = <@/rsa.key\n");
    let wrong = place.compare("dovecot", "2.3.19", "dovecot.conf", "", false, BAD);
    assert!(wrong.is_empty(), "{wrong}");
}

/// OpenSSL's own client goes on with no cipher suite below TLS 1.3 where a string matches none.
#[test]
fn a_cipher_string_that_matches_nothing_leaves_a_client_none() {
    let Some(place) = Place::new() else { return };
    for (most, result) in [("TLSv1.2", OutcomeResult::Failed), ("TLSv1.3", OutcomeResult::Agreed)] {
        let text = format!(
            "openssl_conf = d\n[d]\nssl_conf = s\n[s]\nsystem_default = y\n[y]\nCipherString = FOO\nMaxProtocol = {most}\n"
        );
        std::fs::write(place.path("openssl.cnf"), text).expect("a file");
        let Some(server) = shakedown_testkit::peers::openssl_s_server(&["rsa"], &[]) else { return };
        let mut command = Command::new(require("openssl").expect("it made the certificates"));
        command.env("OPENSSL_CONF", place.path("openssl.cnf"));
        let address = server.address().to_string();
        let text = run(command.args(["s_client", "-connect", &address]), b"Q\n", PATIENCE).expect("it runs").text();
        assert_eq!(text.contains("no ciphers available"), result == OutcomeResult::Failed, "{text}");
        let client = format!("openssl@{}:{}", place.openssl, place.path("openssl.cnf"));
        let report = blocking::negotiate(&client, &format!("tls://{address}"), Options::default()).expect("a report");
        assert_eq!(report.pairs.first().map(|pair| pair.outcome.result()), Some(result), "{most}");
    }
}
