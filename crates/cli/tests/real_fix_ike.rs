//! `shakedown fix --apply` against real strongSwan: the fix alone makes the initiator's tunnel come up, and undo brings back
//! every byte. Each end has a network of its own, with a cable between them.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use shakedown_testkit::peers::{OwnMachine, Strongswan, strongswan_conf};
use shakedown_testkit::{KeyType, generate_key, peers_dir, require, run};

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

const SCENARIOS: [Scenario; 15] = [
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
    Scenario {
        name: "IKEv1: group",
        initiator: (IKE, ESP),
        responder: ("aes256-sha256-modp3072", ESP),
        changes: RESPONDER,
    },
    Scenario {
        name: "IKEv1: hash of several",
        initiator: ("aes256-sha384-modp3072, aes128-sha512-ecp256", ESP),
        responder: ("aes256-sha256-modp3072", ESP),
        changes: INITIATOR,
    },
    Scenario {
        name: "IKEv1: group of the tunnel",
        initiator: (IKE, "aes256-sha256-modp2048"),
        responder: (IKE, "aes256-sha256-modp3072"),
        changes: RESPONDER,
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
if [ "$CHANGES" = initiator ]; then set -- "$PWD/initiator/swanctl.conf" ike://192.0.2.2; else
  set -- ike://192.0.2.2 "$PWD/responder/swanctl.conf" --as initiator/swanctl.conf; fi
# Over ssh, it is the other end at which somebody sits.
sits=
if [ -n "$SSHD" ]; then
  mkdir -p /run/sshd
  touch sshd.log
  address=192.0.2.2
  if [ "$CHANGES" = initiator ]; then address=192.0.2.1 sits="at responder"; fi
  at "$CHANGES" "$SSHD" -D -e -f "$PWD/sshd_config" 2> sshd.log &
  await sshd.log $! 'Server listening'
  set -- "$@" --via "ssh://$(id -un)@$address:2222" -F "$PWD/config" --confirm-within never
fi
$sits "$SHAKEDOWN" fix "$@" --apply --state "$PWD/state" --format json > fix.json 2> fix.error
echo $? > fix.status
connects after
id=$(sed -n 's/^ *"id": "\(2[0-9]*-[0-9]*\)".*/\1/p' fix.json | head -1)
cp -r initiator responder new
"$SHAKEDOWN" fix --undo "$id" --state "$PWD/state" > undo 2>&1
echo $? > undo.status
connects undone
"#;

/// What a person needs who changes an end of the tunnel from the other end, over ssh.
fn write_way(folder: &Path) {
    let place = |name: &str| folder.join(name).display().to_string();
    for name in ["there", "host"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_shakedown"), folder.join("there/shakedown")).unwrap();
    let host = generate_key(KeyType::Ed25519, &folder.join("host")).unwrap();
    let own = generate_key(KeyType::Ed25519, &folder.join("there")).unwrap();
    let public = fs::read_to_string(host.with_extension("pub")).unwrap();
    fs::write(folder.join("known_hosts"), format!("[192.0.2.1]:2222,[192.0.2.2]:2222 {public}")).unwrap();
    let config = format!(
        "IdentityFile {}\nIdentitiesOnly yes\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\n\
         StrictHostKeyChecking yes\n",
        own.display(),
        place("known_hosts")
    );
    fs::write(folder.join("config"), config).unwrap();
    let config = format!(
        "Port 2222\nUsePAM no\nStrictModes no\nPidFile none\nPermitRootLogin yes\nHostKey {}\nAuthorizedKeysFile \
         {}.pub\nSetEnv PATH={}:{}:/usr/sbin:/usr/bin:/sbin:/bin\n",
        host.display(),
        own.display(),
        place("there"),
        peers_dir().join("bin").display()
    );
    fs::write(folder.join("sshd_config"), config).unwrap();
}

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
        let version = if scenario.name.starts_with("IKEv1") { "version = 1" } else { "version = 2" };
        let connection = connection.replace("version = 2", version);
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
        let names = ["before", "fix.json", "fix.error", "after", "undo", "responder/log", "initiator/log", "sshd.log"];
        names.map(|name| format!("--- {name}\n{}\n", self.read(name))).concat() + &self.1
    }

    fn of(strongswan: &Strongswan, scenario: &Scenario, wrong: [&str; 2]) -> Self {
        Self::run(strongswan, scenario, wrong, None)
    }

    /// With an sshd, the end is changed by `--via`.
    fn run(strongswan: &Strongswan, scenario: &Scenario, wrong: [&str; 2], sshd: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), scenario, wrong);
        let mut command = strongswan.script(folder.path(), SCRIPT);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = [peers_dir().join("bin")].into_iter().chain(std::env::split_paths(&path));
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env("PATH", std::env::join_paths(all).unwrap());
        command.env("CHANGES", if scenario.changes == INITIATOR { "initiator" } else { "responder" });
        if let Some(sshd) = sshd {
            write_way(folder.path());
            command.env("SSHD", sshd);
        }
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

/// The files of either end from the other one, over ssh: the tunnel is asked for where its initiator is.
#[test]
fn an_end_is_changed_from_the_other_one() {
    let Some(strongswan) = Strongswan::find() else { return };
    let (Some(sshd), Some(_), Some(_)) = (require("sshd"), require("ssh"), OwnMachine::find()) else { return };
    let in_its_tunnel = &SCENARIOS[6];
    assert_eq!((in_its_tunnel.name, SCENARIOS[10].name), ("cipher of the tunnel", "at the initiator"));
    for scenario in [in_its_tunnel, &SCENARIOS[10], &SCENARIOS[11]] {
        let name = scenario.name;
        let lab = Lab::run(&strongswan, scenario, [""; 2], Some(&sshd));
        assert_ne!(lab.status("before"), "0", "{name}\n{}", lab.all());
        assert_eq!(lab.status("fix"), "0", "{name}\n{}", lab.all());
        assert!(lab.read("fix.json").contains("`swanctl --initiate` connects"), "{name}\n{}", lab.all());
        assert!(lab.read("sshd.log").contains("Accepted publickey"), "{name}\n{}", lab.all());
        assert_eq!(lab.status("after"), "0", "{name}\n{}", lab.all());
        assert_eq!(lab.status("undo"), "0", "{name}\n{}", lab.all());
        let changed = FILES.iter().filter(|file| lab.read(&format!("old/{file}")) != lab.read(&format!("new/{file}")));
        assert_eq!(changed.copied().collect::<Vec<_>>(), [scenario.changes], "{name}\n{}", lab.all());
        for file in FILES {
            assert_eq!(lab.read(file), lab.read(&format!("old/{file}")), "{name}");
        }
    }
}
