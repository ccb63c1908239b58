//! Turns `data/openssl-commands.toml` into a table.

use std::error::Error;
use std::fmt::Write as _;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    checked: String,
    command: Vec<Row>,
    option: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    since: String,
    #[serde(default)]
    certificate: bool,
    #[serde(default)]
    server: bool,
    source: String,
}

pub(crate) fn table(text: &str) -> Result<String, Box<dyn Error>> {
    let file: File = toml::from_str(text)?;
    let mut code = format!("/// The newest release that was looked at.\nconst CHECKED: &str = {:?};\n", file.checked);
    for (table, rows) in [("COMMANDS", &file.command), ("OPTIONS", &file.option)] {
        writeln!(code, "static {table}: &[Row] = &[")?;
        for row in rows {
            if row.source.is_empty() {
                return Err(format!("{}: no source", row.name).into());
            }
            writeln!(
                code,
                "Row {{ name: {:?}, since: {:?}, certificate: {}, server: {} }},",
                row.name, row.since, row.certificate, row.server
            )?;
        }
        code.push_str("];\n");
    }
    Ok(code)
}
