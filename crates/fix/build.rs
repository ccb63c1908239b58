//! Makes the list of recipe files from the folder `data/recipes`, so that no file has to name them.

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
    let folder = root.join("data/recipes");
    let mut text = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for (prefix, folder) in [("", folder.clone()), ("shared/", folder.join("shared"))] {
        println!("cargo::rerun-if-changed={}", folder.display());
        for path in files(&folder)? {
            println!("cargo::rerun-if-changed={}", path.display());
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    ({:?}, include_str!({:?})),", format!("{prefix}{name}"), path);
        }
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?).join("recipes.rs");
    fs::write(&out, text).map_err(|error| format!("{}: {error}", out.display()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = read.filter_map(Result::ok).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    paths.sort();
    Ok(paths)
}
