//! Turns `data/**/*.toml` into one blob, with the reader and the checks that an overlay goes through at run time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=data");
    let mut paths = Vec::new();
    if let Err(error) = collect(Path::new("data"), &mut paths) {
        println!("cargo::error=data: {error}");
        return ExitCode::FAILURE;
    }
    // Imported rows first: those written by hand replace them.
    paths.sort_by_key(|path| (!path.components().any(|part| part.as_os_str() == "imported"), path.clone()));
    let mut files = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((format!("crates/catalog-data/{}", path.display()), text)),
            Err(error) => {
                println!("cargo::error={}: {error}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    let blob = match shakedown_catalog::compile(files) {
        Ok(blob) => blob,
        Err(errors) => {
            for error in errors.0 {
                println!("cargo::error={error}");
            }
            return ExitCode::FAILURE;
        }
    };
    let Some(out) = std::env::var_os("OUT_DIR").map(PathBuf::from) else { return ExitCode::FAILURE };
    match std::fs::write(out.join("catalog.blob"), blob) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=the blob cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
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
