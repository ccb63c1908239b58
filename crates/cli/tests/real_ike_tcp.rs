//! A real charon over TCP (RFC 9329): it has no such listener of its own, so a front takes its packets out of the stream.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{require, run};

const SECRET: &str = "open-sesame-4711";

const GATEWAY: &str = "
connections {
  site {
    version = 2
    proposals = aes256gcm16-prfsha384-ecp384, aes256-sha256-modp2048
    local {
      auth = psk
      id = gw.example
    }
    remote {
      auth = psk
      id = a.example
    }
    children {
      net {
        local_ts = 198.51.100.0/24
        remote_ts = 192.0.2.0/24
        esp_proposals = aes256-sha256
      }
    }
  }
}
secrets {
  ike-site {
    secret = SECRET
  }
}
";

/// Each packet of a connection to TCP port 4500 goes to UDP port 4500, and what comes back goes back.
const FRONT: &str = "
import socket, struct, threading

def read(stream, size):
    found = b''
    while len(found) < size:
        more = stream.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found

def back(datagrams, stream):
    while True:
        packet = datagrams.recv(65535)
        stream.sendall(struct.pack('>H', len(packet) + 2) + packet)

def serve(stream):
    assert read(stream, 6) == b'IKETCP'
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.connect(('127.0.0.1', 4500))
    threading.Thread(target=back, args=(datagrams, stream), daemon=True).start()
    try:
        while True:
            datagrams.send(read(stream, struct.unpack('>H', read(stream, 2))[0] - 2))
    except EOFError:
        pass

listener = socket.create_server(('127.0.0.1', 4500))
open('front', 'w').write('listening\\n')
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
";

const SCRIPT: &str = r#"
ip link set lo up
for address in 198.51.100.1 10.2.0.1; do ip address add $address/32 dev lo; done
start "$PWD"
touch front
"$PYTHON" front.py > front.error 2>&1 &
await front $! listening front.error
own="--tcp --may-disturb-live-tunnel --id a.example --remote-id gw.example --ts 192.0.2.0/24=198.51.100.0/24"
"$SHAKEDOWN" offer ike://127.0.0.1 --tcp --format json > offer || echo "$?" > offer.status
"$SHAKEDOWN" check ike://127.0.0.1 $own --psk-file key --format json > right || echo "$?" > right.status
"$SHAKEDOWN" check ike://127.0.0.1 $own --psk-file wrong --format json > other || echo "$?" > other.status
"$SHAKEDOWN" check ike://127.0.0.1 --tcp --ike-version 1 --psk-file key > old 2>&1 || echo "$?" > old.status
"$SWANCTL" --list-sas --uri "unix://$PWD/vici" > sas
"#;

#[test]
fn charon_is_mapped_and_met_over_tcp() {
    let (Some(strongswan), Some(python)) = (Strongswan::find(), require("peers-python")) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    strongswan_conf(folder.path(), "", "");
    write("swanctl.conf", &GATEWAY.replace("SECRET", SECRET));
    write("front.py", FRONT);
    write("key", &format!("{SECRET}\n"));
    write("wrong", "something-else-0815\n");
    let mut command = strongswan.script(folder.path(), SCRIPT);
    command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown")).env("PYTHON", python);
    let finished = run(&mut command, b"", Duration::from_secs(120)).expect("unshare runs");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let document = |name: &str| -> Value {
        let text = read(name);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {text}{}{}", finished.stdout, finished.stderr))
    };
    let proposals = document("offer")["offers"][0]["proposals"].clone();
    let groups: Vec<&str> =
        proposals.as_array().into_iter().flatten().filter_map(|one| one["group"][0].as_str()).collect();
    assert_eq!(groups, ["ecp384", "modp2048"], "{proposals}");
    let stages = |document: &Value| -> Vec<String> {
        let all = document["pairs"][0]["outcome"]["stages"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|stage| stage["result"].as_str().map(str::to_owned)).collect()
    };
    let right = document("right");
    assert_eq!(stages(&right)[..2], ["agreed", "agreed"], "{right}");
    let other = document("other");
    assert_eq!(stages(&other)[1], "failed", "{other}");
    // IKE_SA_INIT, IKE_AUTH, the deletion: nothing is sent twice over TCP.
    assert!(right["connections"].as_u64().is_some_and(|sent| sent <= 4), "{right}");
    assert_eq!(
        (read("old.status").trim(), read("old").contains("not spoken over TCP")),
        ("2", true),
        "{}",
        read("old")
    );
    assert_eq!(read("sas"), "", "nothing is left behind");
}
