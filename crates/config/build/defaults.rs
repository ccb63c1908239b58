//! Turns what programs set of their own, `data/*-defaults.toml`, into tables.

use std::error::Error;
use std::fmt::Write as _;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    product: String,
    setting: String,
    value: String,
    since: Option<String>,
    until: Option<String>,
    source: String,
}

pub(crate) fn table(text: &str) -> Result<String, Box<dyn Error>> {
    let file: File = toml::from_str(text)?;
    let mut code = String::from("static ROWS: &[Row] = &[\n");
    for row in file.default {
        if row.source.is_empty() {
            return Err(format!("{} {}: no source", row.product, row.setting).into());
        }
        writeln!(
            code,
            "Row {{ product: {:?}, setting: {:?}, value: {:?}, since: {:?}, until: {:?}, source: {:?} }},",
            row.product, row.setting, row.value, row.since, row.until, row.source
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}
