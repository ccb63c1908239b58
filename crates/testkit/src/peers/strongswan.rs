use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::namespaces;
use crate::program::require;

/// strongSwan's daemon and its `swanctl`, for scripts that run in namespaces of their own: nothing else listens on their
/// network, and the unpacked packages lie where the daemon looks for its plugins.
#[derive(Clone, Debug)]
pub struct Strongswan {
    charon: PathBuf,
    swanctl: PathBuf,
}

impl Strongswan {
    /// Looks for the programs, and for the right to make namespaces; `None` after saying what the test is skipped for.
    ///
    /// # Panics
    /// Where something is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
    pub fn find() -> Option<Self> {
        let (charon, swanctl) = (require("charon-systemd")?, require("swanctl")?);
        namespaces::may_be_made().then_some(Self { charon, swanctl })
    }

    /// A `bash` script in namespaces of files, network and processes of its own, ended with all that it started. It runs
    /// in the folder and has a function `start FOLDER [PREFIX...]` that starts the daemon of a folder, `$CHARON` and `$SWANCTL`.
    pub fn script(&self, folder: &Path, script: &str) -> Command {
        let mut command = namespaces::script(folder, FUNCTIONS, script);
        command.env("CHARON", &self.charon).env("SWANCTL", &self.swanctl);
        command
    }
}

/// Writes the daemon's `strongswan.conf` into a folder, where its socket for `swanctl` and its log go too.
///
/// # Panics
/// Where the file cannot be written.
pub fn strongswan_conf(folder: &Path, settings: &str, log_settings: &str) {
    let text = DAEMON
        .replace("FOLDER", &folder.display().to_string())
        .replace("LOG_SETTINGS", log_settings)
        .replace("SETTINGS", settings);
    fs::write(folder.join("strongswan.conf"), text).expect("the daemon's configuration");
}

/// `start FOLDER [PREFIX...]` starts the daemon of a folder, by way of another command if wanted, and loads what it has.
const FUNCTIONS: &str = r#"
start() {
  folder=$1; shift
  export STRONGSWAN_CONF=$folder/strongswan.conf SWANCTL_DIR=$folder
  touch "$folder/log"
  "$@" "$CHARON" > "$folder/output" 2>&1 &
  # The daemon listens for swanctl once it has its threads. One that ends before says why.
  await "$folder/log" $! 'spawning' "$folder/output"
  "$SWANCTL" --load-all --uri "unix://$folder/vici" > "$folder/load" 2>&1 || cat "$folder/load" >&2
}
"#;

const DAEMON: &str = "
charon-systemd {
  load = random nonce openssl pem pkcs1 pkcs8 x509 revocation constraints pubkey hmac kdf drbg gcm aes sha1 sha2 xcbc gmp \
                      curve25519 kernel-libipsec kernel-netlink socket-default vici
  install_routes = no
  install_virtual_ip = no
  SETTINGS
  plugins {
    vici {
      socket = unix://FOLDER/vici
    }
    socket-default {
      use_ipv6 = no
    }
  }
  filelog {
    log {
      path = FOLDER/log
      default = 1
      LOG_SETTINGS
      flush_line = yes
    }
  }
  syslog {
    daemon {
      default = -1
    }
    auth {
      default = -1
    }
  }
}
";
