//! Makes JSON of the data, which is read in a fraction of the time, and the list of recipe files from the folder
//! `data/recipes`, so that no file has to name them.

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
    let folder = |name: &str| env::var(name).map(PathBuf::from).map_err(|error| error.to_string());
    let (data, out) = (folder("CARGO_MANIFEST_DIR")?.join("data"), folder("OUT_DIR")?);
    let write = |path: &Path, text: &str| fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    for path in files(&data)? {
        write(&out.join(format!("{}.json", stem(&path))), &json(&path)?)?;
    }
    let mut text = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    let recipes = data.join("recipes");
    for (prefix, folder) in [("", recipes.clone()), ("shared/", recipes.join("shared"))] {
        for path in files(&folder)? {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    ({:?}, {:?}),", format!("{prefix}{}", stem(&path)), json(&path)?);
        }
    }
    text.push_str("];\n");
    write(&out.join("recipes.rs"), &text)
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
}

/// A file's data as JSON.
fn json(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table: toml::Table = text.parse().map_err(|error| wrong(&error))?;
    serde_json::to_string(&table).map_err(|error| wrong(&error))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = read.filter_map(Result::ok).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    paths.sort();
    Ok(paths)
}
