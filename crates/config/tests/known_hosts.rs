//! Look-ups in `known_hosts` files that `ssh-keygen` has made.

use std::process::Command;

use shakedown_config::Disk;
use shakedown_config::openssh::known_hosts::{lookup, revoked};
use shakedown_model::KnownHostMark;

#[test]
fn entries_hashed_by_ssh_keygen_are_found() {
    let Some(keygen) = shakedown_testkit::require("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let made = Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let listed = Command::new(&keygen).arg("-lf").arg(&key).output().unwrap();
    let fingerprint = String::from_utf8_lossy(&listed.stdout).split(' ').nth(1).unwrap().to_owned();
    let path = folder.path().join("known_hosts");
    std::fs::write(&path, format!("db.example.org,192.0.2.7 {public}[db.example.org]:2222 {public}")).unwrap();
    let hashed = Command::new(&keygen).arg("-Hf").arg(&path).output().unwrap();
    assert!(hashed.status.success());
    assert!(!std::fs::read_to_string(&path).unwrap().contains("db.example.org"));
    let paths = [path.display().to_string()];
    for name in ["db.example.org", "DB.Example.org", "192.0.2.7", "[db.example.org]:2222"] {
        let found = lookup(&Disk::local(), &paths, name);
        assert_eq!(found.keys.len(), 1, "{name}");
        assert_eq!(found.keys[0].fingerprint, fingerprint);
        assert_eq!((found.keys[0].key_type.as_str(), found.keys[0].mark), ("ssh-ed25519", KnownHostMark::None));
    }
    assert!(lookup(&Disk::local(), &paths, "other.example.org").keys.is_empty());
}

#[test]
fn a_revocation_list_of_ssh_keygen_revokes_what_ssh_keygen_says() {
    let Some(keygen) = shakedown_testkit::require("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let names = ["whole", "sha256", "sha1", "free", "authority"];
    let fingerprints = names.map(|name| {
        let mut make = Command::new(&keygen);
        make.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(at(name));
        assert!(make.status().unwrap().success());
        let listed = Command::new(&keygen).arg("-lf").arg(at(name)).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).split(' ').nth(1).unwrap().to_owned()
    });
    let public = |name: &str| std::fs::read_to_string(at(name).with_extension("pub")).unwrap();
    let specification = format!(
        "key: {}sha256: {}sha1: {}serial: 7\nserial: 10-20\nid: old.example.org\n",
        public("whole"),
        public("sha256"),
        public("sha1")
    );
    std::fs::write(at("specification"), specification).unwrap();
    let mut make = Command::new(&keygen);
    make.args(["-q", "-k", "-f"]).arg(at("list")).arg("-s").arg(at("authority.pub")).arg(at("specification"));
    assert!(make.status().unwrap().success());
    let found = revoked(&Disk::local(), &at("list").display().to_string()).unwrap();
    assert!(found.others >= 3, "{found:?}");
    for (name, fingerprint) in names.iter().zip(&fingerprints) {
        let mut ask = Command::new(&keygen);
        ask.args(["-Q", "-f"]).arg(at("list")).arg(at(name).with_extension("pub"));
        let theirs = String::from_utf8_lossy(&ask.output().unwrap().stdout).contains("REVOKED");
        let ours = found.keys.iter().any(|key| key.fingerprint == *fingerprint && key.mark == KnownHostMark::Revoked);
        // A SHA-1 hash cannot be held against a fingerprint of SHA-256.
        assert_eq!(theirs, ours || *name == "sha1", "{name}: {found:?}");
    }
}
