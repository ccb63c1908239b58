use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use super::strongswan::{Strongswan, strongswan_conf};
use crate::process::run;

/// Many tunnels that two strongSwan daemons begin at once, each between two addresses of its own.
///
/// Their connections are called `c0`, `c1`, ..., and their children `t0`, `t1`, ...
#[derive(Debug)]
pub struct Tunnels {
    folder: TempDir,
    /// The lines of each tunnel in the initiator's log.
    lines: Vec<Vec<String>>,
    without_kernel: bool,
    /// What `swanctl` said as they read their files.
    loads: [String; 2],
}

impl Tunnels {
    /// How many there may be at a time.
    pub const MOST: usize = 250;

    /// The address of an end, 1 or 2, of a tunnel.
    pub fn address(end: usize, number: usize) -> String {
        format!("172.16.{end}.{number}")
    }

    /// A network behind an end; behind each end is the one of its own number.
    pub fn network(end: usize, number: usize) -> String {
        format!("10.{number}.{end}.0/24")
    }

    /// Loads the initiator's and the responder's `swanctl.conf`; the initiator's begins its tunnels by itself (`start_action =
    /// start`). Where `renewed`, the keys of each child that comes about are renewed then.
    ///
    /// # Panics
    /// Where one of so many tunnels comes to no end.
    pub fn begin(strongswan: &Strongswan, configurations: [&str; 2], count: usize, renewed: bool) -> Self {
        assert!(count <= Self::MOST, "{count} tunnels");
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in ["initiator", "responder"].into_iter().zip(configurations) {
            let place = folder.path().join(name);
            fs::create_dir(&place).expect("a folder");
            strongswan_conf(&place, SETTINGS, "ike = 1\n      cfg = 2\n      ike_name = yes");
            fs::write(place.join("swanctl.conf"), text).expect("a file");
        }
        let mut command = strongswan.script(folder.path(), SCRIPT);
        command.env("COUNT", count.to_string()).env("RENEWED", if renewed { "yes" } else { "" });
        let finished = run(&mut command, b"", Duration::from_secs(100)).expect("unshare runs");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let logs = [read("initiator/log"), read("responder/log")];
        let loads = [read("initiator/load"), read("responder/load")];
        let ended = finished.status.is_some_and(|status| status.success());
        assert!(ended, "not each tunnel came to an end:\n{}{}\nthe responder:\n{}", finished.text(), logs[0], logs[1]);
        let lines = of_each(&logs[0], ["<c", "|"], count);
        let without_kernel = logs.iter().any(|log| log.contains("unable to allocate SPI"));
        Self { folder, lines, without_kernel, loads }
    }

    /// Where the files are, in `initiator` and `responder`.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The initiator's log of a tunnel.
    pub fn lines(&self, number: usize) -> impl Iterator<Item = &str> {
        self.lines.get(number).into_iter().flatten().map(String::as_str)
    }

    /// Why an end does not load a connection.
    pub fn refused(&self, number: usize) -> Option<&str> {
        let begin = format!("loading connection 'c{number}' failed");
        self.loads.iter().flat_map(|text| text.lines()).find(|line| line.starts_with(&begin))
    }

    /// Whether they could not have CHILD SAs: neither the kernel nor `/dev/net/tun` gave an SPI.
    pub fn without_kernel(&self) -> bool {
        self.without_kernel
    }
}

/// The lines of each tunnel, whose number stands between these.
pub(super) fn of_each(log: &str, [before, behind]: [&str; 2], count: usize) -> Vec<Vec<String>> {
    let mut lines = vec![Vec::new(); count];
    for line in log.lines() {
        let number = line.split_once(before).and_then(|(_, rest)| rest.split_once(behind)?.0.parse::<usize>().ok());
        if let Some(own) = number.and_then(|number| lines.get_mut(number)) {
            own.push(line.to_owned());
        }
    }
    lines
}

/// Two networks that a wire joins. The script ends as soon as the initiator's log tells the end of each tunnel: nobody waits
/// for it to give up.
const SCRIPT: &str = r#"
touch network
unshare --net="$PWD/network" true
at responder ip link add right type veth peer name left netns 1
for line in "initiator left 1" "responder right 2"; do
  set -- $line
  at $1 ip link set lo up
  at $1 ip link set $2 up
  for number in $(seq 0 $((COUNT - 1))); do
    echo "address add 172.16.$3.$number/16 dev $2"
    echo "address add 10.$number.$3.1/32 dev lo"
  done | at $1 ip -batch -
done
start "$PWD/responder" at responder
start "$PWD/initiator"
# `ended NUMBER...` waits until what ends a tunnel stands in the log of each of these, in the lines after those of before.
read_to=0
ended() {
  declare -A left
  for number in "$@"; do left[$number]=yes; done
  while [ "${#left[@]}" -gt 0 ] && read -r line; do
    read_to=$((read_to + 1))
    if [[ $line =~ \<c([0-9]+)\|.*($ends) && -n "${left[${BASH_REMATCH[1]}]}" ]]; then
      unset "left[${BASH_REMATCH[1]}]"
      case $line in *'established with SPIs'*) children="$children ${BASH_REMATCH[1]}";; esac
    fi
  done < <(tail -n "+$((read_to + 1))" -f "$PWD/initiator/log")
}
children=
ends='established with SPIs|failed to establish CHILD_SA|received [A-Z_]+ (error notify|notify error)'
ends="$ends|does not match to|processing failed|not responding|unable to allocate SPI"
loaded=
for number in $(seq 0 $((COUNT - 1))); do
  if ! grep -q "loading connection 'c$number' failed" initiator/load responder/load; then loaded="$loaded $number"; fi
done
ended $loaded
if [ -n "$RENEWED" ]; then
  for number in $children; do
    "$SWANCTL" --rekey --child "t$number" --uri "unix://$PWD/initiator/vici" >> renewed 2>&1 &
  done
  ended $children
fi
"#;

/// The daemon drops a response that comes while it is still sending the request anew for another group: it asks again a
/// second later, for as long as it takes. What a slow machine has half open is left to it.
const SETTINGS: &str = "retransmit_tries = 90\n  retransmit_timeout = 1.0\n  retransmit_base = 1.0\n  \
                        half_open_timeout = 300\n  block_threshold = 0\n  cookie_threshold = 0";
