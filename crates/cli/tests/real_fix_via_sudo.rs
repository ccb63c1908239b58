//! `shakedown fix --via --via-sudo`: a user without rights, a real sudo, and a server whose file only the superuser reads.
//! Users, `sudoers` and sshd are those of namespaces of their own.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use shakedown_testkit::peers::OwnMachine;
use shakedown_testkit::{KeyType, generate_key, peers_dir, require, run};

const SCRIPT: &str = r#"
ip link set lo up
for file in passwd shadow sudoers; do mount --bind "$PWD/$file" /etc/$file; done
mkdir -p /run/sshd
for end in way server; do
  touch $end/log
  "$SSHD" -D -e -f "$PWD/$end/sshd_config" 2> $end/log &
  await $end/log $! 'Server listening'
  eval $end=$!
done
set +e
fix() {
  name=$1 user=$2; shift 2
  "$SHAKEDOWN" fix "$@" --via "ssh://$user@127.0.0.1:2200" -F "$PWD/config" --state "$PWD/state" > $name 2> $name.error
  echo $? > $name.status
  sha256sum < server/sshd_config > $name.file
}
server="ssh://127.0.0.1:2201 $PWD/server/sshd_config"
sha256sum < server/sshd_config > before.file
fix without plain $server --apply
fix refused other $server --apply --via-sudo
fix made plain $server --apply --via-sudo --confirm-within never --format json
id=$(sed -n 's/^ *"id": "\(2[0-9]*-[0-9]*\)".*/\1/p' made | head -1)
fix list plain --list --via-sudo
fix undone plain --undo "$id" --via-sudo
mv there/shakedown elsewhere
fix missing plain $server --via-sudo
fix sent plain $server --via-sudo --send-binary --apply --confirm-within never
ls -A there/tmp > left
"#;

const SUDOERS: &str =
    "Defaults env_reset, use_pty, secure_path=\"PATH\"\nroot ALL=(ALL:ALL) ALL\nplain ALL=(root) NOPASSWD: ALL\n";

struct Lab(tempfile::TempDir, String);

impl Lab {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn status(&self, name: &str) -> String {
        self.read(&format!("{name}.status")).trim().to_owned()
    }

    /// What a step printed, with the reason of it.
    fn of(&self, name: &str) -> String {
        format!(
            "--- {name}\n{}{}{}\n{}",
            self.read(name),
            self.read(&format!("{name}.error")),
            self.1,
            self.read("way/log")
        )
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn lab(machine: &OwnMachine, sshd: &Path, sudo: &Path) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    // The users have to come to their program, and to nothing of the server's.
    mode(folder.path(), 0o755);
    let place = |name: &str| folder.path().join(name);
    let text = |name: &str| place(name).display().to_string();
    for name in ["way", "server", "there", "there/tmp"] {
        fs::create_dir(place(name)).unwrap();
    }
    mode(&place("there/tmp"), 0o1777);
    fs::copy(env!("CARGO_BIN_EXE_shakedown"), place("there/shakedown")).unwrap();
    let of = |name: &str| generate_key(KeyType::Ed25519, &place(name)).unwrap();
    let keys = [of("way"), of("server")];
    let status = Command::new(require("ssh-keygen").unwrap())
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &text("key")])
        .status()
        .unwrap();
    assert!(status.success());
    let known = |key: &Path, port: u16| {
        format!("[127.0.0.1]:{port} {}", fs::read_to_string(key.with_extension("pub")).unwrap())
    };
    fs::write(place("known_hosts"), known(&keys[0], 2200) + &known(&keys[1], 2201)).unwrap();
    let config = format!(
        "IdentityFile {}\nIdentitiesOnly yes\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\n\
         StrictHostKeyChecking yes\n",
        text("key"),
        text("known_hosts")
    );
    fs::write(place("config"), config).unwrap();
    let own = |port: u16, key: &Path| {
        let key = key.display();
        format!("Port {port}\nListenAddress 127.0.0.1\nUsePAM no\nStrictModes no\nPidFile none\nHostKey {key}\n")
    };
    let bin = peers_dir().join("bin");
    let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", text("there"), bin.display());
    let (authorised, there) = (text("key.pub"), text("there"));
    let way = format!(
        "{}AuthorizedKeysFile {authorised}\nSetEnv PATH={there}:/usr/bin:/bin TMPDIR={there}/tmp\n",
        own(2200, &keys[0])
    );
    fs::write(place("way/sshd_config"), way).unwrap();
    fs::write(place("server/sshd_config"), format!("Ciphers aes128-cbc\n{}", own(2201, &keys[1]))).unwrap();
    mode(&place("server"), 0o700);
    mode(&place("server/sshd_config"), 0o600);
    let system = |name: &str, more: &str| {
        let text = fs::read_to_string(Path::new("/etc").join(name)).unwrap();
        fs::write(place(name), format!("{}\n{more}", text.trim_end())).unwrap();
    };
    system("passwd", "plain:x:47111:47111::/:/bin/sh\nother:x:47112:47112::/:/bin/sh\n");
    // No password, and not locked.
    system("shadow", "plain:*:19000:0:99999:7:::\nother:*:19000:0:99999:7:::\n");
    fs::write(place("sudoers"), SUDOERS.replace("PATH", &path)).unwrap();
    mode(&place("shadow"), 0o640);
    mode(&place("sudoers"), 0o440);
    let mut command = machine.script(folder.path(), SCRIPT);
    let here = std::env::var_os("PATH").unwrap_or_default();
    let all = [bin, sudo.parent().unwrap().to_owned()].into_iter().chain(std::env::split_paths(&here));
    command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env("PATH", std::env::join_paths(all).unwrap());
    let finished = run(command.env("SSHD", sshd), b"", Duration::from_secs(200)).expect("unshare runs");
    Lab(folder, finished.text())
}

#[test]
fn a_user_without_rights_changes_a_server_by_sudo_and_no_other_way() {
    let (Some(sshd), Some(sudo)) = (require("sshd"), require("sudo")) else { return };
    let Some(machine) = OwnMachine::find() else { return };
    let lab = lab(&machine, &sshd, &sudo);
    let before = lab.read("before.file");
    assert!(!before.is_empty(), "{}", lab.of("without"));

    // By his own rights the user does not even read the file.
    assert_eq!(lab.status("without"), "2", "{}", lab.of("without"));
    assert!(lab.read("without.error").contains("Permission denied"), "{}", lab.of("without"));
    // Somebody whom sudo does not know.
    assert_eq!(lab.status("refused"), "2", "{}", lab.of("refused"));
    let said = lab.read("refused.error");
    assert!(said.contains("a password is required") || said.contains("not in the sudoers"), "{}", lab.of("refused"));
    for name in ["without", "refused"] {
        assert_eq!(lab.read(&format!("{name}.file")), before, "{}", lab.of(name));
    }

    assert_eq!(lab.status("made"), "0", "{}", lab.of("made"));
    assert!(lab.read("made").contains("`ssh` connects"), "{}", lab.of("made"));
    assert_ne!(lab.read("made.file"), before);
    assert_eq!(lab.status("list"), "0", "{}", lab.of("list"));
    assert!(lab.read("list").contains("by root, for plain"), "{}", lab.of("list"));
    assert_eq!(lab.status("undone"), "0", "{}", lab.of("undone"));
    assert_eq!(lab.read("undone.file"), before, "{}", lab.of("undone"));

    // No program there: sudo's own words for that are understood, and one can be sent.
    assert_eq!(lab.status("missing"), "2", "{}", lab.of("missing"));
    assert!(lab.read("missing.error").contains("there is no `shakedown` on the `PATH`"), "{}", lab.of("missing"));
    assert_eq!(lab.status("sent"), "0", "{}", lab.of("sent"));
    assert_eq!(lab.read("left"), "", "{}", lab.of("sent"));
}
