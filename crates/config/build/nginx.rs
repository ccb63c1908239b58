//! Turns `data/nginx-directives.toml` into a table.

use std::error::Error;
use std::fmt::Write as _;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    checked: String,
    directives: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    r#in: Vec<String>,
    arguments: String,
    #[serde(default)]
    block: bool,
    since: Option<String>,
    until: Option<String>,
    source: String,
}

const CONTEXTS: [(&str, &str); 15] = [
    ("main", "Main"),
    ("events", "Events"),
    ("http", "Http"),
    ("server", "HttpServer"),
    ("location", "Location"),
    ("upstream", "HttpUpstream"),
    ("server-if", "ServerIf"),
    ("location-if", "LocationIf"),
    ("limit-except", "LimitExcept"),
    ("stream", "Stream"),
    ("stream-server", "StreamServer"),
    ("stream-upstream", "StreamUpstream"),
    ("mail", "Mail"),
    ("mail-server", "MailServer"),
    ("any", "Any"),
];

pub(crate) fn table(text: &str) -> Result<String, Box<dyn Error>> {
    let file: File = toml::from_str(text)?;
    if !file.directives.is_sorted_by(|one, other| one.name <= other.name) {
        return Err("the directives are not sorted by name".into());
    }
    let mut code =
        format!("/// The newest release that was looked at.\npub(super) const CHECKED: &str = {:?};\n", file.checked);
    code.push_str("static DIRECTIVES: &[Directive] = &[\n");
    for row in &file.directives {
        if row.source.is_empty() {
            return Err(format!("{}: no source", row.name).into());
        }
        let contexts: Result<Vec<String>, String> = row
            .r#in
            .iter()
            .map(|name| {
                let found = CONTEXTS.iter().find(|(known, _)| known == name);
                found.map(|(_, code)| format!("Context::{code}")).ok_or_else(|| format!("unknown context `{name}`"))
            })
            .collect();
        writeln!(
            code,
            "Directive {{ name: {:?}, contexts: &[{}], arguments: {}, block: {}, since: {:?}, until: {:?} }},",
            row.name,
            contexts?.join(", "),
            arguments(&row.arguments)?,
            row.block,
            row.since,
            row.until,
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn arguments(text: &str) -> Result<String, Box<dyn Error>> {
    Ok(match text {
        "flag" => "Arguments::Flag".to_owned(),
        "0+" => "Arguments::AtLeast(0)".to_owned(),
        "1+" => "Arguments::AtLeast(1)".to_owned(),
        "2+" => "Arguments::AtLeast(2)".to_owned(),
        counts => {
            let counts: Result<Vec<usize>, _> = counts.split(',').map(str::parse).collect();
            format!("Arguments::Counts(&{:?})", counts?)
        }
    })
}
