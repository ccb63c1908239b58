//! Whole plans for the failures that people meet.

mod common;

use common::{catalog, host, party, render, run, with};
use shakedown_catalog::Rating;
use shakedown_model::{Applicability, Context, Name, OutcomeResult, Role, Side, Slot};

const CIPHER: [Slot; 2] = [Slot::CipherC2s, Slot::CipherS2c];

#[test]
fn a_server_whose_configuration_allows_only_an_old_method() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = with(party("openssh@9.2p1/debian-12", Role::Server), &[Slot::Kex], &["diffie-hellman-group1-sha1"]);
    let planned = run(&client, &server, &host("db01"), &[]);
    let first = &planned.fixes[0];
    assert_eq!((first.applicability, first.side), (Applicability::Safe, Side::Server));
    assert_eq!(first.outcome_after.as_ref().map(|outcome| outcome.result()), Some(OutcomeResult::Agreed));
    let last =
        planned.fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a way for the client");
    assert_eq!(last.side, Side::Client);
    assert!(
        last.commands.iter().any(|command| command.text.contains("KexAlgorithms=+diffie-hellman-group1-sha1 db01"))
    );
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn a_server_too_old_for_the_client() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = party("openssh@5.3p1", Role::Server);
    let planned = run(&client, &server, &host("old"), &[]);
    assert!(planned.fixes.iter().any(|fix| fix.title.starts_with("upgrade the server to OpenSSH")));
    insta::assert_snapshot!(render(&planned));
}

/// IOS 12 cannot be told `ip ssh server algorithm`, and no order of versions says so.
#[test]
fn what_a_version_may_not_have_is_no_safe_fix() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let planned = run(&client, &party("cisco-ios@12", Role::Server), &host("router"), &[]);
    let of_server: Vec<_> = planned.fixes.iter().filter(|fix| fix.side == Side::Server).collect();
    assert!(of_server.iter().all(|fix| fix.applicability != Applicability::Safe), "{}", render(&planned));
    let says = |fix: &&&shakedown_model::Fix| fix.notes.iter().any(|note| note.contains("not known here"));
    assert!(of_server.iter().any(|fix| says(&fix)), "{}", render(&planned));
    let weaker = |fix: &&shakedown_model::Fix| fix.applicability == Applicability::Weakens && fix.side == Side::Client;
    assert!(planned.fixes.iter().any(|fix| weaker(&fix)), "{}", render(&planned));
}

#[test]
fn two_slots_fail_together_and_one_fix_resolves_both() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = with(party("openssh@9.2p1/debian-12", Role::Server), &[Slot::Kex], &["diffie-hellman-group1-sha1"]);
    let server = with(server, &CIPHER, &["3des-cbc"]);
    let planned = run(&client, &server, &host("db01"), &[]);
    assert!(planned.diagnoses.len() >= 2);
    assert_eq!(planned.fixes[0].resolves.len(), 2, "{:#?}", planned.fixes[0]);
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn a_client_too_old_for_the_server() {
    let client = party("openssh@5.3p1", Role::Client);
    let server = party("openssh@10.0p1", Role::Server);
    let planned = run(&client, &server, &host("new"), &[]);
    assert!(planned.fixes[0].title.starts_with("upgrade the client to OpenSSH"), "{}", render(&planned));
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn an_rsa_key_with_sha_1_signatures_only() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = with(party("openssh@7.1p1", Role::Server), &[Slot::HostKey], &["ssh-rsa"]);
    let planned = run(&client, &server, &host("nas"), &[]);
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn a_server_without_a_key_that_an_old_client_can_use() {
    let client = party("jsch@0.1.54", Role::Client);
    let server = with(
        party("openssh@9.2p1/debian-12", Role::Server),
        &[Slot::HostKey],
        &["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"],
    );
    let planned = run(&client, &server, &host("db01"), &[]);
    let made = planned.fixes.iter().find(|fix| fix.title == "make an ECDSA host key for the server");
    let made = made.unwrap_or_else(|| panic!("{}", render(&planned)));
    assert_eq!((made.side, made.applicability), (Side::Server, Applicability::Manual));
    let after = made.outcome_after.as_ref().expect("an outcome");
    assert_eq!(after.agreed(Slot::HostKey).map(Name::as_str), Some("ecdsa-sha2-nistp256"));
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn the_least_weak_algorithm_is_taken() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = with(
        party("dropbear@2012.55", Role::Server),
        &[Slot::Kex],
        &["diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1"],
    );
    let planned = run(&client, &server, &Context::default(), &[]);
    let weaker =
        planned.fixes.iter().find(|fix| fix.applicability == Applicability::Weakens && fix.side == Side::Client);
    let weaker = weaker.unwrap_or_else(|| panic!("a way for the client: {}", render(&planned)));
    assert!(weaker.title.contains("diffie-hellman-group14-sha1"), "{}", weaker.title);
    assert!(!weaker.title.contains("group1-sha1"), "{}", weaker.title);
}

#[test]
fn removing_says_who_would_be_cut_off() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = with(party("openssh@9.2p1/debian-12", Role::Server), &[Slot::Kex], &["diffie-hellman-group14-sha1"]);
    let server = with(server, &[Slot::HostKey], &["rsa-sha2-512", "ssh-rsa", "ssh-ed25519"]);
    let known = party("putty@0.64", Role::Client);
    let planned = run(&client, &server, &host("db01"), std::slice::from_ref(&known));
    let step = planned.fixes.iter().find(|fix| fix.title.starts_with("remove ")).expect("a step of its own");
    assert!(step.cuts_off.contains(&known.label), "{:?}", step.cuts_off);
    assert_eq!(step.applicability, Applicability::Manual);
}

#[test]
fn nothing_is_planned_for_ends_that_agree() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let server = party("openssh@9.2p1/debian-12", Role::Server);
    assert!(run(&client, &server, &Context::default(), &[]).fixes.is_empty());
}

#[test]
fn the_ratings_that_the_rules_rest_on() {
    assert!(catalog().rating(Slot::Kex, "curve25519-sha256") >= Some(Rating::Acceptable));
    assert!(catalog().rating(Slot::Kex, "diffie-hellman-group1-sha1") < Some(Rating::Legacy));
    assert!(catalog().rating(Slot::HostKey, "ssh-rsa") < Some(Rating::Acceptable));
}
