//! Revocation lists: those of `--crl`, and those that a server's configuration names, against real servers and the real
//! `openssl s_client`.

mod support;

use std::process::Command;
use std::time::Duration;

use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem, purpose};
use shakedown_testkit::peers::{TlsServer, nginx};
use shakedown_testkit::{require, run};
use support::{Run, Shakedown};

const DAY: i64 = 24 * 3600;

/// An authority with a server (serial number 3), a client (4) and a client that is not in any list (5).
struct Authority {
    shakedown: Shakedown,
    openssl: std::path::PathBuf,
    root: String,
}

impl Authority {
    fn new() -> Option<Self> {
        let (openssl, shakedown) = (require("openssl")?, Shakedown::new());
        let now = jiff::Timestamp::now().as_second();
        let key = CertificateKey::p256();
        let spec = CertificateSpec { serial: 1, ..CertificateSpec::authority("Example Root", now) };
        let root = shakedown.write("root.pem", pem("CERTIFICATE", &spec.self_signed(&key)));
        shakedown.write("root.key", key.pem());
        for (serial, name, purpose) in
            [(3, "server", purpose::SERVER), (4, "client", purpose::CLIENT), (5, "other", purpose::CLIENT)]
        {
            let own = CertificateKey::rsa();
            let subject = if name == "server" { "test.example" } else { name };
            let mut certificate = CertificateSpec { serial, ..CertificateSpec::server(subject, now) };
            certificate.purposes = Some(vec![purpose]);
            let text = pem("CERTIFICATE", &certificate.signed(&own, &spec.signer(&key)));
            shakedown.write(&format!("{name}.pem"), text);
            shakedown.write(&format!("{name}.key"), own.pem());
        }
        Some(Self { shakedown, openssl, root })
    }

    fn path(&self, file: &str) -> String {
        std::path::Path::new(&self.root).with_file_name(file).display().to_string()
    }

    /// A list with these serial numbers, good from and to so many days from now.
    fn list(&self, name: &str, revoked: &[u8], days: (i64, i64)) -> String {
        let line = |serial| format!("R\t400101000000Z\t250101000000Z,keyCompromise\t{serial:02X}\tunknown\t/CN=x\n");
        self.shakedown.write("index.txt", revoked.iter().map(line).collect::<String>());
        let settings =
            format!("[ca]\ndefault_ca = own\n[own]\ndatabase = {}\ndefault_md = sha256\n", self.path("index.txt"));
        let settings = self.shakedown.write("ca.cnf", settings);
        let now = jiff::Timestamp::now().as_second();
        let time = |days: i64| {
            let time = jiff::Timestamp::from_second(now + days * DAY).expect("a time");
            time.strftime("%Y%m%d%H%M%SZ").to_string()
        };
        let (to, key) = (self.path(name), self.path("root.key"));
        let mut command = Command::new(&self.openssl);
        command.args(["ca", "-gencrl", "-config", &settings, "-cert", &self.root, "-keyfile", &key, "-out", &to]);
        command.args(["-crl_lastupdate", &time(days.0), "-crl_nextupdate", &time(days.1)]);
        let finished = run(&mut command, b"", Duration::from_secs(60)).expect("openssl");
        assert!(finished.status.is_some_and(|status| status.success()), "{}", finished.text());
        to
    }

    /// nginx with the server's certificate.
    fn nginx(&self, settings: &str) -> Option<TlsServer> {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        nginx(&[], &format!("ssl_certificate {certificate}; ssl_certificate_key {key}; {settings}"))
    }

    fn check(&self, scheme: &str, server: &TlsServer, more: &[&str]) -> Run {
        let url = format!("{scheme}://{}", server.address());
        let common = ["check", &url, "--format", "json", "--sni", "test.example", "--cacert", &self.root];
        self.shakedown.run(&[&common[..], &["--as", "openssl@3.0.15"], more].concat())
    }

    /// Whether the real client of OpenSSL goes on, and what it says.
    fn real(&self, server: &TlsServer, more: &[&str]) -> (bool, String) {
        let address = server.address().to_string();
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-connect", &address, "-servername", "test.example", "-CAfile", &self.root]);
        command.args(["-verify_return_error", "-ign_eof"]).args(more);
        let finished = run(&mut command, b"GET / HTTP/1.0\r\n\r\n", Duration::from_secs(20)).expect("openssl");
        let text = finished.text();
        (text.contains("200 OK"), text)
    }
}

#[test]
fn a_list_that_is_given_decides_as_it_does_for_openssl() {
    let Some(authority) = Authority::new() else { return };
    let Some(server) = authority.nginx("") else { return };
    let clean = authority.list("clean.crl", &[4], (-1, 7));
    let named = authority.list("named.crl", &[4, 3], (-1, 7));
    let over = authority.list("over.crl", &[4], (-9, -2));
    let still_named = authority.list("over-named.crl", &[3], (-9, -2));
    for (list, cause, side, words) in [
        (&clean, None, "", "the server's certificate is not revoked, by the list `"),
        (&named, Some("certificate-revoked"), "server", "was revoked on 2025-01-01 (keyCompromise)"),
        (&over, Some("revocation-unavailable"), "client", "which ended 2 days ago"),
        (&still_named, Some("certificate-revoked"), "server", "was revoked on 2025-01-01 (keyCompromise)"),
    ] {
        let run = authority.check("https", &server, &["--crl", list]);
        let document = run.json();
        assert_eq!(run.causes(), cause.into_iter().collect::<Vec<_>>(), "{list}: {document:#}");
        assert!(run.stdout.contains(words), "{list}: {document:#}");
        assert_eq!(run.status, i32::from(cause.is_some()), "{list}: {document:#}");
        if cause.is_some() {
            assert_eq!(document["diagnoses"][0]["side"], side, "{list}: {document:#}");
        }
        let (goes_on, said) = authority.real(&server, &["-CRL", list, "-crl_check"]);
        assert_eq!(goes_on, cause.is_none(), "{list}: {said}");
    }
    // What was not given is not known, and nothing is made of it.
    let run = authority.check("https", &server, &[]);
    assert_eq!((run.status, run.causes().len()), (0, 0), "{}", run.stdout);
    assert!(!run.stdout.contains("revoked, by the list"), "{}", run.stdout);
}

#[test]
fn a_list_of_another_authority_leaves_it_open() {
    let (Some(authority), Some(stranger)) = (Authority::new(), Authority::new()) else { return };
    let Some(server) = authority.nginx("") else { return };
    // The same name and another key: the list was not made by who issued the certificate.
    let forged = stranger.list("forged.crl", &[3], (-1, 7));
    let run = authority.check("https", &server, &["--crl", &forged]);
    assert_eq!(run.causes(), ["revocation-unavailable"], "{}", run.stdout);
    assert!(run.stdout.contains("was not signed with its issuer's key"), "{}", run.stdout);
    // One that counts beside it decides.
    let clean = authority.list("clean.crl", &[4], (-1, 7));
    let run = authority.check("https", &server, &["--crl", &forged, "--crl", &clean]);
    assert_eq!((run.status, run.causes().len()), (0, 0), "{}", run.stdout);
    // The list of somebody else altogether.
    let now = jiff::Timestamp::now().as_second();
    let key = CertificateKey::p256();
    let spec = CertificateSpec::authority("Another Root", now);
    stranger.shakedown.write("root.pem", pem("CERTIFICATE", &spec.self_signed(&key)));
    stranger.shakedown.write("root.key", key.pem());
    let other = stranger.list("other.crl", &[3], (-1, 7));
    let run = authority.check("https", &server, &["--crl", &other]);
    assert_eq!((run.status, run.causes().len()), (0, 0), "{}", run.stdout);
    let words =
        "whether the server's certificate was revoked is not known: none of the lists given is by `CN = Example Root`";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    let nothing = authority.shakedown.write("nothing.crl", "no list");
    let run = authority.check("https", &server, &["--crl", &nothing]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stderr.contains("holds no revocation list"), "{}", run.stderr);
}

#[test]
fn a_client_whose_certificate_is_in_the_servers_list_is_told_so() {
    let Some(authority) = Authority::new() else { return };
    let list = authority.list("named.crl", &[4], (-1, 7));
    let settings = format!("ssl_verify_client on; ssl_client_certificate {}; ssl_crl {list};", authority.root);
    let Some(server) = authority.nginx(&settings) else { return };
    for (client, with_list, cause) in [
        ("client", true, Some("certificate-revoked")),
        ("client", false, Some("client-certificate-rejected")),
        ("other", true, None),
    ] {
        let (certificate, key) = (authority.path(&format!("{client}.pem")), authority.path(&format!("{client}.key")));
        let lists: &[&str] = if with_list { &["--crl", &list] } else { &[] };
        let run = authority.check("https", &server, &[&["--cert", &certificate, "--key", &key], lists].concat());
        let document = run.json();
        assert_eq!(run.causes(), cause.into_iter().collect::<Vec<_>>(), "{client} {with_list}: {document:#}");
        if cause.is_some() {
            assert_eq!(document["diagnoses"][0]["side"], "client", "{client}: {document:#}");
        }
        let (goes_on, said) = authority.real(&server, &["-cert", &certificate, "-key", &key]);
        assert_eq!(goes_on, cause.is_none(), "{client}: {said}");
    }
}

/// A configuration of each program that asks for a client certificate and looks it up.
fn configurations(authority: &Authority, list: &str) -> [(&'static str, String); 6] {
    let (root, own, key) = (&authority.root, authority.path("server.pem"), authority.path("server.key"));
    let both =
        format!("{}{}", std::fs::read_to_string(&own).expect("a file"), std::fs::read_to_string(&key).expect("a file"));
    let both = authority.shakedown.write("both.pem", both);
    let nginx = format!(
        "events {{ }}\nhttp {{ server {{ listen 443 ssl; server_name test.example; ssl_certificate {own};\n\
         ssl_certificate_key {key}; ssl_verify_client on; ssl_client_certificate {root};\nssl_crl {list};\n}} }}\n"
    );
    let haproxy = format!(
        "global\n  ca-base {}\ndefaults\n  mode http\nfrontend f\n  bind :443 ssl crt {both} verify required ca-file {root} \
         crl-file {}\n",
        std::path::Path::new(list).parent().expect("a folder").display(),
        std::path::Path::new(list).file_name().expect("a name").display(),
    );
    let apache = format!(
        "Listen 443\n<VirtualHost *:443>\nServerName test.example\nSSLEngine on\nSSLCertificateFile {own}\n\
         SSLCertificateKeyFile {key}\nSSLVerifyClient require\nSSLCACertificateFile {root}\n\
         SSLCARevocationCheck chain\nSSLCARevocationFile {list}\n</VirtualHost>\n"
    );
    let stunnel =
        format!("[web]\naccept = 443\nconnect = 80\ncert = {both}\nverify = 2\nCAfile = {root}\nCRLfile = {list}\n");
    let lighttpd = format!(
        "server.port = 443\nssl.engine = \"enable\"\nssl.pemfile = \"{both}\"\nssl.verifyclient.activate = \"enable\"\n\
         ssl.verifyclient.enforce = \"enable\"\nssl.verifyclient.ca-file = \"{root}\"\n\
         ssl.verifyclient.ca-crl-file = \"{list}\"\n"
    );
    let openvpn = format!("tls-server\ndev null\nca {root}\ncert {own}\nkey {key}\ndh none\ncrl-verify {list}\n");
    [
        ("nginx@1.22.1", nginx),
        ("haproxy@2.6.12", haproxy),
        ("apache-httpd@2.4.62", apache),
        ("stunnel@5.68", stunnel),
        ("lighttpd@1.4.69", lighttpd),
        ("openvpn@2.6.3", openvpn),
    ]
}

/// PostgreSQL leaves it to `pg_hba.conf` who has to show a certificate.
#[test]
fn a_list_of_postgresql_that_is_over_is_told() {
    let Some(authority) = Authority::new() else { return };
    let list = authority.list("list.crl", &[4], (-9, -2));
    let (root, own, key) = (&authority.root, authority.path("server.pem"), authority.path("server.key"));
    let text = format!(
        "ssl = on\nssl_cert_file = '{own}'\nssl_key_file = '{key}'\nssl_ca_file = '{root}'\nssl_crl_file = '{list}'\n"
    );
    let file = authority.shakedown.write("postgresql.conf", text);
    let run =
        authority.shakedown.run(&["negotiate", "openssl@3.0.15", &format!("postgresql@15.10/openssl-3.0.15:{file}")]);
    let says = |part: &str| run.stdout.contains(part);
    assert!(says("ended 2 days ago") && says("its clients are refused"), "{}", run.stdout);
}

#[test]
fn a_list_of_a_configuration_that_is_over_refuses_every_client() {
    let Some(authority) = Authority::new() else { return };
    for (days, is_over) in [((-1, 7), false), ((-9, -2), true)] {
        let list = authority.list("list.crl", &[4], days);
        for (program, text) in configurations(&authority, &list) {
            let file = authority.shakedown.write("server.conf", &text);
            let named = format!("{program}/openssl-3.0.15:{file}");
            let check = |named: &str| {
                let common = ["negotiate", "openssl@3.0.15", named, "--format", "json", "--host", "test.example"];
                authority.shakedown.run(&common)
            };
            let run = check(&named);
            let document = run.json();
            let expected: &[&str] = if is_over { &["revocation-unavailable"] } else { &[] };
            assert_eq!(run.causes(), expected, "{program} {days:?}: {document:#} {}", run.stderr);
            if is_over {
                assert_eq!(document["diagnoses"][0]["side"], "server", "{program}: {document:#}");
                assert!(run.stdout.contains("which ended 2 days ago"), "{program}: {document:#}");
            }
            // Where the program does not look, the list says nothing.
            if program.starts_with("apache") {
                let file = authority.shakedown.write("none.conf", text.replace("Check chain", "Check none"));
                let run = check(&format!("{program}/openssl-3.0.15:{file}"));
                assert_eq!(run.causes(), [""; 0], "{}", run.stdout);
                assert!(run.stdout.contains("SSLCARevocationCheck"), "{}", run.stdout);
            }
        }
    }
    // The real nginx does refuse a client that is in no list.
    let list = authority.list("list.crl", &[4], (-9, -2));
    let settings = format!("ssl_verify_client on; ssl_client_certificate {}; ssl_crl {list};", authority.root);
    let Some(server) = authority.nginx(&settings) else { return };
    let (certificate, key) = (authority.path("other.pem"), authority.path("other.key"));
    let (goes_on, said) = authority.real(&server, &["-cert", &certificate, "-key", &key]);
    assert!(!goes_on && said.contains("400"), "{said}");
}
