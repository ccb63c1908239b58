//! No fix of libreswan's `ipsec.conf` weakens more than its scenario needs: of each weaker fix every alternative that is stronger by
//! one step is tried, by the rules and by two real plutos that have the edited files. Of the tunnels they agree on proposals
//! only, so that none is renewed.

#![allow(clippy::print_stdout, reason = "how many alternatives were tried is the result")]

mod common;
#[path = "common/least.rs"]
mod least;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use common::catalog;
use least::{Lists, Pair, Words};
use shakedown_config::Memory;
use shakedown_config::ipsec_conf::{self, Daemon};
use shakedown_config::swanctl::Selection;
use shakedown_model::{Party, Role};
use shakedown_testkit::peers::{Libreswan, PlutoTunnels, Tunnels};

const PATH: &str = "/etc/ipsec.conf";
const SETUP: &str = "config setup\n\tikev1-policy=accept\n";

/// Keywords that libreswan 4.10 has as Debian builds it.
const WORDS: Words = Words {
    settings: ["ike=", "esp="],
    ranks: &[
        &[&["3des"], &["aes128", "aes192", "aes256"], &["aes_gcm128", "aes_gcm256", "chacha20_poly1305"]],
        &[&["sha1"], &["sha2_256", "sha2_384", "sha2_512"]],
        &[&["modp1536"], &["modp2048"], &["modp3072", "modp4096", "dh19", "dh20", "dh31"]],
    ],
    weak: &["3des", "sha1", "modp1536"],
    alone: true,
};

fn pair(name: &str, version: u8, initiator: Lists<'_>, responder: Lists<'_>) -> Pair {
    let text = |own: usize, (ike, esp): Lists<'_>| {
        let (peer, version) = (3 - own, if version == 1 { "no" } else { "insist" });
        format!(
            "{SETUP}conn site\n\tleft=192.0.2.{own}\n\tleftid=@end{own}.example\n\tleftsubnet=10.0.{own}.0/24\n\tright=192.0.2.{peer}\n\
             \trightid=@end{peer}.example\n\trightsubnet=10.0.{peer}.0/24\n\tauthby=secret\n\tikev2={version}\n\tauto=add\n\
             \tike={ike}\n\tesp={esp}\n"
        )
    };
    Pair { name: name.to_owned(), old: version == 1, initiator: text(1, initiator), responder: text(2, responder) }
}

/// `None` where the daemon does not load the connection.
fn party(role: Role, text: &str) -> Option<Party> {
    let files = Memory::new().with(PATH, text).with("/etc/ipsec.secrets", ": PSK \"open-sesame\"\n");
    let software = "libreswan@4.10".parse().unwrap();
    let selection = Selection { software: &software, role, name: None, label: "ipsec.conf" };
    let reading = ipsec_conf::read(&files, PATH, Daemon::Libreswan).unwrap();
    let own = if role == Role::Client { "192.0.2.1" } else { "192.0.2.2" };
    // A file is read as that of either end.
    ipsec_conf::parties(&reading, &selection, catalog()).parties.into_iter().find(|party| {
        let peering = party.ike().and_then(|policy| policy.peering.as_ref());
        peering.is_some_and(|peering| peering.local_addresses.iter().any(|item| item.name == *own))
    })
}

const CONNECTS: &str = "connects";
const NOT_LOADED: &str = "not loaded";

/// What becomes of two ends by the rules: [`CONNECTS`], [`NOT_LOADED`], or the stage that fails.
fn by_rules([initiator, responder]: &[String; 2]) -> &'static str {
    let (Some(client), Some(server)) = (party(Role::Client, initiator), party(Role::Server, responder)) else {
        return NOT_LOADED;
    };
    least::refused(&client, &server).map_or(CONNECTS, |stage| stage.as_str())
}

fn scenarios() -> Vec<Pair> {
    const ESP: &str = "aes256-sha2_256";
    const IKE: &str = "aes256-sha2_256-dh19";
    const STRONG: Lists<'_> = (IKE, ESP);
    vec![
        pair("3DES and a small group", 2, ("3des-sha1-modp1536", ESP), STRONG),
        pair("several, the best last", 2, ("3des-sha1-modp1536,3des-sha1-modp2048,aes128-sha1-modp2048", ESP), STRONG),
        pair("several in one", 2, ("3des+aes128-sha1-modp1536+modp2048", ESP), STRONG),
        pair("only the group is small", 2, ("aes256-sha2_256-modp1536", ESP), STRONG),
        pair("only the hash is old", 2, ("aes256-sha1-dh20", ESP), STRONG),
        pair("only the cipher is old", 2, ("3des-sha2_256-modp2048", ESP), STRONG),
        pair("combined mode with an old PRF", 2, ("aes_gcm256-sha1-modp2048", ESP), STRONG),
        pair("the tunnel's cipher", 2, (IKE, "3des-sha1"), STRONG),
        pair("the tunnel's hash", 2, (IKE, "3des-sha1,aes128-sha1"), STRONG),
        pair("both", 2, ("3des-sha1-modp1536", "3des-sha1"), STRONG),
        pair("the responder is old", 2, STRONG, ("3des-sha1-modp1536,aes128-sha1-modp1536", ESP)),
        pair("IKEv1: 3DES and a small group", 1, ("3des-sha1-modp1536", ESP), ("aes256-sha2_256-modp2048", ESP)),
        pair("IKEv1: several", 1, ("3des-sha1-modp1536,aes128-sha1-modp2048", ESP), ("aes256-sha2_256-modp3072", ESP)),
        pair(
            "IKEv1: the tunnel's cipher",
            1,
            ("aes256-sha2_256-modp2048", "3des-sha1"),
            ("aes256-sha2_256-modp2048", ESP),
        ),
    ]
}

struct Tried {
    old: bool,
    texts: [String; 2],
    /// What it has to come to: that both connect, or that they do not.
    connects: Option<bool>,
    what: String,
}

/// Two ends that both have a keyword, and nothing else that is old.
fn both_with((old, child, keyword): (bool, bool, &'static str)) -> Tried {
    let proposal = match (WORDS.rank(keyword).map(|(kind, _)| kind), child) {
        (Some(0), true) if WORDS.is_aead(keyword) => keyword.to_owned(),
        (Some(0), true) => format!("{keyword}-sha2_256"),
        (Some(0), false) => format!("{keyword}-sha2_256-modp2048"),
        (Some(1), true) => format!("aes128-{keyword}"),
        (Some(1), false) => format!("aes128-{keyword}-modp2048"),
        _ => format!("aes128-sha2_256-{keyword}"),
    };
    let lists =
        if child { ("aes256-sha2_256-modp2048", proposal.as_str()) } else { (proposal.as_str(), "aes128-sha2_256") };
    let same = pair("", if old { 1 } else { 2 }, lists, lists);
    let what = format!("{keyword} at both ends");
    Tried { old, texts: [same.initiator, same.responder], connects: None, what }
}

/// A connection with the names and addresses of a tunnel.
fn numbered(text: &str, number: usize) -> String {
    let (_, connection) = text.split_once("conn site").expect("a connection");
    let mut text = format!("conn c{number}{connection}");
    for end in [1, 2] {
        text = text
            .replace(&format!("192.0.2.{end}"), &Tunnels::address(end, number))
            .replace(&format!("10.0.{end}.0/24"), &Tunnels::network(end, number));
    }
    text
}

/// What became of a tunnel, in the words of [`by_rules`].
fn by_daemons(tunnels: &PlutoTunnels, number: usize, old: bool) -> &'static str {
    let [ours, theirs] = tunnels.lines(number);
    let has = |what: &str| theirs.iter().any(|line| line.contains(what));
    if has("failed to add") || ours.iter().any(|line| line.contains("failed to add")) {
        return NOT_LOADED;
    }
    let (selected, child, refused) = match old {
        true => (
            has("IKE SA established {auth="),
            has("responding to Quick Mode proposal"),
            has("no acceptable Oakley Transform") || has("no acceptable Proposal in IPsec SA"),
        ),
        false => (
            has("sent IKE_SA_INIT reply {"),
            has(" SPI=") && has("responder established IKE SA"),
            has("no local proposal matches remote proposals"),
        ),
    };
    match (selected, child, refused) {
        (_, true, false) => CONNECTS,
        (true, false, true) => "child-sa",
        (false, false, true) => "ike-sa",
        _ => "nothing of this",
    }
}

#[test]
fn real_plutos_refuse_all_that_is_less_weak() {
    let Some(libreswan) = Libreswan::find() else { return };
    let mut all = Vec::new();
    let mut keywords = BTreeSet::new();
    for pair in scenarios() {
        for change in pair.changes(&WORDS, |role, text| party(role, text).expect("it is loaded")) {
            let what = format!("{}: {}", pair.name, change.title);
            let texts = pair.with(change.role, &change.text);
            all.push(Tried { old: pair.old, texts, connects: Some(true), what: what.clone() });
            for other in change.alternatives {
                let texts = pair.with(change.role, &other.text);
                keywords.extend(other.keyword.map(|(child, keyword)| (pair.old, child, keyword)));
                all.push(Tried {
                    old: pair.old,
                    texts,
                    connects: Some(false),
                    what: format!("{what}: {}", other.what),
                });
            }
        }
    }
    all.extend(keywords.into_iter().map(both_with));
    let (mut fixes, mut alternatives, mut apart, mut wrong) = (0, 0, 0, String::new());
    for together in all.chunks(100) {
        let file = |end: usize| {
            let texts = together.iter().enumerate();
            texts.fold(SETUP.to_owned(), |file, (number, one)| file + &numbered(&one.texts[end], number))
        };
        let files = [file(0), file(1)];
        let tunnels = PlutoTunnels::begin(&libreswan, files.each_ref().map(String::as_str), together.len());
        for (number, tried) in together.iter().enumerate() {
            let (said, made) = (by_rules(&tried.texts), by_daemons(&tunnels, number, tried.old));
            match (tried.connects, made) {
                (Some(true), _) => fixes += 1,
                // The daemon has no such keyword there.
                (Some(false), NOT_LOADED) => apart += 1,
                (Some(false), _) => alternatives += 1,
                (None, CONNECTS) => {}
                (None, _) => println!("{}: {made}", tried.what),
            }
            if said != made || tried.connects.is_some_and(|connects| connects != (made == CONNECTS)) {
                let lines = tunnels.lines(number).map(|lines| lines.join("\n")).join("\n");
                let _ = writeln!(wrong, "{}\nthe rules say {said}, the daemons {made}", tried.what);
                let _ = writeln!(wrong, "{}{lines}", tried.texts.join(""));
            }
        }
    }
    println!("{fixes} fixes connect; {alternatives} alternatives are refused; {apart} are not loaded");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(fixes >= 28 && alternatives > 100 && apart <= alternatives / 5, "{fixes} {alternatives} {apart}");
}
