//! Makes JSON of the data, which is read in a fraction of the time.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    if let Err(message) = generate() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn generate() -> Result<(), String> {
    let folder = |name: &str| env::var(name).map(PathBuf::from).map_err(|error| error.to_string());
    let (data, out) = (folder("CARGO_MANIFEST_DIR")?.join("data"), folder("OUT_DIR")?);
    for name in ["programs", "managed"] {
        let text = json(&data.join(name).with_extension("toml"))?;
        fs::write(out.join(name).with_extension("json"), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// A file's data as JSON.
fn json(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table: toml::Table = text.parse().map_err(|error| wrong(&error))?;
    serde_json::to_string(&table).map_err(|error| wrong(&error))
}
