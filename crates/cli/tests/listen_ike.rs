//! `listen ike` with a real strongSwan as initiator, in a network of its own.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::run;

const SCRIPT: &str = r#"
ip link set lo up
touch errors
"$SHAKEDOWN" listen ike --port 5600 $OPTIONS --count 1 --timeout 50s --format json > output 2> errors &
listener=$!
grep -qm1 'listening on' <(tail -n +1 -f errors)
start "$PWD"
"$SWANCTL" --initiate --child tunnel --timeout 20 --uri "unix://$PWD/vici" > initiate 2>&1 || true
status=0
wait $listener || status=$?
echo $status > status
"#;

const CONNECTION: &str = "
connections {
  site {
    version = VERSION
    local_addrs = 127.0.0.1
    remote_addrs = 127.0.0.1
    remote_port = 5600
    proposals = aes256gcm16-aes128gcm16-prfsha384-ecp384-x25519, aes256-sha256-modp2048
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
";

const RESPONDER: &str = "
connections {
  site {
    local_addrs = 127.0.0.1
    proposals = 3des-sha1-modp1024
    local {
      auth = psk
    }
    remote {
      auth = psk
    }
  }
}
";

/// The status, the document, and the daemon's log.
fn recorded(version: &str, options: &str) -> Option<(i32, Value, String)> {
    let strongswan = Strongswan::find()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    strongswan_conf(folder.path(), "send_vendor_id = yes", "");
    let proposals = |text: &str| match version {
        "1" => text.replace("aes256gcm16-aes128gcm16-prfsha384-ecp384-x25519, ", "aes128-sha1-modp1024, "),
        _ => text.to_owned(),
    };
    write("swanctl.conf", &proposals(&CONNECTION.replace("VERSION", version)));
    write("responder.conf", RESPONDER);
    let mut command = strongswan.script(folder.path(), SCRIPT);
    command.env("OPTIONS", options).env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
    let finished = run(&mut command, b"", Duration::from_secs(90)).expect("unshare runs");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let all = format!("{}{}{}", finished.text(), read("errors"), read("log"));
    let line = read("output");
    let document = serde_json::from_str(line.lines().next().unwrap_or_default());
    let document = document.unwrap_or_else(|error| panic!("{error}: {line}{all}"));
    Some((read("status").trim().parse().unwrap_or(-1), document, read("log")))
}

fn proposals(document: &Value) -> Vec<String> {
    let all = document["offers"][0]["proposals"].as_array().unwrap_or_else(|| panic!("{document:#}"));
    let lists = ["encryption", "integrity", "prf", "group"];
    let one = |proposal: &Value| {
        let names = lists.iter().flat_map(|list| proposal[*list].as_array().cloned().unwrap_or_default());
        names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>().join("-")
    };
    all.iter().map(one).collect()
}

#[test]
fn charon_of_version_2() {
    let Some((status, document, log)) = recorded("2", "") else { return };
    let expected = ["aes256gcm16-aes128gcm16-prfsha384-ecp384-x25519", "aes256-sha256-prfsha256-modp2048"];
    assert_eq!(proposals(&document), expected, "{document:#}");
    assert_eq!(document["offers"][0]["ike_version"], 2);
    let notes = document["parties"][0]["notes"].to_string();
    assert!(notes.contains("by its vendor ID it is strongSwan") && notes.contains("`ecp384`"), "{notes}");
    assert!(log.contains("received NO_PROPOSAL_CHOSEN"), "{log}");
    assert_eq!(status, 0);
}

#[test]
fn charon_of_version_1() {
    let Some((status, document, log)) = recorded("1", "") else { return };
    assert_eq!(
        proposals(&document),
        ["aes128-sha1-prfsha1-modp1024", "aes256-sha256-prfsha256-modp2048"],
        "{document:#}"
    );
    assert_eq!(document["offers"][0]["ike_version"], 1);
    let notes = document["parties"][0]["notes"].to_string();
    assert!(notes.contains("main mode") && notes.contains("pre-shared key"), "{notes}");
    assert!(log.contains("received NO_PROPOSAL_CHOSEN"), "{log}");
    assert_eq!(status, 0);
}

#[test]
fn charon_beside_a_responder() {
    let Some((status, document, _)) = recorded("2", "--silent --against strongswan@5.9.8:responder.conf") else {
        return;
    };
    assert_eq!(document["diagnoses"][0]["cause"], "no-common-proposal", "{document:#}");
    assert_eq!(status, 1);
}
