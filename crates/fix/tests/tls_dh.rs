//! Diffie-Hellman parameters that are too small for the client, or missing.

mod common;

use std::process::Command;
use std::time::Duration;

use common::{Planned, catalog, host, render};
use shakedown_config::{Disk, Files, Memory, tls_party};
use shakedown_model::{
    Applicability, CommandPlace, ConfigurationKind, Context, Fix, Known, OutcomeResult, Party, PartySource, Policy,
    Role, Side, Software, items,
};
use shakedown_testkit::peers::{self, TlsServer};
use shakedown_testkit::require;

const SMALL: &str = "-----BEGIN X9.42 DH PARAMETERS-----\n\
                   MIIBJgKBgQDiLQfF02ZUfX2O+/m/qK8Mma+66zJD9MIrzYLAg4C53f6bM7GLyN+n\n\
                   lSLd8YDTexGbGWbk9EwBYKPt6IuwzdPDIuHwf9Wo1fAHd1ZG0tVEmRzzdRwfBN9L\n\
                   i0EHCC1Wm/ceunh1f8Nrq81sdGiuD3jiM8i9E78RlrAh5AhJKOsiPwKBgGB+AVBE\n\
                   /kLdQhgMSZDorAGwLWecennOGj0Qnc7XQWV14TMjEOQbR5o2PVjGjtanLzzmevoq\n\
                   v/+46Di+R3d6BA6IDXK6jN+5RGoaiuQxxSlut4Y2neu8nqiBtpUT1j0ze4BCdjJ1\n\
                   hUZRIYTW3+Ct4D8BcgjAFOkIx/a1t0fQ4U+1Ah0ApdZox4i7l3w8O7jt0YRPaD49\n\
                   9cEEr47s+VhyeQ==\n\
                   -----END X9.42 DH PARAMETERS-----\n";
const SUITE: &str = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256";

fn of_catalog(software: &str) -> Party {
    let software: Software = software.parse().unwrap();
    let (mut policy, _) = catalog().tls_policy(&software, Role::Client).unwrap();
    policy.offer.versions = Known::Complete(items(["TLSv1.2"]));
    policy.offer.cipher_suites = Known::Complete(items([SUITE]));
    Party {
        label: software.to_string(),
        role: Role::Client,
        software: Some(software),
        source: PartySource::Catalog,
        policy: Policy::Tls(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    }
}

/// A client that takes no prime below 2048 bits and has nothing but DHE.
fn strict() -> Party {
    of_catalog("openssl@3.0.15/debian-12")
}

fn read(kind: ConfigurationKind, software: &str, path: &str, files: &dyn Files, context: &Context) -> Party {
    let software: Software = software.parse().unwrap();
    let spec = tls_party::Spec { software: &software, path, openssl_cnf: None, role: Role::Server, context };
    tls_party::gather(files, kind, &spec, catalog()).unwrap().parties.remove(0)
}

/// A server of a file in memory, with a 2048-bit RSA key, and what is planned for the strict client.
fn planned(kind: ConfigurationKind, software: &str, path: &str, text: &str) -> Planned {
    let files = Memory::new().with(path, text).with("/etc/ssl/dh.pem", SMALL);
    let mut server = read(kind, software, path, &files, &Context::default());
    let rsa = shakedown_model::tls::Certificate {
        key: Some(shakedown_model::tls::CertificateKey {
            kind: shakedown_model::tls::CertificateKeyType::Rsa,
            curve: None,
            bits: Some(2048),
        }),
        signature_digest: Some(shakedown_model::tls::Digest::Sha256),
        self_signed: Some(false),
        ..Default::default()
    };
    server.tls_mut().unwrap().offer.certificates = Known::Complete(vec![rsa]);
    common::run(&strict(), &server, &host("db01"), &[])
}

/// The fix that is about the parameters.
fn about_dh(planned: &Planned) -> &Fix {
    let of_server = |fix: &&Fix| fix.side == Side::Server && fix.title.contains("Diffie-Hellman parameters");
    let fix = planned.fixes.iter().find(of_server).unwrap_or_else(|| panic!("{}", render(planned)));
    assert_eq!(fix.outcome_after.as_ref().unwrap().result(), OutcomeResult::Agreed, "{}", render(planned));
    assert!(!fix.undo.is_empty() && !fix.verify.is_empty(), "{}", render(planned));
    fix
}

const NGINX: &str = "events {}\nhttp {\n server {\n  listen 443 ssl;\n  server_name db01;\n  ssl_certificate rsa.pem;\n  \
                     ssl_certificate_key rsa.key;\n  ssl_protocols TLSv1.2;\n  \
                     ssl_ciphers DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=1;\n }\n}\n";

#[test]
fn the_file_that_is_named_gets_a_published_group() {
    let in_nginx = NGINX.replace("listen 443 ssl;", "listen 443 ssl; ssl_dhparam /etc/ssl/dh.pem;");
    let cases = [
        (ConfigurationKind::Nginx, "nginx@1.22.1+openssl@3.0.17", "/etc/nginx/nginx.conf", in_nginx.as_str()),
        (
            ConfigurationKind::Postfix,
            "postfix@3.7.11+openssl@3.0.17",
            "/etc/postfix/main.cf",
            "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = rsa.pem\nsmtpd_tls_key_file = rsa.key\n\
             smtpd_tls_dh1024_param_file = /etc/ssl/dh.pem\ntls_medium_cipherlist = ALL:@SECLEVEL=1\n",
        ),
        (
            ConfigurationKind::Dovecot,
            "dovecot@2.3.19+openssl@3.0.17",
            "/etc/dovecot/dovecot.conf",
            "protocols = imap\nssl = required\nssl_cert = <rsa.pem\nssl_key = <rsa.key\nssl_dh = </etc/ssl/dh.pem\n\
             ssl_cipher_list = ALL:@SECLEVEL=1\n",
        ),
        (
            ConfigurationKind::PostgreSql,
            "postgresql@15.10+openssl@3.0.17",
            "/etc/postgresql/15/main/postgresql.conf",
            "ssl = on\nssl_dh_params_file = '/etc/ssl/dh.pem'\nssl_ciphers = 'ALL:@SECLEVEL=1'\n",
        ),
        (
            ConfigurationKind::Lighttpd,
            "lighttpd@1.4.69+openssl@3.0.17",
            "/etc/lighttpd/lighttpd.conf",
            "$SERVER[\"socket\"] == \":443\" {\n ssl.engine = \"enable\"\n ssl.pemfile = \"rsa.pem\"\n \
             ssl.dh-file = \"/etc/ssl/dh.pem\"\n ssl.openssl.ssl-conf-cmd = (\"CipherString\" => \
             \"ALL:@SECLEVEL=1\")\n}\n",
        ),
        (
            ConfigurationKind::Haproxy,
            "haproxy@2.6.12+openssl@3.0.17",
            "/etc/haproxy/haproxy.cfg",
            "global\n ssl-dh-param-file /etc/ssl/dh.pem\nfrontend web\n bind :443 ssl crt /etc/haproxy/rsa.pem ciphers \
             ALL:@SECLEVEL=1\n mode http\n",
        ),
    ];
    for (kind, software, path, text) in cases {
        let planned = planned(kind, software, path, text);
        assert_eq!(planned.diagnoses[0].cause, "key-too-small", "{software}: {:?}", planned.diagnoses);
        let fix = about_dh(&planned);
        let [edit] = fix.edits.as_slice() else { panic!("{software}: {}", render(&planned)) };
        assert_eq!(edit.file.path, "/etc/ssl/dh.pem", "{software}");
        let text = String::from_utf8(edit.apply()).unwrap();
        // ffdhe2048 begins so (RFC 7919 appendix A.1).
        let begins =
            "-----BEGIN DH PARAMETERS-----\nMIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz\n";
        assert!(text.starts_with(begins) && text.ends_with("-----END DH PARAMETERS-----\n"), "{software}: {text}");
        // What a Java 7 without elliptic curves is left with is told, and this server has nothing else.
        let without = fix.cuts_off.iter().all(|name| name.contains("Java 7"));
        assert!(without, "{software}: {:?}", fix.cuts_off);
    }
}

#[test]
fn the_size_that_haproxy_is_told_is_raised() {
    let text = "global\n    tune.ssl.default-dh-param 1024 # old\nfrontend web\n    bind :443 ssl crt /etc/haproxy/rsa.pem \
                ciphers ALL:@SECLEVEL=1\n    mode http\n";
    let path = "/etc/haproxy/haproxy.cfg";
    let software = "haproxy@2.6.12+openssl@3.0.17";
    let files = Memory::new().with(path, text);
    let mut server = read(ConfigurationKind::Haproxy, software, path, &files, &Context::default());
    let key = |bits| shakedown_model::tls::Certificate {
        key: Some(shakedown_model::tls::CertificateKey {
            kind: shakedown_model::tls::CertificateKeyType::Rsa,
            curve: None,
            bits: Some(bits),
        }),
        self_signed: Some(false),
        ..Default::default()
    };
    let offer = &mut server.tls_mut().unwrap().offer;
    offer.certificates = Known::Complete(vec![key(2048)]);
    offer.dh_parameters = Known::Complete(shakedown_model::tls::DhParameters::Fixed { bits: 1024 });
    let planned = common::run(&strict(), &server, &host("db01"), &[]);
    let fix = about_dh(&planned);
    let edited = String::from_utf8(fix.edits[0].apply()).unwrap();
    assert_eq!(edited, text.replace("1024 # old", "2048 # old"), "{}", render(&planned));
    // Its own prime is no larger than the key of the certificate.
    server.tls_mut().unwrap().offer.certificates = Known::Complete(vec![key(1024)]);
    let planned = common::run(&strict(), &server, &host("db01"), &[]);
    let about = |fix: &Fix| fix.title.contains("Diffie-Hellman parameters");
    assert!(!planned.fixes.iter().any(about), "{}", render(&planned));
}

#[test]
fn a_server_without_parameters_is_told_where_to_name_them() {
    let dovecot = "protocols = imap\nssl = required\nssl_cert = <rsa.pem\nssl_key = <rsa.key\n";
    let cases = [
        (ConfigurationKind::Nginx, "nginx@1.22.1+openssl@3.0.17", "/etc/nginx/nginx.conf", NGINX, "ssl_dhparam "),
        (
            ConfigurationKind::Dovecot,
            "dovecot@2.3.19+openssl@3.0.17",
            "/etc/dovecot/dovecot.conf",
            dovecot,
            "ssl_dh = </etc/dovecot/dh.pem",
        ),
    ];
    for (kind, software, path, text, told) in cases {
        let planned = planned(kind, software, path, text);
        let fix = about_dh(&planned);
        assert!(fix.commands.iter().any(|command| command.text.starts_with(told)), "{}", render(&planned));
    }
}

#[test]
fn parameters_that_the_server_s_own_library_refuses_are_replaced() {
    let text =
        NGINX.replace("listen 443 ssl;", "listen 443 ssl; ssl_dhparam /etc/ssl/dh.pem;").replace(":@SECLEVEL=1", "");
    // Debian's build is at level 2.
    let software = "nginx@1.22.1+openssl@3.0.17/debian-12";
    let planned = planned(ConfigurationKind::Nginx, software, "/etc/nginx/nginx.conf", &text);
    let fix = about_dh(&planned);
    assert_eq!(fix.edits[0].file.path, "/etc/ssl/dh.pem", "{}", render(&planned));
}

#[test]
fn who_cannot_compute_with_a_larger_prime_is_named() {
    let in_nginx = NGINX.replace("listen 443 ssl;", "listen 443 ssl; ssl_dhparam /etc/ssl/dh.pem;");
    let path = "/etc/nginx/nginx.conf";
    let files = Memory::new().with(path, in_nginx.as_str()).with("/etc/ssl/dh.pem", SMALL);
    let mut server = read(ConfigurationKind::Nginx, "nginx@1.22.1+openssl@3.0.17", path, &files, &host("db01"));
    let mut old = of_catalog("java-jsse@7u80");
    old.label = "the old client".to_owned();
    assert_eq!(old.tls().unwrap().offer.max_dh_bits, Some(1024));
    assert_eq!(of_catalog("java-jsse@8u31").tls().unwrap().offer.max_dh_bits, None);
    let rsa = shakedown_model::tls::CertificateKey {
        kind: shakedown_model::tls::CertificateKeyType::Rsa,
        curve: None,
        bits: Some(2048),
    };
    let rsa = shakedown_model::tls::Certificate { key: Some(rsa), self_signed: Some(false), ..Default::default() };
    server.tls_mut().unwrap().offer.certificates = Known::Complete(vec![rsa]);
    let planned = common::run(&strict(), &server, &host("db01"), &[old]);
    let fix = about_dh(&planned);
    assert_eq!(fix.applicability, Applicability::Manual, "{}", render(&planned));
    assert!(fix.cuts_off.iter().any(|name| name == "the old client"), "{}", render(&planned));
}

const TIME: Duration = Duration::from_secs(30);

/// The same of the real nginx: what the commands of the fix make is taken by the client that refused it before.
#[test]
fn nginx_with_the_new_file_is_reached() {
    let (Some(openssl), Some(first)) = (require("openssl"), peers::nginx(&["rsa"], "")) else { return };
    let folder = first.folder().display().to_string();
    std::fs::write(first.folder().join("dh.pem"), SMALL).unwrap();
    let text = std::fs::read_to_string(first.folder().join("nginx.conf")).unwrap();
    let settings = format!(
        "ssl_protocols TLSv1.2; ssl_ciphers DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0; ssl_dhparam {folder}/dh.pem; return 200;"
    );
    let text = text.replace("return 200;", &settings);
    let connects = |server: &TlsServer| {
        let mut command = Command::new(&openssl);
        command.args(["s_client", "-brief", "-connect", &server.address().to_string(), "-tls1_2"]);
        command.args(["-cipher", "DHE:@SECLEVEL=2"]).env("OPENSSL_CONF", "/dev/null");
        let said = shakedown_testkit::run(&mut command, b"", TIME).unwrap().text();
        (said.contains("CONNECTION ESTABLISHED"), said)
    };
    let Some(small) = peers::nginx_again(&first, &text) else { return };
    let (works, said) = connects(&small);
    assert!(!works && said.contains("dh key too small"), "{said}");
    let path = small.folder().join("nginx.conf").display().to_string();
    let software = "nginx@1.22.1+openssl@3.0.17";
    let server = read(ConfigurationKind::Nginx, software, &path, &Disk::local(), &host("test.example"));
    let planned = common::run(&strict(), &server, &host("test.example"), &[]);
    let fix = about_dh(&planned);
    for edit in &fix.edits {
        std::fs::write(&edit.file.path, edit.apply()).unwrap();
    }
    for command in fix.commands.iter().filter(|command| command.place == CommandPlace::ServerShell) {
        if command.text.starts_with("nginx") {
            continue;
        }
        let mut shell = Command::new("sh");
        let done = shakedown_testkit::run(shell.args(["-e", "-c", &command.text]), b"", TIME).unwrap();
        assert!(done.status.is_some_and(|status| status.success()), "{}: {}", command.text, done.text());
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let Some(large) = peers::nginx_again(&small, &text) else { return };
    let (works, said) = connects(&large);
    assert!(works, "{said}\n{}", render(&planned));
}
