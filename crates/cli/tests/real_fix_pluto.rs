//! `shakedown fix --apply` on an `ipsec.conf` of real libreswan: the daemon is told of the connection that changes, it sets up
//! the IKE SA that it refused before, and undo brings back every byte. Each end has a network of its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use shakedown_testkit::peers::Libreswan;
use shakedown_testkit::run;

/// What the two ends propose for the IKE SA, where the responder's proposal is written, and which end changes.
struct Scenario {
    name: &'static str,
    initiator: &'static str,
    responder: &'static str,
    /// The name of the section with the responder's proposal.
    base: &'static str,
    changes: &'static str,
}

const IKE: &str = "aes256-sha2_256-modp2048";

const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "group",
        initiator: IKE,
        responder: "aes256-sha2_256-dh19",
        base: "",
        changes: "responder/ipsec.conf",
    },
    Scenario {
        name: "integrity of what others stand on",
        initiator: IKE,
        responder: "aes256-sha2_512-modp2048",
        base: "common",
        changes: "responder/ipsec.conf",
    },
    Scenario {
        name: "combined mode or not",
        initiator: IKE,
        responder: "aes_gcm256-sha2_512-dh20",
        base: "",
        changes: "responder/ipsec.conf",
    },
    Scenario {
        name: "in an included file",
        initiator: IKE,
        responder: "aes128-sha2_256-modp3072",
        base: "",
        changes: "responder/conf.d/site.conf",
    },
];

const FILES: [&str; 3] = ["initiator/ipsec.conf", "responder/ipsec.conf", "responder/conf.d/site.conf"];

/// A second connection stays as it is, and its daemon is not told of it.
fn files(folder: &Path, scenario: &Scenario) {
    for end in ["initiator", "responder"] {
        let place = folder.join(end);
        fs::create_dir_all(place.join("conf.d")).unwrap();
        let (own, peer) = if end == "initiator" { (1, 2) } else { (2, 1) };
        let ike = if end == "initiator" { scenario.initiator } else { scenario.responder };
        let written = format!("\tike={ike} # of the site\n");
        let (above, within) = match (end, scenario.base) {
            ("responder", base) if !base.is_empty() => (format!("conn {base}\n{written}"), format!("\talso={base}\n")),
            _ => (String::new(), written),
        };
        let site = format!(
            "{above}conn site\n{within}\tleft=192.0.2.{own}\n\tleftid=@end{own}.example\n\tleftsubnet=10.{own}.0.0/24\n\t\
             right=192.0.2.{peer}\n\trightid=@end{peer}.example\n\trightsubnet=10.{peer}.0.0/24\n\tauthby=secret\n\t\
             ikev2=insist\n\tesp=aes256-sha2_256\n\tauto=add\n"
        );
        let other = "conn other\n\tleft=192.0.2.OWN\n\tright=198.51.100.7\n\tauthby=secret\n\tikev2=insist\n\tike=aes256-sha2_256-dh19\n\tauto=add\n";
        let other = other.replace("OWN", &own.to_string());
        let setup = format!("# ours\nconfig setup\n\tlisten=192.0.2.{own}\n\n");
        let included = scenario.changes.contains("conf.d") && end == "responder";
        let main = if included {
            format!("{setup}include {}/conf.d/*.conf\n{other}", place.display())
        } else {
            format!("{setup}{site}{other}")
        };
        fs::write(place.join("ipsec.conf"), main).unwrap();
        if included {
            fs::write(place.join("conf.d/site.conf"), site).unwrap();
        }
        fs::write(place.join("ipsec.secrets"), ": PSK \"open-sesame-4711\"\n").unwrap();
        for kept in ["old", "new"] {
            fs::create_dir_all(folder.join(kept)).unwrap();
        }
    }
}

const SCRIPT: &str = r#"
set +e
touch network
unshare --net="$PWD/network" true
at() { end=$1; shift; if [ "$end" = responder ]; then nsenter --net="$PWD/network" "$@"; else "$@"; fi; }
at responder ip link add right type veth peer name left netns 1
for line in "initiator left 192.0.2.1 10.1.0.1" "responder right 192.0.2.2 10.2.0.1"; do
  set -- $line
  at $1 ip link set lo up
  at $1 ip address add $3/24 dev $2
  at $1 ip address add $4/32 dev lo
  at $1 ip link set $2 up
done
start_pluto "$PWD/initiator"
start_pluto "$PWD/responder" at responder
# Until the initiator has an answer to its first or its second message.
connects() {
  begun=$(wc -c < initiator/log)
  ask_pluto "$PWD/initiator" --initiate --asynchronous --name site > "$1.whack" 2>&1
  timeout 20 grep -qEm1 'authenticated peer using|NO_PROPOSAL_CHOSEN' <(tail -c +$((begun + 1)) --pid=$$ -f initiator/log)
  tail -c +$((begun + 1)) initiator/log > "$1"
  ask_pluto "$PWD/initiator" --terminate --name site > /dev/null 2>&1
}
kept() { for end in initiator responder; do mkdir -p "$1/$end"; cp -r $end/ipsec.conf $end/conf.d "$1/$end"; done; }
connects before
kept old
if [ "$CHANGES" = initiator ]; then set -- "initiator/ipsec.conf#site" ike://192.0.2.2; else
  set -- ike://192.0.2.2 "responder/ipsec.conf#site" --as "initiator/ipsec.conf#site"; fi
"$SHAKEDOWN" fix "$@" --apply --state "$PWD/state" --format json > fix.json 2> fix.error
echo $? > fix.status
connects after
id=$(sed -n 's/^ *"id": "\(2[0-9]*-[0-9]*\)".*/\1/p' fix.json | head -1)
kept new
"$SHAKEDOWN" fix --undo "$id" --state "$PWD/state" > undo 2>&1
echo $? > undo.status
connects undone
"#;

/// What a scenario came to.
struct Lab(tempfile::TempDir, String);

impl Lab {
    fn of(libreswan: &Libreswan, scenario: &Scenario) -> Self {
        let folder = tempfile::tempdir().unwrap();
        files(folder.path(), scenario);
        let mut command = libreswan.script(folder.path(), SCRIPT);
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        command.env("CHANGES", if scenario.changes.starts_with("initiator") { "initiator" } else { "responder" });
        let finished = run(&mut command, b"", Duration::from_secs(150)).expect("unshare runs");
        Self(folder, finished.text())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn all(&self) -> String {
        let names = ["before", "fix.json", "fix.error", "after", "undo", "responder/log"];
        names.map(|name| format!("--- {name}\n{}\n", self.read(name))).concat() + &self.1
    }

    /// Whether the initiator's daemon had its IKE SA.
    fn connects(&self, when: &str) -> bool {
        self.read(when).contains("authenticated peer using")
    }
}

#[test]
fn an_end_is_changed_and_the_daemon_sets_up_its_ike_sa() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let Some(libreswan) = Libreswan::find() else { return };
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(&only)) {
        let name = scenario.name;
        let lab = Lab::of(&libreswan, scenario);
        assert!(!lab.connects("before"), "{name}\n{}", lab.all());
        assert_eq!(lab.read("fix.status").trim(), "0", "{name}\n{}", lab.all());
        assert!(lab.connects("after"), "{name}\n{}", lab.all());
        let said = lab.read("fix.json");
        assert!(said.contains("--checkconfig") && said.contains("pluto.ctl site"), "{name}\n{}", lab.all());
        assert!(!said.contains("pluto.ctl other"), "{name}\n{}", lab.all());
        assert_eq!(lab.read("undo.status").trim(), "0", "{name}\n{}", lab.all());
        assert!(!lab.connects("undone"), "{name}\n{}", lab.all());
        let changed = FILES.iter().filter(|file| lab.read(&format!("old/{file}")) != lab.read(&format!("new/{file}")));
        assert_eq!(changed.copied().collect::<Vec<_>>(), [scenario.changes], "{name}\n{}", lab.all());
        for file in FILES {
            assert_eq!(lab.read(file), lab.read(&format!("old/{file}")), "{name}");
        }
    }
}

/// Of an initiator's change the tunnel is the proof, and nobody asks pluto for its own.
#[test]
fn what_nobody_can_prove_is_taken_back() {
    let Some(libreswan) = Libreswan::find() else { return };
    let scenario = Scenario {
        name: "at the initiator",
        initiator: IKE,
        responder: "aes256-sha2_256-dh20",
        base: "",
        changes: "initiator/ipsec.conf",
    };
    let lab = Lab::of(&libreswan, &scenario);
    assert_eq!(lab.read("fix.status").trim(), "1", "{}", lab.all());
    let said = lab.read("fix.json");
    assert!(said.contains("\"rolled-back\"") && said.contains("agreed on 2, ecp384"), "{}", lab.all());
    assert!(!lab.connects("after"), "{}", lab.all());
    for file in FILES {
        assert_eq!(lab.read(file), lab.read(&format!("old/{file}")), "{}", lab.all());
    }
}
