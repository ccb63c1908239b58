//! A strongSwan responder in a network of its own, and what commands of `shakedown` make of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, pem};
use shakedown_testkit::peers::{Libreswan, Strongswan, strongswan_conf};
use shakedown_testkit::run;

/// What one command came to.
pub(crate) struct Asked {
    pub(crate) status: i32,
    pub(crate) document: Value,
    /// All that it wrote, to see that no secret is in it.
    pub(crate) everything: String,
}

/// What a run came to.
pub(crate) struct Lab {
    pub(crate) asked: Vec<Asked>,
    pub(crate) log: String,
    /// What `swanctl --list-sas` says in the end.
    pub(crate) sas: String,
    /// What `swanctl --stats` says in the end.
    pub(crate) statistics: String,
}

/// The pre-shared key of the tests.
pub(crate) const SECRET: &str = "open-sesame-4711";

const SCRIPT: &str = r#"
ip link set lo up
# The daemon sets up tunnels only for networks in which it has an address itself.
for address in 10.2.0.1 198.51.100.1; do ip address add $address/32 dev lo; done
start "$PWD"
for number in $(seq 0 $((COMMANDS - 1))); do
  status=0
  eval "$(cat "command.$number")" > "output.$number" 2> "error.$number" || status=$?
  echo $status > "status.$number"
done
"$SWANCTL" --list-sas --uri "unix://$PWD/vici" > sas 2> sas.error
"$SWANCTL" --stats --uri "unix://$PWD/vici" > statistics 2>&1
"#;

/// The commands stand on the other end of a wire: pluto has no tunnels with an address of its own machine.
const PLUTO: &str = r#"
touch network
unshare --net="$PWD/network" true
there() { nsenter --net="$PWD/network" "$@"; }
there ip link add right type veth peer name left netns 1
ip link set left up
ip address add 192.0.2.1/24 dev left
there ip link set lo up
there ip link set right up
there ip address add 192.0.2.2/24 dev right
there ip address add 10.2.0.1/32 dev lo
start_pluto "$PWD" there
for number in $(seq 0 $((COMMANDS - 1))); do
  status=0
  eval "$(cat "command.$number")" > "output.$number" 2> "error.$number" || status=$?
  echo $status > "status.$number"
done
ask_pluto "$PWD" --showstates > sas 2>&1
ask_pluto "$PWD" --globalstatus > statistics 2>&1
"#;

impl Lab {
    /// Starts libreswan's pluto at 192.0.2.2 with this `ipsec.conf`, and runs these command lines of `shakedown` at
    /// 192.0.2.1; `None` where that cannot be had here.
    pub(crate) fn pluto(gateway: &str, prepare: impl FnOnce(&Path), commands: &[&str]) -> Option<Self> {
        let libreswan = Libreswan::find()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        write("ipsec.conf", gateway);
        write("ipsec.secrets", &format!("@gw.example @a.example : PSK \"{SECRET}\"\n"));
        prepare(folder.path());
        Some(Self::finish(folder.path(), libreswan.script(folder.path(), PLUTO), commands))
    }

    /// Starts the daemon with this `swanctl.conf` and further settings, and runs these command lines of `shakedown`; `None`
    /// where that cannot be had here.
    pub(crate) fn run(gateway: &str, settings: &str, prepare: impl FnOnce(&Path), commands: &[&str]) -> Option<Self> {
        let strongswan = Strongswan::find()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        strongswan_conf(folder.path(), settings, "ike = 2\n      cfg = 2");
        write("swanctl.conf", gateway);
        prepare(folder.path());
        Some(Self::finish(folder.path(), strongswan.script(folder.path(), SCRIPT), commands))
    }

    /// Runs a script with these commands.
    fn finish(folder: &Path, mut command: Command, commands: &[&str]) -> Self {
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
        write("key", &format!("{SECRET}\n"));
        write("wrong", "something-else-0815\n");
        for (number, arguments) in commands.iter().enumerate() {
            // What stands before the verb are variables of the environment.
            let (variable, arguments) = match arguments.split_once(' ') {
                Some((first, rest)) if first.contains('=') => (first, rest),
                _ => ("", *arguments),
            };
            let line = format!("{variable} \"$SHAKEDOWN\" {arguments} --format json --verbose");
            write(&format!("command.{number}"), &line);
        }
        command.env("COMMANDS", commands.len().to_string()).env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        command.env_remove("SHAKEDOWN_PSK");
        let finished = run(&mut command, b"", Duration::from_secs(180)).expect("unshare runs");
        let read = |name: String| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let asked = |number: usize| {
            let (text, error) = (read(format!("output.{number}")), read(format!("error.{number}")));
            let document = serde_json::from_str(&text).unwrap_or_else(|why| {
                panic!("{why}: {text}{error}{}{}", finished.stdout, finished.stderr);
            });
            let status = read(format!("status.{number}")).trim().parse().expect("a status");
            Asked { status, document, everything: text + &error }
        };
        let lab = Self {
            asked: (0..commands.len()).map(asked).collect(),
            log: read("log".to_owned()),
            sas: read("sas".to_owned()),
            statistics: read("statistics".to_owned()),
        };
        for asked in &lab.asked {
            assert!(!asked.everything.contains(SECRET), "a secret was printed: {}", asked.everything);
        }
        lab
    }

    /// Whether this machine gives no SPIs, so that the daemon refuses every tunnel. Says so.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn has_no_kernel(&self) -> bool {
        let none = self.log.contains("unable to allocate SPI") || self.log.contains("unable to get SPI");
        if none {
            eprintln!("skipped: CHILD SAs: neither this kernel nor /dev/net/tun gives an SPI");
        }
        none
    }
}

impl Asked {
    /// The results of the three stages.
    pub(crate) fn stages(&self) -> Vec<&str> {
        let stages = self.document["pairs"][0]["outcome"]["stages"].as_array().into_iter().flatten();
        stages.filter_map(|stage| stage["result"].as_str()).collect()
    }

    /// The causes that were found, most likely first.
    pub(crate) fn causes(&self) -> Vec<&str> {
        let diagnoses = self.document["diagnoses"].as_array().into_iter().flatten();
        diagnoses.filter_map(|one| one["cause"].as_str()).collect()
    }

    /// The confidence of the first diagnosis.
    pub(crate) fn confidence(&self) -> f64 {
        self.document["diagnoses"][0]["confidence"].as_f64().unwrap_or(0.0)
    }
}

/// Puts the gateway's certificate, of a key of this kind and out of date where it is not to be valid, into the folders of
/// `swanctl`, and beside them those of the initiator with the kinds of their keys: all by an authority with a key of a kind,
/// but `strange`, which is by one that the gateway does not know, and of which `expired` is out of date.
pub(crate) fn certificates(
    folder: &Path,
    authority: &str,
    (gateway, valid): (&str, bool),
    initiators: &[(&str, &str)],
) {
    const DAY: i64 = 86_400;
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs()).expect("a time");
    for part in ["x509", "x509ca", "private"] {
        fs::create_dir_all(folder.join(part)).expect("a folder");
    }
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let key = |kind: &str| match kind {
        "rsa" => CertificateKey::rsa(),
        "ecdsa" => CertificateKey::p256(),
        "p384" => CertificateKey::p384(),
        _ => CertificateKey::ed25519(),
    };
    let past = |spec: &mut CertificateSpec| (spec.not_before, spec.not_after) = (now - 20 * DAY, now - 10 * DAY);
    let (root_key, strange_key) = (key(authority), key(authority));
    let root = CertificateSpec::authority("Root of Example", now);
    let stranger = CertificateSpec::authority("Root of Others", now);
    write("x509ca/root.pem", pem("CERTIFICATE", &root.self_signed(&root_key)));
    write("stranger.pem", pem("CERTIFICATE", &stranger.self_signed(&strange_key)));
    let (gateway, mut spec) = (key(gateway), CertificateSpec::server("gw.example", now));
    if !valid {
        past(&mut spec);
    }
    write("x509/gw.pem", pem("CERTIFICATE", &spec.signed(&gateway, &root.signer(&root_key))));
    write("private/gw.pem", gateway.pem());
    for (name, kind) in initiators {
        let (own, mut spec) = (key(kind), CertificateSpec::server("a.example", now));
        if *name == "expired" {
            past(&mut spec);
        }
        let signer = if *name == "strange" { stranger.signer(&strange_key) } else { root.signer(&root_key) };
        write(&format!("{name}.pem"), pem("CERTIFICATE", &spec.signed(&own, &signer)));
        write(&format!("{name}.key"), own.pem());
    }
}
