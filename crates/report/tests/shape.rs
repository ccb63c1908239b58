//! What people read: one snapshot for each shape of report and format.

mod fixtures;

use shakedown_model::ssh::{HostKey, SignatureCheck};
use shakedown_model::{Known, Name, PartySource, Role, Slot, items};
use shakedown_report::{Mark, Ratings, TextOptions, cause_page, markdown, offer_text, text};

fn plain() -> TextOptions {
    TextOptions::default()
}

#[test]
fn text_of_every_shape() {
    for (name, report) in fixtures::all() {
        insta::assert_snapshot!(format!("text_{name}"), text(&report, &plain()));
    }
}

#[test]
fn markdown_of_every_shape() {
    for (name, report) in fixtures::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), markdown(&report));
    }
}

#[test]
fn more_is_told_when_asked_for() {
    let options = TextOptions { verbose: true, trace: true, allow_weaker: true, ..plain() };
    for (name, report) in fixtures::all() {
        insta::assert_snapshot!(format!("verbose_{name}"), text(&report, &options));
    }
}

#[test]
fn colours_only_add_codes() {
    let mut options = plain();
    for (name, report) in fixtures::all() {
        let without = text(&report, &plain());
        options.color = true;
        let with = text(&report, &options);
        assert!(with.contains("\u{1b}["), "{name}");
        assert_eq!(strip(&with), without, "{name}");
    }
}

/// Takes the codes of colours away.
fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut pieces = text.split("\u{1b}[");
    out.push_str(pieces.next().unwrap());
    for piece in pieces {
        let (code, rest) = piece.split_once('m').unwrap();
        assert!(code.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "not a colour: {code:?}");
        out.push_str(rest);
    }
    out
}

#[test]
fn the_first_eight_lines_hold_cause_side_and_next_step() {
    for (name, report) in fixtures::all() {
        let Some(first) = report.diagnoses.first() else { continue };
        let text = text(&report, &plain());
        let head: Vec<&str> = text.lines().take(8).collect();
        let head = head.join("\n");
        assert!(head.contains(&format!("[{}]", first.cause)), "{name}: {head}");
        assert!(head.contains("at fault: "), "{name}: {head}");
        assert!(head.contains("help: ") || head.contains("to decide: "), "{name}: {head}");
    }
}

#[test]
fn lists_and_quoted_lines_keep_to_the_width() {
    let mut options = plain();
    options.trace = true;
    for width in [60, 80, 120] {
        options.width = width;
        for (name, report) in fixtures::all() {
            for line in text(&report, &options).lines() {
                // Sentences are never cut; lists and quoted lines are.
                let list = line.contains("    client  ") || line.contains("    server  ") || line.contains(" | ");
                // What is said beside the marks is a sentence.
                let list = list && !line.contains('^');
                assert!(!list || line.chars().count() <= width, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn a_failed_outcome_without_a_diagnosis_shows_the_lists() {
    let mut report = fixtures::configured_out();
    report.diagnoses.clear();
    report.fixes.clear();
    insta::assert_snapshot!(text(&report, &plain()));
}

#[test]
fn several_pairs_say_which_they_are() {
    let mut report = fixtures::configured_out();
    report.parties.push(fixtures::catalog("putty@0.70", Role::Client));
    let mut second = fixtures::pair(fixtures::outcome_agreed());
    second.client = 2;
    report.pairs.push(second);
    insta::assert_snapshot!(text(&report, &plain()));
}

#[test]
fn an_offer_is_shown_in_order() {
    let mut server = fixtures::party("db01:22", Role::Server, PartySource::Live { address: "10.1.2.3:22".into() });
    server.software = "openssh@9.2p1/debian-12".parse().ok();
    server.notes = vec!["the version is taken from the identification".into()];
    let offer = fixtures::ssh(&mut server);
    let key = |key_type: &str, bits, signature| HostKey {
        key_type: Name::new(key_type),
        bits: Some(bits),
        fingerprint: Some(format!("SHA256:{key_type}")),
        certificate_authority: None,
        signature,
        origin: None,
    };
    offer.host_keys = Known::Complete(vec![
        key("ssh-ed25519", 256, SignatureCheck::Verified),
        key("ssh-rsa", 1024, SignatureCheck::Unverified { reason: "only sntrup761 is in common".into() }),
        key("ssh-dss", 1024, SignatureCheck::Wrong),
    ]);
    offer.gex_sizes = Known::Complete(vec![2048, 4096]);
    offer.compression_s2c = Known::Unknown;
    offer.mac_s2c = Known::Partial { accepted: items(["hmac-sha1"]), refused: items(["hmac-md5"]) };
    let mut options = plain();
    options.ratings = Ratings::new(|slot, name| match (slot, name) {
        (Slot::CipherC2s, "3des-cbc") => Some(Mark::Weak),
        (Slot::Kex, "curve25519-sha256") => Some(Mark::Strong),
        (_, "diffie-hellman-group14-sha256") => Some(Mark::Acceptable),
        _ => None,
    });
    insta::assert_snapshot!(offer_text(&server, &options));
}

#[test]
fn a_page_fits_the_terminal() {
    let page = "# no common kex\n\n## What happened\n\nA long paragraph with `code` that is longer than the width of this narrow \
                terminal,\nand goes on.\n\n- an element of a list that is longer than the width too\n1. one\n\n```text\nKexAlgorithms \
                a   b\n```\n";
    let mut options = plain();
    options.width = 40;
    insta::assert_snapshot!(cause_page(page, &options));
}

#[test]
fn nothing_and_only_evidence() {
    let mut report = fixtures::report("check");
    assert_eq!(text(&report, &plain()), "nothing to report\n");
    report.evidence = fixtures::live_old_server().evidence;
    insta::assert_snapshot!(text(&report, &plain()));
}
