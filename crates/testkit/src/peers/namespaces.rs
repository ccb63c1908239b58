use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::run;
use crate::program::{peers_dir, require, skipped};

/// A machine with files, a network and processes of its own, which its superuser may set up as he likes.
#[derive(Clone, Copy, Debug)]
pub struct OwnMachine(());

impl OwnMachine {
    /// Looks for the right to make one; `None` after saying what the test is skipped for. Only root can: in a namespace of
    /// users there is nobody else to become.
    ///
    /// # Panics
    /// Where it is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
    pub fn find() -> Option<Self> {
        if !is_root() {
            skipped("other users are needed: run the tests as root");
            return None;
        }
        may_be_made().then_some(Self(()))
    }

    /// A `bash` script on it, ended with all that it started. It runs in the folder, and has a function `await FILE PROCESS
    /// TEXT [OUTPUT]` that waits until the text stands in a file that a process writes.
    pub fn script(&self, folder: &Path, text: &str) -> Command {
        script(folder, "", text)
    }
}

/// Whether scripts can be run in namespaces of their own here; says what the test is skipped for where they cannot.
///
/// # Panics
/// Where something is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
pub(super) fn may_be_made() -> bool {
    if ["unshare", "nsenter", "ip", "bash"].iter().any(|tool| require(tool).is_none()) {
        return false;
    }
    let tried = run(Command::new("unshare").args([kinds(), "true"]), b"", Duration::from_secs(60));
    let made = tried.is_ok_and(|finished| finished.status.is_some_and(|status| status.success()));
    if !made {
        skipped("`unshare` may not make namespaces here: run the tests as root or allow user namespaces");
    }
    made
}

/// A `bash` script in namespaces of files, network and processes of its own, ended with all that it started. It runs in the
/// folder, with these functions, and the folders of the unpacked packages lie over the system's own.
pub(super) fn script(folder: &Path, functions: &str, script: &str) -> Command {
    let packages = peers_dir().join("debian/usr");
    let unpacked = packages.join("lib/ipsec").is_dir();
    let mut command = Command::new("unshare");
    command
        .arg(kinds())
        .args(["--kill-child", "--mount-proc", "bash", "-c"])
        .arg(format!("{OVERLAY}{functions}{script}"))
        .current_dir(folder)
        .env("PACKAGES", if unpacked { packages.as_path() } else { Path::new("") });
    command
}

/// A file system, a network and processes of its own; root needs no user namespace for them.
fn kinds() -> &'static str {
    if is_root() { "-mnpf" } else { "-Urmnpf" }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// `await FILE PROCESS TEXT [OUTPUT]` waits until the text stands in a file that a process writes; where that ends without
/// it, it shows its output. `wire [PREFIX]` makes a second network with a wire to it: 192.0.2.1 is the initiator at this end,
/// 192.0.2.2 the responder at the other, and `at END COMMAND...` runs a command at an end.
const OVERLAY: &str = r#"
set -e
if [ -n "$PACKAGES" ]; then
  for part in lib libexec; do mount -t overlay overlay -o "lowerdir=$PACKAGES/$part:/usr/$part" /usr/$part; done
fi
await() {
  grep -qm1 "$3" <(tail -n +1 --pid="$2" -f "$1") || { cat "${4:-$1}" >&2; return 1; }
}
at() { end=$1; shift; if [ "$end" = responder ]; then nsenter --net="$PWD/network" "$@"; else "$@"; fi; }
wire() {
  prefix=${1:-24}
  touch network
  unshare --net="$PWD/network" true
  at responder ip link add right type veth peer name left netns 1
  for line in "initiator left 192.0.2.1" "responder right 192.0.2.2"; do
    set -- $line
    at $1 ip link set lo up
    at $1 ip address add $3/$prefix dev $2
    at $1 ip link set $2 up
  done
}
"#;
