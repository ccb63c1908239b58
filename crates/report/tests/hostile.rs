//! Any bytes in a file, any span and any edit give a report, in time and without a control character.

mod fixtures;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::*;
use proptest::prelude::*;
use shakedown_model::*;
use shakedown_report::{HandoffOptions, Redactor, TextOptions, handoff, json, markdown, sarif, text};

fn quoting(bytes: Vec<u8>, span: std::ops::Range<usize>, edits: Vec<TextEdit>) -> Report {
    let file = Arc::new(SourceFile::new("f", bytes));
    let mut report = configuration_error();
    report.diagnoses[0].labels = vec![
        Label { origin: Origin::file(&file, span.clone()), text: "here".into() },
        Label { origin: Origin::file(&file, span), text: String::new() },
    ];
    report.fixes[0].edits = vec![FileEdit { file, edits }];
    report
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\t".to_vec()),
        Just("é日".as_bytes().to_vec()),
        Just(b"Host db01 ".to_vec()),
        Just(b"aes128-ctr,".to_vec()),
        Just(b"https://u:pw@h ".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(shakedown_testkit::properties(200))]

    #[test]
    fn any_file_can_be_quoted(
        bytes in bytes(),
        span in (0..300_usize, 0..60_usize),
        places in prop::collection::vec((0..300_usize, 0..20_usize, "[a-z\n\t\u{1b}é]{0,12}"), 0..3),
        width in 0..120_usize,
    ) {
        let edits = places
            .into_iter()
            .map(|(start, length, replacement)| TextEdit { span: start..start + length, replacement })
            .collect();
        let mut report = quoting(bytes, span.0..span.0 + span.1, edits);
        let options = TextOptions { width, verbose: true, allow_weaker: true, ..TextOptions::default() };
        for _ in 0..2 {
            let others = [
                sarif(&report, |_| None),
                handoff(&report, Side::Client, &HandoffOptions::default()),
                handoff(&report, Side::Server, &HandoffOptions::default()),
            ];
            for out in [text(&report, &options), markdown(&report), json(&report)].into_iter().chain(others) {
                prop_assert!(!out.chars().any(|c| c != '\n' && c.is_control()), "{out:?}");
                prop_assert!(!out.contains(":pw@"), "{out:?}");
            }
            // And the same, redacted.
            Redactor::default().apply(&mut report);
        }
        let text = text(&report, &options);
        prop_assert!(!text.contains("db01"), "{text:?}");
    }
}

#[test]
fn a_line_of_ten_megabytes_is_quoted_in_time() {
    let mut line = b"Ciphers ".to_vec();
    line.extend(std::iter::repeat_n(b"aes128-ctr,".as_slice(), 1_000_000).flatten());
    let at = line.len();
    line.extend_from_slice(b"bad\n");
    let edit = TextEdit { span: at..at + 3, replacement: "aes256-ctr".into() };
    let report = quoting(line, at..at + 3, vec![edit]);
    let start = Instant::now();
    let out = text(&report, &TextOptions::default());
    assert!(out.contains(&format!("f:1:{}", at + 1)), "{out}");
    assert!(out.lines().all(|line| line.len() <= 110), "a line is not cut");
    assert!(json(&report).len() < 100_000 && markdown(&report).len() < 100_000);
    // Far above what it takes, far below what a pass for each character would.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn columns_count_characters_of_the_file_as_it_is() {
    let mut report = configuration_error();
    let file = source("f", "Port 22\r\n\tMACs\té,bad\r\n".as_bytes());
    report.diagnoses[0].labels = vec![label(&file, "bad", "unknown")];
    report.fixes.clear();
    insta::assert_snapshot!(text(&report, &TextOptions::default()));
}

#[test]
fn places_that_do_not_exist_are_no_panic() {
    let mut report = configured_out();
    report.diagnoses[0].pair = Some(7);
    report.diagnoses[0].evidence = vec![EvidenceId(99)];
    report.fixes[0].resolves = vec![DiagnosisId(42)];
    report.pairs[0].client = 12;
    let text = text(&report, &TextOptions { trace: true, verbose: true, ..TextOptions::default() });
    assert!(text.contains("error[no-common-kex]") && text.contains("let the server also offer"), "{text}");
    markdown(&report);
    json(&report);
    sarif(&report, |_| None);
    handoff(&report, Side::Server, &HandoffOptions::default());
}
