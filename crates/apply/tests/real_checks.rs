//! The programs' own checks on a private copy: a good file passes, a bad one does not, and neither is in use.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shakedown_apply::{Real, Request, StepError, Store, Transaction};
use shakedown_model::{ConfigurationKind, FileEdit, SourceFile, TextEdit};
use shakedown_testkit::require;

/// A change of one word in a file that the main file includes, or in the main file itself.
fn checked(
    kind: ConfigurationKind,
    files: &[(&str, &str)],
    place: &Path,
    old: &str,
    new: &str,
) -> Result<String, StepError> {
    for (name, text) in files {
        let path = place.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("PLACE", &place.display().to_string())).unwrap();
    }
    let read: Vec<_> = files.iter().map(|(name, _)| place.join(name)).collect();
    let path = read.last().unwrap();
    let text = std::fs::read(path).unwrap();
    let at = String::from_utf8_lossy(&text).find(old).unwrap();
    let file = Arc::new(SourceFile::new(path.display().to_string(), text.clone()));
    let edits = vec![TextEdit { span: at..at + old.len(), replacement: new.to_owned() }];
    let request = Request {
        title: "a change".into(),
        causes: Vec::new(),
        applicability: "safe",
        by: "test".into(),
        kind,
        read: read.clone(),
        edits: vec![FileEdit { file, edits }],
        host: "localhost".into(),
        home: None,
        reload: Some("true".into()),
        restart: None,
        limit: Duration::from_secs(60),
        confirm_within: None,
        exception: None,
    };
    let locked = Store::new(place.join("state")).lock().unwrap();
    let system = Real::default();
    let mut transaction = Transaction::plan(&locked, &system, &request).unwrap();
    transaction.back_up().unwrap();
    let checked = transaction.check();
    assert_eq!(std::fs::read(path).unwrap(), text, "only the copy was changed");
    assert!(!place.join("state").read_dir().unwrap().flatten().any(|entry| entry.path().is_dir()), "no copy is left");
    transaction.roll_back("done").unwrap();
    checked
}

/// The good change passes, the bad one is refused with the program's own words.
fn passes_and_fails(kind: ConfigurationKind, files: &[(&str, &str)], old: &str, good: &str, bad: &str, says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let passed = checked(kind, files, &place, old, good);
    assert!(passed.is_ok(), "{kind:?}: {passed:?}");
    match checked(kind, files, &place, old, bad) {
        Err(StepError::Check { said, .. }) => assert!(said.contains(says), "{kind:?}: {said}"),
        other => panic!("{kind:?}: {other:?}"),
    }
}

#[test]
fn ssh_checks_each_file_that_changes() {
    if require("ssh").is_none() {
        return;
    }
    let files = [("config", "Include PLACE/d/*\n"), ("d/one", "Host a\n  Ciphers aes128-cbc\n")];
    let (good, bad) = ("aes128-ctr", "aes128-xyz");
    passes_and_fails(ConfigurationKind::SshConfig, &files, "aes128-cbc", good, bad, "Bad SSH2 cipher spec");
}

#[test]
fn sshd_checks_its_main_file_with_what_it_includes() {
    if require("sshd").is_none() || require("ssh-keygen").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = shakedown_testkit::generate_key(shakedown_testkit::KeyType::Ed25519, folder.path()).unwrap();
    let main = format!("Include PLACE/d/*.conf\nHostKey {}\n", key.display());
    let files = [("sshd_config", main.as_str()), ("d/one.conf", "Ciphers aes128-cbc\n")];
    let (good, bad) = ("aes128-ctr", "aes128-xyz");
    passes_and_fails(ConfigurationKind::SshdConfig, &files, "aes128-cbc", good, bad, "Bad SSH2 cipher spec");
}

#[test]
fn nginx_finds_what_stands_beside_its_main_file() {
    if require("nginx").is_none() {
        return;
    }
    let main = "pid PLACE/pid; error_log stderr; events {}\nhttp { access_log off; include mime.types; include sites/*;\n\
        client_body_temp_path PLACE; proxy_temp_path PLACE; fastcgi_temp_path PLACE; uwsgi_temp_path PLACE;\n\
        scgi_temp_path PLACE; }\n";
    let site = "server { listen 127.0.0.1:1; tcp_nodelay on; }\n";
    let files = [("nginx.conf", main), ("mime.types", "types { text/plain txt; }\n"), ("sites/one", site)];
    passes_and_fails(
        ConfigurationKind::Nginx,
        &files,
        "tcp_nodelay on",
        "tcp_nodelay off",
        "tcp_nodelay perhaps",
        "invalid value",
    );
}

#[test]
fn haproxy_checks_a_copy() {
    if require("haproxy").is_none() {
        return;
    }
    let main = "defaults\n  mode http\n  timeout client 1s\n  timeout connect 1s\n  timeout server 1s\nfrontend a\n  bind 127.0.0.1:1\n  default_backend b\nbackend b\n  balance roundrobin\n";
    let files = [("haproxy.cfg", main)];
    passes_and_fails(
        ConfigurationKind::Haproxy,
        &files,
        "roundrobin",
        "leastconn",
        "sideways",
        "balance only supports",
    );
}

#[test]
fn dovecot_checks_a_copy() {
    if require("doveconf").is_none() {
        return;
    }
    // Its own users are not there where it is not installed.
    let main = "default_login_user = nobody\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\n\
        !include_try PLACE/d/*.conf\n";
    let files = [("dovecot.conf", main), ("d/one.conf", "ssl = no\n")];
    passes_and_fails(ConfigurationKind::Dovecot, &files, "ssl = no", "ssl = yes", "ssl = perhaps", "perhaps");
}

#[test]
fn apache_checks_a_copy_with_what_its_root_holds() {
    let Some(apache) = require("apache2") else { return };
    let unpacked = shakedown_testkit::peers_dir().join("debian/usr/lib/apache2/modules");
    let modules = if unpacked.is_dir() { unpacked } else { "/usr/lib/apache2/modules".into() };
    let modules: String = ["mpm_event", "authz_core", "ssl"]
        .iter()
        .map(|name| format!("LoadModule {name}_module {}/mod_{name}.so\n", modules.display()))
        .collect();
    // The main file is not in the folder in which the names of includes begin, as Red Hat has it.
    let main = format!(
        "ServerRoot \"PLACE\"\n{modules}Listen 127.0.0.1:1\nServerName a\nErrorLog /dev/stderr\nIncludeOptional conf.d/*.conf\n"
    );
    let files = [("conf/httpd.conf", main.as_str()), ("conf.d/tls.conf", "SSLProtocol -all +TLSv1.2\n")];
    assert!(apache.is_file());
    let (good, bad) = ("-all +TLSv1.3", "-all +TLSv9");
    passes_and_fails(ConfigurationKind::Apache, &files, "-all +TLSv1.2", good, bad, "Illegal protocol");
}

#[test]
fn a_file_that_no_include_leads_to_is_not_taken_for_checked() {
    if require("apache2").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let files =
        [("httpd.conf", "ServerRoot PLACE\nInclude ${ELSEWHERE}/*.conf\n"), ("d/tls.conf", "SSLProtocol all\n")];
    let checked = checked(ConfigurationKind::Apache, &files, &place, "all", "-all");
    assert!(matches!(&checked, Err(StepError::Apart { path }) if path.ends_with("d/tls.conf")), "{checked:?}");
}

#[test]
fn openssl_reads_a_copy() {
    if require("openssl").is_none() {
        return;
    }
    let text =
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\nMinProtocol = TLSv1.3\n";
    let (good, bad) = ("MinProtocol = TLSv1.2", "[MinProtocol = TLSv1.2");
    let says = "missing close square bracket";
    passes_and_fails(ConfigurationKind::OpenSslCnf, &[("client.cnf", text)], "MinProtocol = TLSv1.3", good, bad, says);
}
