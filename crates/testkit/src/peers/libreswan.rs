use std::path::{Path, PathBuf};
use std::process::Command;

use super::namespaces;
use crate::program::require;

/// libreswan's daemon pluto, for scripts that run in namespaces of their own, as strongSwan's do.
#[derive(Clone, Debug)]
pub struct Libreswan {
    pluto: PathBuf,
    whack: PathBuf,
    certutil: PathBuf,
}

impl Libreswan {
    /// Looks for the programs, and for the right to make namespaces; `None` after saying what the test is skipped for.
    ///
    /// # Panics
    /// Where something is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
    pub fn find() -> Option<Self> {
        let (pluto, whack, certutil) = (require("pluto")?, require("whack")?, require("certutil")?);
        namespaces::may_be_made().then_some(Self { pluto, whack, certutil })
    }

    /// A `bash` script in namespaces of files, network and processes of its own, ended with all that it started. It runs in
    /// the folder and has a function `start_pluto FOLDER [PREFIX...]` that starts the daemon with the `ipsec.conf` and
    /// `ipsec.secrets` of a folder, where its log goes too, and `ask_pluto FOLDER WORDS...` that runs its `whack`.
    ///
    /// The daemon takes a network interface of its own: `listen=` in `config setup` says which.
    pub fn script(&self, folder: &Path, script: &str) -> Command {
        let mut command = namespaces::script(folder, FUNCTIONS, script);
        command.env("PLUTO", &self.pluto).env("WHACK", &self.whack).env("CERTUTIL", &self.certutil);
        command
    }
}

/// The daemon reads its connections before it listens, and its secrets after that.
const FUNCTIONS: &str = r#"
mount -t tmpfs tmpfs /run
start_pluto() {
  folder=$1; shift
  mkdir "$folder/run" "$folder/nss" "$folder/ipsec.d"
  "$CERTUTIL" -N -d "sql:$folder/nss" --empty-password
  touch "$folder/log"
  "$@" "$PLUTO" --nofork --config "$folder/ipsec.conf" --secretsfile "$folder/ipsec.secrets" --rundir "$folder/run" \
    --nssdir "$folder/nss" --ipsecdir "$folder/ipsec.d" --logfile "$folder/log" --no-dnssec --nhelpers 1 \
    > "$folder/output" 2>&1 &
  await "$folder/log" $! 'loading secrets from' "$folder/output"
}
ask_pluto() { folder=$1; shift; "$WHACK" --rundir "$folder/run" "$@"; }
"#;
