//! Turns `data/**/*.toml` into one run of bytes, with the reader and the checks that an overlay goes through at run time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[allow(dead_code, reason = "a module of the library, which reads")]
#[path = "src/codec.rs"]
mod codec;
#[allow(unreachable_pub, reason = "a module of the library, which publishes it")]
#[path = "src/data.rs"]
mod data;
#[path = "src/literals.rs"]
mod literals;
#[allow(dead_code, unreachable_pub, reason = "a module of the library, which looks lines up")]
#[path = "src/ordinary.rs"]
mod ordinary;
#[allow(dead_code, reason = "a module of the library, which searches with it")]
#[path = "src/scan.rs"]
mod scan;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=data");
    match made() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            for error in errors {
                println!("cargo::error={}", error.replace('\n', " "));
            }
            ExitCode::FAILURE
        }
    }
}

fn made() -> Result<(), Vec<String>> {
    let mut paths = Vec::new();
    collect(Path::new("data"), &mut paths).map_err(|error| vec![format!("data: {error}")])?;
    paths.sort();
    let mut all = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix("data").unwrap_or(&path).display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => match data::Data::read(&format!("crates/messages/data/{name}"), &text) {
                Ok(one) => all.push((name, one)),
                Err(error) => errors.push(error.to_string()),
            },
            Err(error) => errors.push(format!("{}: {error}", path.display())),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let out = codec::encode(&all);
    let folder = std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| vec!["OUT_DIR is not set".to_owned()])?;
    std::fs::write(folder.join("messages.bin"), out).map_err(|error| vec![error.to_string()])
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}
