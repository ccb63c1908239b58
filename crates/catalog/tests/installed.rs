//! The catalog against the OpenSSH of this machine.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::process::Command;

use shakedown_catalog::Catalog;
use shakedown_model::ssh::SshPolicy;
use shakedown_model::{Item, Known, Name, Role, Software};

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output().ok()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if arguments == ["-V"] {
        text = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    (!text.is_empty()).then_some(text)
}

/// The software of this machine's `ssh`, where the catalog has a build for it.
fn installed(catalog: &Catalog) -> Option<Software> {
    let Some(version) = run("ssh", &["-V"]) else {
        assert!(std::env::var_os("CI").is_none(), "CI installs OpenSSH, but there is no `ssh`");
        eprintln!("skipped: there is no `ssh` here");
        return None;
    };
    let software = catalog.identify(format!("SSH-2.0-{}", version.split(',').next().unwrap()));
    match software {
        Some(software) if software.build() == Some("debian-12") => Some(software),
        other => {
            eprintln!("skipped: the truth of this test is Debian 12's OpenSSH, here is {other:?}");
            None
        }
    }
}

fn written(list: &Known<Vec<Item>>) -> Vec<String> {
    let names = list.complete().unwrap().iter().map(|item| item.name.as_str());
    names.filter(|name| !shakedown_model::ssh::is_marker(name)).map(str::to_owned).collect()
}

fn value(text: &str, keyword: &str) -> Vec<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(keyword)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {keyword}")).split(',').map(str::to_owned).collect()
}

fn compare(policy: &SshPolicy, effective: &str) {
    assert_eq!(written(&policy.offer.kex), value(effective, "kexalgorithms"));
    assert_eq!(written(&policy.offer.cipher_c2s), value(effective, "ciphers"));
    assert_eq!(written(&policy.offer.mac_c2s), value(effective, "macs"));
    assert_eq!(written(&policy.offer.public_key_auth), value(effective, "pubkeyacceptedalgorithms"));
    assert_eq!(policy.offer.min_rsa_bits.unwrap().to_string(), value(effective, "requiredrsasize")[0]);
}

#[test]
fn the_client_defaults_are_those_of_ssh_g() {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    let Some(software) = installed(&catalog) else { return };
    let (policy, resolved) = catalog.ssh_policy(&software, Role::Client).unwrap();
    assert!(resolved.exact);
    let effective = run("ssh", &["-G", "-F", "/dev/null", "host.invalid"]).unwrap();
    compare(&policy, &effective);
    assert_eq!(written(&policy.offer.host_key), value(&effective, "hostkeyalgorithms"));
}

#[test]
fn the_server_defaults_are_those_of_sshd_t() {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    let Some(software) = installed(&catalog) else { return };
    let folder = std::env::temp_dir().join(format!("shakedown-catalog-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = folder.join("key");
    let key = key.to_str().unwrap();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", key]).status().unwrap();
    assert!(made.success());
    let program =
        ["/usr/sbin/sshd", "sshd"].into_iter().find_map(|program| run(program, &["-T", "-f", "/dev/null", "-h", key]));
    std::fs::remove_dir_all(&folder).unwrap();
    let Some(effective) = program else {
        assert!(std::env::var_os("CI").is_none(), "CI installs OpenSSH, but there is no `sshd`");
        eprintln!("skipped: there is no `sshd` here");
        return;
    };
    let (policy, _) = catalog.ssh_policy(&software, Role::Server).unwrap();
    compare(&policy, &effective);
}

#[test]
fn what_is_supported_is_what_ssh_q_says() {
    let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
    let Some(software) = installed(&catalog) else { return };
    let (policy, _) = catalog.ssh_policy(&software, Role::Client).unwrap();
    for (query, list) in [
        ("kex", &policy.supported.kex),
        ("cipher", &policy.supported.cipher),
        ("mac", &policy.supported.mac),
        ("HostKeyAlgorithms", &policy.supported.host_key),
    ] {
        let mut wanted: Vec<Name> = run("ssh", &["-Q", query]).unwrap().lines().map(Name::new).collect();
        let mut found = list.complete().unwrap().clone();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "ssh -Q {query}");
    }
}
