//! `offer` and `check` of a real strongSwan responder. It runs in a network of its own, with a view of the file system in
//! which the unpacked packages lie where the daemon looks for its plugins; so do the commands that ask it.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::run;

/// What a responder is set up with.
struct Responder {
    proposals: &'static str,
    /// The peer's address: `127.0.0.1` is the one that asks.
    peer: &'static str,
    version: &'static str,
    /// Further settings of the daemon.
    settings: &'static str,
}

const RESPONDER: Responder = Responder { proposals: "", peer: "127.0.0.1", version: "2", settings: "" };

/// What one command came to.
struct Asked {
    status: i32,
    document: Value,
}

/// What a run came to.
struct Lab {
    asked: Vec<Asked>,
    /// Requests that the daemon has received.
    packets: usize,
    /// What `swanctl --stats` says in the end.
    statistics: String,
    folder: tempfile::TempDir,
}

impl Lab {
    /// Starts the responder and runs these command lines of `shakedown`; `None` where that cannot be had here.
    fn run(responder: &Responder, commands: &[&str]) -> Option<Self> {
        let strongswan = Strongswan::find()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        strongswan_conf(folder.path(), responder.settings, "");
        let connection = CONNECTION
            .replace("PROPOSALS", responder.proposals)
            .replace("PEER", responder.peer)
            .replace("VERSION", responder.version);
        write("swanctl.conf", &connection);
        let initiator = |proposals: &str| {
            CONNECTION.replace("PROPOSALS", proposals).replace("PEER", "127.0.0.1").replace("VERSION", "2")
        };
        write("fits.conf", &initiator("aes256-sha256-ecp256-modp2048"));
        write("other.conf", &initiator("aes128-sha1-modp1024"));
        for (number, arguments) in commands.iter().enumerate() {
            write(&format!("command.{number}"), &format!("\"$SHAKEDOWN\" {arguments} --format json --quiet"));
        }
        let mut command = strongswan.script(folder.path(), SCRIPT);
        command.env("COMMANDS", commands.len().to_string()).env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        let finished = run(&mut command, b"", Duration::from_secs(60)).expect("unshare runs");
        let read = |name: String| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let asked = |number: usize| {
            let text = read(format!("output.{number}"));
            let document = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{error}: {text}{}{}", finished.stdout, finished.stderr));
            Asked { status: read(format!("status.{number}")).trim().parse().expect("a status"), document }
        };
        Some(Self {
            asked: (0..commands.len()).map(asked).collect(),
            packets: read("log".to_owned()).matches("received packet").count(),
            statistics: read("statistics".to_owned()),
            folder,
        })
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// All suites that the first command found, as sets.
    fn suites(&self) -> BTreeSet<String> {
        let offer = &self.asked[0].document["offers"][0];
        let proposals = offer["proposals"].as_array().unwrap_or_else(|| panic!("{:#}", self.asked[0].document));
        assert_eq!(offer["refused"].get("proposals"), None, "{offer:#}");
        let list = |proposal: &Value, name: &str| -> Vec<String> {
            let names = proposal[name].as_array().into_iter().flatten();
            let names: Vec<String> = names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
            if names.is_empty() { vec!["-".to_owned()] } else { names }
        };
        let mut suites = BTreeSet::new();
        for proposal in proposals {
            for cipher in list(proposal, "encryption") {
                for integrity in list(proposal, "integrity") {
                    for prf in list(proposal, "prf") {
                        for group in list(proposal, "group") {
                            suites.insert(format!("{cipher} {integrity} {prf} {group}"));
                        }
                    }
                }
            }
        }
        suites
    }
}

/// All combinations of lists of names, a list a word.
fn product(lists: &[&str]) -> BTreeSet<String> {
    let mut all = vec![String::new()];
    for list in lists {
        let one = |before: &String| -> Vec<String> {
            list.split(',').map(|name| format!("{before} {name}").trim().to_owned()).collect()
        };
        all = all.iter().flat_map(one).collect();
    }
    all.into_iter().collect()
}

/// Starts the daemon, loads its connection, and runs the commands one after the other.
const SCRIPT: &str = r#"
ip link set lo up
start "$PWD"
for number in $(seq 0 $((COMMANDS - 1))); do
  status=0
  eval "$(cat "command.$number")" > "output.$number" || status=$?
  echo $status > "status.$number"
done
"$SWANCTL" --stats --uri "unix://$PWD/vici" > statistics 2>&1
"#;

const CONNECTION: &str = r#"
connections {
  site {
    version = VERSION
    local_addrs = 127.0.0.1
    remote_addrs = PEER
    proposals = PROPOSALS
    local {
      auth = psk
      id = a.example
    }
    remote {
      auth = psk
      id = b.example
    }
    children {
      tunnel {
        esp_proposals = aes256-sha256
      }
    }
  }
}
secrets {
  ike-site {
    secret = sesame
  }
}
"#;

/// The causes that were found, most likely first.
fn causes(asked: &Asked) -> Vec<&str> {
    let diagnoses = asked.document["diagnoses"].as_array().into_iter().flatten();
    diagnoses.filter_map(|one| one["cause"].as_str()).collect()
}

const OFFER: &str = "offer ike://127.0.0.1";

#[test]
fn two_proposals_are_found_exactly_and_no_half_open_sa_is_left() {
    let responder = Responder {
        proposals: "aes256gcm16-aes128gcm16-prfsha384-ecp384-x25519, aes256-aes128-sha256-sha512-modp2048-ecp256",
        ..RESPONDER
    };
    let Some(lab) = Lab::run(&responder, &[OFFER]) else { return };
    let aead = product(&["aes256gcm16,aes128gcm16", "-", "prfsha384", "ecp384,x25519"]);
    let other = product(&["aes256,aes128", "sha256,sha512", "prfsha256,prfsha512", "modp2048,ecp256"]);
    assert_eq!(lab.suites(), aead.union(&other).cloned().collect());
    let sent = lab.asked[0].document["connections"].as_u64();
    assert!(lab.packets <= 40, "{}", lab.packets);
    assert_eq!(sent, Some(lab.packets as u64), "{}", fs::read_to_string(lab.log()).unwrap_or_default());
    assert!(lab.statistics.contains("0 total, 0 half-open"), "{}", lab.statistics);
    assert_eq!(lab.asked[0].status, 0);
}

#[test]
fn what_does_not_belong_together_is_told_apart() {
    let responder = Responder { proposals: "aes256-sha256-modp2048, 3des-sha1-modp1024", ..RESPONDER };
    let Some(lab) = Lab::run(&responder, &[OFFER]) else { return };
    let new = product(&["aes256", "sha256", "prfsha256", "modp2048"]);
    let old = product(&["3des", "sha1", "prfsha1", "modp1024"]);
    assert_eq!(lab.suites(), new.union(&old).cloned().collect());
    assert!(lab.packets <= 40, "{}", lab.packets);
}

#[test]
fn cookies_and_ports_of_its_own() {
    let suite = product(&["aes128", "sha256", "prfsha256", "x25519"]);
    let proposals = "aes128-sha256-x25519";
    let ports = Responder { proposals, settings: "port = 5500\n  port_nat_t = 5501", ..RESPONDER };
    let Some(lab) = Lab::run(&ports, &["offer ike://127.0.0.1:5500"]) else { return };
    assert_eq!(lab.suites(), suite);
    // An SA that is half open is what it takes for an attack: it asks for cookies from then on.
    let proposals = "aes256-sha256-modp2048";
    let cookies = Responder { proposals, settings: "cookie_threshold = 1\n  cookie_threshold_ip = 1", ..RESPONDER };
    let check = "check ike://127.0.0.1 --as strongswan@5.9.8:fits.conf";
    let Some(mut lab) = Lab::run(&cookies, &[check, OFFER]) else { return };
    lab.asked.remove(0);
    assert_eq!(lab.suites(), product(&["aes256", "sha256", "prfsha256", "modp2048"]));
    assert!(lab.asked[0].document["offers"][0]["notes"].to_string().contains("cookies that it asked for"));
    assert!(lab.packets <= 40, "{}", lab.packets);
}

#[test]
fn an_initiator_meets_what_charon_would_select() {
    let settings = "send_vendor_id = yes";
    let responder = Responder { proposals: "aes256-sha256-modp2048", settings, ..RESPONDER };
    let check = |conf: &str| format!("check ike://127.0.0.1 --as strongswan@5.9.8:{conf}");
    let commands = [check("fits.conf"), check("other.conf")];
    let Some(lab) = Lab::run(&responder, &[&commands[0], &commands[1]]) else { return };
    let [fits, other] = lab.asked.as_slice() else { panic!("two commands") };
    let outcome = &fits.document["pairs"][0]["outcome"];
    assert_eq!(outcome["stages"][0]["result"], "agreed", "{outcome:#}");
    let agreed = &outcome["agreed"];
    assert_eq!((&agreed["encryption"], &agreed["group"]), (&"aes256".into(), &"modp2048".into()), "{agreed:#}");
    // Whether it would prove itself is not known: nothing is sent after IKE_SA_INIT.
    assert_eq!((fits.status, &outcome["result"]), (3, &"unknown".into()));
    assert_eq!(fits.document["connections"], 2, "it asks for another group once");
    let notes = fits.document["parties"][1]["notes"].to_string();
    assert!(notes.contains("by its vendor ID it is strongSwan"), "{notes}");
    let diagnosis = &other.document["diagnoses"][0];
    assert_eq!((other.status, &diagnosis["cause"]), (1, &"no-common-proposal".into()), "{diagnosis:#}");
    assert_eq!(diagnosis["side"], "client");
    let fixes = other.document["fixes"].to_string();
    assert!(fixes.contains("shakedown check ike://127.0.0.1\""), "{fixes}");
    let failed: Vec<&Value> = other.document["pairs"][0]["outcome"]["failed"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|failed| &failed["slot"])
        .collect();
    assert_eq!(failed, ["encryption", "integrity", "prf", "group"]);
}

#[test]
fn a_stranger_gets_candidates_and_what_would_decide() {
    let check = "check ike://127.0.0.1 --as strongswan@5.9.8:fits.conf";
    let stranger = Responder { proposals: "aes256-sha256-modp2048", peer: "192.0.2.9", ..RESPONDER };
    let Some(lab) = Lab::run(&stranger, &[check, OFFER]) else { return };
    for asked in &lab.asked {
        let causes = causes(asked);
        assert_eq!(asked.status, 3, "{:#}", asked.document);
        assert_eq!(causes.first(), Some(&"no-matching-connection"), "{:#}", asked.document);
        assert!(causes.contains(&"no-common-version"), "{causes:?}");
    }
}

#[test]
fn a_responder_of_the_old_version_is_no_stranger() {
    let check = "check ike://127.0.0.1 --as strongswan@5.9.8:fits.conf";
    let old = Responder { proposals: "aes256-sha256-modp2048", version: "1", ..RESPONDER };
    let Some(lab) = Lab::run(&old, &[check]) else { return };
    let [asked] = lab.asked.as_slice() else { panic!("one command") };
    assert_eq!((asked.status, causes(asked).as_slice()), (1, &["no-common-version"][..]), "{:#}", asked.document);
}

#[test]
fn nobody_there() {
    let responder = Responder { proposals: "aes256-sha256-modp2048", ..RESPONDER };
    let Some(lab) = Lab::run(&responder, &["check ike://127.0.0.2:501 --as strongswan@5.9.8:fits.conf"]) else {
        return;
    };
    let diagnosis = &lab.asked[0].document["diagnoses"][0];
    assert_eq!((lab.asked[0].status, &diagnosis["cause"]), (1, &"port-refused".into()), "{diagnosis:#}");
}
