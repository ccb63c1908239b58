//! Makes the list of the lab's scenarios from the folder `lab`: each file is one.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs, process};

fn main() {
    if let Err(message) = generate() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn generate() -> Result<(), String> {
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|error| error.to_string())?).join("lab");
    println!("cargo::rerun-if-changed={}", folder.display());
    let read = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = read.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    let mut list = String::from("pub(super) const FILES: &[(&str, &str)] = &[\n");
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        // Writing to a String cannot fail.
        let _ = writeln!(list, "({name:?}, include_str!({:?})),", path.display().to_string());
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| error.to_string())?).join("lab.rs");
    fs::write(&out, list).map_err(|error| format!("{}: {error}", out.display()))
}
