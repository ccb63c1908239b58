//! No fix of IKE weakens more than its scenario needs: of each weaker fix every alternative that is stronger by one step is
//! tried, by the rules and by two real daemons that have the edited files. What is safe adds nothing that is weak.
//!
//! `SHAKEDOWN_SEED=NUMBER` draws other scenarios beside the named ones, `SHAKEDOWN_CASES=NUMBER` more of them.

#![allow(clippy::print_stdout, reason = "how many alternatives were tried is the result")]

mod common;
#[path = "common/least.rs"]
mod least;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::catalog;
use least::{Lists, Pair, Words};
use shakedown_config::{Memory, swanctl};
use shakedown_model::{Party, Role, Stage};
use shakedown_testkit::peers::{Strongswan, Tunnels};
use shakedown_testkit::{Draw, cases, seed, skipped};

const SWANCTL: &str = "/etc/swanctl/swanctl.conf";

fn pair(name: &str, version: u8, initiator: Lists<'_>, responder: Lists<'_>) -> Pair {
    let text = |own: usize, (ike, esp): Lists<'_>| {
        let (peer, start) = (3 - own, ["start", "none"][own - 1]);
        format!(
            "connections {{\n  site {{\n    version = {version}\n    mobike = no\n    local_addrs = 192.0.2.{own}\n    remote_addrs = \
             192.0.2.{peer}\n    proposals = {ike}\n    local {{\n      auth = psk\n      id = end{own}.example\n    }}\n    remote \
             {{\n      auth = psk\n      id = end{peer}.example\n    }}\n    children {{\n      net {{\n        esp_proposals = \
             {esp}\n        local_ts = 10.0.{own}.0/24\n        remote_ts = 10.0.{peer}.0/24\n        start_action = {start}\n      \
             }}\n    }}\n  }}\n}}\nsecrets {{\n  ike {{\n    secret = same\n  }}\n}}\n"
        )
    };
    Pair { name: name.to_owned(), old: version == 1, initiator: text(1, initiator), responder: text(2, responder) }
}

fn party(role: Role, text: &str) -> Party {
    let reading = swanctl::read(&Memory::new().with(SWANCTL, text), SWANCTL).unwrap();
    let software = "strongswan@5.9.8".parse().unwrap();
    let selection = swanctl::Selection { software: &software, role, name: None, label: SWANCTL };
    swanctl::parties(&reading, &selection, catalog()).parties.remove(0)
}

/// Where two texts fail by the rules.
fn refused([initiator, responder]: &[String; 2]) -> Option<Stage> {
    least::refused(&party(Role::Client, initiator), &party(Role::Server, responder))
}

const WORDS: Words = Words {
    settings: ["proposals = ", "esp_proposals = "],
    ranks: &[
        &[&["des"], &["3des"], &["aes128", "aes192", "aes256"], &["aes128gcm16", "aes256gcm16", "chacha20poly1305"]],
        &[&["md5"], &["sha1"], &["sha256", "sha384", "sha512"]],
        &[&["prfmd5"], &["prfsha1"], &["prfsha256", "prfsha384", "prfsha512"]],
        &[
            &["modp768"],
            &["modp1024"],
            &["modp1536"],
            &["modp2048"],
            &["modp3072", "modp4096", "ecp256", "ecp384", "ecp521", "x25519"],
        ],
    ],
    weak: &["des", "3des", "md5", "sha1", "prfmd5", "prfsha1", "modp768", "modp1024", "modp1536"],
    alone: false,
};

const ESP: &str = "aes256-sha256";
const IKE: &str = "aes256-sha256-ecp256";
const STRONG: Lists<'_> = (IKE, ESP);

fn named() -> Vec<Pair> {
    let weak_group = (IKE, "aes128-sha256-modp1024");
    vec![
        pair("3DES and a small group", 2, ("3des-sha1-modp1024", ESP), STRONG),
        pair("several, the best last", 2, ("3des-md5-modp768, 3des-sha1-modp1024, aes128-sha1-modp1536", ESP), STRONG),
        pair("several in one", 2, ("3des-aes128-md5-sha1-modp1024-modp1536", ESP), STRONG),
        pair("only the group is small", 2, ("aes256-sha256-modp1024, aes256-sha256-modp1536", ESP), STRONG),
        pair("only the hash is old", 2, ("aes256-sha1-ecp384", ESP), STRONG),
        pair("only the cipher is old", 2, ("3des-sha256-modp2048", ESP), STRONG),
        pair("combined mode with an old PRF", 2, ("aes256gcm16-prfsha1-modp1536", ESP), STRONG),
        pair("the tunnel's cipher", 2, (IKE, "3des-sha1"), STRONG),
        pair("the tunnel's hash", 2, (IKE, "aes128-md5, aes128-sha1"), STRONG),
        pair("the tunnel's group", 2, weak_group, (IKE, "aes256-sha512-modp2048")),
        pair("both", 2, ("3des-sha1-modp1024", "3des-md5"), STRONG),
        pair("the responder is old", 2, STRONG, ("3des-sha1-modp1024, aes128-sha1-modp1024", ESP)),
        // Which of them is the weaker one, their ratings do not tell.
        pair("two groups of one rating", 2, ("aes128-sha1-modp768, aes128-sha1-modp1024", ESP), STRONG),
        pair("two groups of one rating in one", 2, ("3des-sha1-modp768-modp1024", ESP), STRONG),
        pair("two sound groups beside what is old", 2, ("3des-sha1-modp2048, 3des-sha1-ecp256", ESP), STRONG),
        pair("a function of its own", 2, ("aes128-sha1-prfsha256-modp1024", ESP), STRONG),
        // What comes about at first, and fails when keys are renewed.
        pair("the tunnel's group, later", 2, weak_group, (IKE, "aes128-sha256-modp2048")),
        pair("the tunnel's group, later, at one end", 2, weak_group, (IKE, "aes128-sha256")),
        pair("the tunnel's group, later, at the other end", 2, (IKE, "aes128-sha256"), weak_group),
        pair("both groups", 2, ("aes256-sha256-modp1024", "aes128-sha256-modp1024"), (IKE, "aes128-sha256-ecp256")),
        pair("IKEv1: 3DES and a small group", 1, ("3des-sha1-modp1024", ESP), STRONG),
        pair("IKEv1: several", 1, ("3des-md5-modp768, aes128-sha1-modp1536", ESP), STRONG),
        pair("IKEv1: the tunnel's cipher", 1, (IKE, "3des-sha1, aes128-sha1"), STRONG),
        pair("IKEv1: the tunnel's group", 1, weak_group, (IKE, "aes128-sha256-modp2048")),
        pair("IKEv1: the responder is old", 1, STRONG, ("3des-sha1-modp1024", "3des-sha1")),
    ]
}

/// One end drawn from what is old, the other one from what is not.
fn drawn(case: u32) -> Pair {
    let mut draw = Draw::new(case);
    let version = if draw.once(30) { 1 } else { 2 };
    let old = |draw: &mut Draw, tunnel: bool| {
        let cipher = draw.one(&["3des", "3des", "aes128", "aes256"]);
        // One of them is weak.
        let hash = if cipher == "3des" { draw.one(&["md5", "sha1", "sha256"]) } else { draw.one(&["md5", "sha1"]) };
        let group = match tunnel {
            false => draw.one(&["-modp768", "-modp1024", "-modp1536", "-modp2048", "-ecp256"]),
            true => draw.one(&["", "", "-modp1024", "-modp2048"]),
        };
        format!("{cipher}-{hash}{group}")
    };
    let count = 1 + draw.below(3);
    let weak: Vec<String> = (0..count).map(|_| old(&mut draw, false)).collect();
    let tunnel = if draw.once(40) { old(&mut draw, true) } else { ESP.to_owned() };
    let strong = ["aes128-sha256-modp2048", "aes256-sha384-ecp384", IKE, "aes256gcm16-prfsha256-x25519"];
    // IKEv1 has no combined mode for the IKE SA.
    let strong = draw.one(if version == 1 { &strong[..3] } else { &strong });
    let other = draw.one(&[ESP, "aes256gcm16, aes256-sha256"]);
    let weak = weak.join(", ");
    let (one, other) = ((weak.as_str(), tunnel.as_str()), (strong, other));
    let name = format!("drawn: SHAKEDOWN_SEED={} case {case}", seed());
    if draw.once(50) { pair(&name, version, one, other) } else { pair(&name, version, other, one) }
}

#[test]
fn a_weaker_fix_is_no_weaker_than_it_has_to_be() {
    let (mut weaker, mut safe, mut alternatives) = (0, 0, 0);
    for pair in named().into_iter().chain((0..cases(100)).map(drawn)) {
        for change in pair.changes(&WORDS, party) {
            let shown = format!("{}: {}\n{}", pair.name, change.title, change.text);
            assert_eq!(refused(&pair.with(change.role, &change.text)), None, "{shown}");
            *(if change.weaker { &mut weaker } else { &mut safe }) += 1;
            for other in &change.alternatives {
                assert_ne!(other.text, change.text, "{shown}");
                let stage = refused(&pair.with(change.role, &other.text));
                assert!(stage.is_some(), "{shown}\n{} would do as well", other.what);
                alternatives += 1;
            }
        }
    }
    println!("{weaker} weaker fixes, {safe} safe ones, {alternatives} alternatives");
    assert!(weaker >= 25 && safe >= 20 && alternatives > 350, "{weaker} {safe} {alternatives}");
}

/// What a tunnel of two real daemons is to come to.
enum Expected {
    Connects,
    /// It is refused where the rules say, unless the daemon has no such algorithm for what the keyword is for.
    Refused(Option<Stage>, Option<Keyword>),
    /// Both ends have the keyword: whether the daemon has its algorithm. By the rules it is refused there, or not at all.
    Has(Option<Stage>, Keyword),
}

/// Of a version, whether for the tunnel.
type Keyword = (bool, bool, &'static str);

/// What it came to.
#[derive(Debug, PartialEq)]
enum Ended {
    Connects,
    NoProposal(Stage),
    Otherwise,
}

struct Tried {
    texts: [String; 2],
    expected: Expected,
    what: String,
}

/// A text with the names and addresses of a tunnel.
fn numbered(text: &str, number: usize) -> String {
    let mut text = text.replace("  site {", &format!("  c{number} {{")).replace(" net {", &format!(" t{number} {{"));
    for end in [1, 2] {
        text = text
            .replace(&format!("192.0.2.{end}"), &Tunnels::address(end, number))
            .replace(&format!("end{end}.example"), &format!("end{end}.c{number}.example"))
            .replace(&format!("10.0.{end}.0/24"), &Tunnels::network(end, number));
    }
    text
}

fn ended(tunnels: &Tunnels, number: usize) -> Ended {
    let mut stage = Stage::IkeSa;
    let mut result = Ended::Otherwise;
    for line in tunnels.lines(number) {
        if line.contains("] established between") {
            stage = Stage::ChildSa;
        } else if line.contains("} established with SPIs") {
            if stage == Stage::Rekey {
                return Ended::Connects;
            }
            stage = Stage::Rekey;
        } else if line.contains("received NO_PROPOSAL_CHOSEN") {
            result = Ended::NoProposal(stage);
        }
    }
    result
}

/// Two ends that both have a keyword, and nothing else that is old.
fn both_with((old, child, keyword): Keyword) -> [String; 2] {
    let proposal = match (WORDS.rank(keyword).map(|(kind, _)| kind), child) {
        (Some(0), true) if WORDS.is_aead(keyword) => keyword.to_owned(),
        (Some(0), true) => format!("{keyword}-sha256"),
        (Some(0), false) if WORDS.is_aead(keyword) => format!("{keyword}-prfsha256-ecp256"),
        (Some(0), false) => format!("{keyword}-sha256-ecp256"),
        (Some(1), true) => format!("aes128-{keyword}"),
        (Some(1), false) => format!("aes128-{keyword}-ecp256"),
        (Some(2), _) => format!("aes128gcm16-{keyword}-ecp256"),
        _ => format!("aes128-sha256-{keyword}"),
    };
    let lists = if child { (IKE, proposal.as_str()) } else { (proposal.as_str(), ESP) };
    let same = pair(keyword, if old { 1 } else { 2 }, lists, lists);
    [same.initiator, same.responder]
}

/// Everything that the daemons are to try.
fn to_be_tried(pairs: &[Pair]) -> Vec<Tried> {
    let mut all = Vec::new();
    let mut keywords = BTreeSet::new();
    for pair in pairs {
        for change in pair.changes(&WORDS, party) {
            let what = format!("{}: {}", pair.name, change.title);
            let texts = pair.with(change.role, &change.text);
            all.push(Tried { texts, expected: Expected::Connects, what: what.clone() });
            for other in change.alternatives {
                let texts = pair.with(change.role, &other.text);
                let stage = refused(&texts);
                let keyword = other.keyword.map(|(child, keyword)| (pair.old, child, keyword));
                keywords.extend(keyword);
                let expected = Expected::Refused(stage, keyword);
                all.push(Tried { texts, expected, what: format!("{what}: {}", other.what) });
            }
        }
    }
    let control = |keyword: Keyword| {
        let (texts, what) = (both_with(keyword), format!("{keyword:?} at both ends"));
        Tried { expected: Expected::Has(refused(&texts), keyword), texts, what }
    };
    all.extend(keywords.into_iter().map(control));
    all
}

#[test]
fn real_daemons_refuse_all_that_is_less_weak() {
    let Some((fixes, alternatives, apart)) = try_all(&named()) else { return };
    assert!(fixes >= 50 && alternatives >= 340 && apart <= alternatives / 20, "{fixes} {alternatives} {apart}");
}

#[test]
fn so_it_is_for_proposals_drawn_at_random() {
    let _where_there_are_daemons = try_all(&(0..cases(8)).map(drawn).collect::<Vec<_>>());
}

/// How many fixes connect, how many alternatives are refused, and how many others need what no end can use.
fn try_all(pairs: &[Pair]) -> Option<(usize, usize, usize)> {
    let strongswan = Strongswan::find()?;
    let all = to_be_tried(pairs);
    let mut results = Vec::new();
    for together in all.chunks(100) {
        let configuration = |end: usize| {
            let texts = together.iter().enumerate();
            texts.map(|(number, tried)| numbered(&tried.texts[end], number)).collect::<String>()
        };
        let texts = [configuration(0), configuration(1)];
        let tunnels = Tunnels::begin(&strongswan, texts.each_ref().map(String::as_str), together.len(), true);
        if tunnels.without_kernel() {
            skipped("neither this kernel nor /dev/net/tun gives an SPI for a CHILD SA");
            return None;
        }
        for number in 0..together.len() {
            let lines: String = tunnels.lines(number).map(|line| format!("{line}\n")).collect();
            results.push((ended(&tunnels, number), format!("{}{lines}", tunnels.refused(number).unwrap_or_default())));
        }
    }
    let lacks: BTreeMap<Keyword, &str> = all
        .iter()
        .zip(&results)
        .filter_map(|(tried, (ended, log))| match tried.expected {
            Expected::Has(_, keyword) if *ended != Ended::Connects => Some((keyword, log.as_str())),
            _ => None,
        })
        .collect();
    let (mut fixes, mut alternatives, mut apart, mut wrong) = (0, BTreeMap::new(), 0, String::new());
    for (tried, (ended, log)) in all.iter().zip(&results) {
        let right = match &tried.expected {
            // A daemon without the algorithm does not say that nothing was proposed.
            Expected::Has(None, _) => !matches!(ended, Ended::NoProposal(_)),
            Expected::Has(Some(stage), _) => *ended == Ended::NoProposal(*stage),
            Expected::Connects => {
                fixes += 1;
                *ended == Ended::Connects
            }
            Expected::Refused(_, Some(keyword)) if lacks.contains_key(keyword) => {
                apart += 1;
                *ended != Ended::Connects
            }
            Expected::Refused(stage, _) => {
                *alternatives.entry(stage.map(Stage::as_str)).or_insert(0) += 1;
                stage.is_some_and(|stage| *ended == Ended::NoProposal(stage))
            }
        };
        if !right {
            let [initiator, responder] = &tried.texts;
            let _ = writeln!(wrong, "{}\n{ended:?}\n{initiator}{responder}{log}", tried.what);
        }
    }
    for (keyword, log) in &lacks {
        println!("where both ends have {keyword:?}: {}", log.lines().last().unwrap_or_default());
    }
    let tried: usize = alternatives.values().sum();
    println!(
        "{fixes} fixes connect; {tried} alternatives are refused: {alternatives:?}; {apart} need what no end can use"
    );
    assert!(wrong.is_empty(), "{wrong}");
    Some((fixes, tried, apart))
}
