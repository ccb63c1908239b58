//! The pages' examples of what programs print (blocks marked `said`): `explain` leads back from each to its page. The blocks
//! marked `case` are run by the tests of `diagnose`.

mod support;

use std::fmt::Write as _;

use shakedown::causes;

use crate::support::Shakedown;

/// The texts of the blocks marked `said`.
fn said(page: &str) -> Vec<&str> {
    let parts = page.split("```said\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn what_the_pages_say_leads_back_to_them() {
    let shakedown = Shakedown::new();
    let (mut answers, mut wrong) = (String::new(), Vec::new());
    for page in causes() {
        for (number, text) in said(page.text).into_iter().enumerate() {
            let file = shakedown.write(&format!("{}-{number}.txt", page.code), text);
            let (_, document) = shakedown.json(&["explain", &file]);
            let first = &document["diagnoses"][0];
            let word = |key: &str| first[key].as_str().unwrap_or("nothing").to_owned();
            if word("cause") != page.code {
                wrong.push(format!("{}: {} is named first for\n{text}", page.code, word("cause")));
            }
            let _ = writeln!(answers, "{} ({}, {}): {}", page.code, word("side"), first["confidence"], word("summary"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(answers);
}

#[test]
fn every_page_has_an_example_that_is_run() {
    for page in causes() {
        let run = page.text.contains("```case\n") || !said(page.text).is_empty();
        assert!(run, "{}: its page shows no example that a test runs", page.code);
    }
}
