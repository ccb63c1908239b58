//! Plans for two ends of IKE that do not take each other for whom they are, or do not let the same through.

mod common;

use common::{Planned, catalog, run};
use shakedown_config::Memory;
use shakedown_config::ipsec_conf::{self, Daemon};
use shakedown_config::swanctl::{self, Selection};
use shakedown_model::{Applicability, CommandPlace, Context, Fix, Outcome, OutcomeResult, Party, Role, Side};

/// A file as the program of an end reads it; one with `conn` is an `ipsec.conf`.
fn party(role: Role, software: &str, text: &str) -> Party {
    let software = software.parse().expect("software");
    let secrets = ": PSK \"open-sesame\"\n";
    let files = Memory::new().with("/etc/main.conf", text).with("/etc/ipsec.secrets", secrets);
    let selection = Selection { software: &software, role, name: None, label: "main.conf" };
    let daemon = if software.product() == "libreswan" { Daemon::Libreswan } else { Daemon::StrongSwan };
    let mut gathered = match text.contains("conn ") {
        true => {
            let reading = ipsec_conf::read(&files, "/etc/main.conf", daemon).expect("a file");
            ipsec_conf::parties(&reading, &selection, catalog())
        }
        false => {
            let reading = swanctl::read(&files, "/etc/main.conf").expect("a file");
            swanctl::parties(&reading, &selection, catalog())
        }
    };
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    // A file of libreswan is read as that of either end: the responder is at the second address.
    let is_second = |party: &Party| {
        let peering = party.ike().and_then(|policy| policy.peering.as_ref());
        peering.is_some_and(|peering| peering.local_addresses.iter().any(|item| item.name == *"192.0.2.2"))
    };
    let place = gathered.parties.iter().position(is_second).filter(|_| role == Role::Server);
    gathered.parties.remove(place.unwrap_or(0))
}

const SWANCTL: &str = "connections {
  site {
    version = 2
    proposals = aes256-sha256-modp2048
    local_addrs = OWN
    remote_addrs = PEER
    local {
      auth = psk
      id = OWN_ID
    }
    remote {
      auth = psk
      id = PEER_ID
    }
    children {
      net {
        esp_proposals = aes256-sha256
        local_ts = OWN_NET
        remote_ts = PEER_NET
      }
    }
  }
}
secrets {
  ike-site {
    secret = \"open-sesame\"
  }
}
";

/// The file of an end of which nothing is wrong.
fn sound(role: Role) -> String {
    let (own, peer) = if role == Role::Client { ('1', '2') } else { ('2', '1') };
    SWANCTL
        .replace("OWN_ID", &format!("end{own}.example"))
        .replace("PEER_ID", &format!("end{peer}.example"))
        .replace("OWN_NET", &format!("10.{own}.0.0/24"))
        .replace("PEER_NET", &format!("10.{peer}.0.0/24"))
        .replace("OWN", &format!("192.0.2.{own}"))
        .replace("PEER", &format!("192.0.2.{peer}"))
}

fn ends(initiator: [&str; 2], responder: [&str; 2]) -> (String, String) {
    let changed = |role: Role, [from, to]: [&str; 2]| {
        let text = sound(role);
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1)
    };
    (changed(Role::Client, initiator), changed(Role::Server, responder))
}

const SAME: [&str; 2] = ["version", "version"];

fn planned(files: &(String, String)) -> Planned {
    let software = "strongswan@5.9.8";
    let (client, server) = (party(Role::Client, software, &files.0), party(Role::Server, software, &files.1));
    run(&client, &server, &Context::default(), &[])
}

/// What the files agree on with one of them edited, read from the beginning.
fn after(fix: &Fix, files: &(String, String)) -> (String, Outcome) {
    assert_eq!(fix.edits.len(), 1, "{fix:?}");
    let edited = String::from_utf8(fix.edits[0].apply()).expect("text").replace("*************", "\"open-sesame\"");
    let mut files = files.clone();
    *(if fix.side == Side::Client { &mut files.0 } else { &mut files.1 }) = edited.clone();
    (edited, planned(&files).outcome)
}

fn titles(fixes: &[Fix]) -> Vec<(Applicability, &str)> {
    fixes.iter().map(|fix| (fix.applicability, fix.title.as_str())).collect()
}

#[test]
fn the_files_agree_where_nothing_is_changed() {
    let planned = planned(&ends(SAME, SAME));
    assert_eq!(planned.outcome.result(), OutcomeResult::Agreed, "{:?}", planned.outcome);
    assert!(planned.fixes.is_empty());
}

#[test]
fn an_end_calls_itself_as_expected_or_a_person_decides_to_expect_it() {
    let files = ends(["id = end1.example", "id = old1.example"], SAME);
    let planned = planned(&files);
    assert_eq!(
        titles(&planned.fixes),
        [
            (Applicability::Safe, "let the initiator call itself `end1.example`, as the responder expects"),
            (Applicability::Manual, "let the responder expect `old1.example`, as the initiator calls itself"),
        ]
    );
    for fix in &planned.fixes {
        let (edited, outcome) = after(fix, &files);
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{edited}");
        assert_eq!(Some(outcome.result()), fix.outcome_after.as_ref().map(Outcome::result));
    }
    let asked = &planned.fixes[1].commands[0];
    assert!(asked.text.contains("is `old1.example` the identity of their gateway?"), "{asked:?}");
}

/// Peers of a responder that anybody may call would no longer know it.
#[test]
fn a_responder_for_any_address_is_renamed_by_a_person_only() {
    let files = ends(["id = end2.example", "id = new2.example"], ["192.0.2.1", "%any"]);
    let fixes = planned(&files).fixes;
    assert!(fixes.iter().all(|fix| fix.applicability == Applicability::Manual), "{fixes:?}");
    let one = fixes.iter().find(|fix| fix.side == Side::Server).expect("a fix of the responder");
    assert_eq!(one.title, "let the responder call itself `new2.example`, as the initiator expects");
    assert!(fixes.iter().any(|fix| fix.title.starts_with("let the initiator expect `end2.example`")), "{fixes:?}");
    assert_eq!(after(one, &files).1.result(), OutcomeResult::Agreed);
}

#[test]
fn where_both_identities_differ_one_end_mirrors_the_other() {
    let files = ends(["id = end1.example", "id = x"], ["id = end2.example", "id = y"]);
    let fixes = planned(&files).fixes;
    let mirrored: Vec<&Fix> = fixes.iter().filter(|fix| fix.title.contains("and expect")).collect();
    assert_eq!(mirrored.len(), 2, "{fixes:?}");
    for fix in mirrored {
        assert_eq!(fix.applicability, Applicability::Manual);
        assert_eq!(after(fix, &files).1.result(), OutcomeResult::Agreed);
    }
}

/// The newer version is the one to go to; the other way lowers security.
#[test]
fn the_newer_version_is_spoken() {
    let files = ends(["version = 2", "version = 1"], SAME);
    let fixes = planned(&files).fixes;
    assert_eq!(
        titles(&fixes),
        [
            (Applicability::Safe, "let the initiator speak IKEv2"),
            (Applicability::Weakens, "let the responder speak IKEv1"),
        ]
    );
    assert!(fixes.iter().all(|fix| after(fix, &files).1.result() == OutcomeResult::Agreed));
}

#[test]
fn only_main_mode_is_offered() {
    let old = |files: (String, String)| {
        (
            files.0.replace("version = 2", "version = 1\n    aggressive = yes"),
            files.1.replace("version = 2", "version = 1"),
        )
    };
    let files = old(ends(SAME, SAME));
    let fixes = planned(&files).fixes;
    assert_eq!(titles(&fixes), [(Applicability::Safe, "let the initiator speak main mode")]);
    assert_eq!(after(&fixes[0], &files).1.result(), OutcomeResult::Agreed);
}

#[test]
fn how_an_end_proves_itself_is_for_a_person_to_decide() {
    let both = |files: (String, String)| (files.0, files.1.replace("auth = psk", "auth = pubkey"));
    let files = both(ends(SAME, SAME));
    let planned = planned(&files);
    assert_eq!(planned.fixes.len(), 2, "{:?}", planned.fixes);
    for fix in &planned.fixes {
        assert_eq!(fix.applicability, Applicability::Manual);
        let (edited, outcome) = after(fix, &files);
        assert!(outcome.failed.is_empty(), "{edited}");
        assert_eq!(edited.matches(if fix.side == Side::Client { "auth = pubkey" } else { "auth = psk" }).count(), 2);
    }
}

#[test]
fn other_networks_are_let_through_by_a_person_only() {
    let files = ends(["remote_ts = 10.2.0.0/24", "remote_ts = 10.7.0.0/24"], SAME);
    let fixes = planned(&files).fixes;
    assert_eq!(
        titles(&fixes),
        [(Applicability::Manual, "let the initiator have `10.2.0.0/24` in the tunnel, as the responder has")]
    );
    assert_eq!(fixes[0].commands[0].place, CommandPlace::Settings("whoever runs the responder".to_owned()));
    assert_eq!(after(&fixes[0], &files).1.result(), OutcomeResult::Agreed);
}

#[test]
fn networks_that_are_exchanged_are_told_as_such() {
    let mut files = ends(SAME, SAME);
    files.1 = files.1.replace("local_ts = 10.2", "local_ts = 10.9").replace("remote_ts = 10.1", "remote_ts = 10.2");
    files.1 = files.1.replace("local_ts = 10.9", "local_ts = 10.1");
    let fixes = planned(&files).fixes;
    let title = "exchange local and remote networks of the responder";
    let fix = fixes.iter().find(|fix| fix.title == title).expect("a fix");
    assert_eq!(fix.applicability, Applicability::Manual);
    assert_eq!(after(fix, &files).1.result(), OutcomeResult::Agreed);
}

const LIBRESWAN: &str = "conn site
\tauthby=secret
\tikev2=insist
\tleft=192.0.2.2
\tright=192.0.2.1
\tleftid=@end2.example
\trightid=@end1.example
\tleftsubnet=10.2.0.0/24
\trightsubnet=10.1.0.0/16
\tike=aes256-sha2_256;modp2048
\tesp=aes256-sha2_256
\tpfs=no
";

/// libreswan takes selectors that are its own, and no narrower ones.
#[test]
fn the_wider_end_is_narrowed() {
    let client = party(Role::Client, "strongswan@5.9.8", &sound(Role::Client));
    let server = party(Role::Server, "libreswan@4.10", LIBRESWAN);
    let fixes = run(&client, &server, &Context::default(), &[]).fixes;
    assert_eq!(
        titles(&fixes),
        [(Applicability::Safe, "narrow the responder's networks to `10.1.0.0/24`, as the initiator has them")]
    );
    let edited = String::from_utf8(fixes[0].edits[0].apply()).expect("text");
    assert_eq!(edited, LIBRESWAN.replace("10.1.0.0/16", "10.1.0.0/24"));
    let again = run(&client, &party(Role::Server, "libreswan@4.10", &edited), &Context::default(), &[]);
    assert_eq!(again.outcome.result(), OutcomeResult::Agreed, "{:?}", again.outcome);
    assert!(fixes[0].commands.iter().any(|command| command.text == "ipsec auto --replace site"), "{fixes:?}");
}

#[test]
fn keys_are_told_by_their_entries_and_never_shown() {
    let wrong = "secrets {\n  ike-old {\n    id = end2.example\n    secret = \"forgotten\"\n  }\n";
    let files = ends(["secrets {\n", wrong], SAME);
    let fixes = planned(&files).fixes;
    assert_eq!(
        titles(&fixes),
        [(
            Applicability::Manual,
            "enter the same pre-shared key at both ends, in the entries that they look up for each other"
        )]
    );
    let fix = &fixes[0];
    let notes = fix.notes.join("\n");
    assert!(
        notes.contains("the initiator looks up the entry `ike-old` of `/etc/main.conf`, which is for `end2.example`")
    );
    assert!(notes.contains("the responder looks up the entry `ike-site` of `/etc/main.conf`, which is for every peer"));
    assert!(notes.contains("the initiator has the very key of the responder too, in the entry `ike-site`"), "{notes}");
    let all = format!("{fix:?}");
    assert!(!all.contains("forgotten") && !all.contains("open-sesame"), "{all}");
}

#[test]
fn a_key_that_is_missing_is_filed_under_the_identity_of_the_peer() {
    let files = ends(["    secret = ", "    id = somebody.example\n    secret = "], SAME);
    let fixes = planned(&files).fixes;
    assert_eq!(titles(&fixes), [(Applicability::Manual, "file the pre-shared key for its peer at the initiator")]);
    let [entry, ..] = fixes[0].commands.as_slice() else { panic!("{fixes:?}") };
    assert!(entry.text.contains("id = end2.example") && entry.text.contains("\"THE KEY\""), "{entry:?}");
}

/// A file of libreswan in which the left end is the initiator's own.
const OLD: &str = "conn site
    left=192.0.2.1
    right=192.0.2.2
    keyexchange=ikev1
    authby=secret
    ike=aes256-sha2_256-modp2048
    esp=aes256-sha2_256
";

fn of_libreswan(client: &str, server: &str) -> Planned {
    let ends = (party(Role::Client, "libreswan@5.2", client), party(Role::Server, "libreswan@5.2", server));
    run(&ends.0, &ends.1, &Context::default(), &[])
}

/// It looked like a responder that gives no answer.
#[test]
fn a_connection_that_its_own_daemon_does_not_load_is_told_and_ikev1_allowed_or_better_left() {
    let on = format!("config setup\n    ikev1-policy=accept\n{OLD}");
    let planned = of_libreswan(OLD, &on);
    let found = &planned.diagnoses[0];
    assert_eq!((found.cause, found.side), ("no-common-version", Side::Client), "{found:?}");
    assert!(found.summary.contains("does not load its own connection"), "{}", found.summary);
    assert_eq!(planned.diagnoses.len(), 1, "{:?}", planned.diagnoses);
    let [fix] = planned.fixes.as_slice() else { panic!("{:?}", planned.fixes) };
    assert_eq!((fix.title.as_str(), fix.applicability), ("allow IKEv1 at the initiator", Applicability::Weakens));
    let edited = String::from_utf8(fix.edits[0].apply()).expect("text");
    assert_eq!(edited, format!("{OLD}config setup\n    ikev1-policy=accept\n"));
    assert!(fix.commands.iter().any(|command| command.text == "systemctl restart ipsec"), "{:?}", fix.commands);
    assert_eq!(of_libreswan(&edited, &on).outcome.result(), OutcomeResult::Agreed);
    // The other end the same.
    let found = &of_libreswan(&on, OLD).diagnoses;
    assert_eq!((found[0].cause, found[0].side, found.len()), ("no-common-version", Side::Server, 1), "{found:?}");
    // Where the responder speaks IKEv2, that is better.
    let new = OLD.replace("ikev1", "ikev2");
    let planned = of_libreswan(OLD, &new);
    assert_eq!(planned.diagnoses[0].cause, "no-common-version");
    assert_eq!(titles(&planned.fixes)[0], (Applicability::Safe, "let the initiator speak IKEv2"));
}
