//! `swanctl.conf`: its connections as parties, and what of them the daemon refuses.

use shakedown_config::Memory;
use shakedown_config::swanctl::{self, Reading, Selection, parties, read};
use shakedown_model::ike::{IkePolicy, IkeVersion, Preference};
use shakedown_model::{Fact, Gathered, Known, OriginKind, Policy, Role, Software};

const PATH: &str = "/etc/swanctl/swanctl.conf";

fn reading(text: &str) -> Reading {
    read(&Memory::new().with(PATH, text), PATH).unwrap()
}

fn gathered(text: &str, name: Option<&str>) -> Gathered {
    let software = Software::new("strongswan", "5.9.8");
    let selection = Selection { software: &software, role: Role::Server, name, label: "gw" };
    parties(&reading(text), &selection, &catalog())
}

fn catalog() -> shakedown_catalog::Catalog {
    shakedown_catalog::Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

fn ike(policy: &Policy) -> &IkePolicy {
    match policy {
        Policy::Ike(policy) => policy,
        other => panic!("{other:?}"),
    }
}

fn written(known: &Known<Vec<shakedown_model::ike::Proposal>>) -> Vec<String> {
    known.complete().unwrap().iter().map(ToString::to_string).collect()
}

const TWO: &str = "connections {
  plain { }
  site-a {
    version = 1
    aggressive = yes
    local_addrs = 192.0.2.1, 2001:db8::1
    remote_addrs = %any
    proposals = aes256-sha256-modp2048, aes128gcm16-prfsha256-x25519 # old and new
    local { auth = psk
            id = gw.example }
    remote-1 { auth = pubkey }
    children {
      lan { esp_proposals = aes256-sha1-modp1024
            local_ts = 10.1.0.0/24, 10.2.0.0/24 }
      hosts { ah_proposals = sha256 }
    }
  }
}
secrets { ike-a { secret = sesame } }
";

#[test]
fn connections_are_read_with_all_that_decides() {
    let reading = reading(TWO);
    assert!(reading.evidence.is_empty() && reading.notes.is_empty());
    let [plain, site] = reading.connections.as_slice() else { panic!("{:?}", reading.connections) };
    assert_eq!((plain.name.as_str(), plain.children.len()), ("plain", 0));
    assert_eq!(site.aggressive.as_ref().unwrap().as_str(), "yes");
    let texts = |values: &[shakedown_config::Value]| -> Vec<String> {
        values.iter().map(|value| value.as_str().to_owned()).collect()
    };
    assert_eq!(texts(&site.local_addresses), ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(texts(&site.children[0].local_selectors), ["10.1.0.0/24", "10.2.0.0/24"]);
    assert_eq!(site.local[0].method.as_ref().unwrap().as_str(), "psk");
    assert_eq!(site.local[0].id.as_ref().unwrap().0.as_str(), "gw.example");
    assert_eq!(site.remote[0].method.as_ref().unwrap().as_str(), "pubkey");
}

#[test]
fn each_child_of_a_connection_is_a_party() {
    let all = gathered(TWO, None);
    let labels: Vec<_> = all.parties.iter().map(|party| party.label.as_str()).collect();
    assert_eq!(labels, ["gw#plain", "gw#site-a", "gw#site-a"]);
    let one = gathered(TWO, Some("lan"));
    let [party] = one.parties.as_slice() else { panic!("{:?}", one.parties) };
    let policy = ike(&party.policy);
    assert_eq!(policy.version, Some(IkeVersion::V1));
    assert_eq!(written(&policy.proposals), ["aes256-sha256-modp2048", "aes128gcm16-prfsha256-x25519"]);
    assert_eq!(written(&policy.child_proposals), ["aes256-sha1-modp1024"]);
    let item = &policy.proposals.complete().unwrap()[1].group[0];
    let OriginKind::File { span, .. } = item.origin.as_ref().unwrap().kind() else { panic!() };
    assert_eq!(&TWO[span.clone()], "x25519");
    // What is not written is strongSwan's own, and both versions are spoken.
    let plain = ike(&all.parties[0].policy);
    assert_eq!(plain.version, None);
    let own = plain.proposals.complete().unwrap();
    assert_eq!(own.len(), 2);
    assert!(own[0].group.iter().any(|item| item.name == *"x25519") && own[0].integrity.len() > 3);
}

#[test]
fn a_connection_that_the_daemon_discards_is_evidence() {
    for (proposal, words) in [
        ("aes256-sha256", "a key exchange group"),
        ("aes256-sha257-modp2048", "algorithm 'sha257' not recognized"),
        // Keywords are compared letter by letter, and those of 6.0 are not known yet.
        ("AES256-sha256-modp2048", "algorithm 'AES256' not recognized"),
        ("aes256-sha256-x25519-ke1_mlkem768", "algorithm 'ke1_mlkem768' not recognized"),
        ("aes256-aes128gcm16-sha256-modp2048", "write two"),
    ] {
        let text = format!("connections {{ a {{ proposals = {proposal} }} }}\n");
        let all = gathered(&text, None);
        assert!(all.parties.is_empty());
        let [evidence] = all.evidence.as_slice() else { panic!("{:?}", all.evidence) };
        let Fact::Configuration { message, .. } = &evidence.fact else { panic!("{evidence:?}") };
        assert!(message.contains(words), "{message}");
        let OriginKind::File { span, .. } = evidence.origin.as_ref().unwrap().kind() else { panic!() };
        assert_eq!(&text[span.clone()], proposal);
    }
    let all = gathered("connections { a { version = 2 }\n", None);
    assert!(all.parties.is_empty() && all.evidence.len() == 1, "a file that cannot be parsed is not used");
}

/// The daemon's own settings: whose order decides, and what is done for aggressive mode.
#[test]
fn strongswan_conf_changes_what_decides() {
    let read = |text: &str| {
        let daemon =
            swanctl::daemon(&Memory::new().with("/etc/strongswan.conf", text), "/etc/strongswan.conf").unwrap();
        let mut party = gathered("connections { a { proposals = aes128-sha256-x25519 } }\n", None).parties.remove(0);
        daemon.apply(&mut party);
        let policy = ike(&party.policy).clone();
        (policy.preference, policy.peering.unwrap().refuses_aggressive_psk, party.notes.len(), daemon.evidence.len())
    };
    assert_eq!(read("charon { load_modular = yes }\n"), (Preference::Responder, true, 0, 0));
    let text = "charon {\n prefer_configured_proposals = no\n i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n}\n";
    assert_eq!(read(text), (Preference::Initiator, false, 0, 0));
    let text = "charon { prefer_configured_proposals = no }\ncharon-systemd { prefer_configured_proposals = yes\n load = random aes\n port = 5500 }\n";
    assert_eq!(read(text), (Preference::Responder, true, 2, 0));
    assert_eq!(read("charon {\n"), (Preference::Responder, true, 0, 1));
}

/// The keywords of a version: 6.0 brought additional key exchanges and lost NTRU.
#[test]
fn keywords_are_those_of_the_version() {
    let knows = |version: &str, word: &str| swanctl::is_keyword(&Software::new("strongswan", version), word);
    for (version, word, known) in [
        ("6.0.2", "ke1_mlkem768", true),
        ("6.0.2", "KE7_x25519", true),
        ("6.0.2", "ke8_x25519", false),
        ("6.0.2", "ke1_", false),
        ("6.0.2", "ntru256", false),
        ("5.9.8", "ntru256", true),
        ("5.9.8", "ke1_mlkem768", false),
        ("5.9.8", "none", true),
        ("5.9.6", "none", false),
        ("5.9.8", "sha2_256", true),
        ("5.9.8", "Sha256", false),
        ("5.5.1", "x25519", false),
    ] {
        assert_eq!(knows(version, word), known, "{version} {word}");
    }
}

/// When keys are due follows from three times, each with its default.
#[test]
fn lifetimes_follow_from_each_other() {
    let of = |settings: &str| {
        let all = gathered(&format!("connections {{ a {{ children {{ c {{ {settings} }} }} }} }}\n"), None);
        let lifetime = ike(&all.parties[0].policy).child_lifetime;
        (lifetime.renewed, lifetime.ends)
    };
    assert_eq!(of(""), (Some((3_240, 3_600)), Some(3_960)));
    assert_eq!(of("rekey_time = 30m"), (Some((1_620, 1_800)), Some(1_980)));
    assert_eq!(of("rekey_time = 8h\n life_time = 9h"), (Some((25_200, 28_800)), Some(32_400)));
    assert_eq!(of("rekey_time = 1000\n rand_time = 10s"), (Some((990, 1_000)), Some(1_100)));
    assert_eq!(of("rekey_time = 0"), (None, None));
    assert_eq!(of("rekey_time = soon"), (None, None));
}

/// Proposals by chance: the daemon loads the connections that are parties here, and no others.
#[test]
fn proposals_are_refused_that_charon_refuses() {
    let Some(strongswan) = shakedown_testkit::peers::Strongswan::find() else { return };
    const WORDS: [&str; 44] = [
        "aes256",
        "aes128",
        "aes",
        "3des",
        "camellia128",
        "aes128gcm16",
        "aes256gcm",
        "chacha20poly1305",
        "null",
        "aes128gmac",
        "serpent",
        "chacha20poly1305compat",
        "camellia256ccm8",
        "AES256",
        "aes_256",
        "aes512",
        "sha256",
        "sha2_256",
        "sha1",
        "sha",
        "md5",
        "sha256_96",
        "aesxcbc",
        "sha257",
        "SHA256",
        "prfsha256",
        "prfsha384",
        "prfaesxcbc",
        "prfsha2",
        "modp2048",
        "modp1024",
        "ecp256",
        "x25519",
        "curve25519",
        "none",
        "modpnone",
        "modpnull",
        "ntru128",
        "gost256",
        "group14",
        "noesn",
        "esn",
        "ke1_mlkem768",
        "default",
    ];
    // Numerical Recipes' generator: the same proposals in each run.
    let mut state = 4_711_u32;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 16).unwrap() % limit
    };
    let mut text = String::from("connections {\n");
    for number in 0..300 {
        // Most begin well, so that more than the first word counts.
        let mut words = match below(4) {
            0 => vec![],
            1 => vec!["aes256", "sha256", "modp2048"],
            2 => vec!["aes128gcm16", "prfsha256", "x25519"],
            _ => vec!["aes128", "sha1"],
        };
        for _ in 0..below(3) + usize::from(words.is_empty()) {
            words.push(WORDS[below(WORDS.len())]);
        }
        let proposal = words.join("-");
        let line = match below(5) {
            0 => format!("children {{ c {{ ah_proposals = {proposal} }} }}"),
            1 | 2 => format!("children {{ c {{ esp_proposals = {proposal} }} }}"),
            3 => format!("proposals = {proposal}, default"),
            _ => format!("proposals = {proposal}"),
        };
        text.push_str(&format!("c{number} {{\n{line}\n}}\n"));
    }
    text.push_str("}\n");
    let folder = tempfile::tempdir().unwrap();
    shakedown_testkit::peers::strongswan_conf(folder.path(), "", "");
    std::fs::write(folder.path().join("swanctl.conf"), &text).unwrap();
    let mut command = strongswan.script(folder.path(), "ip link set lo up\nstart \"$PWD\"\n");
    let finished = shakedown_testkit::run(&mut command, b"", std::time::Duration::from_secs(60)).unwrap();
    let said = std::fs::read_to_string(folder.path().join("load")).unwrap() + &finished.stderr;
    let parties = gathered(&text, None);
    let names: std::collections::HashSet<&str> =
        parties.parties.iter().filter_map(|party| party.label.split_once('#')).map(|(_, name)| name).collect();
    let mut loaded = 0;
    for number in 0..300 {
        let by_daemon = said.contains(&format!("loaded connection 'c{number}'"));
        let refused = said.contains(&format!("loading connection 'c{number}' failed"));
        assert!(by_daemon != refused, "c{number}: {said}");
        let of = text.split(&format!("c{number} {{\n")).nth(1).unwrap().lines().next().unwrap();
        assert_eq!(names.contains(format!("c{number}").as_str()), by_daemon, "{of}");
        loaded += usize::from(by_daemon);
    }
    assert!((40..260).contains(&loaded), "{loaded} of 300 are loaded: the test says little");
}
