//! The text for the other party: what they need, and nothing of ours.

mod fixtures;

use fixtures::*;
use shakedown_model::*;
use shakedown_report::{HandoffOptions, handoff};

fn to(report: &Report, side: Side) -> String {
    handoff(report, side, &HandoffOptions::default())
}

#[test]
fn what_the_other_party_reads() {
    insta::assert_snapshot!("to_a_configured_server", to(&configured_out(), Side::Server));
    insta::assert_snapshot!("to_the_client_of_it", to(&configured_out(), Side::Client));
    insta::assert_snapshot!("to_an_old_server", to(&live_old_server(), Side::Server));
    insta::assert_snapshot!("when_several_causes_fit", to(&alternatives(), Side::Server));
}

#[test]
fn nothing_of_our_own_files_is_in_it() {
    let mut report = configured_out();
    let file = source("/home/ours/.ssh/config", b"Host db01\n  User ours\n  KexAlgorithms curve25519-sha256\n");
    report.parties[0].label = "openssh@9.2p1:/home/ours/.ssh/config".into();
    report.parties[0].source = PartySource::Configuration;
    report.parties[0].configuration = Some(Configuration {
        kind: ConfigurationKind::SshConfig,
        files: vec![std::sync::Arc::clone(&file)],
        certificates: Vec::new(),
        key_pairs: Vec::new(),
        dh_parameters: None,
        revocation_lists: None,
        context: Box::new(Context { user: Some("ours".into()), ..Context::default() }),
    });
    report.evidence = vec![
        Evidence::new(Fact::KeyFile { path: "/home/ours/key".into(), permission: FilePermission::Missing })
            .by(Role::Client),
        Evidence::new(Fact::KeyFile { path: "/etc/theirs".into(), permission: FilePermission::Missing })
            .by(Role::Server),
    ];
    report.diagnoses[0].evidence = vec![EvidenceId(0), EvidenceId(1)];
    report.diagnoses[0].labels.push(label(&file, "curve25519-sha256", "ours"));
    report.diagnoses[0].notes.push("the list is set in /home/ours/.ssh/config:3".into());
    let text = to(&report, Side::Server);
    assert!(!text.contains("/home/ours"), "{text}");
    assert!(text.contains("/etc/theirs") && text.contains("we offer:  sntrup761"), "{text}");
    // To the client, it is the other way round.
    let text = to(&report, Side::Client);
    assert!(text.contains("/home/ours/.ssh/config") && !text.contains("/etc/theirs"), "{text}");
}

#[test]
fn nobody_is_blamed_and_no_weaker_change_is_asked_for() {
    for (name, report) in all() {
        for side in [Side::Client, Side::Server] {
            let text = to(&report, side);
            for word in ["at fault", "fault:", "you must", "must ", "wrong"] {
                assert!(!text.contains(word), "{name}: {word}: {text}");
            }
            for weaker in report.fixes.iter().filter(|fix| fix.applicability == Applicability::Weakens) {
                assert!(!text.contains(&weaker.title), "{name}: {text}");
            }
            for because in report.diagnoses.iter().map(|one| &one.side_because).filter(|text| !text.is_empty()) {
                assert!(!text.contains(because.as_str()), "{name}: {because}: {text}");
            }
        }
    }
    let options = HandoffOptions { allow_weaker: true };
    assert!(handoff(&configured_out(), Side::Client, &options).contains("lowers security"));
}

#[test]
fn times_are_utc_and_from_the_evidence_where_it_has_any() {
    let mut report = live_old_server();
    assert!(to(&report, Side::Server).contains("When (UTC)\n  2026-11-01T10:00:00Z\n"));
    report.evidence[0].time = Some("2026-10-31T22:15:01.5Z".parse().unwrap());
    report.evidence[1].time = Some("2026-10-31T22:15:09Z".parse().unwrap());
    report.incidents = vec![Incident {
        protocol: Some(Protocol::Ssh),
        peer: Some("192.0.2.7".into()),
        peers: 1,
        summary: String::new(),
        first: Some("Oct 31 23:15:01".into()),
        last: Some("Oct 31 23:15:09".into()),
        count: 12,
        result: IncidentResult::Failed,
        standing: Standing::Known,
        evidence: vec![EvidenceId(0)],
    }];
    report.diagnoses[0].incident = Some(0);
    let text = to(&report, Side::Server);
    assert!(text.contains("from 2026-10-31T22:15:01Z to 2026-10-31T22:15:09Z"), "{text}");
    assert!(text.contains("12 attempts, in our log's own time: Oct 31 23:15:01 to Oct 31 23:15:09"), "{text}");
    report.incidents[0].standing = Standing::Stranger;
    assert!(to(&report, Side::Server).contains("no fault was found"), "a stranger is nobody to write to");
}

#[test]
fn a_remedy_without_a_computed_fix_is_asked_for_as_well() {
    let mut report = live_old_server();
    report.fixes.clear();
    report.diagnoses[0].remedies = vec![
        Remedy {
            role: Role::Server,
            change: Change::Upgrade { slot: Slot::HostKey, candidates: vec!["rsa-sha2-512".into()] },
        },
        Remedy {
            role: Role::Client,
            change: Change::Enable { slot: Slot::HostKey, candidates: vec!["ssh-rsa".into()] },
        },
    ];
    let text = to(&report, Side::Server);
    assert!(text.contains("move to a release that has one of these as host key algorithm: `rsa-sha2-512`"), "{text}");
    assert!(to(&report, Side::Client).contains("- offer one of these as host key algorithm: `ssh-rsa`"));
    report.diagnoses[0].remedies.clear();
    report.diagnoses[0].confidence_permille = 400;
    assert!(to(&report, Side::Server).contains("We cannot tell yet whether anything has to change"));
    report.diagnoses[0].confidence_permille = 900;
    assert!(to(&report, Side::Server).contains("Nothing that we know of has to change on your side"));
}

#[test]
fn what_only_tidies_up_comes_last_and_one_of_several_is_enough() {
    let mut report = configured_out();
    report.fixes[1].afterwards = true;
    let text = to(&report, Side::Server);
    assert!(text.contains("- afterwards, and only if you like: remove `diffie-hellman-group1-sha1`"), "{text}");
    assert!(!text.contains("one of them is enough"), "{text}");
    report.fixes[1].afterwards = false;
    assert!(to(&report, Side::Server).contains("one of them is enough"));
}
