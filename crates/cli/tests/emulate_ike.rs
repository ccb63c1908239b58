//! `emulate` as an IKE responder: strongSwan's initiator meets what it meets at a real strongSwan with the same file, over
//! random proposals, keys, identities and networks of both ends.
#![allow(clippy::print_stderr, reason = "the seed and what came out are told")]

use std::fs;
use std::time::Duration;

use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::{cases, run, seed};

/// One emulation for each connection of the responder. The initiator begins all connections as its file is loaded, and the
/// script ends as soon as its log tells the end of each.
const SCRIPT: &str = r#"
ip link set lo up
# What the networks of the tunnels are reached from.
for address in 10.1.0.1 10.1.2.3 10.1.9.1 10.2.0.1 10.2.2.3 10.2.9.1 10.3.0.1 10.4.0.1; do ip address add $address/32 dev lo; done
start "$PWD/responder"
emulations=()
for group in $(seq 0 $((GROUPS_HERE - 1))); do
  touch "errors$group"
  "$SHAKEDOWN" emulate "strongswan@5.9.8:$PWD/responder/swanctl.conf#site$group" --port $((5610 + group)) --timeout 10m \
    $(if [ -e "key$group" ]; then echo --psk-file "$PWD/key$group"; fi) --format json > "output$group" 2> "errors$group" &
  emulations+=($!)
  grep -qm1 'listening on' <(tail -n +1 --pid=$! -f "errors$group") || { cat "errors$group" >&2; exit 1; }
done
start "$PWD/initiator"
declare -A ended
while [ "${#ended[@]}" -lt "$NUMBER" ] && read -r line; do
  if [[ $line =~ \<([a-z0-9-]+)\|.*(notify\ error|error\ notify|giving\ up|IDir|failed\ to\ establish\ CHILD_SA|established\ with\ SPIs) ]]; then
    ended[${BASH_REMATCH[1]}]=yes
  fi
done < <(tail -n +1 -f initiator/log)
# Each initiator has been told of.
for group in $(seq 0 $((GROUPS_HERE - 1))); do
  head -n "$EACH" <(tail -n +1 --pid="${emulations[group]}" -f "output$group") > /dev/null
done
kill -INT "${emulations[@]}"
wait "${emulations[@]}" || true
"#;

/// Everything happens at once here. The daemon drops a response that comes while it is still sending the request anew for
/// another group: it asks again a second later, for as long as it takes.
const SETTINGS: &str = "retransmit_timeout = 1.0\n  retransmit_base = 1.0\n  \
                        half_open_timeout = 300\n  block_threshold = 2000\n  cookie_threshold = 1000\n  \
                        cookie_threshold_ip = 1000\n  ";

/// How often a request is sent anew. In IKEv1 that is how an initiator finds out that its pre-shared key is another.
const TRIES: [u32; 3] = [0, 15, 90];

/// How many proposals of an initiator meet one responder.
const EACH: u32 = 10;

/// How many responders there are at a time.
const TOGETHER: u32 = 5;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn some<'a>(&mut self, all: &[&'a str]) -> Vec<&'a str> {
        let mut rest = all.to_vec();
        let count = 1 + self.below(2);
        (0..count.min(all.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }

    fn proposal(&mut self) -> String {
        const GROUPS: [&str; 5] = ["modp2048", "modp3072", "ecp256", "ecp384", "x25519"];
        const PRFS: [&str; 3] = ["prfsha256", "prfsha384", "prfsha1"];
        let mut parts = match self.below(3) {
            0 => [self.some(&["aes128gcm16", "aes256gcm16"]), self.some(&PRFS)].concat(),
            1 => [self.some(&["aes128", "aes192", "aes256"]), self.some(&["sha1", "sha256", "sha384", "sha512"])]
                .concat(),
            _ => {
                let ciphers = self.some(&["aes128", "aes256"]);
                [ciphers, self.some(&["sha1", "sha256"]), self.some(&PRFS)].concat()
            }
        };
        parts.extend(self.some(&GROUPS));
        parts.join("-")
    }

    /// Of IKEv1 one suite each.
    fn suite(&mut self) -> String {
        let parts = [
            self.one(&["aes128", "aes192", "aes256", "camellia128"]),
            self.one(&["sha1", "sha256", "sha384", "md5"]),
            self.one(&["modp2048", "modp3072", "ecp256", "ecp384"]),
        ];
        parts.join("-")
    }

    fn proposals(&mut self, version: u8) -> String {
        let count = 1 + self.below(3);
        let one = |random: &mut Self| if version == 1 { random.suite() } else { random.proposal() };
        (0..count).map(|_| one(self)).collect::<Vec<_>>().join(", ")
    }
}

/// What is drawn of an initiator.
struct Drawn {
    proposals: String,
    id: String,
    asked_for: &'static str,
    secret: &'static str,
    esp: String,
    /// Networks of its own end and of the responder's.
    networks: [&'static str; 2],
}

/// Networks of a responder's end and of its initiators'; in the other order for what these ask for.
const OWN: [[&str; 4]; 2] = [
    ["10.1.0.0/16", "10.1.2.0/24", "10.1.2.0/24,10.3.0.0/16", "10.1.0.0/16[tcp]"],
    ["10.2.0.0/16", "10.2.2.0/24", "10.2.2.0/24,10.4.0.0/16", "10.2.0.0/16[udp/1000-2000]"],
];
const ASKED: [[&str; 6]; 2] = [
    ["10.2.0.0/16", "10.2.2.0/24", "10.2.9.0/24", "10.4.0.0/16,10.2.2.0/24", "10.2.2.3/32[udp/1500]", "10.0.0.0/8"],
    ["10.1.0.0/16", "10.1.2.0/24", "10.1.9.0/24", "10.3.0.0/16,10.1.2.0/24", "10.1.2.3/32[tcp/443]", "10.0.0.0/8"],
];

impl Random {
    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn esp(&mut self) -> String {
        let count = 1 + self.below(2);
        let one = |random: &mut Self| match random.below(3) {
            0 => random.some(&["aes128gcm16", "aes256gcm16"]).join("-"),
            1 => [random.some(&["aes128", "aes256"]), random.some(&["sha1", "sha256", "sha512"])].concat().join("-"),
            // A group is only for later: there is no key exchange of the first CHILD SA.
            _ => [random.some(&["aes128", "aes192", "aes256"]), random.some(&["sha256", "sha384"]), vec!["ecp256"]]
                .concat()
                .join("-"),
        };
        (0..count).map(|_| one(self)).collect::<Vec<_>>().join(", ")
    }

    /// An initiator that comes as far as IKE_AUTH, and mostly further.
    fn initiator(&mut self, name: &str, own: &str) -> Drawn {
        Drawn {
            proposals: own.to_owned(),
            id: format!("{name}.{}", if self.below(8) == 0 { "elsewhere" } else { "example" }),
            asked_for: if self.below(10) == 0 { "c.example" } else { "b.example" },
            secret: if self.below(8) == 0 { "another" } else { "sesame" },
            esp: self.esp(),
            networks: [self.one(&ASKED[0]), self.one(&ASKED[1])],
        }
    }
}

/// A connection of the initiator, to a responder at this address and port.
fn connection(name: &str, version: u8, address: &str, port: u32, drawn: &Drawn) -> String {
    let Drawn { proposals, id, asked_for, esp, networks: [own, other], .. } = drawn;
    format!(
        "{name} {{\n version = {version}\n mobike = no\n unique = never\n local_addrs = 127.0.0.1\n remote_addrs = {address}\n \
         remote_port = {port}\n proposals = {proposals}\n local {{\n auth = psk\n id = {id}\n }}\n remote {{\n auth = psk\n \
         id = {asked_for}\n }}\n children {{\n {name} {{\n start_action = start\n esp_proposals = {esp}\n local_ts = {own}\n \
         remote_ts = {other}\n }}\n }}\n }}\n"
    )
}

/// What the initiator says of a connection that depends on the other end.
fn said(log: &str, name: &str) -> Vec<String> {
    let words = [
        "selected proposal",
        "NO_PROPOSAL_CHOSEN",
        "TS_UNACCEPTABLE",
        "didn't accept",
        "AUTHENTICATION_FAILED",
        "no proposal",
        "authentication of",
        "CHILD_SA",
        "INVALID_ID_INFORMATION",
        "IDir",
        "giving up",
    ];
    let own = format!("<{name}|");
    let lines = log.lines().filter(|line| words.iter().any(|word| line.contains(word)) && !line.contains("parsed"));
    let lines = lines.filter(|line| line.contains(&own)).filter_map(|line| Some(line.split_once("> ")?.1.trim()));
    // Names and SPIs are each connection's own.
    let told = |line: &str| match line.split_once("established with SPIs") {
        Some((_, rest)) => {
            format!("established with{}", rest.split_once(" and").map_or(rest, |(_, networks)| networks))
        }
        None => line.replace(name, "NAME").split_once('{').map_or_else(
            || line.replace(name, "NAME"),
            |(before, after)| format!("{before}{}", after.split_once('}').map_or(after, |(_, after)| after)),
        ),
    };
    lines.map(told).collect()
}

#[test]
fn charon_meets_the_same_at_the_emulation_as_at_the_real_responder() {
    let log = alike("proposals", 2, |random, _, _| Drawn {
        proposals: random.proposals(2),
        id: "a.example".to_owned(),
        asked_for: "b.example",
        secret: "another",
        esp: "aes128-sha256".to_owned(),
        networks: [OWN[1][0], OWN[0][0]],
    });
    let Some([_, refused, failed, ..]) = log else { return };
    assert!(refused > 0 && failed > 0, "{refused} {failed}: the cases are one-sided");
}

/// Keys, identities, what the tunnel is made of and what it lets through: the first CHILD SA, or the same refusal.
#[test]
fn charon_comes_through_ike_auth_as_far_as_at_the_real_responder() {
    let Some([up, _, failed, of_child, networks]) = alike("auth", 2, Random::initiator) else { return };
    let all = [up, failed, of_child, networks];
    assert!(all.iter().all(|count| *count > 0), "{all:?}: the cases are one-sided");
}

/// Main mode with a pre-shared key, and quick mode: the tunnel, or the same refusal.
#[test]
fn charon_comes_through_main_mode_and_quick_mode_as_far_as_at_the_real_responder() {
    let draw = |random: &mut Random, name: &str, own: &str| {
        let proposals = if random.below(4) == 0 { random.proposals(1) } else { own.to_owned() };
        Drawn { proposals, ..random.initiator(name, own) }
    };
    let Some(all) = alike("main mode", 1, draw) else { return };
    assert!(all.iter().all(|count| *count > 0), "{all:?}: the cases are one-sided");
}

/// What a document of the emulation makes of an initiator, by its place among the kinds.
fn kind_of(document: &str) -> usize {
    let document: serde_json::Value = serde_json::from_str(document).expect("a document");
    let outcome = &document["pairs"][0]["outcome"];
    let failed = outcome["failed"].as_array().and_then(|failed| failed.first()).cloned().unwrap_or_default();
    let kind = match (outcome["result"].as_str(), failed["stage"].as_str(), failed["slot"].as_str()) {
        (Some("agreed"), None, _) => 0,
        (Some("failed"), Some("ike-sa"), _) => 1,
        (Some("failed"), Some("auth"), _) => 2,
        (Some("failed"), Some("child-sa"), Some("traffic_selector")) => 4,
        (Some("failed"), Some("child-sa"), _) => 3,
        // In main mode it does not say whom it expects.
        (Some("unknown"), None, _) if document["notes"].to_string().contains("deleted the SA") => return 2,
        _ => panic!("{document:#}"),
    };
    let notes = document["notes"].to_string();
    let words: [&[&str]; 5] = [
        &["has the SPIs"],
        &["NO_PROPOSAL_CHOSEN"],
        &["AUTHENTICATION_FAILED", "up to who it is"],
        &["NO_PROPOSAL_CHOSEN", "NO-PROPOSAL-CHOSEN"],
        &["TS_UNACCEPTABLE", "INVALID-ID-INFORMATION"],
    ];
    let says = |kind: usize| words[kind].iter().any(|word| notes.contains(word));
    // Of what the tunnel is made of is only judged where its networks fit.
    let told = if kind == 3 && !says(3) { 4 } else { kind };
    assert!(says(told), "{document:#}");
    told
}

/// How many tunnels came up, were refused for the proposals of the IKE SA, failed to prove themselves, were refused for
/// those of the CHILD SA, and for its networks: all alike at the real responder and the emulation.
fn alike(what: &str, version: u8, draw: impl Fn(&mut Random, &str, &str) -> Drawn) -> Option<[u32; 5]> {
    let strongswan = Strongswan::find()?;
    let groups = cases(TOGETHER * EACH).div_ceil(EACH);
    let mut counts = [0; 5];
    for first in (0..groups).step_by(TOGETHER as usize) {
        let here = TOGETHER.min(groups - first);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let of = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).expect("a folder");
            path
        };
        let (responder, initiator) = (of("responder"), of("initiator"));
        let settings = format!("retransmit_tries = {}\n  {SETTINGS}", TRIES[usize::from(version)]);
        strongswan_conf(&responder, &format!("{settings}port = 5600\n  port_nat_t = 5601"), "");
        strongswan_conf(&initiator, &format!("{settings}port = 5700\n  port_nat_t = 5701"), "ike_name = yes");
        let (mut sites, mut connections, mut secrets, mut drawn) =
            (String::new(), String::new(), String::new(), Vec::new());
        for group in 0..here {
            let mut random = Random((seed() << 20 | u64::from(first + group)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            let own = random.proposals(version);
            let address = format!("127.0.1.{}", group + 1);
            let peer = "local {\n auth = psk\n id = b.example\n }\n remote {\n auth = psk\n id = *.example\n }\n";
            let (esp, inside, outside) = (random.esp(), random.one(&OWN[0]), random.one(&OWN[1]));
            sites.push_str(&format!(
                "site{group} {{\n version = {version}\n mobike = no\n unique = never\n local_addrs = {address}\n proposals = \
                 {own}\n {peer} children {{\n net {{\n esp_proposals = {esp}\n local_ts = {inside}\n remote_ts = \
                 {outside}\n }}\n }}\n }}\n"
            ));
            // The key from a file of its own, or from the configuration.
            if group % 2 == 0 {
                fs::write(folder.path().join(format!("key{group}")), "sesame\n").expect("a file");
            }
            for number in 0..EACH {
                let name = format!("c{group}-{number}");
                let one = draw(&mut random, &name, &own);
                let [real, stand] = ["real", "stand"].map(|at| format!("{at}{group}-{number}"));
                connections.push_str(&connection(&real, version, &address, 5600, &one));
                connections.push_str(&connection(&stand, version, "127.0.0.1", 5610 + group, &one));
                let (id, secret) = (&one.id, one.secret);
                secrets.push_str(&format!("ike-{name} {{\n id-own = {id}\n secret = {secret}\n }}\n"));
                let site = format!("{own} / {esp} / {inside} === {outside}");
                let proposed = format!("{} / {} / {:?}", one.proposals, one.esp, one.networks);
                drawn.push((real, stand, site, format!("{proposed} {id} {} {secret}", one.asked_for)));
            }
        }
        let file = format!("connections {{\n{sites}}}\nsecrets {{\n ike-any {{\n secret = sesame\n }}\n}}\n");
        fs::write(responder.join("swanctl.conf"), file).expect("a file");
        let file = format!("connections {{\n{connections}}}\nsecrets {{\n{secrets}}}\n");
        fs::write(initiator.join("swanctl.conf"), file).expect("a file");
        let mut command = strongswan.script(folder.path(), SCRIPT);
        command
            .env("GROUPS_HERE", here.to_string())
            .env("EACH", EACH.to_string())
            .env("NUMBER", (2 * drawn.len()).to_string());
        command.env("SHAKEDOWN", env!("CARGO_BIN_EXE_shakedown"));
        let finished = run(&mut command, b"", Duration::from_secs(100)).expect("unshare runs");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let log = read("initiator/log");
        let ended = finished.status.is_some_and(|status| status.success());
        assert!(ended, "not each connection came to an end:\n{}{log}{}", finished.text(), read("responder/log"));
        let mut told_of: [Vec<usize>; TOGETHER as usize] = Default::default();
        for (real, stand, own, proposed) in &drawn {
            let (first, second) = (said(&log, real), said(&log, stand));
            let of = |name: &str| {
                let own = format!("<{name}|");
                log.lines().filter(|line| line.contains(&own)).map(|line| format!("{line}\n")).collect::<String>()
            };
            let all = format!(
                "seed {} {real}\nresponder {own}\ninitiator {proposed}\n{}{}{}",
                seed(),
                of(real),
                of(stand),
                read("responder/log")
            );
            assert!(!first.is_empty(), "nothing was said: {all}");
            assert_eq!(first, second, "{all}");
            let told = |text: &str| first.iter().any(|line| line.contains(text));
            let kinds = match version {
                1 => [
                    told("established with"),
                    told("NO_PROPOSAL_CHOSEN error notify") && !told("selected proposal"),
                    told("AUTHENTICATION_FAILED error notify") || told("giving up") || told("IDir"),
                    told("NO_PROPOSAL_CHOSEN error notify") && told("selected proposal"),
                    told("INVALID_ID_INFORMATION error notify"),
                ],
                _ => [
                    told("established with"),
                    told("NO_PROPOSAL_CHOSEN notify error"),
                    told("AUTHENTICATION_FAILED notify error"),
                    told("NO_PROPOSAL_CHOSEN notify, no CHILD_SA"),
                    told("TS_UNACCEPTABLE notify, no CHILD_SA"),
                ],
            };
            assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{all}");
            counts.iter_mut().zip(kinds).for_each(|(count, kind)| *count += u32::from(kind));
            let group = &mut told_of[usize::from(stand.as_bytes()["stand".len()] - b'0')];
            group.extend(kinds.iter().position(|kind| *kind));
        }
        for (group, mut real) in told_of.into_iter().take(here as usize).enumerate() {
            let documents = read(&format!("output{group}"));
            let errors = read(&format!("errors{group}"));
            assert!(!(documents.clone() + &errors).contains("sesame"), "the key is told: {documents}{errors}");
            // What the documents say of each, in whatever order they came.
            let mut found: Vec<usize> = documents.lines().map(kind_of).collect();
            real.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, real, "{documents}{errors}");
        }
    }
    let [up, refused, failed, of_child, networks] = counts;
    eprintln!(
        "seed {}, {what}: {up} came up, {refused} were refused for the IKE SA, {failed} did not prove themselves, \
         {of_child} were refused for the CHILD SA and {networks} for its networks, all alike",
        seed()
    );
    Some(counts)
}
