//! Makes the registry of causes from the folder `src/diagnoses`: the module list, the pages and the rules.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    if let Err(message) = generate() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn generate() -> Result<(), String> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|error| error.to_string())?);
    let folder = root.join("src/diagnoses");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for family in entries(&folder)? {
        println!("cargo::rerun-if-changed={}", family.display());
        files.extend(entries(&family)?.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")));
    }
    let (mut modules, mut pages, mut rules) = (String::new(), String::new(), String::new());
    for path in &files {
        println!("cargo::rerun-if-changed={}", path.display());
        let source = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let page = Page::read(path, &source)?;
        // Writing to a String cannot fail.
        let _ = writeln!(modules, "#[path = {:?}]\nmod {};", path.display().to_string(), page.module);
        let _ = write!(
            pages,
            "Page {{ code: {:?}, family: {:?}, title: {:?}, protocols: &{}, text: {:?}, diagnosed: {}, sections: &[",
            page.code, page.family, page.title, page.protocols, page.text, page.diagnosed
        );
        for (title, text) in &page.sections {
            let _ = write!(pages, "Section {{ title: {title:?}, text: {text:?} }}, ");
        }
        pages.push_str("] },\n");
        if page.diagnosed {
            let _ = writeln!(rules, "Rule {{ code: {:?}, matches: {}::matches }},", page.code, page.module);
        }
    }
    let text = format!(
        "{modules}\npub(crate) static PAGES: &[Page] = &[\n{pages}];\n\npub(crate) static RULES: &[Rule] = &[\n{rules}];\n"
    );
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?).join("registry.rs");
    fs::write(&out, text).map_err(|error| format!("{}: {error}", out.display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = read.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

struct Page {
    module: String,
    code: String,
    family: String,
    title: String,
    protocols: String,
    text: String,
    sections: Vec<(String, String)>,
    diagnosed: bool,
}

impl Page {
    fn read(path: &Path, source: &str) -> Result<Self, String> {
        let fail = |what: &str| format!("{}: {what}", path.display());
        let name = |path: Option<&std::ffi::OsStr>| path.and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let module = name(path.file_stem());
        let family = name(path.parent().and_then(Path::file_name));
        let doc = source.lines().map_while(|line| line.strip_prefix("//!"));
        let text: String = doc.fold(String::new(), |text, line| text + line.strip_prefix(' ').unwrap_or(line) + "\n");
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let title = title.ok_or_else(|| fail("the page does not begin with `# Title`"))?.to_owned();
        let protocols = text.lines().find_map(|line| line.strip_prefix("Protocols: "));
        let protocols = protocols.ok_or_else(|| fail("the page has no line `Protocols: ssh, tls, ike`"))?;
        let mut list = String::from("[");
        for protocol in protocols.split(", ") {
            list.push_str(match protocol {
                "ssh" => "Protocol::Ssh, ",
                "tls" => "Protocol::Tls, ",
                "ike" => "Protocol::Ike, ",
                other => return Err(fail(&format!("no such protocol: `{other}`"))),
            });
        }
        list.push(']');
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("## "), sections.last_mut()) {
                (Some(title), _) => sections.push((title.to_owned(), String::new())),
                (None, Some((_, section))) => {
                    section.push_str(line);
                    section.push('\n');
                }
                (None, None) => {}
            }
        }
        for (_, section) in &mut sections {
            *section = section.trim().to_owned();
        }
        Ok(Self {
            code: module.replace('_', "-"),
            module,
            family,
            title,
            protocols: list,
            sections,
            diagnosed: source.contains("\npub(crate) fn matches("),
            text,
        })
    }
}
