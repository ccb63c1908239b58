//! `shakedown fix --apply` where the machine does not let it: a file system that is only read, files and servers of
//! somebody else. Nothing is lost, and the reason is said.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use shakedown_testkit::peers::{OwnMachine, SshdSpec, sshd};
use shakedown_testkit::{KeyType, generate_key, require, run};

/// A run on files that lie in `$PWD/place`; whether they are as before, and what else lies there then.
const FUNCTIONS: &str = r#"
ip link set lo up
set +e
fix() {
  "$@" 2>&1; echo "status $?"
  for file in config sshd_config; do cmp old/$file place/$file && echo "same $file"; done
  ls -A place | sed 's/^/left: /'
}
sshd() {
  mkdir -p /run/sshd
  touch sshd.log
  "$SSHD" -D -e -f "$PWD/place/sshd_config" 2>> sshd.log &
  server=$!
  await sshd.log $server 'Server listening'
}
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
"#;

/// A server and a client that do not agree on a cipher, in a folder that everybody reads.
fn place(folder: &Path) {
    let path = |name: &str| folder.join(name);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["place", "old", "keys", "state"] {
        fs::create_dir(path(name)).unwrap();
    }
    fs::set_permissions(path("state"), fs::Permissions::from_mode(0o777)).unwrap();
    let key = generate_key(KeyType::Ed25519, &path("keys")).unwrap();
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(path("known_hosts"), format!("[127.0.0.1]:2201 {public}")).unwrap();
    let known = path("known_hosts").display().to_string();
    let client = format!(
        "Ciphers aes128-cbc\nUserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n"
    );
    let server = format!(
        "Port 2201\nListenAddress 127.0.0.1\nUsePAM no\nStrictModes no\nPidFile none\nHostKey {}\nCiphers aes128-ctr\n",
        key.display()
    );
    for folder in ["place", "old"] {
        fs::write(path(folder).join("config"), &client).unwrap();
        fs::write(path(folder).join("sshd_config"), &server).unwrap();
    }
    fs::copy(env!("CARGO_BIN_EXE_shakedown"), path("shakedown")).unwrap();
}

fn told(machine: &OwnMachine, script: &str) -> Option<String> {
    let (sshd, _) = (require("sshd")?, require("setpriv")?);
    let folder = tempfile::tempdir().unwrap();
    place(folder.path());
    let mut command = machine.script(folder.path(), &format!("{FUNCTIONS}{script}"));
    let finished = run(command.env("SSHD", sshd), b"", Duration::from_secs(100)).expect("unshare runs");
    Some(finished.text())
}

#[test]
fn a_file_system_that_is_only_read_is_left_alone() {
    let Some(machine) = OwnMachine::find() else { return };
    let script = r#"
sshd
mount --bind place place && mount -o remount,bind,ro place || exit 9
fix ./shakedown fix ssh://127.0.0.1:2201 --apply -F "$PWD/place/config" --state "$PWD/state"
# The journal on it too.
mount --bind state state && mount -o remount,bind,ro state || exit 9
fix ./shakedown fix ssh://127.0.0.1:2201 --apply -F "$PWD/place/config" --state "$PWD/state"
"#;
    let Some(said) = told(&machine, script) else { return };
    assert_eq!(said.matches("same config").count(), 2, "{said}");
    assert_eq!(said.matches("Read-only file system").count(), 2, "{said}");
    // Nothing is begun: it is known before.
    assert!(said.matches("status 2").count() == 2 && !said.contains("left: .config"), "{said}");
    assert!(said.contains("place/config` cannot be written") && said.contains("the state folder"), "{said}");
}

#[test]
fn files_and_servers_of_somebody_else_are_left_alone() {
    let Some(machine) = OwnMachine::find() else { return };
    let script = r#"
sshd
# A file that he only reads.
fix nobody ./shakedown fix ssh://127.0.0.1:2201 --apply -F "$PWD/place/config" --state "$PWD/state/one"
# A server's file that is his, and a server that is not.
sed -i 's/aes128-ctr/aes128-cbc/' old/sshd_config place/sshd_config
sed -i 's/aes128-cbc/aes128-ctr/' old/config place/config
chown -R 65534:65534 place keys
: > sshd.log
kill -HUP $server
await sshd.log $server 'Server listening'
fix nobody ./shakedown fix ssh://127.0.0.1:2201 "$PWD/place/sshd_config" --apply -F "$PWD/place/config" --state "$PWD/state/two"
"#;
    let Some(said) = told(&machine, script) else { return };
    assert_eq!((said.matches("same config").count(), said.matches("same sshd_config").count()), (2, 2), "{said}");
    assert!(said.contains("place/config` belongs to user 0"), "{said}");
    assert!(said.contains("belongs to another user: run this as root"), "{said}");
    assert!(said.matches("status 2").count() == 2 && !said.contains("left: ."), "{said}");
}

/// A file that the main one includes, by a link: the change is in the file itself, and the link stays one.
#[test]
fn an_included_file_behind_a_link_is_changed_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("conf.d")).unwrap();
    fs::create_dir(path("elsewhere")).unwrap();
    fs::write(path("elsewhere/ciphers"), "# ours\r\nCiphers aes128-cbc\r\n").unwrap();
    std::os::unix::fs::symlink("../elsewhere/ciphers", path("conf.d/10-ciphers.conf")).unwrap();
    let include = format!("Include {}/*.conf\n", path("conf.d").display());
    let Some(server) = sshd(&SshdSpec::with_config(include)) else { return };
    let main = fs::read(server.config()).unwrap();
    let (target, file) = (format!("ssh://127.0.0.1:{}", server.port()), server.config().display().to_string());
    let state = path("state").display().to_string();
    let shakedown = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shakedown"));
        let finished = run(command.args(words).args(["--state", &state]), b"", Duration::from_secs(100)).unwrap();
        (finished.status.and_then(|status| status.code()), finished.text())
    };
    let (status, said) = shakedown(&["fix", &target, &file, "--apply", "-F", "/dev/null"]);
    assert_eq!(status, Some(0), "{said}\n{}", server.log());
    let changed = fs::read_to_string(path("elsewhere/ciphers")).unwrap();
    assert!(changed.starts_with("# ours\r\nCiphers ") && changed.ends_with("\r\n"), "{changed:?}");
    assert!(changed.contains("aes128-cbc") && changed != "# ours\r\nCiphers aes128-cbc\r\n", "{changed:?}");
    assert!(path("conf.d/10-ciphers.conf").is_symlink());
    assert_eq!(fs::read(server.config()).unwrap(), main);
    let (_, list) = shakedown(&["fix", "--list"]);
    let (status, said) = shakedown(&["fix", "--undo", list.split_whitespace().next().unwrap()]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(fs::read_to_string(path("elsewhere/ciphers")).unwrap(), "# ours\r\nCiphers aes128-cbc\r\n");
}
