//! No secret, no control character and, once redacted, no name of a person or machine leaves in any format.

mod fixtures;

use std::sync::Arc;

use fixtures::*;
use shakedown_model::ssh::{HostKey, SignatureCheck};
use shakedown_model::*;
use shakedown_report::{
    HandoffOptions, Redactor, RulePage, TextOptions, cause_page, handoff, json, markdown, offer_text, sarif, text,
};

/// Every format, with a name for messages.
fn formats(report: &Report) -> Vec<(&'static str, String)> {
    let plain = TextOptions::default();
    let all = TextOptions { verbose: true, trace: true, allow_weaker: true, ..TextOptions::default() };
    let narrow = TextOptions { width: 20, ..all.clone() };
    let offers = report.parties.iter().map(|party| offer_text(party, &all)).collect();
    vec![
        ("text", text(report, &plain)),
        ("verbose text", text(report, &all)),
        ("narrow text", text(report, &narrow)),
        ("offers", offers),
        ("markdown", markdown(report)),
        ("JSON", json(report)),
        ("SARIF", sarif(report, |_| Some(RulePage { title: "A title", markdown: "# A title\n" }))),
        ("handoff to the client", handoff(report, Side::Client, &HandoffOptions { allow_weaker: true })),
        ("handoff to the server", handoff(report, Side::Server, &HandoffOptions { allow_weaker: true })),
    ]
}

#[test]
fn no_secret_leaves() {
    let secrets = [
        ("https://bob:hunter2@proxy.example/x", "hunter2"),
        ("nc -x bob:hunter2@proxy", "hunter2"),
        ("password=hunter2", "hunter2"),
        ("Authorization: Bearer hunter2", "hunter2"),
        ("sshpass -p hunter2 ssh", "hunter2"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123", "abcdefghijklmnopqrstuvwxyz"),
        ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW", "AAAAMwAAAAtzc2gtZW"),
    ];
    for (text, secret) in secrets {
        let report = everywhere(text);
        for (format, out) in formats(&report) {
            assert!(!out.contains(secret), "{secret} in {format}: {}", around(&out, secret));
        }
        let mut redacted = report;
        Redactor::default().apply(&mut redacted);
        for (format, out) in formats(&redacted) {
            assert!(!out.contains(secret), "{secret} in redacted {format}: {}", around(&out, secret));
        }
    }
}

#[test]
fn a_private_key_that_was_given_as_a_file_is_not_quoted() {
    let file = source(
        "key",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nc2hvcnQ=\nx c2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    let mut report = configuration_error();
    report.evidence.clear();
    report.diagnoses[0].labels = vec![label(&file, "c2hvcnQ=", "not a keyword"), label(&file, "c2VjcmV0", "nor this")];
    report.fixes.clear();
    for (format, out) in formats(&report) {
        assert!(!out.contains("c2hvcnQ=") && !out.contains("c2VjcmV0"), "{format}: {out}");
    }
}

#[test]
fn no_control_character_reaches_the_terminal() {
    let hostile = "a\u{1b}[2J\u{1b}]0;x\u{7}\r\u{8}\u{7f}\u{9b}31m\u{202e}\u{200b}\t\0z";
    for report in [everywhere(hostile), {
        let mut report = everywhere(hostile);
        Redactor::default().apply(&mut report);
        report
    }] {
        for (format, out) in formats(&report) {
            if let Some(c) =
                out.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}' || *c == '\u{200b}'))
            {
                panic!("{c:?} in {format}: {}", around(&out, &c.to_string()));
            }
        }
    }
    let page = cause_page(hostile, &TextOptions::default());
    assert!(!page.contains('\u{1b}') && !page.contains('\u{9b}'));
    // Names are kept whole: JSON gives the bytes back.
    let document: serde_json::Value = serde_json::from_str(&json(&everywhere(hostile))).unwrap();
    let said = document["evidence"][1]["details"]["lines"][0].as_str().unwrap();
    assert_eq!(Name::from_escaped(said).to_bytes(), format!("x {hostile} x").into_bytes());
    assert_eq!(document["vantage"]["host"], hostile);
}

#[test]
fn a_line_feed_of_a_peer_makes_no_line_of_the_report() {
    let mut report = everywhere("a\nerror[forged]: all is well\nb");
    // A command may have several lines, and is shown so, indented or in a block of its own.
    report.fixes.clear();
    for (format, out) in formats(&report) {
        let forged = out.lines().find(|line| line.trim_start().starts_with("error[forged]"));
        assert_eq!(forged, None, "{format}");
    }
}

/// Each value that must not survive, and where it stands in the report.
const CANARIES: [&str; 20] = [
    "hostcanary",
    "aliascanary",
    "jumpcanary",
    "usercanary",
    "localcanary",
    "pathcanary",
    "keycanary",
    "includecanary",
    "10.99.88.77",
    "2001:db8:77::88",
    "FPcanary",
    "CAcanary",
    "serialcanary",
    "bannercanary",
    "wordscanary",
    "programcanary",
    "valuecanary",
    "commentcanary",
    "relativecanary",
    "mailcanary",
];

fn full_of_canaries() -> Report {
    let mut report = live_old_server();
    report.vantage.host = Some("localcanary".into());
    let file = source(
        "/etc/pathcanary/ssh_config",
        b"# by commentcanary\nHost aliascanary *.hostcanary.corp.example\n  User usercanary\n  HostName hostcanary # mailcanary@corp.example\n  Ciphers aes128-ctr,valuecanary\n  ProxyJump usercanary@jumpcanary:2200\n",
    );
    let client = &mut report.parties[0];
    client.label = "openssh@10.0p1:/etc/pathcanary/ssh_config".into();
    client.source = PartySource::Configuration;
    client.configuration = Some(Configuration {
        kind: ConfigurationKind::SshConfig,
        files: vec![Arc::clone(&file), source("relativecanary/conf", b"x")],
        certificates: Vec::new(),
        key_pairs: vec![shakedown_model::KeyPair {
            certificate: "/etc/pathcanary/tls.pem".into(),
            key: "/etc/pathcanary/tls.key".into(),
            chain: Some("/etc/pathcanary/chain.pem".into()),
        }],
        dh_parameters: Some("/etc/pathcanary/dh.pem".into()),
        revocation_lists: Some(shakedown_model::NamedFile {
            path: "/etc/pathcanary/list.crl".into(),
            origin: Origin::file(&file, 0..2),
        }),
        context: Box::new(Context {
            target: Some("aliascanary".into()),
            host: Some("hostcanary".into()),
            user: Some("usercanary".into()),
            local_user: Some("localcanary".into()),
            address: Some("10.99.88.77".parse().unwrap()),
            ..Context::default()
        }),
    });
    let server = &mut report.parties[1];
    server.label = "usercanary@hostcanary:22".into();
    server.source = PartySource::Live { address: "10.99.88.77:22".into() };
    ssh(server).host_keys = Known::Complete(vec![HostKey {
        key_type: "ssh-rsa".into(),
        bits: Some(2048),
        fingerprint: Some("SHA256:FPcanary".into()),
        certificate_authority: Some("SHA256:CAcanary".into()),
        signature: SignatureCheck::Verified,
        origin: None,
    }]);
    report.pairs[0].address = Some("[2001:db8:77::88]:22".into());
    let facts = [
        Fact::Resolved {
            host: "hostcanary".into(),
            addresses: vec!["10.99.88.77:22".parse().unwrap(), "[2001:db8:77::88]:22".parse().unwrap()],
        },
        Fact::NotConnected { address: "10.99.88.77:22".parse().unwrap(), failure: ConnectFailure::Refused },
        Fact::Preamble { lines: vec!["Property of bannercanary".into()] },
        Fact::Disconnected { phase: Phase::Kexinit, code: 2, text: "go away, `wordscanary`".into() },
        Fact::Program { command: "ssh -G usercanary@hostcanary".into(), text: "cannot find programcanary".into() },
        Fact::KeyFile { path: "/home/usercanary/keycanary".into(), permission: FilePermission::Missing },
        Fact::HostKeyLookup {
            status: KnownHostStatus::Changed {
                known: label(
                    &source("/home/usercanary/known_hosts", b"aliascanary,10.99.88.77 ssh-rsa AAAAkeycanary\n"),
                    "ssh-rsa",
                    "",
                )
                .origin,
                fingerprint: "SHA256:CAcanary".into(),
            },
            key_type: "ssh-rsa".into(),
            fingerprint: "SHA256:FPcanary".into(),
        },
        Fact::Configuration {
            problem: ConfigProblem::UnknownAlgorithm,
            message: "Bad SSH2 cipher spec 'valuecanary'".into(),
            suggestion: None,
        },
    ];
    for fact in facts {
        let id = EvidenceId(report.evidence.len());
        report.evidence.push(Evidence { hop: HopRef::JumpHost("jumpcanary".into()), ..Evidence::new(fact) });
        report.diagnoses[0].evidence.push(id);
    }
    let found = &mut report.diagnoses[0];
    found.hop = HopRef::JumpHost("jumpcanary".into());
    found.labels =
        vec![label(&file, "aes128-ctr,valuecanary", "aliascanary offers this"), label(&file, "hostcanary # ", "")];
    found.labels.push(label(&file, "usercanary@jumpcanary:2200", ""));
    found.object =
        Some(Object { kind: "certificate", name: "serial 0xserialcanary1 of mailcanary@corp.example".into() });
    found.summary = "usercanary at hostcanary.corp.example (10.99.88.77, fe80::1) said `go away, 'wordscanary'`".into();
    found.notes = vec![
        "it includes /etc/includecanary/x.conf and ~/keycanary, see relativecanary/conf".into(),
        "certificate serial serialcanary1 of SHA256:FPcanary".into(),
        "`valuecanary` in /etc/pathcanary/ssh_config:5:22".into(),
    ];
    found.what_would_decide = Some("run `ssh -v usercanary@hostcanary`".into());
    let change = &mut report.fixes[0];
    change.commands = vec![command(
        CommandPlace::File("/home/usercanary/.ssh/config".into()),
        "Host aliascanary\n    User usercanary",
    )];
    change.verify = vec![command(CommandPlace::ClientShell, "ssh -J jumpcanary usercanary@hostcanary true")];
    change.cuts_off = vec!["hostcanary".into()];
    change.edits = vec![FileEdit {
        file: Arc::clone(&file),
        edits: vec![TextEdit {
            span: 0..0,
            replacement: "Host aliascanary\n    HostName hostcanary\n    Ciphers +aes128-ctr\n".into(),
        }],
    }];
    report
}

#[test]
fn nothing_that_identifies_survives_redaction() {
    let mut report = full_of_canaries();
    for canary in CANARIES {
        let there = formats(&report).iter().any(|(_, out)| out.contains(canary));
        assert!(there || matches!(canary, "commentcanary"), "the test itself never prints {canary}");
    }
    let mut redactor = Redactor::default();
    redactor.apply(&mut report);
    for (format, out) in formats(&report) {
        for canary in CANARIES {
            assert!(
                !out.to_lowercase().contains(&canary.to_lowercase()),
                "{canary} in {format}: {}",
                around(&out, canary)
            );
        }
    }
    insta::assert_snapshot!("redacted", text(&report, &TextOptions { verbose: true, ..TextOptions::default() }));
}

#[test]
fn one_word_everywhere_does_not_survive_either() {
    let mut report = everywhere("canaryword");
    Redactor::default().apply(&mut report);
    for (format, out) in formats(&report) {
        assert!(!out.contains("canaryword"), "{format}: {}", around(&out, "canaryword"));
    }
}

#[test]
fn placeholders_are_stable_and_applying_twice_changes_nothing() {
    let mut first = full_of_canaries();
    let mut second = full_of_canaries();
    let mut redactor = Redactor::default();
    redactor.apply(&mut first);
    // Another report of the same hosts, by the same redactor and by a new one.
    redactor.apply(&mut second);
    assert_eq!(json(&first), json(&second));
    let mut third = full_of_canaries();
    Redactor::default().apply(&mut third);
    assert_eq!(json(&first), json(&third));
    let once = json(&first);
    Redactor::default().apply(&mut first);
    let host = |text: &str| text.matches("host-1").count();
    assert_eq!(host(&once), host(&json(&first)));
}

#[test]
fn what_explains_the_failure_survives_redaction() {
    let mut report = configured_out();
    Redactor::default().apply(&mut report);
    let text = text(&report, &TextOptions::default());
    for kept in [
        "KexAlgorithms diffie-hellman-group1-sha1",
        "path-1:41:15",
        "`openssh@9.2p1`",
        "RFC 9142",
        "curve25519-sha256,diffie-hellman",
    ] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
    assert!(!text.contains("/etc/ssh"));
}

fn around(text: &str, needle: &str) -> String {
    let at = text.to_lowercase().find(&needle.to_lowercase()).unwrap_or(0);
    let start = (0..=at.saturating_sub(80)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[start..].chars().take(200).collect()
}
