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
    pk12util: PathBuf,
}

impl Libreswan {
    /// Looks for the programs, and for the right to make namespaces; `None` after saying what the test is skipped for.
    ///
    /// # Panics
    /// Where something is missing and `CI` or `SHAKEDOWN_REQUIRE_PEERS` is set.
    pub fn find() -> Option<Self> {
        let (pluto, whack) = (require("pluto")?, require("whack")?);
        let (certutil, pk12util) = (require("certutil")?, require("pk12util")?);
        namespaces::may_be_made().then_some(Self { pluto, whack, certutil, pk12util })
    }

    /// A `bash` script in namespaces of files, network and processes of its own, ended with all that it started. It runs in
    /// the folder and has a function `start_pluto FOLDER [PREFIX...]` that starts the daemon with the `ipsec.conf` and
    /// `ipsec.secrets` of a folder, where its log goes too, and `ask_pluto FOLDER WORDS...` that runs its `whack`.
    ///
    /// Certificates with their keys in `own/NAME.p12`, without a password, and authorities in `trusted/NAME.pem` of the folder go
    /// into its database by these names.
    ///
    /// The daemon takes a network interface of its own: `listen=` in `config setup` says which.
    pub fn script(&self, folder: &Path, script: &str) -> Command {
        let mut command = namespaces::script(folder, FUNCTIONS, script);
        command.env("PLUTO", &self.pluto).env("WHACK", &self.whack).env("CERTUTIL", &self.certutil);
        command.env("PK12UTIL", &self.pk12util);
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
  for file in "$folder"/own/*.p12; do
    if [ -e "$file" ]; then "$PK12UTIL" -i "$file" -d "sql:$folder/nss" -W "" > /dev/null; fi
  done
  for file in "$folder"/trusted/*.pem; do
    if [ -e "$file" ]; then "$CERTUTIL" -A -d "sql:$folder/nss" -n "$(basename "$file" .pem)" -t CT,C,C -i "$file"; fi
  done
  touch "$folder/log"
  "$@" "$PLUTO" --nofork --config "$folder/ipsec.conf" --secretsfile "$folder/ipsec.secrets" --rundir "$folder/run" \
    --nssdir "$folder/nss" --ipsecdir "$folder/ipsec.d" --logfile "$folder/log" --no-dnssec --nhelpers 1 \
    > "$folder/output" 2>&1 &
  await "$folder/log" $! 'loading secrets from' "$folder/output"
}
ask_pluto() { folder=$1; shift; "$WHACK" --rundir "$folder/run" "$@"; }
"#;
