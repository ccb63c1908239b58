//! Reads from a clone of openssh-portable, release by release, what each one supports: the tables behind `ssh -Q`.
//!
//! Assumed is the usual build: OpenSSL with every cipher and curve, security keys, no SSH-1, and DSA as the release's
//! `configure` has it by default.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::toml_text::TomlText;
use super::write;

const HEADER: &str = "Imported by `cargo xtask import-facts CLONE` from the tables behind `ssh -Q`. Do not edit.";

/// Whether a folder looks like a clone of openssh-portable.
pub(super) fn is_clone(dir: &Path) -> bool {
    show(dir, "V_9_9_P1", "kex.c").is_some()
}

pub(super) fn import(dir: &Path, out: &Path) -> Result<()> {
    let mut file = TomlText::new(HEADER);
    file.text("product", Some("openssh"));
    let mut full: Vec<(String, [Vec<String>; 5])> = Vec::new();
    for tag in tags(dir)? {
        let (lists, files) = read(dir, &tag);
        let version = tag.trim_start_matches("V_").replace("_P", "p").replace('_', ".");
        file.row("supported");
        file.text("version", Some(&version));
        match full.iter().find(|(_, known)| *known == lists) {
            Some((same, _)) => file.text("same_as", Some(same)),
            None => {
                for (key, list) in ["kex", "host_key", "cipher", "mac", "compression"].iter().zip(&lists) {
                    file.names(key, Some(list.as_slice()).filter(|list| !list.is_empty()));
                }
                full.push((version, lists));
            }
        }
        file.text("source", Some(&format!("openssh/openssh-portable {files}@{tag}")));
    }
    write(&out.join("supported/openssh.toml"), &file.finish())
}

/// The tags of portable releases from 2.9 on, oldest first.
fn tags(dir: &Path) -> Result<Vec<String>> {
    let output =
        Command::new("git").arg("-C").arg(dir).args(["tag", "--list", "V_*_P*"]).output().context("git tag")?;
    ensure!(output.status.success(), "git tag failed in {}", dir.display());
    let text = String::from_utf8(output.stdout)?;
    let numbers = |tag: &str| -> Option<Vec<u32>> {
        let (version, patch) = tag.strip_prefix("V_")?.split_once("_P")?;
        version.split('_').chain([patch]).map(|part| part.parse().ok()).collect()
    };
    let mut tags: Vec<(Vec<u32>, String)> = text
        .lines()
        .filter_map(|tag| Some((numbers(tag)?, tag.to_owned())))
        .filter(|(numbers, _)| numbers.as_slice() >= [2, 9].as_slice())
        .collect();
    tags.sort();
    Ok(tags.into_iter().map(|(_, tag)| tag).collect())
}

fn show(dir: &Path, tag: &str, file: &str) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(dir).args(["show", &format!("{tag}:{file}")]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The five lists of a release, and the files that they were read from.
fn read(dir: &Path, tag: &str) -> ([Vec<String>; 5], String) {
    let file = |name: &str| show(dir, tag, name).map(|text| preprocess(&text, &defines(dir, tag)));
    let mut files = Vec::new();
    let header = file("kex.h").unwrap_or_default();
    let mut kex = Vec::new();
    for name in ["kex-names.c", "kex.c"] {
        let Some(table) = file(name).and_then(|text| body(&text, "kexalgs[] = {")) else { continue };
        kex = first_columns(&table).filter_map(|cell| literal(cell).or_else(|| macro_value(&header, cell))).collect();
        files.push(name);
        break;
    }
    if kex.is_empty() {
        // Before the table, the methods were the macros of kex.h.
        kex = header
            .lines()
            .filter(|line| line.contains("\"diffie-hellman-") || line.contains("\"ecdh-"))
            .filter_map(|line| line.split('"').nth(1).map(str::to_owned))
            .collect();
        if let Some(at) = kex.iter().position(|name| name.ends_with('-')) {
            // `ecdh-sha2-` was a prefix for the three curves of myproposal.h.
            kex.splice(at..=at, ["nistp256", "nistp384", "nistp521"].map(|curve| format!("ecdh-sha2-{curve}")));
        }
        files.push("kex.h");
    }

    let mut host_key: Vec<String> = Vec::new();
    for name in ["sshkey.c", "key.c"] {
        let Some(text) = file(name) else { continue };
        if let Some(table) = body(&text, "keyimpls[] = {") {
            files.push("ssh-*.c");
            let sources: String =
                ["ssh-ed25519.c", "ssh-ed25519-sk.c", "ssh-ecdsa.c", "ssh-ecdsa-sk.c", "ssh-dss.c", "ssh-rsa.c"]
                    .iter()
                    .filter_map(|name| file(name))
                    .collect();
            host_key = table
                .split([',', '\n', ' ', '\t'])
                .filter_map(|cell| cell.trim().strip_prefix('&'))
                .filter_map(|implementation| {
                    let table = body(&sources, &format!("struct sshkey_impl {implementation} = {{"))?;
                    table.split('"').nth(1).map(str::to_owned)
                })
                .collect();
        } else if let Some(table) = body(&text, "keytypes[] = {") {
            files.push(name);
            host_key = first_columns(&table).filter_map(literal).filter(|name| name != "ssh-rsa1").collect();
        } else if let Some(start) = text.find("\nkey_type_from_name") {
            files.push(name);
            let function = text.get(start + 1..).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
            host_key = function
                .split('"')
                .skip(1)
                .step_by(2)
                .filter(|name| name.contains('-') && !name.contains(' '))
                .map(str::to_owned)
                .collect();
        }
        if !host_key.is_empty() {
            break;
        }
    }

    let cipher_file = file("cipher.c").unwrap_or_default();
    let cipher = body(&cipher_file, "ciphers[] = {")
        .map(|table| {
            rows(&table)
                .filter(|row| !row.contains("SSH_CIPHER_DES") && !row.contains("SSH_CIPHER_3DES"))
                .filter(|row| !row.contains("SSH_CIPHER_BLOWFISH"))
                .filter_map(|row| literal(row.split(',').next()?))
                .filter(|name| name != "none")
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    files.push("cipher.c");
    let mac = file("mac.c")
        .and_then(|text| body(&text, "macs[] = {"))
        .map(|table| first_columns(&table).filter_map(literal).collect::<Vec<_>>())
        .unwrap_or_default();
    files.push("mac.c");

    let text =
        [file("sshconnect2.c"), Some(cipher_file), file("myproposal.h")].into_iter().flatten().collect::<String>();
    let compression = ["none", "zlib@openssh.com", "zlib"]
        .into_iter()
        .filter(|name| {
            text.split('"').skip(1).step_by(2).any(|list| {
                list.split(',').any(|part| part == *name)
                    && list.split(',').all(|part| ["none", "zlib@openssh.com", "zlib"].contains(&part))
            })
        })
        .map(str::to_owned)
        .collect();
    ([kex, host_key, cipher, mac, compression].map(once), files.join(","))
}

/// The list without repetitions: some tables name a type once more for its certificates.
fn once(mut names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The macros of the usual build of a release.
fn defines(dir: &Path, tag: &str) -> Vec<&'static str> {
    let mut set = vec![
        "WITH_OPENSSL",
        "OPENSSL_HAS_ECC",
        "OPENSSL_HAS_NISTP521",
        "HAVE_EVP_SHA256",
        "HAVE_EVP_RIPEMD160",
        "OPENSSL_HAVE_EVPGCM",
        "ENABLE_SK",
        "USE_SNTRUP761X25519",
        "USE_MLKEM768X25519",
        "WITH_ZLIB",
    ];
    // Since 9.8 `configure` leaves DSA out unless asked.
    if show(dir, tag, "configure.ac").is_some_and(|text| !text.contains("--enable-dsa-keys")) {
        set.push("WITH_DSA");
    }
    set
}

/// Takes comments and the branches of the preprocessor that do not hold out of a C file.
fn preprocess(text: &str, defined: &[&str]) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        let (before, comment) = rest.split_at(start);
        plain.push_str(before);
        rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
    }
    plain.push_str(rest);

    let mut out = String::new();
    // For each open condition: whether this branch holds, and whether one before it did.
    let mut open: Vec<(bool, bool)> = Vec::new();
    for line in plain.replace("\\\n", " ").lines() {
        let directive = line.trim().strip_prefix('#').map(str::trim_start);
        match directive {
            Some(rest) if rest.starts_with("ifdef") => {
                let holds = defined.contains(&rest["ifdef".len()..].trim());
                open.push((holds, holds));
            }
            Some(rest) if rest.starts_with("ifndef") => {
                let holds = !defined.contains(&rest["ifndef".len()..].trim());
                open.push((holds, holds));
            }
            Some(rest) if rest.starts_with("if") => {
                let holds = condition(&rest["if".len()..], defined);
                open.push((holds, holds));
            }
            Some(rest) if rest.starts_with("elif") => {
                if let Some((holds, before)) = open.last_mut() {
                    *holds = !*before && condition(&rest["elif".len()..], defined);
                    *before |= *holds;
                }
            }
            Some(rest) if rest.starts_with("else") => {
                if let Some((holds, before)) = open.last_mut() {
                    *holds = !*before;
                }
            }
            Some(rest) if rest.starts_with("endif") => {
                open.pop();
            }
            _ if open.iter().all(|(holds, _)| *holds) => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    out
}

/// `defined(A) || !defined(B)`, without brackets around parts; anything else is taken as false.
fn condition(text: &str, defined: &[&str]) -> bool {
    text.split("||").any(|all| {
        all.split("&&").all(|part| {
            let part = part.trim();
            let (negated, part) = part.strip_prefix('!').map_or((false, part), |part| (true, part.trim()));
            let name = part.strip_prefix("defined").map(|name| name.trim_matches(|c: char| "() \t".contains(c)));
            name.is_some_and(|name| defined.contains(&name) != negated)
        })
    })
}

/// What stands between the opening of a table and its `};`.
fn body(text: &str, opening: &str) -> Option<String> {
    let start = text.find(opening)? + opening.len();
    let rest = text.get(start..)?;
    Some(rest.get(..rest.find("};")?)?.to_owned())
}

/// The rows `{ ... }` of a table.
fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.split('{').skip(1).map(|row| row.split('}').next().unwrap_or(row))
}

/// The first cell of each row of a table.
fn first_columns(table: &str) -> impl Iterator<Item = &str> {
    rows(table).filter_map(|row| row.split(',').next()).map(str::trim)
}

fn literal(cell: &str) -> Option<String> {
    cell.trim().strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

/// The string of a `#define` in a header, or of a `#define` that it stands for.
fn macro_value(header: &str, name: &str) -> Option<String> {
    let value = header.lines().find_map(|line| {
        let mut words = line.trim().strip_prefix('#')?.split_whitespace();
        (words.next()? == "define" && words.next()? == name).then(|| words.next().unwrap_or_default().to_owned())
    })?;
    literal(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_branches_that_hold_are_read() {
        let text = "#ifdef A\n1 /* one\n#else */\n# ifdef B\n2\n# else\n3\n# endif\n#endif\n#if defined(B) || !defined(C)\n4\n#elif defined(A)\n5\n#endif\n";
        let read = |defined: &[&str]| preprocess(text, defined).split_whitespace().collect::<String>();
        assert_eq!(read(&["A"]), "134");
        assert_eq!(read(&["A", "B", "C"]), "124");
        assert_eq!(read(&["A", "C"]), "135");
        assert_eq!(read(&["C"]), "");
    }

    #[test]
    fn names_come_from_the_first_column_of_a_table() {
        let text = "x kexalgs[] = {\n{ KEX_A, 1 },\n{ \"b\",\n 2 },\n{ NULL, 0 },\n};";
        let table = body(text, "kexalgs[] = {").unwrap();
        let header = "#define\tKEX_A\t\"a\"\n";
        let names: Vec<String> =
            first_columns(&table).filter_map(|cell| literal(cell).or_else(|| macro_value(header, cell))).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
