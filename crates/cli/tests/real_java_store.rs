//! A Java of this machine has a store of authorities of its own: what it trusts is not what the machine trusts.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use shakedown_testkit::peers::openssl_s_server;
use shakedown_testkit::program;
use support::Shakedown;

/// A home of Java with this one store, over the machine's own runtime.
fn home(folder: &Path, trusted: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let keytool = program("java")?.canonicalize().ok()?.with_file_name("keytool");
    let (bin, security) = (folder.join("bin"), folder.join("lib/security"));
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&security).unwrap();
    let script = bin.join("keytool");
    std::fs::write(&script, format!("#!/bin/sh\nexec '{}' \"$@\"\n", keytool.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut import = Command::new(&keytool);
    import.args(["-importcert", "-noprompt", "-storepass", "changeit", "-alias", "own", "-keystore"]);
    let made = import.arg(security.join("cacerts")).arg("-file").arg(trusted).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    Some(folder.to_path_buf())
}

/// The causes of each client.
fn causes(document: &Value) -> Vec<(String, Vec<String>)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let pairs = list(&document["pairs"]);
    let of = |place: usize| {
        let all = list(&document["diagnoses"]);
        let own = all.iter().filter(|one| one["pair"].as_u64() == Some(place as u64)).cloned().collect::<Vec<_>>();
        own.iter().map(|one| format!("{} {}", one["cause"].as_str().unwrap(), one["side"].as_str().unwrap())).collect()
    };
    let label = |pair: &Value| {
        let place = usize::try_from(pair["client"].as_u64().unwrap()).unwrap();
        document["parties"][place]["label"].as_str().unwrap().to_owned()
    };
    pairs.iter().enumerate().map(|(place, pair)| (label(pair), of(place))).collect()
}

#[test]
fn a_java_with_a_store_of_its_own_is_judged_by_it() {
    let (Some(server), Some(other)) = (openssl_s_server(&["rsa"], &[]), openssl_s_server(&["rsa"], &[])) else {
        return;
    };
    let [own, stranger] = [&server, &other].map(|one| one.folder().join("rsa.pem"));
    let folder = tempfile::tempdir().unwrap();
    // One Java trusts what the machine does not; the machine's other ones, if any, are as they are.
    for (machine, java, expected) in [(&own, &stranger, "certificate-untrusted client"), (&stranger, &own, "")] {
        let folder = folder.path().join(if expected.is_empty() { "a" } else { "b" });
        let Some(home) = home(&folder, java) else {
            assert!(std::env::var_os("CI").is_none(), "there is no Java");
            return;
        };
        let url = format!("tls://{}", server.address());
        let arguments = ["check", &url, "--sni", "test.example", "--format", "json", "--timeout", "60s"];
        let environment = [("SSL_CERT_FILE", machine.as_os_str()), ("JAVA_HOME", home.as_os_str())];
        let document = Shakedown::new().run_with(&arguments, &environment).json();
        let script = home.join("bin/keytool").canonicalize().unwrap().display().to_string();
        let parties = document["parties"].as_array().unwrap();
        let place = parties.iter().position(|party| party["source"]["program"] == *script).unwrap();
        let label = parties[place]["label"].as_str().unwrap();
        let all = causes(&document);
        let pairs = document["pairs"].as_array().unwrap();
        let at = pairs.iter().position(|pair| pair["client"].as_u64() == Some(place as u64)).unwrap();
        let expected: Vec<&str> = [expected].into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(all[at].1, expected, "{label}: {document:#}");
        let openssl = all.iter().find(|(label, _)| label.starts_with("local OpenSSL")).unwrap();
        assert_eq!(openssl.1.is_empty(), !expected.is_empty(), "{document:#}");
        if !expected.is_empty() {
            let fixes = document["fixes"].as_array().unwrap();
            let imports = |fix: &&Value| fix.to_string().contains("keytool -importcert -keystore");
            let fix = fixes.iter().find(imports).unwrap_or_else(|| panic!("{document:#}"));
            assert_eq!(fix["applicability"], "manual");
        }
    }
}
