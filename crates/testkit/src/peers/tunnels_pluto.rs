use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::libreswan::Libreswan;
use super::tunnels::{Tunnels, of_each};
use crate::process::run;

/// Many tunnels that one of two plutos begins, each between two addresses of its own, those of
/// [`Tunnels`]. All have the same pre-shared key.
///
/// Their connections are called `c0`, `c1`, ... Of the tunnels they only agree on proposals: the rest is their kernel's.
#[derive(Debug)]
pub struct PlutoTunnels {
    folder: TempDir,
    /// The lines of each tunnel, in the initiator's log and in the responder's.
    lines: [Vec<Vec<String>>; 2],
}

impl PlutoTunnels {
    /// Loads the initiator's and the responder's `ipsec.conf`, and begins each tunnel.
    ///
    /// # Panics
    /// Where there are more than [`Tunnels::MOST`], or one of them comes to no end.
    pub fn begin(libreswan: &Libreswan, configurations: [&str; 2], count: usize) -> Self {
        assert!(count <= Tunnels::MOST, "{count} tunnels");
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in ["initiator", "responder"].into_iter().zip(configurations) {
            let place = folder.path().join(name);
            fs::create_dir(&place).expect("a folder");
            fs::write(place.join("ipsec.conf"), text).expect("a file");
            fs::write(place.join("ipsec.secrets"), ": PSK \"open-sesame-4711-open-sesame-4711\"\n").expect("a file");
        }
        let mut command = libreswan.script(folder.path(), SCRIPT);
        command.env("COUNT", count.to_string());
        let finished = run(&mut command, b"", Duration::from_secs(100)).expect("unshare runs");
        let logs = ["initiator/log", "responder/log"]
            .map(|name| fs::read_to_string(folder.path().join(name)).unwrap_or_default());
        let ended = finished.status.is_some_and(|status| status.success());
        assert!(ended, "not each tunnel came to an end:\n{}{logs:?}", finished.text());
        let lines = logs.each_ref().map(|log| of_each(log, ["\"c", "\""], count));
        Self { folder, lines }
    }

    /// Where the files are, in `initiator` and `responder`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the initiator says of a tunnel, and what the responder does.
    pub fn lines(&self, number: usize) -> [Vec<&str>; 2] {
        self.lines.each_ref().map(|all| all.get(number).into_iter().flatten().map(String::as_str).collect())
    }
}

/// The initiator begins all tunnels, between two networks that a wire joins. The script ends as soon as the logs tell the end of
/// each of them: nobody waits for it to give up.
const SCRIPT: &str = r#"
touch network
unshare --net="$PWD/network" true
at responder ip link add right type veth peer name left netns 1
for line in "initiator left 1" "responder right 2"; do
  set -- $line
  at $1 ip link set lo up
  at $1 ip link set $2 up
  for number in $(seq 0 $((COUNT - 1))); do echo "address add 172.16.$3.$number/16 dev $2"; done | at $1 ip -batch -
done
start_pluto "$PWD/responder" at responder
start_pluto "$PWD/initiator"
for number in $(seq 0 $((COUNT - 1))); do
  ask_pluto "$PWD/initiator" --initiate --asynchronous --name c$number > /dev/null 2>&1 || true
done
ends='failed to add|no local proposal matches remote proposals|proposal [0-9]+:(ESP|AH)=|no acceptable Oakley Transform'
ends="$ends|responding to Quick Mode proposal|no acceptable Proposal in IPsec SA|we require PFS but"
declare -A ended
while [ "${#ended[@]}" -lt "$COUNT" ] && read -r line; do
  if [[ $line =~ \"c([0-9]+)\".*($ends) ]]; then ended[${BASH_REMATCH[1]}]=yes; fi
done < <(tail -q -n +1 -f initiator/log responder/log)
"#;
