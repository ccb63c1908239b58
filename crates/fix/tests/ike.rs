//! Plans for IKE, from two configurations: the edited files are read again, and agree.

mod common;

use common::{catalog, run};
use shakedown_config::Memory;
use shakedown_config::gateway::{self, Vendor};
use shakedown_config::swanctl::{self, Selection};
use shakedown_model::{
    Applicability, CommandPlace, Context, Fix, Outcome, OutcomeResult, Party, PartySource, Policy, Role, Side,
};

const PATH: &str = "/etc/swanctl/swanctl.conf";

fn party(role: Role, text: &str) -> Party {
    let reading = swanctl::read(&Memory::new().with(PATH, text), PATH).expect("a file");
    let software = "strongswan@5.9.8".parse().expect("software");
    let selection = Selection { software: &software, role, name: None, label: PATH };
    let mut gathered = swanctl::parties(&reading, &selection, catalog());
    assert!(gathered.evidence.is_empty(), "{:?}", gathered.evidence);
    gathered.parties.remove(0)
}

/// One connection with these settings of it and of its child.
fn text(connection: &str, child: &str) -> String {
    format!(
        "connections {{\n  site {{\n    version = 2\n    {connection}\n    local {{ auth = psk\n id = a }}\n    remote {{ auth = psk\n \
         id = a }}\n    children {{ net {{ {child}\n local_ts = 10.0.0.0/8\n remote_ts = 10.0.0.0/8 }} }}\n  }}\n}}\n\
         secrets {{ ike {{ secret = same }} }}\n"
    )
}

fn fixes(client: &str, server: &str) -> Vec<Fix> {
    run(&party(Role::Client, client), &party(Role::Server, server), &Context::default(), &[]).fixes
}

/// What the two files agree on with one of them edited.
fn after(fix: &Fix, client: &str, server: &str) -> (String, Outcome) {
    assert_eq!(fix.edits.len(), 1, "{fix:?}");
    // Secrets are not kept: only their stars are there.
    let edited = String::from_utf8(fix.edits[0].apply()).expect("text").replace("****", "same");
    let is_client = fix.side == Side::Client;
    let (client, server) = if is_client { (edited.as_str(), server) } else { (client, edited.as_str()) };
    let parties = (party(Role::Client, client), party(Role::Server, server));
    (edited, shakedown_negotiate::negotiate(&parties.0, &parties.1, &Context::default()))
}

#[test]
fn the_strongest_proposal_of_the_other_end_is_added() {
    let client = text("proposals = 3des-sha1-modp1024 # old", "esp_proposals = aes256-sha256");
    let server = text("proposals = aes256-sha384-ecp384, aes128-sha256-modp2048", "esp_proposals = aes256-sha256");
    let fixes = fixes(&client, &server);
    let first = &fixes[0];
    assert_eq!(first.applicability, Applicability::Safe, "{first:?}");
    assert_eq!(first.title, "let the initiator also propose `aes256-sha384-ecp384` for the IKE SA");
    let (edited, outcome) = after(first, &client, &server);
    assert_eq!(edited.replace(",aes256-sha384-ecp384 # old", " # old"), client);
    assert_eq!(outcome.result(), OutcomeResult::Agreed, "{outcome:?}");
    assert!(first.commands.iter().any(|command| command.text == "swanctl --load-conns"));
    let weaker = &fixes[1];
    assert_eq!(weaker.applicability, Applicability::Weakens);
    assert_eq!(after(weaker, &client, &server).1.result(), OutcomeResult::Agreed);
}

#[test]
fn both_lists_of_one_end_are_changed_where_both_differ() {
    let client = text("proposals = aes128-sha256-modp2048", "esp_proposals = aes128gcm16");
    let server = text("proposals = aes256-sha256-modp3072", "esp_proposals = aes256-sha512");
    for fix in fixes(&client, &server) {
        assert!(fix.title.contains("for the IKE SA") && fix.title.contains("for the tunnel"), "{}", fix.title);
        let (_, outcome) = after(&fix, &client, &server);
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{}: {outcome:?}", fix.title);
    }
}

#[test]
fn forward_secrecy_is_there_before_the_keys_are_renewed() {
    let client = text("proposals = aes128-sha256-modp2048", "esp_proposals = aes256-sha256");
    let server = text("proposals = aes128-sha256-modp2048", "esp_proposals = aes256-sha256-modp2048");
    let fixes = fixes(&client, &server);
    assert_eq!(fixes[0].title, "let the initiator also propose `aes256-sha256-modp2048` for the tunnel");
    let (_, outcome) = after(&fixes[0], &client, &server);
    assert!(outcome.forecast.is_empty(), "{outcome:?}");
}

/// In IKEv1 a list with and without a group is none that a peer must take.
#[test]
fn the_list_of_an_old_tunnel_is_replaced_where_the_group_differs() {
    let old = |text: String| text.replace("version = 2", "version = 1");
    let client = old(text("proposals = aes128-sha256-modp2048", "esp_proposals = aes128-sha256, aes256-sha256"));
    let server = old(text("proposals = aes128-sha256-modp2048", "esp_proposals = aes256-sha256-modp2048"));
    let fixes = fixes(&client, &server);
    assert_eq!(fixes[0].title, "let the initiator propose `aes256-sha256-modp2048` for the tunnel");
    let (edited, outcome) = after(&fixes[0], &client, &server);
    assert!(edited.contains("esp_proposals = aes256-sha256-modp2048\n"), "{edited}");
    assert_eq!(outcome.result(), OutcomeResult::Agreed, "{outcome:?}");
}

/// It was asked for, as if that could be sent.
#[test]
fn what_ikev1_has_no_number_for_is_told_and_not_asked_for() {
    let old = |text: String| text.replace("version = 2", "version = 1");
    let esp = "esp_proposals = aes256-sha256";
    let client = old(text("proposals = aes256gcm16-prfsha256-ecp256, 3des-sha1-modp1024", esp));
    let server = old(text("proposals = aes256-sha256-ecp256", esp));
    let planned = fixes(&client, &server);
    let titles: Vec<&str> = planned.iter().map(|fix| fix.title.as_str()).collect();
    let [safe, weaker] = [
        "let the initiator also propose `aes256-sha256-ecp256` for the IKE SA",
        "let the responder also propose `3des-sha1-modp1024` for the IKE SA",
    ];
    assert_eq!(titles, [safe, weaker]);
    let both = old(text("proposals = aes256gcm16-prfsha256-ecp256", esp));
    let planned = run(&party(Role::Client, &both), &party(Role::Server, &both), &Context::default(), &[]);
    let [found, ..] = planned.diagnoses.as_slice() else { panic!("nothing is found") };
    assert_eq!((found.cause, found.side), ("no-common-proposal", Side::Client));
    let summary = "the initiator cannot send its IKE proposal with `aes256gcm16`: IKEv1 has no number for it";
    assert_eq!(found.summary, summary);
    assert!(found.remedies.is_empty() && planned.fixes.is_empty(), "{found:?} {:?}", planned.fixes);
}

/// strongSwan leaves a cipher in counter mode out of phase 1: two of them were said to agree on it.
#[test]
fn strongswan_has_no_counter_mode_in_phase_1_of_ikev1() {
    let old = |text: String| text.replace("version = 2", "version = 1");
    let both = |ike: &str| text(&format!("proposals = {ike}"), "esp_proposals = aes256ctr-sha256");
    let found = |text: &str| run(&party(Role::Client, text), &party(Role::Server, text), &Context::default(), &[]);
    let planned = found(&old(both("aes256ctr-sha256-modp2048")));
    let [found_first, ..] = planned.diagnoses.as_slice() else { panic!("nothing is found") };
    assert_eq!((found_first.cause, found_first.side), ("no-common-proposal", Side::Client));
    let why = "IKEv1 has no number for it, and strongSwan none of its own";
    assert_eq!(found_first.summary, format!("the initiator cannot send its IKE proposal with `aes256ctr`: {why}"));
    assert!(found_first.remedies.is_empty() && planned.fixes.is_empty(), "{:?}", planned.fixes);
    // Another program sends it by a number of its own: it was said to be unable to.
    let text_of_both = old(both("aes256ctr-sha256-modp2048"));
    let mut other = party(Role::Client, &text_of_both);
    let Policy::Ike(policy) = &mut other.policy else { panic!("{other:?}") };
    policy.peering = None;
    let planned = run(&other, &party(Role::Server, &text_of_both), &Context::default(), &[]);
    let told = format!("the responder cannot take the initiator's IKE proposal with `aes256ctr`: {why}");
    assert_eq!(planned.diagnoses[0].summary, told);
    for agreed in [both("aes256ctr-sha256-modp2048"), old(both("aes256ctr-aes256-sha256-modp2048"))] {
        assert!(found(&agreed).diagnoses.is_empty(), "{agreed}");
    }
}

#[test]
fn an_end_with_its_program_s_own_proposals_gets_a_line() {
    let client = text("proposals = 3des-sha1-modp1024", "esp_proposals = aes256-sha256");
    let server = text("", "esp_proposals = aes256-sha256");
    let fixes = fixes(&client, &server);
    let of_server = fixes.iter().find(|fix| fix.side == Side::Server).expect("a fix of the server");
    assert_eq!(of_server.applicability, Applicability::Weakens);
    let line = of_server.commands.iter().find(|command| matches!(command.place, CommandPlace::File(_)));
    assert_eq!(line.map(|line| line.text.as_str()), Some("proposals = default,3des-sha1-modp1024"));
}

/// Where the items of a party were read in a log, an edit would have changed the log.
#[test]
fn only_a_configuration_is_edited() {
    let client = party(Role::Client, &text("proposals = 3des-sha1-modp1024", "esp_proposals = aes256-sha256"));
    let server = party(Role::Server, &text("proposals = aes256-sha256-modp2048", "esp_proposals = aes256-sha256"));
    let source = PartySource::Live { address: "192.0.2.7:500".to_owned() };
    let seen = Party { source, configuration: None, ..server };
    for fix in run(&client, &seen, &Context::default(), &[]).fixes {
        assert_eq!(fix.edits.is_empty(), fix.side == Side::Server, "{fix:?}");
        assert_eq!(fix.commands.iter().any(|command| command.text.starts_with("swanctl")), fix.side == Side::Client);
    }
}

/// A gateway of another vendor is told what to write in its own words, and what it has no word for is not asked of it.
#[test]
fn a_gateway_is_changed_in_its_own_words() {
    let read = |vendor: Vendor, text: &str| {
        let files = Memory::new().with("/g", text);
        let selection = gateway::Selection { version: None, role: Role::Server, name: None, label: "gw.txt" };
        gateway::gather(&files, "/g", vendor, &selection, catalog()).expect("a file").parties.remove(0)
    };
    let client = party(
        Role::Client,
        &text("proposals = chacha20poly1305-prfsha256-x25519, aes256-sha384-ecp384", "esp_proposals = aes256-sha256"),
    );
    let junos = "set security ike proposal p encryption-algorithm aes-128-cbc\nset security ike proposal p authentication-algorithm \
                 sha-256\nset security ike proposal p dh-group group14\nset security ike policy y proposals p\nset security ike \
                 gateway g ike-policy y\nset security ike gateway g version v2-only\n";
    let routeros = "/ip ipsec profile\nadd name=p enc-algorithm=aes-128 hash-algorithm=sha256 dh-group=modp2048\n/ip ipsec \
                    peer\nadd name=g profile=p exchange-mode=ike2\n";
    for (vendor, text, words) in [
        (Vendor::Junos, junos, ["encryption-algorithm chacha20-poly1305", "dh-group group31"]),
        (Vendor::RouterOs, routeros, ["enc-algorithm=aes-256 hash-algorithm=sha384", "dh-group=ecp384"]),
    ] {
        let fixes = run(&client, &read(vendor, text), &Context::default(), &[]).fixes;
        let fix = fixes.iter().find(|fix| fix.side == Side::Server).expect("a fix of the gateway");
        let [command, ..] = fix.commands.as_slice() else { panic!("{fix:?}") };
        assert!(words.iter().all(|word| command.text.contains(word)), "{vendor:?}: {command:?}");
        assert!(fix.edits.is_empty() && fix.outcome_after.is_some());
        assert!(
            matches!(&command.place, CommandPlace::Settings(place) if place.starts_with("gw.txt (")),
            "{command:?}"
        );
    }
}
