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
            let marks: &[&str] = if index % 2 == 0 { &["```case", "```said"] } else { &["```"] };
            assert!(marks.contains(&fence), "{}: {fence}", page.code);
        }
    }
}

/// The names in backticks that are causes.
fn causes_named(text: &str) -> Vec<&'static str> {
    let words: BTreeSet<&str> = text.split('`').skip(1).step_by(2).collect();
    causes().iter().map(|page| page.code).filter(|code| words.contains(code)).collect()
}

/// The part of `How to tell` that follows the label, up to the next empty line.
fn labelled<'a>(tell: &'a str, label: &str) -> Option<&'a str> {
    tell.split("\n\n").find_map(|part| part.strip_prefix(label))
}

#[test]
fn every_page_says_what_programs_print_how_to_look_and_what_it_is_taken_for() {
    for page in causes() {
        let tell = page.section("How to tell").unwrap_or_default();
        let said = labelled(tell, "Programs say:");
        let said = said.unwrap_or_else(|| panic!("{}: no `Programs say:`", page.code));
        let look = labelled(tell, "Look yourself:");
        assert!(look.is_some_and(|look| look.contains('`')), "{}: no command to look with", page.code);
        let alike = tell.split("\n\n").find(|part| part.starts_with("Look-alikes"));
        let alike = alike.unwrap_or_else(|| panic!("{}: no `Look-alikes:`", page.code));
        let others: Vec<&str> = causes_named(alike).into_iter().filter(|code| *code != page.code).collect();
        assert!(!others.is_empty(), "{}: its look-alikes are no causes", page.code);
        if page.protocols.len() > 1 {
            let all = format!("{said}{}", look.unwrap_or_default());
            for protocol in page.protocols {
                let marks: &[&str] = match protocol {
                    Protocol::Ssh => &["SSH"],
                    Protocol::Tls => &["TLS", "OpenSSL"],
                    Protocol::Ike => &["IKE"],
                };
                assert!(marks.iter().any(|mark| all.contains(mark)), "{}: nothing on {protocol}", page.code);
            }
        }
        let fix = page.section("Fix").unwrap_or_default();
        assert!(fix.contains("\n\nNever: "), "{}: Fix does not say what never to do", page.code);
    }
}

#[test]
fn every_page_has_a_word_for_each_side() {
    let sides = [["client", "initiator"], ["server", "responder"]];
    for page in causes() {
        let fix = page.section("Fix").unwrap_or_default().to_lowercase();
        let whoever = ["either side", "both sides", "the side that", "whoever", "the machine whose", "the other side"];
        for names in sides {
            let named = names.iter().any(|name| fix.contains(name)) || whoever.iter().any(|name| fix.contains(name));
            assert!(named, "{}: Fix says nothing of {}", page.code, names[0]);
        }
    }
}

#[test]
fn every_file_stays_small() -> io::Result<()> {
    for file in files()? {
        let text = fs::read_to_string(&file)?;
        let name = file.display();
        let doc = text.lines().take_while(|line| line.starts_with("//!")).count();
        let code = text.lines().count() - doc;
        assert!(code < 150, "{name}: {code} lines beside its page");
        assert!((40..=80).contains(&doc), "{name}: a page of {doc} lines");
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
