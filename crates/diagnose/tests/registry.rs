//! Rules that hold for every cause: its code, its page, its file.

// A test that is left out says so.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use shakedown_diagnose::{causes, page};
use shakedown_model::Protocol;

const SECTIONS: [&str; 5] = ["What happened", "Why", "How to tell", "Fix", "Example"];

fn files() -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for family in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnoses"))? {
        for file in fs::read_dir(family?.path())? {
            files.push(file?.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The published list, `causes.md`, beside the workspace: code and protocols.
fn published() -> Option<Vec<(String, Vec<Protocol>)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/causes.md");
    let text = fs::read_to_string(path).ok()?;
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let mut codes = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let all = vec![Protocol::Ssh, Protocol::Tls, Protocol::Ike];
        let protocols = match cells[3] {
            "all" => all,
            some => all.into_iter().filter(|protocol| some.split(' ').any(|name| name == protocol.as_str())).collect(),
        };
        codes.extend(cells[1].split(" / ").map(|code| (code.trim_matches('`').to_owned(), protocols.clone())));
    }
    Some(codes)
}

#[test]
fn every_published_code_exists_once_and_no_other() {
    let codes: Vec<&str> = causes().iter().map(|page| page.code).collect();
    let unique: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes.len(), unique.len());
    assert!(codes.len() > 50);
    let Some(published) = published() else {
        println!("skipped: there is no ../shared/causes.md");
        return;
    };
    assert_eq!(unique, published.iter().map(|(code, _)| code.as_str()).collect());
    for (code, protocols) in &published {
        assert_eq!(page(code).map(|page| page.protocols), Some(protocols.as_slice()), "{code}");
    }
}

#[test]
fn an_unknown_code_has_no_page() {
    assert_eq!(page("no-such-cause"), None);
    assert_eq!(page("no-common-kex").map(|page| page.family), Some("agreement"));
}

#[test]
fn every_page_has_all_sections_in_order() {
    for page in causes() {
        let titles: Vec<&str> = page.sections.iter().map(|section| section.title).collect();
        assert_eq!(titles, SECTIONS, "{}", page.code);
        for section in page.sections {
            assert!(section.text.len() > 40, "{}: `{}` says nothing", page.code, section.title);
        }
        assert_eq!(page.section("Fix"), Some(page.sections[3].text));
        assert!(
            !page.title.ends_with('.') && page.title.chars().next().is_some_and(char::is_uppercase),
            "{}",
            page.code
        );
    }
}

#[test]
fn every_page_names_a_rule_and_the_safer_side() {
    // What no standard asks for, but programs do.
    let without_rfc = ["invalid-configuration", "crypto-policy"];
    for page in causes() {
        let why = page.section("Why").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(why.contains("RFC ") || without_rfc.contains(&page.code), "{}: Why names no RFC", page.code);
        let fix = page.section("Fix").unwrap_or_default();
        assert!(fix.contains("Safer:"), "{}: Fix does not say what is safer", page.code);
        assert!(fix.matches("\n\n").count() >= 1, "{}: Fix does not name the sides", page.code);
        for word in ["illegal", "simply", "obviously", "just do"] {
            assert!(!page.text.to_lowercase().contains(word), "{}: `{word}`", page.code);
        }
        let fences = page.text.lines().filter(|line| line.starts_with("```"));
        for (index, fence) in fences.enumerate() {
            let marks: &[&str] = if index % 2 == 0 { &["```case", "```console"] } else { &["```"] };
            assert!(marks.contains(&fence), "{}: {fence}", page.code);
        }
    }
}

#[test]
fn every_file_stays_small() -> io::Result<()> {
    for file in files()? {
        let text = fs::read_to_string(&file)?;
        let name = file.display();
        let doc = text.lines().take_while(|line| line.starts_with("//!")).count();
        assert!(text.lines().count() < 150, "{name}: {} lines", text.lines().count());
        assert!(doc <= 80, "{name}: a page of {doc} lines");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{name}: a line over 120 characters");
    }
    Ok(())
}

/// `cargo fmt` does not find files that a generated module list names.
#[test]
fn every_file_is_formatted() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024", "--config-path"]).arg(root.join("rustfmt.toml")).args(files()?);
    let output = rustfmt.output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
