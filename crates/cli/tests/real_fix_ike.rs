//! `shakedown fix --apply` against real strongSwan: the fix alone makes the initiator's tunnel come up, and undo brings back
//! every byte. Each end has a network of its own, with a cable between them.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{peers_dir, run};

/// What the ends propose for the IKE SA and for the tunnel, and which file changes.
struct Scenario {
    name: &'static str,
    initiator: (&'static str, &'static str),
    responder: (&'static str, &'static str),
    changes: &'static str,
}

const RESPONDER: &str = "responder/swanctl.conf";
const INITIATOR: &str = "initiator/swanctl.conf";
const INCLUDED: &str = "responder/conf.d/site.conf";

const IKE: &str = "aes256-sha256-modp2048";
const ESP: &str = "aes256-sha256";

const SCENARIOS: [Scenario; 12] = [
    Scenario { name: "group", initiator: (IKE, ESP), responder: ("aes256-sha256-ecp256", ESP), changes: RESPONDER },
    Scenario {
        name: "integrity",
        initiator: (IKE, ESP),
        responder: ("aes256-sha512-modp2048", ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "length of the key",
        initiator: (IKE, ESP),
        responder: ("aes128-sha256-modp2048", ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "PRF",
        initiator: ("aes256gcm16-prfsha384-ecp384", ESP),
        responder: ("aes256gcm16-prfsha256-ecp384", ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "combined mode or not",
        initiator: ("aes256gcm16-prfsha256-ecp256", ESP),
        responder: ("aes256-sha256-ecp256", ESP),
        changes: INITIATOR,
    },
    Scenario {
        name: "none of several",
        initiator: ("aes256-sha384-ecp384, aes256-sha512-modp4096", ESP),
        responder: ("aes256-sha256-ecp256, aes128-sha256-modp3072", ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "cipher of the tunnel",
        initiator: (IKE, ESP),
        responder: (IKE, "aes128-sha256"),
        changes: RESPONDER,
    },
    Scenario {
        name: "combined mode of the tunnel",
        initiator: (IKE, "aes256gcm16"),
        responder: (IKE, ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "integrity of the tunnel",
        initiator: (IKE, "aes256-sha512"),
        responder: (IKE, ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "both at once",
        initiator: (IKE, "aes256-sha512"),
        responder: ("aes256-sha256-ecp256", "aes128gcm16"),
        changes: RESPONDER,
    },
    Scenario {
        name: "at the initiator",
        initiator: (IKE, ESP),
        responder: ("aes256-sha256-ecp384", ESP),
        changes: INITIATOR,
    },
    Scenario {
        name: "in an included file",
        initiator: (IKE, ESP),
        responder: ("aes256-sha384-modp3072", ESP),
        changes: INCLUDED,
    },
];

const CONNECTION: &str = r#"connections {
  site {
    version = 2
    local_addrs = OWN_ADDRESS
    remote_addrs = PEER_ADDRESS
    proposals = IKE_PROPOSALS # of the site
    local {
      auth = psk
      id = OWN_ID
    }
    remote {
      auth = psk
      id = PEER_ID
    }
    children {
      tunnel {
        local_ts = OWN_NET
        remote_ts = PEER_NET
        esp_proposals = ESP_PROPOSALS
      }
    }
  }
}
"#;

const SECRETS: &str = "secrets {\n  ike-site {\n    secret = \"open-sesame-4711\"\n  }\n}\n";

const SCRIPT: &str = r#"
set +e
wire
at initiator ip address add 10.1.0.1/32 dev lo
at responder ip address add 10.2.0.1/32 dev lo
for end in initiator responder; do
  start "$PWD/$end" at "$end"
done
connects() {
  STRONGSWAN_CONF=$PWD/initiator/strongswan.conf "$SWANCTL" --initiate --child tunnel --timeout 15 --uri "unix://$PWD/initiator/vici" > "$1" 2>&1
  echo $? > "$1.status"
  STRONGSWAN_CONF=$PWD/initiator/strongswan.conf "$SWANCTL" --terminate --ike site --timeout 5 --uri "unix://$PWD/initiator/vici" > /dev/null 2>&1
}
unset SWANCTL_DIR
connects before
cp -r initiator responder old
if [ "$CHANGES" = initiator ]; then set -- initiator/swanctl.conf ike://192.0.2.2; else
  set -- ike://192.0.2.2 responder/swanctl.conf --as initiator/swanctl.conf; fi
"$SHAKEDOWN" fix "$@" --apply --state "$PWD/state" --format json > fix.json 2> fix.error
echo $? > fix.status
connects after
id=$(sed -n 's/^ *"id": "\(2[0-9]*-[0-9]*\)".*/\1/p' fix.json | head -1)
cp -r initiator responder new
"$SHAKEDOWN" fix --undo "$id" --state "$PWD/state" > undo 2>&1
echo $? > undo.status
connects undone
"#;

/// What is wrong with the responder's file beyond proposals, and what it should be.
const PEERING: [(&str, [&str; 2]); 2] =
    [("identity", ["id = end2.example", "id = elsewhere.example"]), ("version", ["version = 2", "version = 1"])];

fn write(folder: &Path, scenario: &Scenario, wrong: [&str; 2]) {
    for end in ["initiator", "responder"] {
        let place = folder.join(end);
        fs::create_dir_all(place.join("conf.d")).unwrap();
        let initiator = end == "initiator";
        let (proposals, own) = if initiator { (scenario.initiator, 1) } else { (scenario.responder, 2) };
        let peer = 3 - own;
        let connection = CONNECTION
            .replace("IKE_PROPOSALS", proposals.0)
            .replace("ESP_PROPOSALS", proposals.1)
            .replace("OWN_ADDRESS", &format!("192.0.2.{own}"))
            .replace("PEER_ADDRESS", &format!("192.0.2.{peer}"))
            .replace("OWN_ID", &format!("end{own}.example"))
            .replace("PEER_ID", &format!("end{peer}.example"))
            .replace("OWN_NET", &format!("10.{own}.0.0/24"))
            .replace("PEER_NET", &format!("10.{peer}.0.0/24"));
        let [right, wrong] = if initiator { [""; 2] } else { wrong };
        assert!(connection.contains(right), "{connection}");
        let connection = if right.is_empty() { connection } else { connection.replacen(right, wrong, 1) };
        let included = scenario.changes == INCLUDED && !initiator;
        let main = if included { "include conf.d/*.conf\n".to_owned() } else { connection.clone() };
        fs::write(place.join("swanctl.conf"), main + SECRETS).unwrap();
        if included {
            fs::write(place.join("conf.d/site.conf"), connection).unwrap();
        }
        strongswan_conf(&place, "\n  retransmit_tries = 1\n  retransmit_timeout = 0.5\n", "");
        fs::create_dir_all(folder.join("old")).unwrap();
        fs::create_dir_all(folder.join("new")).unwrap();
    }
}

/// What a scenario came to.
struct Lab(tempfile::TempDir, String);

impl Lab {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn status(&self, name: &str) -> String {
        self.read(&format!("{name}.status")).trim().to_owned()
    }

    fn all(&self) -> String {
        let names = ["before", "fix.json", "fix.error", "after", "undo", "responder/log", "initiator/log"];
        names.map(|name| format!("--- {name}\n{}\n", self.read(name))).concat() + &self.1
    }

    fn of(strongswan: &Strongswan, scenario: &Scenario, wrong: [&str; 2]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), scenario, wrong);
        let mut command = strongswan.script(folder.path(), SCRIPT);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = [peers_dir().join("bin")].into_iter().chain(std::env::split_paths(&path));
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env("PATH", std::env::join_paths(all).unwrap());
        command.env("CHANGES", if scenario.changes == INITIATOR { "initiator" } else { "responder" });
        let finished = run(&mut command, b"", Duration::from_secs(120)).expect("unshare runs");
        Self(folder, finished.text())
    }
}

const FILES: [&str; 3] = [INITIATOR, RESPONDER, INCLUDED];

#[test]
fn an_end_is_changed_and_the_tunnel_comes_up() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let Some(strongswan) = Strongswan::find() else { return };
    let plain = SCENARIOS.iter().map(|scenario| (scenario.name, scenario, [""; 2]));
    let sound = Scenario { name: "", initiator: (IKE, ESP), responder: (IKE, ESP), changes: RESPONDER };
    let peering = PEERING.iter().map(|(name, wrong)| (*name, &sound, *wrong));
    for (name, scenario, wrong) in plain.chain(peering).filter(|(name, ..)| name.contains(&only)) {
        let lab = Lab::of(&strongswan, scenario, wrong);
        assert_ne!(lab.status("before"), "0", "{name}\n{}", lab.all());
        assert_eq!(lab.status("fix"), "0", "{name}\n{}", lab.all());
        assert_eq!(lab.status("after"), "0", "{name}\n{}", lab.all());
        assert!(lab.read("fix.json").contains("`swanctl --initiate` connects"), "{name}\n{}", lab.all());
        assert_eq!(lab.status("undo"), "0", "{name}\n{}", lab.all());
        assert_ne!(lab.status("undone"), "0", "{name}\n{}", lab.all());
        let changed = FILES.iter().filter(|file| lab.read(&format!("old/{file}")) != lab.read(&format!("new/{file}")));
        assert_eq!(changed.copied().collect::<Vec<_>>(), [scenario.changes], "{name}\n{}", lab.all());
        for file in FILES {
            assert_eq!(lab.read(file), lab.read(&format!("old/{file}")), "{name}");
        }
    }
}

/// The daemon's IPsec without the kernel's has no extended sequence numbers, whatever is proposed.
#[test]
fn what_the_machine_cannot_do_is_taken_back() {
    let Some(strongswan) = Strongswan::find() else { return };
    let scenario =
        Scenario { name: "", initiator: (IKE, "aes256-sha256-esn"), responder: (IKE, ESP), changes: RESPONDER };
    let lab = Lab::of(&strongswan, &scenario, [""; 2]);
    assert_eq!(lab.status("fix"), "1", "{}", lab.all());
    let said = lab.read("fix.json");
    assert!(said.contains("\"rolled-back\"") && said.contains("NO_PROPOSAL_CHOSEN"), "{}", lab.all());
    for file in FILES {
        assert_eq!(lab.read(&format!("new/{file}")), lab.read(&format!("old/{file}")), "{}", lab.all());
    }
}
