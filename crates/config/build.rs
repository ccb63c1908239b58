//! Turns the tables of `data/` into code, so that nothing is parsed at run time.

#[path = "build/defaults.rs"]
mod defaults;
#[path = "build/gateway.rs"]
mod gateway;
#[path = "build/nginx.rs"]
mod nginx;
#[path = "build/openssl.rs"]
mod openssl;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    client: Vec<Row>,
    server: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    alias_of: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    obsolete: Option<Obsolete>,
    #[serde(default, rename = "match")]
    match_since: Option<String>,
    #[serde(default)]
    multiple: bool,
    #[serde(default)]
    distributions: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Obsolete {
    how: String,
    since: String,
}

const KINDS: [(&str, &str); 17] = [
    ("kex", "Names(ListKind::Kex)"),
    ("ciphers", "Names(ListKind::Cipher)"),
    ("macs", "Names(ListKind::Mac)"),
    ("key-types", "Names(ListKind::KeyType)"),
    ("integer", "Integer"),
    ("time", "Time { none: false }"),
    ("time-or-none", "Time { none: true }"),
    ("port", "Port"),
    ("rekey", "RekeyLimit"),
    ("string", "Text"),
    ("strings", "Texts"),
    ("command", "Command"),
    ("jump", "Jump"),
    ("host", "Host"),
    ("match", "Match"),
    ("include", "Include"),
    ("other", "Other"),
];

fn main() -> Result<(), Box<dyn Error>> {
    const DATA: &str = "data/openssh-keywords.toml";
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let file: File = toml::from_str(&std::fs::read_to_string(DATA)?)?;
    let mut code = String::new();
    for (table, rows) in [("CLIENT", &file.client), ("SERVER", &file.server)] {
        writeln!(code, "static {table}: &[Keyword] = &[")?;
        for row in rows {
            code.push_str(&keyword(row, rows)?);
        }
        code.push_str("];\n");
    }
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("openssh_keywords.rs"), code)?;
    for (data, name, table) in TABLES {
        println!("cargo::rerun-if-changed={data}");
        std::fs::write(Path::new(&out).join(name), table(&std::fs::read_to_string(data)?)?)?;
    }
    Ok(())
}

type Table = fn(&str) -> Result<String, Box<dyn Error>>;

/// Data file, generated file, and what turns one into the other.
const TABLES: [(&str, &str, Table); 7] = [
    ("data/openssl-commands.toml", "openssl_commands.rs", openssl::table),
    ("data/nginx-directives.toml", "nginx_directives.rs", nginx::table),
    ("data/tls-defaults.toml", "tls_defaults.rs", defaults::table),
    ("data/strongswan-defaults.toml", "strongswan_defaults.rs", defaults::table),
    ("data/libreswan-defaults.toml", "libreswan_defaults.rs", defaults::table),
    ("data/gateway-defaults.toml", "gateway_defaults.rs", defaults::table),
    ("data/gateway-words.toml", "gateway_words.rs", gateway::table),
];

fn keyword(row: &Row, rows: &[Row]) -> Result<String, Box<dyn Error>> {
    if row.source.is_empty() {
        return Err(format!("{}: no source", row.name).into());
    }
    // An alias has the grammar of what it stands for.
    let real = match &row.alias_of {
        Some(alias) => rows
            .iter()
            .find(|other| &other.name == alias && other.alias_of.is_none())
            .ok_or_else(|| format!("{}: `{alias}` is not a row", row.name))?,
        None => row,
    };
    let kind = real.kind.as_deref().ok_or_else(|| format!("{}: no kind", row.name))?;
    let kind = match kind {
        "values" => format!("Values(&{:?})", real.values),
        kind => KINDS
            .iter()
            .find(|(name, _)| *name == kind)
            .map(|(_, code)| (*code).to_owned())
            .ok_or_else(|| format!("{}: unknown kind `{kind}`", row.name))?,
    };
    let obsolete = match &row.obsolete {
        Some(obsolete) => {
            let how = match obsolete.how.as_str() {
                "deprecated" => "Deprecated",
                "unsupported" => "Unsupported",
                "ignored" => "Ignored",
                other => return Err(format!("{}: unknown `{other}`", row.name).into()),
            };
            format!("Some((Obsolete::{how}, {}))", version(Some(&obsolete.since))?)
        }
        None => "None".into(),
    };
    let optional = |text: &Option<String>| -> Result<String, Box<dyn Error>> {
        Ok(match text {
            Some(text) => format!("Some({})", version(Some(text))?),
            None => "None".into(),
        })
    };
    Ok(format!(
        "Keyword {{ name: {:?}, canonical: {:?}, kind: Kind::{kind}, since: {}, until: {}, obsolete: {obsolete}, \
         match_since: {}, multiple: {}, distributions: &{:?} }},\n",
        row.name,
        real.name,
        version(row.since.as_deref())?,
        optional(&row.until)?,
        optional(&row.match_since)?,
        real.multiple,
        row.distributions,
    ))
}

fn version(text: Option<&str>) -> Result<String, Box<dyn Error>> {
    let Some(text) = text else { return Ok("Version(0, 0)".into()) };
    let (major, minor) = text.split_once('.').ok_or_else(|| format!("`{text}` is not a version"))?;
    Ok(format!("Version({}, {})", major.parse::<u16>()?, minor.parse::<u16>()?))
}
