//! Plans for parties that were read from configuration files.

mod common;

use common::{catalog, host, party, render, run};
use shakedown_config::Memory;
use shakedown_config::openssh::{ClientSpec, ServerSpec, client, server};
use shakedown_model::{Applicability, Context, FileEdit, OutcomeResult, Party, Role};

const SSHD: &str = "/etc/ssh/sshd_config";
const SSH: &str = "~/.ssh/config";

fn sshd(version: &str, text: &str) -> Party {
    let spec = ServerSpec::new(version.parse().unwrap(), SSHD, Context::default());
    server(&Memory::new().with(SSHD, text), &spec, catalog()).unwrap().parties.remove(0)
}

fn ssh(version: &str, text: &str, target: &str) -> Party {
    let spec = ClientSpec::new(version.parse().unwrap(), vec![SSH.into()], host(target));
    client(&Memory::new().with(SSH, text), &spec, catalog()).unwrap().parties.remove(0)
}

fn text(edits: &[FileEdit]) -> String {
    assert_eq!(edits.len(), 1, "one file");
    String::from_utf8(edits[0].apply()).unwrap()
}

const OLD_KEX: &str = "Port 22\nKexAlgorithms diffie-hellman-group1-sha1\n\nMatch User git\n    X11Forwarding no\n";

#[test]
fn the_server_s_own_line_is_changed_and_nothing_else() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let planned = run(&client, &sshd("openssh@9.2p1/debian-12", OLD_KEX), &host("db01"), &[]);
    let first = &planned.fixes[0];
    assert_eq!(first.applicability, Applicability::Safe);
    let after = text(&first.edits);
    let line = after.lines().find(|line| line.starts_with("KexAlgorithms ")).unwrap();
    assert!(line.contains("curve25519-sha256") && line.ends_with("diffie-hellman-group1-sha1"), "{line}");
    assert_eq!(after.replace(line, "KexAlgorithms diffie-hellman-group1-sha1"), OLD_KEX);
    assert!(first.undo.iter().any(|undo| undo.text == "KexAlgorithms diffie-hellman-group1-sha1"), "{:?}", first.undo);
    assert!(first.verify.iter().any(|verify| verify.text == "sshd -t"));
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn the_step_afterwards_builds_on_the_changed_file() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let planned = run(&client, &sshd("openssh@9.2p1/debian-12", OLD_KEX), &host("db01"), &[]);
    let step = planned.fixes.iter().find(|fix| fix.title.starts_with("remove ")).expect("a step afterwards");
    let after = text(&step.edits);
    assert!(!after.contains("diffie-hellman-group1-sha1") && after.contains("curve25519-sha256"), "{after}");
}

#[test]
fn a_weaker_name_goes_into_one_block_for_one_host() {
    let before = "# mine\nServerAliveInterval 30\nHost *.example.org\n    User me\n";
    let client = ssh("openssh@9.2p1/debian-12", before, "old");
    let server = sshd("openssh@9.2p1/debian-12", "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc\n");
    let planned = run(&client, &server, &host("old"), &[]);
    let weaker = planned.fixes.iter().find(|fix| fix.applicability == Applicability::Weakens).expect("a weaker fix");
    let after = text(&weaker.edits);
    assert!(
        after.starts_with("Host old\n    KexAlgorithms +diffie-hellman-group1-sha1\n    Ciphers +3des-cbc\n"),
        "{after}"
    );
    assert!(after.ends_with(before), "{after}");
    assert_eq!(after.matches("Host old").count(), 1);
    assert_eq!(weaker.outcome_after.as_ref().unwrap().result(), OutcomeResult::Agreed);
    assert!(weaker.commands.iter().any(|command| command.text.starts_with("ssh -o KexAlgorithms=")));
    // Other hosts see what they saw.
    let spec = ClientSpec::new("openssh@9.2p1/debian-12".parse().unwrap(), vec![SSH.into()], host("other"));
    let files = Memory::new().with(SSH, after.as_str());
    let other = shakedown_config::openssh::client(&files, &spec, catalog()).unwrap().parties.remove(0);
    let plain = ssh("openssh@9.2p1/debian-12", before, "other");
    let names = |party: &Party| shakedown_model::names(party.ssh().unwrap().offer.kex.complete().unwrap());
    assert_eq!(names(&other), names(&plain));
}

#[test]
fn a_client_that_excludes_what_the_server_has_is_edited_where_it_says_so() {
    let client = ssh("openssh@9.2p1/debian-12", "Host db*\n    Ciphers aes256-cbc\n", "db01");
    let server = party("openssh@9.2p1/debian-12", Role::Server);
    let planned = run(&client, &server, &host("db01"), &[]);
    let first = &planned.fixes[0];
    assert_eq!(first.applicability, Applicability::Safe, "{}", render(&planned));
    assert!(text(&first.edits).starts_with("Host db*\n    Ciphers chacha20-poly1305@openssh.com,aes256-cbc\n"));
}

#[test]
fn a_newer_version_does_not_help_against_the_file() {
    let client = party("openssh@9.2p1/debian-12", Role::Client);
    let planned = run(&client, &sshd("openssh@7.4p1", OLD_KEX), &host("db01"), &[]);
    assert!(planned.fixes.iter().all(|fix| !fix.title.starts_with("upgrade")), "{}", render(&planned));
}
